"""A picture of findings bears the numbers of the record, or says that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from entered_line import Clock
from reviewed_line import SHEET, draw_reviewed_line

from station.cli import app
from station.cli.conduct import run
from station.errors import NotFoundError, RequestError
from station.models import REFERENCE_DIFFERENCE
from station.report import findings as drawn
from station.service import Station, picturing
from station.service.recorded import bench_of, recorded, told_anew
from station.settings import Settings


@pytest.fixture
def station(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Station]:
    draw_reviewed_line(monkeypatch)
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STATION_DEFECT_MODEL", REFERENCE_DIFFERENCE)
    monkeypatch.chdir(tmp_path)
    Path("sheet.toml").write_text(SHEET)
    for i in range(4):
        cv2.imwrite(f"{i}.png", np.full((64, 64, 3), 60 + i, dtype=np.uint8))
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        opened.seal_golden(Path("sheet.toml"), Path("0.png"))
        opened.inspect(Path("1.png"), golden="GS-1")
        yield opened


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What was drawn last."""
    told: dict[str, Any] = {}

    def draw(golden: Any, unit: Any, _frame: Any, found: Any, **words: Any) -> np.ndarray:
        told.update(words, golden=golden, unit=unit, found=found)
        return np.zeros((4, 4, 3), np.uint8)

    monkeypatch.setattr(drawn, "findings_picture", draw)
    return told


@pytest.mark.parametrize("name", ["1.png", "copy.png", "1"])
def test_a_photo_on_record_is_shown_with_the_findings_on_record(
    station: Station, shown: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("copy.png").write_bytes(Path("1.png").read_bytes())
    monkeypatch.setattr(picturing, "_compared", None)  # nothing is measured
    chart = picturing.findings_chart(station, Path(name), "GS-1")
    numbered = station.finding_reviews.findings(station.finding_reviews.find("1")).findings
    assert list(shown["found"]) == [n.finding for n in numbered]
    assert len(shown["found"]) == 8
    assert "with the numbers of station review" in chart.remarks[0]
    assert any("reference-difference" in n and "GS-1 version 1, inspected 2026" in n for n in shown["notes"])


def test_what_is_neither_a_photo_nor_a_unit_is_refused(station: Station) -> None:
    with pytest.raises(NotFoundError, match="there is no photo 9 and no unit of that name"):
        picturing.findings_chart(station, Path("9"), "GS-1")
    with pytest.raises(RequestError, match="a name is not measured anew"):
        picturing.findings_chart(station, Path("1"), "GS-1", card="spydercheckr24")


def test_findings_that_are_not_those_on_record_are_called_so(station: Station) -> None:
    known = recorded(station, Path("1.png"), "GS-1")
    assert known is not None
    same = [n.finding for n in known.findings.findings]
    assert told_anew(known, Path("1.png"), "GS-1", same, "so").startswith("measured anew, so: the same findings")
    moved = [f.model_copy(update={"x_mm": f.x_mm + 0.1}) for f in same]
    for other in (same[:-1], same[::-1], moved):
        words = told_anew(known, Path("1.png"), "GS-1", other, "so")
        assert words.startswith("NOT RECORDED: ")
        assert "do not answer station review by these numbers" in words
    assert recorded(station, Path("2.png"), "GS-1") is None
    assert "never inspected against GS-1" in told_anew(None, Path("2.png"), "GS-1", same, "so")


def test_bench_and_card_are_those_of_the_record(station: Station) -> None:
    station.inspect(Path("2.png"), golden="GS-1", card="spydercheckr24")
    for photo, card in (("1.png", None), ("2.png", "spydercheckr24")):
        known = recorded(station, Path(photo), "GS-1")
        assert known is not None
        assert bench_of(station, known, None, None) == (None, card)
        assert bench_of(station, known, None, "colorchecker24-nano") == (None, "colorchecker24-nano")


@pytest.mark.usefixtures("station", "shown")
def test_the_command_says_which_findings_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["picture", "findings", "1", "--golden", "GS-1", "--out", "a.png"]) == 0
    out, err = capsys.readouterr()
    assert out == "Written: a.png\n"
    assert err.startswith("station: note: on record: the findings of unit 1 as they were recorded")
    assert run(app, ["picture", "findings", "7", "--golden", "GS-1", "--out", "b.png"]) == 2
    assert not Path("b.png").exists()
