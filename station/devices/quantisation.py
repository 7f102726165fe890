"""What quantisation tables, coefficients and block borders say of who compressed a picture as JPEG, and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

# ITU-T T.81, tables K.1 and K.2: the tables that libjpeg scales by its quality, in rows.
_LIGHT = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)  # fmt: skip
_BLOCKS = 2400
_REACH = 24
_COEFFICIENTS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (0, 3), (3, 0))
_WIDEST = 40
_GRID_WINDOW = (1200, 1600)
_GRID_STEP = 6.0  # levels: a larger step is a contour of the scene


def standard_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """The quality, 1-100, at which libjpeg writes this table for lightness, or None for a table of another maker."""
    light = np.asarray(tables[0]).reshape(8, 8)
    for quality in range(1, 101):
        scale = 5000 // quality if quality < 50 else 200 - 2 * quality
        if np.array_equal(light, np.clip((_LIGHT * scale + 50) // 100, 1, 255)):
            return quality
    return None


def double_quantisation(stored: NDArray[np.uint8] | NDArray[np.uint16], table: Sequence[int]) -> float:
    """How well the histograms of the coefficients fit having been rounded with another step before, -1 to 1.

    Rounding by a step q1 and then by q2 leaves gaps and peaks of a known period in the multiples of q2 (Lukas and
    Fridrich 2003). For each low frequency the best q1 is sought; the median over them is returned, 0 where there is too
    little texture to tell. stored : (H, W, 3) on the grid of the JPEG's own blocks. table : 64 steps in rows.
    """
    if stored.dtype != np.uint8:
        return 0.0
    coefficients = _coefficients(np.asarray(stored, np.uint8))
    steps = np.asarray(table).reshape(8, 8)
    fits = [
        fit
        for u, v in _COEFFICIENTS
        if (fit := _best_fit(coefficients[:, u, v] / steps[u, v], int(steps[u, v]))) is not None
    ]
    return float(np.median(fits)) if len(fits) >= 3 else 0.0


def block_grid(stored: NDArray[np.uint8] | NDArray[np.uint16]) -> float:
    """How surely the light jumps at the borders of blocks of 8 x 8 px, as Student's t; the weaker of both directions.

    A jump is the step between two neighbours beyond the mean of the steps beside it, clipped, since contours of the
    scene are larger. Compared are the jumps at the borders with those at the strongest other place of eight. A picture
    that was shifted or scaled after its JPEG was decoded shows nothing. 0 where it is too small. stored : (H, W, 3).
    """
    window = stored[: _GRID_WINDOW[0], : _GRID_WINDOW[1]]
    light = (window @ np.array([0.299, 0.587, 0.114], np.float32)) * np.float32(255 / np.iinfo(stored.dtype).max)
    return min(_border_jumps(light), _border_jumps(light.T))


def _border_jumps(light: NDArray[np.float32]) -> float:
    steps = np.abs(np.diff(light, axis=1))
    beyond = np.clip(steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2, -_GRID_STEP, _GRID_STEP).mean(axis=0)
    blocks = beyond[: len(beyond) // 8 * 8].reshape(-1, 8)  # column k lies between pixels k + 1 and k + 2 of a block
    others = np.delete(blocks, 6, axis=1)
    # the strongest of the others: blocks of 6 px, of a picture scaled to 3/4, jump at four places of 8
    excess = blocks[:, 6] - others[:, others.mean(axis=0).argmax()]
    if len(excess) < 8 or excess.std() == 0:
        return 0.0
    return float(excess.mean() / (excess.std(ddof=1) / len(excess) ** 0.5))


def _coefficients(stored: NDArray[np.uint8]) -> Float:
    """(n, 8, 8) cosine transforms of the lightness of blocks spread over the picture, none of them clipped."""
    rows, columns = stored.shape[0] // 8, stored.shape[1] // 8
    step = max(1, int((rows * columns / (2 * _BLOCKS)) ** 0.5))
    cut = stored[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8, 3)[::step, :, ::step]
    blocks = np.ascontiguousarray(cut.swapaxes(1, 2)).reshape(-1, 8, 8, 3)
    inside = (blocks.min(axis=(1, 2, 3)) > 2) & (blocks.max(axis=(1, 2, 3)) < 253)
    light = blocks[inside][:_BLOCKS] @ np.array([0.299, 0.587, 0.114]) - 128
    k = np.arange(8)
    cosine = np.cos((2 * k[None, :] + 1) * k[:, None] * np.pi / 16) / 2
    cosine[0] /= 2**0.5
    return np.asarray(cosine @ light @ cosine.T, dtype=np.float64)


def _best_fit(multiples: Float, step: int) -> float | None:
    near = np.rint(multiples).astype(int)
    at = np.arange(-_REACH, _REACH + 1)
    count = _tally(near)
    used = (np.abs(at) >= 2) & (np.abs(at) < _REACH)
    if count[used].sum() < 300 or count[np.abs(at) >= 6].sum() < 100:  # too narrow to show a period
        return None
    weight = np.sqrt(np.convolve(count, np.ones(5) / 5, mode="same")) * used
    weight /= weight.sum()
    seen, expected = _ripple(count + 1), _patterns(step)
    a = seen - weight @ seen
    b = expected - (expected @ weight)[:, None]
    spread = np.sqrt((weight @ (a * a)) * ((b * b) @ weight))
    return float(np.max((b @ (weight * a))[spread > 1e-6] / spread[spread > 1e-6], initial=-1))


@lru_cache(maxsize=256)
def _patterns(step: int) -> Float:
    """(n, 2 * reach + 1) ripple that each earlier step would leave in the multiples of this one."""
    rows = [np.zeros(2 * _REACH + 1)]
    for before in range(2, _WIDEST):
        if step % before:  # a divisor leaves no trace
            reach = int(_REACH * step / before) + 2
            landed = np.rint(np.arange(-reach, reach + 1) * before / step).astype(int)
            rows.append(_ripple(_tally(landed) + 0.1))
    return np.stack(rows)


def _tally(multiples: NDArray[np.int_]) -> Float:
    return np.bincount(multiples[np.abs(multiples) <= _REACH] + _REACH, minlength=2 * _REACH + 1).astype(np.float64)


def _ripple(count: Float) -> Float:
    """Second difference of the logarithm: 0 for the even fall of an undisturbed histogram."""
    log = np.log(count)
    return np.asarray(log - (np.roll(log, 1) + np.roll(log, -1)) / 2, dtype=np.float64)
