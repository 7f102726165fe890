"""Tukey-weighted least squares of many points on few columns, compiled.

Sums run over blocks of fixed size in a fixed order on one thread: the same input gives the same bits.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

TUKEY = 4.685
"""Residual, in standard deviations, from which a point has no weight: 95 % efficient for normal noise (Beaton and
Tukey, Technometrics 16, 1974)."""
_BLOCK = 256
_SCALE_POINTS = 6000  # residuals the scale is taken from: their median is known to 1.5 %


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _normal(columns: Float, values: Float, weights: Float) -> tuple[Float, Float]:  # pragma: no cover - compiled
    """columns : (k, n); values, weights : (n,). Returns the weighted normal matrix (k, k) and right-hand side (k,)."""
    k, n = columns.shape
    normal = np.zeros((k, k))
    right = np.zeros(k)
    weighted = np.empty(_BLOCK)
    for start in range(0, n, _BLOCK):
        m = min(_BLOCK, n - start)
        v = values[start : start + m]
        w = weights[start : start + m]
        for j in range(k):
            a = columns[j, start : start + m]
            for i in range(m):
                weighted[i] = w[i] * a[i]
            total = 0.0
            for i in range(m):
                total += weighted[i] * v[i]
            right[j] += total
            for g in range(j, k):
                b = columns[g, start : start + m]
                total = 0.0
                for i in range(m):
                    total += weighted[i] * b[i]
                normal[j, g] += total
    for j in range(k):
        for g in range(j):
            normal[j, g] = normal[g, j]
    return normal, right


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _residual(columns: Float, values: Float, coefficients: Float, out: Float) -> None:  # pragma: no cover - compiled
    k, n = columns.shape
    for start in range(0, n, _BLOCK):
        m = min(_BLOCK, n - start)
        r = out[start : start + m]
        v = values[start : start + m]
        for i in range(m):
            r[i] = v[i]
        for j in range(k):
            a = columns[j, start : start + m]
            f = coefficients[j]
            for i in range(m):
                r[i] -= f * a[i]


@numba.njit(cache=True, nogil=True)
def _weigh(residual: Float, seen: Float, cutoff: float, out: Float) -> None:  # pragma: no cover - compiled
    for i in range(residual.size):
        t = residual[i] / cutoff
        t = 1.0 - t * t
        out[i] = seen[i] * t * t if t > 0.0 else 0.0


@numba.njit(cache=True, nogil=True)
def _block_scores(columns: Float, weighted: Float, cell: NDArray[np.int64], out: Float) -> None:  # pragma: no cover
    for j in range(columns.shape[0]):
        for i in range(weighted.size):
            out[cell[i], j] += columns[j, i] * weighted[i]


def robust_fit(
    columns: Float, values: Float, seen: Float, weights: Float, telling: Bool, times: int
) -> tuple[Float, Float, float] | None:
    """Fit ``values`` (n,) by ``columns`` (k, n), ``times`` times with new weights; ``seen`` (n,) is 1 or 0.

    telling : (n,) points the residual's scale is taken from, those whose weights matter.
    weights : (n,) those to start with; they are overwritten by those of the last residual. Returns coefficients (k,),
    residual (n,) and its scale, or None where the equations are singular.
    """
    residual = np.empty(len(values))
    index = np.flatnonzero(telling & (seen > 0))
    index = index[:: max(1, len(index) // _SCALE_POINTS)]
    if not index.size:
        return None
    scale = 0.0
    coefficients = np.zeros(len(columns))
    for _ in range(times):
        normal, right = _normal(columns, values, weights)
        try:
            coefficients = np.asarray(np.linalg.solve(normal, right), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(coefficients).all():
            return None
        _residual(columns, values, coefficients, residual)
        size = np.abs(residual[index])
        middle = len(size) // 2
        scale = 1.4826 * float(np.partition(size, middle)[middle]) + 1e-9
        _weigh(residual, seen, TUKEY * scale, weights)
    return coefficients, residual, scale


def sandwich(columns: Float, residual: Float, weights: Float, cell: NDArray[np.int64]) -> Float | None:
    """(k, k) covariance H^-1 (sum of the cells' scores) H^-1 of a fit by :func:`robust_fit`; None where singular.

    cell : (n,) index of the cell a point lies in; residuals of one cell may be correlated.
    """
    normal, _ = _normal(columns, residual, weights)
    if not np.linalg.cond(normal) < 1e16:
        return None
    inverse = np.linalg.inv(normal)
    blocks = np.zeros((int(cell.max()) + 1, len(columns)))
    _block_scores(columns, weights * residual, cell, blocks)
    used = max(int(np.count_nonzero(blocks.any(axis=1))), 2)
    return np.asarray(inverse @ (blocks.T @ blocks) @ inverse * used / (used - 1), dtype=np.float64)
