"""The sizes of the control sheet on a unit: of the outline and its holes, the border, lines and recesses.

A feature is measured on the unit as on the golden, its edges located alike on both pictures, so that what light and
blur do to an edge cancels in the difference; the unit's value is the golden's plus that difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.measure.border import border_width
from station.measure.boundaries import EdgeShift, read_boundaries
from station.measure.enamel_edges import shift_beside
from station.measure.feature_rows import (
    U_EDGE_MM,
    U_TURNED_MM,
    budget_of,
    measurement_of,
    pair_of,
    rounded,
    unmeasured,
)
from station.measure.golden_features import (
    ANGLE,
    BORDER,
    DISTANCE,
    HOLES,
    LINE,
    OWN,
    GoldenShapes,
    between_value,
    centres,
    encloses,
    places_between,
    shapes_of,
)
from station.measure.hole_rims import UnitHole, holes_of, measure_holes, not_open
from station.measure.lines import Strip, StripWidth, find_strip, strip_width
from station.measure.metal_edges import EdgeReading, MetalEdges, locate, soften
from station.measure.outline import OutlineShift, measure_outline
from station.measure.outline_sizes import measure_sizes
from station.measure.round_features import ROUND, measure_round
from station.sheet import Size
from station.values.budget import LengthBudget
from station.values.line import Aligned, FeatureMaster, Master, Measurement

Float = NDArray[np.float64]
Index = NDArray[np.intp]

_GONE = 0.15  # colour step between enamel and metal over the golden's, below which one of the two is not there
_U_BOTH_MM = 0.03  # standard: where the two shoulders of a line or recess begin; both seem metal a little too far
_MEANT_MM, _MEANT = 0.15, 0.25  # and of the limit: beyond, what the golden shows at a place is not what the sheet means
_U_MOVED_MM = 0.015  # standard: a width's change against the golden, 56 of five rendered designs at any turn
_U_WIDTH_TURNED_MM = 0.034  # what half a turn adds to a width, whose edges face opposite ways: misreadings add up


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
    own = [s for s in sizes if s.kind in OWN or (s.name in known and known[s.name].source == ROUND)]
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
        if outline is None and any(s.kind == BORDER for s in own):
            outline = measure_outline(aligned.image, master, master.outline_mm)
        measured |= {
            s.name: (measure_round(aligned, master, s, known[s.name], outline),) for s in own if s.kind == "position"
        }
        callipers = [s for s in own if s.kind in OWN]
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
        if row.kind == BORDER and shapes.border is not None:
            wanted.append(shapes.border.places)
        elif row.kind in (DISTANCE, ANGLE) and row.name in known:
            wanted.append(places_between(master, edges, known[row.name]))
        elif row.kind != BORDER and at is not None:
            strip = find_strip(edges, at, raised=row.kind == LINE)
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
        if row.kind == BORDER:
            done[row.name] = _border(aligned, master, row, shapes, shift, outline)
        elif row.kind in (DISTANCE, ANGLE) and row.name in known:
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
        gone = "the raised line" if row.kind == LINE else "the recess"
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
    ends = () if f.feature == ANGLE else (f.at_mm, f.to_mm)
    meant = (not_open(row, h) for h in holes if any(encloses(h.golden_mm, p) for p in ends))
    if shut := next((m for m in meant if m is not None), None):
        return shut
    contours = [measure_outline(aligned.image, master, h, hole=True).contour for h in master.holes_mm]
    moved = edges.points + edges.normals * shift[:, None]
    seen = between_value(f.feature, master, edges, f.at_mm, f.to_mm, moved, centres(contours))
    if seen is None:
        return unmeasured(row, "one of its two ends is not seen")
    value, points, direction = seen
    detail: dict[str, object] = {"scale_source": aligned.scale_source, "golden_mm": f.value}
    if f.feature == ANGLE:
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


def _row_source(master: Master, row: Size, feature: FeatureMaster | None) -> str:
    if feature is not None:
        return feature.source
    if row.kind in HOLES and row.name not in master.sizes_mm and not row.name.startswith(f"{row.kind}-"):
        return row.kind
    return row.name if row.kind in HOLES else row.kind
