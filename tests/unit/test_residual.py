"""The residual map's own mathematics, its remark and its picture."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from station.measure.residual import REMARK, residual_document, residual_field, residual_remark
from station.measure.residual_kernels import mixed, read_points, smoothed, solve_windows
from station.report.pictures import COLOURS
from station.report.residuals import residual_picture
from station.values.documents import Verdict
from station.values.geometry import Frame
from station.values.residual import ResidualMap

Float = NDArray[np.float64]
FRAME = Frame(0.1, 301, 201, (150.0, 100.0))


def a_map(shift: Float, at: Float | None = None, u: float = 0.01) -> ResidualMap:
    """Places 1.5 mm apart in a row, each known to ``u`` standard; a field that grows to the right."""
    n = len(shift)
    places = np.stack([1.5 * np.arange(n), np.zeros(n)], axis=1) if at is None else at
    xs, ys = np.meshgrid(1.5 * np.arange(-10, 11), 1.5 * np.arange(-7, 8))
    nodes = np.stack([xs, ys], axis=-1)
    field = np.stack([0.01 * xs, 0.002 * ys], axis=-1)
    return ResidualMap(places, shift, np.tile(u**2 * np.eye(2), (n, 1, 1)), 2 * n, nodes, field)


def window(points: int = 400, blocks: int = 16) -> tuple[Float, Float, tuple[NDArray[np.int64], ...]]:
    """Values and gradients at random places of a smooth picture, all in one window of many blocks."""
    rng = np.random.default_rng(3)
    at = rng.uniform(-1, 1, (points, 2))
    values = np.sin(3 * at[:, 0]) + np.cos(4 * at[:, 1] + 0.5)
    gradient = np.stack([3 * np.cos(3 * at[:, 0]), -4 * np.sin(4 * at[:, 1] + 0.5)], axis=1)
    block = (np.arange(points) % blocks).astype(np.int64)
    return values, gradient, (np.array([0, points]), np.arange(points), np.ones(points), block)


def solved(seen: Float, passes: int = 6, blocks: int = 16) -> tuple[Float, Float, Float]:
    values, gradient, windows = window(len(seen), blocks)
    shift, covariance, told = np.zeros((1, 2)), np.zeros((2, 1, 2, 2)), np.zeros((1, 4))
    solve_windows(windows, values, gradient, seen, passes, 0, 1, shift, covariance, told)
    return shift[0], covariance[:, 0], told[0]


def test_a_window_finds_its_shift_whatever_the_light_and_with_a_spot() -> None:
    values, gradient, _ = window()
    rng = np.random.default_rng(5)
    shift = np.array([0.02, -0.013])
    seen = 0.7 * (values - gradient @ shift) + 0.2 + rng.normal(0, 0.004, len(values))
    seen[::9] += 1.5  # one place in nine shows something else
    seen[1::50] = np.nan
    found, covariance, told = solved(seen)
    u = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    assert (np.abs(found - shift) < 4 * u).all()
    assert (u < 0.001).all()
    correlation, kept, gain, blocks = told
    assert gain == pytest.approx(0.7, abs=0.01)
    assert correlation > 0.99
    assert 0.8 < kept < 0.95
    assert 12 < blocks <= 16


def test_a_window_without_light_or_upside_down_tells_nothing() -> None:
    values, _, _ = window()
    for seen in (np.full(len(values), np.nan), np.zeros(len(values)), -values):
        assert (solved(seen)[2] == 0).all()


def test_covariance_is_what_noise_really_does() -> None:
    values, _, _ = window()
    rng = np.random.default_rng(7)
    found, told = [], []
    for _ in range(300):
        shift, covariance, _ = solved(values + rng.normal(0, 0.05, len(values)), 2, 100)
        found.append(shift)
        told.append(covariance)
    true = np.var(found, axis=0)
    for which in range(2):  # of blocks, and as if all were independent, as here they are
        mean = np.diagonal(np.mean(told, axis=0)[which])
        assert (0.75 * true < mean).all()
        assert (mean < 1.5 * true).all()


def test_points_are_read_between_pixels_and_hidden_ones_not() -> None:
    y, x = np.mgrid[:20, :30]
    picture = (2 * x + 3 * y).astype(np.float32)
    hidden = np.zeros(picture.shape, dtype=np.uint8)
    hidden[5, 6] = 1
    places = np.array([[3.25, 4.5], [5.5, 5.2], [7.1, 5.0], [-0.1, 3.0], [29.0, 3.0]])
    out = np.zeros(len(places))
    read_points(picture, hidden, places, out)
    assert out[0] == pytest.approx(20.0)
    assert np.isnan(out[[1, 3, 4]]).all()
    assert out[2] == pytest.approx(29.2)


def test_what_a_place_does_not_know_its_neighbours_tell() -> None:
    places = np.array([[0.0, 0.0], [0.4, 0.0]])
    information = np.array([np.diag([1e6, 1e-3]), np.diag([1e-3, 1e6])])
    out = np.empty((2, 2))
    smoothed(
        np.array([[0.2, 0.0], [50.0, 0.0]]), places, np.array([[0.1, 9.0], [9.0, -0.2]]), information, 1.2, 100.0, out
    )
    np.testing.assert_allclose(out[0], (0.1, -0.2), rtol=1e-3)
    np.testing.assert_array_equal(out[1], 0.0)
    between = np.empty((1, 2))
    mixed(
        np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]), np.arange(4)[None], np.full((1, 4), 0.25), between
    )
    np.testing.assert_allclose(between, [[1.5, 1.0]])


def test_a_map_knows_its_worst_place_and_what_is_significant() -> None:
    residual = a_map(np.array([[0.001, 0.0], [0.09, 0.0], [0.0, -0.03], [0.03, 0.03]]))
    np.testing.assert_allclose(residual.u_mm, 0.02)
    np.testing.assert_allclose(residual.u_length_mm, 0.02)
    np.testing.assert_array_equal(residual.significant, [False, True, False, True])
    assert residual.worst == 1
    assert residual.rms_mm == pytest.approx(np.sqrt((0.001**2 + 0.09**2 + 0.03**2 + 2 * 0.03**2) / 4))


def test_a_remark_needs_a_stretch_that_departs_far_for_certain() -> None:
    far = np.tile([[0.06, 0.06]], (5, 1))
    (gate,) = residual_remark(a_map(far))
    assert gate.ok
    assert gate.name == REMARK
    assert "Over 6.0 mm" in gate.reason
    assert "0.08 mm off the golden (x +0.06, y +0.06, U 0.02 mm)" in gate.reason
    assert residual_remark(a_map(far[:3])) == ()  # hardly a stretch
    assert residual_remark(a_map(0.6 * far)) == ()  # not far
    assert residual_remark(a_map(far, u=0.03)) == ()  # not for certain
    scattered = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0], [8.0, 8.0], [16.0, 0.0]])
    assert residual_remark(a_map(far, scattered)) == ()  # five places are no stretch


def test_the_document_and_the_dense_field_say_the_same_as_the_map() -> None:
    residual = a_map(np.array([[0.001, 0.0], [0.09, 0.0], [0.0, -0.03]]))
    told = residual_document(residual, "bent")
    assert told.share_read == 0.5
    assert told.remark == "bent"
    assert told.worst == told.places[1]
    assert told.worst.at_mm == (1.5, 0.0)
    assert told.worst.shift_mm == (0.09, 0.0)
    assert told.worst.u_mm == (0.02, 0.02)
    field = residual_field(residual, FRAME)
    assert field.shape == (201, 301, 2)
    at = FRAME.to_mm(np.array([[20.0, 180.0], [150.0, 100.0], [290.0, 33.0]]))
    x, y = np.rint(FRAME.to_px(at)).astype(int).T
    np.testing.assert_allclose(field[y, x], at * (0.01, 0.002), atol=3e-4)


def count(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> int:
    return int((np.abs(picture.astype(int) - colour).max(axis=2) <= 8).sum())


def test_the_picture_shows_significant_arrows_in_orange_and_its_scale() -> None:
    raster = np.full((FRAME.height, FRAME.width, 3), 120, dtype=np.uint8)
    orange, blue = COLOURS[Verdict.NONCONFORMS], COLOURS[Verdict.CONFORMS]
    quiet = residual_picture(raster, FRAME, a_map(np.full((4, 2), 0.008)), title="unit against golden")
    assert count(quiet, orange) == 0
    assert count(quiet, blue) > 100
    residual = a_map(np.array([[0.0, 0.0], [0.05, 0.0], [0.0, -0.08], [0.08, 0.08]]))
    picture = residual_picture(raster, FRAME, residual, title="unit against golden", remark="the part is bent " * 12)
    assert count(picture, orange) > 300
    assert picture.shape[0] > quiet.shape[0]  # the remark stands below
    # places whose direction no edge tells of are dots
    told, untold = (
        residual_picture(raster, FRAME, a_map(np.full((4, 2), 0.3), u=u), title="unit against golden")
        for u in (0.035, 0.045)
    )
    assert count(untold, orange) < count(told, orange) - 100
