"""The findings of one unit, and what reviewers say of each: a defect, none, or not to be told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from station.service import views
from station.service.finding_reviews import NewAnswer
from station.values.documents import Document
from station.values.reviewed import Answer
from station.web.errors import ErrorDocument
from station.web.routes.common import RequestKey, RowId, StationOf, WhoOf, speaker

router = APIRouter(tags=["review"])

Number = Annotated[int, Path(ge=1, le=100_000, description="of the finding in its unit, from 1")]


class NewFindingAnswer(Document):
    """A reviewer's answer about a finding. ``undo`` takes the reviewer's own answer back; nothing is ever erased.

    named : what it is, where the station calls it something else: one of the ``kinds`` of the unit's findings, another
    one only with ``new_kind``. supersedes : the reviewer's own answer about the
    finding that was seen, 0 for none. Where another came in between, the answer is 409 and nothing is recorded. Left
    out, nobody asks.
    """

    answer: Answer = Field(examples=["confirm"])
    named: str | None = Field(default=None, max_length=40, examples=["bubble"])
    new_kind: bool = Field(default=False, examples=[False])
    reason: str = Field(default="", max_length=2000, examples=["round, with a bright rim"])
    reviewer: str = Field(
        default="", max_length=200, description="of an account its own name, or nothing", examples=["M. Weber"]
    )
    supersedes: int | None = Field(default=None, ge=0, le=2**31 - 1, examples=[0])


@router.get(
    "/units/{unit_id}/findings",
    summary="The findings of a unit, those set aside too, with every answer and where the models disagree",
)
def findings(station: StationOf, unit_id: RowId) -> views.UnitFindingsView:
    return station.finding_reviews.findings(unit_id)


@router.post(
    "/units/{unit_id}/findings/{number}/reviews",
    summary="Record a reviewer's answer about a finding; it changes no verdict",
    status_code=201,
    responses={409: {"model": ErrorDocument, "description": "The reviewer answered elsewhere, or the key was used"}},
)
def answer(
    station: StationOf,
    who: WhoOf,
    unit_id: RowId,
    number: Number,
    new: NewFindingAnswer,
    idempotency_key: RequestKey = None,
) -> views.FindingAnswerView:
    given = NewAnswer(number, new.answer, new.named, new.reason, new.new_kind)
    (recorded,) = station.finding_reviews.answer(
        unit_id, [given], speaker(who, new.reviewer), expected=new.supersedes, request_key=idempotency_key
    )
    return recorded
