"""What brings one photo's exposure and white balance to another's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.values.colour import LinearRGB
from station.values.line import OUTSIDE, Aligned

_SAME_LIGHT = 0.10  # of the light, either way: what differs less, the model follows cell by cell
_DARK = 0.01  # linear light below which a ratio says nothing


def exposure_gain(golden: LinearRGB, aligned: Aligned, labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(3,) what brings the unit's photo to the golden's exposure and white balance, 1 where they are the same.

    The median over the part: a defect, or a cell of another colour, does not move it far.
    """
    seen = np.flatnonzero((labels != OUTSIDE) & aligned.valid & ~aligned.clipped)[::7]
    before, now = (p.pixels.reshape(-1, 3)[seen] for p in (golden, aligned.image))
    lit = (before > _DARK).all(axis=1) & (now > _DARK / 4).all(axis=1)
    if lit.sum() < 100:
        return np.ones(3, dtype=np.float32)
    gain = np.median(before[lit] / now[lit], axis=0)
    same = bool((np.abs(np.log(gain)) <= _SAME_LIGHT).all())
    return np.ones(3, dtype=np.float32) if same else np.asarray(gain, dtype=np.float32)
