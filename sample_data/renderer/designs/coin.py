"""A 36 mm medal in antique brass: a border that repeats twelve times, and an inner field that does not."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sample_data.renderer.canvas import Canvas, Mask, Points, Raster, circle, depth_inside, moved, smooth, spline
from sample_data.renderer.relief import Artwork, Cell, Design, Emblem, Line

CELLS = (Cell("night", (24.0, 6.0, -34.0)), Cell("lamp", (80.0, 8.0, 70.0)))
RADIUS = 18.0
FOLD = 12


def _polar(radius: float, degrees: float) -> tuple[float, float]:
    a = math.radians(degrees)
    return radius * math.cos(a), radius * math.sin(a)


def _ornament(canvas: Canvas) -> tuple[Mask, Mask]:
    """The border between 11.6 and 16.6 mm: its sunk ground, and the raised lines on it, twelve times the same."""
    ground = canvas.ring((0, 0), 12.2, 16.6)
    raised = canvas.empty()
    for k in range(FOLD):
        turn = 360.0 / FOLD * k
        petal: Points = spline([(12.2, -1.1), (13.6, -1.75), (16.2, 0.0), (16.2, 0.0), (13.6, 1.75), (12.2, 1.1)])
        inner = spline([(12.9, -0.5), (13.7, -0.95), (15.2, 0.0), (15.2, 0.0), (13.7, 0.95), (12.9, 0.5)])
        raised |= canvas.fill(moved(petal, (0, 0), turn)) & ~canvas.fill(moved(inner, (0, 0), turn))
        raised |= canvas.disc(_polar(15.2, turn + 15.0), 0.62)
        raised |= canvas.stroke(np.array([_polar(12.2, turn + 15.0), _polar(14.0, turn + 15.0)]), 0.34)
    return ground & ~raised, raised & ground


def _lighthouse(canvas: Canvas) -> Mask:
    """The tower on its rock, left of the middle."""
    tower = canvas.fill(np.array([(-5.1, 4.6), (-4.5, -3.4), (-2.3, -3.4), (-1.7, 4.6)]))
    head = canvas.fill(np.array([(-4.4, -3.8), (-4.4, -6.2), (-3.4, -7.6), (-2.4, -6.2), (-2.4, -3.8)]))
    rock = canvas.fill(spline([(-9.2, 6.4), (-7.0, 4.6), (-4.8, 4.0), (-1.0, 4.5), (1.6, 6.6), (-4.0, 7.4)]))
    return tower | head | rock


def draw(canvas: Canvas) -> Artwork:
    """The medal without its anchor."""
    pitch = canvas.pitch_mm
    body = canvas.fill(circle((0, 0), RADIUS, n=2880))
    border_ground, _ = _ornament(canvas)
    field = canvas.disc((0, 0), 11.2)
    house = _lighthouse(canvas)
    bands = canvas.empty()
    for top in (-2.2, 0.4, 3.0):
        bands |= canvas.fill(np.array([(-6, top), (-1, top), (-1, top + 0.45), (-6, top + 0.45)])) & house
    beams = canvas.empty()
    for low, high in ((-8.0, 0.0), (8.0, 16.0), (24.0, 32.0)):
        far = [(-2.6 + 11.5 * math.cos(math.radians(a)), -5.0 + 11.5 * math.sin(math.radians(a))) for a in (low, high)]
        beams |= canvas.fill(np.array([(-2.2, -5.0), *far]))
    letters = canvas.text("LUX", (4.4, -7.7), 1.5, weight_mm=0.2, tracking_mm=0.3)
    letters |= canvas.text_on_arc("EST 1887", (0, 0), 9.55, 1.25, middle_deg=90, inward=True, weight_mm=0.14)
    sea = field & (canvas.y > 6.9) & ~letters & ~house
    waves = canvas.empty()
    x = np.linspace(-10, 10, 240)
    for k, level in enumerate((7.4, 8.3)):
        line = np.stack([x, level + 0.22 * np.sin(2 * math.pi * x / 2.6 + k)], axis=1)
        waves |= canvas.stroke(line, 0.3)
    sky = field & ~house & ~beams & ~letters & (canvas.y <= 6.5)
    night = sky & (canvas.x < -5.6) & (canvas.y < 3.4)
    cells: dict[str, Mask] = {
        "night": np.asarray(depth_inside(night, pitch) > 0.17),
        "lamp": canvas.fill(np.array([(-4.0, -4.2), (-4.0, -5.9), (-2.8, -5.9), (-2.8, -4.2)])),
    }
    ground = border_ground | (sky & ~night) | (sea & ~waves) | bands
    for cell in cells.values():
        ground &= depth_inside(~cell, pitch) > 0.3
    return Artwork(body, cells, ground=np.asarray(ground), carving=_carving(canvas, house, beams))


def _carving(canvas: Canvas, house: Mask, beams: Mask) -> Raster:
    """The tower is round, the beams fall away from the lamp, and a milled ring runs inside the edge."""
    tower = house & (np.abs(canvas.x + 3.4) < 1.8) & (canvas.y < 4.0)
    round_tower = np.where(tower, -0.05 * ((canvas.x + 3.4) / 2.0) ** 2, 0)
    fading = np.where(beams & ~house, -0.012 * np.hypot(canvas.x + 2.2, canvas.y + 5.0), 0)
    r, angle = np.hypot(canvas.x, canvas.y), np.arctan2(canvas.y, canvas.x)
    milled = np.where((r > 17.0) & (r < 17.5), -0.03 * (1 + np.cos(120 * angle)), 0)
    carved = np.clip(round_tower, -0.16, 0) + fading + milled
    return smooth(np.asarray(carved, dtype=np.float32), 1.5)


def draw_anchor(canvas: Canvas) -> Mapping[str, Mask]:
    """An anchor, its ring and stock of bare metal, on a shield of enamel."""
    plate = canvas.disc((0, 0), 2.5)
    t = np.radians(np.linspace(20, 160, 40))
    arms = np.stack([1.35 * np.cos(t), 0.2 + 1.35 * np.sin(t)], axis=1)
    anchor = canvas.stroke(np.array([(0.0, -0.9), (0.0, 1.5)]), 0.36) | canvas.stroke(arms, 0.36)
    anchor |= canvas.ring((0.0, -1.3), 0.24, 0.55) | canvas.stroke(np.array([(-0.8, -0.45), (0.8, -0.45)]), 0.32)
    fill = canvas.disc((0, 0), 2.2) & ~anchor
    return {"metal": plate, "shield": fill}


COIN = Design(
    name="coin",
    title="Harbour lights medal",
    sku="HLM-COIN-36",
    type="coin",
    metal="antique brass",
    enamel="soft enamel",
    thickness_mm=2.4,
    depth_mm=0.12,
    outline=circle((0, 0), RADIUS, n=2880),
    cells=CELLS,
    emblem=Emblem(
        name="anchor",
        kind="struck",
        centre_mm=(5.2, 3.4),
        reach_mm=2.6,
        polygon=circle((0, 0), 2.7, n=24),
        layers=(Cell("shield", (40.0, 48.0, 26.0)),),
        draw=draw_anchor,
    ),
    draw=draw,
    bevel_mm=0.16,
    round=True,
    seeds_mm={"night": (-8.0, -2.0), "lamp": (-3.4, -5.0)},
    lines=(Line("inner-ring", _polar(11.7, 52.5), 52.5),),
)
