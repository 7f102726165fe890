"""What is left of a registration from place to place: a smooth field of small shifts, found by block matching.

Two pictures of the same thing that one affine map lays onto one another still differ by a pixel or two here and there
(a bent board, a lens, a tested piece stretched by its process). Every shift of a small square of shifts is tried on the
whole picture; a place takes the one whose truncated squared differences, averaged over its surroundings, are least
(block matching with a robust cost; Black and Anandan, Computer Vision and Image Understanding 63, 1996), refined by
a parabola. The surroundings are wide against a defect, which therefore does not pull its own place along.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

REACH_PX = 3
"""Largest shift that is looked for, along either axis."""

_CELL = 8  # px of a place of the field
_AROUND = 3.0  # cells, sigma of the surroundings that tell its shift
_BLUR = 1.0  # px, so that the cost is smooth over a pixel of shift
_SLOW = 16.0  # px, sigma of what is taken off first: another exposure is no shift
_ENOUGH = 0.5  # cube-root units; a larger difference than this counts like this
_REST = 1e-4  # cost of a shift of one pixel: where nothing tells a shift there is none


def local_shift(golden: Float32, unit: Float32, covered: NDArray[np.bool_]) -> Float32:
    """(H, W, 2) px, x and y, that lead from a pixel of ``golden`` to the same point of ``unit``.

    golden, unit : (H, W) cube root of linear light. covered : (H, W) where the unit shows something.
    """
    height, width = golden.shape
    seen = covered.astype(np.float32)
    fine, other = _detail(golden), _detail(unit)
    reference = _within_reach(fine, other)
    wide = cv2.copyMakeBorder(_within_reach(other, fine), *(REACH_PX,) * 4, cv2.BORDER_REPLICATE)
    across, down = -(-width // _CELL), -(-height // _CELL)
    side = 2 * REACH_PX + 1
    cost = np.empty((side, side, down, across), dtype=np.float32)
    for y in range(side):
        for x in range(side):
            apart = np.minimum(cv2.absdiff(reference, wide[y : y + height, x : x + width]), _ENOUGH)
            cells = cv2.resize(apart * apart * seen, (across, down), interpolation=cv2.INTER_AREA)
            cost[y, x] = cv2.GaussianBlur(cells, (0, 0), _AROUND, borderType=cv2.BORDER_REFLECT)
            cost[y, x] += _REST * ((x - REACH_PX) ** 2 + (y - REACH_PX) ** 2)
    best = np.divmod(cost.reshape(side * side, down, across).argmin(axis=0), side)
    shifts = []
    for axis in (1, 0):
        cells = cv2.medianBlur(_refined(cost, best, axis), 5)
        shifts.append(cv2.resize(cv2.GaussianBlur(cells, (0, 0), 1.0), (width, height)))
    return np.stack(shifts, axis=-1).astype(np.float32)


def _detail(root: Float32) -> Float32:
    fine = cv2.GaussianBlur(root, (0, 0), _BLUR)
    return np.asarray(fine - cv2.GaussianBlur(root, (0, 0), _SLOW), dtype=np.float32)


def _within_reach(picture: Float32, of: Float32) -> Float32:
    """``picture`` without what no shift of the other could explain: a defect must not pull its surroundings along."""
    square = np.ones((2 * REACH_PX + 1,) * 2, np.uint8)
    return np.asarray(np.clip(picture, cv2.erode(of, square), cv2.dilate(of, square)), dtype=np.float32)


def _refined(cost: Float32, best: tuple[NDArray[np.intp], NDArray[np.intp]], axis: int) -> Float32:
    """The best shift along an axis (0 down, 1 across), between whole pixels by the parabola through its neighbours."""
    side = cost.shape[0]
    rows, columns = np.indices(cost.shape[2:])
    there = best[axis]
    middle = np.clip(there, 1, side - 2)

    def at(step: int) -> Float32:
        place = [best[0], best[1]]
        place[axis] = middle + step
        return np.asarray(cost[place[0], place[1], rows, columns])

    before, here, after = at(-1), at(0), at(1)
    curve = np.maximum(before + after - 2 * here, 1e-12)
    part = np.where(there == middle, np.clip((before - after) / (2 * curve), -0.5, 0.5), 0.0)
    return np.asarray(there + part - REACH_PX, dtype=np.float32)
