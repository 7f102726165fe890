"""Who opens a gate: releases and waivers, signed; anomalies on their ladder; and what a closed gate stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from station.errors import ConflictError, RequestError
from station.quality import escalation
from station.quality import gate_rules as rules
from station.quality.cure_clock import bonded_batches, pull_reason
from station.quality.gates import find_gate, require_open, require_released_by, waivable
from station.quality.sign_off import SIGNERS, require_own_key, vet, vet_person
from station.quality.signing import GATE
from station.quality.wording import refuse_vague
from station.service.lots import vet_new_lot
from station.service.values_file import plain_text
from station.store import gates as store
from station.store import signers
from station.store.database import Database
from station.values.gates import ControlGate, GateEvent, GateFacts, GateStatement, OrderGatesDocument, OrderRecord

if TYPE_CHECKING:
    from station.service.gates import Gates


class GateRelease:
    """The use cases that open and stop, for one :class:`station.service.Station`."""

    def __init__(self, gates: Gates, db: Database, clock: Callable[[], datetime]) -> None:
        self._gates, self._db, self._clock = gates, db, clock

    # --- releases and waivers ----------------------------------------------------------------------------------------

    def release(
        self, name: str, gate: str, *, sku: str | None = None, party: str, by: str, role: str = "", text: str = ""
    ) -> OrderGatesDocument:
        """Release a gate for a party, signed with this station's key. A gate that is released stays so.

        Raises ConflictError where a gate before it is closed, something of it is open, somebody else has to sign it, or
        this key is the other party's.
        """
        row, found, facts, events = self._gates.seen(name, sku)
        planned = rules.vet_gate(found.record, gate)
        party, by = vet("signing party", party, SIGNERS), vet_person(by)
        status = find_gate(found, planned.gate)
        if status.state == "released" and status.passed:
            return found
        require_released_by(found, planned.gate)
        rules.vet_releaser(planned.gate, party)
        plan = next((e.plan for e in reversed(events) if e.kind == "planned" and e.gate == planned.gate), None)
        if plan is not None and plan.signer and plan.signer.casefold() != by.casefold():
            raise ConflictError(
                f"the plan of the {gate} gate names {plan.signer} to sign the release, not {by}",
                "Have that person release it, or record another plan.",
            )
        said = self._statement(
            found, facts, planned.gate, act="release", requirement="", basis=status.basis, party=party, name=by,
            role=role, text=plain_text(text, "the text") or f"The {gate} gate is released on the evidence on record.",
        )  # fmt: skip
        versions = {"product": found.golden_version, **{k: a.version for k, a in facts.artefacts.items()}}
        return self._sign(row, events, said, versions=versions)

    def waive(
        self, name: str, gate: str, key: str, *, sku: str | None = None, reason: str, party: str, by: str,
        role: str = "",
    ) -> OrderGatesDocument:  # fmt: skip
        """Excuse what a gate asks, with the reason, signed by the buyer; it covers what is known now.

        Raises ConflictError for what no reason excuses, such as a critical finding, and RequestError without a reason.
        """
        row, found, facts, events = self._gates.seen(name, sku)
        planned = rules.vet_gate(found.record, gate)
        party, by = vet("signing party", party, SIGNERS), vet_person(by)
        if party != "buyer":
            raise ConflictError("only the buyer waives what was agreed", "Ask the buyer: --party buyer.")
        one = waivable(found, planned.gate, key)
        if one.state == "waived":
            return found
        said = self._statement(
            found, facts, planned.gate, act="waiver", requirement=key, basis=one.fault or one.reason, party=party,
            name=by, role=role, text=refuse_vague(plain_text(reason, "the reason"), "the reason"),
        )  # fmt: skip
        return self._sign(row, events, said)

    def _statement(
        self, found: OrderGatesDocument, facts: GateFacts, gate: ControlGate, *, act: str, requirement: str, basis: str,
        party: str, name: str, role: str, text: str,
    ) -> GateStatement:  # fmt: skip
        record = found.record
        sealed = facts.golden_digest if facts.version == found.golden_version else record.golden_digest
        return GateStatement.model_validate(
            {
                "act": act, "order": record.order, "sku": record.sku, "gate": gate, "requirement": requirement,
                "golden": record.golden, "golden_version": found.golden_version,
                "golden_digest": sealed, "basis": basis, "party": party, "name": name,
                "role": vet_person(role, what="--role", empty=True),
                "at": self._clock().isoformat(timespec="microseconds"), "text": text,
            }
        )  # fmt: skip

    def _sign(
        self, row: store.OrderRow, events: list[GateEvent], said: GateStatement, versions: dict[str, int] | None = None
    ) -> OrderGatesDocument:
        keys = self._db.ledger.keys
        signature = keys.sign(GATE, said.model_dump(mode="json", by_alias=True))
        signed = signers.words_about(self._db, row.golden)
        require_own_key(keys.public, said.party, [(w.party, w.key) for w in signed])
        event = GateEvent(
            kind="released" if said.act == "release" else "waived", at=self._clock(), by=said.name, gate=said.gate,
            key=said.requirement, text=said.text, statement=said, public_key=keys.public, signature=signature,
            versions=versions or {},
        )  # fmt: skip
        return self._gates.record(row, event, events)

    # --- anomalies ---------------------------------------------------------------------------------------------------

    def anomaly(self, name: str, gate: str, text: str, *, sku: str | None = None, by: str) -> OrderGatesDocument:
        """Put something odd in the process on the first rung of the ladder; the same again while it is open adds
        nothing."""
        row, found, _, seen = self._gates.seen(name, sku)
        planned = rules.vet_gate(found.record, gate)
        said = refuse_vague(plain_text(text, "the anomaly"), "the anomaly")
        if any(a.text == said and a.gate == planned.gate and a.resolved_at is None for a in found.anomalies):
            return found
        by = vet_person(by, what="--by")
        event = GateEvent(kind="anomaly", at=self._clock(), by=by, gate=planned.gate, text=said)
        return self._gates.record(row, event, seen)

    def escalate(self, name: str, number: int, level: int, *, sku: str | None = None, by: str) -> OrderGatesDocument:
        """Take an anomaly up to a level of the ladder, rung by rung; below where it stands nothing is done."""
        row, found, _, seen = self._gates.seen(name, sku)
        one = escalation.vet_open(found.anomalies, number, name)
        while one.level < level:
            escalation.vet_climb(one)
            event = GateEvent(kind="escalated", at=self._clock(), by=vet_person(by, what="--by"), gate=one.gate,
                              number=number)  # fmt: skip
            self._gates.record(row, event, seen)
            row, found, _, seen = self._gates.seen(name, sku)
            one = escalation.vet_open(found.anomalies, number, name)
        return found

    def resolve(self, name: str, number: int, text: str, *, sku: str | None = None, by: str) -> OrderGatesDocument:
        """Record what was done about an anomaly. Raises RequestError for vague words."""
        row, found, _, seen = self._gates.seen(name, sku)
        said = refuse_vague(plain_text(text, "what was done"), "what was done")
        done = next((a for a in found.anomalies if a.number == number), None)
        if done is not None and done.resolution == said:
            return found
        one = escalation.vet_open(found.anomalies, number, name)
        by = vet_person(by, what="--by")
        event = GateEvent(kind="resolved", at=self._clock(), by=by, gate=one.gate, number=number, text=said)
        return self._gates.record(row, event, seen)

    # --- what a closed gate stops ------------------------------------------------------------------------------------

    def require(self, lot: str | None, doing: str) -> None:
        """Raises ConflictError, with the reason and the command that helps, where a lot is inspected at a gate of an
        order and one before it is closed, or where its name is new and looks like another lot's."""
        if lot is not None:
            vet_new_lot(self._db, lot)
        held = None if lot is None else store.order_of_lot(self._db, lot)
        if held is None:
            return
        row = store.order_by_id(self._db, held.order_id)
        found = self._gates.show(row.name, row.sku)
        gate = rules.vet_gate(found.record, held.gate).gate
        require_open(found, gate, f"lot {lot} is not {doing}")

    def require_cured(self, lot: str | None, value: str, measured_on: date) -> None:
        """Raises ConflictError for a pull test of a lot whose bonded parts have not cured for 48 hours (T15)."""
        from station.quality.catalogue import kind_of_measurement

        held = None if lot is None else store.order_of_lot(self._db, lot)
        if held is None or kind_of_measurement("entered", value).name != "pull-force":
            return
        row = store.order_by_id(self._db, held.order_id)
        if not OrderRecord.model_validate_json(row.document).cures:
            return
        events, now = self._gates.events(row), self._clock()
        if not bonded_batches(events, now):
            raise ConflictError(
                f"{value} of lot {lot} is not entered: no batch of order {row.name} is on record with the time it was "
                "bonded",
                f"Record it: station gate bonded {row.name} BATCH --at TIME --by WHO",
            )
        by_then = min(now, datetime.combine(measured_on, time.max, UTC))
        refused = pull_reason(events, by_then, now)
        if refused:
            raise ConflictError(f"{value} of lot {lot} is not entered: {refused}", "Pull it then.")

    def remarks(self, golden: str, lot: str | None) -> tuple[str, ...]:
        """That a lot of a product with orders names none, which a person should know before units are inspected."""
        if lot is None or store.order_of_lot(self._db, lot) is not None:
            return ()
        names = [r.name for r in store.orders(self._db) if r.golden == golden]
        if not names:
            return ()
        return (
            f"lot {lot} belongs to no order, so no gate is asked; golden {golden} has {', '.join(names)}: "
            f"station gate lot {names[-1]} final {lot} --by WHO",
        )


def vet_texts(what: str, texts: list[str]) -> tuple[str, ...]:
    """Texts without blanks around them. Raises RequestError for an empty one."""
    found = tuple(plain_text(t, what) for t in texts)
    if not all(found):
        raise RequestError(f"{what} is empty", "Fill it in.")
    return found
