"""Findings that nobody needs to look at one by one: far within their limit."""

from __future__ import annotations

from station.judge.finding_rules import extent_of
from station.values.documents import FindingDocument, SetAsideDocument, Verdict

WELL_WITHIN = 0.5
"""Share of its limit below which a finding that conforms is well within it."""


def is_well_within(f: FindingDocument) -> bool:
    """Whether a finding conforms at less than half its limit. What was set aside is not: a person has to answer it."""
    if isinstance(f, SetAsideDocument) or f.limit_mm is None or f.verdict is not Verdict.CONFORMS:
        return False
    return extent_of(f) < WELL_WITHIN * f.limit_mm


def folded(count: int) -> str:
    """One line for so many of them, "" for none."""
    if not count:
        return ""
    return f"{count} more well within {'their limits' if count > 1 else 'its limit'} (less than half)"
