"""How much units of one group resemble one another: intra-group correlation of defects and what it costs a sample.

Units of a carton were packed from one tray, plated on one rack: they share its luck, after the distribution of
:mod:`station.lots.beta_binomial`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from station.lots.beta_binomial import design_effect, log_probability

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
    effect = design_effect(n, rho)
    statistic, freedom = pearson(x, n)
    return Overdispersion(
        z=z, p=float(ndtr(-z)), rho=rho, low=float(_RHO[inside[0]]), high=float(_RHO[inside[-1]]),
        design_effect=effect, n_effective=float(n.sum()) / effect,
        phi=statistic / freedom,
    )  # fmt: skip


def pearson(marked: ArrayLike, of: ArrayLike) -> tuple[float, int]:
    """Pearson's statistic of groups about their pooled share and its degrees of freedom; the one over the other is the
    dispersion, 1 by chance (McCullagh and Nelder, Generalized Linear Models (1989), 4.5)."""
    x, n = np.asarray(marked, dtype=np.float64), np.asarray(of, dtype=np.float64)
    share = x.sum() / n.sum()
    return float(((x - n * share) ** 2 / (n * share * (1 - share))).sum()), len(x) - 1


def _profile(x: Float, n: Float) -> Float:
    """(R,) log likelihood over the correlation, at each the largest over the mean share."""
    counts, times = np.unique(np.stack([x, n], axis=1), axis=0, return_counts=True)
    seen = float(x.sum() / n.sum())
    share = 1 / (1 + np.exp(-(np.log(seen / (1 - seen)) + _ROUND)))
    return np.array([(log_probability(counts[:, 0], counts[:, 1], share, rho) @ times).max() for rho in _RHO])
