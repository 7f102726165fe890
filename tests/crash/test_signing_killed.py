"""kill -9 at steps of sealing, signing, deciding, releasing, setting documents, exporting, receiving; many more in the
benchmark.

In a process of its own: the compiler that sets documents works in threads, which forks of this one might lack. Signing
for another station sets none.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from killed import EVERY, kill, modes_of, steps_of

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "bench_killed.py"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A station that is to sign, and its steps."""
    folder = tmp_path_factory.mktemp("asked")
    return folder, steps_of(folder, "countersigning")


def test_a_kill_loses_nothing_told_and_shows_nothing_half_made() -> None:
    ended = subprocess.run([sys.executable, str(BENCHMARK), "20"], capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "20 kills, 0 faults" in ended.stdout
    steps = dict(re.findall(r"([a-z ]+?) \d+ at (\d+) steps", ended.stdout.split(": ", 1)[1]))
    assert {name.strip() for name in steps} == EVERY.keys()
    assert all(int(n) >= 5 for n in steps.values())


@pytest.mark.parametrize("backwards", range(1, 13))
def test_a_signature_for_another_station_is_one_however_often_it_is_begun(
    asked: tuple[Path, list[str]], backwards: int
) -> None:
    """From the ledger's entry to the file's name: none is unknown to the ledger, none is entered without its file when
    it is done again, and there is one."""
    folder, steps = asked
    at = len(steps) + 1 - backwards
    for mode in modes_of(steps[at - 1]):
        assert kill(folder, "countersigning", at, mode) == [], (at, mode, steps)
