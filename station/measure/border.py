"""The raised border of a part: how wide it is from the struck outline to the first enamel, all the way round."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.edges import SPACING_MM, gap_median, places_along
from station.measure.metal_edges import EdgeReading, MetalEdges
from station.measure.polyline import nearest_on_closed
from station.values.line import Master

Float = NDArray[np.float64]
Index = NDArray[np.intp]
Bool = NDArray[np.bool_]

WINDOW_MM = 0.5
"""Length of border that a width is the mean of: a grain of dust or one noisy place makes no narrow border."""

_WIDEST = 0.2  # of the part's smaller side: what is wider is a face, no border
_FACING = 0.5  # cosine between the edge's normal and the way to the outline
_ASIDE = 1.35  # a place of the outline looks at enamel beside it where it is that much farther than the border is wide
_LEAST_SHARE = 0.5  # of the outline that must have enamel beside it


@dataclass(frozen=True, slots=True)
class Border:
    """The border on the golden. outline : (n, 2) mm, places on the visible outline. inner : (n,) place of the metal
    edges that is nearest to each, -1 where the metal there is no border. width : (n,) mm between the visible edges,
    NaN there."""

    outline: Float
    inner: Index
    width: Float

    @property
    def places(self) -> Index:
        """Places of the metal edges that the border ends at, sorted."""
        return np.unique(self.inner[self.inner >= 0])


@dataclass(frozen=True, slots=True)
class BorderWidth:
    """Width round the edge, in mm of the golden frame. minimum, mean, maximum : of running means over ``WINDOW_MM``.
    widths : (n,) running means along the outline, NaN where there is no border. narrowest : (2, 2) mm, outer and inner
    end at the narrowest place, widest the same. scatter : standard uncertainty of one running mean. seen : share of the
    border whose inner edge was seen."""

    minimum: float
    mean: float
    maximum: float
    widths: Float
    narrowest: Float
    widest: Float
    scatter: float
    seen: float

    def share_below(self, limit: float) -> float:
        """Share of the border's length that is narrower than ``limit``, 0-1."""
        known = self.widths[np.isfinite(self.widths)]
        return float((known < limit).mean())


def find_border(master: Master, edges: MetalEdges) -> Border | None:
    """The border of the golden, None where less than half of its outline has enamel beside it.

    The width at a place of the enamel's edge is its distance to the nearest place of the outline (not a length along a
    normal, which at a corner of the outline leads past the enamel). A place of the outline has the width of the
    enamel's edge that is nearest to it; where that lies far aside, as beside a lug, there is no border.
    """
    outline = places_along(master.outline_mm).points
    usable = np.flatnonzero((edges.metal_mm > 0) & np.isfinite(edges.offset))
    if not len(usable):
        return None
    from scipy.spatial import cKDTree

    to_outline, foot = nearest_on_closed(edges.points[usable], outline)
    way = (foot - edges.points[usable]) / np.maximum(to_outline, 1e-9)[:, None]
    facing = (way * edges.normals[usable]).sum(axis=1) > _FACING
    usable, to_outline = usable[facing], to_outline[facing]
    if not len(usable):
        return None
    distance, nearest = cKDTree(edges.points[usable]).query(outline)
    width = to_outline[nearest]
    there = (distance < _ASIDE * width + SPACING_MM) & (width < _WIDEST * np.ptp(outline, axis=0).min())
    if there.mean() < _LEAST_SHARE:
        return None
    return Border(outline, np.where(there, usable[nearest], -1), np.where(there, width, np.nan))


def border_width(
    border: Border, edges: MetalEdges, reading: EdgeReading, places: Index, outline_mm: Float, *, golden: bool = False
) -> BorderWidth | None:
    """The border's width on a picture; None where less than half of its inner edge is seen.

    reading : the metal edges at ``places`` (k,), sorted. outline_mm : (n, 2) the picture's own outline, one point for
    each place of ``Border.outline``. Both edges are read as on the golden, and what the golden's are still off there
    is taken away.
    """
    there = border.inner >= 0
    shift = np.full(len(edges.points), np.nan)
    shift[places] = reading.offset - (0.0 if golden else edges.offset[places])
    own = border.places
    moved = edges.points.copy()
    moved[own] += edges.normals[own] * np.where(np.isfinite(shift[own]), shift[own], 0)[:, None]
    width, foot = nearest_on_closed(moved[own], outline_mm)
    width[~np.isfinite(shift[own])] = np.nan
    width = _without_jumps(edges, own, width)
    at = np.searchsorted(own, np.maximum(border.inner, own[0]))
    rows = np.where(there, width[at], np.nan)
    seen = float(np.isfinite(rows[there]).mean())
    if seen < _LEAST_SHARE:
        return None
    half = max(round(WINDOW_MM / SPACING_MM / 2), 1)
    near = rows[(np.arange(len(rows))[:, None] + np.arange(-half, half + 1)) % len(rows)]
    known = np.isfinite(near)
    enough = there & (known.sum(axis=1) > half)
    means = np.where(enough, np.where(known, near, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1), np.nan)
    if not enough.any():
        return None
    ends = []
    for k in (int(np.nanargmin(means)), int(np.nanargmax(means))):
        i = at[k]
        ends.append(np.stack([foot[i], moved[own[i]]]))
    residual = (rows - means)[enough & np.isfinite(rows)]
    scatter = 1.4826 * float(np.median(np.abs(residual))) / math.sqrt(half) if len(residual) else 0.0
    return BorderWidth(
        float(np.nanmin(means)), float(np.nanmean(means)), float(np.nanmax(means)), means, ends[0], ends[1], scatter,
        seen,
    )  # fmt: skip


def _without_jumps(edges: MetalEdges, places: Index, width: Float) -> Float:
    """Widths (k,) less single places that lie far off their neighbours along the contour."""
    full = np.full(len(edges.points), np.nan)
    full[places] = width
    near = full[edges.neighbours(places, 4)]
    middle = gap_median(near)
    return np.where(np.abs(width - middle) > 0.1, np.nan, width)
