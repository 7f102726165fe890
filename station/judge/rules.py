"""Measurement + limit + uncertainty -> conforms | nonconforms | undecided.

The decision rule is the sheet's (:mod:`station.judge.decision`); unless it says otherwise that of ISO 14253-1:
conformity is proven only where the whole interval value +- u lies within the limits, nonconformity only where the whole
interval lies outside; u is the expanded uncertainty, k = 2, so the guard band on both sides is u. Between the two the
answer is ``undecided``, with the reason. Limits are inclusive and compared as exact decimals, never rounded. Colour has
two tiers: up to ``accept`` it conforms, above ``reject`` it does not, and what lies between is for a person. A colour
whose uncertainty would leave even the golden itself undecided is undecided under every rule, unless it is proven to lie
above ``reject``: the photo does not support the limit.

A size that conforms is undecided where the outline departs in one place by more than the size's tolerance: a dent
between the two places that a width is read at is in no width.

What the sheet does not limit is reported and does not count; findings have their own rules in
:mod:`station.judge.finding_rules`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from station.judge import wording
from station.judge.blocking import BLOCKED, FINDINGS, blocked_reason, blocking
from station.judge.decision import compare, compare_share, compare_tiers
from station.judge.finding_rules import UNLISTED_SIZE_MM, extent_of, judge_finding
from station.sheet import Limits, Sheet, decimal_of
from station.values.documents import DefectClass, FindingDocument, MeasurementDocument, Verdict
from station.values.line import Finding, Gate, Measurement

GROSS_FACTOR = 5
"""A deviation of more than this many tolerances is no variance: wrong part, wrong unit or wrong specification (T1)."""

_MARK_KINDS = ("offset", "offset-x", "offset-y", "rotation", "scale")
_CLASS_ORDER: Mapping[DefectClass | None, int] = MappingProxyType({"critical": 0, "major": 1, "minor": 2, None: 3})
_NO_SIZES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What :func:`judge_unit` says: the verdict, the reasons in words, worst first, and the judged documents."""

    verdict: Verdict
    reasons: tuple[str, ...]
    measurements: tuple[MeasurementDocument, ...]
    findings: tuple[FindingDocument, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    """What the sheet says of one characteristic. ``accept``: the upper limit for conforming where it has two tiers.
    ``share``: of a border's length that may lie below its lower limit."""

    limits: Limits
    accept: Decimal | None
    defect_class: DefectClass
    tolerance: Decimal | None
    missing: str = ""
    share: Decimal | None = None


def judge_measurement(
    measurement: Measurement,
    sheet: Sheet,
    *,
    gates: Sequence[Gate] = (),
    golden_sizes_mm: Mapping[str, float] = _NO_SIZES,
) -> MeasurementDocument:
    """Judge one number.

    Parameters
    ----------
    measurement
        A ``detail`` of ``{"missing": True}`` says that the thing itself is not on the unit: that is nonconforming.
        Without it a value of None is undecided, for the reason in ``why``.
    gates
        The unit's gates; one that is not ok and blocks this kind makes the verdict undecided.
    golden_sizes_mm
        The golden's own sizes by name (``Master.sizes_mm``), for sizes whose nominal is ``golden``.
    """
    rule = _rule(measurement, sheet, golden_sizes_mm)
    verdict, reason = _decide_measurement(measurement, sheet, rule, gates)
    detail = dict(measurement.detail)
    gate = None if rule is None else blocking(gates, measurement.kind)
    if gate is not None:
        detail[BLOCKED] = gate.name
    colour = {key: detail.pop(key) for key in ("lab", "lab_golden", "dL", "dC", "dH") if key in detail}
    value = measurement.value if measurement.value is not None and math.isfinite(measurement.value) else None
    if rule is not None and rule.accept is not None:
        detail["accept"] = float(rule.accept)
    return MeasurementDocument.model_validate(
        {
            "characteristic": measurement.characteristic,
            "kind": measurement.kind,
            "value": value,
            "unit": measurement.unit,
            "u": measurement.u if math.isfinite(measurement.u) else 0.0,
            "nominal": _float(rule.limits.nominal) if rule else None,
            "lower": _float(rule.limits.lower) if rule else None,
            "upper": _float(rule.limits.upper) if rule else None,
            "class": rule.defect_class if rule else None,
            "verdict": verdict,
            "where_mm": measurement.where_mm,
            "method": measurement.method,
            "reason": reason,
            **colour,
            "detail": detail,
        }
    )


def judge_unit(
    measurements: Sequence[Measurement],
    findings: Sequence[Finding],
    gates: Sequence[Gate],
    sheet: Sheet,
    *,
    golden_sizes_mm: Mapping[str, float] = _NO_SIZES,
    unproven: Sequence[str] = (),
) -> Judgement:
    """Judge a unit as a whole.

    unproven : reasons why nothing that is found or not found proves it to conform, such as a limit below what the bench
    can show; they leave a unit undecided that would conform.

    Nonconforming where any unblocked measurement or finding is; otherwise undecided where a gate failed that stands
    before something the sheet limits, where anything is undecided, or where something the sheet limits was not
    measured; otherwise conforming.
    """
    told = _with_direction(measurements)
    judged = tuple(judge_measurement(m, sheet, gates=gates, golden_sizes_mm=golden_sizes_mm) for m in told)
    found = tuple(judge_finding(f, sheet, gates=gates) for f in findings)
    failed = [g for g in gates if _matters(g, sheet)]
    unmeasured = _unmeasured(judged, sheet, failed)
    wrong = _worst_first(judged, found, Verdict.NONCONFORMS)
    open_ = _worst_first(judged, found, Verdict.UNDECIDED)
    gate_reasons = [f"{g.name}: {g.reason}" if g.reason else f"the gate {g.name} failed" for g in failed]
    blocked = {blocked_reason(g) for g in failed}
    reasons = [*wrong, *gate_reasons, *(r for r in open_ if r not in blocked), *unproven, *unmeasured]
    verdict = Verdict.NONCONFORMS if wrong else Verdict.UNDECIDED if reasons else Verdict.CONFORMS
    return Judgement(verdict, tuple(dict.fromkeys(reasons)), judged, found)


def _with_direction(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Radial offsets with their components in ``detail``, so that their reason can say which way."""
    parts = {m.characteristic: m.value for m in measurements if m.kind in ("offset-x", "offset-y")}
    told = []
    for m in measurements:
        name = m.characteristic.partition(":")[2]
        if m.kind == "offset" and f"offset-x:{name}" in parts and f"offset-y:{name}" in parts:
            way = {"dx": parts[f"offset-x:{name}"], "dy": parts[f"offset-y:{name}"]}
            m = replace(m, detail={**m.detail, **way})
        told.append(m)
    return told


def _rule(m: Measurement, sheet: Sheet, golden_sizes_mm: Mapping[str, float]) -> _Rule | None:
    """The sheet's rule for a measurement; None where the sheet does not speak of it."""
    name = m.characteristic.partition(":")[2]
    if m.kind in ("colour", "boundary-shift"):
        region = sheet.region(name)
        if region is None:
            return None
        if m.kind == "colour":
            reject = decimal_of(region.reject)
            return _Rule(Limits(Decimal(0), None, reject), decimal_of(region.accept), region.defect_class, reject)
        if region.boundary_mm is None:
            return None
        bound = decimal_of(region.boundary_mm)
        return _Rule(Limits(Decimal(0), None, bound), None, region.defect_class, bound)
    if m.kind in _MARK_KINDS:
        mark = sheet.mark(name)
        limits = mark.limits(m.kind) if mark else None
        if mark is None or (limits is None and mark.limited):
            return None
        if limits is None or limits.upper is None or limits.nominal is None:
            missing = f"the control sheet gives {name} no limit; add offset_mm, rotation_deg or scale"
            return _Rule(Limits(None, None, None), None, mark.defect_class, None, missing)
        return _Rule(limits, None, mark.defect_class, limits.upper - limits.nominal)
    row = sheet.entered_value(name) if m.kind == "entered" else None
    if row is not None:
        limits = row.limits()
        missing = "" if row.limited else f"the control sheet gives {name} no tolerance; add plus and minus"
        return _Rule(limits, None, row.counted_class, _widest(limits), missing)
    size = sheet.size(name)
    if size is None:
        return None
    limits = size.limits(golden_sizes_mm.get(name))
    missing = ""
    if not size.limited:
        missing = f"the control sheet gives {name} no tolerance; add plus_mm and minus_mm"
    elif limits.nominal is None:
        missing = f"the golden's own {name} is not known; seal the golden again or give nominal_mm in millimetres"
    widest = _widest(limits)
    if m.kind == "border":  # its narrowest place is held to the lower limit, its widest to the upper one
        maximum = m.characteristic.startswith("border-max:")
        golden = m.detail.get("golden_mm")
        if maximum and size.nominal_mm == "golden" and isinstance(golden, float):
            limits = size.limits(golden)  # the golden's own widest place
        limits = Limits(limits.nominal, None if maximum else limits.lower, limits.upper if maximum else None)
    share = None if size.share_percent is None else decimal_of(size.share_percent) / 100
    return _Rule(limits, None, size.defect_class, widest, missing, share)


def _widest(limits: Limits) -> Decimal | None:
    """The wider side of a tolerance; None without limits."""
    nominal = limits.nominal
    sides = [abs(x - nominal) for x in (limits.lower, limits.upper) if x is not None and nominal is not None]
    return max(sides, default=None)


def _decide_measurement(m: Measurement, sheet: Sheet, rule: _Rule | None, gates: Sequence[Gate]) -> tuple[Verdict, str]:
    if rule is None:
        return Verdict.CONFORMS, "not limited by the control sheet"
    name = m.characteristic.partition(":")[2]
    gate = blocking(gates, m.kind)
    if gate is not None:
        return Verdict.UNDECIDED, blocked_reason(gate)
    if m.detail.get("missing") is True:
        return Verdict.NONCONFORMS, f"{name} is missing" + (f": {m.why}" if m.why else "")
    if rule.missing:
        return Verdict.UNDECIDED, rule.missing
    if m.unit == "mm" and m.kind != "entered" and sheet.product.thickness_mm is None:
        return Verdict.UNDECIDED, wording.no_thickness(name)
    if m.value is None or not math.isfinite(m.value) or not math.isfinite(m.u):
        return Verdict.UNDECIDED, f"{name} could not be measured" + (f": {m.why}" if m.why else "")
    value, u = decimal_of(m.value), abs(decimal_of(m.u))
    band = sheet.decision.guard_band
    if rule.share is not None and "share_below" in m.detail:
        verdict = compare_share(m.detail, rule.share, band)
    elif rule.accept is None:
        verdict = compare(value, u, rule.limits.lower, rule.limits.upper, band)
    else:
        reject = rule.limits.upper if rule.limits.upper is not None else rule.accept
        verdict = compare_tiers(value, u, rule.accept, reject, band)
        best = decimal_of(float(m.detail.get("best_limit", m.u)))  # type: ignore[arg-type]
        if best > rule.accept and compare(value, u, None, reject) is not Verdict.NONCONFORMS:
            return Verdict.UNDECIDED, wording.unsupported(m, name, float(best), float(rule.accept))
    if verdict is Verdict.CONFORMS:
        departs = wording.departure(m, name, rule.tolerance)
        return (Verdict.UNDECIDED, departs) if departs else (verdict, "")
    words = wording.deviation(m, name, rule.limits, rule.accept, verdict)
    if verdict is Verdict.NONCONFORMS and any(m.kind in g.doubts for g in gates):
        words += wording.NOT_THE_ORIGINAL
    if verdict is Verdict.NONCONFORMS and compare(value, u, rule.limits.lower, rule.limits.upper) is not verdict:
        words += wording.unproven(band)
    nominal = rule.limits.nominal
    if verdict is Verdict.NONCONFORMS and nominal is not None and rule.tolerance and m.kind != "colour":
        factor = abs(value - nominal) / rule.tolerance
        if factor > GROSS_FACTOR:
            words += f"; {float(factor):.0f} times the tolerance is a gross error, not variance"
    return verdict, words


def _matters(gate: Gate, sheet: Sheet) -> bool:
    """Whether a failed gate stands before anything the sheet limits."""
    if gate.ok:
        return False
    limited = {"colour"} if sheet.regions else set()
    limited |= {"boundary-shift"} if any(r.boundary_mm is not None for r in sheet.regions) else set()
    for mark in sheet.marks:
        limited |= {kind for kind in _MARK_KINDS if mark.limits(kind) is not None}
    limited |= {"size", "border", "position", "diameter"} if sheet.sizes else set()
    limited |= {FINDINGS} if sheet.defects else set()
    return not gate.blocks or not limited.isdisjoint(gate.blocks)


def _unmeasured(judged: Sequence[MeasurementDocument], sheet: Sheet, failed: Sequence[Gate]) -> list[str]:
    """What the sheet limits and nobody measured; a failed gate that takes everything down says it already."""
    if any(not g.blocks for g in failed):
        return []
    done = {m.characteristic for m in judged}
    done |= {f"offset:{m.characteristic.partition(':')[2]}" for m in judged if m.kind == "offset-x"}
    not_sizes = ("colour", "boundary-shift", *_MARK_KINDS)
    names = {m.characteristic.partition(":")[2] for m in judged if m.kind not in not_sizes}
    wanted = [("colour", r.name) for r in sheet.regions]
    wanted += [("boundary-shift", r.name) for r in sheet.regions if r.boundary_mm is not None]
    wanted += [
        (kind, mark.name)
        for mark in sheet.marks
        for kind in ("offset", "rotation", "scale")
        if mark.limits(kind) is not None
    ]
    lacking = [f"{kind}:{name}" for kind, name in wanted if f"{kind}:{name}" not in done and not blocking(failed, kind)]
    if not blocking(failed, "size"):
        lacking += [f"size:{s.name}" for s in sheet.sizes if s.name not in names]
    return [f"{characteristic} was not measured" for characteristic in lacking]


def _worst_first(
    judged: Sequence[MeasurementDocument], found: Sequence[FindingDocument], verdict: Verdict
) -> list[str]:
    """Reasons of one verdict by class, then by how far beyond the limit, as a multiple of the tolerance."""
    # The radial offset says what its two components say; one reason is enough.
    radial = {m.characteristic.partition(":")[2] for m in judged if m.kind == "offset" and m.verdict is verdict}
    rows = [
        (_CLASS_ORDER[m.defect_class], -_excess(m), m.reason)
        for m in judged
        if m.verdict is verdict
        and not (m.kind in ("offset-x", "offset-y") and m.characteristic.partition(":")[2] in radial)
    ]
    for f in found:
        if f.verdict is verdict:
            extent = extent_of(f)
            ratio = extent / f.limit_mm if f.limit_mm else extent / UNLISTED_SIZE_MM
            rows.append((_CLASS_ORDER[f.defect_class], -ratio, f.reason))
    return [reason for _, _, reason in sorted(rows)]


def _excess(m: MeasurementDocument) -> float:
    if m.value is None:
        return math.inf
    limit = m.upper if m.upper is not None and (m.lower is None or m.value >= (m.nominal or 0.0)) else m.lower
    tolerance = abs(limit - (m.nominal or 0.0)) if limit is not None else 0.0
    return abs(m.value - (m.nominal or 0.0)) / tolerance if tolerance else 0.0


def _float(x: Decimal | None) -> float | None:
    return None if x is None else float(x)
