"""The database: one writing connection, read-only readers, and the schema's version.

SQLite runs in WAL mode with ``synchronous=FULL``. SQLite before 3.51.3 can corrupt the WAL when two connections write
or checkpoint at the same moment, so every write holds a lock file across processes and readers open the file read-only.
PostgreSQL is chosen by ``Settings.database_url``.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy import exc

from station.errors import (
    ConflictError,
    RequestError,
    StaleSchemaError,
    StorageFullError,
    StoreError,
    TooManyError,
    disk_error,
)
from station.store.advisory import Advisory, hold
from station.store.keys import KeyRing
from station.store.ledger import Ledger
from station.store.tables import APPEND_ONLY

HEAD = "0014"
"""The Alembic revision this version of the station reads and writes."""

LEDGERED = "0007"
"""The first revision with a ledger, and with keys: a home that had it and has no entries has lost them."""

_URLS = "Use postgresql://user@host/name or sqlite:///file.db, or unset it for SQLite inside the home."


def sqlite_url(home: Path) -> str:
    """URL of the SQLite database inside ``home``."""
    return f"sqlite:///{home / 'station.db'}"


class Database:
    """Connections to one database. ``write()`` commits when its block ends well; ``read()`` never writes.

    home : the folder with the keys that sign the ledger; left out, that of the SQLite file. clock : the time now, in
    UTC, for the ledger. What is written enters ``ledger``.

    Raises
    ------
    StaleSchemaError
        The database was written by another version of the station.
    StorageFullError
        The disk is full or read-only.
    """

    def __init__(self, url: str, *, home: Path | None = None, clock: Callable[[], datetime] | None = None) -> None:
        self.url = _checked(url)
        self._thread_lock = threading.RLock()
        self._changing, self._depth = threading.RLock(), 0
        self._lock_file: Path | None = None
        if self.url.get_backend_name() == "sqlite":
            file = Path(str(self.url.database))
            self.path: Path | None = file
            self._lock_file = file.with_suffix(".lock")
            with _translated():
                file.parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(f"sqlite:///{file}", begin="BEGIN IMMEDIATE", write=True)
            self._reader = _sqlite_engine(
                f"sqlite:///file:{_escaped(file)}?mode=ro&uri=true", begin="BEGIN", write=False
            )
        else:
            self.path = None
            self._writer = self._reader = sa.create_engine(
                self.url.set(drivername="postgresql+psycopg"), pool_pre_ping=True
            )
        if home is None:
            if self.path is None:
                raise RequestError("the keys of the ledger have no folder", "Name a home beside PostgreSQL's URL.")
            home = self.path.parent
        self.ledger = Ledger(KeyRing(home / "keys"), clock)

    @property
    def on_sqlite(self) -> bool:
        """Whether the records are in a SQLite file."""
        return self.path is not None

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that may write; committed, durable, when the block ends without an error. What it writes stands
        in the ledger with it."""
        with _translated(), self._one_writer():
            with self._writer.begin() as connection:
                self.ledger.begin(connection)
                yield connection
                self.ledger.finish(connection)
            self.ledger.committed()

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database."""
        with _translated(), self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give back all connections."""
        with self._one_writer():
            self._reader.dispose()
            self._writer.dispose()

    def ensure(self) -> None:
        """Make the tables where there are none; refuse tables of another version."""
        if self.revision() is None:
            self.upgrade()
        found = self.revision()
        if found != HEAD:
            known = found is not None and found < HEAD
            raise StaleSchemaError(
                f"the database {self.shown} has schema {found}, this version of the station needs {HEAD}",
                "Run: station upgrade" if known else "Run: pip install --upgrade golden-sample-station",
            )

    def revision(self) -> str | None:
        """The schema's revision, None for an empty database."""
        with self.write() as connection:  # a read-only connection cannot open a file that is not there yet
            return _revision(connection)

    def upgrade(self) -> str:
        """Bring the tables to this version and answer its revision."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        with self.write() as connection:
            hold(connection, Advisory.MIGRATIONS)
            before = _revision(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if before is not None and before < LEDGERED and not self.ledger.keys.made:
                self.ledger.take_over(connection)
        return HEAD

    def faults(self) -> list[str]:
        """What SQLite's own integrity and foreign key checks find, which PostgreSQL keeps by itself; and tables that no
        longer refuse to be changed."""
        with self.read() as connection:
            open_ones = _unguarded(connection)
        if not self.on_sqlite:
            return open_ones
        with self.read() as connection:
            said = [str(r[0]) for r in connection.exec_driver_sql("PRAGMA integrity_check")]
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return (
            [f"database: {s}" for s in said if s != "ok"]
            + [f"database: {r[0]} row {r[1]} names no {r[2]}" for r in broken]
            + open_ones
        )

    def back_up(self, target: Path) -> None:
        """Copy a SQLite database, consistently, to ``target``."""
        if self.path is None:
            raise StoreError("only a SQLite database is copied by the station", "Use pg_dump for PostgreSQL.")
        with self._one_writer(), _translated():
            source = sqlite3.connect(self.path)
            try:
                copy = sqlite3.connect(target)
                try:
                    source.backup(copy)
                finally:
                    copy.close()
            finally:
                source.close()

    @property
    def shown(self) -> str:
        """The database's address without its password."""
        return str(self.path) if self.path else self.url.render_as_string(hide_password=True)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Let nobody else in who also looks at something and then changes it, in another process neither. Transactions
        of others go on meanwhile."""
        with self._changing, contextlib.ExitStack() as held:
            if self._depth == 0:
                with _translated():
                    if self.path is None:
                        hold(held.enter_context(self._reader.connect()), Advisory.CHANGING)
                    else:
                        _hold(held.enter_context(self.path.with_suffix(".changing.lock").open("a")))
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    @contextlib.contextmanager
    def _one_writer(self) -> Iterator[None]:
        with self._thread_lock:
            if self._lock_file is None:
                yield
                return
            with _translated(), self._lock_file.open("a") as lock:
                _hold(lock)
                yield


def _revision(c: sa.Connection) -> str | None:
    if not sa.inspect(c).has_table("alembic_version"):
        return None
    found = c.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _checked(url: str) -> sa.URL:
    try:
        found = sa.make_url(url)
    except exc.ArgumentError:
        raise RequestError("STATION_DATABASE_URL is no database URL", _URLS) from None
    backend = found.get_backend_name()
    if backend == "postgresql":
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            missing = f"PostgreSQL needs psycopg, which is not there ({error})"
            raise StoreError(missing, "Run this in the station's folder: pip install -e '.[postgresql]'") from error
    elif backend != "sqlite" or found.database in (None, "", ":memory:"):
        raise RequestError(f"{found.render_as_string(hide_password=True)} is no database that keeps records", _URLS)
    return found


def _unguarded(c: sa.Connection) -> list[str]:
    """Append-only tables whose triggers are gone or other ones."""
    sqlite = c.dialect.name == "sqlite"
    query = "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    if sqlite:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    found = {str(r[0]): str(r[1]) for r in c.exec_driver_sql(query)}
    faults = []
    for table in APPEND_ONLY:
        if sqlite:
            kept = all(
                f" {verb} ON {table} BEGIN SELECT RAISE(ABORT" in found.get(f"{table}_no_{verb.lower()}", "")
                for verb in ("UPDATE", "DELETE")
            )
        else:
            kept = "append_only()" in found.get(f"{table}_append_only", "")
        if not kept:
            faults.append(f"database: the triggers that keep table {table} append-only are gone")
    return faults


def _hold(lock: IO[str]) -> None:
    """Wait for the lock file; it is released when the file is closed, also by the death of the process."""
    try:
        import fcntl
    except ImportError:  # Windows: BEGIN IMMEDIATE alone keeps writers apart
        return
    fcntl.flock(lock, fcntl.LOCK_EX)


def _escaped(file: Path) -> str:
    return str(file.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _sqlite_engine(url: str, *, begin: str, write: bool) -> sa.Engine:
    engine = sa.create_engine(
        url,
        poolclass=sa.QueuePool,
        pool_size=1 if write else 5,
        max_overflow=0 if write else 20,
        connect_args={"check_same_thread": False, "timeout": 30},
    )

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own transactions lose updates; BEGIN is issued below
        cursor = connection.cursor()
        if write:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(begin)  # the driver's own call: with all that is told of a statement it takes as long as a query

    return engine


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn what the driver or the disk says into an error of the station's tree."""
    try:
        yield
    except exc.IntegrityError as error:
        text = str(error.orig)
        raise ConflictError(f"the records refuse this: {text}", "Read the record again and repeat.") from error
    except exc.TimeoutError as error:  # every connection is taken
        raise TooManyError("the records are asked too much at once", "Ask again in a moment.", 5) from error
    except (exc.DatabaseError, sqlite3.Error) as error:
        text = " ".join(str(getattr(error, "orig", error)).split())
        if any(
            s in text for s in ("disk is full", "readonly database", "disk I/O error", "unable to open database file")
        ):
            raise StorageFullError(
                f"the database cannot be written: {text}",
                "Free some space or make the home writable, then run it again.",
            ) from error
        if "append-only" in text:
            raise ConflictError(
                f"a sealed record is never changed: {text}", "Add a record that supersedes it."
            ) from error
        if "locked" in text:
            raise StoreError(
                "another station is writing to this database", "Wait for it to end, then run it again."
            ) from error
        if isinstance(error, exc.OperationalError) and "sqlite" not in type(error.orig).__module__:
            raise StoreError(
                f"the database does not answer: {text}", "Start it, or look at STATION_DATABASE_URL."
            ) from error
        if "not a database" in text or "malformed" in text:
            raise StoreError(
                f"the database file is damaged: {text}",
                "Move station.db, station.db-wal and station.db-shm aside and put a copy of them back.",
            ) from error
        raise StoreError(f"the database refuses: {text}", "Run: station check") from error
    except OSError as error:
        raise disk_error(error) from error
