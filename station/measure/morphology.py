"""Structuring elements for erosion, dilation, opening and closing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def disc(radius_px: float) -> NDArray[np.uint8]:
    """A disc of that radius, rounded to whole pixels and at least 1, as a (2 r + 1, 2 r + 1) mask."""
    side = 2 * max(round(radius_px), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)
