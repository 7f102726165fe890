"""The reasons of a lot's decision, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from station.values.documents import ClassDecision, ClassTally, DefectClass, PreferenceDocument, Verdict

if TYPE_CHECKING:
    from station.lots.decide import UnitOutcome


def class_reason(d: ClassDecision, stands: ClassTally) -> str:
    """What was found in a class, against which numbers, and what is still to be done."""
    c, undecided, missing = d.defect_class, d.undecided, stands.missing
    per_100 = d.plan is not None and d.plan.per_100_units
    what = "nonconformities on" if per_100 else "nonconforming of"
    name = str(c) if d.stages == 1 else f"{c}, {ordinal(d.stage)} sample"
    numbers = f"Ac {d.ac}, Re {d.re}" if d.ac >= 0 else f"none accepted yet, Re {d.re}"
    found = f"{name}: {d.nonconforming} {what} {max(d.n, stands.inspected)}, {numbers}"
    if missing:
        found = f"{name}: {d.nonconforming} {what} the {stands.inspected} inspected so far, n {d.n}, {numbers}"
    if stands.standing == "rejected":
        return found + (f"; rejected whatever the {undecided} undecided turn out to be" if undecided else "")
    if stands.standing == "accepted":
        if undecided:
            return f"{found}; accepted even if the {undecided} undecided were nonconforming"
        if d.nonconforming > d.ac:
            return f"{found}; between Ac and Re of reduced inspection: accepted, the next lot is inspected normally"
        return found
    before = 0 if d.plan is None else sum(d.plan.n[: d.stage - 1])
    fresh = d.stage > 1 and stands.inspected <= before
    needs = [f"take the {ordinal(d.stage)} sample: {missing} more" if fresh else f"inspect {missing} more"]
    needs = needs if missing else []
    needs += [f"decide {undecided} undecided"] if undecided else []
    safe = "can no longer be rejected, " if stands.standing == "cannot be rejected" and stands.settled else ""
    return f"{found}; {safe}open: {' and '.join(needs)}"


def ordinal(number: int) -> str:
    """A sample's number in words, 1 to 7."""
    return ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")[number - 1]


def beyond(c: DefectClass, rest: Sequence[UnitOutcome]) -> str:
    """How many units were inspected beyond the class's sample."""
    if not rest:
        return ""
    more = sum(c in u.nonconforming for u in rest)
    return f"; {len(rest)} inspected beyond n do not count ({more} nonconforming among them)"


def in_rank(
    decision: str, classes: Sequence[ClassDecision], units: Sequence[UnitOutcome], sample: int
) -> tuple[str, ...]:
    """The classes that decide first, then the rest; for an open lot, first what is still to be done."""
    order = {"rejected": False, "open": None}.get(decision, True)
    ranked = sorted(classes, key=lambda d: d.accepted is not order)
    reasons = [d.reason for d in ranked]
    if decision == "open" and len(units) < sample:
        more = sample - len(units)
        reasons.insert(
            0, f"{len(units)} of {sample} units inspected: {more} more {'is' if more == 1 else 'are'} needed"
        )
    return tuple(reasons)


def at_their_worst(units: Sequence[UnitOutcome], at_worst: bool) -> tuple[str, ...]:
    """That undecided units were counted as nonconforming."""
    count = sum(u.verdict is Verdict.UNDECIDED for u in units)
    if not (at_worst and count):
        return ()
    if count == 1:
        return ("1 undecided unit counts as nonconforming, as the control sheet says",)
    return (f"{count} undecided units count as nonconforming, as the control sheet says",)


def set_apart(preferences: Sequence[PreferenceDocument]) -> tuple[str, ...]:
    """That preferences were stated, in words."""
    units = len({p.unit for p in preferences})
    if not units:
        return ()
    said = "; ".join(dict.fromkeys(p.words for p in preferences))
    on = f"{units} unit" if units == 1 else f"{units} units"
    return (f"counted nowhere, as no limit of the control sheet is broken: a preference on {on} ({said})",)
