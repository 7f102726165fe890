"""What lies behind a lot: the map of its defects, the cause, its units, its pick list, its report. A lot's id may hold
slashes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from station.values.documents import Document
from station.values.draw import DrawDocument, IntegrityDocument
from station.values.lot_analysis import LotExplanationDocument, LotMapDocument, LotUnitDocument
from station.web.routes.common import Form, Language, StationOf, file_answer, paper_answer

router = APIRouter(tags=["lots"])


class Counted(Document):
    """The units that a lot counts, one entry a unit."""

    lot: str = Field(examples=["L-0711"])
    units: tuple[LotUnitDocument, ...]


@router.get("/lots/{lot:path}/map", summary="Its defects by carton and identifier, and where they lie on the part")
def lot_map(station: StationOf, lot: str) -> LotMapDocument:
    return station.analysis.map(lot)


@router.get(
    "/lots/{lot:path}/density",
    summary="The findings of one kind over the golden, with their density",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "The picture"}},
)
def density(
    station: StationOf, lot: str, kind: Annotated[str, Query(min_length=1, max_length=100, examples=["pit"])]
) -> Response:
    return Response(station.analysis.panel_png(lot, kind), media_type="image/png")


@router.get("/lots/{lot:path}/explanation", summary="Clusters and cause, with the evidence for and against")
def explanation(station: StationOf, lot: str) -> LotExplanationDocument:
    return station.analysis.explain(lot)


@router.get("/lots/{lot:path}/counted", summary="The units that it counts, each with its carton and its defects")
def counted(station: StationOf, lot: str) -> Counted:
    return Counted(lot=lot, units=station.analysis.units(lot))


@router.get("/lots/{lot:path}/draw", summary="The pick list in force")
def draw(station: StationOf, lot: str) -> DrawDocument:
    return station.draws.newest(lot)


@router.get("/lots/{lot:path}/pulled", summary="The inspected units against the pick list")
def pulled(station: StationOf, lot: str) -> IntegrityDocument:
    return station.draws.pulled(lot)


@router.get(
    "/lots/{lot:path}/report",
    summary="The report of a decided lot, to send",
    response_class=Response,
    responses=file_answer("pdf", "xlsx"),
)
def report(station: StationOf, lot: str, language: Language = "en", form: Form = "pdf") -> Response:
    return paper_answer(station.papers.lot(lot, language), lot, form)
