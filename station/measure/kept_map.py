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
"""Places of the map along the side of the square that each is averaged over: finer ones would show nothing more."""


@dataclass(frozen=True, slots=True)
class KeptMap:
    """difference : (h, w) CIEDE2000, 0 outside ``where``, over the whole frame at a coarser raster. where : (h, w) the
    enamel without its edges. side_mm : of the square that was averaged."""

    difference: F32
    where: Bool
    side_mm: float


def kept_map(golden: U8, unit: U8, labels: U8, pitch_mm: float, side_mm: float, *, one_tone: bool = False) -> KeptMap:
    """CIEDE2000 (kL = kC = kH = 1) of a unit's kept picture against the golden's.

    golden, unit : (H, W, 3) sRGB in the golden frame. labels : (H, W) of the master. side_mm : of the square that both
    are averaged over in linear light, each place within its own region. one_tone : the unit's channels are brought to
    the golden's level first, where no card tells how much light there was.

    Raises ValueError where the three rasters differ in size.
    """
    if golden.shape != unit.shape or golden.shape[:2] != labels.shape:
        raise ValueError(f"pictures of {golden.shape} and {unit.shape} lie on a map of {labels.shape}")
    side = max(1.0, side_mm / pitch_mm)
    step = max(1.0, side / _PER_SIDE)
    size = (max(1, round(labels.shape[1] / step)), max(1, round(labels.shape[0] / step)))
    around = max(1, 2 * round((side / step - 1) / 2) + 1)
    light = srgb_decode(np.arange(256) / 255).astype(np.float32)
    sums = [np.zeros((size[1], size[0], 3), dtype=np.float32) for _ in range(2)]
    where = np.zeros((size[1], size[0]), dtype=bool)
    for label in np.unique(labels[labels >= FIRST_REGION]):
        core = cv2.erode((labels == label).astype(np.float32), np.ones((2 * ERODE_PX + 1,) * 2))
        weight = cv2.resize(core, size, interpolation=cv2.INTER_AREA)
        share = cv2.boxFilter(weight, -1, (around, around), normalize=False, borderType=cv2.BORDER_CONSTANT)
        inside = weight > 0.5
        where |= inside
        for out, picture in zip(sums, (golden, unit), strict=True):
            part = cv2.resize(light[picture] * core[..., None], size, interpolation=cv2.INTER_AREA)
            total = cv2.boxFilter(part, -1, (around, around), normalize=False, borderType=cv2.BORDER_CONSTANT)
            out[inside] = total[inside] / share[inside][..., None]
    reference, seen = (s[where].astype(np.float64) for s in sums)
    if one_tone and len(seen):
        seen = seen * (np.median(reference, axis=0) / np.maximum(np.median(seen, axis=0), 1e-6))
    difference = np.zeros(where.shape, dtype=np.float32)
    difference[where] = delta_e_2000(xyz_to_lab(reference @ SRGB_TO_XYZ.T), xyz_to_lab(seen @ SRGB_TO_XYZ.T))
    return KeptMap(difference, where, around * labels.shape[1] / size[0] * pitch_mm)
