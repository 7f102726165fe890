"""A unit as it stands: what the photo said, and what was measured by hand and entered."""

from __future__ import annotations

from collections.abc import Sequence

from station.values.digest import digest
from station.values.documents import MeasurementDocument, UnitDocument, Verdict

_SIZES = ("size", "border", "position")


def with_entered(document: UnitDocument, entered: Sequence[MeasurementDocument]) -> UnitDocument:
    """The unit's document with entered values, each judged already, its verdict and its digest made anew.

    An entered value of a size counts for that size: where the photo could not measure it or left it undecided, the
    entered value decides. What the photo found beyond a limit stays so, whatever was entered: a person has to settle
    the contradiction. A failed gate that stands before a size that was entered still stands before the others.
    """
    if not entered:
        return document
    by_name = {e.characteristic.partition(":")[2]: e for e in entered}
    dropped = {f"{kind}:{name} was not measured" for name in by_name for kind in _SIZES}
    measurements = []
    for m in document.measurements:
        found = by_name.get(m.characteristic.partition(":")[2])
        if found is not None and m.kind in _SIZES and m.verdict is Verdict.UNDECIDED:
            dropped.add(m.reason)
            m = m.model_copy(update={"verdict": found.verdict, "reason": f"decided by {found.characteristic}"})
        measurements.append(m)
    others = {m.reason for m in measurements if m.verdict is not Verdict.CONFORMS}
    said = [r for r in document.reasons if r not in dropped or r in others]
    wrong = [e.reason for e in entered if e.verdict is Verdict.NONCONFORMS]
    open_ = [e.reason for e in entered if e.verdict is Verdict.UNDECIDED]
    reasons = tuple(dict.fromkeys([*wrong, *said, *open_]))
    nonconforming = bool(wrong) or document.verdict is Verdict.NONCONFORMS
    verdict = Verdict.NONCONFORMS if nonconforming else Verdict.UNDECIDED if reasons else Verdict.CONFORMS
    changed = document.model_copy(
        update={"measurements": (*measurements, *entered), "reasons": reasons, "verdict": verdict}
    )
    content = changed.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return changed.model_copy(update={"digest": digest(content)})
