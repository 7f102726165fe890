"""Who looks at which unit now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from station.service import review_views
from station.values.documents import Document
from station.web.errors import ErrorDocument
from station.web.routes.common import RowId, StationOf, WhoOf, speaker

router = APIRouter(tags=["review"])

WINDOW = r"^[A-Za-z0-9._~-]+$"


class NewClaim(Document):
    """A reviewer looks at a unit. window : names the window of a browser, or a program, which has one claim at a time.

    take_over : although another reviewer looks at it. Claims are no records; the other one is told by an event.
    """

    reviewer: str = Field(
        default="", max_length=200, description="of an account its own name, or nothing", examples=["M. Weber"]
    )
    window: str = Field(min_length=8, max_length=100, pattern=WINDOW, examples=["6f1c0d2a-window"])
    take_over: bool = False


@router.get("/claims", summary="Who looks at which unit now")
def claims(station: StationOf) -> list[review_views.UnitClaimView]:
    return station.claiming.standing()


@router.put(
    "/units/{unit_id}/claim",
    summary="Claim a unit for a reviewer, or renew the claim: it holds for 90 seconds",
    responses={409: {"model": ErrorDocument, "description": "Another reviewer looks at the unit"}},
)
def claim(station: StationOf, who: WhoOf, unit_id: RowId, new: NewClaim) -> review_views.UnitClaimView:
    return station.claiming.take(unit_id, speaker(who, new.reviewer), new.window, take_over=new.take_over)


@router.delete(
    "/units/{unit_id}/claim", summary="End a window's claim on a unit; with accounts the own one alone", status_code=204
)
def release(
    station: StationOf,
    who: WhoOf,
    unit_id: RowId,
    window: Annotated[str, Query(min_length=8, max_length=100, pattern=WINDOW)],
) -> None:
    station.claiming.release(unit_id, window, reviewer=None if who.role is None else who.name)
