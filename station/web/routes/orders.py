"""Orders with their gates as they stand. Releasing is signed on the command line."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from station.values.gates import OrderGatesDocument
from station.web.routes.common import Limit, Page, StationOf, TextCursor, page_after, refuses

router = APIRouter(tags=["orders"])


@router.get("/orders", summary="Every order with its gates, oldest first")
def orders(station: StationOf, cursor: TextCursor = None, limit: Limit = 50) -> Page[OrderGatesDocument]:
    numbered = [(f"{i:09d}", found) for i, found in enumerate(station.gates.all())]
    items, after = page_after(numbered, lambda n: n[0], cursor, limit)
    return Page(items=tuple(found for _, found in items), next=after)


@router.get("/orders/{order}", summary="One order: what each gate asks, why it is closed, what opens it",
            responses=refuses(409))  # fmt: skip
def order(
    station: StationOf,
    order: str,
    sku: Annotated[str | None, Query(max_length=200, description="where the order has several")] = None,
) -> OrderGatesDocument:
    return station.gates.show(order, sku)
