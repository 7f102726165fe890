"""How much units of one group resemble one another: intra-group correlation of defects and what it costs a sample.

Units of a carton were packed from one tray, plated on one rack. With intra-group correlation rho a sample of groups of
m units tells as much as one 1 + (m - 1) rho times smaller (Kish, Survey Sampling (1965), 5.4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

_DROP: Final = 3.841458820694124 / 2  # of the log likelihood at the bounds of 95 %: chi-square, one degree
_RHO: Final = np.concatenate([[0.0], np.geomspace(1e-3, 0.98, 60)])
_ROUND: Final = np.linspace(-2.5, 2.5, 41)  # logits about the observed share in which the profile is sought


@dataclass(frozen=True, slots=True)
class Overdispersion:
    """Groups of units beyond binomial scatter.

    z, p : Tarone's statistic and its one-sided p. rho : maximum-likelihood intra-group correlation of the beta-binomial
    distribution, 0-1, between low and high (95 %, profile likelihood). design_effect : 1 + (m - 1) rho, m the mean size
    of a group weighted by its units. n_effective : units over design_effect. phi : Pearson's dispersion
    about the common share, 1 where the groups scatter by chance, 0 where it cannot be told.
    """

    z: float
    p: float
    rho: float
    low: float
    high: float
    design_effect: float
    n_effective: float
    phi: float


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Pearson's and the deviance's statistic of groups about given shares; phi : Pearson over its degrees of
    freedom."""

    pearson: float
    deviance: float
    freedom: int
    phi: float


def tarone_z(marked: ArrayLike, of: ArrayLike) -> float:
    """Tarone's z against binomial scatter, large where groups differ (Tarone, Biometrika 66 (1979) 585-590).

    marked, of : (k,) counts. 0 where no group has two units or all units are alike.
    """
    x, n = np.asarray(marked, dtype=np.float64), np.asarray(of, dtype=np.float64)
    share = x.sum() / n.sum()
    pairs = float((n * (n - 1)).sum())
    if pairs == 0 or not 0 < share < 1:
        return 0.0
    s = float(((x - n * share) ** 2).sum()) / (share * (1 - share))
    return float((s - float(n.sum())) / math.sqrt(2 * pairs))


def overdispersion(marked: ArrayLike, of: ArrayLike) -> Overdispersion:
    """What groups with ``marked`` (k,) of ``of`` (k,) units say. Without a group of two units rho is 0, its bound 1."""
    from scipy.special import ndtr

    x, n = np.asarray(marked, dtype=np.float64), np.asarray(of, dtype=np.float64)
    z = tarone_z(x, n)
    if (n < 2).all() or not 0 < x.sum() < n.sum():
        return Overdispersion(z, 1.0, 0.0, 0.0, 1.0, 1.0, float(n.sum()), 0.0)
    profile = _profile(x, n)
    best = int(np.argmax(profile))
    inside = np.flatnonzero(profile >= profile[best] - _DROP)
    rho = float(_RHO[best])
    size = float((n**2).sum() / n.sum())
    effect = 1 + (size - 1) * rho
    return Overdispersion(
        z=z, p=float(ndtr(-z)), rho=rho, low=float(_RHO[inside[0]]), high=float(_RHO[inside[-1]]),
        design_effect=effect, n_effective=float(n.sum()) / effect,
        phi=dispersion(x, n, np.zeros(len(x))).phi,
    )  # fmt: skip


def dispersion(marked: ArrayLike, of: ArrayLike, treatment: ArrayLike) -> Dispersion:
    """Groups about the pooled share of their treatment (k,): Pearson's statistic, deviance, phi (McCullagh and Nelder,
    Generalized Linear Models (1989), 4.5)."""
    x, n = np.asarray(marked, dtype=np.float64), np.asarray(of, dtype=np.float64)
    names, group = np.unique(np.asarray(treatment), return_inverse=True)
    share = (np.bincount(group, x) / np.bincount(group, n))[group]
    pearson = float(((x - n * share) ** 2 / (n * share * (1 - share))).sum())

    def part(seen: Float, expected: Float) -> Float:
        return np.where(seen > 0, seen * np.log(np.where(seen > 0, seen, 1) / expected), 0.0)

    deviance = 2 * float((part(x, n * share) + part(n - x, n * (1 - share))).sum())
    freedom = len(x) - len(names)
    return Dispersion(pearson, deviance, freedom, pearson / freedom)


def _profile(x: Float, n: Float) -> Float:
    """(R,) log likelihood over the correlation, at each the largest over the mean share."""
    from scipy.special import gammaln

    counts, times = np.unique(np.stack([x, n], axis=1), axis=0, return_counts=True)
    k, m = counts[:, 0], counts[:, 1]
    seen = float(x.sum() / n.sum())
    share = (1 / (1 + np.exp(-(np.log(seen / (1 - seen)) + _ROUND))))[:, None]
    out = np.empty(len(_RHO))
    out[0] = ((k * np.log(share) + (m - k) * np.log1p(-share)) @ times).max()
    for i, rho in enumerate(_RHO[1:], start=1):
        total = 1 / rho - 1
        a, b = share * total, (1 - share) * total
        log = gammaln(k + a) - gammaln(a) + gammaln(m - k + b) - gammaln(b) - gammaln(m + total) + gammaln(total)
        out[i] = (log @ times).max()
    return out
