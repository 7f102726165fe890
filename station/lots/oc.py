"""Operating characteristic of attributes plans: the probability of acceptance Pa at a process quality p.

Type B curves (a lot is a random draw from a process of quality p): binomial where p is a fraction nonconforming,
Poisson where it is nonconformities a unit. They do not depend on the lot size; for a lot sampled to a large part they
are pessimistic for the buyer's risk; :func:`isolated_acceptance` is the curve of one lot by itself (type A). Source:
MIL-STD-105E, 4.11.1 and Table X; Duncan, Quality Control and Industrial Statistics, chapter 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from station.values.documents import OcPoint

Float = NDArray[np.float64]
Curve = Callable[[Float], Float]
_SECTIONS = 32


def counts(n: int, p: ArrayLike, last: int, *, nonconformities: bool) -> Float:
    """(P, last + 1) probability of 0 ... ``last`` in ``n`` units at each of P qualities.

    p : fraction nonconforming in [0, 1] (binomial), or with ``nonconformities`` nonconformities a unit >= 0 (Poisson).
    """
    q = np.atleast_1d(np.asarray(p, dtype=np.float64))[:, None]
    d = np.arange(last + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        if nonconformities:
            log = d * np.log(n * q) - n * q - _log_factorials(last)
        else:
            log = _log_binomials(n, last) + d * np.log(q) + (n - d) * np.log1p(-q)
        found = np.exp(log)
    found[q[:, 0] <= 0] = d == 0
    if not nonconformities:
        found[q[:, 0] >= 1] = d == n
        found[:, n + 1 :] = 0.0
    return found


@lru_cache(maxsize=256)
def _log_binomials(n: int, last: int) -> Float:
    whole = math.lgamma(n + 1)
    return np.array(
        [whole - math.lgamma(d + 1) - math.lgamma(n - d + 1) if d <= n else -math.inf for d in range(last + 1)]
    )


@lru_cache(maxsize=64)
def _log_factorials(last: int) -> Float:
    return np.array([math.lgamma(d + 1) for d in range(last + 1)])


def stage_outcomes(
    n: Sequence[int], ac: Sequence[int], re: Sequence[int], p: ArrayLike, *, nonconformities: bool
) -> tuple[Float, Float]:
    """(stages, P) probability that a lot is accepted, and that it is not accepted, at each stage.

    Parameters
    ----------
    n, ac, re
        Sample size, acceptance and rejection number of each stage; the numbers are cumulative, ``ac`` -1 cannot accept.
        After the last stage every count below ``re`` accepts: reduced plans leave a gap between ``ac`` and ``re``, in
        which the lot is accepted and the next is inspected normally.
    p
        (P,) fraction nonconforming, or nonconformities a unit.
    nonconformities
        Counts are nonconformities (Poisson), not nonconforming units (binomial).
    """
    quality = np.atleast_1d(np.asarray(p, dtype=np.float64))
    laws: dict[int, Float] = {}
    accepted, rejected = np.zeros((len(n), quality.size)), np.zeros((len(n), quality.size))
    low, still_open = 0, np.ones((quality.size, 1))  # still_open[:, k]: sampling goes on with low + k found so far
    for stage, size in enumerate(n):
        limit = re[stage]
        if size not in laws:
            laws[size] = counts(size, quality, max(*re, 1) - 1, nonconformities=nonconformities)
        found = laws[size]
        totals = np.zeros((quality.size, limit))
        for k in range(low, min(low + still_open.shape[1], limit)):
            totals[:, k:] += still_open[:, k - low, None] * found[:, : limit - k]
        low = limit if stage == len(n) - 1 else max(ac[stage] + 1, 0)
        accepted[stage] = totals[:, :low].sum(axis=1)
        rejected[stage] = np.maximum(still_open.sum(axis=1) - totals.sum(axis=1), 0.0)
        still_open = totals[:, low:]
    return accepted, rejected


def acceptance_probabilities(
    n: Sequence[int], ac: Sequence[int], re: Sequence[int], p: ArrayLike, *, nonconformities: bool
) -> Float:
    """(P,) probability that a lot of process quality ``p`` is accepted; the arguments of :func:`stage_outcomes`."""
    accepted, _ = stage_outcomes(n, ac, re, p, nonconformities=nonconformities)
    return np.asarray(np.minimum(accepted.sum(axis=0), 1.0))


def acceptance_probability(
    n: Sequence[int], ac: Sequence[int], re: Sequence[int], p: float, *, nonconformities: bool
) -> float:
    """:func:`acceptance_probabilities` at one quality."""
    return float(acceptance_probabilities(n, ac, re, p, nonconformities=nonconformities)[0])


def isolated_acceptance(n: int, ac: int, lot_size: int, nonconforming: int) -> float:
    """Probability that one lot of ``lot_size`` units, ``nonconforming`` of them so, is accepted (hypergeometric, type
    A).

    Duncan, chapter 7; ISO 2859-2 for isolated lots. ``n`` is at most the lot.
    """
    good = lot_size - nonconforming
    whole = math.comb(lot_size, n)
    ways = sum(
        math.comb(nonconforming, d) * math.comb(good, n - d)
        for d in range(max(0, n - good), min(ac, nonconforming, n) + 1)
    )
    return ways / whole


def search_end(n: Sequence[int], re: Sequence[int], *, nonconformities: bool) -> float:
    """A quality at which less than 0.1 per cent of lots are accepted, 1 at most for a fraction.

    Nobody accepts with the last rejection number found in the first sample already, and a count exceeds its mean less
    six roots of it almost surely.
    """
    most = max(re)
    end = (most + 6 * math.sqrt(most) + 12) / n[0]
    return end if nonconformities else min(1.0, end)


def qualities_at(levels: Sequence[float], curve: Curve, upper: float) -> list[float]:
    """The quality in (0, ``upper``) at which the falling ``curve`` passes each of ``levels``; ``upper`` where it does
    not.

    Chandrupatla's mixture of bisection and inverse quadratic steps (Advances in Engineering Software 28 (1997)
    145-149), on ln Pa, for all levels at once.
    """
    aim = np.log(np.asarray(levels, dtype=np.float64))

    def above(p: Float) -> Float:
        return np.asarray(np.log(np.maximum(curve(p), 1e-300)) - aim)

    grid = np.linspace(0.0, upper, _SECTIONS + 1)
    coarse = np.log(np.maximum(curve(grid), 1e-300))
    at = np.count_nonzero(coarse[:, None] > aim, axis=0)
    reached = at <= _SECTIONS
    i = np.clip(at, 1, _SECTIONS)
    b, a = grid[i - 1], grid[i]  # b: the older point
    fb, fa = coarse[i - 1] - aim, coarse[i] - aim
    step = np.full_like(aim, 0.5)
    for _ in range(60):
        x = a + step * (b - a)
        fx = above(x)
        same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        width = np.abs(b - a)
        if np.all((width <= 1e-14 * np.abs(a)) | (fa == 0)):
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
            inverse = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        useful = np.isfinite(inverse) & (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
        least = np.minimum(0.5 * 1e-14 * np.abs(a) / np.maximum(width, 1e-300), 0.5)
        step = np.clip(np.where(useful, inverse, 0.5), least, 1 - least)
    return [float(v) if ok else upper for v, ok in zip(a, reached, strict=True)]


def oc_points(curve: Curve, aql: float, end: float, upper: float) -> tuple[OcPoint, ...]:
    """50 even steps from 0 to ``end``, and the AQL (as p), none beyond ``upper``; each Pa belongs to the p printed."""
    grid = sorted({float(f"{end * k / 50:.4g}") for k in range(51)} | {aql})
    inside = np.array([p for p in grid if p <= upper])
    return tuple(OcPoint(p=float(p), pa=float(pa)) for p, pa in zip(inside, curve(inside), strict=True))
