"""Training pairs of the project's own renderer: metal that mirrors its lamps, enamel in relief, defects cut into both.

Products are random (:mod:`models.train.designs`), and so is where lamps stand: neither the designs nor the layouts of
lamps that the station is measured under are among them; spectra of lamps are. Golden and unit are lit on the part's own
raster, each turned its own way on the bench, and go through the same registration, camera and target as drawn pairs do.

python -m models.train.rendered --out SHARDS --shards 20
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.train import camera as cameras
from models.train.artwork import OVER
from models.train.designs import random_design
from models.train.faults import KINDS
from models.train.samples import (
    ENAMEL,
    LARGEST_SHIFT_PX,
    MARGIN,
    METAL,
    SIDE,
    Pair,
    draw_shards,
    grey,
    target_of,
)
from sample_data.renderer import lamps, shade
from sample_data.renderer.camera import colour_matrix
from sample_data.renderer.defects import HARMLESS, apply
from sample_data.renderer.lamps import Lamp, LightTables
from sample_data.renderer.materials import is_metallic
from sample_data.renderer.relief import Design
from sample_data.renderer.scene import RELIEF_MM, part_heights
from sample_data.renderer.shade import Pose
from sample_data.renderer.units import place_defect
from sample_data.renderer.workpiece import LogoShift, Workpiece, start

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_EYE_MM = np.array([0.0, 0.0, 300.0])
_BENCH_NOISE = (-3.4, -2.0)  # powers of ten: of a bench camera, less than any camera's
_BENCH = 0.12  # reflectance round the part
_ROOM_MM = 18.0  # from the bench's middle, that parts lie
_SIZES_MM = {
    "pit": (0.07, 0.7),
    "bubble": (0.15, 0.9),
    "speck": (0.08, 0.7),
    "missing-enamel": (0.25, 2.0),
    "overflow": (0.2, 1.3),
    "plating-spot": (0.2, 1.5),
    "scratch": (0.5, 6.0),
    "dust": (0.04, 0.2),
    "lint": (0.4, 2.2),
}
_OFTEN = {
    "scratch": 6.0,
    "pit": 3.0,
    "plating-spot": 3.0,
}  # the finest kinds, seen in few of their pixels; all others count 1
_SLIGHT_SHIFT_PX = 0.6  # of every other pair, as of a unit that is well registered
_MOST_DEFECTS = 12
_LIGHTS = (lamps.Lamp("", "LED-B4", "LED-B5"), lamps.Lamp("", "LED-B3", "FL11"), lamps.Lamp("", "D50", "D50"))


def product_pairs(rng: np.random.Generator, units: int = 7, windows: int = 16) -> Iterator[Pair]:
    """Pairs of one random product under one random light: ``units`` units, every third of them without defects."""
    design = random_design(int(rng.integers(2**31)))
    lamp, tables = _LIGHTS[int(rng.integers(len(_LIGHTS)))], lamps.tables_of(_random_light(rng))
    sample_mm = float(rng.uniform(0.028, 0.045)) / OVER
    piece = start(design, LogoShift())
    regions = _regions(piece, sample_mm)
    texture = int(rng.integers(2**31))
    golden = _lit(piece, _laid(rng, 0.0), lamp, tables, texture, sample_mm)
    level = float(rng.uniform(0.75, 1.0))
    how = replace(cameras.camera(rng), noise=float(10 ** rng.uniform(*_BENCH_NOISE)))
    for k in range(units):
        angle = float(rng.uniform(-180, 180) if rng.random() < 0.6 else rng.normal(0, 8))
        pose = _laid(rng, angle)
        seed, texture = (int(v) for v in rng.integers(2**31, size=2))
        good = _good_unit(design, np.random.default_rng(seed))
        clean = _lit(good, pose, lamp, tables, texture, sample_mm)
        marks: list[tuple[int, Bool]] = []
        if k % 3:
            bad = _good_unit(design, np.random.default_rng(seed))
            marks = _spoil(bad, rng, sample_mm)
            spoilt = _lit(bad, pose, lamp, tables, texture, sample_mm)
        else:
            spoilt = clean
        again = replace(how, blur_px=how.blur_px * float(np.exp(rng.normal(0, 0.15))))
        for _ in range(windows if k % 3 else windows // 2):
            yield _pair(rng, golden * level, clean * level, spoilt * level, marks, regions, how, again)


def _laid(rng: np.random.Generator, angle: float) -> Pose:
    """Somewhere on the bench, turned by ``angle`` degrees."""
    x, y = rng.uniform(-_ROOM_MM, _ROOM_MM, 2)
    return Pose(float(x), float(y), angle)


def _good_unit(design: Design, rng: np.random.Generator) -> Workpiece:
    """A unit within its tolerances: colours a little off, plating a little darker, the mark a hair's breadth off."""
    x, y = rng.normal(0, 0.008, 2)
    piece = start(design, LogoShift(float(x), float(y)))
    for cell in (*design.cells, *design.emblem.layers):
        piece.shift_colour(cell.name, float(rng.uniform(0.05, 1.4)), None, rng)
    piece.tarnish(float(abs(rng.normal(0, 0.006))))
    return piece


def _spoil(piece: Workpiece, rng: np.random.Generator, sample_mm: float) -> list[tuple[int, Bool]]:
    """Defects cut into a unit; their classes and places."""
    marks: list[tuple[int, Bool]] = []
    size = _size_of(piece, sample_mm)
    often = np.array([_OFTEN.get(kind, 1.0) for kind in _SIZES_MM])
    kinds = rng.choice(list(_SIZES_MM), int(rng.integers(3, _MOST_DEFECTS + 1)), p=often / often.sum())
    for kind in sorted((str(k) for k in kinds), key=HARMLESS.__contains__):  # what lies on a part comes last
        low, high = _SIZES_MM[kind]
        extent = float(np.exp(rng.uniform(math.log(low), math.log(high))))
        try:
            if kind in ("scratch", "lint"):
                width = float(rng.uniform(0.035, 0.11) if kind == "scratch" else rng.uniform(0.018, 0.035))
                defect = place_defect(piece.design, kind, width, rng, length=extent)
            else:
                bare = kind == "pit" and bool(rng.random() < 0.3)
                defect = place_defect(piece.design, kind, extent, rng, bare=bare)
        except ValueError:  # no room for one on this product
            continue
        made = apply(piece, defect)
        if made.area_mm2 <= 0:
            continue
        whole = np.zeros(piece.labels.shape, dtype=np.float32)
        whole[made.rows, made.columns] = made.mask
        small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
        marks.append((KINDS.index(kind) + 1, small > 0.35))
    return marks


def _size_of(piece: Workpiece, sample_mm: float) -> tuple[int, int]:
    factor = piece.canvas.pitch_mm / sample_mm
    return round(piece.canvas.width * factor), round(piece.canvas.height * factor)


def _lit(piece: Workpiece, pose: Pose, lamp: Lamp, tables: LightTables, texture: int, sample_mm: float) -> Float32:
    """(h, w, 3) linear sRGB of a part at a pose, the bench round it; the perfect diffuser is 1."""
    part = piece.part("unit", 1.0)
    half = max(part.height_mm.shape) * part.pitch_mm * 0.75
    corner = (pose.x_mm - half, pose.y_mm - half)
    side = math.ceil(2 * half / RELIEF_MM)
    relief = part_heights([(part, pose)], (side, side), corner)
    shadows = shade.cast_shadows(relief, RELIEF_MM, corner, tables)
    raw = shade.shade_part(part, pose, _EYE_MM, lamp, tables, shadows, _BENCH, np.random.default_rng(texture))
    cover = piece.coverage[..., None]
    balanced = raw / shade.white_raw(lamp).astype(np.float32) * cover + np.float32(_BENCH) * (1 - cover)
    rgb = cv2.transform(np.asarray(balanced, dtype=np.float32), colour_matrix(lamp)[1].astype(np.float32))
    small = cv2.resize(np.maximum(rgb, 0), _size_of(piece, sample_mm), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _regions(piece: Workpiece, sample_mm: float) -> NDArray[np.uint8]:
    """(h, w) the network's region map of the golden."""
    metallic = np.array([False, *(is_metallic(s) for s in piece.surfaces)])
    full = np.where(metallic[piece.labels], METAL, ENAMEL).astype(np.uint8)
    full[piece.coverage < 0.5] = 0
    return np.asarray(cv2.resize(full, _size_of(piece, sample_mm), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def _random_light(rng: np.random.Generator) -> NDArray[np.float64]:
    """(GRID, GRID, 3) main, ambient and bench radiance: soft boxes, spots, rings and tents, seen past a dark lens."""
    d = lamps.directions()
    zenith = np.degrees(np.arccos(np.clip(d[..., 2], -1, 1)))
    azimuth = np.arctan2(d[..., 1], d[..., 0])
    tent = rng.uniform(0.02, 0.8) * (
        1 - rng.uniform(0, 0.6) * np.cos(azimuth - rng.uniform(0, 6.28)) * np.sin(np.radians(zenith))
    )
    main = tent * (1 - rng.uniform(0, 0.5) * np.exp(-0.5 * ((zenith - rng.uniform(40, 75)) / rng.uniform(2, 6)) ** 2))
    for _ in range(int(rng.integers(1, 5))):
        a, z = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(15, 65))
        way = np.array([np.sin(z) * np.cos(a), np.sin(z) * np.sin(a), np.cos(z)])
        off = np.degrees(np.arccos(np.clip(d @ way, -1, 1))) / rng.uniform(5, 30)
        main = main + rng.uniform(0.5, 6) * np.exp(-(off ** rng.choice([2.0, 4.0, 8.0])))
    if rng.random() < 0.35:
        main = main + rng.uniform(0.5, 4) * np.exp(-(((zenith - rng.uniform(14, 50)) / rng.uniform(3, 12)) ** 4))
    lens = 1 - rng.uniform(0.5, 0.95) * np.exp(-((zenith / rng.uniform(5, 14)) ** 6))
    above = 1 / (1 + np.exp((zenith - 88.0) / 1.5))
    window = np.exp(-0.5 * (((azimuth - rng.uniform(0, 6.28)) % (2 * np.pi) - np.pi) / 0.55) ** 2)
    ambient = 0.7 + rng.uniform(0, 3) * window * (zenith > 45)
    return np.asarray(np.stack([main * lens * above, ambient * lens * above, 1 - above], axis=-1), dtype=np.float64)


def _pair(
    rng: np.random.Generator,
    golden: Float32,
    clean: Float32,
    spoilt: Float32,
    marks: list[tuple[int, Bool]],
    regions: NDArray[np.uint8],
    how: cameras.Camera,
    again: cameras.Camera,
) -> Pair:
    """A window of the part, at a defect as often as anywhere."""
    side = (SIDE + 2 * MARGIN) * OVER
    rows, columns = regions.shape
    if marks and rng.random() < 0.7:
        y, x = np.argwhere(marks[int(rng.integers(len(marks)))][1]).mean(axis=0) + rng.uniform(-0.35, 0.35, 2) * side
    else:
        y, x = rng.uniform(0.15, 0.85, 2) * (rows, columns)
    window = tuple(
        slice(first, first + side)
        for first in (int(np.clip(v - side / 2, 0, n - side)) for v, n in ((y, rows), (x, columns)))
    )
    seed = int(rng.integers(2**31))
    most_px = LARGEST_SHIFT_PX if rng.random() < 0.5 else _SLIGHT_SHIFT_PX

    def seen(light: Float32) -> Float32:
        own = np.random.default_rng(seed)
        return cameras.drifted(own, cameras.misregistered(own, light[window], most_px))

    good, bad = seen(clean), seen(spoilt)
    inner = slice(MARGIN, MARGIN + SIDE)
    first = cameras.photographed(rng, golden[window], how)[inner, inner]
    second = cameras.photographed(rng, bad, again)[inner, inner]
    noise = max(how.noise, again.noise)
    local = [(code, mark[window]) for code, mark in marks if mark[window].any()]
    target = target_of(np.random.default_rng(seed), good, bad, local, again, noise, most_px)[inner, inner]
    small = regions[window][::OVER, ::OVER][inner, inner]
    target[(small == 0) & (target > 0)] = 0
    if rng.random() < 0.04:
        first, second = grey(first), grey(second)
    first, second, small, target = (np.ascontiguousarray(p) for p in (first, second, small, target))
    return Pair(first, second, small, noise, target)


def many_pairs(rng: np.random.Generator, count: int) -> list[Pair]:
    """``count`` pairs of as many products as it takes, mixed."""
    pairs: list[Pair] = []
    while len(pairs) < count:
        pairs += product_pairs(rng)
    return [pairs[k] for k in rng.permutation(len(pairs))[:count]]


if __name__ == "__main__":
    draw_shards("Renders training pairs into shards; goes on where it stopped.", many_pairs, "rendered")
