"""The queue of a reviewer, with what was entered of units by hand: one rule for lists, columns and counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa

from station.errors import NotFoundError
from station.service import Station
from station.service.entering import NewValue
from station.settings import Settings
from station.store import inspections
from station.store.evidence import Evidence
from station.store.rows import File, NewUnit

LOT = "L/1"
WIDTH = NewValue(
    where="width", unit="unit-3", name="width", value=32.0, u=0.01, instrument="C-1", calibrated_on=date.today(),
    golden="GS-1", lot=LOT, by="M. Weber",
)  # fmt: skip


@pytest.fixture
def station(review_home: Path) -> Iterator[Station]:
    with Station(Settings(home=review_home)) as opened:
        yield opened


def shown(station: Station, **which: bool) -> list[tuple[str, str, str]]:
    """Unit, verdict and decision, which the list and the columns show alike."""
    columns = station.review_screen.queue(LOT, **which)
    units = station.queue(LOT, **which)
    assert [(u.id, u.verdict, u.review.id if u.review else 0) for u in units] == list(
        zip(columns.ids, columns.verdicts, columns.reviews, strict=True)
    )
    return [(u, str(v), d) for u, v, d in zip(columns.units, columns.verdicts, columns.decisions, strict=True)]


def test_a_value_that_does_not_conform_brings_its_unit_before_a_reviewer(station: Station) -> None:
    """Also one that conforms by its photo, and one that was accepted before anybody knew of the value."""
    assert {u.unit: str(u.verdict) for u in station.units()}["unit-3"] == "conforms"
    station.review(2, "accept", "dust", "M. Weber")
    before = shown(station)
    assert [u for u, _, _ in before] == ["unit-4", "unit-1"]
    assert shown(station, settled=True) == [("unit-2", "undecided", "accept")]
    station.entered.enter([WIDTH, replace(WIDTH, unit="unit-2")])
    now = shown(station)
    assert {u for u, _, _ in now} == {"unit-1", "unit-2", "unit-3", "unit-4"}
    assert {(v, d) for u, v, d in now if u in ("unit-2", "unit-3")} == {("nonconforms", "")}
    assert now[0][1] == "undecided"
    assert shown(station, settled=True) == []
    assert shown(station, second_look=True) == []
    lot = station.lot(LOT)
    assert (lot.nonconforms, lot.waiting) == (3, 4)
    assert station.watching.progress(LOT).waiting == 4


def test_it_is_settled_by_who_reviews_it_then(station: Station) -> None:
    station.entered.enter([WIDTH, replace(WIDTH, unit="unit-2")])
    for unit in (2, 3):
        station.review(unit, "reject", "size out of tolerance", "M. Weber")
    assert {u for u, _, _ in shown(station)} == {"unit-1", "unit-4"}
    assert shown(station, settled=True) == [("unit-3", "nonconforms", "reject"), ("unit-2", "nonconforms", "reject")]
    station.review(3, "defer", "measure again", "M. Weber")
    assert shown(station, second_look=True) == [("unit-3", "nonconforms", "defer")]


def test_a_picture_that_was_inspected_again_counts_once(station: Station) -> None:
    """Of the queue, the lot and its progress alike."""
    db = station._db
    old = inspections.unit(db, 2)
    size = len(Evidence(station.settings.home / "evidence").read(old.photo_sha256))
    inspections.add_unit(
        db,
        NewUnit("again", old.unit, old.photo, File(old.photo_sha256, size, "image/jpeg"), None, None, 1, LOT,
                old.verdict, old.margin, old.document, old.digest, old.inspected_at),
    )  # fmt: skip
    progress = station.watching.progress(LOT)
    assert (progress.inspected, progress.waiting) == (4, 3)
    assert len(station.queue(LOT)) == station.lot(LOT).waiting == 3


def test_the_rule_is_the_same_in_the_records_and_of_a_unit_at_hand() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as c:
        for flagged, decided, again, settled, second_look in product((False, True), repeat=5):
            if decided and again:
                continue  # a deferral and a disagreement decide nothing
            which = {"settled": settled, "second_look": second_look}
            literal = [sa.literal(x, sa.Boolean) for x in (flagged, decided, not decided, again)]
            asked = c.execute(sa.select(sa.case((inspections.in_queue(*literal, **which), 1), else_=0))).scalar_one()
            assert bool(asked) == inspections.in_queue(flagged, decided, not decided, again, **which)
    engine.dispose()


def test_units_are_asked_for_by_their_ids_in_any_order(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspections, "_AT_ONCE", 2)
    assert [u.id for u in inspections.of_ids(station._db, [3, 1, 2, 3])] == [3, 1, 2, 3]
    with pytest.raises(NotFoundError, match="there is no unit 99"):
        inspections.of_ids(station._db, [1, 99])
