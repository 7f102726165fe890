"""The body by its struck outline: marks relative to the outline where all the artwork lies off it.

A unit is registered by all its edges, most of which are artwork. Where the blank was cut off centre the whole artwork
lies elsewhere in the outline, and a mark that went along with the outline alone would seem displaced.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.measure.outline import OutlineShift
from station.measure.polygon import outward_normals
from station.values.budget import LengthBudget
from station.values.line import Measurement

Float = NDArray[np.float64]

OFF_CENTRE_MM = 0.05
"""From here on an outline is displaced: light alone moved it by 0.027 mm at most over five rendered products."""
_U_LIGHT_MM = 0.012  # standard, each way: what light from another side leaves, rms of the same
_TUKEY = 4.685


def outline_displacement(outline: OutlineShift) -> tuple[Float, float]:
    """(2,) mm from the golden's outline to the unit's, beside any turn and growth of it, with Tukey's weights; and its
    standard uncertainty in mm, each way: what light leaves, and the rms of what displacement and turn do not explain.
    The latter is not divided by the number of places, and a growth counts as not explained: where one side of an
    outline is misread, all its places are, and half of it looks like a displacement, half like a growth."""
    at = outline.golden
    normals = outward_normals(at)
    across = normals[:, 1] * at[:, 0] - normals[:, 0] * at[:, 1]
    columns = np.column_stack([normals, across, (normals * at).sum(axis=1)])
    weights = np.ones(len(at))
    for _ in range(8):
        weighted = columns * weights[:, None]
        found = np.linalg.lstsq(weighted.T @ columns, weighted.T @ outline.shift, rcond=None)[0]
        left = np.abs(outline.shift - columns @ found)
        scale = _TUKEY * (1.4826 * float(np.median(left)) + 1e-4)
        weights = np.clip(1 - (left / scale) ** 2, 0, None) ** 2 + 1e-9
    left = outline.shift - columns[:, :3] @ found[:3]
    unexplained = float(np.sqrt((weights * left**2).sum() / weights.sum()))
    return np.asarray(found[:2], dtype=np.float64), math.hypot(_U_LIGHT_MM, unexplained)


def off_centre(outline: OutlineShift | None) -> tuple[Float, float] | None:
    """:func:`outline_displacement` where it is ``OFF_CENTRE_MM`` or more, else None."""
    if outline is None:
        return None
    moved, u = outline_displacement(outline)
    return (moved, u) if float(np.hypot(*moved)) >= OFF_CENTRE_MM else None


def marks_in_outline(marks: Sequence[Measurement], outline: OutlineShift | None) -> tuple[Measurement, ...]:
    """The measurements of marks with their offsets relative to the outline, where it lies ``OFF_CENTRE_MM`` or more off
    the body as registered; ``detail["outline_mm"]`` then tells its displacement. Otherwise as they are."""
    displaced = off_centre(outline)
    if displaced is None:
        return tuple(marks)
    moved, u = displaced
    parts = {m.characteristic: m.value for m in marks}
    told = []
    for m in marks:
        name = m.characteristic.partition(":")[2]
        dx, dy = parts.get(f"offset-x:{name}"), parts.get(f"offset-y:{name}")
        budget = m.detail.get("budget")
        if dx is None or dy is None or not m.kind.startswith("offset") or not isinstance(budget, dict):
            told.append(m)
            continue
        body = m.detail.get("body_mm")
        bx, by = body if isinstance(body, list) else (0.0, 0.0)  # the outline's displacement is that in the frame
        x, y = dx + float(bx) - float(moved[0]), dy + float(by) - float(moved[1])
        value = {"offset-x": x, "offset-y": y}.get(m.kind, math.hypot(x, y))
        old = LengthBudget.from_detail(budget)
        new = replace(old, placement=math.hypot(old.placement, u))
        detail = m.detail | {"budget": new.as_detail(), "outline_mm": [float(moved[0]), float(moved[1])]}
        told.append(replace(m, value=value, u=new.expanded, detail=detail))
    return tuple(told)
