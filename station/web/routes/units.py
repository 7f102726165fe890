"""Units, the queue of a reviewer, and reviews; findings across units."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from station.service import views
from station.values.documents import Document, UnitDocument, Verdict
from station.web.errors import ErrorDocument
from station.web.etags import IfMatch
from station.web.routes.common import (
    Cursor,
    Limit,
    Page,
    RequestKey,
    RowId,
    StationOf,
    WhoOf,
    after,
    page_of,
    refuses,
    speaker,
)

router = APIRouter()

Lot = Annotated[str | None, Query(max_length=200)]


class NewReview(Document):
    """A reviewer's word on a unit. ``undo`` gives the line's own verdict back; nothing is ever erased.

    supersedes : the review of the unit that the reviewer saw, 0 for a unit without one. Where another came in between,
        the answer is 409 and nothing is recorded. Left out, nobody asks.
    take_over : decide the unit although another reviewer looks at it; without it the answer is 409 then.
    """

    decision: Literal["accept", "reject", "defer", "undo"] = Field(examples=["reject"])
    reason: str = Field(default="", max_length=2000, examples=["enamel defect: pit in the sky"])
    reviewer: str = Field(
        default="", max_length=200, description="of an account its own name, or nothing", examples=["M. Weber"]
    )
    supersedes: int | None = Field(default=None, ge=0, le=2**31 - 1, examples=[0])
    take_over: bool = False


@router.get("/units", tags=["units"], summary="Inspected units in the order of inspection")
def units(
    station: StationOf,
    lot: Lot = None,
    golden: Annotated[str | None, Query(max_length=200)] = None,
    verdict: Annotated[Verdict | None, Query(description="the line's own verdict")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[views.UnitView]:
    found = station.units(lot=lot, golden=golden, verdict=verdict, after=after(cursor), limit=limit + 1)
    return page_of(found, limit, [u.id for u in found])


@router.get("/queue", tags=["review"], summary="Flagged units that wait, undecided first, worst margin first")
def queue(
    station: StationOf,
    lot: Lot = None,
    settled: Annotated[bool, Query(description="those accepted or rejected instead, newest first")] = False,
    second_look: Annotated[
        bool, Query(description="only those that wait for a second reviewer: deferred, or reviewers disagree")
    ] = False,
) -> list[views.UnitView]:
    return station.queue(lot, settled=settled, second_look=second_look)


@router.get("/units/{unit_id}", tags=["units"], summary="One unit as it stands")
def unit(station: StationOf, unit_id: RowId) -> views.UnitView:
    return station.unit(unit_id)


@router.get(
    "/units/{unit_id}/document",
    tags=["units"],
    summary="What the station said of the unit: gates, measurements, findings, reasons",
)
def document(station: StationOf, unit_id: RowId) -> UnitDocument:
    return station.unit_document(unit_id)


@router.get("/units/{unit_id}/reviews", tags=["review"], summary="Every word on a unit, oldest first")
def reviews(station: StationOf, unit_id: RowId) -> list[views.ReviewView]:
    return station.reviews(unit_id)


@router.post(
    "/units/{unit_id}/reviews",
    tags=["review"],
    summary="Record a reviewer's word; the answer comes when it is durable",
    status_code=201,
    responses={
        409: {
            "model": ErrorDocument,
            "description": "Another review came in between, another reviewer looks at the unit (`claimed`), the "
            "reviewer deferred it, or the key was used",
        },
        **refuses(412),
    },
)
def review(
    station: StationOf,
    who: WhoOf,
    unit_id: RowId,
    new: NewReview,
    if_match: IfMatch,
    idempotency_key: RequestKey = None,
) -> views.ReviewView:
    with if_match.of(lambda: station.unit(unit_id)):
        return station.review(
            unit_id, new.decision, new.reason, speaker(who, new.reviewer), expected=new.supersedes,
            request_key=idempotency_key, approves=who.role == "approver", take_over=new.take_over,
        )  # fmt: skip


@router.get("/findings", tags=["units"], summary="Recorded findings, oldest first")
def findings(
    station: StationOf,
    kind: Annotated[str | None, Query(max_length=100, examples=["pit"])] = None,
    lot: Lot = None,
    unit_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[views.FindingView]:
    found = station.findings(kind=kind, lot=lot, unit_id=unit_id, after=after(cursor), limit=limit + 1)
    return page_of(found, limit, [f.id for f in found])
