"""How large a place that differs from the golden is, in raster pixels: read in the picture, with the blur taken off.

A defect model's scores say where a defect is and roughly how far it reaches, but a network is unsure at its rim and any
threshold moves with its confidence. The picture itself tells better: the difference of unit and golden along its own
direction in colour is laid over the place, its surroundings subtracted, and cut at half the plateau; how much larger a
disc or a bar of that size looks for the blur is taken off (:mod:`station.measure.blurred_shapes`). Where the place is
lighter in one part and darker in another, as a pit with a lit and a shaded wall, or hardly differs from the noise, half
its plateau means nothing: there the scores are taken as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.blurred_shapes import SHARE_ABOVE, true_radius, true_width
from station.measure.course import course_length, course_of
from station.measure.feret import feret
from station.measure.morphology import disc

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_FINE = 4  # times finer than the raster that a place is looked at
_FINE_PX = 120  # px: places longer than this are large enough for the raster itself
_SLENDER = 3.0  # times its width: longer is a line, whose length is measured along its course
_CLEAR = 6.0  # times the noise of a pixel: a plateau lower than this has no half height to speak of
_COVERED = 0.4  # share of the place that lies above half the plateau at least: a model may draw a rim generously
_OPPOSITE = 0.1  # share of it that may be as far the other way as a quarter of the plateau
_OUTSIDE = 0.15  # share of what is above half the plateau that may lie beyond the place, where something else begins
_TOP = 0.98  # quantile that stands for the peak: the very peak is one pixel's noise
_LEAST_BLUR = 0.5  # px: a pixel's own width and its interpolation; no raster is sharper
_ENDS = 0.5  # px: standard uncertainty of a line's length from its ends, which the scores' raster gives
_WINDING = 0.01  # and of its length, from how the course winds from slice to slice
_CORNERS = 1.2  # sides of a pixel by which the hull of corners is too wide
_U_BLUR = 0.1  # of the blur sigma, standard uncertainty


@dataclass(frozen=True, slots=True)
class Extent:
    """Sizes of one place in raster pixels.

    diameter : of the circle of the same area. feret : greatest calliper width. length : along its course where it is a
    line, else as ``feret``. width : of a line its mean width, else the least calliper width. area : px^2.
    seen : whether it was read in the picture; from the scores alone otherwise. u, u_length : standard uncertainties of
    diameter and length from noise, blur and raster, without what the defect's own shading hides.
    """

    diameter: float
    feret: float
    length: float
    width: float
    area: float
    seen: bool
    u: float
    u_length: float


def measure_extent(
    mask: Bool, share: Float32, golden: Float32, unit: Float32, usable: Bool, *, blur_px: float, noise: float
) -> Extent:
    """Extent of one place in its window.

    mask : (h, w) its pixels. share : (h, w) how much of each pixel belongs to it by the scores, 0-1. golden, unit :
    (h, w, 3) linear light. usable : (h, w) pixels that are of the part and of no other place. blur_px : sigma of the
    picture's edges. noise : standard deviation of a pixel in linear light.
    """
    blur = max(blur_px, _LEAST_BLUR)
    contrast = _contrast(mask, golden, unit, usable, blur)
    fine = 1 if max(mask.shape) > _FINE_PX else _FINE
    region, level = _half_height(contrast, mask, fine, reach=math.ceil(blur) + 2)
    inside = _fine_mask(mask, fine)
    near = cv2.dilate(mask.astype(np.uint8), disc(math.ceil(blur) + 1)).astype(bool)
    covered = float((region & inside).sum()) / max(float(inside.sum()), 1.0)
    beyond = float((region & ~_fine_mask(near, fine)).sum()) / max(float(region.sum()), 1.0)
    cnr = level / max(noise, 1e-6)
    opposite = float((contrast[mask] < -level / 4).mean())
    seen = bool(region.any()) and cnr >= _CLEAR and covered >= _COVERED and opposite <= _OPPOSITE and beyond <= _OUTSIDE
    area = float(region.sum()) / fine**2 if seen else float(share.sum())
    pixels = _pixels(region, fine) if seen else _pixels(mask, 1)
    longest, narrowest = _callipers(pixels, 1 / fine if seen else 1.0)
    mean_width = area / max(longest, 1.0)
    length = longest
    line = False
    if longest > _SLENDER * mean_width or mask.sum() > _SLENDER * mean_width**2:
        along = course_length(course_of(_pixels(mask, 1)))
        line = along > _SLENDER * area / max(along, 1.0)
        length = max(longest, along) if line else longest
    gain = 1.0
    if not seen:
        diameter, width = 2 * math.sqrt(area / math.pi), area / length if line else narrowest
    elif line:
        width, gain = true_width(area / length, blur)
        area = width * length
        diameter = 2 * math.sqrt(area / math.pi)
    else:
        looks = math.sqrt(area / math.pi)
        radius, gain = true_radius(looks, blur)
        less = 2 * (looks - radius)
        area = math.pi * radius**2
        diameter, longest, narrowest = 2 * radius, max(longest - less, 2 * radius), max(narrowest - less, 0.0)
        length, width = longest, narrowest
    u = _u(area, blur, cnr, gain)
    # the ends of a line lie at half its height wherever they are, so that blur does not move them
    u_length = math.hypot(_u(area, blur, cnr, 1.0), _ENDS, _WINDING * length) if line else u
    return Extent(diameter, longest, length, width, area, seen, u, u_length)


def _contrast(mask: Bool, golden: Float32, unit: Float32, usable: Bool, blur: float) -> Float32:
    """(h, w) difference of unit and golden along the place's own direction in colour, positive in the place, what its
    surroundings differ by subtracted."""
    delta = unit - golden
    ring = ~cv2.dilate(mask.astype(np.uint8), disc(math.ceil(2 * blur) + 1)).astype(bool) & usable
    if ring.sum() >= 20:
        delta = delta - np.median(delta[ring], axis=0)
    way = delta[mask].mean(axis=0)
    return np.asarray(delta @ (way / max(float(np.linalg.norm(way)), 1e-9)), dtype=np.float32)


def _half_height(contrast: Float32, mask: Bool, fine: int, reach: int) -> tuple[Bool, float]:
    """What lies above half the plateau, on a raster ``fine`` times finer, connected to the place and within ``reach``
    px of it; and the plateau."""
    height, width = mask.shape
    size = (width * fine, height * fine)
    large = contrast if fine == 1 else np.asarray(cv2.resize(contrast, size, interpolation=cv2.INTER_CUBIC))
    inside = _fine_mask(mask, fine)
    allowed = _fine_mask(cv2.dilate(mask.astype(np.uint8), disc(reach)).astype(bool), fine)
    top = float(np.quantile(large[inside], _TOP))
    if top <= 0:
        return np.zeros(large.shape, dtype=bool), 0.0
    over = _connected((large >= top / 2) & allowed, inside)
    if not over.any():
        return over, top
    plateau = float(np.quantile(large[over], 1 - SHARE_ABOVE))
    return _connected((large >= plateau / 2) & allowed, inside), plateau


def _connected(region: Bool, seeds: Bool) -> Bool:
    """The pieces of a region that have a pixel in common with the seeds, their own holes filled in."""
    _, pieces = cv2.connectedComponents(region.astype(np.uint8), connectivity=8)
    touched = np.unique(pieces[seeds & region])
    kept = np.isin(pieces, touched[touched > 0])
    contours, _ = cv2.findContours(kept.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(kept.shape, dtype=np.uint8)
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    return filled.astype(bool)


def _fine_mask(mask: Bool, fine: int) -> Bool:
    return mask if fine == 1 else np.repeat(np.repeat(mask, fine, axis=0), fine, axis=1)


def _pixels(mask: Bool, fine: int) -> Float:
    """(n, 2) x, y of the pixels of a fine mask, in pixels of the raster."""
    y, x = np.nonzero(mask)
    return (np.stack([x, y], axis=1) + 0.5) / fine - 0.5


def _callipers(pixels: Float, side: float) -> tuple[float, float]:
    """Greatest and least calliper width of pixels (n, 2) that are squares of a side."""
    if len(pixels) < 3 or np.ptp(pixels[:, 0]) == 0 or np.ptp(pixels[:, 1]) == 0:
        reach = float(np.hypot(*np.ptp(pixels, axis=0))) + side if len(pixels) else side
        return reach, side
    corner = side / 2
    corners = np.concatenate([pixels + (dx, dy) for dx in (-corner, corner) for dy in (-corner, corner)])
    hull = cv2.convexHull(corners.astype(np.float32))[:, 0].astype(np.float64)
    longest, _, narrowest, _ = feret(hull)
    # the corners of pixels whose middle lies inside a rim reach beyond it, by 0.6 of a side all round on average
    return longest - _CORNERS * side, max(narrowest - _CORNERS * side, 0.7 * side)


def _u(area: float, blur: float, cnr: float, gain: float) -> float:
    """Standard uncertainty of a diameter in px.

    The rim's place is known to a share of the blur that noise decides, averaged over the rim's independent pixels, and
    to a fifth of a pixel by where half height lies; both count as often as taking the blur off enlarges them. The blur
    itself is known to a tenth, and a point would look 2.6 times as wide as it.
    """
    rim = max(math.sqrt(4 * math.pi * area), 4.0)
    edge = blur * 2.5 / max(cnr, 1.0) / math.sqrt(rim / max(2 * blur, 1.0))
    far = min(gain, 10.0)
    return math.hypot(2 * edge * far, 0.4 * far, 2.6 * _U_BLUR * blur * (far - 1))
