"""Compiled inner loops of what is done with profiles across an edge and with values along a closed contour."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from station.measure.sampling import filter_line

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]


def softened(values: Float32, along: float, across: float = 0.0) -> Float32:
    """(n, m, 3) profiles averaged along their closed contour and along the normals: Gaussian sigmas in samples, 0 for
    none. The ends of a profile are mirrored."""
    flat = np.ascontiguousarray(values).reshape(len(values), -1)
    out = np.empty_like(flat)
    _soften(flat, _gaussian(along), _gaussian(across), out)
    return out.reshape(values.shape)


def _gaussian(sigma: float) -> Float32:
    """Taps of a Gaussian out to four sigma, an even number of them either side."""
    half = int(4 * sigma + 0.5)
    at = np.arange(-half, half + 1)
    taps = np.exp(-0.5 * (at / max(sigma, 1e-9)) ** 2)
    return np.pad(taps / taps.sum(), half % 2).astype(np.float32)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _soften(flat: Float32, along: Float32, across: Float32, out: Float32) -> None:  # pragma: no cover - compiled
    n, width = flat.shape
    half, ahead = along.size // 2, across.size // 2
    line = np.empty(width + 6 * ahead, dtype=np.float32)
    for i in range(n):
        middle = line[3 * ahead : 3 * ahead + width]
        middle[:] = 0
        for t in range(-half, half + 1):
            row, weight = flat[(i + t) % n], along[half + t]
            for k in range(width):
                middle[k] += weight * row[k]
        if ahead == 0:
            out[i] = middle
            continue
        for t in range(ahead):
            for c in range(3):
                line[3 * (ahead - 1 - t) + c] = middle[min(3 * t, width - 3) + c]
                line[3 * ahead + width + 3 * t + c] = middle[max(width - 3 * (t + 1), 0) + c]
        filter_line(line, 3 * ahead, 3, across, out[i])


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def edge_worth(
    values: Float32, logs: Float32, step: float, rising: float
) -> tuple[Float, Float]:  # pragma: no cover - compiled
    """(n, m) gradient energy of profiles (n, m, 3), and that of their logarithms, times ``rising`` where they grow.

    step : mm between samples. Central differences, one-sided at the ends.
    """
    n, m = values.shape[:2]
    energy, worth = np.empty((n, m)), np.empty((n, m))
    for i in range(n):
        for k in range(m):
            before, after = max(k - 1, 0), min(k + 1, m - 1)
            per = 1 / ((after - before) * step)
            plain, steep, way = 0.0, 0.0, 0.0
            for c in range(3):
                slope = (np.float64(values[i, after, c]) - np.float64(values[i, before, c])) * per
                plain += slope * slope
                slope = (np.float64(logs[i, after, c]) - np.float64(logs[i, before, c])) * per
                steep += slope * slope
                way += slope
            energy[i, k] = plain
            worth[i, k] = steep * (rising if way > 0 else 1.0)
    return energy, worth


@numba.njit(cache=True, nogil=True)
def local_quadratics(
    values: Float, known: Bool, residual: Float, half: int, cutoff: float
) -> Float:  # pragma: no cover - compiled
    """(n,) at every place of a closed contour the robust quadratic through its neighbourhood, and its residuals.

    values : (n,), 0 where not ``known``. residual : (n, 2 half + 1) distances from the last fit, which Tukey's weights
    with ``cutoff`` are taken of; those of this fit are put in their place.
    """
    n = values.size
    out = np.empty(n)
    normal, right = np.empty((3, 3)), np.empty(3)
    for i in range(n):
        normal[:], right[:] = 0, 0
        for t in range(-half, half + 1):
            at = (i + t) % n
            x = t / half
            weight = 1e-12
            if known[at]:
                r = residual[i, half + t] / cutoff
                weight += max(1 - r * r, 0.0) ** 2 + 1e-6
            powers = (1.0, x, x * x)
            for a in range(3):
                right[a] += weight * powers[a] * values[at]
                for b in range(3):
                    normal[a, b] += weight * powers[a] * powers[b]
        for a in range(3):
            normal[a, a] += 1e-9
        fit = np.linalg.solve(normal, right)
        out[i] = fit[0]
        for t in range(-half, half + 1):
            at, x = (i + t) % n, t / half
            residual[i, half + t] = abs(values[at] - fit[0] - fit[1] * x - fit[2] * x * x) if known[at] else 0.0
    return out


@numba.njit(cache=True, nogil=True)
def median_profiles(values: Float32, places: Float, every: int, half: int) -> Float32:  # pragma: no cover - compiled
    """(g, k, 3) median over 2 half + 1 neighbours of profiles (n, m, 3), each read at its own ``places`` (n, k), in
    samples, linear between them; one of ``every`` places of the closed contour. NaN where a neighbour is."""
    n, m = values.shape[:2]
    count = places.shape[1]
    groups = (n + every - 1) // every
    out = np.empty((groups, count, 3), dtype=np.float32)
    near = np.empty((2 * half + 1, 3 * count), dtype=np.float32)
    read = np.empty((n, 3 * count), dtype=np.float32)
    for i in range(n):
        for k in range(count):
            at = min(max(places[i, k], 0.0), m - 1.001)
            left = int(at)
            part = np.float32(at - left)
            for c in range(3):
                read[i, 3 * k + c] = values[i, left, c] * (1 - part) + values[i, left + 1, c] * part
    for g in range(groups):
        whole = np.zeros(3 * count, dtype=np.float32)
        for t in range(2 * half + 1):
            near[t] = read[(g * every + t - half) % n]
            whole += near[t]
        for first in range(half + 1):  # the smallest of what is left sinks to the front, in all columns at once
            for t in range(2 * half, first, -1):
                below, above = near[t - 1], near[t]
                for k in range(3 * count):
                    a, b = below[k], above[k]
                    below[k], above[k] = (a, b) if a < b else (b, a)
        for k in range(3 * count):
            out[g, k // 3, k % 3] = near[half, k] if whole[k] == whole[k] else np.nan
    return out
