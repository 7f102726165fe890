"""What the page of the reviewer is drawn from: the queue in columns, layers over a unit, the sources of its
numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from station.service import review_views, views
from station.web.errors import ErrorDocument
from station.web.routes.common import RowId, StationOf

router = APIRouter(tags=["review"])

MOST_UNITS = 100


@router.get(
    "/queue/columns", summary="The queue as one small answer, however long: undecided first, worst margin first"
)
def columns(
    station: StationOf,
    lot: Annotated[str | None, Query(max_length=200)] = None,
    settled: Annotated[bool, Query(description="those accepted or rejected instead, newest first")] = False,
    second_look: Annotated[
        bool, Query(description="only those that wait for a second reviewer: deferred, or reviewers disagree")
    ] = False,
) -> review_views.QueueDocument:
    return station.review_screen.queue(lot, settled=settled, second_look=second_look)


@router.get("/queue/units", summary="What a list shows of some units, in the order of their ids as given")
def some_units(
    station: StationOf,
    unit: Annotated[list[Annotated[int, Query(ge=1, le=2**31 - 1)]], Query(min_length=1, max_length=MOST_UNITS)],
) -> list[views.UnitView]:
    return station.review_screen.units(unit)


@router.get("/units/{unit_id}/layers", summary="The layers that can be laid over a unit, and why there is none")
def layers(station: StationOf, unit_id: RowId) -> list[review_views.LayerView]:
    return [station.review_screen.layer(unit_id)]


@router.get(
    "/units/{unit_id}/layers/heat",
    summary="The heat map of a unit over the golden frame: CIEDE2000 from place to place, in cividis",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}, "description": "The picture, clear where nothing is compared"},
        304: {"description": "It is what `If-None-Match` names"},
        404: {"model": ErrorDocument, "description": "The unit is not known or was not laid over the golden"},
    },
)
async def heat(request: Request, station: StationOf, unit_id: RowId) -> Response:
    async with request.app.state.measuring:
        found = await run_in_threadpool(station.review_screen.layer_picture, unit_id)
    headers = {"Cache-Control": "private, no-cache", "ETag": f'"{found.sha256}"', "Content-Disposition": "inline"}
    return Response(found.data, media_type=found.media_type, headers=headers)


@router.get("/units/{unit_id}/sources", summary="Where a unit's numbers come from: bench, card, calibrations, sheet")
def sources(station: StationOf, unit_id: RowId) -> review_views.SourcesView:
    return station.review_screen.sources(unit_id)
