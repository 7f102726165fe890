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

from station.lots.draw import THIRDS
from station.values.names import natural_key

Codes = NDArray[np.int64]

CARTON: Final = "carton"
THIRD: Final = "third"
"""The factor of a drawn unit that says where in the pack order of its lot it lay."""
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
    ordered factor, from 0; None where the levels have no order.
    """

    name: str
    levels: tuple[str, ...]
    codes: Codes
    scores: NDArray[np.float64] | None

    @property
    def sizes(self) -> Codes:
        """(levels,) units of each."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))

    @property
    def single(self) -> bool:
        """Whether every unit has a level of its own, as a place in the pack sequence: it has an order and no groups."""
        return bool(self.sizes.max(initial=0) < 2)


def factors_of(units: Sequence[LotUnit]) -> tuple[Factor, ...]:
    """Every factor with two levels or more, the carton first, then in the order in which the units name them.

    What :func:`telling_nothing` names is left out.
    """
    nothing = telling_nothing(units)
    found = []
    for name in _names(units):
        if name in nothing:
            continue
        known = [u.factors.get(name, "") for u in units]
        levels = tuple(sorted({v for v in known if v}, key=natural_key))
        code = {level: i for i, level in enumerate(levels)}
        codes = np.array([code.get(v, -1) for v in known], dtype=np.int64)
        found.append(Factor(name, levels, codes, _scores(name, levels)))
    return tuple(found)


def telling_nothing(units: Sequence[LotUnit]) -> dict[str, str]:
    """The factors that tell nothing of these units, each with the reason: one level, known of fewer than half of the
    units, or a level of its own for every unit without an order."""
    out = {}
    for name in _names(units):
        counts = Counter(v for u in units if (v := u.factors.get(name, "")))
        if len(counts) < LEAST_LEVELS:
            out[name] = "the same for all"
        elif 2 * sum(counts.values()) < len(units):
            out[name] = f"known of {sum(counts.values())} of {len(units)} units"
        elif max(counts.values()) < 2 and _scores(name, tuple(counts)) is None:
            out[name] = "another for every unit, in no order"
    return out


def _names(units: Sequence[LotUnit]) -> list[str]:
    names = list(dict.fromkeys(name for u in units for name in u.factors))
    return sorted(names, key=lambda n: n != CARTON)


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
    if set(levels) <= set(THIRDS):
        return np.array([float(THIRDS.index(level)) for level in levels])
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
