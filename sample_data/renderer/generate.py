"""Sample sets: bench pictures, goldens, lots of units with their truth. One seed, one result.

Heavy modules load when a picture is asked for.
"""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from sample_data.renderer.designs import DESIGN_NAMES, design_named

PHOTO_SIZE_PX = (2000, 1500)
BLOCK = 32
"""Units of a lot that are planned together; a simulated camera goes on with a further block."""
RENDERER = "1"
"""Version of the pictures; a set made by another version is made anew."""
BENCH_SEED = 1
BOARDS, GREYS = 6, 2

Table = dict[str, Any]


def photograph(design: str, seed: int, index: int) -> bytes:
    """JPEG bytes of unit ``index`` (0, 1, 2 ...) of the lot ``seed``. ``KeyError`` for an unknown design."""
    from sample_data.renderer.photos import shoot
    from sample_data.renderer.units import lot_plan, manufacture

    drawn = design_named(design)
    block, i = divmod(index, BLOCK)
    plan = lot_plan(drawn, BLOCK, seed + 100_003 * block)[i]
    rendered, _ = shoot(drawn, plan, manufacture(drawn, plan), minute=index + 1)
    return rendered.jpeg


def make_bench(out: Path, seed: int = BENCH_SEED) -> None:
    """Rig, card certificate, ChArUco boards and grey pictures into ``out``; what is there already stays."""
    from sample_data.renderer.photos import RIG, board_photo, grey_photo
    from sample_data.renderer.sheets import rig_file

    out.mkdir(parents=True, exist_ok=True)
    write(out / "rig.toml", rig_file(RIG).encode())
    write(out / "card.toml", RIG.card.toml().encode())
    for number in range(1, BOARDS + 1):
        if not (path := out / f"board-{number}.jpg").exists():
            write(path, board_photo(number, BOARDS, seed))
    for number in range(1, GREYS + 1):
        if not (path := out / f"grey-{number}.jpg").exists():
            write(path, grey_photo(number, seed))


def make_set(
    design: str,
    units: int,
    seed: int,
    out: Path,
    *,
    disturbed: bool = True,
    measured: bool = False,
    defective: bool = False,
    jobs: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> Path:
    """Golden, ``units`` units and, if asked, the disturbed photos of a design into ``out/design``, which it returns.

    defective : units with many defects and units with none.
    measured : units that depart in their geometry, whose true lengths are told, and photos of turned parts for the
    disturbed ones. An interrupted run goes on where it stopped: each photo's truth waits in ``.partial`` until all are
    done.
    """
    from sample_data.renderer.defective import defective_plan
    from sample_data.renderer.measured import measured_golden, measured_plan, turned_plan
    from sample_data.renderer.sheets import units_table
    from sample_data.renderer.units import disturbed_plan, golden_plan, lot_plan

    drawn = design_named(design)
    folder = out / design
    run: Table = {"renderer": RENDERER, "design": design, "units": units, "seed": seed, "disturbed": disturbed}
    if measured:
        run["measured"] = True
    if defective:
        run["defective"] = True
    if _finished(folder, run):
        return folder
    partial = folder / ".partial"
    (folder / "units").mkdir(parents=True, exist_ok=True)
    if disturbed:
        (folder / "disturbed").mkdir(exist_ok=True)
    begun = partial / "run.json"
    if begun.exists() and json.loads(begun.read_text()) != run:
        shutil.rmtree(partial)
    partial.mkdir(exist_ok=True)
    write(begun, json.dumps(run).encode())

    first, of_lot, spoilt = (
        (measured_golden, measured_plan, turned_plan) if measured else (golden_plan, lot_plan, disturbed_plan)
    )
    lot = (defective_plan if defective else of_lot)(drawn, units, seed)
    plans = [first(seed), *lot, *(spoilt(drawn, seed) if disturbed else ())]
    waiting = [i for i, p in enumerate(plans) if not (partial / f"{p.name}.json").exists()]
    done = len(plans) - len(waiting)
    if jobs > 1 and len(waiting) > 1:
        with ProcessPoolExecutor(jobs) as pool:
            futures = {pool.submit(_make_one, design, plans[i], i, folder): plans[i].name for i in waiting}
            for future in as_completed(futures):
                future.result()
                done += 1
                if progress:
                    progress(done, len(plans), futures[future])
    else:
        for i in waiting:
            _make_one(design, plans[i], i, folder)
            done += 1
            if progress:
                progress(done, len(plans), plans[i].name)
    _assemble(folder, run, [p.name for p in plans])
    write(folder / "units.csv", units_table(drawn, lot, seed).encode())
    shutil.rmtree(partial)
    return folder


def _make_one(design: str, plan: Any, minute: int, folder: Path) -> None:
    """One photo, then its truth: the truth's presence says that the photo is complete."""
    from sample_data.renderer.photos import shoot
    from sample_data.renderer.sheets import control_sheet
    from sample_data.renderer.truth import unit_truth
    from sample_data.renderer.units import manufacture

    foreign = plan.disturbance == "wrong-product"
    shown = DESIGN_NAMES[(DESIGN_NAMES.index(design) + 1) % len(DESIGN_NAMES)] if foreign else design
    drawn = design_named(shown)
    if foreign:
        from sample_data.renderer.units import disturbed_plan

        plan = next(p for p in disturbed_plan(drawn, plan.seed) if p.disturbance == plan.disturbance)
    if plan.disturbance == "upside-down":
        from sample_data.renderer.designs.back import other_side
        from sample_data.renderer.units import plain_plan

        drawn, foreign = other_side(drawn), True
        plan = plain_plan(drawn, plan)
    made = manufacture(drawn, plan)
    rendered, view = shoot(drawn, plan, made, minute)
    truth = unit_truth(drawn, plan, made, view, foreign=foreign)
    golden = plan.name == "golden"
    if golden:
        truth["photo"] = "golden.jpg"
        write(folder / "sheet.toml", control_sheet(drawn, view, measured=plan.measured).encode())
    write(folder / truth["photo"], rendered.jpeg)
    write(folder / ".partial" / f"{plan.name}.json", json.dumps(truth).encode())


def _assemble(folder: Path, run: Table, names: Sequence[str]) -> None:
    from sample_data.renderer.tomltext import toml_text

    tables = [json.loads((folder / ".partial" / f"{name}.json").read_text()) for name in names]
    golden = tables[0]
    for key in ("planned_fault", "verdict", "reasons", "closest"):
        golden.pop(key)
    write(folder / "truth.toml", toml_text({"schema": 1, "run": run, "golden": golden, "units": tables[1:]}).encode())


def rewrite_sheets(out: Path) -> list[Path]:
    """The control sheets of finished sets under ``out``, written anew from their truth; the pictures stay."""
    import numpy as np

    from sample_data.renderer.sheets import control_sheet
    from sample_data.renderer.truth import View
    from station.values.geometry import CameraPlane, Similarity

    written = []
    for path in sorted(out.glob("*/truth.toml")):
        truth = tomllib.loads(path.read_text())
        drawn, golden = design_named(truth["run"]["design"]), truth["golden"]
        c, at = golden["camera"], golden["pose"]
        matrix, rotation = (np.reshape(c[k], (3, 3)) for k in ("matrix", "rotation"))
        plane = CameraPlane(matrix, np.array(c["distortion"]), rotation, np.array(c["translation_mm"]), 0.0)
        pose = Similarity(at["x_mm"], at["y_mm"], at["rotation_deg"], 1.0)
        view = View(np.zeros((0, 0, 3), np.uint8), plane, pose, drawn.thickness_mm)
        sheet = control_sheet(drawn, view, measured=truth["run"].get("measured", False))
        write(path.with_name("sheet.toml"), sheet.encode())
        written.append(path.with_name("sheet.toml"))
    return written


def _finished(folder: Path, run: Table) -> bool:
    path = folder / "truth.toml"
    if not path.exists():
        return False
    return bool(tomllib.loads(path.read_text()).get("run") == run)


def write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def show_progress(done: int, total: int, name: str) -> None:
    """One line on standard error, overwritten on a terminal."""
    end = "\r" if sys.stderr.isatty() and done < total else "\n"
    print(f"{done}/{total} {name:<28}", end=end, file=sys.stderr, flush=True)
