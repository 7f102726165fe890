"""What a local difference probably is: its kind from where it lies, its shape, and its colour beside cell and plating."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.values.line import METAL, OUTSIDE

KINDS = ("pit", "scratch", "missing-enamel", "speck", "overflow", "bubble", "plating-spot", "dust", "lint")
"""Kinds the reference difference tells apart. ``dust`` and ``lint`` lie on the part and are harmless."""

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Spot:
    """A connected place outside the envelope: its window, its mask in it, and its peak over the tolerance."""

    rows: slice
    columns: slice
    mask: Bool
    peak: float


@dataclass(frozen=True, slots=True)
class Scene:
    """golden (moved to the unit's colours) and unit, (H, W, 3) opponent channels; region map; place classes."""

    golden: F32
    unit: F32
    labels: NDArray[np.uint8]
    place: NDArray[np.uint8]


def name_spot(spot: Spot, scene: Scene) -> str:
    return "pit"
