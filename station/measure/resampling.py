"""A photo onto a raster: blur, cubic spline interpolation and the map of the places, tile by tile.

What is made is what :func:`station.measure.sampling.sample` gives of the filtered photo. A tile's part of the photo is
filtered and sampled while it lies in the processor's cache, so that no filtered photo is written and read again.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from station.measure.photo_window import Rows
from station.measure.sampling import HALF, filter_block, prefilter_kernel
from station.measure.threads import thread_count, together

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

NODES = 16
"""Raster pixels between two nodes of a map."""
_HALF_BLURRED = 4  # taps either side of a filter with a blur: its gain is right to 4e-3 where a camera sees anything
_TILE = 12  # cells between nodes a side
_BLOCK = 96  # photo pixels a side that are filtered at a time; of a turned tile only those that it covers
_REACH = 2  # pixels beyond a place that its spline takes part of


def resample_rows(
    photo: Rows, clipped: Bool, nodes: Float, shape: tuple[int, int], blur_px: float
) -> tuple[Float32, Bool, Bool]:
    """Values (h, w, 3), clipped (h, w) and valid (h, w) of a raster.

    clipped : (H, W); a raster pixel is clipped that takes part of its value from one that is.
    nodes : (rows, columns, 2) places in photo px of every ``NODES``-th raster pixel, one row and column past the end;
    linear between. blur_px : Gaussian blur of the photo. Values outside the photo are 0 and not valid.
    """
    height, width = shape
    values = np.zeros((height, width, 3), dtype=np.float32)
    is_clipped, valid = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    kernel = prefilter_kernel(round(blur_px, 4), 3, HALF if blur_px == 0 else _HALF_BLURRED)
    source = photo.flat, photo.table, photo.gain
    flat_values = values.reshape(height, -1)
    places = np.ascontiguousarray(nodes, dtype=np.float64)
    tiles = [
        (row, column) for row in range(0, -(-height // NODES), _TILE) for column in range(0, -(-width // NODES), _TILE)
    ]
    threads = thread_count()

    def fill(first: int) -> None:
        for row, column in tiles[first::threads]:
            _fill_tile(*source, clipped, places, kernel, row, column, flat_values, is_clipped, valid)

    together(*(partial(fill, first) for first in range(threads)))
    return values, is_clipped, valid


@numba.njit(cache=True, nogil=True)
def _window(
    nodes: Float, row: int, column: int, size: int, photo: tuple[int, int]
) -> tuple[int, int, int, int]:  # pragma: no cover - compiled
    """x0, y0, x1, y1 of what the cells from ``row``, ``column`` on take part of; empty outside the photo (H, W).

    The map is linear between nodes, so that its extremes lie on them.
    """
    low_x = low_y = np.inf
    high_x = high_y = -np.inf
    for j in range(row, min(row + size, nodes.shape[0] - 1) + 1):
        for i in range(column, min(column + size, nodes.shape[1] - 1) + 1):
            low_x, high_x = min(low_x, nodes[j, i, 0]), max(high_x, nodes[j, i, 0])
            low_y, high_y = min(low_y, nodes[j, i, 1]), max(high_y, nodes[j, i, 1])
    low_x, low_y = max(low_x, 0.0), max(low_y, 0.0)
    high_x, high_y = min(high_x, photo[1] - 1.0), min(high_y, photo[0] - 1.0)
    if not (low_x <= high_x and low_y <= high_y):
        return 0, 0, 0, 0
    return int(low_x) - 1, int(low_y) - 1, int(high_x) + _REACH + 1, int(high_y) + _REACH + 1


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _fill_tile(
    flat: NDArray[Any],
    table: Float32 | None,
    gain: Float32 | None,
    clipped: Bool,
    nodes: Float,
    kernel: Float32,
    row: int,
    column: int,
    values: Float32,
    is_clipped: Bool,
    valid: Bool,
) -> None:  # pragma: no cover - compiled
    """The ``_TILE`` x ``_TILE`` cells from ``row``, ``column`` on. flat, table, gain : as
    :class:`Rows`; values : (h, 3 w)."""
    left, top, right, bottom = _window(nodes, row, column, _TILE, clipped.shape)
    columns, rows = right - left, bottom - top
    if columns <= 0:
        return
    half = kernel.size // 2
    c = np.empty(rows * 3 * columns, dtype=np.float32)
    across = np.empty((_BLOCK + 2 * half) * 3 * _BLOCK, dtype=np.float32)
    ready = np.zeros((-(-rows // _BLOCK), -(-columns // _BLOCK)), dtype=np.bool_)
    for ny in range(row, min(row + _TILE, nodes.shape[0] - 1)):
        for nx in range(column, min(column + _TILE, nodes.shape[1] - 1)):
            x0, y0, x1, y1 = _window(nodes, ny, nx, 1, clipped.shape)
            if x1 == x0:
                continue
            for by in range((y0 - top) // _BLOCK, (y1 - 1 - top) // _BLOCK + 1):
                for bx in range((x0 - left) // _BLOCK, (x1 - 1 - left) // _BLOCK + 1):
                    if not ready[by, bx]:
                        y, x = by * _BLOCK, bx * _BLOCK
                        wide, high = min(_BLOCK, columns - x), min(_BLOCK, rows - y)
                        at = 3 * (y * columns + x)
                        filter_block(
                            flat, table, gain, left + x, top + y, wide, high, kernel, across, c, at, 3 * columns
                        )
                        ready[by, bx] = True
            _sample_cell(c, left, top, 3 * columns, clipped, nodes, ny, nx, values, is_clipped, valid)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _sample_cell(
    c: Float32,
    left: int,
    top: int,
    stride: int,
    clipped: Bool,
    nodes: Float,
    ny: int,
    nx: int,
    values: Float32,
    is_clipped: Bool,
    valid: Bool,
) -> None:  # pragma: no cover - compiled
    """The raster's pixels between four nodes. c : spline coefficients from ``left``, ``top`` on, rows of
    ``stride`` numbers."""
    h, w = clipped.shape
    height, width = valid.shape
    one, half, two_thirds, sixth = np.float32(1), np.float32(0.5), np.float32(2 / 3), np.float32(1 / 6)
    zero = np.float32(0)
    across, down = np.empty((4, NODES), dtype=np.float32), np.empty((4, NODES), dtype=np.float32)
    x, y = np.empty(NODES, dtype=np.int64), np.empty(NODES, dtype=np.int64)
    seen = np.empty(NODES, dtype=np.bool_)
    line = np.empty(12, dtype=np.float32)
    step = np.uintp(stride)
    count = min(NODES, width - nx * NODES)
    for row in range(ny * NODES, min((ny + 1) * NODES, height)):
        fy = row / NODES - ny
        x0 = (1 - fy) * nodes[ny, nx, 0] + fy * nodes[ny + 1, nx, 0]
        y0 = (1 - fy) * nodes[ny, nx, 1] + fy * nodes[ny + 1, nx, 1]
        dx = ((1 - fy) * nodes[ny, nx + 1, 0] + fy * nodes[ny + 1, nx + 1, 0] - x0) / NODES
        dy = ((1 - fy) * nodes[ny, nx + 1, 1] + fy * nodes[ny + 1, nx + 1, 1] - y0) / NODES
        for i in range(count):
            px, py = x0 + i * dx, y0 + i * dy
            seen[i] = px >= 0.0 and py >= 0.0 and px <= w - 1 and py <= h - 1
            x[i], y[i] = int(px), int(py)
            t, v = np.float32(px - int(px)), np.float32(py - int(py))
            s, q = one - t, one - v
            across[0, i], across[3, i] = s * s * s * sixth, t * t * t * sixth
            across[1, i], across[2, i] = two_thirds - t * t * (one - half * t), two_thirds - s * s * (one - half * s)
            down[0, i], down[3, i] = q * q * q * sixth, v * v * v * sixth
            down[1, i], down[2, i] = two_thirds - v * v * (one - half * v), two_thirds - q * q * (one - half * q)
        for i in range(count):
            if not seen[i]:
                continue
            column = nx * NODES + i
            valid[row, column] = True
            ix, iy = x[i], y[i]
            jx, jy = min(ix + 1, w - 1), min(iy + 1, h - 1)
            if clipped[iy, ix] or clipped[iy, jx] or clipped[jy, ix] or clipped[jy, jx]:
                t, v = np.float32(x0 + i * dx - ix), np.float32(y0 + i * dy - iy)
                share = (one - v) * ((one - t) * clipped[iy, ix] + t * clipped[iy, jx])
                share += v * ((one - t) * clipped[jy, ix] + t * clipped[jy, jx])
                is_clipped[row, column] = share > 0.01
            # unsigned: a negative index would have to be looked out for
            r_0 = np.uintp((iy - 1 - top) * stride + 3 * (ix - 1 - left))
            r_1 = r_0 + step
            r_2, r_3 = r_1 + step, r_1 + step + step
            y_0, y_1, y_2, y_3 = down[0, i], down[1, i], down[2, i], down[3, i]
            for m in range(np.uintp(12)):
                line[m] = y_0 * c[r_0 + m] + y_1 * c[r_1 + m] + y_2 * c[r_2 + m] + y_3 * c[r_3 + m]
            for k in range(3):
                total = across[0, i] * line[k] + across[1, i] * line[3 + k]
                total += across[2, i] * line[6 + k] + across[3, i] * line[9 + k]
                values[row, 3 * column + k] = max(total, zero)
