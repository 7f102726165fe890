"""What an answer at a gate rests on: files that must be the newest version, units that were measured, photos."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import ConflictError, NotFoundError, RequestError, SheetError
from station.quality.gate_rules import ARTEFACT_OF, vet_photo_kind
from station.service.entering import as_they_stand
from station.service.lots import standing_units
from station.service.measuring import keep, keep_photo
from station.service.signing_off import media_type, read_file
from station.store import inspections
from station.store.rows import File
from station.values.documents import UnitDocument, Verdict
from station.values.gates import EvidenceItem, GateFacts, OrderRecord
from station.values.names import require_text_name

if TYPE_CHECKING:
    from station.service.station import Station
    from station.store.database import Database
    from station.store.evidence import Evidence

_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")


class GateEvidence:
    """Reads evidence and keeps it, for one :class:`station.service.gates.Gates`."""

    def __init__(self, station: Station, db: Database, evidence: Evidence) -> None:
        self._station, self._db, self._evidence = station, db, evidence

    def of_question(
        self, record: OrderRecord, facts: GateFacts, key: str, text: str, file: Path | None, unit: str | None, on: date
    ) -> tuple[tuple[EvidenceItem, ...], list[File]]:
        """What an answer of pre-production confirmation rests on, and the file to be kept.

        Raises
        ------
        RequestError
            An answer without the evidence that its question asks for, a quantity or a date that is not the order's.
        ConflictError
            A file that is not the newest version on record.
        """
        if key == "quantity-delivery":
            _vet_quantity(record, text, on)
            return (EvidenceItem(kind="record", name=f"order {record.order}", sha256=record.digest, about=text),), []
        if key == "material-colour" and unit is not None:
            return (self.unit(record, unit, colour=True),), []
        if file is None:
            other = ", or --unit UNIT that was measured" if key == "material-colour" else ""
            raise RequestError(f"{key} is answered with evidence", f"Give the file: --file FILE{other}.")
        data = read_file(file)
        if key == "spec":
            return (_sheet(file, data, facts),), []
        if key == "logo" and facts.artwork and facts.artwork.casefold() not in f"{file.name} {text}".casefold():
            raise ConflictError(
                f"the control sheet names the artwork {facts.artwork!r}, {file.name} is another file",
                "Give that file, or say in the answer that this is it.",
            )
        kept = keep(self._evidence, data, media_type(data))
        if key == "logo" and facts.artwork_sha256 not in ("", kept.sha256):
            raise ConflictError(
                f"{file.name} is another file than the artwork of golden {record.golden}: its SHA-256 begins "
                f"{kept.sha256[:12]}, that of the artwork {facts.artwork_sha256[:12]}",
                "Give the very file that was approved.",
            )
        item = EvidenceItem(kind="file", name=file.name[:120], sha256=kept.sha256)
        if key in ARTEFACT_OF:
            item = self._artefact(record, ARTEFACT_OF[key], item)
        return (item,), [kept]

    def photos(self, given: Sequence[str]) -> tuple[list[EvidenceItem], list[File]]:
        """Photos from ``WHAT=FILE``, decoded and kept. Raises RequestError, PhotoError."""
        from station.service.tools import read

        items, files = [], []
        for text in given:
            what, _, name = text.partition("=")
            if not name:
                raise RequestError(f"{text[:60]!r} is no photo", "Write WHAT=FILE, as in overall=unit-1.jpg.")
            path = require_text_name(Path(name))
            file = keep_photo(self._evidence, path, read(path, self._station.settings).sha256)
            items.append(
                EvidenceItem(kind="file", name=path.name[:120], sha256=file.sha256, about=vet_photo_kind(what))
            )
            files.append(file)
        return items, files

    def unit(self, record: OrderRecord, name: str, *, colour: bool = False) -> EvidenceItem:
        """A unit that was measured against the order's golden sample and is not nonconforming.

        colour : its colours must conform. Raises NotFoundError, ConflictError.
        """
        rows = [u for u in inspections.units(self._db, golden=record.golden) if u.unit == name]
        found = standing_units(as_they_stand(self._db, rows))
        if not found:
            raise NotFoundError(
                f"no unit {name[:40]!r} was measured against golden {record.golden}",
                f"Measure it: station inspect PHOTO --golden {record.golden}",
            )
        row = found[0]
        if row.standing is Verdict.NONCONFORMS:
            raise ConflictError(f"unit {name} does not conform, so it shows nothing", "Give one that does.")
        document = UnitDocument.model_validate_json(row.document)
        colours = [m for m in document.measurements if m.kind == "colour"]
        if colour and (not colours or any(m.verdict is not Verdict.CONFORMS for m in colours)):
            raise ConflictError(f"the colours of unit {name} are not all conforming", "Give a unit whose colours are.")
        return EvidenceItem(kind="unit", name=name, sha256=row.digest, about=f"{row.golden} v{row.golden_version}")

    def _artefact(self, record: OrderRecord, artefact: str, item: EvidenceItem) -> EvidenceItem:
        """The file as a version of an artefact. Raises ConflictError where it is not the newest one."""
        number, name = record.golden, artefact.replace("-", " ")
        add = f"station golden artefact add {number} {artefact} FILE --by WHO"
        version = self._station.sign_off.version_of_file(number, artefact, item.sha256)
        newest = self._station.sign_off.newest_version(number, artefact)
        if version is None:
            known = f"its newest is version {newest}" if newest else "there is none yet"
            raise ConflictError(
                f"{item.name} is no version of the {name} of golden {number} ({known})",
                f"Use the newest file, or add this one and have it signed: {add}",
            )
        if version != newest:
            raise ConflictError(
                f"{item.name} is version {version} of the {name} of golden {number}, in force is version {newest}",
                f"Use version {newest}.",
            )
        return item.model_copy(update={"artefact": artefact, "version": version})


def _sheet(file: Path, data: bytes, facts: GateFacts) -> EvidenceItem:
    from station.sheet import load_sheet

    try:
        found = load_sheet(data).digest
    except SheetError as error:
        raise RequestError(
            f"{file.name} is no control sheet: {error.message}", "Give the sheet's TOML file."
        ) from error
    if found != facts.sheet_digest:
        raise ConflictError(
            f"{file.name} agrees on something else than the control sheet that was sealed",
            "Give the newest one, or seal a new version with it.",
        )
    return EvidenceItem(kind="record", name=file.name[:120], sha256=found, about="control sheet")


def _vet_quantity(record: OrderRecord, text: str, on: date) -> None:
    numbers = {int(n.replace(",", "")) for n in re.findall(r"\b\d[\d,]*\b", _DAY.sub("", text))}
    days = [_day(m) for m in _DAY.finditer(text)]
    if record.units not in numbers or not days:
        raise RequestError(
            f"the answer does not name the order's {record.units} units and a day of delivery",
            f'Write it, as in "{record.units} units, delivered on {on:%Y}-12-01".',
        )
    if max(days) < on:
        raise RequestError(f"{max(days)} is past", "Give the day of delivery.")


def _day(found: re.Match[str]) -> date:
    try:
        return date.fromisoformat(found.group())
    except ValueError:
        raise RequestError(f"{found.group()} is no day", "Write YYYY-MM-DD.") from None
