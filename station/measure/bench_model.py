"""The light and tint of a matt bench as the picture of what lies on it shows them: a robust quadratic in log light.

Compiled, because a search for parts begins with it.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_FLOOR = np.float32(0.01)  # linear light added before the logarithm, so that noise in the dark does not dominate
_LEAST_SPREAD = (0.02, 0.008, 0.008)
_PICKED = 20000  # px that the field is fitted to
_FLAT = np.diag([0.0, 1, 1, 1, 1, 1])  # how the field is held where the bench shows in few places


def bench_residual(
    small: Float32, excluded: Bool, start: tuple[float, float, float]
) -> tuple[Float32, Float32, tuple[float, float]]:
    """Log luminance (h, w) and the two log chromaticities (h, w, 2) against the bench's, and the bench's own spread of
    both.

    small : (h, w, 3) linear light. excluded : (h, w) what is no bench. start : first guess of the spread of luminance
    and the two chromaticities, from which the bench is told.
    """
    features = _features(np.log(np.maximum(small, 0) + _FLOOR))
    h, w = excluded.shape
    x, y = np.linspace(-1, 1, w), np.linspace(-1, 1, h)
    border = (np.abs(x) > 0.9) | (np.abs(y) > 0.9)[:, None]
    step = max(1, int(np.count_nonzero(~excluded)) // _PICKED)
    pick = np.flatnonzero(~excluded)[::step]
    ring = np.flatnonzero(~excluded & border)
    flat = features.reshape(3, -1)
    fit = np.zeros((3, 6))
    fit[:, 0] = np.median(flat[:, ring if len(ring) > 200 else pick], axis=1)
    seen = flat[:, pick].astype(np.float64)
    px, py = x[pick % w], y[pick // w]
    spread = np.array(start)
    for _ in range(8):
        normal, right, inside = _equations(seen, px, py, fit, 4.0 * spread)
        if np.count_nonzero(inside) < 100:
            break
        fit = np.asarray(np.linalg.solve(normal + 1e-6 * len(pick) * _FLAT, right).T, dtype=np.float64)
        left = _departures(seen, px, py, fit, inside)
        spread = np.maximum([1.4826 * _median(c) for c in left], _LEAST_SPREAD)
    _take_out(features, x, y, fit)
    return features[0], np.moveaxis(features[1:], 0, -1), (float(spread[0]), float(spread[1:].mean()))


def _median(values: Float) -> float:
    middle = len(values) // 2
    ordered = np.partition(values, middle)
    return float(ordered[middle] if len(values) % 2 else (ordered[middle] + ordered[:middle].max()) / 2)


@numba.njit(cache=True, nogil=True)
def _features(log: Float32) -> Float32:  # pragma: no cover - compiled
    """(3, h, w) mean, red less green and blue less green of (h, w, 3) logarithms."""
    h, w = log.shape[:2]
    out = np.empty((3, h, w), dtype=np.float32)
    third = np.float32(1 / 3)
    for y in range(h):
        for x in range(w):
            r, g, b = log[y, x, 0], log[y, x, 1], log[y, x, 2]
            out[0, y, x], out[1, y, x], out[2, y, x] = (r + g + b) * third, r - g, b - g
    return out


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _equations(
    seen: Float, x: Float, y: Float, fit: Float, reach: Float
) -> tuple[Float, Float, Bool]:  # pragma: no cover - compiled
    """Normal matrix (6, 6) and right sides (6, 3) of the field through (3, n) values, weighted by how near they lie to
    ``fit`` (3, 6); and which of them have a weight."""
    n = x.size
    normal, right = np.zeros((6, 6)), np.zeros((6, 3))
    inside = np.zeros(n, dtype=np.bool_)
    row = np.empty(6)
    for i in range(n):
        row[0], row[1], row[2] = 1.0, x[i], y[i]
        row[3], row[4], row[5] = x[i] * x[i], x[i] * y[i], y[i] * y[i]
        far = 0.0
        for c in range(3):
            z = seen[c, i]
            for k in range(6):
                z -= fit[c, k] * row[k]
            z /= reach[c]
            far = max(far, z * z)
        if far >= 1.0:
            continue
        inside[i] = True
        weight = (1.0 - far) * (1.0 - far)
        for k in range(6):
            weighted = weight * row[k]
            for m in range(k, 6):
                normal[k, m] += weighted * row[m]
            for c in range(3):
                right[k, c] += weighted * seen[c, i]
    for k in range(6):
        for m in range(k):
            normal[k, m] = normal[m, k]
    return normal, right, inside


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _departures(seen: Float, x: Float, y: Float, fit: Float, inside: Bool) -> Float:  # pragma: no cover - compiled
    """(3, k) distances from the field of those values that lie ``inside``."""
    out = np.empty((3, np.count_nonzero(inside)))
    k = 0
    for i in range(x.size):
        if inside[i]:
            for c in range(3):
                f = fit[c]
                here = f[0] + f[1] * x[i] + f[2] * y[i]
                out[c, k] = abs(seen[c, i] - here - f[3] * x[i] * x[i] - f[4] * x[i] * y[i] - f[5] * y[i] * y[i])
            k += 1
    return out


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _take_out(features: Float32, x: Float, y: Float, fit: Float) -> None:  # pragma: no cover - compiled
    for c in range(3):
        f = fit[c]
        for j in range(y.size):
            level, slope = f[0] + f[2] * y[j] + f[5] * y[j] * y[j], f[1] + f[4] * y[j]
            for i in range(x.size):
                features[c, j, i] = np.float32(features[c, j, i] - level - (slope + f[3] * x[i]) * x[i])
