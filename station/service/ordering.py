"""The inspection of an order: planned from what is agreed on record, in words a buyer understands, and as a picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from station.errors import RequestError
from station.values.orders import GatePlan, OrderDocument, OrderGate

if TYPE_CHECKING:
    from station.lots.orders import Order
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.sheet import Aql
    from station.values.documents import DefectClass

_MOST_CURVES = 4
_NAMES = {
    "incoming": "Incoming goods", "first-off": "First-off", "in-line": "In-line", "post-plating": "After plating",
    "pre-pack": "Before packing", "sort": "Sorting", "final": "Final",
}  # fmt: skip


def plan_order(
    station: Station,
    order: Order,
    *,
    golden: str | None = None,
    stream: str | None = None,
    qualities: Sequence[float] = (),
    cartons: int | None = None,
    correlation: float | None = None,
) -> OrderDocument:
    """The inspection plan of an order; nothing is recorded.

    golden : whose control sheet gives the AQLs. stream : whose severities are in force, and whose AQLs where there is
    no golden or its sheet agrees on none. qualities : in per cent, 5 and 10 without any. cartons, correlation : how
    the final samples are packed.

    Raises
    ------
    NotFoundError
        No such golden or stream.
    RequestError
        Values out of their range, cartons without correlation, or a stream that does not agree with the sheet.
    """
    from station.lots.orders import plan_order as plan
    from station.sheet import agreed_aql, load_sheet

    if (cartons is None) != (correlation is None):
        raise RequestError("cartons and correlation belong together", "Give both, for example 20 and 0.2.")
    agreed: Aql | None = None
    severities: dict[DefectClass, str] = {}
    if golden is not None:
        agreed = agreed_aql(load_sheet(station.golden_sheet(golden).encode()))
    if stream is not None:
        agreed = station.streams.agreed(stream) if agreed is None else agreed
        severities = station.streams.severities(stream, agreed)
    return plan(
        order, agreed=agreed, severities=severities, stream=stream,
        qualities=tuple(q / 100 for q in qualities) or (0.05, 0.10), cartons=cartons, correlation=correlation or 0.0,
    )  # fmt: skip


def plan_of(station: Station, given: Mapping[str, Any]) -> OrderDocument:
    """:func:`plan_order` of the order's fields and its own arguments in one mapping."""
    from station.lots.orders import Order

    fields = {f.name for f in dataclasses.fields(Order)}
    order = Order(**{k: v for k, v in given.items() if k in fields})
    return plan_order(station, order, **{k: v for k, v in given.items() if k not in fields})


def gate_name(gate: OrderGate, order: OrderDocument) -> str:
    """What a gate is called: its name, and the SKU where there are several."""
    of = f", SKU {gate.sku}" if gate.sku is not None and len(order.units) > 1 else ""
    return f"{_NAMES[gate.gate]}{of}"


def sample_words(gate: OrderGate) -> str:
    """How many units a gate inspects and what it allows."""
    of = f" of {gate.lot:,}" if gate.lot is not None and gate.gate != "first-off" else ""
    if gate.hundred_percent:
        return f"every unit ({gate.n:,})"
    allowed = [_allowed(p) for p in gate.plans]
    return f"{gate.n:,}{of}: {', '.join(allowed)}"


def chances(order: OrderDocument) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of what each different sample lets through: how many of a hundred such lots pass."""
    known = [c.quality for g in order.gates for p in g.plans for c in p.chances]
    qualities = list(dict.fromkeys(known))
    columns = ["sample", "n", "Ac", "at the AQL", *(f"at {_hundred(q)} %" for q in qualities), "1 in 10 passes at"]
    rows: list[list[str]] = []
    for gate in order.gates:
        for p in gate.plans:
            if p.chances and p.one_in_ten is not None:
                of = "" if p.defect_class is None else f", {p.defect_class}"
                per = " defects per 100" if p.per_100_units else " %"
                at = "" if p.accepted_at_aql is None else f"{_in_100(p.accepted_at_aql)} ({p.aql:g})"
                row = [f"{_NAMES[gate.gate]}{of}", f"{p.n:,}", str(p.ac), at]
                row += [*(_in_100(c.accepted) for c in p.chances), f"{100 * p.one_in_ten:.2g}{per}"]
                rows += [] if row in rows else [row]
    return columns, rows


def sentences(order: OrderDocument) -> Iterator[str]:
    """The buyer's risk of the weakest final inspection of each class, in words."""
    finals = [p for g in order.gates if g.gate == "final" for p in g.plans if p.one_in_ten is not None and p.aql]
    if any(g.gate == "final" and g.hundred_percent for g in order.gates):
        yield "Final inspection: where the sample is the whole lot, every unit is inspected and nothing left to chance."
    for c in dict.fromkeys(p.defect_class for p in finals):
        weakest = max((p for p in finals if p.defect_class == c), key=lambda p: p.one_in_ten or 0)
        what = "defects on 100 units" if weakest.per_100_units else "of 100 units wrong"
        worst = max(weakest.chances, key=lambda x: x.quality)
        yield (
            f"Final inspection, {c}: a lot with {_hundred(worst.quality)} {what} is accepted {_times(worst.accepted)}; "
            f"only from {100 * (weakest.one_in_ten or 0):.2g} {what} on are nine of ten lots stopped."
        )
    yield from _all_gates(order)


def _all_gates(order: OrderDocument) -> Iterator[str]:
    """How many of a hundred such orders pass all gates, in words, a sentence for each class."""
    for c in dict.fromkeys(x.defect_class for x in order.chances):
        rows = []
        for x in order.chances:
            if x.defect_class == c:
                share = f"{_hundred(x.quality)} {'per 100' if x.per_100_units else '%'}"
                low, high = _in_100(x.at_least), _in_100(x.at_most)
                rows.append(f"{low} at {share}" if low == high else f"{low} to {high} at {share}")
        bound = any(x.at_least != x.at_most for x in order.chances)
        yield (
            f"Of 100 such orders so many pass all gates, if every SKU has this share wrong in class {c}: "
            f"{'; '.join(rows)}{' (the first number where no unit is looked at twice)' if bound else ''}."
        )


def _allowed(p: GatePlan) -> str:
    what = "nonconforming" if p.defect_class is None else p.defect_class
    severity = f" ({p.severity})" if p.severity not in (None, "normal") else ""
    return f"none {what}" if p.ac == 0 else f"{what} Ac {p.ac}{severity}"


def _in_100(chance: float) -> str:
    """A chance as a count in a hundred; never rounded to certainty."""
    return "> 99" if chance > 0.995 else "< 1" if chance < 0.005 else f"{100 * chance:.0f}"


def _times(chance: float) -> str:
    if chance > 0.995:
        return "nearly always"
    if chance < 0.005:
        return "hardly ever"
    times = round(100 * chance)
    return "once in 100 times" if times == 1 else f"{times} times in 100"


def _hundred(quality: float) -> str:
    return f"{100 * quality:.3g}"


def order_chart(order: OrderDocument) -> RGB:
    """The operating characteristics of the final inspection, one curve for each different plan of a class.

    Raises RequestError where every unit is inspected.
    """
    from station.lots.orders import final_curve
    from station.lots.plans import code_letter, stages
    from station.report.plan_charts import CurveLine, QualityMark, plan_picture

    finals = [(g, p) for g in order.gates if g.gate == "final" for p in g.plans if p.chances and p.aql]
    if not finals:
        raise RequestError(
            "Every unit of this order is inspected, so there is no curve to draw", "Leave out --picture."
        )
    different = {(p.defect_class, p.n, p.ac): (g, p) for g, p in finals}
    shown = list(different.values())[:_MOST_CURVES]
    end = 1.3 * max(100 * (p.one_in_ten or 0) for _, p in shown)
    quality = np.linspace(0, end, 121)
    curves, marks = [], []
    for gate, p in shown:
        found = stages(
            code_letter(gate.lot or 2, order.level), p.aql or 0, severity=p.severity or "normal", edition=order.edition
        )
        curve = final_curve(found, order.cartons, order.correlation or 0.0)
        curves.append(CurveLine(f"{p.defect_class}, {p.n} units, Ac {p.ac}", list(quality), list(curve(quality / 100))))
        mark = QualityMark(p.aql or 0, f"{p.defect_class} AQL {p.aql:g}")
        marks += [] if mark in marks else [mark]
    left = len(different) - len(shown)
    notes = [f"{order.edition}, level {order.level}; probability that the lot is accepted"]
    if order.cartons is not None:
        notes.append(f"samples from {order.cartons} cartons whose units are alike, correlation {order.correlation:g}")
    notes += [f"{left} more plans of other SKUs are in the document (--json)"] if left else []
    lots = " + ".join(f"{n:,}" for n in order.units[:_MOST_CURVES]) + (
        " ..." if len(order.units) > _MOST_CURVES else ""
    )
    title = f"Final inspection of {lots} units, profile {order.profile}"
    return plan_picture(curves, marks, title=title, notes=notes, axis="nonconforming of 100 units")
