"""The struck outline and the sizes that follow from it.

The golden's outline is found as an edge; a unit's is measured *against* the golden's, along the same normals, so that
what moves an edge the same way on both (shoulder, shadow) cancels in the comparison.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from station.measure.edges import (
    SPACING_MM,
    contact_valley,
    gap_median,
    places_along,
    profiles,
    quadratic_smooth,
    reject_outliers,
    steepest_path,
)
from station.measure.feret import feret, fit_circle
from station.measure.polygon import centroid, outward_normals, signed_area
from station.values.colour import LinearRGB
from station.values.geometry import Frame
from station.values.line import Aligned, Master, Measurement

Float = NDArray[np.float64]

SHOULDER_U_MM = 0.025
"""Standard uncertainty of the shoulder's width (see :func:`shoulder_width`), the same all round a part."""
_SHOULDER_MM = 0.03  # where the picture does not show it: the last 0.13 of a radius of 0.2-0.25 mm is beyond 60 degrees
_BLUR_MM = 0.03  # edge blur of a bench photo, about one pixel
_EDGE_MM = 0.003  # standard uncertainty of a place on the edge under another rotation, measured on rendered parts
_SMOOTH = 4  # places either side of a local quadratic fit along the contour
_ROUND = 0.03  # roundness over diameter above which an outline is not a circle
_REACH_MM = (-0.4, 0.4)  # of the profiles, inside and outside
_OUTER = 0.8  # worth of a millimetre further out, in units of the saturated gradient energy
_U_COMPARED_MM = 0.022  # standard; of a difference in size to the golden, and what half a turn adds to it, where the
_U_TURNED_MM = 0.075  # light on rim and shoulder swaps sides. Twice both covers all 77 curated sizes
_NOTHING: Mapping[str, float] = MappingProxyType({})
_METHOD = "steepest gradient along the normals of the golden's outline, linear light"
_LENGTHS = ("width", "height", "diameter", "max-feret", "min-feret", "roundness")


@dataclass(frozen=True, slots=True)
class OutlineShift:
    """A unit's outline against the golden's. contour : (n, 2) mm, golden frame. shift : (n,) mm, positive outwards.

    u : (n,) standard uncertainty of a place in mm, from the scatter of its neighbourhood. gaps : share of places
    without an edge that agrees with its neighbours'.
    """

    contour: Float
    shift: Float
    u: Float
    gaps: float
    shoulder_mm: float


def struck_outline(image: LinearRGB, frame: Frame, coarse_mm: Float, *, hole: bool = False) -> Float:
    """(n, 2) mm sub-pixel outline of the golden near a coarse closed contour (within about 0.4 mm of it).

    The strongest edge along each normal, continuous round the contour; twice, the second time close to the first.
    hole : the contour is that of a through hole, the material lies outside it.
    """
    contour = np.asarray(coarse_mm, dtype=np.float64)
    for reach, width in ((0.45, 0.25), (0.2, 0.1)):
        places = places_along(contour, hole=hole)
        s, values = profiles(image, frame, places, (-reach, reach))
        edge = steepest_path(s, values, prefer_outer=_OUTER, width_mm=width)
        edge = reject_outliers(edge, half=8)
        contour = places.moved(quadratic_smooth(edge, _SMOOTH))
    return contour


def measure_outline(image: LinearRGB, master: Master, outline_mm: Float, *, hole: bool = False) -> OutlineShift:
    """A unit's outline in the golden frame: where its edge lies off the golden's along the golden's normals.

    image : the unit in the golden frame. outline_mm : the golden's outline or one of its holes.
    """
    places = places_along(outline_mm, hole=hole)
    s, golden = profiles(master.image, master.frame, places, _REACH_MM)
    _, unit = profiles(image, master.frame, places, _REACH_MM)
    edge = steepest_path(s, golden, prefer_outer=_OUTER, width_mm=0.12)
    shift = steepest_path(s, unit, prefer_outer=_OUTER, width_mm=0.12) - edge
    clean = reject_outliers(shift, half=10)
    steady = quadratic_smooth(clean, _SMOOTH)
    gaps = float(np.mean(shift != clean))
    return OutlineShift(places.moved(steady), steady, _scatter(shift, steady), gaps, _shoulder(s, golden, edge))


def shoulder_width(image: LinearRGB, frame: Frame, outline_mm: Float) -> float:
    """How far (mm) inside the struck outline its visible edge lies on the golden.

    The shoulder of a struck part is rounded. Its last hundredths of a millimetre are so steep that they mirror the
    bench and end the bright metal early: by 0.03 mm on a tight gold rim, by 0.13 mm on a polished nickel one of 0.28 mm
    radius. Where the shoulder really ends, part and bench meet and both are darkest; that place is looked for beyond
    the visible edge.
    """
    places = places_along(outline_mm)
    s, values = profiles(image, frame, places, _REACH_MM)
    return _shoulder(s, values, steepest_path(s, values, prefer_outer=_OUTER, width_mm=0.12))


def _shoulder(s: Float, values: Float, edge: Float) -> float:
    distance = contact_valley(s, values, edge)
    known = distance[np.isfinite(distance)]
    if len(known) < 0.3 * len(edge):
        return _SHOULDER_MM
    valley = float(np.median(known))
    # The tail of the blurred edge pushes the valley out while the two are close together.
    return valley - _BLUR_MM * math.exp(-((valley / (2 * _BLUR_MM)) ** 2))


def _scatter(raw: Float, steady: Float) -> Float:
    """(n,) standard uncertainty of a smoothed place: local spread of the raw values over the fit's averaging."""
    residual = np.abs(raw - steady)
    n = len(raw)
    near = gap_median(residual[(np.arange(n)[:, None] + np.arange(-15, 16)) % n])
    spread = np.where(np.isfinite(near), 1.4826 * near, 0.1)
    return np.asarray(np.maximum(spread, 0.001))  # neighbours share their blur: the fit is not credited with averaging


def contour_sizes(outline_mm: Float, holes_mm: Sequence[Float], shoulder_mm: float) -> dict[str, float]:
    """Every size of an outline and its holes, in mm (area in mm2), by name, the shoulder's width added.

    outline_mm, holes_mm : closed (n, 2) contours of the visible edges, as :func:`struck_outline` gives them.
    width and height are those of the bounding box in the golden frame; diameter and roundness of the least-squares
    circle are there for round outlines only. Holes are counted from the largest: hole-diameter, hole-diameter-2 ...
    """
    outline_mm = places_along(outline_mm).moved(shoulder_mm)
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
        sizes[f"hole-diameter{ending}"] = 2 * (fit_circle(hole).radius - shoulder_mm)
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
    holes = [struck_outline(image, frame, h, hole=True) for h in holes_mm]
    return contour_sizes(fine, holes, shoulder_width(image, frame, fine))


def measure_sizes(
    aligned: Aligned, master: Master, requests: Sequence[str], *, calliper_mm: Mapping[str, float] = _NOTHING
) -> tuple[Measurement, ...]:
    """The sizes of a unit that the control sheet asks for by name (see :func:`contour_sizes`), in mm.

    A length in the golden frame times ``aligned.similarity.scale``. ``position`` is how far a hole lies from the
    golden's place. ``u`` (k = 2) joins edge scatter, edge definition, registration and the scale of the plane. Without
    a scale of its own (``scale_source`` is ``part``) a photo gives no millimetres: the value is None and ``why`` says
    so.

    calliper_mm : the golden's own sizes by calliper. Such a size is the calliper's plus the difference between unit and
    golden, both read the same way, so that what the outline misreads on both cancels (comparison with a master).
    """
    if aligned.scale_source == "part":
        why = "the photo has no scale of its own: no rig was named, and no card of known size"
        return tuple(_unknown(n, why) for n in requests)
    outline = measure_outline(aligned.image, master, master.outline_mm)
    holes = [measure_outline(aligned.image, master, h, hole=True) for h in _by_size(master.holes_mm)]
    sizes = contour_sizes(outline.contour, [h.contour for h in holes], outline.shoulder_mm)
    return tuple(_measurement(name, aligned, master, outline, holes, sizes, calliper_mm.get(name)) for name in requests)


def _measurement(
    name: str,
    aligned: Aligned,
    master: Master,
    outline: OutlineShift,
    holes: list[OutlineShift],
    sizes: dict[str, float],
    calliper_mm: float | None,
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
    method = _METHOD
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
        if calliper_mm is not None and name in master.sizes_mm:
            value += calliper_mm - master.sizes_mm[name]
            turned = math.radians(aligned.similarity.rotation_deg - master.pose.rotation_deg)
            spread = math.hypot(_U_COMPARED_MM, _U_TURNED_MM * math.sin(turned / 2), value * aligned.u_scale)
            method += ", compared with the golden's calliper size"
    detail: dict[str, object] = {
        "scale_source": aligned.scale_source,
        "golden_mm": round(master.sizes_mm[name], 4) if name in master.sizes_mm else None,
        "gaps": round(source.gaps, 3),
        "shoulder_mm": round(outline.shoulder_mm, 4),
    }
    return Measurement(f"size:{name}", "size", value, "mm", 2 * spread, method, where, detail=detail)


def _size_u(name: str, source: OutlineShift) -> float:
    """Standard uncertainty (mm) of a size from its edges; the shoulder is the same on both sides."""
    if name == "roundness":
        return math.hypot(_EDGE_MM, float(np.median(source.u)))
    if name == "diameter" or name.startswith("hole-diameter"):
        return 2 * math.hypot(_mean_u(source), SHOULDER_U_MM)
    _, longest, _, shortest = feret(source.contour)
    angle = math.radians({"width": 0.0, "height": 90.0, "max-feret": longest}.get(name, shortest))
    direction = np.array([math.cos(angle), math.sin(angle)])
    along = source.contour @ direction
    spreads = [2 * SHOULDER_U_MM]
    for end in (int(np.argmin(along)), int(np.argmax(along))):
        spreads += [float(source.u[end]), _EDGE_MM, _corner_u(source, end, direction)]
    return math.hypot(*spreads)


def _corner_u(source: OutlineShift, at: int, direction: Float) -> float:
    """Standard uncertainty (mm) of a point that ends a size along a direction, for the tip of a corner is cut off.

    Round a corner that turns by t a shoulder of width w takes w / cos(t / 2) off the tip instead of w, and averaging
    along the contour about 0.16 mm * tan(t / 2); a direction at the edge of the corner loses nothing. Taken as a
    rectangular distribution up to that loss.
    """
    normals = outward_normals(source.contour)
    n = len(normals)
    reach = round(0.5 / SPACING_MM)
    before, after = normals[(at - reach) % n], normals[(at + reach) % n]
    half_turn = min(math.acos(float(np.clip(before @ after, -1, 1))) / 2, 1.2)
    middle = before + after
    length = float(np.hypot(*middle))
    if half_turn < 0.1 or length < 1e-6:
        return 0.0
    facing = (abs(float(middle @ direction)) / length - math.cos(half_turn)) / (1 - math.cos(half_turn))
    loss = source.shoulder_mm * (1 / math.cos(half_turn) - 1) + 0.16 * math.tan(half_turn)
    return float(np.clip(facing, 0, 1)) * loss / math.sqrt(3)


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
    "shoulder_width",
    "struck_outline",
]
