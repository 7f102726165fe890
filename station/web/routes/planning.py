"""Sampling plans, and how an order is to be inspected. Nothing is recorded."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from station.service import drawn, ordering, planning, tools
from station.values.documents import Document, PlanDocument
from station.values.orders import OrderAdvice, OrderDocument
from station.values.sampling import LimitingQualityDocument, SchemeDocument, VariablesPlanDocument
from station.web.routes.common import StationOf, file_answer, file_of
from station.web.routes.orders import Terms
from station.web.routes.saying import Kind, Word

router = APIRouter(tags=["plans"])

Share = Annotated[float, Field(gt=0, lt=1)]
Days = Annotated[int, Field(ge=1, le=1000)]


class Order(Terms):
    """An order as its inspection sees it. golden, stream : whose AQLs and severities hold. qualities : in per cent, 5
    and 10 without any."""

    golden: str | None = Field(default=None, max_length=200)
    stream: str | None = Field(default=None, max_length=200)
    qualities: tuple[Annotated[float, Field(gt=0, lt=100)], ...] = Field(default=(), max_length=20)
    cartons: int | None = Field(default=None, ge=1, le=10**6)
    correlation: float | None = Field(default=None, ge=0, le=0.95)


class PlanRequest(Document):
    """A plan as ``station plan`` is asked for one, its options as keys; only what belongs together. By AQL : lot_size
    or letter with aql; scheme : the whole switching scheme. By limiting_quality, with ac. By variables : method, with
    ``values``, the sample itself, and its limits. Qualities are in per cent, risks
    are shares."""

    lot_size: Annotated[int, Field(ge=2, le=10**9)] | None = Field(default=None, examples=[1200])
    letter: Annotated[str, Field(max_length=2)] | None = None
    aql: Annotated[float, Field(gt=0, le=1000)] | None = Field(default=None, examples=[2.5])
    level: Annotated[str, Field(max_length=4)] | None = None
    severity: Annotated[str, Field(max_length=20)] | None = None
    type: Annotated[str, Field(max_length=20)] | None = None
    edition: Annotated[str, Field(max_length=20)] | None = None
    fractional: bool | None = None
    per_100: bool | None = None
    cartons: Annotated[int, Field(ge=1, le=10**6)] | None = None
    correlation: Annotated[float, Field(ge=0, le=0.95)] | None = None
    scheme: bool | None = None
    with_reduced: bool | None = None
    limiting_quality: float | None = None
    ac: Annotated[int, Field(ge=0, le=10_000)] | None = None
    method: Annotated[str, Field(max_length=10)] | None = None
    producer_quality: float | None = None
    consumer_quality: float | None = None
    producer_risk: Share | None = None
    consumer_risk: Share | None = None
    values: tuple[float, ...] | None = Field(default=None, max_length=5000)
    lower: float | None = None
    upper: float | None = None
    sigma: float | None = None


class OrderToCome(Document):
    """An order before it is placed. product : pin, coin, keychain, magnet, medal, pack or other. finish : plating, in
    words. sample_days, production_days : that the supplier promises."""

    units: tuple[Annotated[int, Field(ge=1, le=10**9)], ...] = Field(min_length=1, max_length=200, examples=[[80]])
    carded: bool = False
    product: Kind = Field(default="other", examples=["pin"])
    finish: Word = Field(default="", examples=["antique brass"])
    epoxy: bool = False
    boxed: bool = False
    sample_days: Days | None = None
    production_days: Days | None = None


@router.get("/plan", summary="A sampling plan with its operating characteristic and risks")
def plan(
    aql: Annotated[float, Query(gt=0, le=1000, examples=[2.5])],
    lot_size: Annotated[int | None, Query(ge=1, examples=[1200])] = None,
    letter: Annotated[str | None, Query(max_length=2, description="code letter, in place of the lot size")] = None,
    level: Annotated[str, Query(max_length=4)] = "II",
    severity: Annotated[str, Query(max_length=20)] = "normal",
    type: Annotated[str, Query(max_length=20)] = "single",
    edition: Annotated[str, Query(max_length=20)] = "z1.4",
) -> PlanDocument:
    given = {"aql": aql, "lot_size": lot_size, "letter": letter}
    request = {k: v for k, v in given.items() if v is not None}
    found = tools.plan(request | {"level": level, "severity": severity, "type": type, "edition": edition})
    assert isinstance(found, PlanDocument)
    return found


@router.post("/plans", summary="Any plan: by AQL, by limiting quality, by variables, or a whole switching scheme")
def any_plan(new: PlanRequest) -> PlanDocument | LimitingQualityDocument | VariablesPlanDocument | SchemeDocument:
    return planning.plan_of(new.model_dump(exclude_none=True))


@router.post("/plans/curve", summary="The operating characteristic of such a plan, as picture or as table",
             response_class=Response, responses=file_answer("png", "csv"))  # fmt: skip
def curve(new: PlanRequest, form: Annotated[Literal["png", "csv"], Query()] = "png") -> Response:
    return file_of(planning.curve_as(planning.plan_of(new.model_dump(exclude_none=True)), form), "plan", form)


@router.post("/orders/plan/picture", summary="The operating characteristics of an order's final inspection, drawn",
             response_class=Response, responses=file_answer("png"))  # fmt: skip
def order_picture(station: StationOf, new: Order) -> Response:
    return file_of(drawn.png(ordering.order_chart(ordering.plan_of(station, new.model_dump()))), "order", "png")


@router.post("/orders/plan", summary="At which gates an order is inspected, how many units, and what that lets through")
def order(station: StationOf, new: Order) -> OrderDocument:
    return ordering.plan_of(station, new.model_dump())


@router.post("/orders/check", summary="Before an order is placed: its risk, its schedule, whether it is large enough")
def check(new: OrderToCome) -> OrderAdvice:
    return ordering.advice_of(new.model_dump())
