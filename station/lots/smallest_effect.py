"""The smallest cluster that a sample could have shown: without it "no cluster was found" says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.contingency import upper_mid
from station.lots.factors import Factor
from station.lots.oc import counts
from station.lots.permutation import KINDS, LEVEL, deal, ranked

Float = NDArray[np.float64]

POWER: Final = 0.8
_RATES: Final = np.linspace(0.02, 1.0, 99)
_PERMUTATIONS: Final = 999
_TAIL = 1e-7


def halfway(base: float) -> float:
    """Share of a level in which half of the units that are good elsewhere are defective: what a sample must be able to
    show before it may say that there is no cluster."""
    return base + 0.5 * (1 - base)


def critical_p(
    n: int, base: float, factors: Sequence[Factor], alpha: float, rng: np.random.Generator
) -> tuple[float, ...]:
    """For each factor the one-sided mid-p of a level below which it is a cluster at the family-wise level ``alpha``,
    were one level of it :func:`halfway` and all others at ``base``; 0 where no level could be."""
    groups = [f.sizes for f in factors if not f.single]
    if not groups:
        return (0.0,) * len(factors)
    size = round(float(np.median(np.concatenate(groups))))
    total = min(n - 1, max(2, round(n * base + size * (halfway(base) - base))))
    defective = np.zeros((n, 1), dtype=np.bool_)
    defective[:total] = True
    deals = deal(defective, factors, _PERMUTATIONS, rng)
    flat = deals.dealt.reshape(_PERMUTATIONS, -1)
    each = ranked(deals.observed.reshape(-1), flat)[0][1:]
    bound = float(np.quantile(each.min(axis=1), alpha, method="lower"))
    out = []
    for f in range(len(factors)):
        column = f * KINDS + LEVEL
        called = each[:, column] <= bound
        out.append(float(-flat[called, column].min()) if called.any() else 0.0)
    return tuple(out)


def smallest_rate(n: int, size: int, base: float, critical: float) -> float | None:
    """Smallest share of defective units in one level of ``size`` of ``n`` units that falls below the ``critical`` mid-p
    with probability :data:`POWER`, all other units being defective with probability ``base``; None where none does."""
    rates = _RATES[base < _RATES]
    powers = power(n, size, base, rates, critical)
    enough = np.flatnonzero(powers >= POWER)
    return float(rates[enough[0]]) if len(enough) else None


def power(n: int, size: int, base: float, rates: Float, critical: float) -> Float:
    """(R,) probability that a level of ``size`` units with share ``rates`` (R,) falls below the ``critical`` mid-p."""
    rest = counts(n - size, base, n - size, nonconformities=False)[0]
    worth = np.flatnonzero(rest > _TAIL)
    low, high = int(worth[0]), int(worth[-1])
    totals = np.arange(low, high + size + 1)
    mid = _upper_mids(n, totals, size)
    x = np.arange(size + 1)[:, None]
    called = mid[x + worth[None, :] - low, x] <= critical
    return np.asarray(counts(size, rates, size, nonconformities=False) @ (called @ rest[worth]))


def _upper_mids(of: int, marked: NDArray[np.int_], drawn: int) -> Float:
    """(T, drawn + 1) one-sided mid-p of 0 ... ``drawn`` marked units among ``drawn`` of ``of``, by how many are marked
    in all, ``marked`` (T,)."""
    from scipy.special import gammaln

    factorial = gammaln(np.arange(of + 1) + 1.0)
    k, total = np.arange(drawn + 1)[None, :], marked[:, None]
    possible = (k <= total) & (drawn - k <= of - total)
    a, b = np.where(possible, k, 0), np.where(possible, drawn - k, 0)
    one, other = np.where(possible, total, 0), np.where(possible, of - total, 0)
    log = factorial[one] - factorial[a] - factorial[one - a] + factorial[other] - factorial[b] - factorial[other - b]
    probability = np.where(possible, np.exp(log - (factorial[of] - factorial[drawn] - factorial[of - drawn])), 0.0)
    return upper_mid(probability)
