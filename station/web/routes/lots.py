"""Lots, their running tally and their decision. A lot's id may hold slashes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from station.service import views
from station.values.documents import Document, LotDocument
from station.web.etags import IfMatch
from station.web.routes.common import StationOf, refuses

router = APIRouter(tags=["lots"])


class NewDecision(Document):
    """size : units in the whole lot, of which the sample was drawn; as drawn or decided before without it. stream : of
    lots, whose severity holds; as drawn without it."""

    size: int | None = Field(default=None, ge=1, le=10**9, examples=[1200])
    stream: str | None = Field(default=None, max_length=200)


@router.get("/lots", summary="Every lot as it stands, newest first")
def lots(station: StationOf) -> list[views.LotView]:
    return station.lots()


@router.get("/lots/{lot:path}/tally", summary="The decision as it would be now, recorded nowhere")
def tally(
    station: StationOf,
    lot: str,
    size: Annotated[
        int | None, Query(ge=1, le=10**9, description="units in the whole lot; by default as last drawn or decided")
    ] = None,
    stream: Annotated[
        str | None, Query(max_length=200, description="whose severity holds; by default as drawn")
    ] = None,
) -> LotDocument:
    return station.lot_tally(lot, size, stream=stream)


@router.get("/lots/{lot:path}/decision", summary="The newest recorded decision")
def decision(station: StationOf, lot: str) -> LotDocument:
    return station.lot_document(lot)


@router.post(
    "/lots/{lot:path}/decisions",
    summary="Decide the lot by its sampling plans and record it; the same decision twice is recorded once",
    status_code=201,
    responses=refuses(409, 412),
)
def decide(station: StationOf, lot: str, new: NewDecision, if_match: IfMatch) -> LotDocument:
    with if_match.of(lambda: station.lot(lot)):
        return station.decide_lot(lot, new.size, stream=new.stream)


@router.get("/lots/{lot:path}", summary="One lot as it stands")
def lot(station: StationOf, lot: str) -> views.LotView:
    return station.lot(lot)
