"""Further photo sets: golden and units side by side under chosen lights, and one workpiece laid down repeatedly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sample_data.renderer.designs import design_named
from sample_data.renderer.generate import RENDERER, show_progress, write
from sample_data.renderer.lamps import LIGHTS
from sample_data.renderer.photos import shoot
from sample_data.renderer.sheets import control_sheet
from sample_data.renderer.together import again_plan, shoot_together, together_truth
from sample_data.renderer.tomltext import toml_text
from sample_data.renderer.truth import Table, unit_truth
from sample_data.renderer.units import UnitPlan, golden_plan, lot_plan, manufacture
from station.errors import RequestError


def make_together(
    name: str,
    out: Path,
    *,
    seed: int,
    lights: Sequence[str],
    units: int = 2,
    photos: int = 1,
    metamer: str | None = None,
    alike: str = "d50",
    apart: str = "tl84",
    layout: str = "dome",
    scale: float = 1.0,
) -> Path:
    """Photos of the golden and ``units`` units of the lot ``seed`` side by side, ``photos`` arrangements, each under
    every light, with ``together.toml``; a single golden photo is not among them.

    metamer : a region in which the first unit matches the golden under ``alike`` and lies 4 CIEDE2000 off under
    ``apart`` (``RequestError`` where the design has no such region).
    """
    design = design_named(name)
    plans: list[UnitPlan] = [golden_plan(seed), *lot_plan(design, max(units, 4), seed)[:units]]
    if metamer is not None:
        known = [c.name for c in design.cells] + [c.name for c in design.emblem.layers]
        if metamer not in known:
            raise RequestError(f"{name} has no region {metamer!r}", f"Use one of {', '.join(known)}.")
        own = plans[1].variation
        colours = {k: v for k, v in own.colours.items() if k != metamer}
        metameric = {metamer: (LIGHTS[alike], LIGHTS[apart], 4.0)}
        plans[1] = replace(plans[1], variation=replace(own, colours=colours, metamers=metameric))
    made = [manufacture(design, p) for p in plans]
    tables: list[Table] = []
    out.mkdir(parents=True, exist_ok=True)
    for arrangement in range(1, photos + 1):
        for light in lights:
            shot = shoot_together(
                design,
                made,
                light=light,
                layout=layout,
                seed=1000 * seed + arrangement,
                minute=10 * arrangement + list(LIGHTS).index(light),
                scale=scale,
            )
            photo = f"{name}-{arrangement}-{light}.jpg"
            write(out / photo, shot.rendered.jpeg)
            tables.append(together_truth(design, plans, made, shot, photo))
            show_progress(len(tables), photos * len(lights), photo)
    run: dict[str, Any] = {"renderer": RENDERER, "design": name, "seed": seed, "layout": layout}
    write(out / f"{name}-together.toml", toml_text({"schema": 1, "run": run, "photos": tables}).encode())
    return out


def make_again(name: str, out: Path, *, seed: int, count: int = 8, unit: int = 0) -> Path:
    """The golden (``unit`` 0) or a unit of the lot ``seed`` laid down ``count`` times on the bench, each with its own
    place, turn and exposure, with ``again.toml`` and, for the golden, ``sheet.toml`` and ``golden.jpg``."""
    design = design_named(name)
    plan = golden_plan(seed) if unit == 0 else lot_plan(design, max(unit, 4), seed)[unit - 1]
    made = manufacture(design, plan)
    tables: list[Table] = []
    out.mkdir(parents=True, exist_ok=True)
    if unit == 0:
        rendered, view = shoot(design, plan, made, 0)
        write(out / "golden.jpg", rendered.jpeg)
        write(out / "sheet.toml", control_sheet(design, view).encode())
    for number in range(1, count + 1):
        again = again_plan(plan, number)
        rendered, view = shoot(design, again, made, 7 * number)
        photo = f"{again.name}.jpg"
        write(out / photo, rendered.jpeg)
        tables.append(unit_truth(design, again, made, view, foreign=False) | {"photo": photo})
        show_progress(number, count, photo)
    run: dict[str, Any] = {"renderer": RENDERER, "design": name, "seed": seed, "unit": unit}
    write(out / "again.toml", toml_text({"schema": 1, "run": run, "units": tables}).encode())
    return out
