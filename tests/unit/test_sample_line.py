"""The sample data laid out in an empty home tells each step, and never steps back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station.service import Station
from station.settings import Settings


def test_each_part_moves_the_whole_and_never_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int]] = []

    def lens(_self: Any, _rig: str, boards: list[Path], *, on_step: Callable[[str, int, int], None]) -> None:
        for n in range(len(boards) + 5):  # more than was foreseen
            on_step("reading", n, len(boards) + 5)

    def light(*_: Any, **__: Any) -> None:
        raise InterruptedError

    with Station(Settings(home=tmp_path / "home")) as station:
        bench = type(station.bench)
        monkeypatch.setattr(bench, "calibrate_lens", lens)
        monkeypatch.setattr(bench, "calibrate_light", light)
        with pytest.raises(InterruptedError):
            station.samples.lay_out(None, on_step=lambda *step: told.append(step), units=1)  # type: ignore[arg-type]
    done = [n for _, n, _ in told]
    assert done == sorted(done)
    assert len(set(done)) > 3
    assert told[-1][0] == "light"
    assert told[-1][1] == max(n for what, n, _ in told if what == "lens") + 1
    assert {of for *_, of in told} == {told[0][2]}
