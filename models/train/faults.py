"""Defects, by what they do to a surface: they change its height, its material and its colour before it is lit.

Each painter changes a copy of an artwork and answers where. What is harmless (dust, lint) lies on the surface and is
painted the same way, so that it is learnt as a kind of its own and not as nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from models.train.artwork import OVER, Artwork, blurred, smooth_noise

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

KINDS = (
    "pit",
    "scratch",
    "missing-enamel",
    "speck",
    "overflow",
    "bubble",
    "plating-spot",
    "exposed-metal",
    "burn-mark",
    "dust",
    "lint",
)
"""Classes of the network after the background, in order. The last two are harmless."""

Painted = tuple[Artwork, Bool]
Painter = Callable[[np.random.Generator, Artwork], Painted | None]


def paint(rng: np.random.Generator, art: Artwork, kind: str) -> Painted | None:
    """An artwork with a defect of this kind and where it is; None where there is no place for one."""
    return _PAINTERS[kind](rng, art)


def _place(rng: np.random.Generator, allowed: Bool) -> tuple[int, int] | None:
    rows, columns = np.nonzero(allowed)
    if not len(rows):
        return None
    k = int(rng.integers(len(rows)))
    return int(rows[k]), int(columns[k])


def _size(rng: np.random.Generator, low: float, high: float) -> float:
    """Samples, from ``low`` to ``high`` pixels, small ones more often."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high)))) * OVER


def _blob(rng: np.random.Generator, n: int, at: tuple[int, int], size: float, ragged: float) -> Float32:
    """(n, n) distance in samples from the rim of an uneven blob, negative inside."""
    angle, stretch = rng.uniform(0, np.pi), rng.uniform(1.0, 1.0 + 1.2 * ragged)
    waves = np.array([[rng.normal(0, ragged * 0.25 / k), rng.uniform(0, 6.28)] for k in (2, 3, 4, 5)])
    return _blob_distance(n, at[0], at[1], size, angle, stretch, waves)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _blob_distance(
    n: int, row: int, column: int, size: float, angle: float, stretch: float, waves: NDArray[np.float64]
) -> Float32:  # pragma: no cover - compiled
    out = np.empty((n, n), dtype=np.float32)
    c, s = np.cos(angle), np.sin(angle)
    for i in range(n):
        for j in range(n):
            dx, dy = j - column, i - row
            u, v = (dx * c + dy * s) / stretch, (dy * c - dx * s) * stretch
            far = np.sqrt(u * u + v * v)
            radius = size / 2
            if far < 2 * size:  # further out its waves do not matter
                turn = np.arctan2(v, u)
                wave = 1.0
                for k in range(4):
                    wave += waves[k, 0] * np.cos((k + 2) * turn + waves[k, 1])
                radius *= min(max(wave, 0.4), 1.8)
            out[i, j] = far - radius
    return out


def _curve(rng: np.random.Generator, n: int, length: float, bend: float) -> Float32 | None:
    """(n, n) distance in samples from a random curve."""
    start, way = rng.uniform(0.05 * n, 0.95 * n, 2), rng.uniform(0, 2 * np.pi)
    points, turn = [start], rng.normal(0, bend)
    for _ in range(24):
        turn += rng.normal(0, bend / 2)
        way += turn / 24
        points.append(points[-1] + length / 24 * np.array([np.cos(way), np.sin(way)]))
    line = np.ones((n, n), dtype=np.uint8)
    cv2.polylines(line, [np.round(np.array(points)).astype(np.int32)], False, 0, 1)
    return np.asarray(cv2.distanceTransform(line, cv2.DIST_L2, 5), dtype=np.float32) if (line == 0).any() else None


def _pit(rng: np.random.Generator, art: Artwork) -> Painted | None:
    at = _place(rng, ~art.metal if rng.random() < 0.75 else np.ones_like(art.metal))
    if at is None:
        return None
    size = _size(rng, 2.0, 22)
    rim = _blob(rng, len(art.metal), at, size, rng.uniform(0, 0.5))
    depth = size * rng.uniform(0.15, 0.6)
    lip = rng.uniform(0, 0.25) * depth * np.exp(-((rim / (0.18 * size + 1)) ** 2))
    hole = depth * np.clip(-rim / (size * rng.uniform(0.1, 0.5)), 0, 1)
    albedo = art.albedo
    if rng.random() < 0.5:  # its floor is dirty, or paler where the enamel is thin
        floor = np.clip(-rim, 0, 1)[..., None] * rng.uniform(0.2, 1.0)
        albedo = albedo * (1 - floor) + floor * np.float32(rng.uniform(0, 0.5)) * (albedo + rng.uniform(0, 0.2))
    return replace(art, height=art.height - hole + lip, albedo=albedo.astype(np.float32)), rim < 0.5


def pitting(rng: np.random.Generator, art: Artwork) -> Painted:
    """Metal that broke out of a worn face: a ragged hole, its floor dark, rough and rusty here and there. Not one of
    the kinds that :func:`paint` draws at random: products that were never run do not have it."""
    n = len(art.metal)
    at = (int(rng.integers(n)), int(rng.integers(n)))
    size = _size(rng, 4, 70)
    rim = _blob(rng, n, at, size, rng.uniform(0.4, 1.2)) + smooth_noise(rng, n, size / rng.uniform(4, 12)) * 0.06 * size
    hole = (rim < 0).astype(np.float32)
    rough = smooth_noise(rng, n, rng.uniform(2, 8)) + 0.6 * smooth_noise(rng, n, rng.uniform(6, 20))
    depth = size * rng.uniform(0.08, 0.4) * np.clip(-rim / (0.15 * size + 1), 0, 1)
    floor = (
        rng.uniform(0.01, 0.12) * np.exp(0.7 * rough)[..., None] * (1 + np.array([1.0, 0.4, 0.0]) * rng.uniform(0, 1))
    )
    bare = hole * (rough < rng.uniform(0.3, 2.5))  # bright where the metal broke clean
    albedo = art.albedo * (1 - hole[..., None]) + np.clip(floor, 0.003, 0.6) * hole[..., None]
    height = art.height - depth + rough * hole * np.float32(0.04 * size)
    return replace(
        art, height=height.astype(np.float32), albedo=albedo.astype(np.float32), metal=art.metal & (bare < 0.5)
    ), rim < 0


def _scratch(rng: np.random.Generator, art: Artwork) -> Painted | None:
    n = len(art.metal)
    away = _curve(rng, n, rng.uniform(0.12, 1.1) * n, rng.choice([0.0, 0.2, 0.6]))
    if away is None:
        return None
    width = rng.uniform(0.5, 2.2) * OVER
    inside = np.clip(width / 2 + 0.5 - away, 0, 1)
    groove = rng.uniform(0.3, 3.0) * np.exp(-((away / width) ** 2))
    whiten = rng.uniform(-0.25, 0.5)
    albedo = np.clip(
        art.albedo * (1 - 0.5 * inside[..., None] * abs(whiten)) + inside[..., None] * max(whiten, 0), 0.004, 0.95
    )
    return replace(
        art, height=(art.height - groove).astype(np.float32), albedo=albedo.astype(np.float32)
    ), away < width / 2 + 0.5


def _missing(rng: np.random.Generator, art: Artwork) -> Painted | None:
    at = _place(rng, ~art.metal)
    if at is None:
        return None
    n = len(art.metal)
    if art.finish in ("print", "drawing"):
        return _reprinted(rng, art, taken=True)
    rim = _blob(rng, n, at, _size(rng, 4, 60), rng.uniform(0.2, 1.0))
    if rng.random() < 0.15:  # a whole cell
        rim = np.where(art.cells == art.cells[at], -9.0, 9.0).astype(np.float32)
    gone = (rim < 0) & ~art.metal & (art.cells == art.cells[at])
    if rng.random() < 0.3:  # low fill: the wall shows, the colour is thinner
        low = blurred(np.where(gone, rng.uniform(1, 6), 0), 2.0)
        shade = np.float32(rng.uniform(0.5, 1.5))
        albedo = np.where(gone[..., None], np.clip(art.albedo * shade, 0.004, 0.95), art.albedo)
        return replace(art, height=art.height - low, albedo=albedo.astype(np.float32)), gone
    floor = np.where(gone, art.height - rng.uniform(1, 8) + smooth_noise(rng, n, 4) * 0.4, art.height)
    return replace(art, metal=art.metal | gone, height=blurred(floor, 0.8)), gone


def _reprinted(rng: np.random.Generator, art: Artwork, *, taken: bool) -> Painted | None:
    """Ink that is missing or too much: a blob, a bridge or a break takes the colour of the cell beside it."""
    n = len(art.metal)
    near = art.wall < rng.choice([3.0, 12.0, 1e9])
    at = _place(rng, near)
    if at is None:
        return None
    if rng.random() < 0.3:
        away = _curve(rng, n, rng.uniform(0.05, 0.3) * n, 0.1)
        rim = np.full((n, n), 9.0, dtype=np.float32) if away is None else away - rng.uniform(0.8, 4) * OVER
    else:
        rim = _blob(rng, n, at, _size(rng, 3, 26 if rng.random() < 0.7 else 60), rng.uniform(0, 0.7))
    tones = art.albedo.reshape(-1, 3)
    other = tones[int(rng.integers(len(tones)))]
    for _ in range(12):
        if np.abs(other - art.albedo[at]).max() > 0.05:
            break
        other = tones[int(rng.integers(len(tones)))]
    there = (rim < 0) & (np.abs(art.albedo - other).max(axis=2) > 0.03)
    darker = float(other.mean()) < float(art.albedo[at].mean())
    if not there.any() or darker == taken:  # a darker blob is too much ink, a lighter one too little
        return None
    return replace(art, albedo=np.where(there[..., None], other, art.albedo).astype(np.float32)), there


def _speck(rng: np.random.Generator, art: Artwork) -> Painted | None:
    at = _place(rng, np.ones_like(art.metal))
    if at is None:
        return None
    rim = _blob(rng, len(art.metal), at, _size(rng, 2.0, 20), rng.uniform(0, 0.8))
    cover = np.clip(0.5 - rim, 0, 1)[..., None] * rng.uniform(0.3, 1.0)
    colour = (rng.uniform(0, 1, 3) ** 2 if rng.random() < 0.6 else np.full(3, rng.uniform(0, 0.15))).astype(np.float32)
    on_metal = art.metal & (rim < 0)
    albedo = art.albedo * (1 - cover) + colour * cover
    bump = np.clip(-rim, 0, 3) * rng.uniform(0, 0.5)
    return replace(
        art, albedo=albedo.astype(np.float32), metal=art.metal & ~on_metal, height=art.height + bump
    ), rim < 0.5


def _overflow(rng: np.random.Generator, art: Artwork) -> Painted | None:
    if art.finish in ("print", "drawing"):
        return _reprinted(rng, art, taken=False)
    at = _place(rng, art.metal & (art.wall < 4))
    if at is None or art.metal.all():
        return None
    rim = _blob(rng, len(art.metal), at, _size(rng, 4, 36), rng.uniform(0.2, 1.0))
    y, x = np.nonzero(~art.metal)
    nearest = int(np.argmin((y - at[0]) ** 2 + (x - at[1]) ** 2))
    colour = art.albedo[y[nearest], x[nearest]]
    there = (rim < 0) & art.metal
    height = np.where(there, blurred(art.height, 3.0) + rng.uniform(0, 2), art.height)
    albedo = np.where(there[..., None], colour, art.albedo)
    return replace(
        art, metal=art.metal & ~there, albedo=albedo.astype(np.float32),
        height=blurred(height, 0.8),
    ), there  # fmt: skip


def _bubble(rng: np.random.Generator, art: Artwork) -> Painted | None:
    at = _place(rng, ~art.metal)
    if at is None:
        return None
    size = _size(rng, 3, 28)
    rim = _blob(rng, len(art.metal), at, size, rng.uniform(0, 0.2))
    inside = np.clip(-rim / (size / 2), 0, 1)
    dome = size * rng.uniform(0.06, 0.3) * np.sqrt(inside)
    if rng.random() < 0.3:  # burst: a crater with a raised ring
        dome = size * rng.uniform(0.06, 0.25) * (np.exp(-((rim / (0.15 * size + 1)) ** 2)) - 0.8 * inside)
    return replace(art, height=(art.height + dome).astype(np.float32)), rim < 0.5


def _metal_colour(art: Artwork, cover: Float32, colour: Float32) -> Artwork:
    """Metal whose reflectance is changed where it is covered, which needs it to be lit as a surface of its own."""
    albedo = np.where(art.metal[..., None], art.tint, art.albedo) * 1.0
    albedo = albedo * (1 - cover[..., None]) + colour * cover[..., None]
    return replace(art, albedo=albedo.astype(np.float32), metal=art.metal & (cover < 0.02), coat=max(art.coat, 0.03))


def _plating_spot(rng: np.random.Generator, art: Artwork) -> Painted | None:
    at = _place(rng, art.metal)
    if at is None:
        return None
    rim = _blob(rng, len(art.metal), at, _size(rng, 3, 40), rng.uniform(0.2, 1.0))
    cover = (np.clip(0.5 - rim / rng.uniform(1, 5), 0, 1) * rng.uniform(0.3, 1.0) * art.metal).astype(np.float32)
    colour = (art.tint * rng.uniform(0.05, 0.6) * (1 + rng.normal(0, 0.25, 3))).clip(0.01, 0.9).astype(np.float32)
    return _metal_colour(art, cover, colour), (rim < 0.5) & art.metal


def _exposed(rng: np.random.Generator, art: Artwork) -> Painted | None:
    at = _place(rng, art.metal & (art.wall < 8))
    if at is None:
        return None
    rim = _blob(rng, len(art.metal), at, _size(rng, 3, 40), rng.uniform(0.3, 1.0))
    there = (rim < 0) & art.metal
    base = np.array([[0.85, 0.45, 0.30], [0.75, 0.62, 0.30], [0.50, 0.50, 0.50]], dtype=np.float32)[rng.integers(3)]
    if np.abs(base - art.tint).max() < 0.12:
        return None
    return _metal_colour(art, there.astype(np.float32), base * np.float32(rng.uniform(0.5, 0.9))), there


def _burn(rng: np.random.Generator, art: Artwork) -> Painted | None:
    at = _place(rng, np.ones_like(art.metal))
    if at is None:
        return None
    size = _size(rng, 14, 90)
    rim = _blob(rng, len(art.metal), at, size, rng.uniform(0.2, 0.8))
    depth = np.clip(-rim / (size / 2), 0, 1).astype(np.float32)
    # the oxide is straw, then brown, violet and blue the thicker it grows
    stops = np.array(
        [[1, 1, 1], [0.95, 0.8, 0.5], [0.6, 0.4, 0.25], [0.35, 0.2, 0.4], [0.2, 0.3, 0.5]], dtype=np.float32
    )
    position = depth * rng.uniform(1.5, 4)
    low = np.clip(position.astype(int), 0, 3)
    part = (position - low)[..., None].clip(0, 1)
    tone = stops[low] * (1 - part) + stops[low + 1] * part
    albedo = np.where(art.metal[..., None], art.tint, art.albedo) * tone
    stained = replace(art, albedo=albedo.astype(np.float32), metal=art.metal & (depth < 0.02))
    return stained, depth > 0.12


def _dust(rng: np.random.Generator, art: Artwork) -> Painted | None:
    at = _place(rng, np.ones_like(art.metal))
    if at is None:
        return None
    rim = _blob(rng, len(art.metal), at, _size(rng, 1.2, 7), rng.uniform(0.2, 1.0))
    cover = np.clip(0.5 - rim / rng.uniform(1, 2.5), 0, 1)[..., None] * rng.uniform(0.3, 1.0)
    shade = np.clip(1 - np.clip(2 - np.abs(rim - 1), 0, 2) * rng.uniform(0, 0.12), 0.6, 1)[..., None]
    grey = rng.uniform(0.35, 0.9) * (1 + rng.normal(0, 0.06, 3))
    albedo = art.albedo * shade * (1 - cover) + grey * cover
    return replace(art, albedo=albedo.astype(np.float32), metal=art.metal & (rim > 0.5)), rim < 0.5


def _lint(rng: np.random.Generator, art: Artwork) -> Painted | None:
    n = len(art.metal)
    away = _curve(rng, n, rng.uniform(0.08, 0.8) * n, rng.uniform(1.0, 4.0))
    if away is None:
        return None
    width = rng.uniform(0.4, 1.4) * OVER
    cover = np.clip(width / 2 + 0.5 - away, 0, 1)[..., None] * rng.uniform(0.3, 0.95)
    grey = rng.uniform(0.3, 0.95) * (1 + rng.normal(0, 0.08, 3))
    albedo = np.where(art.metal[..., None], art.tint * 0.5, art.albedo) * (1 - cover) + grey * cover
    return replace(
        art, albedo=albedo.astype(np.float32), metal=art.metal & (cover[..., 0] < 0.02)
    ), away < width / 2 + 0.5


_PAINTERS: dict[str, Painter] = {
    "pit": _pit,
    "scratch": _scratch,
    "missing-enamel": _missing,
    "speck": _speck,
    "overflow": _overflow,
    "bubble": _bubble,
    "plating-spot": _plating_spot,
    "exposed-metal": _exposed,
    "burn-mark": _burn,
    "dust": _dust,
    "lint": _lint,
}
