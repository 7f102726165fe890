"""The gates of an order as they stand: replayed from what was said, held to what the records show.

A gate is *released* by a person once everything that it asks is met or waived; it is *passed* while it and every gate
before it is released. What a release rests on is looked at again each time: where something of it no longer holds, such
as a label that has a newer version, the gate has *lapsed* and everything after it is locked. A waiver excuses what was
known when it was given; another reason needs another waiver, and a critical finding has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from station.errors import ConflictError
from station.quality.escalation import replay_anomalies
from station.quality.gate_history import History
from station.quality.gate_requirements import requirements
from station.quality.gate_rules import BEFORE_PRODUCTION
from station.quality.in_line_checks import next_check
from station.quality.signing import fingerprint
from station.values.digest import digest
from station.values.gates import (
    ControlGate,
    GateEvent,
    GateFacts,
    GateRelease,
    GateStatus,
    OrderGatesDocument,
    OrderRecord,
    PlannedGate,
    Requirement,
    State,
)


def order_gates(
    record: OrderRecord, events: Sequence[GateEvent], facts: GateFacts, now: datetime
) -> OrderGatesDocument:
    """An order with every gate as it stands."""
    history = History(record, tuple(events), facts, now, replay_anomalies(events, now))
    gates: list[GateStatus] = []
    for planned in record.gates:
        gates.append(_status(history, planned, gates))
    found = OrderGatesDocument(
        record=record, golden_version=history.golden_version, started_at=history.started_at, made=history.made,
        gates=tuple(gates), lots=facts.lots, anomalies=history.anomalies, next_check=next_check(history),
        shippable=all(g.passed for g in gates),
        remarks=(*_remarks(history), *_made_behind_a_lock(history, gates)),
    )  # fmt: skip
    content = found.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return found.model_copy(update={"digest": digest(content)})


def _status(history: History, planned: PlannedGate, before: Sequence[GateStatus]) -> GateStatus:
    needed = requirements(history, planned)
    basis = digest([r.model_dump(mode="json", include={"key", "state", "evidence", "waiver"}) for r in needed])
    release = history.last("released", planned.gate)
    stopped = next((g for g in before if not g.passed), None)
    state, reason, command = _state(history, planned.gate, needed, release, stopped)
    return GateStatus(
        gate=planned.gate, when=planned.when, n=planned.n, state=state, passed=state == "released" and stopped is None,
        reason=reason, command=command, requirements=needed, release=None if release is None else _release(release),
        basis=basis,
    )  # fmt: skip


def _state(
    history: History,
    gate: ControlGate,
    needed: Sequence[Requirement],
    release: GateEvent | None,
    stopped: GateStatus | None,
) -> tuple[State, str, str]:
    """State of a gate, why it does not let through, and the command that helps."""
    first = next((r for r in needed if r.state == "open"), None)
    moved = "" if release is None else history.moved(gate, release)
    if release is not None and first is None and not moved:
        if stopped is None:
            return "released", "", ""
        return "released", f"the {stopped.gate} gate before it is {stopped.state}", stopped.command
    if stopped is not None:
        state: State = "locked" if release is None else "lapsed"
        return state, f"the {stopped.gate} gate before it is {stopped.state}", stopped.command
    if first is not None:
        more = sum(r.state == "open" for r in needed) - 1
        rest = f" (and {more} more)" if more else ""
        return ("closed" if release is None else "lapsed"), f"{first.reason}{rest}", first.command
    command = f"station gate release {history.naming} {gate} --party PARTY --name WHO"
    if release is not None:
        return "lapsed", f"it was released on {moved}; release it anew", command
    return "ready", "nobody has released it yet", command


def _release(event: GateEvent) -> GateRelease:
    said = event.statement
    assert said is not None
    return GateRelease(
        name=said.name, party=said.party, role=said.role, at=event.at, basis=said.basis,
        fingerprint=fingerprint(event.public_key), text=said.text,
    )  # fmt: skip


def _remarks(history: History) -> list[str]:
    found = [
        f"anomaly {a.number} is overdue with {a.who} since {a.due:%Y-%m-%d %H:%M} UTC"
        + (f": {a.next_who} decides now" if a.next_who else "")
        for a in history.anomalies
        if a.overdue
    ]
    if history.facts.superseded_by:
        found.append(f"golden {history.record.golden} is superseded by {history.facts.superseded_by}")
    found += _no_artwork(history)
    found += history.facts.plan_remarks
    found += [f"sourcing risk: {words}" for words in history.facts.sourcing_risk]
    pilots = [e for e in history.events if e.kind == "sample" and e.key == "pilot-run"]
    found += [f"pilot run of {e.n} units on {e.at:%Y-%m-%d}: {e.text}" for e in pilots]
    return found


def _no_artwork(history: History) -> list[str]:
    """That a file was taken as the logo's which nothing tells from any other (W1)."""
    said = history.last("answered", "pre-production", "logo")
    if said is None or history.facts.artwork or history.facts.artwork_sha256:
        return []
    shown, number = ", ".join(e.name for e in said.evidence), history.record.golden
    return [
        f"no artwork of golden {number} is on record, so that any file answers for the logo, as {shown} did: "
        f"station golden artwork {number} FILE --by WHO"
    ]


def _made_behind_a_lock(history: History, gates: Sequence[GateStatus]) -> list[str]:
    """That more than the first pieces are made while the batch is locked (W6)."""
    first = next(g for g in gates if g.gate == "first-off")
    if first.passed or history.made <= first.n:
        return []
    return [f"{history.made:,} units are made and the first-off gate is {first.state}: the batch is locked"]


def find_gate(found: OrderGatesDocument, gate: ControlGate) -> GateStatus:
    """The status of a gate of the order."""
    return next(g for g in found.gates if g.gate == gate)


def require_open(found: OrderGatesDocument, gate: ControlGate, doing: str) -> None:
    """Raises ConflictError, with reason and command, where a gate before this one is not passed, or where mass
    production has to have begun and has not. doing : what is refused, such as "lot L-1 is not inspected"."""
    record = found.record
    for g in found.gates:
        if g.gate == gate:
            break
        if not g.passed:
            raise ConflictError(
                f"{doing}: the {g.gate} gate of order {record.order} ({record.sku}) is {g.state}: {g.reason}",
                f"Open it: {g.command}",
            )
    if gate not in BEFORE_PRODUCTION and found.started_at is None:
        raise ConflictError(
            f"{doing}: nobody has recorded that production of order {record.order} has begun",
            f"Record it: station gate start {record.order} --sku {record.sku} --by WHO",
        )
    unsigned = next(
        (r for r in find_gate(found, gate).requirements if r.key == "catalogue" and r.state == "open"), None
    )
    if unsigned is not None:
        raise ConflictError(
            f"{doing}: {unsigned.reason} of order {record.order} ({record.sku})", f"See: {unsigned.command}"
        )


def require_released_by(found: OrderGatesDocument, gate: ControlGate) -> None:
    """Raises ConflictError where a gate cannot be released: one before it is closed, or something of its own is."""
    record = found.record
    require_open(found, gate, f"the {gate} gate is not released")
    status = find_gate(found, gate)
    missing = [r for r in status.requirements if r.state == "open"]
    if missing:
        said = "; ".join(r.reason for r in missing[:3]) + (f"; and {len(missing) - 3} more" if missing[3:] else "")
        raise ConflictError(
            f"the {gate} gate of order {record.order} ({record.sku}) is not released: {said}",
            f"{'Mend it' if missing[0].command else 'See'}: "
            + (missing[0].command or f"station gate list {record.order} --gate {gate}"),
        )


def waivable(found: OrderGatesDocument, gate: ControlGate, key: str) -> Requirement:
    """The open requirement of that key, which a reason may excuse. Raises ConflictError."""
    from station.errors import NotFoundError

    status = find_gate(found, gate)
    one = next((r for r in status.requirements if r.key == key), None)
    if one is None:
        keys = ", ".join(r.key for r in status.requirements)
        raise NotFoundError(f"the {gate} gate does not ask for {key[:40]!r}", f"It asks for {keys}.")
    if one.state == "met":
        raise ConflictError(f"{key} of the {gate} gate is met", "There is nothing to waive.")
    if not one.waivable:
        raise ConflictError(f"{key} of the {gate} gate is never waived: {one.reason}", f"Mend it: {one.command}")
    return one
