"""The ledger in the database: every record enters it in the transaction that writes the record.

Whoever writes calls :func:`touch` for each row (``insert``, ``insert_once`` and ``insert_all`` do) and
:meth:`Ledger.enter` last. The entry cites the rows by their digests, hangs in the chain and is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from station.errors import StoreError
from station.quality.ledger import GENESIS, Entry, Head, cites_digest, head_value, link_hash
from station.quality.signing import LEDGER_HEAD
from station.store import tables as t
from station.store.advisory import Advisory, hold
from station.store.keys import KeyRing
from station.store.row_digests import BLOCK, COVERED, key_column, row_digests
from station.values.digest import canonical_json, sha256_hex

_NEWEST = sa.select(t.ledger).order_by(t.ledger.c.sequence.desc()).limit(1)
_HASH = sa.select(t.ledger.c.hash).where(t.ledger.c.sequence == sa.bindparam("number"))

_TOUCHED = "rows that the ledger has yet to cite"

TAKEN_OVER = "taken over"
"""Kind of the first entry of a home that has a past: what it held when the ledger began."""

HEAD_MISSING = "head"
"""What an entry has besides, with ``missing``, where the head that is kept outside the database was gone."""


def touch(c: sa.Connection, table: sa.Table, key: Any) -> None:
    """Note that a row was written, for the entry of this transaction."""
    c.info.setdefault(_TOUCHED, {}).setdefault(table.name, {})[key] = None


def touched(c: sa.Connection) -> bool:
    """Whether this transaction wrote a row that no entry cites yet."""
    return bool(c.info.get(_TOUCHED))


def insert(c: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> sa.Row[Any]:
    """Insert a row and answer it as it is stored."""
    row = c.execute(_inserting(table), dict(values)).one()
    touch(c, table, row._mapping[key_column(table).name])
    return row


@cache  # a statement is never changed, and building it takes longer than the row
def _inserting(table: sa.Table) -> sa.Insert:
    return sa.insert(table).returning(table)


def insert_all(c: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows."""
    if rows:
        for key in c.execute(sa.insert(table).returning(key_column(table)), [dict(r) for r in rows]).scalars():
            touch(c, table, key)


def insert_once(c: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless a unique constraint already holds one like it; answer whether it was inserted."""
    build = sqlite.insert if c.dialect.name == "sqlite" else postgresql.insert
    statement = build(table).values(**values).on_conflict_do_nothing().returning(key_column(table))
    made = c.execute(statement).first()
    if made is not None:
        touch(c, table, made[0])
    return made is not None


def sequences_of(c: sa.Connection, table: sa.Table, keys: Sequence[int]) -> dict[int, int]:
    """The number of the ledger entry that entered each row of a table, by its key; a row that none entered is left
    out."""
    r = t.ledger_rows.c
    query = sa.select(r.row_key, sa.func.min(r.sequence).label("sequence")).group_by(r.row_key)
    query = query.where(r.table_name == table.name, r.row_key.in_([str(k) for k in keys]))
    return {int(x.row_key): int(x.sequence) for x in c.execute(query)}


def last_sequence(c: sa.Connection, table: sa.Table, key: int) -> int | None:
    """The number of the newest ledger entry that cites a row, None where none does. Looked for from the newest on."""
    r = t.ledger_rows.c
    query = sa.select(r.sequence).where(r.table_name == table.name, r.row_key == str(key))
    return c.scalar(query.order_by(r.sequence.desc()).limit(1))


class Ledger:
    """The ledger of one database, written with the keys of one home. clock : the time now, in UTC."""

    def __init__(self, keys: KeyRing, clock: Callable[[], datetime] | None = None) -> None:
        self.keys = keys
        self.clock = clock or _now
        self._head: Head | None = None
        self._contradicted = False

    def begin(self, c: sa.Connection) -> None:
        """A transaction has begun."""
        c.info.pop(_TOUCHED, None)
        self._head = None

    def enter(self, c: sa.Connection, kind: str, *, by: str = "", about: Mapping[str, Any] | None = None) -> None:
        """Append the entry of what this transaction wrote; without any row and any ``about`` there is nothing to enter.

        To be called last in a transaction: on PostgreSQL it waits for other stations' entries. by : who decided.
        about : what a reader of the ledger alone should know, JSON without floats that are not finite.
        """
        touched: dict[str, dict[Any, None]] = c.info.pop(_TOUCHED, {})
        if not touched and not about:
            return
        cites = []
        for name in sorted(touched):
            for key, digest in row_digests(c, t.metadata.tables[name], list(touched[name])):
                assert digest is not None  # it was text a moment ago
                cites.append((name, key, digest))
        self._append(c, kind, by, about or {}, cites)

    def finish(self, c: sa.Connection) -> None:
        """A transaction is about to be committed: what nobody entered is entered as ``recorded``."""
        if c.info.get(_TOUCHED):
            self.enter(c, "recorded", about={"tables": sorted(c.info[_TOUCHED])})

    def committed(self) -> None:
        """A transaction was committed: its head is kept outside the database."""
        if self._head is not None:
            if self._contradicted:
                self.keys.set_head_aside()
            self.keys.keep_head(self._head)

    def take_over(self, c: sa.Connection) -> None:
        """Enter the past of a home whose ledger is empty as one entry; a home without a past is left as it is.

        For homes from before there was a ledger: whoever empties a ledger is not to have its records taken over.
        """
        if c.execute(sa.select(t.ledger.c.sequence).limit(1)).first() is not None:
            return
        cites: list[tuple[str, str, str]] = []
        count: dict[str, int] = {}
        for table in COVERED:
            found = [(table.name, key, digest or "") for key, digest in row_digests(c, table)]
            count |= {table.name: len(found)} if found else {}
            cites += found
        if cites:
            g = t.goldens.c
            sealed = c.execute(sa.select(g.number, g.version, g.digest).order_by(g.id))
            about = {"rows": count, "goldens": [[r.number, r.version, r.digest] for r in sealed]}
            self._append(c, TAKEN_OVER, "", about, cites)

    def _append(
        self, c: sa.Connection, kind: str, by: str, about: Mapping[str, Any], cites: list[tuple[str, str, str]]
    ) -> None:
        hold(c, Advisory.LEDGER)
        last = newest(c)
        sequence, previous = (1, GENESIS) if last is None else (last.sequence + 1, last.hash)
        gone = {HEAD_MISSING: "missing"} if last is not None and not self.keys.head_file.exists() else {}
        content = canonical_json(
            {
                "kind": kind, "at": self.clock().astimezone(UTC).isoformat(timespec="microseconds"), "by": by,
                "about": about, "rows": {"count": len(cites), "sha256": cites_digest(cites)}, **gone,
            }
        ).decode()  # fmt: skip
        hash = link_hash(sequence, previous, sha256_hex(content.encode()))
        signature = self.keys.sign(LEDGER_HEAD, head_value(sequence, hash))
        head = Head(sequence, hash, self.keys.public, signature)
        c.execute(sa.insert(t.ledger), {"content": content, **head.as_dict()})
        for start in range(0, len(cites), BLOCK):
            rows = [
                {"sequence": sequence, "table_name": table, "row_key": key, "digest": digest}
                for table, key, digest in cites[start : start + BLOCK]
            ]
            c.execute(sa.insert(t.ledger_rows), rows)
        self._head = head
        self._contradicted = not self._follows_kept(c, sequence)

    def _follows_kept(self, c: sa.Connection, sequence: int) -> bool:
        """Whether the head that is kept outside the database is one that the chain had before entry ``sequence``."""
        try:
            kept = self.keys.head()
        except StoreError:
            return False
        if kept is None or kept.sequence == 0:
            return True
        return kept.sequence < sequence and kept.hash == c.scalar(_HASH, {"number": kept.sequence})


def entries(c: sa.Connection, *, first: int = 1, limit: int | None = None) -> list[Entry]:
    """Entries from number ``first`` on, in order."""
    query = sa.select(t.ledger).where(t.ledger.c.sequence >= first).order_by(t.ledger.c.sequence).limit(limit)
    return [Entry(r.sequence, r.content, r.hash, r.key, r.signature) for r in c.execute(query)]


def cited(c: sa.Connection, sequences: Sequence[int], tables: Sequence[str]) -> dict[int, dict[str, list[int]]]:
    """Ids of the rows of these tables that entries cite, by entry and table."""
    k = t.ledger_rows.c
    query = sa.select(k.sequence, k.table_name, k.row_key).where(k.sequence.in_(sequences), k.table_name.in_(tables))
    found: dict[int, dict[str, list[int]]] = {}
    for row in c.execute(query):
        found.setdefault(row.sequence, {}).setdefault(row.table_name, []).append(int(row.row_key))
    return found


def newest(c: sa.Connection) -> Head | None:
    """The newest head, None where nothing was entered yet."""
    row = c.execute(_NEWEST).first()
    return None if row is None else Head(row.sequence, row.hash, row.key, row.signature)


def _now() -> datetime:
    return datetime.now(UTC)
