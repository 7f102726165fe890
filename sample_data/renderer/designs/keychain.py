"""A 34 x 21 mm coffee-roaster tag in black nickel: much small lettering, a hole for the ring, a printed cup."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sample_data.renderer.canvas import Canvas, Mask, Points, circle, depth_inside, rounded_box, spline
from sample_data.renderer.relief import Artwork, Cell, Design, Emblem, Line

CELLS = (
    Cell("cream", (88.0, 2.0, 17.0)),
    Cell("terracotta", (50.0, 36.0, 36.0)),
    Cell("mustard", (74.0, 10.0, 60.0)),
    Cell("mint", (78.0, -20.0, 4.0)),
    Cell("edge", (30.0, 12.0, 14.0)),
)
OUTLINE: Points = rounded_box(34.0, 21.0, 4.2)
HOLE: Points = circle((-14.1, -7.4), 1.55, n=720)
CUP_PLACE = (-9.4, 1.6)


def draw(canvas: Canvas) -> Artwork:
    """The tag without its cup."""
    pitch = canvas.pitch_mm
    body = canvas.fill(OUTLINE, HOLE)
    collar = canvas.disc((-14.1, -7.4), 2.75)
    rim = depth_inside(canvas.fill(OUTLINE), pitch)
    edge = (rim > 0.7) & (rim < 1.35) & ~collar
    panel = rim > 1.7
    saucer = canvas.disc(CUP_PLACE, 4.35)
    window = canvas.disc(CUP_PLACE, 4.0)
    top = panel & (canvas.y < -4.55) & ~canvas.disc((-14.1, -7.4), 3.1) & ~saucer
    foot = panel & (canvas.y > 5.55) & ~saucer
    field = panel & (canvas.y > -4.2) & (canvas.y < 5.2) & ~saucer & ~canvas.disc((-14.1, -7.4), 3.1)
    text = canvas.text("SLOW MORNINGS", (2.0, -6.65), 1.8, weight_mm=0.14, tracking_mm=0.24)
    for line, y, cap, track, weight in (
        ("COFFEE ROASTERS", -2.25, 1.30, 0.16, 0.11),
        ("OSLO / HELSINKI / RIGA", 0.45, 1.06, 0.14, 0.09),
        ("FIRST CRACK AT DAWN", 2.55, 0.98, 0.19, 0.09),
        ("No. 7 HOUSE BLEND", 4.35, 0.92, 0.17, 0.08),
    ):
        text |= canvas.text(line, (4.9, y), cap, weight_mm=weight, tracking_mm=track)
    text |= canvas.text("ROASTED EVERY DAY SINCE 1998", (0.0, 7.2), 1.02, weight_mm=0.09, tracking_mm=0.115)
    text |= canvas.stroke(np.array([(-3.1, -0.78), (12.9, -0.78)]), 0.2)
    cells: dict[str, Mask] = {
        "cream": field & ~text,
        "terracotta": foot & ~text,
        "mustard": top & ~text,
        "mint": window & (depth_inside(canvas.fill(OUTLINE), pitch) > 1.7),
        "edge": edge,
    }
    return Artwork(body, cells)


def draw_cup(canvas: Canvas) -> Mapping[str, Mask]:
    """A steaming cup: dark body with a white band, three wisps and a saucer."""
    bowl = spline(
        [(-1.9, -0.4), (-1.9, -0.4), (1.9, -0.4), (1.9, -0.4), (1.75, 0.9), (1.05, 1.75), (-1.05, 1.75), (-1.75, 0.9)]
    )
    dark = canvas.fill(bowl)
    handle = canvas.ring((2.05, 0.45), 0.42, 0.78) & ~dark
    saucer = canvas.stroke(np.array([(-2.3, 2.2), (2.3, 2.2)]), 0.42)
    wisps = canvas.empty()
    for x in (-0.95, 0.0, 0.95):
        t = np.linspace(0, 1, 30)
        line = np.stack([x + 0.24 * np.sin(2 * math.pi * t), -0.85 - 1.55 * t], axis=1)
        wisps |= canvas.stroke(line, 0.28)
    bean = canvas.fill(spline([(-0.55, 0.65), (0.0, 0.22), (0.55, 0.65), (0.0, 1.08)]))
    crease = canvas.stroke(np.array([(-0.42, 0.76), (0.0, 0.62), (0.42, 0.54)]), 0.13)
    white = bean & ~crease
    return {"ink-dark": (dark & ~white) | handle | saucer | wisps, "ink-white": white}


KEYCHAIN = Design(
    name="keychain",
    title="Slow Mornings key tag",
    sku="SMC-KEY-34",
    type="keychain",
    metal="black nickel",
    enamel="soft enamel",
    thickness_mm=2.0,
    depth_mm=0.10,
    outline=OUTLINE,
    holes=(HOLE,),
    cells=CELLS,
    emblem=Emblem(
        name="cup",
        kind="printed",
        centre_mm=CUP_PLACE,
        reach_mm=3.4,
        polygon=np.array([(-2.9, -2.8), (3.1, -2.8), (3.1, 2.7), (-2.9, 2.7)]),
        layers=(Cell("ink-dark", (22.0, 6.0, 8.0)), Cell("ink-white", (92.0, 0.0, 3.0))),
        draw=draw_cup,
    ),
    draw=draw,
    bevel_mm=0.30,
    seeds_mm={
        "cream": (4.9, -3.8),
        "terracotta": (0.0, 8.4),
        "mustard": (2.0, -8.25),
        "mint": (-12.4, 3.6),
        "edge": (16.0, 0.0),
    },
    lines=(Line("top-line", (9.0, -4.375), 90.0), Line("edge-recess", (15.975, 0.0), 0.0, sunk=True)),
)
