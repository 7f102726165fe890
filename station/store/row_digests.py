"""What a row says, byte for byte, as one SHA-256: the ledger holds every row of the records to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from station.quality.ledger import row_digest
from station.store import account_tables
from station.store import tables as t

BLOCK = 500
"""Keys a statement, far below what both databases take."""

_LEFT_OUT = ("ledger", "ledger_rows", *account_tables.PASSING)
COVERED: tuple[sa.Table, ...] = tuple(x for x in t.metadata.sorted_tables if x.name not in _LEFT_OUT)
"""Tables whose every row stands in the ledger: all but its own, which the chain holds, and those that pass."""


def key_column(table: sa.Table) -> sa.Column[Any]:
    """The one column of a table's primary key."""
    (column,) = table.primary_key.columns
    return column


def row_digests(
    c: sa.Connection, table: sa.Table, keys: Sequence[Any] | None = None
) -> Iterator[tuple[str, str | None]]:
    """Key and digest of rows, all where no keys are given; None for a digest of what is no text any more.

    A column that is NULL does not count, so that a column which a later schema adds leaves the digests as they are.
    """
    for key, row in _read(c, table, keys):
        try:
            digest = row_digest(table.name, _plain_row(row))
        except UnicodeError:
            yield key, None
        else:
            yield key, digest


def plain_rows(c: sa.Connection, table: sa.Table, keys: Sequence[Any]) -> Iterator[tuple[str, dict[str, str | int]]]:
    """Key and columns of rows as their digests cover them: no NULL, fractions and instants as text. Raises
    UnicodeError for what is no text any more."""
    for key, row in _read(c, table, keys):
        yield key, _plain_row(row)


def _read(c: sa.Connection, table: sa.Table, keys: Sequence[Any] | None) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Key and columns of rows as the database gives them, in order of their keys within each block."""
    sqlite = c.dialect.name == "sqlite"
    names = list(table.c.keys())
    place = names.index(key_column(table).name)
    asked: list[tuple[sa.Select[Any], dict[str, Any]]] = [(_rows(table, sqlite), {})]
    if keys is not None:
        some = _some(table, sqlite)
        asked = [(some, {"block": keys[start : start + BLOCK]}) for start in range(0, len(keys), BLOCK)]
    for query, parameters in asked:
        for row in c.execute(query, parameters):
            yield _key(row[place]), list(zip(names, row, strict=True))


@lru_cache(maxsize=256)
def _rows(table: sa.Table, sqlite: bool) -> sa.Select[Any]:
    columns = [_raw(column) if sqlite else column for column in table.c]
    return sa.select(*columns).order_by(key_column(table))


@lru_cache(maxsize=256)
def _some(table: sa.Table, sqlite: bool) -> sa.Select[Any]:
    """The rows whose keys are the parameter ``block``."""
    return _rows(table, sqlite).where(key_column(table).in_(sa.bindparam("block", expanding=True)))


def _plain_row(row: Sequence[tuple[str, Any]]) -> dict[str, str | int]:
    return {name: _plain(value) for name, value in row if value is not None}


def _raw(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The bytes of a text in SQLite: not every file that was tampered with holds text, or a date, where it should."""
    if isinstance(column.type, sa.Text | t.Utc):
        return sa.cast(column, sa.LargeBinary).label(column.name)
    return column


def _key(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _plain(value: Any) -> str | int:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if isinstance(value, int) else str(value)
