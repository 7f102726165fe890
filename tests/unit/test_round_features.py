"""A post on a plain back: its place by its edge, lit from one side or the other."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from station.measure.round_features import find_again, find_round
from station.values.colour import LinearRGB
from station.values.geometry import Frame

FRAME = Frame(0.03, 601, 601, (300.0, 300.0))


def back(x_mm: float | None, y_mm: float = 0.0, *, light_deg: float = 0.0, radius_mm: float = 1.6) -> LinearRGB:
    """A plain plate of 8 mm radius with a dome of a post, shaded by its slope towards the light."""
    mm = FRAME.grid_mm()
    height = np.zeros(mm.shape[:2])
    if x_mm is not None:
        r = np.hypot(mm[..., 0] - x_mm, mm[..., 1] - y_mm)
        height = 0.4 / (1 + np.exp((r - radius_mm) / 0.05))
    gy, gx = np.gradient(height, FRAME.pitch_mm)
    a = math.radians(light_deg)
    light = 0.35 * (1 + 0.5 * np.tanh(0.4 * (gx * math.cos(a) + gy * math.sin(a))))
    light = np.where(np.hypot(mm[..., 0], mm[..., 1]) < 8, light, 0.15)
    light = light + np.random.default_rng(3).normal(0, 0.003, light.shape)
    calm = cv2.GaussianBlur(np.clip(light, 0, 1).astype(np.float32), (0, 0), 0.8)
    return LinearRGB(np.repeat(calm[..., None], 3, axis=2))


@pytest.mark.parametrize(("x", "y", "light"), [(0.4, -1.2, 0.0), (-0.6, -0.3, 75.0), (0.0, -0.9, 180.0)])
def test_a_post_is_found_where_it_is_whatever_side_the_light_comes_from(x: float, y: float, light: float) -> None:
    golden = find_round(back(0.0, -0.8), FRAME, (0.5, -0.4))
    assert golden is not None
    assert golden.centre_mm == pytest.approx((0.0, -0.8), abs=0.05)
    assert golden.radius_mm == pytest.approx(1.6, abs=0.05)
    unit = find_again(back(x, y, light_deg=light), FRAME, golden)
    assert unit is not None
    assert unit.centre_mm == pytest.approx((x, y), abs=0.05)


def test_a_post_that_is_not_there_is_not_made_up() -> None:
    golden = find_round(back(0.0, -0.8), FRAME, (0.0, -0.8))
    assert golden is not None
    assert find_again(back(None), FRAME, golden) is None
    assert find_round(back(None), FRAME, (0.0, -0.8)) is None
