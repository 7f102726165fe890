"""The web application: one station behind the guard, its routes, and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from station import __version__
from station.service import Station
from station.settings import Settings, read_settings
from station.web import errors
from station.web.errors import ErrorDocument
from station.web.routes import bench, findings, lots, measuring, pages, pictures, units
from station.web.security import Guard, allowed_hosts

API = "/api/v1"

DESCRIPTION = """
What the station knows of golden samples, inspected units, findings, reviews and lots. Reading changes nothing; reviews
and decisions are added and never changed. Every refusal has one shape: `{"error": {"code", "message", "do"}}`.
Lists are read page by page: send the `next` of an answer as `cursor` of the next request.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application for one home; its station opens when the server starts and closes with it.

    Raises RequestError where the settings ask for an address that is not loopback.
    """
    used = settings or read_settings()
    hosts = allowed_hosts(used)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with Station(used) as station:
            app.state.station = station
            yield

    app = FastAPI(
        title="Golden sample station",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # the stock documentation pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        responses={
            404: {"model": ErrorDocument, "description": "There is no such thing"},
            422: {"model": ErrorDocument, "description": "The request makes no sense"},
        },
    )
    errors.register(app)
    for router in (bench.router, units.router, findings.router, lots.router, measuring.router, pictures.router):
        app.include_router(router, prefix=API)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    app.add_middleware(Guard, hosts=hosts)
    return app
