"""Distances and angles between two features: edges of metal against enamel, and centres of holes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.metal_edges import MetalEdges

Float = NDArray[np.float64]
Index = NDArray[np.intp]
Point = tuple[float, float]

_AIM_MM = 1.5  # from the given point to the edge that is meant
_HALF = 3  # places to either side that the place of an edge is the mean of
_STRAIGHT_MM = 0.03  # RMS distance of places from their line, above which an edge is not straight
_HALVES = (20, 14, 10, 6)  # places to either side that a line is laid through, the longest that is straight
_PARALLEL = math.sin(math.radians(3))  # lines that meet farther away than anybody can point at


@dataclass(frozen=True, slots=True)
class End:
    """One end of a distance: ``places`` on an edge with its normal (2,), or the hole of that index."""

    places: Index
    normal: Float | None = None
    hole: int | None = None


def find_end(edges: MetalEdges, holes: list[tuple[Float, float]], at_mm: Point) -> End | None:
    """The hole a point lies in, else the edge nearest to it; None where there is neither.

    holes : centre (2,) mm and radius of each.
    """
    at = np.asarray(at_mm, dtype=np.float64)
    for k, (centre, radius) in enumerate(holes):
        if float(np.hypot(*(at - centre))) <= radius:
            return End(np.zeros(0, dtype=np.intp), None, k)
    near = _nearest(edges, at)
    if near is None:
        return None
    places = edges.neighbours(np.array([near]), _HALF)[0]
    normal = edges.normals[places].mean(axis=0)
    return End(places, normal / max(float(np.hypot(*normal)), 1e-9))


def end_place(end: End, moved: Float, centres: list[Float]) -> Float:
    """(2,) mm where an end lies. moved : (n, 2) all places of the metal edges, NaN where unseen; centres : of holes."""
    if end.hole is not None:
        return centres[end.hole]
    seen = np.isfinite(moved[end.places, 0])
    return moved[end.places][seen].mean(axis=0) if seen.mean() >= 0.5 else np.full(2, np.nan)


def distance_of(a: End, b: End, place_a: Float, place_b: Float) -> tuple[float, float]:
    """Distance in mm, and the direction it is taken in: degrees from x clockwise as seen, in [0, 180).

    Between centres; from an edge along its own normal, so that the points need not lie opposite each other.
    """
    way = place_b - place_a
    normal = a.normal if a.normal is not None else b.normal
    along = way if normal is None else normal
    value = float(np.hypot(*way)) if normal is None else abs(float(way @ normal))
    return value, math.degrees(math.atan2(along[1], along[0])) % 180


def straight_run(edges: MetalEdges, at_mm: Point) -> Index | None:
    """Places of the straight edge nearest to a point, None where there is none of 1.3 mm."""
    near = _nearest(edges, np.asarray(at_mm, dtype=np.float64))
    if near is None:
        return None
    for half in _HALVES:
        run = edges.neighbours(np.array([near]), half)[0]
        if len(np.unique(run)) == len(run) and fit_line(edges.points[run])[2] < _STRAIGHT_MM:
            return np.asarray(run, dtype=np.intp)
    return None


def fit_line(points: Float) -> tuple[Float, Float, float]:
    """Centre (2,), direction (2,) of length 1 and RMS distance of the least-squares line through (n, 2) points."""
    centre = points.mean(axis=0)
    _, size, axes = np.linalg.svd(points - centre, full_matrices=False)
    return centre, axes[0], float(size[1]) / math.sqrt(len(points))


def angle_of(a: Float, b: Float) -> tuple[float, Float] | None:
    """Angle in degrees between the lines through two runs of points (n, 2), opening towards both runs, and the three
    points (3, 2) that show it, the corner in the middle. Lines that are parallel within 3 degrees have the acute one.
    None where less than four points of a run are known."""
    a, b = a[np.isfinite(a[:, 0])], b[np.isfinite(b[:, 0])]
    if min(len(a), len(b)) < 4:
        return None
    (p, d, _), (q, e, _) = fit_line(a), fit_line(b)
    cross = float(d[0] * e[1] - d[1] * e[0])
    if abs(cross) < _PARALLEL:
        return math.degrees(math.asin(abs(cross))), np.stack([p, (p + q) / 2, q])
    w = q - p
    corner = p + d * float(w[0] * e[1] - w[1] * e[0]) / cross
    rays = [(v - corner) / max(float(np.hypot(*(v - corner))), 1e-9) for v in (p, q)]
    return math.degrees(math.acos(float(np.clip(rays[0] @ rays[1], -1, 1)))), np.stack([p, corner, q])


def _nearest(edges: MetalEdges, at: Float) -> int | None:
    usable = np.flatnonzero((edges.metal_mm > 0) & np.isfinite(edges.offset))
    if not len(usable):
        return None
    distance = np.hypot(*(edges.points[usable] - at).T)
    k = int(np.argmin(distance))
    return int(usable[k]) if distance[k] < _AIM_MM else None
