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
from station.store import gates as orders
from station.store import inspections
from station.store.rows import File, UnitRow
from station.values.documents import UnitDocument, Verdict
from station.values.gates import EvidenceItem, GateEvent, GateFacts, OrderRecord
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
        self, record: OrderRecord, facts: GateFacts, key: str, text: str, file: Path | None, unit: str | None,
        on: date, *, version: int,
    ) -> tuple[tuple[EvidenceItem, ...], list[File]]:  # fmt: skip
        """What an answer of pre-production confirmation rests on, and the file to be kept. version : of the golden
        sample, that the order is held to.

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
            return (self.unit(record, unit, version=version, colour=True),), []
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

    def unit(self, record: OrderRecord, name: str, *, version: int, colour: bool = False) -> EvidenceItem:
        """A unit that was measured against the order's golden sample, in the version that the order is held to, and is
        not nonconforming.

        name : the unit's, or LOT/UNIT; without its lot a unit that is in none comes first. colour : its colours must
        conform. Raises NotFoundError, ConflictError, and RequestError where units of several lots bear the name.
        """
        rows = inspections.units(self._db, golden=record.golden)
        lot, _, short = name.rpartition("/")
        mine = [u for u in rows if u.unit == name] or [u for u in rows if (u.lot or "", u.unit) == (lot, short)]
        if not mine:
            raise NotFoundError(
                f"no unit {name[:40]!r} was measured against golden {record.golden}",
                f"Measure it: station inspect PHOTO --golden {record.golden}",
            )
        rows = [u for u in mine if u.golden_version == version]
        if not rows:
            raise ConflictError(
                f"unit {name} was measured against version {mine[-1].golden_version} of golden {record.golden}, the "
                f"order is held to version {version}",
                f"Measure it anew: station inspect PHOTO --golden {record.golden}",
            )
        own = [u for u in rows if not _stranger(self._db, record, u)]
        if not own:
            raise ConflictError(
                _stranger(self._db, record, rows[-1]),
                f"Photograph and measure a sample of this order: station inspect PHOTO --golden {record.golden}",
            )
        rows, lots = own, list(dict.fromkeys(u.lot for u in own))
        if len(lots) > 1 and None not in lots:
            places = " and ".join(f"lot {x}" for x in lots)
            raise RequestError(f"{name} is a unit of {places}", f"Name one with its lot: {lots[0]}/{name}")
        chosen = None if None in lots else lots[0]
        found = standing_units(as_they_stand(self._db, [u for u in rows if u.lot == chosen]))
        row = found[0]
        if row.standing is Verdict.NONCONFORMS:
            raise ConflictError(f"unit {name} does not conform, so it shows nothing", "Give one that does.")
        document = UnitDocument.model_validate_json(row.document)
        colours = [m for m in document.measurements if m.kind == "colour"]
        if colour and (not colours or any(m.verdict is not Verdict.CONFORMS for m in colours)):
            raise ConflictError(f"the colours of unit {name} are not all conforming", "Give a unit whose colours are.")
        return EvidenceItem(
            kind="unit", name=row.unit if row.lot is None else f"{row.lot}/{row.unit}", sha256=row.digest,
            about=f"{row.golden} v{row.golden_version}", version=row.golden_version,
        )  # fmt: skip

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


def unit_faults(db: Database, record: OrderRecord, events: Sequence[GateEvent]) -> dict[str, str]:
    """Why units that were shown as evidence of an order show nothing today, by the SHA-256 under which they were."""
    shown = {e.sha256: e for event in events for e in event.evidence if e.kind == "unit"}
    found: dict[str, str] = {}
    for sha256, item in shown.items():
        lot, _, short = item.name.rpartition("/")
        rows = [
            u
            for name in dict.fromkeys((item.name, short))
            for u in inspections.units(db, golden=record.golden, unit=name)
            if u.unit == item.name or (u.lot or "", u.unit) == (lot, short)
        ]
        rows = [u for u in rows if item.version in (None, u.golden_version)]
        own = next((u for u in rows if u.digest == sha256), rows[0] if rows else None)
        if own is None:
            continue
        standing = standing_units(as_they_stand(db, [u for u in rows if u.lot == own.lot]))
        other = _stranger(db, record, own)
        if other or any(u.standing is Verdict.NONCONFORMS for u in standing):
            found[sha256] = other or f"unit {item.name} does not conform any more"
    return found


def _stranger(db: Database, record: OrderRecord, unit: UnitRow) -> str:
    """Why a unit is no sample of an order, in words: it was measured before, or it is of goods that are inspected at a
    gate; "" where it may be one. The ledger is asked where the times say that it was measured before: the clock may
    have been ahead when the order was opened."""
    if unit.inspected_at < record.at and not orders.measured_since(db, record.order, record.sku, unit.id):
        return (
            f"unit {unit.unit} was measured on {unit.inspected_at:%Y-%m-%d %H:%M} UTC, before order {record.order} was "
            f"opened on {record.at:%Y-%m-%d %H:%M} UTC"
        )
    held = None if unit.lot is None else orders.order_of_lot(db, unit.lot)
    if held is not None:
        return f"unit {unit.unit} is of lot {unit.lot}, goods that are inspected at the {held.gate} gate of an order"
    return ""


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
