"""Records of the factory and causes of variance, as people say what became of them (D4, V1)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import RequestError
from station.quality import traceability as rules
from station.quality.variance_causes import vet_word
from station.service.measuring import keep
from station.service.nonconformities import named
from station.service.signing_off import media_type, read_file
from station.service.values_file import plain_text
from station.values.nonconformity import NcEvent, NonconformityDocument

if TYPE_CHECKING:
    from station.service.station import Station
    from station.store.evidence import Evidence


class Traceability:
    """The use cases. Reached as ``Station.traceability``."""

    def __init__(self, station: Station, evidence: Evidence) -> None:
        self._station, self._evidence = station, evidence

    def record(
        self, number: str, record: str, step: str, *, on: date | None = None, text: str = "", file: Path | None = None,
        by: str,
    ) -> NonconformityDocument:  # fmt: skip
        """Say that a record was asked for, came, or cannot be shown. file : the record itself, kept as evidence.

        Raises RequestError for another record or step, a day to come, or a file without the record.
        """
        claims = self._station.nonconformities
        cause, what = rules.vet_record(record), rules.vet_step(step)
        today = claims.now().date()
        if on is not None and on > today:
            raise RequestError(f"{on} is yet to come", "Give the day on which it was so.")
        if file is not None and what != "came":
            raise RequestError(f"a file is given of a record that {what} says nothing of", "Say that it came.")
        data = None if file is None else read_file(file)
        kept = None if data is None else keep(self._evidence, data, media_type(data))
        event = NcEvent(
            kind="record", at=claims.now(), by=named(by), record=cause, step=what, due=on,
            text=plain_text(text, "the note"), photo_sha256=kept.sha256 if kept else "",
        )  # fmt: skip
        return claims.say(number, event, file=kept)

    def cause(self, number: str, name: str, *, holds: bool, text: str, by: str) -> NonconformityDocument:
        """Confirm one of the thirteen causes or rule it out, with what shows it (V1).

        Raises RequestError, and ConflictError where the measurement is not ruled out yet.
        """
        claims = self._station.nonconformities
        said = plain_text(text, "the reason")
        found, events = claims.seen_at(number)
        vet_word(found.variance, name, holds, said)
        event = NcEvent(kind="cause", at=claims.now(), by=named(by), variance=name, holds=holds, text=said)
        return claims.say(number, event, events)

    def sourcing_risk(self, supplier: str) -> tuple[str, ...]:
        """Why a supplier is a risk for the next order, in sentences; empty where it is none (D4)."""
        claims = self._station.nonconformities
        found = []
        for row in claims.rows() if supplier else ():
            events = claims.events(row.number)
            newest = next(e.facts for e in reversed(events) if e.facts is not None)
            records = rules.replay_records(events, claims.now().date())
            found.append(rules.Claim(row.number, row.lot, newest.supplier, records))
        return rules.sourcing_risk(supplier, found)
