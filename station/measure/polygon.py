"""Polygons on rasters: masks by sample centres, area, centroid, even spacing along a closed contour."""

from __future__ import annotations

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
    q = np.roll(p, -1, axis=0)
    up = p[:, 1] > q[:, 1]
    (x0, y0), (x1, y1) = np.where(up[:, None], q, p).T, np.where(up[:, None], p, q).T
    first = np.clip(np.ceil(y0), 0, height).astype(np.intp)  # rows with y0 <= y < y1
    end = np.clip(np.ceil(y1), 0, height).astype(np.intp)
    count = np.maximum(end - first, 0)
    edge = np.repeat(np.arange(len(p)), count)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    x = x0[edge] + (row - y0[edge]) * (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])
    column = np.clip(np.ceil(x), 0, width).astype(np.intp)
    mask = np.zeros((height, width), dtype=bool)
    if len(edge) == 0:
        return mask
    top, left, right = int(row.min()), int(column.min()), int(column.max())
    bottom = int(row.max()) + 1
    span = right - left + 1
    toggles = np.bincount((row - top) * span + column - left, minlength=(bottom - top) * span)
    inside = np.cumsum(toggles.reshape(bottom - top, span) % 2, axis=1, dtype=np.int32) % 2 == 1
    mask[top:bottom, left:right] = inside[:, : right - left]
    return mask


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
