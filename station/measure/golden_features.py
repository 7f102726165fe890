"""Where the features of the control sheet's sizes are on the golden: its metal edges and border, and for each row the
place that it names with the golden's own value there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.errors import SheetError
from station.measure.border import Border, BorderWidth, find_border, golden_width
from station.measure.boundary_places import places_of
from station.measure.enamel_edges import boundary_beside
from station.measure.ends import End, angle_of, distance_of, end_place, find_end, straight_run
from station.measure.feret import fit_circle
from station.measure.lines import find_strip, strip_width
from station.measure.metal_edges import MetalEdges, find_metal_edges
from station.measure.outline import measure_outline
from station.measure.per_master import PerMaster
from station.measure.polygon import centroid, signed_area
from station.measure.round_features import place_round
from station.values.line import FeatureMaster, Master

Float = NDArray[np.float64]
Index = NDArray[np.intp]
Point = tuple[float, float]

BORDER, LINE, RECESS = "border", "line", "recess"
DISTANCE, ANGLE = "distance", "angle"
OWN = (BORDER, LINE, RECESS, DISTANCE, ANGLE)
"""Features that are read from the metal edges."""
HOLES = ("hole-diameter", "position")


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
        if r.feature in OWN and shapes is None:
            shapes = shapes_of(master)
        if r.feature == BORDER and shapes is not None:
            if shapes.width is not None:
                found.append(FeatureMaster(r.name, r.feature, round(shapes.width.minimum, 4)))
        elif r.feature in (LINE, RECESS) and shapes is not None and r.at_mm is not None:
            strip = find_strip(shapes.edges, r.at_mm, raised=r.feature == LINE)
            width = None if strip is None else strip_width(strip, shapes.edges, np.zeros(len(shapes.edges.points)))
            if width is None:
                what = "raised line" if r.feature == LINE else "recess between two metal edges"
                raise SheetError(
                    f"size {r.name!r}: there is no {what} at x {r.at_mm[0]:.2f}, y {r.at_mm[1]:.2f} mm on the golden",
                    "Give a point on it, away from where lines meet.",
                )
            found.append(FeatureMaster(r.name, r.feature, round(width.mean, 4), r.at_mm))
        elif r.feature in (DISTANCE, ANGLE) and shapes is not None:
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
    seen = between_value(r.feature, master, edges, r.at_mm, r.to_mm, edges.points, centres(master.holes_mm))
    if seen is None:
        what = "straight edge" if r.feature == ANGLE else "edge or hole"
        raise SheetError(
            f"size {r.name!r}: one of its two points has no {what} between metal and enamel beside it",
            "Give points within a millimetre of what is meant.",
        )
    return FeatureMaster(r.name, r.feature, round(seen[0], 4), r.at_mm, r.to_mm)


def between_value(
    kind: str, master: Master, edges: MetalEdges, at: Point, to: Point, moved: Float, centres: list[Float]
) -> tuple[float, Float, float | None] | None:
    """Value in mm or degrees, the points that show it, a distance's direction in degrees; None for an unseen end."""
    if kind == ANGLE:
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


def places_between(master: Master, edges: MetalEdges, f: FeatureMaster) -> Index:
    """Places of the metal edges that a distance or an angle is read from."""
    if f.at_mm is None or f.to_mm is None:
        return np.zeros(0, dtype=np.intp)
    if f.feature == ANGLE:
        runs = [straight_run(edges, p) for p in (f.at_mm, f.to_mm)]
        return np.concatenate([r for r in runs if r is not None] or [np.zeros(0, dtype=np.intp)])
    return np.concatenate([e.places for e in _ends(master, edges, f.at_mm, f.to_mm) if e is not None])


def centres(holes: Sequence[Float]) -> list[Float]:
    return [centroid(h) for h in holes]


def _source(master: Master, r: FeatureRequest) -> str:
    """The name that the outline's sizes know a row by."""
    if r.feature not in HOLES:
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
    return next((k for k, h in enumerate(holes) if encloses(h, at)), None)


def encloses(contour: Float, at: Point) -> bool:
    middle = centroid(contour)
    reach = float(np.hypot(*(contour - middle).T).max())
    return math.hypot(at[0] - middle[0], at[1] - middle[1]) <= reach


_shapes = PerMaster(golden_shapes)


def shapes_of(master: Master) -> GoldenShapes:
    """:func:`golden_shapes`, kept for the last four master objects."""
    return _shapes(master)
