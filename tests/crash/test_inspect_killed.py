"""An inspection killed with -9 goes on where it stopped: every unit once, no unit measured again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from station.service import Station
from station.settings import Settings

CHILD = Path(__file__).with_name("inspect_child.py")


def inspect(home: Path, folder: Path, die_after: int) -> tuple[int, list[list[str]]]:
    command = [sys.executable, str(CHILD), str(home), str(folder), str(die_after)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, check=False)
    return done.returncode, [line.split() for line in done.stdout.splitlines()]


def test_a_killed_inspection_is_resumed(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "lot"
    home.mkdir()
    folder.mkdir()
    for i in range(1, 9):
        picture = np.full((64, 64, 3), (0, 0, 255 if i % 3 == 0 else 20), dtype=np.uint8)
        picture[-1, -1] = i  # no two files alike
        cv2.imwrite(str(folder / f"unit-{i}.png"), picture)
    names = [f"unit-{i}" for i in range(1, 9)]
    code, first = inspect(home, folder, die_after=3)
    assert code == -signal.SIGKILL
    assert first == [[name, "True"] for name in names[:3]]
    code, second = inspect(home, folder, die_after=7)
    assert code == -signal.SIGKILL
    assert second == [[n, "False"] for n in names[:3]] + [[n, "True"] for n in names[3:7]]
    code, third = inspect(home, folder, die_after=-1)
    assert code == 0
    assert third == [[n, "False"] for n in names[:7]] + [["unit-8", "True"]]
    with Station(Settings(home=home)) as station:
        assert sorted(u.unit for u in station.units(lot="L1")) == names
        found = station.check()
        assert (found.ok, found.extra, found.removed) == (True, (), ())
