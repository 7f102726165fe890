"""Colour of rendered units whose truth is known: error, coverage of u, verdicts under each decision rule.

    python tests/benchmarks/bench_colour.py --set FOLDER      # a set as held_out.py renders it
    python tests/benchmarks/bench_colour.py --set FOLDER --designs alpine fox --plating

By surface and by the region's width (twice the radius of the largest disc in it). ``--plating`` adds the metal as a
region of its own; its truth is the recipe's, and what it mirrors makes the rest. Prints figures; asserts nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from held_out import DESIGNS

from station.calibrate.light import correct
from station.devices.photo import read_photo
from station.golden_line import measure_master
from station.judge import DECISION_RULES, compare
from station.measure.align import align
from station.measure.colour import measure_regions
from station.service import Station
from station.settings import Settings
from station.sheet import dump_sheet, load_sheet
from station.values.line import METAL, Master, Measurement

LIMIT, NEVER = Decimal("2.0"), 2.5
"""The limit that is judged, and the true difference above which no unit may be accepted."""
PLATING = """
[[regions]]
name = "plating"
seed_mm = [{:.3f}, {:.3f}]
surface = "plating"
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One region of one unit. width_mm : of the region. true : CIEDE2000 of the recipes."""

    design: str
    unit: str
    region: str
    surface: str
    width_mm: float
    true: float
    measured: Measurement

    @property
    def value(self) -> float:
        assert self.measured.value is not None
        return self.measured.value

    @property
    def error(self) -> float:
        return self.value - self.true


def widths(master: Master) -> dict[str, float]:
    """Width of every region in mm."""
    found = {}
    for region in master.regions:
        inside = np.pad((master.labels == region.label).astype(np.uint8), 1)
        found[region.name] = 2 * float(cv2.distanceTransform(inside, cv2.DIST_L2, 5).max()) * master.frame.pitch_mm
    return found


def middle_of_metal(master: Master) -> tuple[float, float]:
    """The place on the metal that is farthest from any edge, in mm of the golden frame."""
    depth = cv2.distanceTransform(np.pad((master.labels == METAL).astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    at = master.frame.to_mm(np.array([float(x), float(y)]))
    return float(at[0]), float(at[1])


def measure(folder: Path, design: str, *, plating: bool) -> tuple[list[Seen], int]:
    """Every region of every good photo of a design, and how many could not be measured.

    The line itself, without defects, sizes and evidence, which do not touch colour.
    """
    here, bench = folder / design, folder / "bench"
    truth: dict[str, Any] = tomllib.loads((here / "truth.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as home, Station(Settings(home=Path(home))) as station:
        rig = station.bench.add_rig(bench / "rig.toml").name
        station.bench.calibrate_lens(rig, sorted(bench.glob("board-*.jpg")))
        # One frame: the renderer's exposure wanders from picture to picture, which a bench would take for flicker.
        station.bench.calibrate_light(rig, sorted(bench.glob("grey-*.jpg"))[:1])
        calibration = station.bench.calibration(rig, str(bench / "card.toml"))
    sheet, golden = load_sheet(here / "sheet.toml"), correct(read_photo(here / "golden.jpg"), calibration)
    master = measure_master(golden, sheet, number="golden", version=1)
    if plating:
        sheet = load_sheet(dump_sheet(sheet) + PLATING.format(*middle_of_metal(master)))
        master = measure_master(golden, sheet, number="golden", version=1)
    wide, surface = widths(master), {r.name: r.surface for r in master.regions}
    seen, lost = [], 0
    blocked: Counter[str] = Counter()
    for unit in truth["units"]:
        if unit.get("disturbance"):
            continue
        corrected = correct(read_photo(here / unit["photo"]), calibration)
        aligned = align(corrected, master)
        for gate in (*corrected.gates, *aligned.gates):
            if not gate.ok and (not gate.blocks or "colour" in gate.blocks):
                blocked[f"{gate.name}: {gate.reason}"] += 1
        by_name = {m.characteristic.partition(":")[2]: m for m in measure_regions(aligned, master)}
        for region in unit["regions"]:
            measured = by_name.get(region["name"])
            if measured is not None and measured.value is None:
                lost += 1
                print(f"  {design} {unit['name']} {region['name']}: {measured.why}")
            elif measured is not None:
                name, true = region["name"], region["delta_e_2000"]
                seen.append(Seen(design, unit["name"], name, surface[name], wide[name], true, measured))
    for reason, units in blocked.items():  # measured all the same: the figures are those of colour, not of the gates
        print(f"  {design}: {units} units would stay undecided, {reason}")
    return seen, lost


def errors(title: str, rows: list[Seen]) -> None:
    """One line of the table of errors."""
    if not rows:
        return
    e = np.array([abs(r.error) for r in rows])
    u = np.array([r.measured.u for r in rows])
    print(
        f"{title:30} {len(e):5d} {np.median(e):7.3f} {np.percentile(e, 95):7.3f} {e.max():7.3f} "
        f"{np.mean(e <= u):9.1%} {np.median(u):7.2f}"
    )


def verdicts(rows: list[Seen]) -> None:
    """What each decision rule says at the limit, against the truth."""
    print(f"\nverdicts at limit {LIMIT}, one rule a line; truth is the recipes' CIEDE2000")
    print(
        f"{'rule':10} {'accepted':>9} {'rejected':>9} {'undecided':>10} "
        f"{'false acc.':>11} {'> 2.5':>6} {'false rej.':>11}"
    )
    for band in DECISION_RULES:
        count: Counter[str] = Counter()
        for r in rows:
            u = Decimal(repr(r.measured.u))
            verdict = str(compare(Decimal(repr(r.value)), u, None, LIMIT, band))
            if float(str(r.measured.detail["best_limit"])) > float(LIMIT):
                verdict = "undecided"
            count[verdict] += 1
            count["false accept"] += verdict == "conforms" and r.true > float(LIMIT)
            count["over 2.5"] += verdict == "conforms" and r.true > NEVER
            count["false reject"] += verdict == "nonconforms" and r.true <= float(LIMIT)
        print(
            f"{band:10} {count['conforms']:9d} {count['nonconforms']:9d} {count['undecided'] / len(rows):10.1%} "
            f"{count['false accept']:11d} {count['over 2.5']:6d} {count['false reject']:11d}"
        )
    above = sum(r.true > float(LIMIT) for r in rows)
    print(f"truth: {len(rows) - above} regions within {LIMIT}, {above} above it, {len(rows)} in all")


def budget(rows: list[Seen]) -> None:
    """Median and 95th percentile of every component's share."""
    print("\nstandard uncertainty (k = 1) by component, CIEDE2000: median, p95")
    budgets: list[Any] = [r.measured.detail["u_parts"] for r in rows]
    for part in budgets[0]:
        share = np.array([b[part] for b in budgets])
        print(f"{part:14} {np.median(share):7.3f} {np.percentile(share, 95):7.3f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--set", type=Path, required=True, help="a finished set: bench/ and one folder a design")
    options.add_argument("--designs", nargs="+", default=list(DESIGNS))
    options.add_argument("--plating", action="store_true", help="add the metal as a region of its own")
    given = options.parse_args()
    rows: list[Seen] = []
    lost = 0
    for design in given.designs:
        if (given.set / design / "truth.toml").exists():
            seen, unseen = measure(given.set, design, plating=given.plating)
            rows, lost = rows + seen, lost + unseen
    print(f"{'|error| of CIEDE2000':30} {'n':>5} {'median':>7} {'p95':>7} {'max':>7} {'within u':>9} {'u':>7}")
    enamel = [r for r in rows if r.surface != "plating"]
    errors("all but plating", enamel)
    errors("  more than 1 mm wide", [r for r in enamel if r.width_mm > 1])
    errors("  up to 1 mm wide", [r for r in enamel if r.width_mm <= 1])
    for surface in sorted({r.surface for r in rows}):
        errors(surface, [r for r in rows if r.surface == surface])
    for low, high in ((0, 0.5), (0.5, 2), (2, 99)):
        errors(f"true difference {low} to {high}", [r for r in enamel if low <= r.true < high])
    print(f"not measured: {lost}")
    budget(enamel)
    verdicts(enamel)
    print("largest errors:")
    for r in sorted(rows, key=lambda r: -abs(r.error))[:8]:
        print(f"  {r.design} {r.unit} {r.region} ({r.surface}): {r.value:.2f}, true {r.true:.2f}, u {r.measured.u:.2f}")


if __name__ == "__main__":
    main()
