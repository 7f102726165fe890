"""kill -9 at steps of sealing, signing, deciding, releasing, setting documents, exporting, receiving; many more in the
benchmark.

In a process of its own: the compiler that sets documents works in threads, which forks of this one might lack.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from killed import EVERY

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "bench_killed.py"


def test_a_kill_loses_nothing_told_and_shows_nothing_half_made() -> None:
    ended = subprocess.run([sys.executable, str(BENCHMARK), "20"], capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "20 kills, 0 faults" in ended.stdout
    steps = dict(re.findall(r"([a-z ]+?) \d+ at (\d+) steps", ended.stdout.split(": ", 1)[1]))
    assert {name.strip() for name in steps} == EVERY.keys()
    assert all(int(n) >= 5 for n in steps.values())
