"""The window of a unit's photo that holds the part, as registration looks at it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from station.measure.frame import window
from station.measure.master_index import LEVELS
from station.measure.photo_window import reduced
from station.measure.refine import BLUR_SIGMA, detail, pyramid
from station.measure.sampling import sample, spline_coefficients
from station.measure.signal import Signal
from station.measure.threads import together
from station.values.geometry import PlaneMap
from station.values.line import Corrected

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SeenPhoto:
    """The window of the unit's photo that holds the part, as pyramids of spline coefficients.

    origin_px : photo px of its first pixel's centre; step : photo px a pixel. pixels : (h, w, 3) linear light.
    """

    plane: PlaneMap
    height_mm: float
    origin_px: Float
    step: int
    pixels: Float32
    scalar: tuple[Float32, ...]
    colour: Float32
    contour_mm: Float

    def seen_as(self, signal: Signal, levels: int) -> tuple[Float32, ...]:
        """The first levels of the registered scalar in a signal."""
        return tuple(together(*(partial(_detail_spline, p) for p in pyramid(signal.of(self.pixels), levels))))

    def scalar_at(self, level: int) -> Callable[[Float], Float32]:
        """Target for :func:`refine`: bench mm to the registered scalar of one pyramid level."""

        def target(mm: Float) -> Float32:
            px = self.plane.to_photo(mm, self.height_mm) - self.origin_px
            return sample(self.scalar[level], px / (self.step * 2**level))

        return target

    def light_at(self, mm: Float) -> Float32:
        """(..., 3) linear light at bench millimetres, at half the resolution of the photo."""
        px = self.plane.to_photo(mm, self.height_mm) - self.origin_px
        return sample(spline_coefficients(pyramid(self.pixels, 2)[1]), px / (2 * self.step))

    def colour_at(self, mm: Float) -> Float32:
        """(..., 3) linear light at bench millimetres, from pyramid level 2."""
        px = self.plane.to_photo(mm, self.height_mm) - self.origin_px
        return sample(self.colour, px / (4 * self.step))


def look(
    corrected: Corrected,
    plane: PlaneMap,
    height_mm: float,
    contour_px: Float,
    contour_mm: Float,
    signal: Signal,
    pitch_mm: float,
) -> SeenPhoto:
    """The window about an outline (n, 2), in a signal.

    pitch_mm : of the golden frame; a photo that is finer is reduced to about that first.
    """
    h, w = corrected.image.shape
    x0, y0, x1, y1 = window(contour_px, (h, w), 64)
    step = max(1, round(pitch_mm / px_mm(plane, contour_px.mean(axis=0), height_mm)))
    if min(y1 - y0, x1 - x0) < 64 * step:
        step = 1
    size = ((x1 - x0) // step, (y1 - y0) // step)
    here = (x0, y0, x0 + size[0] * step, y0 + size[1] * step)
    pixels = reduced(corrected.image, here, size) if step > 1 else corrected.image.window(*here)
    colour = spline_coefficients(pyramid(pixels, 3)[2], 1.0)
    origin = np.array([x0, y0], dtype=np.float64) + (step - 1) / 2
    photo = SeenPhoto(plane, height_mm, origin, step, pixels, (), colour, contour_mm)
    return replace(photo, scalar=photo.seen_as(signal, LEVELS))


def _detail_spline(image: Float32) -> Float32:
    return spline_coefficients(detail(image), BLUR_SIGMA)


def px_mm(plane: PlaneMap, at_px: Float, height_mm: float) -> float:
    """Size of a photo pixel in mm."""
    mm = plane.to_plane(at_px + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), height_mm)
    return math.sqrt(abs(float(np.linalg.det(mm[1:] - mm[0]))))
