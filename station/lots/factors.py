"""What may set units of a lot apart: carton, lot code, plating date, line, assembler, whatever the units file names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from station.values.names import natural_key

Codes = NDArray[np.int64]

CARTON: Final = "carton"
LEAST_LEVELS: Final = 2
_IN_ORDER = re.compile(r"(^|_)(date|day|time|shift_date|sequence|seq|order|position|run|week|cycle)(_|$)")
_NUMBER = re.compile(r"[^\d-]*(-?\d+(\.\d+)?)\D*")
Relation = Literal["same", "within", "crossed"]


@dataclass(frozen=True, slots=True)
class LotUnit:
    """A unit as the analysis of its lot sees it.

    factors : level of every factor that is known of it. defects : characteristics and finding kinds in which it does
    not conform. seen : something was measured on it; a unit that was not says nothing, unless it does not conform.
    """

    unit: str
    factors: Mapping[str, str]
    defects: frozenset[str]
    seen: bool = True


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor over the units of a lot.

    levels : names in natural order. codes : (n,) level of each unit, -1 where it is not known. scores : (levels,) of an
    ordered factor, centred nowhere; None where the levels have no order.
    """

    name: str
    levels: tuple[str, ...]
    codes: Codes
    scores: NDArray[np.float64] | None

    @property
    def sizes(self) -> Codes:
        """(levels,) units of each."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))


def factors_of(units: Sequence[LotUnit]) -> tuple[Factor, ...]:
    """Every factor with two levels or more, the carton first, then in the order in which the units name them.

    A factor that is known of fewer than half of the units, or that gives every unit a level of its own, tells nothing
    and is left out.
    """
    names = list(dict.fromkeys(name for u in units for name in u.factors))
    names.sort(key=lambda n: n != CARTON)
    found = []
    for name in names:
        known = [u.factors.get(name, "") for u in units]
        counts = Counter(v for v in known if v)
        if len(counts) < LEAST_LEVELS or max(counts.values()) < 2 or 2 * sum(counts.values()) < len(units):
            continue
        levels = tuple(sorted(counts, key=natural_key))
        code = {level: i for i, level in enumerate(levels)}
        codes = np.array([code.get(v, -1) for v in known], dtype=np.int64)
        found.append(Factor(name, levels, codes, _scores(name, levels)))
    return tuple(found)


def relation(a: Factor, b: Factor) -> Relation:
    """``same``: the two split the units alike and cannot be told apart. ``within``: every level of ``a`` lies in one
    level of ``b``, as a carton in its lot code. ``crossed``: neither."""
    both = (a.codes >= 0) & (b.codes >= 0)
    met = np.zeros((len(a.levels), len(b.levels)), dtype=np.bool_)
    met[a.codes[both], b.codes[both]] = True
    if (met.sum(axis=1) <= 1).all():
        return "same" if (met.sum(axis=0) <= 1).all() else "within"
    return "crossed"


def _scores(name: str, levels: Sequence[str]) -> NDArray[np.float64] | None:
    """Places in order: dates and times by themselves, numbers where the factor's name speaks of an order. The ranks are
    taken, so a gap between two dates weighs no more than a day."""
    if len(levels) < 3:
        return None
    days = [_day(level) for level in levels]
    if all(d is not None for d in days):
        keys: list[float] = [float(d) for d in days if d is not None]
    elif _IN_ORDER.search(name.lower()):
        numbers = [_NUMBER.fullmatch(level) for level in levels]
        if not all(numbers):
            return None
        keys = [float(m.group(1)) for m in numbers if m is not None]
    else:
        return None
    return np.searchsorted(np.unique(keys), keys).astype(np.float64)


def _day(level: str) -> int | None:
    try:
        return date.fromisoformat(level).toordinal()
    except ValueError:
        return None
