"""A full disk at every step of sealing, deciding, signing, countersigning, releasing a gate, setting a document, making
a corrective package, exporting and receiving: the station says what to do, nothing half-made is seen, the home holds
together, and the same work is done once there is space.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from full_disk import FullDisk, tried
from killed import EVERY, FILES, half_made, is_done, ready
from signed_home import NUMBER

from station.errors import StorageFullError
from station.service import Station
from station.settings import Settings


@pytest.mark.parametrize("work", EVERY)
def test_a_full_disk_is_said_and_leaves_nothing_half_made(tmp_path: Path, work: str) -> None:
    ready(tmp_path / "ready", work)
    home, out = Path(shutil.copytree(tmp_path / "ready", tmp_path / "home")), tmp_path / "out.zip"
    dry = FullDisk()
    with Station(Settings(home=tmp_path / "ready")) as station:
        assert tried(station, tmp_path / "dry.zip", work, dry) is None
    for made in tmp_path.glob("dry.*"):
        made.replace(made.with_stem(f"whole-{work}"))
    assert dry.count >= 5
    before = set(tmp_path.iterdir())
    with Station(Settings(home=home)) as station:
        refused, error = 0, None
        for at in range(1, dry.count + 1):
            error = tried(station, out, work, FullDisk(at))
            if error is None:  # only the copy of the newest head was not written: the next entry brings it up to date
                break
            refused += 1
            assert isinstance(error, StorageFullError), (at, error)
            assert "Free some space" in error.do
            assert work in FILES or not is_done(station, out, work)
            assert half_made(station, out, work) == []
            for suffix in FILES.get(work, ()):  # only its folder was not flushed
                out.with_suffix(suffix).unlink(missing_ok=True)
            assert set(tmp_path.iterdir()) == before
            found = station.check()
            assert found.ok, (at, found)
        assert refused >= 4
        if error is not None:
            assert tried(station, out, work, FullDisk()) is None
        assert is_done(station, out, work)
        assert half_made(station, out, work) == []
        found = station.check()
        assert (found.ok, found.extra) == (True, ())


SEAL_MORE = """
import resource, sys
from pathlib import Path
sys.path[:0] = {path!r}
from signed_home import NUMBER, seal
from station.errors import StationError
from station.service import Station
from station.settings import Settings
with Station(Settings(home=Path({home!r}))) as station:
    size = {size}
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    for version in range(3, 200):
        try:
            seal(station._db, station._evidence, version)
        except StationError as error:
            print(version, type(error).__name__, error, sep="|")
            break
"""


def test_a_file_that_may_grow_no_further_is_a_full_disk(tmp_path: Path) -> None:
    """The limit is the kernel's: the database's own write fails in the middle of a transaction."""
    home = tmp_path / "home"
    ready(home, "deciding")
    code = SEAL_MORE.format(path=sys.path, home=str(home), size=200_000)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    version, name, words = ended.stdout.strip().split("|")
    assert name == "StorageFullError", ended.stdout
    assert "Free some space" in words
    with Station(Settings(home=home)) as station:
        assert station.check().ok
        assert station.golden(NUMBER).version == int(version) - 1
