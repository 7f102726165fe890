"""kill -9 at named points between a photo and its row: nothing that was told is lost, nothing is half-written."""

from __future__ import annotations

import random
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from station.store import inspections
from station.store.audit import Audit, audit
from station.store.database import Database, sqlite_url
from station.store.evidence import Evidence

CHILD = Path(__file__).with_name("store_child.py")
COUNT = 5
POINTS = (
    "file-opened",
    "file-half-written",
    "file-written",
    "file-flushed",
    "file-renamed",
    "folder-not-flushed",
    "row-begun",
    "row-written",
    "row-committed",
)


def child(home: Path, point: str = "-", at: int = -1, count: int = COUNT) -> subprocess.Popen[str]:
    command = [sys.executable, str(CHILD), str(home), str(count), point, str(at)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def look(home: Path) -> tuple[list[str], Audit]:
    db, evidence = Database(sqlite_url(home)), Evidence(home / "evidence")
    try:
        evidence.sweep(age_s=0)
        found = audit(db, evidence)
        # the golden of this test is a bare row: its master cannot be loaded, and is not what is tested here
        changed = tuple(c for c in found.changed if not c.startswith("golden "))
        return [u.unit for u in inspections.units(db)], Audit(
            found.rows, found.files, found.missing, found.extra, changed
        )
    finally:
        db.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_nothing_that_was_told(tmp_path: Path, point: str) -> None:
    process = child(tmp_path, point, at=3)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    told = [f"u{line}" for line in out.split()]
    assert told == ["u0", "u1", "u2"]
    units, found = look(tmp_path)
    # at the last point the row is durable although nobody was told: the same key makes it one unit later
    assert units == (["u0", "u1", "u2", "u3"] if point == "row-committed" else told)
    assert found.ok
    assert len(found.extra) <= 1
    runpy.run_path(str(CHILD))["main"](tmp_path, COUNT, "-", -1)
    units, found = look(tmp_path)
    assert units == [f"u{i}" for i in range(COUNT)]
    assert (found.ok, found.extra) == (True, ())


def test_kills_at_random_moments(tmp_path: Path) -> None:
    delays = random.Random(20260510)
    told: set[str] = set()
    for _ in range(4):
        process = child(tmp_path, count=4000)
        assert process.stdout is not None
        line = process.stdout.readline()
        time.sleep(delays.uniform(0.0, 0.15))
        process.kill()
        told |= {f"u{n}" for n in (line + process.stdout.read()).split("\n")[:-1]}
        process.stdout.close()
        process.wait(30)
        units, found = look(tmp_path)
        assert told <= set(units)
        assert len(units) == len(set(units))
        assert found.ok
        assert len(found.extra) <= 1
    assert told


def test_two_processes_record_into_one_home(tmp_path: Path) -> None:
    runpy.run_path(str(CHILD))["main"](tmp_path, 0, "-", -1)
    processes = [child(tmp_path, count=40) for _ in range(2)]
    for process in processes:
        process.communicate(timeout=60)
    assert [p.returncode for p in processes] == [0, 0]
    units, found = look(tmp_path)
    assert sorted(units) == sorted(f"u{i}" for i in range(40))
    assert (found.ok, found.extra) == (True, ())
