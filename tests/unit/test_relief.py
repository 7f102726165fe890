"""Registration of struck metal: one drawn relief under two lights from different sides."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.measure.relief import register_relief, round_outlines
from station.measure.relief_maps import FINEST, octaves, orientations, relative

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
SIDE = 420
RADIUS = 180.0


def height(figure: str, letters: str) -> Float:
    """(n, n) struck height of a coin: a figure, letters, a few lines and stars on one side; zero outside."""
    h = np.zeros((SIDE, SIDE), dtype=np.uint8)
    cv2.putText(h, figure, (75, 250), cv2.FONT_HERSHEY_DUPLEX, 4.6, 255, 12, cv2.LINE_AA)
    cv2.putText(h, letters, (190, 310), cv2.FONT_HERSHEY_DUPLEX, 1.3, 255, 4, cv2.LINE_AA)
    for k in range(6):
        cv2.line(h, (240 + 16 * k, 90 + 6 * k), (240 + 16 * k, 170), 255, 4, cv2.LINE_AA)
    for degrees in (95, 110, 125, 140, 155, 200, 215, 300):
        at = SIDE / 2 + 150 * np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
        cv2.drawMarker(h, (round(at[0]), round(at[1])), 255, cv2.MARKER_STAR, 20, 3, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(h.astype(np.float64), (0, 0), 1.2) / 255)


def placed(struck: Float, degrees: float, scale: float, shift: tuple[float, float]) -> tuple[Float, Float]:
    """The height turned, and (3, 3) px of ``struck`` to px of it."""
    c, s = scale * np.cos(np.deg2rad(degrees)), scale * np.sin(np.deg2rad(degrees))
    m = np.eye(3)
    m[:2, :2] = [[c, -s], [s, c]]
    middle = np.full(2, (SIDE - 1) / 2)
    m[:2, 2] = middle + shift - m[:2, :2] @ middle
    return np.asarray(cv2.warpAffine(struck, m[:2], (SIDE, SIDE), flags=cv2.INTER_CUBIC)), m


def lit(struck: Float, m: Float, from_degrees: float, seed: int) -> Float32:
    """(n, n, 3) root of light of a coin on a dark ground, lit from one side, with noise."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    back = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.linalg.inv(m).T
    r = np.hypot(back[..., 0] - (SIDE - 1) / 2, back[..., 1] - (SIDE - 1) / 2)
    cover = np.clip(RADIUS - r + 0.5, 0, 1)
    slope_y, slope_x = np.gradient(struck)
    a = np.deg2rad(from_degrees)
    metal = 0.35 + 0.9 * (np.cos(a) * slope_x + np.sin(a) * slope_y) + 0.1 * (x * np.cos(a) + y * np.sin(a)) / SIDE
    light = np.clip(cover * metal + (1 - cover) * 0.08, 0, 1) + np.random.default_rng(seed).normal(0, 0.004, r.shape)
    return np.repeat(np.sqrt(np.clip(light, 0, 1) + 0.0015)[..., None], 3, axis=2).astype(np.float32)


STRUCK = height("2", "EURO")
GOLDEN = lit(STRUCK, np.eye(3), 30, 1)


@pytest.mark.parametrize(("degrees", "scale", "light"), [(73.0, 0.97, 30.0), (-140.0, 1.03, 120.0), (12.0, 1.0, 210.0)])
def test_a_relief_is_found_whatever_side_the_light_comes_from(degrees: float, scale: float, light: float) -> None:
    turned, m = placed(STRUCK, degrees, scale, (6.0, -4.0))
    found = register_relief(GOLDEN, lit(turned, m, light, 2))
    assert found is not None
    assert not found.doubt
    rim = np.array([[SIDE / 2 + RADIUS * c, SIDE / 2 + RADIUS * s, 1] for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))])
    error = np.sqrt((((rim @ (found.transform - m).T)[:, :2]) ** 2).sum(axis=1).mean())
    assert error < 1.5  # light from one side draws the lines towards it: 1.2 px at a radius of 180


def test_the_maps_of_a_turned_coin_laid_back_are_those_of_the_coin() -> None:
    turned, m = placed(STRUCK, 73, 1.0, (0.0, 0.0))
    outline = ((SIDE - 1) / 2, (SIDE - 1) / 2, RADIUS)
    mine, its = (orientations(p[..., 1], outline) for p in (GOLDEN, lit(turned, m, 30 + 73, 2)))
    about = np.eye(3)
    about[:2, :2] = m[:2, :2]
    about[:2, 2] = FINEST.middle - m[:2, :2] @ np.full(2, FINEST.middle)
    for golden, unit in zip(octaves(relative(mine)), octaves(relative(its, about)), strict=True):
        assert (golden * unit).sum(axis=(1, 2)).min() > 0.7
        assert (golden * golden).sum(axis=(1, 2)) == pytest.approx(np.ones(5), abs=1e-4)


def test_another_figure_of_the_same_series_is_refused() -> None:
    turned, m = placed(height("5", "CENT"), 73, 1.0, (3.0, 2.0))
    found = register_relief(GOLDEN, lit(turned, m, 30, 2))
    assert found is not None
    assert found.doubt


def test_the_mirror_image_is_refused() -> None:
    turned, m = placed(np.ascontiguousarray(STRUCK[:, ::-1]), 73, 1.0, (3.0, 2.0))
    found = register_relief(GOLDEN, lit(turned, m, 30, 2))
    assert found is not None
    assert found.doubt


def test_a_plain_disc_is_refused() -> None:
    found = register_relief(GOLDEN, lit(np.zeros((SIDE, SIDE)), np.eye(3), 60, 3))
    assert found is not None
    assert found.doubt


def test_the_outline_gives_centre_and_radius() -> None:
    turned, m = placed(STRUCK, 20, 0.9, (15.0, -9.0))
    x, y, r = round_outlines(lit(turned, m, 60, 3), 1)[0]
    assert (x, y, r) == pytest.approx(((SIDE - 1) / 2 + 15, (SIDE - 1) / 2 - 9, 0.9 * RADIUS), abs=4)
