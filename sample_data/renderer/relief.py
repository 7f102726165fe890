"""The height field of a struck and enamelled part, from the signed distances of its artwork."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sample_data.renderer.canvas import Canvas, Mask, Points, Raster, depth_inside, smooth
from sample_data.renderer.shape import AS_DESIGNED, Shape, deformed, holes_of, outline_of, post_raster

OUTSIDE, METAL, GROUND, SHADE, FIRST_CELL = 0, 1, 2, 3, 4
"""Labels of a relief: the bench, the struck metal plateau, sunk sandblasted metal, metal darkened by antique oxide
along the walls, and from 4 on the cells in the artwork's order."""

GROUND_MM = 0.28
"""Depth of sunk sandblasted metal below the plateau."""

Labels = NDArray[np.uint8]
Lab = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Cell:
    """One enamel cell. lab : wanted Lab (D50) of the golden's enamel."""

    name: str
    lab: Lab


@dataclass(frozen=True, slots=True)
class Artwork:
    """Masks on one canvas. cells : by name, the sunk enamel. ground : sunk sandblasted metal.

    carving : (H, W) mm added to the metal's height (ropes, facets, engraved lines), or None.
    """

    body: Mask
    cells: Mapping[str, Mask]
    ground: Mask | None = None
    carving: Raster | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Emblem:
    """The logo mark: applied metal with enamel (``struck``) or ink on what lies below (``printed``).

    draw : from a canvas in the emblem's own frame (its centre at 0, 0) to its masks by layer name; ``metal`` and the
        enamel cells of a struck one, the inks of a printed one. polygon : (n, 2) mm around it, in its own frame.
    """

    name: str
    kind: str
    centre_mm: tuple[float, float]
    reach_mm: float
    polygon: Points
    layers: tuple[Cell, ...]
    draw: Callable[[Canvas], Mapping[str, Mask]]


@dataclass(frozen=True, slots=True)
class Line:
    """A place to measure a raised line or, with ``sunk``, a recess: its middle, and the direction across it."""

    name: str
    at_mm: tuple[float, float]
    across_deg: float
    sunk: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """A pin's post soldered to its back by a round flange: place in the frame of the back, diameters in mm."""

    name: str
    at_mm: tuple[float, float]
    flange_mm: float = 4.0
    post_mm: float = 1.2


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A product. outline : (n, 2) mm, its box centred on 0, 0. enamel : ``soft enamel`` or ``hard enamel``.

    thickness_mm : height of the metal face. depth_mm : enamel below it. seeds_mm : a point inside each cell.
    lines : raised lines and recesses whose width is measured. posts : on a back.
    """

    name: str
    title: str
    sku: str
    type: str
    metal: str
    enamel: str
    thickness_mm: float
    depth_mm: float
    outline: Points
    cells: tuple[Cell, ...]
    emblem: Emblem
    draw: Callable[[Canvas], Artwork]
    holes: tuple[Points, ...] = ()
    bevel_mm: float = 0.22
    round: bool = False
    seeds_mm: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    posts: tuple[Post, ...] = ()

    def canvas(self, pitch_mm: float) -> Canvas:
        """A canvas over the whole outline with a margin of 0.3 mm."""
        size = self.outline.max(axis=0) - self.outline.min(axis=0)
        return Canvas.around(size[0] + 0.6, size[1] + 0.6, pitch_mm)


@dataclass(frozen=True, slots=True)
class Relief:
    """A height field with labels.

    height_mm : (H, W), running on beyond the outline. coverage : (H, W) share inside it. labels : (H, W) uint8.
    wall_mm : (H, W) distance of an enamel sample to its wall.
    """

    canvas: Canvas
    height_mm: Raster
    coverage: Raster
    labels: Labels
    wall_mm: Raster


def round_off(d: Raster, radius: float) -> Raster:
    """Drop of a rounded shoulder at the distance ``d`` from its edge: ``radius`` at the edge, 0 from ``radius`` on."""
    t = np.clip(1 - d / radius, 0, 1)
    return np.asarray(radius * (1 - np.sqrt(1 - t * t)), dtype=np.float32)


def build_relief(design: Design, canvas: Canvas, shape: Shape = AS_DESIGNED) -> Relief:
    """The relief of a design, without its emblem; the golden's, or that of a unit of another shape."""
    art = design.draw(canvas)
    if shape != AS_DESIGNED:
        art = deformed(design, art, canvas, shape)
    pitch, top = canvas.pitch_mm, design.thickness_mm
    body = art.body
    labels = np.zeros(body.shape, dtype=np.uint8)
    labels[body] = METAL
    if art.ground is not None:
        labels[art.ground & body] = GROUND
    for i, cell in enumerate(design.cells):
        labels[art.cells[cell.name] & body] = FIRST_CELL + i
    enamel = labels >= FIRST_CELL
    sunk = enamel | (labels == GROUND)
    soft = design.enamel == "soft enamel"
    fine = 0.012 / pitch  # smooths the raster's steps out of the shoulders

    to_wall = smooth(depth_inside(~sunk, pitch), fine)
    wall = smooth(depth_inside(sunk, pitch), fine)
    rim = smooth(depth_inside(body, pitch), fine)
    height = top - round_off(to_wall, 0.07 if soft else 0.02) - round_off(rim, design.bevel_mm)
    if art.carving is not None:
        height = height + art.carving

    if soft:  # surface tension draws the enamel up its walls
        climb = 0.62 * design.depth_mm * np.exp(-wall / 0.13)
        fill = top - design.depth_mm + climb
    else:  # ground flush and polished; the enamel wears a little deeper than the metal
        fill = top - design.depth_mm * (1 - np.exp(-wall / 0.10))
    height[enamel] = fill[enamel]
    if art.ground is not None:
        blast = top - GROUND_MM + round_off(wall, 0.06)
        height[labels == GROUND] = blast[labels == GROUND]
    for post in design.posts:
        at = (post.at_mm[0] + shape.post_mm[0], post.at_mm[1] + shape.post_mm[1])
        flange, rise = post_raster(canvas, at, post.flange_mm, post.post_mm)
        labels[flange] = METAL
        height[flange] = (top - GROUND_MM + rise)[flange]
    if design.metal == "antique brass":
        band = (labels == METAL) & (to_wall < 0.07) & (rim > 0.1)
        labels[band] = SHADE
    coverage = canvas.coverage(outline_of(design, shape), *holes_of(design, shape))
    return Relief(canvas, np.asarray(height, dtype=np.float32), coverage, labels, wall)


def rope(canvas: Canvas, radius_mm: float, width_mm: float, strands: int, sink_mm: float) -> tuple[Mask, Raster]:
    """A twisted rope on a circle: its mask, and the carving that makes it of a metal plateau."""
    r = np.hypot(canvas.x, canvas.y)
    across = (r - radius_mm) / (width_mm / 2)
    mask = np.abs(across) <= 1
    turn = np.arctan2(canvas.y, canvas.x) * (strands / (2 * math.pi)) + 0.85 * across
    lobe = 2 * (turn - np.floor(turn)) - 1
    hull = np.sqrt(np.clip(1 - across * across, 0, 1))
    strand = np.sqrt(np.clip(1 - 0.92 * lobe * lobe, 0, 1))
    carving = np.where(mask, -sink_mm * (1 - hull * (0.35 + 0.65 * strand)), 0)
    return np.asarray(mask), np.asarray(carving, dtype=np.float32)
