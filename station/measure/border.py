"""The raised border of a part: how wide it is from the struck outline to the first enamel, all the way round.

The golden's border is measured as it stands; a unit's is the golden's, place by place, plus how far its outline and its
enamel's edge have moved. A picture misreads both edges by some 0.02 mm, over millimetres and at the same places on both
parts, and the least of many readings would collect what is misread the other way. Where the light inside the part is
taken for its edge, the outline's profile is not what the part's shoulder explains: it is bridged there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.edges import SPACING_MM, gap_median
from station.measure.metal_edges import MetalEdges
from station.measure.outline import OutlineShift
from station.measure.polyline import nearest_on_closed

Float = NDArray[np.float64]
Index = NDArray[np.intp]
Bool = NDArray[np.bool_]

WINDOW_MM = 1.0
"""Length of border that a width is the mean of: a grain of dust or one noisy place makes no narrow border."""

_WIDEST = 0.2  # of the part's smaller side: what is wider is a face, no border
_FACING = 0.5  # cosine between the edge's normal and the way to the outline
_ASIDE = 1.35  # a place of the outline looks at enamel beside it where it is that much farther than the border is wide
_LEAST_SHARE = 0.5  # of the outline that must have enamel beside it
_EVEN, _EVEN_SHARE = 1.5, 0.7  # times the narrow tenth, within which that share of the outline lies on a border
_DOUBTFUL = 2.0  # uncertainty of a place of the outline over its median, from which it is bridged
_SURE_MM = 0.006  # standard uncertainty of a place of the outline that is never bridged
_SPREAD = 12  # places to either side that a doubtful place draws along: half the length an outline is steadied over
_STEADY = 4  # windows that a border is taken to be even over, but for what stands out of the noise
_LIGHT_MM = 0.018  # standard: of even borders on four rendered goldens 0.013 to 0.019
_AGREE_MM = 0.1  # of a place's width with its neighbours'


@dataclass(frozen=True, slots=True)
class Border:
    """The border on the golden, at n places of its outline. inner : (n,) place of the metal edges that is nearest to
    each, -1 where the metal there is no border. foot : (n,) place of the outline that is nearest to the inner one.
    width : (n,) mm from silhouette to enamel, NaN where there is no border. outline : (n, 2) mm, silhouette.
    inside : (n, 2) mm, on the enamel's edge. surely : (n,) false where the golden's outline is in doubt."""

    outline: Float
    inner: Index
    foot: Index
    width: Float
    inside: Float
    surely: Bool

    @property
    def places(self) -> Index:
        """Places of the metal edges that the border ends at, sorted."""
        return np.unique(self.inner[self.inner >= 0])


@dataclass(frozen=True, slots=True)
class BorderWidth:
    """Width round the edge, in mm of the golden frame. minimum, mean, maximum : of running means over ``WINDOW_MM``.
    widths : (n,) running means along the outline, NaN where there is no border. narrowest : (2, 2) mm, outer and inner
    end at the narrowest place, widest the same. scatter : standard uncertainty of one running mean. seen : share of the
    border whose two edges were seen."""

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


def find_border(edges: MetalEdges, golden: OutlineShift) -> Border | None:
    """The border of the golden, None where less than half of its outline has enamel beside it, or not evenly so.

    golden : the outline as :func:`station.measure.outline.measure_outline` reads it on the golden's own picture.

    The width at a place of the enamel's edge is its distance to the nearest place of the outline (not a length along a
    normal, which at a corner of the outline leads past the enamel). A place of the outline has the width of the
    enamel's edge that is nearest to it; where that lies far aside, as beside a lug, there is no border.
    """
    outline = golden.golden
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
    near = to_outline[nearest]
    there = (distance < _ASIDE * near + SPACING_MM) & (near < _WIDEST * np.ptp(outline, axis=0).min())
    if there.mean() < _LEAST_SHARE:
        return None
    if (there & (near < _EVEN * np.percentile(near[there], 10))).mean() < _EVEN_SHARE:
        return None  # what lies inside it is sunk metal, with enamel here and there
    inner = usable[nearest]
    points = edges.points[inner] + edges.normals[inner] * edges.offset[inner][:, None]
    surely = ~doubtful(golden)
    width = nearest_on_closed(points, golden.golden)[0]
    foot_at = np.asarray(cKDTree(golden.golden).query(points)[1], dtype=np.intp)
    width = np.where(there & surely & surely[foot_at], width, np.nan)
    width = np.where(there, _denoised(_bridged(_without_jumps(width), there))[0], np.nan)
    inner = np.where(there, inner, -1)
    return Border(golden.golden, inner, foot_at, width, points, surely) if np.isfinite(width).any() else None


def doubtful(outline: OutlineShift) -> Bool:
    """(n,) where an outline's uncertainty stands out: what is there is not this part's edge."""
    far = outline.u > max(_DOUBTFUL * float(np.median(outline.u)), _SURE_MM)
    around = np.arange(-_SPREAD, _SPREAD + 1)
    return np.asarray(far[(np.arange(len(far))[:, None] + around) % len(far)].any(axis=1), dtype=np.bool_)


def golden_width(border: Border) -> BorderWidth:
    """The border's width on the golden."""
    return _summary(border, border.width, border.outline, 0.0, float(border.surely.mean()))


def border_width(border: Border, shift: Float, outline: OutlineShift) -> BorderWidth | None:
    """The border's width on a unit; None where less than half of it is seen.

    shift : (m,) mm that every metal edge has moved out of its enamel, NaN where it is not seen.
    outline : the unit's, one place for each of the border's.
    """
    there = border.inner >= 0
    inner = np.where(there, shift[np.maximum(border.inner, 0)], np.nan)
    inner = _without_jumps(inner)
    surely = ~doubtful(outline)
    outer = _bridged(np.where(surely, outline.shift, np.nan), np.ones(len(surely), dtype=np.bool_))
    if not np.isfinite(outer).any():
        return None
    known = there & np.isfinite(inner)
    seen = float(known[there].mean())
    if seen < _LEAST_SHARE:
        return None
    change, scatter = _denoised(np.where(there, outer[border.foot] - inner, np.nan))
    rows = border.width + change
    return _summary(border, rows, outline.contour, scatter, float((known & surely)[there].mean()))


def _summary(border: Border, rows: Float, outline: Float, scatter: float, seen: float) -> BorderWidth:
    there = border.inner >= 0
    rows = np.where(there, rows, np.nan)
    means = _even(rows)
    ends = []
    for k in (int(np.nanargmin(means)), int(np.nanargmax(means))):
        rim, within = outline[border.foot[k]], border.inside[k]
        way = within - rim
        ends.append(np.stack([rim, rim + way * (float(means[k]) / max(float(np.hypot(*way)), 1e-9))]))
    return BorderWidth(
        float(np.nanmin(means)), float(np.nanmean(means)), float(np.nanmax(means)), rows, ends[0], ends[1], scatter,
        seen,
    )  # fmt: skip


def _even(widths: Float) -> Float:
    """(n,) widths round the outline without what light from one side makes of them.

    Both edges of an even border are misread by some ``_LIGHT_MM``, here outwards and there inwards, over many
    millimetres: what lies within twice that of the usual narrow width is that, what lies further off is hardly changed
    (non-negative garrote: Breiman, Technometrics 37, 1995).
    """
    narrow = float(np.nanpercentile(widths, 10))
    usual = float(np.nanmedian(widths[widths < _EVEN * narrow]))
    off = widths - usual
    return usual + off * np.maximum(1 - (2 * _LIGHT_MM) ** 2 / np.maximum(off**2, 1e-12), 0.0)


def _denoised(values: Float) -> tuple[Float, float]:
    """(n,) values round the outline without what chance alone would add to their least and greatest, NaN where fewer
    than half of a window is known; and the standard uncertainty that is left.

    Running means over ``WINDOW_MM`` are parted into a running median over ``_STEADY`` times that and the rest, which is
    shrunk towards 0 by the greatest of that many independent readings (soft threshold: Donoho and Johnstone,
    Biometrika 81, 1994).
    """
    half = max(round(WINDOW_MM / SPACING_MM / 2), 1)
    steady = _windows(values, _STEADY * half)
    near = _windows(values, half)
    known = np.isfinite(near)
    enough = np.isfinite(values) | (known.sum(axis=1) > half)
    means = np.where(known, near, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    base = gap_median(steady)
    rest = np.where(enough & (known.any(axis=1)), means - base, np.nan)
    there = np.isfinite(rest)
    if not there.any():
        return np.full(len(values), np.nan), 0.0
    sigma = 1.4826 * float(np.median(np.abs(rest[there])))
    least = sigma * math.sqrt(2 * math.log(max(int(there.sum()) / (2 * half + 1), 2.0)))
    return base + np.sign(rest) * np.maximum(np.abs(rest) - least, 0.0), sigma


def _windows(values: Float, half: int) -> Float:
    """(n, 2 half + 1) the values at and beside every place of the outline."""
    return np.asarray(values[(np.arange(len(values))[:, None] + np.arange(-half, half + 1)) % len(values)])


def _bridged(values: Float, there: Bool) -> Float:
    """(n,) values round the outline, NaN replaced by a line between what is known, where ``there``."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return values
    every = np.interp(np.arange(len(values)), known, values[known], period=len(values))
    return np.where(there, every, np.nan)


def _without_jumps(values: Float) -> Float:
    """(n,) values round the outline less single places that lie far off their neighbours."""
    return np.where(np.abs(values - gap_median(_windows(values, 8))) > _AGREE_MM, np.nan, values)
