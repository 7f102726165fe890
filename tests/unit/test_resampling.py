"""One pass over the photo gives what filtering it and then sampling it gives, on any number of threads."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from station.measure.resampling import NODES, resample_rows
from station.measure.sampling import sample, spline_coefficients


def _photo() -> np.ndarray:
    noise = np.random.default_rng(3).random((120, 160, 3)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.5), dtype=np.float32)


def _nodes(step: float) -> np.ndarray:
    x, y = np.meshgrid(np.arange(0, 65, NODES), np.arange(0, 65, NODES))
    return np.stack([20.3 + step * (x - 0.2 * y), 12.6 + step * (y + 0.2 * x)], axis=-1)


@pytest.mark.parametrize(("step", "blur", "within"), [(1.0, 0.0, 5e-4), (1.3, 0.62, 3e-3)])
def test_values_are_those_of_the_spline(step: float, blur: float, within: float) -> None:
    photo, nodes = _photo(), _nodes(step)
    values, _, valid = resample_rows(photo, np.zeros(photo.shape[:2], dtype=bool), nodes, (60, 60), blur)
    x, y = np.meshgrid(np.arange(60), np.arange(60))
    places = np.stack([20.3 + step * (x - 0.2 * y), 12.6 + step * (y + 0.2 * x)], axis=-1)
    expected = sample(spline_coefficients(photo, blur), places)
    assert (valid == np.isfinite(expected[..., 0])).all()
    assert valid.mean() > 0.8
    assert np.abs(values[valid] - expected[valid]).max() < within * float(np.ptp(photo))


def test_a_pixel_is_clipped_that_takes_part_of_its_value_from_a_clipped_one() -> None:
    clipped = np.zeros((120, 160), dtype=bool)
    clipped[40, 50] = True
    _, seen, _ = resample_rows(_photo(), clipped, _nodes(1.0), (60, 60), 0.0)
    assert 1 <= seen.sum() <= 5


def test_threads_change_no_bit() -> None:
    before = cv2.getNumThreads()
    try:
        out = []
        for threads in (1, 3):
            cv2.setNumThreads(threads)
            out.append(resample_rows(_photo(), np.zeros((120, 160), dtype=bool), _nodes(1.3), (60, 60), 0.62)[0])
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(out[0], out[1])
