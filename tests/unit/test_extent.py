"""Sizes of drawn discs, bars and arcs of known size, blurred by a known blur, in their own difference from a golden."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from station.measure.blurred_shapes import true_radius, true_width
from station.measure.course import course_length, course_of
from station.measure.extent import Extent, measure_extent

PITCH = 0.03
FINE = 12
NOISE = 0.002


def _seen(shape: np.ndarray, blur: float, *, seed: int, base: float = 0.3, contrast: float = -0.1) -> Extent:
    """Extent of a shape that is drawn ``FINE`` times finer than the raster, (h * FINE, w * FINE) 0-1."""
    size = (shape.shape[1] // FINE, shape.shape[0] // FINE)
    small = cv2.resize(shape.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), float(np.sqrt(blur**2 - 1 / 12)))  # a pixel's own width is in the blur
    golden = np.full((*blurred.shape, 3), base, dtype=np.float32)
    grain = np.random.default_rng(seed).normal(0, NOISE, golden.shape)
    unit = (golden + contrast * blurred[..., None] + grain).astype(np.float32)
    score = blurred / blurred.max()
    mask = score >= 0.5
    share = np.clip((score - 0.25) / 0.5, 0, 1).astype(np.float32)
    return measure_extent(mask, share, golden, unit, np.ones(mask.shape, bool), blur_px=blur, noise=NOISE)


def _grid(side_px: int) -> tuple[np.ndarray, np.ndarray]:
    axis = (np.arange(side_px * FINE) + 0.5) / FINE - side_px / 2
    x, y = np.meshgrid(axis, axis)
    return x, y


def _disc(diameter_mm: float, x_px: float, y_px: float) -> np.ndarray:
    x, y = _grid(int(diameter_mm / PITCH) + 30)
    return np.hypot(x - x_px, y - y_px) < diameter_mm / PITCH / 2


@pytest.mark.parametrize("blur", [0.6, 0.8, 1.2])
@pytest.mark.parametrize("diameter", [0.10, 0.12, 0.15, 0.2, 0.3, 0.6])
def test_a_blurred_disc_has_its_own_diameter(diameter: float, blur: float) -> None:
    """Within a hundredth of a millimetre, wherever in the raster it lies; equivalent and greatest width alike."""
    for k, (x, y) in enumerate([(0.0, 0.0), (0.5, 0.5), (0.3, -0.2), (-0.4, 0.1)]):
        disc = _seen(_disc(diameter, x, y), blur, seed=k)
        assert disc.seen
        assert disc.diameter * PITCH == pytest.approx(diameter, abs=0.01)
        assert disc.feret * PITCH == pytest.approx(diameter, abs=0.01)
        assert disc.area * PITCH**2 == pytest.approx(np.pi * diameter**2 / 4, rel=0.25)
        assert abs(disc.diameter * PITCH - diameter) <= 2 * disc.u * PITCH


def test_the_blur_taken_off_is_what_makes_small_discs_right() -> None:
    """A disc of 0.10 mm under a blur of 1.2 px looks three tenths larger: that is taken off, and with it u grows."""
    radius, gain = true_radius(1.31 * 0.05 / PITCH, 1.2)
    assert radius * PITCH == pytest.approx(0.05, abs=0.002)
    assert gain > 1.2


def test_small_beside_the_blur_is_less_certain() -> None:
    sure, unsure = (_seen(_disc(d, 0, 0), 1.2, seed=1).u for d in (0.3, 0.08))
    assert unsure > 2 * sure


def test_the_blur_is_undone_exactly_and_its_derivative_is_that_of_the_curve() -> None:
    for seen in (1.8, 2.0, 4.0, 7.0, 20.0):
        radius, gain = true_radius(seen, 1.0)
        assert radius == pytest.approx(seen, abs=0.6)
        assert gain >= 0.95
        near = (true_radius(seen + 0.05, 1.0)[0] - true_radius(seen - 0.05, 1.0)[0]) / 0.1
        assert near == pytest.approx(gain, rel=0.25)
        assert true_radius(3 * seen, 3.0)[0] == pytest.approx(3 * radius)
    assert true_radius(1.0, 1.0)[0] == 0  # smaller than a point looks
    assert true_radius(40.0, 1.0)[0] == pytest.approx(40.0, abs=0.02)
    assert true_width(12.0, 1.0)[0] == pytest.approx(12.0, abs=0.02)


@pytest.mark.parametrize(("width", "blur"), [(0.06, 0.8), (0.10, 0.8), (0.10, 1.2), (0.2, 0.8)])
def test_a_bar_has_its_length_and_its_width(width: float, blur: float) -> None:
    x, y = _grid(90)
    along, across = 0.8 * x + 0.6 * y, 0.8 * y - 0.6 * x
    bar = _seen((np.abs(along) < 30) & (np.abs(across) < width / PITCH / 2), blur, seed=3)
    assert bar.seen
    assert bar.length * PITCH == pytest.approx(1.8, abs=0.05)
    assert bar.width * PITCH == pytest.approx(width, abs=0.015)
    assert abs(bar.length * PITCH - 1.8) <= 2 * bar.u_length * PITCH < 0.06
    if width < blur * PITCH * 2.5:  # hardly wider than the blur: its width is uncertain, its length is not
        assert bar.u > bar.u_length


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_an_arc_is_as_long_as_it_is_along_its_course(turn: float) -> None:
    x, y = _grid(110)
    radius, angle = np.hypot(x, y), np.degrees(np.arctan2(y, x)) % 360
    arc = (np.abs(radius - 40) < 1.5) & (angle < turn)
    length = np.radians(turn) * 40
    found = _seen(arc, 0.8, seed=4)
    assert found.length == pytest.approx(length, rel=0.03)
    assert found.feret < 0.95 * length
    assert found.width == pytest.approx(3.0, abs=0.5)


def test_a_course_leaps_the_gaps_between_pieces() -> None:
    pixels = np.array([[x, 5.0] for x in [*range(20), *range(30, 50)]])
    assert course_length(course_of(pixels)) == pytest.approx(50.0, abs=0.5)
    scrambled = np.random.default_rng(1).permutation(pixels)
    assert course_length(course_of(scrambled)) == pytest.approx(50.0, abs=0.5)


def test_what_is_light_on_one_side_and_dark_on_the_other_is_sized_by_its_scores() -> None:
    """Half the plateau of its lit half is no edge of the whole."""
    x, y = _grid(40)
    inside = np.hypot(x, y) < 6
    halves = np.where(inside, np.where(x < 0, 1.0, -1.0), 0.0)
    small = cv2.resize(halves.astype(np.float32), (40, 40), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), 0.8)
    golden = np.full((40, 40, 3), 0.3, dtype=np.float32)
    score = cv2.GaussianBlur(cv2.resize(inside.astype(np.float32), (40, 40), interpolation=cv2.INTER_AREA), (0, 0), 0.8)
    mask, share = score >= 0.5, np.clip((score - 0.25) / 0.5, 0, 1).astype(np.float32)
    unit = golden + 0.1 * blurred[..., None]
    found = measure_extent(mask, share, golden, unit, np.ones(mask.shape, bool), blur_px=0.8, noise=NOISE)
    assert not found.seen
    assert found.diameter == pytest.approx(12, abs=0.5)


def test_what_hardly_leaves_the_noise_is_sized_by_its_scores() -> None:
    faint = _seen(_disc(0.3, 0, 0), 0.8, seed=5, contrast=-0.003)
    assert not faint.seen
    assert faint.diameter * PITCH == pytest.approx(0.3, abs=0.02)


def test_one_pixel_has_a_size() -> None:
    golden = np.full((20, 20, 3), 0.3, dtype=np.float32)
    mask = np.zeros((20, 20), dtype=bool)
    mask[10, 10] = True
    unit = golden.copy()
    unit[10, 10] = 0.1
    found = measure_extent(mask, mask.astype(np.float32), golden, unit, np.ones_like(mask), blur_px=0.8, noise=NOISE)
    assert 0 <= found.diameter < 2
    assert found.feret >= found.width >= 0
    assert np.isfinite(found.u)
