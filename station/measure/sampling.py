"""Sub-pixel sampling by cubic B-splines.

A cubic B-spline interpolates smooth pictures to about 1e-4 of their range; a slight Gaussian blur before it makes the
result independent of where the sampling points fall between pixels (Unser, Aldroubi and Eden, IEEE Trans. Signal
Process. 41, 1993). Blur and spline prefilter are both separable and symmetric, so they are folded into one FIR kernel.
"""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, Literal

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from station.measure.photo_window import linear_row
from station.measure.threads import thread_count, together

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

HALF = 8
"""Taps either side of a cubic spline's prefilter, see :func:`prefilter_kernel`."""
_LENS_PX = 0.7  # blur of a sharp lens, by which frequencies count
_BLOCK = 64  # pixels a side that are filtered at a time near rays
_NEAR = 5  # pixels about a place of which blocks are filtered: what its spline takes part of, and two
_PHASES = 128  # the kernel is tabulated at these and linear between: to 1e-5


@lru_cache(maxsize=32)
def prefilter_kernel(blur_sigma: float, degree: int, half: int) -> Float32:
    """(2 half + 1,) taps of a Gaussian of ``blur_sigma`` px followed by the inverse of the sampled B-spline.

    Least squares over the frequencies, which a sharp lens' own blur weighs: with eight taps a side a cubic spline's
    gain is right to 1e-3 where a camera sees anything, and to 1e-5 without a blur. Simply cut off, the series needs
    many more: a Gaussian of less than a pixel ends with a corner at the highest frequency.
    """
    f = np.linspace(0, 0.5, 257)
    wave = np.cos(2 * np.pi * f)
    spline = (4 + 2 * wave) / 6 if degree == 3 else (66 + 52 * wave + 2 * np.cos(4 * np.pi * f)) / 120
    lens = np.exp(-2 * (np.pi * f * _LENS_PX) ** 2)
    taps = np.cos(2 * np.pi * f[:, None] * np.arange(half + 1)) * np.where(np.arange(half + 1) == 0, 1, 2)
    wanted = np.exp(-2 * (np.pi * f * blur_sigma) ** 2)
    side = np.linalg.lstsq(taps * (spline * lens)[:, None], wanted * lens, rcond=None)[0]
    kernel = np.concatenate([side[:0:-1], side])
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


@lru_cache(maxsize=16)
def kernel_table(blur_px: float) -> Float32:
    """(phases + 1, 10 or 14) weights of the pixels about a place, by its distance from the pixel left of it: blur,
    prefilter and spline in one, for few places; with a blur ten taps, what is cut off sums to 3e-3 of its gain."""
    half = 7 if blur_px == 0 else 5
    f = np.fft.fftfreq(256)
    response = np.exp(-2 * (np.pi * f * blur_px) ** 2) * 6 / (4 + 2 * np.cos(2 * np.pi * f))
    inverse = np.real(np.fft.ifft(response))
    x = np.arange(-half + 1, half + 1)[None, :] - np.linspace(0, 1, _PHASES + 1)[:, None]
    weights = np.zeros_like(x)
    for k in range(-half - 3, half + 4):
        d = np.abs(x - k)
        spline = np.where(d < 1, 2 / 3 - d * d * (2 - d) / 2, np.where(d < 2, (2 - d) ** 3 / 6, 0.0))
        weights += inverse[k] * spline
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def spline_coefficients(
    image: Float32, blur_sigma: float = 0.0, *, reuse: bool = False, degree: Literal[3, 5] = 3
) -> Float32:
    """B-spline coefficients of ``image`` blurred by ``blur_sigma`` px, cubic or of degree 5.

    image : (H, W) or (H, W, C) float32. Returns the same shape. Beyond the border the picture is mirrored.
    reuse : write into ``image``, which nobody else may hold.
    """
    kernel = prefilter_kernel(float(blur_sigma), degree, HALF if degree == 3 else 2 * HALF)
    target = image if reuse else None
    out = cv2.sepFilter2D(image, cv2.CV_32F, kernel, kernel, dst=target, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(out, dtype=np.float32)


@numba.njit(cache=True, nogil=True)
def _mirrored(at: int, size: int) -> int:  # pragma: no cover - compiled
    """Index of a sample beyond the border, mirrored about the first and the last."""
    at = abs(at)
    if at >= size:
        at = 2 * size - 2 - at
    return min(max(at, 0), size - 1)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def filter_line(
    source: Float32, start: int, step: int, kernel: Float32, out: Float32
) -> None:  # pragma: no cover - compiled
    """out[i] = sum over t of kernel[half + t] * source[start + i + t * step]; symmetric, two pairs of taps a turn."""
    n, half = out.size, kernel.size // 2
    middle = kernel[half]
    a = source[start : start + n]
    for t in range(1, half, 2):
        u = t + 1
        k, g = kernel[half + t], kernel[half + u]
        b, c = source[start - t * step : start - t * step + n], source[start + t * step : start + t * step + n]
        d, e = source[start - u * step : start - u * step + n], source[start + u * step : start + u * step + n]
        if t == 1:
            for i in range(n):
                out[i] = middle * a[i] + k * (b[i] + c[i]) + g * (d[i] + e[i])
        else:
            for i in range(n):
                out[i] += k * (b[i] + c[i]) + g * (d[i] + e[i])


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def filter_block(
    flat: NDArray[Any],
    table: Float32 | None,
    gain: Float32 | None,
    left: int,
    top: int,
    columns: int,
    rows: int,
    kernel: Float32,
    across: Float32,
    out: Float32,
    at: int,
    stride: int,
) -> None:  # pragma: no cover - compiled
    """Spline coefficients of a block of a picture, mirrored beyond its border, to ``out`` from ``at`` on.

    flat, table, gain : as :class:`Rows`. kernel : an even number of taps either side. across : room for the block
    filtered along its rows. stride : numbers in a row of ``out``.
    """
    height, width = flat.shape[0], flat.shape[1] // 3
    count, half = 3 * columns, kernel.size // 2
    line = np.empty(3 * (columns + 2 * half), dtype=np.float32)
    first, end = max(left - half, 0), min(left + columns + half, width)
    for j in range(rows + 2 * half):
        y = _mirrored(top - half + j, height)
        begin = 3 * (first - left + half)
        linear_row(flat, table, gain, y, 3 * first, line[begin : begin + 3 * (end - first)])
        for i in range(columns + 2 * half):
            x = left - half + i
            if x < first or x >= end:
                m = min(max(_mirrored(x, width), first), end - 1) - left + half
                for k in range(3):
                    line[3 * i + k] = line[3 * m + k]
        filter_line(line, 3 * half, 3, kernel, across[j * count : (j + 1) * count])
    for j in range(rows):
        filter_line(across, (j + half) * count, count, kernel, out[at + j * stride : at + j * stride + count])


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _sample(c: Float32, points: Float, out: Float32) -> None:  # pragma: no cover - compiled
    """c : (H, W, C); points : (n, 2); out : (n, C)."""
    h, w, channels = c.shape
    flat = c.reshape(-1)
    one = np.float32(1.0)
    sixth = np.float32(1 / 6)
    two_thirds = np.float32(2 / 3)
    half = np.float32(0.5)
    for i in range(points.shape[0]):
        px, py = points[i, 0], points[i, 1]
        if not (px >= 0.0 and py >= 0.0 and px <= w - 1 and py <= h - 1):
            for k in range(channels):
                out[i, k] = np.nan
            continue
        ix, iy = int(px), int(py)
        t = np.float32(px - ix)
        s = one - t
        x0, x3 = s * s * s * sixth, t * t * t * sixth
        x1, x2 = two_thirds - t * t * (one - half * t), two_thirds - s * s * (one - half * s)
        t = np.float32(py - iy)
        s = one - t
        y0, y3 = s * s * s * sixth, t * t * t * sixth
        y1, y2 = two_thirds - t * t * (one - half * t), two_thirds - s * s * (one - half * s)
        if ix >= 1 and iy >= 1 and ix + 2 < w and iy + 2 < h:
            # unsigned: a negative index would have to be looked out for
            r0, n = np.uintp(((iy - 1) * w + ix - 1) * channels), np.uintp(channels)
            r1 = r0 + np.uintp(w * channels)
            r2, r3 = r1 + np.uintp(w * channels), r1 + np.uintp(2 * w * channels)
            for k in range(n):
                a = (
                    x0 * flat[r0 + k]
                    + x1 * flat[r0 + n + k]
                    + x2 * flat[r0 + n + n + k]
                    + x3 * flat[r0 + n + n + n + k]
                )
                b = (
                    x0 * flat[r1 + k]
                    + x1 * flat[r1 + n + k]
                    + x2 * flat[r1 + n + n + k]
                    + x3 * flat[r1 + n + n + n + k]
                )
                d = (
                    x0 * flat[r2 + k]
                    + x1 * flat[r2 + n + k]
                    + x2 * flat[r2 + n + n + k]
                    + x3 * flat[r2 + n + n + n + k]
                )
                e = (
                    x0 * flat[r3 + k]
                    + x1 * flat[r3 + n + k]
                    + x2 * flat[r3 + n + n + k]
                    + x3 * flat[r3 + n + n + n + k]
                )
                out[i, k] = y0 * a + y1 * b + y2 * d + y3 * e
            continue
        # mirrored about the first and the last pixel, as the coefficients are
        left, right, far = _mirrored(ix - 1, w), _mirrored(ix + 1, w), _mirrored(ix + 2, w)
        up, down, below = _mirrored(iy - 1, h), _mirrored(iy + 1, h), _mirrored(iy + 2, h)
        for k in range(channels):
            a = x0 * c[up, left, k] + x1 * c[up, ix, k] + x2 * c[up, right, k] + x3 * c[up, far, k]
            b = x0 * c[iy, left, k] + x1 * c[iy, ix, k] + x2 * c[iy, right, k] + x3 * c[iy, far, k]
            d = x0 * c[down, left, k] + x1 * c[down, ix, k] + x2 * c[down, right, k] + x3 * c[down, far, k]
            e = x0 * c[below, left, k] + x1 * c[below, ix, k] + x2 * c[below, right, k] + x3 * c[below, far, k]
            out[i, k] = y0 * a + y1 * b + y2 * d + y3 * e


def sample(coefficients: Float32, points: Float) -> Float32:
    """Values of the spline at ``points`` (..., 2) px; NaN outside the picture.

    coefficients : from :func:`spline_coefficients`, (H, W) or (H, W, C), at least 2 x 2. Returns (...,) or (..., C)
    float32.
    """
    c = coefficients if coefficients.ndim == 3 else coefficients[..., None]
    p = np.asarray(points, dtype=np.float64)
    flat = np.ascontiguousarray(p.reshape(-1, 2))
    out = np.empty((len(flat), c.shape[2]), dtype=np.float32)
    _sample(np.ascontiguousarray(c), flat, out)
    return out.reshape(p.shape[:-1] + ((c.shape[2],) if coefficients.ndim == 3 else ()))


def sample_rays(image: Float32, starts: Float, steps: Float, count: int, blur_sigma: float) -> Float32:
    """(n, count, 3) values of the spline of a picture along rays: ``starts[i] + j * steps[i]``; NaN outside it.

    image : (H, W, 3), blurred by ``blur_sigma`` px; only what lies near the rays is filtered. starts, steps : (n, 2)
    px. Gives what :func:`sample` gives of :func:`spline_coefficients`.
    """
    h, w = image.shape[:2]
    flat = np.ascontiguousarray(image).reshape(h, -1)
    out = np.empty((len(starts), count, 3), dtype=np.float32)
    starts, steps = np.ascontiguousarray(starts, dtype=np.float64), np.ascontiguousarray(steps, dtype=np.float64)
    kernel = prefilter_kernel(float(blur_sigma), 3, HALF)
    cuts = np.linspace(0, len(starts), thread_count() + 1).astype(int)

    def follow(first: int, end: int) -> None:
        # each thread has its own: a block that two need is half done while one of them filters it. Of what is reserved
        # only the blocks that are filtered take memory
        coefficients = np.empty(h * w * 3, dtype=np.float32)
        some = slice(first, end)
        _filter_along(flat, starts[some], steps[some], count, kernel, coefficients)
        _sample_rays(coefficients.reshape(h, w, 3), starts[some], steps[some], out[some])

    together(*(partial(follow, int(a), int(b)) for a, b in pairwise(cuts)))
    return out


@numba.njit(cache=True, nogil=True)
def _filter_along(
    flat: Float32, starts: Float, steps: Float, count: int, kernel: Float32, out: Float32
) -> None:  # pragma: no cover - compiled
    """Spline coefficients of those blocks of a picture (H, 3 W) that rays pass."""
    height, width = flat.shape[0], flat.shape[1] // 3
    across = np.empty((_BLOCK + kernel.size) * 3 * _BLOCK, dtype=np.float32)
    ready = np.zeros((-(-height // _BLOCK), -(-width // _BLOCK)), dtype=np.bool_)
    for i in range(len(starts)):
        stride = max(1, int(2 / max(abs(steps[i, 0]), abs(steps[i, 1]), 1e-9)))  # two pixels at a time
        for j in range(0, count + stride, stride):
            x = starts[i, 0] + min(j, count - 1) * steps[i, 0]
            y = starts[i, 1] + min(j, count - 1) * steps[i, 1]
            if not (x >= -_NEAR and y >= -_NEAR and x <= width - 1 + _NEAR and y <= height - 1 + _NEAR):
                continue
            for by in range(max(int(y) - _NEAR, 0) // _BLOCK, min(int(y) + _NEAR, height - 1) // _BLOCK + 1):
                for bx in range(max(int(x) - _NEAR, 0) // _BLOCK, min(int(x) + _NEAR, width - 1) // _BLOCK + 1):
                    if not ready[by, bx]:
                        top, left = by * _BLOCK, bx * _BLOCK
                        wide, high = min(_BLOCK, width - left), min(_BLOCK, height - top)
                        at = 3 * (top * width + left)
                        filter_block(flat, None, None, left, top, wide, high, kernel, across, out, at, 3 * width)
                        ready[by, bx] = True


@numba.njit(cache=True, nogil=True)
def _sample_rays(c: Float32, starts: Float, steps: Float, out: Float32) -> None:  # pragma: no cover - compiled
    count = out.shape[1]
    points = np.empty((count, 2))
    for i in range(len(starts)):
        for j in range(count):
            points[j, 0], points[j, 1] = starts[i, 0] + j * steps[i, 0], starts[i, 1] + j * steps[i, 1]
        _sample(c, points, out[i])


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _quintic_weights(t: float, out: Float) -> None:  # pragma: no cover - compiled
    """Values of the B-spline of degree 5 at t + 2, t + 1, t, 1 - t, 2 - t, 3 - t; 0 <= t < 1."""
    for k in range(6):
        x = abs(t + 2.0 - k)
        a, b, c = max(3.0 - x, 0.0), max(2.0 - x, 0.0), max(1.0 - x, 0.0)
        out[k] = (a * a * a * a * a - 6.0 * b * b * b * b * b + 15.0 * c * c * c * c * c) / 120.0


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _sample_quintic(c: Float32, points: Float, out: Float32) -> None:  # pragma: no cover - compiled
    """c : (H, W), at least 5 x 5; points : (n, 2); out : (n,)."""
    h, w = c.shape
    wx, wy = np.empty(6), np.empty(6)
    across = np.empty(6, dtype=np.intp)
    for i in range(points.shape[0]):
        px, py = points[i, 0], points[i, 1]
        if not (px >= 0.0 and py >= 0.0 and px <= w - 1 and py <= h - 1):
            out[i] = np.nan
            continue
        ix, iy = int(px), int(py)
        _quintic_weights(px - ix, wx)
        _quintic_weights(py - iy, wy)
        for k in range(6):
            x = abs(ix + k - 2)
            across[k] = x if x < w else 2 * w - 2 - x
        total = 0.0
        for j in range(6):
            y = abs(iy + j - 2)
            y = y if y < h else 2 * h - 2 - y
            row = 0.0
            for k in range(6):
                row += wx[k] * c[y, across[k]]
            total += wy[j] * row
        out[i] = total


def sample_quintic(coefficients: Float32, points: Float) -> Float32:
    """Values of a spline of degree 5 at ``points`` (n, 2) px; NaN outside the picture.

    Near the finest detail a grid can hold a cubic spline shifts a wave by a part of its length, this one
    by less, at two and a half times the cost. coefficients : (H, W), at least 5 x 5, from
    :func:`spline_coefficients` of degree 5. Returns (n,) float32.
    """
    out = np.empty(len(points), dtype=np.float32)
    _sample_quintic(coefficients, np.ascontiguousarray(points, dtype=np.float64), out)
    return out
