"""Nonconformities: drafted from a lot's data, completed by people, sent, disposed of, closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, Unpack, get_args

from station.errors import ConflictError, NotFoundError, RequestError
from station.service.lot_facts import LotFacts
from station.service.values_file import plain_text
from station.store import nonconformities as store
from station.store import records
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import File, NonconformityRow
from station.values.claim_costs import CostInput
from station.values.digest import digest
from station.values.documents import DefectClass
from station.values.faults import wrong
from station.values.names import dated_number
from station.values.nonconformity import (
    Context,
    NcEvent,
    NonconformityDocument,
    Point,
    Question,
    Recurrence,
    Share,
)

if TYPE_CHECKING:
    from station.service.station import Station

REPEATABLE = (
    *("drafted", "context", "seen", "answer", "class", "ask", "photo", "disposition", "cost"),
    *("due", "done", "verified", "withdrawn", "record", "cause"),
)
"""Events of which the newest counts, so that the same one again adds nothing."""
_STEPS = ("due", "done", "verified", "withdrawn")
"""Steps of a corrective action, of which the newest counts whatever its kind."""


class Seen(TypedDict):
    """What a person saw and counted. kind : of the catalogue, by its name or by another word for it (S4). name : the
    kind's without one. clause : the standard that says so, "" for none. cartons : these were counted, not units."""

    kind: str
    note: str
    units: int
    of: int
    name: NotRequired[str]
    clause: NotRequired[str]
    defect_class: NotRequired[DefectClass | None]
    cartons: NotRequired[bool]


_NOT_CONTENT = {"at", "by", "digest"}


class Nonconformities:
    """The use cases of nonconformities, for one :class:`station.service.Station`."""

    def __init__(self, station: Station, db: Database, evidence: Evidence, clock: Callable[[], datetime]) -> None:
        self._station, self._db, self._evidence, self._clock = station, db, evidence, clock
        self.facts = LotFacts(station, db)

    def draft(self, lot: str, *, by: str = "", **context: Any) -> NonconformityDocument:
        """Draft the nonconformity of a decided lot, or draft it again from its newest data: what people said stays.

        context : fields of :class:`Context` that are to change. Raises what :meth:`LotFacts.of` raises, RequestError
        for a context that makes no sense, ConflictError where it is closed and its data changed.
        """
        known = store.nonconformity_of_lot(self._db, records.lot(self._db, lot).id)
        seen = [] if known is None else self.events(known.number)
        facts = self.facts.of(lot)
        at = self._clock()
        if known is None:
            taken = [r.number for r in store.nonconformities(self._db)]
            number = dated_number("NC", at.date(), taken)
            first = sealed(NcEvent(kind="drafted", at=at, by=by, facts=facts))
            about = {"number": number, "lot": lot}
            store.open_nonconformity(
                self._db, number=number, lot_id=records.lot(self._db, lot).id, document=_json(about),
                digest=digest(about), first=row_of(first), at=at,
            )  # fmt: skip
            known = store.nonconformity(self._db, number)
        else:
            self.record(known.number, NcEvent(kind="drafted", at=at, by=by, facts=facts), seen)
        self._set_context(known.number, by, {k: v for k, v in context.items() if v is not None})
        return self.show(known.number)

    def all(self) -> list[NonconformityDocument]:
        """Every nonconformity as it stands, oldest first."""
        return [self.show(r.number) for r in store.nonconformities(self._db)]

    def show(self, number: str) -> NonconformityDocument:
        """A nonconformity as it stands today. Raises NotFoundError."""
        return self.seen_at(number)[0]

    def seen_at(self, number: str) -> tuple[NonconformityDocument, list[NcEvent]]:
        """A nonconformity as it stands, and the events that it rests on: a decision is recorded after these, or not."""
        from station.quality.claim import nonconformity

        events = self.events(number)
        today = self._clock().date()
        found = nonconformity(number, events, today)
        again = self._recurrences(found)
        moved = "" if found.status == "closed" else self._decided_since(found)
        return (nonconformity(number, events, today, again, moved) if again or moved else found), events

    def events(self, number: str) -> list[NcEvent]:
        """Everything that happened to it, in its order. Raises NotFoundError."""
        row = store.nonconformity(self._db, number)
        return [NcEvent.model_validate_json(text) for text in store.events(self._db, row.id)]

    # --- what people say ---------------------------------------------------------------------------------------------

    def seen(self, number: str, *, by: str, **seen: Unpack[Seen]) -> NonconformityDocument:
        """Add what a person saw and counted, such as a wrong card; the same kind and name again counts anew.

        Raises as :meth:`seen_event` does.
        """
        return self.say(number, self.seen_event(number, by=by, **seen))

    def seen_event(self, number: str, *, by: str, **seen: Unpack[Seen]) -> NcEvent:
        """What a person saw and counted, as it is recorded.

        Raises RequestError for an unknown kind, counts that are no share or more than the lot has, or a vague note.
        """
        from station.quality.kind_words import require_kind
        from station.quality.nonconformity import seen_item
        from station.quality.wording import refuse_vague

        kind, units, of = require_kind(seen["kind"]), seen["units"], seen["of"]
        if not 0 < units <= of:
            raise RequestError(f"{units} of {of} is no count", "Give how many of how many were seen, as in: 9 of 32.")
        facts = self.show(number).facts
        if of > facts.size:
            raise RequestError(
                f"{f'{units} of {of}'[:60]} cannot have been seen: lot {facts.lot} has {facts.size:,} units",
                f"Give how many of the {facts.size:,} were seen; of a larger lot decide it again with its size first.",
            )
        item = seen_item(
            kind=kind, name=plain_text(seen.get("name", ""), "the name of the item") or kind, units=units, of=of,
            note=refuse_vague(plain_text(seen["note"], "the note"), "the note"),
            clause=plain_text(seen.get("clause", ""), "the standard"), defect_class=seen.get("defect_class"),
            cartons=seen.get("cartons", False),
        )  # fmt: skip
        return NcEvent(kind="seen", at=self._clock(), by=named(by), seen=item)

    def answer(
        self, number: str, question: str, text: str, *, point: int | None = None, by: str
    ) -> NonconformityDocument:
        """Answer one of the nine questions about a point, or about all of them.

        Raises RequestError for another question, an unknown point, or vague words (N1).
        """
        from station.quality.answers import QUESTIONS
        from station.quality.wording import refuse_vague

        asked: Question | None = next((q for q in QUESTIONS if q == question), None)
        if asked is None:
            raise RequestError(
                f"{question[:40]!r} is none of the nine questions", f"Use one of {', '.join(QUESTIONS)}."
            )
        events = self.events(number)
        key = "" if point is None else self.point(number, point).item.key
        said = refuse_vague(plain_text(text, "the answer"), "the answer")
        event = NcEvent(kind="answer", at=self._clock(), by=named(by), question=asked, text=said, item=key)
        return self.say(number, event, events)

    def classify(
        self, number: str, point: int, defect_class: str, *, by: str, reason: str = ""
    ) -> NonconformityDocument:
        """Class a point (S11). Raises RequestError for another class, and for minor where it touches function or
        safety (S7)."""
        from station.quality.disposition import functional

        found: DefectClass | None = next((c for c in get_args(DefectClass) if c == defect_class), None)
        if found is None:
            raise RequestError(f"{defect_class[:40]!r} is no class", "Use critical, major or minor.")
        events = self.events(number)
        item = self.point(number, point).item
        if found == "minor" and functional(item):
            raise RequestError(
                f"point {point} ({item.name}) touches function or safety and is never minor",
                "Class it major or critical.",
            )
        event = NcEvent(
            kind="class", at=self._clock(), by=named(by), item=item.key, defect_class=found,
            text=plain_text(reason, "the reason"),
        )  # fmt: skip
        return self.say(number, event, events)

    def ask(self, number: str, texts: Sequence[str], *, by: str) -> NonconformityDocument:
        """What the supplier is to do, in a person's words instead of the proposed ones; without any the proposed ones
        hold again. Raises RequestError for vague words."""
        from station.quality.wording import refuse_vague

        asks = tuple(refuse_vague(plain_text(t, "the request"), "the request") for t in texts)
        return self.say(number, NcEvent(kind="ask", at=self._clock(), by=named(by), asks=asks))

    def attach(self, number: str, point: int, photo: Path, *, by: str, scale: str = "") -> NonconformityDocument:
        """A photo of a point, such as of the defect beside a calliper; it takes the place of the station's (S10).

        scale : what it shows sizes by, such as a calliper; where none is named a colour card in it counts. A photo with
        neither is kept, and is evidence without measure. Raises PhotoError for what is no photo.
        """
        from station.service.measuring import keep_photo
        from station.service.tools import read, shows_card

        shot, events = read(photo, self._station.settings), self.events(number)
        key = self.point(number, point).item.key
        named_scale = plain_text(scale, "the scale")
        shown = named_scale or ("colour card" if shows_card(shot) else "")
        file = keep_photo(self._evidence, photo, shot.sha256)
        event = NcEvent(
            kind="photo", at=self._clock(), by=named(by), item=key, photo_sha256=file.sha256, photo_scale=shown
        )
        return self.say(number, event, events, file)

    def dispose(self, number: str, shares: Sequence[Share], *, by: str) -> NonconformityDocument:
        """Give every unit of the lot a disposition. Raises RequestError where they do not add up to the lot."""
        from station.quality.disposition import vet

        found, events = self.seen_at(number)
        vetted = vet(shares, found.facts, [p for p in found.points if not p.preference])
        return self.say(
            number, NcEvent(kind="disposition", at=self._clock(), by=named(by), dispositions=vetted), events
        )

    def price(self, number: str, given: dict[str, Any], *, by: str) -> NonconformityDocument:
        """Compare what the remedies cost. given : fields of :class:`CostInput`; what was given before holds on.

        Raises RequestError for a price that makes no sense, or where the unit's price was never given.
        """
        from pydantic import ValidationError

        events = self.events(number)
        before = next((e.cost for e in reversed(events) if e.cost is not None), None)
        known = {} if before is None else before.model_dump()
        try:
            inputs = CostInput.model_validate({**known, **given})
        except ValidationError as error:
            first = error.errors()[0]
            option = str(first["loc"][0]).replace("_", "-")
            raise RequestError(f"--{option}: {wrong(first)}", "Give it as an amount, as in 0.80.") from error
        return self.say(number, NcEvent(kind="cost", at=self._clock(), by=named(by), cost=inputs), events)

    def send(self, number: str, *, by: str) -> NonconformityDocument:
        """Record that the complaint goes out as it stands. Raises ConflictError where something stands against it."""
        found, events = self.seen_at(number)
        if found.faults:
            more = f" (and {len(found.faults) - 1} more: station nc show {number})" if len(found.faults) > 1 else ""
            raise ConflictError(f"{number} cannot be sent yet: {found.faults[0]}{more}", "Complete it, then send it.")
        if found.status == "sent":
            return found
        return self.say(
            number, NcEvent(kind="sent", at=self._clock(), by=named(by), document_digest=found.digest), events
        )

    def close(self, number: str, *, by: str, text: str = "") -> NonconformityDocument:
        """Close it. Raises ConflictError where an action is not verified or units have no disposition."""
        found, events = self.seen_at(number)
        if found.status == "closed":
            return found
        if found.to_close:
            raise ConflictError(
                f"{number} cannot be closed yet: {'; '.join(found.to_close)}", f"See: station nc show {number}"
            )
        event = NcEvent(kind="closed", at=self._clock(), by=named(by), text=plain_text(text, "the text"))
        return self.say(number, event, events)

    # --- recording ---------------------------------------------------------------------------------------------------

    def point(self, number: str, point: int) -> Point:
        """A point by its number. Raises NotFoundError."""
        points = self.show(number).points
        if not 1 <= point <= len(points):
            raise NotFoundError(f"{number} has no point {point}", f"It has {len(points)}: station nc show {number}")
        return points[point - 1]

    def say(
        self, number: str, event: NcEvent, seen: Sequence[NcEvent] | None = None, file: File | None = None
    ) -> NonconformityDocument:
        """Record an event as :meth:`record` does and answer what it leaves."""
        self.record(number, event, seen, file)
        return self.show(number)

    def record(
        self, number: str, event: NcEvent, seen: Sequence[NcEvent] | None = None, file: File | None = None
    ) -> bool:
        """Record an event unless it says what holds already; whether it was recorded.

        seen : events that its decision rests on; None where it rests on none, such as what somebody counted. Raises
        ConflictError where another one came in since, or where it is closed.
        """
        row = store.nonconformity(self._db, number)
        events = self.events(number)
        if _holds_already(events, event):
            return False
        if events[-1].kind == "closed":
            raise ConflictError(f"{number} is closed", "Draft the nonconformity of a later lot.")
        made = sealed(event)
        after = len(events if seen is None else seen)
        try:
            store.add_event(self._db, row.id, row_of(made), after=after, at=made.at, file=file)
        except ConflictError:
            if not _holds_already(self.events(number), event):  # else somebody said the very same at this moment
                raise
            return False
        return True

    def now(self) -> datetime:
        """The time by the station's clock."""
        return self._clock()

    def rows(self) -> list[NonconformityRow]:
        """Every nonconformity as recorded, oldest first."""
        return store.nonconformities(self._db)

    def _set_context(self, number: str, by: str, changes: dict[str, Any]) -> None:
        from pydantic import ValidationError

        if not changes:
            return
        events = self.events(number)
        before = next((e.context for e in reversed(events) if e.context is not None), Context())
        try:
            context = Context.model_validate({**before.model_dump(), **changes})
        except ValidationError as error:
            first = error.errors()[0]
            option = str(first["loc"][0]).replace("_", "-")
            raise RequestError(f"--{option}: {wrong(first)}", "Correct it.") from error
        self.record(number, NcEvent(kind="context", at=self._clock(), by=by, context=context), events)

    def _recurrences(self, found: NonconformityDocument) -> list[Recurrence]:
        """Items that came back in a decided lot after a prevention was verified (W9), and by more units than it was
        verified with."""
        verified = [a for a in found.actions if a.kind == "prevention" and a.state == "verified" and a.effect]
        again = []
        for lot in self.facts.later(found.facts.lot) if verified else ():
            for item in found.facts.items:
                since = [
                    a for a in verified
                    if (not a.items or item.key in a.items) and (a.done_at is None or lot.created_at >= a.done_at)
                ]  # fmt: skip
                judged = [x.units for a in since if a.effect for x in a.effect.after if x.lot == lot.name]
                for share in self.facts.shares([lot.name], [item]) if since else ():
                    if share.units > max(judged, default=0):
                        again.append(Recurrence(key=item.key, lot=lot.name, units=share.units, of=share.of))
        return again

    def _decided_since(self, found: NonconformityDocument) -> str:
        """That the lot was decided again since it was drafted, in words; "" where it was not."""
        newest = self._station.lot_document(found.facts.lot)
        if newest.digest == found.facts.lot_digest:
            return ""
        return (
            f"lot {newest.lot} was decided again since the draft, as one of {newest.size:,} units "
            f"({newest.decision}): draft it again with station nc draft {newest.lot}"
        )


def named(by: str) -> str:
    """The name of who says so. Raises RequestError without one."""
    found = plain_text(by, "the name")
    if not found:
        raise RequestError("nobody is named who says so", "Give --by NAME.")
    return found


def sealed(event: NcEvent) -> NcEvent:
    """The event with its digest."""
    content = event.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return event.model_copy(update={"digest": digest(content)})


def row_of(event: NcEvent) -> dict[str, Any]:
    """Kind, document and digest of an event, as it is recorded."""
    return {"kind": event.kind, "document": event.model_dump_json(by_alias=True), "digest": event.digest}


def _holds_already(events: Sequence[NcEvent], event: NcEvent) -> bool:
    def place(e: NcEvent) -> tuple[Any, ...]:
        return e.kind, e.item, e.question, e.number, e.seen.key if e.seen else "", e.record, e.variance

    if event.kind == "action":
        gone = {e.number for e in events if e.kind == "withdrawn"}
        actions = [e for e in events if e.kind == "action"]
        return any(_content(e) == _content(event) and n not in gone for n, e in enumerate(actions, 1))
    if event.kind not in REPEATABLE:
        return False
    if event.kind in _STEPS:  # what was done, refuted and done again in the same words is done again
        same = [e for e in events if e.kind in _STEPS and e.number == event.number]
    else:
        same = [e for e in events if place(e) == place(event)]
    return bool(same) and _content(same[-1]) == _content(event)


def _content(event: NcEvent) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude=_NOT_CONTENT)


def _json(value: Any) -> str:
    import json

    return json.dumps(value, sort_keys=True, ensure_ascii=False)
