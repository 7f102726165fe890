"""Measured values between batches: do they differ more than within, do they run along the order of the batches?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.factors import Factor
from station.lots.groups import OneWay, one_way
from station.lots.multiplicity import holm
from station.lots.trends import LEAST, mann_kendall

Float = NDArray[np.float64]

PERMUTATIONS: Final = 999


@dataclass(frozen=True, slots=True)
class Between:
    """One characteristic, the ``row`` of the table, over one factor. p_family : of the analysis of variance's F,
    family-wise over all characteristics and factors, by permutation."""

    row: int
    factor: str
    spread: OneWay
    p_family: float


@dataclass(frozen=True, slots=True)
class Run:
    """A trend of batch means along their order. slope : a step. p : Mann-Kendall, Holm over the characteristics."""

    row: int
    slope: float
    p: float


def differences_between(table: Float, factors: Sequence[Factor], rng: np.random.Generator) -> list[Between]:
    """Every characteristic of (rows, n) values over every factor; NaN where a value is missing.

    Units are dealt to other levels with all their values together, and the largest share of the variance that a factor
    explains, in terms of F's own p, is compared (Westfall and Young 1993).
    """
    n = table.shape[1]
    orders = np.stack([np.arange(n), *(rng.permutation(n) for _ in range(PERMUTATIONS))])
    least = np.full(PERMUTATIONS + 1, np.inf)
    seen = []
    for factor in factors:
        p = _f_test(table, factor, orders)
        seen.append(p[0])
        least = np.minimum(least, p.min(axis=1))
    out = []
    for f, factor in enumerate(factors):
        for row in range(len(table)):
            known = np.isfinite(table[row]) & (factor.codes >= 0)
            groups = [table[row][known & (factor.codes == k)] for k in range(len(factor.levels))]
            groups = [g for g in groups if len(g)]
            if len(groups) < 2 or sum(map(len, groups)) <= len(groups):
                continue
            family = float((least <= seen[f][row] * (1 + 1e-9)).mean())
            out.append(Between(row, factor.name, one_way(groups), family))
    return out


def trend_over(table: Float, factor: Factor) -> Run | None:
    """The clearest trend of the level means of (rows, n) values along an ordered factor; None with too few levels."""
    if factor.scores is None:
        return None
    steps = np.where(factor.codes >= 0, factor.scores[factor.codes], -1)
    places = np.unique(steps[steps >= 0])
    if len(places) < LEAST:
        return None
    found = {}
    for k, row in enumerate(table):
        means = [row[(steps == s) & np.isfinite(row)] for s in places]
        measured = [m.mean() for m in means if len(m)]
        if len(measured) >= LEAST:
            found[k] = mann_kendall(measured)
    if not found:
        return None
    rows = list(found)
    p = holm([found[k].p for k in rows])
    best = rows[int(p.argmin())]
    return Run(best, found[best].slope, float(p.min()))


def _f_test(table: Float, factor: Factor, orders: NDArray[np.int64]) -> Float:
    """(B, rows) p of F for each order of the units, 1 where an order leaves nothing to compare.

    A missing value goes with its unit and counts in no level; units of an unknown level count in none either.
    """
    from scipy.special import fdtrc

    place = np.argsort(factor.codes, kind="stable")[int((factor.codes < 0).sum()) :]
    begins = np.searchsorted(factor.codes[place], np.arange(len(factor.levels)))
    known = np.isfinite(table)
    values = np.where(known, table - np.nanmean(table, axis=1, keepdims=True), 0.0)
    dealt = orders[:, place]
    out = np.ones((len(orders), len(table)))
    for row in range(len(table)):
        x, there = values[row][dealt], known[row][dealt].astype(np.float64)
        sums, sizes = np.add.reduceat(x, begins, axis=1), np.add.reduceat(there, begins, axis=1)
        n, levels = sizes.sum(axis=1), (sizes > 0).sum(axis=1)
        base = sums.sum(axis=1) ** 2 / np.maximum(n, 1)
        between = (sums**2 / np.maximum(sizes, 1)).sum(axis=1) - base
        total = (x**2).sum(axis=1) - base
        within = np.maximum(total - between, 1e-12 * np.maximum(total, 1e-300))
        told = (levels > 1) & (n > levels)
        one, other = np.maximum(levels - 1, 1), np.maximum(n - levels, 1)
        out[:, row] = np.where(told, fdtrc(one, other, (between / one) / (within / other)), 1.0)
    return out
