"""The struck outline of the golden, and how far a unit's lies off it.

The golden's outline is found as an edge; the silhouette of golden and unit lies a little beyond it
(:mod:`station.measure.silhouette`) and is found the same way on both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.edges import (
    gap_median,
    places_along,
    profiles,
    quadratic_smooth,
    reject_outliers,
    steepest_path,
)
from station.measure.polygon import outward_normals, signed_area
from station.measure.silhouette import (
    EVERY,
    OUTER,
    VISIBLE_REACH_MM,
    WIDTH_MM,
    find_like,
    led_back_outline,
    shoulder_width,
    silhouette_of,
)
from station.measure.strays import without_strays
from station.values.colour import LinearRGB
from station.values.documents import OutlineDocument
from station.values.geometry import Frame
from station.values.line import Master

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_SMOOTH = 4  # places either side of a local quadratic fit along the contour
_PLAIN = 150.0
"""Of an edge beside the bench's texture: dark metal in its own shadow has some 150 on rendered key tags, where a
highlight half a millimetre inside it has 10,000. From 500 on the highlight is taken on three key tags of four; from 400
down to 60 nothing changes by more than 0.01 mm on fourteen rendered goldens."""
U_PLACE_MM = 0.02
"""Standard; of one place\'s shift against the golden: 0.014-0.028 rms on three rendered designs."""
_MISFIT_MM = 0.15  # of the edge, to a residual of the whole of the bench's light
_U_LED_BACK_MM = 0.03  # standard; of a place whose edge was chosen among several: 0.01-0.06 off on rendered key tags
_U_DEPARTED, _DEPARTED_MM = 0.25, 0.03  # standard, of what an outline departs beyond that: its light is less sure there


@dataclass(frozen=True, slots=True)
class OutlineShift:
    """A unit's outline against the golden's.

    contour : (n, 2) mm of the unit in the golden frame; golden : (n, 2) mm of the golden, read the same way, place by
    place. Both are silhouettes; of a hole both are visible edges, shoulder_mm within it. shift : (n,) mm from golden to
    unit, positive outwards. u : (n,) standard uncertainty of a place in mm, from the scatter of its neighbourhood.
    gaps : share of places without an edge that agrees with its neighbours'; seen : (n,) the others, None of a hole.
    shoulder_mm : from the visible edge to the silhouette, median.
    """

    contour: Float
    shift: Float
    u: Float
    gaps: float
    shoulder_mm: float
    golden: Float
    seen: Bool | None = None


def struck_outline(image: LinearRGB, frame: Frame, coarse_mm: Float, *, hole: bool = False) -> Float:
    """(n, 2) mm sub-pixel outline of the golden near a coarse closed contour (within about 0.4 mm of it).

    The strongest edge along each normal, continuous round the contour; twice, the second time close to the first. Where
    that follows a highlight inside the part, it is led back to the part's own edge.
    hole : the contour is that of a through hole, the material lies outside it.
    """
    contour = np.asarray(coarse_mm, dtype=np.float64)
    if not hole:
        contour = without_strays(image, frame, contour)
    for reach, width, plain in ((0.45, 0.25, math.inf if hole else _PLAIN), (0.2, 0.1, math.inf)):
        places = places_along(contour, hole=hole)
        s, values = profiles(image, frame, places, (-reach, reach))
        edge = steepest_path(s, values, prefer_outer=OUTER, width_mm=width, plain_over_bench=plain)
        edge = reject_outliers(edge, half=8)
        contour = places.moved(quadratic_smooth(edge, _SMOOTH))
    return contour if hole else led_back_outline(image, frame, contour)


def measure_outline(image: LinearRGB, master: Master, outline_mm: Float, *, hole: bool = False) -> OutlineShift:
    """A unit's outline in the golden frame: where its edge lies off the golden's along the golden's normals.

    image : the unit in the golden frame. outline_mm : the golden's outline or one of its holes.
    """
    if hole:
        return _hole(image, master, outline_mm)
    golden = silhouette_of(master)
    unit = find_like(image, master.frame, golden)
    raw = unit.edge - golden.edge
    shift = golden.steady(raw)
    at = golden.steady(golden.edge)
    # The scatter is steadied over 2.4 mm; what the shoulder's model leaves unexplained is not.
    u = np.hypot(_scatter(raw, shift[::EVERY]) / 2, _MISFIT_MM * np.hypot(unit.residual, golden.residual))
    for one in (unit, golden):
        if one.led_back is not None:
            u = np.hypot(u, _U_LED_BACK_MM * one.led_back)
    u = np.hypot(u, _U_DEPARTED * np.maximum(np.abs(shift[::EVERY]) - _DEPARTED_MM, 0.0))
    u = np.repeat(u, EVERY)[: len(shift)]
    gaps = float(np.mean(~unit.seen))
    places = golden.places
    return OutlineShift(places.moved(at + shift), shift, u, gaps, unit.shoulder_mm, places.moved(at), unit.seen)


def outline_document(outline: OutlineShift, scale: float) -> OutlineDocument:
    """An outline as the unit document holds it, every 0.4 mm, clockwise as seen.

    scale : the unit's size over the golden's (``Aligned.similarity.scale``), which the resampling into the golden frame
    took out: a unit that is too large all round lies out all round.
    """
    larger = (scale - 1) * (outline.golden * outward_normals(outline.golden)).sum(axis=1)
    whole = scale * outline.shift + larger
    points, shift, u = outline.golden[::EVERY], whole[::EVERY], outline.u[::EVERY]
    if signed_area(points) < 0:
        points, shift = points[::-1], shift[::-1]
    return OutlineDocument(
        points_mm=tuple((round(float(x), 4), round(float(y), 4)) for x, y in points),
        shift_mm=tuple(round(float(s), 4) for s in shift),
        u_mm=round(2 * math.hypot(float(np.median(u)), U_PLACE_MM), 4),
    )


def _hole(image: LinearRGB, master: Master, outline_mm: Float) -> OutlineShift:
    places = places_along(outline_mm, hole=True)
    s, golden = profiles(master.image, master.frame, places, VISIBLE_REACH_MM)
    _, unit = profiles(image, master.frame, places, VISIBLE_REACH_MM)
    edge = steepest_path(s, golden, prefer_outer=OUTER, width_mm=WIDTH_MM)
    shift = steepest_path(s, unit, prefer_outer=OUTER, width_mm=WIDTH_MM) - edge
    clean = reject_outliers(shift, half=10)
    steady = quadratic_smooth(clean, _SMOOTH)
    gaps = float(np.mean(shift != clean))
    return OutlineShift(
        places.moved(steady), steady, _scatter(shift, steady), gaps, silhouette_of(master).shoulder_mm, places.points
    )


def _scatter(raw: Float, steady: Float) -> Float:
    """(n,) standard uncertainty of a smoothed place: local spread of the raw values over the fit's averaging."""
    residual = np.abs(raw - steady)
    n = len(raw)
    near = gap_median(residual[(np.arange(n)[:, None] + np.arange(-15, 16)) % n])
    spread = np.where(np.isfinite(near), 1.4826 * near, 0.1)
    return np.asarray(np.maximum(spread, 0.001))  # neighbours share their blur: the fit is not credited with averaging


__all__ = ["OutlineShift", "measure_outline", "outline_document", "shoulder_width", "struck_outline"]
