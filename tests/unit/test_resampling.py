"""Tile by tile gives what filtering the photo and then sampling it gives, turned or not, on any number of threads."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from station.measure.photo_window import reduced, rows_of
from station.measure.resampling import NODES, resample_rows
from station.measure.sampling import sample, spline_coefficients
from station.values.colour import DeviceRGB, PhotoLight


def _photo() -> np.ndarray:
    noise = np.random.default_rng(3).random((120, 160, 3)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.5), dtype=np.float32)


def _places(step: float, turn: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    c, s = step * np.cos(turn), step * np.sin(turn)
    return np.stack([80.3 + c * (x - 100) - s * (y - 100), 60.6 + s * (x - 100) + c * (y - 100)], axis=-1)


def _nodes(step: float, turn: float = 0.2) -> np.ndarray:
    return _places(step, turn, *np.meshgrid(np.arange(0, 225, NODES), np.arange(0, 225, NODES)))


@pytest.mark.parametrize("turn", [0.2, 0.9, 3.4])
@pytest.mark.parametrize(("step", "blur", "within"), [(0.6, 0.0, 2e-6), (1.3, 0.62, 2e-3)])
def test_values_are_those_of_the_spline(step: float, blur: float, within: float, turn: float) -> None:
    photo, nodes = _photo(), _nodes(step, turn)
    values, _, valid = resample_rows(rows_of(photo), np.zeros(photo.shape[:2], dtype=bool), nodes, (203, 205), blur)
    places = _places(step, turn, *np.meshgrid(np.arange(205), np.arange(203)))
    expected = sample(spline_coefficients(photo, blur), places)
    assert (valid == np.isfinite(expected[..., 0])).mean() > 0.9999  # but for a place on the very border
    both = valid & np.isfinite(expected[..., 0])
    assert both.mean() > 0.2
    assert np.abs(values[both] - expected[both]).max() < within * float(np.ptp(photo))
    assert not values[~valid].any()


def test_a_pixel_is_clipped_that_takes_part_of_its_value_from_a_clipped_one() -> None:
    clipped = np.zeros((120, 160), dtype=bool)
    clipped[40, 50] = True
    _, seen, _ = resample_rows(rows_of(_photo()), clipped, _nodes(1.0), (203, 205), 0.0)
    assert 1 <= seen.sum() <= 5


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_coded_values_and_their_flat_field_are_read_as_linear_light(kind: type) -> None:
    top = np.iinfo(kind).max
    coded = DeviceRGB(np.random.default_rng(4).integers(0, top + 1, (120, 160, 3)).astype(kind))
    gain = np.random.default_rng(5).uniform(0.7, 1.3, (9, 160, 3)).astype(np.float32)
    for light in (PhotoLight(coded), PhotoLight(coded, gain)):
        whole = light.whole()
        np.testing.assert_allclose(light.window(40, 30, 90, 110), whole.pixels[30:110, 40:90], rtol=1e-6)
        for size, every in (((80, 40), 1), ((33, 17), 2)):
            expected = cv2.resize(whole.pixels[every // 2 :: every], size, interpolation=cv2.INTER_AREA)
            np.testing.assert_allclose(reduced(light, (0, 0, 160, 120), size, every), expected, atol=2e-6)
        none = np.zeros((120, 160), dtype=bool)
        seen, linear = (resample_rows(rows_of(p), none, _nodes(1.3), (203, 205), 0.62)[0] for p in (light, whole))
        np.testing.assert_allclose(seen, linear, atol=2e-6)


def test_threads_change_no_bit() -> None:
    before = cv2.getNumThreads()
    try:
        out = []
        for threads in (1, 3):
            cv2.setNumThreads(threads)
            out.append(
                resample_rows(rows_of(_photo()), np.zeros((120, 160), dtype=bool), _nodes(1.3), (203, 205), 0.62)[0]
            )
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(out[0], out[1])
