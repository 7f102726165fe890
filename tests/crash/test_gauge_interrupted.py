"""A gauge study of rendered photos: Ctrl-C, then the same command again, which measures only what is left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "sample_data"
CARD = str(SAMPLES / "bench" / "card.toml")


def station(home: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from station.cli import main; main()", "--home", str(home), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def captures(home: Path) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{home / 'station.db'}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM gauge_captures").fetchone()[0])


def test_an_interrupted_study_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    sheet, golden = (str(SAMPLES / "alpine" / name) for name in ("sheet.toml", "golden.jpg"))
    out, _ = station(
        home, "golden", "seal", "--sheet", sheet, "--photo", golden, "--card", CARD, "--json"
    ).communicate()
    number = json.loads(out)["number"]
    photos = [str(SAMPLES / "alpine" / "units" / f"unit-{i:02d}.jpg") for i in (1, 2, 3)]
    arguments = ("gauge", "run", *photos, "--golden", number, "--card", CARD, "--jobs", "1", "--json")

    process = station(home, *arguments)
    end = time.monotonic() + 120
    while captures(home) == 0:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].startswith("station: interrupted. What was finished is kept;")
    measured = captures(home)
    assert 1 <= measured < 3

    out, err = station(home, *arguments).communicate(timeout=300)
    assert err == ""
    study = json.loads(out)
    assert len(study["captures"]) == captures(home) == 3
    assert study["characteristics"]
    assert {(c["readings"], c["in_budget"]) for c in study["characteristics"]} == {(3, False)}

    out, _ = station(home, "check", "--json").communicate(timeout=60)
    assert json.loads(out)["ok"]
