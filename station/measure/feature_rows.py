"""One row of the sheet's sizes as a measurement: its budget, the points that show it, or why there is no value."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from station.sheet import Size
from station.values.budget import LengthBudget
from station.values.line import Aligned, Master, Measurement

Float = NDArray[np.float64]
Point = tuple[float, float]

METHOD = "enamel against metal by the colour direction that tells them apart, half-step, compared with the golden"
U_EDGE_MM = 0.006
"""Standard uncertainty of one edge read on two pictures under one turn, rendered parts."""
U_TURNED_MM = 0.020
"""What half a turn of the part in the light adds to that, rendered parts."""
_U_SHOULDER_MM = 0.02  # standard: where on a shoulder of the die's line its metal begins; cancels against a calliper


def budget_of(
    aligned: Aligned,
    master: Master,
    value: float,
    scatter: float,
    *,
    compared: bool,
    u_turned_mm: float = U_TURNED_MM,
    u_shoulder_mm: float = _U_SHOULDER_MM,
) -> LengthBudget:
    """Standard uncertainties of a width between two edges. u_turned_mm : what half a turn adds; u_shoulder_mm : where
    its metal begins."""
    turn = math.radians(aligned.similarity.rotation_deg - master.pose.rotation_deg)
    return LengthBudget(
        calibration=value * aligned.u_scale,
        height=value * aligned.u_height,
        edges=math.hypot(scatter, math.sqrt(2) * U_EDGE_MM),
        placement=u_turned_mm * abs(math.sin(turn / 2)),
        definition=0.0 if compared else u_shoulder_mm,
    )


def measurement_of(
    characteristic: str, kind: str, value: float, budget: LengthBudget, ends: Float, detail: dict[str, object]
) -> Measurement:
    """A row with its value in mm. ends : (n, 2) mm that it is drawn with; they go into ``detail``, written to."""
    detail["points_mm"] = [rounded(p) for p in ends]
    where = pair_of(ends.mean(axis=0))
    return Measurement(characteristic, kind, value, "mm", budget.expanded, METHOD, where, detail=detail)


def unmeasured(row: Size, why: str) -> Measurement:
    """A row without a value, and why."""
    kind = row.kind if row.kind in ("border", "position") else "size"
    unit = "deg" if row.kind == "angle" else "mm"
    return Measurement(row.characteristic, kind, None, unit, 0.0, METHOD, None, why)


def rounded(point: Float) -> list[float]:
    """A point (2,) mm as it goes into a document."""
    return [round(float(v), 4) for v in point]


def pair_of(point: Float) -> Point:
    """A point (2,) mm as a pair."""
    return float(point[0]), float(point[1])
