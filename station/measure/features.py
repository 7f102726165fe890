"""The sizes of the control sheet on golden and unit: of the outline and its holes, the border, lines and recesses.

A feature is measured on the unit as on the golden, its edges located alike on both pictures, so that what light and
blur do to an edge cancels in the difference; the unit's value is the golden's plus that difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.errors import SheetError
from station.measure.border import Border, BorderWidth, border_width, find_border, golden_width
from station.measure.boundaries import EdgeShift, read_boundaries
from station.measure.boundary_places import places_of
from station.measure.enamel_edges import boundary_beside, shift_beside
from station.measure.ends import End, angle_of, distance_of, end_place, find_end, straight_run
from station.measure.feature_rows import (
    U_EDGE_MM,
    U_TURNED_MM,
    budget_of,
    measurement_of,
    pair_of,
    rounded,
    unmeasured,
)
from station.measure.feret import fit_circle
from station.measure.hole_rims import UnitHole, holes_of, measure_holes, not_open
from station.measure.lines import Strip, StripWidth, find_strip, strip_width
from station.measure.metal_edges import EdgeReading, MetalEdges, find_metal_edges, locate, soften
from station.measure.outline import OutlineShift, measure_outline
from station.measure.outline_sizes import measure_sizes
from station.measure.per_master import PerMaster
from station.measure.polygon import centroid, signed_area
from station.measure.round_features import ROUND, measure_round, place_round
from station.sheet import Size
from station.values.budget import LengthBudget
from station.values.line import Aligned, FeatureMaster, Master, Measurement

Float = NDArray[np.float64]
Index = NDArray[np.intp]
Point = tuple[float, float]

_BORDER, _LINE, _RECESS = "border", "line", "recess"
_DISTANCE, _ANGLE = "distance", "angle"
_OWN = (_BORDER, _LINE, _RECESS, _DISTANCE, _ANGLE)
_HOLES = ("hole-diameter", "position")
_GONE = 0.15  # colour step between enamel and metal over the golden's, below which one of the two is not there
_U_BOTH_MM = 0.03  # standard: where the two shoulders of a line or recess begin; both seem metal a little too far
_MEANT_MM, _MEANT = 0.15, 0.25  # and of the limit: beyond, what the golden shows at a place is not what the sheet means
_U_MOVED_MM = 0.015  # standard: a width's change against the golden, 56 of five rendered designs at any turn
_U_WIDTH_TURNED_MM = 0.034  # what half a turn adds to a width, whose edges face opposite ways: misreadings add up


@dataclass(frozen=True, slots=True)
class FeatureRequest:
    """A row of the sheet's sizes with its points in mm of the golden frame."""

    name: str
    feature: str
    at_mm: Point | None = None
    to_mm: Point | None = None


@dataclass(frozen=True, slots=True)
class GoldenShapes:
    """What of the golden is the same for every unit: its metal edges, the boundary place beside each, its border, and
    the border as read on it."""

    edges: MetalEdges
    beside: Index
    border: Border | None
    width: BorderWidth | None


def golden_shapes(master: Master) -> GoldenShapes:
    """Find and measure them; see :func:`shapes_of` for a kept copy."""
    edges = find_metal_edges(master)
    beside = boundary_beside(edges, places_of(master) if master.regions else None, master.frame)
    border = find_border(edges, measure_outline(master.image, master, master.outline_mm))
    return GoldenShapes(edges, beside, border, None if border is None else golden_width(border))


def place_features(master: Master, requests: Sequence[FeatureRequest]) -> tuple[FeatureMaster, ...]:
    """The rows that the golden shows, with its own values. What needs a place and has none there is refused.

    Raises SheetError where a row names a line, a recess or a hole at a place where the golden has none.
    """
    found = []
    shapes: GoldenShapes | None = None
    for r in requests:
        if r.feature in _OWN and shapes is None:
            shapes = shapes_of(master)
        if r.feature == _BORDER and shapes is not None:
            if shapes.width is not None:
                found.append(FeatureMaster(r.name, r.feature, round(shapes.width.minimum, 4)))
        elif r.feature in (_LINE, _RECESS) and shapes is not None and r.at_mm is not None:
            strip = find_strip(shapes.edges, r.at_mm, raised=r.feature == _LINE)
            width = None if strip is None else strip_width(strip, shapes.edges, np.zeros(len(shapes.edges.points)))
            if width is None:
                what = "raised line" if r.feature == _LINE else "recess between two metal edges"
                raise SheetError(
                    f"size {r.name!r}: there is no {what} at x {r.at_mm[0]:.2f}, y {r.at_mm[1]:.2f} mm on the golden",
                    "Give a point on it, away from where lines meet.",
                )
            found.append(FeatureMaster(r.name, r.feature, round(width.mean, 4), r.at_mm))
        elif r.feature in (_DISTANCE, _ANGLE) and shapes is not None:
            found.append(_between(master, shapes.edges, r))
        elif r.feature == "position" and r.at_mm is not None and _hole_at(master, r.at_mm) is None:
            found.append(place_round(master, r.name, r.at_mm))
        else:
            source = _source(master, r)
            if source in master.sizes_mm:
                found.append(FeatureMaster(r.name, r.feature, master.sizes_mm[source], r.at_mm, source=source))
    return tuple(found)


def _between(master: Master, edges: MetalEdges, r: FeatureRequest) -> FeatureMaster:
    """A distance or an angle on the golden. Raises SheetError where one of its points has no feature."""
    if r.at_mm is None or r.to_mm is None:
        raise SheetError(f"size {r.name!r} has no place", "Give at_px and to_px.")
    seen = _between_value(r.feature, master, edges, r.at_mm, r.to_mm, edges.points, _centres(master.holes_mm))
    if seen is None:
        what = "straight edge" if r.feature == _ANGLE else "edge or hole"
        raise SheetError(
            f"size {r.name!r}: one of its two points has no {what} between metal and enamel beside it",
            "Give points within a millimetre of what is meant.",
        )
    return FeatureMaster(r.name, r.feature, round(seen[0], 4), r.at_mm, r.to_mm)


def _between_value(
    kind: str, master: Master, edges: MetalEdges, at: Point, to: Point, moved: Float, centres: list[Float]
) -> tuple[float, Float, float | None] | None:
    """Value in mm or degrees, the points that show it, a distance's direction in degrees; None for an unseen end."""
    if kind == _ANGLE:
        runs = straight_run(edges, at), straight_run(edges, to)
        found = None if runs[0] is None or runs[1] is None else angle_of(moved[runs[0]], moved[runs[1]])
        return None if found is None else (*found, None)
    a, b = _ends(master, edges, at, to)
    if a is None or b is None:
        return None
    places = np.stack([end_place(a, moved, centres), end_place(b, moved, centres)])
    if not np.isfinite(places).all():
        return None
    value, direction = distance_of(a, b, places[0], places[1])
    return value, places, direction


def _ends(master: Master, edges: MetalEdges, at: Point, to: Point) -> tuple[End | None, End | None]:
    holes = [(centroid(h), fit_circle(h).radius) for h in master.holes_mm]
    return find_end(edges, holes, at), find_end(edges, holes, to)


def _places_between(master: Master, edges: MetalEdges, f: FeatureMaster) -> Index:
    """Places of the metal edges that a distance or an angle is read from."""
    if f.at_mm is None or f.to_mm is None:
        return np.zeros(0, dtype=np.intp)
    if f.feature == _ANGLE:
        runs = [straight_run(edges, p) for p in (f.at_mm, f.to_mm)]
        return np.concatenate([r for r in runs if r is not None] or [np.zeros(0, dtype=np.intp)])
    return np.concatenate([e.places for e in _ends(master, edges, f.at_mm, f.to_mm) if e is not None])


def _centres(holes: Sequence[Float]) -> list[Float]:
    return [centroid(h) for h in holes]


def measure_features(
    aligned: Aligned,
    master: Master,
    sizes: Sequence[Size],
    *,
    outline: OutlineShift | None = None,
    boundaries: EdgeShift | None = None,
    holes: Sequence[UnitHole] | None = None,
) -> tuple[Measurement, ...]:
    """Every row of the sheet's sizes on a unit, in their order; a border with an upper limit also gives its maximum.

    outline, holes : as :func:`measure_outline` and :func:`holes_of` give them, where the caller has them. A line or
    recess that is not there on the unit has ``detail["missing"]``, as has a row of a hole that is closed. A border's
    ``detail["share_below"]`` is the share of its length below the lower limit; ``share_below_surely`` below the limit
    less u, ``share_below_possibly`` below the limit with u added.
    """
    known = {f.name: f for f in master.features}
    own = [s for s in sizes if s.kind in _OWN or (s.name in known and known[s.name].source == ROUND)]
    outline_rows = [s for s in sizes if s not in own]
    sources = [_row_source(master, s, known.get(s.name)) for s in outline_rows]
    calliper = {q: s.golden_mm for q, s in zip(sources, outline_rows, strict=True) if s.golden_mm is not None}
    measured: dict[str, tuple[Measurement, ...]] = {}
    for row, m in zip(
        outline_rows, measure_sizes(aligned, master, sources, calliper_mm=calliper, outline=outline), strict=True
    ):
        kind = "position" if row.kind == "position" else "size"
        measured[row.name] = (replace(m, characteristic=row.characteristic, kind=kind),)
    if holes is None:
        holes = holes_of(aligned, master)
    rims = measure_holes(aligned, master, dict(zip(sources, outline_rows, strict=True)), outline, holes)
    measured |= {name: (m,) for name, m in rims.items()}
    if own and aligned.scale_source == "part":
        why = "the photo has no scale of its own: no rig was named, and no card of known size"
        measured |= {s.name: (unmeasured(s, why),) for s in own}
    elif own:
        if outline is None and any(s.kind == _BORDER for s in own):
            outline = measure_outline(aligned.image, master, master.outline_mm)
        measured |= {
            s.name: (measure_round(aligned, master, s, known[s.name], outline),) for s in own if s.kind == "position"
        }
        callipers = [s for s in own if s.kind in _OWN]
        measured |= _calliper(aligned, master, callipers, known, outline, boundaries, holes) if callipers else {}
    return tuple(m for s in sizes for m in measured[s.name])


def _calliper(
    aligned: Aligned,
    master: Master,
    rows: Sequence[Size],
    known: dict[str, FeatureMaster],
    outline: OutlineShift | None,
    boundaries: EdgeShift | None,
    holes: Sequence[UnitHole],
) -> dict[str, tuple[Measurement, ...]]:
    shapes = shapes_of(master)
    edges = shapes.edges
    strips: dict[str, Strip] = {}
    wanted: list[Index] = []
    for row in rows:
        at = known[row.name].at_mm if row.name in known else None
        if row.kind == _BORDER and shapes.border is not None:
            wanted.append(shapes.border.places)
        elif row.kind in (_DISTANCE, _ANGLE) and row.name in known:
            wanted.append(_places_between(master, edges, known[row.name]))
        elif row.kind != _BORDER and at is not None:
            strip = find_strip(edges, at, raised=row.kind == _LINE)
            if strip is not None:
                strips[row.name] = strip
                wanted.append(strip.places)
    places = np.unique(np.concatenate(wanted)) if wanted else np.zeros(0, dtype=np.intp)
    reading = locate(soften(aligned.image), master.frame, edges, places)
    own = np.full(len(edges.points), np.nan)
    own[places] = reading.offset - edges.offset[places]
    seen = read_boundaries(aligned, master) if boundaries is None else boundaries
    shift, apart = shift_beside(shapes.beside, seen, own)
    done: dict[str, tuple[Measurement, ...]] = {}
    for row in rows:
        if row.kind == _BORDER:
            done[row.name] = _border(aligned, master, row, shapes, shift, outline)
        elif row.kind in (_DISTANCE, _ANGLE) and row.name in known:
            done[row.name] = (_distance(aligned, master, row, known[row.name], edges, shift, holes),)
        elif row.name in strips:
            done[row.name] = (_strip(aligned, master, row, strips[row.name], edges, reading, places, shift, apart),)
        else:
            done[row.name] = (unmeasured(row, "the golden was sealed without its place: seal it again"),)
    return done


def _border(
    aligned: Aligned,
    master: Master,
    row: Size,
    shapes: GoldenShapes,
    shift: Float,
    outline: OutlineShift | None,
) -> tuple[Measurement, ...]:
    golden = shapes.width
    if shapes.border is None or golden is None or outline is None:
        return (unmeasured(row, "the golden shows no metal border with enamel inside it"),)
    if other := _not_meant(row, golden.minimum):
        return (unmeasured(row, other),)
    if outline.gaps > 0.25:
        return (unmeasured(row, f"the outline cannot be followed over {outline.gaps:.0%} of its length"),)
    unit = border_width(shapes.border, shift, outline)
    if unit is None:
        return (unmeasured(row, "the inner edge of the border is not seen over half of its length"),)
    scale = aligned.similarity.scale
    compared = row.golden_mm is not None
    added = 0.0 if row.golden_mm is None else row.golden_mm - golden.minimum
    least, most = unit.minimum * scale + added, unit.maximum * scale + added
    limits = row.limits(round(golden.minimum, 4) if row.golden_mm is None else row.golden_mm)
    budget = budget_of(aligned, master, least, unit.scatter, compared=compared, u_turned_mm=_U_WIDTH_TURNED_MM)
    detail: dict[str, object] = {
        "scale_source": aligned.scale_source,
        "golden_mm": round(golden.minimum + added, 4),
        "mean_mm": round(unit.mean * scale + added, 4),
        "max_mm": round(most, 4),
        "seen": round(unit.seen, 3),
        "budget": budget.as_detail(),
    }
    if limits.lower is not None:
        bound = (float(limits.lower) - added) / scale
        u = budget.expanded / scale
        detail["share_below"] = round(unit.share_below(bound), 4)
        detail["share_below_surely"] = round(unit.share_below(bound - u), 4)
        detail["share_below_possibly"] = round(unit.share_below(bound + u), 4)
    out = [measurement_of(row.characteristic, "border", least, budget, unit.narrowest, detail)]
    if limits.upper is not None:
        budget = budget_of(aligned, master, most, unit.scatter, compared=compared, u_turned_mm=_U_WIDTH_TURNED_MM)
        more = {key: detail[key] for key in ("scale_source", "mean_mm")}
        more |= {"golden_mm": round(golden.maximum + added, 4), "budget": budget.as_detail()}
        out.append(measurement_of(f"border-max:{row.name}", "border", most, budget, unit.widest, more))
    return tuple(out)


def _strip(
    aligned: Aligned,
    master: Master,
    row: Size,
    strip: Strip,
    edges: MetalEdges,
    reading: EdgeReading,
    places: Index,
    shift: Float,
    apart: Float,
) -> Measurement:
    """A line or a recess. shift : (n,) mm that its edges have moved; apart : (n,) mm, by how much the readings of the
    boundaries beside them differ, NaN where there are none."""
    golden = strip_width(strip, edges, np.zeros(len(edges.points)))
    if golden is not None and (other := _not_meant(row, golden.mean)):
        return unmeasured(row, other)
    steps = [
        float(np.median(reading.step[np.searchsorted(places, run)]) / max(float(np.median(edges.step[run])), 1e-6))
        for run in (strip.near, strip.far)
    ]
    if max(steps) < _GONE:
        gone = "the raised line" if row.kind == _LINE else "the recess"
        middle = edges.points[strip.near[len(strip.near) // 2]]
        why = f"{gone} is not there at x {middle[0]:.1f}, y {middle[1]:.1f} mm"
        ends = [rounded(p) for p in (() if golden is None else golden.ends)]
        return replace(unmeasured(row, why), detail={"missing": True, "points_mm": ends}, where_mm=pair_of(middle))
    unit: StripWidth | None = strip_width(strip, edges, shift)
    if unit is None or golden is None:
        return unmeasured(row, "its edges are not seen")
    added = 0.0 if row.golden_mm is None else row.golden_mm - golden.mean
    value = unit.mean * aligned.similarity.scale + added
    budget = budget_of(
        aligned,
        master,
        value,
        unit.u,
        compared=row.golden_mm is not None,
        u_turned_mm=_U_WIDTH_TURNED_MM,
        u_shoulder_mm=_U_BOTH_MM,
    )
    told = [apart[run][np.isfinite(apart[run])] for run in (strip.near, strip.far)]
    if min(len(t) for t in told) > len(strip.near) // 2:
        budget = replace(budget, placement=math.hypot(_U_MOVED_MM, *(float(np.median(t)) for t in told)))
    detail: dict[str, object] = {
        "scale_source": aligned.scale_source,
        "golden_mm": round(golden.mean + added, 4),
        "least_mm": round(unit.least * aligned.similarity.scale + added, 4),
        "budget": budget.as_detail(),
    }
    return measurement_of(row.characteristic, "size", value, budget, unit.ends, detail)


def _not_meant(row: Size, golden_mm: float) -> str:
    """Why a row is not what the golden shows at its place, or nothing.

    The golden is the agreed sample: read far outside its own limits, one of the two edges is another one, as where
    sunk metal or a dark edge before a dark bench is not told from what lies beside it.
    """
    limits = row.limits(round(golden_mm, 4) if row.golden_mm is None else row.golden_mm)
    low = None if limits.lower is None else float(limits.lower)
    high = None if limits.upper is None else float(limits.upper)
    if row.golden_mm is not None:
        low = high = row.golden_mm
    below = low is not None and golden_mm < low - max(_MEANT_MM, _MEANT * low)
    above = high is not None and golden_mm > high + max(_MEANT_MM, _MEANT * high)
    if not (below or above):
        return ""
    return (
        f"on the golden it reads {golden_mm:.2f} mm, far from what the sheet holds it to: an edge between metal and "
        "enamel is taken that is not meant"
    )


def _distance(
    aligned: Aligned,
    master: Master,
    row: Size,
    f: FeatureMaster,
    edges: MetalEdges,
    shift: Float,
    holes: Sequence[UnitHole],
) -> Measurement:
    """A distance or an angle between two features."""
    if f.at_mm is None or f.to_mm is None:
        return unmeasured(row, "the golden was sealed without its places: seal it again")
    ends = () if f.feature == _ANGLE else (f.at_mm, f.to_mm)
    meant = (not_open(row, h) for h in holes if any(_encloses(h.golden_mm, p) for p in ends))
    if shut := next((m for m in meant if m is not None), None):
        return shut
    contours = [measure_outline(aligned.image, master, h, hole=True).contour for h in master.holes_mm]
    moved = edges.points + edges.normals * shift[:, None]
    seen = _between_value(f.feature, master, edges, f.at_mm, f.to_mm, moved, _centres(contours))
    if seen is None:
        return unmeasured(row, "one of its two ends is not seen")
    value, points, direction = seen
    detail: dict[str, object] = {"scale_source": aligned.scale_source, "golden_mm": f.value}
    if f.feature == _ANGLE:
        # two lines of at least 1.3 mm: an end misread by u tilts one by u / (length / 2)
        tilt = math.degrees(2 * U_EDGE_MM / 1.3) * math.sqrt(2)
        turn = math.radians(aligned.similarity.rotation_deg - master.pose.rotation_deg)
        turned = math.degrees(U_TURNED_MM / 1.3) * abs(math.sin(turn / 2))
        budget = LengthBudget(edges=tilt, placement=turned)
        detail = {"scale_source": aligned.scale_source, "golden_deg": f.value, "budget": budget.as_detail()}
        return replace(measurement_of(row.characteristic, "size", value, budget, points, detail), unit="deg")
    value *= aligned.similarity.scale
    if row.golden_mm is not None:
        value += row.golden_mm - f.value
    budget = budget_of(aligned, master, value, 0.0, compared=row.golden_mm is not None)
    detail |= {"budget": budget.as_detail(), "direction_deg": None if direction is None else round(direction, 3)}
    return measurement_of(row.characteristic, "size", value, budget, points, detail)


def _source(master: Master, r: FeatureRequest) -> str:
    """The name that the outline's sizes know a row by."""
    if r.feature not in _HOLES:
        return r.feature
    if r.at_mm is None:
        # "position-2" is the second largest hole; another name means the largest
        return r.name if r.name in master.sizes_mm else r.feature
    inside = _hole_at(master, r.at_mm)
    if inside is None:
        raise SheetError(
            f"size {r.name!r}: there is no through hole at x {r.at_mm[0]:.2f}, y {r.at_mm[1]:.2f} mm on the golden",
            "Give a point inside the hole.",
        )
    return r.feature if inside == 0 else f"{r.feature}-{inside + 1}"


def _hole_at(master: Master, at: Point) -> int | None:
    """Which of the through holes, counted from the largest, holds a point."""
    holes = sorted(master.holes_mm, key=lambda h: -abs(signed_area(h)))
    return next((k for k, h in enumerate(holes) if _encloses(h, at)), None)


def _row_source(master: Master, row: Size, feature: FeatureMaster | None) -> str:
    if feature is not None:
        return feature.source
    if row.kind in _HOLES and row.name not in master.sizes_mm and not row.name.startswith(f"{row.kind}-"):
        return row.kind
    return row.name if row.kind in _HOLES else row.kind


def _encloses(contour: Float, at: Point) -> bool:
    middle = centroid(contour)
    reach = float(np.hypot(*(contour - middle).T).max())
    return math.hypot(at[0] - middle[0], at[1] - middle[1]) <= reach


_shapes = PerMaster(golden_shapes)


def shapes_of(master: Master) -> GoldenShapes:
    """:func:`golden_shapes`, kept for the last four master objects."""
    return _shapes(master)
