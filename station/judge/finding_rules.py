"""A finding against the control sheet: a pit, a scratch, a speck with its limit in millimetres.

One of a kind the sheet does not list is undecided where it is large enough to be seen at 30 cm, and otherwise reported
only; dust and lint do not count. A finding that the picture takes for another kind almost as much is held to that one
as well: where it would not conform as that, a person decides. What glare hides or the photo does not reach is no
defect, but where one over its limit could lie there unseen, a person decides.

A kind may be limited by surface and by region, the most specific row holds; where none of its rows holds, a finding
that keeps the strictest of them conforms, and a person decides on any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from station.judge import wording
from station.judge.blocking import FINDINGS, blocked_reason, blocking
from station.judge.decision import compare
from station.sheet import FUNCTIONAL, Sheet, decimal_of
from station.values.documents import FindingDocument, Verdict
from station.values.line import Finding, Gate

HIDDEN = {"glare": "glare hides", "cut-off": "the photo does not show"}
"""Finding kinds of places that nobody can see, in words."""

HARMLESS = frozenset({"dust", "lint"})
"""Finding kinds that lie on the part and do not belong to it."""

NOT_OF_A_MODEL = frozenset({"closed-hole", "off-colour", *HIDDEN})
"""Kinds that the station finds without a defect model; no threshold holds for them."""

_NEARLY = 0.6  # of the score of the kind that a finding is named, from which another comes into question as well

UNLISTED_SIZE_MM = 0.5
UNLISTED_LENGTH_MM = 1.5
"""From here on a finding of a kind that the sheet does not list asks for a person: plainly seen at 30 cm (T8)."""


def judge_finding(finding: Finding, sheet: Sheet, *, gates: Sequence[Gate] = ()) -> FindingDocument:
    """Judge one local defect: its diameter, for scratches its length, against the sheet's limit of that kind."""
    limit = sheet.defect(finding.kind, finding.region)
    decide = _decide_hidden if finding.kind in HIDDEN else _decide_finding
    verdict, reason = decide(finding, sheet, gates)
    return FindingDocument.model_validate(
        {
            "kind": finding.kind,
            "x_mm": finding.x_mm,
            "y_mm": finding.y_mm,
            "size_mm": finding.size_mm,
            "length_mm": finding.length_mm,
            "area_mm2": finding.area_mm2,
            "region": finding.region,
            "score": finding.score,
            "u_mm": finding.u_mm,
            "contrast_to_noise": finding.contrast_to_noise,
            "limit_mm": limit.limit_mm if limit else None,
            "class": limit.counted_class if limit else None,
            "verdict": verdict,
            "reason": reason,
            "polygon_mm": tuple((float(x), float(y)) for x, y in finding.polygon_mm),
            "delta_e_00": finding.delta_e_00,
            "feret_mm": finding.feret_mm,
            "width_mm": finding.width_mm,
            "kind_scores": finding.kind_scores,
            "sized_by": finding.sized_by,
            "limit_for": limit.where if limit else "",
        }
    )


def extent_of(f: Finding | FindingDocument) -> float:
    """What of a finding is held to its limit, in mm: the length of a scratch, the diameter of all else."""
    return f.length_mm if f.kind == "scratch" else f.size_mm


def findings_blocked(gates: Iterable[Gate]) -> bool:
    """Whether a failed gate leaves every finding undecided."""
    return blocking(gates, FINDINGS) is not None


def _decide_hidden(f: Finding, sheet: Sheet, gates: Sequence[Gate]) -> tuple[Verdict, str]:
    """Undecided where a defect that the sheet limits in this region could lie in such a place and be over its limit."""
    rows = [sheet.defect(kind, f.region) for kind in sorted({d.kind for d in sheet.defects} - HARMLESS)]
    least = min((r for r in rows if r is not None), key=lambda r: r.limit_mm, default=None)
    if least is None or decimal_of(f.size_mm) <= decimal_of(least.limit_mm):
        return Verdict.CONFORMS, "nothing that the control sheet limits there could be hidden in it"
    gate = blocking(gates, FINDINGS)
    if gate is not None:
        return Verdict.UNDECIDED, blocked_reason(gate)
    return Verdict.UNDECIDED, (
        f"{HIDDEN[f.kind]} {f.size_mm:.2f} mm of {f.region}, where a {least.kind} may have {least.limit_mm:g} mm: "
        "photograph the part again so that it shows, or look at it"
    )


def _decide_finding(f: Finding, sheet: Sheet, gates: Sequence[Gate]) -> tuple[Verdict, str]:
    """As its own kind, and where that conforms, as the kinds that it may be as well."""
    verdict, reason = _decide_kind(f, sheet, gates)
    if verdict is not Verdict.CONFORMS:
        return verdict, reason
    for kind in rivals(f):
        other = replace(f, kind=kind)
        limit = sheet.defect(kind, f.region)
        if _decide_kind(other, sheet, gates)[0] is not Verdict.CONFORMS:
            words = wording.finding(other, extent_of(other), limit.limit_mm if limit else None)
            look = "wipe the part and look, " if f.kind in HARMLESS else ""
            return Verdict.UNDECIDED, f"{f.kind}, or as likely {words}: {look}a person decides"
    return verdict, reason


def rivals(f: Finding) -> list[str]:
    """Defects that a finding is as likely as the kind it is named, the likeliest first."""
    least = _NEARLY * f.kind_scores.get(f.kind, 0.0)
    others = ((k, v) for k, v in f.kind_scores.items() if k != f.kind and k not in HARMLESS and v >= least)
    return [kind for kind, _ in sorted(others, key=lambda other: -other[1])]


def _decide_kind(f: Finding, sheet: Sheet, gates: Sequence[Gate]) -> tuple[Verdict, str]:
    extent = extent_of(f)
    limit = sheet.defect(f.kind, f.region)
    elsewhere = [d for d in sheet.defects if d.kind == f.kind] if limit is None else []
    if f.kind in HARMLESS and limit is None and not elsewhere:
        return Verdict.CONFORMS, "lies on the part and is no defect of it"
    gate = blocking(gates, FINDINGS)
    if gate is not None:
        return Verdict.UNDECIDED, blocked_reason(gate)
    if limit is None and not elsewhere:
        small = extent < (UNLISTED_LENGTH_MM if f.kind == "scratch" else UNLISTED_SIZE_MM)
        if small and f.kind not in FUNCTIONAL:
            return Verdict.CONFORMS, f"{f.kind} is not in the control sheet, and it is small"
        return Verdict.UNDECIDED, wording.finding(f, extent, None) + ": not in the control sheet, a person decides"
    if sheet.product.thickness_mm is None:
        return Verdict.UNDECIDED, wording.no_thickness(f.kind)
    size, u = decimal_of(extent), abs(decimal_of(f.u_mm))
    if limit is None:
        if compare(size, u, None, decimal_of(min(d.limit_mm for d in elsewhere))) is Verdict.CONFORMS:
            return Verdict.CONFORMS, ""
        where = " and ".join(dict.fromkeys(d.where for d in elsewhere))
        words = wording.finding(f, extent, None)
        return Verdict.UNDECIDED, f"{words}: the control sheet limits {f.kind} for {where} only, a person decides"
    bound = decimal_of(limit.limit_mm)
    band = sheet.decision.guard_band
    verdict = compare(size, u, None, bound, band)
    if verdict is Verdict.CONFORMS:
        return verdict, ""
    words = wording.finding(f, extent, limit.limit_mm, limit.where)
    if verdict is Verdict.UNDECIDED:
        return verdict, f"{words}: the uncertainty reaches over the limit"
    if f.unsure_below is not None:
        return Verdict.UNDECIDED, f"{words}: {wording.unsure(f.score, f.unsure_below)}, a person decides"
    return verdict, words if compare(size, u, None, bound) is verdict else words + wording.unproven(band)
