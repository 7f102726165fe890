"""The sample set in the tree: complete, readable, and true to its own sheets."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Any

import cv2
import pytest

import sample_data
from sample_data.renderer.designs import DESIGN_NAMES, design_named
from sample_data.renderer.generate import BOARDS, GREYS, PHOTO_SIZE_PX
from sample_data.renderer.photos import RIG
from sample_data.renderer.sheets import rig_file
from sample_data.renderer.truth import sheet_sizes, sizes_of
from sample_data.renderer.units import DISTURBANCES

ROOT = Path(sample_data.__file__).parent


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def _size(path: Path) -> tuple[int, int]:
    picture = cv2.imread(str(path), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    return picture.shape[1] * 8, picture.shape[0] * 8


def test_the_bench_is_the_renderers() -> None:
    bench = ROOT / "bench"
    assert (bench / "rig.toml").read_text() == rig_file(RIG)
    assert (bench / "card.toml").read_text() == RIG.card.toml()
    names = {f"board-{i + 1}.jpg" for i in range(BOARDS)} | {f"grey-{i + 1}.jpg" for i in range(GREYS)}
    assert {p.name for p in bench.glob("*.jpg")} == names


@pytest.mark.parametrize("name", DESIGN_NAMES)
def test_every_picture_has_its_truth(name: str) -> None:
    truth = _toml(ROOT / name / "truth.toml")
    units = truth["units"]
    told = {ROOT / name / u["photo"] for u in units}
    assert told == {*(ROOT / name).glob("units/*.jpg"), *(ROOT / name).glob("disturbed/*.jpg")}
    assert len({u["name"] for u in units}) == len(units)
    assert abs(_size(ROOT / name / "golden.jpg")[0] - PHOTO_SIZE_PX[0]) < 8
    with (ROOT / name / "units.csv").open() as file:
        rows = list(csv.DictReader(file))
    lot = [u for u in units if "disturbance" not in u]
    assert [r["unit"] for r in rows] == [u["name"] for u in lot]
    assert all((ROOT / name / r["photo"]).is_file() and r["carton"] and r["plating_date"] for r in rows)


@pytest.mark.parametrize("name", DESIGN_NAMES)
def test_sheet_and_truth_speak_of_the_same_product(name: str) -> None:
    design, sheet, truth = design_named(name), _toml(ROOT / name / "sheet.toml"), _toml(ROOT / name / "truth.toml")
    assert [r["name"] for r in sheet["regions"]] == [c.name for c in design.cells]
    assert tuple(s["name"] for s in sheet["sizes"]) == sheet_sizes(design)
    for entry in sheet["sizes"]:
        assert truth["golden"]["sizes_mm"][entry["name"]] == pytest.approx(sizes_of(design)[entry["name"]], abs=1e-4)
    for unit in truth["units"]:
        if "shows" in unit:
            continue
        width = truth["golden"]["sizes_mm"]["width"] * unit["size_factor"]
        assert unit["sizes_mm"]["width"] == pytest.approx(width, abs=2e-4)
        assert {r["name"] for r in unit["regions"]} >= {c.name for c in design.cells}


@pytest.mark.parametrize("name", DESIGN_NAMES)
def test_verdicts_follow_from_the_numbers(name: str) -> None:
    sheet, truth = _toml(ROOT / name / "sheet.toml"), _toml(ROOT / name / "truth.toml")
    mark = sheet["marks"][0]
    limits = {d["kind"]: d["limit_mm"] for d in sheet["defects"]}
    for unit in truth["units"]:
        if "disturbance" in unit:
            assert unit["verdict"] == "undecided"
            assert unit["gate"] == DISTURBANCES[unit["disturbance"]]
            continue
        colours = {r["name"]: r["delta_e_2000"] for r in unit["regions"]}
        off = [unit["sizes_mm"][s["name"]] - s["nominal_mm"] for s in sheet["sizes"]]
        bad = (
            any(colours[r["name"]] > r["reject"] for r in sheet["regions"])
            or unit["logo"]["offset_mm"] > mark["offset_mm"]
            or abs(unit["logo"]["rotation_deg"]) > mark["rotation_deg"]
            or abs(unit["logo"]["scale"] - 1) > mark["scale"]
            or any(abs(o) > s["plus_mm"] for o, s in zip(off, sheet["sizes"], strict=True))
            or any(
                (d["length_mm"] if d["kind"] == "scratch" else d["size_mm"]) > limits[d["kind"]]
                for d in unit["defects"]
                if not d["harmless"]
            )
        )
        doubtful = any(colours[r["name"]] > r["accept"] for r in sheet["regions"])
        assert unit["verdict"] == ("nonconforms" if bad else "undecided" if doubtful else "conforms"), unit["name"]


def test_the_alpine_lot_serves_a_demonstration() -> None:
    truth = _toml(ROOT / "alpine" / "truth.toml")
    lot = [u for u in truth["units"] if "disturbance" not in u]
    verdicts = [u["verdict"] for u in lot]
    assert len(lot) == 32  # code letter G: a lot of 151 to 280 at level II
    assert 0.5 <= verdicts.count("conforms") / len(lot) <= 0.8
    assert {u["disturbance"] for u in truth["units"] if "disturbance" in u} == set(DISTURBANCES)


def test_the_set_stays_small_enough_to_ship() -> None:
    assert sum(p.stat().st_size for p in ROOT.rglob("*") if p.is_file()) < 25e6
