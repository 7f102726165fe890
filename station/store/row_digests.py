"""What a row says, byte for byte, as one SHA-256: the ledger holds every row of the records to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from station.store import account_tables
from station.store import tables as t
from station.values.digest import sha256_hex

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
    every = _rows(table, c.dialect.name == "sqlite")
    if keys is None:
        yield from _digests(c, table, every)
        return
    for start in range(0, len(keys), BLOCK):
        yield from _digests(c, table, every.where(key_column(table).in_(keys[start : start + BLOCK])))


@lru_cache(maxsize=256)
def _rows(table: sa.Table, sqlite: bool) -> sa.Select[Any]:
    columns = [_raw(column) if sqlite else column for column in table.c]
    return sa.select(*columns).order_by(key_column(table))


def _digests(c: sa.Connection, table: sa.Table, query: sa.Select[Any]) -> Iterator[tuple[str, str | None]]:
    names = list(table.c.keys())
    key = names.index(key_column(table).name)
    for row in c.execute(query):
        try:
            values = {n: _plain(v) for n, v in zip(names, row, strict=True) if v is not None}
            # of strings and integers alone, this is what RFC 8785 says, at a hundredth of the time
            text = json.dumps({"table": table.name, "row": values}, sort_keys=True, ensure_ascii=False,
                              separators=(",", ":")).encode()  # fmt: skip
        except UnicodeError:
            yield _key(row[key]), None
        else:
            yield _key(row[key]), sha256_hex(text)


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
