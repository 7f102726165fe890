"""Side-by-side colour differences and metamerism on rendered photos of several workpieces, whose truth is known.

    python tests/benchmarks/bench_compare.py                    # renders into a temporary folder, then measures
    python tests/benchmarks/bench_compare.py --set FOLDER       # renders there what is missing and keeps it

Three designs; of each three arrangements of golden and two units under D50 and under a shop tube (TL84), where one
region of the first unit is metameric, and three under an LED. Prints figures; asserts nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from station.service import Station
from station.service.comparing import Choice, Standard, compare, standard_of
from station.service.matching import match_photo
from station.service.two_lights import compare_lights
from station.settings import Settings
from station.values.comparison import ComparisonDocument

SEED = 50123
DESIGNS = {"alpine": "sky", "hexagon": "mint", "shield": "band"}
"""Each design and its metameric region."""
SCALE = 0.7
SAMPLES = Path(__file__).parents[2] / "sample_data"

Table = dict[str, Any]


def render(out: Path) -> None:
    """The photos, made by the project's own renderer; what is there already stays."""
    from sample_data.renderer.scenes import make_together

    for design, region in DESIGNS.items():
        two, one = out / f"{design}-two", out / f"{design}-one"
        if not (two / f"{design}-together.toml").exists():
            make_together(
                design, two, seed=SEED, lights=["d50", "tl84"], metamer=region, units=2, photos=3, scale=SCALE
            )
        if not (one / f"{design}-together.toml").exists():
            make_together(design, one, seed=SEED + 1, lights=["led"], units=2, photos=3, scale=SCALE)


def truth_of(folder: Path) -> list[Table]:
    """The photos of a folder with what is true of them."""
    found: list[Table] = tomllib.loads(next(folder.glob("*-together.toml")).read_text())["photos"]
    return found


def golden_at(truth: Table) -> Choice:
    """The golden's place, as a person would click it."""
    golden = next(p for p in truth["parts"] if p["role"] == "golden")
    x, y = np.mean(np.array(golden["outline_px"]), axis=0)
    return Choice(at_px=(float(x), float(y)))


def names_of(document: ComparisonDocument, truth: Table) -> dict[int, str]:
    """Names of the truth's parts by the document's numbers, the nearest outline to each."""
    middles = {p["name"]: np.mean(np.array(p["outline_px"]), axis=0) for p in truth["parts"]}
    return {
        p.number: min(middles, key=lambda n: float(np.hypot(*(middles[n] - np.array(p.centre_px)))))
        for p in document.parts
    }


def true_difference(truth: Table, a: str, b: str, region: str, kind: str) -> float | None:
    """CIEDE2000 of two parts in a region: ``light``, ``d50`` or ``camera``."""
    for pair in truth["pairs"]:
        if {pair["first"], pair["second"]} == {a, b} and pair["region"] == region:
            return float(pair[f"delta_e_2000_{kind}"])
    return None


def differences(document: ComparisonDocument, truth: Table) -> Iterator[tuple[str, str, float, float, float]]:
    """Part, region, measured and true CIEDE2000 and u of every region of every unit."""
    names = names_of(document, truth)
    for part in document.parts:
        for m in part.regions:
            region = m.characteristic.partition(":")[2]
            true = true_difference(truth, "golden", names[part.number], region, "light")
            if m.value is not None and true is not None:
                yield names[part.number], region, m.value, true, m.u


def index_of(truth: tuple[Table, Table], unit: str, region: str) -> float:
    """True special index of metamerism, additive correction, of the true Labs under both lights."""
    from station.measure.metamerism import special_index

    labs = []
    for t in truth:
        rows = {p["name"]: {r["name"]: r["lab_light"] for r in p["regions"]} for p in t["parts"]}
        labs.append((np.array(rows["golden"][region]), np.array(rows[unit][region])))
    return special_index(labs[0], labs[1])


def measure(folder: Path) -> None:
    """Compare every photo and print what it was off by."""
    rows: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    indices: list[tuple[bool, float, float, float]] = []
    sets: list[tuple[float, float, float]] = []
    refused: list[str] = []
    with tempfile.TemporaryDirectory() as home, Station(Settings(home=Path(home))) as station:
        card = str(SAMPLES / "bench" / "card.toml")
        for design in DESIGNS:
            golden = station.seal_golden(SAMPLES / design / "sheet.toml", SAMPLES / design / "golden.jpg", card=card)
            standard = standard_of(station, golden.number, None)
            for name in ("two", "one"):
                here = folder / f"{design}-{name}"
                if not list(here.glob("*-together.toml")):
                    continue
                for truth in truth_of(here):
                    photo = here / truth["photo"]
                    try:
                        compared = compare(station, photo, standard, choice=golden_at(truth), card=card)
                        _sets(station, photo, standard, card, truth, sets)
                    except Exception as error:  # a benchmark counts what is refused and goes on
                        refused.append(f"{photo.name}: {error}")
                        continue
                    for _, region, value, true, u in differences(compared.document, truth):
                        rows[f"card, {truth['light']}"].append((value, true, u))
                        rows[f"card, {design}"].append((value, true, u))
                        rows["card, all"].append((value, true, u))
                        if abs(value - true) > max(0.8, u):
                            print(f"  {photo.name} {region}: {value:.2f}, truth {true:.2f}, u {u:.2f}")
                _lights(station, here, standard, card, indices)
    for kind, found in rows.items():
        _print(kind, found)
    _print("pairs of a set", sets)
    metameric = [i for i in indices if i[0]]
    others = [i for i in indices if not i[0]]
    for kind, some in (("metameric regions", metameric), ("other regions", others)):
        if some:
            off = np.array([v - t for _, v, t, _ in some])
            warned = np.mean([v > u for _, v, _, u in some])
            inside = np.mean([abs(v - t) <= u for _, v, t, u in some])
            print(
                f"metamerism index, {kind}: n {len(some)}, truth {np.median([t for _, _, t, _ in some]):.2f} in the "
                f"median, median |error| {np.median(np.abs(off)):.2f}, p95 {np.quantile(np.abs(off), 0.95):.2f}, "
                f"within u {inside:.1%}, warned {warned:.1%}"
            )
    for line in refused:
        print(f"refused: {line}")


def _sets(
    station: Station,
    photo: Path,
    standard: Standard,
    card: str,
    truth: Table,
    sets: list[tuple[float, float, float]],
) -> None:
    document, look = match_photo(station, photo, standard, card=card)
    middles = {p["name"]: np.mean(np.array(p["outline_px"]), axis=0) for p in truth["parts"]}
    names = {
        f"part {p.found.number}": min(
            middles, key=lambda n: float(np.hypot(*(middles[n] - np.array(p.found.outline.centre_px))))
        )
        for p in look.parts
    }
    for region in document.regions:
        for pair in region.pairs:
            true = true_difference(truth, names[pair.a], names[pair.b], region.region, "light")
            if true is not None:
                sets.append((pair.value, true, pair.u))


def _lights(
    station: Station, here: Path, standard: Standard, card: str, indices: list[tuple[bool, float, float, float]]
) -> None:
    """Pairs of photos of one arrangement under two lights."""
    photos = {p["photo"]: p for p in truth_of(here)}
    for name, first in photos.items():
        second = photos.get(name.replace("-d50", "-tl84"))
        if "-d50" not in name or second is None:
            continue
        both, (one, _) = compare_lights(
            station,
            (here / name, here / second["photo"]),
            standard,
            choices=(golden_at(first), golden_at(second)),
            card=card,
            lights=("D50", "TL84"),
        )
        names = names_of(one.document, first)
        for row in both.metamerism:
            if row.index is None:
                continue
            unit = names[row.part]
            part = next(p for p in first["parts"] if p["name"] == unit)
            metameric = row.region in part["metameric"]
            indices.append((metameric, row.index, index_of((first, second), unit, row.region), row.u))


def _print(kind: str, rows: list[tuple[float, float, float]]) -> None:
    if not rows:
        return
    value, true, u = np.array(rows).T
    error = np.abs(value - true)
    print(
        f"{kind}: n {len(rows)}, median |error| {np.median(error):.2f}, p95 {np.quantile(error, 0.95):.2f}, "
        f"worst {error.max():.2f}; bias {np.mean(value - true):+.2f}; within u {np.mean(error <= u):.1%}, "
        f"u {np.median(u):.2f} in the median"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, help="folder of the photos; rendered where they are missing")
    options = parser.parse_args()
    if options.set is not None:
        render(options.set)
        measure(options.set)
        return
    with tempfile.TemporaryDirectory() as folder:
        render(Path(folder))
        measure(Path(folder))


if __name__ == "__main__":
    main()
