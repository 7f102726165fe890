"""The light over the bench: spectra, and radiance by direction, filtered for rough mirrors and for diffuse surfaces.

Two lights with their own spectra: the bench lamps (``main``) and the room (``ambient``). Each is normalised so that an
unshaded horizontal diffuser sees an irradiance of pi, that is, the perfect diffuser has radiance 1 under it.

Directions of the upper hemisphere and a rim below the horizon are laid out stereographically, u = (x, y) / (1 + z),
z up, because that map is conformal: a lobe stays round.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import spectra

Float = NDArray[np.float64]
Single = NDArray[np.float32]

GRID: Final = 100
"""Samples across the direction tables."""
RIM: Final = 1.5
"""The tables run over u = -RIM .. RIM; |u| = 1 is the horizon."""
ALPHAS: Final = (0.015, 0.04, 0.08, 0.14, 0.22, 0.34, 0.5, 0.75)
"""GGX widths the mirror tables are filtered with."""
AZIMUTHS: Final = 16
ELEVATIONS: Final = 24


@dataclass(frozen=True, slots=True)
class Lamp:
    """What lights the bench.

    layout : ``dome`` (diffusing tent), ``ring`` (round lens lamp) or ``bars`` (two soft boxes). main, ambient :
    illuminants of colour-science. ambient_share : part of the irradiance that comes from the room.
    """

    layout: str = "dome"
    main: str = "LED-B4"
    ambient: str = "LED-B5"
    ambient_share: float = 0.12

    def power(self) -> tuple[Float, Float]:
        """(81,) spectral power of main and ambient light, together giving green raw 1 on the perfect diffuser."""
        green = spectra.sensor()[:, 1]
        main, ambient = spectra.illuminant(self.main), spectra.illuminant(self.ambient)
        reference = float((spectra.illuminant("LED-B4") * green).sum())
        unit = [p * reference / float((p * green).sum()) for p in (main, ambient)]
        return (1 - self.ambient_share) * unit[0], self.ambient_share * unit[1]


LIGHTS: Final[Mapping[str, str]] = {
    "d65": "D65",
    "d50": "D50",
    "led": "LED-B4",
    "tl84": "FL11",
    "a": "A",
}
"""Lights of a viewing booth by the trade's name, as illuminants of colour-science: daylight 6500 K and 5000 K, a white
phosphor LED of 5100 K, the triphosphor shop tube of 4000 K and the incandescent lamp."""


def booth(light: str, layout: str = "dome") -> Lamp:
    """A booth with one of ``LIGHTS`` on; the room gives back no other. ``KeyError`` for an unknown light."""
    return Lamp(layout, LIGHTS[light], LIGHTS[light])


@dataclass(frozen=True, slots=True)
class LightTables:
    """Radiance tables of one layout; the last axis is main, ambient, bench (radiance per unit of bench radiance).

    mirror : (levels, GRID, GRID, 3) radiance seen in a mirror of roughness ``ALPHAS[level]`` in reflected direction u.
    diffuse : (GRID, GRID, 3) irradiance / pi on a surface whose normal is u.
    visible : (AZIMUTHS, ELEVATIONS, 2) irradiance / pi arriving on a horizontal surface from above an elevation.
    """

    mirror: Single
    diffuse: Single
    visible: Single


def _directions(grid: int) -> tuple[Float, Float]:
    """(grid, grid, 3) unit directions and (grid, grid) their solid angles."""
    u = (np.arange(grid) + 0.5) / grid * 2 * RIM - RIM
    x, y = np.meshgrid(u, u)
    q = 1 + x * x + y * y
    d = np.stack([2 * x / q, 2 * y / q, 2 / q - 1], axis=-1)
    return d, (2 * RIM / grid) ** 2 * 4 / (q * q)


def _step(x: Float, edge: float, soft: float) -> Float:
    t = np.clip((x - edge) / soft + 0.5, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float64)


def _patch(d: Float, azimuth_deg: float, zenith_deg: float, size_deg: tuple[float, float]) -> Float:
    """A soft bright patch (0-1) centred on a direction, half sizes along the meridian and across it."""
    a, z = math.radians(azimuth_deg), math.radians(zenith_deg)
    out = np.array([math.sin(z) * math.cos(a), math.sin(z) * math.sin(a), math.cos(z)])
    across = np.array([-math.sin(a), math.cos(a), 0.0])
    along = np.cross(out, across)
    front = d @ out
    u = np.degrees(np.arctan2(d @ along, front)) / size_deg[0]
    v = np.degrees(np.arctan2(d @ across, front)) / size_deg[1]
    r = (np.abs(u) ** 4 + np.abs(v) ** 4) ** 0.25  # a rounded square, as of a soft box
    return np.where(front > 0, _step(-r, -1.0, 0.7), 0.0)


def radiance(layout: str, d: Float) -> Float:
    """(..., 3) main and ambient radiance (unnormalised) and bench share from directions d (..., 3), z up."""
    zenith = np.degrees(np.arccos(np.clip(d[..., 2], -1, 1)))
    azimuth = np.arctan2(d[..., 1], d[..., 0])
    above = _step(-zenith, -88.0, 5.0)
    lens = 0.06 + 0.94 * _step(zenith, 5.5, 2.5)  # the dark lens and, round it, its mount in the lamp's opening
    mount = 0.22 + 0.78 * _step(zenith, 13.0, 4.0)
    if layout == "dome":
        # A tent: paler towards the room's dark side, lit through its cloth by a lamp upper left and a weaker one right.
        cloth = 0.38 - 0.22 * np.cos(azimuth - 0.9) * np.sin(np.radians(zenith))
        seam = 1.0 - 0.45 * np.exp(-0.5 * ((zenith - 66.0) / 2.5) ** 2)
        key = _patch(d, azimuth_deg=-125.0, zenith_deg=42.0, size_deg=(17.0, 24.0))
        fill = _patch(d, azimuth_deg=20.0, zenith_deg=50.0, size_deg=(15.0, 30.0))
        main = cloth * seam + 5.6 * key + 1.4 * fill
    elif layout == "ring":
        ring = _step(zenith, 16.0, 3.0) * _step(-zenith, -29.0, 4.0)
        main = 0.10 + 3.4 * ring * (0.92 + 0.08 * np.cos(24 * azimuth))
    elif layout == "bars":
        main = np.full_like(zenith, 0.10)
        for side in (0.15, math.pi + 0.15):
            c, s = math.cos(side), math.sin(side)
            along, across = -s * d[..., 0] + c * d[..., 1], c * d[..., 0] + s * d[..., 1]
            tilt = np.degrees(np.arctan2(across, d[..., 2]))
            box = _step(tilt, 24.0, 7.0) * _step(-tilt, -56.0, 9.0) * _step(-np.abs(along), -0.62, 0.16)
            main = main + 2.6 * box
    else:
        raise ValueError(f"unknown layout {layout!r}")
    window = np.exp(-0.5 * (((azimuth + 1.9 + math.pi) % (2 * math.pi) - math.pi) / 0.55) ** 2)
    ambient = 0.7 + 2.2 * window * _step(zenith, 48.0, 16.0) * _step(-zenith, -80.0, 10.0)
    bench = 1 - above
    return np.stack([main * lens * mount * above, ambient * lens * mount * above, bench], axis=-1)


@numba.njit(cache=True, fastmath=True)
def _filter(d: Single, weight: Single, light: Single, targets: Single, alpha: float, out: Single) -> None:
    """GGX-weighted mean of ``light`` (n, 3) over directions around each target; alpha 0 is the cosine lobe."""
    a2 = np.float32(alpha * alpha)
    narrow = np.float32(math.cos(min(math.pi, 2 * math.atan(9.0 * alpha)))) if alpha > 0 else np.float32(0.0)
    for i in range(targets.shape[0]):
        s0 = s1 = s2 = total = np.float32(0.0)
        for j in range(d.shape[0]):
            c = targets[i, 0] * d[j, 0] + targets[i, 1] * d[j, 1] + targets[i, 2] * d[j, 2]
            if c <= narrow:
                continue
            if alpha > 0:
                h2 = np.float32(0.5) * (np.float32(1.0) + c)  # squared cosine to the half vector
                q = h2 * (a2 - np.float32(1.0)) + np.float32(1.0)
                w = weight[j] / (q * q)
            else:
                w = weight[j] * c
            s0 += w * light[j, 0]
            s1 += w * light[j, 1]
            s2 += w * light[j, 2]
            total += w
        out[i, 0], out[i, 1], out[i, 2] = s0 / total, s1 / total, s2 / total


@functools.cache
def tables(layout: str) -> LightTables:
    """The tables of a layout (made once a process, about a second)."""
    return tables_of(radiance(layout, directions()))


def directions() -> Float:
    """(GRID, GRID, 3) unit directions of the tables' samples, z up."""
    return _directions(GRID)[0]


def tables_of(light: Float) -> LightTables:
    """The tables of any light. light : (GRID, GRID, 3) main and ambient radiance (unnormalised) and bench share from
    :func:`directions`."""
    d, solid = _directions(GRID)
    light = light.copy()
    up = np.maximum(d[..., 2], 0.0) * solid
    light[..., :2] *= math.pi / (light[..., :2] * up[..., None]).sum(axis=(0, 1))
    flat, weight = d.reshape(-1, 3).astype(np.float32), solid.reshape(-1).astype(np.float32)
    lights = light.reshape(-1, 3).astype(np.float32)
    mirror = np.empty((len(ALPHAS), GRID * GRID, 3), dtype=np.float32)
    for level, alpha in enumerate(ALPHAS):
        _filter(flat, weight, lights, flat, alpha, mirror[level])
    diffuse = np.empty((GRID * GRID, 3), dtype=np.float32)
    _filter(flat, weight, lights, flat, 0.0, diffuse)
    azimuth = ((np.arctan2(d[..., 1], d[..., 0]) / (2 * math.pi)) % 1.0 * AZIMUTHS).astype(int) % AZIMUTHS
    rise = np.degrees(np.arcsin(np.clip(d[..., 2], -1, 1)))
    visible = np.zeros((AZIMUTHS, ELEVATIONS, 2), dtype=np.float32)
    share = light[..., :2] * up[..., None] / math.pi
    for e in range(ELEVATIONS):
        over = rise > 90.0 * e / ELEVATIONS
        for c in range(2):
            visible[:, e, c] = np.bincount(azimuth[over], weights=share[..., c][over], minlength=AZIMUTHS)
    visible[:, 0] *= 1 / visible[:, 0].sum(axis=0)
    return LightTables(
        mirror.reshape(len(ALPHAS), GRID, GRID, 3), diffuse.reshape(GRID, GRID, 3), np.ascontiguousarray(visible)
    )
