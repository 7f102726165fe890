"""A photo turned against the bench's calibrations: the sensor's field and lens turn with it, or a gate says so."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sample_data
from station.calibrate.field import flat_field, gain_rows
from station.calibrate.lens import calibrate_lens
from station.calibrate.orientation import bench_turn, lens_for, light_for, turn_between, turned_against
from station.calibrate.rig import load_rig
from station.devices.photo import read_photo
from station.errors import CalibrationError
from station.values.bench import Board, CameraSpec, LensCalibration, LightCalibration, Rig
from station.values.colour import DeviceRGB, PhotoLight
from station.values.geometry import CameraPlane
from station.values.line import Shot

SAMPLES = Path(sample_data.__file__).parent
NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
W, H = 80, 60
RIG = Rig(name="bench-a", camera=CameraSpec(width=W, height=H, distance_mm=300.0))
GAIN = np.random.default_rng(4).uniform(0.8, 1.2, (36, 48, 3)).astype(np.float32)
LIGHT = LightCalibration("bench-a", GAIN, (W, H), 0.9, 0.003, None, 2, NOW, NOW)
LENS = LensCalibration(
    "bench-a", np.array([[400.0, 0, 41], [0, 400.0, 27], [0, 0, 1]]), np.array([-0.06, 0.3, 0.01, -0.02, 0.0]),
    0.1, 1e-4, 5, NOW, NOW, "given",
)  # fmt: skip


def shot(orientation: int, pixels: np.ndarray | None = None) -> Shot:
    photo = DeviceRGB(np.full((H, W, 3), 120, np.uint8) if pixels is None else pixels)
    return Shot(photo, "0" * 64, "photo.jpg", orientation=orientation)


def test_turns_are_counted_clockwise_from_the_calibrations() -> None:
    assert [turn_between(1, o) for o in range(1, 9)] == [0, None, 180, None, None, 90, None, 270]
    assert turn_between(3, 1) == turn_between(6, 8) == 180
    assert turn_between(5, 5) == 0


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_the_decoder_says_how_the_sensor_lay(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    Image.new("RGB", (2 * W, 2 * H), (90, 120, 60)).save(out, "JPEG", exif=exif)
    assert read_photo(out.getvalue()).orientation == orientation


def test_the_field_lies_upside_down_in_a_picture_turned_by_its_flag() -> None:
    """Evened and then turned is turned and then evened."""
    sensor = np.random.default_rng(5).integers(90, 200, (H, W, 3)).astype(np.uint8)

    def evened(pixels: np.ndarray, light: LightCalibration) -> np.ndarray:
        return PhotoLight(DeviceRGB(pixels), gain_rows(light, (W, H))).whole().pixels

    turned = light_for(shot(3), LIGHT)
    assert turned is not None
    ours = evened(np.ascontiguousarray(sensor[::-1, ::-1]), turned)
    np.testing.assert_allclose(ours[::-1, ::-1], evened(sensor, LIGHT), rtol=1e-5)
    assert light_for(shot(1), LIGHT) is LIGHT
    assert light_for(shot(2), LIGHT) is None


def test_the_lens_lies_upside_down_in_a_picture_turned_by_its_flag() -> None:
    def plane(lens: LensCalibration, rotation: np.ndarray) -> CameraPlane:
        return CameraPlane(lens.camera_matrix, lens.distortion, rotation, np.array([0.0, 0.0, 300.0]), 1e-4)

    mm = np.array([[0.0, 0.0], [20, 5], [-12, 18], [25, -20]])
    seen = plane(LENS, np.eye(3)).to_photo(mm, 0.0)
    again = plane(lens_for(shot(3), LENS), np.diag([-1.0, -1.0, 1.0])).to_photo(mm, 0.0)
    np.testing.assert_allclose(again, np.array([W - 1, H - 1]) - seen, atol=1e-9)
    assert lens_for(shot(1), LENS) is LENS


def test_the_records_keep_the_orientation_and_old_ones_have_none() -> None:
    for kept in (LENS, LIGHT):
        document = replace(kept, orientation=3).as_dict()
        assert type(kept).from_dict(document).orientation == 3
        del document["orientation"]
        assert type(kept).from_dict(document).orientation == 1
    assert "orientation" not in LENS.as_dict()  # the digest of an old calibration stays


@pytest.mark.parametrize("degrees", [0.0, 20.0, -30.0, 120.0, 180.0])
def test_the_bench_tells_by_how_much_the_picture_is_turned(degrees: float) -> None:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    plane = CameraPlane(
        LENS.camera_matrix, LENS.distortion, np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), np.array([0.0, 0, 300]), 1e-4
    )
    turn = bench_turn(shot(1), RIG, plane)
    assert turn == pytest.approx(degrees)
    said = turned_against(shot(1), 1, turn)
    assert bool(said) == (abs(degrees) > 45)
    if said:
        assert f"turned by {abs(degrees):.0f} degrees against the calibration" in said


def test_the_markers_tell_it_without_a_lens() -> None:
    rig, photo = load_rig(SAMPLES / "bench" / "rig.toml"), read_photo(SAMPLES / "alpine" / "golden.jpg")
    assert bench_turn(photo, rig, None) == pytest.approx(0, abs=3)
    turned = replace(photo, photo=DeviceRGB(np.ascontiguousarray(photo.photo.pixels[::-1, ::-1])))
    turn = bench_turn(turned, rig, None)
    assert turn is not None
    assert abs(turn) == pytest.approx(180, abs=3)
    assert bench_turn(shot(1), rig, None) is None


def test_a_flag_that_explains_the_turn_is_in_order_and_one_that_does_not_is_told() -> None:
    assert turned_against(shot(3), 1, 180.0) == turned_against(shot(3), 1, -179.0) == ""
    assert "180 degrees" in turned_against(shot(3), 1, 0.0)  # the camera itself was turned
    assert turned_against(shot(3), 3, 0.0) == ""
    assert turned_against(shot(1), 1, None) == ""


def test_grey_and_board_pictures_of_two_orientations_are_refused() -> None:
    noise = np.random.default_rng(6).integers(110, 130, (H, W, 3)).astype(np.uint8)
    with pytest.raises(CalibrationError, match="EXIF orientation 3 instead of 1"):
        flat_field([shot(1, noise), shot(3, noise)], RIG, lux=None, made_at=NOW)
    board = Board(squares=(6, 5), square_mm=5.0, marker_mm=3.6, dictionary="DICT_5X5_100")
    with pytest.raises(CalibrationError, match="turned some pictures"):
        calibrate_lens([shot(1), shot(3)], RIG.model_copy(update={"board": board}), made_at=NOW)
