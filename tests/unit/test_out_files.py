"""What a command writes is there whole or not at all, whatever becomes of the disk meanwhile."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from signed_home import NUMBER, build

import sample_data
from station.cli import app
from station.cli.conduct import run
from station.errors import StorageFullError
from station.service.out_files import write_file
from station.service.picturing import write

RIG = Path(sample_data.__file__).parent / "bench" / "rig.toml"


def fill(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk on which there is no space for all of a file."""

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)


@pytest.mark.parametrize("words", [
    ("golden", "approval-sheet", NUMBER, "-o", "page.pdf"),
    ("golden", "template", "pin", "-o", "page.pdf"),
    ("calibrate", "board", "--rig", str(RIG), "--out", "page.pdf"),
    ("plan", "--lot-size", "1200", "--aql", "2.5", "--csv", "page.pdf"),
    ("plan", "--lot-size", "1200", "--aql", "2.5", "--picture", "page.png"),
], ids=lambda words: "-".join(words[:2]) + words[-1][-4:])  # fmt: skip
def test_a_command_leaves_no_half_of_a_file_on_a_full_disk(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, place = tmp_path / "home", tmp_path / "place"
    build(home)
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setattr("station.service.reporting.approval_sheet", lambda *_: b"%PDF")  # its photo is no picture here
    line = ["--home", str(home), *words]
    with monkeypatch.context() as patched:
        fill(patched)
        assert run(app, line) != 0
    assert "disk is full" in capsys.readouterr().err
    assert list(place.iterdir()) == []
    assert run(app, line) == 0
    assert [p.name for p in place.iterdir()] == [words[-1]]


def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "a.png"
    out.write_bytes(b"before")
    with monkeypatch.context() as patched:
        fill(patched)
        with pytest.raises(StorageFullError):
            write(np.zeros((4, 4, 3), np.uint8), out)
    assert (out.read_bytes(), list(tmp_path.iterdir())) == (b"before", [out])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """As of /dev/stdout."""
    out = tmp_path / "pipe"
    os.mkfifo(out)
    end = os.open(out, os.O_RDWR)
    try:
        write_file(out, b"a,b\n")
        assert os.read(end, 10) == b"a,b\n"
    finally:
        os.close(end)
    assert out.is_fifo()
