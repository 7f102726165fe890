"""The name of a picture is refused before anything is read, sealed or overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from station.cli import app
from station.cli.conduct import run

SHIELD = Path(__file__).resolve().parents[2] / "sample_data" / "shield"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["golden", "seal", "--sheet", "s.toml", "--photo", "g.jpg", "--picture", "g.jpg"], "what is read"),
        (["golden", "seal", "--sheet", "s.toml", "--photo", "g.jpg", "--picture", "link.jpg"], "what is read"),
        (["golden", "seal", "--sheet", "s.toml", "--photo", "u.jpg", "--again", "g.jpg", "--picture", "g.jpg"], "read"),
        (["golden", "seal", "--sheet", "s.toml", "--photo", "g.jpg", "--picture", "s.toml"], "no JPEG or PNG"),
        (["golden", "seal", "--sheet", "s.toml", "--photo", "g.jpg", "--picture", "nodir/x.png"], "no folder nodir"),
        (["golden", "seal", "--sheet", "s.toml", "--photo", "g.jpg", "--picture", "folder.png"], "is a folder"),
        (["picture", "card", "g.jpg", "--out", "g.jpg"], "what is read"),
        (["picture", "map", "g.jpg", "--golden", "GS-1", "--out", "g.jpg"], "what is read"),
        (["picture", "drift", "--rig", "bench-a", "--out", "nodir/x.png"], "no folder nodir"),
        (["compare", "g.jpg", "--sheet", "s.toml", "--picture", "g.jpg"], "what is read"),
        (["compare", "g.jpg", "g-1.jpg", "--sheet", "s.toml", "--picture", "g.jpg"], "g-1.jpg is what is read"),
    ],
)
def test_no_picture_is_written_over_what_is_read_or_into_nowhere(
    command: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    shutil.copy(SHIELD / "sheet.toml", "s.toml")
    for name in ("g.jpg", "g-1.jpg", "u.jpg"):
        shutil.copy(SHIELD / "golden.jpg", name)
    Path("link.jpg").symlink_to("g.jpg")
    Path("folder.png").mkdir()
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    assert run(app, command) == 2
    assert told in capsys.readouterr().err
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before
    assert run(app, ["golden", "list", "--json"]) == 0
    assert capsys.readouterr().out == ""  # nothing was sealed
