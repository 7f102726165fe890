"""Through holes on drawn parts: the bench in its own shadow behind a lit shoulder."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from station.measure.feret import fit_circle
from station.measure.holes import through_holes
from station.values.colour import LinearRGB
from station.values.geometry import Frame

FRAME = Frame(0.03, 481, 401, (240.0, 200.0))
BENCH = np.array([0.20, 0.19, 0.185])
Y, X = (np.mgrid[0:401, 0:481] - np.array([200.0, 240.0])[:, None, None]) * 0.03
PART = (np.abs(X) < 5.5) & (np.abs(Y) < 4.5)


def _picture(inside: NDArray[np.bool_], colour: NDArray[np.float64], shoulder: float, metal: float) -> LinearRGB:
    """A plate with one place of a colour inside, a shoulder of the given light around it, and a shadow over its upper
    left."""
    rgb = np.broadcast_to(BENCH, (*X.shape, 3)).copy()
    rgb[PART] = metal * np.array([1.0, 0.9, 0.85])
    rgb[(gaussian_filter(inside.astype(float), 4.0) > 0.08) & ~inside] = shoulder
    shadow = 1 - 0.85 * gaussian_filter((~inside).astype(float), 12.0, mode="nearest") * (X + Y < -2.5)
    rgb[inside] = (colour * shadow[..., None])[inside]
    rgb = gaussian_filter(rgb, (0.9, 0.9, 0)) + np.random.default_rng(3).normal(0, 0.002, rgb.shape)
    return LinearRGB(rgb.astype(np.float32))


def _disc(x: float, y: float, diameter: float) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(X - x, Y - y) < diameter / 2)


@pytest.mark.parametrize("metal", [0.03, 0.5])
@pytest.mark.parametrize("diameter", [1.6, 3.0])
def test_a_hole_is_found_though_shadow_fills_a_part_of_it(diameter: float, metal: float) -> None:
    picture = _picture(_disc(-2.0, -1.5, diameter), BENCH, 0.45, metal)
    (hole,) = through_holes(picture, FRAME, PART)
    circle = fit_circle(hole)
    assert np.hypot(circle.x + 2.0, circle.y + 1.5) < 0.2
    assert abs(2 * circle.radius - diameter) < 0.35


@pytest.mark.parametrize(
    ("inside", "colour", "shoulder"),
    [
        pytest.param(_disc(-2.0, -1.5, 3.0), np.array([0.2, 0.13, 0.1]), 0.45, id="enamel of another tint"),
        pytest.param(_disc(-2.0, -1.5, 3.0), 3 * BENCH, 0.9, id="white enamel"),
        pytest.param(_disc(-2.0, -1.5, 3.0), BENCH, 0.03, id="grey enamel without a lit wall"),
        pytest.param((np.abs(X + 1) < 2.5) & (np.abs(Y + 1) < 0.8), BENCH, 0.45, id="a window that is not round"),
        pytest.param(_disc(-5.2, -1.5, 1.5), BENCH, 0.45, id="a notch in the outline"),
    ],
)
def test_other_things_are_no_holes(inside: NDArray[np.bool_], colour: NDArray[np.float64], shoulder: float) -> None:
    assert through_holes(_picture(inside, colour, shoulder, 0.03), FRAME, PART) == ()
