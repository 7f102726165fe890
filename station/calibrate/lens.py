"""Pictures of a ChArUco board to a lens: tilted views, one flat view, or flat views on the bench and on a spacer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from station.calibrate.board import MIN_BOARD_CORNERS, find_board, pixels_a_mm
from station.calibrate.lens_fit import U_DISTANCE, LensFit, View, fit_lens
from station.calibrate.markers import find_markers
from station.calibrate.plane import looking_down, solve_pose
from station.calibrate.rig import size_of
from station.errors import CalibrationError
from station.values.bench import Board, LensCalibration, Rig
from station.values.line import Shot

Float = NDArray[np.float64]

MAX_BOARD_RMS_PX = 1.5
"""Reprojection residual above which the views do not belong to one rigid, flat board of the rig's measures."""
MAX_FOCAL_SPREAD = 0.01
"""Relative standard uncertainty of the focal length above which the views alone do not determine it."""
U_SPACER_MM = 0.01
"""Standard uncertainty of a spacer's height where nothing else is said: a ground plate read with a micrometer."""
U_READING_MM = 0.03
"""Standard uncertainty of a length on paper read with a calliper: 0.02 mm of the calliper, and where a line ends."""
MAX_PRINT_OFF = 0.03
"""Relative error of a print above which a length was misread or the board was scaled to fit the page."""
FOCAL_FROM_RIG = "focal length from the rig"
"""What the method of a calibration says whose pictures do not tell the focal length."""
WORSE = 1.05
"""By how much a length's uncertainty may grow from one calibration to the next before something counts as lost.

Any five of the sample bench's six pictures: by 0.6 %; three of them: by 1.8 %; one: by 17 to 47 % at 3 mm height.
"""
_EVENNESS = 2e-4  # relative; what a printer's feed varies by from one part of the page to another


@dataclass(frozen=True, slots=True)
class Spacer:
    """What raised the board: its height in mm, and the standard uncertainty of that."""

    height_mm: float
    u_mm: float = U_SPACER_MM


@dataclass(frozen=True, slots=True)
class MeasuredBoard:
    """The board's squares as somebody measured them: ``length_mm`` over ``squares``, u_mm : standard uncertainty."""

    length_mm: float
    squares: int
    u_mm: float = U_READING_MM

    def scale(self, board: Board) -> float:
        """A millimetre of the rig's board in true millimetres. Raises CalibrationError for a length that cannot be."""
        if not 1 <= self.squares <= max(board.squares):
            raise CalibrationError(
                f"the board has {board.squares[0]} x {board.squares[1]} squares, not {self.squares} in a row",
                "Say over how many squares the length was measured.",
            )
        nominal = self.squares * board.square_mm
        if not abs(self.length_mm / nominal - 1) <= MAX_PRINT_OFF:
            raise CalibrationError(
                f"{self.squares} squares of the rig's board are {nominal:g} mm, {self.length_mm:g} mm were measured",
                "Measure again, and print the board at 100 %, without fitting it to the page.",
            )
        return self.length_mm / nominal

    @property
    def u_scale(self) -> float:
        """Relative standard uncertainty of the scale."""
        return math.hypot(self.u_mm / self.length_mm, _EVENNESS)


def calibrate_lens(
    shots: Sequence[Shot],
    rig: Rig,
    *,
    made_at: datetime,
    valid_days: int = 180,
    raised: Sequence[Shot] = (),
    spacer: Spacer | None = None,
    measured: MeasuredBoard | None = None,
) -> LensCalibration:
    """The lens from pictures of the rig's ChArUco board.

    Tilted views tell the focal length, and so do flat views on the bench and on a spacer, between which the camera
    stands still. One flat view gives the map of the bench and leaves the focal length, by which lengths at the part's
    height follow, to the rig's stated distance. A picture that shows the bench markers tells where the camera stood.

    Parameters
    ----------
    shots
        Pictures of the board; where ``raised`` is given, of the board lying flat on the bench.
    raised, spacer
        Pictures of the board lying flat on the spacer, and the spacer.
    measured
        A length on the printed board as measured.

    Raises
    ------
    CalibrationError
        The rig has no board, there is no picture, a picture has another size than the rig's or another orientation
        than the others, too few corners are seen, the corners do not fit the board, or a length cannot be.
    """
    if rig.board is None:
        raise CalibrationError(f"rig {rig.name!r} has no board", "Add a [board] to the rig file.")
    if not shots:
        raise CalibrationError("there is no picture of the board", "Hand in at least one picture of the board.")
    if (spacer is None) != (not raised):
        raise CalibrationError(
            "pictures of the board on a spacer and the spacer's height belong together", "Give both, or neither."
        )
    if spacer is not None and not 0 < spacer.height_mm < rig.camera.distance_mm / 2:
        raise CalibrationError(
            f"a spacer of {spacer.height_mm:g} mm does not go under a camera at {rig.camera.distance_mm:g} mm",
            "Give its height in millimetres; a fiftieth of the camera's distance and more is good.",
        )
    size = size_of([*shots, *raised], rig)
    if len({shot.orientation for shot in [*shots, *raised]}) > 1:
        raise CalibrationError(
            "the camera turned some pictures of the board and others not",
            "Switch off its automatic rotation, and take the pictures again.",
        )
    scale = measured.scale(rig.board) if measured is not None else 1.0
    low = [v for v in (find_board(shot, rig.board, scale=scale) for shot in shots) if v is not None]
    high = [v for v in (find_board(shot, rig.board, scale=scale) for shot in raised) if v is not None]
    for views, pictures in ((low, shots), (high, raised)):
        if pictures and not views:
            raise CalibrationError(
                f"the board is not seen in any of {len(pictures)} pictures: "
                f"fewer than {MIN_BOARD_CORNERS} corners each",
                "Check the [board] of the rig against the printed board, and that it is sharp and fills the picture.",
            )
    fit, method = _fit(low, high, spacer, size, rig)
    if fit.rms_px > MAX_BOARD_RMS_PX:
        raise CalibrationError(
            f"the corners miss the board by {fit.rms_px:.2f} px: it is bent, moved in the exposure, or another board"
            + (", it did not lie flat, or the camera was moved" if high else ""),
            "Check squares, square_mm and marker_mm of the rig, and lay the board flat.",
        )
    made = LensCalibration(
        rig=rig.name,
        camera_matrix=fit.matrix,
        distortion=fit.distortion,
        rms_px=fit.rms_px,
        u_scale=0.0,
        images=len(low) + len(high),
        made_at=made_at,
        expires_at=made_at + timedelta(days=valid_days),
        method=method,
        orientation=shots[0].orientation,
        covariance=fit.covariance,
        print_scale=scale,
        u_print=measured.u_scale if measured is not None else None,
    )
    return _completed(made, [*raised, *shots], rig)


def u_lengths_mm(lens: LensCalibration, rig: Rig) -> tuple[float, float]:
    """What a calibration leaves open in 30 mm, on the bench and 3 mm over it: mm, expanded, k = 2."""
    plane, centre = looking_down(lens, rig), np.zeros(2)
    return 2 * 30 * plane.u_scale_at(centre, 0.0), 2 * 30 * plane.u_scale_at(centre, 3.0)


def lost(standing: LensCalibration, made: LensCalibration, rig: Rig) -> list[str]:
    """What a calibration knows that one made later would not, in words with both uncertainties; [] for nothing.

    Lost is a focal length that the pictures told and now would be the rig's, and a length of 30 mm that would be less
    sure by more than ``WORSE``, on the bench or 3 mm over it.
    """
    said = []
    if FOCAL_FROM_RIG in made.method and FOCAL_FROM_RIG not in standing.method:
        known = [None if x.spreads is None else 2 * float(x.spreads[0]) for x in (standing, made)]
        old, new = ("measured" if u is None else f"± {u:.1f} px" for u in known)
        said.append(f"the focal length, {old} from the pictures, would be {new} from the rig's distance")
    pairs = zip(("on the bench", "3 mm over it"), u_lengths_mm(standing, rig), u_lengths_mm(made, rig), strict=True)
    said += [
        f"30 mm {where}, ± {old:.4f} mm, would be ± {new:.4f} mm" for where, old, new in pairs if new > WORSE * old
    ]
    return said


def _completed(made: LensCalibration, shots: Sequence[Shot], rig: Rig) -> LensCalibration:
    """With the uncertainty of a length on the bench and, where a picture shows the markers, the camera's pose."""
    made = replace(made, u_scale=looking_down(made, rig).u_scale)
    for shot in shots:
        found = find_markers(shot.photo, rig.markers)
        pose = solve_pose(found, made, rig) if len(found) > 2 else None
        if pose is not None:
            return replace(made, pose=(pose.rotation, pose.translation))
    return made


def _fit(
    low: list[View], high: list[View], spacer: Spacer | None, size: tuple[int, int], rig: Rig
) -> tuple[LensFit, str]:
    focal = rig.camera.distance_mm * float(np.median([pixels_a_mm(v) for v in low]))
    height = (spacer.height_mm, spacer.u_mm) if spacer is not None else None

    def solved(u_focal: float) -> LensFit:
        return fit_lens(low, size, focal, u_focal=u_focal, raised=high, spacer_mm=height)

    if len(low) >= 3 or high:
        alone = solved(0.5)  # so wide that the rig's distance says nothing
        if alone.focal_spread <= MAX_FOCAL_SPREAD and 0.5 < alone.parameters[0] / focal < 2.0:
            if spacer is not None:
                return alone, f"ChArUco on the bench and on a spacer of {spacer.height_mm:g} mm"
            return alone, "ChArUco, tilted views: focal length, principal point, k1, k2"
    return solved(U_DISTANCE), f"ChArUco in one plane, {FOCAL_FROM_RIG}: k1, k2"
