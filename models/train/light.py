"""Lamps over a bench, and how metal, enamel and print look under them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from models.train.artwork import Artwork

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]


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
    gx, gy = (
        np.asarray(cv2.Sobel(art.height, cv2.CV_32F, *way, ksize=3, scale=0.125), dtype=np.float32)
        for way in ((1, 0), (0, 1))
    )
    dull = lamp.spread / (1 + 4 * art.rough**2 * lamp.spread)
    mirrors = np.stack([dull, np.minimum(0.4 * dull, 12.0), lamp.spread, np.minimum(0.5 * lamp.spread, 60.0)], axis=1)
    hollow = 0.35 if art.finish in ("soft", "glitter") else 0.0
    return _lit(
        gx, gy, art.metal, art.wall, art.albedo, art.tint, art.coat, hollow, lamp.directions,
        lamp.power, mirrors.astype(np.float32), lamp.sky, lamp.bench,
    )  # fmt: skip


@numba.njit(cache=True, nogil=True, fastmath=True)
def _lit(
    gx: Float32, gy: Float32, metal: Bool, wall: Float32, albedo: Float32, tint: Float32, coat: float, hollow: float,
    directions: Float32, power: Float32, mirrors: Float32, sky: Float32, bench: Float32,
) -> Float32:  # fmt: skip  # pragma: no cover - compiled
    """mirrors : (k, 4) sharpness and gain of each lamp's image in the metal, and in the clear coat."""
    rows, columns = gx.shape
    out = np.empty((rows, columns, 3), dtype=np.float32)
    light = np.empty(3, dtype=np.float32)
    for i in range(rows):
        for j in range(columns):
            nz = 1 / np.sqrt(gx[i, j] ** 2 + gy[i, j] ** 2 + 1)
            nx, ny = -gx[i, j] * nz, -gy[i, j] * nz
            rx, ry, rz = 2 * nz * nx, 2 * nz * ny, 2 * nz * nz - 1  # mirrored view
            up = min(max(rz * 0.5 + 0.5, 0.0), 1.0)
            shaded = 1 - hollow * np.exp(-wall[i, j] / 6)
            for c in range(3):
                around = bench[c] * (1 - up) + sky[c] * up
                light[c] = (
                    tint[c] * around
                    if metal[i, j]
                    else (albedo[i, j, c] * shaded * (0.8 * sky[c] + 0.2 * bench[c]) + coat * around)
                )
            for k in range(len(directions)):
                x, y, z = directions[k]
                away = rx * x + ry * y + rz * z - 1
                if metal[i, j]:
                    seen = mirrors[k, 1] * np.exp(mirrors[k, 0] * away)
                    for c in range(3):
                        light[c] += tint[c] * seen * power[k, c]
                else:
                    seen = coat * mirrors[k, 3] * np.exp(mirrors[k, 2] * away)
                    facing = shaded * max(nx * x + ny * y + nz * z, 0.0)
                    for c in range(3):
                        light[c] += (albedo[i, j, c] * facing + seen) * power[k, c]
            for c in range(3):
                out[i, j, c] = light[c]
    return out
