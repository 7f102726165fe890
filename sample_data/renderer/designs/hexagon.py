"""A 30 mm hexagon of polished hard enamel in bright nickel: a folded star of eight colours, a printed monogram."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sample_data.renderer.canvas import Canvas, Mask, Points, circle, depth_inside, rounded
from sample_data.renderer.relief import Artwork, Cell, Design, Emblem, Line

CELLS = (
    Cell("coral", (64.0, 44.0, 28.0)),
    Cell("navy", (24.0, 6.0, -30.0)),
    Cell("mint", (80.0, -22.0, 4.0)),
    Cell("mustard", (74.0, 10.0, 62.0)),
    Cell("blush", (82.0, 14.0, 10.0)),
    Cell("teal", (46.0, -28.0, -10.0)),
    Cell("plum", (32.0, 28.0, -12.0)),
    Cell("white", (92.0, -0.5, 2.5)),
)
RADIUS = 15.0
_CORNERS: Points = np.array(
    [(RADIUS * math.sin(math.radians(60 * k)), -RADIUS * math.cos(math.radians(60 * k))) for k in range(6)]
)
OUTLINE: Points = rounded(_CORNERS, 1.6)


def _at(radius: float, degrees: float) -> tuple[float, float]:
    a = math.radians(degrees)
    return radius * math.sin(a), -radius * math.cos(a)


def draw(canvas: Canvas) -> Artwork:
    """The hexagon without its monogram."""
    pitch = canvas.pitch_mm
    body = canvas.fill(OUTLINE)
    inner = depth_inside(body, pitch) > 0.85
    hub = canvas.disc((0, 0), 4.15)
    mid = RADIUS * math.cos(math.radians(30))
    plan: dict[str, list[list[tuple[float, float]]]] = {c.name: [] for c in CELLS}
    for k in range(6):
        d = 60.0 * k
        a, b = ("coral", "plum") if k % 2 == 0 else ("mustard", "navy")
        # A kite folded along its ridge: two triangles from the hub to the corner ...
        plan[a].append([_at(0, 0), _at(RADIUS, d), _at(6.9, d + 30)])
        plan[b].append([_at(0, 0), _at(RADIUS, d), _at(6.9, d - 30)])
        # ... and between two kites an arrowhead towards the middle of each side, in two tones, over a triangle.
        left, right = ("mint", "teal") if k % 2 == 0 else ("blush", "white")
        plan[left].append([_at(6.9, d + 30), _at(RADIUS, d), _at(mid, d + 30)])
        plan[right].append([_at(6.9, d + 30), _at(RADIUS, d + 60), _at(mid, d + 30)])
    frame = canvas.disc((0, 0), 4.5)
    cells: dict[str, Mask] = {}
    for name, shapes in plan.items():
        mask = canvas.empty()
        for shape in shapes:
            mask |= depth_inside(canvas.fill(np.array(shape)) & inner & ~frame, pitch) > 0.14
        cells[name] = mask
    cells["white"] |= hub
    return Artwork(body, cells)


def draw_monogram(canvas: Canvas) -> Mapping[str, Mask]:
    """The letters of a studio in a broken ring."""
    letters = canvas.text("HX", (0, -0.35), 2.5, weight_mm=0.3, tracking_mm=0.15)
    ring = canvas.ring((0, 0), 3.15, 3.45)
    gap = np.abs(np.arctan2(canvas.x, canvas.y)) < 0.62
    small = canvas.text("1987", (0, 2.75), 0.85, weight_mm=0.1, tracking_mm=0.12)
    bar = canvas.stroke(np.array([(-1.7, 1.5), (1.7, 1.5)]), 0.26)
    return {"ink-navy": letters | (ring & ~gap) | small, "ink-coral": bar & ~letters}


HEXAGON = Design(
    name="hexagon",
    title="HX studio hexagon",
    sku="HXS-HEX-30",
    type="pin",
    metal="nickel",
    enamel="hard enamel",
    thickness_mm=1.5,
    depth_mm=0.012,
    outline=OUTLINE,
    cells=CELLS,
    emblem=Emblem(
        name="monogram",
        kind="printed",
        centre_mm=(0.0, 0.0),
        reach_mm=3.6,
        polygon=circle((0, 0), 3.7, n=24),
        layers=(Cell("ink-navy", (22.0, 6.0, -28.0)), Cell("ink-coral", (60.0, 48.0, 30.0))),
        draw=draw_monogram,
    ),
    draw=draw,
    bevel_mm=0.30,
    seeds_mm={
        "coral": _at(8.5, 8),
        "plum": _at(8.5, -8),
        "mustard": _at(8.5, 68),
        "navy": _at(8.5, 52),
        "mint": _at(11.0, 20),
        "teal": _at(11.0, 40),
        "blush": _at(11.0, 80),
        "white": _at(11.0, 100),
    },
    lines=(Line("fold-line", _at(8.5, 0), 0.0),),
)
