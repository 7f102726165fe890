"""The running tally of a class while a lot is inspected: which units count, and whether more of them can change it.

- With a pick list the sample of a class is the first n of its units in the order that the list's seed gives, whichever
  of them were inspected; units that are not on the list fill in for those that are missing. Without one it is the first
  n of the units in the order given.
- Rejected is a class from its rejection number on, however many units are still to come. It can no longer be rejected
  where that number stays out of reach even if all that are missing or undecided were nonconforming: curtailed
  inspection, Schilling and Neubauer, Acceptance Sampling in Quality Control. A decision takes the whole sample all the
  same, so that process averages and switching rules rest on samples of one size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from station.values.documents import ClassTally

Standing = Literal["rejected", "accepted", "cannot be rejected", "open"]


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


def tally(
    *,
    n: int,
    re: int,
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
    nonconforming, undecided
        Units among those inspected (nonconformities where the plan counts ``per_100`` units: of a unit that is not
        inspected or undecided nobody knows how many it has, so nothing is out of reach before the end).
    found_at, undecided_at
        Places, from 1, in the order of inspection; see :class:`station.values.documents.ClassTally`.
    """
    missing = max(0, n - inspected)
    worst = nonconforming + undecided + missing
    safe = missing == undecided == 0 if per_100 else worst < re
    to_accept: int | None
    standing: Standing
    if nonconforming >= re:
        standing, to_accept, to_reject = "rejected", None, 0
    elif safe:
        standing, to_accept, to_reject = ("cannot be rejected" if missing else "accepted"), 0, None
    else:
        needed = missing if per_100 else worst - re + 1
        standing, to_reject = "open", re - nonconforming
        to_accept = None if needed > missing or (per_100 and undecided) else needed
    return ClassTally(
        inspected=inspected, missing=missing, standing=standing, to_accept=to_accept, to_reject=to_reject,
        settled=settled, found_at=tuple(found_at), undecided_at=tuple(undecided_at),
    )  # fmt: skip
