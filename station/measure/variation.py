"""What varies from one picture of a good part to the next, pixel by pixel, and a model's scores where it does.

Metal mirrors other lamps whenever the part is laid down anew, and a glint that stood elsewhere on the golden's photo is
no defect. Photos of the golden laid down again show where and how much (the variation model of C. Steger et al.,
Machine Vision Algorithms and Applications, 2nd ed., section 3.4.1, beside a defect model and not in its stead): where
they vary beyond their grain, a model's scores count only so far as the unit leaves what they varied over. Where they do
not vary, nothing changes. Lightness and tint are looked at apart: a mirror takes any lightness and keeps its colour, so
that enamel or a stain on metal stands out however much the metal's lightness varies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.exposure import exposure_gain
from station.values.colour import LinearRGB
from station.values.line import Aligned, Master, ScoreMaps, Variation

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

LEAST_PICTURES = 3
"""Of the golden, its own among them: two do not tell a spread from a change."""

MEAN_LEAST = np.array([0.0, -0.64, -0.64], dtype=np.float32)
MEAN_STEP = np.array([1.25, 1.28, 1.28], dtype=np.float32) / 255
SIGMA_STEP = np.float32(0.5 / 255)
"""Codes of the stored maps: least value and step of the means of lightness and tints, step of the sigmas; what lies
beyond is cut. See :func:`channels`."""

_TRIMMED_FROM = 6  # pictures from which on the one that lies farthest off is left out at every pixel
_TRIMMED = 2.8  # its spread is taken 1 + this over the number of pictures larger: within 2 % of normal for 6 to 20
_BANDS = 64  # rows at a time: of many pictures of twelve megapixels the whole would not fit
_WITHIN, _BEYOND = 2.0, 3.0  # sigmas up to which a difference does not count, and from which it counts in full
_VARIES = 0.015  # of lightness, cube-root units: a smaller spread is that of registration and grain
_TINT = 0.03  # the same of tints
_GRAIN = 3.0  # the same in sigmas of a pixel's noise
_DARK = 0.15  # cube-root units below which a tint says nothing
_BLUR_PX = 1.0
_MOVED = 0.02  # cube-root units by which the golden has been changed, where it has


def learn_variation(master: Master, again: Sequence[Aligned]) -> Variation | None:
    """Mean and spread of every pixel over the golden and further pictures of good parts in its frame; None of fewer
    than three pictures in all.

    The mean is the median. The spread is the standard deviation about it; of six pictures and more without the one
    farthest off, so that a grain of dust on one of them is not taken for what is normal.
    """
    count = len(again) + 1
    if count < LEAST_PICTURES:
        return None
    gains = [exposure_gain(master.image, a, master.labels) for a in again]
    height, width = master.labels.shape
    mean = np.empty((height, width, 3), dtype=np.uint8)
    sigma = np.empty_like(mean)
    for top in range(0, height, _BANDS):
        rows = slice(top, min(top + _BANDS, height))
        own = master.image.pixels[rows]
        # what a photo does not cover is taken from the golden: it adds nothing to the spread
        photos = zip(again, gains, strict=True)
        others = [np.where(a.valid[rows, :, None], a.image.pixels[rows] * gain, own) for a, gain in photos]
        seen = np.stack([channels(picture) for picture in (own, *others)])
        middle = np.median(seen, axis=0)
        squares = np.sort((seen - middle) ** 2, axis=0)
        scale = 1.0
        if count >= _TRIMMED_FROM:
            squares, scale = squares[:-1], 1 + _TRIMMED / count
        spread = scale * np.sqrt(squares.sum(axis=0) / (count - 1))
        mean[rows] = np.rint(np.clip((middle - MEAN_LEAST) / MEAN_STEP, 0, 255)).astype(np.uint8)
        sigma[rows] = np.rint(np.clip(spread / SIGMA_STEP, 0, 255)).astype(np.uint8)
    return Variation(mean, sigma, count)


def damped(maps: ScoreMaps, master: Master, golden: LinearRGB, unit: LinearRGB, noise: float) -> ScoreMaps:
    """The scores, less where good parts vary as much as the unit differs; as they are where the master tells nothing.

    golden, unit : the pictures that the model compared. Where the golden has been changed to follow a mark, it is no
    longer what the variation was learned of, and the scores stay.
    """
    variation = master.variation
    if variation is None:
        return maps
    grain = max(_VARIES, _GRAIN * noise)
    varies = (variation.sigma[..., 0] * SIGMA_STEP >= grain) & (maps.scores > 0).any(axis=0)
    if not varies.any():
        return maps
    x, y, w, h = cv2.boundingRect(varies.astype(np.uint8))
    pad = 4  # px that blur and registration look round
    window = (slice(max(y - pad, 0), y + h + pad), slice(max(x - pad, 0), x + w + pad))
    varies = varies[window]
    if golden.pixels is not master.image.pixels:
        before, after = (channels(p.pixels[window])[..., 0] for p in (master.image, golden))
        moved = np.abs(after - before) > _MOVED
        varies &= ~moved
    sigmas = sigmas_off(variation, unit, noise, window)
    counts = np.clip((sigmas - _WITHIN) / (_BEYOND - _WITHIN), 0, 1)
    scores = maps.scores.copy()
    scores[:, *window] *= np.where(varies, counts, 1).astype(np.float32)
    return replace(maps, scores=scores)


def sigmas_off(
    variation: Variation, unit: LinearRGB, noise: float, window: tuple[slice, slice] = (slice(None), slice(None))
) -> Float32:
    """(h, w) how far a unit leaves what good parts varied over, in their sigmas, in the channel that leaves it most.

    window : rows and columns of the raster. Lightness or tint that lies within one pixel's way of the mean is 0.
    """
    square = np.ones((3, 3), np.uint8)  # px that registration leaves open
    mean = variation.mean[window].astype(np.float32) * MEAN_STEP + MEAN_LEAST
    spread = cv2.dilate(variation.sigma[window], square).astype(np.float32) * SIGMA_STEP
    now = channels(unit.pixels[window])
    off = np.maximum(np.maximum(now - cv2.dilate(mean, square), cv2.erode(mean, square) - now), 0)
    least = np.array([max(_VARIES, noise), *2 * (max(_TINT, _GRAIN * noise),)], dtype=np.float32)
    return np.asarray((off / np.maximum(spread, least)).max(axis=2), dtype=np.float32)


def channels(linear: Float32) -> Float32:
    """(H, W, 3) lightness, and red against green and yellow against blue as shares of it, of linear light: cube roots,
    even to the eye; the tints blurred, since mosaic and JPEG leave them half the resolution and most of the noise."""
    r, g, b = cv2.split(np.cbrt(np.maximum(linear, 0)).astype(np.float32))
    light = (r + g + b) / 3
    whole = np.maximum(light, np.float32(_DARK))
    tints = (cv2.GaussianBlur(t, (0, 0), _BLUR_PX) / whole for t in (r - g, (r + g) / 2 - b))
    return np.asarray(cv2.merge([light, *tints]), dtype=np.float32)
