"""The colour map of a unit as it is shown: CIEDE2000 of its regions against the golden, place by place.

The CIEDE2000 of two single pixels is biased: noise has no direction that would cancel, and on evenly coloured enamel a
photo's grain alone makes 1 to 2 of it. Both pictures are therefore averaged in linear light first, each place over a
square of its own region, and the unit then goes the way of its measurement: on one bench through the card of both
photos into the golden's light, else through its own correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.colour import ERODE_PX
from station.measure.colour_map import colour_map, lab_planes, spans_of
from station.measure.relative_light import light_between
from station.values.colour import LinearRGB
from station.values.line import Aligned, Master

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

AVERAGED_MM = 0.4
"""Side of the square that each place is averaged over. Of four rendered units' 28 regions the median of the map then
lies within U (k = 2) of the region's own CIEDE2000 in 27, over 0.13 mm in 22; areas of another colour are reported from
0.8 mm on, twice as wide."""


@dataclass(frozen=True, slots=True)
class UnitMap:
    """difference : (H, W) CIEDE2000 in the golden frame, 0 outside ``where``. where : (H, W) the regions without their
    edges and what is clipped. side_mm : of the square that was averaged, on the unit."""

    difference: F32
    where: Bool
    side_mm: float


def unit_map(aligned: Aligned, master: Master) -> UnitMap | None:
    """The map of a unit's regions; None where one of the two photos has no usable colour card."""
    if aligned.correction is None or master.correction is None:
        return None
    side = 2 * round((AVERAGED_MM / master.frame.pitch_mm - 1) / 2) + 1
    where = np.zeros(master.labels.shape, dtype=bool)
    golden, unit = (np.zeros(master.image.pixels.shape, dtype=np.float32) for _ in range(2))
    for region in master.regions:
        inside = (master.labels == region.label).astype(np.uint8)
        x, y, w, h = cv2.boundingRect(inside)
        box = np.s_[y : y + h, x : x + w]
        depth = cv2.distanceTransform(np.pad(inside[box], 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
        core = np.asarray(depth > ERODE_PX) & aligned.valid[box] & ~aligned.clipped[box]
        where[box] |= core
        for out, image in ((golden, master.image), (unit, aligned.image)):
            out[box][core] = _averaged(image.pixels[box], core, side)[core]
    correction, light = aligned.correction, light_between(aligned, master)
    if light is not None:
        unit[where] = light.of(unit[where].astype(np.float64))
        correction = master.correction
    spans = spans_of(where)
    difference = colour_map(LinearRGB(unit), correction, lab_planes(LinearRGB(golden), master.correction, spans), spans)
    return UnitMap(difference, where, side * master.frame.pitch_mm * aligned.similarity.scale)


def _averaged(pixels: F32, core: Bool, side: int) -> F32:
    """Means (h, w, 3) over squares of ``side`` pixels about each pixel, of what lies in ``core`` (h, w)."""
    weight = core.astype(np.float32)
    share, total = (
        cv2.boxFilter(p, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
        for p in (weight, pixels * weight[..., None])
    )
    return np.asarray(total / np.maximum(share, 1)[..., None], dtype=np.float32)
