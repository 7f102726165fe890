"""Two processes do the same thing in one home at the same moment: it is done once, and both are answered."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from killed import OPERATIONS, countersigned, decisions, holds, ready, released
from signed_home import NUMBER, ORDER, seal

from station.errors import StationError
from station.service import Station
from station.settings import Settings
from station.store import sign_offs

PROCESSES, TIMES = 3, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("together")
    ready(folder / "home", "receiving an order")
    ready(folder / "releasable", "releasing a gate")
    ready(folder / "asked", "countersigning")
    with Station(Settings(home=folder / "unsigned")) as station:
        seal(station._db, station._evidence, 1)
        seal(station._db, station._evidence, 2)
    return folder


def together(home: Path, work: Callable[[Station, Path], None], outs: list[Path]) -> list[str]:
    """Do the work in as many processes as there are files to write; how each ended: ``done``, or its error."""
    start = time.time() + 0.5
    pipes = []
    for out in outs:
        read, write = os.pipe()
        if os.fork() == 0:
            try:
                os.close(read)
                with Station(Settings(home=home)) as station:
                    while time.time() < start:
                        pass
                    try:
                        work(station, out)
                        said = "done"
                    except StationError as error:
                        said = f"{type(error).__name__}: {error}"
                os.write(write, said.encode())
            finally:
                os._exit(0)
        os.close(write)
        pipes.append(read)
    answers = []
    for read in pipes:
        with os.fdopen(read, "rb") as pipe:
            answers.append(pipe.read().decode())
        os.wait()
    return answers


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_several_do_at_once_is_done_once(folder: Path, tmp_path: Path, name: str) -> None:
    for turn in range(TIMES):
        place = tmp_path / str(turn)
        place.mkdir()
        sources = {
            "signing": "unsigned", "importing": "unsigned", "countersigning": "asked", "releasing a gate": "releasable",
        }  # fmt: skip
        home = Path(shutil.copytree(folder / sources.get(name, "home"), place / "home"))
        # importing writes a file of its own beside its output, so that only the home is what they share
        outs = [place / f"{n}" / "out.zip" for n in range(PROCESSES)]
        for out in outs:
            out.parent.mkdir()
        if "exporting" in name or name == "writing a document":
            outs = [place / "out.zip"] * PROCESSES
        answers = together(home, OPERATIONS[name], outs)
        assert "done" in answers, answers
        allowed = (
            "done", "ConflictError: version 3 of GS-20260510 was sealed at the same moment. Run it again.",
            f"ConflictError: something else was recorded of order {ORDER} in the meantime. Look at it, then repeat.",
        )  # fmt: skip
        assert set(answers) <= set(allowed), answers
        with Station(Settings(home=home)) as station:
            found = station.check()
            assert (found.ok, found.extra) == (True, ()), found
            key = station.ledger.key().key
            if name == "sealing":
                assert [g.version for g in station.goldens()] == [3, 2, 1]
                assert answers.count("done") == 1
            elif name == "deciding":
                assert decisions(station) == ["rejected", "accepted"]
            elif name == "receiving an order":
                assert len(station.packages.orders.received()) == 1
            elif name in ("signing", "importing"):
                assert len(sign_offs.sign_offs(station._db, NUMBER)) == 1
            elif name == "countersigning":
                assert len(countersigned(station)) == 1
                assert len({out.with_suffix(".json").read_bytes() for out in outs}) == 1
            elif name == "releasing a gate":
                assert released(station)
                events = station.gates.events(station.gates.stand(ORDER, None)[0])
                assert [e.kind for e in events].count("released") == 1
            elif name == "writing a document":
                OPERATIONS[name](station, place / "alone.zip")
                assert (place / "out.xlsx").read_bytes() == (place / "alone.xlsx").read_bytes()
                assert not [p for p in place.iterdir() if "writing" in p.name]
            else:
                assert holds(place / "out.zip", key, name) == []
                assert not [p for p in place.iterdir() if "writing" in p.name]
