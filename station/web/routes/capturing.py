"""The camera over the bench: a picture taken and inspected at one word."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from pydantic import AfterValidator, Field
from starlette.concurrency import run_in_threadpool

from station.service import Station, bench_views
from station.values.documents import Document
from station.web.errors import ErrorDocument
from station.web.routes.common import StationOf, WhoOf
from station.web.routes.inspections import InspectedDocument, inspected
from station.web.routes.jobs import StoreOf
from station.web.routes.receiving import passing, short_name
from station.web.uploads import UploadDocument

router = APIRouter(tags=["bench"])


class NewCapture(Document):
    """What the picture is inspected against. unit : the unit's name; made of the time without it."""

    golden: str = Field(min_length=1, max_length=200, examples=["GS-20260510"])
    unit: Annotated[str | None, AfterValidator(short_name)] = Field(
        default=None, min_length=1, max_length=100, pattern=r"^\w[\w .()+-]*$"
    )
    lot: str | None = Field(default=None, max_length=200)
    rig: str | None = Field(default=None, max_length=200)
    card: Annotated[str | None, Field(max_length=40, pattern=r"^[a-z0-9-]+$")] = None


@router.get("/camera", summary="Which camera the station has, and whether it can be opened")
def camera(station: StationOf) -> bench_views.CameraView:
    return station.camera.status()


Chosen = Annotated[str | None, Query(min_length=1, max_length=200)]


@router.get("/camera/view", summary="What the camera sees now, and the conditions as a shot would meet them")
def view(
    station: StationOf,
    golden: Annotated[str | None, Query(min_length=1, max_length=200, description="what a shot is held to")] = None,
    rig: Chosen = None,
    card: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z0-9-]+$")] = None,
) -> bench_views.LiveView:
    return station.viewfinder.look(golden=golden, rig=rig, card=card)


@router.get(
    "/camera/view/{frame}",
    summary="The picture of a look, small; the last few are kept",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "JPEG"}},
)
def view_picture(
    station: StationOf,
    frame: Annotated[str, InPath(pattern=r"^[0-9a-f]{24}$")],
    zebra: Annotated[bool, Query(description="clipped pixels under stripes")] = True,
) -> Response:
    found = station.viewfinder.picture(frame, zebra=zebra)
    return Response(found, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=60"})


@router.post(
    "/camera/captures",
    summary="Take a picture and inspect the unit on it; the answer comes when the unit is durable",
    status_code=201,
    responses={409: {"model": ErrorDocument, "description": "The bench is not calibrated, or the records refuse it"}},
)
async def capture(request: Request, station: StationOf, new: NewCapture) -> InspectedDocument:
    async with request.app.state.measuring:
        with passing(request) as folder:
            return await run_in_threadpool(_capture, station, new, Path(folder))


@router.post(
    "/camera/pictures",
    summary="Take a picture, kept for a request that follows as if it had been handed in",
    status_code=201,
    responses={503: {"model": ErrorDocument, "description": "The camera gives no picture"}},
)
def take(station: StationOf, who: WhoOf, uploads: StoreOf) -> UploadDocument:
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    made, path = uploads.place(name, owner=who.name)
    try:
        return uploads.keep(made, station.camera.capture(path.parent, name))
    except BaseException:
        uploads.drop(made)
        raise


def _capture(station: Station, new: NewCapture, folder: Path) -> InspectedDocument:
    station.golden(new.golden)  # before a picture is taken that nobody wants
    name = new.unit or f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    file = station.camera.capture(folder, name)
    return inspected(station, file, new.golden, name, new.lot, new.rig, new.card)
