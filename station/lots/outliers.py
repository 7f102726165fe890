"""Values that do not belong to the bulk, by the generalised ESD of Rosner, and the bulk itself, by median and MAD."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from station.errors import RequestError

Float = NDArray[np.float64]

MAD_TO_SIGMA: Final = 1.4826022185056018
"""1 / the 75 % quantile of the normal distribution: median absolute deviation to standard deviation."""
BULK: Final = 3.0
"""Robust standard deviations from the median up to which a value belongs to the bulk."""
LEAST_VALUES: Final = 3


@dataclass(frozen=True, slots=True)
class Esd:
    """statistics, critical : (r,) R_i and lambda_i of each step. outliers : places of the outliers, the farthest
    first."""

    statistics: Float
    critical: Float
    outliers: tuple[int, ...]


def bulk(values: ArrayLike) -> Float:
    """Those of (n,) values that lie within ``BULK`` robust standard deviations of the median (Hampel, JASA 69 (1974)
    383-393), in their order."""
    x = np.asarray(values, dtype=np.float64)
    away = np.abs(x - np.median(x))
    return np.asarray(x[away <= BULK * MAD_TO_SIGMA * float(np.median(away))])


def generalised_esd(values: ArrayLike, most: int, alpha: float = 0.05) -> Esd:
    """Up to ``most`` outliers on either side among (n,) values that are normal but for them (Rosner, Technometrics 25
    (1983) 165-172; NIST/SEMATECH e-Handbook, 1.3.5.17.3). With ``most`` 1 it is Grubbs' test (Technometrics 11 (1969)
    1-21).

    Raises RequestError for fewer than three values more than ``most`` - 1.
    """
    x = np.asarray(values, dtype=np.float64)
    if most < 1 or len(x) - most + 1 < LEAST_VALUES:
        raise RequestError(f"{len(x)} values are too few to look for {most} outliers", "Give more values.")
    left = list(range(len(x)))
    statistics, critical, removed, found = [], [], [], 0
    for i in range(1, most + 1):
        rest = x[left]
        spread = float(rest.std(ddof=1))
        away = np.abs(rest - rest.mean())
        far = int(away.argmax())
        statistics.append(float(away[far]) / spread if spread > 0 else 0.0)
        n = len(left)
        critical.append(_critical(n, 1 - alpha / (2 * n)))
        removed.append(left.pop(far))
        if statistics[-1] > critical[-1]:
            found = i
    return Esd(np.array(statistics), np.array(critical), tuple(removed[:found]))


def _critical(n: int, share: float) -> float:
    from scipy.special import stdtrit

    t = float(stdtrit(n - 2, share))
    return (n - 1) * t / math.sqrt((n - 2 + t**2) * n)
