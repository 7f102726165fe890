"""Matched sets: how far the parts of one set lie apart in colour, pair by pair.

Pairs share their parts: n parts make n (n - 1) / 2 pairs, and the widest of them is wider by chance alone the more
there are. Conformity of a set says that *every* pair is within the limit, so each pair's own interval is enough;
nonconformity says that *some* pair is beyond it, so its interval is widened for the number of pairs that were looked at
(Sidak, "Rectangular confidence regions for the means of multivariate normal distributions", JASA 62 (1967) 626-633).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

_TWO_SIGMA = math.erf(math.sqrt(2))
"""Coverage of k = 2."""


@dataclass(frozen=True, slots=True)
class PairDifference:
    """CIEDE2000 between two parts of a set, by name, and its standard uncertainty (k = 1).

    u_none : the same of no difference at all; no limit below twice of it can be supported.
    """

    a: str
    b: str
    value: float
    u: float
    u_none: float = 0.0


def coverage_factor(pairs: int) -> float:
    """k by which the widest of so many pairs is beyond a limit as surely as one pair is with k = 2; 2 for one pair."""
    if pairs < 1:
        raise ValueError("a set has at least one pair")
    return NormalDist().inv_cdf((1 + _TWO_SIGMA ** (1 / pairs)) / 2)


def worst_pair(pairs: Sequence[PairDifference]) -> PairDifference:
    """The pair that lies furthest apart; of equals the first."""
    return max(pairs, key=lambda p: p.value)


def odd_one(pairs: Sequence[PairDifference]) -> str:
    """The part that the others agree against: all pairs without it are within half of the widest. Empty where none is,
    and in a set of two, where nobody can tell."""
    names = sorted({p.a for p in pairs} | {p.b for p in pairs})
    widest = worst_pair(pairs)
    if len(names) < 3:
        return ""
    for name in (widest.a, widest.b):
        rest = [p.value for p in pairs if name not in (p.a, p.b)]
        own = [p.value for p in pairs if name in (p.a, p.b)]
        if rest and max(rest) <= widest.value / 2 and min(own) > max(rest):
            return name
    return ""
