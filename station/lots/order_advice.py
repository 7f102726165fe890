"""Advice before an order is placed: its risk, whether its schedule is plausible, whether it reaches the usual minimum.

Nothing here stops anything. The points of the risk are a judgement; what raises it is named (W13). Lead times and
minimum quantities are those of the trade for metal promotional goods (W14, W15).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from station.errors import RequestError
from station.lots.orders import Order
from station.values.orders import BULK_DAYS, MORE_DAYS, SAMPLE_DAYS, OrderAdvice, RiskPart

MOQ: Final = {"pin": (100, 100), "coin": (100, 100), "keychain": (100, 300), "medal": (100, 100), "magnet": (300, 300)}
"""Units that suppliers usually ask for at least: from, and from which on surely (W15)."""
HARD_FINISHES: Final = ("imitation gold", "antique brass", "antique", "black nickel", "rainbow", "gunmetal")
LEVELS: Final = ((2, "low"), (5, "raised"))
"""Points up to which the risk is called so; above it is high."""
HURRIED: Final = (3, 7)
"""Days of sample and production from which shortcuts are to be expected for plated, filled, carded goods (W14)."""


@dataclass(frozen=True, slots=True)
class Making:
    """How an order is made. finish : plating, in words. epoxy : domed with epoxy. boxed : in rigid boxes. sample_days,
    production_days : that the supplier promises, None where nobody asked."""

    product: str = "other"
    finish: str = ""
    epoxy: bool = False
    boxed: bool = False
    sample_days: int | None = None
    production_days: int | None = None


def advice(order: Order, making: Making) -> OrderAdvice:
    """Risk, schedule and minimum quantity. Raises RequestError for days that cannot be."""
    for days in (making.sample_days, making.production_days):
        if days is not None and not 0 < days <= 1000:
            raise RequestError(f"{days} days are no lead time", "Give calendar days, 1 or more.")
    parts = tuple(_risk(order, making))
    points = sum(p.points for p in parts)
    level = next((name for most, name in LEVELS if points <= most), "high")
    schedule = tuple(_schedule(order, making))
    return OrderAdvice(
        points=points, level=level, parts=parts, sample_days=SAMPLE_DAYS, production_days=_production(order, making),
        plausible=not schedule, schedule=schedule, minimum=tuple(_minimum(order, making)),
    )  # fmt: skip


def _risk(order: Order, making: Making) -> Iterator[RiskPart]:
    """What raises the risk (W13): quantity, finish, epoxy and packing, several SKUs."""
    if order.total >= 1000:
        yield RiskPart(points=2, words=f"{order.total:,} units: process variation shows")
    elif order.total > 100:
        yield RiskPart(points=1, words=f"{order.total:,} units, more than 100")
    hard = next((f for f in HARD_FINISHES if f in making.finish.casefold()), None)
    if hard is not None:
        yield RiskPart(points=2, words=f"{hard}: its tone varies more than bright nickel's")
    for given, words in (
        (making.epoxy, "epoxy domes: bubbles, cure"), (order.carded, "custom cards: wrong cards, scuffs"),
        (making.boxed, "rigid boxes: contact, damage"),
    ):  # fmt: skip
        if given:
            yield RiskPart(points=1, words=words)
    if len(order.units) > 1:
        yield RiskPart(points=2, words=f"{len(order.units)} SKUs in one shipment: mixed up in packing")


def _slow(order: Order, making: Making) -> list[str]:
    """What takes more days (W14)."""
    found = [
        ("an antique finish", "antique" in making.finish.casefold()), ("epoxy", making.epoxy),
        ("a gift box", making.boxed), ("carding", order.carded), ("several SKUs", len(order.units) > 1),
    ]  # fmt: skip
    return [words for words, given in found if given]


def _production(order: Order, making: Making) -> tuple[int, int]:
    more = MORE_DAYS if _slow(order, making) else (0, 0)
    return BULK_DAYS[0] + more[0], BULK_DAYS[1] + more[1]


def _schedule(order: Order, making: Making) -> Iterator[str]:
    """Why the promised days are not plausible."""
    slow = _slow(order, making)
    least, most = _production(order, making)
    if making.sample_days is not None and making.sample_days < SAMPLE_DAYS[0]:
        yield f"a sample in {making.sample_days} days; usual are {SAMPLE_DAYS[0]} to {SAMPLE_DAYS[1]}"
    if making.production_days is not None and making.production_days < least:
        why = f" with {', '.join(slow)}" if slow else ""
        yield f"production in {making.production_days} days{why}; usual are {least} to {most}"
    sample, production = making.sample_days, making.production_days
    if slow and sample is not None and production is not None and sample <= HURRIED[0] and production <= HURRIED[1]:
        yield "expect shortcuts in plating, filling or packing"


def _minimum(order: Order, making: Making) -> Iterator[str]:
    """SKUs below the usual minimum order quantity (W15)."""
    if making.product not in MOQ:
        return
    least, sure = MOQ[making.product]
    for sku, units in enumerate(order.units, 1):
        if units < least:
            yield f"SKU {sku}: {units} units, suppliers usually ask for {least} or more of a {making.product}"
        elif units < sure:
            yield f"SKU {sku}: {units} units, some suppliers ask for {sure} of a {making.product}"
