"""The real command on rendered photos: Ctrl-C, kill -9, and the same command again until all is done."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "sample_data"
CARD = str(SAMPLES / "bench" / "card.toml")


def station(home: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from station.cli import main; main()", "--home", str(home), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def test_an_interrupted_inspection_goes_on(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "lot"
    folder.mkdir()
    for i in range(1, 5):
        shutil.copy(SAMPLES / "alpine" / "units" / f"unit-{i:02d}.jpg", folder)
    (folder / "unit-04.jpg").write_bytes((folder / "unit-04.jpg").read_bytes()[:40_000])
    sheet, golden = (str(SAMPLES / "alpine" / name) for name in ("sheet.toml", "golden.jpg"))
    out, err = station(
        home, "golden", "seal", "--sheet", sheet, "--photo", golden, "--card", CARD, "--json"
    ).communicate()
    assert err == ""
    number = json.loads(out)["number"]
    arguments = ("inspect", str(folder), "--golden", number, "--card", CARD, "--lot", "L1", "--jobs", "2", "--json")

    process = station(home, *arguments)
    assert process.stdout is not None
    first = process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    more, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert err.splitlines()[-1].startswith("station: interrupted. What was finished is kept;")
    told = [first, *more.splitlines(keepends=True)]

    process = station(home, *arguments)
    assert process.stdout is not None
    # a unit may have been recorded that the interrupt left no time to tell of; it is then told among the known ones
    lines: list[str] = []
    while len(lines) < 3 and (len(lines) <= len(told) or not set(told) <= set(lines)):
        lines.append(process.stdout.readline())
    process.kill()
    process.communicate(timeout=120)
    assert set(told) <= set(lines)

    out, err = station(home, *arguments).communicate(timeout=300)
    documents = {json.loads(line)["unit"]: line for line in out.splitlines(keepends=True)}
    assert sorted(documents) == ["unit-01", "unit-02", "unit-03"]
    assert {*told, *lines} <= set(documents.values())
    assert [line for line in err.splitlines() if "unit-04.jpg" in line] == err.splitlines()
    assert len(err.splitlines()) == 1

    out, _ = station(home, "check", "--json").communicate(timeout=60)
    found = json.loads(out)
    assert (found["ok"], found["extra"]) == (True, [])
