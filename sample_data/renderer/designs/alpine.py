"""A 30 mm society pin: alps under a rising sun, a lettered navy ring and a rope border, struck in gold."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sample_data.renderer.canvas import Canvas, Mask, Points, circle, depth_inside, ellipse, moved, spline
from sample_data.renderer.relief import Artwork, Cell, Design, Emblem, Line, rope

CELLS = (
    Cell("sky", (68.0, -14.0, -32.0)),
    Cell("sun", (78.0, 18.0, 66.0)),
    Cell("snow", (93.0, -0.5, 2.5)),
    Cell("rock", (45.0, -4.0, -14.0)),
    Cell("forest", (36.0, -27.0, 14.0)),
    Cell("lake", (56.0, -30.0, -12.0)),
    Cell("ring", (23.0, 5.0, -32.0)),
)
LINE = 0.28
"""Width in mm of the raised lines between cells."""

RIDGE: Points = np.array(
    [
        (-10.5, 2.2),
        (-8.6, 0.1),
        (-7.7, 0.7),
        (-5.6, -2.0),
        (-4.9, -1.5),
        (-3.9, -2.5),
        (-2.9, -1.4),
        (-0.2, -5.9),
        (0.5, -6.6),
        (1.3, -5.4),
        (2.0, -4.6),
        (2.6, -3.2),
        (4.2, -1.2),
        (5.1, -2.0),
        (5.9, -2.5),
        (7.1, -0.9),
        (8.0, -0.2),
        (10.5, 2.4),
    ]
)
SNOW_FOOT: Points = np.array(
    [
        (10.5, 3.0),
        (7.6, 0.8),
        (6.7, 1.5),
        (5.8, 0.2),
        (4.6, 0.9),
        (3.4, 0.2),
        (2.9, -1.0),
        (1.9, -0.5),
        (1.0, -2.1),
        (0.0, -1.2),
        (-0.9, -2.2),
        (-2.0, -0.2),
        (-2.9, 0.5),
        (-4.0, -0.4),
        (-5.2, 0.8),
        (-6.2, 0.6),
        (-7.4, 2.0),
        (-8.4, 1.8),
        (-10.5, 3.4),
    ]
)


def _fir(x: float, foot: float, height: float) -> Points:
    """A fir tree of three tiers."""
    w = height * 0.30
    half = [
        (0.0, -1.0),
        (0.42, -0.66),
        (0.24, -0.66),
        (0.72, -0.36),
        (0.42, -0.36),
        (1.0, 0.0),
    ]
    right = [(x + w * u, foot + height * v) for u, v in half]
    left = [(x - w * u, foot + height * v) for u, v in reversed(half[1:])]
    return np.array(right + left)


def draw(canvas: Canvas) -> Artwork:
    """The pin without its edelweiss."""
    body = canvas.fill(circle((0, 0), 15.0, n=2880))
    _, carving = rope(canvas, 14.18, 1.5, 84, 0.42)
    ring = canvas.ring((0, 0), 10.25, 13.05)
    letters = canvas.text_on_arc(
        "ALPINE SOCIETY", (0, 0), 11.65, 1.75, middle_deg=-90, weight_mm=0.10, tracking_mm=0.42
    ) | canvas.text_on_arc(
        "SUMMIT 1923", (0, 0), 11.65, 1.55, middle_deg=90, inward=True, weight_mm=0.10, tracking_mm=0.40
    )
    for angle in (8.0, 172.0):
        a = math.radians(angle)
        star = moved(_star(0.62, 0.26, 5), (11.65 * math.cos(a), 11.65 * math.sin(a)), angle + 90)
        letters |= canvas.fill(star)
    view = canvas.disc((0, 0), 9.9)

    below_ridge = canvas.fill(np.vstack([RIDGE, [(10.5, 11), (-10.5, 11)]]))
    snow_all = canvas.fill(np.vstack([RIDGE, SNOW_FOOT]))
    hills = canvas.fill(
        np.vstack(
            [
                spline(
                    [(-10.5, 3.6), (-7.0, 3.3), (-3.5, 4.3), (0.0, 4.9), (3.8, 4.2), (7.2, 3.4), (10.5, 3.9)],
                    closed=False,
                ),
                [(10.5, 11), (-10.5, 11)],
            ]
        )
    )
    firs = canvas.empty()
    for x, foot, height in (
        (-8.0, 4.4, 2.6),
        (-6.3, 4.7, 3.1),
        (-4.5, 5.0, 2.3),
        (4.6, 5.0, 2.4),
        (6.4, 4.7, 3.2),
        (8.1, 4.3, 2.5),
    ):
        firs |= canvas.fill(_fir(x, foot, height))
    wood = (hills | firs) & view
    shore = spline([(-10.5, 6.5), (-6.5, 6.0), (-2.5, 6.5), (1.0, 6.0), (5.0, 6.5), (10.5, 6.1)], closed=False)
    water = canvas.fill(np.vstack([shore, [(10.5, 11), (-10.5, 11)]])) & view
    sun_disc = canvas.disc((-4.6, -4.4), 2.05)

    def split(region: Mask, *neighbours: Mask) -> Mask:
        """The region, kept half a line away from its neighbours."""
        out = region.copy()
        for other in neighbours:
            out &= depth_inside(~other, canvas.pitch_mm) >= LINE / 2
        return out & (depth_inside(region, canvas.pitch_mm) >= LINE / 2)

    mountains = below_ridge & view & ~wood & ~water
    sky_all = view & ~below_ridge & ~wood
    snow = split(snow_all & mountains)
    rock = split(mountains & ~snow_all)
    forest = split(wood & ~water)
    lake = split(water)
    for y, x0, x1 in ((7.15, -4.6, -3.2), (7.15, 3.1, 4.8), (8.3, -3.6, -2.3), (8.3, 2.4, 3.4)):
        lake &= ~canvas.stroke(np.array([(x0, y), (x1, y)]), 0.22)
    sun = split(sun_disc & sky_all)
    sky = split(sky_all & ~sun_disc)
    for k in range(16):
        a = 2 * math.pi * (k + 0.5) / 16
        d = np.array([math.cos(a), math.sin(a)])
        centre = np.array([-4.6, -4.4])
        sky &= ~canvas.stroke(np.array([centre + 2.55 * d, centre + (3.5 if k % 2 else 3.1) * d]), 0.24)
    view_edge = canvas.disc((0, 0), 9.9)
    cells: dict[str, Mask] = {
        "sky": sky & view_edge,
        "sun": sun,
        "snow": snow,
        "rock": rock,
        "forest": forest,
        "lake": lake,
        "ring": ring & ~letters,
    }
    return Artwork(body, cells, carving=carving)


def _star(outer: float, inner: float, points: int) -> Points:
    t = np.arange(2 * points) * (math.pi / points) - math.pi / 2
    r = np.where(np.arange(2 * points) % 2 == 0, outer, inner)
    return np.stack([r * np.cos(t), r * np.sin(t)], axis=1)


def _petal(length: float, width: float) -> Points:
    """A lance-shaped petal from 0, 0 upwards."""
    right = [(0.0, -0.15), (0.36, -0.36), (0.5, -0.6), (0.36, -0.82), (0.0, -1.0), (0.0, -1.0)]
    knots = [(width * x, length * y) for x, y in right]
    return spline([*knots, *[(-x, y) for x, y in reversed(knots[1:-2])]])


def draw_edelweiss(canvas: Canvas) -> Mapping[str, Mask]:
    """Seven large and seven small petals round a heart of five florets."""
    petals, metal = canvas.empty(), canvas.disc((0, 0), 1.15)
    for k in range(7):
        for length, width, turn in ((2.95, 1.12, 0.0), (2.15, 0.8, 0.5)):
            outer = moved(_petal(length, width), (0, 0), (k + turn) * 360 / 7)
            metal |= canvas.fill(outer)
    depth = depth_inside(metal, canvas.pitch_mm)
    petals = depth > 0.14
    for k in range(7):
        a = math.radians((k + 0.5) * 360 / 7)
        petals &= ~canvas.stroke(np.array([(0.0, 0.0), (1.55 * math.sin(a), -1.55 * math.cos(a))]), 0.15)
    heart = canvas.disc((0, 0), 0.86)
    petals &= ~canvas.disc((0, 0), 1.02)
    florets = canvas.empty()
    for k in range(5):
        a = math.radians(k * 72)
        florets |= canvas.disc((0.47 * math.sin(a), -0.47 * math.cos(a)), 0.23)
    florets |= canvas.disc((0, 0), 0.17)
    return {"metal": metal | heart, "petals": petals, "heart": heart & ~florets}


ALPINE = Design(
    name="alpine",
    title="Alpine society pin",
    sku="MAS-PIN-30",
    type="pin",
    metal="gold",
    enamel="soft enamel",
    thickness_mm=1.6,
    depth_mm=0.11,
    outline=circle((0, 0), 15.0, n=2880),
    cells=CELLS,
    emblem=Emblem(
        name="edelweiss",
        kind="struck",
        centre_mm=(0.0, 5.9),
        reach_mm=3.1,
        polygon=ellipse((0, 0), 3.15, 3.15, n=24),
        layers=(Cell("petals", (94.0, -0.5, 4.0)), Cell("heart", (76.0, 14.0, 62.0))),
        draw=draw_edelweiss,
    ),
    draw=draw,
    bevel_mm=0.12,
    round=True,
    seeds_mm={
        "sky": (4.5, -6.0),
        "sun": (-4.6, -4.4),
        "snow": (0.6, -4.2),
        "rock": (0.3, 1.6),
        "forest": (6.6, 4.9),
        "lake": (-5.6, 7.2),
        "ring": (9.0, 7.4),
    },
    lines=(Line("sun-line", (-4.6, -6.45), 90.0), Line("view-line", (8.725, -5.0375), -30.0)),
)
