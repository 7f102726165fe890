"""Texts that a spreadsheet would take for formulas are guarded in every CSV file, by one function."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from station.service.values_file import read_table
from station.values.spreadsheet import csv_text, guarded, reads_as_formula, unguarded

FORMULAS = ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", " =1", "\t=1", "\uff1d1", "-", "--5", "=5", "-1e"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_reads_as_a_formula_is_guarded_and_read_back(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text
    (cells,) = csv.reader(io.StringIO(csv_text([["x", text]])))
    assert not reads_as_formula(cells[1])


@pytest.mark.parametrize("text", ["-5", "+3.5", "-1e-05", "12", "A-1", "", "'", "'a", "c1 = 5", "-inf"])
def test_numbers_and_plain_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text
    assert unguarded(text) == text


def test_a_table_that_the_station_wrote_is_read_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text(csv_text([["unit", "value"], ["=1+1", "-5"], ["-x", 3.5]]), "utf-8")
    rows = read_table(file, required=("unit", "value"), optional=())
    assert [(r.text("unit"), r.number("value")) for r in rows] == [("=1+1", -5.0), ("-x", 3.5)]


def test_no_other_place_writes_csv() -> None:
    station = Path(__file__).parents[2] / "station"
    writers = [
        f.name for f in sorted(station.rglob("*.py")) if re.search(r"csv\.(Dict)?[wW]riter", f.read_text("utf-8"))
    ]
    assert writers == ["spreadsheet.py"]
