"""How many of a hundred orders pass all of their gates: the gates' chances taken together.

Goods of a process whose units are nonconforming in one class, each with the same chance: a gate of a class counts that
class, a gate without classes counts it too. Of one SKU the product of the gates' chances is exact where no unit is
looked at twice. Gates may draw the same units again; then they pass together more often than the product says, since
each of them passes less the more units are wrong (such events are associated: Esary, Proschan and Walkup, Annals of
Mathematical Statistics 38 (1967) 1466-1474), and never more often than the strictest of them. Units of two SKUs are
different units, so SKUs multiply. Incoming goods are other goods, and where every unit is inspected what is wrong is
taken out and nothing left to chance: neither counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from station.values.orders import GatePlan, OrderChance, OrderGate


def order_chances(gates: Sequence[OrderGate]) -> tuple[OrderChance, ...]:
    """Of each class with an AQL, at that AQL and at each stated quality, the chance that an order passes its gates."""
    drawn = [g for g in gates if g.gate != "incoming" and not g.hundred_percent and g.plans]
    plans = [p for g in drawn for p in g.plans if p.aql and p.defect_class is not None]
    found = []
    for c in dict.fromkeys(p.defect_class for p in plans):
        first = next(p for p in plans if p.defect_class == c)
        for quality in dict.fromkeys(((first.aql or 0.0) / 100, *(x.quality for x in first.chances))):
            by_sku: dict[int | None, list[float]] = {}
            for g in drawn:
                by_sku.setdefault(g.sku, []).extend(
                    _passes(p, quality, first.per_100_units) for p in g.plans if p.defect_class in (c, None)
                )
            each = [chances for chances in by_sku.values() if chances]
            found.append(
                OrderChance(
                    defect_class=c, quality=quality, per_100_units=first.per_100_units,
                    at_least=math.prod(map(math.prod, each)), at_most=math.prod(map(min, each)),
                )
            )  # fmt: skip
    return tuple(found)


def _passes(p: GatePlan, quality: float, per_100: bool) -> float:
    if p.defect_class is None:  # none may be wrong
        return math.exp(-p.n * quality) if per_100 else (1 - quality) ** p.n
    if math.isclose(quality, (p.aql or 0.0) / 100) and p.accepted_at_aql is not None:
        return p.accepted_at_aql
    return next(x.accepted for x in p.chances if x.quality == quality)
