"""Which of the six classes of DeepPCB a place that differs belongs to, from the two pictures of it alone.

Copper (black) that is there and should not be joins two pieces (short), hangs on one (spur) or stands alone (copper);
ground that is there and should not be joins the grounds of two sides (open), bites into one (mousebite) or lies within
copper (pin-hole). So the class is what changed, and how many separate pieces of its own kind it touches on the
template. Nothing in it is fitted; its few pixels come from looking at training pairs.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

UInt8 = NDArray[np.uint8]

CLASSES = ("open", "short", "mousebite", "spur", "copper", "pin-hole")

_AROUND = 16  # px round the box that are looked at
_REACH = 3  # px that the tested board may lie elsewhere here than on the whole
_GRAIN = np.ones((3, 3), np.uint8)  # closes a change that is strewn with grains
_LEAST = np.ones((2, 2), np.uint8)  # what this does not fit into has not changed
_NEAR = np.ones((5, 5), np.uint8)  # a piece within two pixels of the change is touched
_BESIDE = np.ones((9, 9), np.uint8)  # two pieces count as two if they are not joined within four pixels of it
_TOUCH = 4  # px of a piece that must be near


def class_of(golden: UInt8, unit: UInt8, box: tuple[int, int, int, int]) -> int:
    """1-6 in the order of ``CLASSES``; golden, unit : (H, W) grey. box : left, top, right, bottom px."""
    x0, y0, x1, y1 = box
    left, top = max(x0 - _AROUND, 0), max(y0 - _AROUND, 0)
    window = (slice(top, y1 + _AROUND), slice(left, x1 + _AROUND))
    before, after = (cv2.medianBlur((p[window] < 128).astype(np.uint8), 3) for p in (golden, unit))
    after = _settled(before, after)
    inside = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    best, kind = 0.0, 3
    for was, now, classes in ((1 - before, 1 - after, (6, 3, 1)), (before, after, (5, 4, 2))):
        # ``now`` there is something of this kind where there ``was`` none
        new = cv2.morphologyEx(now & (1 - was), cv2.MORPH_CLOSE, _GRAIN) & (1 - was)
        count, parts = cv2.connectedComponents(cv2.morphologyEx(new, cv2.MORPH_OPEN, _LEAST), connectivity=8)
        within = np.bincount(parts[inside].ravel(), minlength=count)[1:]
        whole = np.bincount(parts.ravel(), minlength=count)[1:]
        weight = within**2 / np.maximum(whole, 1)
        if weight.size and weight.max() > best:
            best = float(weight.max())
            kind = classes[min(_touched(was, parts == 1 + int(weight.argmax())), 2)]
    return kind


def _touched(was: UInt8, change: NDArray[np.bool_]) -> int:
    """How many separate pieces of what there ``was`` lie at the change."""
    place = change.astype(np.uint8)
    count, pieces = cv2.connectedComponents(was & cv2.dilate(place, _BESIDE), connectivity=4)
    near = pieces[cv2.dilate(place, _NEAR) > 0]
    return int((np.bincount(near, minlength=count)[1:] >= _TOUCH).sum())


def _settled(before: UInt8, after: UInt8) -> UInt8:
    """``after`` shifted by whole pixels to where it differs least from ``before``; of equals by the smallest shift."""
    height, width = before.shape
    wide = cv2.copyMakeBorder(after, *(_REACH,) * 4, cv2.BORDER_REPLICATE)
    tried = []
    for y in range(2 * _REACH + 1):
        for x in range(2 * _REACH + 1):
            shifted = wide[y : y + height, x : x + width]
            apart = int(np.count_nonzero(shifted != before))
            tried.append((apart, abs(y - _REACH) + abs(x - _REACH), y, x))
    _, _, y, x = min(tried)
    return np.ascontiguousarray(wide[y : y + height, x : x + width])
