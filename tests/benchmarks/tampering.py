"""Random tampering with a home and with a package; every bit of it is to be found and named.

Each mutation says what a report must name, so that a fault which is found in the wrong place does not count as found.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from station.store.audit import Audit, audit
from station.store.database import Database, sqlite_url
from station.store.evidence import Evidence

Named = tuple[str, ...]
"""Any one of these words must stand in what the report says."""


@dataclass(frozen=True)
class Tampered:
    """What was done, what a report of it must name, and of which kind it is."""

    what: str
    named: Named
    kind: str = ""


class TamperedHome:
    """A copy of a home that is tampered with, audited and put back, again and again."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = Path(shutil.copytree(home, folder / "tampered"))
        self._file = self.home / "station.db"
        with contextlib.closing(sqlite3.connect(self._file)) as c:
            c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.pristine = sqlite3.connect(":memory:")
            c.backup(self.pristine)
        self.db = Database(sqlite_url(self.home))
        self.evidence = Evidence(self.home / "evidence")
        self.files = {
            p: p.read_bytes() for p in sorted(self.home.rglob("*")) if p.is_file() and "station" not in p.name
        }
        self.files |= {p: p.read_bytes() for p in sorted((self.home / "keys").iterdir()) if p.is_file()}

    def close(self) -> None:
        self.db.close()
        self.pristine.close()

    def audit(self) -> Audit:
        return audit(self.db, self.evidence)

    @contextlib.contextmanager
    def tampered(self, seed: int) -> Iterator[Tampered]:
        """Tamper as the seed says; everything is as before when the block ends."""
        rng = random.Random(seed)
        try:
            mutation = rng.choice(MUTATIONS)
            yield replace(mutation(self, rng), kind=mutation.__name__.replace("_", " "))
        finally:
            with contextlib.closing(sqlite3.connect(self._file)) as c:
                self.pristine.backup(c)
            for path, data in self.files.items():
                if not path.exists() or path.read_bytes() != data:
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(data)

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """The database as somebody opens it who knows how to take the triggers away, and puts them back."""
        with contextlib.closing(sqlite3.connect(self._file, isolation_level=None)) as c:
            c.execute("BEGIN IMMEDIATE")
            c.execute("PRAGMA defer_foreign_keys = ON")
            triggers = c.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                c.execute(f"DROP TRIGGER {name}")
            yield c
            for _, sql in triggers:
                c.execute(sql)
            c.execute("COMMIT")


ADDABLE = ("reviews", "lot_decisions", "acknowledgements", "findings", "golden_events", "order_events", "order_lots")
"""Tables to which a row is added."""

Mutation = Callable[[TamperedHome, random.Random], Tampered]


def flip(data: bytes, rng: random.Random) -> bytes:
    """One byte of it is another one."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ rng.randrange(1, 256)]) + data[at + 1 :]


def _tables(c: sqlite3.Connection) -> list[str]:
    names = [r[0] for r in c.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return [n for n in names if n not in ("alembic_version", "ledger", "ledger_rows") and not n.startswith("sqlite_")
            and c.execute(f"SELECT count(*) FROM {n}").fetchone()[0]]  # fmt: skip


def _key(c: sqlite3.Connection, table: str) -> str:
    return str(next(r[1] for r in c.execute(f"PRAGMA table_info({table})") if r[5]))


def a_row(home: TamperedHome, rng: random.Random) -> Tampered:
    """One value of one row: a byte of a text, an amount added to a number, a NULL in place of something."""
    with home.open() as c:
        table = rng.choice(_tables(c))
        key = _key(c, table)
        columns = [(r[1], r[2]) for r in c.execute(f"PRAGMA table_info({table})") if not r[5]]
        column, kind = rng.choice(columns)
        row, value = rng.choice(c.execute(f"SELECT {key}, CAST({column} AS BLOB) FROM {table} ORDER BY 1").fetchall())
        with contextlib.suppress(sqlite3.IntegrityError):
            if value is None or kind != "TEXT":
                new = "x" if kind == "TEXT" else rng.randrange(1, 10**6)
                change = f"{column} = ?" if value is None or kind == "TEXT" else f"{column} = {column} + ?"
                c.execute(f"UPDATE {table} SET {change} WHERE {key} = ?", (new, row))
            else:
                new = flip(value or b"x", rng)
                c.execute("PRAGMA ignore_check_constraints = ON")
                c.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE {key} = ?", (new, row))
        same = c.execute(f"SELECT CAST({column} AS BLOB) FROM {table} WHERE {key} = ?", (row,)).fetchone()[0] == value
        if same:  # a constraint of the table refused it: a longer text is another value everywhere
            column = next(n for n, k in columns if k == "TEXT")
            c.execute(f"UPDATE {table} SET {column} = {column} || 'x' WHERE {key} = ?", (row,))
    return Tampered(f"{table}.{column} of row {row}", (f"record {row} of {table}",))


def a_row_is_gone(home: TamperedHome, rng: random.Random) -> Tampered:
    with home.open() as c:
        table = rng.choice(_tables(c))
        key = _key(c, table)
        row = rng.choice([r[0] for r in c.execute(f"SELECT {key} FROM {table} ORDER BY 1")])
        c.execute("PRAGMA foreign_keys = OFF")
        c.execute(f"DELETE FROM {table} WHERE {key} = ?", (row,))
    return Tampered(f"row {row} of {table} deleted", (f"record {row} of {table}",))


def a_row_is_added(home: TamperedHome, rng: random.Random) -> Tampered:
    with home.open() as c:
        table = rng.choice([t for t in _tables(c) if t in ADDABLE])
        names = [r[1] for r in c.execute(f"PRAGMA table_info({table})") if r[1] not in ("id", "supersedes")]
        listed = ", ".join(f'"{n}"' for n in names)
        other = {"sequence": "sequence + 1000", "lot": "lot || 'x'" if table == "order_lots" else '"lot"'}
        taken = ", ".join(other.get(n, f'"{n}"') for n in names)
        made = c.execute(f"INSERT INTO {table} ({listed}) SELECT {taken} FROM {table} ORDER BY random() LIMIT 1")
        row = made.lastrowid
    return Tampered(f"row {row} of {table} added", (f"record {row} of {table}",))


def an_entry(home: TamperedHome, rng: random.Random) -> Tampered:
    with home.open() as c:
        column = rng.choice(("content", "hash", "key", "signature"))
        sequence, value = rng.choice(c.execute(f"SELECT sequence, CAST({column} AS BLOB) FROM ledger").fetchall())
        c.execute(f"UPDATE ledger SET {column} = CAST(? AS TEXT) WHERE sequence = ?", (flip(value, rng), sequence))
    return Tampered(f"{column} of entry {sequence}", (f"ledger entry {sequence}",))


def what_an_entry_cites(home: TamperedHome, rng: random.Random) -> Tampered:
    with home.open() as c:
        rowid, sequence, value = rng.choice(c.execute("SELECT rowid, sequence, digest FROM ledger_rows").fetchall())
        if rng.random() < 0.3:
            c.execute("DELETE FROM ledger_rows WHERE rowid = ?", (rowid,))
        else:
            c.execute(
                "UPDATE ledger_rows SET digest = CAST(? AS TEXT) WHERE rowid = ?", (flip(value.encode(), rng), rowid)
            )
    return Tampered(f"a row cited by entry {sequence}", (f"ledger entry {sequence}: the rows",))


def an_entry_is_gone(home: TamperedHome, rng: random.Random) -> Tampered:
    with home.open() as c:
        sequence = rng.randrange(1, _last(c) + 1)
        c.execute("DELETE FROM ledger_rows WHERE sequence = ?", (sequence,))
        c.execute("DELETE FROM ledger WHERE sequence = ?", (sequence,))
    return Tampered(f"entry {sequence} deleted", (f"ledger entry {sequence}",))


def the_end_is_cut(home: TamperedHome, rng: random.Random) -> Tampered:
    """The last entries are gone, at times with every record that they cite, so that what is left holds together."""
    with home.open() as c:
        last = _last(c)
        first = rng.randrange(2, last + 1)
        if rng.random() < 0.5:
            c.execute("PRAGMA foreign_keys = OFF")
            for table, key in c.execute(
                "SELECT table_name, row_key FROM ledger_rows WHERE sequence >= ?", (first,)
            ).fetchall():
                c.execute(f"DELETE FROM {table} WHERE CAST({_key(c, table)} AS TEXT) = ?", (key,))
        c.execute("DELETE FROM ledger_rows WHERE sequence >= ?", (first,))
        c.execute("DELETE FROM ledger WHERE sequence >= ?", (first,))
    named = f"ledger entry {first}" if first == last else f"ledger entries {first} to {last}"
    return Tampered(f"entries {first} to {last} cut off", (named,))


def signatures_are_swapped(home: TamperedHome, rng: random.Random) -> Tampered:
    with home.open() as c:
        return _swap_heads(c, rng)


def _swap_heads(c: sqlite3.Connection, rng: random.Random) -> Tampered:
    a, b = rng.sample(c.execute("SELECT sequence, signature FROM ledger").fetchall(), 2)
    c.execute("UPDATE ledger SET signature = ? WHERE sequence = ?", (b[1], a[0]))
    c.execute("UPDATE ledger SET signature = ? WHERE sequence = ?", (a[1], b[0]))
    return Tampered(f"signatures of {a[0]} and {b[0]} swapped", (f"ledger entry {a[0]}: its signature",))


def sign_offs_are_swapped(home: TamperedHome, rng: random.Random) -> Tampered:
    with home.open() as c:
        rows = c.execute("SELECT id, key, signature FROM sign_offs WHERE key IS NOT NULL ORDER BY id").fetchall()
        a, b = rng.sample(rows, 2)
        for row, other in ((a, b), (b, a)):
            c.execute("UPDATE sign_offs SET key = ?, signature = ? WHERE id = ?", (other[1], other[2], row[0]))
    return Tampered("sign-offs swapped", (f"record {a[0]} of sign_offs",))


def releases_are_swapped(home: TamperedHome, rng: random.Random) -> Tampered:
    """A release or a waiver says what another one does; in a home without gates two signatures of the ledger."""
    with home.open() as c:
        rows = c.execute(
            "SELECT id, document, digest FROM order_events WHERE kind IN ('released', 'waived')"
        ).fetchall()
        if len(rows) < 2:
            return _swap_heads(c, rng)
        a, b = rng.sample(rows, 2)
        for row, said in ((a, b), (b, a)):
            c.execute("UPDATE order_events SET document = ?, digest = ? WHERE id = ?", (said[1], said[2], row[0]))
    return Tampered(f"order events {a[0]} and {b[0]} swapped", (f"record {a[0]} of order_events",))


def an_evidence_file(home: TamperedHome, rng: random.Random) -> Tampered:
    path = rng.choice([p for p in home.files if p.parent.parent.name == "evidence"])
    data = home.files[path]
    how = rng.choice(("flipped", "cut", "longer", "gone"))
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(flip(data, rng) if how == "flipped" else data[:-1] if how == "cut" else data + b"\0")
    return Tampered(f"evidence {path.name[:12]} {how}", (f"evidence {path.name}",))


def the_kept_head(home: TamperedHome, rng: random.Random) -> Tampered:
    path = home.home / "keys" / "head.json"
    if rng.random() < 0.2:
        path.unlink()
    else:
        path.write_bytes(flip(home.files[path], rng))
    return Tampered("the head that is kept", ("head.json",))


def a_key(home: TamperedHome, rng: random.Random) -> Tampered:
    path = home.home / "keys" / rng.choice(("station.pem", "station.pub"))
    lines = home.files[path].split(b"\n")
    at = rng.randrange(4, len(lines[1]) - 6)  # within the base64 of the key; the last letters hold unused bits
    letter = rng.choice([x for x in b"ABCDEFGHIJKLMNOP" if x != lines[1][at]])
    lines[1] = lines[1][:at] + bytes([letter]) + lines[1][at + 1 :]
    path.write_bytes(b"\n".join(lines))
    return Tampered(f"{path.name} changed", ("station.pem", "station.pub", "keys:"))


def a_trigger(home: TamperedHome, rng: random.Random) -> Tampered:
    with contextlib.closing(sqlite3.connect(home.home / "station.db")) as c:
        name = rng.choice(
            [r[0] for r in c.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")]
        )
        c.execute(f"DROP TRIGGER {name}")
        c.commit()
    return Tampered(f"trigger {name} dropped", (f"table {name.rsplit('_no_', 1)[0]} append-only",))


MUTATIONS: tuple[Mutation, ...] = (
    a_row, a_row, a_row, a_row, a_row_is_gone, a_row_is_added, an_entry, an_entry, what_an_entry_cites,
    an_entry_is_gone, the_end_is_cut, signatures_are_swapped, sign_offs_are_swapped, releases_are_swapped,
    an_evidence_file,
    an_evidence_file, the_kept_head, a_key, a_trigger,
)  # fmt: skip


def _last(c: sqlite3.Connection) -> int:
    return int(c.execute("SELECT max(sequence) FROM ledger").fetchone()[0])


def report(found: Audit) -> list[str]:
    """Everything that an audit names as wrong."""
    return [*found.missing, *found.changed, *found.added]


# --- packages --------------------------------------------------------------------------------------------------------


def places(data: bytes, parts: list[tuple[str, int, int, int]]) -> Callable[[int], str]:
    """Which file of an archive a byte belongs to. parts : name, and where header, content and end are."""

    def place(at: int) -> str:
        return next((name for name, offset, _, end in parts if offset <= at < end), "the archive's directory")

    assert parts[-1][3] < len(data)
    return place


def tamper_with_package(data: bytes, place: Callable[[int], str], rng: random.Random) -> tuple[bytes, Tampered]:
    """One change anywhere in a package's bytes."""
    how = rng.choice(("byte", "byte", "byte", "byte", "bit", "cut", "longer", "inserted", "removed"))
    at = rng.randrange(len(data))
    changed, tampered = _tampered_bytes(data, place, rng, how, at)
    return changed, replace(tampered, kind=how)


def _tampered_bytes(
    data: bytes, place: Callable[[int], str], rng: random.Random, how: str, at: int
) -> tuple[bytes, Tampered]:
    where = place(at)
    if how == "byte":
        return data[:at] + bytes([data[at] ^ rng.randrange(1, 256)]) + data[at + 1 :], Tampered(f"byte {at}", (where,))
    if how == "bit":
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :], Tampered(f"bit {at}", (where,))
    anywhere = ("the archive's directory",)
    if how == "cut":
        return data[:at], Tampered(f"cut at {at}", anywhere)
    if how == "longer":
        return data + rng.randbytes(rng.randrange(1, 30)), Tampered("something added at the end", anywhere)
    if how == "inserted":
        return data[:at] + rng.randbytes(1) + data[at:], Tampered(f"a byte inserted at {at}", anywhere)
    return data[:at] + data[at + 1 :], Tampered(f"byte {at} removed", anywhere)
