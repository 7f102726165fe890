"""Orders with their gates as they stand, opened, and the form of the first article."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from station.service import ordering
from station.values.documents import Document
from station.values.gates import FirstArticleDocument, OrderGatesDocument
from station.web.routes.common import (
    Cursor,
    Form,
    Language,
    Limit,
    Page,
    StationOf,
    WhoOf,
    after,
    file_answer,
    paper_answer,
    refuses,
    speaker,
)
from station.web.routes.saying import Said

router = APIRouter(tags=["orders"])

OrderName = Annotated[str, Path(max_length=200, examples=["PO-4711"])]
Sku = Annotated[str | None, Query(max_length=200, description="where the order has several")]


class Terms(Document):
    """What is ordered. units : of each SKU, that of the golden sample first."""

    units: tuple[Annotated[int, Field(ge=1, le=10**9)], ...] = Field(min_length=1, max_length=200, examples=[[1500]])
    finishes: int = Field(default=1, ge=1, le=1000)
    carded: bool = Field(default=False, examples=[True])
    hardware: bool = False
    premium: bool = False
    deadline: bool = False
    value_usd: float | None = Field(default=None, gt=0, le=1e12)


class NewOrder(Terms, Said):
    """An order for the SKU of a golden sample, opened with its gates. order : the purchase order. cures : parts are
    bonded and cure; magnets always are."""

    order: str = Field(min_length=1, max_length=200, examples=["PO-4711"])
    golden: str = Field(min_length=1, max_length=200, examples=["GS-20260510"])
    cures: bool = False


@router.get("/orders", summary="Every order with its gates, oldest first")
def orders(station: StationOf, cursor: Cursor = None, limit: Limit = 50) -> Page[OrderGatesDocument]:
    found, more = station.gates.page(after(cursor), limit)
    return Page(items=tuple(found), next=None if more is None else str(more))


@router.post(
    "/orders",
    summary="Open an order, or move it to the newest version of its golden sample",
    status_code=201,
    responses=refuses(409),
)
def open_order(station: StationOf, who: WhoOf, new: NewOrder) -> OrderGatesDocument:
    terms, _ = ordering.order_of(new.model_dump(include=set(Terms.model_fields)))
    return station.gates.open(new.order, terms, golden=new.golden, cures=new.cures, by=speaker(who, new.by))


@router.get("/orders/{order}", summary="One order: what each gate asks, why it is closed, what opens it",
            responses=refuses(409))  # fmt: skip
def order(station: StationOf, order: OrderName, sku: Sku = None) -> OrderGatesDocument:
    return station.gates.show(order, sku)


@router.get("/orders/{order}/first-article", summary="The first-article form: every characteristic against the master",
            responses=refuses(409))  # fmt: skip
def first_article(station: StationOf, order: OrderName, sku: Sku = None) -> FirstArticleDocument:
    return station.gates.first_article(order, sku)


@router.get(
    "/orders/{order}/first-article/paper",
    summary="The first-article form, to send",
    response_class=Response,
    responses=file_answer("pdf", "xlsx") | refuses(409),
)
def first_article_paper(
    station: StationOf, order: OrderName, sku: Sku = None, language: Language = "en", form: Form = "pdf"
) -> Response:
    made = station.papers.first_article(order, language, sku=sku)
    return paper_answer(made, f"{order} first-article", form)
