"""Places of a part that its photo does not show: enamel or print under glare, and what lies beyond the photo's edge.

What is there nobody has seen. Glare is what is white on the unit and not on the golden; on metal it is left out, since
metal mirrors its lamps wherever a part lies. A place is as wide as the largest circle in it, for a round defect of that
size could lie there unseen; slivers along edges hide nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.morphology import disc
from station.values.line import METAL, OTHER, OUTSIDE, Aligned, Finding, Master

GLARE, CUT_OFF = "glare", "cut-off"
"""Kinds of such findings."""

_WHITE = 0.95  # linear light of the golden in any channel, from which it was as good as white itself
_BEYOND_PX = 2.0  # of metal: its highlights bloom
_LEAST_MM = 0.08  # width of a place that is told at all


def hidden_places(aligned: Aligned, master: Master) -> tuple[Finding, ...]:
    """A finding for every such place, the widest first; ``size_mm`` is the diameter of the largest circle in it."""
    metal = cv2.dilate((master.labels == METAL).astype(np.uint8), disc(_BEYOND_PX)) > 0
    part = master.labels != OUTSIDE
    white = aligned.clipped & part & ~metal & (master.image.pixels.max(axis=2) < _WHITE)
    found = [
        *_places(GLARE, white & aligned.valid, aligned, master),
        *_places(CUT_OFF, part & ~aligned.valid, aligned, master),
    ]
    return tuple(sorted(found, key=lambda f: (-f.size_mm, f.x_mm, f.y_mm)))


def _places(kind: str, where: NDArray[np.bool_], aligned: Aligned, master: Master) -> list[Finding]:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8), connectivity=8)
    pitch = master.frame.pitch_mm * aligned.similarity.scale
    names = {r.label: r.name for r in master.regions} | {METAL: "metal", OTHER: "other enamel"}
    found = []
    for i in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[i])
        mask = np.pad((parts[y : y + h, x : x + w] == i).astype(np.uint8), 1)
        depth = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        width = (2 * float(depth.max()) - 1) * pitch
        if width < _LEAST_MM:
            continue
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        contour = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64) + (x - 1, y - 1)
        deepest = np.unravel_index(int(depth.argmax()), depth.shape)
        x_mm, y_mm = (float(v) for v in master.frame.to_mm(np.array([[deepest[1] + x - 1.0, deepest[0] + y - 1.0]]))[0])
        labels, counts = np.unique(master.labels[y : y + h, x : x + w][mask[1:-1, 1:-1] > 0], return_counts=True)
        found.append(
            Finding(
                kind=kind,
                x_mm=x_mm,
                y_mm=y_mm,
                size_mm=width,
                length_mm=max(w, h) * pitch,
                area_mm2=area * pitch**2,
                region=names.get(int(labels[counts.argmax()]), "other"),
                score=1.0,
                u_mm=2 * pitch,
                contrast_to_noise=0.0,
                polygon_mm=master.frame.to_mm(contour),
                sized_by="picture",
            )
        )
    return found
