"""Training pairs: golden, unit, region map, noise and what is wrong with the unit, pixel by pixel; kept in shards."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.train import camera as cameras
from models.train.artwork import OVER, Artwork, draw
from models.train.faults import KINDS, paint
from models.train.light import Lamps, lamps, shade, slightly_moved

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

SIDE = 128
"""Pixels of a pair."""
IGNORED = 255
"""Target where a defect is too faint to be asked for, and at its rim."""
METAL, ENAMEL, PRINT = 1, 2, 3
"""Region map: struck metal, enamel, print or anything without a region map."""
SHARD = 500
MARGIN = 8
"""Pixels drawn beyond the pair, so that displacement and blur have something to draw on."""
LARGEST_SHIFT_PX = 2.5
_ON_DRAWINGS = ("missing-enamel", "overflow", "missing-enamel", "overflow", "pit", "speck")  # what two tones show
_NO_DEFECT = 0.25  # share of pairs without any
_DUST_PX2 = 8  # of a scan: a defect as small as this may as well be dust
_FAINTEST = 1.2  # contrast over noise, below which a defect is not asked for


@dataclass
class Pair:
    """golden, unit : (SIDE, SIDE, 3) uint8 sRGB. regions : (SIDE, SIDE) uint8. noise : of a pixel at mid tone, linear.
    target : (SIDE, SIDE) uint8, 0 or 1 + index of ``KINDS``, or ``IGNORED``."""

    golden: UInt8
    unit: UInt8
    regions: UInt8
    noise: float
    target: UInt8


def make_pair(rng: np.random.Generator) -> Pair:
    """One random pair."""
    side = SIDE + 2 * MARGIN
    art = draw(rng, side)
    bench = lamps(rng)
    turned = bench.turned(float(rng.uniform(0, 2 * np.pi))) if rng.random() < 0.65 else bench
    turned = slightly_moved(rng, turned)
    golden_light = shade(art, bench)
    level = float(cameras.expose(rng, golden_light).mean() / max(float(golden_light.mean()), 1e-6))
    how, again = cameras.camera(rng), cameras.camera(rng)
    if rng.random() < 0.7:  # the same bench
        again = replace(how, blur_px=how.blur_px * float(np.exp(rng.normal(0, 0.15))))
    good = _varied(rng, art)
    bad, marks = _spoilt(rng, good)
    seed = int(rng.integers(2**31))
    scanned = art.finish == "drawing" and rng.random() < 0.7
    clean, spoilt = (_as_unit(np.random.default_rng(seed), a, turned, level, drifts=not scanned) for a in (good, bad))
    window = slice(MARGIN, MARGIN + SIDE)
    noise = max(how.noise, again.noise)
    target = target_of(np.random.default_rng(seed), clean, spoilt, marks, again, noise)
    if scanned:
        golden = cameras.scanned(rng, golden_light, how)
        unit, same = (cameras.scanned(np.random.default_rng(seed), light, again) for light in (spoilt, clean))
        changed = cv2.dilate((cv2.absdiff(unit, same).max(axis=2) > 100).astype(np.uint8), np.ones((3, 3), np.uint8))
        target[changed == 0] = 0  # two tones show a defect whole or not at all
        target[_small(target > 0)] = IGNORED
    else:
        golden = cameras.photographed(rng, golden_light * np.float32(level), how)
        unit = cameras.photographed(rng, spoilt, again)
    golden, unit, target = (p[window, window] for p in (golden, unit, target))
    regions = _regions(art)[window, window]
    if rng.random() < 0.25:
        regions = np.full_like(regions, PRINT)
    if rng.random() < 0.08:
        golden, unit = (grey(p) for p in (golden, unit))
    golden, unit, target = (np.ascontiguousarray(p) for p in (golden, unit, target))
    return Pair(golden, unit, regions, noise, target)


def _small(places: Bool) -> Bool:
    """Those of the places that are no larger than ``_DUST_PX2``."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(places.astype(np.uint8), connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] <= _DUST_PX2
    small[0] = False
    return np.asarray(small[parts])


def grey(picture: UInt8) -> UInt8:
    """(h, w, 3) picture without its colours."""
    return np.repeat(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)[..., None], 3, axis=2)


def _varied(rng: np.random.Generator, art: Artwork) -> Artwork:
    """A good unit: its enamel a little off in colour, its walls and fill a little different, another grain."""
    count = int(art.cells.max()) + 1
    tone = np.exp(rng.normal(0, 0.03, (count, 1)) + rng.normal(0, 0.015, (count, 3))).astype(np.float32)
    height = art.height * np.float32(rng.uniform(0.9, 1.1))
    height = height + rng.normal(0, 0.02, height.shape).astype(np.float32)
    metal = art.tint * np.float32(np.exp(rng.normal(0, 0.03)))
    return replace(art, albedo=np.clip(art.albedo * tone[art.cells], 0.003, 0.97), height=height, tint=metal)


def _spoilt(rng: np.random.Generator, art: Artwork) -> tuple[Artwork, list[tuple[int, Bool]]]:
    if rng.random() < _NO_DEFECT:
        return art, []
    marks: list[tuple[int, Bool]] = []
    for _ in range(int(rng.integers(1, 10))):
        shown = art.finish == "drawing" and rng.random() < 0.8
        code = KINDS.index(str(rng.choice(_ON_DRAWINGS))) if shown else int(rng.integers(len(KINDS)))
        done = paint(rng, art, KINDS[code])
        if done is not None and done[1].any():
            art = done[0]
            marks.append((code + 1, done[1]))
    return art, marks


def _as_unit(rng: np.random.Generator, art: Artwork, bench: Lamps, level: float, *, drifts: bool) -> Float32:
    light = cameras.misregistered(rng, shade(art, bench) * np.float32(level), LARGEST_SHIFT_PX)
    return cameras.drifted(rng, light) if drifts else light


def target_of(
    rng: np.random.Generator,
    clean: Float32,
    spoilt: Float32,
    marks: list[tuple[int, Bool]],
    how: cameras.Camera,
    noise: float,
    most_px: float = LARGEST_SHIFT_PX,
) -> UInt8:
    """What the unit's picture shows of each defect: its place, displaced as the unit is (by ``most_px`` at most), less
    what does not show."""
    side = len(clean) // OVER
    target = np.zeros((side, side), dtype=np.uint8)
    change = np.abs(cv2.GaussianBlur(np.minimum(spoilt, 1.0) - np.minimum(clean, 1.0), (0, 0), how.blur_px * OVER))
    change = cv2.resize(change, (side, side), interpolation=cv2.INTER_AREA).max(axis=2)
    state = rng.bit_generator.state
    for code, mark in marks:
        rng.bit_generator.state = state
        moved = cameras.misregistered(rng, np.repeat(mark.astype(np.float32)[..., None], 3, axis=2), most_px)
        cover = cv2.resize(moved[..., 0], (side, side), interpolation=cv2.INTER_AREA)
        here = cover > 0.35
        if not here.any():
            continue
        rim = (cover > 0.05) & ~here
        shows = float(np.percentile(change[here], 80)) / max(noise, 1e-4)
        visible = change > 0.25 * float(np.percentile(change[here], 80))
        target[rim & (target == 0)] = IGNORED
        target[here] = np.where(visible[here], code, IGNORED) if shows > _FAINTEST else IGNORED
    return target


def _regions(art: Artwork) -> UInt8:
    other = PRINT if art.finish in ("print", "drawing") else ENAMEL
    full = np.where(art.metal, METAL, other).astype(np.uint8)
    return np.ascontiguousarray(full[::OVER, ::OVER])


def many_pairs(rng: np.random.Generator, count: int) -> list[Pair]:
    """``count`` pairs that have nothing in common."""
    return [make_pair(rng) for _ in range(count)]


def write_shard(path: Path, pairs: list[Pair]) -> None:
    """Pairs into a file; whole or not at all."""
    waiting = path.with_suffix(f".{os.getpid()}.part")
    with waiting.open("wb") as file:
        np.savez(
            file,
            golden=np.stack([p.golden for p in pairs]),
            unit=np.stack([p.unit for p in pairs]),
            regions=np.stack([p.regions for p in pairs]),
            noise=np.array([p.noise for p in pairs], dtype=np.float32),
            target=np.stack([p.target for p in pairs]),
        )
    waiting.rename(path)


def draw_shards(what: str, many: Callable[[np.random.Generator, int], list[Pair]], prefix: str) -> None:
    """The command line of a maker of pairs. prefix : of the files' names, one for each maker."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=60)
    parser.add_argument("--pairs", type=int, default=SHARD, help="of a shard")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    for k in range(options.shards):
        path = options.out / f"{prefix}-{options.seed:03d}-{k:04d}.npz"
        if not path.exists():
            write_shard(path, many(np.random.default_rng(1_000_003 * options.seed + k), options.pairs))
            print(f"{k + 1}/{options.shards}", flush=True)


if __name__ == "__main__":
    draw_shards("Draws training pairs into shards; goes on where it stopped.", many_pairs, "drawn")
