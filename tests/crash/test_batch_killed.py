"""Workers killed with SIGKILL, and a whole run ended by Ctrl-C."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from station.batch import Outcome, Tally
from station.batch.processes import Processes


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Workers import what they run by its module's name, so it must be on the path they inherit."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("deadly_functions")


def test_a_killed_workers_item_is_tried_once_more(tmp_path: Path, functions: ModuleType) -> None:
    done: list[Outcome[str, str]] = []
    items = [str(tmp_path / n) for n in ("a", "victim", "b", "c")]
    assert Processes(2).run(functions.die_once, items, on_done=done.append) == Tally(4, 0, stopped=False)
    assert {o.index: o.attempts for o in done} == {0: 1, 1: 2, 2: 1, 3: 1}


def test_an_item_that_kills_twice_is_reported_and_the_rest_is_done(functions: ModuleType) -> None:
    done: dict[int, Outcome[int, int]] = {}
    tally = Processes(2).run(functions.die_on_seven, range(12), on_done=lambda o: done.update({o.index: o}))
    assert tally == Tally(11, 1, stopped=False)
    assert sorted(done) == list(range(12))
    assert "killed by signal 9, 2 times" in str(done[7].error)
    assert done[7].attempts == 2
    assert all(o.result == i for i, o in done.items() if i != 7)


def test_a_worker_that_exits_is_noticed(functions: ModuleType) -> None:
    done: dict[int, Outcome[int, int]] = {}
    assert Processes(2).run(functions.leave, range(4), on_done=lambda o: done.update({o.index: o})).failed == 1
    assert "ended with code 3" in str(done[1].error)


_PROGRAM = """
import sys, time
from station.batch.processes import Processes

def nap(x):
    time.sleep(0.05 if x < 2 else 600)
    return x

if __name__ == "__main__":
    try:
        Processes(2).run(nap, range(50), on_done=lambda o: print("done", o.index, flush=True))
    except KeyboardInterrupt:
        print("cancelled", flush=True)
        sys.exit(130)
"""


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def start(tmp_path: Path) -> subprocess.Popen[str]:
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    running = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert sorted(running.stdout.readline() for _ in range(2)) == ["done 0\n", "done 1\n"]
    return running


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{p}").exists() and "Z" not in state(p) for p in pids):
            return True
        time.sleep(0.02)
    return False


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def test_ctrl_c_ends_the_run_and_its_workers(tmp_path: Path) -> None:
    running = start(tmp_path)
    workers = children(running.pid)
    assert len(workers) >= 2
    os.kill(running.pid, signal.SIGINT)
    rest, _ = running.communicate(timeout=60)
    assert rest == "cancelled\n"
    assert running.returncode == 130
    assert gone(workers)


def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    with start(tmp_path) as running:
        workers = children(running.pid)
        assert len(workers) >= 2
        running.kill()
    assert gone(workers)
