"""Enamel of the golden that no region of the sheet covers: it is neither measured nor judged, and has to be said.

A region grown from a seed ends at the metal line around its cell. The same enamel beyond the line, as in a cell that a
raised line crosses or in the twin on the other side of a face, is another cell. Enamel in a tint near the metal's is
not even told from metal there (:meth:`station.measure.regions._Segmenter.unnamed_cells`), but for its likeness to a
region's own colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.morphology import disc
from station.measure.polygon import polygon_mask
from station.measure.regions import inmost
from station.values.colour import LinearRGB
from station.values.line import METAL, OTHER, OUTSIDE, MarkMaster, Master, RegionMaster

Bool = NDArray[np.bool_]
Float32 = NDArray[np.float32]
Labels = NDArray[np.uint8]

# Weighted Lab, as regions are grown in. Cells of one enamel lay within 3 of each other on five rendered goldens; metal
# is nearer to a region's colour than 0.4 of what parts it from the metal at large on none.
_SAME, _NEARER = 8.0, 0.4
_LIGHTNESS_WEIGHT = 0.7
_OPEN_MM = 0.15  # radius of what is left of a flank or a highlight, at which it is not taken for a cell
_LEAST_MM2 = 0.5
_RIM_MM = 0.25  # along the outline there is metal: what reaches it is a reflection
_MARK_MM = 0.3  # about a mark's polygon, which is measured as a mark


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Enamel in no region. region : whose colour it has, empty for none. area_mm2 : of all of it. at_mm : the inmost
    place of its largest piece. where : (H, W) mask."""

    region: str
    area_mm2: float
    at_mm: tuple[float, float]
    where: Bool


def uncovered_enamel(master: Master) -> tuple[Uncovered, ...]:
    """What enamel of the golden is in no region and in no mark, by the region whose colour it has, in their order;
    what is like none comes last. Pieces under half a square millimetre do not count."""
    enamels = [r for r in master.regions if r.surface != "plating"]
    free = (master.labels == METAL) | (master.labels == OTHER)
    free &= ~_marked(master.marks, master)
    alike = _alike(master.image, master.labels, enamels)
    pitch = master.frame.pitch_mm
    inside = (master.labels != OUTSIDE).astype(np.uint8)
    rim = cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 3)[1:-1, 1:-1] * pitch < _RIM_MM
    kernel = disc(_OPEN_MM / pitch)
    found, taken = [], np.zeros_like(free)
    for index, name in enumerate([*(r.name for r in enamels), ""]):
        mask = free & (alike == index) if name else free & (master.labels == OTHER) & ~taken
        opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
        _, parts, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
        area = stats[:, cv2.CC_STAT_AREA] * pitch**2
        area[0] = 0.0
        area[np.unique(parts[rim])] = 0.0
        if not (area >= _LEAST_MM2).any():
            continue
        where = (area >= _LEAST_MM2)[parts]
        x, y = master.frame.to_mm(inmost(parts == int(np.argmax(area))))
        found.append(Uncovered(name, float(where.sum()) * pitch**2, (float(x), float(y)), where))
        taken |= cv2.dilate(where.astype(np.uint8), kernel).astype(bool)
    return tuple(found)


def _marked(marks: Sequence[MarkMaster], master: Master) -> Bool:
    shape = master.labels.shape
    mask = np.zeros(shape, dtype=bool)
    for mark in marks:
        mask |= polygon_mask(master.frame.to_px(mark.polygon_mm), shape)
    return cv2.dilate(mask.astype(np.uint8), disc(_MARK_MM / master.frame.pitch_mm)).astype(bool)


def _alike(image: LinearRGB, labels: Labels, enamels: Sequence[RegionMaster]) -> NDArray[np.int16]:
    """(H, W) index of the enamel whose colour each pixel has, -1 for none."""
    none = np.full(labels.shape, -1, dtype=np.int16)
    calm = cv2.medianBlur(np.ascontiguousarray(image.pixels), 5)
    space = cv2.cvtColor(np.clip(calm, 0, 1), cv2.COLOR_LRGB2Lab) * np.array([_LIGHTNESS_WEIGHT, 1, 1], np.float32)
    colours = [np.median(space[labels == r.label], axis=0) for r in enamels]
    if not colours:
        return none
    away = np.stack([np.sqrt(((space - c) ** 2).sum(axis=2)) for c in colours])
    nearest, distance = away.argmin(axis=0), away.min(axis=0)
    metal = labels == METAL
    told = distance < _SAME
    if metal.any():
        bare = np.sqrt(((space - np.median(space[metal], axis=0)) ** 2).sum(axis=2))
        told &= (distance < _NEARER * bare) | (labels == OTHER)
    return np.where(told, nearest, none).astype(np.int16)
