"""Flats: runs of a round edge that lie inside its circle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.feret import fit_circle_robustly

Float = NDArray[np.float64]

_CLEAR = 4.0  # spreads of the edge about the circle beyond which it lies inside
_LEAST_MM = 0.01


@dataclass(frozen=True, slots=True)
class Flat:
    """A flat of a round edge. length_mm : of the chord. depth_mm : of its middle inside the circle. ends : (2, 2) mm.
    u_mm : standard uncertainty of the length."""

    length_mm: float
    depth_mm: float
    ends: Float
    u_mm: float


def longest_flat(contour_mm: Float) -> Flat | None:
    """The longest flat of a round contour (n, 2) mm of even spacing; None where its edge lies nowhere inside its circle
    by more than the edge's own spread.

    A chord of length L lies at most L^2 / 8 r inside a circle of radius r, and inside by more than t over
    sqrt(L^2 - 8 r t) of its length only; the run that is seen is lengthened accordingly.
    """
    points = np.asarray(contour_mm, dtype=np.float64)
    circle = fit_circle_robustly(points)
    inside = circle.radius - np.hypot(points[:, 0] - circle.x, points[:, 1] - circle.y)
    spread = 1.4826 * float(np.median(np.abs(inside - np.median(inside))))
    threshold = max(_CLEAR * spread, _LEAST_MM)
    low = inside > threshold
    if not low.any() or low.all():
        return None
    start = int(np.flatnonzero(~low)[0])  # from a place that is round on, so that no run is cut in two
    turned = np.roll(low, -start)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], turned, [False]]).astype(np.int8)))
    first, end = max(zip(edges[::2], edges[1::2], strict=True), key=lambda run: int(run[1] - run[0]))
    run = (np.arange(first, end) + start) % len(points)
    ends = points[run[[0, -1]]]
    seen = float(np.hypot(*(ends[1] - ends[0])))
    length = math.sqrt(seen**2 + 8 * circle.radius * threshold)
    # d L / d depth = 4 r / L: what the edge's spread does to the length
    return Flat(length, float(inside[run].max()), ends, 4 * circle.radius * max(spread, 0.002) / length)
