"""A ledger that somebody emptied, and a head that somebody removed, stay known."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from signed_home import NOON, build

from station.service import Station, tools
from station.settings import Settings


def opened(home: Path) -> Station:
    return Station(Settings(home=home), clock=lambda: NOON)


def test_an_emptied_ledger_is_not_taken_over_by_an_upgrade(tmp_path: Path) -> None:
    home = tmp_path / "home"
    build(home, clock=lambda: NOON)
    with sqlite3.connect(home / "station.db", isolation_level=None) as c:
        triggers = c.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            c.execute(f'DROP TRIGGER "{name}"')
        c.execute("UPDATE acknowledgements SET party = 'sales' WHERE id = 1")
        for table in ("ledger_rows", "ledger"):
            c.execute(f"DELETE FROM {table}")
        for table in ("sessions", "accounts", "request_keys", "unit_claims"):
            c.execute(f"DROP TABLE {table}")
        c.execute(
            "ALTER TABLE reviews RENAME COLUMN disputes TO before"
        )  # as it was before schema 0014, but one column
        c.execute("UPDATE alembic_version SET version_num = '0012'")
        for _, sql in triggers:
            if not any(f" ON {t} " in sql for t in ("sessions", "accounts", "request_keys")):
                c.execute(sql)
    c.close()
    for head in (home / "keys").glob("head*.json"):
        head.unlink()
    tools.upgrade_database(Settings(home=home))
    with opened(home) as station:
        assert station.ledger.entries() == []
        found = station.check()
        assert not found.ok
        assert "record 1 of acknowledgements: it stands in no entry of the ledger" in found.added


def test_a_key_is_no_home_without_a_ledger(tmp_path: Path) -> None:
    """Where the whole schema is put back to before the ledger, the key is still there."""
    from test_store_upgrade import first_schema

    home = tmp_path / "home"
    first_schema(home)
    (home / "keys").mkdir(exist_ok=True)
    (home / "keys" / "station.pub").write_text("of a home that had a ledger")
    tools.upgrade_database(Settings(home=home))
    with opened(home) as station:
        assert station.ledger.entries() == []
        assert "record 1 of rigs: it stands in no entry of the ledger" in station.check().added


def test_a_missing_head_stays_known_when_the_ledger_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    build(home, clock=lambda: NOON)
    with opened(home) as station:
        assert station.check().ok
        last = len(station.ledger.entries())
        (home / "keys" / "head.json").unlink()
        assert any("head.json" in m for m in station.check().missing)
        station.record.open_item("GS-20260510", "backing card", by="M. Weber")
        found = station.check()
        assert found.remarks == (
            f"ledger entry {last + 1}: on 2026-05-10 keys/head.json was missing; were entries cut off before it, "
            "nothing here shows it: hold the ledger to a head that was kept elsewhere (--head)",
        )
        station.record.open_item("GS-20260510", "clutch", by="M. Weber")
        assert station.check().remarks == found.remarks
        assert station.packages.export("GS-20260510", tmp_path / "golden.zip").size


def test_the_day_of_a_take_over_is_said_each_time(tmp_path: Path) -> None:
    from test_store_upgrade import first_schema

    home = tmp_path / "home"
    first_schema(home)
    tools.upgrade_database(Settings(home=home))
    with opened(home) as station:
        (said,) = station.check().remarks
        assert said.startswith("ledger entry 1: on 20")
        assert said.endswith("the records that there were were taken over; what happened to them before is not known")
