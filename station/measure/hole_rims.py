"""Through holes by the shoulder around each, which is struck into the face that the picture is registered for.

What is seen through a hole is the bench in the hole's own shadow, and its wall on one side but not on the other, as the
camera stands to it; the shoulder shows no parallax, and has a bright and a dark flank whatever the light.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.measure.feature_rows import measurement_of
from station.measure.feret import fit_circle, fit_circle_robustly
from station.measure.outline import OutlineShift
from station.measure.per_master import PerMaster
from station.measure.polygon import signed_area
from station.measure.round_features import METHOD, RoundFeature, find_again, find_circle, light_gradient, missing, moved
from station.sheet import Size
from station.values.budget import LengthBudget
from station.values.line import Aligned, Master, Measurement

Float = NDArray[np.float64]

_U_RIM_MM, _U_RIM_TURNED_MM = 0.012, 0.045  # standard: a hole's rim, and what half a turn adds; one design, eight units
_U_DIAMETER_MM = 0.05  # standard: the golden's own diameter, where no calliper told it


def measure_holes(
    aligned: Aligned, master: Master, rows: dict[str, Size], outline: OutlineShift | None
) -> dict[str, Measurement]:
    """By name those rows whose hole has a plain rim on the golden; the others are left to what the outline reads.

    rows : by the source that the outline's sizes know them by, ``hole-diameter``, ``position-2`` ...
    """
    done: dict[str, Measurement] = {}
    for k, (hole, rim) in enumerate(_rims_of(master)):
        ending = "" if k == 0 else f"-{k + 1}"
        for kind in ("hole-diameter", "position"):
            row = rows.get(f"{kind}{ending}")
            if row is None or rim is None:
                continue
            own = master.sizes_mm.get(f"hole-diameter{ending}", 2 * fit_circle(hole).radius)
            golden = own if row.golden_mm is None else row.golden_mm
            done[row.name] = measure_hole(aligned, master, row, rim, golden, outline)
    return done


def find_rim(master: Master, hole_mm: Float) -> RoundFeature | None:
    """The shoulder around a through hole (n, 2) mm of the golden, None where it is not plain all round."""
    hole = fit_circle_robustly(hole_mm)
    radii = hole.radius + np.arange(-0.1, 0.41, 0.05)
    return find_circle(light_gradient(master.image), master.frame, (hole.x, hole.y), radii, holds=False)


def measure_hole(
    aligned: Aligned,
    master: Master,
    row: Size,
    rim: RoundFeature,
    golden_mm: float,
    outline: OutlineShift | None = None,
) -> Measurement:
    """The diameter or the position of a through hole on a unit, by the shoulder around it; ``detail["missing"]`` where
    it is not there.

    rim : :func:`find_rim` on the golden. golden_mm : the golden's diameter.
    """
    unit = find_again(aligned.image, master.frame, rim)
    if unit is None:
        return missing(row, rim, "no hole")
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
