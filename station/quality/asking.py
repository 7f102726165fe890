"""What the supplier is asked to do next, proposed for each kind of point (N2-N5, D4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from station.quality.answers import named
from station.values.nonconformity import Ask, Category, Facts, Phrase, Point

MEASURED: Final = 20
"""Units that the supplier is asked to measure again; the clutch fit check of the sources takes as many (T7)."""

_BY_CATEGORY: Final[dict[Category, tuple[str, ...]]] = {
    "mark": ("batch", "plan"), "colour": ("side-by-side", "material"), "size": ("measure", "plan"),
    "surface": ("sort-out", "plan"), "function": ("set-aside", "hardware"), "assembly": ("complete", "sort-out"),
    "material": ("measure", "hardware"), "label": ("relabel", "carton-photos"), "packaging": ("repack", "pack-photos"),
    "count": ("recount",),
}  # fmt: skip
_BY_KIND: Final[dict[str, tuple[str, ...]]] = {
    "crack": ("sort-out", "plan"), "leak": ("sort-out", "hardware"), "odour": ("sort-out", "hardware"),
    "contamination": ("sort-out", "plan"), "deformation": ("sort-out", "plan"),
}  # fmt: skip
"""Before those of the category: what is there or not is sorted out, and not measured."""


def proposed_asks(points: Sequence[Point], facts: Facts, pause: bool, by: date) -> tuple[Ask, ...]:
    """The requests for these points, each once. pause : the shipment waits. by : day of the supplier's answer."""
    if not points:
        return ()
    found: dict[str, Phrase] = {}
    for phrase in _asks(points, facts, pause, by):
        found.setdefault(f"{phrase.key} {sorted(phrase.values.items())}", phrase)
    return tuple(Ask(phrase=p) for p in found.values())


def _asks(points: Sequence[Point], facts: Facts, pause: bool, by: date) -> Iterator[Phrase]:
    if pause:
        yield Phrase(key="ask.pause", values={"lot": facts.lot})
    for p in points:
        values = {
            "name": named(p.item), "note": p.item.note, "size": f"{facts.size:,}", "measured": str(MEASURED),
            "golden": facts.golden, "version": str(facts.golden_version),
        }  # fmt: skip
        keys = _BY_KIND.get(p.item.kind) or _BY_CATEGORY[p.item.category]
        yield from (Phrase(key=f"ask.{k}", values=values) for k in keys)
    if facts.ask_for and any(p.item.source in ("measured", "finding") for p in points):
        yield Phrase(key="ask.records", values={"records": "|".join(f"@records.{c}" for c in facts.ask_for)})
    yield Phrase(key="ask.answer", values={"by": by.isoformat()})
