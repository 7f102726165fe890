"""Tables of counts: exact and approximate tests of one proportion against another.

One-sided *mid-p* values count half of the probability of what was observed (Lancaster, "Significance tests in discrete
distributions", JASA 56 (1961) 223-234): with the small counts of a sample the plain exact test rejects far less often
than its level says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from station.errors import RequestError

Float = NDArray[np.float64]

TIE: Final = 1e-7
"""Relative tolerance within which two probabilities are one: what R's fisher.test takes."""


@dataclass(frozen=True, slots=True)
class Stratified:
    """Cochran-Mantel-Haenszel over strata: p without and with the continuity correction; the common odds ratio,
    infinite where no unit speaks against it. informative : strata in which both margins vary; with none nothing can
    be said."""

    statistic: float
    p: float
    corrected_statistic: float
    corrected_p: float
    odds_ratio: float
    informative: int


def hypergeometric(of: int, marked: int, drawn: int) -> Float:
    """(min(marked, drawn) + 1,) probability of 0, 1 ... marked units among ``drawn`` of ``of`` units."""
    from scipy.special import gammaln

    k = np.arange(min(marked, drawn) + 1)
    possible = drawn - k <= of - marked
    out = np.zeros(len(k))
    j = k[possible]

    def choose(n: int, r: NDArray[np.int_]) -> Float:
        return np.asarray(gammaln(n + 1) - gammaln(r + 1) - gammaln(n - r + 1))

    log = choose(marked, j) + choose(of - marked, drawn - j) - choose(of, np.array([drawn]))
    out[possible] = np.exp(log)
    return np.asarray(out / out.sum())


def upper_mid(probability: Float) -> Float:
    """(..., n) P(X > k) + P(X = k) / 2 for every k of distributions on 0 ... n - 1."""
    tail = np.cumsum(probability[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray(np.clip(tail - probability / 2, 0.0, 1.0))


def fisher(table: ArrayLike) -> float:
    """Two-sided p of Fisher's exact test of a 2x2 table of counts: all tables no likelier than the one observed. Raises
    RequestError for another shape or negative counts."""
    t = _counts(table)
    p = hypergeometric(int(t.sum()), int(t[0].sum()), int(t[:, 0].sum()))
    return min(1.0, float(p[p <= p[int(t[0, 0])] * (1 + TIE)].sum()))


def mantel_haenszel(tables: ArrayLike) -> Stratified:
    """Cochran-Mantel-Haenszel test of (strata, 2, 2) counts (Mantel and Haenszel, JNCI 22 (1959) 719-748).

    Without an informative stratum both p are 1 and the odds ratio is NaN.
    """
    from scipy.special import chdtrc

    t = np.asarray(tables, dtype=np.float64).reshape(-1, 2, 2)
    n = t.sum(axis=(1, 2))
    rows, columns = t.sum(axis=2), t.sum(axis=1)
    telling = (n > 1) & (rows > 0).all(axis=1) & (columns > 0).all(axis=1)
    if not telling.any():
        return Stratified(0.0, 1.0, 0.0, 1.0, math.nan, 0)
    t, n, rows, columns = t[telling], n[telling], rows[telling], columns[telling]
    expected = rows[:, 0] * columns[:, 0] / n
    variance = float((rows.prod(axis=1) * columns.prod(axis=1) / (n**2 * (n - 1))).sum())
    away = abs(float((t[:, 0, 0] - expected).sum()))
    plain, corrected = away**2 / variance, max(0.0, away - 0.5) ** 2 / variance
    against = float((t[:, 0, 1] * t[:, 1, 0] / n).sum())
    ratio = float((t[:, 0, 0] * t[:, 1, 1] / n).sum()) / against if against > 0 else math.inf
    return Stratified(plain, float(chdtrc(1, plain)), corrected, float(chdtrc(1, corrected)), ratio, int(telling.sum()))


def clopper_pearson(marked: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact two-sided interval of a share (Clopper and Pearson, Biometrika 26 (1934) 404-413); (0, 1) of nothing."""
    from scipy.special import betaincinv

    if of == 0:
        return 0.0, 1.0
    half = (1 - confidence) / 2
    low = 0.0 if marked == 0 else float(betaincinv(marked, of - marked + 1, half))
    high = 1.0 if marked == of else float(betaincinv(marked + 1, of - marked, 1 - half))
    return low, high


def _counts(table: ArrayLike) -> Float:
    t = np.asarray(table, dtype=np.float64)
    if t.shape != (2, 2):
        raise RequestError(f"a table of shape {t.shape} cannot be tested", "Give two rows and two columns of counts.")
    if (t < 0).any() or (t != np.rint(t)).any():
        raise RequestError("a table of counts has a value that is no count", "Give whole numbers, 0 or more.")
    return t
