"""Values entered by hand, and gauge studies."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from station.values.documents import Document
from station.values.entered import EnteredDocument
from station.values.gauge import GaugeStudyDocument
from station.web.routes.common import RowId, StationOf

router = APIRouter()

Text = Annotated[str | None, Query(max_length=200)]


class StudyRow(Document):
    """A gauge study and its number."""

    id: int
    study: GaugeStudyDocument


@router.get("/entered", tags=["units"], summary="Values that were measured by hand and stand, oldest first")
def entered(
    station: StationOf,
    golden: Text = None,
    lot: Text = None,
    unit: Text = None,
    history: Annotated[bool, Query(description="also the values that were corrected")] = False,
) -> list[EnteredDocument]:
    return station.entered.values(golden=golden, lot=lot, unit=unit, history=history)


@router.get("/gauge/studies", tags=["bench"], summary="Gauge studies, newest first")
def studies(station: StationOf, golden: Text = None, rig: Text = None) -> list[StudyRow]:
    return [StudyRow(id=number, study=study) for number, study in station.gauge.studies(golden=golden, rig=rig)]


@router.get("/gauge/studies/{study_id}", tags=["bench"], summary="One gauge study")
def study(station: StationOf, study_id: RowId) -> GaugeStudyDocument:
    return station.gauge.study(study_id)
