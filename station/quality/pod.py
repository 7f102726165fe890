"""Probability of detection from hits and misses, and how rare false alarms are.

MIL-HDBK-1823A (2009), hit/miss analysis: ln(POD / (1 - POD)) is linear in the logarithm of the size. Its coefficients
are those of the likelihood penalised by Jeffreys' prior (Firth, Biometrika 80, 1993, 27-38), which stay finite where
every small defect was missed and every large one found; the upper 95 % bound of a90 is that of the profile of the same
penalised likelihood (Heinze and Schemper, Statistics in Medicine 21, 2002, 2409-2419), one-sided.

A logit goes to 1 whatever the size, and detection need not. So an a90/95 is stated only where the trials of that size
and more prove by themselves that 90 % of them are found: the exact lower bound of their share of hits (Clopper and
Pearson, Biometrika 26, 1934, 404-413), at a confidence that is raised until all the sizes that it is asked of, from
the largest down, err together in at most 5 % of studies.

``a90`` is the size found with a probability of 90 %, ``a90/95`` its upper bound at 95 % confidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

LEAST_TRIALS: Final = 60
"""Hits and misses from which an a90/95 is stated: what MIL-HDBK-1823A asks of a hit/miss experiment."""
CONFIDENCE: Final = 0.95

_WANTED = 0.9
_TARGET = math.log(_WANTED / (1 - _WANTED))
_DROP = 2.705543454095404 / 2  # of the log likelihood at a one-sided bound of 95 %: chi-square, one degree, its 0.90
_SLOPES = np.concatenate([[0.0], np.geomspace(0.02, 400.0, 80)])  # of the logit, a factor e in size
_HALVINGS = 24  # of an interval of sizes: to a ten-millionth
_TURNS = 200
_SETTLED = 1e-9


@dataclass(frozen=True, slots=True)
class HitMissFit:
    """ln(POD / (1 - POD)) = intercept + slope ln(size in mm). log_likelihood : penalised, at its maximum."""

    intercept: float
    slope: float
    log_likelihood: float

    def pod(self, size_mm: ArrayLike) -> Float:
        """Probability of detection, 0-1, of sizes in mm, of their shape."""
        return np.asarray(_expit(self.intercept + self.slope * np.log(np.asarray(size_mm, dtype=np.float64))))

    def size(self, pod: float) -> float:
        """Size in mm that is found with probability ``pod``, between 0 and 1; infinite where no size is."""
        if self.slope <= 0:
            return math.inf
        exponent = (math.log(pod / (1 - pod)) - self.intercept) / self.slope
        return math.exp(max(exponent, -700.0)) if exponent < 700 else math.inf


@dataclass(frozen=True, slots=True)
class Detectable:
    """What trials of one kind tell. a90_mm, a90_95_mm : None where they cannot be stated, and ``reason`` says why.

    Neither is stated below the least size that was tried: there it is that size, and ``reason`` says so.
    unreached : enough trials, and even the largest of the sizes tried are not proven to be found in 90 % of cases.
    """

    trials: int
    hits: int
    least_mm: float
    largest_mm: float
    fit: HitMissFit | None
    a90_mm: float | None
    a90_95_mm: float | None
    reason: str = ""
    unreached: bool = False


def detectable(sizes_mm: ArrayLike, hits: ArrayLike) -> Detectable:
    """The a90 and a90/95 of trials.

    sizes_mm : (n,) sizes in mm, above 0. hits : (n,) whether each was found.

    An a90/95 is stated where there are ``LEAST_TRIALS``, larger ones are found more often, the bound lies within the
    sizes tried, and the trials of at least that size prove by themselves that 90 % of such are found
    (:func:`proven_from`): it is the least size from the curve's bound on of which both hold.

    Raises ValueError for sizes that are not positive, and for arrays of other shapes.
    """
    sizes, found = _vetted(sizes_mm, hits)
    count = len(sizes)
    if count == 0:
        return Detectable(0, 0, 0.0, 0.0, None, None, None, "none was tried")
    least, largest, caught = float(sizes.min()), float(sizes.max()), int(found.sum())
    if count < LEAST_TRIALS:
        reason = f"{count} trials are too few for an a90/95, it takes {LEAST_TRIALS}"
        return Detectable(count, caught, least, largest, None, None, None, reason)
    if largest / least < 1 + 1e-6:
        reason = "all were of one size, which tells no curve"
        return Detectable(count, caught, least, largest, None, None, None, reason)
    fit = fit_hit_miss(sizes, found)
    a90 = fit.size(_WANTED)
    if fit.slope <= 0 and found.mean() >= _WANTED:  # found whatever the size
        a90 = least
    shown = None if a90 > largest else max(a90, least)
    bound = a90_bound(sizes, found, fit)
    if bound is None:
        reason = f"sizes up to {largest:.2f} mm are not proven to be found in 90 % of cases"
        return Detectable(count, caught, least, largest, fit, shown, None, reason, True)
    proven = proven_from(sizes, found)
    stated = proven[proven >= bound]
    if not len(stated):
        larger = sizes >= bound
        there, seen, needed = int(larger.sum()), int(found[larger].sum()), int(np.argmax(_allowed(count) >= 0))
        few = there < needed and found[sizes >= min(a90, bound)].mean() >= _WANTED
        reason = f"of {there} trials of {bound:.2f} mm and more {seen} were found, " + (
            f"too few trials to prove 90 %, it takes {needed} without a miss" if few else "which does not prove 90 %"
        )
        return Detectable(count, caught, least, largest, fit, shown, None, reason, not few)
    # between two sizes tried the trials of at least that size are the same
    below = sizes[sizes < stated.min()]
    size = max(bound, float(below.max()) if len(below) else least)
    reason = f"smaller than {least:.2f} mm was not tried" if bound < least else ""
    return Detectable(count, caught, least, largest, fit, shown, size, reason)


def proven_from(sizes_mm: ArrayLike, hits: ArrayLike) -> Float:
    """Sizes in mm, rising, at and above which (n,) trials prove that at least 90 % are found.

    Where the probability of detection is 90 % or less whatever the size, the answer is not empty in 5 % of studies at
    most. Raises ValueError for sizes that are not positive, and for arrays of other shapes.
    """
    sizes, found = _vetted(sizes_mm, hits)
    order = np.argsort(-sizes, kind="stable")
    sizes, missed = sizes[order], np.cumsum(1 - found[order])
    last = np.append(sizes[1:] < sizes[:-1], True) if len(sizes) else np.zeros(0, dtype=bool)  # of those of one size
    return np.asarray(sizes[last & (missed <= _allowed(len(sizes))[1:])][::-1])


@lru_cache(maxsize=64)
def _allowed(count: int) -> NDArray[np.intp]:
    """(count + 1,) misses among the k largest of ``count`` trials up to which these prove 90 %, -1 where none do.

    Each number of trials is held to the exact bound at one confidence, the least at which independent trials that are
    found with 90 % keep to no more than these misses, at any number of them, with a probability of 5 % at most.
    """
    low, high = 1e-6, 1 - CONFIDENCE
    if _ever(_misses(count, high)) <= 1 - CONFIDENCE:
        return _misses(count, high)
    for _ in range(20):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if _ever(_misses(count, middle)) <= 1 - CONFIDENCE else (low, middle)
    return _misses(count, low)


def _misses(count: int, level: float) -> NDArray[np.intp]:
    """(count + 1,) the most misses among k trials whose Clopper-Pearson bound at confidence 1 - ``level`` is 90 %."""
    from scipy.stats import binom

    k = np.arange(count + 1)
    most = np.asarray(binom.ppf(level, k, 1 - _WANTED), dtype=np.intp)
    return np.asarray(np.where(binom.cdf(most, k, 1 - _WANTED) <= level, most, most - 1), dtype=np.intp)


def _ever(misses: NDArray[np.intp]) -> float:
    """Probability that trials found with 90 % have no more misses than ``misses`` at any number of them."""
    chance = np.zeros(int(misses.max()) + 3)  # of so many misses yet and never so few; the last of more than matter
    chance[0], sum_ = 1.0, 0.0
    for most in misses[1:]:
        moved = chance * _WANTED
        moved[1:] += chance[:-1] * (1 - _WANTED)
        moved[-1] += chance[-1] * (1 - _WANTED)
        if most >= 0:
            sum_ += float(moved[: most + 1].sum())
            moved[: most + 1] = 0
        chance = moved
    return sum_


def fit_hit_miss(sizes_mm: ArrayLike, hits: ArrayLike) -> HitMissFit:
    """The penalised maximum-likelihood fit to (n,) sizes in mm and (n,) hits, finite for separated data too.

    Raises ValueError for sizes that are not positive, for arrays of other shapes, and where all sizes are one.
    """
    sizes, found = _vetted(sizes_mm, hits)
    x = np.log(sizes)
    if len(x) < 2 or float(np.ptp(x)) < 1e-9:
        raise ValueError("a curve needs two sizes at least")
    middle, spread = float(x.mean()), float(x.std())
    z = (x - middle) / spread
    design = np.stack([np.ones_like(z), z], axis=1)
    beta = np.zeros(2)
    best = float(_penalised(design @ beta, z, found))
    for _ in range(_TURNS):
        p = _expit(design @ beta)
        weight = p * (1 - p)
        information = design.T @ (design * weight[:, None])
        leverage = weight * np.einsum("ij,jk,ik->i", design, np.linalg.inv(information), design)
        step = np.linalg.solve(information, design.T @ (found - p + leverage * (0.5 - p)))
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        while True:  # halved until the likelihood rises
            value = float(_penalised(design @ (beta + step), z, found))
            if value >= best or float(np.abs(step).max()) < _SETTLED:
                break
            step = step / 2
        beta, best = beta + step, value
        if float(np.abs(step).max()) < _SETTLED:
            break
    slope = float(beta[1]) / spread
    # the penalty is stated for the unscaled design, as a90_bound has it
    return HitMissFit(float(beta[0]) - slope * middle, slope, best + math.log(spread))


def a90_bound(sizes_mm: ArrayLike, hits: ArrayLike, fit: HitMissFit) -> float | None:
    """Upper bound of a90 in mm at 95 % confidence, None where it lies beyond the sizes tried or the trials set none.

    It is the largest a90 at which the penalised likelihood, at its best over all slopes that do not fall, lies no
    further below its maximum than half the 0.90 quantile of chi-square with one degree of freedom.
    """
    sizes, found = _vetted(sizes_mm, hits)
    x = np.log(sizes)
    a90 = fit.size(_WANTED)
    if (fit.slope <= 0 and found.mean() < _WANTED) or (fit.slope > 0 and a90 > sizes.max()):
        return None

    def within(at: float) -> float:
        return _profile(x, found, at) - (fit.log_likelihood - _DROP)

    least, largest = float(x.min()), float(x.max())
    low = least if fit.slope <= 0 else math.log(a90)
    if within(largest) >= 0:
        return None
    high = largest
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle) >= 0 else (low, middle)
    return math.exp(high)


def _profile(x: Float, found: Float, at: float) -> float:
    """Penalised log likelihood at its best among slopes from 0 with POD 0.9 at the logarithm ``at``."""
    slopes = _SLOPES
    for _ in range(4):  # the best of a grid, then of a finer one between its neighbours
        values = _penalised(_TARGET + slopes[:, None] * (x - at), x, found)
        k = int(np.argmax(values))
        slopes = np.linspace(slopes[max(k - 1, 0)], slopes[min(k + 1, len(slopes) - 1)], 15)
    return float(values[k])


def _penalised(eta: Float, x: Float, found: Float) -> Float:
    """Log likelihoods of hits with logits ``eta`` (..., n), and half the log determinants of the information in (1, x),
    of shape (...)."""
    likelihood = (found * eta - np.logaddexp(0.0, eta)).sum(axis=-1)
    p = _expit(eta)
    weight = np.maximum(p * (1 - p), 1e-300)
    total = weight.sum(axis=-1, keepdims=True)
    centre = (weight * x).sum(axis=-1, keepdims=True) / total
    determinant = total[..., 0] * (weight * (x - centre) ** 2).sum(axis=-1)
    return np.asarray(likelihood + 0.5 * np.log(np.maximum(determinant, 1e-300)), dtype=np.float64)


def share_upper(count: int, of: int) -> float:
    """Upper 95 % bound of a share, one-sided, from ``count`` among ``of`` (Clopper, Pearson, Biometrika 26, 1934)."""
    from scipy.stats import beta

    return 1.0 if count >= of else float(beta.ppf(CONFIDENCE, count + 1, of - count))


def rate_upper(count: int, parts: int) -> float:
    """Upper 95 % bound, one-sided, of a Poisson rate a part from ``count`` on ``parts`` > 0 (Garwood, Biometrika 28,
    1936)."""
    from scipy.stats import chi2

    return float(chi2.ppf(CONFIDENCE, 2 * (count + 1))) / 2 / parts


def _expit(eta: Float) -> Float:
    return np.asarray(0.5 * (1 + np.tanh(eta / 2)), dtype=np.float64)


def _vetted(sizes_mm: ArrayLike, hits: ArrayLike) -> tuple[Float, Float]:
    sizes, found = np.asarray(sizes_mm, dtype=np.float64), np.asarray(hits, dtype=np.float64)
    if sizes.ndim != 1 or sizes.shape != found.shape:
        raise ValueError(f"sizes and hits need one shape (n,), got {sizes.shape} and {found.shape}")
    if not (np.isfinite(sizes) & (sizes > 0)).all():
        raise ValueError("sizes must be positive")
    return sizes, found
