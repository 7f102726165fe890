"""Blur of a picture's edges and noise of its pixels, both independent of contrast and of one another as far as can be.

The blur of an edge follows from how much a known further blur lowers its gradient (Zhuo and Sim, Pattern Recognition
44, 2011): for a step of blur sigma, blurred again by s, the ratio of gradients is sqrt(1 + s^2 / sigma^2), whatever
the contrast.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Index = NDArray[np.intp]

_AGAIN = 2.0  # px of the further blur
_FIRST = 0.8  # px of blur against noise, taken off again
_SECTORS = 4
_MEAN = np.full(3, 1 / 3, dtype=np.float32)
_ENOUGH = 400_000  # px that tell blur and noise; of a larger picture bands are looked at
_BAND = 64  # rows


def edge_blur_px(image: Float32, mask: Bool) -> float:
    """Blur sigma of the sharp edges inside ``mask``, in px; the largest over four edge directions, so that motion
    shows.

    image : (H, W) or (H, W, C) float32, linear light. mask : (H, W) pixels to look at. Returns NaN where there is no
    edge.
    """
    bands, mask = _bands(mask)
    grey = np.concatenate([image[band] if image.ndim == 2 else image[band] @ _MEAN for band in bands])
    a = np.asarray(cv2.GaussianBlur(grey, (0, 0), _FIRST), dtype=np.float32)
    b = np.asarray(cv2.GaussianBlur(grey, (0, 0), float(np.hypot(_FIRST, _AGAIN))), dtype=np.float32)
    ax, ay = cv2.Sobel(a, cv2.CV_32F, 1, 0), cv2.Sobel(a, cv2.CV_32F, 0, 1)
    ga = np.asarray(cv2.magnitude(ax, ay), dtype=np.float32)
    peak = ga >= cv2.dilate(ga, np.ones((3, 3), np.uint8)) * 0.999  # on the edge's crest the step model holds
    usable = mask & peak & np.isfinite(ga)
    if np.count_nonzero(usable) < 50:
        return float("nan")
    strong = np.flatnonzero(usable & (ga > np.quantile(ga[usable], 0.6)))
    again = _gradient_at(b, *np.divmod(strong, b.shape[1]))
    strong, again = strong[again > 0], again[again > 0]
    if len(strong) < 50:
        return float("nan")
    weight = ga.ravel()[strong]
    ratio = weight / again
    sigma = _AGAIN / np.sqrt(np.maximum(ratio**2 - 1, 1e-3))
    sigma = np.sqrt(np.maximum(sigma**2 - _FIRST**2, 0.0))
    angle = np.mod(np.arctan2(np.ravel(ay)[strong], np.ravel(ax)[strong]), np.pi)
    sector = np.minimum((angle / np.pi * _SECTORS).astype(int), _SECTORS - 1)
    medians = []
    for k in range(_SECTORS):
        inside = sector == k
        if np.count_nonzero(inside) >= max(30, 0.04 * inside.size):
            medians.append(_weighted_median(sigma[inside], weight[inside]))
    return max(medians) if medians else _weighted_median(sigma, weight)


def _gradient_at(image: Float32, y: Index, x: Index) -> Float32:
    """(n,) length of the gradient at some pixels, as ``cv2.Sobel`` gives it: the rest of the picture is left out."""
    h, w = image.shape
    above, below = np.abs(y - 1), h - 1 - np.abs(h - 2 - y)
    left, right = np.abs(x - 1), w - 1 - np.abs(w - 2 - x)
    corners = image[below, right] - image[above, left], image[below, left] - image[above, right]
    gx = corners[0] - corners[1] + 2 * (image[y, right] - image[y, left])
    gy = corners[0] + corners[1] + 2 * (image[below, x] - image[above, x])
    return np.asarray(np.sqrt(gx * gx + gy * gy), dtype=np.float32)


def _bands(mask: Bool) -> tuple[list[slice], Bool]:
    """Every n-th band of rows of a large picture, and the mask of them, one under the other, their seams left out."""
    every = round(mask.size / _ENOUGH)
    if every < 2:
        return [slice(0, len(mask))], mask
    tops = range(every // 2 * _BAND, len(mask), every * _BAND)
    bands = [slice(top, min(top + _BAND, len(mask))) for top in tops]
    kept = np.concatenate([mask[band] for band in bands])
    at = np.arange(len(kept)) % _BAND
    return bands, kept & (np.minimum(at, _BAND - 1 - at) >= 8)[:, None]


def _weighted_median(values: Float32, weights: Float32) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def pixel_noise(image: Float32, mask: Bool) -> float:
    """Standard deviation of a pixel at mid tone inside ``mask``, channels pooled, linear light; 0 where nothing is
    flat.

    Taken from the second differences (Immerkaer, Computer Vision and Image Understanding 64, 1996) of the flattest
    third of the pixels between 10 and 70 % of full scale, or of all pixels where so few are of mid tone.
    """
    bands, mask = _bands(mask)
    image = np.concatenate([image[band] for band in bands])
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6
    response = cv2.filter2D(image, cv2.CV_32F, kernel)
    grey = cv2.GaussianBlur(image @ _MEAN, (0, 0), 1.5)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    slope = cv2.magnitude(gx, gy)
    middle = mask & (grey > 0.1) & (grey < 0.7)
    if np.count_nonzero(middle) < 500:
        middle = mask
    if not middle.any():
        return 0.0
    flat = middle & (slope <= np.quantile(slope[middle], 1 / 3))
    return float(1.4826 * np.median(np.abs(response[flat]).ravel(), overwrite_input=True))
