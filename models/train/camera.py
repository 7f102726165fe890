"""From light to a photo that was registered: blur, exposure, noise, JPEG, and what registration leaves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.train.artwork import OVER, smooth_noise

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Camera:
    """blur_px : Gaussian sigma. noise : standard deviation at mid tone, linear. quality : JPEG, 0 for none. sharpen :
    strength of a camera's unsharp mask."""

    blur_px: float
    noise: float
    quality: int
    sharpen: float


def camera(rng: np.random.Generator) -> Camera:
    return Camera(
        float(rng.uniform(0.45, 1.5)),
        float(10 ** rng.uniform(-3.1, -1.7)),
        int(rng.choice([0, *range(70, 101, 5)])),
        float(rng.uniform(0, 0.6) if rng.random() < 0.4 else 0.0),
    )


_SCAN_BLUR_PX = 0.8
_DOTS = 2.0  # of dust a scan, on average
_DOT_PX = 2


def expose(rng: np.random.Generator, light: Float32) -> Float32:
    """A uniform exposure and white balance that bring the brighter light to a usual level."""
    level = rng.uniform(0.35, 0.95) / max(float(np.percentile(light, 97)), 1e-3)
    return np.asarray(light * np.float32(level), dtype=np.float32)


def misregistered(rng: np.random.Generator, light: Float32, most_px: float) -> Float32:
    """Light displaced by up to ``most_px`` pixels and warped a little, as a registration leaves it."""
    n = len(light)
    amount = most_px * OVER * rng.random() ** 2
    way = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:n, 0:n].astype(np.float32)
    local = rng.uniform(0, 0.4) * OVER
    fine = rng.uniform(0, 0.7) * OVER if rng.random() < 0.3 else 0.0  # single lines that lie a little elsewhere
    waves = n / rng.uniform(5, 14)
    x = x + np.float32(amount * np.cos(way)) + smooth_noise(rng, n, n / 2) * np.float32(local)
    y = y + np.float32(amount * np.sin(way)) + smooth_noise(rng, n, n / 2) * np.float32(local)
    x = x + smooth_noise(rng, n, waves) * np.float32(fine)
    y = y + smooth_noise(rng, n, waves) * np.float32(fine)
    return np.asarray(cv2.remap(light, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), dtype=np.float32)


def drifted(rng: np.random.Generator, light: Float32) -> Float32:
    """What differs between two photos of good parts: exposure, white balance, shading, a soft reflection, flare."""
    n = len(light)
    gain = np.exp(rng.normal(0, 0.06, 3)) * np.exp(rng.normal(0, 0.08))
    slope = 1 + smooth_noise(rng, n, n) * np.float32(rng.uniform(0, 0.06))
    out = light * gain.astype(np.float32) * slope[..., None]
    if rng.random() < 0.15:
        y, x = np.mgrid[0:n, 0:n].astype(np.float32)
        at, size = rng.uniform(-0.2, 1.2, 2) * n, rng.uniform(0.15, 0.7) * n
        veil = np.exp(-(((x - at[0]) ** 2 + (y - at[1]) ** 2) / size**2))
        out = out + (veil * rng.uniform(0.02, 0.5))[..., None]
    return np.asarray(out + np.float32(rng.uniform(0, 0.01)), dtype=np.float32)


def photographed(rng: np.random.Generator, light: Float32, how: Camera) -> UInt8:
    """(h, w, 3) uint8 sRGB picture of light drawn at ``OVER`` samples a pixel."""
    n = len(light) // OVER
    blurred = cv2.GaussianBlur(np.minimum(light, 4.0), (0, 0), how.blur_px * OVER)
    small = cv2.resize(blurred, (n, n), interpolation=cv2.INTER_AREA)
    if how.sharpen > 0:
        small = small + np.float32(how.sharpen) * (small - cv2.GaussianBlur(small, (0, 0), 1.0))
    sigma = how.noise * np.sqrt(np.clip(small, 0.02, 1.0) / 0.4)
    small = small + sigma * rng.normal(0, 1, small.shape)
    picture: UInt8 = coded(small.astype(np.float32))
    return _through_jpeg(picture, how.quality) if how.quality else np.ascontiguousarray(picture)


def scanned(rng: np.random.Generator, light: Float32, how: Camera) -> UInt8:
    """(h, w, 3) uint8 picture of two tones: light over a threshold is white and all else black, pixel by pixel, with
    the ragged edges and the lines grown or thinned that this gives, and a few dots of dust.

    It is no more blurred than ``_SCAN_BLUR_PX``: else thin lines would be lost from one picture of good pairs, and it
    would be learnt that lines may be missing.
    """
    n = len(light) // OVER
    grey = cv2.GaussianBlur(light.mean(axis=2), (0, 0), min(how.blur_px, _SCAN_BLUR_PX) * OVER)
    small = cv2.resize(grey, (n, n), interpolation=cv2.INTER_AREA)
    low, high = np.percentile(small, [2, 98])
    level = low + (high - low) * (0.5 + rng.normal(0, 0.1) + smooth_noise(rng, n, 4) * rng.uniform(0, 0.12))
    tones = np.where(small > level, 255, 0).astype(np.uint8)
    for _ in range(int(rng.poisson(_DOTS))):
        (y, x), (h, w) = rng.integers(n, size=2), rng.integers(1, _DOT_PX + 1, 2)
        tones[y : y + h, x : x + w] = 255 - tones[y, x]
    picture: UInt8 = np.repeat(tones[..., None], 3, axis=2)
    return _through_jpeg(picture, int(rng.integers(75, 98)))


def _through_jpeg(picture: UInt8, quality: int) -> UInt8:
    ok, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert ok
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def coded(linear: Float32) -> UInt8:
    """uint8 sRGB values of linear light 0-1 (IEC 61966-2-1)."""
    clipped = np.clip(linear, 0, 1)
    low = 12.92 * clipped
    high = 1.055 * np.power(clipped, 1 / 2.4) - 0.055
    return np.round(255 * np.where(clipped <= 0.0031308, low, high)).astype(np.uint8)
