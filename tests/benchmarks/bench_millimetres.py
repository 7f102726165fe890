"""Lengths on rendered units whose geometry departs in known ways: errors, their uncertainty, and wrong verdicts.

    python -m sample_data.renderer --measured --units 8 --seed 20264 --out DIR
    python tests/benchmarks/bench_millimetres.py --set DIR [--design fox] [--list]

The set holds every design at any turn and place, with dust and soft reflections. Each design is calibrated, sealed and
inspected with its rig. Prints, by kind of characteristic, the errors against the true values beside the goals, the
share of errors within the expanded uncertainty (k = 2), what the sheet's limits make of them, and gross failures of the
registration. Asserts nothing.
"""

from __future__ import annotations

import argparse
import math
import os
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from held_out import inspect

from station.values.documents import MeasurementDocument, UnitDocument

GROSS_MM, GROSS_DEG = 1.0, 1.0
"""A pose further off than this is no registration."""
GOALS = {
    "logo offset": (0.010, 0.030),
    "logo rotation": (0.05, None),
    "logo scale": (0.001, None),
    "width, height": (0.010, None),
    "border": (0.020, None),
    "boundary shift": (0.020, None),
}
"""RMS and largest error asked for, in mm, degrees or as a ratio; for rotation and scale of the single unit too."""
OUTLINE = {"width": "width, height", "height": "width, height", "max-feret": "Feret", "min-feret": "Feret"}


@dataclass(frozen=True, slots=True)
class Reading:
    """One characteristic of one unit. error, u : in its unit, u expanded. fault : how the unit departs, by its plan."""

    kind: str
    design: str
    unit: str
    turn_deg: float
    characteristic: str
    error: float
    u: float
    true: float | None = None
    seen: MeasurementDocument | None = None
    fault: str = ""


def true_values(unit: dict[str, Any], golden: dict[str, Any]) -> dict[str, tuple[str, float]]:
    """By characteristic its kind and true value; the kinds are those of the table that is printed."""
    out: dict[str, tuple[str, float]] = {}
    for name, value in unit["sizes_mm"].items():
        out[f"size:{name}"] = OUTLINE.get(name, name), value
    if "roundness_mm" in unit:
        out["size:roundness"] = "roundness", unit["roundness_mm"]
    out["border:border"] = "border", unit["border"]["minimum_mm"]
    for line in unit["lines"]:
        out[f"size:{line['name']}"] = "recess" if line["sunk"] else "line", line["width_mm"]
    for places, name in (("holes", "position"), ("posts", "post")):
        for own, was in zip(unit.get(places, ()), golden.get(places, ()), strict=True):
            off = math.hypot(own["x_mm"] - was["x_mm"], own["y_mm"] - was["y_mm"])
            out[f"position:{name}"] = "position", off
    for boundary in unit["boundaries"]:
        out[f"boundary-shift:{boundary['region']}"] = "boundary shift", abs(boundary["shift_mm"])
    if unit["planned_fault"] == "flat":
        out["size:flat"] = "flat", unit["flat"]["chord_mm"]
    mark = unit["logo"]
    out[f"rotation:{mark['name']}"] = "logo rotation", mark["rotation_deg"]
    out[f"scale:{mark['name']}"] = "logo scale", mark["scale"]
    return out


def readings(
    design: str, unit: dict[str, Any], golden: dict[str, Any], document: UnitDocument
) -> tuple[list[Reading], list[str]]:
    """What the station read of a unit, and the characteristics it gave no value for."""
    seen = {m.characteristic: m for m in document.measurements}
    turn, fault = float(unit["pose"]["rotation_deg"]), unit["planned_fault"]
    out, missing = [], []
    for characteristic, (kind, true) in true_values(unit, golden).items():
        m = seen.get(characteristic)
        if m is None:
            continue
        if m.value is None:
            missing.append(f"{characteristic} ({m.reason})")
            continue
        value = abs(m.value) if kind == "boundary shift" else m.value
        out.append(Reading(kind, design, unit["name"], turn, characteristic, value - true, m.u, true, m, fault))
    mark = unit["logo"]
    x, y = (seen.get(f"offset-{axis}:{mark['name']}") for axis in "xy")
    if x is not None and y is not None and x.value is not None and y.value is not None:
        off = math.hypot(x.value - mark["offset_x_mm"], y.value - mark["offset_y_mm"])
        both = seen.get(f"offset:{mark['name']}")
        name = f"offset:{mark['name']}"
        out.append(
            Reading("logo offset", design, unit["name"], turn, name, off, max(x.u, y.u), mark["offset_mm"], both, fault)
        )
    else:
        missing.append(f"offset:{mark['name']}")
    return out, missing


def gross(unit: dict[str, Any], document: UnitDocument) -> str:
    """What is grossly wrong with a unit's registration, or nothing."""
    if document.pose is None:
        failed = ", ".join(f"{g.name}: {g.reason}" for g in document.gates if not g.ok)
        return f"not registered ({failed})"
    true, pose = unit["pose"], document.pose
    far = math.hypot(pose.x_mm - true["x_mm"], pose.y_mm - true["y_mm"])
    turned = abs((pose.rotation_deg - true["rotation_deg"] + 180) % 360 - 180)
    return f"{far:.2f} mm and {turned:.2f} degrees off" if far > GROSS_MM or turned > GROSS_DEG else ""


def answered(unit: dict[str, Any], document: UnitDocument | None) -> tuple[str, str]:
    """How a picture of a turned part was answered, and with which words."""
    if document is None:
        return "refused", ""
    failed = [g for g in document.gates if not g.ok]
    words = "; ".join(g.reason for g in failed)
    if any(g.name == unit["gate"] for g in failed):
        return "stopped by its gate", words
    return ("stopped by another gate" if failed else "NOT stopped"), words


def verdict_of(true: float, m: MeasurementDocument) -> str:
    """What the true value is by the limits that the measurement was judged by."""
    low = m.lower is not None and true < m.lower
    high = m.upper is not None and true > m.upper
    return "nonconforms" if low or high else "conforms"


def figures(values: Iterable[float]) -> str:
    v = np.array(list(values))
    a = np.abs(v)
    rms = math.sqrt(float((v**2).mean()))
    return f"{len(v):5d} {v.mean():9.4f} {rms:8.4f} {np.median(a):8.4f} {np.percentile(a, 95):8.4f} {a.max():8.4f}"


def show(found: list[Reading], *, every: bool) -> None:
    """The tables."""
    kinds: dict[str, list[Reading]] = defaultdict(list)
    for r in found:
        kinds[r.kind].append(r)
    order = [*GOALS, *sorted(set(kinds) - set(GOALS))]
    head = f"{'n':>5} {'mean':>9} {'RMS':>8} {'median|.|':>8} {'p95|.|':>8} {'max|.|':>8}"
    print(f"\n{'error':16} {head} {'within u':>9} {'median u':>9}  goal (RMS, worst)")
    for kind in order:
        if rows := kinds.get(kind):
            within = np.mean([abs(r.error) <= r.u for r in rows])
            rms, worst = GOALS.get(kind, (None, None))
            goal = "" if rms is None else f"  {rms:g}" + ("" if worst is None else f", {worst:g}")
            u = np.median([r.u for r in rows])
            print(f"{kind:16} {figures(r.error for r in rows)} {within:9.1%} {u:9.4f}{goal}")
    print(f"\n{'by design':26} {head}")
    for kind in order:
        for design in dict.fromkeys(r.design for r in kinds.get(kind, ())):
            print(f"{kind:16} {design:9} {figures(r.error for r in kinds[kind] if r.design == design)}")
    print(f"\n{'artwork against outline':26} {head}")
    for kind in GOALS:
        for off, name in ((False, "in place"), (True, "moved")):
            rows = [r for r in kinds.get(kind, ()) if (r.fault == "border") == off]
            if rows:
                print(f"{kind:16} {name:9} {figures(r.error for r in rows)}")
    print(f"\n{'by turn from the golden':26} {head}")
    for kind in GOALS:
        for low, high in ((0, 45), (45, 90), (90, 135), (135, 180.001)):
            rows = [r for r in kinds.get(kind, ()) if low <= abs(r.turn_deg) < high]
            if rows:
                print(f"{kind:16} {low:3.0f}-{high:<5.0f} {figures(r.error for r in rows)}")
    print("\nverdicts (truth/station), of characteristics with limits")
    for kind in order:
        judged = [
            r
            for r in kinds.get(kind, ())
            if r.seen is not None and r.true is not None and (r.seen.lower, r.seen.upper) != (None, None)
        ]
        table = Counter((verdict_of(float(r.true or 0), r.seen), str(r.seen.verdict)) for r in judged if r.seen)
        if judged:
            wrong = table["nonconforms", "conforms"], table["conforms", "nonconforms"]
            doubtful = sum(n for (_, b), n in table.items() if b == "undecided")
            told = ", ".join(f"{a}/{b} {n}" for (a, b), n in sorted(table.items()))
            print(f"{kind:16} false accept {wrong[0]}, false reject {wrong[1]}, undecided {doubtful}   ({told})")
    print("\nworst of each kind")
    for kind in order:
        rows = sorted(kinds.get(kind, ()), key=lambda r: -abs(r.error))
        for r in rows if every else rows[:3]:
            where = f"{r.design} {r.unit} {r.characteristic}"
            true = "" if r.true is None else f"true {r.true:.4f}"
            print(f"{kind:16} {r.error:+8.4f} (u {r.u:.4f}) {where:44} {true} turn {r.turn_deg:.0f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--set", type=Path, required=True, help="a measured set: bench/ and one folder a design")
    options.add_argument("--design", action="append", help="only these")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options.add_argument("--list", action="store_true", help="every reading, not only the worst")
    given = options.parse_args()
    found: list[Reading] = []
    failures, turned, units = 0, Counter[str](), 0
    for path in sorted(given.set.glob("*/truth.toml")):
        truth = tomllib.loads(path.read_text("utf-8"))
        design = path.parent.name
        if given.design and design not in given.design:
            continue
        documents = inspect(given.set, design, given.jobs)
        for unit in truth["units"]:
            document = documents.get(Path(unit["photo"]).name)
            if "disturbance" in unit:
                answer, reason = answered(unit, document)
                turned[f"{unit['disturbance']} {answer}"] += 1
                print(f"  {design} {unit['disturbance']}: {answer}: {reason}")
                continue
            units += 1
            problem = "no document" if document is None else gross(unit, document)
            if problem or document is None:
                failures += 1
                print(f"  {design} {unit['name']}: {problem}")
                continue
            of_unit, missing = readings(design, unit, truth["golden"], document)
            found += of_unit
            if missing:
                print(f"  {design} {unit['name']}: no value for {', '.join(missing)}")
    print(f"\n{units} units, {failures} gross failures of the registration; {dict(turned)}")
    show(found, every=given.list)


if __name__ == "__main__":
    main()
