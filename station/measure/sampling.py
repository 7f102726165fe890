"""Sub-pixel sampling by cubic B-splines.

A cubic B-spline interpolates smooth pictures to about 1e-4 of their range; a slight Gaussian blur before it makes the
result independent of where the sampling points fall between pixels (Unser, Aldroubi and Eden, IEEE Trans. Signal
Process. 41, 1993). Blur and spline prefilter are both separable and symmetric, so they are folded into one FIR kernel.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]


@lru_cache(maxsize=8)
def _prefilter_kernel(blur_sigma: float) -> Float32:
    """1-D kernel: Gaussian of ``blur_sigma`` px followed by the exact inverse of the sampled cubic B-spline."""
    f = np.fft.fftfreq(256)
    # designed in the frequency domain, so that a sigma below 1 px is not distorted by sampling the Gaussian
    response = np.exp(-2 * (np.pi * f * blur_sigma) ** 2) * 6 / (4 + 2 * np.cos(2 * np.pi * f))
    kernel = np.roll(np.real(np.fft.ifft(response)), 16)[:33]
    half = int(np.abs(np.flatnonzero(np.abs(kernel) > 1e-6) - 16).max())
    kernel = kernel[16 - half : 17 + half]
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def spline_coefficients(image: Float32, blur_sigma: float = 0.0, *, reuse: bool = False) -> Float32:
    """Cubic B-spline coefficients of ``image`` blurred by ``blur_sigma`` px.

    image : (H, W) or (H, W, C) float32. Returns the same shape. Beyond the border the picture is mirrored.
    reuse : write into ``image``, which nobody else may hold.
    """
    kernel = _prefilter_kernel(float(blur_sigma))
    target = image if reuse else None
    out = cv2.sepFilter2D(image, cv2.CV_32F, kernel, kernel, dst=target, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(out, dtype=np.float32)


@numba.njit(cache=True, nogil=True)
def _sample(c: Float32, x: Float, y: Float, out: Float32) -> None:  # pragma: no cover - compiled
    h, w, channels = c.shape
    wx = np.empty(4)
    wy = np.empty(4)
    for i in range(x.size):
        px, py = x[i], y[i]
        if not (px >= 0.0 and py >= 0.0 and px <= w - 1 and py <= h - 1):
            for k in range(channels):
                out[i, k] = np.nan
            continue
        ix, iy = int(np.floor(px)), int(np.floor(py))
        for weights, t in ((wx, px - ix), (wy, py - iy)):
            s = 1.0 - t
            weights[0] = s * s * s / 6
            weights[1] = 2 / 3 - t * t * (2 - t) / 2
            weights[2] = 2 / 3 - s * s * (2 - s) / 2
            weights[3] = t * t * t / 6
        for k in range(channels):
            total = 0.0
            for j in range(4):
                yy = iy + j - 1
                if yy < 0:
                    yy = -yy
                elif yy >= h:
                    yy = 2 * h - 2 - yy
                row = 0.0
                for m in range(4):
                    xx = ix + m - 1
                    if xx < 0:
                        xx = -xx
                    elif xx >= w:
                        xx = 2 * w - 2 - xx
                    row += wx[m] * c[yy, xx, k]
                total += wy[j] * row
            out[i, k] = total


def sample(coefficients: Float32, points: Float) -> Float32:
    """Values of the spline at ``points`` (..., 2) px; NaN outside the picture.

    coefficients : from :func:`spline_coefficients`, (H, W) or (H, W, C), at least 2 x 2. Returns (...,) or (..., C)
    float32.
    """
    c = coefficients if coefficients.ndim == 3 else coefficients[..., None]
    p = np.asarray(points, dtype=np.float64)
    x, y = np.ascontiguousarray(p[..., 0]).ravel(), np.ascontiguousarray(p[..., 1]).ravel()
    out = np.empty((x.size, c.shape[2]), dtype=np.float32)
    _sample(np.ascontiguousarray(c), x, y, out)
    return out.reshape(p.shape[:-1] + ((c.shape[2],) if coefficients.ndim == 3 else ()))
