"""Frames and maps. Millimetres: x right, y down as seen in the photo; z points away from the camera, so a part's face
of height h above the bench lies at z = -h. Pixels: (x, y), the centre of the first pixel is (0, 0)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


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
        """Relative standard uncertainty of a length read through this map (k = 1)."""
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


@dataclass(frozen=True, slots=True)
class CameraPlane:
    """A calibrated camera over the bench: pinhole with Brown-Conrady distortion, posed on the bench markers.

    camera_matrix : (3, 3) px. distortion : (5,) k1, k2, p1, p2, k3 as OpenCV orders them.
    rotation : (3, 3), translation_mm : (3,), bench frame to camera frame.
    """

    camera_matrix: Float
    distortion: Float
    rotation: Float
    translation_mm: Float
    u_scale: float
    source: str = "rig"

    def to_photo(self, mm: Float, height_mm: float) -> Float:
        mm = np.asarray(mm, dtype=np.float64)
        r = self.rotation
        shift = self.translation_mm - height_mm * r[:, 2]
        cam = mm[..., 0:1] * r[:, 0] + mm[..., 1:2] * r[:, 1] + shift
        n = cam[..., :2] / cam[..., 2:3]
        return self._pixel(self._distort(n))

    def to_plane(self, px: Float, height_mm: float) -> Float:
        px = np.asarray(px, dtype=np.float64)
        k = self.camera_matrix
        y = (px[..., 1] - k[1, 2]) / k[1, 1]
        x = (px[..., 0] - k[0, 2] - k[0, 1] * y) / k[0, 0]
        target = np.stack([x, y], axis=-1)
        n = target.copy()
        for _ in range(12):  # fixed point; a bench lens converges to 1e-9 px within about six rounds
            n = n + (target - self._distort(n))
        ray = np.concatenate([n, np.ones_like(n[..., :1])], axis=-1) @ self.rotation  # R^T ray
        origin = -self.translation_mm @ self.rotation
        t = (-height_mm - origin[2]) / ray[..., 2:3]
        return np.asarray(origin[:2] + t * ray[..., :2], dtype=np.float64)

    def _distort(self, n: Float) -> Float:
        k1, k2, p1, p2, k3 = self.distortion
        x, y = n[..., 0], n[..., 1]
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return np.stack(
            [
                x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
                y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
            ],
            axis=-1,
        )

    def _pixel(self, n: Float) -> Float:
        k = self.camera_matrix
        x, y = n[..., 0], n[..., 1]
        return np.stack([k[0, 0] * x + k[0, 1] * y + k[0, 2], k[1, 1] * y + k[1, 2]], axis=-1)


@dataclass(frozen=True, slots=True)
class FlatPlane:
    """A plane seen without a calibrated camera: one homography, the same at every height.

    homography : (3, 3), millimetres to photo pixels. Its ``u_scale`` must carry the unknown height.
    """

    homography: Float
    u_scale: float
    source: str = "card"

    def to_photo(self, mm: Float, height_mm: float) -> Float:
        return project(self.homography, mm)

    def to_plane(self, px: Float, height_mm: float) -> Float:
        return project(np.linalg.inv(self.homography).astype(np.float64), px)


def project(h: Float, points: Float) -> Float:
    """(..., 2) points through a (3, 3) homography."""
    p = np.asarray(points, dtype=np.float64)
    q = p @ h[:, :2].T + h[:, 2]
    return np.asarray(q[..., :2] / q[..., 2:3], dtype=np.float64)
