"""The lens's adjustment: its derivatives, its agreement with OpenCV, and whether its covariance is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from station.calibrate.lens import MeasuredBoard, Spacer, calibrate_lens
from station.calibrate.lens_fit import LENS, View, _Bundle, fit_lens, project, turn
from station.calibrate.markers import BenchMarker, marker_corners
from station.calibrate.orientation import lens_for
from station.calibrate.plane import (
    MAX_TURN_DEG,
    U_MARKERS,
    U_PRINTED,
    Pose,
    _knocked,
    plane_from_card,
    reference,
    solve_pose,
)
from station.errors import CalibrationError
from station.values.bench import Board, CameraSpec, LensCalibration, Marker, Mat, Rig
from station.values.colour import DeviceRGB
from station.values.geometry import CameraPlane, FlatPlane
from station.values.line import CardReading, Shot

NOW = datetime(2026, 5, 10, tzinfo=UTC)
SIZE = (2000, 1500)
NOISE = 0.033
LENS_TRUE = np.array([7500.0, 1006.0, 744.0, -0.2, 0.1, 0.0, 0.0])
CORNERS = np.stack(np.meshgrid(np.arange(11) * 5.0 - 25, np.arange(8) * 5.0 - 17.5), axis=-1).reshape(-1, 2)
ROTATION, TRANSLATION = turn(np.array([0.02, -0.015, 0.03])), np.array([0.5, -1.0, 250.0])
BOARD = Board(squares=(12, 9), square_mm=5.0, marker_mm=3.6, dictionary="DICT_5X5_100")
MARKERS = tuple(
    Marker(dictionary="DICT_4X4_50", id=i, centre_mm=at, side_mm=5.0)
    for i, at in enumerate([(-29.0, -21.0), (29.0, -21.0), (29.0, 21.0), (-29.0, 21.0)])
)
RIG = Rig(name="b", camera=CameraSpec(width=2000, height=1500, distance_mm=250.0), markers=MARKERS, board=BOARD)


def seen(mm: np.ndarray, rotation: np.ndarray, translation: np.ndarray, lens: np.ndarray = LENS_TRUE) -> np.ndarray:
    return project(lens, rotation, translation, np.pad(mm, ((0, 0), (0, 1))))[0]


def view(rng: np.random.Generator, rotation: np.ndarray, translation: np.ndarray) -> View:
    px = seen(CORNERS, rotation, translation)
    return View(CORNERS, px + rng.normal(0, NOISE, px.shape))


def tilted(rng: np.random.Generator, count: int) -> list[View]:
    turns = [turn(np.radians([*rng.uniform(-22, 22, 2), rng.uniform(-20, 20)])) for _ in range(count)]
    return [view(rng, r, np.array([0.0, 0.0, 250.0])) for r in turns]


def raised(rng: np.random.Generator, height: float) -> View:
    lying = ROTATION @ turn(np.array([0, 0, 0.1]))
    return view(rng, lying, TRANSLATION + ROTATION @ np.array([1.5, -2.0, -height]))


def made(covariance: np.ndarray | None, lens: np.ndarray = LENS_TRUE) -> LensCalibration:
    f, cx, cy = lens[:3]
    matrix = np.array([[f, 0, cx], [0, f, cy], [0, 0, 1.0]])
    return LensCalibration("b", matrix, np.append(lens[3:], 0.0), 0.05, 1e-4, 5, NOW, NOW, "", covariance=covariance)


@pytest.mark.parametrize("spacer", [False, True])
def test_the_derivatives_are_those_of_the_prediction(spacer: bool) -> None:
    rng = np.random.default_rng(3)
    views = [view(rng, ROTATION, TRANSLATION), *tilted(rng, 2)]
    if spacer:
        lying = np.array([[0, 0, 0], [0.3, 4, -3], [0.1, 1, 2.0]])
        bundle = _Bundle(views, 1, LENS_TRUE, 5.0, [[ROTATION, TRANSLATION, lying]])
    else:
        bundle = _Bundle(views, 0, LENS_TRUE, 0.0, [[ROTATION, TRANSLATION]] * 3)
    derivatives = bundle.rows()[1]
    for k in range(bundle.size):
        if spacer and LENS + 7 <= k < LENS + 10:
            assert not derivatives[:, k].any()  # the first view says where the bench lies
            continue
        step = 1e-6 * np.eye(bundle.size)[k]
        numeric = (bundle.moved(-step).rows()[0] - bundle.moved(step).rows()[0]) / 2e-6
        np.testing.assert_allclose(derivatives[:, k], numeric, atol=2e-5 * max(1.0, np.abs(numeric).max()))


def test_tilted_views_give_what_opencv_gives() -> None:
    views = [view(np.random.default_rng(1), ROTATION, TRANSLATION), *tilted(np.random.default_rng(2), 7)]
    ours = fit_lens(views, SIZE, 7400.0, u_focal=0.5)
    flags = cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_ASPECT_RATIO | cv2.CALIB_FIX_K3 | cv2.CALIB_ZERO_TANGENT_DIST
    points = [np.pad(v.board_mm, ((0, 0), (0, 1))).astype(np.float32) for v in views]
    pixels = [v.pixels.astype(np.float32) for v in views]
    start = np.array([[7400.0, 0, 999.5], [0, 7400, 749.5], [0, 0, 1]])
    rms, matrix, distortion, _, _, spread, _, _ = cv2.calibrateCameraExtended(
        points, pixels, SIZE, start, np.zeros(5), flags=flags
    )
    theirs = np.array([matrix[0, 0], matrix[0, 2], matrix[1, 2], *np.ravel(distortion)[:2]])
    u = np.sqrt(np.diag(ours.covariance))[:5]
    assert np.all(np.abs(ours.parameters[:5] - theirs) < 1.0 * u)  # OpenCV holds p1 and p2, we nearly do
    assert ours.rms_px == pytest.approx(rms, rel=0.02)
    assert u[0] == pytest.approx(np.ravel(spread)[1], rel=0.25)  # it puts a shared focal length's under fy
    assert u[3] == pytest.approx(np.ravel(spread)[4], rel=0.25)


def test_the_covariance_is_as_large_as_the_errors() -> None:
    ways = {"tilted": [], "spacer": []}
    for seed in range(25):
        rng = np.random.default_rng(seed)
        flat = view(rng, ROTATION, TRANSLATION)
        fits = {
            "tilted": fit_lens([flat, *tilted(rng, 4)], SIZE, 7600.0, u_focal=0.5),
            "spacer": fit_lens(
                [flat], SIZE, 7600.0, u_focal=0.5, raised=[raised(rng, 5 + rng.normal(0, 0.01))], spacer_mm=(5.0, 0.01)
            ),
        }
        for name, fit in fits.items():
            ways[name].append((fit.parameters - LENS_TRUE)[:4] / np.sqrt(np.diag(fit.covariance))[:4])
    for name, off in ways.items():
        rms = np.sqrt(np.mean(np.square(off), axis=0))
        assert np.all((rms > 0.6) & (rms < 1.45)), (name, rms)


def test_one_flat_view_leaves_the_focal_length_where_it_was_known_to_be() -> None:
    fit = fit_lens([view(np.random.default_rng(4), ROTATION, TRANSLATION)], SIZE, 7650.0, u_focal=0.02)
    assert fit.focal_spread == pytest.approx(0.02, rel=0.1)
    assert abs(fit.parameters[3] - LENS_TRUE[3]) < 3 * np.sqrt(fit.covariance[3, 3])


def test_a_spacer_of_another_height_gives_another_focal_length() -> None:
    rng = np.random.default_rng(5)
    flat, high = view(rng, ROTATION, TRANSLATION), raised(rng, 5.0)
    right = fit_lens([flat], SIZE, 7650.0, u_focal=0.5, raised=[high], spacer_mm=(5.0, 0.01))
    wrong = fit_lens([flat], SIZE, 7650.0, u_focal=0.5, raised=[high], spacer_mm=(5.5, 0.01))
    assert right.parameters[0] == pytest.approx(7500, rel=3 * right.focal_spread)
    assert wrong.parameters[0] / right.parameters[0] == pytest.approx(1.1, abs=0.01)


def test_row_wise_errors_count_as_fewer_corners() -> None:
    rng = np.random.default_rng(6)
    flat = view(rng, ROTATION, TRANSLATION)
    banded = flat.pixels + np.stack([np.zeros(88), np.repeat(rng.normal(0, 0.1, 8), 11)], axis=-1)
    plain = fit_lens([flat], SIZE, 7500.0, u_focal=0.02)
    bands = fit_lens([replace(flat, pixels=banded)], SIZE, 7500.0, u_focal=0.02)
    assert bands.noise_px / bands.rms_px > 1.3 * plain.noise_px / plain.rms_px


# --- one photo --------------------------------------------------------------------------------------------------------


def corners_of(rotation: np.ndarray, translation: np.ndarray, rng: np.random.Generator) -> tuple[BenchMarker, ...]:
    found = []
    for m in MARKERS:
        mm = marker_corners(m)
        px = seen(mm, rotation, translation)
        found.append(BenchMarker(m.id, mm, px + rng.normal(0, NOISE, px.shape)))
    return tuple(found)


def plane_of(pose: Pose, lens: LensCalibration) -> CameraPlane:
    return CameraPlane(
        lens.camera_matrix, lens.distortion, pose.rotation, pose.translation, 0.0, covariance=pose.covariance
    )


@pytest.mark.parametrize("height", [0.0, 3.0])
def test_the_stated_uncertainty_of_a_length_covers_its_error(height: float) -> None:
    """Lens drawn from its covariance, markers with noise: errors over stated standard uncertainty are about 1."""
    spread = np.diag(np.array([40.0, 4.0, 4.0, 0.02, 0.3, 1e-5, 1e-5]) ** 2)
    rng = np.random.default_rng(8)
    truth = CameraPlane(made(None).camera_matrix, made(None).distortion, ROTATION, TRANSLATION, 0.0)
    at, ratios = np.array([8.0, -4.0]), []
    for _ in range(200):
        lens = made(spread, LENS_TRUE + rng.multivariate_normal(np.zeros(7), spread))
        pose = solve_pose(corners_of(ROTATION, TRANSLATION, rng), lens, RIG)
        assert pose is not None
        plane = plane_of(pose, lens)
        a = rng.uniform(0, np.pi)
        ends = at + 15 * np.array([[np.cos(a), np.sin(a)], [-np.cos(a), -np.sin(a)]])
        p, q = plane.to_plane(truth.to_photo(ends, height), height)
        ratios.append((float(np.hypot(*(p - q))) / 30 - 1) / plane.u_scale_at(at, height))
    assert 0.75 < float(np.sqrt(np.mean(np.square(ratios)))) < 1.25


def test_the_focal_length_is_felt_at_the_parts_height() -> None:
    spread = np.zeros((7, 7))
    spread[0, 0] = (0.02 * 7500) ** 2
    # of a tilted or a distorted camera a part of it is felt on the bench too
    plain, straight = LENS_TRUE * (1, 1, 1, 0, 0, 0, 0), np.array([0.0, 0.0, 250.0])
    markers = tuple(
        BenchMarker(m.id, marker_corners(m), seen(marker_corners(m), np.eye(3), straight, plain)) for m in MARKERS
    )
    pose = solve_pose(markers, made(spread, plain), RIG)
    assert pose is not None
    plane = plane_of(pose, made(spread, plain))
    low, high = plane.u_scale_at(np.zeros(2), 0.0), plane.u_scale_at(np.zeros(2), 3.0)
    assert np.sqrt(high**2 - low**2) == pytest.approx(0.02 * 3 / 250, rel=0.1)  # similar triangles
    assert plane.height_gain(3.0) == pytest.approx(1 / 247, rel=2e-3)


def test_a_length_changes_with_height_as_the_gain_says() -> None:
    truth = CameraPlane(made(None).camera_matrix, made(None).distortion, np.eye(3), TRANSLATION, 0.0)
    px = truth.to_photo(np.array([[-10.0, 0], [10, 0]]), 2.0)

    def length(height: float) -> float:
        p, q = truth.to_plane(px, height)
        return float(np.hypot(*(p - q)))

    assert (length(2.0) - length(2.01)) / 20 / 0.01 == pytest.approx(truth.height_gain(2.0), rel=1e-3)


@pytest.mark.parametrize(
    ("moved", "turned", "refused", "said"),
    [
        ((0.2, 0.1, 0.3), 0.1, False, ""),
        ((6.0, 2.0, 3.0), 0.2, False, "moved by"),
        ((0.0, 0.0, 0.0), 2.0, False, "2.0 degrees since the lens was calibrated; the bench markers make up"),
        ((0.0, 0.0, 18.0), 0.0, True, "its distance by +7%"),
        ((0.0, 0.0, -18.0), 0.0, True, "refocused"),
        ((0.0, 0.0, 0.0), MAX_TURN_DEG + 2, True, "12.0 degrees"),
    ],
)
def test_a_knocked_camera_is_noticed(
    moved: tuple[float, float, float], turned: float, refused: bool, said: str
) -> None:
    lens = replace(made(None), pose=(ROTATION, TRANSLATION))
    rotation = turn(np.radians([turned, 0, 0])) @ ROTATION
    pupil = -ROTATION.T @ TRANSLATION + np.array([moved[0], moved[1], -moved[2]])
    plane = CameraPlane(lens.camera_matrix, lens.distortion, rotation, -rotation @ pupil, 0.0)
    refusal, remark = _knocked(plane, lens)
    assert bool(refusal) is refused
    assert (said in (refusal or remark)) if said else not (refusal or remark)
    assert _knocked(plane, replace(lens, pose=None)) == ("", "")


def test_a_picture_turned_by_its_flag_carries_pose_and_covariance_along() -> None:
    spread = np.diag([40.0, 4.0, 5.0, 0.02, 0.3, 1e-4, 1e-4]) ** 2
    spread[1, 5] = spread[5, 1] = 1e-5
    lens = replace(made(spread), pose=(ROTATION, TRANSLATION))
    blank = DeviceRGB(np.zeros((1500, 2000, 3), dtype=np.uint8))
    turned = lens_for(Shot(blank, "0" * 64, "x", orientation=3), lens)
    assert turned.pose is not None
    px = seen(CORNERS, ROTATION, TRANSLATION)
    again = project(turned.parameters, *turned.pose, np.pad(CORNERS, ((0, 0), (0, 1))))[0]
    np.testing.assert_allclose(again, np.array(SIZE) - 1 - px, atol=1e-6)
    assert turned.covariance is not None
    assert turned.covariance[1, 5] == spread[1, 5]


# --- what the bench is marked with ------------------------------------------------------------------------------------


def test_what_is_known_of_the_mat_decides_over_its_uncertainty() -> None:
    measured = replace(made(None), print_scale=0.9985, u_print=4e-4)
    assert reference(RIG, measured) == (1.0, U_MARKERS)
    printed = RIG.model_copy(update={"mat": Mat(made="printed")})
    assert reference(printed, made(None)) == (1.0, U_PRINTED)
    assert reference(printed, measured) == (0.9985, 4e-4)
    certified = RIG.model_copy(update={"mat": Mat(made="certified", u_percent=0.005)})
    assert reference(certified, measured) == (1.0, pytest.approx(5e-5))
    with pytest.raises(ValueError, match="u_percent"):
        Mat(made="certified")
    assert RIG.digest != printed.digest
    assert RIG.digest == Rig.model_validate(RIG.model_dump(exclude={"mat"})).digest


def test_a_measured_print_moves_the_markers_with_it() -> None:
    printed = RIG.model_copy(update={"mat": Mat(made="printed")})
    lens = replace(made(None), print_scale=0.998, u_print=4e-4)
    found = corners_of(ROTATION, TRANSLATION, np.random.default_rng(0))
    plain, scaled = solve_pose(found, lens, RIG), solve_pose(found, lens, printed)
    assert plain is not None
    assert scaled is not None
    ends = seen(np.array([[-10.0, 0], [10, 0]]), ROTATION, TRANSLATION)
    lengths = [float(np.hypot(*np.diff(plane_of(p, lens).to_plane(ends, 0.0), axis=0)[0])) for p in (plain, scaled)]
    assert lengths[1] / lengths[0] == pytest.approx(0.998, abs=1e-5)


def test_a_measured_board_has_a_scale_with_its_uncertainty() -> None:
    measured = MeasuredBoard(59.91, 12)
    assert measured.scale(BOARD) == pytest.approx(0.9985)
    assert measured.u_scale == pytest.approx(np.hypot(0.03 / 59.91, 2e-4))
    with pytest.raises(CalibrationError, match="57 mm were measured") as refused:
        MeasuredBoard(57.0, 12).scale(BOARD)
    assert "100 %" in refused.value.do
    with pytest.raises(CalibrationError, match="not 13 in a row"):
        MeasuredBoard(65.0, 13).scale(BOARD)


def test_a_spacer_and_its_pictures_belong_together() -> None:
    shot = Shot(DeviceRGB(np.zeros((1500, 2000, 3), dtype=np.uint8)), "0" * 64, "x")
    with pytest.raises(CalibrationError, match="belong together"):
        calibrate_lens([shot], RIG, made_at=NOW, spacer=Spacer(5.0))
    with pytest.raises(CalibrationError, match="does not go under"):
        calibrate_lens([shot], RIG, made_at=NOW, spacer=Spacer(200.0), raised=[shot])


def test_all_that_is_known_of_a_lens_survives_its_json_form() -> None:
    lens = replace(made(np.eye(7)), pose=(ROTATION, TRANSLATION), print_scale=0.999, u_print=3e-4)
    again = LensCalibration.from_dict(lens.as_dict())
    assert again.as_dict() == lens.as_dict()
    assert again.pose is not None
    np.testing.assert_array_equal(again.pose[0], ROTATION)
    assert not {"covariance", "pose", "u_print"} & set(made(None).as_dict())  # as earlier versions wrote them


# --- a card instead of a rig ------------------------------------------------------------------------------------------


def test_a_card_reads_a_higher_part_smaller_with_the_larger_uncertainty() -> None:
    from station.calibrate.card import load_cards

    card = load_cards(None)[0].model_copy(update={"pitch_mm": 10.0, "height_mm": 0.8})
    reading = CardReading(found=True, usable=True, reason="", homography=np.diag([20.0, 20.0, 1.0]))
    plane = plane_from_card(reading, card)
    px = np.array([[0.0, 0.0], [600.0, 0.0]])  # 30 mm in the plane of the card's face

    def length(height: float, by: FlatPlane = plane) -> float:
        p, q = by.to_plane(px, height)
        return float(np.hypot(*(p - q)))

    assert length(0.8) == pytest.approx(30.0)
    for distance in (150.0, 250.0, 500.0):  # wherever the camera was, the truth is within three standard uncertainties
        true = 30.0 * (distance - 3.0) / (distance - 0.8)
        assert abs(length(3.0) - true) < 3 * 30 * plane.u_scale_at(np.zeros(2), 3.0)
    assert 2 * 30 * plane.u_scale_at(np.zeros(2), 0.8) == pytest.approx(0.17, abs=0.005)
    known = plane_from_card(reading, card, 250.0)
    assert length(3.0, known) == pytest.approx(30.0 * 247 / 249.2, abs=0.002)
    assert known.u_scale_at(np.zeros(2), 3.0) < plane.u_scale_at(np.zeros(2), 3.0)
    np.testing.assert_allclose(plane.to_photo(plane.to_plane(px, 3.0), 3.0), px, atol=1e-9)
