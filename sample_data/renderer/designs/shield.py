"""A 28 x 33 mm rowing-club crest in bright nickel: crossed oars, waves and an applied compass rose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from sample_data.renderer.canvas import Canvas, Mask, Points, circle, depth_inside, mirrored, spline
from sample_data.renderer.relief import Artwork, Cell, Design, Emblem, Line

CELLS = (
    Cell("band", (24.0, 4.0, -30.0)),
    Cell("chief", (36.0, 50.0, 26.0)),
    Cell("blue", (40.0, -4.0, -38.0)),
    Cell("cream", (88.0, 1.0, 16.0)),
    Cell("water", (52.0, -30.0, -10.0)),
    Cell("foam", (92.0, -0.5, 2.5)),
    Cell("blades", (78.0, 12.0, 68.0)),
)
LINE = 0.30

_RIGHT = spline(
    [
        (0.0, -16.5),
        (0.0, -16.5),
        (3.4, -15.4),
        (7.6, -14.5),
        (11.0, -14.6),
        (14.0, -15.6),
        (14.0, -15.6),
        (13.7, -9.5),
        (13.6, -3.0),
        (12.6, 3.4),
        (9.9, 8.8),
        (5.4, 13.2),
        (0.0, 16.5),
        (0.0, 16.5),
    ],
    closed=False,
)
OUTLINE: Points = np.vstack([_RIGHT, mirrored(_RIGHT)[1:-1]])

_OAR_FOOT, _OAR_HEAD = np.array([-8.4, 6.6]), np.array([7.6, -4.6])


def _oar(flip: float) -> tuple[Points, Points]:
    """Shaft line and blade outline of one oar."""
    side = np.array([flip, 1.0])
    along = (_OAR_HEAD - _OAR_FOOT) / np.linalg.norm(_OAR_HEAD - _OAR_FOOT)
    across = np.array([-along[1], along[0]])
    shaft = np.array([_OAR_FOOT, _OAR_HEAD]) * side
    half = [(0.0, 0.3), (1.0, 0.55), (2.6, 1.05), (4.2, 1.15), (4.75, 0.8)]
    start = _OAR_HEAD - 2.9 * along
    up = [start + u * along + v * across for u, v in half]
    down = [start + u * along - v * across for u, v in reversed(half)]
    return shaft, spline([tuple(p) for p in np.array([*up, *down]) * side])


def _wave(level: float, phase: float) -> Points:
    """Everything below a scalloped line."""
    x = np.linspace(-15, 15, 400)
    crest = level - 0.55 * np.abs(np.sin((x + phase) * math.pi / 3.6)) + 0.3
    return np.vstack([np.stack([x, crest], axis=1), [(15, 18), (-15, 18)]])


def draw(canvas: Canvas) -> Artwork:
    """The crest without its compass."""
    body = canvas.fill(OUTLINE)
    pitch = canvas.pitch_mm
    rim = depth_inside(body, pitch)
    band = (rim > 0.75) & (rim < 1.75)
    inner = rim > 2.15
    chief = inner & (canvas.y < -6.55)
    letters = canvas.text("NORTH QUAY", (0, -11.2), 2.0, weight_mm=0.12, tracking_mm=0.32)
    letters |= canvas.text("ROWING CLUB 1887", (0, -8.1), 1.20, weight_mm=0.09, tracking_mm=0.26)
    field = inner & (canvas.y > -6.2)
    sea = canvas.fill(_wave(8.0, 0.0)) & field
    sky = field & (depth_inside(~sea, pitch) > LINE)
    metal = canvas.empty()
    blades = canvas.empty()
    for flip in (1.0, -1.0):
        shaft, blade = _oar(flip)
        filled = canvas.fill(blade)
        metal |= canvas.stroke(shaft, 0.62) | filled | canvas.disc(tuple(shaft[0]), 0.5)
        blades |= depth_inside(filled, pitch) > 0.28
    left, low = canvas.x < -LINE / 2, canvas.y > 0.9 + LINE / 2
    right, high = canvas.x > LINE / 2, canvas.y < 0.9 - LINE / 2
    blue = sky & ((left & high) | (right & low)) & ~metal
    cream = sky & ((right & high) | (left & low)) & ~metal
    foam, water = canvas.empty(), canvas.empty()
    levels = (8.0, 9.45, 10.9, 12.35, 13.8, 17.5)
    for i, (top, bottom) in enumerate(pairwise(levels)):
        strip = sea & canvas.fill(_wave(top, 1.8 * i)) & ~canvas.fill(_wave(bottom, 1.8 * (i + 1)))
        strip = depth_inside(strip, pitch) > LINE / 2 - 0.02
        if i % 2:
            foam |= strip
        else:
            water |= strip
    cells: dict[str, Mask] = {
        "band": band,
        "chief": chief & ~letters,
        "blue": blue,
        "cream": cream,
        "water": water,
        "foam": foam,
        "blades": blades,
    }
    return Artwork(body, cells)


def _point(reach: float, waist: float, turn: float, half: float) -> Points:
    """One facet of a compass point: from the middle to the tip, on one side."""
    a, b = math.radians(turn), math.radians(turn + half)
    return np.array(
        [(0.0, 0.0), (reach * math.sin(a), -reach * math.cos(a)), (waist * math.sin(b), -waist * math.cos(b))]
    )


def draw_compass(canvas: Canvas) -> Mapping[str, Mask]:
    """Eight points on a ring, each half white and half red."""
    pitch = canvas.pitch_mm
    metal = canvas.ring((0, 0), 2.55, 3.1) | canvas.disc((0, 0), 0.8)
    light, dark = canvas.empty(), canvas.empty()
    for k in range(8):
        reach, waist = (4.9, 1.85) if k % 2 == 0 else (3.7, 1.5)
        for half, which in ((22.5, "light"), (-22.5, "dark")):
            facet = canvas.fill(_point(reach, waist, 45.0 * k, half))
            metal |= facet
            inset = depth_inside(facet, pitch) > 0.085
            if k % 2 == 0:
                if which == "light":
                    light |= inset
                else:
                    dark |= inset
    hub = canvas.disc((0, 0), 0.6)
    return {"metal": metal, "points-light": light & ~hub, "points-dark": dark & ~hub}


SHIELD = Design(
    name="shield",
    title="North Quay rowing crest",
    sku="NQR-CREST-28",
    type="pin",
    metal="nickel",
    enamel="soft enamel",
    thickness_mm=1.8,
    depth_mm=0.12,
    outline=OUTLINE,
    cells=CELLS,
    emblem=Emblem(
        name="compass",
        kind="struck",
        centre_mm=(0.0, 0.9),
        reach_mm=5.0,
        polygon=circle((0, 0), 5.1, n=24),
        layers=(Cell("points-light", (93.0, -0.5, 2.5)), Cell("points-dark", (38.0, 54.0, 32.0))),
        draw=draw_compass,
    ),
    draw=draw,
    bevel_mm=0.28,
    seeds_mm={
        "band": (-12.5, -5.0),
        "chief": (0.0, -13.1),
        "blue": (8.2, 3.0),
        "cream": (-4.2, 6.3),
        "water": (1.8, 8.75),
        "foam": (3.6, 10.2),
        "blades": (6.6, -3.9),
    },
    lines=(Line("cross-line", (9.0, 0.9), 90.0),),
)
