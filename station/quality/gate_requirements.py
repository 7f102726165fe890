"""What each gate of an order asks, and whether the records and what was said meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from station.quality.cure_clock import bonded_batches, cure_reason, pull_reason, seen_at
from station.quality.gate_confirmation import confirmation
from station.quality.gate_history import History, covered, measured_against, need, record_item
from station.quality.gate_lots import is_accepted, lots_of, quantity, replaced_since
from station.quality.gate_rules import (
    IN_LINE,
    GateTest,
    gate_tests,
    wanted_samples,
)
from station.quality.in_line_checks import missed, next_check, told
from station.values.digest import digest
from station.values.documents import DefectClass, Verdict
from station.values.gates import (
    ControlGate,
    EvidenceItem,
    FirstArticleDocument,
    GateEvent,
    PlannedGate,
    Requirement,
)


def requirements(h: History, planned: PlannedGate) -> tuple[Requirement, ...]:
    """Everything that a gate asks, as it stands; waivers that hold are counted in."""
    by_gate: dict[ControlGate, Callable[[History], Iterator[Requirement]]] = {
        "pre-production": confirmation, "incoming": _incoming, "first-off": _first_off, "in-line": _in_line,
        "pre-pack": _pre_pack, "final": _final,
    }  # fmt: skip
    found = list(by_gate[planned.gate](h)) if planned.gate in by_gate else []
    found += _samples(h, planned.gate)
    found += [_test(h, planned, t) for t in gate_tests(h.record, planned)]
    found += lots_of(h, planned)
    found += _anomalies(h, planned.gate)
    return tuple(_waived(h, planned.gate, r) for r in found)


def _waived(h: History, gate: ControlGate, r: Requirement) -> Requirement:
    if r.state == "met" or not r.waivable:
        return r
    waiver = h.last("waived", gate, r.key)
    if waiver is None or waiver.statement is None or not covered(waiver.statement.basis, r):
        return r
    return r.model_copy(update={"state": "waived", "waived_by": waiver.by, "waiver": waiver.text})


# --- the gates of production -----------------------------------------------------------------------------------------


def _plan(h: History, gate: ControlGate, words: str, options: str) -> Requirement:
    planned = h.last("planned", gate)
    evidence = () if planned is None else record_item("plan", planned.digest, planned.plan.sop if planned.plan else "")
    reason = "" if planned else f"there is no plan: {words}"
    return need("plan", words, reason, f"station gate plan {h.naming} {gate} {options} --by WHO", fault="no-plan",
                evidence=evidence)  # fmt: skip


def _incoming(h: History) -> Iterator[Requirement]:
    words = "what is inspected, by which standard, which share, who signs, who keeps the records"
    yield _plan(h, "incoming", words, "--what X --standard X --ratio PERCENT --signer WHO --keeper WHO")


def _first_off(h: History) -> Iterator[Requirement]:
    form = h.facts.form
    reason = "; ".join(form.reasons[:3]) + (f"; and {len(form.reasons) - 3} more" if form.reasons[3:] else "")
    wrong = [r for r in form.rows if r.verdict is Verdict.NONCONFORMS and r.defect_class == "critical"]
    yield need(
        "form", "every characteristic measured on the first pieces, item by item against the master",
        "" if form.verdict is Verdict.CONFORMS else reason, f"station gate first-article {h.naming}",
        fault=_form_fault(form), waivable=not wrong,
        evidence=record_item("first-article form", form.digest, f"{len(form.rows)} rows, {len(form.units)} units"),
    )  # fmt: skip


def _form_fault(form: FirstArticleDocument) -> str:
    """What is wrong with the form: the pieces that there are, and every row and piece that does not conform."""
    rows = [[r.key or r.characteristic, r.verdict, len(r.values)] for r in form.rows if r.verdict != Verdict.CONFORMS]
    refused = [r for r in form.reasons if r.startswith("unit ")]
    return f"form:{digest([len(form.units), form.needed, rows, refused])[:16]}"


def _in_line(h: History) -> Iterator[Requirement]:
    words = "key parameters, frequency, escalation, who keeps the records, the written procedure with its version"
    yield _plan(h, "in-line", words, "--what X --every-pieces N --sop X --keeper WHO --level WHO=HOURS")
    low, high = IN_LINE
    checks = [e for e in h.events if e.kind == "checked" and e.gate == "in-line" and e.share is not None]
    in_time = any(low <= (e.share or 0) <= high for e in checks)
    done = h.made / h.record.units
    reason = fault = ""
    if not in_time and done > high:
        fault = "missed"
        reason = f"{done:.0%} is made and the in-line inspection was due between {low:.0%} and {high:.0%}"
    elif not in_time and done < low:
        fault = "not-due"
        reason = f"it is due when {low:.0%} to {high:.0%} is made; {h.made:,} of {h.record.units:,} units are"
    elif not in_time:
        fault = "due"
        reason = f"{done:.0%} is made: the in-line inspection is due now"
    yield need(
        "completion", f"inspected when {low:.0%} to {high:.0%} is made", reason,
        f"station gate made {h.naming} UNITS --by WHO" if done < low
        else f"station gate check {h.naming} in-line sample --n N --wrong 0 --by WHO",
        fault=fault,
    )  # fmt: skip
    due = next_check(h)
    if due is not None:
        yield need(
            "frequency", f"checked {told(due.every_pieces, due.every_hours)}", due.reason,
            f"station gate check {h.naming} in-line sample --n N --wrong 0 --by WHO",
            fault=f"since {due.last_at.isoformat()}#{missed(due, h.made, h.now)}",
            evidence=record_item("last check", "", f"{due.last_at:%Y-%m-%d %H:%M} UTC, {due.last_made:,} units made"),
        )  # fmt: skip


def _pre_pack(h: History) -> Iterator[Requirement]:
    if not h.record.cures:
        return
    batches = bonded_batches(h.events, h.now)
    evidence = record_item("cure clock", "", ", ".join(sorted(batches))) if batches else ()
    early = [b for b, at in batches.items() if at > h.now]
    command = f"station gate list {h.naming} (after that hour)"
    if early or not batches:
        command = f"station gate bonded {h.naming} {max(early, key=batches.__getitem__, default='BATCH')} --by WHO"
    yield need("cure", "bonded parts cured for 24 h", cure_reason(h.events, h.now), command, waivable=False,
                evidence=evidence)  # fmt: skip


def _final(h: History) -> Iterator[Requirement]:
    if all(g.gate != "pre-pack" for g in h.record.gates):
        yield from _pre_pack(h)
    started = next((e for e in h.events if e.kind == "started"), None)
    reason = "" if started is not None and started.holds else "no defect catalogue was signed before production began"
    yield need(
        "catalogue", "critical, major and minor defects were in writing and signed before production", reason,
        f"station gate open {h.record.order}-2 --golden {h.record.golden} --units UNITS --by WHO", waivable=False,
        evidence=record_item("control sheet", h.facts.sheet_digest, "[[defects]]"),
    )  # fmt: skip
    yield quantity(h)


# --- what several gates ask ------------------------------------------------------------------------------------------


def _samples(h: History, gate: ControlGate) -> Iterator[Requirement]:
    for kind, s in wanted_samples(h.record, gate).items():
        ever = [e for e in h.events if e.kind == "sample" and e.key == kind]
        said = [e for e in ever if h.version_at(e) == h.golden_version]
        shown = {e.about for event in said for e in event.evidence if e.kind == "file"}
        given = [
            e for event in said for e in event.evidence
            if e.kind == "unit" and measured_against(e) in (None, h.golden_version)
        ]  # fmt: skip
        units = {e.name for e in given if e.sha256 not in h.facts.unit_faults}
        faults = dict.fromkeys(h.facts.unit_faults[e.sha256] for e in given if e.sha256 in h.facts.unit_faults)
        lacking = [p for p in s.photos if p not in shown]
        n = max((e.n for e in said), default=0)
        reason = fault = ""
        if ever and not said:
            was = h.version_at(ever[-1])
            fault, reason = (
                f"of-version:{was}:{h.golden_version}",
                f"{kind}: shown of version {was}, the order is held to version {h.golden_version}",
            )
        elif not said:
            fault, reason = "none", f"not there: {s.words}"
        elif n < s.n:
            fault, reason = f"units:{s.n}#{s.n - n}", f"{kind}: {n} of {s.n} units"
        elif lacking:
            fault, reason = f"photos:{','.join(lacking)}", f"{kind}: no photo of {', '.join(lacking)}"
        elif len(units) < s.measured:
            fault = f"measured:{s.measured}#{s.measured - len(units)}"
            reason = f"{kind}: {len(units)} of {s.measured} units are measured"
            reason += "".join(f"; {words}" for words in faults)
        options = " ".join(f"--photo {p}=FILE" for p in s.photos) + (" --unit UNIT" * s.measured)
        yield need(kind, s.words, reason, f"station gate task {h.naming} {kind} --n {s.n} {options} --by WHO",
                    fault=fault, evidence=tuple(e for event in said for e in event.evidence))  # fmt: skip


def _test(h: History, planned: PlannedGate, test: GateTest) -> Requirement:
    """A test is met by its newest result, where enough units were tried and no more failed than may; a lot of the gate
    that was accepted stands for its sample.

    The acceptance numbers of the gate's plan are those of its whole sample: a test with a number of its own allows no
    unit to fail (T12, W16). A sort takes out what it finds, so that it is met once every unit was looked at. A critical
    failure is not looked away: see :func:`_unanswered`.
    """
    said = h.last("checked", planned.gate, test.name)
    critical = None if test.sorts else _critical_failure(h, planned, test)
    light = " --lux LUX" if test.visual else ""
    command = f"station gate check {h.naming} {planned.gate} {test.name} --n {test.n} --wrong 0{light} --by WHO"
    lots = [x for x in h.facts.lots if x.gate == planned.gate and x.replaced_by is None]
    accepted = bool(lots) and all(is_accepted(h, x) for x in lots)
    if test.name == "sample" and accepted and sum(x.inspected for x in lots) >= (test.n or 0):
        evidence = tuple(EvidenceItem(kind="record", name=f"lot {x.lot}", about="accepted") for x in lots)
        return need(test.name, test.words, "", evidence=evidence)
    uncured = ""
    if test.pull and h.record.cures:
        uncured = pull_reason(h.events, h.now if said is None else seen_at(h.events, said, h.now), h.now)
    if said is None:
        reason = f"not done: {test.words} ({test.n} needed)"
        return need(test.name, test.words, reason, command, fault="not-done", waivable=not uncured)
    defect_class: DefectClass = said.defect_class or "major"
    allowed = planned.allowed.get(defect_class, 0) if test.by_plan else 0
    failed = said.wrong > allowed and not test.sorts
    reason = fault = ""
    if failed:
        fault = f"failed:{defect_class}:{said.wrong}:{said.n}:{allowed}"
        reason = f"{test.words}: {said.wrong} of {said.n} units are nonconforming ({defect_class}), {allowed} allowed"
    elif said.n < (test.n or 0):
        fault, reason = (
            f"tried:{test.n}#{(test.n or 0) - said.n}",
            f"{test.words}: {said.n} of {test.n} units were tried",
        )
    elif critical is not None and _unanswered(h, critical, said):
        reason = f"{test.words}: {_unanswered(h, critical, said)}"
        if said.n >= critical.n:
            command = f"station gate escalate {h.naming} TEXT --gate {planned.gate} --by WHO"
    elif uncured:
        reason = f"{test.words} on {said.at:%Y-%m-%d %H:%M} UTC: {uncured}"
    about = f"{said.wrong} of {said.n}" + (f" taken out: {said.text}" if test.sorts and said.wrong else "")
    evidence = (*record_item("check", said.digest, about), *said.evidence)
    if critical is not None and critical is not said:
        evidence = (*record_item("check that failed", critical.digest, _told(critical)), *evidence)
    waivable = critical is None and not uncured
    return need(test.name, test.words, reason, command, fault=fault, waivable=waivable, evidence=evidence)


def _critical_failure(h: History, planned: PlannedGate, test: GateTest) -> GateEvent | None:
    """The newest result of a test with more critical units than may fail, whatever came after it."""
    allowed = planned.allowed.get("critical", 0) if test.by_plan else 0
    found = (
        e
        for e in reversed(h.events)
        if (e.kind, e.gate, e.key, e.defect_class) == ("checked", planned.gate, test.name, "critical")
        and e.wrong > allowed
    )
    return next(found, None)


def _unanswered(h: History, failed: GateEvent, said: GateEvent) -> str:
    """Why a later good result does not answer a critical failure, in words; "" where it does.

    Something was done about the goods in between, an anomaly of the gate opened and resolved or a lot replaced, and at
    least as many units were tried as when they failed.
    """
    if said.n < failed.n:
        return f"{_told(failed)}, and {said.n} of the {failed.n} units needed were tried since"
    since = h.events[h.events.index(failed) + 1 : h.events.index(said)]
    opened = h.opened_anomalies(since)
    mended = any(e.kind == "resolved" and e.gate == failed.gate and e.number in opened for e in since)
    if mended or replaced_since(h, failed.gate, failed.at, said.at):
        return ""
    return f"{_told(failed)}; between that and the newest result no anomaly was resolved and no lot replaced"


def _told(e: GateEvent) -> str:
    """A result that failed, in words."""
    about = f": {e.text}" if e.text else ""
    return f"{e.wrong} of {e.n} units failed ({e.defect_class}) on {e.at:%Y-%m-%d %H:%M} UTC{about}"


def _anomalies(h: History, gate: ControlGate) -> Iterator[Requirement]:
    for a in h.anomalies:
        if a.gate == gate:
            reason = "" if a.resolved_at else f"anomaly {a.number} is open with {a.who}: {a.text}"
            yield need(f"anomaly {a.number}", f"anomaly {a.number} is resolved", reason,
                        f"station gate resolve {h.naming} {a.number} TEXT --by WHO", waivable=False,
                        evidence=record_item(f"anomaly {a.number}", "", a.resolution))  # fmt: skip
