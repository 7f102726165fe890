"""Products that nobody designed, for the renderer: outline, enamel cells, struck metal and emblem, all at random.

None of them is one of the designs that the station is measured on; those stay unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from models.train.artwork import pattern, smooth_noise
from sample_data.renderer import spectra
from sample_data.renderer.canvas import Canvas, Mask, Points, Raster, depth_inside, smooth, spline
from sample_data.renderer.relief import Artwork, Cell, Design, Emblem

SAMPLE_MM = 0.025
"""Of the drawings that masks are made of."""
_LEAST_CELL_MM2 = 0.35  # smaller cells are struck metal
_LARGEST_MM = 11.5
_ORNAMENTED = 0.5  # share of products with a worked border
_ENGRAVED = 0.2  # share of products whose metal bears fine even lines


@dataclass(frozen=True)
class Ornament:
    """What is struck along the edge. kind : rope (slanted strands), beads or reeds. count : of strands round the part.
    inset_mm, width_mm : where the band begins, from the edge inwards, and how wide it is. sink_mm : its depth."""

    kind: str
    count: int
    slant: float
    inset_mm: float
    width_mm: float
    sink_mm: float


@dataclass(frozen=True)
class Engraving:
    """Parallel or ringed lines all over the metal, as engine turning leaves them."""

    pitch_mm: float
    depth_mm: float
    way: float
    ringed: bool


def random_design(seed: int) -> Design:
    """A product 8 to 11.5 mm wide; the same seed gives the same one."""
    rng = np.random.default_rng([seed, 1])
    outline = _outline(rng)
    hard = rng.random() < 0.45
    names = [f"cell-{k}" for k in range(int(rng.integers(2, 6)))]
    drawing = _drawing(rng, len(names), grounds=rng.random() < 0.35, carved=rng.random() < 0.6)
    ornament = _ornament(rng) if rng.random() < _ORNAMENTED else None
    engraving = _engraving(rng) if rng.random() < _ENGRAVED else None
    border_mm = float(rng.uniform(0.35, 1.0))
    draw = partial(
        _draw,
        outline=outline,
        drawing=drawing,
        names=names,
        border_mm=border_mm if ornament is None else ornament.inset_mm + ornament.width_mm + 0.4 * border_mm,
        ornament=ornament,
        engraving=engraving,
    )
    return Design(
        name=f"random-{seed}",
        title="",
        sku="",
        type="pin",
        metal=str(rng.choice(spectra.metal_names())),
        enamel="hard enamel" if hard else "soft enamel",
        thickness_mm=float(rng.uniform(1.3, 2.4)),
        depth_mm=float(rng.uniform(0.008, 0.03) if hard else rng.uniform(0.08, 0.15)),
        outline=outline,
        cells=tuple(Cell(n, _lab(rng)) for n in names),
        emblem=_emblem(rng),
        draw=draw,
        bevel_mm=float(rng.uniform(0.1, 0.32)),
    )


def _lab(rng: np.random.Generator) -> tuple[float, float, float]:
    chroma, hue = rng.uniform(0, 55), rng.uniform(0, 2 * np.pi)
    return float(rng.uniform(15, 88)), float(chroma * np.cos(hue)), float(chroma * np.sin(hue))


def _outline(rng: np.random.Generator) -> Points:
    """(n, 2) mm, its box centred on 0, 0."""
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    far = np.ones(14)
    for k in (2, 3, 4):
        far += rng.normal(0, 0.09 / (k - 1)) * np.cos(k * turn + rng.uniform(0, 6.28))
    ring = spline([(float(r * np.cos(t)), float(r * np.sin(t))) for r, t in zip(far, turn, strict=True)])
    low, high = ring.min(axis=0), ring.max(axis=0)
    return np.asarray((ring - (low + high) / 2) * (rng.uniform(8, _LARGEST_MM) / (high - low).max()))


def _drawing(rng: np.random.Generator, cells: int, *, grounds: bool, carved: bool) -> dict[str, NDArray[np.generic]]:
    """Square rasters of ``SAMPLE_MM``: number of the enamel cell (0 metal, 255 sunk ground) and what is carved."""
    side = round((_LARGEST_MM + 1) / SAMPLE_MM)
    metal = pattern(rng, side, flat=False)
    count, parts, stats, _ = cv2.connectedComponentsWithStats((~metal).astype(np.uint8), connectivity=4)
    numbers = rng.integers(1, cells + 1, count).astype(np.uint8)
    numbers[:cells] = np.arange(1, cells + 1)[: len(numbers)]  # every colour is somewhere, where there is room
    if grounds:
        numbers[rng.random(count) < 0.3] = 255
    numbers[stats[:, cv2.CC_STAT_AREA] * SAMPLE_MM**2 < _LEAST_CELL_MM2] = 0
    numbers[0] = 0
    drawn = numbers[parts]
    for _ in range(int(rng.integers(4, 25)) if rng.random() < 0.7 else 0):
        _stroke(rng, drawn)
    carving = np.zeros((side, side), dtype=np.float32)
    if carved:
        lines = pattern(rng, side, flat=bool(rng.random() < 0.5)).astype(np.float32)
        carving -= cv2.GaussianBlur(lines, (0, 0), float(rng.uniform(1, 4))) * np.float32(rng.uniform(0.01, 0.14))
        carving += smooth_noise(rng, side, side / rng.uniform(3, 20)) * np.float32(rng.uniform(0, 0.03))
    return {"cells": drawn, "carving": carving}


def _stroke(rng: np.random.Generator, cells: NDArray[np.uint8]) -> None:
    """A short thin line of metal, such as a ray, a wave, a hair, struck into the cells."""
    start, way = rng.uniform(0, len(cells), 2), rng.uniform(0, 2 * np.pi)
    end = start + rng.uniform(0.4, 2.2) / SAMPLE_MM * np.array([np.cos(way), np.sin(way)])
    ends = [tuple(round(float(v)) for v in p) for p in (start, end)]
    cv2.line(cells, ends[0], ends[1], 0, int(rng.integers(4, 11)))


def _ornament(rng: np.random.Generator) -> Ornament:
    return Ornament(
        kind=str(rng.choice(["rope", "beads", "reeds"], p=[0.5, 0.25, 0.25])),
        count=int(rng.integers(18, 90)),
        slant=float(rng.uniform(0.4, 1.2) * rng.choice([-1, 1])),
        inset_mm=float(rng.uniform(0.05, 0.4)),
        width_mm=float(rng.uniform(0.5, 1.6)),
        sink_mm=float(rng.uniform(0.08, 0.45)),
    )


def _engraving(rng: np.random.Generator) -> Engraving:
    return Engraving(
        pitch_mm=float(np.exp(rng.uniform(np.log(0.12), np.log(0.7)))),
        depth_mm=float(rng.uniform(0.004, 0.03)),
        way=float(rng.uniform(0, np.pi)),
        ringed=bool(rng.random() < 0.4),
    )


def _struck(canvas: Canvas, inside_mm: Raster, ornament: Ornament) -> Raster:
    """The carving of an ornament, mm, 0 off its band. inside_mm : from the edge inwards."""
    across = 2 * (inside_mm - ornament.inset_mm) / ornament.width_mm - 1
    turn = np.arctan2(canvas.y, canvas.x) * (ornament.count / (2 * np.pi))
    if ornament.kind == "rope":
        turn = turn + ornament.slant * across
    lobe = 2 * (turn - np.floor(turn)) - 1
    hull = np.sqrt(np.clip(1 - across * across, 0, 1))
    if ornament.kind == "beads":
        rise = np.sqrt(np.clip(1 - across * across - lobe * lobe, 0, 1))
    elif ornament.kind == "rope":
        rise = hull * (0.35 + 0.65 * np.sqrt(np.clip(1 - 0.92 * lobe * lobe, 0, 1)))
    else:
        rise = 1 - np.abs(lobe)
    return np.asarray(np.where(np.abs(across) <= 1, -ornament.sink_mm * (1 - rise), 0), dtype=np.float32)


def _engraved(canvas: Canvas, engraving: Engraving) -> Raster:
    """The carving of even lines, mm."""
    along = canvas.x * np.cos(engraving.way) + canvas.y * np.sin(engraving.way)
    at = np.hypot(canvas.x, canvas.y) if engraving.ringed else along
    waves = np.cos(2 * np.pi * at / engraving.pitch_mm)
    return np.asarray(engraving.depth_mm * (waves - 1) / 2, dtype=np.float32)


def _draw(
    canvas: Canvas,
    *,
    outline: Points,
    drawing: Mapping[str, NDArray[np.generic]],
    names: list[str],
    border_mm: float,
    ornament: Ornament | None,
    engraving: Engraving | None,
) -> Artwork:
    body = canvas.fill(outline)
    inside_mm = smooth(depth_inside(body, canvas.pitch_mm), 1.0)
    inner = inside_mm > border_mm
    to_canvas = np.array(
        [
            [SAMPLE_MM / canvas.pitch_mm, 0, canvas.origin_px[0]],
            [0, SAMPLE_MM / canvas.pitch_mm, canvas.origin_px[1]],
        ]
    )
    to_canvas[:, 2] -= SAMPLE_MM / canvas.pitch_mm * len(drawing["cells"]) / 2
    size = (canvas.width, canvas.height)

    def laid(raster: NDArray[np.generic]) -> NDArray[np.float32]:
        smoothed = cv2.GaussianBlur(raster.astype(np.float32), (0, 0), 1.2)
        return np.asarray(cv2.warpAffine(smoothed, to_canvas, size, flags=cv2.INTER_CUBIC), dtype=np.float32)

    masks: dict[str, Mask] = {name: (laid(drawing["cells"] == k + 1) > 0.5) & inner for k, name in enumerate(names)}
    ground = (laid(drawing["cells"] == 255) > 0.5) & inner
    carving = laid(drawing["carving"])
    if ornament is not None:
        carving = np.where(inner, carving, 0) + _struck(canvas, inside_mm, ornament)
    if engraving is not None:
        carving = carving + _engraved(canvas, engraving)
    return Artwork(body, masks, ground if ground.any() else None, carving)


def _emblem(rng: np.random.Generator) -> Emblem:
    """A small mark of one or two colours, printed or struck, somewhere on the part."""
    reach = float(rng.uniform(0.9, 1.8))
    turn = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
    corners = reach * np.stack([np.cos(turn), np.sin(turn)], axis=1) * rng.uniform(0.6, 0.95, (len(turn), 1))
    layers = tuple(Cell(f"ink-{k}", _lab(rng)) for k in range(int(rng.integers(1, 3))))
    return Emblem(
        name="mark",
        kind=str(rng.choice(["printed", "struck"])),
        centre_mm=(float(rng.uniform(-2.2, 2.2)), float(rng.uniform(-2.2, 2.2))),
        reach_mm=reach,
        polygon=corners,
        layers=layers,
        draw=partial(
            _draw_emblem, corners=corners, names=[c.name for c in layers], inset_mm=float(rng.uniform(0.15, 0.4))
        ),
    )


def _draw_emblem(canvas: Canvas, *, corners: Points, names: list[str], inset_mm: float) -> dict[str, Mask]:
    whole = canvas.fill(corners)
    inner = depth_inside(whole, canvas.pitch_mm) > inset_mm
    right = np.broadcast_to(canvas.x > 0, inner.shape)
    halves = [right, ~right] if len(names) > 1 else [np.ones_like(inner)]
    return {"metal": whole, **{n: np.asarray(inner & half) for n, half in zip(names, halves, strict=True)}}
