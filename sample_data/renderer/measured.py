"""Lots whose units depart in their geometry, each by one kind of departure beside the ordinary scatter.

The departures lie on both sides of what the control sheet allows. Half of the lots' units carry dust or lint, every
third lies partly under a soft reflection.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import replace
from functools import lru_cache

import numpy as np

from sample_data.renderer.defects import Defect
from sample_data.renderer.measures import border, region_boundaries
from sample_data.renderer.relief import Design
from sample_data.renderer.shape import AS_DESIGNED, Bump, Shape
from sample_data.renderer.units import TURNED, UnitPlan, golden_plan, place_defect, unit_plan
from sample_data.renderer.workpiece import PITCH_MM, relief_of

KINDS = ("border", "boundary", "", "line", "offset", "wide", "boundary", "oval", "flat", "hole", "post", "rotation")
"""Departures in the order in which a lot takes them; the empty one departs in nothing but its scatter."""


def measured_golden(seed: int) -> UnitPlan:
    """The golden of such a lot."""
    return replace(golden_plan(seed), measured=True)


def kinds_of(design: Design) -> tuple[str, ...]:
    """The departures that a design can have."""
    has = {
        "boundary": bool(design.cells),
        "line": bool(design.lines),
        "flat": design.round,
        "hole": bool(design.holes),
        "post": bool(design.posts),
    }
    return tuple(k for k in KINDS if has.get(k, True))


@lru_cache(maxsize=8)
def measured_plan(design: Design, count: int, seed: int) -> tuple[UnitPlan, ...]:
    """``count`` units; the same design and seed give the same units whatever else is drawn."""
    start = _rng(design, seed, 0)
    kinds = kinds_of(design)
    first = int(start.integers(len(kinds)))
    return tuple(_unit(design, seed, i + 1, kinds[(first + i) % len(kinds)]) for i in range(count))


def turned_plan(design: Design, seed: int) -> tuple[UnitPlan, ...]:
    """One picture for each way a part, or its picture, can be turned over."""
    return tuple(
        replace(unit_plan(design, f"turned-{kind}", seed, 3000 + i, ""), disturbance=kind)
        for i, kind in enumerate(TURNED)
    )


def _rng(design: Design, seed: int, index: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(design.name.encode()), seed, 6, index])


def _unit(design: Design, seed: int, index: int, kind: str) -> UnitPlan:
    rng = _rng(design, seed, index)
    plan = unit_plan(design, f"unit-{index:02d}", seed, 2000 + index, kind if kind in ("offset", "rotation") else "")
    shape = _shape(design, kind, rng)
    v = plan.variation
    logo = replace(v.logo, x_mm=v.logo.x_mm + shape.artwork_mm[0], y_mm=v.logo.y_mm + shape.artwork_mm[1])
    if kind == "offset":  # within reach of the limit, where a thousandth decides
        length, angle = rng.uniform(0.15, 0.45), rng.uniform(0, 2 * math.pi)
        logo = replace(logo, x_mm=_whole(length * math.cos(angle)), y_mm=_whole(length * math.sin(angle)))
    defects = list(v.defects)
    if rng.random() < 0.5:
        defects += [place_defect(design, "dust", float(rng.uniform(0.08, 0.25)), rng) for _ in range(3)]
    if rng.random() < 0.25:
        defects.append(_lint(design, rng))
    veil = None
    if rng.random() < 1 / 3:
        far, angle = rng.uniform(2, 9), rng.uniform(0, 2 * math.pi)
        strength = float(rng.uniform(0.05, 0.22))
        veil = (far * math.cos(angle), far * math.sin(angle), float(rng.uniform(2.5, 6.0)), strength)
    return replace(
        plan,
        variation=replace(v, logo=logo, shape=shape, defects=tuple(defects)),
        turn_deg=float(rng.uniform(-180, 180)),
        fault=kind,
        veil=veil,
        measured=True,
    )


def _lint(design: Design, rng: np.random.Generator) -> Defect:
    length = float(rng.uniform(0.8, 2.0))
    return place_defect(design, "lint", float(rng.uniform(0.02, 0.04)), rng, length=length)


def _whole(mm: float) -> float:
    """In whole samples of the raster, so that edges along its axes move by exactly as much."""
    return float(np.rint(mm / PITCH_MM) * PITCH_MM)


def _shape(design: Design, kind: str, rng: np.random.Generator) -> Shape:
    match kind:
        case "border":
            wide = border(design, AS_DESIGNED, relief_of(design), 1.0)["minimum_mm"]
            length, angle = float(rng.uniform(0.08, min(0.30, 0.4 * wide))), rng.uniform(0, 2 * math.pi)
            return Shape(artwork_mm=(_whole(length * math.cos(angle)), _whole(length * math.sin(angle))))
        case "boundary":
            return Shape(bumps=(_bump(design, rng),))
        case "line":
            return Shape(line_mm=float(rng.choice([-1, 1])) * 0.02 * int(rng.integers(2, 6)))
        case "wide":
            width = float(np.ptp(design.outline[:, 0]))
            gain = float(rng.choice([-1, 1]) * rng.uniform(0.06, 0.30))
            return Shape(stretch=(1 + gain / width, 1.0))
        case "oval":
            return Shape(oval_mm=float(rng.uniform(0.06, 0.28)), oval_deg=float(rng.uniform(0, 180)))
        case "flat":
            return Shape(flat_mm=float(rng.uniform(2.0, 4.5)), flat_deg=float(rng.uniform(0, 360)))
        case "hole":
            far, angle = rng.uniform(0.05, 0.35), rng.uniform(0, 2 * math.pi)
            return Shape(
                hole_mm=(far * math.cos(angle), far * math.sin(angle)),
                hole_growth_mm=float(rng.uniform(-0.25, 0.25)),
            )
        case "post":
            far, angle = rng.uniform(0.1, 0.8), rng.uniform(0, 2 * math.pi)
            return Shape(post_mm=(far * math.cos(angle), far * math.sin(angle)))
        case _:
            return AS_DESIGNED


def _bump(design: Design, rng: np.random.Generator) -> Bump:
    """A smooth stretch of one cell's boundary, pushed in or out along its normal."""
    reach = float(rng.uniform(1.1, 1.9))
    by_region = region_boundaries(design)
    for name in rng.permutation(sorted(by_region)):
        points, normals = by_region[str(name)]
        for i in rng.permutation(len(points))[:400]:
            near = np.linalg.norm(points - points[i], axis=1) < 0.7 * reach
            facing = normals[near] @ normals[i]
            clear = np.linalg.norm(points[i] - design.emblem.centre_mm) > design.emblem.reach_mm + 1.5 * reach
            # One straight wall: its own far side or a letter's strokes would face elsewhere.
            if clear and near.sum() > 1.2 * reach / 0.03 and (facing > 0.9).mean() > 0.9:
                depth = float(rng.choice([-1, 1]) * rng.uniform(0.05, 0.35))
                x, y = points[i]
                shift = normals[i] * depth
                return Bump(str(name), (float(x), float(y)), (float(shift[0]), float(shift[1])), reach)
    raise ValueError(f"{design.name} has no smooth stretch of boundary")
