"""True lengths of a unit's geometry: border, lines, hole, post and how far each enamel boundary lies off the golden's.

Everything is in mm of the golden frame (origin at the middle of the nominal outline's box, y down), at the unit's size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from skimage.measure import find_contours

from sample_data.renderer.canvas import Canvas, Mask, Points, Raster, smooth
from sample_data.renderer.relief import FIRST_CELL, GROUND, Design, Line, Relief
from sample_data.renderer.shape import Shape, holes_of, outline_of, push
from sample_data.renderer.workpiece import PITCH_MM, relief_of

Table = dict[str, Any]
Float = NDArray[np.float64]

STRIP_MM = 0.2
"""Half length along a line over which its width is averaged."""


def shape_table(design: Design, shape: Shape, size: float) -> Table:
    """Border, lines, holes, posts and boundary shifts of a unit, ready for TOML."""
    relief = relief_of(design, PITCH_MM, shape)
    table: Table = {
        "border": border(design, shape, relief, size),
        "lines": [
            {"name": line.name, "width_mm": round(width_at(relief, line) * size, 4), "sunk": line.sunk}
            for line in design.lines
        ],
        "boundaries": boundaries(design, shape, size),
    }
    ring = outline_of(design, shape) * size
    if design.round:
        table["roundness_mm"] = _mm(circle_of(ring)[1])
    x, y = ring.T
    table["area_mm2"] = _mm(abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2)
    rings = holes_of(design, shape)
    if rings:
        table["holes"] = [
            {"x_mm": _mm(size * r.mean(axis=0)[0]), "y_mm": _mm(size * r.mean(axis=0)[1]), "diameter_mm": _mm(d)}
            for r in rings
            for d in (size * float(np.ptp(r[:, 0])),)
        ]
    if design.posts:
        table["posts"] = [
            {
                "name": p.name,
                "x_mm": _mm(size * (p.at_mm[0] + shape.post_mm[0])),
                "y_mm": _mm(size * (p.at_mm[1] + shape.post_mm[1])),
                "diameter_mm": _mm(size * p.flange_mm),
            }
            for p in design.posts
        ]
    if shape.flat_mm:
        table["flat"] = {"chord_mm": _mm(size * shape.flat_mm), "direction_deg": round(shape.flat_deg, 2)}
    return table


def _mm(value: float) -> float:
    return round(float(value), 4)


def contours(mask: Mask, canvas: Canvas) -> list[Points]:
    """Boundaries of a mask, (n, 2) mm each, the raster's steps smoothed out."""
    soft = smooth(np.pad(mask, 8).astype(np.float32), 2.0)
    find: Callable[[Raster, float], list[Float]] = find_contours
    rings = find(soft, 0.5)
    return [(r[:, ::-1] - 8 - np.array(canvas.origin_px)) * canvas.pitch_mm for r in rings]


def border(design: Design, shape: Shape, relief: Relief, size: float) -> Table:
    """Metal between the outline and what is sunk nearest to it: least width and where, mean and greatest width.

    The width at a point of the outline is the distance from there to the nearest sunk point.
    """
    sunk = (relief.labels >= FIRST_CELL) | (relief.labels == GROUND)
    inner = np.concatenate(contours(sunk, relief.canvas))
    ring = evenly(outline_of(design, shape), 0.02)
    found, nearest = (np.asarray(v) for v in cKDTree(inner).query(ring))
    widths = np.asarray(found, dtype=np.float64)
    least = int(np.argmin(widths))
    middle = (ring[least] + inner[nearest[least]]) / 2
    return {
        "minimum_mm": _mm(size * widths[least]),
        "x_mm": _mm(size * middle[0]),
        "y_mm": _mm(size * middle[1]),
        "mean_mm": _mm(size * widths.mean()),
        "maximum_mm": _mm(size * widths.max()),
    }


def evenly(ring: Points, step_mm: float) -> Points:
    """Points of a closed ring at even steps along it."""
    closed = np.vstack([ring, ring[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0, along[-1], max(8, round(along[-1] / step_mm)), endpoint=False)
    return np.stack([np.interp(at, along, closed[:, i]) for i in (0, 1)], axis=1)


def circle_of(ring: Points) -> tuple[float, float]:
    """Diameter of the least-squares circle of a ring taken at even steps, and the roundness about it: the farthest less
    the nearest distance from its centre (ISO 12181-1). Gauss-Newton on the radial distances."""
    points = evenly(ring, 0.02)
    fit = np.array([0.0, 0.0, float(np.linalg.norm(points, axis=1).mean())])
    for _ in range(8):
        out = points - fit[:2]
        r = np.linalg.norm(out, axis=1)
        slope = np.column_stack([out / r[:, None], np.ones(len(r))])
        fit = fit + np.linalg.lstsq(slope, r - fit[2], rcond=None)[0]
    return float(2 * fit[2]), float(np.ptp(np.linalg.norm(points - fit[:2], axis=1)))


def width_at(relief: Relief, line: Line) -> float:
    """Width in mm of the raised line, or the recess, at its place: its share of a strip across it, summed up."""
    sunk = (relief.labels >= FIRST_CELL) | (relief.labels == GROUND)
    wanted = (sunk if line.sunk else ~sunk).astype(np.float32)
    a = math.radians(line.across_deg)
    across, along = np.array([math.cos(a), math.sin(a)]), np.array([-math.sin(a), math.cos(a)])
    step = 0.0025
    t = np.arange(-2.5, 2.5 + step / 2, step)
    s = np.arange(-STRIP_MM, STRIP_MM + 1e-9, 0.01)
    points = np.asarray(line.at_mm) + t[:, None, None] * across + s[None, :, None] * along
    columns, rows = np.moveaxis(points / relief.canvas.pitch_mm + np.array(relief.canvas.origin_px), -1, 0)
    height, width = wanted.shape
    inside = (columns > 0) & (rows > 0) & (columns < width - 1) & (rows < height - 1)
    at = np.clip(np.rint(rows), 0, height - 1).astype(int), np.clip(np.rint(columns), 0, width - 1).astype(int)
    share = np.where(inside, wanted[at], 0).mean(axis=1)
    middle = len(t) // 2
    if share[middle] < 0.5:  # moved away from under its place: the nearest one
        middle = int(min(np.flatnonzero(share > 0.9), key=lambda i: abs(i - middle)))
    below = np.flatnonzero(share < 0.02)
    left, right = below[below < middle], below[below > middle]
    if not len(left) or not len(right):
        raise ValueError(f"{line.name} has no end within 2.5 mm")
    return float(share[left[-1] : right[0] + 1].sum() * step)


@lru_cache(maxsize=2)
def region_boundaries(design: Design) -> dict[str, tuple[Points, Points]]:
    """By enamel cell: (n, 2) points of the golden's boundary and their unit normals, outwards from the cell; without
    those under or beside the emblem, whose own displacement is the mark's."""
    relief = relief_of(design)
    out = {}
    for i, cell in enumerate(design.cells):
        points, normals = [], []
        for ring in contours(relief.labels == FIRST_CELL + i, relief.canvas):
            if len(ring) < 60:
                continue
            even = evenly(ring[:-1], 0.03)
            ahead = np.roll(even, -3, axis=0) - np.roll(even, 3, axis=0)
            normal = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
            normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
            if _inside(relief, even + 0.05 * normal, FIRST_CELL + i) > 0.5:
                normal = -normal
            points.append(even)
            normals.append(normal)
        p, n = np.concatenate(points), np.concatenate(normals)
        away = np.linalg.norm(p - design.emblem.centre_mm, axis=1) > design.emblem.reach_mm + 0.6
        out[cell.name] = (p[away], n[away])
    return out


def _inside(relief: Relief, points: Points, label: int) -> float:
    at = np.rint(points / relief.canvas.pitch_mm + np.array(relief.canvas.origin_px)).astype(int)
    return float((relief.labels[at[:, 1], at[:, 0]] == label).mean())


def boundaries(design: Design, shape: Shape, size: float) -> list[Table]:
    """Per enamel cell the greatest shift of its boundary along the normal against the golden's, outwards positive,
    and where; the body's own uniform size is left out, as it is the outline's."""
    out: list[Table] = []
    for name, (points, normals) in region_boundaries(design).items():
        if not len(points):
            continue
        pushed = points.copy()
        for _ in range(30):  # the displacement is that of the place where the point comes to lie
            pushed = points + push(pushed, shape)
        shift = ((pushed - points) * normals).sum(axis=1) - shape.line_mm / 2
        worst = int(np.argmax(np.abs(shift)))
        out.append(
            {
                "region": name,
                "shift_mm": _mm(size * shift[worst]),
                "x_mm": _mm(size * points[worst][0]),
                "y_mm": _mm(size * points[worst][1]),
                "p95_mm": _mm(size * np.percentile(np.abs(shift), 95)),
            }
        )
    return out
