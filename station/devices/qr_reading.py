"""QR codes in a photo (ISO/IEC 18004), as far as OpenCV's reader finds them."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from station.values.colour import DeviceRGB

_LONG_SIDES = (1600, 2600, 4200)
"""Pixels that a photo is brought to, one after the other: a page is read from the least that shows its modules."""


def qr_texts(photo: DeviceRGB) -> list[str]:
    """The texts of the codes that a photo shows; none where none can be read."""
    grey = grey_of(photo)
    for scaled in _scales(grey):
        try:
            found, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(scaled)
        except cv2.error:  # some pictures without a code let its search for corners fail
            continue
        read = [t for t in texts if t] if found else []
        if read:
            return read
    return []


def _scales(grey: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    longest = max(grey.shape)
    for side in _LONG_SIDES:
        if side < longest:
            share = side / longest
            yield np.asarray(cv2.resize(grey, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), dtype=np.uint8)
            continue
        yield grey
        return


def grey_of(photo: DeviceRGB) -> NDArray[np.uint8]:
    """A photo in 8 bits of grey."""
    pixels = photo.pixels
    eight = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(eight), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
