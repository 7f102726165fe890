"""What is done with a lot: the matrix of remedies, what the context changes in it, and quantities that add up (N6-N9).

The matrix is the catalogue's. Function, safety, brand colour, licensed artwork and what a customer sees usually justify
replacement; a slight shift on goods that are not sold, needed within days, does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from station.errors import RequestError
from station.quality.answers import APPEARANCE, CUSTOMER_FACING
from station.quality.catalogue import Kind, kind_of
from station.values.claim_costs import Remedy
from station.values.nonconformity import Context, Disposition, Facts, Item, Phrase, Point, Share

SLIGHT: Final = 1.5
"""Times its limit up to which an appearance is slight: a judgement."""
SOON_DAYS: Final = 14
"""Days to the event from which a remake would come too late as a rule: sampling 5-9 and bulk 10-18 days (W14)."""
MOSTLY: Final = 0.5
"""Share of the lot, surely exceeded, from which sorting it would not pay: nearly all of it is to be done anyway."""

_ORDER: Final[tuple[Disposition, ...]] = (
    *("replace", "return", "scrap", "rework"),
    *("sort", "discount", "concession", "accept"),
)
REMEDIES: Final[tuple[Remedy, ...]] = (
    *("concession", "discount", "sort", "sort-rework"),
    *("sort-replace", "rework-all", "remake"),
)


def remedy(item: Item, context: Context, today: date) -> tuple[Disposition, tuple[Phrase, ...]]:
    """What the matrix and the context make of an item, with the reasons in their order."""
    kind = kind_of(item.kind)
    said = [Phrase(key=f"matrix.{kind.remedy}", values={"kind": f"@kind.{item.kind}"})]
    hard = demands(item, context)
    if hard:
        chosen: Disposition = "rework" if kind.remedy == "rework" else "replace"
        return chosen, (*said, *hard)
    if item.category in APPEARANCE and context.face == "back" and item.defect_class == "minor":
        return "discount", (*said, Phrase(key="modifier.back"))
    if item.category in APPEARANCE and slight(item) and context.use in ("internal", "giveaway", "tool"):
        return _lenient(said, context, today)
    if item.category == "packaging" and context.carton == "transit" and kind.remedy == "discount":
        return "concession", (*said, Phrase(key="modifier.transit"))
    if item.category == "packaging" and context.carton == "retail" and kind.remedy == "discount":
        return "rework", (*said, Phrase(key="modifier.retail-carton"))
    return kind.remedy, tuple(said)


def _lenient(said: list[Phrase], context: Context, today: date) -> tuple[Disposition, tuple[Phrase, ...]]:
    values = {"use": f"@use.{context.use}"}
    if context.event_on is not None and 0 <= (context.event_on - today).days <= SOON_DAYS:
        values["days"] = str((context.event_on - today).days)
        return "sort", (*said, Phrase(key="modifier.soon", values=values))
    return "discount", (*said, Phrase(key="modifier.slight", values=values))


def demands(item: Item, context: Context) -> tuple[Phrase, ...]:
    """Why the item cannot be lived with for money: function, safety, what may never pass (S15), brand, licence, what a
    customer sees (N9)."""
    kind = kind_of(item.kind)
    said = []
    if kind.functional or item.category == "function":
        said.append(Phrase(key="modifier.function"))
    if kind.unacceptable and not (kind.slight and item.defect_class == "minor"):
        said.append(Phrase(key="modifier.unacceptable", values={"kind": f"@kind.{kind.name}"}))
    if item.defect_class == "critical":
        said.append(Phrase(key="modifier.critical"))
    if context.licensed and item.category in ("mark", "colour"):
        said.append(Phrase(key="modifier.licensed"))
    if context.brand_colour and item.category == "colour":
        said.append(Phrase(key="modifier.brand"))
    visible = item.category in APPEARANCE and context.face == "front" and context.use in CUSTOMER_FACING
    if visible and item.defect_class != "minor":
        said.append(Phrase(key="modifier.customer", values={"use": f"@use.{context.use}"}))
    return tuple(said)


def slight(item: Item) -> bool:
    """Whether an appearance exceeds its limit by no more than :data:`SLIGHT` times; never without a number."""
    if item.value is None or item.limit is None or item.limit <= 0 or item.defect_class == "critical":
        return False
    return abs(item.value) <= SLIGHT * item.limit


def allowed(points: Sequence[Point], facts: Facts, context: Context) -> dict[Remedy, tuple[Phrase, ...]]:
    """For each remedy why it is not open, nothing where it is."""
    money = tuple({p.key: p for point in points for p in demands(point.item, context)}.values())
    kinds = [kind_of(p.item.kind) for p in points]
    low = max((p.item.low for p in points), default=0.0)
    fixed = (Phrase(key="path.no-rework"),) if any(k.reworkable is False for k in kinds) else ()
    whole = (Phrase(key="path.nothing-to-sort", values={"low": f"{100 * low:.0f}"}),) if low > MOSTLY else ()
    every = (Phrase(key="path.conforming", values={"units": f"{facts.size:,}"}),) if low < MOSTLY else ()
    return {
        "concession": money, "discount": money, "sort": whole, "sort-rework": (*fixed, *whole), "sort-replace": whole,
        "rework-all": (*fixed, *every), "remake": (),
    }  # fmt: skip


def propose(points: Sequence[Point], facts: Facts) -> tuple[Share, ...]:
    """Quantities that add up to the lot: inspected conforming units are accepted, every nonconforming one gets the
    gravest remedy of the points that it shows, and the units that nobody has inspected or decided are sorted, or get
    the gravest remedy of the points that most of them surely show."""
    if not points:
        return (Share(disposition="accept", quantity=facts.size),)
    gravest = min((p.remedy for p in points), key=_ORDER.index)
    if not any(p.item.counted == "units" and p.item.source != "seen" for p in points):
        return (Share(disposition=gravest, quantity=facts.size),)  # counted by cartons or by eye: no unit stands apart
    wrong = min(facts.nonconforming, facts.size)
    good = max(min(facts.inspected, facts.size) - wrong - facts.undecided, 0)
    rest = facts.size - wrong - good
    counts: dict[Disposition, int] = {"accept": good}
    by_unit = _by_unit(points)[:wrong]
    for d in (*by_unit, *[gravest] * (wrong - len(by_unit))):  # a draft of before knows no unit by name
        counts[d] = counts.get(d, 0) + 1
    mostly = [p.remedy for p in points if p.item.low > MOSTLY]
    other: Disposition = min(mostly, key=_ORDER.index) if mostly else "sort"
    counts[other] = counts.get(other, 0) + rest
    return tuple(Share(disposition=d, quantity=n) for d, n in counts.items() if n > 0)


def _by_unit(points: Sequence[Point]) -> list[Disposition]:
    """Of every unit that is known by name the gravest remedy of its points, the gravest first."""
    found: dict[str, Disposition] = {}
    for p in points:
        for unit in p.item.shown_by:
            found[unit] = min(found.get(unit, p.remedy), p.remedy, key=_ORDER.index)
    return sorted(found.values(), key=_ORDER.index)


def vet(shares: Sequence[Share], facts: Facts, points: Sequence[Point]) -> tuple[Share, ...]:
    """The quantities, each disposition once, in the order of the matrix.

    Raises RequestError where they do not add up to the lot, or where more units are accepted as conforming than there
    can be.
    """
    counts: dict[Disposition, int] = {}
    for s in shares:
        counts[s.disposition] = counts.get(s.disposition, 0) + s.quantity
    total = sum(counts.values())
    if total != facts.size:
        less = "less" if total < facts.size else "more"
        raise RequestError(
            f"the quantities come to {total:,}, {abs(facts.size - total):,} {less} than the {facts.size:,} units of "
            f"lot {facts.lot}",
            "Give every unit one disposition.",
        )
    if points and counts.get("accept", 0) > facts.size - facts.nonconforming:
        raise RequestError(
            f"{facts.nonconforming:,} units of lot {facts.lot} do not conform, so that no {counts['accept']:,} can be "
            "accepted",
            "Use accept for conforming units; concession takes units that do not conform.",
        )
    return tuple(Share(disposition=d, quantity=counts[d]) for d in reversed(_ORDER) if counts.get(d))


def functional(item: Item) -> bool:
    """Whether it touches function or safety, so that it is never minor (S7)."""
    kind: Kind = kind_of(item.kind)
    return kind.functional or item.category == "function"
