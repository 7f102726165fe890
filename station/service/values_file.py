"""Tables of values as people save them: CSV with a decimal point, and refusals that name line and column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

from station.errors import RequestError
from station.values.names import plain_spaces
from station.values.spreadsheet import unguarded

MAX_BYTES = 20_000_000
MAX_ROWS = 100_000
MAX_TEXT = 200

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WITH_UNIT = re.compile(rf"({_NUMBER.pattern})\s*[^0-9\s.,;'].*")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table; every column is there, empty texts where a cell is."""

    where: str
    cells: Mapping[str, str]

    def text(self, column: str, *, default: str | None = None) -> str:
        """A cell's text. Raises RequestError for an empty one without a default."""
        found = self.cells.get(column, "")
        if found:
            return found
        if default is None:
            raise RequestError(f"{self.where}: {column} is empty", "Fill it in, or take the row out.")
        return default

    def number(self, column: str) -> float:
        """A cell's number. Raises RequestError with line and column."""
        return number(self.text(column), f"{self.where}, column {column}")

    def day(self, column: str, *, default: date | None = None) -> date | None:
        """A cell's date, or the default of an empty one. Raises RequestError with line and column."""
        found = self.cells.get(column, "")
        return day(found, f"{self.where}, column {column}") if found else default


def number(text: str, what: str) -> float:
    """A number with a decimal point. Raises RequestError that says what is wrong with it."""
    plain = text.strip()
    if _NUMBER.fullmatch(plain):
        value = float(plain)
        if abs(value) <= 1e12:
            return value
        raise RequestError(f"{what}: {plain} is beyond any measurement", "Correct the value.")
    if re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+", plain):
        whole = plain.replace(",", "")
        raise RequestError(
            f"{what}: {plain!r} has a comma", f"Write {whole}, or with a decimal point if that is meant."
        )
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", plain):
        raise RequestError(f"{what}: {plain!r} has a decimal comma", f"Write it as {plain.replace(',', '.')}")
    if plain.startswith("\N{MINUS SIGN}"):
        raise RequestError(f"{what}: {plain!r} begins with a typographic minus", f"Write it as -{plain[1:]}")
    unit = _WITH_UNIT.fullmatch(plain)
    if unit is not None:
        raise RequestError(f"{what}: {plain[:40]!r} holds more than a number", f"Write {unit[1]} without its unit.")
    raise RequestError(f"{what}: {plain[:40]!r} is no number", "Write digits with a decimal point, such as 33.9")


def day(text: str, what: str) -> date:
    """A date as 2026-05-01. Raises RequestError."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
            return date.fromisoformat(text.strip())
    except ValueError:
        pass
    raise RequestError(f"{what}: {text[:40]!r} is no date", "Write year, month and day, such as 2026-05-01")


def plain_text(text: str, what: str) -> str:
    """A short text without control characters, with plain spaces. Raises RequestError."""
    found = plain_spaces(text).strip()
    if len(found) > MAX_TEXT or not found.isprintable():
        raise RequestError(f"{what} is too long or has control characters", f"Use {MAX_TEXT} plain characters.")
    return found


def read_table(path: Path, *, required: Sequence[str], optional: Sequence[str]) -> list[TableRow]:
    """Rows of a CSV file with the columns named, in any order.

    Raises
    ------
    RequestError
        Not UTF-8 or not separated by commas, a column that lacks, is there twice or is unknown, a row with more or
        fewer cells than the first line, no row at all.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RequestError(f"{path} has more than {MAX_BYTES} bytes", "Hand it in by parts.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}", "Give the path of a CSV file.") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"{path} is not UTF-8 text (byte {error.start})", "Save it as CSV UTF-8.") from error
    if "\0" in text:
        raise RequestError(f"{path} is not text", "Save the table as CSV UTF-8.")
    rows = list(_rows(path, text, required, optional))
    if not rows:
        raise RequestError(f"{path} has no row of values", f"Its columns are {', '.join((*required, *optional))}.")
    return rows


def _rows(path: Path, text: str, required: Sequence[str], optional: Sequence[str]) -> Iterator[TableRow]:
    head = text.split("\n", 1)[0]
    columns_are = f"Its first line must read, with commas: {','.join(required)}"
    for separator, called in ((";", "semicolons"), ("\t", "tabs")):
        if separator in head and "," not in head:
            raise RequestError(
                f"{path} is separated by {called}", "Save it with commas, and with a decimal point in the numbers."
            )
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        columns = [c.strip().lower() for c in next(reader, [])]
        for wanted in required:
            if wanted not in columns:
                raise RequestError(f"{path} line 1 has no column {wanted}", columns_are)
        for i, column in enumerate(columns):
            if column in columns[:i]:
                raise RequestError(f"{path} line 1 has the column {column!r} twice", "Give every column once.")
            if column not in (*required, *optional):
                more = f" Optional are {', '.join(optional)}." if optional else ""
                raise RequestError(f"{path} line 1: unknown column {column[:40]!r}", f"{columns_are}.{more}")
        for count, row in enumerate(reader):
            where = f"{path} line {reader.line_num}"
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(columns):
                raise RequestError(
                    f"{where} has {len(row)} cells, the first line {len(columns)}",
                    "Write numbers with a decimal point, and quote texts that hold a comma.",
                )
            if count >= MAX_ROWS:
                raise RequestError(f"{path} has more than {MAX_ROWS} rows", "Hand it in by parts.")
            yield TableRow(
                where, {c: plain_text(unguarded(v), f"{where}, column {c}") for c, v in zip(columns, row, strict=True)}
            )
    except csv.Error as error:
        raise RequestError(f"{path} line {reader.line_num} is no CSV: {error}", "Save the table as CSV.") from error
