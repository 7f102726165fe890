"""Entered values: what a person measured with an instrument, judged by the golden sample's control sheet."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import RequestError
from station.service.lots import golden_of_lot, vet_lot_id
from station.service.values_file import plain_text, read_table
from station.store import entered as store
from station.store import inspections, records
from station.store.database import Database
from station.store.rows import EnteredRow, GoldenRow, NewEntered, UnitRow
from station.values.digest import digest
from station.values.documents import UnitDocument, Verdict
from station.values.entered import EnteredDocument

if TYPE_CHECKING:
    from station.sheet import Sheet

VALID_DAYS = 365
"""How long an instrument's calibration holds where no due date is given."""

COLUMNS = ("unit", "name", "value", "u", "instrument", "calibrated_on")
OPTIONAL = ("due_on", "measured_on", "unit_of_measure", "golden", "lot", "by", "note")


@dataclass(frozen=True, slots=True)
class NewValue:
    """One value as it is entered. u : expanded uncertainty (k = 2) in the value's unit, 0 or more.

    where : what a refusal names, such as a file's line. unit_of_measure : None takes the control sheet's. measured_on :
    None is today, due_on : None a year after the calibration.
    """

    where: str
    unit: str
    name: str
    value: float
    u: float
    instrument: str
    calibrated_on: date
    golden: str
    lot: str | None = None
    due_on: date | None = None
    measured_on: date | None = None
    unit_of_measure: str | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class EnteredAnswer:
    """A recorded value. new : by this call. remark : what a person should know, "" for nothing."""

    document: EnteredDocument
    new: bool
    remark: str = ""


class EnteredValues:
    """The use cases of entered values, for one :class:`station.service.Station`."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime], vet: Callable[[str, str | None, str, date], None]
    ) -> None:
        """vet : raises where a value of this golden, lot, name and day of measurement may not be entered."""
        self._db, self._clock, self._vet = db, clock, vet

    def enter(self, values: Sequence[NewValue]) -> list[EnteredAnswer]:
        """Judge and record values, all or none: :meth:`judge`, then :meth:`record`, and what they raise."""
        return self.record(self.judge(values))

    def judge(self, values: Sequence[NewValue], on_each: Callable[[], None] = lambda: None) -> list[NewEntered]:
        """Judge values and record nothing. ``on_each`` is called as each is judged.

        Raises
        ------
        RequestError
            A name that the control sheet does not have, another unit of measure, a date or number that makes no sense,
            one characteristic of one unit twice.
        NotFoundError, ConflictError
            No such golden sample; a lot that is held to another; a golden sample that is superseded or that the parties
            hold in different versions; a lot behind a closed gate; a pull test before the bond has cured.
        """
        at = self._clock()
        goldens: dict[str, tuple[GoldenRow, Sheet]] = {}
        units: dict[str, dict[str, set[str | None]]] = {}
        lots: dict[tuple[str, str], tuple[GoldenRow, Sheet]] = {}
        seen: dict[tuple[str | None, str, str], str] = {}
        vetted: set[tuple[str, str | None, str, date]] = set()
        new = []
        for value in values:
            if value.golden not in goldens:
                goldens[value.golden] = _with_sheet(records.golden(self._db, value.golden))
                units[value.golden] = self._lots_of_units(value.golden)
            value = _vetted(value, units[value.golden])
            held_to = goldens[value.golden]
            if value.lot is not None:
                if (value.golden, value.lot) not in lots:
                    row = golden_of_lot(self._db, value.golden, value.lot, where=value.where)
                    lots[value.golden, value.lot] = held_to if row.id == held_to[0].id else _with_sheet(row)
                held_to = lots[value.golden, value.lot]
            asked = (value.golden, value.lot, value.name, value.measured_on or at.date())
            if asked not in vetted:
                self._vet(*asked)
                vetted.add(asked)
            place = (value.lot, value.unit, value.name)
            if place in seen:
                raise RequestError(
                    f"{value.where}: {value.name} of unit {value.unit} is there twice, first in {seen[place]}",
                    "Keep one of them.",
                )
            seen[place] = value.where
            new.append(_judged(value, *held_to, at))
            on_each()
        return new

    def record(self, judged: Sequence[NewEntered], on_each: Callable[[], None] = lambda: None) -> list[EnteredAnswer]:
        """Record judged values in one transaction, all or none; stopped in between, none is recorded.

        A value entered before, word for word, is known and adds nothing. ``on_each`` is called as each is written.
        """
        answers = []
        for entered, created in store.add_entered(self._db, judged, on_each):
            document = EnteredDocument.model_validate_json(entered.document)
            remark = ""
            if not created and not entered.standing:
                remark = (
                    f"{entered.name} of unit {entered.unit} was entered as {document.judged.value:g} before and has "
                    "been corrected since; the correction stands. Give a note to enter it anew"
                )
            answers.append(EnteredAnswer(document, created, remark))
        return answers

    def read(self, path: Path, *, golden: str | None, lot: str | None, by: str = "") -> list[NewValue]:
        """Values of a CSV file; ``golden``, ``lot`` and ``by`` for rows that do not name their own.

        Raises RequestError that names line and column.
        """
        found = []
        for row in read_table(path, required=COLUMNS, optional=OPTIONAL):
            number = row.text("golden", default=golden or "")
            if not number:
                raise RequestError(f"{row.where} names no golden sample", "Add a column golden, or give --golden.")
            calibrated = row.day("calibrated_on")
            if calibrated is None:
                raise RequestError(f"{row.where}: calibrated_on is empty", "Give the instrument's calibration date.")
            found.append(
                NewValue(
                    where=row.where, unit=row.text("unit"), name=row.text("name"), value=row.number("value"),
                    u=row.number("u"), instrument=row.text("instrument"), calibrated_on=calibrated, golden=number,
                    lot=row.text("lot", default=lot or "") or None, due_on=row.day("due_on"),
                    measured_on=row.day("measured_on"),
                    unit_of_measure=row.text("unit_of_measure", default="") or None, by=row.text("by", default=by),
                    note=row.text("note", default=""),
                )
            )  # fmt: skip
        return found

    def values(
        self, *, golden: str | None = None, lot: str | None = None, unit: str | None = None, history: bool = False
    ) -> list[EnteredDocument]:
        """Entered values that stand, oldest first; ``history``: also those that were corrected."""
        rows = store.entered_values(self._db, golden=golden, lot=lot, unit=unit, standing=not history)
        return [EnteredDocument.model_validate_json(r.document) for r in rows]

    def _lots_of_units(self, golden: str) -> dict[str, set[str | None]]:
        """The lots that units of a name lie in, None for no lot, of every unit held to a golden sample."""
        found: dict[str, set[str | None]] = defaultdict(set)
        for unit in inspections.units(self._db, golden=golden, bare=True):
            found[unit.unit].add(unit.lot)
        return found


def _with_sheet(row: GoldenRow) -> tuple[GoldenRow, Sheet]:
    from station.sheet import load_sheet

    return row, load_sheet(row.sheet_toml.encode())


def _vetted(value: NewValue, lots: Mapping[str, set[str | None]]) -> NewValue:
    """The value with clean texts, and with the lot of its unit where it names none. lots : by the units' names."""
    texts = {
        key: plain_text(getattr(value, key), f"{value.where}: {key}")
        for key in ("unit", "name", "instrument", "by", "note")
    }
    for key in ("unit", "name", "instrument"):
        if not texts[key]:
            raise RequestError(f"{value.where}: {key} is empty", "Fill it in.")
    if value.u < 0:
        raise RequestError(f"{value.where}: u is {value.u:g}", "Give the expanded uncertainty (k = 2), 0 or more.")
    lot = value.lot
    if lot is None:
        known = lots.get(texts["unit"], set())
        if len(known) > 1:
            names = ", ".join(sorted(x or "without a lot" for x in known))
            raise RequestError(
                f"{value.where}: there are units called {texts['unit']} in several lots: {names}", "Name the lot."
            )
        lot = next(iter(known), None)
    if lot is not None:
        vet_lot_id(lot)
    return replace(
        value, lot=lot, unit=texts["unit"], name=texts["name"], instrument=texts["instrument"], by=texts["by"],
        note=texts["note"],
    )  # fmt: skip


def as_they_stand(db: Database, rows: Iterable[UnitRow]) -> list[UnitRow]:
    """The units, with their documents, with what was entered of them in document and verdict, in order.

    A nonconforming value that was entered after a reviewer accepted the unit counts again: nobody had seen it.
    """
    rows = list(rows)
    found: dict[tuple[str, int, str | None, str], list[EnteredRow]] = defaultdict(list)
    names, goldens = {r.unit for r in rows}, {r.golden for r in rows}
    one, golden = (next(iter(x)) if len(x) == 1 else None for x in (names, goldens))
    for e in store.entered_values(db, unit=one, golden=golden):
        found[e.golden, e.golden_version, e.lot, e.unit].append(e)
    if not found:
        return rows
    mine = [found.get((r.golden, r.golden_version, r.lot, r.unit), []) for r in rows]
    unseen = _unseen(db, rows, mine)
    return [_standing(r, values, overtaken=r.id in unseen) for r, values in zip(rows, mine, strict=True)]


def _unseen(db: Database, rows: Sequence[UnitRow], values: Sequence[Sequence[EnteredRow]]) -> set[int]:
    """Units, by id, whose reviewer let them pass before a nonconforming value was entered, in the order of the ledger:
    clocks are set back at times. What is older than the ledger is told apart by its times."""
    passed = {
        r.id: (r.review, wrong)
        for r, mine in zip(rows, values, strict=True)
        if r.review is not None and r.review.counted in ("accept", "defer")
        and (wrong := [e for e in mine if e.verdict is Verdict.NONCONFORMS])
    }  # fmt: skip
    order = store.entered_in_order(
        db, reviews=[review.id for review, _ in passed.values()], values=[e.id for _, es in passed.values() for e in es]
    )
    return {
        unit for unit, (review, wrong) in passed.items()
        if any((order["value", e.id], e.at) > (order["review", review.id], review.at) for e in wrong)
    }  # fmt: skip


def missing_values(db: Database, lot: str, sheet: Sheet) -> tuple[str, ...]:
    """What the sheet asks to be entered of a lot and was not yet, in words."""
    if not sheet.entered:
        return ()
    have: dict[str, set[str]] = defaultdict(set)
    for e in store.entered_values(db, lot=lot):
        have[e.name].add(e.unit)
    return tuple(
        f"{e.name} was entered of {len(have[e.name])} units, {e.units_per_lot} needed"
        for e in sheet.entered
        if len(have[e.name]) < e.units_per_lot
    )


def without_photo(db: Database, lot: str, units: Sequence[UnitRow]) -> tuple[str, ...]:
    """Units of a lot that values were entered of and that nobody photographed, in words: they are in no sample."""
    seen = {u.unit for u in units}
    left = [e for e in store.entered_values(db, lot=lot) if e.unit not in seen]
    if not left:
        return ()
    names = {e.unit for e in left}
    wrong = {e.unit for e in left if e.verdict is Verdict.NONCONFORMS}
    return (
        f"with entered values, but not inspected and not counted: {len(names)} ({len(wrong)} of them nonconforming)",
    )


def _standing(row: UnitRow, values: Sequence[EnteredRow], *, overtaken: bool) -> UnitRow:
    from station.judge.standing import with_entered

    if not values:
        return row
    judged = [EnteredDocument.model_validate_json(e.document).judged for e in values]
    document = with_entered(UnitDocument.model_validate_json(row.document), judged)
    changed = replace(row, verdict=document.verdict, document=document.model_dump_json(by_alias=True))
    return replace(changed, overtaken=True) if overtaken else changed


def _judged(value: NewValue, row: GoldenRow, sheet: Sheet, at: datetime) -> NewEntered:
    from station.judge import judge_measurement
    from station.values.line import Gate, Measurement

    unit_of_measure = _unit_of_measure(value, sheet)
    measured_on = value.measured_on or at.date()
    due_on = value.due_on or value.calibrated_on + timedelta(days=VALID_DAYS)
    if measured_on > at.date():
        raise RequestError(f"{value.where}: measured_on {measured_on} lies in the future", "Correct the date.")
    if value.calibrated_on > measured_on:
        raise RequestError(
            f"{value.where}: {value.instrument} was calibrated on {value.calibrated_on}, after the value was measured",
            "Give the calibration that was in force when it was measured.",
        )
    if due_on <= value.calibrated_on:
        raise RequestError(f"{value.where}: due_on {due_on} is not after calibrated_on", "Correct the dates.")
    gates: tuple[Gate, ...] = ()
    if measured_on > due_on:
        reason = (
            f"{value.name} was measured on {measured_on} with {value.instrument}, whose calibration of "
            f"{value.calibrated_on} held until {due_on}: calibrate it and measure again"
        )
        gates = (Gate("instrument", False, reason, ("entered",)),)
    measurement = Measurement(
        characteristic=f"entered:{value.name}", kind="entered", value=value.value, unit=unit_of_measure, u=value.u,
        method=f"{value.instrument}, calibrated {value.calibrated_on}, due {due_on}",
        detail={"measured_on": measured_on.isoformat(), "by": value.by},
    )  # fmt: skip
    judged = judge_measurement(measurement, sheet, gates=gates, golden_sizes_mm=_golden_sizes(row, sheet))
    document = EnteredDocument(
        unit=value.unit, golden=row.number, golden_version=row.version, lot=value.lot, name=value.name, judged=judged,
        instrument=value.instrument, calibrated_on=value.calibrated_on, due_on=due_on, measured_on=measured_on,
        by=value.by, note=value.note, entered_at=at,
    )  # fmt: skip
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    document = document.model_copy(update={"digest": digest(content)})
    return NewEntered(
        content_key=_content_key(value, row), golden_id=row.id, lot=value.lot, unit=value.unit, name=value.name,
        verdict=judged.verdict, document=document.model_dump_json(by_alias=True), digest=document.digest, at=at,
    )  # fmt: skip


def _content_key(value: NewValue, row: GoldenRow) -> str:
    """Digest of what was entered, word for word; without who and when, so that a file may be handed in again."""
    days = [None if d is None else d.isoformat() for d in (value.calibrated_on, value.due_on, value.measured_on)]
    names = [row.number, row.version, value.lot, value.unit, value.name, value.instrument, value.note]
    return digest([*names, *days, value.value, value.u])


def _unit_of_measure(value: NewValue, sheet: Sheet) -> str:
    row, size = sheet.entered_value(value.name), sheet.size(value.name)
    if row is not None:
        wanted = row.unit
    elif size is not None:
        wanted = "deg" if size.kind == "angle" else "mm"
    else:
        names = [e.name for e in sheet.entered] + [s.name for s in sheet.sizes]
        listed = f"It has {', '.join(names)}." if names else "Add a table [[entered]] and seal the golden again."
        raise RequestError(f"{value.where}: the control sheet has no {value.name!r}", listed)
    if value.unit_of_measure is not None and value.unit_of_measure != wanted:
        raise RequestError(
            f"{value.where}: {value.name} is given in {value.unit_of_measure}, the control sheet has it in {wanted}",
            f"Convert the value and its u to {wanted}.",
        )
    return wanted


def _golden_sizes(row: GoldenRow, sheet: Sheet) -> Mapping[str, float]:
    sizes: dict[str, float] = dict(json.loads(row.master_document).get("sizes_mm") or {})
    return sizes | {s.name: s.golden_mm for s in sheet.sizes if s.golden_mm is not None}
