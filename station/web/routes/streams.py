"""Streams of lots: opened, fed with lots and with what people say, asked for the next lot's plans."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from station.errors import RequestError
from station.values.documents import DefectClass, Document
from station.values.stream import NextLotDocument, StreamDocument, StreamEvent
from station.web.etags import IfMatch
from station.web.routes.common import (
    By,
    Limit,
    Page,
    StationOf,
    TextCursor,
    WhoOf,
    page_after,
    refuses,
    speaker,
)

router = APIRouter(tags=["streams"])

Size = Annotated[int, Field(ge=1, le=10**9)]
Counts = Annotated[list[Annotated[int, Field(ge=0, le=10**9)]], Field(max_length=20)]


class NewStream(Document):
    """Lots of one product from one supplier and process. aql : of each class that is switched."""

    name: str = Field(min_length=1, max_length=100, examples=["pins, Dongguan"])
    sku: str = Field(min_length=1, max_length=200, examples=["MAS-PIN-30"])
    supplier: str = Field(max_length=200, examples=["Dongguan Badge"])
    process: str = Field(default="", max_length=200, examples=["soft enamel"])
    aql: dict[DefectClass, Annotated[float, Field(gt=0, le=1000)]] = Field(examples=[{"major": 2.5, "minor": 4.0}])
    edition: str = Field(default="z1.4", max_length=20)
    level: str = Field(default="II", max_length=4)
    type: str = Field(default="single", max_length=20)
    fractional: bool = False


class NewLot(Document):
    """A lot that was inspected under the plans in force. found : nonconforming units of each class, up to the end of
    each stage. removed : units taken out of a resubmitted lot."""

    lot: str = Field(min_length=1, max_length=200, examples=["L-0711"])
    size: Size = Field(examples=[1200])
    found: dict[DefectClass, Counts] = Field(examples=[{"major": [1]}])
    resubmitted: bool = False
    removed: int = Field(default=0, ge=0, le=10**9)
    reason: str = Field(default="", max_length=2000)


class NewWord(Document):
    """What somebody says of a stream.

    kind : ``production`` is steady or irregular, ``consent`` to reduced inspection is agreed or not agreed, inspection
    is ``resumed`` after a discontinuation, a severity is ``directed``, or an event is taken out (``void``). value : of
    the first two and of ``directed``. event : that is taken out.
    """

    kind: Literal["production", "consent", "resumed", "directed", "void"] = Field(examples=["production"])
    value: str = Field(default="", max_length=40, examples=["steady"])
    classes: tuple[DefectClass, ...] = ()
    event: int | None = Field(default=None, ge=1, le=2**31 - 1)
    by: By = ""
    reason: str = Field(default="", max_length=2000)


@router.get("/streams", summary="Every stream as it stands, by name")
def streams(station: StationOf, cursor: TextCursor = None, limit: Limit = 100) -> Page[StreamDocument]:
    found = sorted(station.streams.all(), key=lambda s: s.stream.name)
    items, after = page_after(found, lambda s: s.stream.name, cursor, limit)
    return Page(items=tuple(items), next=after)


@router.post("/streams", summary="Open a stream under normal inspection", status_code=201, responses=refuses(409))
def open_stream(station: StationOf, new: NewStream) -> StreamDocument:
    return station.streams.open(
        new.name, sku=new.sku, supplier=new.supplier, process=new.process, aql=new.aql, edition=new.edition,
        level=new.level, type=new.type, fractional=new.fractional,
    )  # fmt: skip


@router.get("/streams/{name:path}/next", summary="The plans for its next lot")
def next_lot(station: StationOf, name: str, size: Annotated[int, Query(ge=1, le=10**9)]) -> NextLotDocument:
    return station.streams.next_lot(name, size)


@router.get("/streams/{name:path}/events", summary="Everything that happened to it, in order")
def events(station: StationOf, name: str, cursor: TextCursor = None, limit: Limit = 100) -> Page[StreamEvent]:
    numbered = [(f"{i:09d}", e) for i, e in enumerate(station.streams.events(name))]
    items, after = page_after(numbered, lambda n: n[0], cursor, limit)
    return Page(items=tuple(e for _, e in items), next=after)


@router.post(
    "/streams/{name:path}/lots",
    summary="Record a lot that was inspected under the plans in force",
    status_code=201,
    responses=refuses(409, 412),
)
def lot(station: StationOf, name: str, new: NewLot, if_match: IfMatch) -> StreamDocument:
    with if_match.of(lambda: station.streams.status(name)):
        return station.streams.record_lot(
            name, new.lot, size=new.size, found=new.found, resubmitted=new.resubmitted, removed=new.removed,
            reason=new.reason,
        )  # fmt: skip


@router.post(
    "/streams/{name:path}/words",
    summary="Record what somebody says of it: production, consent, a severity, what is void",
    status_code=201,
    responses=refuses(409, 412),
)
def word(station: StationOf, who: WhoOf, name: str, new: NewWord, if_match: IfMatch) -> StreamDocument:
    use, by = station.streams, speaker(who, new.by)
    with if_match.of(lambda: use.status(name)):
        if new.kind == "production":
            return use.production(name, steady=_is(new, "steady", "irregular"), by=by, reason=new.reason)
        if new.kind == "consent":
            return use.consent(name, agreed=_is(new, "agreed", "not agreed"), by=by, reason=new.reason)
        if new.kind == "resumed":
            return use.resume(name, by=by, reason=new.reason)
        if new.kind == "directed":
            return use.direct(name, severity=new.value, by=by, reason=new.reason, classes=new.classes)
        if new.event is None:
            raise RequestError("no event is named", "Send the number of the event to take out.")
        return use.void(name, new.event, by=by, reason=new.reason)


@router.get("/streams/{name:path}", summary="One stream as it stands")
def stream(station: StationOf, name: str) -> StreamDocument:
    return station.streams.status(name)


def _is(new: NewWord, yes: str, no: str) -> bool:
    if new.value not in (yes, no):
        raise RequestError(f"{new.value[:40]!r} says nothing of {new.kind}", f"Send {yes!r} or {no!r}.")
    return new.value == yes
