"""Nonconformities: drafted from a decided lot, completed by people, sent, closed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from station.values.claim_costs import Unpriced
from station.values.documents import DefectClass, Document
from station.values.nonconformity import (
    Carton,
    Face,
    NcEvent,
    NonconformityDocument,
    Question,
    Share,
    Use,
)
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
from station.web.routes.saying import Said, Text

router = APIRouter(tags=["nonconformities"])

PointNumber = Annotated[int, Field(ge=1, le=10_000)]
Amount = Annotated[Decimal, Field(ge=0, le=10**12, max_digits=18)]
Days = Annotated[int, Field(ge=0, le=3650)]


class NewNonconformity(Document):
    """The nonconformity of a decided lot, drafted from its records; what the goods are for may be said at once."""

    lot: str = Field(min_length=1, max_length=200, examples=["L-0711"])
    by: By = ""
    use: Use | None = None
    face: Face | None = None
    carton: Carton | None = None
    licensed: bool | None = None
    brand_colour: bool | None = None
    event_on: date | None = None
    answer_days: int | None = Field(default=None, ge=1, le=90)


class NewSeen(Said):
    """What a person saw and counted, such as a wrong card."""

    kind: str = Field(max_length=40, examples=["wrong-card"])
    name: str = Field(default="", max_length=200)
    note: Text = Field(examples=["the card names another SKU"])
    units: int = Field(ge=1, le=10**9, examples=[9])
    of: int = Field(ge=1, le=10**9, examples=[32])
    clause: str = Field(default="", max_length=400)
    defect_class: Annotated[DefectClass | None, Field(alias="class")] = None
    cartons: bool = False


class NewAnswer(Said):
    """An answer to one of the nine questions, about a point or about all of them."""

    question: Question = Field(examples=["function"])
    text: Text = Field(examples=["the pin cannot be worn"])
    point: PointNumber | None = None


class NewClass(Said):
    """The class of a point."""

    point: PointNumber = Field(examples=[1])
    defect_class: Annotated[DefectClass, Field(alias="class", examples=["major"])]
    reason: Text = ""


class NewAsks(Said):
    """What the supplier is to do; none lets the proposed ones hold again."""

    texts: tuple[Text, ...] = Field(max_length=40, examples=[["Sort the lot and replace units with pits"]])


class NewDispositions(Said):
    """What becomes of the lot's units; the shares add up to the lot."""

    shares: tuple[Share, ...] = Field(
        min_length=1, max_length=20, examples=[[{"disposition": "sort", "quantity": 1200}]]
    )


class NewCosts(Said):
    """Prices of the remedies; what was given before holds on, but what is named in ``unknown``. See ``CostInput``."""

    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$", examples=["USD"])
    price: Amount | None = Field(default=None, examples=["0.80"])
    sort: Amount | None = None
    rework: Amount | None = None
    rework_yield: Annotated[Decimal, Field(ge=0, le=1)] | None = None
    remake: Amount | None = None
    dispose: Amount | None = None
    expedite: Amount | None = None
    freight: Amount | None = None
    discount: Annotated[Decimal, Field(ge=0, le=1)] | None = None
    loss: Amount | None = None
    late_loss: Amount | None = None
    packing: Amount | None = None
    inbound: Amount | None = None
    returns: Amount | None = None
    relabelling: Amount | None = None
    fines: Amount | None = None
    delay: Amount | None = None
    sort_days: Days | None = None
    rework_days: Days | None = None
    remake_days: Days | None = None
    unknown: tuple[Unpriced, ...] = Field(default=(), max_length=9, examples=[["rework"]])


class Closing(Said):
    """Why it is closed."""

    text: Text = ""


@router.get("/nonconformities", summary="Every nonconformity as it stands, oldest first; that of a lot, if it has one")
def all_of_them(
    station: StationOf, cursor: TextCursor = None, limit: Limit = 50,
    lot: Annotated[str | None, Query(max_length=200, examples=["L-0711"])] = None,
) -> Page[NonconformityDocument]:  # fmt: skip
    rows = enumerate(station.nonconformities.rows())
    numbered = [(f"{i:09d}", row.number) for i, row in rows if lot in (None, row.lot)]
    items, after = page_after(numbered, lambda n: n[0], cursor, limit)
    return Page(items=tuple(station.nonconformities.show(number) for _, number in items), next=after)


@router.post(
    "/nonconformities",
    summary="Draft the nonconformity of a decided lot, or draft it again from its newest data",
    status_code=201,
    responses=refuses(409),
)
def draft(station: StationOf, who: WhoOf, new: NewNonconformity) -> NonconformityDocument:
    changes = new.model_dump(exclude={"lot", "by"}, exclude_none=True)
    return station.nonconformities.draft(new.lot, by=speaker(who, new.by), **changes)


@router.get("/nonconformities/{number}", summary="One nonconformity as it stands today")
def one(station: StationOf, number: str) -> NonconformityDocument:
    return station.nonconformities.show(number)


@router.get("/nonconformities/{number}/events", summary="Everything that happened to it, in order")
def events(station: StationOf, number: str, cursor: TextCursor = None, limit: Limit = 100) -> Page[NcEvent]:
    numbered = [(f"{i:09d}", e) for i, e in enumerate(station.nonconformities.events(number))]
    items, after = page_after(numbered, lambda n: n[0], cursor, limit)
    return Page(items=tuple(e for _, e in items), next=after)


@router.post(
    "/nonconformities/{number}/seen", summary="Add what a person saw and counted", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def seen(station: StationOf, who: WhoOf, number: str, new: NewSeen, if_match: IfMatch) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.nonconformities.seen(
            number, kind=new.kind, name=new.name, note=new.note, units=new.units, of=new.of, clause=new.clause,
            defect_class=new.defect_class, cartons=new.cartons, by=speaker(who, new.by),
        )  # fmt: skip


@router.post(
    "/nonconformities/{number}/answers", summary="Answer one of the nine questions", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def answer(station: StationOf, who: WhoOf, number: str, new: NewAnswer, if_match: IfMatch) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.nonconformities.answer(number, new.question, new.text, point=new.point, by=speaker(who, new.by))


@router.post("/nonconformities/{number}/classes", summary="Class a point", status_code=201, responses=refuses(409, 412))
def classify(station: StationOf, who: WhoOf, number: str, new: NewClass, if_match: IfMatch) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.nonconformities.classify(
            number, new.point, new.defect_class, by=speaker(who, new.by), reason=new.reason
        )


@router.post(
    "/nonconformities/{number}/asks", summary="Say what the supplier is to do", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def ask(station: StationOf, who: WhoOf, number: str, new: NewAsks, if_match: IfMatch) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.nonconformities.ask(number, new.texts, by=speaker(who, new.by))


@router.post(
    "/nonconformities/{number}/dispositions", summary="Give every unit of the lot a disposition", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def dispose(
    station: StationOf, who: WhoOf, number: str, new: NewDispositions, if_match: IfMatch
) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.nonconformities.dispose(number, new.shares, by=speaker(who, new.by))


@router.post(
    "/nonconformities/{number}/costs", summary="Compare what the remedies cost", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def price(station: StationOf, who: WhoOf, number: str, new: NewCosts, if_match: IfMatch) -> NonconformityDocument:
    given = dict.fromkeys(new.unknown) | new.model_dump(exclude={"by", "unknown"}, exclude_none=True)
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.nonconformities.price(number, given, by=speaker(who, new.by))


@router.post(
    "/nonconformities/{number}/sent", summary="Record that the complaint goes out as it stands", status_code=201,
    responses=refuses(409, 412),
)  # fmt: skip
def send(station: StationOf, who: WhoOf, number: str, new: Said, if_match: IfMatch) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.nonconformities.send(number, by=speaker(who, new.by))


@router.post("/nonconformities/{number}/closed", summary="Close it", status_code=201, responses=refuses(409, 412))
def close(station: StationOf, who: WhoOf, number: str, new: Closing, if_match: IfMatch) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.nonconformities.close(number, by=speaker(who, new.by), text=new.text)
