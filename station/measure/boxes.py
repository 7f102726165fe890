"""A defect model on two pictures that show the same thing: no master, no millimetres, boxes in pixels of the golden."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.blur import pixel_noise
from station.measure.local_shift import local_shift
from station.measure.pair import register_pair
from station.values.colour import LinearRGB
from station.values.line import OTHER, OUTSIDE, DefectModel

_THRESHOLD = 0.5
_THIN = np.ones((3, 3), np.uint8)  # what this does not fit into is the remainder of registration along an edge
_BY_A_PIXEL = np.ones((3, 3), np.uint8)
_LEAST_SHARE = 0.1  # of a place's difference; where a pixel's shift of the golden explains the rest it is no defect
_NOTHING = 0.02  # cube-root units; the share of a smaller difference is not told by its pixels
_REACH_PX = 12.0  # a registration that moves a corner further was not "aligned within a few pixels": it is not believed


@dataclass(frozen=True, slots=True)
class Box:
    """A place that differs: left, top, width, height in golden pixels, the likeliest kind and its score 0-1.

    score : the model's mean over the place, times the share of the difference that no shift of the golden by a pixel
    explains: places along edges that registration has left come last.
    """

    x: int
    y: int
    w: int
    h: int
    kind: str
    score: float


def find_boxes(golden: LinearRGB, unit: LinearRGB, model: DefectModel) -> tuple[Box, ...]:
    """Boxes of ``model``, best first.

    The unit is first laid onto the golden: as a whole where a small correction can be found, then from place to place
    by up to three pixels.

    Differences thinner than three pixels are left out, and those that a shift of the golden by a pixel explains: two
    plain pictures are seldom registered better than that all along.

    golden, unit : pictures of the same thing, aligned within a few pixels; where sizes differ, what both cover counts.
    """
    height = min(golden.pixels.shape[0], unit.pixels.shape[0])
    width = min(golden.pixels.shape[1], unit.pixels.shape[1])
    reference = LinearRGB(np.ascontiguousarray(golden.pixels[:height, :width]))
    moved, covered = _laid_over(reference, LinearRGB(np.ascontiguousarray(unit.pixels[:height, :width])))
    labels = np.where(covered, OTHER, OUTSIDE).astype(np.uint8)
    noise = max(pixel_noise(reference.pixels, covered), pixel_noise(moved.pixels, covered))
    maps = model(reference, moved, labels, noise)
    best = np.minimum(maps.scores.sum(axis=0), 1.0)
    count, parts, stats, _ = cv2.connectedComponentsWithStats((best >= _THRESHOLD).astype(np.uint8), connectivity=8)
    apart, beyond = _differences(reference, moved)
    boxes = []
    for i in range(1, count):
        x, y, w, h = (int(v) for v in stats[i, :4])
        window = (slice(y, y + h), slice(x, x + w))
        mask = parts[window] == i
        share = float(beyond[window][mask].sum() / max(float(apart[window][mask].sum()), _NOTHING * mask.sum()))
        if not cv2.erode(mask.astype(np.uint8), _THIN, borderValue=0).any() or share < _LEAST_SHARE:
            continue
        local = maps.scores[:, *window]
        kind = maps.kinds[int((local * mask).sum(axis=(1, 2)).argmax())]
        boxes.append(Box(x, y, w, h, kind, float(best[window][mask].mean()) * min(share, 1.0)))
    return tuple(sorted(boxes, key=lambda b: (-b.score, b.y, b.x)))


def _differences(golden: LinearRGB, unit: LinearRGB) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(H, W) difference in cube-root units, and what of it no shift of the golden by a pixel explains.

    The latter is how far the unit lies outside the least and the most of the golden's nine pixels round a place; both
    are those of the channel that differs most.
    """
    g, u = (np.cbrt(np.maximum(p.pixels, 0)).astype(np.float32) for p in (golden, unit))
    outside = np.maximum(u - cv2.dilate(g, _BY_A_PIXEL), cv2.erode(g, _BY_A_PIXEL) - u)
    return np.abs(u - g).max(axis=-1), np.maximum(outside, 0).max(axis=-1)


def _laid_over(golden: LinearRGB, unit: LinearRGB) -> tuple[LinearRGB, NDArray[np.bool_]]:
    """The unit resampled once onto the golden, and where it covers it.

    By an affine map, where a small one is found, and by what shifts are left from place to place.
    """
    height, width = golden.pixels.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    transform = _small_map(golden, unit)
    moved, inside = _sampled(unit, transform, x, y)
    shift = local_shift(_grey_root(golden), _grey_root(moved), inside)
    return _sampled(unit, transform, x + shift[..., 0], y + shift[..., 1])


def _small_map(golden: LinearRGB, unit: LinearRGB) -> NDArray[np.float64]:
    """(2, 3) golden px to unit px; nothing but the identity where no small map is found."""
    height, width = golden.pixels.shape[:2]
    found = register_pair(golden, unit, "affine")
    corners = np.array([[0.0, 0, 1], [width - 1, 0, 1], [0, height - 1, 1], [width - 1, height - 1, 1]])
    there = corners @ found.transform.T
    if not found.registered or np.abs(there[:, :2] / there[:, 2:] - corners[:, :2]).max() > _REACH_PX:
        return np.eye(3)[:2]
    return found.transform[:2]


def _sampled(
    unit: LinearRGB, transform: NDArray[np.float64], x: NDArray[np.float32], y: NDArray[np.float32]
) -> tuple[LinearRGB, NDArray[np.bool_]]:
    """The unit at golden pixels x, y (H, W), and where it has them; its border goes on outside it."""
    (a, b, c), (d, e, f) = transform.astype(np.float32)
    at = a * x + b * y + c, d * x + e * y + f
    height, width = unit.pixels.shape[:2]
    seen = (at[0] > -0.5) & (at[0] < width - 0.5) & (at[1] > -0.5) & (at[1] < height - 0.5)
    pixels = cv2.remap(unit.pixels, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return LinearRGB(np.asarray(pixels, dtype=np.float32)), seen


def _grey_root(picture: LinearRGB) -> NDArray[np.float32]:
    return np.asarray(np.cbrt(np.maximum(picture.pixels, 0)).mean(axis=-1), dtype=np.float32)
