"""A photo onto a raster in one pass: blur, cubic spline interpolation and the map of the places, pixel by pixel.

Filtering the whole photo first would touch many more pixels than the raster has, and each of them twice.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

NODES = 16
"""Raster pixels between two nodes of a map."""
_PHASES = 128  # the kernel is tabulated at these and linear between: to 1e-5
_HALF, _HALF_BLURRED = 7, 5  # taps either side; what is cut off sums to 1e-4, and with a blur to 3e-3 of its gain


def resample_rows(
    photo: Float32, clipped: Bool, nodes: Float, shape: tuple[int, int], blur_px: float
) -> tuple[Float32, Bool, Bool]:
    """Values (h, w, 3), clipped (h, w) and valid (h, w) of a raster.

    photo : (H, W, 3). clipped : (H, W); a raster pixel is clipped that takes part of its value from one that is.
    nodes : (rows, columns, 2) places in photo px of every ``NODES``-th raster pixel, one row and column past the end;
    linear between. blur_px : Gaussian blur of the photo. Values outside the photo are 0 and not valid.
    """
    height, width = shape
    values = np.zeros((height, width, 3), dtype=np.float32)
    is_clipped, valid = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    table = kernel_table(blur_px)
    # flat rows, so that the inner loop runs over neighbouring numbers
    flat = np.ascontiguousarray(photo).reshape(photo.shape[0], -1)
    places = np.ascontiguousarray(nodes, dtype=np.float64)
    threads = max(1, min(cv2.getNumThreads(), 8))
    cuts = np.linspace(0, height, threads + 1).astype(int)

    def rows(first: int, end: int) -> None:
        _rows(flat, clipped, places, table, values, is_clipped, valid, first, end)

    if threads == 1:
        rows(0, height)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(rows, int(a), int(b)) for a, b in pairwise(cuts)]:
                done.result()
    return values, is_clipped, valid


@lru_cache(maxsize=16)
def kernel_table(blur_px: float) -> Float32:
    """(phases + 1, taps) weights of the pixels about a place, by its distance from the pixel left of it."""
    half = _HALF if blur_px == 0 else _HALF_BLURRED
    f = np.fft.fftfreq(256)
    # the exact inverse of the sampled cubic B-spline, see sampling.py, after a Gaussian
    response = np.exp(-2 * (np.pi * f * blur_px) ** 2) * 6 / (4 + 2 * np.cos(2 * np.pi * f))
    inverse = np.real(np.fft.ifft(response))
    x = np.arange(-half + 1, half + 1)[None, :] - np.linspace(0, 1, _PHASES + 1)[:, None]
    weights = np.zeros_like(x)
    for k in range(-half - 3, half + 4):
        d = np.abs(x - k)
        spline = np.where(d < 1, 2 / 3 - d * d * (2 - d) / 2, np.where(d < 2, (2 - d) ** 3 / 6, 0.0))
        weights += inverse[k] * spline
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _rows(
    flat: Float32,
    clipped: Bool,
    nodes: Float,
    table: Float32,
    values: Float32,
    is_clipped: Bool,
    valid: Bool,
    first: int,
    end: int,
) -> None:  # pragma: no cover - compiled
    h, w = clipped.shape
    taps = table.shape[1]
    half = taps // 2
    phases = table.shape[0] - 1
    width = values.shape[1]
    line = np.empty(3 * taps, dtype=np.float32)
    wx = np.empty(taps, dtype=np.float32)
    wy = np.empty(taps, dtype=np.float32)
    for row in range(first, end):
        ny = row // NODES
        fy = (row - ny * NODES) / NODES
        for column in range(width):
            nx = column // NODES
            fx = (column - nx * NODES) / NODES
            w00, w01 = (1 - fy) * (1 - fx), (1 - fy) * fx
            w10, w11 = fy * (1 - fx), fy * fx
            px = (
                w00 * nodes[ny, nx, 0]
                + w01 * nodes[ny, nx + 1, 0]
                + w10 * nodes[ny + 1, nx, 0]
                + w11 * nodes[ny + 1, nx + 1, 0]
            )
            py = (
                w00 * nodes[ny, nx, 1]
                + w01 * nodes[ny, nx + 1, 1]
                + w10 * nodes[ny + 1, nx, 1]
                + w11 * nodes[ny + 1, nx + 1, 1]
            )
            if not (px >= 0.0 and py >= 0.0 and px <= w - 1 and py <= h - 1):
                continue
            valid[row, column] = True
            ix, iy = int(px), int(py)
            tx, ty = px - ix, py - iy
            jx, jy = min(ix + 1, w - 1), min(iy + 1, h - 1)
            spread = 0.0
            if clipped[iy, ix]:
                spread += (1 - tx) * (1 - ty)
            if clipped[iy, jx]:
                spread += tx * (1 - ty)
            if clipped[jy, ix]:
                spread += (1 - tx) * ty
            if clipped[jy, jx]:
                spread += tx * ty
            is_clipped[row, column] = spread > 0.01
            kx, ky = int(tx * phases), int(ty * phases)
            gx, gy = np.float32(tx * phases - kx), np.float32(ty * phases - ky)
            one = np.float32(1)
            for m in range(taps):
                wx[m] = (one - gx) * table[kx, m] + gx * table[min(kx + 1, phases), m]
                wy[m] = (one - gy) * table[ky, m] + gy * table[min(ky + 1, phases), m]
            left = ix - half + 1
            top = iy - half + 1
            line[:] = 0
            if left >= 0 and left + taps <= w and top >= 0 and top + taps <= h:
                for j in range(taps):
                    weight = wy[j]
                    source = flat[top + j, 3 * left : 3 * (left + taps)]
                    for m in range(3 * taps):
                        line[m] += weight * source[m]
            else:
                # beyond the border the photo is mirrored about its first and last pixel
                for j in range(taps):
                    y = top + j
                    if y < 0:
                        y = -y
                    if y >= h:
                        y = 2 * h - 2 - y
                    y = min(max(y, 0), h - 1)
                    for m in range(taps):
                        x = left + m
                        if x < 0:
                            x = -x
                        if x >= w:
                            x = 2 * w - 2 - x
                        x = min(max(x, 0), w - 1)
                        for k in range(3):
                            line[3 * m + k] += wy[j] * flat[y, 3 * x + k]
            for k in range(3):
                total = np.float32(0)
                for m in range(taps):
                    total += wx[m] * line[3 * m + k]
                values[row, column, k] = max(total, np.float32(0))
