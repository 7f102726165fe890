"""A clock that is set back: records keep their order, the ledger says so, nothing that is late becomes early."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from signed_home import NOON, NUMBER, ORDER, add_gates, build, detached, seal
from test_gate_rules import facts, record

from station.errors import ConflictError
from station.quality.corrective import replay_actions
from station.quality.cure_clock import cure_reason
from station.quality.escalation import replay_anomalies
from station.quality.gate_requirements import History
from station.quality.gates import find_gate, order_gates
from station.quality.in_line_checks import next_check, with_numbers
from station.service import Station
from station.service.order_exchange import verify
from station.settings import Settings
from station.store import inspections, records
from station.values.gates import ControlPlan, GateEvent, Requirement
from station.values.nonconformity import NcEvent


def days(*back: int) -> Iterator[datetime]:
    """The clock at every look: noon, less so many days."""
    yield from (NOON - timedelta(days=n) for n in back)
    while True:
        yield NOON - timedelta(days=back[-1])


def test_who_holds_what_is_what_was_said_last_whatever_the_clock_said(tmp_path: Path) -> None:
    """G3: the factory says version 2, then, a month earlier by the clock, version 1."""
    with Station(Settings(home=tmp_path / "home")) as station:
        seal(station._db, station._evidence, 1)
        seal(station._db, station._evidence, 2)
        station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei")
    set_back = days(30)
    with Station(Settings(home=tmp_path / "home"), clock=lambda: next(set_back)) as station:
        station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei", version=1)
        (held,) = station.sign_off.status(NUMBER).artefacts[0].held
        assert (held.version, held.current) == (1, False)
        found = station.check()
        assert found.ok
        assert any("the clock was set back by" in remark for remark in found.remarks)
        made = station.packages.orders.export(NUMBER, tmp_path / "order.zip")
        assert verify(tmp_path / "order.zip", [made.key]).ok
    with Station(Settings(home=tmp_path / "other")) as station:
        seal(station._db, station._evidence, 1)
        seal(station._db, station._evidence, 2)
        station.sign_off.import_signature(NUMBER, detached(station, tmp_path / "li.json"), party="supplier")
        versions = station.packages.orders.compare(tmp_path / "order.zip", keys=[made.key]).versions
    assert ("product held by factory", "", "version 1") in [
        (v.what.partition(", ")[2], v.own, v.other) for v in versions
    ]


def test_an_overdue_action_stays_overdue() -> None:
    """W9: due on 10 June, put off on 12 June to 20 June, and the clock then says 15 May or 25 June."""

    def event(kind: str, day: int, **more: object) -> NcEvent:
        at = datetime(2026, 6, day, 8, 0, tzinfo=UTC)
        return NcEvent.model_validate({"kind": kind, "at": at, "by": "QA", **more})

    added = event("action", 1, action="correction", text="Pin the plate.", owner="Chen Wei", due=date(2026, 6, 10))
    later = event("answer", 12, text="The jig has 2 dowels.")
    put_off = event("due", 12, number=1, due=date(2026, 6, 20), text="Dowels arrive on 18 June.")
    back, on = date(2026, 5, 15), date(2026, 6, 25)

    def overdue(today: date, *events: NcEvent) -> bool:
        return replay_actions(events, today)[0].overdue

    assert not overdue(back, added)
    assert overdue(back, added, later)  # 12 June has been, whatever the clock says now
    assert not overdue(back, added, put_off)
    assert overdue(on, added, put_off)


def test_a_gate_stands_by_what_was_recorded_last(tmp_path: Path) -> None:
    """W1: released at noon of 10 May; a month earlier by the clock a new label, signed by nobody, makes it lapse, and
    the same gate is not opened by the order of dates."""
    home = tmp_path / "home"
    build(home)
    add_gates(home)
    with Station(Settings(home=home), clock=lambda: NOON) as station:
        assert find_gate(station.gates.show(ORDER), "pre-production").passed
    set_back = days(30)
    with Station(Settings(home=home), clock=lambda: next(set_back)) as station:
        assert find_gate(station.gates.show(ORDER), "pre-production").passed  # no sooner and no later
        label = tmp_path / "label.pdf"
        label.write_bytes(b"%PDF-1.7 a third label")
        station.sign_off.add_artefact(NUMBER, "label", label, by="M. Weber")
        gate = find_gate(station.gates.show(ORDER), "pre-production")
        assert (gate.passed, gate.state) == (False, "lapsed")
        found = station.check()
        assert found.ok
        assert any("the clock was set back by" in remark for remark in found.remarks)
        made = station.packages.orders.export(NUMBER, tmp_path / "order.zip")
        assert verify(tmp_path / "order.zip", [made.key]).ok


def test_what_came_after_a_decision_came_after_it_whatever_the_clock_said(tmp_path: Path) -> None:
    """W1: a lot is decided at one o'clock, then a unit of it reviewed at noon by a clock that was set back."""
    build(tmp_path / "home")
    with Station(Settings(home=tmp_path / "home"), clock=lambda: NOON) as station:
        db = station._db
        lot, unit = records.lot(db, "L-1"), station.units()[0]
        later = NOON + timedelta(hours=1)
        decided = records.add_lot_decision(
            db, lot_id=lot.id, decision="rejected", document="{}", digest="d" * 64, at=later
        )
        assert not records.changed_since(db, decided)
        inspections.add_review(db, unit_id=unit.id, decision="reject", reason="chipped", reviewer="QA", at=NOON)
        assert records.changed_since(db, decided)
        again = records.add_lot_decision(db, lot_id=lot.id, decision="open", document="{}", digest="e" * 64, at=later)
        assert not records.changed_since(db, again)


def test_what_is_late_at_a_gate_stays_late() -> None:
    """W7: an anomaly and a check of the line, due after 2 hours; something was recorded after 5, then the clock goes
    back by 4. A check that is made then is due 2 hours later by that clock."""
    plan = with_numbers(ControlPlan(what=("fill",), every_hours=2.0, keeper="Chen", sop="SOP-12 rev 3"))
    hours = [NOON + timedelta(hours=n) for n in range(6)]
    planned = GateEvent(kind="planned", at=NOON, gate="in-line", plan=plan, digest="p")
    released = GateEvent(kind="released", at=NOON, gate="first-off")
    anomaly = GateEvent(kind="anomaly", at=NOON, gate="in-line", by="Chen", text="fill 0.02 mm too low")
    later = GateEvent(kind="made", at=hours[5], n=150)

    def late(now: datetime, *events: GateEvent) -> tuple[bool, bool]:
        known = (planned, released, anomaly, *events)
        checked = next_check(History(record(), known, facts(), now, ()))
        assert checked is not None
        return replay_anomalies(known, now)[0].overdue, checked.overdue

    assert late(hours[1]) == (False, False)
    assert late(hours[1], later) == (True, True)
    made_then = GateEvent(kind="checked", at=hours[1], gate="in-line", key="sample", n=20, share=0.15)
    assert late(hours[2], later, made_then) == (True, False)
    assert late(hours[4], later, made_then) == (True, True)


def test_a_batch_does_not_cure_sooner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T15: bonded by a clock that was set back by a day and is put right an hour later."""
    monkeypatch.setattr("station.quality.gate_rules.vet_catalogue", lambda *_: None)  # the sheet names no defects
    home, now = tmp_path / "home", [NOON]
    build(home)
    add_gates(home, cures=True)

    def curing(station: Station) -> str:
        asked = [r for g in station.gates.show(ORDER).gates for r in g.requirements if r.key == "cure"]
        return asked[0].reason

    with Station(Settings(home=home), clock=lambda: now[0]) as station:
        station.gates.start(ORDER, by="M. Weber")
        now[0] = NOON - timedelta(days=1)
        station.gates.bonded(ORDER, "B-1", by="Li Wei")
        now[0] = NOON + timedelta(hours=1)
        assert "batch B-1, bonded 2026-05-10 12:00 UTC, cures until 2026-05-11 12:00 UTC" in curing(station)
        now[0] = NOON + timedelta(hours=24)
        assert curing(station) == ""


def test_a_batch_that_was_bonded_by_a_clock_ahead_is_not_locked_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T15: the clock is a year ahead when it is bonded, and put right an hour later."""
    monkeypatch.setattr("station.quality.gate_rules.vet_catalogue", lambda *_: None)  # the sheet names no defects
    home, now = tmp_path / "home", [NOON]
    build(home)
    add_gates(home, cures=True)

    def cure(station: Station) -> Requirement:
        found = station.gates.show(ORDER)
        return next(r for g in found.gates for r in g.requirements if r.key == "cure")

    with Station(Settings(home=home), clock=lambda: now[0]) as station:
        station.gates.start(ORDER, by="M. Weber")
        now[0] = NOON + timedelta(days=365)
        station.gates.bonded(ORDER, "B-1", by="Li Wei")
        now[0] = NOON + timedelta(hours=1)
        one = cure(station)
        assert one.reason.startswith("batch B-1 is on record as bonded at 2027-05-10 12:00 UTC, which has not come by")
        assert one.command == f"station gate bonded {ORDER} --sku MAS-PIN-30 B-1 --by WHO"
        with pytest.raises(ConflictError, match="which is not put back to 2026-05-10 12:00 UTC") as caught:
            station.gates.bonded(ORDER, "B-1", at=NOON, by="Li Wei")
        assert "leave out --at" in caught.value.do
        station.gates.bonded(ORDER, "B-1", by="Li Wei")
        assert cure(station).reason == ("batch B-1, bonded 2026-05-10 13:00 UTC, cures until 2026-05-11 13:00 UTC")
        now[0] = NOON + timedelta(hours=2)  # given twice, it counts from the second time, and no year later
        station.gates.bonded(ORDER, "B-1", by="Li Wei")
        assert "bonded 2026-05-10 14:00 UTC" in cure(station).reason
        now[0] = NOON + timedelta(hours=26)
        assert cure(station).reason == ""
        station.gates.task(ORDER, "pilot-run", n=20, by="Li Wei")
        now[0] = NOON + timedelta(days=365, hours=1)  # what had cured by then stays so
        assert cure(station).reason == ""


def bonded(hours: float, at: float | None = None, batch: str = "B-1") -> GateEvent:
    """A batch that is on record as bonded so many hours after noon; at : when that was recorded."""
    time = NOON + timedelta(hours=hours)
    recorded = time if at is None else NOON + timedelta(hours=at)
    return GateEvent(kind="bonded", at=recorded, gate="final", key=batch, bonded_at=time)


def at_hour(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def test_recorded_again_by_a_clock_that_is_behind_a_batch_does_not_cure_sooner() -> None:
    """T15: bonded at noon; the clock goes back by two days, somebody records the batch again instead of setting it, and
    it is put right."""
    events = [bonded(0), bonded(-48)]
    assert "bonded 2026-05-08 12:00 UTC" in cure_reason(events, at_hour(-47))
    assert "bonded 2026-05-10 12:00 UTC" in cure_reason(events, at_hour(1))
    assert cure_reason(events, at_hour(24)) == ""
    never_again = [bonded(0), bonded(-47, at=1)]  # an earlier time that is given later, by a clock that is right
    assert "as bonded at 2026-05-10 12:00 UTC, which has not come" in cure_reason(never_again, at_hour(-1))


def test_a_pull_by_a_clock_ahead_is_none_until_the_bond_has_cured() -> None:
    """T15: pulled after an hour, by a clock that is three days ahead; the next record shows it, and so does now."""
    order = record(kind="magnet", cures=True)

    def pulled(at: float, now: float, *after: float) -> Requirement:
        test = GateEvent(kind="checked", at=at_hour(at), gate="final", key="retention", n=20)
        more = [GateEvent(kind="made", at=at_hour(h), n=150) for h in after]
        found = find_gate(order_gates(order, [bonded(0), test, *more], facts(), at_hour(now)), "final")
        return next(r for r in found.requirements if r.key == "retention")

    assert pulled(72, 73).state == "met"
    assert pulled(72, 2).state == "open"
    found = pulled(72, 80, 2)
    assert found.state == "open"
    assert "may be pulled from 2026-05-12 12:00 UTC on" in found.reason
    assert pulled(72, 73, 71.9).state == "met"  # another station's clock, some minutes behind
