"""The width of a raised metal line, or of a recess filled with enamel, at a place of the golden."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.metal_edges import MetalEdges
from station.measure.polyline import nearest_on_run

Float = NDArray[np.float64]
Index = NDArray[np.intp]

_HALF, _FAR_HALF = 3, 8  # places to either side: the width is the mean over 0.6 mm of the line
_OPPOSITE = -0.7  # cosine between the normals of the two edges of a line
_ASIDE_MM = 0.15  # that the opposite place may lie off the normal
_AIM_MM = 1.5  # from the given point to the nearer edge, beyond the width itself
_WIDEST_MM = 8.0


@dataclass(frozen=True, slots=True)
class Strip:
    """A line or recess at one place: ``near`` (k,) and ``far`` (m,), runs of places on its two edges."""

    near: Index
    far: Index

    @property
    def places(self) -> Index:
        """Both runs, sorted."""
        return np.unique(np.concatenate([self.near, self.far]))


@dataclass(frozen=True, slots=True)
class StripWidth:
    """mean, least : width in mm. ends : (2, 2) mm, the two edges in the middle. u : standard uncertainty of the mean
    from its scatter along the line."""

    mean: float
    least: float
    ends: Float
    u: float


def find_strip(edges: MetalEdges, at_mm: tuple[float, float], *, raised: bool) -> Strip | None:
    """The metal line (``raised``) or the recess that a point lies on, None where there is none."""
    at = np.asarray(at_mm, dtype=np.float64)
    usable = np.flatnonzero((edges.metal_mm > 0) & np.isfinite(edges.offset))
    if not len(usable):
        return None
    into = edges.normals * (1.0 if raised else -1.0)  # across the strip, from its near edge
    way = at - edges.points[usable]
    distance = np.hypot(way[:, 0], way[:, 1])
    ahead = (way * into[usable]).sum(axis=1) > -0.1  # a point given a little beside the line is on it
    reachable = ahead & (distance < _AIM_MM)
    for k in np.argsort(np.where(reachable, distance, np.inf))[: min(int(reachable.sum()), 40)]:
        near = int(usable[k])
        far = _opposite(edges, usable, into, near)
        if far is None:
            continue
        width = float((edges.points[far] - edges.points[near]) @ into[near])
        if float(way[k] @ into[near]) <= width + 0.1:
            places = np.array([near, far])
            return Strip(edges.neighbours(places[:1], _HALF)[0], edges.neighbours(places[1:], _FAR_HALF)[0])
    return None


def strip_width(strip: Strip, edges: MetalEdges, shift: Float) -> StripWidth | None:
    """Its width where every edge has moved by ``shift`` (n,) mm along its normal, NaN where it is not seen; None where
    less than half of it is seen."""
    moved = edges.points + edges.normals * shift[:, None]
    near, far = moved[strip.near], moved[strip.far]
    seen_near, seen_far = np.isfinite(near[:, 0]), np.isfinite(far[:, 0])
    if seen_near.mean() < 0.5 or seen_far.sum() < max(2, len(far) // 2):
        return None
    distance, foot = nearest_on_run(near[seen_near], far[seen_far])
    middle = len(distance) // 2
    spread = float(np.std(distance)) / math.sqrt(max(len(distance) / 2, 1.0))  # neighbours share their blur
    ends = np.stack([near[seen_near][middle], foot[middle]])
    return StripWidth(float(distance.mean()), float(distance.min()), ends, spread)


def narrowest_strips(edges: MetalEdges, *, raised: bool, count: int = 1) -> list[tuple[Float, float]]:
    """(x, y) mm of the middle and the width of the narrowest places, narrowest first, at least 2 mm apart."""
    usable = np.flatnonzero((edges.metal_mm > 0) & np.isfinite(edges.offset))
    into = edges.normals * (1.0 if raised else -1.0)
    found: list[tuple[float, Float]] = []
    still = np.zeros(len(edges.points))
    for near in usable[::3]:
        far = _opposite(edges, usable, into, int(near))
        if far is None:
            continue
        places = np.array([near, far])
        strip = Strip(edges.neighbours(places[:1], _HALF)[0], edges.neighbours(places[1:], _FAR_HALF)[0])
        straight = (edges.normals[strip.near] @ edges.normals[near]).min() > 0.9
        width = strip_width(strip, edges, still)
        # at the tip of a wedge the width runs to nothing; a line is as wide a little further on
        if straight and width is not None and width.least > 0.8 * width.mean and width.mean > 0.1:
            found.append((width.mean, width.ends.mean(axis=0)))
    kept: list[tuple[Float, float]] = []
    for width_mm, middle in sorted(found, key=lambda f: f[0]):
        if all(np.hypot(*(middle - other)) > 2.0 for other, _ in kept):
            kept.append((middle, width_mm))
        if len(kept) == count:
            break
    return kept


def _opposite(edges: MetalEdges, usable: Index, into: Float, near: int) -> int | None:
    """The place across the strip that begins at ``near``."""
    way = edges.points[usable] - edges.points[near]
    along = way @ into[near]
    aside = np.abs(way[:, 0] * into[near, 1] - way[:, 1] * into[near, 0])
    fits = (along > 0.05) & (along < _WIDEST_MM) & (aside < _ASIDE_MM)
    if not fits.any():
        return None
    k = int(np.argmin(np.where(fits, along, np.inf)))
    far = int(usable[k])
    return far if float(edges.normals[far] @ edges.normals[near]) < _OPPOSITE else None
