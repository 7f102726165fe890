"""Orders and their gates: opened, answered, sampled, checked, released or waived; and what is held to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from station.errors import ConflictError, NotFoundError, RequestError
from station.quality import gate_rules as rules
from station.quality.cure_clock import bonded_batches, has_not_come, pull_reason
from station.quality.gate_repeats import content_of, holds_already
from station.quality.gates import find_gate, order_gates, require_open
from station.quality.in_line_checks import with_numbers
from station.quality.wording import refuse_vague
from station.service.gate_evidence import GateEvidence
from station.service.gate_facts import foreign_lot, gate_facts
from station.service.gate_planning import planned_gates, strictest_profile
from station.service.lots import known_golden, vet_lot_id, vet_new_lot, vet_new_order
from station.service.values_file import plain_text
from station.store import gates as store
from station.store import records
from station.store.rows import File
from station.values.digest import digest
from station.values.gates import (
    ControlGate,
    ControlPlan,
    EventKind,
    FirstArticleDocument,
    GateEvent,
    GateFacts,
    OrderGatesDocument,
    OrderRecord,
    PlannedGate,
)

if TYPE_CHECKING:
    from station.lots.orders import Order
    from station.service.station import Station
    from station.store.database import Database
    from station.store.evidence import Evidence


class _Stand(NamedTuple):
    """An order as somebody sees it who decides something: seen : its events by then."""

    found: OrderGatesDocument
    facts: GateFacts
    seen: list[GateEvent]


class Gates:
    """The use cases of orders and gates, for one :class:`station.service.Station`."""

    def __init__(self, station: Station, db: Database, evidence: Evidence, clock: Callable[[], datetime]) -> None:
        self._station, self._db, self._clock = station, db, clock
        self._evidence = GateEvidence(station, db, evidence)

    # --- orders ------------------------------------------------------------------------------------------------------

    def open(self, name: str, order: Order, *, golden: str, cures: bool = False, by: str) -> OrderGatesDocument:
        """Open an order for the SKU of a golden sample: its gates are those of its profile. Opened again after a new
        version of the golden was sealed, it is held to that one.

        order : its first SKU is this one. Raises ConflictError where another order bears the name, or where the last
        lot of the product failed and no corrective package was made (N18).
        """
        from station.service.corrective_package import reorder
        from station.sheet import load_sheet

        name, by = _order_name(name), _named(by)
        row = records.golden(self._db, golden)
        sheet = load_sheet(row.sheet_toml.encode())
        gates = planned_gates(order, sheet)
        profile = strictest_profile(order)
        content = OrderRecord(
            order=name, sku=row.sku, product_type=sheet.product.type, golden=row.number, golden_version=row.version,
            golden_digest=row.digest, units=order.units[0], beside=order.units[1:],
            cures=cures or sheet.product.type == "magnet", profile=profile, gates=gates, by=by, at=self._clock(),
        )  # fmt: skip
        known = next((r for r in store.orders(self._db, name) if r.sku == row.sku), None)
        if known is not None:
            return self._opened_again(known, content, planned_gates(order, sheet, defaults_agreed=True))
        vet_new_order(self._db, name)
        try:
            before = reorder(self._station, row.sku)
        except NotFoundError:
            before = None  # the first order of the product
        if before is not None and before.blocked:
            raise ConflictError(
                f"order {name} of {row.sku} is not opened: {'; '.join(before.reasons)}", "Make the corrective package."
            )
        document = content.model_copy(update={"digest": digest(content_of(content, {"digest"}))})
        values = {
            "name": name, "sku": row.sku, "golden": row.number, "document": document.model_dump_json(by_alias=True),
            "digest": document.digest, "at": document.at,
        }  # fmt: skip
        if not store.open_order(self._db, values, by):  # somebody else did, at this moment
            return self._opened_again(store.order(self._db, name, row.sku), content, gates)
        return self.show(name, row.sku)

    def _opened_again(
        self, known: store.OrderRow, now: OrderRecord, once: tuple[PlannedGate, ...]
    ) -> OrderGatesDocument:
        """once : the gates as an earlier version of the station would have planned them."""
        own = OrderRecord.model_validate_json(known.document)
        version = {"golden_version", "golden_digest", "by", "at", "digest"}
        terms = [content_of(x, version) for x in (now, now.model_copy(update={"gates": once}))]
        if content_of(own, version) not in terms:
            raise ConflictError(
                f"order {known.name} of {known.sku} is open with other terms: {own.units:,} units, {own.golden}",
                "Give the new terms an order number of their own.",
            )
        found, _, seen = self._show(known)
        if found.golden_version != now.golden_version:
            moved = GateEvent(kind="golden", at=now.at, by=now.by, golden_version=now.golden_version,
                              golden_digest=now.golden_digest)  # fmt: skip
            self.record(known, moved, seen)
        return self.show(known.name, known.sku)

    def all(self) -> list[OrderGatesDocument]:
        """Every order as it stands, oldest first."""
        return [self.show(r.name, r.sku) for r in store.orders(self._db)]

    def page(self, after: int, limit: int) -> tuple[list[OrderGatesDocument], int | None]:
        """Up to ``limit`` orders behind an id as they stand, oldest first, and the id of the last where more follow.
        None but these are looked at."""
        rows = store.orders_after(self._db, after, limit + 1)
        more = rows[limit - 1].id if len(rows) > limit else None
        return [self._show(r).found for r in rows[:limit]], more

    def show(self, name: str, sku: str | None = None) -> OrderGatesDocument:
        """An order as it stands now. Raises NotFoundError, and ConflictError where its SKU has to be named."""
        return self._show(store.order(self._db, name, sku)).found

    def first_article(self, name: str, sku: str | None = None) -> FirstArticleDocument:
        """The first-article form of an order, from the units of its first-off lots."""
        return self._show(store.order(self._db, name, sku)).facts.form

    # --- what people say ---------------------------------------------------------------------------------------------

    def answer(
        self, name: str, key: str, text: str, *, sku: str | None = None, file: Path | None = None,
        unit: str | None = None, by: str,
    ) -> OrderGatesDocument:  # fmt: skip
        """Answer a question of pre-production confirmation, with its evidence (W1).

        Raises what :meth:`GateEvidence.of_question` raises, and RequestError for a question that nobody asks or that
        the records answer.
        """
        row = store.order(self._db, name, sku)
        found, facts, seen = self._show(row)
        asked = rules.questions(found.record)
        if key not in asked:
            raise RequestError(f"{key[:40]!r} is none of the questions", f"Use one of {', '.join(asked)}.")
        if key in rules.FROM_RECORDS:
            status = find_gate(found, "pre-production")
            told = next(r for r in status.requirements if r.key == key)
            raise RequestError(
                f"{key} is answered by the records: {told.reason or 'it is met'}",
                told.command or "Nothing is to be done.",
            )
        text = plain_text(text, "the answer")
        items, files = self._evidence.of_question(
            found.record, facts, key, text, file, unit, self._clock().date(), version=found.golden_version
        )
        event = GateEvent(kind="answered", at=self._clock(), by=_named(by), gate="pre-production", key=key, text=text,
                          evidence=items)  # fmt: skip
        return self.record(row, event, seen, files)

    def task(
        self, name: str, kind: str, *, sku: str | None = None, n: int, photos: Sequence[str] = (),
        units: Sequence[str] = (), text: str = "", by: str,
    ) -> OrderGatesDocument:  # fmt: skip
        """Record a sample: pre-production samples, the first article, a pilot run, the first 50 pieces (W2, W3).

        photos : ``WHAT=FILE``. units : names of units that were measured against the golden sample.
        """
        row = store.order(self._db, name, sku)
        found, _, seen = self._show(row)
        sample = rules.vet_sample(kind)
        if not 1 <= n <= found.record.units:
            raise RequestError(f"{n} units are no sample of {found.record.units}", "Give --n.")
        gate = next((g.gate for g in found.record.gates if sample in rules.wanted_samples(found.record, g.gate)), None)
        if gate is not None and gate != "pre-production":
            require_open(found, gate, f"{kind} is not recorded")
        shown, files = self._evidence.photos(photos)
        items = (*shown, *(self._evidence.unit(found.record, u, version=found.golden_version) for u in units))
        event = GateEvent(kind="sample", at=self._clock(), by=_named(by), gate=gate, key=sample, n=n,
                          text=plain_text(text, "the note"), evidence=items)  # fmt: skip
        return self.record(row, event, seen, files)

    def plan(self, name: str, gate: str, plan: ControlPlan, *, sku: str | None = None, by: str) -> OrderGatesDocument:
        """Record how a gate is worked (W5, W7). Raises RequestError where the plan leaves something out, or where
        nothing in its frequency says when the line is to be checked."""
        row = store.order(self._db, name, sku)
        found, _, seen = self._show(row)
        planned = rules.vet_gate(found.record, gate)
        rules.vet_plan(planned.gate, plan)
        plan = with_numbers(plan) if planned.gate == "in-line" else plan
        return self.record(row, self._event("planned", by, gate=planned.gate, plan=plan), seen)

    def start(self, name: str, *, sku: str | None = None, by: str) -> OrderGatesDocument:
        """Record that mass production begins.

        Raises ConflictError where pre-production confirmation or the incoming goods are not released, or where no
        defect catalogue is in writing and signed by both: no later word makes up for that (W8).
        """
        row = store.order(self._db, name, sku)
        found, facts, seen = self._show(row)
        if found.started_at is not None:
            return found
        for g in found.gates:
            if g.gate in rules.BEFORE_PRODUCTION and not g.passed:
                raise ConflictError(
                    f"production of order {name} does not begin: the {g.gate} gate is {g.state}: {g.reason}",
                    f"Open it: {g.command}",
                )
        rules.vet_catalogue(found.record, facts)
        return self.record(row, self._event("started", by, holds=True), seen)

    def made(self, name: str, n: int, *, sku: str | None = None, by: str) -> OrderGatesDocument:
        """Record how many units are made by now. Raises RequestError for fewer than before, or before production."""
        row = store.order(self._db, name, sku)
        found, _, seen = self._show(row)
        require_open(found, "first-off", f"{n} units of order {name} are not recorded as made")
        if n < found.made or n > 2 * found.record.units:
            raise RequestError(
                f"{n:,} units cannot be made: it were {found.made:,} before, of {found.record.units:,} ordered",
                "Give the units made since production began.",
            )
        return self.record(row, self._event("made", by, n=n), seen)

    def bonded(
        self, name: str, batch: str, *, sku: str | None = None, at: datetime | None = None, by: str
    ) -> OrderGatesDocument:
        """Start the cure clock of a batch (T15). at : when it was bonded, now without it; by a clock that was set back
        since the last record of the order, no earlier than that. Of a batch that is on record with a time that has not
        come, now is the time all the same: the clock was ahead then.

        Raises RequestError for a time that has not come or was before production, ConflictError for one that would put
        the clock of the batch back.
        """
        row = store.order(self._db, name, sku)
        found, _, seen = self._show(row)
        key, now = _short(batch, "the batch"), self._clock()
        ahead = has_not_come(seen, key, now)
        latest = now if ahead else max([now, *(e.at for e in seen)])
        again, at = ahead and at is None, at or latest
        if at > latest:
            raise RequestError(f"{at:%Y-%m-%d %H:%M} UTC has not come yet", "Give the time when the parts were bonded.")
        if found.started_at is None or not found.record.cures:
            raise ConflictError(
                f"production of order {name} has not begun" if found.record.cures else f"order {name} bonds nothing",
                f"Record it first: station gate start {name}"
                if found.record.cures
                else "An order keeps its terms: open one with --cures under a number of its own.",
            )
        if at < found.started_at and not again:
            raise RequestError(f"{at:%Y-%m-%d %H:%M} UTC was before production began", "Correct --at.")
        before = bonded_batches(seen, now).get(key)
        if before is not None and at < before and not again:
            raise ConflictError(
                f"batch {key} is on record as bonded at {before:%Y-%m-%d %H:%M} UTC, which is not put back to "
                f"{at:%Y-%m-%d %H:%M} UTC",
                "That has not come yet: set the clock right, or where it is right leave out --at, then it counts from "
                "now on."
                if ahead
                else "Wait until it has cured from then on; parts that were bonded apart are a batch of their own: "
                f"station gate bonded {name} OTHER --at TIME --by WHO",
            )
        event = self._event("bonded", by, gate=_last_before_packing(found.record), key=key, bonded_at=at)
        return self.record(row, event, seen)

    def check(
        self, name: str, gate: str, test: str, *, sku: str | None = None, n: int, wrong: int,
        defect_class: str | None = None, lux: float | None = None, cct_k: float | None = None,
        photos: Sequence[str] = (), text: str = "", by: str,
    ) -> OrderGatesDocument:  # fmt: skip
        """Record the result of a test at a gate; the newest counts.

        Raises ConflictError where a gate before it is closed; RequestError for counts that are no share, for an unknown
        class, and for a verdict by eye outside the agreed light (T10, T17).
        """
        row = store.order(self._db, name, sku)
        found, facts, seen = self._show(row)
        planned = rules.vet_gate(found.record, gate)
        one = rules.find_test(found.record, planned, test)
        require_open(found, planned.gate, f"the {gate} gate is not inspected")
        rules.vet_counts(found.record, n, wrong, text)
        classed = rules.vet_class(defect_class, wrong)
        if one.visual:
            rules.vet_light(lux, facts.lux, cct_k, facts.cct_k)
        if one.pull and found.record.cures:
            refused = pull_reason(seen, self._clock(), self._clock())
            if refused:
                raise ConflictError(f"the {test} of order {name} is not tried: {refused}", "Pull it then.")
        shown, files = self._evidence.photos(photos)
        share = found.made / found.record.units if planned.gate == "in-line" else None
        said = refuse_vague(plain_text(text, "the result"), "the result") if text else ""
        event = self._event(
            "checked", by, gate=planned.gate, key=one.name, n=n, wrong=wrong, defect_class=classed, lux=lux,
            cct_k=cct_k, share=share, text=said, evidence=tuple(shown),
        )  # fmt: skip
        return self.record(row, event, seen, files)

    def assign(
        self, name: str, gate: str, lot: str, *, sku: str | None = None, replaces: str | None = None, by: str
    ) -> OrderGatesDocument:
        """Have a lot inspected at a gate: from then on it is held to the gates before.

        replaces : the rejected lot whose sorted or remade goods it is. Raises ConflictError for a lot of another order,
        gate, golden sample or version of it, for one that was opened before production of the order began, and for one
        that has units already while a gate before is closed.
        """
        vet_lot_id(lot)
        vet_new_lot(self._db, lot)
        row = store.order(self._db, name, sku)
        found = self._show(row).found
        planned = rules.vet_gate(found.record, gate)
        if planned.gate not in rules.WITH_LOTS:
            raise RequestError(f"no lot is inspected at the {gate} gate", f"Use one of {', '.join(rules.WITH_LOTS)}.")
        golden = known_golden(self._db, lot)
        if golden is not None and golden.number != found.record.golden:
            raise ConflictError(
                f"lot {lot} is held to golden {golden.number}, order {name} to {found.record.golden}",
                "Use another lot.",
            )
        if store.order_of_lot(self._db, lot) is None:
            other = foreign_lot(self._db, found, lot)
            if other:
                raise ConflictError(
                    f"{other}, so it is not taken in", "Inspect the order's own goods, as a lot of another name."
                )
        if replaces is not None:
            rules.vet_replaced(found.lots, planned.gate, lot, replaces, foreign_lot(self._db, found, replaces))
        if store.order_of_lot(self._db, lot) is None and any(x.name == lot for x in records.lots(self._db)):
            require_open(found, planned.gate, f"lot {lot}, which has units already, is not taken in")
        store.add_lot(self._db, row, lot, planned.gate, by=_named(by), at=self._clock(), replaces=replaces)
        return self._show(row).found

    # --- inside, and for its neighbours ------------------------------------------------------------------------------

    def stand(self, name: str, sku: str | None) -> tuple[store.OrderRow, OrderGatesDocument, GateFacts]:
        """An order's row, how it stands, and what the records say of it."""
        row = store.order(self._db, name, sku)
        found, facts, _ = self._show(row)
        return row, found, facts

    def seen(self, name: str, sku: str | None) -> tuple[store.OrderRow, OrderGatesDocument, GateFacts, list[GateEvent]]:
        """What :meth:`stand` answers, and the events that it rests on: a decision is recorded after these, or not."""
        row = store.order(self._db, name, sku)
        return row, *self._show(row)

    def events(self, row: store.OrderRow) -> list[GateEvent]:
        """Everything that happened to an order, in its order."""
        return [GateEvent.model_validate_json(text) for text in store.events(self._db, row.id)]

    def of_lot(self, lot: str) -> tuple[OrderRecord, list[GateEvent]] | None:
        """The order that a lot belongs to, and everything that happened to it; None for a lot without an order."""
        held = store.order_of_lot(self._db, lot)
        if held is None:
            return None
        row = store.order_by_id(self._db, held.order_id)
        return OrderRecord.model_validate_json(row.document), self.events(row)

    def record(
        self, row: store.OrderRow, event: GateEvent, seen: Sequence[GateEvent], files: Sequence[File] = ()
    ) -> OrderGatesDocument:
        """Record an event unless it says what holds already, and answer what it leaves.

        seen : events that its decision rests on. Raises ConflictError where another one came in since.
        """
        if not holds_already(self.events(row), event):
            made = event.model_copy(update={"digest": digest(content_of(event, {"digest"}))})
            about = {k: v for k, v in (("gate", made.gate), ("key", made.key)) if v}
            try:
                store.add_event(
                    self._db, row,
                    {"kind": made.kind, "document": made.model_dump_json(by_alias=True), "digest": made.digest,
                     "at": made.at},
                    after=len(seen), by=made.by, about=about, files=files,
                )  # fmt: skip
            except ConflictError:
                if not holds_already(self.events(row), event):  # somebody else said the very same at this moment
                    raise
        return self._show(row).found

    def _show(self, row: store.OrderRow) -> _Stand:
        record = OrderRecord.model_validate_json(row.document)
        events = self.events(row)
        facts = gate_facts(self._station, self._db, row, record, events)
        return _Stand(order_gates(record, events, facts, self._clock()), facts, events)

    def _event(self, kind: EventKind, by: str, **fields: Any) -> GateEvent:
        return GateEvent(kind=kind, at=self._clock(), by=_named(by), **fields)


def _last_before_packing(record: OrderRecord) -> ControlGate:
    names = [g.gate for g in record.gates]
    return "pre-pack" if "pre-pack" in names else "final"


def _order_name(name: str) -> str:
    found = plain_text(name, "the order's number")
    if not found or found != name or " " in found or "/" in found:
        raise RequestError(f"{name[:40]!r} is no order number", "Use plain characters without blanks, as in PO-4711.")
    return found


def _short(text: str, what: str) -> str:
    found = plain_text(text, what)
    if not found:
        raise RequestError(f"{what} is empty", "Name it.")
    return found


def _named(by: str) -> str:
    from station.quality.sign_off import vet_person

    return vet_person(by, what="--by")
