"""Which cells of a golden belong to a region: the named one, and every further one of its own colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.morphology import disc
from station.values.line import METAL, OTHER, Master

_SAME = 0.03  # largest distance of a further cell's colour: those of five rendered designs lie within 0.02
_LINE_MM = 0.15  # radius of the disc that no struck line holds
_LEAST_CELL_MM2 = 1.0


def cells_of(master: Master) -> NDArray[np.uint8]:
    """The golden's labels (H, W) with every further cell of a region's own colour given to that region.

    A cell is a zone of even colour, no struck line, that no region names and whose median lies within ``_SAME`` of the
    region's own, in square roots of linear light.
    """
    labels = master.labels.copy()
    pitch = master.frame.pitch_mm
    root = np.sqrt(np.clip(cv2.GaussianBlur(master.image.pixels, (0, 0), 1.0), 0, None))
    inner = disc(_LINE_MM / pitch)
    own = []
    for region in master.regions:
        mask = (labels == region.label).astype(np.uint8)
        deep = cv2.erode(mask, inner) > 0
        own.append(np.median(root[deep if deep.any() else mask > 0].reshape(-1, 3), axis=0) if mask.any() else None)
    free = (labels == METAL) | (labels == OTHER)
    for region, colour in zip(master.regions, own, strict=True):
        if colour is None or region.surface == "plating":
            continue
        others = [c for c in own if c is not None and c is not colour]
        away = np.sqrt(((root - colour) ** 2).sum(axis=2))
        alike = cv2.morphologyEx((free & (away < 2 * _SAME)).astype(np.uint8), cv2.MORPH_OPEN, inner)
        count, parts, stats, _ = cv2.connectedComponentsWithStats(alike)
        for k in range(1, count):
            if stats[k, cv2.CC_STAT_AREA] * pitch**2 < _LEAST_CELL_MM2:
                continue
            cell = parts == k
            deep = cv2.erode(cell.astype(np.uint8), inner) > 0
            median = np.median(root[deep if deep.any() else cell], axis=0)
            off = float(np.linalg.norm(median - colour))
            if off < _SAME and all(float(np.linalg.norm(median - c)) > off for c in others):
                labels[cell] = region.label
    return labels
