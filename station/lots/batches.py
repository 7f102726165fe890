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
from station.lots.trends import mann_kendall

Float = NDArray[np.float64]

PERMUTATIONS: Final = 999
LEAST_BATCHES: Final = 4
"""Batches from which a trend of their means is tested: of three no order is unlikely enough."""


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
    filled = np.where(np.isfinite(table), table, np.nanmean(table, axis=1, keepdims=True))
    centred = filled - filled.mean(axis=1, keepdims=True)
    n = table.shape[1]
    orders = np.stack([np.arange(n), *(rng.permutation(n) for _ in range(PERMUTATIONS))])
    least = np.full(PERMUTATIONS + 1, np.inf)
    seen = []
    for factor in factors:
        p = _f_test(centred, factor, orders)
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
    if len(places) < LEAST_BATCHES:
        return None
    found = {}
    for k, row in enumerate(table):
        means = [row[(steps == s) & np.isfinite(row)] for s in places]
        measured = [m.mean() for m in means if len(m)]
        if len(measured) >= LEAST_BATCHES:
            found[k] = mann_kendall(measured)
    if not found:
        return None
    rows = list(found)
    p = holm([found[k].p for k in rows])
    best = rows[int(p.argmin())]
    return Run(best, found[best].slope, float(p.min()))


def _f_test(values: Float, factor: Factor, orders: NDArray[np.int64]) -> Float:
    """(B, rows) p of F for each order of the units; unknown levels are a level of their own."""
    from scipy.special import fdtrc

    codes = np.where(factor.codes >= 0, factor.codes, len(factor.levels))
    used, codes = np.unique(codes, return_inverse=True)
    levels, n = len(used), values.shape[1]
    sizes = np.bincount(codes, minlength=levels)
    total = (values**2).sum(axis=1)
    dealt = orders[:, np.argsort(codes, kind="stable")]
    begins = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    between = np.stack(
        [(np.add.reduceat(row[dealt], begins, axis=1) ** 2 / sizes).sum(axis=1) for row in values], axis=1
    )
    within = np.maximum(total - between, 1e-12 * np.maximum(total, 1e-300))
    f = (between / (levels - 1)) / (within / max(n - levels, 1))
    return np.asarray(fdtrc(levels - 1, max(n - levels, 1), f))
