"""Streams of lots: opened, fed with what happens, and asked for the severity of the next lot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, get_args

from station.errors import ConflictError, RequestError
from station.service.lots import vet_lot_id
from station.store import streams as store
from station.store.database import Database
from station.values.digest import digest
from station.values.documents import DefectClass, LotDocument
from station.values.stream import NextLotDocument, StreamDocument, StreamEvent, StreamSettings

if TYPE_CHECKING:
    from station.lots.streams import StreamStanding
    from station.report.pictures import RGB
    from station.sheet import Aql

MAX_NAME = 100


class Streams:
    """The use cases of streams, for one :class:`station.service.Station`. require : raises ConflictError where a gate
    of a lot's order is closed."""

    def __init__(self, db: Database, clock: Callable[[], datetime], require: Callable[[str, str], None]) -> None:
        self._db, self._clock, self._require = db, clock, require

    def open(
        self,
        name: str,
        *,
        sku: str,
        supplier: str,
        process: str,
        aql: Mapping[DefectClass, float],
        edition: str = "z1.4",
        level: str = "II",
        type: str = "single",
        fractional: bool = False,
    ) -> StreamDocument:
        """Open a stream under normal inspection.

        Raises
        ------
        RequestError
            A name that no command line can carry, no class to switch, or settings that have no plans.
        ConflictError
            There is a stream of this name.
        """
        from station.lots.plans import code_letter, stages

        if name != name.strip() or not name.isprintable() or not 0 < len(name) <= MAX_NAME:
            raise RequestError(
                f"{name[:40]!r} is no name of a stream", f"Use 1 to {MAX_NAME} plain characters, without blanks around."
            )
        aql = {
            c: a for c, a in aql.items() if a != 0 or isinstance(a, bool)
        }  # a class with Ac 0 by rule never switches
        if not aql:
            raise RequestError("The stream has no class to switch", "Give at least one AQL, for example --major 2.5.")
        for value in aql.values():
            for severity in ("normal", "tightened", "reduced"):
                stages(
                    code_letter(1000, level), value, severity=severity, type=type, edition=edition,
                    fractional=fractional,
                )  # fmt: skip
        settings = StreamSettings(
            name=name, sku=sku, supplier=supplier, process=process, edition=edition, level=level, type=type,
            fractional=fractional, aql=dict(aql),
        )  # fmt: skip
        content = settings.model_dump(mode="json", by_alias=True)
        store.add_stream(
            self._db, name=name, document=settings.model_dump_json(by_alias=True), digest=digest(content),
            at=self._clock(),
        )  # fmt: skip
        return self.status(name)

    def all(self) -> list[StreamDocument]:
        """Every stream as it stands, by name."""
        return [self.status(row.name) for row in store.streams(self._db)]

    def status(self, name: str) -> StreamDocument:
        """A stream as it stands. Raises NotFoundError."""
        from station.lots.streams import stream_document

        settings, standing, _ = self._read(name)
        return stream_document(settings, standing)

    def events(self, name: str) -> list[StreamEvent]:
        """Everything that happened to a stream, in its order."""
        row = store.stream(self._db, name)
        return [StreamEvent.model_validate_json(d) for d in store.events(self._db, row.id)]

    def picture(self, name: str) -> RGB:
        """The lots of a stream that count, class by class, with the severity each was inspected under."""
        from station.report.stream_charts import stream_picture

        events = self.events(name)
        void = {e.voids for e in events}
        lots = [e for k, e in enumerate(events, 1) if e.kind == "lot" and not e.resubmitted and k not in void]
        return stream_picture(self.status(name), lots)

    def next_lot(self, name: str, size: int) -> NextLotDocument:
        """The plans for the next lot of ``size`` units."""
        from station.lots.streams import plans_for

        settings, standing, _ = self._read(name)
        return NextLotDocument(stream=name, size=size, plans=plans_for(settings, standing, size))

    def record_lot(
        self,
        name: str,
        lot: str,
        *,
        size: int,
        found: Mapping[DefectClass, Sequence[int]],
        resubmitted: bool = False,
        removed: int = 0,
        reason: str = "",
    ) -> StreamDocument:
        """Record a lot that was inspected under the plans in force; see :func:`station.lots.streams.inspected`.

        Raises ConflictError, too, where the lot is inspected at a gate of an order and one before it is closed.
        """
        vet_lot_id(lot)
        self._require(lot, "counted")
        return self._record_lot(
            name, lot, size=size, found=found, resubmitted=resubmitted, removed=removed, reason=reason
        )

    def _record_lot(
        self, name: str, lot: str, *, size: int, found: Mapping[DefectClass, Sequence[int]], resubmitted: bool = False,
        removed: int = 0, reason: str = "",
    ) -> StreamDocument:  # fmt: skip
        from station.lots.streams import inspected

        settings, standing, _ = self._read(name)
        event = inspected(
            settings, standing, lot=lot, size=size, found=found, at=self._clock(), resubmitted=resubmitted,
            removed=removed, reason=reason,
        )  # fmt: skip
        return self._append(name, event, standing.events)

    def production(self, name: str, *, steady: bool, by: str, reason: str = "") -> StreamDocument:
        """Record that production runs at a steady rate, or no longer does."""
        return self._word(name, "production", "steady" if steady else "irregular", by, reason)

    def consent(self, name: str, *, agreed: bool, by: str, reason: str = "") -> StreamDocument:
        """Record that the responsible authority agrees to reduced inspection, or takes it back."""
        return self._word(name, "consent", "agreed" if agreed else "not agreed", by, reason)

    def resume(self, name: str, *, by: str, reason: str) -> StreamDocument:
        """Record what the supplier has done after a discontinuation. Raises ConflictError where there was none."""
        _, standing, _ = self._read(name)
        if not standing.discontinued:
            raise ConflictError(f"inspection of stream {name} is not discontinued", "Go on with its next lot.")
        return self._word(name, "resumed", "", by, reason, classes=standing.discontinued)

    def direct(
        self, name: str, *, severity: str, by: str, reason: str, classes: Sequence[DefectClass] = ()
    ) -> StreamDocument:
        """Record that the responsible authority directs a severity. classes : all of the stream's without any."""
        from station.lots.plans import Severity, one_of

        one_of("severity", severity, get_args(Severity))
        settings, standing, _ = self._read(name)
        if standing.discontinued:
            raise ConflictError(f"inspection of stream {name} is discontinued", "Resume it: station stream resume")
        for c in classes:
            one_of("class of this stream", c, tuple(settings.aql))
        return self._word(name, "directed", severity, by, reason, classes=tuple(classes))

    def void(self, name: str, number: int, *, by: str, reason: str) -> StreamDocument:
        """Take an event that was recorded by mistake out of the count; both stay in the records.

        Raises RequestError where there is no such event, where it is void or a ``void`` itself, or where the rest makes
        no history without it.
        """
        from station.lots.streams import replay

        settings, standing, events = self._read(name)
        if not 1 <= number <= len(events) or events[number - 1].kind == "void":
            raise RequestError(f"stream {name} has no event {number} to take out", "See station stream history.")
        if number in {e.voids for e in events}:
            raise RequestError(f"event {number} of stream {name} is taken out already", "See station stream history.")
        gone, void = events[number - 1], {e.voids for e in events}
        again = [
            k for k, e in enumerate(events, 1)
            if k > number and e.kind == "lot" and e.lot == gone.lot and e.resubmitted and k not in void
        ]  # fmt: skip
        if gone.kind == "lot" and not gone.resubmitted and again:
            raise RequestError(
                f"Lot {gone.lot} came again at event {again[-1]} of stream {name}: without event {number} it was never "
                f"inspected before",
                f"Take that out first: station stream void {name} {again[-1]}",
            )
        event = self._vetted(StreamEvent(kind="void", at=self._clock(), voids=number, by=by, reason=reason))
        try:
            replay(settings, [*events, event])
        except RequestError as error:
            raise RequestError(
                f"Without event {number} of stream {name} its inspection was discontinued before its later lots",
                "Take those out first: station stream void",
            ) from error
        return self._append(name, event, standing.events)

    # --- lots that the station decides -------------------------------------------------------------------------------

    def agreed(self, name: str) -> Aql:
        """A stream's AQLs, level and edition as a control sheet would give them. Raises NotFoundError."""
        from station.sheet import Aql

        settings, _, _ = self._read(name)
        aqls = {c: float(settings.aql.get(c, 0.0)) for c in get_args(DefectClass)}
        given = {"level": settings.level, "edition": settings.edition, "type": settings.type}
        return Aql.model_validate(given | aqls)

    def held(self, name: str, aql: Aql) -> Aql:
        """What a control sheet agrees on, with the type of plans that a stream has. Raises NotFoundError."""
        return aql.model_copy(update={"type": self._read(name)[0].type})

    def counted(self, name: str, lot: str) -> list[StreamEvent]:
        """The events of a lot in a stream that are not taken out, in their order. Raises NotFoundError."""
        events = self.events(name)
        void = {e.voids for e in events}
        return [e for number, e in enumerate(events, 1) if e.lot == lot and number not in void]

    def severities(self, name: str, aql: Aql, lot: str = "") -> dict[DefectClass, str]:
        """The severity in force of each class, for a lot decided by a control sheet with these AQLs.

        Of a ``lot`` that is counted already, those that it was counted under.

        Raises RequestError where stream and sheet do not agree, or inspection is discontinued.
        """
        settings, standing, _ = self._read(name)
        counted = self.counted(name, lot)
        if counted:
            return {r.defect_class: r.severity for r in counted[-1].results}
        if standing.discontinued:
            raise RequestError(
                f"Inspection of stream {name} is discontinued in class {', '.join(standing.discontinued)}",
                "Record what the supplier has done: station stream resume",
            )
        switched = {c: a for c in get_args(DefectClass) if (a := float(getattr(aql, c))) > 0}
        if (settings.aql, settings.level, settings.edition) != (switched, aql.level, aql.edition):
            raise RequestError(
                f"Stream {name} has other AQLs, another level or edition than the control sheet",
                "Open a stream that agrees with the sheet: station stream open",
            )
        if settings.fractional:
            raise RequestError(
                f"Stream {name} has plans with fractional Ac, lots are decided by plans with whole ones",
                "Record its lots with station stream lot.",
            )
        return {c: s.severity for c, s in standing.states.items()}

    def record_decision(self, name: str, decided: LotDocument) -> StreamDocument:
        """Record a lot as the station decided it, once. A lot of which a class is still open, though another one
        rejects it already, waits until its sample is inspected in full; one that is counted already changes nothing.
        Its gates were asked when it was decided."""
        _, standing, _ = self._read(name)
        counted = [c for c in decided.classes if c.aql > 0]
        if decided.decision == "open" or any(c.accepted is None for c in counted) or decided.lot in standing.lots:
            return self.status(name)
        found = {c.defect_class: c.found for c in counted}
        return self._record_lot(name, decided.lot, size=decided.size, found=found)

    # -----------------------------------------------------------------------------------------------------------------

    def _word(
        self, name: str, kind: str, value: str, by: str, reason: str, *, classes: tuple[DefectClass, ...] = ()
    ) -> StreamDocument:
        _, standing, _ = self._read(name)
        event = StreamEvent.model_validate(
            {"kind": kind, "at": self._clock(), "value": value, "by": by, "reason": reason, "classes": classes}
        )
        return self._append(name, self._vetted(event), standing.events)

    def _vetted(self, event: StreamEvent) -> StreamEvent:
        if not event.by.strip():
            raise RequestError("Nobody is named who says so", "Give --by NAME.")
        if event.kind in ("resumed", "directed", "void") and not event.reason.strip():
            raise RequestError("No reason is given", "Give --reason WORDS.")
        return event

    def _append(self, name: str, event: StreamEvent, after: int) -> StreamDocument:
        content = event.model_dump(mode="json", by_alias=True, exclude={"digest"})
        event = event.model_copy(update={"digest": digest(content)})
        store.add_event(
            self._db, store.stream(self._db, name).id, sequence=after + 1, kind=event.kind,
            document=event.model_dump_json(by_alias=True), digest=event.digest, at=event.at,
        )  # fmt: skip
        return self.status(name)

    def _read(self, name: str) -> tuple[StreamSettings, StreamStanding, list[StreamEvent]]:
        from station.lots.streams import replay

        settings = StreamSettings.model_validate_json(store.stream(self._db, name).document)
        events = self.events(name)
        return settings, replay(settings, events), events
