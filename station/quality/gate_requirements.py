"""What each gate of an order asks, and whether the records and what was said meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from station.quality.gate_rules import (
    ARTEFACT_OF,
    CURE,
    IN_LINE,
    MIXED_QUESTIONS,
    GateTest,
    gate_tests,
    questions,
    wanted_samples,
)
from station.quality.in_line_checks import next_check, told
from station.quality.sign_off import PRODUCT, SIGNERS
from station.values.documents import DefectClass, Verdict
from station.values.gates import (
    Anomaly,
    ControlGate,
    ControlPlan,
    EventKind,
    EvidenceItem,
    GateEvent,
    GateFacts,
    OrderRecord,
    PlannedGate,
    Requirement,
)


@dataclass(frozen=True, slots=True)
class History:
    """An order's events with the facts beside them."""

    record: OrderRecord
    events: tuple[GateEvent, ...]
    facts: GateFacts
    now: datetime
    anomalies: tuple[Anomaly, ...]

    def last(self, kind: EventKind, gate: ControlGate | None = None, key: str | None = None) -> GateEvent | None:
        """The newest event of a kind, of a gate and of a key where these are given."""
        return next(
            (
                e
                for e in reversed(self.events)
                if e.kind == kind and gate in (None, e.gate) and (key is None or e.key == key)
            ),
            None,
        )

    @property
    def golden_version(self) -> int:
        """The version of the golden sample that the order is held to."""
        moved = self.last("golden")
        return self.record.golden_version if moved is None or moved.golden_version is None else moved.golden_version

    @property
    def started_at(self) -> datetime | None:
        """When production began."""
        found = next((e for e in self.events if e.kind == "started"), None)
        return None if found is None else found.at

    @property
    def made(self) -> int:
        """Units made so far."""
        found = self.last("made")
        return 0 if found is None else found.n

    @property
    def naming(self) -> str:
        """The order as a command names it."""
        return f"{self.record.order} --sku {self.record.sku}"

    @property
    def in_force(self) -> dict[str, int]:
        """The versions in force, of the product and of every artefact."""
        return {PRODUCT: self.golden_version, **{k: a.version for k, a in self.facts.artefacts.items()}}

    def moved(self, gate: ControlGate, release: GateEvent) -> str:
        """Versions that a release rests on and that are in force no more, in words; "" where all are. Pre-production
        confirmation rests on all of them, every other gate on the product's."""
        now = self.in_force
        for name, version in release.versions.items():
            if now.get(name, version) != version and (name == PRODUCT or gate == "pre-production"):
                return f"version {version} of the {name.replace('-', ' ')}, in force is version {now[name]}"
        if gate == "pre-production" and set(now) - set(release.versions):
            name = min(set(now) - set(release.versions))
            return f"the versions there were, and there is a {name.replace('-', ' ')} now"
        return ""


def requirements(h: History, planned: PlannedGate) -> tuple[Requirement, ...]:
    """Everything that a gate asks, as it stands; waivers that hold are counted in."""
    by_gate: dict[ControlGate, Callable[[History], Iterator[Requirement]]] = {
        "pre-production": _pre_production, "incoming": _incoming, "first-off": _first_off, "in-line": _in_line,
        "pre-pack": _pre_pack, "final": _final,
    }  # fmt: skip
    found = list(by_gate[planned.gate](h)) if planned.gate in by_gate else []
    found += _samples(h, planned.gate)
    found += [_test(h, planned, t) for t in gate_tests(h.record, planned)]
    found += _lots(h, planned)
    found += _anomalies(h, planned.gate)
    return tuple(_waived(h, planned.gate, r) for r in found)


def _waived(h: History, gate: ControlGate, r: Requirement) -> Requirement:
    if r.state == "met" or not r.waivable:
        return r
    waiver = h.last("waived", gate, r.key)
    if waiver is None or waiver.statement is None or waiver.statement.basis != r.reason:
        return r
    return r.model_copy(update={"state": "waived", "waived_by": waiver.by, "waiver": waiver.text})


def _need(
    key: str, words: str, reason: str, command: str = "", *, waivable: bool = True,
    evidence: tuple[EvidenceItem, ...] = (),
) -> Requirement:  # fmt: skip
    """A requirement, met where there is no reason against it."""
    return Requirement(
        key=key, words=words, state="open" if reason else "met", reason=reason, command=command if reason else "",
        waivable=waivable, evidence=evidence,
    )  # fmt: skip


def _record(name: str, sha256: str, about: str) -> tuple[EvidenceItem, ...]:
    return (EvidenceItem(kind="record", name=name, sha256=sha256, about=about),)


# --- pre-production confirmation (W1) --------------------------------------------------------------------------------


def _pre_production(h: History) -> Iterator[Requirement]:
    f, record = h.facts, h.record
    yield _need(
        "versions", "all who work by it hold the versions in force", f.version_reason,
        f"station golden status {record.golden}", waivable=False,
    )  # fmt: skip
    for key, words in questions(record).items():
        if key == "golden":
            yield _golden(h, words)
        elif key == "open-items":
            reason = f"still to be confirmed: {', '.join(f.open_items)}" if f.open_items else ""
            command = f"station golden item list {record.golden}"
            yield _need(key, words, reason, command, waivable=False,
                        evidence=_record("control sheet", f.sheet_digest, "open_items"))  # fmt: skip
        elif key == "factory":
            yield _factory(h, words)
        else:
            yield _answer(h, key, words)


def _golden(h: History, words: str) -> Requirement:
    f, record = h.facts, h.record
    number = record.golden
    if f.superseded_by is not None:
        command = f"station gate open {record.order}-2 --golden NEW --units {record.units} --by WHO"
        return _need("golden", words, f"golden {number} is superseded by {f.superseded_by}", command, waivable=False)
    if h.golden_version != f.version:
        return _need(
            "golden", words,
            f"the order is held to version {h.golden_version} of golden {number}, in force is version {f.version}",
            f"station gate open {record.order} --golden {number} --units {record.units} --by WHO", waivable=False,
        )  # fmt: skip
    missing = [p for p in SIGNERS if p not in f.signed_by]
    reason = f"golden {number} version {f.version} is not signed by the {' and the '.join(missing)}" if missing else ""
    command = f"station golden sign {number} --party {missing[0]} --name WHO" if missing else ""
    return _need("golden", words, reason, command,
                 evidence=_record(f"golden {number} version {f.version}", f.golden_digest, f.state))  # fmt: skip


def _factory(h: History, words: str) -> Requirement:
    f, number = h.facts, h.record.golden
    held = f.held_by_factory
    reason = ""
    if held is None:
        reason = f"the factory has not said that it holds version {f.version} of golden {number}"
    elif held != f.version:
        reason = f"the factory holds version {held} of golden {number}, in force is version {f.version}"
    return _need("factory", words, reason, f"station golden acknowledge {number} --party factory --name WHO",
                 evidence=_record(f"golden {number}", "", f"factory holds version {held}"))  # fmt: skip


def _answer(h: History, key: str, words: str) -> Requirement:
    said = h.last("answered", "pre-production", key)
    command = (
        f"station gate answer {h.naming} {key} TEXT {'' if key == 'quantity-delivery' else '--file FILE '}--by WHO"
    )
    if said is None:
        return _need(key, words, f"nobody has answered that {words}", command)
    return _need(key, words, _stale(h, key, said), command, evidence=said.evidence)


def _stale(h: History, key: str, said: GateEvent) -> str:
    """Why an answer does not hold (any more): each file must still be the version in force, and signed by both."""
    f = h.facts
    for e in said.evidence:
        if key == "spec" and e.sha256 != f.sheet_digest:
            return "the control sheet that was shown is not the one in force"
        if e.artefact:
            newest = f.artefacts.get(e.artefact)
            name = e.artefact.replace("-", " ")
            if newest is None or newest.sha256 != e.sha256:
                known = "none" if newest is None else f"version {newest.version}"
                return f"the {name} that was shown is version {e.version}, in force is {known}"
            missing = [p for p in SIGNERS if p not in newest.signed_by]
            if missing:
                return f"the {name} version {newest.version} is not signed by the {' and the '.join(missing)}"
    return ""


# --- the gates of production -----------------------------------------------------------------------------------------


def _plan(h: History, gate: ControlGate, words: str, options: str) -> Requirement:
    planned = h.last("planned", gate)
    evidence = () if planned is None else _record("plan", planned.digest, planned.plan.sop if planned.plan else "")
    reason = "" if planned else f"there is no plan: {words}"
    return _need("plan", words, reason, f"station gate plan {h.naming} {gate} {options} --by WHO", evidence=evidence)


def plan_in_force(h: History, gate: ControlGate) -> ControlPlan | None:
    """The plan by which a gate is worked."""
    found = h.last("planned", gate)
    return None if found is None else found.plan


def _incoming(h: History) -> Iterator[Requirement]:
    words = "what is inspected, by which standard, which share, who signs, who keeps the records"
    yield _plan(h, "incoming", words, "--what X --standard X --ratio PERCENT --signer WHO --keeper WHO")


def _first_off(h: History) -> Iterator[Requirement]:
    form = h.facts.form
    reason = "; ".join(form.reasons[:3]) + (f"; and {len(form.reasons) - 3} more" if form.reasons[3:] else "")
    wrong = [r for r in form.rows if r.verdict is Verdict.NONCONFORMS and r.defect_class == "critical"]
    yield _need(
        "form", "every characteristic measured on the first pieces, item by item against the master",
        "" if form.verdict is Verdict.CONFORMS else reason, f"station gate first-article {h.naming}",
        waivable=not wrong,
        evidence=_record("first-article form", form.digest, f"{len(form.rows)} rows, {len(form.units)} units"),
    )  # fmt: skip


def _in_line(h: History) -> Iterator[Requirement]:
    words = "key parameters, frequency, escalation, who keeps the records, the written procedure with its version"
    yield _plan(h, "in-line", words, "--what X --every-pieces N --sop X --keeper WHO --level WHO=HOURS")
    low, high = IN_LINE
    checks = [e for e in h.events if e.kind == "checked" and e.gate == "in-line" and e.share is not None]
    in_time = any(low <= (e.share or 0) <= high for e in checks)
    done = h.made / h.record.units
    reason = ""
    if not in_time and done > high:
        reason = f"{done:.0%} is made and the in-line inspection was due between {low:.0%} and {high:.0%}"
    elif not in_time and done < low:
        reason = f"it is due when {low:.0%} to {high:.0%} is made; {h.made:,} of {h.record.units:,} units are"
    elif not in_time:
        reason = f"{done:.0%} is made: the in-line inspection is due now"
    yield _need(
        "completion", f"inspected when {low:.0%} to {high:.0%} is made", reason,
        f"station gate made {h.naming} UNITS --by WHO" if done < low
        else f"station gate check {h.naming} in-line sample --n N --wrong 0 --by WHO",
    )  # fmt: skip
    due = next_check(h)
    if due is not None:
        yield _need(
            "frequency", f"checked {told(due.every_pieces, due.every_hours)}", due.reason,
            f"station gate check {h.naming} in-line sample --n N --wrong 0 --by WHO",
            evidence=_record("last check", "", f"{due.last_at:%Y-%m-%d %H:%M} UTC, {due.last_made:,} units made"),
        )  # fmt: skip


def _pre_pack(h: History) -> Iterator[Requirement]:
    if not h.record.cures:
        return
    batches = {e.key: e for e in h.events if e.kind == "bonded"}
    if not batches:
        command = f"station gate bonded {h.naming} BATCH --by WHO"
        yield _need("cure", "bonded parts cured for 24 h", "no batch is on record with the time it was bonded", command,
                    waivable=False)  # fmt: skip
        return
    still = [e for e in batches.values() if e.bonded_at is not None and h.now < e.bonded_at + CURE]
    reason = ""
    if still:
        last = max(still, key=lambda e: (e.bonded_at, e.key))
        assert last.bonded_at is not None
        reason = (
            f"batch {last.key}, bonded {last.bonded_at:%Y-%m-%d %H:%M} UTC, cures until "
            f"{last.bonded_at + CURE:%Y-%m-%d %H:%M} UTC"
        )
    yield _need("cure", "bonded parts cured for 24 h", reason, f"station gate list {h.naming} (after that hour)",
                waivable=False, evidence=_record("cure clock", "", ", ".join(sorted(batches))))  # fmt: skip


def _final(h: History) -> Iterator[Requirement]:
    if all(g.gate != "pre-pack" for g in h.record.gates):
        yield from _pre_pack(h)
    started = next((e for e in h.events if e.kind == "started"), None)
    reason = "" if started is not None and started.holds else "no defect catalogue was signed before production began"
    yield _need(
        "catalogue", "critical, major and minor defects were in writing and signed before production", reason,
        f"station golden status {h.record.golden}", waivable=False,
        evidence=_record("control sheet", h.facts.sheet_digest, "[[defects]]"),
    )  # fmt: skip
    lots = [x for x in h.facts.lots if x.gate == "final" and x.replaced_by is None]
    sizes = [x.size for x in lots if x.size is not None and x.decision is not None]
    lacking = h.record.units - sum(sizes)
    reason = f"lots of {sum(sizes):,} of {h.record.units:,} units are decided" if lacking > 0 else ""
    yield _need("quantity", "every unit of the order is in a decided lot", reason,
                f"station gate lot {h.naming} final LOT --by WHO")  # fmt: skip


# --- what several gates ask ------------------------------------------------------------------------------------------


def _samples(h: History, gate: ControlGate) -> Iterator[Requirement]:
    for kind, s in wanted_samples(h.record, gate).items():
        said = [e for e in h.events if e.kind == "sample" and e.key == kind]
        shown = {e.about for event in said for e in event.evidence if e.kind == "file"}
        units = {e.name for event in said for e in event.evidence if e.kind == "unit"}
        lacking = [p for p in s.photos if p not in shown]
        n = max((e.n for e in said), default=0)
        reason = ""
        if not said:
            reason = f"not there: {s.words}"
        elif n < s.n:
            reason = f"{kind}: {n} of {s.n} units"
        elif lacking:
            reason = f"{kind}: no photo of {', '.join(lacking)}"
        elif len(units) < s.measured:
            reason = f"{kind}: {len(units)} of {s.measured} units are measured"
        options = " ".join(f"--photo {p}=FILE" for p in s.photos) + (" --unit UNIT" * s.measured)
        yield _need(kind, s.words, reason, f"station gate task {h.naming} {kind} --n {s.n} {options} --by WHO",
                    evidence=tuple(e for event in said for e in event.evidence))  # fmt: skip


def _test(h: History, planned: PlannedGate, test: GateTest) -> Requirement:
    """A test is met by its newest result, where enough units were tried and no more failed than the plan allows; a lot
    of the gate that was accepted stands for its sample."""
    said = h.last("checked", planned.gate, test.name)
    light = " --lux LUX" if test.visual else ""
    command = f"station gate check {h.naming} {planned.gate} {test.name} --n {test.n} --wrong 0{light} --by WHO"
    lots = [x for x in h.facts.lots if x.gate == planned.gate and x.replaced_by is None]
    accepted = bool(lots) and all(x.decision == "accepted" for x in lots)
    if test.name == "sample" and accepted and sum(x.inspected for x in lots) >= (test.n or 0):
        evidence = tuple(EvidenceItem(kind="record", name=f"lot {x.lot}", about="accepted") for x in lots)
        return _need(test.name, test.words, "", evidence=evidence)
    if said is None:
        return _need(test.name, test.words, f"not done: {test.words} ({test.n} needed)", command)
    defect_class: DefectClass = said.defect_class or "major"
    allowed = planned.allowed.get(defect_class, 0)
    reason = ""
    if said.wrong > allowed:
        reason = f"{test.words}: {said.wrong} of {said.n} units are nonconforming ({defect_class}), {allowed} allowed"
    elif said.n < (test.n or 0):
        reason = f"{test.words}: {said.n} of {test.n} units were tried"
    evidence = (*_record("check", said.digest, f"{said.wrong} of {said.n}"), *said.evidence)
    critical = said.wrong > allowed and defect_class == "critical"
    return _need(test.name, test.words, reason, command, waivable=not critical, evidence=evidence)


def _lots(h: History, planned: PlannedGate) -> Iterator[Requirement]:
    for x in h.facts.lots:
        if x.gate != planned.gate or planned.gate == "first-off" or x.replaced_by is not None:
            continue
        reason = "" if x.decision == "accepted" else f"lot {x.lot} is {x.decision or 'not decided'}"
        if x.decision == "rejected" and x.reasons:
            reason += f": {x.reasons[0]}"
        yield _need(f"lot {x.lot}", f"lot {x.lot} is accepted", reason, f"station lot decide {x.lot} --size N",
                    waivable=x.decision == "rejected" and not x.critical,
                    evidence=_record(f"lot {x.lot}", "", x.decision or ""))  # fmt: skip
    if planned.gate == "final" and not any(x.gate == "final" for x in h.facts.lots):
        yield _need("lot", "the goods are inspected as a lot", "no lot is inspected at the final gate",
                    f"station gate lot {h.naming} final LOT --by WHO")  # fmt: skip


def _anomalies(h: History, gate: ControlGate) -> Iterator[Requirement]:
    for a in h.anomalies:
        if a.gate == gate:
            reason = "" if a.resolved_at else f"anomaly {a.number} is open with {a.who}: {a.text}"
            yield _need(f"anomaly {a.number}", f"anomaly {a.number} is resolved", reason,
                        f"station gate resolve {h.naming} {a.number} TEXT --by WHO", waivable=False,
                        evidence=_record(f"anomaly {a.number}", "", a.resolution))  # fmt: skip


def is_artefact_question(key: str) -> bool:
    """Whether a question is about the newest file of an artefact."""
    return key in ARTEFACT_OF or key in MIXED_QUESTIONS
