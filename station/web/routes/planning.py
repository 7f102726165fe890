"""Sampling plans, and how an order is to be inspected. Nothing is recorded."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from station.service import ordering, tools
from station.values.documents import Document, PlanDocument
from station.values.orders import OrderDocument
from station.web.routes.common import StationOf

router = APIRouter(tags=["plans"])


class Order(Document):
    """An order as its inspection sees it. units : of each SKU. value_usd : FOB, where it is known. golden, stream :
    whose AQLs and severities hold. qualities : in per cent, 5 and 10 without any."""

    units: tuple[Annotated[int, Field(ge=1, le=10**9)], ...] = Field(min_length=1, max_length=200, examples=[[1500]])
    finishes: int = Field(default=1, ge=1, le=1000)
    carded: bool = Field(default=False, examples=[True])
    hardware: bool = False
    premium: bool = False
    deadline: bool = False
    value_usd: float | None = Field(default=None, gt=0, le=1e12)
    golden: str | None = Field(default=None, max_length=200)
    stream: str | None = Field(default=None, max_length=200)
    qualities: tuple[Annotated[float, Field(gt=0, lt=100)], ...] = Field(default=(), max_length=20)
    cartons: int | None = Field(default=None, ge=1, le=10**6)
    correlation: float | None = Field(default=None, ge=0, le=0.95)


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


@router.post("/orders/plan", summary="At which gates an order is inspected, how many units, and what that lets through")
def order(station: StationOf, new: Order) -> OrderDocument:
    return ordering.plan_of(station, new.model_dump())
