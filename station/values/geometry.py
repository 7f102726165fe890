"""Frames and maps. Millimetres: x right, y down as seen in the photo; z points away from the camera, so a part's face
of height h above the bench lies at z = -h. Pixels: (x, y), the centre of the first pixel is (0, 0)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

PART_REACH_MM = 15.0
"""Half the width of the part that a scale is judged by: pins, coins and magnets are about 30 mm wide."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The golden frame: a raster over the part's face with its origin at the centre of the golden part's outline box.

    pitch_mm : size of one pixel. width, height : raster size in pixels. origin_px : (x, y) of 0 mm, 0 mm.
    """

    pitch_mm: float
    width: int
    height: int
    origin_px: tuple[float, float]

    def to_mm(self, px: Float) -> Float:
        """(..., 2) raster pixels to millimetres."""
        return (np.asarray(px, dtype=np.float64) - self.origin_px) * self.pitch_mm

    def to_px(self, mm: Float) -> Float:
        """(..., 2) millimetres to raster pixels."""
        return np.asarray(mm, dtype=np.float64) / self.pitch_mm + self.origin_px

    def grid_mm(self) -> Float:
        """(H, W, 2) millimetres of every raster pixel's centre."""
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float64)
        return self.to_mm(np.stack([x, y], axis=-1))


@dataclass(frozen=True, slots=True)
class Similarity:
    """``p' = scale * R(rotation) p + (x, y)``; rotation positive clockwise as seen (y down), in degrees."""

    x: float = 0.0
    y: float = 0.0
    rotation_deg: float = 0.0
    scale: float = 1.0

    def matrix(self) -> Float:
        """(3, 3) homogeneous matrix."""
        a = math.radians(self.rotation_deg)
        c, s = self.scale * math.cos(a), self.scale * math.sin(a)
        return np.array([[c, -s, self.x], [s, c, self.y], [0.0, 0.0, 1.0]])

    @classmethod
    def from_matrix(cls, m: Float) -> Similarity:
        """The similarity of a (3, 3) or (2, 3) matrix that is one."""
        c, s = float(m[0, 0]), float(m[1, 0])
        return cls(float(m[0, 2]), float(m[1, 2]), math.degrees(math.atan2(s, c)), math.hypot(c, s))

    def apply(self, points: Float) -> Float:
        """(..., 2) points through the map."""
        m = self.matrix()
        return np.asarray(points, dtype=np.float64) @ m[:2, :2].T + m[:2, 2]

    def inverse(self) -> Similarity:
        """The inverse map."""
        return Similarity.from_matrix(np.linalg.inv(self.matrix()).astype(np.float64))


class PlaneMap(Protocol):
    """Maps between millimetres at a height over the bench and pixels of one photo."""

    @property
    def u_scale(self) -> float:
        """Relative standard uncertainty (k = 1) of a length on the reference plane, in the middle of the field."""
        ...

    @property
    def source(self) -> str:
        """Where the millimetres come from: ``rig``, ``card`` or ``part``."""
        ...

    def to_photo(self, mm: Float, height_mm: float) -> Float:
        """(..., 2) millimetres at ``height_mm`` over the bench to (..., 2) photo pixels."""
        ...

    def to_plane(self, px: Float, height_mm: float) -> Float:
        """(..., 2) photo pixels to (..., 2) millimetres at ``height_mm`` over the bench."""
        ...

    def height_gain(self, height_mm: float) -> float:
        """Relative change of a length for each millimetre by which the height of its plane is wrong."""
        ...

    def u_scale_at(self, centre_mm: Float, height_mm: float, reach_mm: float = PART_REACH_MM) -> float:
        """Relative standard uncertainty (k = 1) that the calibration leaves in a length of 2 ``reach_mm`` about
        ``centre_mm`` (2,) at ``height_mm`` over the bench, in the root mean square over its directions."""
        ...


@dataclass(frozen=True, slots=True)
class CameraPlane:
    """A calibrated camera over the bench: pinhole with Brown-Conrady distortion, posed on the bench markers.

    camera_matrix : (3, 3) px. distortion : (5,) k1, k2, p1, p2, k3 as OpenCV orders them.
    rotation : (3, 3), translation_mm : (3,), bench frame to camera frame.
    u_scale : relative standard uncertainty of a length on the bench in the middle of the field.
    covariance : (13, 13) of the pose and the lens, in the order turn about the camera's axes (rad), translation (mm),
        focal length, principal point x and y (px), k1, k2, p1, p2; None where it is not known.
    u_reference : relative standard uncertainty of the lengths that the bench itself is marked with.
    """

    camera_matrix: Float
    distortion: Float
    rotation: Float
    translation_mm: Float
    u_scale: float
    source: str = "rig"
    covariance: Float | None = None
    u_reference: float = 0.0

    @property
    def pupil_mm(self) -> Float:
        """(3,) the entrance pupil in the bench frame; z is negative."""
        return np.asarray(-self.translation_mm @ self.rotation, dtype=np.float64)

    def height_gain(self, height_mm: float) -> float:
        """1 / (height of the entrance pupil over the plane): similar triangles."""
        return 1 / (-float(self.pupil_mm[2]) - height_mm)

    def u_scale_at(self, centre_mm: Float, height_mm: float, reach_mm: float = PART_REACH_MM) -> float:
        """See :class:`PlaneMap`: linear propagation of ``covariance`` (JCGM 100:2008, equation 13) to eight points on a
        circle that stay where they are in the photo while pose and lens change, with ``u_reference``."""
        if self.covariance is None:
            return self.u_scale
        a = np.linspace(0, 2 * math.pi, 8, endpoint=False)
        out = np.stack([np.cos(a), np.sin(a)], axis=-1)
        at = np.asarray(centre_mm, dtype=np.float64) + reach_mm * out
        steps = 1e-3 * np.eye(2)
        here = self.to_photo(at, height_mm)
        by_mm = np.stack([(self.to_photo(at + s, height_mm) - here) / 1e-3 for s in steps], axis=-1)
        by_parameter = np.stack([(m.to_photo(at, height_mm) - here) / d for m, d in self._stepped()], axis=-1)
        moved = -np.linalg.solve(by_mm, by_parameter)  # (8, 2, 13) mm: the point whose image stays where it was
        longer = np.einsum("ni,nip->np", out[:4], moved[:4] - moved[4:]) / (2 * reach_mm)
        variance = np.einsum("np,pq,nq->n", longer, self.covariance, longer)
        return math.sqrt(max(float(variance.mean()), 0.0) + self.u_reference**2)

    def _stepped(self) -> list[tuple[CameraPlane, float]]:
        """The camera with each parameter of ``covariance`` stepped by a little, and the step."""
        stepped: list[tuple[CameraPlane, float]] = []
        for i in range(3):
            c, s = math.cos(1e-6), math.sin(1e-6)
            turn = np.eye(3)
            j, k = (i + 1) % 3, (i + 2) % 3
            turn[j, j] = turn[k, k] = c
            turn[j, k], turn[k, j] = -s, s
            stepped.append((replace(self, rotation=turn @ self.rotation), 1e-6))
        for i in range(3):
            stepped.append((replace(self, translation_mm=self.translation_mm + 1e-4 * np.eye(3)[i]), 1e-4))
        for where, step in (((0, 1), (0, 1)), 1e-2), (((0,), (2,)), 1e-2), (((1,), (2,)), 1e-2):
            matrix = self.camera_matrix.copy()
            matrix[where] += step
            stepped.append((replace(self, camera_matrix=matrix), step))
        for i in range(4):
            stepped.append((replace(self, distortion=self.distortion + 1e-5 * np.eye(5)[i]), 1e-5))
        return stepped

    def to_photo(self, mm: Float, height_mm: float) -> Float:
        mm = np.asarray(mm, dtype=np.float64)
        r, k = self.rotation, self.camera_matrix
        at = self.translation_mm - height_mm * r[:, 2]
        u, v = mm[..., 0], mm[..., 1]
        depth = u * r[2, 0] + v * r[2, 1] + at[2]
        x, y = self._distort((u * r[0, 0] + v * r[0, 1] + at[0]) / depth, (u * r[1, 0] + v * r[1, 1] + at[1]) / depth)
        out = np.empty(mm.shape)
        out[..., 0], out[..., 1] = k[0, 0] * x + k[0, 1] * y + k[0, 2], k[1, 1] * y + k[1, 2]
        return out

    def to_plane(self, px: Float, height_mm: float) -> Float:
        px = np.asarray(px, dtype=np.float64)
        k = self.camera_matrix
        y = (px[..., 1] - k[1, 2]) / k[1, 1]
        x = (px[..., 0] - k[0, 2] - k[0, 1] * y) / k[0, 0]
        u, v = x, y
        for _ in range(12):  # fixed point; a bench lens converges to 1e-9 px within about six rounds
            du, dv = self._distort(u, v)
            u, v = u + (x - du), v + (y - dv)
        ray = np.stack([u, v, np.ones_like(u)], axis=-1) @ self.rotation  # R^T ray
        origin = -self.translation_mm @ self.rotation
        t = (-height_mm - origin[2]) / ray[..., 2:3]
        return np.asarray(origin[:2] + t * ray[..., :2], dtype=np.float64)

    def _distort(self, x: Float, y: Float) -> tuple[Float, Float]:
        """Normalised image coordinates x and y to where the lens puts them."""
        k1, k2, p1, p2, k3 = self.distortion
        xx, xy, yy = x * x, x * y, y * y
        r2 = xx + yy
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return (
            x * radial + 2 * p1 * xy + p2 * (r2 + 2 * xx),
            y * radial + p1 * (r2 + 2 * yy) + 2 * p2 * xy,
        )


@dataclass(frozen=True, slots=True)
class FlatPlane:
    """A plane seen without a calibrated camera: one homography, the same at every height.

    homography : (3, 3), millimetres to photo pixels on the plane at ``face_mm`` over the bench.
    u_scale : relative standard uncertainty of a length on that plane.
    gain : by how much less, relatively, a pixel spans for each millimetre higher: 1 / distance of the camera, 0 where
        the plane is the part's own. u_gain : its standard uncertainty.
    """

    homography: Float
    u_scale: float
    source: str = "card"
    face_mm: float = 0.0
    gain: float = 0.0
    u_gain: float = 0.0

    def height_gain(self, height_mm: float) -> float:
        """``gain``, and so 0 for a plane that is the part's own."""
        return self.gain

    def u_scale_at(self, centre_mm: Float, height_mm: float, reach_mm: float = PART_REACH_MM) -> float:
        """``u_scale`` with what the camera's unknown distance leaves at another height; the same everywhere."""
        return math.hypot(self.u_scale, (height_mm - self.face_mm) * self.u_gain)

    def to_photo(self, mm: Float, height_mm: float) -> Float:
        return project(self.homography, np.asarray(mm, dtype=np.float64) / self._nearer(height_mm))

    def to_plane(self, px: Float, height_mm: float) -> Float:
        return project(np.linalg.inv(self.homography).astype(np.float64), px) * self._nearer(height_mm)

    def _nearer(self, height_mm: float) -> float:
        """Length at ``height_mm`` over the length at ``face_mm`` that looks as long: of the height over the camera's
        distance, exact where that is constant and never 0."""
        return math.exp(-self.gain * (height_mm - self.face_mm))


def project(h: Float, points: Float) -> Float:
    """(..., 2) points through a (3, 3) homography."""
    p = np.asarray(points, dtype=np.float64)
    q = p @ h[:, :2].T + h[:, 2]
    return np.asarray(q[..., :2] / q[..., 2:3], dtype=np.float64)


def camera_centre(plane: PlaneMap) -> tuple[float, float, float] | None:
    """(x, y, height over the bench) of a camera's centre in bench mm; None for a plane without a calibrated camera."""
    if not isinstance(plane, CameraPlane):
        return None
    x, y, z = -plane.translation_mm @ plane.rotation
    return float(x), float(y), -float(z)
