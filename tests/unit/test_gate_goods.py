"""The goods that open a gate are the order's own, as they are today: lots, samples, bonds, and what failed before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from entered_line import draw_line, photo
from gated_orders import BUYER, NUMBER, ORDER, UNITS, Home
from test_gate_limits import checked, planned, required
from test_gate_rules import NOW

from station.batch.serial import Serial
from station.errors import ConflictError
from station.values.gates import GateEvent

PP = "pre-production"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    draw_line(monkeypatch)
    made = Home(tmp_path)
    made.seal()
    made.sign()
    return made


def lot_of_final(home: Home, lot: str = "L-1") -> tuple[str, str]:
    found = home.requirement("final", f"lot {lot}")
    return found.state, found.reason


def test_a_released_final_gate_lapses_when_the_lot_turns_out_otherwise(home: Home) -> None:
    """A lot that was accepted is rejected today by values that were entered, or by reviewers: it is decided again."""
    home.open()
    home.confirm()
    home.first_off()
    home.final()
    assert home.release("final").shippable
    home.inspect("L-1", 6, grain=40)  # one more unit that conforms changes nothing
    assert home.station.gates.show(ORDER).shippable
    home.station.entered.enter([home.value("L-1-0", "pull force", 1.0, "L-1")])  # critical
    assert home.station.deciding.tally("L-1").decision == "rejected"
    found = home.station.gates.show(ORDER)
    assert (found.shippable, home.states()["final"]) == (False, "lapsed")
    one = home.requirement("final", "lot L-1")
    assert (one.state, one.waivable, one.command) == ("open", False, f"station lot decide L-1 --size {UNITS}")
    assert "lot L-1 was decided (accepted) before the newest units, values and reviews came" in one.reason
    assert "by which it is rejected: decide it again" in one.reason
    with pytest.raises(ConflictError, match="decide it again"):
        home.release("final")
    home.station.decide_lot("L-1", UNITS)
    state, reason = lot_of_final(home)
    assert state == "open"
    assert reason.startswith("lot L-1 is rejected")
    with pytest.raises(ConflictError, match="lot L-1 is rejected"):
        home.release("final")


def test_a_value_that_came_after_a_review_came_after_it_whatever_the_clock_said(home: Home) -> None:
    """A unit is accepted, then a pull force of it fails, a day earlier by the clock: nobody had seen it."""
    home.inspect("L-1", 2, grain=40)
    first, second = home.station.standing_units("L-1")
    home.station.review(first.id, "accept", reason="", reviewer="QA")
    home.clock.now -= timedelta(days=1)
    home.station.entered.enter([home.value(first.unit, "pull force", 1.0, "L-1")])
    assert next(u for u in home.station.standing_units("L-1") if u.id == first.id).standing == "nonconforms"
    home.clock.now += timedelta(days=9)  # ahead when it is entered, and put right before somebody looks
    home.station.entered.enter([home.value(second.unit, "pull force", 1.0, "L-1")])
    home.clock.now -= timedelta(days=8)
    home.station.review(second.id, "accept", reason="tried again: 24 N", reviewer="QA")
    assert next(u for u in home.station.standing_units("L-1") if u.id == second.id).standing == "conforms"


def test_a_lot_that_reviewers_reject_after_its_decision_opens_no_gate(home: Home) -> None:
    home.open()
    home.confirm()
    home.first_off()
    home.final()
    for unit in home.station.standing_units("L-1"):
        home.station.review(unit.id, "reject", reason="post broken off", reviewer="QA")
    state, reason = lot_of_final(home)
    assert state == "open"
    assert "by which it is rejected" in reason
    with pytest.raises(ConflictError, match="decide it again"):
        home.release("final")


def test_goods_of_another_time_or_version_are_not_the_orders(home: Home) -> None:
    """A lot of before, though of the same golden sample, does not open the final gate; nor does one that was taken in
    before the order moved to another version."""
    home.inspect("OLD-2025", 5, grain=60)
    home.station.decide_lot("OLD-2025", UNITS)
    home.clock.now += timedelta(days=3)
    home.open()
    with pytest.raises(ConflictError, match=r"OLD-2025 was opened on .*, before the order was opened"):
        home.station.gates.assign(ORDER, "final", "OLD-2025", by=BUYER)
    home.confirm()
    home.first_off()
    with pytest.raises(ConflictError, match="before production of the order began"):
        home.station.gates.assign(ORDER, "final", "OLD-2025", by=BUYER)
    home.final()
    home.seal(plus=0.14)
    home.sign()
    home.open()
    one = home.requirement("final", "lot L-1")
    assert (one.state, one.waivable) == ("open", False)
    assert one.reason == "lot L-1 is held to version 1 of golden GS-1, the order to version 2"
    assert home.requirement("final", "quantity").reason == f"lots of 0 of {UNITS} units are decided"


def test_goods_of_the_order_are_its_own_although_the_clock_was_ahead_when_it_began(home: Home) -> None:
    """The clock is a year ahead when the order is opened and when production begins, and put right in between: samples
    and lots that come after are not older."""
    home.clock.now += timedelta(days=365)
    home.open()
    home.clock.now -= timedelta(days=365)
    home.answers()
    home.samples()
    home.release(PP)
    home.inspect("OLD", 5, grain=60)
    home.clock.now += timedelta(days=365)
    home.station.gates.start(ORDER, by=BUYER)
    home.clock.now -= timedelta(days=365)
    with pytest.raises(ConflictError, match=r"OLD was opened on .*, before production of the order began"):
        home.station.gates.assign(ORDER, "first-off", "OLD", by=BUYER)
    home.first_off()
    home.final()
    assert lot_of_final(home) == ("met", "")
    assert home.release("final").shippable


def test_a_sample_is_of_the_order_and_still_conforms(home: Home) -> None:
    """Three units of older goods are no pre-production samples; three that are rejected later were none."""
    shots = [photo(home.folder / "others" / f"o{k}.png", k, grain=201 + k) for k in range(3)]
    home.station.inspect_many(shots, golden=NUMBER, lot="OTHER", engine=Serial(), on_done=lambda _: None)
    home.clock.now += timedelta(days=1)
    home.open()
    with pytest.raises(ConflictError, match=r"unit o0 was measured on .*, before order PO-7 was opened"):
        home.station.gates.task(ORDER, "pre-production-sample", n=3, units=["o0", "o1", "o2"], by=BUYER)
    home.answers()
    home.samples()
    home.release(PP)
    assert home.states()[PP] == "released"
    for unit in home.station.units(golden=NUMBER):
        if unit.unit in ("s0", "s1"):
            home.station.review(unit.id, "reject", reason="post broken off", reviewer="QA")
    found = home.requirement(PP, "pre-production-sample")
    assert found.state == "open"
    assert "1 of 3 units are measured; unit s0 does not conform any more; unit s1 does" in found.reason
    assert home.states()[PP] == "lapsed"


def test_the_cure_clock_is_not_put_back(home: Home) -> None:
    """T15: a batch that cures is put back to no earlier time of bonding."""
    home.open(cures=True)
    home.confirm()
    gates = home.station.gates
    home.clock.now += timedelta(days=3)
    gates.bonded(ORDER, "B-9", by=BUYER)
    before = home.requirement("final", "cure")
    assert before.state == "open"
    assert "batch B-9" in before.reason
    with pytest.raises(ConflictError, match=r"B-9 is on record as bonded at .* which is not put back to") as caught:
        gates.bonded(ORDER, "B-9", at=home.clock.now - timedelta(hours=47), by=BUYER)
    assert "a batch of their own" in caught.value.do
    assert home.requirement("final", "cure").reason == before.reason
    later = home.clock.now + timedelta(hours=5)
    home.clock.now = later
    gates.bonded(ORDER, "B-9", by=BUYER)
    assert f"bonded {later:%Y-%m-%d %H:%M} UTC" in home.requirement("final", "cure").reason


def test_of_a_batch_the_latest_time_counts() -> None:
    """Also where an earlier one was recorded behind it."""
    order = planned().model_copy(update={"cures": True})
    events = [
        GateEvent(kind="bonded", at=NOW, gate="final", key="B-9", bonded_at=NOW - timedelta(hours=h)) for h in (1, 47)
    ]
    assert required(order, events, "final", "cure").state == "open"


def test_a_critical_failure_is_not_looked_away() -> None:
    """After one somebody has to do something, and as many units are tried again; the failure stays to be seen."""
    order = planned()

    def later(minutes: int, **fields: object) -> GateEvent:
        return GateEvent.model_validate({"at": NOW + timedelta(minutes=minutes), "gate": "first-off", **fields})

    def tried(minutes: int, n: int) -> GateEvent:
        return later(minutes, kind="checked", key="function", n=n, wrong=0)

    failed = checked("first-off", "function", 5, 1, "critical")
    now = NOW + timedelta(hours=1)
    one = required(order, [failed, tried(1, 1)], "first-off", "function", now=now)
    assert (one.state, one.waivable) == ("open", False)
    assert "1 of 5 units failed (critical)" in one.reason
    assert "and 1 of the 5 units needed were tried since" in one.reason
    same = required(order, [failed, tried(1, 5)], "first-off", "function", now=now)
    assert (same.state, same.waivable) == ("open", False)
    assert "no anomaly was resolved and no lot replaced" in same.reason
    assert same.command.startswith("station gate escalate PO-7")
    assert "--gate first-off" in same.command
    mended = [
        failed, later(1, kind="anomaly", text="1 post broke at 12 N"),
        later(2, kind="resolved", number=1, text="solder paste 2 exchanged"),
    ]  # fmt: skip
    after = required(order, [*mended, tried(3, 5)], "first-off", "function", now=now)
    assert after.state == "met"
    assert any("1 of 5 units failed (critical)" in e.about for e in after.evidence)
    early = required(order, [failed, tried(1, 5), *mended[1:]], "first-off", "function", now=now)
    assert early.state == "open"
