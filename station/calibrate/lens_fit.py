"""The lens from pictures of a flat board: bundle adjustment with what is known beforehand, and its covariance.

Unknown are the focal length, the principal point, k1, k2, p1, p2 (Brown, Photogrammetric Engineering 1966, as OpenCV
orders them), the pose of the board in every view and, with a spacer, its height. What a bench knows roughly beforehand
enters as an observation (a prior with a standard deviation), so that views that cannot tell something leave it there
and its uncertainty says so. Least squares by Levenberg and Marquardt; the covariance is the inverse of the normal
equations, scaled by the residuals (JCGM 100:2008, 5.2 and annex H.3; Hartley and Zisserman, Multiple View Geometry,
5.2 and A6.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

LENS = 7
"""Parameters of a lens: focal length, principal point x and y (px), k1, k2, p1, p2."""
U_DISTANCE = 0.02
"""Relative standard uncertainty of the rig's stated distance: the entrance pupil lies somewhere inside the lens."""
_U_CENTRE = 0.02  # of the picture's width: how far a principal point lies from the picture's centre
_U_K1, _U_K2, _U_P = 0.1, 0.02, 5e-4  # of the corner's radius: the distortion that each of them may make there
_LEAST_NOISE_PX = 0.01  # bias of the corners, which no number of corners averages away
_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class View:
    """One picture of the board: its corners in mm of the board (n, 2) and in photo px (n, 2)."""

    board_mm: Float
    pixels: Float


@dataclass(frozen=True, slots=True)
class LensFit:
    """parameters : (7,) as ``LENS`` says. covariance : (7, 7). rms_px : reprojection residual, over both coordinates.

    noise_px : standard deviation of one coordinate. poses : rotation (3, 3) and translation (3,) mm of every view,
    board to camera, those on the spacer last.
    """

    parameters: Float
    covariance: Float
    rms_px: float
    noise_px: float
    poses: tuple[tuple[Float, Float], ...]

    @property
    def matrix(self) -> Float:
        """(3, 3) camera matrix."""
        f, cx, cy = self.parameters[:3]
        return np.array([[f, 0, cx], [0, f, cy], [0, 0, 1.0]])

    @property
    def distortion(self) -> Float:
        """(5,) as OpenCV orders them."""
        return np.append(self.parameters[3:], 0.0)

    @property
    def focal_spread(self) -> float:
        """Relative standard uncertainty of the focal length."""
        return float(math.sqrt(self.covariance[0, 0]) / self.parameters[0])


def project(lens: Float, rotation: Float, translation: Float, points: Float) -> tuple[Float, Float, Float]:
    """Pixels (n, 2) of points (n, 3), and their derivatives by the pose (n, 2, 6) and by the lens (n, 2, 7).

    The pose's are by a turn about the camera's axes that follows the rotation (rad), then by the translation.
    """
    f, cx, cy = lens[:3]
    matrix = np.array([[f, 0, cx], [0, f, cy], [0, 0, 1.0]])
    turned = np.ascontiguousarray(points @ rotation.T)
    pixels, jacobian = cv2.projectPoints(turned, np.zeros(3), translation, matrix, lens[3:])
    d = np.asarray(jacobian, dtype=np.float64).reshape(len(points), 2, -1)
    by_lens = np.concatenate([d[..., 6:7] + d[..., 7:8], d[..., 8:10], d[..., 10:14]], axis=-1)
    return np.asarray(pixels, dtype=np.float64).reshape(-1, 2), d[..., :6], by_lens


def turn(angles: Float) -> Float:
    """(3, 3) rotation by a vector (3,) rad."""
    return np.asarray(cv2.Rodrigues(np.asarray(angles, dtype=np.float64))[0], dtype=np.float64)


class _Bundle:
    """The state of the adjustment; ``moved`` gives it after a step, ``rows`` its residuals and their derivatives."""

    def __init__(self, views: Sequence[View], raised: int, lens: Float, height: float, poses: list[list[Float]]):
        self.views, self.raised, self.lens, self.height, self.poses = views, raised, lens, height, poses

    @property
    def flat(self) -> bool:
        """The camera stood still and the board lay flat: on the bench, and in the last views on the spacer."""
        return self.raised > 0

    @property
    def size(self) -> int:
        return LENS + (1 + 6 + 3 * len(self.views) if self.flat else 6 * len(self.views))

    def moved(self, step: Float) -> _Bundle:
        lens = self.lens + step[:LENS]
        if not self.flat:
            parts = step[LENS:].reshape(-1, 6)
            poses = [[turn(d[:3]) @ r, t + d[3:]] for d, (r, t) in zip(parts, self.poses, strict=True)]
            return _Bundle(self.views, 0, lens, 0.0, poses)
        d = step[LENS + 1 : LENS + 7]
        rotation, translation, lying = self.poses[0]
        poses = [[turn(d[:3]) @ rotation, translation + d[3:], lying + step[LENS + 7 :].reshape(-1, 3)]]
        return _Bundle(self.views, self.raised, lens, self.height + float(step[LENS]), poses)

    def board_pose(self, i: int) -> tuple[Float, Float]:
        """Rotation and translation of the i-th view's board in the camera."""
        if not self.flat:
            return self.poses[i][0], self.poses[i][1]
        rotation, translation, lying = self.poses[0]
        a, x, y = lying[i]
        height = self.height if i >= len(self.views) - self.raised else 0.0
        return rotation @ turn(np.array([0, 0, a])), translation + rotation @ np.array([x, y, -height])

    def rows(self) -> tuple[Float, Float]:
        """(2n,) residuals in px, seen less predicted, and (2n, size) derivatives of the prediction."""
        residuals, derivatives = [], []
        for i, view in enumerate(self.views):
            rotation, translation = self.board_pose(i)
            points = np.concatenate([view.board_mm, np.zeros((len(view.board_mm), 1))], axis=1)
            pixels, by_pose, by_lens = project(self.lens, rotation, translation, points)
            d = np.zeros((len(points), 2, self.size))
            d[..., :LENS] = by_lens
            if self.flat:
                self._flat_rows(d, i, points, by_pose)
            else:
                d[..., LENS + 6 * i : LENS + 6 * i + 6] = by_pose
            residuals.append((view.pixels - pixels).ravel())
            derivatives.append(d.reshape(-1, self.size))
        return np.concatenate(residuals), np.concatenate(derivatives)

    def _flat_rows(self, d: Float, i: int, points: Float, by_pose: Float) -> None:
        """Of a board that lies at (x, y) turned by a on a plane that all views share: the chain rule."""
        shared, translation, _ = self.poses[0]
        by_bench = by_pose[..., 3:] @ shared  # px by a shift in the bench's axes
        rotation, shift = self.board_pose(i)
        # a turn of the camera about its own centre moves the board's origin along
        offset = np.cross(np.eye(3), shift - translation)  # rows: axis x (shift - translation)
        d[..., LENS + 1 : LENS + 4] = by_pose[..., :3] + by_pose[..., 3:] @ offset.T
        d[..., LENS + 4 : LENS + 7] = by_pose[..., 3:]
        at = LENS + 7 + 3 * i
        if i > 0:  # the first view says where the bench's frame lies
            d[..., at] = np.einsum("nij,nj->ni", by_pose[..., 3:], np.cross(shared[:, 2], points @ rotation.T))
            d[..., at + 1 : at + 3] = by_bench[..., :2]
        if i >= len(self.views) - self.raised:
            d[..., LENS] = -by_bench[..., 2]


def fit_lens(
    views: Sequence[View],
    size: tuple[int, int],
    focal_px: float,
    *,
    u_focal: float,
    raised: Sequence[View] = (),
    spacer_mm: tuple[float, float] | None = None,
) -> LensFit:
    """Adjust lens and poses to the views.

    Parameters
    ----------
    views
        Pictures of the board; where ``raised`` is given, of the board lying flat on the bench.
    size
        (width, height) px of the pictures.
    focal_px, u_focal
        Focal length known beforehand, and its relative standard uncertainty.
    raised, spacer_mm
        Pictures of the board lying flat on a spacer, taken by the camera where it stood for ``views``; the spacer's
        height and its standard uncertainty, mm.
    """
    everything = [*views, *raised]
    width, height = size
    lens = np.array([focal_px, (width - 1) / 2, (height - 1) / 2, 0, 0, 0, 0])
    corner = math.hypot(width, height) / 2 / focal_px
    known = np.array(
        [u_focal * focal_px, _U_CENTRE * width, _U_CENTRE * width, _U_K1 / corner**2, _U_K2 / corner**4]
        + [_U_P / corner] * 2
    )
    poses = [_first_pose(v, lens) for v in everything]
    if raised:
        assert spacer_mm is not None
        known = np.append(known, spacer_mm[1])
        bundle = _Bundle(everything, len(raised), lens, spacer_mm[0], [_lying(poses)])
    else:
        bundle = _Bundle(everything, 0, lens, 0.0, poses)
    expected = np.append(lens, bundle.height)[: len(known)]
    noise = 0.05
    for _ in range(2):
        bundle = _adjust(bundle, expected, known, noise)
        residuals, derivatives = bundle.rows()
        free = int((np.abs(derivatives).max(axis=0) > 0).sum())
        one = math.sqrt(float(residuals @ residuals) / max(len(residuals) - free, 1))
        noise = max(one * math.sqrt(_shared(everything, residuals)), _LEAST_NOISE_PX)
    normal = _normal(derivatives, known, noise)[0]
    covariance = np.linalg.inv(normal)[:LENS, :LENS]
    rms = math.sqrt(2 * float(np.mean(residuals**2)))
    found = tuple(bundle.board_pose(i) for i in range(len(everything)))
    return LensFit(bundle.lens, (covariance + covariance.T) / 2, rms, noise, found)


def _shared(views: Sequence[View], residuals: Float) -> float:
    """By how much the variance of a row's mean exceeds that of independent corners (the design effect of cluster
    sampling, Kish 1965), at least 1. Corners in a row of the board share what a printer's feed, a bend of the sheet or
    an edge along the pixel rows does to it, and then tell less than their number."""
    found, start = [], 0
    for view in views:
        e = residuals[start : start + 2 * len(view.pixels)].reshape(-1, 2)
        start += e.size
        for along in (0, 1):
            rows = [e[view.board_mm[:, along] == place] for place in np.unique(view.board_mm[:, along])]
            found += [len(row) * row.mean(axis=0) ** 2 / np.maximum((e**2).mean(axis=0), 1e-30) for row in rows]
    return max(1.0, float(np.mean(found)))


def _adjust(bundle: _Bundle, expected: Float, known: Float, noise: float) -> _Bundle:
    def cost(b: _Bundle, residuals: Float) -> float:
        off = (np.append(b.lens, b.height)[: len(known)] - expected) / known
        return float(residuals @ residuals) / noise**2 + float(off @ off)

    residuals, derivatives = bundle.rows()
    best, damping = cost(bundle, residuals), 1e-3
    for _ in range(_ROUNDS):
        normal, weights = _normal(derivatives, known, noise)
        right = derivatives.T @ residuals / noise**2
        right[: len(known)] += weights * (expected - np.append(bundle.lens, bundle.height)[: len(known)])
        step: Float = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), right).astype(np.float64)
        tried = bundle.moved(step)
        with np.errstate(all="ignore"):  # a wild step may put the board behind the camera; it is not taken
            again, slopes = tried.rows()
            now = cost(tried, again)
        if math.isfinite(now) and now <= best:
            settled = best - now < 1e-9 * best
            bundle, residuals, derivatives, best = tried, again, slopes, now
            damping = max(damping / 10, 1e-12)
            if settled:
                break
        elif damping > 1e8:
            break
        else:
            damping *= 10
    return bundle


def _normal(derivatives: Float, known: Float, noise: float) -> tuple[Float, Float]:
    """The normal equations with what is known beforehand; a parameter that nothing depends on is held."""
    normal = derivatives.T @ derivatives / noise**2
    weights = 1 / known**2
    normal[np.arange(len(known)), np.arange(len(known))] += weights
    unused = np.flatnonzero(np.diag(normal) == 0)
    normal[unused, unused] = 1.0
    return normal, weights


def _first_pose(view: View, lens: Float) -> list[Float]:
    """Pose of a flat board by the homography (IPPE, Collins and Bartoli 2014), for a lens without distortion."""
    f, cx, cy = lens[:3]
    points = np.concatenate([view.board_mm, np.zeros((len(view.board_mm), 1))], axis=1)
    matrix = np.array([[f, 0, cx], [0, f, cy], [0, 0, 1.0]])
    _, turns, shifts, _ = cv2.solvePnPGeneric(points, view.pixels, matrix, None, flags=cv2.SOLVEPNP_IPPE)
    return [turn(np.asarray(turns[0], dtype=np.float64).ravel()), np.asarray(shifts[0], dtype=np.float64).ravel()]


def _lying(poses: list[list[Float]]) -> list[Float]:
    """The first view's pose as the bench, and (a, x, y) of every board on it."""
    rotation, translation = poses[0]
    lying = []
    for r, t in poses:
        on_bench, at = rotation.T @ r, rotation.T @ (t - translation)
        lying.append([math.atan2(on_bench[1, 0], on_bench[0, 0]), at[0], at[1]])
    return [rotation, translation, np.array(lying)]
