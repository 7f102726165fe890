"""Control charts: individuals and moving range, mean and standard deviation, EWMA, CUSUM, shares and counts.

Limits by measurements follow ISO 7870-2:2023 (Shewhart), ISO 7870-4:2021 (CUSUM) and ISO 7870-6:2016 (EWMA); the rules
are Nelson's (J. Quality Technology 16 (1984) 237-239). Charts of shares and counts have probability limits instead of
three standard deviations, since a normal approximation fails for the few units of a carton: exact binomial and Poisson
quantiles that in-control points pass at most once in 741 times on either side, as three standard deviations of a normal
do. Of the rules these charts have the first alone: counts of few units are so uneven that runs come about by
themselves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from station.errors import RequestError
from station.lots.groups import bartlett

Float = NDArray[np.float64]
Kind = Literal["i", "mr", "xbar", "s", "ewma", "cusum", "p", "u"]

LEAST_POINTS: Final = 2
TAIL: Final = 0.001349898031630095
"""Probability beyond three standard deviations of a normal distribution, on one side."""
LAMBDA: Final = 0.2
CUSUM_K: Final = 0.5
CUSUM_H: Final = 4.7749
"""Reference value and decision interval in standard deviations: an average of 370 points between false alarms, as three
standard deviations have (ISO 7870-4, the scheme for shifts of one standard deviation; Hawkins, JQT 25 (1993)
248-261)."""
D2: Final = 2 / math.sqrt(math.pi)
"""Mean range of two standard normal values."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A point, by its place, that breaks a rule: Nelson's 1 to 8, or 0 beyond the limit of EWMA or CUSUM."""

    at: int
    rule: int


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. points, lower, upper : (n,), in the unit of the values; ``lower`` is NaN where there is none. low :
    of CUSUM the lower sum, else None. sigma : of one point, (n,)."""

    kind: Kind
    points: Float
    centre: float
    lower: Float
    upper: Float
    signals: tuple[Signal, ...]
    low: Float | None = None


UNLIKE: Final = 0.01
"""Bartlett's p below which subgroups are said not to spread alike: a remark beside the chart, so it is held to a level
that one chart in a hundred reaches by chance (decision 0045)."""


def unlike_spread(groups: Sequence[ArrayLike]) -> float | None:
    """Bartlett's p where subgroups do not spread alike, else None; None too where one has no spread at all."""
    p = bartlett(groups)[1] if all(np.ptp(np.asarray(g)) > 0 for g in groups) else 1.0
    return p if p < UNLIKE else None


def moving_sigma(values: ArrayLike) -> tuple[float, float]:
    """Standard deviation of (n,) values by their mean moving range over d2, and its degrees of freedom.

    The freedom is that of a chi variable with the same relative variance, 1 / (2 freedom). Neighbouring ranges share a
    value, so their mean varies by more than that of separate ones (Cryer and Ryan, J. Quality Technology 22 (1990)
    187-192): 0.605 (n - 1) for many values.
    """
    x = _vetted(values)
    count = len(x) - 1
    alone = 2 - 4 / math.pi
    shared = 4 / math.pi * (math.sqrt(0.75) + math.pi / 12 - 1)  # covariance of |a - b| and |b - c|
    relative = (count * alone + 2 * (count - 1) * shared) / (count * D2) ** 2
    return float(np.abs(np.diff(x)).mean()) / D2, 1 / (2 * relative)


def subgroup_sigma(groups: Sequence[ArrayLike]) -> tuple[float, float]:
    """Standard deviation within subgroups of two values or more, the mean of s / c4 weighted by the degrees of freedom
    of each, and the degrees of freedom of a chi variable that varies as much: var(s / c4) is sigma^2 (1 - c4^2) / c4^2
    (ISO 22514-2:2017 estimates sigma so; Bissell, Appl. Statist. 39 (1990) 331-340)."""
    rows = _subgroups(groups)
    n = np.array([len(g) for g in rows])
    weight = (n - 1) / (n - 1).sum()
    unbiased = np.array([c4(k) for k in n])
    sigma = float((weight * np.array([g.std(ddof=1) for g in rows]) / unbiased).sum())
    relative = float((weight**2 * (1 - unbiased**2) / unbiased**2).sum())
    return sigma, 1 / (2 * relative)


def individuals(values: ArrayLike) -> tuple[Chart, Chart]:
    """Individuals (n,) in order, and their moving ranges (n - 1,); sigma is the mean moving range over d2."""
    x = _vetted(values)
    moving, (sigma, _) = np.abs(np.diff(x)), moving_sigma(x)
    return _shewhart("i", x, float(x.mean()), np.full(len(x), sigma)), _moving(moving, float(moving.mean()))


def means_and_spreads(groups: Sequence[ArrayLike]) -> tuple[Chart, Chart]:
    """Means and standard deviations of subgroups of two values or more, of any sizes.

    Sigma is that of :func:`subgroup_sigma`.
    """
    rows = _subgroups(groups)
    n = np.array([len(g) for g in rows])
    spread = np.array([g.std(ddof=1) for g in rows])
    unbiased = np.array([c4(k) for k in n])
    sigma, _ = subgroup_sigma(rows)
    centre = float(np.concatenate(rows).mean())
    means = _shewhart("xbar", np.array([g.mean() for g in rows]), centre, sigma / np.sqrt(n))
    middle = unbiased * sigma
    half = 3 * sigma * np.sqrt(1 - unbiased**2)
    lower, upper = np.maximum(middle - half, 0.0), middle + half
    signals = tuple(Signal(int(i), 1) for i in np.flatnonzero((spread > upper) | (spread < lower)))
    return means, Chart("s", spread, float(middle.mean()), lower, upper, signals)


def ewma(values: ArrayLike, target: float, sigma: float, lam: float = LAMBDA, width: float = 3.0) -> Chart:
    """Exponentially weighted moving average of (n,) values about a target, with limits that widen to their final ones.

    sigma : standard deviation of one value. lam : weight of the newest value, above 0 up to 1.
    """
    x = _vetted(values)
    points = np.empty(len(x))
    last = target
    for i, value in enumerate(x):
        last = points[i] = lam * value + (1 - lam) * last
    steps = np.arange(1, len(x) + 1)
    half = width * sigma * np.sqrt(lam / (2 - lam) * (1 - (1 - lam) ** (2 * steps)))
    out = np.flatnonzero(np.abs(points - target) > half)
    return Chart("ewma", points, target, target - half, target + half, tuple(Signal(int(i), 0) for i in out))


def cusum(values: ArrayLike, target: float, k: float, h: float) -> Chart:
    """Tabular CUSUM of (n,) values about a target. k, h : reference value and decision interval in the values' unit."""
    x = _vetted(values)
    high, low = np.empty(len(x)), np.empty(len(x))
    up = down = 0.0
    for i, value in enumerate(x):
        up = high[i] = max(0.0, up + value - target - k)
        down = low[i] = max(0.0, down + target - k - value)
    out = np.flatnonzero((high > h) | (low > h))
    bound = np.full(len(x), h)
    return Chart("cusum", high, 0.0, -bound, bound, tuple(Signal(int(i), 0) for i in out), low=-low)


def shares(marked: ArrayLike, of: ArrayLike) -> Chart:
    """p chart: (n,) shares of defective units among ``of`` units, about their pooled share."""
    from scipy.stats import binom

    x, n = np.asarray(marked, dtype=np.float64), np.asarray(of, dtype=np.float64)
    _vet_counts(x, n)
    share = float(x.sum() / n.sum())
    upper, lower = binom.isf(TAIL, n, share) / n, binom.ppf(TAIL, n, share) / n
    return _counted("p", x / n, share, lower, upper)


def counts(found: ArrayLike, of: ArrayLike) -> Chart:
    """u chart: (n,) nonconformities a unit on ``of`` units, about their pooled number."""
    from scipy.stats import poisson

    x, n = np.asarray(found, dtype=np.float64), np.asarray(of, dtype=np.float64)
    _vet_counts(x, n)
    rate = float(x.sum() / n.sum())
    upper, lower = poisson.isf(TAIL, n * rate) / n, poisson.ppf(TAIL, n * rate) / n
    return _counted("u", x / n, rate, lower, upper)


def nelson(z: ArrayLike) -> tuple[Signal, ...]:
    """Nelson's eight rules on (n,) points in standard deviations from the centre; a signal stands at the last point of
    what breaks the rule.

    1 one beyond 3; 2 nine in a row on one side; 3 six in a row up or down; 4 fourteen in a row up and down in turn;
    5 two of three beyond 2 on one side; 6 four of five beyond 1 on one side; 7 fifteen in a row within 1; 8 eight in
    a row beyond 1 on either side.
    """
    x = np.asarray(z, dtype=np.float64)
    steps = np.sign(np.diff(x))
    turns = np.concatenate([[False, False], steps[1:] * steps[:-1] < 0])
    found = [Signal(int(i), 1) for i in np.flatnonzero(np.abs(x) > 3)]
    for side in (1, -1):
        up = np.concatenate([[False], steps == side])
        found += _runs(side * x > 0, 9, 9, 2)
        found += _runs(up, 5, 5, 3)
        found += _runs(side * x > 2, 2, 3, 5)
        found += _runs(side * x > 1, 4, 5, 6)
    found += _runs(turns, 12, 12, 4)
    found += _runs(np.abs(x) < 1, 15, 15, 7)
    found += _runs(np.abs(x) > 1, 8, 8, 8)
    return tuple(sorted(found, key=lambda s: (s.at, s.rule)))


def c4(n: int) -> float:
    """Expected standard deviation of ``n`` standard normal values."""
    return math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


def _runs(hit: NDArray[np.bool_], need: int, of: int, rule: int) -> list[Signal]:
    """Places that are hits themselves and complete ``need`` hits among the last ``of``."""
    total = np.concatenate([[0], np.cumsum(hit)])
    return [
        Signal(i, rule)
        for i in range(need - 1, len(hit))
        if hit[i] and total[i + 1] - total[max(0, i + 1 - of)] >= need
    ]


def _shewhart(kind: Kind, points: Float, centre: float, sigma: Float) -> Chart:
    signals = nelson((points - centre) / sigma) if (sigma > 0).all() else ()
    return Chart(kind, points, centre, centre - 3 * sigma, centre + 3 * sigma, signals)


def _moving(moving: Float, mean: float) -> Chart:
    """Ranges of two values: D4 = 3.267, D3 = 0."""
    upper = mean * (1 + 3 * math.sqrt(1 - 2 / math.pi) / D2 * math.sqrt(2))
    out = tuple(Signal(int(i), 1) for i in np.flatnonzero(moving > upper))
    return Chart("mr", moving, mean, np.zeros(len(moving)), np.full(len(moving), upper), out)


def _counted(kind: Kind, points: Float, centre: float, lower: Float, upper: Float) -> Chart:
    signals = tuple(Signal(int(i), 1) for i in np.flatnonzero((points > upper) | (points < lower)))
    return Chart(kind, points, centre, np.where(lower > 0, lower, np.nan), upper, signals)


def _subgroups(groups: Sequence[ArrayLike]) -> list[Float]:
    rows = [np.asarray(g, dtype=np.float64) for g in groups]
    if len(rows) < LEAST_POINTS or any(len(g) < 2 for g in rows):
        raise RequestError("a chart of means needs two subgroups or more of two values or more", "Chart individuals.")
    return rows


def _vetted(values: ArrayLike) -> Float:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or len(x) < LEAST_POINTS or not np.isfinite(x).all():
        raise RequestError("a control chart needs two values or more, all of them numbers", "Inspect more units.")
    return x


def _vet_counts(x: Float, n: Float) -> None:
    if len(x) < LEAST_POINTS or (n <= 0).any():
        raise RequestError("a chart of shares needs two subgroups or more, with units in each", "Inspect more units.")
