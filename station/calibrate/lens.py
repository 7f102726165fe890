"""Lens and millimetres: rig files, ChArUco boards to a lens, bench markers or a card to a plane."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from station.calibrate.card import first_complaint
from station.calibrate.markers import BenchMarker, find_markers, grey_8_bit, known_dictionary
from station.errors import CalibrationError, RigError
from station.values.bench import Board, CardReference, LensCalibration, Rig
from station.values.geometry import CameraPlane, FlatPlane
from station.values.line import SCALED, CardReading, Gate, Shot

Float = NDArray[np.float64]

MIN_BOARD_CORNERS = 12
MAX_BOARD_RMS_PX = 1.5
"""Reprojection residual above which the views do not belong to one rigid, flat board of the rig's measures."""
MAX_FOCAL_SPREAD = 0.01
"""Relative standard deviation of the focal length above which the views do not determine it."""
MAX_MARKER_RMS_PX = 0.6
"""Residual of the bench markers above which the camera, the rig file or a marker has moved."""
MAX_DISTANCE_OFF = 0.15
"""Part by which the camera's distance may differ from the rig's nominal one."""
CARD_U_SCALE = 0.003
"""Relative standard uncertainty of a length scaled by a card in the picture: print, edges, a millimetre of height."""
U_MARKERS = 2e-4
"""Relative standard uncertainty of the distances between the markers as the rig file states them: 10 um over 50 mm."""
_PART_HEIGHT_MM = 3.0  # a tall part: what an error of the focal length is weighed with


def load_rig(path: Path | str) -> Rig:
    """A rig from its TOML. Raises RigError: unreadable, not TOML, an unknown key, a wrong type, impossible geometry."""
    path = Path(path)
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        rig = Rig.model_validate(data)
    except OSError as error:
        raise RigError(
            f"the rig file {path} cannot be read: {error.strerror}", "Give the path of a rig TOML."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RigError(f"{path.name} is not TOML: {error}", "Correct the file.") from None
    except ValidationError as error:
        raise RigError(f"{path.name}: {first_complaint(error)}", "Correct the key in the rig file.") from None
    _check(rig, path.name)
    return rig


def _check(rig: Rig, source: str) -> None:
    seen: set[tuple[str, int]] = set()
    for i, marker in enumerate(rig.markers):
        dictionary = known_dictionary(marker.dictionary)
        if not dictionary:
            raise RigError(
                f"{source}: markers.{i}.dictionary {marker.dictionary!r} is no ArUco dictionary",
                "Use a name such as DICT_4X4_50.",
            )
        if marker.id >= len(dictionary.bytesList):
            raise RigError(
                f"{source}: {marker.dictionary} has no marker {marker.id}",
                f"Its ids run from 0 to {len(dictionary.bytesList) - 1}.",
            )
        if (marker.dictionary, marker.id) in seen:
            raise RigError(f"{source}: marker {marker.id} is listed twice", "Give every marker its own id.")
        seen.add((marker.dictionary, marker.id))
    if rig.board is not None:
        board = rig.board
        if min(board.squares) < 3 or board.marker_mm >= board.square_mm:
            raise RigError(
                f"{source}: board needs at least 3 x 3 squares and marker_mm below square_mm", "Correct the board."
            )
        dictionary = known_dictionary(board.dictionary)
        if not dictionary:
            raise RigError(
                f"{source}: board.dictionary {board.dictionary!r} is no ArUco dictionary",
                "Use a name such as DICT_5X5_100.",
            )
        if board.squares[0] * board.squares[1] // 2 > len(dictionary.bytesList):
            raise RigError(
                f"{source}: a board of {board.squares[0]} x {board.squares[1]} squares needs more markers than "
                f"{board.dictionary} has",
                "Correct the squares, or name a larger dictionary.",
            )


def size_of(shots: Sequence[Shot], rig: Rig) -> tuple[int, int]:
    """(width, height) px of the rig's photos. Raises CalibrationError for a shot of another size."""
    size = (rig.camera.width, rig.camera.height)
    for shot in shots:
        if shot.size != size:
            raise CalibrationError(
                f"{shot.name} is {shot.size[0]} x {shot.size[1]} px, rig {rig.name!r} photographs "
                f"{size[0]} x {size[1]} px",
                "Use pictures of this rig's camera at its full size.",
            )
    return size


def calibrate_lens(shots: Sequence[Shot], rig: Rig, *, made_at: datetime, valid_days: int = 180) -> LensCalibration:
    """The lens from pictures of the rig's ChArUco board.

    Several tilted views give focal length, principal point and distortion; views that do not determine the focal
    length leave it at the rig's distance times the pixels a millimetre, and give the radial distortion.

    Raises
    ------
    CalibrationError
        The rig has no board, there is no picture, a picture has another size than the rig's or another orientation
        than the others, too few corners are seen, or the corners do not fit the board.
    """
    if rig.board is None:
        raise CalibrationError(f"rig {rig.name!r} has no board", "Add a [board] to the rig file.")
    if not shots:
        raise CalibrationError("there is no picture of the board", "Hand in at least one picture of the board.")
    size = size_of(shots, rig)
    if len({shot.orientation for shot in shots}) > 1:
        raise CalibrationError(
            "the camera turned some pictures of the board and others not",
            "Switch off its automatic rotation, and take the pictures again.",
        )
    views = [v for v in (_find_board(shot, rig.board) for shot in shots) if v is not None]
    if not views:
        raise CalibrationError(
            f"the board is not seen in any of {len(shots)} pictures: fewer than {MIN_BOARD_CORNERS} corners each",
            "Check the [board] of the rig against the printed board, and that it is sharp and fills the picture.",
        )
    density = float(np.median([_pixels_a_mm(v) for v in views]))
    focal = rig.camera.distance_mm * density
    full = _solve(views, size, focal, free_focal=True) if len(views) >= 3 else None
    if full is not None and full.focal_spread <= MAX_FOCAL_SPREAD and 0.5 < full.matrix[0, 0] / focal < 2.0:
        fit, method = full, "ChArUco, tilted views: focal length, principal point, k1, k2"
    else:
        fit, method = _solve(views, size, focal, free_focal=False), "ChArUco, focal length from the rig: k1"
    if fit.rms > MAX_BOARD_RMS_PX:
        raise CalibrationError(
            f"the corners miss the board by {fit.rms:.2f} px: it is bent, moved in the exposure, or another board",
            "Check squares, square_mm and marker_mm of the rig, and lay the board flat.",
        )
    return LensCalibration(
        rig=rig.name,
        camera_matrix=fit.matrix,
        distortion=fit.distortion,
        rms_px=fit.rms,
        u_scale=_u_scale(fit, size, rig),
        images=len(views),
        made_at=made_at,
        expires_at=made_at + timedelta(days=valid_days),
        method=method,
        orientation=shots[0].orientation,
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """focal_spread: relative standard deviation of the focal length. k1_spread: standard deviation of k1."""

    matrix: Float
    distortion: Float
    rms: float
    focal_spread: float
    k1_spread: float


def _find_board(shot: Shot, board: Board) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Board millimetres (n, 1, 3) and photo pixels (n, 1, 2) of the corners seen, or None for too few."""
    grey = grey_8_bit(shot.photo)
    dictionary = known_dictionary(board.dictionary)
    for legacy in (False, True):
        charuco = cv2.aruco.CharucoBoard(board.squares, board.square_mm, board.marker_mm, dictionary)
        charuco.setLegacyPattern(legacy)
        corners, ids, _, _ = cv2.aruco.CharucoDetector(charuco).detectBoard(grey)
        if ids is None or len(ids) < MIN_BOARD_CORNERS:
            continue
        points, pixels = charuco.matchImagePoints(corners, ids)  # type: ignore[call-overload]
        points = np.asarray(points, dtype=np.float32).reshape(-1, 1, 3)
        if np.ptp(points[:, 0, 0]) == 0 or np.ptp(points[:, 0, 1]) == 0:
            continue
        return points, np.asarray(pixels, dtype=np.float32).reshape(-1, 1, 2)
    return None


def _pixels_a_mm(view: tuple[NDArray[np.float32], NDArray[np.float32]]) -> float:
    homography, _ = cv2.findHomography(view[0][:, 0, :2], view[1][:, 0])
    centre = view[0][:, 0, :2].mean(axis=0)
    at = cv2.perspectiveTransform(np.array([[centre, centre + (1, 0), centre + (0, 1)]], np.float64), homography)[0]
    u, v = at[1] - at[0], at[2] - at[0]
    # Tilt shortens one direction only, so the longer one is nearer to the truth.
    return float(max(np.hypot(*u), np.hypot(*v)))


def _solve(
    views: list[tuple[NDArray[np.float32], NDArray[np.float32]]],
    size: tuple[int, int],
    focal: float,
    *,
    free_focal: bool,
) -> _Fit:
    start = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1]], dtype=np.float64)
    flags = cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_ASPECT_RATIO | cv2.CALIB_FIX_K3
    flags |= cv2.CALIB_ZERO_TANGENT_DIST
    if not free_focal:
        flags |= cv2.CALIB_FIX_FOCAL_LENGTH | cv2.CALIB_FIX_PRINCIPAL_POINT | cv2.CALIB_FIX_K2
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # several add up the views in the order in which they end, which changes the last bits
    try:
        rms, matrix, distortion, _, _, spread, _, _ = cv2.calibrateCameraExtended(
            [v[0] for v in views], [v[1] for v in views], size, start, np.zeros(5), flags=flags
        )
    finally:
        cv2.setNumThreads(threads)
    spread = np.asarray(spread).ravel()
    return _Fit(
        np.asarray(matrix, dtype=np.float64),
        np.asarray(distortion, dtype=np.float64).ravel()[:5],
        float(rms),
        float(spread[0]) / float(matrix[0, 0]) if free_focal else 0.02,
        float(spread[4]),
    )


def _u_scale(fit: _Fit, size: tuple[int, int], rig: Rig) -> float:
    """What the lens leaves uncertain in a length on the bench: k1 at half the field, the focal length through the
    part's height (on the bench itself the markers fix the scale), and the residual over the field's diagonal."""
    reach = math.hypot(*size) / 4 / float(fit.matrix[0, 0])
    by_height = fit.focal_spread * _PART_HEIGHT_MM / rig.camera.distance_mm
    return math.sqrt((fit.k1_spread * reach**2) ** 2 + by_height**2 + (fit.rms / math.hypot(*size)) ** 2)


def locate_plane(shot: Shot, rig: Rig, lens: LensCalibration) -> tuple[CameraPlane | None, Gate]:
    """The camera's pose over the bench from the markers in a photo, and the gate ``scale``.

    The plane is None where the gate failed: another picture size, fewer than two markers, markers that do not fit the
    rig (camera knocked out of focus distance, marker moved, wrong rig).
    """
    size = (rig.camera.width, rig.camera.height)
    if shot.size != size:
        return None, _no_scale(
            f"the photo is {shot.size[0]} x {shot.size[1]} px, rig {rig.name!r} photographs {size[0]} x {size[1]} px"
        )
    found = find_markers(shot.photo, rig.markers)
    if len(found) < 2:
        return None, _no_scale(
            f"{len(found)} of {len(rig.markers)} bench markers are seen, two are needed: uncover them, check the rig"
        )
    used, pose = _pose(found, lens)
    if pose is None or len(used) < 2:
        return None, _no_scale("the bench markers do not fit the rig: a marker was moved or this is another bench")
    rotation, translation, rms = pose
    if rms > MAX_MARKER_RMS_PX:
        return None, _no_scale(
            f"the bench markers miss the rig by {rms:.2f} px (limit {MAX_MARKER_RMS_PX}): the photo is blurred, "
            "a marker was moved, or this is another bench"
        )
    distance = float(np.linalg.norm(translation))
    centre = -rotation.T @ translation
    off = abs(float(centre[2])) / rig.camera.distance_mm - 1
    if abs(off) > MAX_DISTANCE_OFF:
        return None, _no_scale(
            f"the camera stands {distance:.0f} mm over the bench, the rig says {rig.camera.distance_mm:.0f} mm: it was "
            "moved, or lens and rig do not belong together"
        )
    corners = np.concatenate([m.corners_px for m in used])
    span = float(np.hypot(*np.ptp(corners, axis=0)))
    u_scale = math.hypot(lens.u_scale, U_MARKERS, rms * math.sqrt(8 / len(corners)) / span)
    plane = CameraPlane(lens.camera_matrix, lens.distortion, rotation, translation, u_scale)
    return plane, Gate("scale", True)


def plane_from_card(reading: CardReading, card: CardReference) -> FlatPlane:
    """Millimetres from a card lying beside the part; its face is taken for the part's plane.

    Raises ValueError where the reading has no place or the card no pitch.
    """
    if reading.homography is None or card.pitch_mm is None:
        raise ValueError("the card gives no scale: it was not found, or its pitch is not known")
    return FlatPlane(reading.homography, CARD_U_SCALE, source="card")


def _no_scale(reason: str) -> Gate:
    return Gate("scale", False, reason, SCALED)


def _pose(
    found: tuple[BenchMarker, ...], lens: LensCalibration
) -> tuple[tuple[BenchMarker, ...], tuple[Float, Float, float] | None]:
    """Pose from the markers; with three or more, one that does not fit the others is left out."""
    pose = _solve_pose(found, lens)
    if pose is None or pose[2] <= MAX_MARKER_RMS_PX or len(found) < 3:
        return found, pose
    rest = [tuple(m for m in found if m is not left_out) for left_out in found]
    tried = [(markers, p) for markers in rest if (p := _solve_pose(markers, lens)) is not None]
    if not tried:
        return found, pose
    best = min(tried, key=lambda t: t[1][2])
    return best if best[1][2] < 0.5 * MAX_MARKER_RMS_PX else (found, pose)


def _solve_pose(found: tuple[BenchMarker, ...], lens: LensCalibration) -> tuple[Float, Float, float] | None:
    points = np.concatenate([m.corners_mm for m in found])
    pixels = np.concatenate([m.corners_px for m in found])
    points = np.concatenate([points, np.zeros((len(points), 1))], axis=1)
    count, turns, shifts, _ = cv2.solvePnPGeneric(
        points, pixels, lens.camera_matrix, lens.distortion, flags=cv2.SOLVEPNP_IPPE
    )
    best: tuple[Float, Float, float] | None = None
    for i in range(count):
        turn, shift = cv2.solvePnPRefineLM(points, pixels, lens.camera_matrix, lens.distortion, turns[i], shifts[i])
        again, _ = cv2.projectPoints(points, turn, shift, lens.camera_matrix, lens.distortion)
        rms = float(np.sqrt(np.mean(np.sum((again.reshape(-1, 2) - pixels) ** 2, axis=1))))
        rotation = np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64)
        if float(shift.ravel()[2]) > 0 and rotation[2, 2] > 0 and (best is None or rms < best[2]):
            best = (rotation, np.asarray(shift, dtype=np.float64).ravel(), rms)
    return best
