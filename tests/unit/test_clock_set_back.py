"""A clock that is set back: records keep their order, the ledger says so, nothing that is late becomes early."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from signed_home import NOON, NUMBER, ORDER, add_gates, build, detached, seal
from test_gate_rules import facts, record

from station.quality.corrective import replay_actions
from station.quality.escalation import replay_anomalies
from station.quality.gate_requirements import History
from station.quality.gates import find_gate
from station.quality.in_line_checks import next_check, with_numbers
from station.service import Station
from station.service.order_exchange import verify
from station.settings import Settings
from station.values.gates import ControlPlan, GateEvent
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
