"""Lots for measuring what a defect model finds: units with many defects of every kind and size, and units without any.

Sizes run evenly over their logarithm from well below to well above the usual limits; defects of one unit lie apart, so
that each is found or missed by itself. Every unit carries dust and lint, every third lies partly under a soft
reflection.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from sample_data.renderer.defects import Defect
from sample_data.renderer.relief import Design
from sample_data.renderer.units import UnitPlan, place_defect, unit_plan

SIZES_MM = {
    "pit": (0.08, 0.6),
    "bubble": (0.2, 0.8),
    "speck": (0.1, 0.6),
    "missing-enamel": (0.4, 2.0),
    "overflow": (0.3, 1.2),
    "plating-spot": (0.3, 1.4),
    "scratch": (0.7, 6.0),
}
"""Least and greatest diameter, for scratches their length, by kind."""

_APART_MM = 1.3
_MANY = 14
_GOOD = 3  # every third unit has no defect


@lru_cache(maxsize=8)
def defective_plan(design: Design, count: int, seed: int) -> tuple[UnitPlan, ...]:
    """``count`` units; the first, fourth, seventh ... without a defect."""
    return tuple(_unit(design, f"unit-{i + 1:02d}", seed, i) for i in range(count))


def _unit(design: Design, name: str, seed: int, index: int) -> UnitPlan:
    plan = unit_plan(design, name, seed, 2000 + index, "")
    rng = np.random.default_rng([plan.seed, 7])
    defects = [d for d in plan.variation.defects if d.kind in ("dust", "lint")]
    defects.append(place_defect(design, "dust", float(rng.uniform(0.04, 0.15)), rng))
    defects.append(
        place_defect(design, "lint", float(rng.uniform(0.018, 0.03)), rng, length=float(rng.uniform(0.5, 2.0)))
    )
    if index % _GOOD:
        defects += _apart(design, rng, defects)
    veil = None
    if index % 3 == 2:
        x, y = rng.uniform(-6, 6, 2)
        veil = (float(x), float(y), float(rng.uniform(3, 7)), float(rng.uniform(0.03, 0.15)))
    return replace(plan, variation=replace(plan.variation, defects=tuple(defects)), veil=veil)


def _apart(design: Design, rng: np.random.Generator, there: list[Defect]) -> list[Defect]:
    """Defects of every kind that the design has room for, none within ``_APART_MM`` of another."""
    out: list[Defect] = []
    kinds = list(SIZES_MM)
    for k in range(_MANY):
        kind = kinds[k % len(kinds)]
        low, high = SIZES_MM[kind]
        extent = float(np.exp(rng.uniform(math.log(low), math.log(high))))
        for _ in range(40):
            try:
                if kind == "scratch":
                    one = place_defect(design, kind, float(rng.uniform(0.04, 0.11)), rng, length=extent)
                else:
                    one = place_defect(design, kind, extent, rng, bare=kind == "pit" and bool(rng.random() < 0.3))
            except ValueError:  # this design has no room for one
                break
            reach = _APART_MM + (extent / 2 if kind == "scratch" else 0)
            if all(math.hypot(one.x_mm - d.x_mm, one.y_mm - d.y_mm) > reach + d.length_mm / 2 for d in (*there, *out)):
                out.append(one)
                break
    return out
