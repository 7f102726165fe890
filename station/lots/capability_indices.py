"""Cp, Cpk, Pp and Ppk with intervals: how a process lies within its limits (ISO 22514-2:2017; Kotz and Johnson 1993).

Cp and Cpk take the spread within subgroups or from unit to unit, Pp and Ppk that of all values. They say something of a
process only while its chart shows no signal, and of normal values; neither is hidden in the number, so both are said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

CONFIDENCE: Final = 0.95
LEAST_VALUES: Final = 10
"""Values from which an index is stated: of fewer the interval is wider than the index."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index between low and high (95 %); None where the limits do not allow it: Cp with one limit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Indices:
    """sigma_within, sigma_overall : standard deviations in the unit of the values."""

    cp: Index | None
    cpk: Index | None
    pp: Index | None
    ppk: Index | None
    sigma_within: float
    sigma_overall: float


def indices(
    values: ArrayLike, sigma_within: float, freedom_within: float, lower: float | None, upper: float | None
) -> Indices:
    """The indices of (n,) values within their limits. freedom_within : degrees of freedom of ``sigma_within``.

    All are None with fewer than ``LEAST_VALUES`` values, without a limit, or without spread.
    """
    x = np.asarray(values, dtype=np.float64)
    overall = float(x.std(ddof=1)) if len(x) > 1 else 0.0
    n, mean = len(x), float(x.mean())
    if n < LEAST_VALUES or (lower is None and upper is None) or min(overall, sigma_within) <= 0:
        return Indices(None, None, None, None, sigma_within, overall)
    cp = pp = None
    if lower is not None and upper is not None:
        cp = _spread((upper - lower) / (6 * sigma_within), freedom_within)
        pp = _spread((upper - lower) / (6 * overall), n - 1)
    nearest = min(side for side in (_side(mean, lower, -1), _side(mean, upper, 1)) if side is not None)
    return Indices(
        cp, _centred(nearest / (3 * sigma_within), n, freedom_within), pp, _centred(nearest / (3 * overall), n, n - 1),
        sigma_within, overall,
    )  # fmt: skip


def _side(mean: float, limit: float | None, way: int) -> float | None:
    return None if limit is None else way * (limit - mean)


def _spread(value: float, freedom: float) -> Index:
    """Exact interval by the chi-square distribution of the variance."""
    from scipy.special import chdtri

    half = (1 - CONFIDENCE) / 2
    low, high = (value * math.sqrt(float(chdtri(freedom, p)) / freedom) for p in (1 - half, half))
    return Index(value, low, high)


def _centred(value: float, n: int, freedom: float) -> Index:
    """Bissell's approximate interval (Appl. Statist. 39 (1990) 331-340)."""
    from scipy.special import ndtri

    half = float(ndtri((1 + CONFIDENCE) / 2)) * math.sqrt(1 / (9 * n) + value**2 / (2 * freedom))
    return Index(value, value - half, value + half)
