"""Two stations on one home that say something of a golden sample at once, and what the checklist makes of the order in
which things were said (G17, G18, G20, G22)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from signed_home import NOON, NUMBER, build, detached, seal

from station.errors import ConflictError
from station.service import Station
from station.settings import Settings
from station.store import records
from station.store.records import ensure_lot

BY = "M. Weber"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("built") / "home"
    build(home)
    return home


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def station(built: Path, tmp_path: Path, clock: Clock) -> Iterator[Station]:
    shutil.copytree(built, tmp_path / "home")
    with Station(Settings(home=tmp_path / "home"), clock=clock) as made:
        yield made


def at_once(station: Station, clock: Clock, monkeypatch: pytest.MonkeyPatch, other: Callable[[Station], Any]) -> None:
    """Have another station say something between the decision of the next command and its record."""
    records_of = type(station.record)
    say = records_of._say

    def between(self: Any, *given: Any) -> None:
        monkeypatch.setattr(records_of, "_say", say)
        with Station(station.settings, clock=clock) as second:
            other(second)
        say(self, *given)

    monkeypatch.setattr(records_of, "_say", between)


def test_two_changes_at_once_have_two_numbers(station: Station, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """G20: one acknowledgement is of one change."""
    at_once(station, clock, monkeypatch, lambda s: s.record.change(NUMBER, "label", "SKU line 5 mm lower", by="Li"))
    with pytest.raises(ConflictError, match="something else was recorded of GS-20260510 in the meantime"):
        station.record.change(NUMBER, "logo", "logo grown from 8 mm to 9 mm", by=BY)
    station.record.change(NUMBER, "logo", "logo grown from 8 mm to 9 mm", by=BY)
    found = station.record.acknowledge_change(NUMBER, 1, text="seen", by="Li Wei")
    assert [(c.number, c.attribute, c.acknowledged_by) for c in found.changes] == [
        (1, "label", "Li Wei"), (2, "logo", ""),
    ]  # fmt: skip


def test_a_hold_that_came_in_between_keeps_the_copy(
    station: Station, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G18: no command overrides a hold, nor one that looked before it was set."""
    station.record.add_copy(NUMBER, "E1", role="expendable-inline", holder="Li", place="line", by=BY)
    at_once(station, clock, monkeypatch, lambda s: s.record.hold(NUMBER, "custom", by="other"))
    for words in ("in the meantime", "is kept until the order's end"):
        with pytest.raises(ConflictError, match=words):
            station.record.remove_copy(NUMBER, "E1", reason="given away", by=BY)
    assert not station.record.show(NUMBER).copies[0].removed


def test_the_very_same_said_at_once_is_said_once(
    station: Station, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(station, clock, monkeypatch, lambda s: s.record.open_item(NUMBER, "clutch colour", by=BY))
    assert len(station.record.open_item(NUMBER, "clutch colour", by=BY).open_items) == 1
    assert len(station.record.events(NUMBER)) == 1


# --- what the checklist makes of the order in which things were said (G22) -------------------------------------------


def item(station: Station, number: int) -> tuple[bool, str]:
    found = station.record.checklist(NUMBER).items[number - 1]
    return found.ok, found.found or found.do


def opened(station: Station, lot: str) -> None:
    """A lot against the version in force, as inspecting a unit opens it."""
    with station._db.write() as c:
        ensure_lot(c, lot, records.golden(station._db, NUMBER).id, station._clock())
        station._db.ledger.enter(c, "lot opened", about={"lot": lot})


def test_confirmed_again_is_confirmed_before_the_first_lot(station: Station, clock: Clock) -> None:
    """G22, item 18, and L5: twenty days after the first lot nothing is confirmed before mass production."""
    assert item(station, 18)[0]  # the factory acknowledged version 2 after both had signed; its lot is of version 1
    seal(station._db, station._evidence, 3)
    station.sign_off.sign(NUMBER, party="buyer", name=BY)
    file = detached(station, station.settings.home / "li.json")
    station.sign_off.import_signature(NUMBER, file, party="supplier")
    assert item(station, 18) == (
        False,
        f"after the approval and before the first lot: station golden acknowledge {NUMBER} --party factory --name WHO",
    )
    opened(station, "L-3")
    clock.now += timedelta(days=20)
    station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei")
    ok, told = item(station, 18)
    assert (ok, told[:56]) == (False, "too late for version 3, lot L-3 was opened first; of the")
    assert "L5" in [r.rule for r in station.record.lint(NUMBER).remarks]


def test_late_is_what_was_agreed_after_the_first_lot_of_its_own_version(station: Station, clock: Clock) -> None:
    """G23, L7: a lot of version 1, which nobody signed in time, makes no later version late."""

    def late() -> list[str]:
        return [r.message for r in station.record.lint(NUMBER).remarks if (r.rule, r.where[:6]) == ("L7", "golden")]

    def signed() -> None:
        station.sign_off.sign(NUMBER, party="buyer", name=BY)
        file = detached(station, station.settings.home / "li.json")
        station.sign_off.import_signature(NUMBER, file, party="supplier")

    clock.now += timedelta(days=20)
    assert late() == []  # version 2 has no lot yet
    seal(station._db, station._evidence, 3)
    signed()
    station.record.write(NUMBER, by=BY, values=['acceptable=["crease of the carton up to 20 mm"]'])
    clock.now += timedelta(days=1)
    opened(station, "L-3")
    assert late() == []
    seal(station._db, station._evidence, 4)
    opened(station, "L-4")
    clock.now += timedelta(days=1)
    signed()
    assert late() == ["a lot was opened on 2026-05-31, before both parties had signed"]


def test_a_clock_that_was_set_back_makes_no_confirmation_early(station: Station, clock: Clock) -> None:
    """G22, item 18: the order is the ledger's."""
    seal(station._db, station._evidence, 3)
    station.sign_off.sign(NUMBER, party="buyer", name=BY)
    file = detached(station, station.settings.home / "li.json")
    station.sign_off.import_signature(NUMBER, file, party="supplier")
    clock.now += timedelta(days=2)
    opened(station, "L-3")
    clock.now -= timedelta(days=1)
    station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei")
    assert not item(station, 18)[0]


def test_the_supplier_keeps_the_version_that_it_named_last(station: Station) -> None:
    """G22, item 17: neither its signature nor a sealed copy stands above what the factory says it works by."""
    station.record.add_copy(NUMBER, "F1", role="factory-sealed", holder="Li", place="safe", seal="S-1", by=BY)
    assert item(station, 17)[0]
    station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei", version=1)
    assert item(station, 17) == (
        False,
        f"factory version 1 is held, in force is version 2: station golden acknowledge {NUMBER} --party factory "
        "--name WHO",
    )
    station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei")
    assert item(station, 17)[0]
