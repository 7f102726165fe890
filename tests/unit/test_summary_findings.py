"""Which findings a lot's summary shows, over a drawn line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from entered_line import Clock
from reviewed_line import SHEET, draw_reviewed_line

from station.batch.serial import Serial
from station.service import Station
from station.service.finding_reviews import NewAnswer
from station.service.reporting import lot_summary, worst_findings, worst_units
from station.settings import Settings


@pytest.fixture
def station(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Station]:
    """A lot of three units with eight nonconforming findings each, of 0.4 mm where 0.2 are allowed."""
    draw_reviewed_line(monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path("sheet.toml").write_text(SHEET + "[aql]\nmajor = 2.5\nminor = 4.0\n")
    for i in range(4):
        cv2.imwrite(f"{i}.png", np.full((64, 64, 3), 60 + i, dtype=np.uint8))
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        opened.seal_golden(Path("sheet.toml"), Path("0.png"))
        photos = [Path(f"{n}.png") for n in (1, 2, 3)]
        opened.inspect_many(photos, golden="GS-1", engine=Serial(), on_done=lambda _: None, lot="L1")
        yield opened


def shown(station: Station, most: int) -> list[tuple[str, int]]:
    found = worst_findings(station, worst_units(station.units(lot="L1")), most)
    return [(unit.unit, n.number) for unit, n in found]


def test_every_unit_s_worst_comes_before_any_unit_s_second(station: Station) -> None:
    assert shown(station, 4) == [("1", 1), ("2", 1), ("3", 1), ("1", 2)]
    assert len(shown(station, 99)) == 24


def test_what_reviewers_refused_or_accepted_is_left_out(station: Station) -> None:
    reviews = station.finding_reviews
    reviews.answer(1, [NewAnswer(1, "refuse"), NewAnswer(2, "confirm")], "M. Weber")
    reviews.answer(3, [NewAnswer(1, "undecidable")], "M. Weber")
    station.review(2, "accept", "fine by eye", "M. Weber")
    assert shown(station, 3) == [("1", 2), ("3", 1), ("1", 3)]
    assert all(n.number != 1 or u.unit != "1" for u, n in worst_findings(station, station.units(lot="L1"), 99))


def test_the_summary_is_written_with_them(station: Station) -> None:
    station.decide_lot("L1", 50)
    assert lot_summary(station, "L1")[:5] == b"%PDF-"
