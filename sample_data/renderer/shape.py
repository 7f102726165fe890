"""How a unit's geometry departs from its design's, beside its uniform size: the trimmed outline, the struck artwork."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sample_data.renderer.canvas import Canvas, Mask, Points, Raster, depth_inside

if TYPE_CHECKING:
    from sample_data.renderer.relief import Artwork, Design


@dataclass(frozen=True, slots=True)
class Bump:
    """A stretch of artwork pushed aside: by ``shift_mm`` (x, y) at ``at_mm``, fading out beyond ``reach_mm``.

    region : the enamel cell whose boundary it was aimed at.
    """

    region: str
    at_mm: tuple[float, float]
    shift_mm: tuple[float, float]
    reach_mm: float


@dataclass(frozen=True, slots=True)
class Shape:
    """Departures from the design in mm of the golden frame; the default is the design itself.

    artwork_mm : struck artwork against the outline (the trimming die misregistered). line_mm : added to the width of
    every raised line, half on each side. stretch : of the outline along x and y. oval_mm, oval_deg : added to its width
    along that direction and taken from the one across. flat_mm, flat_deg : chord of a flat on a round outline and where
    its middle lies. hole_mm, hole_growth_mm : shift and wider diameter of the hole. post_mm : shift of the posts.
    """

    artwork_mm: tuple[float, float] = (0.0, 0.0)
    bumps: tuple[Bump, ...] = ()
    line_mm: float = 0.0
    stretch: tuple[float, float] = (1.0, 1.0)
    oval_mm: float = 0.0
    oval_deg: float = 0.0
    flat_mm: float = 0.0
    flat_deg: float = 0.0
    hole_mm: tuple[float, float] = (0.0, 0.0)
    hole_growth_mm: float = 0.0
    post_mm: tuple[float, float] = (0.0, 0.0)


AS_DESIGNED = Shape()


def outline_of(design: Design, shape: Shape) -> Points:
    """(n, 2) mm of the trimmed outline."""
    ring = design.outline * np.asarray(shape.stretch)
    if shape.oval_mm:
        angle = np.arctan2(ring[:, 1], ring[:, 0]) - math.radians(shape.oval_deg)
        radius = np.linalg.norm(ring, axis=1)
        ring = ring * (1 + 0.5 * shape.oval_mm * np.cos(2 * angle) / radius)[:, None]
    if shape.flat_mm:
        ring = _cut(ring, shape.flat_mm, shape.flat_deg)
    return np.asarray(ring, dtype=np.float64)


def holes_of(design: Design, shape: Shape) -> tuple[Points, ...]:
    """The holes' rings, (n, 2) mm each, shifted and widened."""
    return tuple(_hole(ring, shape) for ring in design.holes)


def _hole(ring: Points, shape: Shape) -> Points:
    centre = ring.mean(axis=0)
    scale = 1 + shape.hole_growth_mm / float(np.ptp(ring[:, 0]))
    return np.asarray((ring - centre) * scale + centre + shape.hole_mm, dtype=np.float64)


def _cut(ring: Points, chord_mm: float, degrees: float) -> Points:
    """A round ring with the segment of that chord cut off, its middle in that direction from 0, 0."""
    out = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    radius = float(np.linalg.norm(ring, axis=1).max())
    level = math.sqrt(radius**2 - (chord_mm / 2) ** 2)
    height = ring @ out - level
    kept: list[Points] = []
    for a, b, ha, hb in zip(ring, np.roll(ring, -1, axis=0), height, np.roll(height, -1), strict=True):
        if ha <= 0:
            kept.append(a)
        if (ha <= 0) != (hb <= 0):
            kept.append(a + (b - a) * (ha / (ha - hb)))
    return np.asarray(kept, dtype=np.float64)


def push(points: Points, shape: Shape) -> Points:
    """(..., 2) displacement in mm of the artwork that comes to lie at (..., 2) mm.

    A bump is flat in its middle and fades as exp(-(r / reach)^4), so a stretch of boundary is moved by its whole shift.
    """
    u = np.broadcast_to(np.asarray(shape.artwork_mm, dtype=np.float64), points.shape).copy()
    for bump in shape.bumps:
        r2 = ((points - bump.at_mm) ** 2).sum(axis=-1) / bump.reach_mm**2
        u += np.exp(-(r2**2))[..., None] * bump.shift_mm
    return u


def deformed(design: Design, art: Artwork, canvas: Canvas, shape: Shape) -> Artwork:
    """The artwork pushed and its lines widened, inside the shape's own outline and holes."""
    x, y = np.broadcast_arrays(canvas.x, canvas.y)
    moved_by = push(np.stack([x, y], axis=-1), shape) / canvas.pitch_mm
    columns, rows = np.meshgrid(np.arange(canvas.width), np.arange(canvas.height))
    from_x = np.asarray(columns - moved_by[..., 0], dtype=np.float32)
    from_y = np.asarray(rows - moved_by[..., 1], dtype=np.float32)

    def warped(mask: Mask) -> Mask:
        return np.asarray(cv2.remap(mask.astype(np.uint8), from_x, from_y, cv2.INTER_NEAREST) > 0)

    cells = _widened({name: warped(mask) for name, mask in art.cells.items()}, canvas, shape.line_mm)
    ground, carving = art.ground, art.carving
    if ground is not None:
        ground = _widened({"ground": warped(ground)}, canvas, shape.line_mm)["ground"]
    if carving is not None:
        carving = np.asarray(cv2.remap(carving, from_x, from_y, cv2.INTER_LINEAR), dtype=np.float32)
    body = canvas.fill(outline_of(design, shape), *holes_of(design, shape))
    return replace(art, body=body, cells=cells, ground=ground, carving=carving)


def _widened(sunk: Mapping[str, Mask], canvas: Canvas, line_mm: float) -> dict[str, Mask]:
    """Sunk areas drawn back from their walls by half of what the lines gain, or spread where the lines lose."""
    if line_mm == 0:
        return dict(sunk)
    half, pitch = abs(line_mm) / 2, canvas.pitch_mm
    if line_mm > 0:
        return {name: np.asarray(depth_inside(mask, pitch) > half) for name, mask in sunk.items()}
    taken = np.logical_or.reduce(list(sunk.values()))
    return {name: np.asarray(mask | ((depth_inside(~mask, pitch) < half) & ~taken)) for name, mask in sunk.items()}


def post_raster(canvas: Canvas, at_mm: tuple[float, float], flange_mm: float, post_mm: float) -> tuple[Mask, Raster]:
    """A post on its flange: the flange's mask, and the height in mm over the back that both add."""
    r = np.hypot(canvas.x - at_mm[0], canvas.y - at_mm[1])
    flange = np.asarray(r <= flange_mm / 2)
    shoulder = 0.35 - 0.08 * np.clip(1 - (flange_mm / 2 - r) / 0.12, 0, 1) ** 2
    fillet = 0.6 * np.clip(1 - (r - post_mm / 2) / 0.45, 0, 1) ** 2
    rise = np.where(r <= post_mm / 2, POST_MM, shoulder + fillet)
    return flange, np.asarray(np.where(flange, rise, 0), dtype=np.float32)


POST_MM = 6.0
"""Height of a post over the back it is soldered to."""
