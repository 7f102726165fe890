"""The web application: one station behind the guard, its routes, and the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from fastapi import FastAPI

from station import __version__
from station.service import Station
from station.settings import Settings, read_settings
from station.web import description, errors
from station.web.etags import Etags
from station.web.gate import Gate
from station.web.jobs import Jobs
from station.web.metrics import Measured, Metrics
from station.web.once import Once
from station.web.permissions import API
from station.web.routes import (
    accounts,
    bench,
    calibrating,
    capturing,
    charts,
    claims,
    cloning,
    corrective,
    drawing,
    events,
    exchange,
    findings,
    gates,
    golden_record,
    goldens,
    inspections,
    jobs,
    ledger,
    looking,
    lot_records,
    lots,
    measuring,
    nonconformities,
    nonconformity_records,
    orders,
    pages,
    papers,
    pictures,
    planning,
    reviewing,
    samples,
    sealing,
    signing,
    streams,
    thresholds,
    units,
)
from station.web.scratch import scratch
from station.web.security import Guard, allowed_hosts
from station.web.showing import STATIC
from station.web.static_files import PackedFiles
from station.web.uploads import Uploads

# what reviewers wait for stands first: a request is held against one router after another, and the first that fits has
# it. So `lots` stands after all whose paths go on behind the name of a lot, which may hold slashes
ROUTERS = (
    *(inspections.router, units.router, claims.router, pictures.router, reviewing.router, events.router),
    *(bench.router, calibrating.router, capturing.router, accounts.router, jobs.router, samples.router),
    *(sealing.router, goldens.router, golden_record.router, signing.router, cloning.router, thresholds.router),
    *(exchange.router, ledger.router, papers.router, findings.router, looking.router, charts.router, drawing.router),
    *(lot_records.router, lots.router, planning.router),
    *(orders.router, gates.router, streams.router, nonconformities.router, nonconformity_records.router),
    *(corrective.router, measuring.router),
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application for one home; its station opens when the server starts and closes with it.

    Raises RequestError where the settings ask for an address that others reach, without what that takes.
    """
    used = settings or read_settings()
    hosts = allowed_hosts(used)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with (
            Station(used) as station,
            scratch() as folder,
            closing(Jobs(folder / "jobs")) as running,
        ):
            app.state.passing, handed_in = folder / "passing", folder / "uploads"
            for made in (app.state.passing, handed_in):
                made.mkdir()
            app.state.station, app.state.jobs, app.state.uploads = station, running, Uploads(handed_in)
            yield

    app = FastAPI(
        title="Golden sample station",
        version=__version__,
        description=description.TEXT,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # the stock documentation pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    errors.register(app)
    app.state.metrics = Metrics()
    app.state.watchers = {}  # streams of events and whose they are
    app.state.measuring = asyncio.Semaphore(2)  # units at a moment: each takes a processor and hundreds of megabytes
    app.state.scaling = asyncio.Semaphore(3)  # pictures that are made smaller at a moment
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.include_router(pages.router)
    app.mount("/static", PackedFiles(directory=STATIC), name="static")
    app.openapi = description.of(app)  # type: ignore[method-assign]
    # the one added last stands first: the guard before all else, then the gate
    app.add_middleware(Etags)
    app.add_middleware(Once)
    app.add_middleware(Gate)
    app.add_middleware(Measured, metrics=app.state.metrics)
    app.add_middleware(Guard, hosts=hosts, scheme="https" if used.certificate else "http")
    return app
