"""What a lot is held to, and its units as its decision counts them: newest inspection, review, one outcome a unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from station.errors import ConflictError, NotFoundError, RequestError
from station.service.reviewing import named_rows
from station.store import gates as orders
from station.store import records, streams
from station.store.database import Database
from station.store.rows import GoldenRow, UnitRow
from station.values.documents import REJECTED_AT_REVIEW, UnitDocument, Verdict
from station.values.draw import DrawDocument
from station.values.look_alikes import look_alike, spelled
from station.values.names import natural_key, same_name

if TYPE_CHECKING:
    from station.lots.decide import UnitOutcome
    from station.sheet import Sheet


MAX_LOT_ID = 200
_OF_A_LOT = (
    "decision", "decisions", "tally", "map", "density", "explanation", "counted", "draw", "draws", "picks", "picture",
    "pulled", "report", "sets",
)  # fmt: skip
"""What addresses of the API end in behind a lot's id."""


def vet_lot_id(lot: str) -> None:
    """Raises RequestError for an id that cannot be told apart in a list or that no address of the API can carry."""
    segments = lot.split("/")
    if lot != lot.strip() or not lot.isprintable() or not lot or len(lot) > MAX_LOT_ID:
        raise RequestError(
            f"{lot[:40]!r} is no lot id", f"Use 1 to {MAX_LOT_ID} plain characters without blanks around them."
        )
    if {".", "..", ""} & set(segments) or segments[-1] in _OF_A_LOT:
        raise RequestError(f"{lot[:40]!r} reads like a path", "Give the lot an id that does not, such as L-0711.")


def vet_new_lot(db: Database, lot: str) -> None:
    """Raises ConflictError for a lot that is not on record and whose name cannot be told apart from one that is: goods
    do not go round a gate, or out of a record, by another hyphen."""
    if any(x.name == lot for x in records.lots(db)):
        return
    other = look_alike(lot, records.lot_names(db))
    if other is not None:
        raise ConflictError(
            f"there is a lot {spelled(other)}, which cannot be told apart from {spelled(lot)}",
            f"Name it {other}, or give another lot a name that differs in more than its case or kind of characters.",
        )


def vet_new_order(db: Database, name: str) -> None:
    """Raises ConflictError for an order whose number cannot be told apart from that of another one."""
    other = look_alike(name, {r.name for r in orders.orders(db)})
    if other is not None:
        raise ConflictError(
            f"there is an order {spelled(other)}, which cannot be told apart from {spelled(name)}",
            f"Give it the number {other}, or another one.",
        )


def draw_of_lot(db: Database, lot: str) -> DrawDocument | None:
    """The pick list of a lot that is in force, None where none was drawn."""
    try:
        return DrawDocument.model_validate_json(streams.newest_draw(db, lot))
    except NotFoundError:
        return None


def golden_of_lot(db: Database, number: str, lot: str | None, *, where: str = "") -> GoldenRow:
    """The golden version that units are held to: a lot's own, in which it was opened or drawn, else the newest.

    where : what a refusal names first, such as a file's line. Raises NotFoundError for an unknown golden, ConflictError
    for a lot that is held to another number.
    """
    newest = records.golden(db, number)
    own = None if lot is None else known_golden(db, lot)
    if own is None:  # a lot is opened by its first unit or value, or by a pick list that names its golden
        return newest
    if own.number != number:
        raise ConflictError(
            f"{f'{where}: ' if where else ''}lot {lot} is held to golden {own.number}, not to {number}",
            "Name the lot's own golden sample, or another lot.",
        )
    return newest if own.id == newest.id else own


def known_golden(db: Database, lot: str) -> GoldenRow | None:
    """The golden version that a lot is held to, None where neither a unit nor its pick list says so."""
    known = next((x for x in records.lots(db) if x.name == lot), None)
    if known is not None:
        return records.golden_by_id(db, known.golden_id)
    drawn = draw_of_lot(db, lot)
    return None if drawn is None or drawn.golden is None else records.golden(db, drawn.golden, drawn.golden_version)


def standing_units(rows: Iterable[UnitRow]) -> list[UnitRow]:
    """One row a unit, in natural order of their names: neither workers nor interruptions change the sample.

    Of several photos of one unit a nonconforming one stands until a reviewer settles it; else a decided one before an
    undecided one; else the newest. A better photo cannot quietly replace a bad verdict.
    """
    chosen: dict[str, UnitRow] = {}
    for row in rows:
        other = chosen.get(same_name(row.unit))
        if other is None or _weight(row) > _weight(other):
            chosen[same_name(row.unit)] = row
    return [chosen[name] for name in sorted(chosen, key=natural_key)]


def outcome(row: UnitRow, sheet: Sheet) -> UnitOutcome:
    """What the lot counts of a unit, a reviewer's word above the line's."""
    from station.lots.decide import UnitOutcome, outcome_of

    line = replace(outcome_of(UnitDocument.model_validate_json(row.document), sheet), order=row.id)
    if row.review is None or row.review.decision == "undo" or row.overtaken:
        return line
    if row.review.counted == "accept":
        return UnitOutcome(row.unit, Verdict.CONFORMS, frozenset(), frozenset(), frozenset(), order=row.id)
    if row.review.counted == "defer":
        open_ = line.nonconforming | line.undecided or sheet.classes
        return UnitOutcome(row.unit, Verdict.UNDECIDED, frozenset(), open_, frozenset(), order=row.id)
    # rejected: in the classes the line found; where it found none, of what the reviewer names, or else as major
    named = {} if line.nonconforming else named_rows(row.review.reason, sheet)
    classes = line.nonconforming or frozenset(named.values()) or frozenset({"major"})
    names = line.characteristics or frozenset(named) or frozenset({REJECTED_AT_REVIEW})
    return UnitOutcome(row.unit, Verdict.NONCONFORMS, classes, frozenset(), names, line.counts, row.id)


def _weight(row: UnitRow) -> tuple[bool, bool, int]:
    return (row.standing is Verdict.NONCONFORMS, row.standing is not Verdict.UNDECIDED, row.id)
