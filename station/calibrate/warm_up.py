"""Warm-up: the trend of the bench light over frames of the grey card, and whether the lamp has settled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from station.calibrate.grey_frame import LUMINANCE, MID_GREY, GreyFrame, in_order
from station.values.colour import SRGB_TO_XYZ, WHITE_D50, Lab, xyz_to_lab
from station.values.difference import delta_e_2000
from station.values.light import WarmUp

Float = NDArray[np.float64]

LARGEST_LEVEL_PER_MINUTE = 0.002
LARGEST_TINT_PER_MINUTE = 0.02
"""A lot of half an hour then changes by at most 6 % of the light, which the card in every photo corrects, and by 0.6
CIEDE2000 of tint, of which it corrects the most part."""
SHORTEST_MINUTES = 5.0


def measure_warm_up(frames: Sequence[GreyFrame]) -> WarmUp | None:
    """The trend over the later half of the frames, at least five minutes and three frames of them.

    ``settled`` holds where trend and its doubled standard error stay below both limits, fails where the trend less its
    doubled error exceeds one, and is None between: too few frames, too short a time, or too noisy a light. None where
    the frames do not name their times, or there is only one.
    """
    ordered, minutes = in_order(frames)
    if minutes is None or len(ordered) < 2 or minutes[-1] <= 0:
        return None
    span = float(minutes[-1])
    late = minutes >= span - max(SHORTEST_MINUTES, span / 2)
    if late.sum() < 3:
        late[:] = True
    logs = np.log(np.stack([f.rgb for f in ordered]))[late]
    levels = np.log([f.level for f in ordered])[late]
    at = minutes[late]
    level, u_level = _slope(at, levels)
    tints = [_slope(at, logs[:, c] - levels) for c in range(3)]
    tint = tint_shift(np.exp([t[0] for t in tints]))
    u_tint = tint_shift(np.exp([u * sign for (_, u), sign in zip(tints, (1, -1, 1), strict=True)]))
    settled = None
    if span >= SHORTEST_MINUTES and len(at) >= 3:
        shares = ((abs(level), u_level, LARGEST_LEVEL_PER_MINUTE), (tint, u_tint, LARGEST_TINT_PER_MINUTE))
        if any(value - 2 * u > limit for value, u, limit in shares):
            settled = False
        elif all(value + 2 * u <= limit for value, u, limit in shares):
            settled = True
    return WarmUp(minutes=span, level_per_minute=level, tint_per_minute=tint, settled=settled)


def tint_shift(ratio: Float) -> float:
    """CIEDE2000 at equal lightness between a mid grey and the same grey under light changed by ``ratio`` (3,) in the
    channels, the channels taken as those of sRGB."""
    changed = np.asarray(ratio, dtype=np.float64)
    changed = changed / (changed @ LUMINANCE)
    xyz = np.stack([np.ones(3), changed]) @ SRGB_TO_XYZ.T
    lab = xyz_to_lab(MID_GREY * xyz / xyz[0] * WHITE_D50).values
    lab[:, 0] = lab[0, 0]
    return float(delta_e_2000(Lab(lab[0]), Lab(lab[1])))


def _slope(at: Float, values: Float) -> tuple[float, float]:
    """Least-squares slope and its standard error, 0 with two points."""
    centred = at - at.mean()
    spread = float(centred @ centred)
    slope = float(centred @ values) / spread
    left = values - values.mean() - slope * centred
    free = len(at) - 2
    return slope, float(np.sqrt(left @ left / free / spread)) if free > 0 else 0.0
