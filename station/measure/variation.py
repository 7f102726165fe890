"""What varies from one picture of a good part to the next, pixel by pixel, and a model's scores where it does.

Metal mirrors other lamps whenever the part is laid down anew, and a glint that stood elsewhere on the golden's photo is
no defect. Photos of the golden laid down again show where and how much (the variation model of C. Steger et al.,
Machine Vision Algorithms and Applications, 2nd ed., section 3.4.1, beside a defect model and not in its stead): where
they vary beyond their grain, a model's scores count only so far as the unit leaves what they varied over. Where they do
not vary, nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence

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

MEAN_STEP, SIGMA_STEP = 1.25 / 255, 0.5 / 255
"""Cube-root units of one code of the stored maps: linear light of 1 lies at 204, and from 1.95 on it is cut to 255."""

_TRIMMED_FROM = 6  # pictures from which on the one that lies farthest off is left out at every pixel
_TRIMMED = 2.8  # its spread is taken 1 + this over the number of pictures larger: within 2 % of normal for 6 to 20
_BANDS = 64  # rows at a time: of many pictures of twelve megapixels the whole would not fit
_WITHIN, _BEYOND = 2.0, 3.0  # sigmas up to which a difference does not count, and from which it counts in full
_VARIES = 0.015  # cube-root units: a smaller spread is that of registration and grain
_GRAIN = 3.0  # the same in sigmas of a pixel's noise
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
        seen = np.stack([_even(picture) for picture in (own, *others)])
        middle = np.median(seen, axis=0)
        squares = np.sort((seen - middle) ** 2, axis=0)
        scale = 1.0
        if count >= _TRIMMED_FROM:
            squares, scale = squares[:-1], 1 + _TRIMMED / count
        spread = scale * np.sqrt(squares.sum(axis=0) / (count - 1))
        mean[rows] = np.rint(np.clip(middle / MEAN_STEP, 0, 255)).astype(np.uint8)
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
    varies = (variation.sigma.max(axis=2) * SIGMA_STEP >= max(_VARIES, _GRAIN * noise)) & (maps.scores > 0).any(axis=0)
    if not varies.any():
        return maps
    x, y, w, h = cv2.boundingRect(varies.astype(np.uint8))
    window = (slice(max(y - 1, 0), y + h + 1), slice(max(x - 1, 0), x + w + 1))
    varies = varies[window]
    if golden.pixels is not master.image.pixels:
        moved = np.abs(_even(golden.pixels[window]) - _even(master.image.pixels[window])).max(axis=2) > _MOVED
        varies &= ~moved
    square = np.ones((3, 3), np.uint8)  # px that registration leaves open
    mean = variation.mean[window].astype(np.float32) * np.float32(MEAN_STEP)
    spread = cv2.dilate(variation.sigma[window], square).astype(np.float32) * np.float32(SIGMA_STEP)
    now = _even(unit.pixels[window])
    off = np.maximum(np.maximum(now - cv2.dilate(mean, square), cv2.erode(mean, square) - now), 0)
    sigmas = (off / np.maximum(spread, np.float32(max(_VARIES, noise)))).max(axis=2)
    counts = np.clip((sigmas - _WITHIN) / (_BEYOND - _WITHIN), 0, 1)
    scores = maps.scores.copy()
    scores[:, *window] *= np.where(varies, counts, 1).astype(np.float32)
    return ScoreMaps(maps.kinds, scores)


def _even(linear: Float32) -> Float32:
    """Cube root of light: even to the eye, with shadows and glints on one scale."""
    return np.asarray(np.cbrt(np.maximum(linear, 0)), dtype=np.float32)
