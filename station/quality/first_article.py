"""The first-article form: every characteristic of the control sheet against what the first pieces measured (W6).

Its rows are those of AS9102, form 3: number of the characteristic, requirement, result, instrument, verdict. A
characteristic that the station measures has to be measured on every first piece, one that is entered on as many as the
sheet asks of a lot. What a reviewer accepted counts as conforming where the line could not decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from station.sheet import Sheet
from station.sheet.defects import DefectLimit
from station.values.digest import digest
from station.values.documents import DefectClass, FindingDocument, MeasurementDocument, UnitDocument, Verdict
from station.values.gates import FirstArticleDocument, FormRow, FormValue

_MARKS = {"offset": "mm", "offset-x": "mm", "offset-y": "mm", "rotation": "deg", "scale": "1"}


@dataclass(frozen=True, slots=True)
class FirstPiece:
    """A first piece as it stands. accepted_by, rejected_by : who did so on review, "" for nobody."""

    document: UnitDocument
    accepted_by: str = ""
    rejected_by: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A characteristic of the sheet. key : as its limits name it. kinds : of the measurements that speak of it."""

    key: str
    name: str
    clause: str
    kinds: tuple[str, ...] | None
    defect_class: DefectClass
    unit: str
    entered: int | None = None


def first_article(
    *, order: str, sku: str, version: int, golden: str, sheet: Sheet, lots: Sequence[str],
    pieces: Sequence[FirstPiece], needed: int, functional: str,
) -> FirstArticleDocument:  # fmt: skip
    """The form. needed : first pieces of the gate. functional : what the functional test found, "" without one."""
    rows = tuple(_rows(sheet, pieces, needed))
    reasons = []
    if len(pieces) < needed:
        reasons.append(f"{len(pieces)} of {needed} first pieces are inspected")
    reasons += [f"{r.number} {r.characteristic}: {r.reason}" for r in rows if r.reason]
    refused = [p for p in pieces if p.rejected_by]
    reasons += [f"unit {p.document.unit} was rejected by {p.rejected_by}" for p in refused]
    verdict = Verdict.CONFORMS
    if refused or any(r.verdict is Verdict.NONCONFORMS for r in rows):
        verdict = Verdict.NONCONFORMS
    elif reasons:
        verdict = Verdict.UNDECIDED
    found = FirstArticleDocument(
        order=order, sku=sku, golden=golden, golden_version=version, sheet_digest=sheet.digest, lots=tuple(lots),
        units=tuple(p.document.unit for p in pieces), needed=needed, rows=rows, functional=functional, verdict=verdict,
        reasons=tuple(reasons),
    )  # fmt: skip
    content = found.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return found.model_copy(update={"digest": digest(content)})


def _asked(sheet: Sheet) -> Iterator[_Asked]:
    for s in sheet.sizes:
        unit = "deg" if s.kind == "angle" else "mm"
        yield _Asked(s.characteristic, s.name, f"[[sizes]] {s.name}", None, s.defect_class, unit)
    for m in sheet.marks:
        for kind, unit in _MARKS.items():
            if m.limits(kind) is not None:
                yield _Asked(f"{kind}:{m.name}", m.name, f"[[marks]] {m.name}", (kind,), m.defect_class, unit)
    for r in sheet.regions:
        clause = f"[[regions]] {r.name}"
        yield _Asked(f"colour:{r.name}", r.name, clause, ("colour",), r.defect_class, "CIEDE2000")
        if r.boundary_mm is not None:
            yield _Asked(f"boundary-shift:{r.name}", r.name, clause, ("boundary-shift",), r.defect_class, "mm")
    for e in sheet.entered:
        needed = max(1, e.units_per_lot)
        clause = f"[[entered]] {e.name}"
        yield _Asked(f"entered:{e.name}", e.name, clause, ("entered",), e.counted_class, e.unit, needed)


def _rows(sheet: Sheet, pieces: Sequence[FirstPiece], needed: int) -> Iterator[FormRow]:
    number = 0
    for a in _asked(sheet):
        number += 1
        yield _measured(number, a, pieces, needed)
    for d in sheet.defects:
        number += 1
        yield _found(number, d, sheet, pieces, needed)


def _measured(number: int, a: _Asked, pieces: Sequence[FirstPiece], needed: int) -> FormRow:
    seen = [(p, m) for p in pieces for m in p.document.measurements if _speaks(a, m)]
    one = seen[0][1] if seen else None
    values = tuple(_value(p, m) for p, m in seen)
    want = min(needed, a.entered) if a.entered is not None else needed
    kind = f"{a.kinds[0]} of " if a.kinds and a.kinds[0] != "entered" else ""
    row = FormRow(
        number=number, characteristic=f"{kind}{a.name}", clause=a.clause,
        requirement=_requirement(one, a.unit) if one else "as the control sheet says",
        nominal=one.nominal if one else None, lower=one.lower if one else None, upper=one.upper if one else None,
        unit=a.unit, defect_class=a.defect_class, needed=want, values=values, verdict=Verdict.CONFORMS,
        key=a.key,
    )  # fmt: skip
    return _judged(row)


def _speaks(a: _Asked, m: MeasurementDocument) -> bool:
    """Whether a measurement is of the characteristic. A size is measured under kinds of its own, or entered."""
    kind, _, name = m.characteristic.partition(":")
    if name != a.name:
        return False
    if a.kinds is None:
        return kind not in (*_MARKS, "colour", "boundary-shift", "blur", "barcode", "text")
    return kind in a.kinds


def _value(p: FirstPiece, m: MeasurementDocument) -> FormValue:
    reviewed = p.accepted_by and m.verdict is Verdict.UNDECIDED
    return FormValue(
        unit=p.document.unit, value=m.value, u=m.u, instrument=m.method or p.document.program,
        verdict=Verdict.CONFORMS if reviewed else m.verdict,
        note=f"accepted by {p.accepted_by}" if reviewed else m.reason,
    )  # fmt: skip


def _found(number: int, d: DefectLimit, sheet: Sheet, pieces: Sequence[FirstPiece], needed: int) -> FormRow:
    """A kind of defect: on every piece the largest one that was found, 0 where none was."""
    values = []
    for p in pieces:
        mine = [f for f in p.document.findings if f.kind == d.kind and sheet.defect(f.kind, f.region) == d]
        worst = max(mine, key=_extent(d), default=None)
        verdicts = {f.verdict for f in mine}
        verdict = next((v for v in (Verdict.NONCONFORMS, Verdict.UNDECIDED) if v in verdicts), Verdict.CONFORMS)
        if p.accepted_by and verdict is Verdict.UNDECIDED:
            verdict = Verdict.CONFORMS
        values.append(
            FormValue(
                unit=p.document.unit, value=0.0 if worst is None else _extent(d)(worst),
                u=0.0 if worst is None else worst.u_mm, instrument=p.document.model, verdict=verdict,
                note="" if worst is None else worst.reason,
            )
        )  # fmt: skip
    row = FormRow(
        number=number, characteristic=d.label, clause=f"[[defects]] {d.label}",
        requirement=f"none above {d.limit_mm:g} mm", nominal=0.0, lower=None, upper=d.limit_mm, unit="mm",
        defect_class=d.counted_class, needed=needed, values=tuple(values), verdict=Verdict.CONFORMS,
        key=f"defect:{d.kind}",
    )  # fmt: skip
    return _judged(row)


def _extent(d: DefectLimit) -> Callable[[FindingDocument], float]:
    """What of a finding the limit is of, in mm."""
    return attrgetter("length_mm" if d.by_length else "size_mm")


def _judged(row: FormRow) -> FormRow:
    """The row with its verdict and the reason against it."""
    wrong = [v.unit for v in row.values if v.verdict is Verdict.NONCONFORMS]
    doubt = [v.unit for v in row.values if v.verdict is Verdict.UNDECIDED]
    have = len({v.unit for v in row.values})
    verdict, reason = Verdict.CONFORMS, ""
    if wrong:
        verdict, reason = Verdict.NONCONFORMS, f"nonconforming on {', '.join(wrong[:5])}"
    elif doubt:
        verdict, reason = Verdict.UNDECIDED, f"undecided on {', '.join(doubt[:5])}"
    elif have < row.needed:
        verdict, reason = Verdict.UNDECIDED, f"measured on {have} of {row.needed} units"
    return row.model_copy(update={"verdict": verdict, "reason": reason})


def _requirement(m: MeasurementDocument, unit: str) -> str:
    """Limits in words: ``30 (29.85 to 30.15) mm``."""
    low = "" if m.lower is None else f"{m.lower:g}"
    high = "" if m.upper is None else f"{m.upper:g}"
    span = (
        f"{low} to {high}" if low and high else f"{low} or more" if low else f"{high} or less" if high else "no limit"
    )
    return f"{span} {unit}" if m.nominal is None else f"{m.nominal:g} ({span}) {unit}"
