"""The colour map of a unit as its picture is kept, for looking at: CIEDE2000 against the golden's kept picture.

What is judged is measured in linear light through the card of each photo (``station.measure.unit_map``); the kept
pictures are what came of that for the screen, 8 bits deep. Averaged over the same square they give nearly the same map,
without the photo being registered again, and always of the unit as it was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.colour import ERODE_PX
from station.values.colour import SRGB_TO_XYZ, srgb_decode, xyz_to_lab
from station.values.difference import delta_e_2000
from station.values.line import FIRST_REGION

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_PER_SIDE = 4
"""Cells of the map along the side of the square that each is averaged over: finer ones would show nothing more."""


@dataclass(frozen=True, slots=True)
class KeptMap:
    """difference : (h, w) CIEDE2000, 0 outside ``where``, in cells of the frame, see :func:`cells`. where : (h, w) the
    enamel without its edges. side_mm : of the square that was averaged."""

    difference: F32
    where: Bool
    side_mm: float


def cells(width: int, height: int, pitch_mm: float, side_mm: float) -> tuple[int, int, int]:
    """Pixels along the side of a cell of the map, and how many cells lie across and down; the last ones may reach
    beyond the frame."""
    step = max(1, int(side_mm / pitch_mm / _PER_SIDE))
    return step, -(-width // step), -(-height // step)


def kept_map(golden: U8, unit: U8, labels: U8, pitch_mm: float, side_mm: float, *, one_tone: bool = False) -> KeptMap:
    """CIEDE2000 (kL = kC = kH = 1) of a unit's kept picture against the golden's.

    golden, unit : (H, W, 3) sRGB in the golden frame. labels : (H, W) of the master. side_mm : of the square that both
    are averaged over in linear light, each place within its own region. one_tone : the unit's channels are brought to
    the golden's level first, where no card tells how much light there was.

    Raises ValueError where the three rasters differ in size.
    """
    if golden.shape != unit.shape or golden.shape[:2] != labels.shape:
        raise ValueError(f"pictures of {golden.shape} and {unit.shape} lie on a map of {labels.shape}")
    step, across, down = cells(labels.shape[1], labels.shape[0], pitch_mm, side_mm)
    around = max(1, 2 * round((side_mm / pitch_mm / step - 1) / 2) + 1)
    light = srgb_decode(np.arange(256) / 255).astype(np.float32)
    means = [np.zeros((down, across, 3), dtype=np.float32) for _ in range(2)]
    where = np.zeros((down, across), dtype=bool)
    for label in np.nonzero(np.bincount(labels.ravel(), minlength=256))[0]:
        if label < FIRST_REGION:
            continue
        inside = (labels == label).astype(np.uint8)
        left, top, width, height = cv2.boundingRect(inside)
        x0, y0, x1, y1 = left // step, top // step, -(-(left + width) // step), -(-(top + height) // step)
        box = np.s_[y0 * step : y1 * step, x0 * step : x1 * step]
        depth = cv2.erode(inside[box], np.ones((2 * ERODE_PX + 1,) * 2, np.uint8), borderValue=0)
        core = _filled(depth.astype(np.float32), (y1 - y0) * step, (x1 - x0) * step)
        weight = cv2.resize(core, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
        counted = weight > 0.5
        share = cv2.boxFilter(weight, -1, (around, around), normalize=False, borderType=cv2.BORDER_CONSTANT)
        where[y0:y1, x0:x1] |= counted
        for mean, picture in zip(means, (golden, unit), strict=True):
            shone = np.asarray(cv2.LUT(np.ascontiguousarray(picture[box]), light), dtype=np.float32)
            counted_light = cv2.multiply(_filled(shone, *core.shape), cv2.merge([core] * 3))
            part = cv2.resize(counted_light, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
            total = cv2.boxFilter(part, -1, (around, around), normalize=False, borderType=cv2.BORDER_CONSTANT)
            mean[y0:y1, x0:x1][counted] = total[counted] / share[counted][..., None]
    reference, seen = (m[where].astype(np.float64) for m in means)
    if one_tone and len(seen):
        seen = seen * (np.median(reference, axis=0) / np.maximum(np.median(seen, axis=0), 1e-6))
    difference = np.zeros(where.shape, dtype=np.float32)
    difference[where] = delta_e_2000(xyz_to_lab(reference @ SRGB_TO_XYZ.T), xyz_to_lab(seen @ SRGB_TO_XYZ.T))
    return KeptMap(difference, where, around * step * pitch_mm)


def _filled(picture: F32, height: int, width: int) -> F32:
    """A box at the frame's edge, filled with nothing up to whole cells."""
    below, right = height - picture.shape[0], width - picture.shape[1]
    if not below and not right:
        return picture
    return np.asarray(cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_CONSTANT, value=0), dtype=np.float32)
