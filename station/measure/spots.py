"""Places that leave what is normal, and scratches put together again from the pieces that contrast leaves of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_GAP_PX = 22.0  # between two pieces of one scratch
_ASIDE_PX = 3.5  # of the one piece from the other's line
_PIECE_PX = 9.0  # least length of the piece that gives the line
_SLENDER = 3.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A connected place outside the envelope. rows, columns : its window. mask : its pixels in the window.

    joined : put together from pieces, so that parts of it do not stand out by themselves.
    """

    rows: slice
    columns: slice
    mask: Bool
    joined: bool = False

    def points(self) -> Float:
        """(n, 2) x, y of its pixels."""
        y, x = np.nonzero(self.mask)
        return np.stack([x + self.columns.start, y + self.rows.start], axis=1).astype(np.float64)


def join_pieces(spots: list[Spot]) -> list[Spot]:
    """The spots with those in one line with a slender one, beyond a short gap, joined to it."""
    waiting = sorted(spots, key=lambda s: (-_line(s.points())[2], s.rows.start, s.columns.start))
    done = []
    while waiting:
        spot = waiting.pop(0)
        grown = True
        while grown:
            grown = False
            points = spot.points()
            middle, along, length, width = _line(points)
            if length < _PIECE_PX or length < _SLENDER * width:
                break
            for other in waiting:
                bridge = _bridge(points, other.points(), middle, along)
                if bridge is not None:
                    waiting.remove(other)
                    spot, grown = _joined(points, other.points(), bridge), True
                    break
        done.append(spot)
    return done


def _line(points: Float) -> tuple[Float, Float, float, float]:
    """Middle, direction, length and mean width of a spot."""
    middle = points.mean(axis=0)
    if len(points) < 3:
        return middle, np.array([1.0, 0.0]), float(len(points)), 1.0
    along = np.asarray(np.linalg.eigh(np.cov((points - middle).T))[1][:, 1], dtype=np.float64)
    length = float(np.ptp((points - middle) @ along)) + 1
    return middle, along, length, len(points) / length


def _bridge(points: Float, others: Float, middle: Float, along: Float) -> tuple[Float, Float] | None:
    """The ends to be joined, where the other piece goes on in the line of the first."""
    here, there = (points - middle) @ along, (others - middle) @ along
    aside = np.abs((others - middle) @ np.array([-along[1], along[0]]))
    beyond = max(there.min() - here.max(), here.min() - there.max())
    # A scratch bends a little: what is allowed aside grows with how far away it is.
    if not -_ASIDE_PX < beyond <= _GAP_PX or aside.max() > _ASIDE_PX + 0.12 * np.abs(there).max():
        return None
    ahead = there.mean() > here.mean()
    a = points[here.argmax() if ahead else here.argmin()]
    b = others[there.argmin() if ahead else there.argmax()]
    return a, b


def _joined(points: Float, others: Float, bridge: tuple[Float, Float]) -> Spot:
    every = np.concatenate([points, others]).astype(np.intp)
    left, top = every.min(axis=0) - 2
    left, top = max(int(left), 0), max(int(top), 0)
    width, height = every[:, 0].max() - left + 1, every[:, 1].max() - top + 1
    mask = np.zeros((height, width), dtype=np.uint8)
    mask[every[:, 1] - top, every[:, 0] - left] = 1
    (ax, ay), (bx, by) = bridge
    cv2.line(mask, (round(ax) - left, round(ay) - top), (round(bx) - left, round(by) - top), 1, 1)
    return Spot(slice(top, top + height), slice(left, left + width), mask.astype(bool), True)
