"""A picture made ready for registration by pairs: what is worked out of it once serves every unit it is laid onto."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.coded_light import LightAtPoints, coded_light, reduced_grey, steepest_points
from station.measure.refine import BLUR_SIGMA, LOCAL_SIGMA, Template, detail, make_template, pyramid, template_at
from station.measure.sampling import sample, spline_coefficients
from station.values.colour import DeviceRGB, LinearRGB

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

DENSE_SIGMA = 0.5
"""Blur in px of small pictures compared by all their pixels: of 0, 0.35, 0.5, 0.7 and 1.0 the nearest to the
Cramer-Rao bound over shifts and turns."""
_DENSE_POINTS = 300_000
_DENSE_PIXELS = 2_000_000  # above this the steepest points alone reach a thousandth of a pixel
_REDUCED_SIDE = 1000  # px that a larger picture's longer side is brought to at most
_POINTS = 20000  # of the picture itself
_REDUCED_POINTS = 8000
_MIN_FEATURE_SIDE = 32
_MOST_FEATURES = 4000  # and of a thumbnail the 500 strongest, which take half the time to match
_THUMBNAIL_FEATURES = 500
_THUMBNAIL_SIDE = 500
_SLOPE_PX = 0.1  # half of the distance that gradients are taken over


class Prepared:
    """One picture and what registration needs of it, each worked out when it is first asked for.

    shape : (H, W). factor : how many pixels a side are averaged for the reduced picture, 1 for small pictures.
    to_reduced : (3, 3) px of the picture to px of the reduced one.
    """

    def __init__(self, picture: DeviceRGB | LinearRGB) -> None:
        self.light = coded_light(picture)
        self.shape = (picture.pixels.shape[0], picture.pixels.shape[1])
        large = self.shape[0] * self.shape[1] > _DENSE_PIXELS
        self.factor = 1
        while large and (self.factor == 1 or max(self.shape) > _REDUCED_SIDE * self.factor):
            self.factor *= 2
        k = self.factor
        self.to_reduced = np.array([[1 / k, 0, (1 - k) / (2 * k)], [0, 1 / k, (1 - k) / (2 * k)], [0, 0, 1]])
        self._features: dict[tuple[int, float], tuple[Float, Float32]] = {}
        self._templates: dict[int, Template | None] = {}
        self._coefficients: dict[int, Float32] = {}
        self._blurred: dict[float, Float32] = {}

    @cached_property
    def _reduced(self) -> tuple[Float32, Bool]:
        return reduced_grey(self.light, self.factor)

    @property
    def grey(self) -> Float32:
        """(h, w) grey values of the reduced picture, 0-1, coded by the curve of sRGB."""
        return self._reduced[0]

    @property
    def lost(self) -> Bool:
        """(h, w) pixels of the reduced picture that are clipped, and those next to them."""
        return self._reduced[1]

    @cached_property
    def _levels(self) -> list[Float32]:
        return pyramid(self.grey, 4)

    @cached_property
    def detail(self) -> Float32:
        """(h, w) reduced picture less its local mean, see :func:`station.measure.refine.detail`."""
        return detail(self.grey)

    def _detail(self, level: int) -> Float32:
        return detail(self._levels[level]) if level else self.detail

    def blurred_detail(self, sigma: float) -> Float32:
        """Spline of ``detail`` blurred by ``sigma`` px."""
        if sigma not in self._blurred:
            self._blurred[sigma] = spline_coefficients(self.detail, sigma)
        return self._blurred[sigma]

    def features(self, side: int, contrast: float) -> tuple[Float, Float32]:
        """(n, 2) px of the reduced picture and (n, 128) RootSIFT descriptors (Arandjelovic and Zisserman, CVPR 2012).

        side : px of the longer side of what they are looked for on. contrast : OpenCV's threshold.
        """
        key = (side, contrast)
        if key not in self._features:
            self._features[key] = _features(self.grey, side, contrast)
        return self._features[key]

    def template(self, level: int) -> Template | None:
        """The strongest edges of the reduced picture at a level of its pyramid, in px of the reduced picture."""
        if level not in self._templates:
            h, w = self._levels[level].shape
            seen = cv2.resize(self.lost.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA) == 0
            self._templates[level] = make_template(
                self._detail(level), np.asarray(seen), points_wanted=_REDUCED_POINTS >> level, pitch=2.0**level
            )
        return self._templates[level]

    def coefficients(self, level: int) -> Float32:
        """Spline of the reduced picture's detail at a level of its pyramid, blurred by ``BLUR_SIGMA``."""
        if level not in self._coefficients:
            self._coefficients[level] = spline_coefficients(self._detail(level), BLUR_SIGMA)
        return self._coefficients[level]

    @cached_property
    def _dense(self) -> Template | None:
        return make_template(self.detail, ~self.lost, points_wanted=_DENSE_POINTS, blur_sigma=DENSE_SIGMA)

    def dense_template(self) -> Template | None:
        """All pixels of a small picture that have a gradient."""
        return self._dense

    @cached_property
    def _sparse(self) -> Template | None:
        points = steepest_points(self.light, _POINTS).astype(np.float64)
        light = LightAtPoints(self.light, len(points), BLUR_SIGMA)

        def at(dx: float, dy: float) -> Float:
            moved = points + (dx, dy)
            return np.asarray(light(moved) - self.local_mean(moved), dtype=np.float64)

        values = at(0, 0)
        gradient = np.stack([at(_SLOPE_PX, 0) - at(-_SLOPE_PX, 0), at(0, _SLOPE_PX) - at(0, -_SLOPE_PX)], axis=-1) / (
            2 * _SLOPE_PX
        )
        known = np.isfinite(values) & np.isfinite(gradient).all(axis=1)
        return template_at(points[known], values[known], gradient[known], self.shape)

    def sparse_template(self) -> Template | None:
        """The steepest points of the picture itself."""
        return self._sparse

    @cached_property
    def _mean(self) -> Float32:
        return spline_coefficients(self.grey, LOCAL_SIGMA / self.factor)

    def local_mean(self, points: Float) -> Float32:
        """(n,) what :func:`station.measure.refine.detail` takes off, at (n, 2) px of the picture itself."""
        return sample(self._mean, points / self.factor + self.to_reduced[0, 2])


PreparedGolden = Prepared
"""A golden picture ready to have units laid onto it."""


def prepare(picture: DeviceRGB | LinearRGB) -> Prepared:
    """Make a picture ready for :func:`station.measure.pair.register_pair`."""
    return Prepared(picture)


def _features(picture: Float32, side: int, contrast: float) -> tuple[Float, Float32]:
    factor = min(1.0, side / max(picture.shape))
    h, w = picture.shape
    size = (max(_MIN_FEATURE_SIDE, round(w * factor)), max(_MIN_FEATURE_SIDE, round(h * factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if factor < 1 else picture
    low, high = (float(q) for q in np.quantile(small, [0.005, 0.995]))
    coded = np.clip((small - low) * (255 / max(high - low, 1e-3)), 0, 255).astype(np.uint8)
    most = _THUMBNAIL_FEATURES if side < _THUMBNAIL_SIDE else _MOST_FEATURES
    sift = cv2.SIFT.create(nfeatures=most, contrastThreshold=contrast, enable_precise_upscale=True)
    keys, descriptors = sift.detectAndCompute(coded, None)
    if descriptors is None or len(keys) < 2:
        return np.zeros((0, 2)), np.zeros((0, 128), dtype=np.float32)
    scale = np.array([w / small.shape[1], h / small.shape[0]])
    points = (np.array([k.pt for k in keys], dtype=np.float64) + 0.5) * scale - 0.5
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return points, np.asarray(root, dtype=np.float32)
