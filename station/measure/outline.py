"""The struck outline and the sizes that follow from it.

The golden's outline is found as an edge; the silhouette of golden and unit lies a little beyond it
(:mod:`station.measure.silhouette`) and is found the same way on both, so that what is misread on both cancels in a
comparison.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from station.measure.edges import (
    SPACING_MM,
    gap_median,
    places_along,
    profiles,
    quadratic_smooth,
    reject_outliers,
    steepest_path,
)
from station.measure.feret import calliper_direction, feret, feret_points, fit_circle, fit_circle_robustly
from station.measure.flats import longest_flat
from station.measure.polygon import centroid, outward_normals, signed_area
from station.measure.rough_outline import Contradiction, contradiction
from station.measure.silhouette import (
    EVERY,
    OUTER,
    VISIBLE_REACH_MM,
    WIDTH_MM,
    Silhouette,
    find_like,
    find_silhouette,
    led_back_outline,
    shoulder_width,
    silhouette_of,
)
from station.measure.strays import without_strays
from station.values.budget import LengthBudget
from station.values.colour import LinearRGB
from station.values.documents import OutlineDocument
from station.values.geometry import Frame, Similarity
from station.values.line import Aligned, Master, Measurement

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_SMOOTH = 4  # places either side of a local quadratic fit along the contour
_ROUND = 0.03  # roundness over diameter above which an outline is not a circle
_PLAIN = 150.0
"""Of an edge beside the bench's texture: dark metal in its own shadow has some 150 on rendered key tags, where a
highlight half a millimetre inside it has 10,000. From 500 on the highlight is taken on three key tags of four; from 400
down to 60 nothing changes by more than 0.01 mm on fourteen rendered goldens."""
_U_EDGE_MM = 0.003  # standard; of the silhouette at one place, of one photo under one light
_U_PLACE_MM = 0.02  # standard; of one place's shift against the golden: 0.014-0.028 rms on three rendered designs
_U_TURNED_MM = 0.005  # standard; what half a turn adds to it, where the light on the shoulder swaps sides
_MISFIT_MM = 0.15  # of the edge, to a residual of the whole of the bench's light
_U_LED_BACK_MM = 0.03  # standard; of a place whose edge was chosen among several: 0.01-0.06 off on rendered key tags
_U_DEPARTED, _DEPARTED_MM = 0.25, 0.03  # standard, of what an outline departs beyond that: its light is less sure there
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
        u_mm=round(2 * math.hypot(float(np.median(u)), _U_PLACE_MM), 4),
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
    cut = None
    if aligned.rough_outline_mm is not None and outline.seen is not None:
        cut = contradiction(aligned.rough_outline_mm, outline.contour, outline.seen)
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
    )
    return tuple(_measurement(name, reading, calliper_mm.get(name)) for name in requests)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A unit's outline and holes with its sizes and the golden's, read the same way. unit : (n, 2) mm silhouette.
    cut : a stretch of the edge that was not followed."""

    aligned: Aligned
    master: Master
    outline: OutlineShift
    holes: list[OutlineShift]
    unit: Float
    sizes: dict[str, float]
    golden: dict[str, float]
    cut: Contradiction | None


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


__all__ = [
    "OutlineShift",
    "contour_sizes",
    "measure_golden_sizes",
    "measure_outline",
    "measure_sizes",
    "outline_document",
    "shoulder_width",
    "struck_outline",
]
