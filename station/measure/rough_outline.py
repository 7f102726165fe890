"""The rough outline that a part was found by, against the fine one: a check that needs nothing of the edge's model.

The fine outline is sought near the golden's. Where a piece is cut off, its edge is out of reach or unlike the golden's
and is bridged; the part's rough outline, which knows no golden, then lies well inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.edges import SPACING_MM

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_INSIDE_MM = 0.3  # the rough outline of nine good units of one rendered design lay up to 0.29 mm inside the golden's
_RUN_MM = 1.0  # along the edge; where five flats were cut off, at most 6 % of the places had shown the golden's edge


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A stretch of edge that the fine outline did not follow. at_mm : its middle. length_mm : along the edge.
    inside_mm : how far inside the part seems to end there."""

    at_mm: tuple[float, float]
    length_mm: float
    inside_mm: float


def contradiction(rough_mm: Float, fine_mm: Float, seen: Bool) -> Contradiction | None:
    """The longest stretch over which the rough outline (m, 2) lies far inside the fine one (n, 2) and no edge was seen
    on the fine one, or None: where one was, it is the rough outline that errs, as along a grey rim.

    Both in mm of the golden frame; fine_mm : places every ``SPACING_MM``. seen : (n,) where the edge agrees with its
    neighbours'.
    """
    polygon = np.asarray(rough_mm, dtype=np.float32).reshape(-1, 1, 2)
    apart = np.array([cv2.pointPolygonTest(polygon, (float(x), float(y)), True) for x, y in fine_mm])
    inside = float(np.median(apart)) - apart  # the rough outline's usual place is taken off
    far = (inside > _INSIDE_MM) & ~seen
    if not far.any() or far.all():
        return None
    start = int(np.flatnonzero(~far)[0])  # no stretch runs over the seam from here
    turned = np.roll(far, -start).astype(np.int8)
    steps = np.flatnonzero(np.diff(np.concatenate([[0], turned, [0]])))
    begins, ends = steps[::2], steps[1::2]
    k = int(np.argmax(ends - begins))
    length = float(ends[k] - begins[k]) * SPACING_MM
    if length < _RUN_MM:
        return None
    places = (np.arange(begins[k], ends[k]) + start) % len(far)
    x, y = fine_mm[places[len(places) // 2]]
    return Contradiction((float(x), float(y)), length, float(inside[places].max()))
