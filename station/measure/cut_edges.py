"""Where a piece is cut out of a unit's edge: the golden's edge is gone there, and the bench goes on inside it.

The outline is followed along the golden's normals, smoothly, and what disagrees with its neighbours is bridged: dust
and light do that, and so does a notch. A notch differs from both in that no edge is left where the golden's was, and in
that what lies inside has the bench's colour.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.measure.edges import SPACING_MM, STEP_MM, Places, edge_strengths, profiles
from station.measure.rough_outline import Contradiction
from station.values.colour import LinearRGB
from station.values.geometry import Frame

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_REACH_MM = (-1.2, 0.5)
_NEAR_MM = (-0.25, 0.1)  # about the golden's silhouette, where a part's visible edge lies
_INSIDE_MM = (-0.35, -0.15)  # further in than the shoulder, which mirrors the bench
_BENCH_MM = 0.25  # outside, from where on there is only bench
_ALONG = 0.5  # places along the contour over which profiles are averaged (Gaussian sigma)
# Of the edge's usual strength, and of log chromaticity against the bench outside the same place. On 30 curated units of
# five designs no stretch has both; where an edge was weaker than a fifth there, metal showed 0.055 and more. Notches of
# 0.5 mm painted into five of them showed 0.03 at most, but for their ends.
_GONE, _TINT = 0.25, 0.05
_LIGHT = (-1.2, 0.15)  # log light against that bench: its shadow beside the part, and a little more than the bench
_RUN_MM = 0.3
_DARK = 0.02  # linear light added before the logarithm


def find_cut(image: LinearRGB, frame: Frame, silhouette: Places) -> Contradiction | None:
    """The longest stretch of 0.3 mm and more over which the edge is gone and the bench goes on inside, or None.

    image : the unit in the golden frame. silhouette : every ``SPACING_MM`` of where the unit's is expected: the
    golden's, moved by the slow course of how the unit departs from it.
    """
    s, values = profiles(image, frame, silhouette, _REACH_MM, along=_ALONG)
    near, inside, outside = _within(s, _NEAR_MM), _within(s, _INSIDE_MM), s > _BENCH_MM
    strength = edge_strengths(s, values)[:, near].max(axis=1)
    log = np.log(np.maximum(values, 0) + np.float32(_DARK))
    channels = np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1], log.mean(axis=2)], axis=2)
    against = channels - np.median(channels[:, outside], axis=1)[:, None]
    seen = np.median(against[:, inside], axis=1)
    gone = (strength < _GONE * np.median(strength)) & _like_bench(seen) & np.isfinite(seen).all(axis=1)
    run = _longest(gone)
    if run is None:
        return None
    middle = run[len(run) // 2]
    open_ = _like_bench(against[middle])[::-1][s[::-1] < 0]  # from the edge inwards
    deep = STEP_MM * float(np.argmin(open_) if not open_.all() else len(open_))
    x, y = silhouette.points[middle]
    return Contradiction((float(x), float(y)), len(run) * SPACING_MM, max(deep, -_INSIDE_MM[1]))


def _within(s: Float, reach: tuple[float, float]) -> Bool:
    return np.asarray((s > reach[0]) & (s < reach[1]))


def _like_bench(channels: Float) -> Bool:
    """channels : (..., 3) two log chromaticities and log light, against the bench."""
    light = channels[..., 2]
    tint = np.abs(channels[..., :2]).max(axis=-1)
    return np.asarray((tint < _TINT) & (light > _LIGHT[0]) & (light < _LIGHT[1]))


def _longest(flags: Bool) -> NDArray[np.intp] | None:
    """The places of the longest closed run of true ones, None where none is long enough or all are."""
    if flags.all() or not flags.any():
        return None
    start = int(np.flatnonzero(~flags)[0])
    steps = np.flatnonzero(np.diff(np.concatenate([[0], np.roll(flags, -start).astype(np.int8), [0]])))
    begins, ends = steps[::2], steps[1::2]
    k = int(np.argmax(ends - begins))
    if (ends[k] - begins[k]) * SPACING_MM < _RUN_MM - SPACING_MM / 2:
        return None
    return np.asarray((np.arange(begins[k], ends[k]) + start) % len(flags), dtype=np.intp)
