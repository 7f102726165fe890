"""Records of the factory and causes of variance, as people say what became of them (D4, V1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import NotFoundError, RequestError
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
    from station.values.sourcing import SourcingRisk


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A record of the factory as it was handed in. name : it had then, else of nonconformity and digest."""

    data: bytes
    media_type: str
    name: str


_LONGEST_YEARS = 10


class Traceability:
    """The use cases. Reached as ``Station.traceability``."""

    def __init__(self, station: Station, evidence: Evidence) -> None:
        self._station, self._evidence = station, evidence

    def record(
        self, number: str, record: str, step: str, *, on: date | None = None, text: str = "", file: Path | None = None,
        by: str,
    ) -> NonconformityDocument:  # fmt: skip
        """Say that a record was asked for, came, or cannot be shown. file : the record itself, kept as evidence.

        Raises RequestError for another record or step, a day to come or of more than ten years ago, which is a slip, or
        a file without the record.
        """
        claims = self._station.nonconformities
        cause, what = rules.vet_record(record), rules.vet_step(step)
        today = claims.now().date()
        if on is not None and on > today:
            raise RequestError(f"{on} is yet to come", "Give the day on which it was so.")
        if on is not None and on.year < today.year - _LONGEST_YEARS:
            raise RequestError(f"{on} is more than ten years ago", "Give the day on which it was so.")
        if file is not None and what != "came":
            raise RequestError("a file is handed in of a record that is not said to have come", "Say that it came.")
        data = None if file is None else read_file(file)
        kept = None if data is None else keep(self._evidence, data, media_type(data))
        event = NcEvent(
            kind="record", at=claims.now(), by=named(by), record=cause, step=what, due=on,
            text=plain_text(text, "the note"), photo_sha256=kept.sha256 if kept else "",
            file_name=file.name[-120:] if file else "",
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

    def file(self, number: str, sha256: str) -> RecordFile:
        """A record of the factory as it was handed in, also one that a later one has taken the place of.

        Raises NotFoundError where no record of the nonconformity has such a file, StoreError where it was changed.
        """
        known = [e for e in self._station.nonconformities.events(number) if e.kind == "record"]
        found = next((e for e in known if sha256 and e.photo_sha256 == sha256), None)
        if found is None:
            raise NotFoundError(
                f"{number} has no record of the factory with the SHA-256 {sha256[:12]}",
                f"See which there are: station nc records {number}",
            )
        data = self._evidence.read(sha256)
        return RecordFile(data, media_type(data), found.file_name or f"{number} {sha256[:12]}")

    def sourcing_risk(self, supplier: str) -> tuple[str, ...]:
        """Why a supplier is a risk for the next order, in sentences; empty where it is none (D4)."""
        return rules.sourcing_risk(supplier, self._claims(supplier))

    def sourcing_history(
        self, supplier: str | None = None, *, golden: str | None = None, version: int | None = None
    ) -> SourcingRisk:
        """:meth:`sourcing_risk` with the records that it is counted from. golden : whose control sheet names the
        supplier, its newest version by default.

        Raises RequestError where neither is named, NotFoundError for an unknown golden sample.
        """
        from station.sheet import load_sheet

        if supplier is None and golden is None:
            raise RequestError("neither a supplier nor a golden sample is named", "Name one of the two.")
        if supplier is None:
            sheet = self._station.golden_sheet(str(golden), version)
            supplier = load_sheet(sheet.encode()).product.supplier
        return rules.sourcing_history(supplier, self._claims(supplier))

    def _claims(self, supplier: str) -> list[rules.Claim]:
        """Every nonconformity as far as its records go, oldest first; none where no supplier is named."""
        claims = self._station.nonconformities
        found = []
        for row in claims.rows() if supplier else ():
            events = claims.events(row.number)
            newest = next(e.facts for e in reversed(events) if e.facts is not None)
            records = rules.replay_records(events, claims.now().date())
            found.append(rules.Claim(row.number, row.lot, newest.supplier, records))
        return found
