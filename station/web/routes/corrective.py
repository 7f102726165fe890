"""Corrective actions of nonconformities: added, put off, done, verified by later lots, withdrawn."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from station.values.documents import Document
from station.values.nonconformity import Action, ActionKind, NonconformityDocument
from station.web.etags import IfMatch
from station.web.routes.common import (
    Limit,
    Page,
    StationOf,
    TextCursor,
    WhoOf,
    page_after,
    refuses,
    speaker,
)
from station.web.routes.nonconformities import PointNumber
from station.web.routes.saying import Said, Text

router = APIRouter(tags=["corrective actions"])

Number = Annotated[int, Path(ge=1, le=10_000, description="of the action in its nonconformity, from 1")]


class ActionRow(Document):
    """An action with the number of its nonconformity."""

    nonconformity: str
    action: Action


class NewAction(Said):
    """An action with who does it until when. points : that it is against, all without any."""

    kind: ActionKind = Field(examples=["prevention"])
    text: Text = Field(examples=["Filter the enamel before every shift, with a record"])
    owner: str = Field(max_length=120, examples=["Li Wei"])
    due: date = Field(examples=["2026-12-01"])
    points: tuple[PointNumber, ...] = Field(default=(), max_length=100)


class NewDue(Said):
    """Another due date, and why."""

    due: date = Field(examples=["2026-12-01"])
    reason: Text = Field(examples=["the filter is delivered a week later"])


class Done(Said):
    """What was done; of a root cause what it is."""

    text: Text = Field(examples=["enamel filtered at 80 mesh since 3 July, with a record"])


class Verified(Said):
    """Later lots that show the effect, or, where the action is no prevention, a person's word."""

    lots: tuple[Annotated[str, Field(max_length=200)], ...] = Field(default=(), max_length=100)
    text: Text = ""


class Withdrawn(Said):
    """Why an action is taken back."""

    reason: Text = Field(examples=["replaced by action 3"])


@router.get("/corrective-actions", summary="Actions of all nonconformities, the earliest due first")
def actions(
    station: StationOf,
    overdue: Annotated[bool, Query(description="only those that are late")] = False,
    cursor: TextCursor = None,
    limit: Limit = 100,
) -> Page[ActionRow]:
    items, after = page_after(station.corrective.all(overdue=overdue), _place, cursor, limit)
    return Page(items=tuple(ActionRow(nonconformity=n, action=a) for n, a in items), next=after)


@router.post(
    "/nonconformities/{number}/actions", summary="Add an action; the same one again adds nothing", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def add(station: StationOf, who: WhoOf, number: str, new: NewAction, if_match: IfMatch) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.corrective.add(
            number, new.kind, new.text, owner=new.owner, due=new.due, points=new.points, by=speaker(who, new.by)
        )


@router.post(
    "/nonconformities/{number}/actions/{action}/due", summary="Give an action another due date", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def put_off(
    station: StationOf, who: WhoOf, number: str, action: Number, new: NewDue, if_match: IfMatch
) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.corrective.put_off(number, action, new.due, by=speaker(who, new.by), reason=new.reason)


@router.post(
    "/nonconformities/{number}/actions/{action}/done", summary="Record what was done", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def done(
    station: StationOf, who: WhoOf, number: str, action: Number, new: Done, if_match: IfMatch
) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.corrective.done(number, action, new.text, by=speaker(who, new.by))


@router.post(
    "/nonconformities/{number}/actions/{action}/verified", summary="Verify an action that was done", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def verify(
    station: StationOf, who: WhoOf, number: str, action: Number, new: Verified, if_match: IfMatch
) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.corrective.verify(number, action, lots=new.lots, text=new.text, by=speaker(who, new.by))


@router.post(
    "/nonconformities/{number}/actions/{action}/withdrawn", summary="Take an action back that another one replaces",
    status_code=201, responses=refuses(409, 412),
)  # fmt: skip
def withdraw(
    station: StationOf, who: WhoOf, number: str, action: Number, new: Withdrawn, if_match: IfMatch
) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.corrective.withdraw(number, action, by=speaker(who, new.by), reason=new.reason)


def _place(row: tuple[str, Action]) -> str:
    number, action = row
    return f"{action.due.isoformat()} {number} {action.number:06d}"
