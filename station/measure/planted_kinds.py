"""How each kind of defect looks from above: what it covers, with what light, and how it shades what shows through.

Drawn ``FINE`` times finer than the raster and sharp; the bench's blur comes afterwards. The ranges of light and shade
are a judgement, held against rendered units whose defects have a height under lamps (decision 0028); faint ones are in
them on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

FINE = 4
"""Samples a pixel in each direction."""
_UNLIKE = 0.12  # cube-root units by which foreign pigment differs from its cell: about 12 in L*, a* or b*


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a defect is to lie: (3,) linear light of its cell, of the part's metal and of the enamel beside, None where
    there is none; cell : (n, n) pixels of the cell, n odd, the defect in the middle. pitch_mm : of a pixel."""

    colour: F32
    metal: F32 | None
    cell: Bool
    beside: F32 | None
    pitch_mm: float


@dataclass(frozen=True, slots=True)
class Paint:
    """cover : (m, m) 0-1 how far the ground is hidden. light : (m, m, 3) of what hides it. shade : (m, m, 3) factor of
    the light of what is not hidden. mask : (m, m) the defect's area."""

    cover: F32
    light: F32
    shade: F32
    mask: Bool


def paint(kind: str, size_px: float, ground: Ground, rng: np.random.Generator) -> Paint | None:
    """A defect of ``kind`` and of ``size_px`` in the raster's pixels; None where there is no place for one here.

    Raises KeyError for a kind that cannot be planted.
    """
    n = len(ground.cell) * FINE
    axis = ((np.arange(n) + 0.5) / FINE - len(ground.cell) / 2).astype(np.float32)
    x, y = np.meshgrid(axis, axis)
    return _PAINTERS[kind](x, y, size_px, ground, rng)


def _pit(x: F32, y: F32, size: float, ground: Ground, rng: np.random.Generator) -> Paint:
    """A hole: dark inside, darkest below the rim that the light comes over, with a bright rim opposite."""
    far, toward = _blob(x, y, size, 0.15, rng), _toward(x, y, size, rng)
    mask = far < 0
    dark = rng.uniform(0.2, 0.65) + 0.15 * toward
    width = max(0.12 * size, 0.4)
    rim = np.exp(-((far / width) ** 2)) * np.maximum(toward, 0) * rng.uniform(0.3, 1.2)
    shade = np.where(mask, np.clip(dark, 0.15, 1), 1) + rim
    cover, light = np.zeros_like(far), np.zeros((*far.shape, 3), dtype=np.float32)
    if ground.metal is not None and rng.random() < 0.25:  # down to the metal
        cover = np.where(far < -0.25 * size, 0.8, 0).astype(np.float32)
        light[:] = ground.metal * rng.uniform(0.3, 0.8)
    return Paint(cover, light, _grey(shade), mask)


def _scratch(x: F32, y: F32, size: float, ground: Ground, rng: np.random.Generator) -> Paint:
    """A thin line, slightly bent, that is lighter (its flanks scatter) or darker (it is deep) than the ground."""
    way = rng.uniform(0, np.pi)
    along, across = x * np.cos(way) + y * np.sin(way), y * np.cos(way) - x * np.sin(way)
    across = across - rng.normal(0, 0.03) * size * ((2 * along / size) ** 2 - 1 / 3)
    width = rng.uniform(0.03, 0.1) / ground.pitch_mm
    mask = (np.abs(across) < width / 2) & (np.abs(along) < size / 2)
    fade = np.clip(4 * (1 - np.abs(2 * along / size)), 0, 1)  # it runs out at both ends
    lighter = rng.random() < 0.6
    step = rng.uniform(0.2, 0.9) if lighter else -rng.uniform(0.2, 0.6)
    cover = np.where(mask & lighter, fade * rng.uniform(0.02, 0.12), 0)  # a dark enamel turns grey where it is rough
    light = np.full((*x.shape, 3), 0.8, dtype=np.float32)
    return Paint(cover.astype(np.float32), light, _grey(np.where(mask, 1 + step * fade, 1)), mask)


def _missing(x: F32, y: F32, size: float, ground: Ground, rng: np.random.Generator) -> Paint | None:
    """The metal's own colour at the bottom of the cell, in the shadow of its wall on one side."""
    if ground.metal is None:
        return None
    far = _blob(x, y, size, 0.5, rng)
    mask = (far < 0) & _fine(ground.cell)
    shadow = np.clip(1 + far / max(0.2 * size, 0.6), 0, 1) * np.maximum(_toward(x, y, size, rng), 0)
    light = ground.metal * (rng.uniform(0.4, 1.0) * (1 - 0.5 * shadow))[..., None]
    return Paint(mask.astype(np.float32), light.astype(np.float32), _grey(np.ones_like(x)), mask)


def _speck(x: F32, y: F32, size: float, ground: Ground, rng: np.random.Generator) -> Paint:
    """Foreign pigment: mostly dark, else of any colour that is not its cell's."""
    far = _blob(x, y, size, 0.3, rng)
    mask = far < 0
    colour = ground.colour
    while float(np.abs(np.cbrt(colour) - np.cbrt(ground.colour)).max()) < _UNLIKE:
        top = 0.08 if rng.random() < 0.6 and float(ground.colour.max()) > 0.1 else 0.8
        colour = rng.uniform(0.005, top, 3).astype(np.float32)
    light = np.broadcast_to(colour, (*x.shape, 3)).astype(np.float32)
    return Paint((mask * rng.uniform(0.6, 1.0)).astype(np.float32), light, _grey(np.ones_like(x)), mask)


def _overflow(x: F32, y: F32, size: float, ground: Ground, rng: np.random.Generator) -> Paint | None:
    """Enamel of the cell beside that lies on the metal."""
    if ground.beside is None:
        return None
    mask = (_blob(x, y, size, 0.5, rng) < 0) & _fine(ground.cell)
    light = np.broadcast_to(ground.beside * rng.uniform(0.9, 1.2), (*x.shape, 3)).astype(np.float32)
    return Paint((mask * rng.uniform(0.7, 1.0)).astype(np.float32), light, _grey(np.ones_like(x)), mask)


def _bubble(x: F32, y: F32, size: float, ground: Ground, rng: np.random.Generator) -> Paint:
    """A dome: one flank lit, the other in shade, a lamp mirrored between them."""
    far, toward = _blob(x, y, size, 0.05, rng), _toward(x, y, size, rng)
    mask = far < 0
    shade = np.where(mask, 1 + rng.uniform(0.2, 0.7) * np.clip(toward, -1, 1), 1)
    lamp = _disc_at(x, y, size, 0.22, toward) & (rng.random() < 0.8)
    light = np.broadcast_to(0.6 + 0.4 * ground.colour, (*x.shape, 3)).astype(np.float32)
    cover = np.where(lamp, rng.uniform(0.2, 0.9), 0).astype(np.float32)
    return Paint(cover, light, _grey(shade), mask)


def _plating_spot(x: F32, y: F32, size: float, ground: Ground, rng: np.random.Generator) -> Paint:
    """Plating that is stained or thin: the metal is darker, and browner or greyer, with a soft edge."""
    far = _blob(x, y, size, 0.4, rng)
    mask = (far < 0) & _fine(ground.cell)
    soft = np.clip(0.5 - far / max(0.15 * size, 0.5), 0, 1) * _fine(ground.cell)
    tone = rng.uniform(0.25, 0.75) * (1 + rng.normal(0, 0.12, 3))
    shade = (1 - soft[..., None] * (1 - tone)).astype(np.float32)
    return Paint(np.zeros_like(x), np.zeros_like(shade), shade, mask)


def _blob(x: F32, y: F32, size: float, ragged: float, rng: np.random.Generator) -> F32:
    """(m, m) distance in px from the rim of an uneven disc of about ``size`` px, negative inside."""
    angle, wave = np.arctan2(y, x), np.ones(x.shape)
    for k in (2, 3, 4):
        wave = wave + rng.normal(0, 0.5 * ragged / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
    return np.asarray(np.hypot(x, y) - size / 2 * np.clip(wave, 0.5, 1.5), dtype=np.float32)


def _toward(x: F32, y: F32, size: float, rng: np.random.Generator) -> F32:
    """(m, m) -1 to 1 across ``size``, growing away from where the light comes from."""
    way = rng.uniform(0, 2 * np.pi)
    return np.asarray((x * np.cos(way) + y * np.sin(way)) / (size / 2), dtype=np.float32)


def _disc_at(x: F32, y: F32, size: float, share: float, toward: F32) -> Bool:
    """A disc of ``share`` of the size, halfway to the lit side."""
    lit = np.unravel_index(int(np.argmin(np.abs(toward - 0.45) + np.abs(np.hypot(x, y) - 0.225 * size))), x.shape)
    return np.asarray(np.hypot(x - x[lit], y - y[lit]) < share * size / 2)


def _fine(cell: Bool) -> Bool:
    return cell.repeat(FINE, axis=0).repeat(FINE, axis=1)


def _grey(shade: NDArray[np.floating]) -> F32:
    return np.repeat(np.asarray(shade, dtype=np.float32)[..., None], 3, axis=2)


_PAINTERS: dict[str, Callable[[F32, F32, float, Ground, np.random.Generator], Paint | None]] = {
    "pit": _pit,
    "scratch": _scratch,
    "missing-enamel": _missing,
    "speck": _speck,
    "overflow": _overflow,
    "bubble": _bubble,
    "plating-spot": _plating_spot,
}
