"""Findings that do not count by what reviewers said of such ones: set aside, never hidden."""

from __future__ import annotations

from collections.abc import Sequence

from station.judge.finding_rules import HARMLESS, NOT_OF_A_MODEL, extent_of, judge_finding
from station.judge.wording import finding as in_short
from station.sheet import Sheet
from station.values.documents import SetAsideDocument, ThresholdUseDocument, Verdict
from station.values.line import Finding, Gate
from station.values.reviewed import ThresholdsInForce, in_words

NAME = "reviewed-thresholds"
"""Of the remark in a unit's gates; it blocks nothing."""
UNTOUCHED = NOT_OF_A_MODEL | HARMLESS
"""Kinds that reviewed thresholds leave alone."""

_TOLD = 5  # findings that a remark names


def set_aside(
    findings: Sequence[Finding], thresholds: ThresholdsInForce | None, sheet: Sheet
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Findings that count, and those below the threshold of their kind, each in the order given.

    A finding that the sheet calls critical, under its own kind or under another that comes into question, always
    counts, and so does what was found without a model.
    """
    kept: list[Finding] = []
    aside: list[Finding] = []
    for f in findings:
        below = thresholds is not None and f.kind not in UNTOUCHED and f.score < thresholds.least(f.kind)
        (aside if below and not _critical(f, sheet) else kept).append(f)
    return tuple(kept), tuple(aside)


def judge_aside(
    aside: Sequence[Finding], thresholds: ThresholdsInForce | None, sheet: Sheet, gates: Sequence[Gate]
) -> tuple[SetAsideDocument, ...]:
    """Findings that were set aside, with the verdict they would have if they counted."""
    if thresholds is None:
        return ()
    return tuple(
        SetAsideDocument(**dict(judge_finding(f, sheet, gates=gates)), threshold=thresholds.least(f.kind))
        for f in aside
    )


def threshold_use(found: ThresholdsInForce | None) -> ThresholdUseDocument | None:
    """What a unit's document says of the thresholds."""
    if found is None:
        return None
    return ThresholdUseDocument(
        record=found.record, made_at=found.made_at, by=found.by, scores=dict(found.scores), lapsed=found.lapsed
    )


def threshold_remark(found: ThresholdsInForce | None, aside: Sequence[SetAsideDocument]) -> tuple[Gate, ...]:
    """That reviewed thresholds are in force and what they set aside, those over their limit by name, or why they hold
    no longer; nothing without any."""
    if found is None or not (found.scores or found.lapsed):
        return ()
    if found.lapsed:
        return (Gate(NAME, True, found.lapsed),)
    words = f"a finding counts from its reviewed score ({in_words(found.scores)}, set by {found.by})"
    words += f": {len(aside)} set aside" if aside else ": none was set aside"
    over = over_limit(aside)
    if over:
        more = f" and {len(over) - _TOLD} more" if len(over) > _TOLD else ""
        words += f", of which would count against the unit {'; '.join(map(_named, over[:_TOLD]))}{more}"
    return (Gate(NAME, True, words),)


def over_limit(aside: Sequence[SetAsideDocument]) -> list[SetAsideDocument]:
    """Of the findings set aside those that would not conform if they counted, the largest first."""
    return sorted((f for f in aside if f.verdict is not Verdict.CONFORMS), key=lambda f: -extent_of(f))


def _named(f: SetAsideDocument) -> str:
    return f"{in_short(f, extent_of(f), f.limit_mm, f.limit_for)} (score {f.score:.3f}, counts from {f.threshold:.3f})"


def _critical(f: Finding, sheet: Sheet) -> bool:
    limits = (sheet.defect(kind, f.region) for kind in {f.kind, *f.kind_scores})
    return any(limit is not None and limit.defect_class == "critical" for limit in limits)
