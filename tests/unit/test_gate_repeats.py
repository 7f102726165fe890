"""What is recorded anew and what is not, units of one name in several lots, and two stations that decide at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from entered_line import draw_line, photo
from gated_orders import BUYER, NUMBER, ORDER, Home

from station.batch.serial import Serial
from station.errors import ConflictError, RequestError
from station.lots.orders import Order
from station.quality.gates import order_gates
from station.service import Station
from station.store import gates as store
from station.values.gates import ControlPlan, GateEvent

UNITS = 1200


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    draw_line(monkeypatch)
    monkeypatch.setattr("gated_orders.UNITS", UNITS)
    made = Home(tmp_path)
    made.seal()
    made.sign()
    yield made
    made.station.close()


def opened(home: Home) -> None:
    home.station.gates.open(ORDER, Order(units=(UNITS,), carded=True), golden=NUMBER, by=BUYER)


def running(home: Home) -> None:
    """Production under way, with an in-line gate."""
    opened(home)
    home.confirm()
    plan = ControlPlan(what=("fill",), every_hours=4.0, sop="SOP-12 rev 3", keeper="Chen")
    home.station.gates.plan(ORDER, "in-line", plan, by=BUYER)
    home.first_off()
    home.station.gates.made(ORDER, 150, by=BUYER)


def events(home: Home, kind: str) -> list[GateEvent]:
    row, _, _ = home.station.gates.stand(ORDER, None)
    return [e for e in home.station.gates.events(row) if e.kind == kind]


def test_the_same_check_four_hours_later_is_another_check(home: Home) -> None:
    """W7: 32 units without a fault, by the same inspector, while no more was made; at once it is the command again."""
    running(home)
    check = home.station.gates.check
    before = len(events(home, "checked"))
    check(ORDER, "in-line", "sample", n=32, wrong=0, by=BUYER)
    check(ORDER, "in-line", "sample", n=32, wrong=0, by=BUYER)
    assert len(events(home, "checked")) == before + 1
    home.clock.now += timedelta(hours=5)
    assert "the line was to be checked by" in home.requirement("in-line", "frequency").reason
    check(ORDER, "in-line", "sample", n=32, wrong=0, by=BUYER)
    assert home.requirement("in-line", "frequency").state == "met"
    assert len(events(home, "checked")) == before + 2


def test_a_waiver_in_the_same_words_excuses_the_next_fault(home: Home) -> None:
    """W7."""
    running(home)
    waive = home.station.releases.waive
    reason = "the line stood still for 5 hours"
    for left_out in (1, 2):
        home.clock.now += timedelta(hours=5)
        assert home.requirement("in-line", "frequency").state == "open"
        waive(ORDER, "in-line", "frequency", reason=reason, party="buyer", by=BUYER)
        waive(ORDER, "in-line", "frequency", reason=reason, party="buyer", by=BUYER)
        assert home.requirement("in-line", "frequency").state == "waived"
        assert len(events(home, "waived")) == left_out


def at_once(home: Home, monkeypatch: pytest.MonkeyPatch, other: Callable[[Station], Any]) -> None:
    """Have another station on the same home do something between the decision and the record of the next command."""
    gates = type(home.station.gates)
    first = Station(home.station.settings, clock=home.clock)
    record = gates.record

    def between(self: Any, *given: Any, **more: Any) -> Any:
        monkeypatch.setattr(gates, "record", record)
        other(first)
        first.close()
        return record(self, *given, **more)

    monkeypatch.setattr(gates, "record", between)


def test_two_who_escalate_at_once_climb_one_rung(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """W7: to the highest rung, which one of them reached; the other is told."""
    running(home)
    releases = home.station.releases
    releases.anomaly(ORDER, "in-line", "fill 0.02 mm too low", by="Chen")
    releases.escalate(ORDER, 1, 2, by="Chen")
    at_once(home, monkeypatch, lambda s: s.releases.escalate(ORDER, 1, 3, by="Li Wei"))
    with pytest.raises(ConflictError, match="something else was recorded of order PO-7 in the meantime"):
        releases.escalate(ORDER, 1, 3, by="Chen")
    assert releases.escalate(ORDER, 1, 3, by="Chen").anomalies[0].level == 3
    assert len(events(home, "escalated")) == 2


def test_what_was_decided_on_older_events_is_not_recorded(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """C: fewer units made than the other had just recorded; the very same is recorded once and nobody is refused."""
    running(home)
    at_once(home, monkeypatch, lambda s: s.gates.made(ORDER, 400, by="Li Wei"))
    with pytest.raises(ConflictError, match="in the meantime"):
        home.station.gates.made(ORDER, 300, by=BUYER)
    assert home.station.gates.show(ORDER).made == 400
    at_once(home, monkeypatch, lambda s: s.gates.made(ORDER, 500, by=BUYER))
    assert home.station.gates.made(ORDER, 500, by=BUYER).made == 500
    assert [e.n for e in events(home, "made")] == [150, 400, 500]


@pytest.mark.parametrize("units", [900, UNITS])
def test_two_who_open_an_order_at_once_open_one(home: Home, monkeypatch: pytest.MonkeyPatch, units: int) -> None:
    """C: the second finds it as it would have opened it, or is told of the other terms."""
    opening = store.open_order

    def first(*given: Any) -> bool:
        monkeypatch.setattr(store, "open_order", opening)
        with Station(home.station.settings, clock=home.clock) as other:
            other.gates.open(ORDER, Order(units=(900,), carded=True), golden=NUMBER, by="Li Wei")
        return opening(*given)

    monkeypatch.setattr(store, "open_order", first)
    order = Order(units=(units,), carded=True)
    if units == 900:
        found = home.station.gates.open(ORDER, order, golden=NUMBER, by=BUYER)
        assert (found.record.units, found.record.by) == (900, "Li Wei")
    else:
        with pytest.raises(ConflictError, match="is open with other terms: 900 units"):
            home.station.gates.open(ORDER, order, golden=NUMBER, by=BUYER)


def test_a_unit_is_evidence_by_version_and_by_lot(home: Home) -> None:
    """W1: a unit of version 1 shows nothing of version 2, and a name that two lots have is none."""
    opened(home)
    gates, station = home.station.gates, home.station
    for lot in ("A", "B"):
        shot = photo(home.folder / lot / "u.png", 0, grain=60 + len(lot) + ord(lot))
        station.inspect_many([shot], golden=NUMBER, lot=lot, engine=Serial(), on_done=lambda _: None)
    given: dict[str, Any] = {"n": 1, "by": BUYER}
    with pytest.raises(RequestError, match=r"u is a unit of lot A and lot B\. Name one with its lot: A/u"):
        gates.task(ORDER, "pre-production-sample", units=["u"], **given)
    gates.task(ORDER, "pre-production-sample", units=["B/u"], **given)
    (item,) = home.requirement("pre-production", "pre-production-sample").evidence
    assert (item.name, item.version, item.about) == ("B/u", 1, "GS-1 v1")
    home.seal(plus=0.1)
    home.sign()
    opened(home)
    with pytest.raises(
        ConflictError, match="unit A/u was measured against version 1 of golden GS-1, the order is held"
    ):
        gates.task(ORDER, "pre-production-sample", units=["A/u"], **given)
    shot = photo(home.folder / "C" / "u.png", 0, grain=250)
    station.sign_off.acknowledge(NUMBER, party="inspection", name=BUYER)
    station.inspect_many([shot], golden=NUMBER, engine=Serial(), on_done=lambda _: None)
    gates.task(ORDER, "pre-production-sample", units=["u"], **given)  # in no lot
    (item,) = home.requirement("pre-production", "pre-production-sample").evidence
    assert (item.name, item.version) == ("u", 2)


def test_the_answer_of_an_earlier_version_is_asked_again_and_taken_in_the_same_words(home: Home) -> None:
    """W1: the swatch that was approved for version 1 is looked at for version 2."""
    opened(home)
    home.answers()
    assert home.requirement("pre-production", "material-colour").state == "met"
    home.seal(plus=0.1)
    home.sign()
    opened(home)
    assert home.requirement("pre-production", "material-colour").state == "open"
    home.confirm_anew()
    assert home.requirement("pre-production", "material-colour").state == "met"
    assert home.requirement("pre-production", "logo").state == "met"  # the artwork is the same
    row, found, facts = home.station.gates.stand(ORDER, None)
    assert order_gates(found.record, home.station.gates.events(row), facts, home.clock()).gates[0].state == "ready"


def test_an_order_opened_by_an_earlier_station_moves_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose plan took the sheet's defaults as agreed: the same terms are no other ones now."""
    sheet = home.folder / "sheet.toml"
    sheet.write_text(sheet.read_text().replace('[aql]\nlevel = "S-1"\n', ""))
    home.station.seal_golden(sheet, photo(home.folder / "golden.png", 0, grain=399))
    from station.service import gates as module

    order, planned = Order(units=(UNITS,), premium=True), module.planned_gates
    monkeypatch.setattr(module, "planned_gates", lambda o, s, **_: planned(o, s, defaults_agreed=True))
    then = home.station.gates.open(ORDER, order, golden=NUMBER, by=BUYER)
    monkeypatch.setattr(module, "planned_gates", planned)
    home.seal(plus=0.1, defects="")
    sheet.write_text(sheet.read_text().replace('[aql]\nlevel = "S-1"\n', ""))
    home.station.seal_golden(sheet, photo(home.folder / "golden.png", 0, grain=399))
    now = home.station.gates.open(ORDER, order, golden=NUMBER, by=BUYER)
    assert now.record == then.record
    assert now.golden_version > then.golden_version
    assert module.planned_gates(order, module_sheet(home))[-1].allowed != then.record.gates[-1].allowed


def module_sheet(home: Home) -> Any:
    from station.sheet import load_sheet

    return load_sheet(home.station.golden_sheet(NUMBER).encode())
