"""The rules of gates: sizes and plans, the ladder, the trigger, and that nothing opens past a closed gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from station.errors import ConflictError, RequestError
from station.lots.order_advice import Making, advice
from station.lots.orders import GATES, Order
from station.quality.escalation import read_level, replay_anomalies, vet_climb
from station.quality.gate_rules import (
    CLUTCHES,
    FINAL_BY_TYPE,
    QUESTIONS,
    gate_tests,
    questions,
    vet_plan,
    wanted_samples,
)
from station.quality.gates import find_gate, order_gates, require_open, require_released_by, waivable
from station.values.documents import Verdict
from station.values.gates import (
    ArtefactInForce,
    ControlGate,
    ControlPlan,
    EvidenceItem,
    FirstArticleDocument,
    GateEvent,
    GateFacts,
    GateLot,
    GateStatement,
    GateStatus,
    LadderLevel,
    OrderGatesDocument,
    OrderRecord,
    PlannedGate,
)
from station.values.orders import Profile

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
NAMES: tuple[ControlGate, ...] = ("pre-production", *GATES["mixed"])


def record(
    *, names: tuple[ControlGate, ...] = NAMES, kind: str = "pin", beside: tuple[int, ...] = (), units: int = 1000,
    cures: bool = False, profile: Profile = "mixed",
) -> OrderRecord:  # fmt: skip
    allowed = {"major": 5, "minor": 7}  # of the whole sample
    gates = tuple(
        PlannedGate(gate=g, when="", n=5 if g == "first-off" else 20, lot=units,
                    allowed=allowed if g in ("in-line", "final") else {})
        for g in names
    )  # fmt: skip
    return OrderRecord(
        order="PO-7", sku="MAS", product_type=kind, golden="GS-1", golden_version=1, golden_digest="a", units=units,
        beside=beside, cures=cures, profile=profile, gates=gates, by="M. Weber", at=NOW,
    )  # fmt: skip


def form(verdict: Verdict = Verdict.CONFORMS) -> FirstArticleDocument:
    return FirstArticleDocument(
        order="PO-7", sku="MAS", golden="GS-1", golden_version=1, sheet_digest="s", lots=("F",), units=("f",), needed=5,
        rows=(), functional="", verdict=verdict, reasons=() if verdict == "conforms" else ("1 width: is off",),
    )  # fmt: skip


def facts(**changed: object) -> GateFacts:
    given = {
        "version": 1, "golden_digest": "a", "state": "approved", "superseded_by": None, "version_reason": "",
        "open_items": (), "sheet_digest": "s", "artwork": "", "catalogue": True, "lux": (800.0, 1000.0),
        "signed_by": ("buyer", "supplier"), "held_by_factory": 1, "artefacts": {}, "lots": (), "form": form(),
    }  # fmt: skip
    return GateFacts.model_validate({**given, **changed})


def test_ten_questions_and_three_more_for_several_skus() -> None:
    """W1, N16."""
    assert len(QUESTIONS) == 10
    assert set(questions(record(beside=(200,)))) - set(questions(record())) == {
        "packing-mockup", "carton-assortment", "barcode-map",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("magnet", {"retention"}), ("keychain", {"ring-opening", "swivel"}), ("pin", {"post-alignment", "clutch-fit"}),
        ("coin", set()),
    ],
)  # fmt: skip
def test_every_type_has_its_tests(kind: str, own: set[str]) -> None:
    """W16, T12, P1: packing and count of all types; a clutch is tried on twenty units, or on all of a smaller order."""
    final = record(kind=kind).gates[-1]
    names = {t.name for t in gate_tests(record(kind=kind), final)}
    assert names == {"appearance", "dimensions", "assembly", "count", "packaging"} | own
    assert CLUTCHES == 20
    clutch = next(t for t in FINAL_BY_TYPE["pin"] if t.name == "clutch-fit")
    assert clutch.n == 20
    small = record(units=12)
    assert next(t.n for t in gate_tests(small, small.gates[-1]) if t.name == "clutch-fit") == 12


def test_samples_of_one_three_and_fifty() -> None:
    """W2, W3, P1: three pre-production samples, the first article, the first fifty pieces; where there is no in-line
    inspection the fifty are asked at the final one."""
    full = record()
    asked = {g: wanted_samples(full, g) for g in NAMES}
    assert {(g, k): s.n for g, found in asked.items() for k, s in found.items()} == {
        ("pre-production", "pre-production-sample"): 3, ("first-off", "first-article"): 1, ("in-line", "first-50"): 50,
    }  # fmt: skip
    short = record(names=("pre-production", "first-off", "final"), units=30)
    assert wanted_samples(short, "final")["first-50"].n == 30


@pytest.mark.parametrize(
    ("gate", "plan", "missing"),
    [
        ("incoming", ControlPlan(what=("blanks",)), "--standard, --ratio, --signer, --keeper"),
        ("in-line", ControlPlan(what=("fill depth",), frequency="every 200", keeper="Chen"), "--sop"),
        ("in-line", ControlPlan(what=("x",), frequency="x", keeper="x", sop="procedure"), "names no version"),
        ("in-line", ControlPlan(what=("x",), frequency="x", keeper="x", sop="SOP-12"), "names no version"),
        ("in-line", ControlPlan(what=("x",), frequency="x", keeper="x", sop="WI 7.3 filling"), "names no version"),
        ("final", ControlPlan(what=("x",)), "has no plan of its own"),
    ],
)
def test_a_plan_says_everything(gate: ControlGate, plan: ControlPlan, missing: str) -> None:
    """W5, W7."""
    with pytest.raises(RequestError, match=missing):
        vet_plan(gate, plan)


@pytest.mark.parametrize(
    "sop", ["SOP-12 rev 3", "SOP-12 Rev.C", "SOP-12 v2.1", "filling, edition 2", "SOP-12 of 2026-05-01", "灌色 第 3 版"]
)
def test_a_procedure_with_its_version_passes(sop: str) -> None:
    """W7."""
    vet_plan("in-line", ControlPlan(what=("x",), every_hours=4.0, keeper="x", sop=sop))


def in_line(made: int, checked: int | None = None) -> str:
    """Why the in-line gate's trigger is open, "" where it is met."""
    events = [GateEvent(kind="made", at=NOW, n=made)]
    if checked is not None:
        events.append(GateEvent(kind="checked", at=NOW, gate="in-line", key="sample", n=20, share=checked / 1000))
    found = order_gates(record(), events, facts(), NOW)
    return next(r.reason for r in find_gate(found, "in-line").requirements if r.key == "completion")


def test_in_line_is_due_at_ten_to_twenty_per_cent() -> None:
    """W7, W10: the bounds are part of it; later is too late."""
    assert "is due when 10% to 20% is made; 99 of 1,000" in in_line(99)
    assert "is due now" in in_line(100)
    assert "30% is made and the in-line inspection was due between" in in_line(300)
    assert in_line(300, checked=100) == ""
    assert in_line(300, checked=200) == ""
    assert "was due between" in in_line(300, checked=201)
    assert "was due between" in in_line(300, checked=99)


def test_a_batch_is_locked_until_the_first_article_is_released() -> None:
    """W6: pieces made before are remarked on, whatever was said of them."""
    found = order_gates(record(), [GateEvent(kind="made", at=NOW, n=6)], facts(form=form(Verdict.UNDECIDED)), NOW)
    assert found.remarks == ("6 units are made and the first-off gate is locked: the batch is locked",)
    assert order_gates(record(), [GateEvent(kind="made", at=NOW, n=5)], facts(), NOW).remarks == ()


def test_an_anomaly_climbs_the_ladder_and_blocks() -> None:
    """W7: levels, who, deadline, overdue; the ladder of the plan that was in force."""
    ladder = (LadderLevel(who="line leader", hours=2), LadderLevel(who="QA manager", hours=8))
    plan = ControlPlan(what=("fill",), frequency="every 200", keeper="Chen", sop="SOP-12 rev 3", ladder=ladder)
    events = [
        GateEvent(kind="planned", at=NOW, gate="in-line", plan=plan),
        GateEvent(kind="anomaly", at=NOW, gate="in-line", by="Chen", text="fill 0.02 mm too low"),
    ]
    (one,) = replay_anomalies(events, NOW + timedelta(hours=2))
    assert (one.level, one.who, one.overdue, one.next_who) == (1, "line leader", False, "QA manager")
    (late,) = replay_anomalies(events, NOW + timedelta(hours=2, seconds=1))
    assert late.overdue
    found = order_gates(record(), events, facts(), NOW + timedelta(hours=3))
    assert found.remarks == (
        "anomaly 1 is overdue with line leader since 2026-06-01 10:00 UTC: QA manager decides now",
    )
    key = next(r for r in find_gate(found, "in-line").requirements if r.key == "anomaly 1")
    assert (key.state, key.waivable) == ("open", False)
    events.append(GateEvent(kind="escalated", at=NOW + timedelta(hours=3), number=1))
    (up,) = replay_anomalies(events, NOW + timedelta(hours=4))
    assert (up.level, up.who, up.due, up.next_who) == (2, "QA manager", NOW + timedelta(hours=11), "")
    with pytest.raises(ConflictError, match="highest level"):
        vet_climb(up)
    events.append(GateEvent(kind="resolved", at=NOW + timedelta(hours=5), number=1, text="dispenser set to 0.06 mm"))
    (done,) = replay_anomalies(events, NOW + timedelta(days=9))
    assert not done.overdue


@pytest.mark.parametrize("text", ["", "leader", "leader=", "leader=0", "=2", "leader=-1", "leader=inf", "leader=nan"])
def test_a_rung_needs_who_and_hours(text: str) -> None:
    with pytest.raises(RequestError, match="is no level of the ladder"):
        read_level(text)


def test_risk_schedule_and_minimum() -> None:
    """W13, W14, W15: a simple order has no risk to speak of; three days and seven mean shortcuts."""
    plain = advice(Order(units=(100,)), Making("pin", "bright nickel"))
    assert (plain.points, plain.level, plain.plausible, plain.minimum) == (0, "low", True, ())
    hard = Making("magnet", "Antique Brass", epoxy=True, boxed=True, sample_days=3, production_days=7)
    found = advice(Order(units=(900, 200), carded=True), hard)
    assert (found.points, found.level) == (9, "high")
    assert found.production_days == (12, 24)
    assert found.schedule == (
        "a sample in 3 days; usual are 5 to 9",
        "production in 7 days with an antique finish, epoxy, a gift box, carding, several SKUs; usual are 12 to 24",
        "expect shortcuts in plating, filling or packing",
    )
    assert found.minimum == ("SKU 2: 200 units, suppliers usually ask for 300 or more of a magnet",)
    edge = advice(Order(units=(100, 99)), Making("keychain", sample_days=5, production_days=12))
    assert edge.plausible
    assert [m.split(":")[0] for m in edge.minimum] == ["SKU 1", "SKU 2"]
    with pytest.raises(RequestError, match="no lead time"):
        advice(Order(units=(100,)), Making(sample_days=0))


class Gates(RuleBasedStateMachine):
    """Commands in any order, as the station records them: each is refused by the rules or becomes an event."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[GateEvent] = []
        self.facts = facts()
        self.now = NOW
        self.critical: set[str] = set()

    @initialize(names=st.sampled_from([("pre-production", *GATES[p]) for p in GATES]), cures=st.booleans())
    def begin(self, names: tuple[ControlGate, ...], cures: bool) -> None:
        self.record = record(names=names, cures=cures)

    @property
    def found(self) -> OrderGatesDocument:
        return order_gates(self.record, self.events, self.facts, self.now)

    def say(self, **fields: object) -> None:
        self.now += timedelta(minutes=1)
        self.events.append(GateEvent.model_validate({"at": self.now, "by": "M. Weber", **fields}))

    @rule(key=st.sampled_from(["spec", "packaging", "logo", "label", "carton", "material-colour", "quantity-delivery"]))
    def answer(self, key: str) -> None:
        newest = self.facts.artefacts.get(key)
        item = EvidenceItem(kind="file", name=key, sha256="s" if key == "spec" else newest.sha256 if newest else "f",
                            artefact=key if newest else "", version=newest.version if newest else None)  # fmt: skip
        self.say(kind="answered", gate="pre-production", key=key, evidence=(item,))

    @rule()
    def every_answer_and_sample(self) -> None:
        for key in ("spec", "packaging", "logo", "label", "carton", "material-colour", "quantity-delivery"):
            self.answer(key)
        for gate in self.record.gates:
            for kind, s in wanted_samples(self.record, gate.gate).items():
                shown = [EvidenceItem(kind="file", name=p, sha256="f", about=p) for p in s.photos]
                shown += [EvidenceItem(kind="unit", name=f"s{k}") for k in range(s.measured)]
                self.say(kind="sample", gate=gate.gate, key=kind, n=s.n, evidence=tuple(shown))
            if gate.gate in ("incoming", "in-line"):
                self.say(kind="planned", gate=gate.gate, plan=ControlPlan(what=("x",)))

    @rule(wrong=st.sampled_from([0, 0, 0, 1, 3]), defect_class=st.sampled_from(["critical", "major"]), data=st.data())
    def check(self, wrong: int, defect_class: str, data: st.DataObject) -> None:
        self.check_gate(data.draw(st.sampled_from(self.record.gates)), wrong, defect_class)

    @rule()
    def check_every_gate(self) -> None:
        for gate in self.record.gates:
            self.check_gate(gate, 0, "major")

    def check_gate(self, gate: PlannedGate, wrong: int, defect_class: str) -> None:
        try:
            require_open(self.found, gate.gate, "not inspected")
        except ConflictError:
            return
        tests = gate_tests(self.record, gate)
        for t in tests:
            self.say(kind="checked", gate=gate.gate, key=t.name, n=t.n, wrong=min(wrong, t.n or 0),
                     share=0.15, **({"class": defect_class} if wrong else {}))  # fmt: skip

    @rule()
    def start(self) -> None:
        before = [g for g in self.found.gates if g.gate in ("pre-production", "incoming")]
        if all(g.passed for g in before) and self.found.started_at is None:
            self.say(kind="started", holds=self.facts.catalogue)

    @rule(data=st.data())
    def inspect_a_lot(self, data: st.DataObject) -> None:
        """A lot is decided only where every gate before its own is passed."""
        self.decide(data.draw(st.sampled_from([g.gate for g in self.record.gates[1:] if g.gate != "incoming"])))

    def decide(self, gate: ControlGate) -> None:
        found = self.found
        try:
            require_open(found, gate, "lot L is not decided")
        except ConflictError:
            return
        position = [g.gate for g in found.gates].index(gate)
        assert all(g.passed for g in found.gates[:position])
        assert found.started_at is not None
        lot = GateLot(lot=f"L{len(self.facts.lots)}", gate=gate, size=1000, inspected=80, decision="accepted",
                      critical=False, reasons=())  # fmt: skip
        self.facts = self.facts.model_copy(update={"lots": (*self.facts.lots, lot)})

    @rule(hours=st.sampled_from([1, 23, 24, 30]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def bond(self) -> None:
        if self.found.started_at is not None:
            self.say(kind="bonded", key="B", bonded_at=self.now)

    @rule()
    def new_label(self) -> None:
        known = self.facts.artefacts.get("label")
        version = 1 if known is None else known.version + 1
        newest = ArtefactInForce(version=version, sha256=f"v{version}", signed_by=("buyer", "supplier"))
        self.facts = self.facts.model_copy(update={"artefacts": {"label": newest}})

    @rule(verdict=st.sampled_from(list(Verdict)))
    def first_pieces(self, verdict: Verdict) -> None:
        self.facts = self.facts.model_copy(update={"form": form(verdict)})

    @rule()
    def anomaly(self) -> None:
        if "in-line" in [g.gate for g in self.record.gates]:
            self.say(kind="anomaly", gate="in-line", text="fill 0.02 mm too low")

    @rule()
    def resolve(self) -> None:
        for a in self.found.anomalies:
            if a.resolved_at is None:
                self.say(kind="resolved", number=a.number, gate=a.gate, text="done")

    def sign(self, act: str, gate: ControlGate, key: str, basis: str) -> GateStatement:
        return GateStatement.model_validate({
            "act": act, "order": "PO-7", "sku": "MAS", "gate": gate, "requirement": key, "golden": "GS-1",
            "golden_version": 1, "golden_digest": "a", "basis": basis, "party": "buyer", "name": "M. Weber", "role": "",
            "at": self.now.isoformat(), "text": "",
        })  # fmt: skip

    @rule(data=st.data())
    def waive(self, data: st.DataObject) -> None:
        gate = data.draw(st.sampled_from(self.found.gates))
        one = data.draw(st.sampled_from(gate.requirements)) if gate.requirements else None
        if one is None:
            return
        try:
            excused = waivable(self.found, gate.gate, one.key)
        except ConflictError:
            return
        checked = next((e for e in reversed(self.events) if e.kind == "checked" and e.gate == gate.gate
                        and e.key == one.key), None)  # fmt: skip
        sorted_out = gate.gate == "sort" and one.key == "sort"
        assert checked is None or not checked.wrong or checked.defect_class != "critical" or sorted_out
        self.say(kind="waived", gate=gate.gate, key=one.key, text="1 reason",
                 statement=self.sign("waiver", gate.gate, one.key, excused.fault or excused.reason))  # fmt: skip

    @rule()
    def release_all_that_can_be(self) -> None:
        for planned in self.record.gates:
            found = self.found
            position = [g.gate for g in found.gates].index(planned.gate)
            try:
                require_released_by(found, planned.gate)
            except ConflictError:
                continue
            assert all(g.passed for g in found.gates[:position])
            versions = {"product": 1, **{k: a.version for k, a in self.facts.artefacts.items()}}
            status = found.gates[position]
            self.say(kind="released", gate=planned.gate, versions=versions, public_key="00" * 32,
                     statement=self.sign("release", planned.gate, "", status.basis))  # fmt: skip

    @invariant()
    def nothing_is_open_past_a_closed_gate(self) -> None:
        if not hasattr(self, "record"):
            return
        found = self.found
        passed = [g.passed for g in found.gates]
        assert passed == sorted(passed, reverse=True)
        for g in found.gates:
            if g.passed:
                assert g.state == "released"
                assert all(r.state != "open" for r in g.requirements)
                assert g.release is not None
                self.no_own_number_allows_a_wrong_unit(g)
            else:
                assert g.reason
                assert g.command.startswith("station ")
        assert found.shippable == all(passed)

    def no_own_number_allows_a_wrong_unit(self, gate: GateStatus) -> None:
        """T12, W16: what the plan allows of its whole sample is not allowed of five units, or of one."""
        planned = next(g for g in self.record.gates if g.gate == gate.gate)
        met = {r.key for r in gate.requirements if r.state == "met"}
        newest = {e.key: e for e in self.events if e.kind == "checked" and e.gate == gate.gate}
        for t in gate_tests(self.record, planned):
            if t.name in met and t.name in newest and not t.by_plan:
                assert newest[t.name].wrong == 0


def test_the_machine_comes_to_the_end_where_everything_is_done() -> None:
    """W4: without this the machine could be one that never opens anything."""
    machine = Gates()
    machine.begin(("pre-production", *GATES["mixed"]), cures=True)
    machine.every_answer_and_sample()
    machine.release_all_that_can_be()
    for _ in machine.record.gates:
        machine.check_every_gate()
        machine.start()
        if machine.found.started_at is not None and not any(e.kind == "bonded" for e in machine.events):
            machine.bond()
            machine.wait(24)
        machine.decide("final")
        machine.release_all_that_can_be()
        machine.nothing_is_open_past_a_closed_gate()
    assert machine.found.shippable
    machine.new_label()
    assert machine.found.gates[0].state == "lapsed"
    assert not any(g.passed for g in machine.found.gates)


TestGates = Gates.TestCase
TestGates.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
