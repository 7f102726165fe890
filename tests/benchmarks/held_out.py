"""Accuracy on rendered units whose truth is known: colour, logo, sizes, verdicts, spoilt photos, findings.

    python tests/benchmarks/held_out.py                       # renders seed 20261, never tuned on, then measures
    python tests/benchmarks/held_out.py --set sample_data     # measures the curated set

Prints figures; asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from station.batch import choose_engine
from station.service import Station
from station.service.views import Inspected
from station.settings import Settings
from station.values.documents import UnitDocument

SEED = 20261
DESIGNS = ("alpine", "shield", "keychain", "fox", "hexagon")


def render(out: Path, units: int, jobs: int) -> None:
    """The held-out set, made by the project's own generator; what is there already stays."""
    from sample_data.renderer.generate import make_bench, make_set

    make_bench(out / "bench", SEED)
    for design in DESIGNS:
        make_set(
            design, units, SEED, out, jobs=jobs, progress=lambda i, n, name: print(f"  {i}/{n} {name}", flush=True)
        )


def inspect(
    folder: Path, design: str, jobs: int, *, model: str | None = None, again: Sequence[Path] = ()
) -> dict[str, UnitDocument]:
    """Unit documents of a design's units and spoilt photos, by the name of the photo's file.

    model : a defect model's name or its card's path, else the one in the settings. again : photos of the golden laid
    down again, to seal it with.
    """
    done: list[Inspected] = []
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home)) if model is None else Settings(home=Path(home), defect_model=model)
        with Station(settings) as station:
            _inspect(station, folder, design, jobs, again, done)
    for one in done:
        if one.error is not None:
            print(f"  refused: {one.error}")
    return {d.document.photo: d.document for d in done if d.document is not None}


def _inspect(
    station: Station, folder: Path, design: str, jobs: int, again: Sequence[Path], done: list[Inspected]
) -> None:
    bench, card = folder / "bench", str(folder / "bench" / "card.toml")
    rig = station.bench.add_rig(bench / "rig.toml").name
    station.bench.calibrate_lens(rig, sorted(bench.glob("board-*.jpg")))
    # One frame: the renderer's exposure wanders from picture to picture, which a bench would take for flicker.
    station.bench.calibrate_light(rig, sorted(bench.glob("grey-*.jpg"))[:1])
    here = folder / design
    golden = station.seal_golden(here / "sheet.toml", here / "golden.jpg", rig=rig, card=card, again=again)
    folders = [f for f in (here / "units", here / "disturbed") if f.exists()]
    station.inspect_many(
        folders, golden=golden.number, engine=choose_engine(jobs), on_done=done.append, rig=rig, card=card
    )


def compare(
    design: str, truth: dict[str, Any], documents: dict[str, UnitDocument], errors: dict[str, list[float]]
) -> None:
    """Print what differs and collect the errors."""
    table: Counter[tuple[str, str]] = Counter()
    for unit in truth["units"]:
        document = documents.get(Path(unit["photo"]).name)
        if document is None:
            continue
        if unit.get("disturbance"):
            failed = {g.name for g in document.gates if not g.ok}
            right = document.verdict == "undecided" and unit["gate"] in failed
            errors["spoilt photo answered right"].append(float(right))
            if not right:
                print(
                    f"  {design} {unit['name']}: {document.verdict}, gates {failed or 'all ok'}, wanted {unit['gate']}"
                )
            continue
        table[unit["verdict"], str(document.verdict)] += 1
        if (unit["verdict"], document.verdict) in (("conforms", "nonconforms"), ("nonconforms", "conforms")):
            print(f"  {design} {unit['name']}: {document.verdict}, truth {unit['verdict']} {unit['reasons']}")
            print(f"      {'; '.join(document.reasons[:3])}")
        values = {m.characteristic: m for m in document.measurements}
        for region in unit["regions"]:
            seen = values.get(f"colour:{region['name']}")
            if seen is not None and seen.value is not None:
                error = seen.value - region["delta_e_2000"]
                errors["region CIEDE2000"].append(error)
                errors["region CIEDE2000 over its u"].append(abs(error) / max(seen.u, 1e-9))
        logo = unit["logo"]
        for kind, key in (
            ("offset-x", "offset_x_mm"),
            ("offset-y", "offset_y_mm"),
            ("rotation", "rotation_deg"),
            ("scale", "scale"),
        ):
            seen = values.get(f"{kind}:{logo['name']}")
            if seen is not None and seen.value is not None:
                errors[f"logo {kind}"].append(seen.value - logo[key])
        for name, true in unit["sizes_mm"].items():
            seen = values.get(f"size:{name}")
            if seen is not None and seen.value is not None:
                errors["size mm"].append(seen.value - true)
                errors["size over its u"].append(abs(seen.value - true) / max(seen.u, 1e-9))
        _findings(unit, document, errors)
    print(f"  {design} verdicts (truth, station): " + ", ".join(f"{a}/{b} {n}" for (a, b), n in sorted(table.items())))


def _findings(unit: dict[str, Any], document: UnitDocument, errors: dict[str, list[float]]) -> None:
    """Match findings to true defects that are above their limit; count the flagged findings that match nothing."""
    unmatched = [f for f in document.findings if f.verdict != "conforms"]
    for defect in unit["defects"]:
        extent = defect["length_mm"] if defect["kind"] == "scratch" else defect["size_mm"]
        reach = max(0.3, extent)
        near = [f for f in document.findings if np.hypot(f.x_mm - defect["x_mm"], f.y_mm - defect["y_mm"]) < reach]
        unmatched = [f for f in unmatched if f not in near]
        if defect["harmless"] or extent <= defect.get("limit_mm", 0):
            continue
        errors["defect over its limit found"].append(float(bool(near)))
        if near:
            best = min(near, key=lambda f: np.hypot(f.x_mm - defect["x_mm"], f.y_mm - defect["y_mm"]))
            errors["its kind right"].append(float(best.kind == defect["kind"]))
            errors["its size error mm"].append(
                (best.length_mm if defect["kind"] == "scratch" else best.size_mm) - extent
            )
    errors["flagged findings that are nothing, a unit"].append(float(len(unmatched)))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--set", type=Path, help="a finished set: bench/ and one folder a design")
    options.add_argument("--units", type=int, default=16)
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = options.parse_args()
    folder = given.set or Path(tempfile.gettempdir()) / f"station-held-out-{SEED}"
    if given.set is None:
        render(folder, given.units, given.jobs)
    errors: dict[str, list[float]] = defaultdict(list)
    for design in DESIGNS:
        if (folder / design / "truth.toml").exists():
            truth = tomllib.loads((folder / design / "truth.toml").read_text("utf-8"))
            compare(design, truth, inspect(folder, design, given.jobs), errors)
    print(f"{'':46} {'n':>5} {'mean':>8} {'median|.|':>9} {'p95|.|':>8} {'max|.|':>8}")
    for name, values in errors.items():
        v = np.array(values)
        a = np.abs(v)
        print(f"{name:46} {len(v):5d} {v.mean():8.4f} {np.median(a):9.4f} {np.percentile(a, 95):8.4f} {a.max():8.4f}")
    for what in ("region CIEDE2000", "size"):
        within = np.mean(np.array(errors[f"{what} over its u"]) <= 1)
        print(f"share of {what} errors within their k = 2 uncertainty: {within:.1%}")


if __name__ == "__main__":
    main()
