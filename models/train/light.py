"""Lamps over a bench, and how metal, enamel and print look under them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.train.artwork import Artwork

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Lamps:
    """directions : (k, 3) unit vectors towards lamps, z up. power : (k, 3) colour and strength. spread : (k,) sharpness
    of each lamp's image in a mirror. sky, bench : (3,) light from above and from the bench beside the part."""

    directions: Float32
    power: Float32
    spread: Float32
    sky: Float32
    bench: Float32

    def turned(self, angle: float) -> Lamps:
        """The lamps as a part sees them that is turned by ``angle`` (radians)."""
        c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]], dtype=np.float32)
        return replace(self, directions=self.directions @ turn.T)


def lamps(rng: np.random.Generator) -> Lamps:
    """One to five lamps, from a ring of spots to soft boxes."""
    k = int(rng.integers(1, 6))
    azimuth = rng.uniform(0, 2 * np.pi) + np.arange(k) * 2 * np.pi / k + rng.normal(0, 0.3, k)
    elevation = rng.uniform(0.5, 1.45, k)
    flat = np.cos(elevation)
    directions = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=1)
    tone = 1 + rng.normal(0, 0.02, (k, 3))
    power = tone * rng.uniform(0.4, 1.3, (k, 1)) / k
    return Lamps(
        directions.astype(np.float32),
        power.astype(np.float32),
        (10 ** rng.uniform(0.5, 2.6, k)).astype(np.float32),
        (np.ones(3) * rng.uniform(0.05, 0.7)).astype(np.float32),
        (np.ones(3) * rng.uniform(0.02, 0.35)).astype(np.float32),
    )


def slightly_moved(rng: np.random.Generator, lamp: Lamps) -> Lamps:
    """The same bench another day: lamps a little elsewhere and a little stronger or weaker."""
    directions = lamp.directions + rng.normal(0, 0.03, lamp.directions.shape).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return replace(lamp, directions=directions, power=lamp.power * np.float32(1 + rng.normal(0, 0.04)))


def shade(art: Artwork, lamp: Lamps) -> Float32:
    """(H, W, 3) linear light that a camera straight above sees of an artwork."""
    gx = cv2.Sobel(art.height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    gy = cv2.Sobel(art.height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    nz = 1 / np.sqrt(gx * gx + gy * gy + 1)
    nx, ny = -gx * nz, -gy * nz
    rx, ry, rz = 2 * nz * nx, 2 * nz * ny, 2 * nz * nz - 1  # mirrored view
    up = np.clip(rz * 0.5 + 0.5, 0, 1)[..., None]
    around = lamp.bench * (1 - up) + lamp.sky * up
    mirror_metal, mirror_coat = around.copy(), around.copy()
    diffuse = np.broadcast_to(lamp.sky * 0.8 + lamp.bench * 0.2, mirror_metal.shape).copy()
    for (x, y, z), power, spread in zip(lamp.directions, lamp.power, lamp.spread, strict=True):
        towards = rx * x + ry * y + rz * z - 1
        dull = spread / (1 + 40 * art.rough**2 * spread / 10)
        gain = np.float32(min(0.4 * dull, 12.0))
        mirror_metal += (np.exp(dull * towards) * gain)[..., None] * power
        mirror_coat += (np.exp(spread * towards) * min(0.5 * spread, 60.0))[..., None] * power
        diffuse += np.maximum(nx * x + ny * y + nz * z, 0)[..., None] * power
    hollow = np.where(art.metal, 0.0, np.exp(-art.wall / 6)) * (art.finish in ("soft", "glitter"))
    diffuse *= (1 - 0.35 * hollow)[..., None]
    enamel = art.albedo * diffuse + art.coat * mirror_coat
    return np.asarray(np.where(art.metal[..., None], art.tint * mirror_metal, enamel), dtype=np.float32)
