"""Through holes by the shoulder around each, which is struck into the face that the picture is registered for.

What is seen through a hole is the bench in the hole's own shadow, and its wall on one side but not on the other, as the
camera stands to it; the shoulder shows no parallax, and has a bright and a dark flank whatever the light. It is there
on a hole that was not pierced, or is filled, too: whether a hole is open is seen through it
(:mod:`station.measure.see_through`), and only an open one is measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.measure.feature_rows import measurement_of, rounded, unmeasured
from station.measure.feret import fit_circle, fit_circle_robustly
from station.measure.outline import OutlineShift, measure_outline
from station.measure.per_master import PerMaster
from station.measure.polygon import centroid, signed_area
from station.measure.round_features import METHOD, RoundFeature, find_again, find_circle, light_gradient, moved
from station.measure.see_through import SeenThrough, see_through
from station.sheet import Size
from station.values.budget import LengthBudget
from station.values.line import Aligned, Finding, Master, Measurement

Float = NDArray[np.float64]

CLOSED_HOLE = "closed-hole"
"""Kind of finding: a through hole of the golden that is not open on the unit."""

_U_RIM_MM, _U_RIM_TURNED_MM = 0.012, 0.045  # standard: a hole's rim, and what half a turn adds; one design, eight units
_U_DIAMETER_MM = 0.05  # standard: the golden's own diameter, where no calliper told it


@dataclass(frozen=True, slots=True)
class UnitHole:
    """A through hole of the golden on a unit. rim : its shoulder on the golden, None where it is not plain all round;
    found : on the unit, None where it is not seen. seen : whether it is open."""

    golden_mm: Float
    rim: RoundFeature | None
    found: RoundFeature | None
    seen: SeenThrough


def holes_of(aligned: Aligned, master: Master) -> tuple[UnitHole, ...]:
    """Every through hole of the golden on a unit, largest first."""
    holes, places = [], []
    for hole, rim in _rims_of(master):
        found = None if rim is None else find_again(aligned.image, master.frame, rim)
        if found is not None:
            places.append(found.centre_mm)
        elif rim is not None:
            places.append(rim.centre_mm)
        else:
            x, y = centroid(measure_outline(aligned.image, master, hole, hole=True).contour)
            places.append((float(x), float(y)))
        holes.append((hole, rim, found))
    seen = see_through(aligned, master, places)
    return tuple(UnitHole(*h, s) for h, s in zip(holes, seen, strict=True))


def measure_holes(
    aligned: Aligned,
    master: Master,
    rows: dict[str, Size],
    outline: OutlineShift | None,
    holes: Sequence[UnitHole],
) -> dict[str, Measurement]:
    """By name those rows whose hole is not open, or has a plain rim on the golden; the others are left to what the
    outline reads.

    rows : by the source that the outline's sizes know them by, ``hole-diameter``, ``position-2`` ... holes : as
    :func:`holes_of` gives them.
    """
    done: dict[str, Measurement] = {}
    for k, hole in enumerate(holes):
        ending = "" if k == 0 else f"-{k + 1}"
        for kind in ("hole-diameter", "position"):
            row = rows.get(f"{kind}{ending}")
            if row is None:
                continue
            shut = not_open(row, hole)
            if shut is not None:
                done[row.name] = shut
            elif hole.rim is not None and aligned.scale_source != "part":
                own = master.sizes_mm.get(f"hole-diameter{ending}", 2 * fit_circle(hole.golden_mm).radius)
                golden = own if row.golden_mm is None else row.golden_mm
                done[row.name] = measure_hole(aligned, master, row, hole, golden, outline)
    return done


def not_open(row: Size, hole: UnitHole) -> Measurement | None:
    """A row of a hole that is not open: with ``detail["missing"]`` where it surely is not; None where it is open."""
    if hole.seen.state == "open":
        return None
    x, y = hole.seen.centre_mm
    points = [rounded(np.array(p)) for p in ((x, y), (x + hole.seen.radius_mm, y))]
    detail: dict[str, object] = {"points_mm": points}
    if hole.seen.state == "closed":
        detail["missing"] = True
    return replace(unmeasured(row, hole.seen.why), detail=detail, where_mm=hole.seen.centre_mm)


def find_rim(master: Master, hole_mm: Float) -> RoundFeature | None:
    """The shoulder around a through hole (n, 2) mm of the golden, None where it is not plain all round."""
    hole = fit_circle_robustly(hole_mm)
    radii = hole.radius + np.arange(-0.1, 0.41, 0.05)
    return find_circle(light_gradient(master.image), master.frame, (hole.x, hole.y), radii, holds=False)


def closed_holes(holes: Sequence[UnitHole]) -> tuple[Finding, ...]:
    """A finding of kind ``closed-hole`` for every hole that surely is not open, whether or not the sheet has a row for
    it."""
    found = []
    for hole in holes:
        if hole.seen.state == "closed":
            (x, y), size = hole.seen.centre_mm, 2 * hole.seen.radius_mm
            area = math.pi * hole.seen.radius_mm**2
            found.append(Finding(CLOSED_HOLE, x, y, size, size, area, "", 1.0, 2 * _U_DIAMETER_MM, 0.0, hole.golden_mm))
    return tuple(found)


def measure_hole(
    aligned: Aligned,
    master: Master,
    row: Size,
    hole: UnitHole,
    golden_mm: float,
    outline: OutlineShift | None = None,
) -> Measurement:
    """The diameter or the position of an open hole on a unit, by the shoulder around it.

    hole : with a rim on the golden. golden_mm : the golden's diameter.
    """
    rim, unit = hole.rim, hole.found
    if rim is None or unit is None:
        x, y = hole.seen.centre_mm
        why = f"the shoulder around the hole is not seen within 1.5 mm of x {x:.1f}, y {y:.1f} mm"
        return replace(unmeasured(row, why), where_mm=hole.seen.centre_mm)
    turn = math.sin(math.radians(aligned.similarity.rotation_deg - master.pose.rotation_deg) / 2)
    light = math.hypot(_U_RIM_MM, _U_RIM_TURNED_MM * turn)
    if row.kind == "position":
        return moved(aligned, row, rim, unit, light, outline)
    scale = aligned.similarity.scale
    value = golden_mm + 2 * (unit.radius_mm * scale - rim.radius_mm)
    budget = LengthBudget(
        calibration=value * aligned.u_scale,
        height=value * aligned.u_height,
        edges=2 * math.hypot(rim.u_mm, unit.u_mm),
        placement=light,
        definition=0.0 if row.golden_mm is not None else _U_DIAMETER_MM,
    )
    (x, y), r = unit.centre_mm, unit.radius_mm
    detail: dict[str, object] = {
        "scale_source": aligned.scale_source,
        "golden_mm": round(golden_mm, 4),
        "budget": budget.as_detail(),
    }
    seen = measurement_of(row.characteristic, "size", value, budget, np.array([[x, y], [x + r, y]]), detail)
    return replace(seen, method=METHOD)


def _rims(master: Master) -> tuple[tuple[Float, RoundFeature | None], ...]:
    by_size = sorted(master.holes_mm, key=lambda h: -abs(signed_area(h)))
    return tuple((h, find_rim(master, h)) for h in by_size)


_rims_of = PerMaster(_rims)
