"""Sizes of outlines and holes: what a calliper would read of the golden and of a unit.

The silhouette of golden and unit is found the same way on both (:mod:`station.measure.outline`), so that what is
misread on both cancels in a comparison.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from station.measure.cut_edges import find_cut
from station.measure.edges import (
    SPACING_MM,
    Places,
)
from station.measure.feret import calliper_direction, feret, feret_points, fit_circle, fit_circle_robustly
from station.measure.flats import longest_flat
from station.measure.outline import U_PLACE_MM, OutlineShift, measure_outline, struck_outline
from station.measure.polygon import centroid, outward_normals, signed_area
from station.measure.rough_outline import Contradiction, contradiction
from station.measure.silhouette import (
    Silhouette,
    find_silhouette,
    silhouette_of,
    slow_course,
)
from station.values.budget import LengthBudget
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import Aligned, Master, Measurement

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_ROUND = 0.03  # roundness over diameter above which an outline is not a circle
_U_EDGE_MM = 0.003  # standard; of the silhouette at one place, of one photo under one light
_U_TURNED_MM = 0.005  # standard; what half a turn adds to it, where the light on the shoulder swaps sides
_U_SHOULDER_MM = 0.02  # standard; of where the silhouette lies all round a part: the same on both sides and both parts
_U_END_MM = 0.05  # standard; of one end of a length: near corners in poor light the visible edge is led astray
_U_HOLE_TURNED_MM = 0.04  # the same for a hole, whose bench lies in its own shadow
_U_HOLE_EDGE_MM = 0.012  # as _U_EDGE_MM, of a hole
_U_HOLE_MM = 0.025  # standard; of the shoulder of a hole
_INDEPENDENT_MM = 6.0  # along the contour, beyond which two places are misread independently
_NOTHING: Mapping[str, float] = MappingProxyType({})
_METHOD = "silhouette beyond the steepest gradient along the normals of the golden's outline, linear light"
_LENGTHS = ("width", "height", "diameter", "max-feret", "min-feret", "roundness", "flat", "area")
_ACROSS = ("width", "height", "max-feret", "min-feret")  # taken in a direction, between two ends


def contour_sizes(outline_mm: Float, holes_mm: Sequence[Float], shoulder_mm: float) -> dict[str, float]:
    """Every size of an outline and its holes, in mm (area in mm2), by name.

    outline_mm : closed (n, 2) silhouette. holes_mm : closed (n, 2) visible edges of holes, whose shoulder, shoulder_mm
    wide, is taken off. width and height are what a calliper reads along x and y of the golden frame
    (:func:`calliper_direction`); diameter, roundness and flat (the longest one's length, 0 for none) are there for
    round outlines only. Holes are counted from the largest: hole-diameter, hole-diameter-2 ...
    """
    longest, _, shortest, _ = feret(outline_mm)
    sizes = {
        "width": _extent(outline_mm, calliper_direction(outline_mm, 0.0)),
        "height": _extent(outline_mm, calliper_direction(outline_mm, 90.0)),
        "max-feret": longest,
        "min-feret": shortest,
        "area": abs(signed_area(outline_mm)),
    }
    circle = fit_circle_robustly(outline_mm)
    if circle.roundness < _ROUND * 2 * circle.radius:
        sizes["diameter"] = 2 * circle.radius
        sizes["roundness"] = fit_circle(outline_mm).roundness
        flat = longest_flat(outline_mm)
        sizes["flat"] = flat.length_mm if flat is not None else 0.0
    for k, hole in enumerate(_by_size(holes_mm)):
        ending = "" if k == 0 else f"-{k + 1}"
        sizes[f"hole-diameter{ending}"] = 2 * (fit_circle(hole).radius - shoulder_mm)
        sizes[f"position{ending}"] = 0.0
    return sizes


def _extent(contour: Float, direction_deg: float) -> float:
    first, last = feret_points(contour, direction_deg)
    angle = math.radians(direction_deg)
    return float((last - first) @ np.array([math.cos(angle), math.sin(angle)]))


def at_its_height(
    contour_mm: Float,
    pose: Similarity,
    camera_mm: tuple[float, float, float] | None,
    thickness_mm: float | None,
    shoulder_mm: float,
) -> Float:
    """(n, 2) silhouette moved to where it lies, from where the plane of the face shows it.

    Where the edge faces away from the camera the silhouette is the shoulder's end, shoulder_mm below the face; where
    its side wall is seen, it is the wall's foot on the bench. Points at another height than the face's are seen moved
    along the ray from the camera. contour_mm : closed, golden frame. pose : golden frame to bench mm. camera_mm : x, y
    and height of the camera's centre in bench mm; without it nothing is moved.
    """
    if camera_mm is None or thickness_mm is None:
        return contour_mm
    axis, above = np.array(camera_mm[:2]), camera_mm[2]
    bench = pose.apply(contour_mm)
    out = Similarity(0.0, 0.0, pose.rotation_deg, 1.0).apply(outward_normals(contour_mm))
    wall = ((bench - axis) * out).sum(axis=1) < 0
    height = np.where(wall, 0.0, max(thickness_mm - shoulder_mm, 0.0))[:, None]
    return pose.inverse().apply(axis + (bench - axis) * (above - height) / (above - thickness_mm))


def measure_golden_sizes(
    image: LinearRGB,
    frame: Frame,
    outline_mm: Float,
    holes_mm: Sequence[Float] = (),
    *,
    pose: Similarity | None = None,
    camera_mm: tuple[float, float, float] | None = None,
    thickness_mm: float | None = None,
) -> dict[str, float]:
    """Sizes of the golden by name, see :func:`contour_sizes`, for ``Master.sizes_mm``.

    outline_mm, holes_mm : coarse or fine; they are located on the picture once more, so the result does not depend on
    it. pose, camera_mm, thickness_mm : as :func:`at_its_height` takes them, where the camera is known.
    """
    silhouette = find_silhouette(image, frame, struck_outline(image, frame, outline_mm))
    holes = [struck_outline(image, frame, h, hole=True) for h in holes_mm]
    outline = at_its_height(
        silhouette.contour, pose or Similarity(), camera_mm, thickness_mm, _shoulder_radius(silhouette)
    )
    return contour_sizes(outline, holes, silhouette.shoulder_mm)


def measure_sizes(
    aligned: Aligned,
    master: Master,
    requests: Sequence[str],
    *,
    calliper_mm: Mapping[str, float] = _NOTHING,
    outline: OutlineShift | None = None,
) -> tuple[Measurement, ...]:
    """The sizes of a unit that the control sheet asks for by name (see :func:`contour_sizes`), in mm.

    A length in the golden frame times ``aligned.similarity.scale``. ``position`` is how far a hole lies from the
    golden's place. ``u`` (k = 2) joins edge scatter, edge definition, placement, height and the scale of the plane.
    Without a scale of its own (``scale_source`` is ``part``) a photo gives no millimetres: the value is None and
    ``why`` says so. ``detail``: ``points_mm`` it was read between, and ``direction_deg`` of a width, a height or a
    Feret diameter (from x clockwise as seen): the points of two rounded ends need not lie opposite each other.

    calliper_mm : the golden's own sizes by calliper. Such a size is the calliper's plus the difference between unit and
    golden, both read the same way, so that what the outline misreads on both cancels (comparison with a master).
    outline : as :func:`measure_outline` measured it on ``aligned``, where the caller has it.
    """
    if aligned.scale_source == "part":
        why = "the photo has no scale of its own: no rig was named, and no card of known size"
        return tuple(_unknown(n, why) for n in requests)
    outline = outline or measure_outline(aligned.image, master, master.outline_mm)
    holes = [measure_outline(aligned.image, master, h, hole=True) for h in _by_size(master.holes_mm)]
    course, normals = slow_course(outline.shift), silhouette_of(master).places.normals
    expected = Places(outline.golden + normals * course[:, None], normals)
    cut = find_cut(aligned.image, master.frame, expected)
    if aligned.rough_outline_mm is not None and outline.seen is not None:
        cut = contradiction(aligned.rough_outline_mm, outline.contour, outline.seen) or cut
    radius = _shoulder_radius(silhouette_of(master))
    unit = at_its_height(outline.contour, aligned.similarity, aligned.camera_mm, master.thickness_mm, radius)
    same_bench = aligned.bench is not None and aligned.bench == master.bench
    camera = aligned.camera_mm if same_bench else None
    golden = at_its_height(outline.golden, master.pose, camera, master.thickness_mm, radius)
    reading = _Reading(
        aligned,
        master,
        outline,
        holes,
        unit,
        contour_sizes(unit, [h.contour for h in holes], outline.shoulder_mm),
        contour_sizes(golden, [h.golden for h in holes], outline.shoulder_mm),
        cut,
        _departure(outline, course),
    )
    return tuple(_measurement(name, reading, calliper_mm.get(name)) for name in requests)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A unit's outline and holes with its sizes and the golden's, read the same way. unit : (n, 2) mm silhouette.
    cut : a stretch of the edge that was not followed. departure : see :func:`_departure`."""

    aligned: Aligned
    master: Master
    outline: OutlineShift
    holes: list[OutlineShift]
    unit: Float
    sizes: dict[str, float]
    golden: dict[str, float]
    cut: Contradiction | None
    departure: Mapping[str, object]


def _departure(outline: OutlineShift, course: Float) -> dict[str, object]:
    """Where a unit's outline departs most from the golden's in one place, beside its slow course: mm of the golden
    frame, positive outwards, with its expanded uncertainty. A size sees two places or a mean, and not this one."""
    local = outline.shift - course
    k = int(np.argmax(np.abs(local)))
    u = 2 * math.hypot(float(outline.u[k]), U_PLACE_MM)
    at = [round(float(v), 4) for v in outline.golden[k]]
    return {"mm": round(float(local[k]), 4), "u_mm": round(u, 4), "at_mm": at}


def _measurement(name: str, reading: _Reading, calliper_mm: float | None) -> Measurement:
    aligned, master, holes = reading.aligned, reading.master, reading.holes
    scale = aligned.similarity.scale
    base, index = _hole_index(name)
    if base in ("hole-diameter", "position"):
        if index >= len(holes):
            return _unknown(name, f"the golden has {len(holes)} through holes" if holes else "the golden has no hole")
        source = holes[index]
    elif name in _LENGTHS:
        source = reading.outline
    else:
        return _unknown(name, f"the station measures {', '.join((*_LENGTHS, 'hole-diameter', 'position'))}")
    if source is reading.outline and reading.cut is not None:
        (x, y), length = reading.cut.at_mm, reading.cut.length_mm
        why = f"over {length:.1f} mm about x {x:.1f}, y {y:.1f} mm the part seems to end {reading.cut.inside_mm:.1f} mm"
        return replace(_unknown(name, f"{why} further in, where its edge cannot be followed"), where_mm=(x, y))
    if name not in reading.sizes:
        return _unknown(name, "the outline is not a circle")
    if source.gaps > 0.25:
        return _unknown(name, f"the edge cannot be followed over {source.gaps:.0%} of its length")
    value = reading.sizes[name] * (scale**2 if name == "area" else scale)
    compared = calliper_mm is not None and name in reading.golden
    if base == "position":
        value = float(np.hypot(*(centroid(source.contour) - centroid(_by_size(master.holes_mm)[index])))) * scale
    elif compared and calliper_mm is not None:
        value += calliper_mm - reading.golden[name]
    points = _points(name, reading, source)
    budget = _budget(name, reading, source, points, value, compared=compared)
    detail: dict[str, object] = {
        "scale_source": aligned.scale_source,
        "golden_mm": round(master.sizes_mm[name], 4) if name in master.sizes_mm else None,
        "gaps": round(source.gaps, 3),
        "shoulder_mm": round(reading.outline.shoulder_mm, 4),
        "budget": budget.as_detail(),
        "points_mm": [[round(float(x), 4), round(float(y), 4)] for x, y in points],
    }
    if name in _ACROSS:
        detail["direction_deg"] = round(_direction(name, reading.unit) % 180, 3)
    if source is reading.outline and name != "area":
        detail["departure"] = dict(reading.departure)
    where = (0.0, 0.0) if source is reading.outline else (float(points[0][0]), float(points[0][1]))
    method = _METHOD + (", compared with the golden's calliper size" if compared else "")
    unit = "mm2" if name == "area" else "mm"
    return Measurement(f"size:{name}", "size", value, unit, budget.expanded, method, where, detail=detail)


def _points(name: str, reading: _Reading, source: OutlineShift) -> tuple[Float, ...]:
    """Points in mm of the golden frame that a size is drawn with: its two ends, or a centre and a place on the rim."""
    base = _hole_index(name)[0]
    if base == "position":
        at = centroid(source.contour)
        return at, at
    if name in ("diameter", "roundness", "area") or base == "hole-diameter":
        circle = fit_circle_robustly(source.contour)
        return np.array([circle.x, circle.y]), np.array([circle.x + circle.radius, circle.y])
    if name == "flat":
        flat = longest_flat(reading.unit)
        return (reading.unit[0], reading.unit[0]) if flat is None else (flat.ends[0], flat.ends[1])
    return feret_points(reading.unit, _direction(name, reading.unit))


def _direction(name: str, contour: Float) -> float:
    """Direction in degrees that a width is taken in."""
    _, longest, _, shortest = feret(contour)
    if name in ("width", "height"):
        return calliper_direction(contour, 0.0 if name == "width" else 90.0)
    return longest if name == "max-feret" else shortest


def _budget(
    name: str, reading: _Reading, source: OutlineShift, points: tuple[Float, ...], value: float, *, compared: bool
) -> LengthBudget:
    """Standard uncertainties of a size.

    Two ends of a length are two places on the edge, read on the unit's photo and, in a comparison, on the golden's.
    Around a circle what the light does is averaged, over places that lie apart. What the light does to one place
    depends on the direction that it faces, so a comparison under the same turn is free of it.
    """
    aligned, master = reading.aligned, reading.master
    turn = math.radians(aligned.similarity.rotation_deg - master.pose.rotation_deg)
    u_scale = aligned.u_scale if aligned.u_plane is None else aligned.u_plane
    base = _hole_index(name)[0]
    hole = source is not reading.outline
    u_light = _U_HOLE_TURNED_MM if hole else _U_TURNED_MM
    photos = 2.0 if compared or base == "position" else 1.0
    if name in ("diameter", "area", "roundness", "flat") or hole:
        apart = max(len(source.u) * SPACING_MM / _INDEPENDENT_MM, 4.0)  # places that are misread independently
        ends = 2.0 if name in ("roundness", "flat") else 1 / apart if base == "position" else 4 / apart
        noise, corner = float(np.median(source.u)) * math.sqrt(ends), 0.0
    else:
        direction = _direction(name, reading.unit)
        at = [_nearest(source, p) for p in points]
        ends = 2.0
        noise = math.hypot(*(float(source.u[k]) for k in at))
        corner = math.hypot(*(_corner_u(source, k, direction) for k in at))
    edges = math.hypot(noise, (_U_HOLE_EDGE_MM if hole else _U_EDGE_MM) * math.sqrt(ends * photos))
    light = u_light * math.sqrt(ends * photos) * (abs(math.sin(turn / 2)) if compared else 1.0)
    shoulder = 0.0 if compared or base in ("position", "roundness", "flat") else _U_HOLE_MM if hole else _U_SHOULDER_MM
    if shoulder and not hole and name not in ("diameter", "area"):
        shoulder = math.hypot(shoulder, _U_END_MM)
    factor = 1.0
    if name == "area":
        factor = len(source.u) * SPACING_MM / 2
    elif name == "flat":
        flat = longest_flat(reading.unit)
        factor = flat.u_mm / edges if flat is not None else 1.0
    length = 2 * value if name == "area" else value
    definition = factor * math.hypot(2 * shoulder, 0.0 if compared else corner)
    if base in ("roundness", "flat"):
        # a departure from the circle is read too large by what light makes of a round edge: the golden, which is the
        # agreed shape, tells how much that may be
        definition = max(definition, reading.golden.get(name, 0.0))
    return LengthBudget(
        calibration=length * u_scale,
        height=length * aligned.u_height,
        edges=factor * edges,
        placement=math.hypot(factor * light, aligned.u_offset_mm if base == "position" else 0.0),
        definition=definition,
    )


def _nearest(source: OutlineShift, point: Float) -> int:
    return int(np.argmin(((source.contour - point) ** 2).sum(axis=1)))


def _corner_u(source: OutlineShift, at: int, direction_deg: float) -> float:
    """Standard uncertainty (mm) of a point that ends a size along a direction, for the tip of a corner is cut off.

    Round a corner that turns by t a shoulder of width w takes w / cos(t / 2) off the tip instead of w, and averaging
    along the contour about 0.16 mm * tan(t / 2); a direction at the edge of the corner loses nothing. Taken as a
    rectangular distribution up to that loss.
    """
    angle = math.radians(direction_deg)
    direction = np.array([math.cos(angle), math.sin(angle)])
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


def _shoulder_radius(silhouette: Silhouette) -> float:
    return silhouette.shoulder.radius_mm if silhouette.shoulder is not None else 0.0


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
