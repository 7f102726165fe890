"""The nine questions of a complaint (N1), answered from the data, by rule, or by a person.

Which item, which standard, how big and how many follow from the data. Function, sales, packaging, rework and pause
follow by rule where kind of defect, class and use of the goods settle them (S14 to S16, N6 to N9). What nothing settles
stays open until a person answers it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, get_args

from station.quality.catalogue import KINDS, Kind, kind_of
from station.values.documents import REJECTED_AT_REVIEW
from station.values.nonconformity import Answer, Context, Facts, Item, Phrase, Question, Use

QUESTIONS: Final[tuple[Question, ...]] = get_args(Question)
CUSTOMER_FACING: Final[frozenset[Use]] = frozenset({"retail", "display", "gift", "matched-set", "premium"})
"""Uses in which the customer looks at the goods before or as he gets them (N9, S16)."""
APPEARANCE: Final = ("mark", "colour", "surface")
_MEASURABLE: Final = ("mark", "colour", "size", "surface", "material")
_LEVELS_SHOWN: Final = 4

Said = tuple[Phrase, ...]


def answers(item: Item, facts: Facts, context: Context, by_person: Mapping[str, tuple[str, str]]) -> tuple[Answer, ...]:
    """The nine answers about an item, in their order. by_person : text and name by question; stands above the rest."""
    kind = kind_of(item.kind)
    data: dict[Question, Said] = {
        "item": _item(item, context), "standard": _standard(item, facts), "size": _size(item),
        "quantity": _quantity(item, facts),
    }  # fmt: skip
    rules: dict[Question, Said] = {
        "function": _function(item, kind), "sales": _sales(item, kind, context),
        "packaging": _packaging(item), "rework": _rework(kind), "pause": _pause(item, facts),
    }  # fmt: skip
    return tuple(_answer(q, data.get(q), rules.get(q), by_person.get(q)) for q in QUESTIONS)


def lot_share(item: Item, facts: Facts) -> tuple[int, int, int] | None:
    """Units of the whole lot with the item: estimate, lower and upper bound (95 %). None where cartons were counted."""
    if item.counted != "units" or item.of == 0:
        return None
    least = min(item.units, facts.size)
    scaled = [facts.size * s for s in (item.units / item.of, item.low, item.high)]
    return max(least, round(scaled[0])), max(least, math.floor(scaled[1])), max(least, math.ceil(scaled[2]))


def named(item: Item) -> str:
    """What an item is called in a phrase: a kind of the catalogue in the reader's language, else as people named it."""
    if item.source == "finding" or (item.source == "seen" and item.name in KINDS):
        return f"@kind.{item.kind if item.source == 'finding' else item.name}"
    return f"@found_kind.{item.name}" if item.name == REJECTED_AT_REVIEW else item.name


def number(value: float, unit: str) -> str:
    """A value as it is shown: millimetres and CIEDE2000 to two decimals, degrees to one, others to four digits."""
    if unit in ("mm", "CIEDE2000"):
        return f"{value:.2f}"
    return f"{value:.1f}" if unit in ("deg", "°") else f"{value:.4g}"


def _answer(q: Question, data: Said | None, rule: Said | None, person: tuple[str, str] | None) -> Answer:
    said = data or rule or ()
    if person is not None:
        return Answer(question=q, source="person", phrases=said, text=person[0], by=person[1])
    if not said:
        return Answer(question=q, source="open")
    return Answer(question=q, source="data" if data else "rule", phrases=said)


def _item(item: Item, context: Context) -> Said:
    values = {"name": named(item), "kind": f"@kind.{item.kind}", "face": f"@face.{context.face}"}
    if item.source == "seen":
        rejected = "item.rejected" if item.name == REJECTED_AT_REVIEW else "item.review"
        return (Phrase(key=rejected if item.key.startswith("review:") else "item.seen", values=values),)
    group = item.key.partition(":")[0]
    if item.category in ("label", "packaging", "function", "assembly", "material", "count"):
        key = "item.entered"
    elif group in ("mark-place", "mark-turn", "mark-size", "colour", "finding", "entered"):
        key = f"item.{group}"
    else:
        key = "item.size"
    return (Phrase(key=key, values=values), *_noted(item))


def _noted(item: Item) -> Iterator[Phrase]:
    if item.note:
        yield Phrase(key="item.note", values={"note": item.note})


def _standard(item: Item, facts: Facts) -> Said:
    if not item.clause:
        return ()
    values = {
        "golden": facts.golden, "version": str(facts.golden_version), "digest": facts.golden_digest[:12],
        "sheet": facts.sheet_digest[:12], "clause": item.clause,
    }  # fmt: skip
    if item.source == "seen":
        return (Phrase(key="standard.seen", values=values),)
    said = [Phrase(key="standard.sheet", values=values)]
    if item.limit is not None:
        unit = _unit(item.unit_of_measure)
        told = {"limit": number(item.limit, item.unit_of_measure), "unit": unit}
        if item.nominal is not None and item.key.partition(":")[0] not in ("mark-place", "colour", "finding"):
            told["nominal"] = number(item.nominal, item.unit_of_measure)
            said.append(Phrase(key="standard.nominal", values=told))
        else:
            said.append(Phrase(key="standard.limit", values=told))
    if facts.artwork and item.category == "mark":
        said.append(Phrase(key="standard.artwork", values={"artwork": facts.artwork}))
    return tuple(said)


def _size(item: Item) -> Said:
    if item.value is None:
        measured = item.category in _MEASURABLE and not kind_of(item.kind).unacceptable
        if not item.note or (measured and not any(c.isdecimal() for c in item.note)):
            return ()  # how big a thing is that can be measured takes a number
        return (Phrase(key="size.seen", values={"note": item.note.rstrip(".。")}),)
    unit = item.unit_of_measure
    if item.category == "label" and item.nominal is not None:
        there = {"value": f"{item.value:g}", "nominal": f"{item.nominal:g}", "unit": unit, "worst": item.worst_unit}
        return (Phrase(key="size.fields", values=there),)
    values = {
        "name": named(item), "value": number(item.value, unit), "unit": _unit(unit), "u": number(item.u or 0.0, unit),
        "worst": item.worst_unit,
    }  # fmt: skip
    group = item.key.partition(":")[0]
    key = {"mark-place": "size.offset", "colour": "size.colour", "finding": "size.finding"}.get(group, "size.value")
    said = [Phrase(key=key, values=values), *(item.direction if item.source != "entered" else ())]
    if item.limit is not None:
        told = {"limit": number(item.limit, unit), "unit": _unit(unit)}
        if item.limit > 0 and group in ("mark-place", "colour", "finding"):
            said.append(Phrase(key="size.times", values={**told, "times": f"{item.value / item.limit:.1f}"}))
        else:
            off = number(abs(item.value - item.limit), unit)
            said.append(Phrase(key="size.beyond", values={**told, "off": off}))
    if item.units > 1 and item.median is not None:
        said.append(Phrase(key="size.median", values={"median": number(item.median, unit), "unit": _unit(unit)}))
    return tuple(said)


def _quantity(item: Item, facts: Facts) -> Said:
    values = {
        "units": str(item.units), "of": str(item.of), "share": f"{100 * item.units / item.of:.0f}",
        "low": f"{100 * item.low:.0f}", "high": f"{100 * item.high:.0f}", "counted": f"@counted.{item.counted}",
    }  # fmt: skip
    said = [Phrase(key="quantity.share", values=values)]
    whole = lot_share(item, facts)
    if whole is not None:
        told = dict(zip(("estimate", "least", "most"), (f"{n:,}" for n in whole), strict=True))
        said.append(Phrase(key="quantity.lot", values={**told, "size": f"{facts.size:,}"}))
    if item.units == item.of > 1:
        said.append(Phrase(key="quantity.all"))
    elif item.extent is not None:
        said.append(Phrase(key=f"extent.{item.extent.replace(' ', '-')}"))
    if item.levels:
        shown = [f"{x.name} ({x.units}/{x.of})" for x in item.levels[:_LEVELS_SHOWN]]
        more = len(item.levels) - len(shown)
        key = "quantity.cartons-more" if more else "quantity.cartons"
        said.append(Phrase(key=key, values={"cartons": ", ".join(shown), "more": str(more)}))
    return tuple(said)


def _function(item: Item, kind: Kind) -> Said:
    if kind.functional and kind.unsound:
        return (Phrase(key="function.unsound", values={"kind": f"@kind.{kind.name}"}),)
    if kind.functional or item.category in ("function", "assembly"):
        return (Phrase(key="function.yes", values={"name": named(item)}),)
    if item.category in APPEARANCE and item.source != "seen":
        return (Phrase(key="function.appearance"),)
    if item.category in ("label", "packaging", "count"):
        return (Phrase(key="function.packed"),)
    return ()  # a size or a material may touch function or not: a person knows what it has to fit


def _sales(item: Item, kind: Kind, context: Context) -> Said:
    use = context.use
    values = {"use": f"@use.{use}", "face": f"@face.{context.face}"}
    if kind.functional or kind.unsound or item.category in ("function", "assembly", "count"):
        return (Phrase(key="sales.function", values=values),)
    if item.category in ("label", "packaging"):
        if context.carton is None:
            return ()
        return (Phrase(key=f"sales.carton-{context.carton}", values=values),)
    if use is None:
        return ()
    if use not in CUSTOMER_FACING:
        return (Phrase(key="sales.tool" if use == "tool" else "sales.internal", values=values),)
    if item.category in APPEARANCE:
        key = "sales.front" if context.face == "front" else "sales.back"
        return tuple(_with_rights(Phrase(key=key, values=values), item, context))
    return ()


def _with_rights(first: Phrase, item: Item, context: Context) -> Iterable[Phrase]:
    yield first
    if context.licensed:
        yield Phrase(key="sales.licensed")
    if context.brand_colour and item.category == "colour":
        yield Phrase(key="sales.brand")


def _packaging(item: Item) -> Said:
    if item.category == "label":
        return (Phrase(key="packaging.label"),)
    if item.category in ("packaging", "count"):
        return (Phrase(key="packaging.yes"),)
    if item.category in (*APPEARANCE, "function", "assembly") and item.source != "seen":
        return (Phrase(key="packaging.no"),)
    return ()


def _rework(kind: Kind) -> Said:
    if kind.reworkable is None:
        return ()
    return (Phrase(key=f"rework.{kind.category}" if kind.reworkable else "rework.no"),)


def _pause(item: Item, facts: Facts) -> Said:
    if item.defect_class is None:
        return ()
    values = {"class": f"@class.{item.defect_class}", "lot": facts.lot}
    if item.defect_class == "critical" or facts.decision == "rejected" or item.category == "label":
        key = "pause.rejected" if facts.decision == "rejected" else "pause.class"
        return (Phrase(key=key, values=values),)
    return (Phrase(key="pause.open" if facts.decision == "open" else "pause.no", values=values),)


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit
