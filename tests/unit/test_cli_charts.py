"""``station picture``: the files it writes from the sample data, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from station.cli import app
from station.cli.conduct import run

SAMPLES = Path(__file__).parents[2] / "sample_data"
CARD = str(SAMPLES / "bench" / "card.toml")
GOLDEN, UNIT = SAMPLES / "alpine" / "golden.jpg", SAMPLES / "alpine" / "units" / "unit-31.jpg"


def test_pictures_of_a_unit_and_its_bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    bench = SAMPLES / "bench"
    asked = ["--golden", "GS-ALPINE-01", "--rig", "bench-a", "--card", CARD]
    for arguments in (
        ["rig", "add", str(bench / "rig.toml")],
        ["calibrate", "lens", "--rig", "bench-a", *map(str, sorted(bench.glob("board-*.jpg")))],
        ["calibrate", "light", "--rig", "bench-a", *map(str, sorted(bench.glob("grey-*.jpg")))],
        ["golden", "seal", "--sheet", str(SAMPLES / "alpine" / "sheet.toml"), "--photo", str(GOLDEN), *asked[2:]],
        ["picture", "card", str(GOLDEN), "--card", CARD, "--out", "card.png"],
        ["picture", "vectors", str(UNIT), *asked, "--out", "vectors.png"],
        ["picture", "map", str(UNIT), *asked, "--out", "map.png"],
        ["picture", "uniformity", "--rig", "bench-a", "--out", "uniformity.jpg"],
        ["picture", "drift", "--rig", "bench-a", "--out", "drift.jpg"],
    ):
        assert run(app, arguments) == 0, capsys.readouterr().err
    for name in ("card.png", "vectors.png", "map.png", "uniformity.jpg", "drift.jpg"):
        picture = cv2.imread(name)
        assert picture is not None
        assert min(picture.shape[:2]) >= 400
    assert run(app, ["picture", "map", str(GOLDEN.parent / "sheet.toml"), *asked, "--out", "no.png"]) == 2
    assert run(app, ["picture", "map", str(UNIT), *asked, "--out", "map.tiff"]) == 2
    assert "End the name in .jpg or .png." in capsys.readouterr().err
    assert run(app, ["picture", "uniformity", "--rig", "bench-b", "--out", "uniformity.jpg"]) == 2
