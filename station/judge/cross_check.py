"""Two defect models on one unit: where one finds a defect over its limit and the other none, the reviewer is told.

The reference difference knows nothing but the golden, a network has learned what defects look like: they err in
different ways, so that a place where they disagree is worth a look. The verdict is the chosen model's, but for kinds
that it is known to miss: there its silence does not make a unit conform.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from station.judge import wording
from station.judge.finding_rules import HARMLESS, NOT_OF_A_MODEL, UNLISTED_SIZE_MM, extent_of
from station.values.documents import DisagreementDocument, FindingDocument, Verdict
from station.values.line import Gate

NAME = "cross-check"
"""Of the remark in a unit's gates; it blocks nothing."""

_NEAR_MM = 0.15  # between the outlines of two findings of one place: two models draw a rim differently
_TOLD = 5  # places that a remark names

Float = NDArray[np.float64]


def cross_check(
    found: Sequence[FindingDocument], reference: Sequence[FindingDocument], *, model: str, reference_model: str
) -> tuple[DisagreementDocument, ...]:
    """The places that one of two models finds over the limit and the other does not, the farthest over first.

    found : the unit's findings, judged, by the model of that name; areas of another colour among them are nobody's and
    account for what the reference sees there. reference : those of the reference model on the same picture.
    """
    rows = [(f, True, reference) for f in found if f.kind not in NOT_OF_A_MODEL]
    rows += [(f, False, found) for f in reference]
    numbers = {id(f): number for number, f in enumerate(found, 1)}
    places = []
    for finding, own, others in sorted(rows, key=lambda row: (-_times(row[0]), row[0].x_mm, row[0].y_mm)):
        near = [f for f in others if _same_place(finding, f)] if _is_over(finding) else []
        if not _is_over(finding) or any(_may_be_over(f) for f in near):
            continue
        instead = max(near, key=extent_of, default=None)
        one, other = (model, reference_model) if own else (reference_model, model)
        mine, plain = (finding, instead) if own else (instead, finding)
        places.append(
            DisagreementDocument(
                number=None if mine is None else numbers[id(mine)],
                over="model" if own else "reference",
                reference=plain,
                words=f"{one} finds a {_in_words(finding)}, {other} {_instead(instead)}",
            )
        )
    return tuple(places)


def cross_check_remark(places: Sequence[DisagreementDocument]) -> tuple[Gate, ...]:
    """The remark on such places, the first few in words; none where the models agree."""
    if not places:
        return ()
    more = [f"and {len(places) - _TOLD} more"] if len(places) > _TOLD else []
    return (Gate(NAME, True, "; ".join([*(p.words for p in places[:_TOLD]), *more])),)


def doubts(places: Sequence[DisagreementDocument], seldom: Collection[str], *, model: str) -> dict[str, str]:
    """Why a unit that conforms by the chosen model is left to a person, by the words of the place: what only the
    reference model finds over the limit, of a kind that the chosen one is known to miss. seldom : such kinds."""
    return {
        p.words: f"{p.words}: {model} seldom finds a {p.reference.kind}, a person decides"
        for p in places
        if p.over == "reference" and p.reference is not None and p.reference.kind in seldom
    }


def _times(f: FindingDocument) -> float:
    """Extent as a multiple of the limit."""
    return extent_of(f) / (f.limit_mm or UNLISTED_SIZE_MM)


def _is_over(f: FindingDocument) -> bool:
    """Whether a finding counts, by its value: over its limit, or of no limit and for a person to decide."""
    if f.limit_mm is not None:
        return extent_of(f) > f.limit_mm
    return f.verdict is not Verdict.CONFORMS


def _may_be_over(f: FindingDocument) -> bool:
    """Whether it may count, its uncertainty considered."""
    if f.limit_mm is not None:
        return extent_of(f) + f.u_mm > f.limit_mm
    return f.kind not in HARMLESS and f.verdict is not Verdict.CONFORMS


def _in_words(f: FindingDocument) -> str:
    return wording.finding(f, extent_of(f), f.limit_mm, f.limit_for)


def _instead(largest: FindingDocument | None) -> str:
    """What the other model makes of the place."""
    return "nothing there" if largest is None else f"a {largest.kind} of {extent_of(largest):.2f} mm"


def _same_place(a: FindingDocument, b: FindingDocument) -> bool:
    first, second = (_outline(f) for f in (a, b))
    reach = _NEAR_MM + 1e-9
    if (first.min(axis=0) > second.max(axis=0) + reach).any() or (second.min(axis=0) > first.max(axis=0) + reach).any():
        return False
    return bool(_distance(first, second) <= reach or _encloses(first, second[0]) or _encloses(second, first[0]))


def _outline(f: FindingDocument) -> Float:
    return np.asarray(f.polygon_mm or ((f.x_mm, f.y_mm),), dtype=np.float64)


def _distance(a: Float, b: Float) -> float:
    """Least distance between two outlines that do not cross far between their corners."""
    return min(_to_sides(a, b), _to_sides(b, a))


def _to_sides(points: Float, outline: Float) -> float:
    """Least distance from points (n, 2) to the sides of a closed outline (m, 2)."""
    start, side = outline, np.roll(outline, -1, axis=0) - outline
    length = np.maximum((side**2).sum(axis=1), 1e-18)
    off = points[:, None] - start
    foot = np.clip((off * side).sum(axis=2) / length, 0, 1)
    return float(np.hypot(*np.moveaxis(off - foot[..., None] * side, 2, 0)).min())


def _encloses(outline: Float, point: Float) -> bool:
    """Whether a point lies in a closed outline, by the parity of crossings to its right."""
    x, y = outline.T
    x2, y2 = np.roll(outline, -1, axis=0).T
    crosses = (y > point[1]) != (y2 > point[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x + (point[1] - y) / (y2 - y) * (x2 - x)
    return bool(np.count_nonzero(crosses & (at > point[0])) % 2)
