"""Lots drawn and charted, values and studies as tables, plans of every kind, and what is seen in photos, over HTTP."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from entered_line import draw_line, photo
from gated_orders import BUYER, NUMBER, SHEET
from shown_golden import NUMBER as SEALED
from shown_lot import GOLDEN, LOT

import sample_data
from station.client import Client, Refused

BENCH = Path(sample_data.__file__).parent / "bench"
PNG, JPEG = b"\x89PNG", b"\xff\xd8"


@pytest.fixture(scope="module")
def lots(unchanged_lot_home: Path, serve: Callable[..., Any]) -> Iterator[Client]:
    """A client of a station with a drawn and decided lot; the tests here change nothing in it."""
    with serve(unchanged_lot_home) as (address, _app), Client(address, timeout=120) as client:
        yield client


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Any]) -> Iterator[Client]:
    draw_line(monkeypatch)
    with serve(tmp_path / "home") as (address, _app), Client(address, timeout=120) as client:
        sheet = SHEET.format(type="pin", plus=0.15, open_items="", defects="")
        client.seal(sheet, photo(tmp_path / "golden.png", 0, grain=399))
        yield client


# --- lots ------------------------------------------------------------------------------------------------------------


def test_a_sample_is_drawn_printed_and_held_against_what_was_pulled(station: Client, tmp_path: Path) -> None:
    cartons = tmp_path / "cartons.csv"
    cartons.write_text("carton,units,line\n1,60,A\n2,60,B\n")
    drawn = station.draw("L-1", carton_file=cartons, golden=NUMBER, seed=7)
    assert (drawn.size, drawn.cartons, drawn.seed, drawn.golden) == (120, 2, 7, NUMBER)
    seen = station.request("GET", "/api/v1/lots/L-1/draw").etag
    again = station.draw("L-1", carton_file=cartons, golden=NUMBER, seed=7, if_match=seen)
    assert again.picks == drawn.picks
    assert station.picks("L-1").startswith(b"%PDF-")
    rows = list(csv.DictReader(io.StringIO(station.picks("L-1", form="csv").decode())))
    assert [r["unit"] for r in rows] == [p.label for p in drawn.picks]
    pulled = tmp_path / "pulled.csv"
    pulled.write_text("unit\n" + "\n".join(r["unit"] for r in rows[1:]) + "\nforeign\n")
    found = station.pulled("L-1", pulled)
    assert (found.missing, found.foreign, found.ok) == ((rows[0]["unit"],), ("foreign",), False)
    assert station.pulled("L-1").pulled == 0
    for wrong in ({"carton_file": cartons, "cartons": 3}, {"size": 100, "carton_file": cartons}, {}, {"size": 1}):
        with pytest.raises(Refused) as refused:
            station.draw("L-2", **wrong)
        assert refused.value.status == 422
    with pytest.raises(Refused) as late:
        station.draw("L-1", size=120, if_match='"another"')
    assert late.value.status == 412


def test_lots_and_processes_are_drawn(lots: Client) -> None:
    assert lots.lot_picture(LOT).startswith(PNG)
    assert lots.lot_picture(LOT, "tally").startswith(PNG)
    assert lots.tally(LOT).lot == LOT
    with pytest.raises(Refused, match="names a set"):
        lots.sets(LOT)
    found = lots.control_chart("nonconforming", golden=GOLDEN, lots=[LOT], by="carton")
    assert found.units > 0
    query = {"characteristic": "nonconforming", "golden": GOLDEN, "by": "carton"}
    assert lots.file("/charts/control/picture", **query).startswith(PNG)
    assert lots.trends(GOLDEN).golden == GOLDEN
    with pytest.raises(Refused, match="identifier"):
        lots.control_chart("nonconforming", golden=GOLDEN, where={"": "B"})
    with pytest.raises(Refused, match="component"):
        lots.control_chart("size:width", golden=GOLDEN, component="")
    with pytest.raises(Refused, match="type"):
        lots.control_chart("nonconforming", golden=GOLDEN, type="pie")
    unit = next(iter(lots.units(lot=LOT)))
    assert lots.unit_paper(unit.id, language="zh-Hant").startswith(b"%PDF-")
    assert lots.unit_paper(unit.id, form="xlsx").startswith(b"PK")
    assert lots.lot_report(LOT).startswith(b"%PDF-")
    for wrong in ({}, {"unit": 10**6}, {"unit": unit.id, "golden": "GS-0"}):
        with pytest.raises(Refused):
            lots.chart("findings", **wrong)


def test_a_unit_on_record_and_a_new_photo_are_drawn(
    unchanged_golden_home: Path, tmp_path: Path, serve: Callable[..., Any]
) -> None:
    home = Path(shutil.copytree(unchanged_golden_home, tmp_path / "home"))
    shot = next(iter(sorted((Path(sample_data.__file__).parent / "alpine" / "units").glob("*.jpg"))))
    with serve(home) as (address, _app), Client(address, timeout=300) as client:
        unit, _ = client.inspect(shot, golden=SEALED)
        drawn, picture = client.chart("findings", unit=unit)
        assert picture.startswith(JPEG)
        assert "on record" in drawn.remarks[0]
        assert client.chart("residual", photo=shot, golden=SEALED)[1].startswith(JPEG)
        assert client.file(f"/goldens/{SEALED}/regions").startswith(PNG)


# --- plans -----------------------------------------------------------------------------------------------------------


def test_plans_of_every_kind_are_made_and_drawn(lots: Client) -> None:
    by_aql = lots.any_plan(lot_size=1200, aql=2.5)
    assert by_aql == lots.get("/plan", lot_size=1200, aql=2.5)
    assert lots.any_plan(limiting_quality=5, ac=0)["n"] > 10
    sample = [30.0, 30.05, 29.98, 30.02, 30.01, 29.97, 30.03]
    judged = lots.any_plan(method="s", producer_quality=1, consumer_quality=25, values=sample, lower=29.5, upper=30.5)
    assert judged["method"] == "s"
    assert lots.any_plan(lot_size=1200, aql=2.5, scheme=True)["points"]
    with pytest.raises(Refused):
        lots.any_plan(lot_size=1200)
    with pytest.raises(Refused):
        lots.any_plan(lot_size=1200, aql=2.5, method="s", scheme=True)
    body = {"lot_size": 1200, "aql": 2.5}
    assert lots.request("POST", "/api/v1/plans/curve", body).body.startswith(PNG)
    table = lots.request("POST", "/api/v1/plans/curve", body, query={"form": "csv"}).body.decode()
    assert table.startswith("p,pa")


# --- entered values and gauge studies --------------------------------------------------------------------------------


def test_values_of_a_table_are_entered_all_or_none(station: Client, tmp_path: Path) -> None:
    table = tmp_path / "values.csv"
    head = "unit,name,value,u,instrument,calibrated_on,measured_on\n"
    table.write_text(head + "u-1,weight,33.9,0.05,S-3,2026-05-01,2026-05-02\n")
    (entered,) = station.enter_file(table, golden=NUMBER, lot="L-9", by=BUYER)
    assert (entered.new, entered.entered.lot, entered.entered.by) == (True, "L-9", BUYER)
    assert not station.enter_file(table, golden=NUMBER, lot="L-9", by=BUYER)[0].new
    table.write_text(head + "u-2,weight,33.9,0.05,S-3,2026-05-01,2026-05-02\nu-3,mood,1,0.05,S-3,2026-05-01,\n")
    with pytest.raises(Refused, match="line 3"):
        station.enter_file(table, golden=NUMBER, by=BUYER)
    assert len(station.get("/entered", golden=NUMBER)) == 1
    with pytest.raises(Refused, match="values, or file"):
        station.enter([])


def test_a_gauge_study_is_made_of_photos_and_of_a_table(station: Client, tmp_path: Path) -> None:
    shots = [(photo(tmp_path / f"{p}{t}.png", 3 * p + t, grain=10 * p + t), str(p), "Chen", str(t))
             for p in range(3) for t in range(3)]  # fmt: skip
    study = station.gauge(shots, golden=NUMBER, by=BUYER)
    assert (study.source, study.by, len(study.captures)) == ("photos", BUYER, 9)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG and no more")
    with pytest.raises(Refused, match=r"broken\.png"):
        station.gauge([*shots, (broken, "9", "Chen", "1")], golden=NUMBER, by=BUYER)
    table = tmp_path / "values.csv"
    table.write_text("part,value\n" + "".join(f"{p},{30 + p / 10 + t / 100}\n" for p in range(5) for t in range(3)))
    assert station.gauge_of_values(table, by=BUYER, lower=29.0, upper=31.0).source == "values"
    assert [s["study"]["source"] for s in station.get("/gauge/studies")] == ["values", "photos"]


# --- photos ----------------------------------------------------------------------------------------------------------


def textured(path: Path, move: int = 0, spot: bool = False) -> Path:
    """A picture with something to hold on to, moved by whole pixels, with or without a dark spot."""
    rng = np.random.default_rng(3)
    small = rng.integers(60, 220, (30, 40), dtype=np.uint8)
    picture = cv2.resize(small, (400, 300), interpolation=cv2.INTER_CUBIC)
    if spot:
        cv2.circle(picture, (200, 150), 8, 0, -1)
    cv2.imwrite(str(path), np.roll(picture, move, axis=1))
    return path


def test_two_pictures_are_laid_over_each_other_and_their_difference_marked(lots: Client, tmp_path: Path) -> None:
    golden, unit = textured(tmp_path / "golden.png"), textured(tmp_path / "unit.png", spot=True)
    found = lots.align(golden, textured(tmp_path / "moved.png", move=3))
    assert found.registered
    assert found.transform is not None
    assert found.transform[0][2] == pytest.approx(3.0, abs=0.2)
    boxes, picture = lots.run_model(golden, unit, model="reference-difference")
    assert picture.startswith(JPEG)
    assert any(b.x <= 200 <= b.x + b.w and b.y <= 150 <= b.y + b.h for b in boxes.boxes)
    for name in ("../models/x", "/etc/hostname"):
        with pytest.raises(Refused) as refused:
            lots.run_model(golden, unit, model=name)
        assert refused.value.status == 422
    names = {m.name for m in lots.models()}
    assert "reference-difference" in names
    with pytest.raises(Refused):
        lots.run_model(golden, unit, model="no-such-model")


def test_a_photo_and_its_card_are_described(lots: Client, tmp_path: Path) -> None:
    plain = textured(tmp_path / "plain.png")
    assert (lots.describe_photo(plain).width, lots.describe_photo(plain).format) == (400, "a PNG picture")
    assert not lots.read_card(plain).found
    drawn, picture = lots.chart("card", photo=plain)
    assert (drawn.remarks, picture[:2]) == ((), JPEG)
    with pytest.raises(Refused, match="golden sample"):
        lots.chart("map", photo=plain)
    with pytest.raises(Refused):
        lots.compare(plain, golden=GOLDEN)
    with pytest.raises(Refused):
        lots.compare_lights(plain, textured(tmp_path / "other.png", move=2), sheet="schema = 1\n")
    with pytest.raises(Refused):
        lots.compare_set(plain, golden=GOLDEN)
    table = tmp_path / "no photo.csv"
    table.write_text("a,b\n")
    with pytest.raises(Refused, match="photo"):
        lots.describe_photo(table)
