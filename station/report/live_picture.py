"""The picture of a camera as it is shown while one aims: small, its clipped pixels striped where that is wished."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.report.pictures import COLOURS, INK, jpeg
from station.values.colour import DeviceRGB
from station.values.documents import Verdict

LONGEST_PX = 1120
"""Longest side of the shown picture."""
BINS = 64
"""Of the histogram."""
_STRIPE_PX = 5
_QUALITY = 80
_CLIPPED_SHARE = 64  # of 255: a shown pixel is striped from a quarter of clipped ones under it


@dataclass(frozen=True, slots=True)
class SmallPicture:
    """pixels : (h, w, 3) uint8. clipped : (h, w) true where clipped pixels lie under a shown one. share : of the whole
    photo that is clipped. histogram : share of the shown pixels whose brightest channel falls in each of ``BINS`` equal
    parts of the coded scale."""

    pixels: NDArray[np.uint8]
    clipped: NDArray[np.bool_]
    share: float
    histogram: tuple[float, ...]

    def jpeg(self, *, zebra: bool) -> bytes:
        """JPEG bytes; ``zebra`` : clipped pixels under stripes."""
        if not zebra or not self.clipped.any():
            return jpeg(self.pixels, _QUALITY)
        h, w = self.clipped.shape
        stripe = (np.add.outer(np.arange(h), np.arange(w)) // _STRIPE_PX) % 2 == 0
        striped = self.pixels.copy()
        striped[self.clipped & stripe] = COLOURS[Verdict.NONCONFORMS]
        striped[self.clipped & ~stripe] = INK
        return jpeg(striped, _QUALITY)


def small_picture(photo: DeviceRGB, clipped: NDArray[np.bool_]) -> SmallPicture:
    """A photo (H, W, 3) for the screen. clipped : (H, W)."""
    h, w = clipped.shape
    factor = min(1.0, LONGEST_PX / max(h, w))
    size = (max(1, round(w * factor)), max(1, round(h * factor)))
    pixels = photo.pixels if photo.pixels.dtype == np.uint8 else (photo.pixels >> 8).astype(np.uint8)
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    under = cv2.resize(clipped.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    counts = np.bincount(small.max(axis=2).ravel() // (256 // BINS), minlength=BINS)
    return SmallPicture(
        small, np.asarray(under) >= _CLIPPED_SHARE, float(clipped.mean()), tuple((counts / counts.sum()).tolist())
    )
