"""kill -9 at steps of sealing, signing, importing, deciding, exporting, receiving; many more in the benchmark."""

from __future__ import annotations

from pathlib import Path

from killed import OPERATIONS, some


def test_a_kill_loses_nothing_told_and_shows_nothing_half_made(tmp_path: Path) -> None:
    steps, wrong = some(tmp_path, kills=16, seed=7)
    assert wrong == []
    assert steps.keys() == OPERATIONS.keys()
    assert all(n >= 5 for n in steps.values())
