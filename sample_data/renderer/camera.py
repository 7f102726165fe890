"""The camera: where each photo pixel looks, and what sensor, processing and JPEG make of the light it sees.

Order of the picture's making: optics (vignetting, blur, motion, flare) - exposure - Bayer mosaic - photon and read
noise - 12 bit raw - white balance - demosaic - colour matrix - sharpening - sRGB curve - JPEG 4:2:0 with EXIF.
"""

from __future__ import annotations

import functools
import io
import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import spectra
from sample_data.renderer.lamps import Lamp

Float = NDArray[np.float64]
Single = NDArray[np.float32]

WHITE: Final = 0.82
"""Linear value of the perfect diffuser at the lamp's centre at nominal exposure: head room for gloss."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole with Brown-Conrady distortion over the bench (x right, y down, z away from the camera).

    matrix : (3, 3) px. distortion : (5,) k1 k2 p1 p2 k3. rotation : (3, 3), translation_mm : (3,), bench to camera.
    """

    width: int
    height: int
    matrix: Float
    distortion: Float
    rotation: Float
    translation_mm: Float

    @property
    def centre_mm(self) -> Float:
        """(3,) entrance pupil in the bench frame; z is negative."""
        return np.asarray(-self.rotation.T @ self.translation_mm, dtype=np.float64)

    def project(self, points_mm: Float) -> Float:
        """(n, 2) px of (n, 3) bench points, by OpenCV."""
        rvec, _ = cv2.Rodrigues(self.rotation)
        pts = np.asarray(points_mm, dtype=np.float64).reshape(-1, 1, 3)
        px, _ = cv2.projectPoints(pts, rvec, self.translation_mm, self.matrix, self.distortion)
        return np.asarray(px.reshape(-1, 2), dtype=np.float64)

    def scaled(self, scale: float) -> Camera:
        """The same camera with a coarser (scale < 1) sensor; pixel centres stay at whole numbers."""
        m = self.matrix.copy()
        m[:2] *= scale
        m[:2, 2] += 0.5 * scale - 0.5
        w, h = round(self.width * scale), round(self.height * scale)
        return Camera(w, h, m, self.distortion, self.rotation, self.translation_mm)

    def packed(self) -> Float:
        """Eighteen numbers for the compiled kernels: fx fy cx cy k1 k2 p1 p2 k3, R row by row."""
        m = self.matrix
        return np.concatenate([[m[0, 0], m[1, 1], m[0, 2], m[1, 2]], self.distortion, self.rotation.ravel()])


def look(
    width: int,
    height: int,
    focal_px: float,
    distance_mm: float,
    *,
    tilt_deg: tuple[float, float] = (0.0, 0.0),
    roll_deg: float = 0.0,
    aim_mm: tuple[float, float] = (0.0, 0.0),
    k1: float = 0.0,
    centre_offset_px: tuple[float, float] = (0.0, 0.0),
) -> Camera:
    """A camera that looks at ``aim_mm`` on the bench from ``distance_mm``, tilted about the bench's x and y."""
    a, b, c = math.radians(tilt_deg[0]), math.radians(tilt_deg[1]), math.radians(roll_deg)
    rx = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    ry = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    rz = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    rotation = np.asarray(rx @ ry @ rz, dtype=np.float64)
    translation = np.array([0.0, 0.0, distance_mm]) - rotation @ np.array([*aim_mm, 0.0])
    cx, cy = (width - 1) / 2 + centre_offset_px[0], (height - 1) / 2 + centre_offset_px[1]
    matrix = np.array([[focal_px, 0, cx], [0, focal_px, cy], [0, 0, 1.0]])
    return Camera(width, height, matrix, np.array([k1, 0, 0, 0, 0.0]), rotation, translation)


@dataclass(frozen=True, slots=True)
class Optics:
    """Blur and light losses. blur_px : Gaussian sigma. motion_px : path length and direction (deg) of a shake.

    vignetting : relative loss in the corners. flare : share of the light spread over the picture (veiling glare).
    """

    blur_px: float = 0.75
    motion_px: float = 0.0
    motion_deg: float = 0.0
    vignetting: float = 0.06
    flare: float = 0.006


@dataclass(frozen=True, slots=True)
class Processing:
    """Sensor and processing. exposure_ev : against nominal. balance_error : relative error of the red and blue gains.

    full_well : electrons at raw 1.0. read_noise : electrons. sharpen : strength of the unsharp mask. quality : JPEG.
    """

    exposure_ev: float = 0.0
    balance_error: tuple[float, float] = (0.0, 0.0)
    full_well: float = 16000.0
    read_noise: float = 4.0
    sharpen: float = 0.25
    quality: int = 85


@functools.cache
def colour_matrix(lamp: Lamp) -> tuple[Float, Float]:
    """(3,) white balance gains and (3, 3) matrix, balanced raw to linear sRGB, as a maker would tune them for a lamp.

    Least squares over the 24 card patches and 60 mixtures of them, relative to Lab D50 carried to the sRGB white by
    Bradford; rows sum to 1, so that a balanced grey stays grey.
    """
    main, ambient = lamp.power()
    patches = spectra.card_patches()[1]
    rng = np.random.default_rng(11)
    mixed = rng.dirichlet(np.full(24, 0.12), 60) @ patches
    r = np.concatenate([patches, mixed, np.full((1, patches.shape[1]), 0.9)])
    gains = 1.0 / spectra.raw(np.ones(patches.shape[1]), main + ambient)
    balanced = spectra.raw(r, main + ambient) * gains
    gains, balanced = gains / gains[1], balanced
    target = linear_srgb(spectra.lab(r))
    weight = 1 / (0.08 + target.mean(axis=1, keepdims=True))
    rows = []
    for c in range(3):  # row = (a, b, 1 - a - b): fit the differences to the last channel
        x = balanced[:, :2] - balanced[:, 2:]
        y = target[:, c] - balanced[:, 2]
        a, *_ = np.linalg.lstsq(x * weight, y * weight[:, 0], rcond=None)
        rows.append([a[0], a[1], 1 - a.sum()])
    return gains, np.array(rows)


SRGB_FROM_XYZ_D50: Final = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
"""Lindbloom's sRGB matrix adapted to D50 by Bradford."""


def linear_srgb(lab_d50: Float) -> Float:
    """(..., 3) linear sRGB, not clipped, of (..., 3) Lab D50."""
    fy = (lab_d50[..., 0] + 16) / 116
    f = np.stack([fy + lab_d50[..., 1] / 500, fy, fy - lab_d50[..., 2] / 200], axis=-1)
    d = 6 / 29
    xyz = np.where(f > d, f**3, 3 * d * d * (f - 4 / 29)) * np.array([0.96422, 1.0, 0.82521])
    return np.asarray(xyz @ SRGB_FROM_XYZ_D50.T, dtype=np.float64)


def expose(
    light: Single, camera: Camera, lamp: Lamp, optics: Optics, processing: Processing, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 sRGB picture of the (h, w, 3) raw light that reaches the lens; the perfect diffuser gives the raw
    of the lamp."""
    gains, matrix = colour_matrix(lamp)
    error = np.array([1 + processing.balance_error[0], 1.0, 1 + processing.balance_error[1]])
    raw = _optics(light, camera, optics)
    raw *= np.float32(WHITE * 2.0**processing.exposure_ev)
    mosaic = _mosaic(raw)
    del raw
    electrons = np.maximum(mosaic, 0) * np.float32(processing.full_well)
    noise = rng.standard_normal(mosaic.shape, dtype=np.float32)
    electrons += noise * np.sqrt(electrons + np.float32(processing.read_noise**2))
    mosaic = np.clip(np.rint(electrons / np.float32(processing.full_well) * 4095), -64, 4095) / np.float32(4095)
    mosaic = mosaic.astype(np.float32)
    gain = (gains * error).astype(np.float32)
    mosaic[0::2, 0::2] *= gain[0]
    mosaic[1::2, 1::2] *= gain[2]
    rgb = _demosaic(np.minimum(mosaic, np.float32(1.0)))
    for c in (0, 2):  # false colour at edges: smooth the difference to green
        difference = cv2.medianBlur(np.ascontiguousarray(rgb[..., c] - rgb[..., 1]), 5)
        rgb[..., c] = rgb[..., 1] + difference
    rgb = np.asarray(cv2.transform(rgb, matrix.astype(np.float32)), dtype=np.float32)
    if processing.sharpen:
        soft = cv2.GaussianBlur(rgb, (0, 0), 1.0)
        cv2.addWeighted(rgb, 1 + processing.sharpen, soft, -processing.sharpen, 0, dst=rgb)
    return _encode(rgb)


def _optics(light: Single, camera: Camera, optics: Optics) -> Single:
    h, w = light.shape[:2]
    m = camera.matrix
    x = (np.arange(w) - m[0, 2]) / m[0, 0]
    y = (np.arange(h) - m[1, 2]) / m[1, 1]
    r2 = (x[None, :] ** 2 + y[:, None] ** 2) / (((w / 2) / m[0, 0]) ** 2 + ((h / 2) / m[1, 1]) ** 2)
    fall = (1 - optics.vignetting * r2 * (0.8 + 0.2 * r2)).astype(np.float32)
    out = np.asarray(light * fall[..., None], dtype=np.float32)
    if optics.flare:
        tiny = cv2.resize(out, (w // 16 or 1, h // 16 or 1), interpolation=cv2.INTER_AREA)
        veil = cv2.GaussianBlur(tiny, (0, 0), 0.12 * tiny.shape[1], borderType=cv2.BORDER_REPLICATE)
        halo = cv2.GaussianBlur(tiny, (0, 0), 0.012 * tiny.shape[1], borderType=cv2.BORDER_REPLICATE)
        glow = cv2.resize(0.7 * veil + 0.3 * halo, (w, h), interpolation=cv2.INTER_LINEAR)
        out = (1 - optics.flare) * out + optics.flare * glow
    if optics.blur_px > 0:
        cv2.GaussianBlur(out, (0, 0), optics.blur_px, dst=out)
    if optics.motion_px > 0:
        out = np.asarray(cv2.filter2D(out, -1, _streak(optics.motion_px, optics.motion_deg)), dtype=np.float32)
    return np.ascontiguousarray(out, dtype=np.float32)


def _streak(length_px: float, angle_deg: float) -> Single:
    """A centred line kernel, drawn by bilinear splatting."""
    n = 2 * math.ceil(length_px / 2 + 1) + 1
    kernel = np.zeros((n, n))
    a = math.radians(angle_deg)
    for t in np.linspace(-0.5, 0.5, 101):
        x, y = n // 2 + t * length_px * math.cos(a), n // 2 + t * length_px * math.sin(a)
        i, j = math.floor(x), math.floor(y)
        for dj, di in ((0, 0), (0, 1), (1, 0), (1, 1)):
            kernel[j + dj, i + di] += abs(1 - di - (x - i)) * abs(1 - dj - (y - j))
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _mosaic(raw: Single) -> Single:
    """RGGB samples of (h, w, 3) raw."""
    out = np.ascontiguousarray(raw[..., 1])
    out[0::2, 0::2] = raw[0::2, 0::2, 0]
    out[1::2, 1::2] = raw[1::2, 1::2, 2]
    return out


_LINE: Final = np.array([[-0.25, 0.5, 0.5, 0.5, -0.25]], dtype=np.float32)
_SLOPE: Final = np.array([[0.0, -1.0, 0.0, 1.0, 0.0]], dtype=np.float32)
_BEND: Final = np.array([[-1.0, 0.0, 2.0, 0.0, -1.0]], dtype=np.float32)
_SPREAD: Final = np.array([[0.25, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 0.25]], dtype=np.float32)


def _demosaic(m: Single) -> Single:
    """RGGB mosaic to (h, w, 3): green along the edge (Hamilton and Adams 1997, here with soft weights), then red and
    blue by interpolating their difference to green."""

    def filtered(kernel: Single) -> Single:
        return np.asarray(cv2.filter2D(m, -1, kernel, borderType=cv2.BORDER_REFLECT_101), dtype=np.float32)

    across = np.abs(filtered(_SLOPE)) + np.abs(filtered(_BEND)) + np.float32(1e-3)
    along = np.abs(filtered(_SLOPE.T.copy())) + np.abs(filtered(_BEND.T.copy())) + np.float32(1e-3)
    across, along = across * across, along * along
    green = (filtered(_LINE) * along + filtered(_LINE.T.copy()) * across) / (across + along)
    green[0::2, 1::2], green[1::2, 0::2] = m[0::2, 1::2], m[1::2, 0::2]
    out = np.empty((*m.shape, 3), dtype=np.float32)
    out[..., 1] = green
    for channel, at in ((0, np.s_[0::2, 0::2]), (2, np.s_[1::2, 1::2])):
        difference = np.zeros_like(m)
        difference[at] = m[at] - green[at]
        out[..., channel] = green + cv2.filter2D(difference, -1, _SPREAD, borderType=cv2.BORDER_REFLECT_101)
    return out


@functools.cache
def _curve() -> NDArray[np.uint8]:
    """sRGB code of linear n / 65535."""
    x = np.arange(65536) / 65535.0
    v = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(v * 255), dtype=np.uint8)


def _encode(rgb: Single) -> NDArray[np.uint8]:
    code = np.clip(rgb * np.float32(65535) + np.float32(0.5), 0, 65535).astype(np.uint16)
    return np.asarray(_curve()[code], dtype=np.uint8)


def jpeg(picture: NDArray[np.uint8], quality: int, taken_at: str) -> bytes:
    """JPEG 4:2:0 with EXIF; ``taken_at`` is ``YYYY:MM:DD HH:MM:SS``."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Benchline", "BL-3M", taken_at
    exif[0x0112] = 1
    details = exif.get_ifd(0x8769)
    details[0x9003], details[0x829A], details[0x829D], details[0x8827] = taken_at, (1, 50), (8, 1), 100
    details[0x920A] = (35, 1)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality, subsampling="4:2:0", optimize=True, exif=exif)
    return out.getvalue()
