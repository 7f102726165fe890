"""What each remedy costs, with the arithmetic, so that the one proposed is proportional (N10, N11).

Amounts are exact decimals in one currency. What a remedy moves from one party to the other, such as a credit, stands
with both and cancels in the total. The estimate of nonconforming units is the lot's size times the share found; every
total is given at its upper bound (95 %) too. Custom packing is part of what a unit costs (N11); what the nonconformity
has brought about otherwise (C7) is the same for all remedies and stands beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from station.errors import RequestError
from station.quality.consequences import incurred
from station.quality.disposition import REMEDIES
from station.values.claim_costs import CostComparison, CostInput, CostLine, CostPath, Remedy
from station.values.nonconformity import Phrase

USUAL_FOB: Final = {
    "pin": (Decimal("0.45"), Decimal("1.10")),
    "coin": (Decimal("1.20"), Decimal("2.80")),
    "keychain": (Decimal("0.85"), Decimal("2.20")),
}
"""USD a unit FOB at 1,000 units (N11): pins from soft enamel iron to simple ones, 45 mm coins, keychains."""

USUAL_PACKING: Final = (Decimal("0.08"), Decimal("0.35"))
"""USD a unit that custom packing usually adds FOB (N11): printed cards, boxes, bags of one's own."""

_CENT = Decimal("0.01")
_NEEDS: Final[dict[Remedy, tuple[str, ...]]] = {
    "concession": ("loss",), "discount": ("loss", "discount"), "sort": ("sort", "sort_days"),
    "sort-rework": ("sort", "rework", "sort_days", "rework_days"), "sort-replace": ("sort", "remake_days"),
    "rework-all": ("rework", "rework_days"), "remake": ("remake_days",),
}  # fmt: skip
_DAYS: Final = ("sort_days", "rework_days", "remake_days")


@dataclass(frozen=True, slots=True)
class Quantities:
    """Of the lot: size, and units that do not conform, estimated and at most (95 %)."""

    size: int
    wrong: int
    wrong_high: int


def compare(
    inputs: CostInput,
    quantities: Quantities,
    barred: Mapping[Remedy, tuple[Phrase, ...]],
    *,
    today: date,
    event_on: date | None,
    product_type: str,
) -> CostComparison:
    """The remedies side by side. barred : why the matrix or the context does not allow one, by remedy.

    Raises RequestError for more nonconforming units than the lot has.
    """
    if not 0 <= quantities.wrong <= quantities.wrong_high <= quantities.size:
        raise RequestError("the lot has fewer units than do not conform", "Correct the size of the lot.")
    paths = tuple(_path(r, inputs, quantities, barred.get(r, ()), today, event_on) for r in REMEDIES)
    ranked = sorted(paths, key=lambda p: (not p.allowed, not p.lines, p.total, p.buyer, REMEDIES.index(p.remedy)))
    best = ranked[0] if ranked[0].allowed else None
    steady = best is not None and best.total_high == min(p.total_high for p in paths if p.allowed)
    order = _unit(inputs) * quantities.size
    beside = incurred(inputs)
    return CostComparison(
        inputs=inputs, lot_size=quantities.size, nonconforming=quantities.wrong,
        nonconforming_high=quantities.wrong_high, paths=tuple(ranked), best=None if best is None else best.remedy,
        steady=steady, share_of_order=None if best is None else float(best.total / order),
        usual=USUAL_FOB.get(product_type) if inputs.currency == "USD" else None,
        usual_packing=USUAL_PACKING if inputs.currency == "USD" else None, consequences=beside,
        consequences_total=sum((c.amount for c in beside), Decimal(0)),
    )  # fmt: skip


def _unit(x: CostInput) -> Decimal:
    """What a unit costs as it was ordered, custom packing included (N11)."""
    return x.price + x.packing


def _path(
    remedy: Remedy, x: CostInput, q: Quantities, barred: tuple[Phrase, ...], today: date, event_on: date | None
) -> CostPath:
    missing = [n for n in _NEEDS[remedy] if getattr(x, n) is None and (n not in _DAYS or event_on is not None)]
    if missing:
        prices = "|".join(f"@price.{n.replace('_', '-')}" for n in missing)
        why = (*barred, Phrase(key="path.missing", values={"prices": prices}))
        return _empty(remedy, why)
    ready = _ready_on(remedy, x, today)
    late = event_on is not None and ready is not None and ready > event_on
    why = barred
    if late and x.late_loss is None and ready is not None and event_on is not None:
        values = {"ready": ready.isoformat(), "event": event_on.isoformat(), "days": str((ready - event_on).days)}
        why = (*why, Phrase(key="path.late", values=values))
    lines = tuple(_lines(remedy, x, q.size, q.wrong, late))
    high = sum((line.amount for line in _lines(remedy, x, q.size, q.wrong_high, late)), Decimal(0))
    by = {who: sum((line.amount for line in lines if line.payer == who), Decimal(0)) for who in ("supplier", "buyer")}
    return CostPath(
        remedy=remedy, allowed=not why, why_not=why, lines=lines, supplier=by["supplier"], buyer=by["buyer"],
        total=by["supplier"] + by["buyer"], total_high=high, good_units=_good(remedy, x, q), ready_on=ready, late=late,
    )  # fmt: skip


def _empty(remedy: Remedy, why: tuple[Phrase, ...]) -> CostPath:
    nothing = Decimal(0)
    return CostPath(
        remedy=remedy, allowed=False, why_not=why, lines=(), supplier=nothing, buyer=nothing, total=nothing,
        total_high=nothing, good_units=0, ready_on=None, late=False,
    )  # fmt: skip


def _lines(remedy: Remedy, x: CostInput, size: int, wrong: int, late: bool) -> Iterator[CostLine]:
    remake = _unit(x) if x.remake is None else x.remake
    if remedy in ("concession", "discount") and x.loss is not None:
        yield _line("loss", "buyer", wrong, x.loss)
        if remedy == "discount" and x.discount is not None:
            yield _line("credit", "supplier", size, _unit(x), x.discount)
            yield _line("credit-received", "buyer", -size, _unit(x), x.discount)
    if remedy.startswith("sort") and x.sort is not None:
        yield _line("sort", "supplier", size, x.sort)
    if remedy == "sort":
        yield _line("lost", "supplier", wrong, _unit(x))
        yield from _positive(_line("dispose", "supplier", wrong, x.dispose))
    if remedy in ("sort-rework", "rework-all") and x.rework is not None:
        count = wrong if remedy == "sort-rework" else size
        failed = _failed(count, x)
        yield _line("rework", "supplier", count, x.rework)
        yield from _positive(_line("failed", "supplier", failed, _unit(x)))
    if remedy in ("sort-replace", "remake"):
        count = wrong if remedy == "sort-replace" else size
        yield _line("remake", "supplier", count, remake)
        yield from _positive(_line("dispose", "supplier", count, x.dispose))
        yield from _positive(_line("expedite", "supplier", 1, x.expedite))
        yield from _positive(_line("freight", "supplier", 1, x.freight))
    if late and x.late_loss is not None:
        yield _line("late", "buyer", 1, x.late_loss)


def _line(what: str, payer: Literal["supplier", "buyer"], count: int, *factors: Decimal) -> CostLine:
    amount = Decimal(count)
    for f in factors:
        amount *= f
    amount = amount.quantize(_CENT, ROUND_HALF_UP)
    parts = [f"{abs(count):,}", *(f"{f:.2f}" if f == f.quantize(_CENT) else f"{f:f}" for f in factors)]
    sign = "−" if count < 0 else ""
    told = f"{sign}{' × '.join(parts)} = {amount:,}" if count not in (0, 1) else f"{amount:,}"
    return CostLine(what=what, arithmetic=told.replace("= -", "= −"), amount=amount, payer=payer)


def _positive(line: CostLine) -> Iterator[CostLine]:
    if line.amount:
        yield line


def _failed(count: int, x: CostInput) -> int:
    """Units of the reworked ones that stay bad, rounded up."""
    return math.ceil(count * (1 - x.rework_yield))


def _good(remedy: Remedy, x: CostInput, q: Quantities) -> int:
    """Conforming units that the buyer has in the end."""
    lost = {
        "sort-rework": _failed(q.wrong, x), "rework-all": _failed(q.size, x), "sort-replace": 0, "remake": 0,
    }  # fmt: skip
    return q.size - lost.get(remedy, q.wrong)


def _ready_on(remedy: Remedy, x: CostInput, today: date) -> date | None:
    days: dict[Remedy, tuple[int | None, ...]] = {
        "sort": (x.sort_days,), "sort-rework": (x.sort_days, x.rework_days), "sort-replace": (x.remake_days,),
        "rework-all": (x.rework_days,), "remake": (x.remake_days,),
    }  # fmt: skip
    wanted = days.get(remedy, (0,))
    if any(d is None for d in wanted):
        return None
    return today + timedelta(days=sum(d for d in wanted if d is not None))
