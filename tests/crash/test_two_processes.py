"""Two processes do the same thing in one home at the same moment: it is done once, and both are answered."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from full_disk import WORK
from killed import OPERATIONS
from signed_home import NUMBER, build, seal

from station.errors import StationError
from station.service import Station
from station.service.order_exchange import verify as verify_order
from station.service.packages import verify
from station.settings import Settings
from station.store import records, sign_offs

PROCESSES, TIMES = 3, 3
TOGETHER = {**WORK, "signing": OPERATIONS["signing"], "importing": OPERATIONS["importing"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("together")
    build(folder / "home")
    build(folder / "other")
    with Station(Settings(home=folder / "other")) as station:
        key = station.packages.orders.export(NUMBER, folder / "other.zip").key
    (folder / "other.key").write_text(key)
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


@pytest.mark.parametrize("name", TOGETHER)
def test_what_several_do_at_once_is_done_once(folder: Path, tmp_path: Path, name: str) -> None:
    for turn in range(TIMES):
        place = tmp_path / str(turn)
        place.mkdir()
        for file in ("other.zip", "other.key"):
            shutil.copy(folder / file, place)
        source = folder / ("unsigned" if name in ("signing", "importing") else "home")
        home = Path(shutil.copytree(source, place / "home"))
        # importing writes a file of its own beside its output, so that only the home is what they share
        outs = [place / f"{n}" / "out.zip" for n in range(PROCESSES)]
        for out in outs:
            out.parent.mkdir()
            for file in ("other.zip", "other.key"):
                shutil.copy(place / file, out.parent)
        if "exporting" in name:
            outs = [place / "out.zip"] * PROCESSES
        answers = together(home, TOGETHER[name], outs)
        assert "done" in answers, answers
        allowed = ("done", "ConflictError: version 3 of GS-20260510 was sealed at the same moment. Run it again.")
        assert set(answers) <= set(allowed), answers
        with Station(Settings(home=home)) as station:
            found = station.check()
            assert (found.ok, found.extra) == (True, ()), found
            lot = [x for x in records.lots(station._db) if x.name == "L-1"]
            key = station.ledger.key().key
            if name == "sealing":
                assert [g.version for g in station.goldens()] == [3, 2, 1]
                assert answers.count("done") == 1
            elif name == "deciding":
                assert [d.decision for d in records.lot_decisions(station._db, lot[0].id)] == ["rejected", "accepted"]
            elif name == "receiving an order":
                assert len(station.packages.orders.received()) == 1
            elif name in ("signing", "importing"):
                assert len(sign_offs.sign_offs(station._db, NUMBER)) == 1
            else:
                hold = verify_order if "order" in name else verify
                assert hold(place / "out.zip", [key]).ok
                assert not [p for p in place.iterdir() if "writing" in p.name]
