"""How a photo lies against the bench's calibrations, which hold for the sensor and not for the picture.

A camera that looks straight down does not know which way is up: its orientation flag (EXIF 2.32, tag 0x0112) may change
from photo to photo while the camera stands still. The decoder follows the flag, so that the sensor's fixed field and
lens lie turned in the picture. A picture turned without the flag shows by the bench markers alone: the bench frame has
x to the right and y down in the picture.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from station.calibrate.markers import find_markers
from station.values.bench import LensCalibration, LightCalibration, Rig
from station.values.geometry import CameraPlane
from station.values.line import Shot

LARGEST_TURN = 45.0
"""Degrees by which the bench may lie turned in the picture: a camera is set up askew, but not the other way round."""

_CLOCKWISE = {1: 0, 6: 90, 3: 180, 8: 270}
"""Degrees by which the decoder turns a picture of each orientation that is not mirrored."""


def turn_between(calibrated: int, shot: int) -> int | None:
    """Degrees clockwise by which a photo of the second EXIF orientation lies turned against one of the first.

    None where one of them is mirrored and the other not likewise.
    """
    if calibrated == shot:
        return 0
    if calibrated not in _CLOCKWISE or shot not in _CLOCKWISE:
        return None
    return (_CLOCKWISE[shot] - _CLOCKWISE[calibrated]) % 360


def light_for(shot: Shot, light: LightCalibration | None) -> LightCalibration | None:
    """The flat field as it lies in this photo; None where there is none for its size and orientation."""
    if light is None or light.photo_size != shot.size:
        return None
    turn = turn_between(light.orientation, shot.orientation)
    if turn == 0:
        return light
    if turn != 180:
        return None
    nine = None if light.nine is None else light.nine[::-1, ::-1]
    gain = np.ascontiguousarray(light.gain[::-1, ::-1])
    return replace(light, gain=gain, nine=nine, orientation=shot.orientation)


def lens_for(shot: Shot, lens: LensCalibration) -> LensCalibration:
    """The lens as it lies in this photo: turned by 180 degrees, the principal point moves and the tangential terms of
    the distortion change their sign. As it is for any other turn, which the photo's size gives away.
    """
    if turn_between(lens.orientation, shot.orientation) != 180:
        return lens
    matrix = lens.camera_matrix.copy()
    matrix[:2, 2] = np.array(shot.size) - 1 - matrix[:2, 2]
    distortion = lens.distortion.copy()
    distortion[2:4] *= -1
    half = np.diag([-1.0, -1.0, 1.0])
    pose = None if lens.pose is None else (half @ lens.pose[0], half @ lens.pose[1])
    signs = np.array([1, -1, -1, 1, 1, -1, -1])
    covariance = None if lens.covariance is None else lens.covariance * np.outer(signs, signs)
    return replace(
        lens,
        camera_matrix=matrix,
        distortion=distortion,
        orientation=shot.orientation,
        pose=pose,
        covariance=covariance,
    )


def bench_turn(shot: Shot, rig: Rig, plane: CameraPlane | None) -> float | None:
    """Degrees clockwise by which the bench lies turned in the photo, by the plane or, without one, by the markers.

    None where no marker is seen.
    """
    if plane is not None:
        return float(np.degrees(np.arctan2(plane.rotation[1, 0], plane.rotation[0, 0])))
    found = find_markers(shot.photo, rig.markers)
    if not found:
        return None
    bench, seen = (
        (corners - corners.mean(axis=0)) @ (1, 1j)
        for corners in (np.concatenate([m.corners_mm for m in found]), np.concatenate([m.corners_px for m in found]))
    )
    return float(np.degrees(np.angle(np.vdot(bench, seen))))


def turned_against(shot: Shot, calibrated: int, turn: float | None) -> str:
    """What is wrong with a photo in which the bench lies turned by ``turn`` degrees, or "".

    calibrated : EXIF orientation of the calibration's pictures.
    """
    expected = turn_between(calibrated, shot.orientation)
    if turn is None or expected is None:
        return ""
    off = abs((turn - expected + 180) % 360 - 180)
    if off <= LARGEST_TURN:
        return ""
    return (
        f"the photo is turned by {off:.0f} degrees against the calibration: hand it in as the camera wrote it, or put "
        "the camera back"
    )
