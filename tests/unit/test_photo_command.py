"""``station photo`` on a camera's file, on an edited one and on one that is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from station.cli import app
from station.cli.conduct import run
from station.cli.inspecting import remarked_reasons
from station.values.documents import GateDocument

PHOTOS = Path(__file__).parent / "photos"


def test_photo_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["photo", str(PHOTOS / "ten-bits-p3.heic"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["format"], found["width"], found["height"], found["bits"]) == ("a HEIC picture", 128, 96, 16)
    assert found["primaries"] == "Display P3"
    assert [s["grade"] for s in found["edits"]] == ["note"]
    exif = Image.Exif()
    exif[0x0131] = "Snapseed 2.21"
    Image.new("RGB", (80, 80), (90, 60, 30)).save(tmp_path / "edited.jpg", exif=exif)
    assert run(app, ["photo", str(tmp_path / "edited.jpg")]) == 0
    shown = capsys.readouterr().out
    assert "Snapseed" in shown
    assert "Colour is not judged on this photo." in shown
    (tmp_path / "note.heic").write_text("no picture")
    assert run(app, ["photo", str(tmp_path / "note.heic")]) == 2
    assert "text file" in capsys.readouterr().err


def test_a_remark_on_the_photo_stands_beside_the_reasons_of_a_unit() -> None:
    remark, failed = (GateDocument(name="photo", ok=ok, reason="saved again") for ok in (True, False))
    assert remarked_reasons(("a", "b", "c"), (remark,)) == ["a", "b", "remark on the photo: saved again"]
    assert remarked_reasons((), (remark,)) == ["remark on the photo: saved again"]
    assert remarked_reasons(("photo: saved again",), (failed,)) == ["photo: saved again"]
    assert remarked_reasons((), (GateDocument(name="capability", ok=True, reason="pits"),)) == []
    for name in ("residual", "cross-check"):
        assert remarked_reasons((), (GateDocument(name=name, ok=True, reason="bent"),)) == ["remark on the unit: bent"]
