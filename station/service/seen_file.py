"""A table of what people saw and counted on a lot, brought into its nonconformity as points (S3-S5, S11)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from station.errors import RequestError
from station.quality.kind_words import require_kind
from station.service.values_file import TableRow, read_table
from station.values.documents import DefectClass
from station.values.nonconformity import KindDocument, NonconformityDocument

if TYPE_CHECKING:
    from station.service.nonconformities import Nonconformities, Seen

REQUIRED = ("kind", "note", "units", "of")
OPTIONAL = ("name", "standard", "class", "counted")


def kinds(word: str | None, code: str) -> list[KindDocument]:
    """The kinds of nonconformity by name, or the one that a word means. code : of the language. Raises RequestError."""
    from station.quality.catalogue import KINDS
    from station.quality.kind_words import words
    from station.report.languages import language

    others, tongue = words(), language(code)
    return [
        KindDocument(
            kind=name, category=KINDS[name].category, remedy=KINDS[name].remedy, name=tongue.text(f"kind.{name}"),
            remedy_name=tongue.text(f"disposition.{KINDS[name].remedy}"), words=others.get(name, ()),
        )
        for name in (sorted(KINDS) if word is None else [require_kind(word)])
    ]  # fmt: skip


def read_seen(path: Path) -> list[Seen]:
    """Rows of a CSV file with the columns kind, note, units, of; name, standard, class, counted (units or cartons).

    kind : of the catalogue, or another word for it (S4). Raises RequestError with the line.
    """
    return list(_rows(read_table(path, required=REQUIRED, optional=OPTIONAL)))


def _rows(table: list[TableRow]) -> Iterator[Seen]:
    for row in table:
        try:
            kind = require_kind(row.text("kind"))
        except RequestError as error:
            raise RequestError(f"{row.where}, column kind: {error.message}", error.do) from error
        counted, called = row.text("counted", default="units"), row.text("class", default="")
        if counted not in ("units", "cartons"):
            raise RequestError(f"{row.where}: {counted[:40]!r} cannot be counted", "Write units or cartons.")
        found: DefectClass | None = next((c for c in get_args(DefectClass) if c == called), None)
        if called and found is None:
            raise RequestError(f"{row.where}: {called[:40]!r} is no class", "Use critical, major or minor.")
        yield {
            "kind": kind, "name": row.text("name", default=""), "note": row.text("note"),
            "units": _count(row, "units"), "of": _count(row, "of"), "clause": row.text("standard", default=""),
            "defect_class": found, "cartons": counted == "cartons",
        }  # fmt: skip


def _count(row: TableRow, column: str) -> int:
    value = row.number(column)
    if value != int(value):
        raise RequestError(f"{row.where}, column {column}: {value:g} is no count", "Write a whole number.")
    return int(value)


def add_seen(nonconformities: Nonconformities, number: str, path: Path, *, by: str) -> NonconformityDocument:
    """Add every row of a file; none where one of them does not hold. Raises RequestError with the line."""
    rows = read_seen(path)
    for seen in rows:
        nonconformities.seen_event(number, **seen, by=by)
    for seen in rows:
        nonconformities.seen(number, **seen, by=by)
    return nonconformities.show(number)
