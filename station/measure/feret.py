"""Sizes of a closed contour: bounding box, best circle, callipers, area. All take (n, 2) points and know no units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Circle:
    """A least-squares circle. roundness : largest minus smallest distance from the centre (ISO 12181, LSC)."""

    x: float
    y: float
    radius: float
    roundness: float


def fit_circle(points: Float) -> Circle:
    """Geometric least-squares circle: an algebraic start (Kasa) and Gauss-Newton on the true distances."""
    p = np.asarray(points, dtype=np.float64)
    base = p.mean(axis=0)
    q = p - base
    a = np.column_stack([2 * q, np.ones(len(q))])
    cx, cy, c = np.linalg.lstsq(a, (q**2).sum(axis=1), rcond=None)[0]
    radius = float(np.sqrt(max(c + cx * cx + cy * cy, 1e-12)))
    for _ in range(10):
        d = q - (cx, cy)
        distance = np.maximum(np.hypot(d[:, 0], d[:, 1]), 1e-12)
        jacobian = np.column_stack([-d / distance[:, None], -np.ones(len(q))])
        step = np.linalg.lstsq(jacobian, radius - distance, rcond=None)[0]
        cx, cy, radius = cx + step[0], cy + step[1], radius + float(step[2])
        if float(np.abs(step).max()) < 1e-9:
            break
    distance = np.hypot(q[:, 0] - cx, q[:, 1] - cy)
    return Circle(float(cx + base[0]), float(cy + base[1]), float(radius), float(distance.max() - distance.min()))


def feret(points: Float) -> tuple[float, float, float, float]:
    """(max, its angle in degrees, min, its angle) calliper widths of a contour, by its convex hull.

    The largest is the hull's diameter; the smallest is perpendicular to one of the hull's sides (Shamos 1978). Angles
    are the direction of the measured length, clockwise as seen (y down), in [0, 180).
    """
    from scipy.spatial import ConvexHull

    p = np.asarray(points, dtype=np.float64)
    hull = p[ConvexHull(p).vertices]
    d = hull[:, None, :] - hull[None, :, :]
    squared = (d**2).sum(axis=2)
    i, j = np.unravel_index(int(np.argmax(squared)), squared.shape)
    longest = hull[j] - hull[i]
    side = np.roll(hull, -1, axis=0) - hull
    length = np.hypot(side[:, 0], side[:, 1])
    normal = np.stack([-side[:, 1], side[:, 0]], axis=1)[length > 1e-12] / length[length > 1e-12][:, None]
    reach = normal @ hull.T
    widths = reach.max(axis=1) - reach.min(axis=1)
    k = int(np.argmin(widths))
    return (
        float(np.sqrt(squared[i, j])),
        float(np.degrees(np.arctan2(longest[1], longest[0])) % 180),
        float(widths[k]),
        float(np.degrees(np.arctan2(normal[k, 1], normal[k, 0])) % 180),
    )
