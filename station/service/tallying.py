"""The running tally of a lot in words and as a picture, from its document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from station.values.documents import ClassDecision, LotDocument

if TYPE_CHECKING:
    from station.report.pictures import RGB


def sentences(found: LotDocument) -> Iterator[str]:
    """Where a lot stands as a whole, what that takes or leaves to do, and what else its decision waits for."""
    left = found.sample - found.inspected
    yield f"Lot {found.lot} of {found.size}: {found.inspected} of {found.sample} units inspected, {_whole(found)}."
    tallies = [c.tally for c in found.classes if c.tally is not None]
    for c in found.classes:
        if c.stages > 1:
            yield _sample(c)
    if found.decision == "rejected":
        if left > 0 and all(t.settled for t in tallies if t.standing == "rejected"):
            yield "Nothing that is still to be inspected can change that; a stream counts it when its sample is whole."
    elif tallies and all(t.standing in ("accepted", "cannot be rejected") and t.settled for t in tallies):
        if left > 0:
            yield f"No class can be rejected any more; {_units(left)} complete the sample."
    elif tallies and all(t.to_accept is not None for t in tallies):
        good = max(t.to_accept or 0 for t in tallies)
        conforming = "unit that conforms" if good == 1 else "units that conform"
        yield f"{good} more {conforming}, and it can no longer be rejected{_in_this(found)}."
    told = {c.reason for c in found.classes}
    for reason in found.reasons:
        if reason not in told and " units inspected: " not in reason:
            yield f"Note: {reason}."
    if left > 0 and not all(t.settled for t in tallies):
        yield (
            "Note: for the smaller samples the first units in the order of their names count, so units still to come "
            f"may take the place of counted ones. A pick list fixes them: station lot draw {found.lot}."
        )


def _in_this(found: LotDocument) -> str:
    return ", nor need another sample" if any(c.stage < c.stages for c in found.classes) else ""


def _sample(c: ClassDecision) -> str:
    """Which sample a class has reached, in words."""
    missing = 0 if c.tally is None else c.tally.missing
    before = f"{c.found[-2]} were found up to the one before; " if c.stage > 1 else ""
    to_go = f", {_units(missing)} to go" if missing else ""
    return f"Class {c.defect_class}: sample {c.stage} of at most {c.stages}; {before}n {c.n}{to_go}."


def standing(c: ClassDecision) -> str:
    """Where a class stands, in words."""
    t = c.tally
    if t is None:
        return {True: "accepted", False: "rejected", None: "open"}[c.accepted]
    if t.standing == "rejected":
        return "rejected" if t.missing == 0 else "already rejected" if t.settled else "rejected so far"
    if t.standing == "accepted":
        return "accepted"
    if t.standing == "cannot be rejected":
        return f"can no longer be rejected; {_units(t.missing)} to go" if t.settled else f"{_units(t.missing)} to go"
    needs = [f"{_units(t.missing)} to go"] if t.missing else []
    needs += [f"{c.undecided} undecided to settle"] if c.undecided else []
    if t.to_reject is not None:
        what = "nonconformities" if c.plan is not None and c.plan.per_100_units else "nonconforming"
        needs.append(f"{t.to_reject} more {what} would reject it")
    return "; ".join(needs)


def _whole(found: LotDocument) -> str:
    if found.decision != "open":
        early = "already " if found.inspected < found.sample and found.decision == "rejected" else ""
        return f"{early}{found.decision}"
    return "open"


def _units(n: int) -> str:
    return f"{n} unit" if n == 1 else f"{n} units"


def tally_chart(found: LotDocument) -> RGB:
    """The count of every class over the units in the order of inspection, against Ac and Re. Raises RequestError."""
    from station.report.tally_charts import tally_picture

    return tally_picture(found)
