"""Compiled passes over the rasters of the reference difference, pixel by pixel instead of mask by mask."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


@numba.njit(cache=True, nogil=True)
def share_of_lightness(g: F32, metal: NDArray[np.bool_], whole: float) -> F32:  # pragma: no cover - compiled
    """(H, W, 3) with the colour of ``metal`` as a share of its lightness, times ``whole``."""
    out = g.copy()
    for y in range(g.shape[0]):
        for x in range(g.shape[1]):
            if metal[y, x]:
                factor = np.float32(whole) / max(g[y, x, 0], np.float32(0.2))
                out[y, x, 1] *= factor
                out[y, x, 2] *= factor
    return out


@numba.njit(cache=True, nogil=True)
def bins_of(distance: F32, bounds: F32) -> U8:  # pragma: no cover - compiled
    """(H, W) how many of the sorted ``bounds`` are smaller than each value."""
    out = np.empty(distance.shape, dtype=np.uint8)
    for y in range(distance.shape[0]):
        for x in range(distance.shape[1]):
            k = 0
            while k < bounds.size and bounds[k] < distance[y, x]:
                k += 1
            out[y, x] = k
    return out


@numba.njit(cache=True, nogil=True)
def looked_up(table: F32, rows: U8, columns: U8) -> F32:  # pragma: no cover - compiled
    """(H, W, 3) entries of a table (rows, columns, 3)."""
    out = np.empty((rows.shape[0], rows.shape[1], 3), dtype=np.float32)
    for y in range(rows.shape[0]):
        for x in range(rows.shape[1]):
            entry = table[rows[y, x], columns[y, x]]
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = entry[0], entry[1], entry[2]
    return out


@numba.njit(cache=True, nogil=True)
def put(out: F32, index: NDArray[np.intp], value: F32) -> None:  # pragma: no cover - compiled
    """The same (3,) value at some rows of (n, 3)."""
    a, b, c = value[0], value[1], value[2]
    for i in index:
        out[i, 0], out[i, 1], out[i, 2] = a, b, c


@numba.njit(cache=True, nogil=True)
def outside_relief(
    unit: F32,
    lightness: F32,
    light: F32,
    darkest: F32,
    wide: tuple[F32, F32],
    near: tuple[F32, F32],
    kind: U8,
    plated: F32,
    relief: F32,
) -> F32:  # pragma: no cover - compiled
    """(H, W, 3) how far the unit leaves what relief and metal may show.

    unit : (H, W, 3), metal as shares. lightness, light : (H, W) of the unit and of the golden. darkest : (H, W) that
    enamel at walls may be as dark as. wide, near : least and most (H, W, 3) of the golden across a wall, and within the
    reach of registration. kind : (H, W) 0 nowhere, 1 a meniscus, 2 a wall, 3 metal. plated, relief : (2, 3) least and
    most that all metal shows, as shares and as it is; of no effect where the least is above the most.
    """
    out = np.zeros(unit.shape, dtype=np.float32)
    zero = np.float32(0)
    metal_free, relief_free = plated[0, 0] <= plated[1, 0], relief[0, 0] <= relief[1, 0]
    for y in range(unit.shape[0]):
        for x in range(unit.shape[1]):
            k = kind[y, x]
            if k == 0:
                continue
            lit = lightness[y, x] > light[y, x]
            for c in range(3):
                if k == 3 and c > 0:
                    low, high = near[0][y, x, c], near[1][y, x, c]
                else:
                    low, high = wide[0][y, x, c], wide[1][y, x, c]
                if k == 3:
                    if metal_free:
                        low = min(low, plated[0, c])
                        high = max(high, plated[1, c]) if c > 0 else np.float32(np.inf)
                else:
                    if c == 0:
                        low, high = min(low, darkest[y, x]), np.float32(np.inf)
                    elif lit:
                        low, high = min(low, zero), max(high, zero)
                    if k == 2 and relief_free:
                        low, high = min(low, relief[0, c]), max(high, relief[1, c])
                out[y, x, c] = max(max(unit[y, x, c] - high, low - unit[y, x, c]), zero)
    return out
