"""The database itself: which URLs do, what a full or broken disk looks like, one writer at a time."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import station
from station.errors import (
    ConflictError,
    RequestError,
    StaleSchemaError,
    StationError,
    StorageFullError,
    StoreError,
    TooManyError,
)
from station.service import tools
from station.settings import Settings
from station.store import records
from station.store.advisory import Advisory, hold
from station.store.audit import audit
from station.store.database import HEAD, Database, sqlite_url
from station.store.evidence import Evidence

NOON = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path))
    database.ensure()
    yield database
    database.close()


def add(db: Database, name: str) -> bool:
    return records.add_rig(db, name=name, digest=name, document="x" * 5000, at=NOON)


@pytest.mark.parametrize("url", ["hello", "mysql://a:secret@b/c", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_keeps_no_records_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(RequestError, match="database") as error:
        Database(url)
    assert "secret" not in str(error.value)
    assert "postgresql://" in error.value.do


def test_a_home_that_cannot_be_a_folder_is_refused_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(StoreError, match=r"where a folder should be\. Name another folder with --home"):
            Database(sqlite_url(home))


def test_a_file_that_is_no_database_is_not_sent_round_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "station.db").write_text("hello " * 1000)
    database = Database(sqlite_url(tmp_path))
    with pytest.raises(StoreError, match="damaged: file is not a database") as error:
        database.ensure()
    assert "put a copy" in error.value.do
    assert "station check" not in error.value.do
    database.close()


def test_a_postgresql_that_does_not_answer_is_said_in_one_line(tmp_path: Path) -> None:
    database = Database(f"postgresql://nobody:secret@/none?host={tmp_path}", home=tmp_path)
    with pytest.raises(StoreError, match="does not answer") as error:
        database.ensure()
    assert "secret" not in str(error.value)
    assert "secret" not in database.shown
    database.close()


def test_sqlite_is_durable_and_readers_cannot_write(db: Database) -> None:
    with db.write() as c:
        assert c.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert c.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert c.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        strict = c.exec_driver_sql("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").all()
    assert all(s for name, s in strict if not name.startswith(("sqlite_", "alembic_")))
    with pytest.raises(StorageFullError, match="readonly"), db.read() as c:
        c.exec_driver_sql("DELETE FROM rigs")


def test_a_full_database_loses_nothing_and_goes_on_when_there_is_space(db: Database) -> None:
    assert add(db, "first")
    with db.write() as c:
        pages = int(c.exec_driver_sql("PRAGMA page_count").scalar_one())
        c.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(StorageFullError, match="disk is full") as error:
        all(add(db, f"rig {i}") for i in range(100))
    assert "Free some space" in error.value.do
    kept = [r.name for r in records.rigs(db)]
    assert "first" in kept
    assert db.faults() == []
    with db.write() as c:
        c.exec_driver_sql("PRAGMA max_page_count = 100000")
    assert add(db, "last")
    assert {r.name for r in records.rigs(db)} == {*kept, "last"}


def test_a_failed_block_writes_nothing(db: Database) -> None:
    class OddError(Exception):
        pass

    def fail() -> None:
        with db.write() as c:
            c.exec_driver_sql("INSERT INTO rigs (name, digest, document, added_at) VALUES ('a', 'b', 'c', 'd')")
            raise OddError

    with pytest.raises(OddError):
        fail()
    assert records.rigs(db) == []


def test_no_read_modify_write_is_lost_between_connections(db: Database, tmp_path: Path) -> None:
    """With the driver's own transactions such increments get lost without an error."""
    with db.write() as c:
        c.exec_driver_sql("CREATE TABLE counter (n INTEGER)")
        c.exec_driver_sql("INSERT INTO counter VALUES (0)")

    def increment() -> None:
        mine = Database(sqlite_url(tmp_path))
        for _ in range(25):
            with mine.write() as c:
                n = int(c.exec_driver_sql("SELECT n FROM counter").scalar_one())
                c.exec_driver_sql("UPDATE counter SET n = ?", (n + 1,))
        mine.close()

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as c:
        assert c.exec_driver_sql("SELECT n FROM counter").scalar() == 100


def test_a_broken_database_is_found_by_the_audit(db: Database, tmp_path: Path) -> None:
    outside = sqlite3.connect(tmp_path / "station.db")
    outside.execute("PRAGMA foreign_keys = OFF")
    outside.execute("INSERT INTO lots (name, golden_id, created_at) VALUES ('L1', 77, '2026-05-10T12:00:00+00:00')")
    outside.commit()
    outside.close()
    assert audit(db, Evidence(tmp_path / "evidence")).changed == ("database: lots row 1 names no goldens",)


def test_upgrading_copies_first_and_keeps_the_records(db: Database, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert tools.upgrade_database(settings) == f"The database {tmp_path / 'station.db'} has schema {HEAD} already."
    add(db, "a")
    with db.write() as c:
        c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StaleSchemaError, match="schema 9999"):
        tools.upgrade_database(settings)
    copy = tmp_path / "copy.db"
    db.back_up(copy)
    with contextlib.closing(sqlite3.connect(copy)) as copied:
        assert copied.execute("SELECT name FROM rigs").fetchall() == [("a",)]


def test_constraints_are_conflicts(db: Database) -> None:
    with pytest.raises(ConflictError, match="refuse this"), db.write() as c:
        c.exec_driver_sql("INSERT INTO rigs (name) VALUES ('a')")
    assert issubclass(ConflictError, StationError)


def test_whoever_looks_and_then_changes_can_write_meanwhile_and_nobody_else_changes(
    store_url: str, tmp_path: Path
) -> None:
    """The lock of the ledger is another one than that of who changes: else the entry waits for who waits for it."""
    inside = threading.Event()
    url = f"{store_url}&options=-clock_timeout%3D5s" if store_url.startswith("postgresql") else store_url
    with contextlib.ExitStack() as homes:
        one, other = (homes.enter_context(contextlib.closing(Database(url, home=tmp_path))) for _ in range(2))

        def change() -> None:
            with other.changing():
                inside.set()

        def write() -> None:
            with one.changing():
                add(one, "bench-a")
                waiting.start()
                done.append(not inside.wait(0.3))

        waiting, done = threading.Thread(target=change, daemon=True), list[bool]()
        writing = threading.Thread(target=write, daemon=True)
        writing.start()
        writing.join(30)
        assert done == [True]
        assert inside.wait(30)
        waiting.join()


def test_each_advisory_lock_has_a_number_of_its_own_and_all_stand_in_one_place() -> None:
    assert len({int(lock) for lock in Advisory}) == len(Advisory.__members__) == 4
    root = Path(station.__file__).parent
    assert [f.name for f in root.rglob("*.py") if "pg_advisory" in f.read_text("utf-8")] == ["advisory.py"]


def test_two_requests_under_one_key_wait_for_one_another_and_for_nobody_else(postgres: Any) -> None:
    """The lock of a key is none of the others, whatever the key comes to."""
    name, url = postgres.make()
    engine = sa.create_engine(url)
    taken = sa.text("SELECT pg_try_advisory_xact_lock(:n, hashtext('a'))"), {"n": int(Advisory.REQUEST)}
    other = sa.text("SELECT pg_try_advisory_xact_lock(hashtext('a'))")
    with engine.connect() as one, engine.connect() as two:
        hold(one, Advisory.REQUEST, "a")
        assert two.scalar(*taken) is False
        assert two.scalar(other) is True
    engine.dispose()
    postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_that_nobody_can_reach_refuses_to_let_anybody_change(tmp_path: Path) -> None:
    database = Database(f"postgresql://nobody:secret@/none?host={tmp_path}", home=tmp_path)
    with pytest.raises(StoreError, match="does not answer"), database.changing():
        pass
    database.close()


def test_more_readers_than_there_is_room_for_are_told_to_wait(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db._reader.pool, "_timeout", 0.05)
    with contextlib.ExitStack() as reading:
        for _ in range(25):
            reading.enter_context(db.read())
        with pytest.raises(TooManyError, match="asked too much") as error:
            reading.enter_context(db.read())
    assert error.value.wait_s > 0
