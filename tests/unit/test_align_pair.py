"""Registration of pairs: real photographs, warped by exact splines with the map known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from skimage import data

from station.devices.photo import read_photo
from station.errors import RequestError
from station.measure.pair import BY_RELIEF, PairRegistration, register_pair
from station.measure.prepared import prepare
from station.values.colour import DeviceRGB, LinearRGB, linearise

Float = NDArray[np.float64]
PHOTOS = ("astronaut", "camera", "coins", "rocket")


def photo(name: str) -> Float:
    picture = np.asarray(getattr(data, name)(), dtype=np.float64)
    return picture if picture.ndim == 2 else np.asarray(picture @ [0.25, 0.5, 0.25])


def coded(grey: Float) -> LinearRGB:
    levels = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return linearise(DeviceRGB(np.repeat(levels[..., None], 3, axis=2)))


def about_centre(shape: tuple[int, ...], linear: Float, shift: tuple[float, float]) -> Float:
    centre = np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2])
    m = np.eye(3)
    m[:2, :2] = linear
    m[:2, 2] = centre + shift - linear @ centre
    return m


def turn(degrees: float, scale: float) -> Float:
    a = np.deg2rad(degrees)
    return scale * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


def warped(picture: Float, m: Float) -> Float:
    h, w = picture.shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    q = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.linalg.inv(m).T
    q = q[..., :2] / q[..., 2:3]
    return np.asarray(map_coordinates(picture, [q[..., 1], q[..., 0]], order=5, mode="reflect"))


def grid_error(r: PairRegistration, m: Float, shape: tuple[int, ...]) -> float:
    h, w = shape
    x, y = np.meshgrid(np.linspace(20, w - 20, 9), np.linspace(20, h - 20, 9))
    p = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    a, b = p @ r.transform.T, p @ m.T
    return float(np.sqrt((((a / a[:, 2:]) - (b / b[:, 2:])) ** 2).sum(axis=1).mean()))


def pair(name: str, m: Float, *, noise: float = 2.0, seed: int = 0) -> tuple[LinearRGB, LinearRGB]:
    rng = np.random.default_rng(seed)
    golden = photo(name)
    light = np.linspace(-6, 6, golden.shape[1])
    unit = 0.93 * warped(golden, m) + 5 + light + rng.normal(0, noise, golden.shape)
    return coded(golden + rng.normal(0, noise, golden.shape)), coded(unit)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize(("degrees", "scale"), [(2.3, 1.013), (71.0, 0.985), (-164.0, 1.02)])
def test_similarity_is_found_to_a_hundredth_of_a_pixel(name: str, degrees: float, scale: float) -> None:
    shape = photo(name).shape
    m = about_centre(shape, turn(degrees, scale), (6.4, -3.7))
    r = register_pair(*pair(name, m, seed=int(degrees) % 97))
    assert r.registered, r.reason
    assert grid_error(r, m, shape) < 0.012
    assert r.rms_px < 0.02


def test_a_large_picture_is_found_by_its_steepest_points() -> None:
    small = photo("astronaut")
    large = np.asarray(cv2.resize(small, (1700, 1600), interpolation=cv2.INTER_CUBIC))
    rng = np.random.default_rng(12)
    large += 15 * cv2.GaussianBlur(rng.normal(0, 1, large.shape), (0, 0), 1.5)
    m = about_centre(large.shape, turn(-38.0, 1.015), (21.3, -8.6))
    unit = 0.95 * warped(large, m) + 4 + rng.normal(0, 2, large.shape)
    r = register_pair(coded(large + rng.normal(0, 2, large.shape)), coded(unit))
    assert r.registered, r.reason
    assert grid_error(r, m, large.shape) < 0.01
    assert r.rms_px < 0.01


def test_a_prepared_golden_and_codes_give_the_same_answer() -> None:
    shape = photo("camera").shape
    golden, unit = pair("camera", about_centre(shape, turn(12.0, 0.99), (2.2, -3.1)))
    prepared = prepare(golden)
    first, again = register_pair(prepared, unit), register_pair(prepared, unit)
    assert np.array_equal(first.transform, again.transform)
    assert np.array_equal(first.transform, register_pair(golden, unit).transform)


@pytest.mark.parametrize("model", ["affine", "homography"])
def test_the_other_models_find_their_maps(model: str) -> None:
    shape = photo("astronaut").shape
    m = about_centre(shape, turn(25.0, 1.0) @ np.array([[1.05, 0.04], [-0.02, 0.97]]), (4.2, 1.1))
    if model == "homography":
        m[2, :2] = 6e-5, -4e-5
    r = register_pair(*pair("astronaut", m), model)  # type: ignore[arg-type]
    assert r.registered, r.reason
    assert grid_error(r, m, shape) < 0.03
    assert r.transform[2, 2] == 1


def test_changed_areas_do_not_move_the_result() -> None:
    shape = photo("camera").shape
    m = about_centre(shape, turn(1.7, 1.01), (3.3, -2.2))
    golden, unit = pair("camera", m)
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    pixels = unit.pixels.copy()
    changed = np.zeros(shape, dtype=bool)
    while changed.mean() < 0.15:
        disc = np.hypot(x - rng.uniform(0, shape[1]), y - rng.uniform(0, shape[0])) < 20
        pixels[disc] = rng.uniform(0, 1)
        changed |= disc
    r = register_pair(golden, LinearRGB(pixels))
    assert r.registered, r.reason
    assert grid_error(r, m, shape) < 0.02


def test_the_covariance_covers_the_errors() -> None:
    shape = photo("coins").shape
    errors, stated = [], []
    for seed in range(8):
        m = about_centre(shape, turn(3.0 * seed, 1.0), (0.3 * seed, -0.2 * seed))
        r = register_pair(*pair("coins", m, noise=6.0, seed=seed))
        assert r.registered
        errors.append(r.transform[0, 2] - m[0, 2])
        stated.append(np.sqrt(r.covariance[2, 2]))
    ratio = np.sqrt(np.mean(np.square(errors))) / np.mean(stated)
    assert 0.3 < ratio < 2.5


@pytest.mark.parametrize(("golden", "unit"), [("astronaut", "rocket"), ("coins", "camera"), ("camera", "astronaut")])
def test_unlike_pictures_are_refused_with_a_reason(golden: str, unit: str) -> None:
    r = register_pair(coded(photo(golden)), coded(photo(unit)))
    assert not r.registered
    assert r.reason


def test_blank_and_tiny_pictures_are_refused() -> None:
    flat = LinearRGB(np.full((200, 200, 3), 0.3, dtype=np.float32))
    assert not register_pair(flat, flat).registered
    tiny = LinearRGB(np.zeros((1, 1, 3), dtype=np.float32))
    assert "pixels" in register_pair(tiny, flat).reason
    with pytest.raises(RequestError, match="affine"):
        register_pair(flat, flat, "rigid")  # type: ignore[arg-type]


def test_bright_metal_does_not_hide_the_rest() -> None:
    """The strongest edges of a photographed pin are the rims of its highlights: clipped, and moving with the light."""
    golden = linearise(read_photo(Path(__file__).parents[2] / "sample_data" / "alpine" / "golden.jpg").photo)
    assert np.mean(golden.pixels.max(axis=-1) >= 0.999) > 0.001
    found = register_pair(golden, golden, "similarity")
    assert found.registered, found.reason
    assert np.allclose(found.transform, np.eye(3), atol=1e-4)  # px at which the refinement rests


def test_struck_metal_is_registered_by_its_relief_where_features_fail() -> None:
    """A figure in relief lit from opposite sides: the reason names the way, and the error is what is stated."""
    from test_relief import RADIUS, SIDE, STRUCK, lit, placed

    turned, m = placed(STRUCK, 73.0, 0.97, (6.0, -4.0))
    golden, unit = (
        LinearRGB(np.clip(lit(h, at, light, 4) ** 2 - np.float32(0.0015), 0, 1))
        for h, at, light in ((STRUCK, np.eye(3), 30.0), (turned, m, 210.0))
    )
    r = register_pair(golden, unit)
    assert r.registered
    assert (r.reason, r.method) == ("", BY_RELIEF)
    rim = SIDE / 2 + RADIUS * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
    moved = np.column_stack([rim, np.ones(4)]) @ (r.transform - m).T
    assert float(np.sqrt((moved[:, :2] ** 2).sum(axis=1).mean())) < 3 * r.rms_px < 5
