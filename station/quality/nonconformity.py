"""What does not conform in a lot, item by item, from its unit documents and entered values.

An item gathers what belongs together: the place of a mark is one item, not its distance and its two directions. Its
numbers are those of the units that a reviewer's word leaves nonconforming.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

from station.quality.catalogue import Kind, kind_of, kind_of_measurement
from station.sheet import Sheet
from station.sheet.functional import class_of
from station.values.documents import DefectClass, FindingDocument, MeasurementDocument, UnitDocument, Verdict
from station.values.entered import EnteredDocument
from station.values.names import natural_key
from station.values.nonconformity import Item, Level, Phrase

CONFIDENCE: Final = 0.95
SHOWN_LAB: Final = 0.5
"""Differences of L*, a*, b* below this are not put into words."""
SHOWN_SHARE: Final = 0.2
"""Share of an offset from which one of its two directions is put into words."""
_SOURCES: Final[dict[str, Literal["finding", "entered", "seen"]]] = {
    "finding": "finding", "entered": "entered", "review": "seen",
}  # fmt: skip
_RANK: Final = {"critical": 0, "major": 1, "minor": 2, None: 3}


@dataclass(frozen=True, slots=True)
class SeenUnit:
    """A unit as the lot counts it. wrong : characteristics and kinds in which it does not conform as it stands, a
    reviewer's word above the line's. review : the reviewer's reason, "" without one; named : the rows of the
    sheet and kinds of defect that it names, with the class that counts."""

    id: int
    document: UnitDocument
    wrong: frozenset[str]
    carton: str | None = None
    review: str = ""
    named: Mapping[str, DefectClass] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Case:
    """One nonconforming value or finding of one unit."""

    unit: str
    unit_id: int | None
    characteristic: str
    defect_class: DefectClass | None
    value: float | None
    u: float
    limit: float | None
    nominal: float | None
    unit_of_measure: str
    carton: str | None
    direction: tuple[Phrase, ...] = ()
    note: str = ""

    @property
    def excess(self) -> float:
        return abs(self.value - self.limit) if self.value is not None and self.limit is not None else 0.0

    @property
    def proven(self) -> bool:
        return self.excess > self.u


def share_bounds(units: int, of: int) -> tuple[float, float]:
    """Two-sided 95 % bounds of a share (Clopper, Pearson, Biometrika 26, 1934); 0 and 1 of none.

    Raises ValueError for counts that are no share.
    """
    from scipy.stats import beta

    if not 0 <= units <= of:
        raise ValueError(f"{units} of {of} is no share")
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if units == 0 else float(beta.ppf(tail, units, of - units + 1))
    return low, 1.0 if units == of else float(beta.ppf(1 - tail, units + 1, of - units))


def draft_items(units: Sequence[SeenUnit], entered: Sequence[EnteredDocument], sheet: Sheet) -> tuple[Item, ...]:
    """What does not conform, the gravest first: by class, then by how many units show it.

    entered : every value of the lot that stands, also those of no photographed unit, such as of its cartons.
    """
    groups = _measured(units) | _found(units) | _entered(entered, units) | _rejected(units)
    items = [_item(key, cases, of, sheet, units) for key, (cases, of) in groups.items()]
    return tuple(sorted(items, key=lambda i: (_RANK[i.defect_class], -i.units / max(i.of, 1), natural_key(i.key))))


def seen_item(
    *,
    kind: str,
    name: str,
    note: str,
    units: int,
    of: int,
    clause: str,
    defect_class: DefectClass | None,
    cartons: bool = False,
) -> Item:
    """An item that a person saw and counted. The same kind and name is the same item, counted anew.

    Raises ValueError for counts that are no share.
    """
    found = kind_of(kind)
    low, high = share_bounds(units, of)
    return Item(
        key=f"seen:{kind}:{name}", name=name, source="seen", kind=kind, category=found.category,
        defect_class=defect_class, counted="cartons" if cartons else "units", units=units, of=of, low=low, high=high,
        note=note, clause=clause,
    )  # fmt: skip


def any_item(units: Sequence[SeenUnit]) -> int:
    """Units of a lot that do not conform in anything."""
    return sum(bool(u.wrong) for u in units)


def units_with(
    characteristics: frozenset[str], units: Sequence[SeenUnit], entered: Sequence[EnteredDocument]
) -> tuple[int, int]:
    """Units that do not conform in any of the characteristics, and units on which any of them was looked at: what two
    lots are compared by."""
    photographed = {u.document.unit for u in units}
    kinds = {c for c in characteristics if ":" not in c}
    wrong = {u.document.unit for u in units if u.wrong & characteristics}
    looked = wrong | {
        u.document.unit
        for u in units
        if any(m.characteristic in characteristics and m.value is not None for m in u.document.measurements)
        or (kinds and any(m.value is not None for m in u.document.measurements))
    }
    for v in entered:
        if v.judged.characteristic in characteristics and v.unit not in photographed:
            looked.add(v.unit)
            if v.judged.verdict is Verdict.NONCONFORMS:
                wrong.add(v.unit)
    return len(wrong), len(looked)


def typical_shift(characteristic: str, units: Sequence[SeenUnit]) -> float | None:
    """Median distance of a measured characteristic from its nominal over all units of a lot, in its unit; None without
    a value."""
    values = [
        m.value - (m.nominal or 0.0)
        for u in units
        for m in u.document.measurements
        if m.characteristic == characteristic and m.value is not None
    ]
    return median(values) if values else None


# --- gathering -------------------------------------------------------------------------------------------------------

Group = dict[str, tuple[list[_Case], int]]


def group_of(m: MeasurementDocument) -> str:
    """The item that a measurement belongs to."""
    name = m.characteristic.partition(":")[2]
    if m.kind in ("offset", "offset-x", "offset-y"):
        return f"mark-place:{name}"
    renamed = {"rotation": "mark-turn", "scale": "mark-size"}
    return f"{renamed.get(m.kind, m.kind)}:{name}"


def _measured(units: Sequence[SeenUnit]) -> Group:
    found: Group = {}
    measured: dict[str, set[str]] = {}
    for unit in units:
        groups: dict[str, list[MeasurementDocument]] = {}
        for m in unit.document.measurements:
            if m.kind != "entered":
                groups.setdefault(group_of(m), []).append(m)
        for key, together in groups.items():
            if any(m.value is not None for m in together):
                measured.setdefault(key, set()).add(unit.document.unit)
            wrong = [m for m in together if m.verdict is Verdict.NONCONFORMS and m.characteristic in unit.wrong]
            if wrong:
                case = _case(_leading(wrong), together, unit)
                found.setdefault(key, ([], 0))[0].append(case)
    return {key: (cases, len(measured.get(key, set()) | {c.unit for c in cases})) for key, (cases, _) in found.items()}


def _leading(wrong: Sequence[MeasurementDocument]) -> MeasurementDocument:
    """Of what belongs together the one whose number is told: a mark's distance, else the one farthest off."""
    distance = [m for m in wrong if m.kind == "offset"]
    return (distance or sorted(wrong, key=lambda m: -abs(m.value or 0.0)))[0]


def _case(m: MeasurementDocument, together: Sequence[MeasurementDocument], unit: SeenUnit) -> _Case:
    return _Case(
        unit=unit.document.unit, unit_id=unit.id, characteristic=m.characteristic, defect_class=m.defect_class,
        value=m.value, u=m.u, limit=_limit(m), nominal=m.nominal, unit_of_measure=m.unit, carton=unit.carton,
        direction=_direction(m, together),
    )  # fmt: skip


def _limit(m: MeasurementDocument) -> float | None:
    """The limit that it is beyond, or the nearer one."""
    if m.value is None:
        return m.upper if m.upper is not None else m.lower
    sides = [x for x in (m.lower, m.upper) if x is not None]
    return min(sides, key=lambda x: abs(m.value - x) if m.value is not None else 0.0, default=None)


def _found(units: Sequence[SeenUnit]) -> Group:
    found: Group = {}
    seen = sum(any(m.value is not None for m in u.document.measurements) or bool(u.document.findings) for u in units)
    for unit in units:
        kinds: dict[str, list[FindingDocument]] = {}
        for f in unit.document.findings:
            if f.verdict is Verdict.NONCONFORMS and f.kind in unit.wrong:
                kinds.setdefault(f.kind, []).append(f)
        for kind, together in kinds.items():
            worst = max(together, key=_extent_mm)
            case = _Case(
                unit=unit.document.unit, unit_id=unit.id, characteristic=kind, defect_class=worst.defect_class,
                value=_extent_mm(worst), u=worst.u_mm, limit=worst.limit_mm, nominal=None, unit_of_measure="mm",
                carton=unit.carton, direction=_place(worst), note=worst.limit_for,
            )  # fmt: skip
            found.setdefault(f"finding:{kind}", ([], 0))[0].append(case)
    return {key: (cases, seen) for key, (cases, _) in found.items()}


def _extent_mm(f: FindingDocument) -> float:
    return f.length_mm if f.kind == "scratch" else f.size_mm


def _entered(values: Sequence[EnteredDocument], units: Sequence[SeenUnit]) -> Group:
    photographed = {u.document.unit: u for u in units}
    found: Group = {}
    of: dict[str, int] = {}
    for v in values:
        key, m, unit = f"entered:{v.name}", v.judged, photographed.get(v.unit)
        of[key] = of.get(key, 0) + 1
        stands = unit is None or m.characteristic in unit.wrong
        if m.verdict is Verdict.NONCONFORMS and stands:
            case = _Case(
                unit=v.unit, unit_id=None if unit is None else unit.id, characteristic=m.characteristic,
                defect_class=m.defect_class, value=m.value, u=m.u, limit=_limit(m), nominal=m.nominal,
                unit_of_measure=m.unit, carton=None if unit is None else unit.carton, direction=_direction(m, (m,)),
                note=v.note,
            )  # fmt: skip
            found.setdefault(key, ([], 0))[0].append(case)
    return {key: (cases, of[key]) for key, (cases, _) in found.items()}


def _rejected(units: Sequence[SeenUnit]) -> Group:
    """Units that a reviewer rejected for what the line did not find on them."""
    found: Group = {}
    for u in units:
        shown = {f.kind for f in u.document.findings if f.verdict is Verdict.NONCONFORMS}
        for c in sorted(u.wrong):
            if c in shown or (":" in c and not c.startswith("review:")):
                continue
            case = _Case(
                unit=u.document.unit, unit_id=u.id, characteristic=c, defect_class=u.named.get(c, "major"), value=None,
                u=0.0, limit=None, nominal=None, unit_of_measure="", carton=u.carton, note=u.review,
            )  # fmt: skip
            found.setdefault(f"review:{c.removeprefix('review:')}", ([], len(units)))[0].append(case)
    return found


def _item(key: str, cases: Sequence[_Case], of: int, sheet: Sheet, units: Sequence[SeenUnit]) -> Item:
    group, _, name = key.partition(":")
    worst = max(cases, key=lambda c: c.excess)
    kind = kind_of(name) if group in ("finding", "review") else _kind(worst.characteristic)
    low, high = share_bounds(len(cases), of)
    classes = [c.defect_class and class_of(c.characteristic, c.defect_class) for c in cases]
    values = [c.value for c in cases if c.value is not None]
    notes = [c.note for c in cases if c.note] if group in ("entered", "review") else []
    return Item(
        key=key, name=name, source=_SOURCES.get(group, "measured"), kind=name if group == "finding" else kind.name,
        category=kind.category, characteristics=tuple(sorted({c.characteristic for c in cases})),
        defect_class=min(classes, key=lambda c: _RANK[c]),
        counted="cartons" if kind.name == "carton-label" else "units", units=len(cases), of=of, low=low, high=high,
        value=worst.value, median=median(values) if values else None, u=worst.u, limit=worst.limit,
        nominal=worst.nominal, unit_of_measure=worst.unit_of_measure, direction=worst.direction,
        proven=sum(c.proven for c in cases), worst_unit=worst.unit, unit_id=worst.unit_id,
        note="; ".join(dict.fromkeys(notes)), clause=_clause(group, name, sheet, worst.note),
        levels=_levels(cases, units),
        shown_by=tuple(sorted({c.unit for c in cases if c.unit_id is not None}, key=natural_key)),
    )  # fmt: skip


def _kind(characteristic: str) -> Kind:
    kind, _, name = characteristic.partition(":")
    return kind_of_measurement(kind, name)


def _clause(group: str, name: str, sheet: Sheet, where: str) -> str:
    """Table and name of the control sheet's row that says so; "" where none does."""
    if group in ("mark-place", "mark-turn", "mark-size") and sheet.mark(name) is not None:
        return f"marks: {name}"
    if group in ("colour", "boundary-shift") and sheet.region(name) is not None:
        return f"regions: {name}"
    if group == "finding" and any(d.kind == name for d in sheet.defects):
        return f"defects: {name}" + (f", {where}" if where else "")
    if group == "entered" and sheet.entered_value(name) is not None:
        return f"entered: {name}"
    if group == "review":
        return _named_clause(name, sheet)
    row = sheet.size(name) or sheet.mark(name)
    return "" if row is None else f"{'sizes' if sheet.size(name) else 'marks'}: {name}"


def _named_clause(name: str, sheet: Sheet) -> str:
    """The row of the sheet of that name, in whichever table."""
    tables = {
        "marks": sheet.mark(name), "regions": sheet.region(name), "sizes": sheet.size(name),
        "entered": sheet.entered_value(name), "defects": next((d for d in sheet.defects if d.kind == name), None),
    }  # fmt: skip
    return next((f"{table}: {name}" for table, row in tables.items() if row is not None), "")


def _levels(cases: Sequence[_Case], units: Sequence[SeenUnit]) -> tuple[Level, ...]:
    """Cartons with their inspected units, the ones with most of them first."""
    of: dict[str, int] = {}
    for u in units:
        if u.carton:
            of[u.carton] = of.get(u.carton, 0) + 1
    have: dict[str, int] = {}
    for c in cases:
        if c.carton:
            have[c.carton] = have.get(c.carton, 0) + 1
    names = sorted(have, key=lambda n: (-have[n] / of[n], natural_key(n)))
    return tuple(Level(name=n, units=have[n], of=of[n]) for n in names)


# --- direction -------------------------------------------------------------------------------------------------------


def _direction(m: MeasurementDocument, together: Iterable[MeasurementDocument]) -> tuple[Phrase, ...]:
    """Which way it is off: phrases ``way.*`` with their size."""
    if m.kind in ("offset", "offset-x", "offset-y"):
        return _mark_direction(m, together)
    if m.kind == "colour" and m.lab is not None and m.lab_golden is not None:
        words = (("lighter", "darker"), ("redder", "greener"), ("yellower", "bluer"))
        steps = [(b - a, w, axis) for a, b, w, axis in zip(m.lab_golden, m.lab, words, ("L*", "a*", "b*"), strict=True)]
        told = [s for s in steps if abs(s[0]) >= SHOWN_LAB]
        told.sort(key=lambda s: -abs(s[0]))
        return tuple(_way(w[0] if d > 0 else w[1], abs(d), axis, 1) for d, w, axis in told)
    if m.kind == "rotation" and m.value is not None:
        return (_way("clockwise" if m.value > 0 else "counterclockwise", abs(m.value), "°", 1),)
    if m.value is not None and m.nominal is not None and m.value != m.nominal:
        digits = 2 if m.unit == "mm" else 3
        return (_way("above" if m.value > m.nominal else "below", abs(m.value - m.nominal), m.unit, digits),)
    return ()


def _mark_direction(m: MeasurementDocument, together: Iterable[MeasurementDocument]) -> tuple[Phrase, ...]:
    parts = {x.kind: x.value for x in together if x.kind in ("offset-x", "offset-y") and x.value is not None}
    whole = max(abs(m.value or 0.0), *(abs(v) for v in parts.values()), 1e-9)
    ways = (("offset-x", ("right", "left")), ("offset-y", ("down", "up")))
    told = [(parts[k], w) for k, w in ways if k in parts and abs(parts[k]) >= SHOWN_SHARE * whole]
    told.sort(key=lambda t: -abs(t[0]))
    return tuple(_way(w[0] if v > 0 else w[1], abs(v), "mm", 2) for v, w in told)


def _place(f: FindingDocument) -> tuple[Phrase, ...]:
    where = f.region or "metal"
    return (Phrase(key="way.at", values={"region": where, "x": f"{f.x_mm:+.1f}", "y": f"{f.y_mm:+.1f}"}),)


def _way(word: str, value: float, unit: str, digits: int) -> Phrase:
    return Phrase(key=f"way.{word}", values={"value": f"{value:.{digits}f}", "unit": "" if unit == "1" else unit})
