"""One batch or two in a row of values: a mixture of two normal distributions, and the dip from one mode."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

DIP_SAMPLES: Final = 1999
_TURNS = 2000
_SETTLED = 1e-10


@dataclass(frozen=True, slots=True)
class Mixture:
    """Two normal components, the lower mean first. share, mean, sigma : (2,). bic_one, bic_two : Schwarz's criterion
    of one normal distribution and of two. member : (n,) probability of the upper component."""

    share: Float
    mean: Float
    sigma: Float
    bic_one: float
    bic_two: float
    member: Float

    @property
    def gain(self) -> float:
        """By how much two components describe the values better than one; above 10 the evidence is very strong (Kass
        and Raftery, JASA 90 (1995) 773-795)."""
        return self.bic_one - self.bic_two


def two_components(values: ArrayLike) -> Mixture:
    """Fit of (n,) values by expectation and maximisation (Dempster, Laird and Rubin 1977), begun at the best of the
    cuts in two. A component is never narrower than a twentieth of the whole, so that it cannot close in on one
    value."""
    x = np.asarray(values, dtype=np.float64)
    n = len(x)
    whole = max(float(x.std()), 1e-12)
    bic_one = n * (math.log(2 * math.pi * whole**2) + 1) + 2 * math.log(n)
    best: tuple[float, Float, Float, Float, Float] | None = None
    for cut in np.unique(np.quantile(x, (0.1, 0.25, 0.5, 0.75, 0.9))):
        upper = (x > cut).astype(np.float64)
        if not 0 < upper.sum() < n:
            continue
        found = _settle(x, upper, whole / 20)
        if best is None or found[0] > best[0]:
            best = found
    if best is None:  # every value is the same
        return Mixture(np.array([1.0, 0.0]), np.full(2, x.mean()), np.full(2, whole), bic_one, bic_one, np.zeros(n))
    log, share, mean, sigma, member = best
    order = np.argsort(mean)
    upper = member if order[1] == 1 else 1 - member
    return Mixture(share[order], mean[order], sigma[order], bic_one, -2 * log + 5 * math.log(n), upper)


def dip(values: ArrayLike) -> float:
    """Greatest distance of the distribution of (n,) values from the nearest one with a single mode (Hartigan and
    Hartigan, Ann. Statist. 13 (1985) 70-84), 1 / (2n) at least."""
    return float(_dip(np.sort(np.asarray(values, dtype=np.float64))))


def dip_p(values: ArrayLike, rng: np.random.Generator, samples: int = DIP_SAMPLES) -> float:
    """p of :func:`dip` against the uniform distribution, the least favourable of those with one mode."""
    x = np.asarray(values, dtype=np.float64)
    seen = dip(x)
    dealt = np.sort(rng.random((samples, len(x))), axis=1)
    return (1 + sum(_dip(row) >= seen for row in dealt)) / (samples + 1)


def _settle(x: Float, upper: Float, least: float) -> tuple[float, Float, Float, Float, Float]:
    weight = np.stack([1 - upper, upper])
    last = -math.inf
    for _ in range(_TURNS):
        total = weight.sum(axis=1)
        share = total / len(x)
        mean = (weight @ x) / total
        sigma = np.sqrt(np.maximum((weight * (x - mean[:, None]) ** 2).sum(axis=1) / total, least**2))
        density = share[:, None] * np.exp(-0.5 * ((x - mean[:, None]) / sigma[:, None]) ** 2) / sigma[:, None]
        both = np.maximum(density.sum(axis=0), 1e-300)
        log = float(np.log(both).sum()) - len(x) * math.log(math.sqrt(2 * math.pi))
        weight = np.maximum(density / both, 1e-12)
        if log - last < _SETTLED * abs(log):
            break
        last = log
    return log, share, mean, sigma, weight[1]


@numba.njit(cache=True, nogil=True)
def _dip(x: Float) -> float:  # pragma: no cover - compiled
    """Hartigan, "Computation of the dip statistic" (AS 217), Appl. Statist. 34 (1985) 320-325. x : sorted."""
    n = x.size
    if n < 2 or x[0] == x[n - 1]:
        return 0.5 / n
    minorant, majorant = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for j in range(1, n):
        minorant[j] = j - 1
        while True:
            a = minorant[j]
            b = minorant[a]
            if a == 0 or (x[j] - x[a]) * (a - b) < (x[a] - x[b]) * (j - a):
                break
            minorant[j] = b
    majorant[n - 1] = n - 1
    for k in range(n - 2, -1, -1):
        majorant[k] = k + 1
        while True:
            a = majorant[k]
            b = majorant[a]
            if a == n - 1 or (x[k] - x[a]) * (a - b) < (x[a] - x[b]) * (k - a):
                break
            majorant[k] = b
    low, high, found = 0, n - 1, 1.0
    gcm, lcm = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
    while True:
        gcm[0] = high
        gl = 0
        while gcm[gl] > low:
            gcm[gl + 1] = minorant[gcm[gl]]
            gl += 1
        lcm[0] = low
        ll = 0
        while lcm[ll] < high:
            lcm[ll + 1] = majorant[lcm[ll]]
            ll += 1
        ig, ih, ix, iv, d = gl, ll, gl - 1, 1, 0.0
        if gl != 1 or ll != 1:
            while True:
                g, v = gcm[ix], lcm[iv]
                if g > v:
                    g1 = gcm[ix + 1]
                    dx = (v - g1 + 1) - (x[v] - x[g1]) * (g - g1) / (x[g] - x[g1])
                    iv += 1
                    if dx >= d:
                        d, ig, ih = dx, ix + 1, iv - 1
                else:
                    v1 = lcm[iv - 1]
                    dx = (x[g] - x[v1]) * (v - v1) / (x[v] - x[v1]) - (g - v1 - 1)
                    ix -= 1
                    if dx >= d:
                        d, ig, ih = dx, ix + 1, iv
                ix, iv = max(ix, 0), min(iv, ll)
                if gcm[ix] == lcm[iv]:
                    break
        else:
            d = 1.0
        if d < found:
            break
        new = 0.0
        for j in range(ig, gl):
            jb, je, t = gcm[j + 1], gcm[j], 1.0
            if je - jb > 1 and x[je] != x[jb]:
                for jj in range(jb, je + 1):
                    t = max(t, (jj - jb + 1) - (x[jj] - x[jb]) * (je - jb) / (x[je] - x[jb]))
            new = max(new, t)
        for j in range(ih, ll):
            jb, je, t = lcm[j], lcm[j + 1], 1.0
            if je - jb > 1 and x[je] != x[jb]:
                for jj in range(jb, je + 1):
                    t = max(t, (x[jj] - x[jb]) * (je - jb) / (x[je] - x[jb]) - (jj - jb - 1))
            new = max(new, t)
        found = max(found, new)
        if low == gcm[ig] and high == lcm[ih]:
            break
        low, high = gcm[ig], lcm[ih]
    return found / (2 * n)
