"""Rig files, the lens from drawn ChArUco boards, and the bench plane from drawn markers."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from station.calibrate.lens import Spacer, calibrate_lens
from station.calibrate.markers import find_markers
from station.calibrate.plane import locate_plane, plane_from_card
from station.calibrate.rig import load_rig
from station.errors import CalibrationError, RigError
from station.values.bench import Board, CameraSpec, LensCalibration, Marker, Rig
from station.values.colour import DeviceRGB, srgb_encode
from station.values.geometry import CameraPlane
from station.values.line import CardReading, Shot

NOW = datetime(2026, 5, 10, tzinfo=UTC)
W, H = 1000, 750
MARKERS = tuple(
    Marker(dictionary="DICT_4X4_50", id=i, centre_mm=(x, y), side_mm=5.0)
    for i, (x, y) in enumerate([(-28.0, -20.0), (28.0, -20.0), (28.0, 20.0), (-28.0, 20.0)])
)
BOARD = Board(squares=(12, 9), square_mm=5.0, marker_mm=3.6, dictionary="DICT_5X5_100")
RIG = Rig(name="bench-a", camera=CameraSpec(width=W, height=H, distance_mm=300.0), markers=MARKERS, board=BOARD)
MATRIX = np.array([[4560.0, 0, 503.0], [0, 4560.0, 371.0], [0, 0, 1]])
DISTORTION = np.array([-0.35, 0.0, 0.0, 0.0, 0.0])
TEXTURE_PX = 30.0  # a millimetre


def camera(
    tilt_x: float = 1.0,
    tilt_y: float = -0.7,
    turn: float = 0.5,
    shift: tuple[float, float] = (0.6, -0.4),
    distance: float = 301.5,
) -> CameraPlane:
    rx, ry, rz = (cv2.Rodrigues(np.radians(v) * np.eye(3)[i])[0] for i, v in enumerate((tilt_x, tilt_y, turn)))
    rotation = np.asarray(rx @ ry @ rz, dtype=np.float64)
    return CameraPlane(MATRIX, DISTORTION, rotation, np.array([*shift, distance]), 0.0)


def photograph(
    texture: np.ndarray, view: CameraPlane, *, blur: float = 0.9, noise: float = 0.004, seed: int = 1
) -> Shot:
    """A texture of linear light around the bench's origin, seen by a camera; three samples a pixel and axis."""
    n, step = 3, 10
    knots = [np.arange(-step, k + 2 * step, step, dtype=np.float64) for k in (H, W)]
    ys, xs = ((np.arange(k * n) + 0.5) / n - 0.5 for k in (H, W))
    coarse = view.to_plane(np.stack(np.meshgrid(knots[1], knots[0]), axis=-1), 0.0)
    down, across = (_linear(k, v) for k, v in zip(knots, (ys, xs), strict=True))
    mm = np.stack([down @ coarse[..., i] @ across.T for i in range(2)], axis=-1)  # bent by less than 0.001 px a step
    at = (mm * TEXTURE_PX + (np.array(texture.shape[::-1]) - 1) / 2).astype(np.float32)
    fine = cv2.remap(
        texture, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0.45
    )
    light = cv2.GaussianBlur(cv2.resize(fine, (W, H), interpolation=cv2.INTER_AREA), (0, 0), blur)
    light = light + np.random.default_rng(seed).normal(0, noise, light.shape)
    coded = np.rint(255 * srgb_encode(light)).astype(np.uint8)
    return Shot(DeviceRGB(np.repeat(coded[..., None], 3, axis=2)), "0" * 64, "drawn.png")


def _linear(knots: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(len(at), len(knots)) weights of linear interpolation."""
    step = knots[1] - knots[0]
    return np.maximum(0.0, 1 - np.abs(at[:, None] - knots[None]) / step)


def marker_texture(markers: tuple[Marker, ...] = MARKERS) -> np.ndarray:
    size = (int(54 * TEXTURE_PX), int(70 * TEXTURE_PX))
    texture = np.full(size, 0.6, dtype=np.float32)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    for marker in markers:
        side = round(marker.side_mm * TEXTURE_PX)
        picture = cv2.aruco.generateImageMarker(dictionary, marker.id, side)
        x, y = (
            round(c * TEXTURE_PX + (s - 1) / 2 - (side - 1) / 2)
            for c, s in zip(marker.centre_mm, size[::-1], strict=True)
        )
        texture[y : y + side, x : x + side] = np.where(picture > 0, 0.6, 0.03)
    return texture


def board_texture(board: Board = BOARD, legacy: bool = False) -> np.ndarray:
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
    charuco = cv2.aruco.CharucoBoard(board.squares, board.square_mm, board.marker_mm, dictionary)
    charuco.setLegacyPattern(legacy)
    size = tuple(int(n * board.square_mm * TEXTURE_PX) for n in board.squares)
    return np.where(charuco.generateImage(size) > 127, 0.7, 0.03).astype(np.float32)


def lens() -> LensCalibration:
    return LensCalibration("bench-a", MATRIX, DISTORTION, 0.1, 1e-4, 5, NOW, NOW, "given")


@pytest.fixture(scope="module")
def bench() -> tuple[Shot, CameraPlane]:
    view = camera()
    return photograph(marker_texture(), view), view


@pytest.fixture(scope="module")
def boards() -> list[Shot]:
    texture = board_texture()
    # turned by a few degrees: an edge along the pixel rows would be drawn only to a third of a pixel
    views = [(0, 0, 7), (18, 4, 10), (-16, 12, -20), (5, -20, 80), (-12, -15, 5)]
    return [photograph(texture, camera(a, b, c), seed=i) for i, (a, b, c) in enumerate(views)]


# --- rig files --------------------------------------------------------------------------------------------------------

TEXT = """
name = "bench-a"
[camera]
width = 2240
height = 1680
distance_mm = 300.0
[[markers]]
dictionary = "DICT_4X4_50"
id = 0
centre_mm = [-29.6, -21.2]
side_mm = 5.0
[board]
squares = [12, 9]
square_mm = 5.0
marker_mm = 3.6
dictionary = "DICT_5X5_100"
[grey]
reflectance = 0.184
"""


def test_the_contracts_rig_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(TEXT)
    rig = load_rig(path)
    assert rig.camera.width == 2240
    assert rig.markers[0].centre_mm == (-29.6, -21.2)
    assert rig.board is not None
    assert rig.board.squares == (12, 9)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("width = 2240", "width = 0", "camera.width"),
        ("[grey]", "[gray]", "gray"),
        ("distance_mm = 300.0", "distance_mm = 1e308", "camera.distance_mm"),
        ("centre_mm = [-29.6, -21.2]", "centre_mm = [1e308, 0]", "markers.0.centre_mm"),
        ("centre_mm = [-29.6, -21.2]", "centre_mm = [nan, 0]", "markers.0.centre_mm"),
        ("id = 0", "id = 50", "DICT_4X4_50 has no marker 50"),
        ("squares = [12, 9]", "squares = [100000, 100000]", "more markers than DICT_5X5_100"),
        ("side_mm = 5.0", "side_mm = 5.0\nangle = 3", "markers.0.angle"),
        ('"DICT_4X4_50"', '"DICT_9X9"', "markers.0.dictionary"),
        ("marker_mm = 3.6", "marker_mm = 5.6", "board"),
        ("distance_mm = 300.0", "distance_mm = inf", "camera.distance_mm"),
        ("name = ", "name ", "not TOML"),
        ("reflectance = 0.184", "reflectance = 18.4", "grey.reflectance"),
        ("[grey]", '[mat]\nmade = "certified"\n[grey]', "a certified mat needs u_percent"),
        ("[grey]", '[mat]\nmade = "cast"\n[grey]', "mat.made"),
    ],
)
def test_a_faulty_rig_is_refused_with_its_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(RigError, match=named):
        load_rig(path)


def test_an_absent_rig_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RigError, match="cannot be read"):
        load_rig(tmp_path / "absent.toml")


# --- the plane --------------------------------------------------------------------------------------------------------


def test_marker_corners_have_no_bias(bench: tuple[Shot, CameraPlane]) -> None:
    shot, view = bench
    found = find_markers(shot.photo, MARKERS)
    assert [m.id for m in found] == [0, 1, 2, 3]
    off = np.concatenate([m.corners_px - view.to_photo(m.corners_mm, 0.0) for m in found])
    assert np.sqrt(np.mean(off**2)) < 0.05
    # outward from the marker's centre: what blur and a gamma curve would push
    outward = np.concatenate([m.corners_px - m.corners_px.mean(axis=0) for m in found])
    outward /= np.hypot(*outward.T)[:, None]
    assert abs(float((off * outward).sum(axis=1).mean())) < 0.03


@pytest.mark.parametrize("height_mm", [0.0, 1.6])
def test_the_plane_gives_millimetres(bench: tuple[Shot, CameraPlane], height_mm: float) -> None:
    shot, view = bench
    plane, gate = locate_plane(shot, RIG, lens())
    assert gate.ok
    assert plane is not None
    px = np.array([[200.0, 150.0], [800, 150], [800, 600], [200, 600], [500, 375]])
    off = plane.to_plane(px, height_mm) - view.to_plane(px, height_mm)
    assert np.hypot(*off.T).max() < 0.01
    lengths = np.hypot(*(plane.to_plane(px[1], height_mm) - plane.to_plane(px[0], height_mm)))
    truth = np.hypot(*(view.to_plane(px[1], height_mm) - view.to_plane(px[0], height_mm)))
    assert abs(lengths - truth) < 0.006
    assert abs(lengths - truth) / truth < 3 * plane.u_scale


def test_two_markers_are_enough_and_one_is_not(bench: tuple[Shot, CameraPlane]) -> None:
    shot, view = bench
    pixels = shot.photo.pixels.copy()
    for marker in MARKERS[1:3]:
        x, y = (round(v) for v in view.to_photo(np.array(marker.centre_mm), 0.0))
        pixels[y - 60 : y + 60, x - 60 : x + 60] = 128
    two = dataclasses.replace(shot, photo=DeviceRGB(pixels))
    plane, gate = locate_plane(two, RIG, lens())
    assert gate.ok
    assert plane is not None
    assert np.hypot(*(plane.to_plane(np.array([500.0, 375]), 0) - view.to_plane(np.array([500.0, 375]), 0))) < 0.05
    x, y = (round(v) for v in view.to_photo(np.array(MARKERS[0].centre_mm), 0.0))
    pixels[y - 60 : y + 60, x - 60 : x + 60] = 128
    plane, gate = locate_plane(dataclasses.replace(shot, photo=DeviceRGB(pixels)), RIG, lens())
    assert plane is None
    assert not gate.ok
    assert "1 of 4" in gate.reason
    assert "size" in gate.blocks


def test_a_marker_that_moved_is_left_out_and_two_that_moved_are_refused(bench: tuple[Shot, CameraPlane]) -> None:
    shot, view = bench

    def moved(count: int) -> Rig:
        shifted = [
            m.model_copy(update={"centre_mm": (m.centre_mm[0] + 0.7 * (i + 1), m.centre_mm[1] - 0.5)})
            if i < count
            else m
            for i, m in enumerate(MARKERS)
        ]
        return RIG.model_copy(update={"markers": tuple(shifted)})

    plane, gate = locate_plane(shot, moved(1), lens())
    assert gate.ok
    assert plane is not None
    assert np.hypot(*(plane.to_plane(np.array([500.0, 375]), 0) - view.to_plane(np.array([500.0, 375]), 0))) < 0.02
    plane, gate = locate_plane(shot, moved(2), lens())
    assert plane is None
    assert "moved" in gate.reason


def test_a_camera_knocked_out_of_its_distance_and_another_size_are_refused(bench: tuple[Shot, CameraPlane]) -> None:
    shot, _ = bench
    far = RIG.model_copy(update={"camera": CameraSpec(width=W, height=H, distance_mm=240.0)})
    plane, gate = locate_plane(shot, far, lens())
    assert plane is None
    assert "240 mm" in gate.reason
    small = dataclasses.replace(shot, photo=DeviceRGB(shot.photo.pixels[:500].copy()))
    plane, gate = locate_plane(small, RIG, lens())
    assert plane is None
    assert "1000 x 750" in gate.reason


def test_a_card_without_a_place_gives_no_plane() -> None:
    from station.calibrate.card import load_cards

    with pytest.raises(ValueError, match="pitch"):
        plane_from_card(CardReading(found=False, usable=False, reason="x"), load_cards(None)[0])


# --- the lens ---------------------------------------------------------------------------------------------------------


def test_tilted_views_give_the_lens(boards: list[Shot]) -> None:
    found = calibrate_lens(boards, RIG, made_at=NOW)
    assert found.images == 5
    assert found.rms_px < 0.15
    assert "tilted" in found.method
    assert found.camera_matrix[0, 0] == pytest.approx(4560, rel=0.01)
    assert found.u_scale < 2e-3
    assert (found.expires_at - NOW).days == 180
    _same_field(found)


def test_the_same_views_give_the_same_lens_to_the_last_bit(boards: list[Shot]) -> None:
    threads = cv2.getNumThreads()
    found = [calibrate_lens(boards, RIG, made_at=NOW) for _ in range(4)]
    assert len({repr(f.as_dict()) for f in found}) == 1
    assert cv2.getNumThreads() == threads


def test_one_view_leaves_the_focal_length_to_the_rig(boards: list[Shot]) -> None:
    found = calibrate_lens(boards[:1], RIG, made_at=NOW)
    assert "rig" in found.method
    assert found.camera_matrix[0, 0] == pytest.approx(4560, rel=0.02)
    _same_field(found)


def _same_field(found: LensCalibration) -> None:
    """The lens with the markers reads the bench within 5 um over the part's place."""
    view = camera()
    plane, gate = locate_plane(photograph(marker_texture(), view), RIG, found)
    assert gate.ok, gate.reason
    assert plane is not None
    px = np.array([[250.0, 180.0], [750, 180], [750, 570], [250, 570]])
    for height in (0.0, 1.6):
        side = np.diff(plane.to_plane(px, height), axis=0)
        truth = np.diff(view.to_plane(px, height), axis=0)
        assert np.abs(np.hypot(*side.T) - np.hypot(*truth.T)).max() < 0.012


def test_boards_of_the_older_pattern_are_read() -> None:
    even = Board(squares=(11, 8), square_mm=5.0, marker_mm=3.6, dictionary="DICT_5X5_100")
    rig = RIG.model_copy(update={"board": even})
    shot = photograph(board_texture(even, legacy=True), camera(12, 3, 5))
    assert calibrate_lens([shot], rig, made_at=NOW).rms_px < 0.3


def test_what_is_no_board_is_refused(boards: list[Shot], bench: tuple[Shot, CameraPlane]) -> None:
    with pytest.raises(CalibrationError, match="no picture"):
        calibrate_lens([], RIG, made_at=NOW)
    with pytest.raises(CalibrationError, match="not seen"):
        calibrate_lens([bench[0]], RIG, made_at=NOW)
    with pytest.raises(CalibrationError, match=r"no board|\[board\]"):
        calibrate_lens(boards, RIG.model_copy(update={"board": None}), made_at=NOW)
    other = dataclasses.replace(boards[0], photo=DeviceRGB(boards[0].photo.pixels[:600].copy()))
    with pytest.raises(CalibrationError, match="1000 x 750"):
        calibrate_lens([other], RIG, made_at=NOW)
    wrong = Board(squares=(12, 9), square_mm=5.0, marker_mm=3.6, dictionary="DICT_6X6_100")
    with pytest.raises(CalibrationError, match="not seen"):
        calibrate_lens(boards[:1], RIG.model_copy(update={"board": wrong}), made_at=NOW)


def test_a_calibration_survives_its_json_form(boards: list[Shot]) -> None:
    found = calibrate_lens(boards[:1], RIG, made_at=NOW)
    again = LensCalibration.from_dict(found.as_dict())
    np.testing.assert_array_equal(found.camera_matrix, again.camera_matrix)
    assert again.expires_at == found.expires_at


def test_a_board_on_a_spacer_gives_the_focal_length() -> None:
    texture, low = board_texture(), camera(0, 0, 7)
    high = dataclasses.replace(low, translation_mm=low.translation_mm - 12.0 * low.rotation[:, 2])
    shots = [photograph(texture, v, seed=i) for i, v in enumerate([low, high])]
    rig = RIG.model_copy(
        update={"camera": CameraSpec(width=W, height=H, distance_mm=285.0)}
    )  # the tape was read wrongly
    found = calibrate_lens(shots[:1], rig, made_at=NOW, raised=shots[1:], spacer=Spacer(12.0))
    assert "spacer of 12 mm" in found.method
    assert found.spreads is not None
    assert found.spreads[0] < 0.01 * 4560
    assert abs(found.camera_matrix[0, 0] - 4560) < 3 * found.spreads[0]
    assert found.images == 2
    _same_field(found)


def test_a_picture_of_the_bench_tells_where_the_camera_stood(
    boards: list[Shot], bench: tuple[Shot, CameraPlane]
) -> None:
    shot, view = bench
    found = calibrate_lens([*boards, shot], RIG, made_at=NOW)
    assert found.images == 5
    assert found.pose is not None
    np.testing.assert_allclose(found.pose[1], view.translation_mm, atol=1.0)
    plane, gate = locate_plane(shot, RIG, found)
    assert plane is not None
    assert (gate.ok, gate.reason) == (True, "")
    knocked = photograph(marker_texture(), camera(1.8, -0.7, 0.5, (3.0, -0.4)))
    plane, gate = locate_plane(knocked, RIG, found)
    assert plane is not None
    assert gate.ok
    assert "make up for it" in gate.reason
    farther = photograph(marker_texture(), camera(distance=320.0))
    plane, gate = locate_plane(farther, RIG, found)
    assert plane is None
    assert "its distance by +6%" in gate.reason
