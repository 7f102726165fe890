"""From which score a finding counts: proposed from reviewed findings, set, taken back."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from station.values.documents import Document
from station.values.reviewed import RecalibrationDocument, ThresholdsDocument
from station.web.routes.common import RECORDED, StationOf, WhoOf, speaker
from station.web.routes.saying import Said, Text

router = APIRouter(tags=["review"])


class ThresholdsRecord(Document):
    """A record of thresholds and its number."""

    id: int
    thresholds: ThresholdsDocument


class NewThresholds(Said):
    """apply : the proposed thresholds are set. reset : they are taken back, and every finding counts again."""

    action: Literal["apply", "reset"] = Field(examples=["apply"])
    reason: Text = Field(examples=["all 40 refused findings were dust"])


@router.get("/goldens/{number}/thresholds", summary="What the reviewed findings propose; nothing is changed")
def propose(station: StationOf, number: str) -> RecalibrationDocument:
    return station.recalibration.propose(number)


@router.get("/goldens/{number}/thresholds/history", summary="Who set them or took them back, and why, newest first")
def history(station: StationOf, number: str) -> list[ThresholdsRecord]:
    return [ThresholdsRecord(id=n, thresholds=found) for n, found in station.recalibration.history(number)]


@router.post("/goldens/{number}/thresholds", summary="Set the proposed thresholds, or take them back", **RECORDED)
def change(station: StationOf, who: WhoOf, number: str, new: NewThresholds) -> ThresholdsRecord:
    use = station.recalibration
    made, found = (use.apply if new.action == "apply" else use.reset)(
        number, by=speaker(who, new.by), reason=new.reason
    )
    return ThresholdsRecord(id=made, thresholds=found)
