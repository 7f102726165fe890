"""Whether a finding on a defect of known kind and size counts: what a capability study calls a hit."""

from __future__ import annotations

import math
from dataclasses import replace

from station.judge.finding_rules import UNLISTED_LENGTH_MM, UNLISTED_SIZE_MM, judge_finding
from station.sheet import Sheet
from station.values.documents import Verdict
from station.values.line import Finding

_OVER = 1.001  # of its limit: what a smaller defect is held to be


def keeps_from_conforming(finding: Finding, kind: str, size_mm: float, region: str, sheet: Sheet) -> bool:
    """Whether a finding on a defect keeps the unit from conforming, or would if the defect were over its limit.

    One over its limit counts as it was found: one that is measured too small, or named a kind that is allowed so large
    there, is let through. A smaller one is held to be just over it, so that its name decides, and the other kinds that
    come into question.

    kind, size_mm, region : of the defect: a scratch's length, of all else the diameter; region by name.
    """
    bound = _limit(kind, region, sheet)
    if size_mm <= bound:
        finding = _grown(finding, kind, bound * _OVER, bound * _OVER / size_mm)
    return judge_finding(finding, sheet).verdict is not Verdict.CONFORMS


def _grown(f: Finding, kind: str, over_mm: float, factor: float) -> Finding:
    """A finding on a defect of ``kind`` as it would be on one of ``over_mm``, which is ``factor`` times as large."""
    if kind == "scratch":  # longer, not wider: the disc of its area grows by the root
        return replace(f, size_mm=f.size_mm * math.sqrt(factor), length_mm=max(f.length_mm * factor, over_mm))
    return replace(f, size_mm=max(f.size_mm * factor, over_mm), length_mm=max(f.length_mm * factor, over_mm))


def _limit(kind: str, region: str, sheet: Sheet) -> float:
    """What a defect may have there: where none of the sheet's limits of its kind holds the least of them, as findings
    are judged, and of a kind without one the size from which such a finding asks for a person."""
    row = sheet.defect(kind, region)
    if row is not None:
        return row.limit_mm
    elsewhere = [d.limit_mm for d in sheet.defects if d.kind == kind]
    return min(elsewhere, default=UNLISTED_LENGTH_MM if kind == "scratch" else UNLISTED_SIZE_MM)
