"""A defect model on two pictures that show the same thing: no master, no millimetres, boxes in pixels of the golden."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import RequestError
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
_WHOLE = 0.1  # cube-root units, some twelve of CIE lightness; pictures of which half differs by more differ as a whole
_LONGEST_PX = 32766  # a side that OpenCV's remap takes


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


@dataclass(frozen=True, slots=True)
class Compared:
    """What a model marks on a pair, and what its boxes do not tell.

    boxes : best first. left_out : places that it marked and that are no box, since registration may have left them;
    left_out_share : of the compared pixels, 0-1, that they cover. unregistered : why the unit could not be laid onto
    the golden as a whole, "" where it was. golden_share, unit_share : of the pixels of either picture that were
    compared, 0-1. differ_as_a_whole : half of them differ plainly, by :data:`_WHOLE`.
    """

    boxes: tuple[Box, ...]
    left_out: int
    left_out_share: float
    unregistered: str
    golden_share: float
    unit_share: float
    differ_as_a_whole: bool


def find_boxes(golden: LinearRGB, unit: LinearRGB, model: DefectModel) -> tuple[Box, ...]:
    """The boxes of :func:`compare_pair`."""
    return compare_pair(golden, unit, model).boxes


def compare_pair(golden: LinearRGB, unit: LinearRGB, model: DefectModel) -> Compared:
    """Boxes of ``model``, best first.

    The unit is first laid onto the golden: as a whole where a small correction can be found, then from place to place
    by up to three pixels.

    Differences thinner than three pixels are left out, and those that a shift of the golden by a pixel explains: two
    plain pictures are seldom registered better than that all along.

    golden, unit : pictures of the same thing, aligned within a few pixels; where sizes differ, what both cover counts.

    Raises RequestError for a picture with a side of more than 32766 pixels.
    """
    _vet(golden, unit)
    height = min(golden.pixels.shape[0], unit.pixels.shape[0])
    width = min(golden.pixels.shape[1], unit.pixels.shape[1])
    reference = LinearRGB(np.ascontiguousarray(golden.pixels[:height, :width]))
    moved, covered, unregistered = _laid_over(reference, LinearRGB(np.ascontiguousarray(unit.pixels[:height, :width])))
    labels = np.where(covered, OTHER, OUTSIDE).astype(np.uint8)
    noise = max(pixel_noise(reference.pixels, covered), pixel_noise(moved.pixels, covered))
    maps = model(reference, moved, labels, noise)
    best = np.minimum(maps.scores.sum(axis=0), 1.0)
    count, parts, stats, _ = cv2.connectedComponentsWithStats((best >= _THRESHOLD).astype(np.uint8), connectivity=8)
    apart, beyond = _differences(reference, moved)
    boxes, left_out, left_out_px = [], 0, 0
    for i in range(1, count):
        x, y, w, h = (int(v) for v in stats[i, :4])
        window = (slice(y, y + h), slice(x, x + w))
        mask = parts[window] == i
        share = float(beyond[window][mask].sum() / max(float(apart[window][mask].sum()), _NOTHING * mask.sum()))
        if not cv2.erode(mask.astype(np.uint8), _THIN, borderValue=0).any() or share < _LEAST_SHARE:
            left_out, left_out_px = left_out + 1, left_out_px + int(mask.sum())
            continue
        local = maps.scores[:, *window]
        kind = maps.kinds[int((local * mask).sum(axis=(1, 2)).argmax())]
        boxes.append(Box(x, y, w, h, kind, float(best[window][mask].mean()) * min(share, 1.0)))
    compared = int(covered.sum())
    golden_px, unit_px = (p.pixels.shape[0] * p.pixels.shape[1] for p in (golden, unit))
    return Compared(
        boxes=tuple(sorted(boxes, key=lambda b: (-b.score, b.y, b.x))),
        left_out=left_out,
        left_out_share=min(left_out_px / max(compared, 1), 1.0),
        unregistered=unregistered,
        golden_share=compared / golden_px,
        unit_share=min(compared / unit_px, 1.0),
        differ_as_a_whole=bool(compared) and float(np.median(apart[covered])) > _WHOLE,
    )


def _vet(golden: LinearRGB, unit: LinearRGB) -> None:
    for name, picture in (("golden", golden), ("unit", unit)):
        height, width = picture.pixels.shape[:2]
        if max(height, width) > _LONGEST_PX:
            raise RequestError(
                f"the {name} picture has {width} x {height} pixels, at most {_LONGEST_PX} a side can be compared",
                "Cut both pictures into shorter pieces alike.",
            )


def _differences(golden: LinearRGB, unit: LinearRGB) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(H, W) difference in cube-root units, and what of it no shift of the golden by a pixel explains.

    The latter is how far the unit lies outside the least and the most of the golden's nine pixels round a place; both
    are those of the channel that differs most.
    """
    g, u = (np.cbrt(np.maximum(p.pixels, 0)).astype(np.float32) for p in (golden, unit))
    outside = np.maximum(u - cv2.dilate(g, _BY_A_PIXEL), cv2.erode(g, _BY_A_PIXEL) - u)
    return np.abs(u - g).max(axis=-1), np.maximum(outside, 0).max(axis=-1)


def _laid_over(golden: LinearRGB, unit: LinearRGB) -> tuple[LinearRGB, NDArray[np.bool_], str]:
    """The unit resampled once onto the golden, where it covers it, and why no affine map was found, "" with one.

    By an affine map, where a small one is found, and by what shifts are left from place to place.
    """
    height, width = golden.pixels.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    transform, unregistered = _small_map(golden, unit)
    moved, inside = _sampled(unit, transform, x, y)
    shift = local_shift(_grey_root(golden), _grey_root(moved), inside)
    return *_sampled(unit, transform, x + shift[..., 0], y + shift[..., 1]), unregistered


def _small_map(golden: LinearRGB, unit: LinearRGB) -> tuple[NDArray[np.float64], str]:
    """(2, 3) golden px to unit px; nothing but the identity where no small map is found, and why."""
    height, width = golden.pixels.shape[:2]
    found = register_pair(golden, unit, "affine")
    corners = np.array([[0.0, 0, 1], [width - 1, 0, 1], [0, height - 1, 1], [width - 1, height - 1, 1]])
    there = corners @ found.transform.T
    if not found.registered:
        same = np.array_equal(golden.pixels, unit.pixels)  # lie over one another with nothing to hold on to
        return np.eye(3)[:2], "" if same else found.reason
    step = float(np.abs(there[:, :2] / there[:, 2:] - corners[:, :2]).max())
    if step > _REACH_PX:
        return np.eye(3)[:2], f"a corner would move by {step:.0f} px, more than {_REACH_PX:.0f}"
    return found.transform[:2], ""


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
