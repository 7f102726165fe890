"""Values in groups: whether the groups differ, how much of the spread lies between them, and whether a mean is the
master's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OneWay:
    """One-way analysis of variance. between, within : standard deviations of the components, in the unit of the values
    (``between`` 0 where the groups differ less than chance). icc : share of the variance that lies between groups."""

    f: float
    p: float
    between: float
    within: float
    icc: float


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean with its two-sided 95 % interval. ``sd`` of single values, n - 1. p : of this mean, were it
    ``against``."""

    n: int
    mean: float
    sd: float
    low: float
    high: float
    p: float


def one_way(groups: Sequence[ArrayLike]) -> OneWay:
    """Analysis of variance of groups with two values in one of them at least."""
    from scipy.special import fdtrc

    rows = [np.asarray(g, dtype=np.float64) for g in groups if len(np.asarray(g))]
    sizes = np.array([len(g) for g in rows], dtype=np.float64)
    means = np.array([g.mean() for g in rows])
    n, k = sizes.sum(), len(rows)
    whole = float((sizes * means).sum() / n)
    between = float((sizes * (means - whole) ** 2).sum()) / (k - 1)
    within = float(sum(((g - m) ** 2).sum() for g, m in zip(rows, means, strict=True))) / (n - k)
    typical = (n - float((sizes**2).sum()) / n) / (k - 1)
    component = max(0.0, (between - within) / typical)
    if within == 0:
        return OneWay(math.inf if between > 0 else 0.0, 0.0 if between > 0 else 1.0, math.sqrt(component), 0.0, 1.0)
    f = between / within
    return OneWay(
        f, float(fdtrc(k - 1, n - k, f)), math.sqrt(component), math.sqrt(within), component / (component + within)
    )


def levene(groups: Sequence[ArrayLike]) -> OneWay:
    """Whether groups spread alike: analysis of variance of the distances from each group's median (Brown and
    Forsythe, JASA 69 (1974) 364-367)."""
    rows = [np.asarray(g, dtype=np.float64) for g in groups]
    return one_way([np.abs(g - np.median(g)) for g in rows])


def bartlett(groups: Sequence[ArrayLike]) -> tuple[float, float]:
    """Statistic and p of Bartlett's test that normal groups of two values and more spread alike (Proc. R. Soc. Lond.
    A 160 (1937) 268-282). Infinite where a group does not spread at all."""
    from scipy.special import chdtrc

    rows = [np.asarray(g, dtype=np.float64) for g in groups]
    freedom = np.array([len(g) - 1 for g in rows], dtype=np.float64)
    variance = np.array([g.var(ddof=1) for g in rows])
    if (variance == 0).any():
        return math.inf, 0.0
    total = freedom.sum()
    pooled = float((freedom * variance).sum() / total)
    scale = 1 + (float((1 / freedom).sum()) - 1 / total) / (3 * (len(rows) - 1))
    statistic = (total * math.log(pooled) - float((freedom * np.log(variance)).sum())) / scale
    return statistic, float(chdtrc(len(rows) - 1, statistic))


def mean_against(values: ArrayLike, against: float = 0.0) -> Mean:
    """The mean of (n,) values, n >= 2, and Student's test of it against a known value."""
    from scipy.special import stdtr, stdtrit

    x = np.asarray(values, dtype=np.float64)
    n, mean, sd = len(x), float(x.mean()), float(x.std(ddof=1))
    error = sd / math.sqrt(n)
    half = float(stdtrit(n - 1, 0.975)) * error
    away = abs(mean - against)
    p = (0.0 if away > 0 else 1.0) if error == 0 else 2 * float(stdtr(n - 1, -away / error))
    return Mean(n, mean, sd, mean - half, mean + half, p)


def equivalent(values: ArrayLike, margin: float, systematic: float = 0.0) -> float:
    """p of two one-sided tests that the mean of (n,) values lies beyond -margin or +margin (Schuirmann, J.
    Pharmacokinet. Biopharm. 15 (1987) 657-680): small where it is equivalent to 0.

    systematic : standard uncertainty that all values share, such as the golden's own; it does not average out and joins
    the error of the mean.
    """
    from scipy.special import stdtr

    mean, error, freedom = _with_shared(values, systematic)
    if error == 0:
        return 0.0 if mean < margin else 1.0
    return float(stdtr(freedom, -(margin - mean) / error))


def beyond(values: ArrayLike, margin: float, systematic: float = 0.0) -> float:
    """p of a mean of (n,) values as far out as this, were the true one at -margin or +margin: small where it surely
    lies beyond them. With a margin of 0 it is Student's test of the mean. systematic : see :func:`equivalent`."""
    from scipy.special import stdtr

    mean, error, freedom = _with_shared(values, systematic)
    if error == 0:
        return 0.0 if mean > margin else 1.0
    near, far = stdtr(freedom, (margin - mean) / error), stdtr(freedom, (-margin - mean) / error)
    return min(1.0, float(near + far))


def _with_shared(values: ArrayLike, systematic: float) -> tuple[float, float, int]:
    """The distance of the mean of (n,) values from 0, its standard error with what all values share, and its degrees of
    freedom."""
    x = np.asarray(values, dtype=np.float64)
    error = math.hypot(float(x.std(ddof=1)) / math.sqrt(len(x)), systematic)
    return abs(float(x.mean())), error, len(x) - 1
