"""From height field to radiance: shadows of the whole scene, the mirror and scatter of a part, and its picture.

Everything here is in raw camera units: one material under one light is one raw triple, integrated over wavelength
before (see ``spectra.raw``). Heights are over the bench, z up; directions are in the bench frame.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import materials, spectra
from sample_data.renderer.lamps import ALPHAS, GRID, RIM, Lamp, LightTables
from sample_data.renderer.part import Part, Surface

Float = NDArray[np.float64]
Single = NDArray[np.float32]

LAMP_MM: Final = 260.0
"""Distance of the lamps, for the parallax of their reflections."""
TILE: Final = 1024
"""Side of the periodic texture tiles, one texel per part raster cell."""
SIDE_WALL: Final = 254
"""Label of a visible side wall."""

_REACH_MM: Final = np.array([0.05, 0.1, 0.16, 0.25, 0.38, 0.57, 0.85, 1.3, 1.9, 2.9, 4.3, 6.5])


@dataclass(frozen=True, slots=True)
class Pose:
    """Place of a part's origin on the bench in mm and its rotation, clockwise as seen."""

    x_mm: float
    y_mm: float
    rotation_deg: float = 0.0


@numba.njit(cache=True, fastmath=True)
def _shares(height: Single, raised: Single, pitch: float, reach: Float, visible: Single, out: Single) -> None:
    """Share of main and ambient irradiance that reaches the bench (0, 1) and the surface on it (2, 3)."""
    rows, cols = height.shape
    azimuths, elevations = visible.shape[:2]
    for y in range(rows):
        for x in range(cols):
            top = raised[y, x]
            jitter = 0.75 + 0.5 * (((x * 73856093) ^ (y * 19349663)) % 97) / 97.0
            m0 = m1 = m2 = m3 = np.float32(0.0)
            for a in range(azimuths):
                c = math.cos(2 * math.pi * (a + 0.5) / azimuths)
                s = math.sin(2 * math.pi * (a + 0.5) / azimuths)
                low = high = np.float32(0.0)
                for k in range(reach.shape[0]):
                    d = reach[k] * jitter
                    i, j = int(x + c * d / pitch + 0.5), int(y + s * d / pitch + 0.5)
                    if i < 0 or j < 0 or i >= cols or j >= rows:
                        break
                    low = max(low, height[j, i] / d)
                    high = max(high, (height[j, i] - top) / d)
                e = math.atan(low) * 2 / math.pi * elevations
                n = min(int(e), elevations - 2)
                f = np.float32(min(e - n, 1.0))
                m0 += visible[a, n, 0] + f * (visible[a, n + 1, 0] - visible[a, n, 0])
                m1 += visible[a, n, 1] + f * (visible[a, n + 1, 1] - visible[a, n, 1])
                e = math.atan(high) * 2 / math.pi * elevations
                n = min(int(e), elevations - 2)
                f = np.float32(min(e - n, 1.0))
                m2 += visible[a, n, 0] + f * (visible[a, n + 1, 0] - visible[a, n, 0])
                m3 += visible[a, n, 1] + f * (visible[a, n + 1, 1] - visible[a, n, 1])
            out[y, x, 0], out[y, x, 1], out[y, x, 2], out[y, x, 3] = m0, m1, m2, m3


@dataclass(frozen=True, slots=True)
class Shadows:
    """Shares (h, w, 4) of the irradiance left by the scene's own relief; raster pixel (0, 0) lies at ``corner_mm``."""

    share: Single
    pitch_mm: float
    corner_mm: tuple[float, float]


def cast_shadows(relief: Single, pitch_mm: float, corner_mm: tuple[float, float], tables: LightTables) -> Shadows:
    """Shadows and ambient occlusion of a relief (h, w) in mm over the bench."""
    dilated = cv2.dilate(relief, np.ones((5, 5), np.uint8))
    inside = cv2.dilate((relief > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    raised = np.where(inside & (relief <= 0), dilated, relief).astype(np.float32)
    share = np.empty((*relief.shape, 4), dtype=np.float32)
    _shares(relief, raised, pitch_mm, _REACH_MM, tables.visible, share)
    cv2.GaussianBlur(share, (0, 0), 0.8, dst=share)
    return Shadows(share, pitch_mm, corner_mm)


@functools.cache
def _tiles() -> Single:
    """(4, TILE, TILE, 2) periodic slope fields: waviness, grain, streaks, orange peel; each of rms 1."""
    rng = np.random.default_rng(20260510)
    f = np.fft.fftfreq(TILE)
    fx, fy = np.meshgrid(f, f)
    r = np.hypot(fx, fy)
    bands = (
        np.exp(-0.5 * (np.log((r + 1e-9) * 170) / 0.5) ** 2),
        np.exp(-0.5 * (np.log((r + 1e-9) * 9) / 0.45) ** 2),
        np.exp(-0.5 * (np.log((np.abs(fy) + 1e-9) * 9) / 0.7) ** 2) * np.exp(-0.5 * (fx * 220) ** 2),
        np.exp(-0.5 * (np.log((r + 1e-9) * 70) / 0.4) ** 2),
    )
    out = np.empty((len(bands), TILE, TILE, 2), dtype=np.float32)
    for i, band in enumerate(bands):
        spectrum = np.fft.fft2(rng.standard_normal((TILE, TILE))) * band
        for axis, freq in enumerate((fx, fy)):
            slope = np.fft.ifft2(spectrum * 2j * np.pi * freq).real
            out[i, ..., axis] = slope
        out[i] /= np.sqrt((out[i] ** 2).sum(axis=-1).mean())
    return out


_TEXTURE: Final[dict[str, tuple[float, float, float, float]]] = {
    "metal": (0.012, 0.006, 0.010, 0.0),
    "brushed metal": (0.004, 0.010, 0.085, 0.0),
    "sandblasted metal": (0.004, 0.150, 0.0, 0.0),
    "oxide": (0.006, 0.06, 0.0, 0.0),
    "soft enamel": (0.010, 0.0, 0.0, 0.012),
    "hard enamel": (0.006, 0.002, 0.003, 0.004),
}
"""Rms slopes of waviness, grain, streaks and orange peel by kind."""


def optical_table(surfaces: Sequence[Surface], lamp: Lamp) -> Single:
    """(n + 1, 24) per surface, row 0 empty: mirror main, ambient, bench raw; scatter main, ambient raw; Fresnel base,
    GGX alpha as a level of ``ALPHAS``, texture slopes, gloss."""
    main, ambient = lamp.power()
    light = main + ambient
    rows = np.zeros((len(surfaces) + 1, 24), dtype=np.float32)
    for n, s in enumerate(surfaces, start=1):
        mirror = s.kind.endswith("metal")
        r = materials.metal_reflectance(s) if mirror else np.ones_like(main)
        scatter = materials.diffuse_reflectance(s)
        rows[n, 0:3], rows[n, 3:6], rows[n, 6:9] = (
            spectra.raw(r, main) * _unit(main),
            spectra.raw(r, ambient) * _unit(ambient),
            spectra.raw(r, light) * _unit(light),
        )
        rows[n, 9:12], rows[n, 12:15] = (
            spectra.raw(scatter, main) * _unit(main),
            spectra.raw(scatter, ambient) * _unit(ambient),
        )
        enamel = s.kind.endswith("enamel")
        rows[n, 15] = 1.0 if mirror else 0.04
        alpha = max(s.roughness**2, ALPHAS[0])
        if enamel and not s.clearcoat:
            alpha = max(alpha, 0.04)
        rows[n, 16] = float(np.interp(np.log(alpha), np.log(ALPHAS), np.arange(len(ALPHAS))))
        rows[n, 17:21] = _TEXTURE.get(s.kind, (0.0, 0.0, 0.0, 0.0))
        rows[n, 21] = 1.0 if mirror or enamel else max(s.clearcoat, 0.15 if s.kind == "print" else 0.0)
    return rows


def _unit(power: Float) -> float:
    """Absolute raw of a light: green of the perfect diffuser, see ``Lamp.power``."""
    green = spectra.sensor()[:, 1]
    return float((power * green).sum() / (spectra.illuminant("LED-B4") * green).sum())


def white_raw(lamp: Lamp) -> Float:
    """(3,) raw radiance of the perfect diffuser under the whole light of a lamp."""
    flat = np.ones_like(lamp.power()[0])
    return np.asarray(sum(spectra.raw(flat, power) * _unit(power) for power in lamp.power()), dtype=np.float64)


@numba.njit(cache=True, fastmath=True)
def _shade(
    height: Single,
    surface: NDArray[np.uint8],
    under: NDArray[np.uint8],
    share: Single,
    pitch: float,
    origin: Float,
    pose: Float,
    eye: Float,
    optical: Single,
    tiles: Single,
    shift: NDArray[np.int64],
    mirror: Single,
    diffuse: Single,
    shadow: Single,
    shadow_pitch: float,
    shadow_corner: Float,
    bench: float,
    out: Single,
) -> None:
    rows, cols = height.shape
    cr, sr = math.cos(pose[2]), math.sin(pose[2])
    levels = mirror.shape[0]
    mask = tiles.shape[1] - 1
    sh_rows, sh_cols = shadow.shape[:2]
    m = np.zeros(24, dtype=np.float32)
    for y in range(1, rows - 1):
        for x in range(1, cols - 1):
            s = surface[y, x]
            if s == 0:
                continue
            w = share[y, x] if share.shape[0] == rows else np.float32(1.0)
            for c in range(24):
                m[c] = optical[s, c]
            if w < 1.0:
                for c in range(24):
                    m[c] = w * m[c] + (1 - w) * optical[under[y, x], c]
            # Slope of the relief and of the surface's texture, turned into the bench frame.
            gx = (height[y, x + 1] - height[y, x - 1]) / (2 * pitch)
            gy = (height[y + 1, x] - height[y - 1, x]) / (2 * pitch)
            for t in range(4):
                if m[17 + t] > 0:
                    v = tiles[t, (y + shift[t, 1]) & mask, (x + shift[t, 0]) & mask]
                    gx += m[17 + t] * v[0]
                    gy += m[17 + t] * v[1]
            bx, by = cr * gx - sr * gy, sr * gx + cr * gy
            nz = 1 / math.sqrt(1 + bx * bx + by * by)
            nx, ny = -bx * nz, -by * nz
            lx, ly = (x - origin[0]) * pitch, (y - origin[1]) * pitch
            px, py = cr * lx - sr * ly + pose[0], sr * lx + cr * ly + pose[1]
            vx, vy, vz = eye[0] - px, eye[1] - py, eye[2] - height[y, x]
            q = 1 / math.sqrt(vx * vx + vy * vy + vz * vz)
            vx, vy, vz = vx * q, vy * q, vz * q
            nv = nx * vx + ny * vy + nz * vz
            if nv < 0.02:
                nv = 0.02
            rx, ry, rz = 2 * nv * nx - vx, 2 * nv * ny - vy, 2 * nv * nz - vz
            # Shares of light left by walls and neighbours.
            fx = min(max((px - shadow_corner[0]) / shadow_pitch, 0.0), sh_cols - 1.001)
            fy = min(max((py - shadow_corner[1]) / shadow_pitch, 0.0), sh_rows - 1.001)
            ix, iy = int(fx), int(fy)
            fx -= ix
            fy -= iy
            lit = np.float32(0.0)
            lit_a = np.float32(0.0)
            for dy in range(2):
                for dx in range(2):
                    k = np.float32((fx if dx else 1 - fx) * (fy if dy else 1 - fy))
                    lit += k * shadow[iy + dy, ix + dx, 2]
                    lit_a += k * shadow[iy + dy, ix + dx, 3]
            # Scattered light by the normal; walls give back part of what they take.
            ux, uy = nx / (1 + nz), ny / (1 + nz)
            g = diffuse.shape[0]
            a, b = int((ux + RIM) / (2 * RIM) * g), int((uy + RIM) / (2 * RIM) * g)
            e_main = diffuse[b, a, 0] * (0.35 + 0.65 * lit) + bench * diffuse[b, a, 2]
            e_amb = diffuse[b, a, 1] * (0.35 + 0.65 * lit_a) + bench * diffuse[b, a, 2]
            # Mirrored light, the lamps being LAMP_MM away.
            rx += px / LAMP_MM
            ry += py / LAMP_MM
            q = 1 / math.sqrt(rx * rx + ry * ry + rz * rz)
            rx, ry, rz = rx * q, ry * q, rz * q
            ux, uy = rx / (1 + max(rz, -0.35)), ry / (1 + max(rz, -0.35))
            ux = min(max((ux + RIM) / (2 * RIM) * GRID - 0.5, 0.0), GRID - 1.001)
            uy = min(max((uy + RIM) / (2 * RIM) * GRID - 0.5, 0.0), GRID - 1.001)
            ix, iy = int(ux), int(uy)
            ux -= ix
            uy -= iy
            lev = min(int(m[16]), levels - 2)
            fl = m[16] - lev
            s_main = s_amb = s_bench = np.float32(0.0)
            for step in range(2):
                kl = fl if step else 1 - fl
                for dy in range(2):
                    for dx in range(2):
                        k = np.float32(kl * (ux if dx else 1 - ux) * (uy if dy else 1 - uy))
                        s_main += k * mirror[lev + step, iy + dy, ix + dx, 0]
                        s_amb += k * mirror[lev + step, iy + dy, ix + dx, 1]
                        s_bench += k * mirror[lev + step, iy + dy, ix + dx, 2]
            f = 1 - nv
            f5 = f * f * f * f * f
            base = m[15]
            fres = (base + (1 - base) * f5) * m[21]
            if base > 0.5:
                fres = np.float32(1.0)
            open_main, open_amb = 0.25 + 0.75 * lit, 0.25 + 0.75 * lit_a
            under_bench = 0.7 * bench
            for c in range(3):
                out[y, x, c] = (
                    fres * (m[c] * s_main * open_main + m[3 + c] * s_amb * open_amb + m[6 + c] * s_bench * under_bench)
                    + m[9 + c] * e_main
                    + m[12 + c] * e_amb
                )


def shade_part(
    part: Part,
    pose: Pose,
    eye_mm: Float,
    lamp: Lamp,
    tables: LightTables,
    shadows: Shadows,
    bench_reflectance: float,
    rng: np.random.Generator,
) -> Single:
    """(H, W, 3) raw radiance of every raster cell of a part under unit light. ``eye_mm``: camera, z up."""
    surface = part.surface
    ring = cv2.dilate(surface, np.ones((7, 7), np.uint8))
    surface = np.where(surface == 0, ring, surface)
    none = np.zeros((0, 0), dtype=np.float32)
    share = none if part.share is None else part.share
    under = surface if part.under is None else part.under
    out = np.zeros((*surface.shape, 3), dtype=np.float32)
    _shade(
        np.asarray(cv2.GaussianBlur(part.height_mm, (0, 0), 1.0), dtype=np.float32),
        surface,
        under,
        share,
        part.pitch_mm,
        np.array(part.origin_px, dtype=np.float64),
        np.array([pose.x_mm, pose.y_mm, math.radians(pose.rotation_deg)]),
        eye_mm,
        optical_table(part.surfaces, lamp),
        _tiles(),
        rng.integers(0, TILE, (4, 2)),
        tables.mirror,
        tables.diffuse,
        shadows.share,
        shadows.pitch_mm,
        np.array(shadows.corner_mm),
        bench_reflectance,
        out,
    )
    return out
