"""Training pairs of worn steel: threads, races and shafts that are looked at again and again from one place.

Between two pictures oil comes, runs and goes, wear marks come on along the way that the part runs, lamps mirror
elsewhere; none of it is a defect. A pit is: a ragged hole with a dark, rough, at times rusty floor. Such pairs have the
region map of a picture without a master, so that what is taught here says nothing of plating under oil. Nobody's
pictures were taken for it.

python -m models.train.worn --out SHARDS --shards 12
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.train import camera as cameras
from models.train.artwork import OVER, Artwork, blurred, smooth_noise
from models.train.faults import KINDS, pitting
from models.train.light import lamps, shade, slightly_moved
from models.train.samples import MARGIN, PRINT, SIDE, Pair, draw_shards, grey, target_of

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_PIT = 1 + KINDS.index("pit")
_NO_PIT = 0.3  # share of pairs
_SHIFT_PX = 1.0  # a fixed view, at most


def make_pair(rng: np.random.Generator) -> Pair:
    """One random pair."""
    n = (SIDE + 2 * MARGIN) * OVER
    way = float(rng.uniform(0, np.pi))
    art = _steel(rng, n, way)
    bench = lamps(rng)
    worn = replace(art, height=art.height + _drawn(rng, n, way) * np.float32(rng.uniform(0, 0.15)))
    marks: list[tuple[int, Bool]] = []
    bad = worn
    if rng.random() >= _NO_PIT:
        for _ in range(int(rng.integers(1, 4))):
            bad, where = pitting(rng, bad)
            marks.append((_PIT, where))
    again = slightly_moved(rng, bench)
    old, first, film = (_film(rng, n, way) for _ in range(3))
    wear = 1 + _drawn(rng, n, way) * np.float32(rng.uniform(0, 0.12)) * _patch(rng, n)
    golden_light = shade(art, bench) * old * first
    level = np.float32(rng.uniform(0.35, 0.95) / max(float(np.percentile(golden_light, 97)), 1e-3))
    seed = int(rng.integers(2**31))

    def as_unit(piece: Artwork) -> Float32:
        own = np.random.default_rng(seed)
        light = shade(piece, again) * level * old * film * np.maximum(wear, 0.2)[..., None]
        return cameras.drifted(own, cameras.misregistered(own, light.astype(np.float32), _SHIFT_PX))

    clean, spoilt = as_unit(worn), as_unit(bad)
    how = cameras.camera(rng)
    target = target_of(np.random.default_rng(seed), clean, spoilt, marks, how, how.noise, _SHIFT_PX)
    golden = cameras.photographed(rng, golden_light * level, how)
    unit = cameras.photographed(rng, spoilt, how)
    inner = slice(MARGIN, MARGIN + SIDE)
    golden, unit, target = (p[inner, inner] for p in (golden, unit, target))
    if rng.random() < 0.1:
        golden, unit = (grey(p) for p in (golden, unit))
    golden, unit, target = (np.ascontiguousarray(p) for p in (golden, unit, target))
    return Pair(golden, unit, np.full(target.shape, PRINT, dtype=np.uint8), how.noise, target)


def _drawn(rng: np.random.Generator, n: int, way: float) -> Float32:
    """(n, n) of unit deviation: marks drawn out along the direction ``way`` (radians)."""
    wide = int(n * 1.5)
    length = int(rng.integers(20, 160))
    marks = cv2.blur(rng.normal(0, 1, (wide, wide)).astype(np.float32), (length, int(rng.integers(1, 4))))
    turn = np.asarray(cv2.getRotationMatrix2D((wide / 2, wide / 2), float(np.degrees(way)), 1.0), dtype=np.float64)
    turn[:, 2] -= (wide - n) / 2
    laid = np.asarray(cv2.warpAffine(marks, turn, (n, n), borderMode=cv2.BORDER_REFLECT_101), dtype=np.float32)
    return np.asarray((laid - laid.mean()) / max(float(laid.std()), 1e-6), dtype=np.float32)


def _across(n: int, way: float) -> Float32:
    """(n, n) distance in samples across the direction ``way``."""
    y, x = np.mgrid[0:n, 0:n].astype(np.float32) - n / 2
    return np.asarray(y * np.float32(np.cos(way)) - x * np.float32(np.sin(way)), dtype=np.float32)


def _patch(rng: np.random.Generator, n: int) -> Float32:
    """(n, n) from 0 to 1: a place of its own, soft or hard at its rim."""
    field = smooth_noise(rng, n, n / rng.uniform(1.5, 6)) + 0.35 * smooth_noise(rng, n, n / rng.uniform(8, 30))
    soft = 10 ** rng.uniform(-1.6, 0.0)
    return np.asarray(1 / (1 + np.exp(np.clip(-(field - rng.normal(0, 0.8)) / soft, -30, 30))), dtype=np.float32)


def _film(rng: np.random.Generator, n: int, way: float) -> Float32:
    """(n, n, 3) what oil, smoke and smears let through, of one or more: yellowish to black, even to blotchy, lying
    along the run of the part at times."""
    through = np.ones((n, n, 3), dtype=np.float32)
    for _ in range(int(rng.integers(0, 3))):
        cover = _patch(rng, n)
        if rng.random() < 0.5:  # in a groove or on a land
            edge, wide = rng.uniform(-0.5, 0.5) * n, rng.uniform(0.05, 0.5) * n
            band = np.exp(-(((_across(n, way) - edge) / wide) ** 4))
            cover = np.asarray(band * cover if rng.random() < 0.6 else band, dtype=np.float32)
        thick = np.clip(1 + 0.4 * smooth_noise(rng, n, n / rng.uniform(4, 40)) + 0.3 * _drawn(rng, n, way), 0, 2.5)
        absorbs = 10 ** rng.uniform(-1.7, -0.05) * np.array([1.0, rng.uniform(1.0, 1.5), rng.uniform(1.0, 2.8)])
        through = through * np.exp(-(cover * thick)[..., None] * absorbs).astype(np.float32)
    return through


def _steel(rng: np.random.Generator, n: int, way: float) -> Artwork:
    """Ground steel of rounded lands and grooves along ``way``, its grinding marks along them."""
    across = _across(n, way)
    period, phase = rng.uniform(0.3, 2.5) * n, rng.uniform(0, 2 * np.pi)
    wave = np.sin(2 * np.pi * across / period + phase)
    profile = np.tanh(wave * rng.uniform(0.8, 4.0)) * period * rng.uniform(0.0, 0.12)
    marks = _drawn(rng, n, way) * rng.uniform(0.05, 0.5)
    old = smooth_noise(rng, n, n / 3) * rng.uniform(0, 2)
    everywhere = np.ones((n, n), dtype=bool)
    tint = np.array([0.58, 0.55, 0.50]) * rng.uniform(0.6, 1.3) * (1 + rng.normal(0, 0.05, 3))
    return Artwork(
        metal=everywhere,
        cells=np.zeros((n, n), dtype=np.int32),
        height=blurred(profile + marks + old, 0.7),
        albedo=np.full((n, n, 3), 0.05, dtype=np.float32),
        tint=np.clip(tint, 0.05, 0.95).astype(np.float32),
        wall=np.full((n, n), 99.0, dtype=np.float32),
        coat=float(rng.uniform(0, 0.05)),
        rough=float(rng.uniform(0.3, 0.9)),
        finish="relief",
    )


def many_pairs(rng: np.random.Generator, count: int) -> list[Pair]:
    """``count`` pairs that have nothing in common."""
    return [make_pair(rng) for _ in range(count)]


if __name__ == "__main__":
    draw_shards("Draws pairs of worn steel into shards; goes on where it stopped.", many_pairs, "worn")
