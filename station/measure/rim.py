"""The rim of a part: pixels along its edge that belong to the outline and not to the surface.

It is counted in pixels, whatever the pitch: what makes it is the bench's blur and what registration leaves, both of a
pixel or two, and a silhouette that is known to a part of one. Each defect model leaves out its own, and a capability
study plants nothing where the model that it tries does not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.morphology import disc
from station.values.line import OUTSIDE

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rim:
    """px : its width. square : the same number of pixels along rows and columns, and so wider on a
    slant, else round."""

    px: int
    square: bool = False

    def inside(self, labels: NDArray[np.uint8]) -> Bool:
        """(H, W) pixels of a region map's part that are not its rim; where a picture ends there is none."""
        shape = np.ones((2 * self.px + 1,) * 2, np.uint8) if self.square else disc(self.px)
        return cv2.erode((labels != OUTSIDE).astype(np.uint8), shape, borderValue=1).astype(bool)


ENVELOPE_RIM = Rim(6)
"""Of the reference difference: the reach of its envelope, and what it is smoothed by."""
NETWORK_RIM = Rim(5, square=True)
"""Of networks, as the one that is shipped was measured with."""
