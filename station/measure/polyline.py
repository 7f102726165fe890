"""Distances from points to a line of points: the nearest place on it, between its points too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def nearest_on_closed(points: Float, contour: Float) -> tuple[Float, Float]:
    """Distance (n,) from points (n, 2) to a closed contour (m, 2), and the place (n, 2) on it.

    The two sides that meet in the nearest point of the contour are looked at, which is exact where its points lie
    closer together than it bends.
    """
    from scipy.spatial import cKDTree

    p, c = np.asarray(points, dtype=np.float64), np.asarray(contour, dtype=np.float64)
    if not len(p):
        return np.zeros(0), np.zeros((0, 2))
    k = cKDTree(c).query(p)[1]
    before, after = _foot(p, c[k - 1], c[k]), _foot(p, c[k], c[(k + 1) % len(c)])
    closer = np.hypot(*(p - before).T) < np.hypot(*(p - after).T)
    foot = np.where(closer[:, None], before, after)
    return np.hypot(*(p - foot).T), foot


def nearest_on_run(points: Float, run: Float) -> tuple[Float, Float]:
    """The same for a line (m, 2), m >= 2, that is not closed: its ends are not joined."""
    p = np.asarray(points, dtype=np.float64)
    feet = _foot(p[:, None, :], run[None, :-1], run[None, 1:])
    distance = np.hypot(*np.moveaxis(p[:, None, :] - feet, 2, 0))
    k = np.argmin(distance, axis=1)
    i = np.arange(len(p))
    return distance[i, k], feet[i, k]


def _foot(p: Float, a: Float, b: Float) -> Float:
    """Nearest place to p on the segment from a to b; all (..., 2)."""
    side = b - a
    along = ((p - a) * side).sum(axis=-1) / np.maximum((side * side).sum(axis=-1), 1e-24)
    return np.asarray(a + np.clip(along, 0, 1)[..., None] * side, dtype=np.float64)
