"""How many units may fail a test of a gate, what a waiver goes on covering, and when a bond may be pulled."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from test_gate_rules import NOW, facts, record

from station.lots.orders import Order, plan_order
from station.quality.escalation import replay_anomalies
from station.quality.gates import find_gate, order_gates
from station.service.gate_planning import planned_gates
from station.sheet import load_sheet
from station.values.gates import (
    ControlGate,
    ControlPlan,
    EvidenceItem,
    GateEvent,
    GateFacts,
    GateLot,
    GateStatement,
    OrderRecord,
    Requirement,
)

SHEET = 'schema = 1\n[product]\nsku = "MAS"\ntype = "pin"\n'


def required(
    order: OrderRecord, events: list[GateEvent], gate: ControlGate, key: str, known: GateFacts | None = None,
    now: datetime = NOW,
) -> Requirement:  # fmt: skip
    found = find_gate(order_gates(order, events, known or facts(), now), gate)
    return next(r for r in found.requirements if r.key == key)


def checked(gate: ControlGate, key: str, n: int, wrong: int, defect_class: str | None = "major") -> GateEvent:
    return GateEvent.model_validate({
        "kind": "checked", "at": NOW, "gate": gate, "key": key, "n": n, "wrong": wrong, "text": "3 scratched",
        "class": defect_class if wrong else None, "lux": 900.0,
    })  # fmt: skip


def waived(gate: ControlGate, r: Requirement, basis: str | None = None) -> GateEvent:
    said = GateStatement(
        act="waiver", order="PO-7", sku="MAS", gate=gate, requirement=r.key, golden="GS-1", golden_version=1,
        golden_digest="a", basis=r.fault if basis is None else basis, party="buyer", name="M. Weber", role="",
        at=NOW.isoformat(), text="1 reason",
    )  # fmt: skip
    return GateEvent(kind="waived", at=NOW, gate=gate, key=r.key, text="1 reason", statement=said)


def planned(units: int = 1200, **terms: bool) -> OrderRecord:
    gates = planned_gates(Order(units=(units,), carded=True, **terms), load_sheet(SHEET.encode()))
    return record(units=units).model_copy(update={"gates": gates})


@pytest.mark.parametrize(
    ("key", "n", "wrong"), [("count", 1, 1), ("dimensions", 5, 3), ("packaging", 5, 1), ("clutch-fit", 20, 3)]
)
def test_a_test_with_its_own_number_allows_no_unit_to_fail(key: str, n: int, wrong: int) -> None:
    """T12, W16: five of eighty may be major, five of five may not; nor one of one carton, nor three of twenty clutches.
    The tests on the whole sample keep the plan's numbers."""
    order = planned()
    final = order.gates[-1]
    assert (final.gate, final.n, final.allowed["major"]) == ("final", 80, 5)
    found = required(order, [checked("final", key, n, wrong)], "final", key)
    assert found.state == "open"
    assert f"{wrong} of {n} units are nonconforming (major), 0 allowed" in found.reason
    assert required(order, [checked("final", key, n, 0)], "final", key).state == "met"
    assert required(order, [checked("final", "assembly", 80, 5)], "final", "assembly").state == "met"
    assert required(order, [checked("final", "assembly", 80, 6)], "final", "assembly").state == "open"


def test_a_sort_is_met_once_every_unit_was_looked_at_and_says_what_was_taken_out() -> None:
    """W12: that is what it is for; a hundred units are no sort of fifteen hundred."""
    order = planned(1500, premium=True)
    some = required(order, [checked("sort", "sort", 1499, 3, "critical")], "sort", "sort")
    assert (some.state, some.reason) == ("open", "every unit for critical cosmetics: 1499 of 1500 units were tried")
    found = required(order, [checked("sort", "sort", 1500, 3, "critical")], "sort", "sort")
    assert found.state == "met"
    assert [e.about for e in found.evidence] == ["3 of 1500 taken out: 3 scratched"]


def test_a_premium_order_without_agreed_sampling_is_held_to_the_premium_plan() -> None:
    """S6, W12: defaults of the sheet are nothing that was agreed; `order plan` and `gate open` plan the same."""
    order = planned(1500, premium=True)
    told = plan_order(Order(units=(1500,), carded=True, premium=True))
    assert order.gates[-1].allowed == {p.defect_class: p.ac for p in told.gates[-1].plans}
    assert order.gates[-1].allowed["major"] < planned(1500).gates[-1].allowed["major"]
    agreed = load_sheet((SHEET + "[aql]\nmajor = 4.0\n").encode())
    wide = planned_gates(Order(units=(1500,), carded=True, premium=True), agreed)
    assert wide[-1].allowed["major"] > order.gates[-1].allowed["major"]


def test_what_should_be_known_of_the_plan_is_told_with_the_order() -> None:
    """S6."""
    said = "a premium order usually agrees on major AQL 1.5; 4 is agreed"
    assert said in order_gates(record(), [], facts(plan_remarks=(said,)), NOW).remarks


def test_a_waiver_of_the_in_line_inspection_outlives_the_next_pieces() -> None:
    """W7, W10: the percentage is no part of what was excused."""
    order, made = record(), lambda n: GateEvent(kind="made", at=NOW, n=n)
    found = required(order, [made(330)], "in-line", "completion")
    assert (found.state, found.fault) == ("open", "missed")
    events = [made(330), waived("in-line", found), made(350), made(900)]
    assert required(order, events, "in-line", "completion").state == "waived"
    early = required(order, [made(50)], "in-line", "completion")
    events = [made(50), waived("in-line", early), made(60)]
    assert required(order, events, "in-line", "completion").state == "waived"
    assert required(order, [*events, made(150)], "in-line", "completion").state == "open"  # it is due now


def test_a_waiver_of_a_missed_check_covers_that_check_and_not_the_next() -> None:
    """W7."""
    plan = ControlPlan(what=("fill",), every_pieces=100, keeper="Chen", sop="SOP-12 rev 3")
    made = [GateEvent(kind="made", at=NOW, n=n) for n in (100, 210, 260, 301)]
    begun = [
        GateEvent(kind="planned", at=NOW, gate="in-line", plan=plan), made[0], checked("in-line", "sample", 20, 0),
    ]  # fmt: skip
    found = required(record(), [*begun, made[1]], "in-line", "frequency")
    assert found.state == "open"
    excused = [*begun, made[1], waived("in-line", found)]
    assert required(record(), excused, "in-line", "frequency").state == "waived"
    assert required(record(), [*excused, made[2]], "in-line", "frequency").state == "waived"
    assert required(record(), [*excused, made[3]], "in-line", "frequency").state == "open"


def test_a_waiver_of_missing_units_covers_as_many_and_fewer() -> None:
    """A short delivery that was agreed is not asked about anew as more of it is decided; a shorter one is."""

    def decided(*sizes: int) -> GateFacts:
        return facts(lots=tuple(
            GateLot(lot=f"L-{k}", gate="final", size=s, inspected=80, decision="accepted", critical=False, reasons=())
            for k, s in enumerate(sizes)
        ))  # fmt: skip

    found = required(record(), [], "final", "quantity", decided(950))
    events = [waived("final", found)]
    states = {s: required(record(), events, "final", "quantity", decided(*s)).state
              for s in [(950,), (950, 20), (940,), (950, 50)]}  # fmt: skip
    assert states == {(950,): "waived", (950, 20): "waived", (940,): "open", (950, 50): "met"}


def test_a_waiver_of_an_earlier_station_was_given_for_the_words_and_holds() -> None:
    """Orders that are under way replay as they were."""
    made = GateEvent(kind="made", at=NOW, n=330)
    found = required(record(), [made], "in-line", "completion")
    assert required(record(), [made, waived("in-line", found, found.reason)], "in-line", "completion").state == "waived"
    assert required(record(), [made, waived("in-line", found, "another")], "in-line", "completion").state == "open"
    assert required(record(), [made, waived("in-line", found, "")], "in-line", "completion").state == "open"


def test_what_was_shown_of_another_version_says_nothing_of_this_one() -> None:
    """W1: artwork by its name and its SHA-256, samples and colour by the golden sample's version."""
    old, new = "a" * 64, "b" * 64
    file = EvidenceItem(kind="file", name="alpine-r4.ai", sha256=old)
    unit = EvidenceItem(kind="unit", name="s0", sha256="u", about="GS-1 v1")  # as earlier stations recorded it
    shown = [EvidenceItem(kind="file", name=p, sha256="f", about=p) for p in ("overall", "dimensions")]
    units = [unit.model_copy(update={"name": f"s{k}"}) for k in range(3)]
    events = [
        GateEvent(kind="answered", at=NOW, gate="pre-production", key="logo", text="final", evidence=(file,)),
        GateEvent(kind="answered", at=NOW, gate="pre-production", key="material-colour", evidence=(unit,)),
        GateEvent(kind="sample", at=NOW, gate="pre-production", key="pre-production-sample", n=3,
                  evidence=(*shown, *units)),
    ]  # fmt: skip
    keys = ("logo", "material-colour", "pre-production-sample")
    first = facts(artwork="alpine-r4", artwork_sha256=old)
    assert {required(record(), events, "pre-production", k, first).state for k in keys} == {"met"}
    second = facts(version=2, artwork="alpine-r4", artwork_sha256=new)
    moved = [*events, GateEvent(kind="golden", at=NOW, golden_version=2, golden_digest="b")]
    reasons = [required(record(), moved, "pre-production", k, second).reason for k in keys]
    assert reasons == [
        f"the logo file that was shown has the SHA-256 {old[:12]}, the artwork in force has {new[:12]}",
        "material and colour were confirmed of version 1, the order is held to version 2",
        "pre-production-sample: shown of version 1, the order is held to version 2",
    ]
    assert not any("artwork" in r for r in order_gates(record(), events, first, NOW).remarks)
    recorded = order_gates(record(), events, facts(artwork_sha256=old), NOW)
    assert not any("artwork" in r for r in recorded.remarks)
    assert order_gates(record(), events, facts(), NOW).remarks[0] == (
        "no artwork of golden GS-1 is on record, so that any file answers for the logo, as alpine-r4.ai did: "
        "station golden artwork GS-1 FILE --by WHO"
    )
    assert not order_gates(record(), [], facts(), NOW).remarks
    renamed = facts(artwork="alpine-r5")
    assert "names the artwork 'alpine-r5'" in required(record(), events, "pre-production", "logo", renamed).reason
    late = [*moved, events[1].model_copy(), events[2].model_copy()]  # said anew, with the old units
    reasons = [required(record(), late, "pre-production", k, second).reason for k in keys[1:]]
    assert reasons == [
        "unit s0 was measured against version 1, the order is held to version 2",
        "pre-production-sample: 0 of 3 units are measured",
    ]


def test_a_magnet_is_pulled_when_its_bond_has_cured_for_48_hours() -> None:
    """T15: packed after 24 hours, pulled after 48; no reason excuses it, and a later batch is tried anew."""
    order = record(kind="magnet", cures=True)
    bonded = GateEvent(kind="bonded", at=NOW, gate="pre-pack", key="B-1", bonded_at=NOW)

    def tried(hours: float, *more: GateEvent) -> Requirement:
        test = checked("final", "retention", 5, 0).model_copy(update={"at": NOW + timedelta(hours=hours)})
        return required(order, [bonded, test, *more], "final", "retention", now=NOW + timedelta(hours=99))

    early = tried(25)
    assert (early.state, early.waivable) == ("open", False)
    assert (
        "on 2026-06-02 09:00 UTC: batch B-1, bonded 2026-06-01 08:00 UTC, may be pulled from 2026-06-03" in early.reason
    )
    assert tried(48).state == "met"
    again = bonded.model_copy(update={"key": "B-2", "bonded_at": NOW + timedelta(hours=47)})
    assert "batch B-2" in tried(48, again).reason
    unbonded = required(order, [checked("final", "retention", 5, 0)], "final", "retention")
    assert (unbonded.state, unbonded.waivable) == ("open", False)
    assert required(record(kind="magnet"), [checked("final", "retention", 5, 0)], "final", "retention").state == "met"


def test_a_step_too_many_on_the_ladder_is_replayed_as_none() -> None:
    """W7: recorded by two at once, it must not keep the order from being read."""
    events = [GateEvent(kind="anomaly", at=NOW, gate="in-line", text="a")]
    events += [GateEvent(kind="escalated", at=NOW + timedelta(hours=k), gate="in-line", number=1) for k in (1, 2, 3)]
    (found,) = replay_anomalies(events, NOW + timedelta(hours=4))
    assert (found.level, found.next_who, found.due) == (3, "", NOW + timedelta(hours=2 + 24))
