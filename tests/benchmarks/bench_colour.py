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

from station.batch import choose_engine
from station.judge import DECISION_RULES, compare
from station.service import Station
from station.service.views import Inspected
from station.settings import Settings
from station.values.documents import MeasurementDocument
from station.values.line import METAL, Master

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
    measured: MeasurementDocument

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


def measure(folder: Path, design: str, jobs: int, *, plating: bool) -> tuple[list[Seen], int]:
    """Every region of every good photo of a design, and how many could not be measured."""
    truth: dict[str, Any] = tomllib.loads((folder / design / "truth.toml").read_text("utf-8"))
    done: list[Inspected] = []
    with tempfile.TemporaryDirectory() as home, Station(Settings(home=Path(home))) as station:
        bench, card = folder / "bench", str(folder / "bench" / "card.toml")
        rig = station.add_rig(bench / "rig.toml").name
        station.calibrate_lens(rig, sorted(bench.glob("board-*.jpg")))
        station.calibrate_light(rig, sorted(bench.glob("grey-*.jpg")))
        sheet, photo = folder / design / "sheet.toml", folder / design / "golden.jpg"
        golden = station.seal_golden(sheet, photo, rig=rig, card=card)
        if plating:
            more = PLATING.format(*middle_of_metal(station.master(golden.number)))
            sheet = Path(home) / "sheet.toml"
            sheet.write_text((folder / design / "sheet.toml").read_text("utf-8") + more, "utf-8")
            golden = station.seal_golden(sheet, photo, rig=rig, card=card)
        master = station.master(golden.number)
        station.inspect_many(
            [folder / design / "units"],
            golden=golden.number,
            engine=choose_engine(jobs),
            on_done=done.append,
            rig=rig,
            card=card,
        )
    documents = {d.document.photo: d.document for d in done if d.document is not None}
    wide, surface = widths(master), {r.name: r.surface for r in master.regions}
    seen, lost = [], 0
    for unit in truth["units"]:
        document = documents.get(Path(unit["photo"]).name)
        if document is None or unit.get("disturbance"):
            continue
        by_name = {m.characteristic: m for m in document.measurements}
        for region in unit["regions"]:
            name = region["name"]
            measured = by_name.get(f"colour:{name}")
            if measured is None:
                continue
            if measured.value is None:
                lost += 1
                print(f"  {design} {unit['name']} {name}: {measured.reason}")
                continue
            seen.append(Seen(design, unit["name"], name, surface[name], wide[name], region["delta_e_2000"], measured))
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
            if float(r.measured.detail["best_limit"]) > float(LIMIT):
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
    for part in rows[0].measured.detail["u_parts"]:
        share = np.array([r.measured.detail["u_parts"].get(part, 0.0) for r in rows])
        print(f"{part:14} {np.median(share):7.3f} {np.percentile(share, 95):7.3f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--set", type=Path, required=True, help="a finished set: bench/ and one folder a design")
    options.add_argument("--designs", nargs="+", default=list(DESIGNS))
    options.add_argument("--plating", action="store_true", help="add the metal as a region of its own")
    options.add_argument("--jobs", type=int, default=1)
    given = options.parse_args()
    rows: list[Seen] = []
    lost = 0
    for design in given.designs:
        if (given.set / design / "truth.toml").exists():
            seen, unseen = measure(given.set, design, given.jobs, plating=given.plating)
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
