"""The struck outline and the sizes that follow from it.

The golden's outline is found as an edge; a unit's is measured *against* the golden's, profile by profile along the same
normals, so that bevel, side wall and contact shadow, which move an edge, move both alike and cancel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.edges import (
    SPACING_MM,
    gap_median,
    places_along,
    profile_shift,
    profiles,
    quadratic_smooth,
    reject_outliers,
    steepest_path,
)
from station.measure.feret import feret, fit_circle
from station.measure.polygon import centroid, signed_area
from station.values.colour import LinearRGB
from station.values.geometry import Frame
from station.values.line import Aligned, Master, Measurement

Float = NDArray[np.float64]

EDGE_MM = 0.008
"""Standard uncertainty of where the struck edge is on one side: bevel, side wall and shadow under another light."""
_SMOOTH = 4  # places either side of a local quadratic fit along the contour
_ROUND = 0.03  # roundness over diameter above which an outline is not a circle
_COMPARED_MM = (-0.12, 0.12)  # part of the edge profile that is compared: deeper in, rim and enamel move on their own
_METHOD = "shift of the edge profile against the golden's, linear light"
_LENGTHS = ("width", "height", "diameter", "max-feret", "min-feret", "roundness")


@dataclass(frozen=True, slots=True)
class OutlineShift:
    """A unit's outline against the golden's. contour : (n, 2) mm, golden frame. shift : (n,) mm, positive outwards.

    u : (n,) standard uncertainty of a place in mm, from the scatter of its neighbourhood. gaps : share of places
    without an edge. correlation : median of the profiles' likeness, 0-1.
    """

    contour: Float
    shift: Float
    u: Float
    gaps: float
    correlation: float


def struck_outline(image: LinearRGB, frame: Frame, coarse_mm: Float, *, hole: bool = False) -> Float:
    """(n, 2) mm sub-pixel outline of the golden near a coarse closed contour (within about 0.4 mm of it).

    The strongest edge along each normal, continuous round the contour; twice, the second time close to the first.
    hole : the contour is that of a through hole, the material lies outside it.
    """
    contour = np.asarray(coarse_mm, dtype=np.float64)
    for reach, width in ((0.45, 0.25), (0.2, 0.1)):
        places = places_along(contour, hole=hole)
        s, values = profiles(image, frame, places, (-reach, reach))
        edge = steepest_path(s, values, prefer_outer=0.8, width_mm=width)
        edge = reject_outliers(edge, half=8)
        contour = places.moved(quadratic_smooth(edge, _SMOOTH))
    return contour


def measure_outline(image: LinearRGB, master: Master, outline_mm: Float, *, hole: bool = False) -> OutlineShift:
    """A unit's outline in the golden frame, by the shift of every edge profile against the golden's.

    image : the unit in the golden frame. outline_mm : the golden's outline or one of its holes.
    """
    places = places_along(outline_mm, hole=hole)
    reach = (-0.6, 0.5)
    s, golden = profiles(master.image, master.frame, places, reach)
    _, unit = profiles(image, master.frame, places, reach)
    shift, likeness = profile_shift(s, golden, unit, np.zeros(len(places.points)), _COMPARED_MM)
    shift[likeness < 0.7] = np.nan
    gaps = float(np.mean(~np.isfinite(shift)))
    steady = quadratic_smooth(reject_outliers(shift, half=10), _SMOOTH)
    return OutlineShift(places.moved(steady), steady, _scatter(shift, steady), gaps, float(np.median(likeness)))


def _scatter(raw: Float, steady: Float) -> Float:
    """(n,) standard uncertainty of a smoothed place: local spread of the raw values over the fit's averaging."""
    residual = np.abs(raw - steady)
    n = len(raw)
    near = gap_median(residual[(np.arange(n)[:, None] + np.arange(-15, 16)) % n])
    spread = np.where(np.isfinite(near), 1.4826 * near, 0.1)
    return np.asarray(np.maximum(spread, 0.001))  # neighbours share their blur: the fit is not credited with averaging


def contour_sizes(outline_mm: Float, holes_mm: Sequence[Float] = ()) -> dict[str, float]:
    """Every size of an outline and its holes, in mm (areas in mm2), by name.

    width and height are those of the bounding box in the golden frame; diameter and roundness of the least-squares
    circle are there for round outlines only. Holes are counted from the largest: hole-diameter, hole-diameter-2 ...
    """
    low, high = outline_mm.min(axis=0), outline_mm.max(axis=0)
    longest, _, shortest, _ = feret(outline_mm)
    sizes = {
        "width": float(high[0] - low[0]),
        "height": float(high[1] - low[1]),
        "max-feret": longest,
        "min-feret": shortest,
        "area": abs(signed_area(outline_mm)),
    }
    circle = fit_circle(outline_mm)
    if circle.roundness < _ROUND * 2 * circle.radius:
        sizes["diameter"] = 2 * circle.radius
        sizes["roundness"] = circle.roundness
    for k, hole in enumerate(_by_size(holes_mm)):
        ending = "" if k == 0 else f"-{k + 1}"
        sizes[f"hole-diameter{ending}"] = 2 * fit_circle(hole).radius
        sizes[f"position{ending}"] = 0.0
    return sizes


def measure_golden_sizes(
    image: LinearRGB, frame: Frame, outline_mm: Float, holes_mm: Sequence[Float] = ()
) -> dict[str, float]:
    """Sizes of the golden by name, see :func:`contour_sizes`, for ``Master.sizes_mm``.

    outline_mm, holes_mm : coarse or fine; they are located on the picture once more, so the result does not depend on
    it.
    """
    fine = struck_outline(image, frame, outline_mm)
    return contour_sizes(fine, [struck_outline(image, frame, h, hole=True) for h in holes_mm])


def measure_sizes(aligned: Aligned, master: Master, requests: Sequence[str]) -> tuple[Measurement, ...]:
    """The sizes of a unit that the control sheet asks for by name (see :func:`contour_sizes`), in mm.

    A length in the golden frame times ``aligned.similarity.scale``. ``position`` is how far a hole lies from the
    golden's place. ``u`` (k = 2) joins edge scatter, edge definition, registration and the scale of the plane. Without
    a scale of its own (``scale_source`` is ``part``) a photo gives no millimetres: the value is None and ``why`` says
    so.
    """
    if aligned.scale_source == "part":
        return tuple(_unknown(n, "the photo has no scale of its own: neither rig nor card") for n in requests)
    outline = measure_outline(aligned.image, master, master.outline_mm)
    holes = [measure_outline(aligned.image, master, h, hole=True) for h in _by_size(master.holes_mm)]
    sizes = contour_sizes(outline.contour, [h.contour for h in holes])
    return tuple(_measurement(name, aligned, master, outline, holes, sizes) for name in requests)


def _measurement(
    name: str,
    aligned: Aligned,
    master: Master,
    outline: OutlineShift,
    holes: list[OutlineShift],
    sizes: dict[str, float],
) -> Measurement:
    scale = aligned.similarity.scale
    base, index = _hole_index(name)
    if base in ("hole-diameter", "position"):
        if index >= len(holes):
            return _unknown(name, f"the golden has {len(holes)} through holes" if holes else "the golden has no hole")
        source = holes[index]
    elif name in _LENGTHS:
        source = outline
    else:
        return _unknown(name, f"the station measures {', '.join((*_LENGTHS, 'hole-diameter', 'position'))}")
    if name not in sizes:
        return _unknown(name, "the outline is not a circle")
    if source.gaps > 0.25:
        return _unknown(name, f"the edge cannot be followed over {source.gaps:.0%} of its length")
    where = (0.0, 0.0)
    if base == "position":
        golden = centroid(_by_size(master.holes_mm)[index])
        centre = centroid(source.contour)
        value = float(np.hypot(*(centre - golden))) * scale
        spread = math.hypot(_mean_u(source), aligned.u_offset_mm)
        where = (float(centre[0]), float(centre[1]))
    else:
        value = sizes[name] * scale
        if base == "hole-diameter":
            centre = centroid(source.contour)
            where = (float(centre[0]), float(centre[1]))
        spread = math.hypot(_size_u(name, source), value * aligned.u_scale)
    detail: dict[str, object] = {
        "scale_source": aligned.scale_source,
        "golden_mm": round(master.sizes_mm[name], 4) if name in master.sizes_mm else None,
        "edge_correlation": round(source.correlation, 3),
        "gaps": round(source.gaps, 3),
    }
    return Measurement(f"size:{name}", "size", value, "mm", 2 * spread, _METHOD, where, detail=detail)


def _size_u(name: str, source: OutlineShift) -> float:
    """Standard uncertainty (mm) of a size from the two edges, or the whole contour, that make it up."""
    if name in ("diameter",) or name.startswith("hole-diameter"):
        return 2 * math.hypot(_mean_u(source), EDGE_MM / 2)  # bevel and shadow err to both signs round a circle
    c = source.contour
    axis = {"width": 0, "height": 1}.get(name)
    if axis is None:
        return math.sqrt(2) * math.hypot(float(np.median(source.u)), EDGE_MM)
    ends = (int(np.argmin(c[:, axis])), int(np.argmax(c[:, axis])))
    return math.hypot(*(math.hypot(float(source.u[e]), EDGE_MM) for e in ends))


def _mean_u(source: OutlineShift) -> float:
    """Standard uncertainty of a mean over the contour: places within a millimetre count as one."""
    independent = max(len(source.u) * SPACING_MM / 1.0, 4.0)
    return float(np.sqrt((source.u**2).mean() / independent))


def _hole_index(name: str) -> tuple[str, int]:
    for base in ("hole-diameter", "position"):
        rest = name.removeprefix(base)
        if rest == "" and name == base:
            return base, 0
        if name.startswith(base + "-") and rest[1:].isdigit() and int(rest[1:]) >= 2:
            return base, int(rest[1:]) - 1
    return name, 0


def _by_size(holes: Sequence[Float]) -> list[Float]:
    return sorted(holes, key=lambda h: -abs(signed_area(h)))


def _unknown(name: str, why: str) -> Measurement:
    return Measurement(f"size:{name}", "size", None, "mm", 0.0, _METHOD, None, why)


__all__ = [
    "OutlineShift",
    "contour_sizes",
    "measure_golden_sizes",
    "measure_outline",
    "measure_sizes",
    "struck_outline",
]
