"""Polygons on rasters: masks by sample centres, area, centroid, even spacing along a closed contour."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


def polygon_mask(polygon_px: Float, shape: tuple[int, int]) -> Bool:
    """(H, W) mask of the pixels whose centre lies inside a closed polygon (even-odd rule).

    polygon_px : (n, 2) corners, x right, y down. ``cv2.fillPoly`` also takes every pixel the outline touches and so
    makes a shape about one pixel too large; here a pixel counts by its centre alone.
    """
    height, width = shape
    p = np.asarray(polygon_px, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] != 2 or len(p) < 3:
        raise ValueError(f"a polygon needs (n >= 3, 2) points, got {p.shape}")
    mask = np.zeros((height, width), dtype=bool)
    _fill_polygon(np.ascontiguousarray(p), mask)
    return mask


@numba.njit(cache=True, nogil=True)
def _fill_polygon(p: Float, mask: Bool) -> None:  # pragma: no cover - compiled
    """Every edge turns over the pixels right of it in the rows that it crosses: each is marked where that begins."""
    height, width = mask.shape
    top, bottom, left, right = height, 0, width, 0
    for i in range(len(p)):
        x0, y0 = p[i - 1]
        x1, y1 = p[i]
        if not np.isfinite(x0 + y0 + x1 + y1):
            continue
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        first, end = int(min(max(np.ceil(y0), 0), height)), int(min(max(np.ceil(y1), 0), height))  # y0 <= row < y1
        for row in range(first, end):
            x = x0 + (row - y0) * (x1 - x0) / (y1 - y0)
            column = int(min(max(np.ceil(x), 0), width))
            left, right = min(left, column), max(right, column)
            if column < width:
                mask[row, column] = not mask[row, column]
        if first < end:
            top, bottom = min(top, first), max(bottom, end)
    for row in range(top, bottom):
        inside = False
        for column in range(left, min(right + 1, width)):
            inside ^= mask[row, column]
            mask[row, column] = inside


def signed_area(polygon: Float) -> float:
    """Area of a closed (n, 2) polygon by the shoelace formula; positive when it runs clockwise as seen (y down)."""
    p = np.asarray(polygon, dtype=np.float64)
    q = np.roll(p, -1, axis=0)
    return float(np.sum(p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]) / 2)


def centroid(polygon: Float) -> Float:
    """(2,) centre of area of a closed (n, 2) polygon."""
    p = np.asarray(polygon, dtype=np.float64)
    base = p.mean(axis=0)
    p = p - base
    q = np.roll(p, -1, axis=0)
    cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
    total = cross.sum()
    if abs(total) < 1e-12:
        return np.asarray(base, dtype=np.float64)
    return np.asarray(base + ((p + q) * cross[:, None]).sum(axis=0) / (3 * total), dtype=np.float64)


def resample_closed(contour: Float, spacing: float) -> Float:
    """(m, 2) points at even distances of about ``spacing`` along a closed (n, 2) contour."""
    p = np.asarray(contour, dtype=np.float64)
    ring = np.vstack([p, p[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ring, axis=0).T))])
    count = max(round(along[-1] / spacing), 8)
    at = np.arange(count) * along[-1] / count
    return np.stack([np.interp(at, along, ring[:, 0]), np.interp(at, along, ring[:, 1])], axis=1)


def smooth_closed(values: Float, sigma: float) -> Float:
    """Gaussian smoothing along a closed contour; values (n,) or (n, k), sigma in samples."""
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(values, sigma, axis=0, mode="wrap"), dtype=np.float64)


def outward_normals(contour: Float) -> Float:
    """(n, 2) unit normals of an evenly spaced closed contour, pointing out of the enclosed area."""
    p = np.asarray(contour, dtype=np.float64)
    tangent = np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1])[:, None], 1e-12)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    return np.asarray(normal if signed_area(p) > 0 else -normal, dtype=np.float64)
