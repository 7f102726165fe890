"""Millimetres in one photo: the camera over the bench by the markers, or a card's plane."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.lens_fit import LENS, project
from station.calibrate.markers import BenchMarker, find_markers, marker_corners
from station.values.bench import CardReference, LensCalibration, Rig
from station.values.geometry import CameraPlane, FlatPlane
from station.values.line import SCALED, CardReading, Gate, Shot

Float = NDArray[np.float64]

MAX_MARKER_RMS_PX = 0.6
"""Residual of the bench markers above which the camera, the rig file or a marker has moved."""
MAX_DISTANCE_OFF = 0.15
"""Part by which the camera's distance may differ from the rig's nominal one."""
MAX_DISTANCE_CHANGE = 0.05
"""Part by which the camera's distance may differ from that at the calibration. The markers cannot tell a camera that
was raised from a lens that was refocused: the second changes the focal length, which puts a face 3 mm high at 300 mm
off by a hundredth of the change, and the distortion with it."""
MAX_TURN_DEG = 10.0
"""Degrees by which the camera may have turned since the calibration: further, it sees the part's wall, not its face."""
NOTICED_MM, NOTICED_DEG = 1.0, 0.3
"""From here on a camera that moved is mentioned. The pose of four markers scatters by a tenth of it."""
U_MARKERS = 2e-4
"""Relative standard uncertainty of the distances between the markers as the rig file states them: 10 um over 50 mm."""
U_PRINTED = 1.15e-3
"""The same of a print nobody measured: a laser printer is up to 0.2 % off, all alike (0.002 / sqrt 3)."""
CARD_U_SCALE = 0.0028
"""Relative standard uncertainty of a length in the plane of a card in a photo of an uncalibrated camera: the card's
print, the lens, the edges; 0.17 mm at 30 mm (k = 2)."""
HAND_HELD = (150.0, 500.0)
"""Distances in mm from which a part with a card beside it is photographed."""
_LEAST_MARKER_NOISE_PX = 0.03  # standard deviation of a corner's coordinate on a sharp drawn bench


@dataclass(frozen=True, slots=True)
class Pose:
    """The bench in the camera. rms_px : residual of the markers' corners. covariance : (13, 13) with the lens, as
    :class:`CameraPlane` has it, None where the lens has none."""

    rotation: Float
    translation: Float
    rms_px: float
    markers: tuple[BenchMarker, ...]
    covariance: Float | None = None


def locate_plane(shot: Shot, rig: Rig, lens: LensCalibration) -> tuple[CameraPlane | None, Gate]:
    """The camera's pose over the bench from the markers in a photo, and the gate ``scale``.

    The plane is None where the gate failed: another picture size, fewer than two markers, markers that do not fit the
    rig (a marker moved, wrong rig), a camera that was knocked so far that the calibration no longer holds. A camera
    that the markers make up for is a remark of the gate.
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
    pose = solve_pose(found, lens, rig)
    if pose is None or len(pose.markers) < 2:
        return None, _no_scale("the bench markers do not fit the rig: a marker was moved or this is another bench")
    if pose.rms_px > MAX_MARKER_RMS_PX:
        return None, _no_scale(
            f"the bench markers miss the rig by {pose.rms_px:.2f} px (limit {MAX_MARKER_RMS_PX}): the photo is "
            "blurred, a marker was moved, or this is another bench"
        )
    plane = _plane(pose, lens, rig)
    height = -float(plane.pupil_mm[2])
    if abs(height / rig.camera.distance_mm - 1) > MAX_DISTANCE_OFF:
        return None, _no_scale(
            f"the camera stands {height:.0f} mm over the bench, the rig says {rig.camera.distance_mm:.0f} mm: it was "
            "moved, or lens and rig do not belong together"
        )
    refused, remark = _knocked(plane, lens)
    return (None, _no_scale(refused)) if refused else (plane, Gate("scale", True, remark))


def plane_from_card(reading: CardReading, card: CardReference, distance_mm: float | None = None) -> FlatPlane:
    """Millimetres from a card lying beside the part. A part higher than the card's face looks larger: the more, the
    nearer the camera, whose distance is taken to be somewhere in ``HAND_HELD`` where it is not known.

    Raises ValueError where the reading has no place or the card no pitch.
    """
    if reading.homography is None or card.pitch_mm is None:
        raise ValueError("the card gives no scale: it was not found, or its pitch is not known")
    if distance_mm is not None:
        gain = 1 / (distance_mm - card.height_mm)
        u_gain = gain * MAX_DISTANCE_OFF / math.sqrt(3)
    else:
        far, near = 1 / HAND_HELD[1], 1 / HAND_HELD[0]
        gain, u_gain = (near + far) / 2, (near - far) / math.sqrt(12)  # all alike between them
    return FlatPlane(reading.homography, CARD_U_SCALE, "card", card.height_mm, gain, u_gain)


def reference(rig: Rig, lens: LensCalibration) -> tuple[float, float]:
    """What a millimetre of the rig's markers measures, and the relative standard uncertainty of their distances."""
    if rig.mat is None:
        return 1.0, U_MARKERS
    if rig.mat.made == "printed" and lens.u_print is not None:
        return lens.print_scale, lens.u_print
    default = U_PRINTED if rig.mat.made == "printed" else U_MARKERS
    return 1.0, default if rig.mat.u_percent is None else rig.mat.u_percent / 100


def looking_down(lens: LensCalibration, rig: Rig) -> CameraPlane:
    """The camera as the rig means it: straight over the bench's origin at its distance, its markers seen sharply."""
    rotation, translation = np.eye(3), np.array([0.0, 0.0, rig.camera.distance_mm])
    corners = [marker_corners(m) for m in rig.markers] or [np.array([[-20.0, -15], [20, -15], [20, 15], [-20, 15]])]
    markers = tuple(BenchMarker(i, c, c) for i, c in enumerate(corners))
    pose = Pose(rotation, translation, 0.0, markers)
    return _plane(replace(pose, covariance=_joint_covariance(pose, lens)), lens, rig)


def solve_pose(found: tuple[BenchMarker, ...], lens: LensCalibration, rig: Rig) -> Pose | None:
    """The pose by the markers; of three or more, one that does not fit the others is left out. None for no pose."""
    scale, _ = reference(rig, lens)
    found = tuple(replace(m, corners_mm=m.corners_mm * scale) for m in found)
    pose = _solve(found, lens)
    if pose is not None and pose.rms_px > MAX_MARKER_RMS_PX and len(found) > 2:
        rest = [tuple(m for m in found if m is not left_out) for left_out in found]
        tried = [p for p in (_solve(markers, lens) for markers in rest) if p is not None]
        best = min(tried, key=lambda p: p.rms_px, default=pose)
        pose = best if best.rms_px < 0.5 * MAX_MARKER_RMS_PX else pose
    return None if pose is None else replace(pose, covariance=_joint_covariance(pose, lens))


def _no_scale(reason: str) -> Gate:
    return Gate("scale", False, reason, SCALED)


def _solve(found: tuple[BenchMarker, ...], lens: LensCalibration) -> Pose | None:
    points, pixels = _points(found), np.concatenate([m.corners_px for m in found])
    count, turns, shifts, _ = cv2.solvePnPGeneric(
        points, pixels, lens.camera_matrix, lens.distortion, flags=cv2.SOLVEPNP_IPPE
    )
    best: Pose | None = None
    for i in range(count):
        turn, shift = cv2.solvePnPRefineLM(points, pixels, lens.camera_matrix, lens.distortion, turns[i], shifts[i])
        again, _ = cv2.projectPoints(points, turn, shift, lens.camera_matrix, lens.distortion)
        rms = float(np.sqrt(np.mean(np.sum((again.reshape(-1, 2) - pixels) ** 2, axis=1))))
        rotation = np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64)
        if float(shift.ravel()[2]) > 0 and rotation[2, 2] > 0 and (best is None or rms < best.rms_px):
            best = Pose(rotation, np.asarray(shift, dtype=np.float64).ravel(), rms, found)
    return best


def _points(found: tuple[BenchMarker, ...]) -> Float:
    points = np.concatenate([m.corners_mm for m in found])
    return np.concatenate([points, np.zeros((len(points), 1))], axis=1)


def _joint_covariance(pose: Pose, lens: LensCalibration) -> Float | None:
    """Of pose and lens together: the markers' noise, and the lens through the pose that was found with it."""
    if lens.covariance is None:
        return None
    points = _points(pose.markers)
    _, by_pose, by_lens = project(lens.parameters, pose.rotation, pose.translation, points)
    j, k = by_pose.reshape(-1, 6), by_lens.reshape(-1, LENS)
    # a corner's two coordinates share rms_px^2; six of the coordinates are used up by the pose
    noise = max(pose.rms_px / math.sqrt(2) * math.sqrt(len(j) / max(len(j) - 6, 1)), _LEAST_MARKER_NOISE_PX)
    inverse = np.linalg.inv(j.T @ j)
    follows = -inverse @ (j.T @ k)  # the pose's change for a change of the lens
    of_lens = lens.covariance.copy()
    if lens.pose is not None:  # a change of distance may be one of focus, which is the focal length's
        of_lens[0, 0] += (lens.parameters[0] * (pose.translation[2] / lens.pose[1][2] - 1)) ** 2
    cross = follows @ of_lens
    return np.block([[noise**2 * inverse + cross @ follows.T, cross], [cross.T, of_lens]])


def _plane(pose: Pose, lens: LensCalibration, rig: Rig) -> CameraPlane:
    _, u_reference = reference(rig, lens)
    plane = CameraPlane(
        lens.camera_matrix, lens.distortion, pose.rotation, pose.translation, 0.0,
        covariance=pose.covariance, u_reference=u_reference,
    )  # fmt: skip
    if pose.covariance is not None:
        return replace(plane, u_scale=plane.u_scale_at(np.zeros(2), 0.0))
    # a calibration made before the covariance was kept states the whole of the lens in one number
    corners = np.concatenate([m.corners_px for m in pose.markers])
    span = float(np.hypot(*np.ptp(corners, axis=0)))
    return replace(
        plane, u_scale=math.hypot(lens.u_scale, u_reference, pose.rms_px * math.sqrt(8 / len(corners)) / span)
    )


def _knocked(plane: CameraPlane, lens: LensCalibration) -> tuple[str, str]:
    """Why the calibration no longer holds, or else what to remark, of a camera that moved since it was made."""
    if lens.pose is None:
        return "", ""
    rotation, translation = lens.pose
    moved = float(np.linalg.norm(plane.pupil_mm + translation @ rotation))
    cosine = (float(np.trace(plane.rotation @ rotation.T)) - 1) / 2
    turned = math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
    if turned > 90:  # the picture lies the other way round, which has a gate of its own
        return "", ""
    by = f"by {moved:.1f} mm and {turned:.1f} degrees since the lens was calibrated"
    again = f"Put it back, or run `station calibrate lens --rig {lens.rig} BOARD.jpg ...`"
    change = float(plane.pupil_mm[2] / -(translation @ rotation)[2]) - 1
    if abs(change) > MAX_DISTANCE_CHANGE:
        return (
            f"the camera has moved {by}, its distance by {change:+.0%} (allowed {MAX_DISTANCE_CHANGE:.0%}), or its "
            f"lens was refocused: {again}"
        ), ""
    if turned > MAX_TURN_DEG:
        return f"the camera has moved {by} (allowed {MAX_TURN_DEG:g}): {again}", ""
    if moved < NOTICED_MM and turned < NOTICED_DEG:
        return "", ""
    return "", f"the camera has moved {by}; the bench markers make up for it"
