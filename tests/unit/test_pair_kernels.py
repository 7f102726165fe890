"""The compiled kernels of registration against NumPy's and SciPy's own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.ndimage import map_coordinates, spline_filter

from station.measure.coded_light import LightAtPoints, coded_light, reduced_grey, steepest_points
from station.measure.robust_fit import TUKEY, robust_fit, sandwich
from station.measure.sampling import sample_quintic, spline_coefficients
from station.values.colour import DeviceRGB, LinearRGB, linearise

RNG = np.random.default_rng(5)


def _points(height: int, width: int, count: int) -> np.ndarray:
    inside = np.random.default_rng(6).uniform([0, 0], [width - 1, height - 1], (count, 2))
    corners = [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]]
    return np.vstack([inside, np.array(corners, dtype=np.float64)])


def test_the_quintic_spline_is_that_of_scipy() -> None:
    picture = RNG.random((41, 57)).astype(np.float32)
    points = _points(41, 57, 400)
    found = sample_quintic(spline_coefficients(picture, degree=5), points)
    coefficients = spline_filter(picture.astype(np.float64), order=5, mode="mirror")
    expected = map_coordinates(coefficients, points.T[::-1], order=5, mode="mirror", prefilter=False)
    assert np.abs(found - expected).max() < 1e-4


def test_the_quintic_spline_has_nothing_outside() -> None:
    picture = spline_coefficients(RNG.random((12, 9)).astype(np.float32), degree=5)
    outside = np.array([[-1e-6, 3.0], [3.0, -0.5], [8.0001, 3.0], [3.0, 11.2], [np.nan, 3.0]])
    assert np.isnan(sample_quintic(picture, outside)).all()


def _line(count: int, wrong: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    x = rng.uniform(-1, 1, count)
    columns = np.stack([np.ones(count), x, x * x])
    truth = np.array([0.3, -1.2, 0.7])
    values = truth @ columns + rng.normal(0, 0.01, count)
    values[rng.random(count) < wrong] += 3.0
    return columns, values, truth


def test_one_fit_is_the_weighted_least_squares_of_numpy() -> None:
    columns, values, _ = _line(1003, 0.0)
    weights = np.random.default_rng(9).uniform(0.1, 1, 1003)
    root = np.sqrt(weights)
    expected = np.linalg.lstsq((columns * root).T, values * root, rcond=None)[0]
    everywhere = np.ones(1003)
    solved = robust_fit(columns, values, everywhere, weights.copy(), everywhere > 0, 1)
    assert solved is not None
    coefficients, residual, scale = solved
    assert np.allclose(coefficients, expected, atol=1e-10)
    assert np.allclose(residual, values - expected @ columns, atol=1e-10)
    assert scale == pytest.approx(1.4826 * np.median(np.abs(residual)), rel=1e-6)


def test_weights_are_tukeys_and_leave_the_wrong_points_out() -> None:
    columns, values, truth = _line(2000, 0.2)
    everywhere = np.ones(2000)
    weights = everywhere.copy()
    solved = robust_fit(columns, values, everywhere, weights, everywhere > 0, 20)
    assert solved is not None
    coefficients, residual, scale = solved
    assert np.allclose(coefficients, truth, atol=0.002)
    t = residual / (TUKEY * scale)
    assert np.allclose(weights, np.where(np.abs(t) < 1, (1 - t * t) ** 2, 0), atol=1e-12)
    plain = np.linalg.lstsq(columns.T, values, rcond=None)[0]
    assert np.abs(plain - truth).max() > 0.1


def test_columns_that_depend_on_one_another_cannot_be_solved() -> None:
    ones = np.ones(300)
    assert robust_fit(np.stack([ones, ones]), ones, ones, ones.copy(), ones > 0, 2) is None


def test_the_covariance_is_the_clustered_sandwich() -> None:
    columns, values, _ = _line(600, 0.0)
    cell = np.repeat(np.arange(60), 10)
    values += np.random.default_rng(10).normal(0, 0.05, 60)[cell]
    coefficients = np.linalg.lstsq(columns.T, values, rcond=None)[0]
    residual = values - coefficients @ columns
    bread = np.linalg.inv(columns @ columns.T)
    scores = np.stack([columns[:, cell == c] @ residual[cell == c] for c in range(60)])
    expected = bread @ scores.T @ scores @ bread * 60 / 59
    found = sandwich(columns, residual, np.ones(600), cell)
    assert found is not None
    assert np.allclose(found, expected, rtol=1e-8)


def _photo(top: int, kind: type) -> DeviceRGB:
    calm = cv2.GaussianBlur(np.random.default_rng(11).random((90, 120, 3)), (0, 0), 1.5)
    calm = (calm - calm.min()) / np.ptp(calm)
    return DeviceRGB(np.rint(calm * 0.9 * top).astype(kind))


@pytest.mark.parametrize(("top", "kind"), [(255, np.uint8), (65535, np.uint16)])
def test_light_about_points_is_the_blurred_spline_of_the_whole_picture(top: int, kind: type) -> None:
    photo = _photo(top, kind)
    grey = photo.pixels @ np.array([0.25, 0.5, 0.25]) / top
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0, borderType=cv2.BORDER_REFLECT_101)
    points = _points(70, 100, 300) + 10
    at = LightAtPoints(coded_light(photo), len(points), 1.0)
    for moved in (points, points + [0.4, -0.7], points + [3.2, 1.1]):  # the last leaves the windows
        inside = (moved < [112, 82]).all(axis=1)
        expected = map_coordinates(smooth, moved.T[::-1], order=5, mode="mirror")
        assert np.abs(at(moved) - expected)[inside].max() < 2e-3


def test_light_next_to_clipped_pixels_is_not_known() -> None:
    pixels = np.full((40, 60, 3), 90, dtype=np.uint8)
    pixels[20, 30] = 255
    points = np.array([[30.2, 20.1], [33.0, 20.0], [12.0, 20.0], [1.0, 20.0]])
    found = LightAtPoints(coded_light(DeviceRGB(pixels)), 4, 1.0)(points)
    assert np.isnan(found[[0, 1, 3]]).all()
    assert np.isfinite(found[2])


def test_light_and_its_codes_give_the_same_grey() -> None:
    photo = _photo(255, np.uint8)
    coded, _ = reduced_grey(coded_light(photo), 1)
    light, _ = reduced_grey(coded_light(LinearRGB(linearise(photo).pixels)), 1)
    assert np.abs(coded - light).max() < 1e-3
    halved, _ = reduced_grey(coded_light(photo), 2)
    assert np.abs(halved - coded.reshape(45, 2, 60, 2).mean(axis=(1, 3))).max() < 0.02


def test_the_steepest_points_lie_on_the_edge_one_in_a_block() -> None:
    pixels = np.full((80, 100, 3), 30, dtype=np.uint8)
    pixels[:, 50:] = 200
    points = steepest_points(coded_light(DeviceRGB(pixels)), 15)
    assert 15 <= len(points) <= 30
    assert (np.abs(points[:, 0] - 49.5) <= 1).all()
    assert len(np.unique((points - 1) // 4, axis=0)) == len(points)
