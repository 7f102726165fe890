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
    x, y = (p - base).T
    a = np.stack([2 * x, 2 * y, np.ones(len(p))])
    cx, cy, c = np.linalg.lstsq(a @ a.T, a @ (x * x + y * y), rcond=None)[0]
    radius = float(np.sqrt(max(c + cx * cx + cy * cy, 1e-12)))
    for _ in range(10):
        dx, dy = x - cx, y - cy
        distance = np.maximum(np.hypot(dx, dy), 1e-12)
        a = np.stack([dx / distance, dy / distance, np.ones(len(p))])
        step = np.linalg.lstsq(a @ a.T, a @ (distance - radius), rcond=None)[0]
        cx, cy, radius = cx + step[0], cy + step[1], radius + float(step[2])
        if float(np.abs(step).max()) < 1e-9:
            break
    distance = np.hypot(x - cx, y - cy)
    return Circle(float(cx + base[0]), float(cy + base[1]), float(radius), float(distance.max() - distance.min()))


def feret(points: Float) -> tuple[float, float, float, float]:
    """(max, its angle in degrees, min, its angle) calliper widths of a contour, by its convex hull.

    The largest is the hull's diameter; the smallest is perpendicular to one of the hull's sides (Shamos 1978). Angles
    are the direction of the measured length, clockwise as seen (y down), in [0, 180).
    """
    from scipy.spatial import ConvexHull

    p = np.asarray(points, dtype=np.float64)
    hull = p[ConvexHull(p).vertices]
    squared = (hull[:, None, 0] - hull[:, 0]) ** 2
    squared += (hull[:, None, 1] - hull[:, 1]) ** 2
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


def calliper_direction(points: Float, axis_deg: float, reach_deg: float = 3.0) -> float:
    """The direction near an axis in which a calliper comes to rest on a contour (degrees).

    Jaws that lie on two sides settle where the width is least, tip to tip they are turned to where it is largest;
    where the width has neither within ``reach_deg`` of the axis, it is taken along the axis. So a part that lies
    slightly askew in its frame keeps its width.
    """
    from scipy.spatial import ConvexHull

    p = np.asarray(points, dtype=np.float64)
    hull = p[ConvexHull(p).vertices]
    angles = axis_deg + np.linspace(-reach_deg, reach_deg, 241)
    along = hull @ np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))])
    widths = along.max(axis=0) - along.min(axis=0)
    for k in (int(np.argmin(widths)), int(np.argmax(widths))):
        if 12 <= k < len(angles) - 12:  # 0.3 degrees from either end
            return float(angles[k])
    return axis_deg


def feret_points(points: Float, angle_deg: float) -> tuple[Float, Float]:
    """The two (2,) points of a contour that end its width in a direction, the least one first."""
    p = np.asarray(points, dtype=np.float64)
    a = np.radians(angle_deg)
    along = p @ np.array([np.cos(a), np.sin(a)])
    return p[int(np.argmin(along))], p[int(np.argmax(along))]


def fit_circle_robustly(points: Float) -> Circle:
    """The least-squares circle of the points that lie within five spreads of it (normalised median absolute deviation):
    a dent or a bad stretch of the edge does not pull it. roundness : of those points."""
    circle = fit_circle(points)
    kept = np.ones(len(points), dtype=bool)
    for _ in range(4):
        off = np.hypot(points[:, 0] - circle.x, points[:, 1] - circle.y)
        middle = float(np.median(off))
        spread = 1.4826 * float(np.median(np.abs(off - middle)))
        near = np.abs(off - middle) <= 5 * spread + 1e-6
        if (near == kept).all():
            break
        kept = near
        circle = fit_circle(points[kept])
    return circle
