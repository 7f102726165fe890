"""Trends and changes in a series of lot means, in the order in which the lots were made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

LEAST: Final = 5
"""Values from which a trend is tested: of four even a perfect order has p 0.083."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Mann-Kendall. s : concordant minus discordant pairs. tau : Kendall's tau-b. p : two-sided, exact where no two
    values are equal and there are at most ten, else normal with continuity and ties. slope : Theil-Sen, per step,
    between low and high (95 %)."""

    s: int
    tau: float
    p: float
    slope: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Change:
    """A change of level after the first ``at`` values. statistic : Pettitt's K. p : its approximate two-sided p."""

    at: int
    statistic: int
    p: float


def mann_kendall(values: ArrayLike) -> Trend:
    """Trend of (n,) values, n >= 2, one step apart (Mann, Econometrica 13 (1945) 245-259; Kendall 1975; Sen, JASA 63
    (1968) 1379-1389)."""
    from scipy.special import ndtr, ndtri

    x = np.asarray(values, dtype=np.float64)
    n = len(x)
    i, j = np.triu_indices(n, 1)
    signs = np.sign(x[j] - x[i])
    s = int(signs.sum())
    ties = np.unique(x, return_counts=True)[1].astype(np.float64)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    pairs = n * (n - 1) / 2
    untied = pairs - float((ties * (ties - 1) / 2).sum())
    tau = s / math.sqrt(pairs * untied) if untied > 0 else 0.0
    if n <= _EXACT and len(ties) == n:
        p = _exact_p(n, s)
    else:
        p = 1.0 if variance == 0 or s == 0 else min(1.0, 2 * float(ndtr(-(abs(s) - 1) / math.sqrt(variance))))
    slopes = np.sort((x[j] - x[i]) / (j - i))
    half = float(ndtri(0.975)) * math.sqrt(variance)
    last = len(slopes) - 1
    low, high = (slopes[min(last, max(0, round(k)))] for k in ((pairs - half) / 2 - 1, (pairs + half) / 2))
    return Trend(s, tau, p, float(np.median(slopes)), float(low), float(high))


def pettitt(values: ArrayLike) -> Change:
    """The likeliest change of level of (n,) values, n >= 2 (Pettitt, Appl. Statist. 28 (1979) 126-135)."""
    from scipy.stats import rankdata

    x = np.asarray(values, dtype=np.float64)
    n = len(x)
    u = 2 * np.cumsum(rankdata(x))[:-1] - np.arange(1, n) * (n + 1)
    at = int(np.abs(u).argmax())
    k = float(abs(u[at]))
    return Change(at + 1, round(k), min(1.0, 2 * math.exp(-6 * k**2 / (n**3 + n**2))))


_EXACT = 10


def _exact_p(n: int, s: int) -> float:
    """Two-sided p of Kendall's S of ``n`` untied values, by the number of permutations with so many inversions."""
    counts = np.ones(1)
    for k in range(2, n + 1):
        counts = np.convolve(counts, np.ones(k))
    inversions = np.arange(len(counts))
    scores = n * (n - 1) // 2 - 2 * inversions
    return float(counts[np.abs(scores) >= abs(s)].sum() / counts.sum())
