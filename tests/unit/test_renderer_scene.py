"""Where things are in a rendered photo, against OpenCV's projection; one seed, one picture."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sample_data.renderer import paint
from sample_data.renderer.bench import box_of
from sample_data.renderer.camera import Optics, look
from sample_data.renderer.scene import BoardPlacement, Shooting, render, render_board, render_grey
from station.values.geometry import CameraPlane


def test_a_pixel_looks_where_opencv_says() -> None:
    cam = look(2000, 1500, 9090.0, 300.0, tilt_deg=(2.0, -3.0), roll_deg=5.0, k1=-0.12, centre_offset_px=(8, -5))
    eye, packed = cam.centre_mm, cam.packed()
    for px in ((0.0, 0.0), (1999.0, 3.5), (1000.2, 700.9), (12.0, 1499.0)):
        d = np.array(paint.ray(packed, *px))
        for height in (0.0, 2.5):
            point = eye + d * ((-height - eye[2]) / d[2])
            assert cam.project(point[None])[0] == pytest.approx(px, abs=1e-3)


def centroid(image: NDArray[np.floating]) -> tuple[float, float]:
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
    return float((image * x).sum() / image.sum()), float((image * y).sum() / image.sum())


@pytest.mark.parametrize(("height_mm", "sub"), [(0.4, 4), (3.0, 4), (3.0, 5)])
def test_a_face_lies_where_its_height_projects_it(height_mm: float, sub: int) -> None:
    cam = look(2000, 1500, 9090.0, 300.0, tilt_deg=(0.8, -0.6), roll_deg=0.3, k1=-0.06)
    x_mm, y_mm, radius, pitch = -11.3, 6.2, 3.0, 0.01
    turn = np.linspace(0, 2 * np.pi, 3601)[:-1]
    rim = np.stack([x_mm + radius * np.cos(turn), y_mm + radius * np.sin(turn), 0 * turn - height_mm], axis=-1)
    outline = cam.project(rim)
    (ax, ay), (bx, by) = (
        outline.T - outline.mean(axis=0)[:, None],
        np.roll(outline - outline.mean(axis=0), -1, axis=0).T,
    )
    cross = ax * by - bx * ay
    wanted = outline.mean(axis=0) + np.array([((ax + bx) * cross).sum(), ((ay + by) * cross).sum()]) / cross.sum() / 3
    n = 2 * round((radius + 0.3) / pitch) + 1
    y, x = (np.mgrid[0:n, 0:n] - n // 2) * pitch
    coverage = np.clip((radius - np.hypot(x, y)) / pitch + 0.5, 0, 1).astype(np.float32)
    image = np.zeros((cam.height, cam.width, 3), dtype=np.float32)
    labels, owner = np.zeros(image.shape[:2], dtype=np.uint8), np.zeros(image.shape[:2], dtype=np.uint8)
    paint.paint_part(
        image,
        labels,
        owner,
        1,
        box_of(outline, cam.width, cam.height),
        cam.packed(),
        cam.centre_mm,
        np.array([x_mm, y_mm, 0.4]),
        np.full((n, n), height_mm, dtype=np.float32),
        coverage,
        np.full((n, n), 7, dtype=np.uint8),
        np.ones((n, n, 3), dtype=np.float32),
        np.zeros((8, 3), dtype=np.float32),
        pitch,
        np.array([n // 2, n // 2], dtype=np.float64),
        height_mm,
        height_mm - 0.005,  # a thin plate in the air: no side wall
        sub,
    )
    assert centroid(image[..., 0].astype(np.float64)) == pytest.approx(wanted, abs=1e-3)
    assert image[..., 0].sum() == pytest.approx(abs(cross.sum()) / 2, rel=1e-4)
    assert centroid((labels == 7).astype(float)) == pytest.approx(wanted, abs=0.03)
    assert (owner == 1).sum() == pytest.approx(abs(cross.sum()) / 2, rel=2e-3)


def test_charuco_corners_of_a_tilted_board_lie_on_their_projection() -> None:
    shot = render_board(BoardPlacement(1.0, -1.0, 8.0, (9.0, -7.0), 4.0), Shooting(seed=8, scale=0.5))
    board = cv2.aruco.CharucoBoard((12, 9), 5.0, 3.6, cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_100))
    grey = cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    corners, ids, _, _ = cv2.aruco.CharucoDetector(board).detectBoard(grey)
    assert ids is not None
    assert len(ids) >= 60
    points, px = board.matchImagePoints(corners, ids)
    away = px.reshape(-1, 2) - shot.camera.project(points.reshape(-1, 3))
    assert np.sqrt((away**2).sum(axis=1).mean()) < 0.12
    assert np.abs(away.mean(axis=0)).max() < 0.03


def test_markers_are_found_where_they_lie_and_truth_fits_the_station_s_map() -> None:
    shot = render([], Shooting(seed=4, scale=0.5))
    grey = cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    found, ids, _ = cv2.aruco.ArucoDetector(dictionary, parameters).detectMarkers(grey)
    assert sorted(ids.ravel().tolist()) == [0, 1, 2, 3]
    for square, number in zip(found, ids.ravel(), strict=True):
        away = square[0] - shot.markers_px[int(number)]
        assert np.abs(away).max() < 0.6  # OpenCV draws blurred convex corners inwards
        assert np.abs(away.mean(axis=0)).max() < 0.1  # which the mean of the four does not show
    cam = shot.camera
    plane = CameraPlane(cam.matrix, cam.distortion, cam.rotation, cam.translation_mm, 0.0)
    mm = np.array([[-20.0, 11.0], [7.0, -13.0]])
    ours = cam.project(np.pad(mm, ((0, 0), (0, 1)), constant_values=-1.7))
    assert plane.to_photo(mm, 1.7) == pytest.approx(ours, abs=1e-6)


def test_patches_lie_round_their_centres() -> None:
    shot = render([], Shooting(seed=4, scale=0.25, subsamples=3))
    assert shot.card_centres_px is not None
    for patch, (x, y) in enumerate(shot.card_centres_px, start=1):
        assert centroid((shot.card_labels == patch).astype(float)) == pytest.approx((x, y), abs=0.5)


def test_one_seed_one_picture_with_its_header() -> None:
    first, again, other = (render([], Shooting(seed=s, scale=0.2, ruler=False)) for s in (5, 5, 6))
    assert first.jpeg == again.jpeg
    assert first.jpeg != other.jpeg
    header = Image.open(io.BytesIO(first.jpeg)).getexif()
    assert (header[0x010F], header[0x0110], header[0x0132]) == ("Benchline", "BL-3M", "2026:05:10 10:00:00")


def test_the_grey_card_shows_gradient_vignetting_and_noise() -> None:
    shot = render_grey(Shooting(seed=9, scale=0.2, gradient=(0.10, 0.0), falloff=0.0, optics=Optics(vignetting=0.0)))
    light = shot.clean.mean(axis=2)
    left, right = light[:, :20].mean(), light[:, -20:].mean()
    assert right / left == pytest.approx(1.10, abs=0.01)
    rows = shot.picture[100:140, 100:140, 1].astype(float)
    assert 0.5 < rows.std() < 6
