"""The ChArUco board in a picture."""

from __future__ import annotations

import cv2
import numpy as np

from station.calibrate.lens_fit import View
from station.calibrate.markers import grey_8_bit, known_dictionary
from station.values.bench import Board
from station.values.line import Shot

MIN_BOARD_CORNERS = 12


def find_board(shot: Shot, board: Board, *, scale: float = 1.0) -> View | None:
    """The board's corners in a picture, or None for fewer than ``MIN_BOARD_CORNERS``.

    scale : what a millimetre of the rig's board measures. Boards of OpenCV's older pattern are read too.
    """
    grey = grey_8_bit(shot.photo)
    dictionary = known_dictionary(board.dictionary)
    for legacy in (False, True):
        charuco = cv2.aruco.CharucoBoard(board.squares, board.square_mm, board.marker_mm, dictionary)
        charuco.setLegacyPattern(legacy)
        corners, ids, _, _ = cv2.aruco.CharucoDetector(charuco).detectBoard(grey)
        if ids is None or len(ids) < MIN_BOARD_CORNERS:
            continue
        points, pixels = charuco.matchImagePoints(corners, ids)  # type: ignore[call-overload]
        points = np.asarray(points, dtype=np.float64).reshape(-1, 3)[:, :2]
        if np.ptp(points[:, 0]) == 0 or np.ptp(points[:, 1]) == 0:
            continue
        return View(points * scale, np.asarray(pixels, dtype=np.float64).reshape(-1, 2))
    return None


def pixels_a_mm(view: View) -> float:
    """Pixels that a millimetre of the board spans at its middle, along the direction that tilt shortens less."""
    homography, _ = cv2.findHomography(view.board_mm, view.pixels)
    centre = view.board_mm.mean(axis=0)
    at = cv2.perspectiveTransform(np.array([[centre, centre + (1, 0), centre + (0, 1)]], np.float64), homography)[0]
    u, v = at[1] - at[0], at[2] - at[0]
    return float(max(np.hypot(*u), np.hypot(*v)))
