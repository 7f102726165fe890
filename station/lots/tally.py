"""The running tally of a class while a lot is inspected: which units count, and whether more of them can change it.

- With a pick list the sample of a class is the first n of its units in the order that the list's seed gives, whichever
  of them were inspected; units that are not on the list fill in for those that are missing. Without one it is the first
  n of the units in the order given.
- Of a double or multiple plan the next sample is taken where the count at the end of one surely lies between its
  acceptance and rejection numbers, whatever the missing and undecided units turn out to be.
- Rejected is a class from its rejection number on, however many units are still to come. It can no longer be rejected
  where that number stays out of reach even if all that are missing or undecided were nonconforming: curtailed
  inspection, Schilling and Neubauer, Acceptance Sampling in Quality Control. A decision takes the whole sample all the
  same, so that process averages and switching rules rest on samples of one size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from station.values.documents import ClassTally

ClassStanding = Literal["rejected", "accepted", "cannot be rejected", "open"]


class Named(Protocol):
    """Whatever has the name of a unit."""

    @property
    def unit(self) -> str:
        """The unit's name."""
        ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Sample(Generic[T]):
    """counted : the units of a class's sample that were inspected. rest : the others. settled : no unit that is still
    to come can take the place of one that is counted."""

    counted: tuple[T, ...]
    rest: tuple[T, ...]
    settled: bool


def sample_of(units: Sequence[T], n: int, largest: int, drawn: Sequence[str] = ()) -> Sample[T]:
    """The sample of a class.

    units : inspected, in their order. n : its size. largest : that of the class with the largest sample. drawn : the
    pick list's units in the order that its seed gives.
    """
    if not drawn:
        complete = len(units) >= largest
        return Sample(tuple(units[:n]), tuple(units[n:]), complete or (n >= largest and len(units) <= n))
    own, listed = set(drawn[:n]), set(drawn)
    first = [u for u in units if u.unit in own]
    others = [u for u in units if u.unit not in listed]
    filling = others[: max(0, n - len(first))]
    counted = (*first, *filling)
    names = {u.unit for u in counted}
    rest = tuple(u for u in units if u.unit not in names)
    return Sample(counted, rest, not filling or (len(first) == len(own) and len(filling) == len(others)))


def stage_reached(
    ends: Sequence[int],
    ac: Sequence[int],
    re: Sequence[int],
    counts: Callable[[int], tuple[int, int, int]],
    *,
    per_100: bool = False,
) -> int:
    """The sample of a double or multiple plan that a class has reached, from 0; that of a single plan is always 0.

    Parameters
    ----------
    ends, ac, re
        Of each sample the units up to its end and its cumulative numbers, ``ac`` -1 where it cannot accept.
    counts
        Of the first so many units of the class: inspected, nonconforming and undecided ones.
    per_100
        See :func:`tally`.
    """
    for stage, (end, accept, reject) in enumerate(zip(ends[:-1], ac, re, strict=False)):
        inspected, found, undecided = counts(end)
        open_ = end - inspected + undecided
        if not accept < found < reject or (open_ > 0 if per_100 else found + open_ >= reject):
            return stage
    return len(ends) - 1


def tally(
    *,
    n: int,
    re: int,
    limit: int | None = None,
    inspected: int,
    nonconforming: int,
    undecided: int,
    per_100: bool = False,
    settled: bool = True,
    found_at: Sequence[int] = (),
    undecided_at: Sequence[int] = (),
) -> ClassTally:
    """Where a class stands after ``inspected`` units of its sample.

    Parameters
    ----------
    limit
        Counts below it are accepted at the end of the ``n``: Re where it is not given, Ac + 1 of a sample that another
        may follow.
    nonconforming, undecided
        Units among those inspected (nonconformities where the plan counts ``per_100`` units: of a unit that is not
        inspected or undecided nobody knows how many it has, so nothing is out of reach before the end).
    found_at, undecided_at
        Places, from 1, in the order of inspection; see :class:`station.values.documents.ClassTally`.
    """
    limit = re if limit is None else limit
    missing = max(0, n - inspected)
    worst = nonconforming + undecided + missing
    safe = missing == undecided == 0 and nonconforming < limit if per_100 else worst < limit
    to_accept: int | None
    standing: ClassStanding
    if nonconforming >= re:
        standing, to_accept, to_reject = "rejected", None, 0
    elif safe:
        standing, to_accept, to_reject = ("cannot be rejected" if missing else "accepted"), 0, None
    else:
        needed = missing if per_100 else worst - limit + 1
        standing, to_reject = "open", re - nonconforming
        to_accept = None if needed > missing or (per_100 and (undecided or nonconforming >= limit)) else needed
    return ClassTally(
        inspected=inspected, missing=missing, standing=standing, to_accept=to_accept, to_reject=to_reject,
        settled=settled, found_at=tuple(found_at), undecided_at=tuple(undecided_at),
    )  # fmt: skip
