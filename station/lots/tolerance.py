"""A colour tolerance learned from accepted units: a tolerance ellipsoid beside the control sheet's round limit.

The differences from the golden sample in L*, a*, b* of n accepted units are taken for a sample of a trivariate normal
distribution with unknown mean and covariance. The tolerance region

    { x : (x - m)^T S^-1 (x - m) <= c }

with sample mean m and sample covariance S contains a share P of such units with confidence 1 - alpha when c is the
1 - alpha quantile of the least c that would do, over all samples of n. By invariance m may be taken from N(0, I / n)
and (n - 1) S from a Wishart distribution with identity; given both, the content is that of a sum of non-central chi
squares, whose quantile follows from its cumulants. That is the method of Krishnamoorthy and Mondal, "Improved tolerance
factors for multivariate normal distributions", Communications in Statistics - Simulation and Computation 35 (2006)
461-478; see also Krishnamoorthy and Mathew, Statistical Tolerance Regions (Wiley 2009), chapter 9, and Chew,
"Confidence, prediction, and tolerance regions for the multivariate normal distribution", JASA 61 (1966) 605-617. The
quantile of the sum is by three moments (Hall, "Chi squared approximations to the distribution of a sum of independent
random variables", Annals of Probability 11 (1983) 1028-1036; Buckley and Eagleson 1988).

Nothing is judged by it: it is offered to buyer and supplier, who sign what they agree on.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.errors import RequestError
from station.lots.characteristics import turned

Float = NDArray[np.float64]

LEAST_UNITS: Final = 12
"""Accepted units without which nothing is learned: with fewer the axes are twice as long as of a known spread."""
CONTENTS: Final = (0.95, 0.99)
CONFIDENCE: Final = 0.95
FLOOR: Final = 0.05
"""Standard deviation in Lab units added (in square) along every axis: below it the station does not repeat, and units
that hardly differ would leave an ellipsoid without a volume."""
DRIFT_SIGNIFICANCE: Final = 0.01
SAMPLES: Final = 20_000
"""Simulated samples behind a factor; its own error is then about half a percent."""


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """(x - mean)^T S^-1 (x - mean) <= factor. half_axes : (3,) Lab units, longest first. axes : (3, 3) their unit
    vectors in L*, a*, b*, row by row. limits : lower and upper of dL, dC, dH, the box round the ellipsoid along them.
    """

    content: float
    confidence: float
    factor: float
    half_axes: Float
    axes: Float
    limits: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class LearnedTolerance:
    """What n accepted units say of one region.

    mean : (3,) mean of unit minus golden in L*, a*, b*. covariance : (3, 3) of single units, ``FLOOR`` included.
    drift_p : probability of a mean this far off, were there none (Hotelling's T squared). ellipsoids : one for each of
    ``CONTENTS``.
    """

    n: int
    mean: Float
    covariance: Float
    drift_p: float
    ellipsoids: tuple[Ellipsoid, ...]

    def distance(self, differences: Float) -> Float:
        """(n,) (x - mean)^T S^-1 (x - mean) of (n, 3) differences; within an ellipsoid where at most its factor."""
        x = np.asarray(differences, dtype=np.float64) - self.mean
        return np.asarray(np.einsum("ni,ij,nj->n", x, np.linalg.inv(self.covariance), x), dtype=np.float64)


def learn_tolerance(differences: Float, golden_lab: Float) -> LearnedTolerance:
    """The tolerance of one region.

    Parameters
    ----------
    differences
        (n, 3) L*, a*, b* of accepted units minus the golden's.
    golden_lab
        (3,) L*, a*, b* of the golden; its hue is the direction of dC.

    Raises
    ------
    RequestError
        Fewer than ``LEAST_UNITS`` units.
    """
    x = np.asarray(differences, dtype=np.float64).reshape(-1, 3)
    n = len(x)
    if n < LEAST_UNITS:
        raise RequestError(
            f"a tolerance is learned from {LEAST_UNITS} accepted units or more, here are {n}",
            "Inspect and accept more units; 30 and more give a useful one.",
        )
    mean = x.mean(axis=0)
    spread = np.cov(x, rowvar=False, ddof=1) + FLOOR**2 * np.eye(3)
    return LearnedTolerance(
        n,
        mean,
        spread,
        _drift_p(mean, spread, n),
        tuple(_ellipsoid(mean, spread, n, content, np.asarray(golden_lab)) for content in CONTENTS),
    )


def _ellipsoid(mean: Float, spread: Float, n: int, content: float, golden: Float) -> Ellipsoid:
    factor = tolerance_factor(n, 3, content, CONFIDENCE)
    values, vectors = np.linalg.eigh(spread)
    longest_first = np.argsort(values)[::-1]
    limits = {}
    for name, along in zip(("dL", "dC", "dH"), turned(golden), strict=True):
        middle, half = float(along @ mean), math.sqrt(factor * float(along @ spread @ along))
        limits[name] = (middle - half, middle + half)
    return Ellipsoid(
        content,
        CONFIDENCE,
        factor,
        np.sqrt(factor * values[longest_first]),
        vectors.T[longest_first],
        limits,
    )


def _drift_p(mean: Float, spread: Float, n: int) -> float:
    """Hotelling (1931): T^2 = n m^T S^-1 m; (n - 3) T^2 / (3 (n - 1)) has Fisher's distribution with 3, n - 3."""
    from scipy.stats import f

    t2 = n * float(mean @ np.linalg.solve(spread, mean))
    return float(f.sf((n - 3) * t2 / (3 * (n - 1)), 3, n - 3))


@functools.lru_cache(maxsize=64)
def tolerance_factor(n: int, dimensions: int, content: float, confidence: float) -> float:
    """The factor c of a tolerance region of n normal samples of so many dimensions; see the head of this file.

    The quantile over samples is taken over ``SAMPLES`` simulated ones of a fixed seed, so the same arguments give the
    same factor. Raises RequestError where n does not exceed the dimensions by two or a share is not within 0 and 1.
    """
    from scipy.stats import chi2

    if n < dimensions + 2 or not (0 < content < 1 and 0 < confidence < 1):
        raise RequestError(
            f"no tolerance region of {dimensions} dimensions follows from {n} samples, content {content:g} and "
            f"confidence {confidence:g}",
            "Give more samples, and shares between 0 and 1.",
        )
    rng = np.random.default_rng(1966)
    # Bartlett (1933): the Cholesky factor of a Wishart matrix has normals below chi variables.
    low = np.tril(rng.standard_normal((SAMPLES, dimensions, dimensions)), -1)
    for i in range(dimensions):
        low[:, i, i] = np.sqrt(rng.chisquare(n - 1 - i, SAMPLES))
    values = np.linalg.eigvalsh(low @ low.transpose(0, 2, 1))
    weight = (n - 1) / values
    away = rng.standard_normal((SAMPLES, dimensions)) ** 2 / n
    k1 = (weight * (1 + away)).sum(axis=1)
    k2 = 2 * (weight**2 * (1 + 2 * away)).sum(axis=1)
    k3 = 8 * (weight**3 * (1 + 3 * away)).sum(axis=1)
    freedom = 8 * k2**3 / k3**2
    needed = k1 + np.sqrt(k2 / (2 * freedom)) * (chi2.ppf(content, freedom) - freedom)
    return float(np.quantile(needed, confidence))
