"""Units of one group that resemble one another: the beta-binomial distribution and what it costs a sample.

The groups' shares follow a beta distribution with mean p, and two units of one group the correlation rho. With t =
rho / (1 - rho)

    P(d of m) = C(m, d) prod_{i<d} (p + i t) prod_{i<m-d} (1 - p + i t) / prod_{i<m} (1 + i t)

(Skellam, Journal of the Royal Statistical Society B 10 (1948) 257-261); with rho = 0 it is the binomial.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


def log_probability(marked: ArrayLike, of: ArrayLike, p: ArrayLike, correlation: float) -> Float:
    """(P, n) natural logarithm of the probability of ``marked`` (n,) units among ``of`` (n,), for mean shares ``p``
    (P,), 0-1; minus infinity where it is 0. correlation : 0 to below 1."""
    from scipy.special import gammaln

    d, m = np.asarray(marked, dtype=np.int64), np.asarray(of, dtype=np.int64)
    share = np.atleast_1d(np.asarray(p, dtype=np.float64))[:, None]
    steps: Float = np.arange(int(m.max(initial=0)), dtype=np.float64) * (correlation / (1 - correlation))
    ways = gammaln(m + 1) - gammaln(d + 1) - gammaln(m - d + 1)
    with np.errstate(divide="ignore"):  # the logarithm of a share of 0 is what is meant
        bad = _summed(share + steps[: int(d.max(initial=0))])
        good = _summed(1 - share + steps[: int((m - d).max(initial=0))])
    return np.asarray(ways + bad[:, d] + good[:, m - d] - _summed(1 + steps[None])[0, m])


def probabilities(m: int, p: ArrayLike, correlation: float) -> Float:
    """(P, m + 1) probability of 0 ... m marked units among ``m`` of one group; see :func:`log_probability`."""
    return np.asarray(np.exp(log_probability(np.arange(m + 1), np.full(m + 1, m), p, correlation)))


def design_effect(sizes: ArrayLike, correlation: float) -> float:
    """How many times less a sample of groups of ``sizes`` (k,) units tells than one drawn at random: 1 + (m - 1) rho, m
    the mean size weighted by units (Kish, Survey Sampling (1965), 5.4)."""
    n = np.asarray(sizes, dtype=np.float64)
    return 1 + (float((n**2).sum() / n.sum()) - 1) * correlation


def _summed(factors: Float) -> Float:
    """(P, k + 1) logarithm of the product of the first 0 ... k of (P, k) factors."""
    return np.hstack([np.zeros((len(factors), 1)), np.cumsum(np.log(factors), axis=1)])
