"""A customer's own ONNX model behind a card of its own: pairs, a study, and units, as the help page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawn_capability import draw_capability_line
from tiny_onnx import KINDS, own_model

from station.cli import app
from station.cli.conduct import run
from station.models import card_of, defect_model
from station.models.card import Card
from station.values.colour import LinearRGB
from station.values.line import OTHER

HELP = Path(__file__).parents[2] / "station" / "docs" / "defect-model.md"
SHEET = """schema = 1
[product]
sku = "DRAWN"
thickness_mm = 1.5
[golden]
number = "GS-1"
[[defects]]
kind = "speck"
limit_mm = 0.6
[[defects]]
kind = "pit"
limit_mm = 0.6
"""


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return own_model(tmp_path)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints; it must end well and say nothing else."""
    assert run(app, list(arguments)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def picture(name: str, *, spot: bool) -> None:
    pixels = np.full((96, 128, 3), (150, 90, 40), np.uint8)
    pixels[:, 64:] = (60, 60, 170)
    pixels = (pixels + np.random.default_rng(2).integers(-2, 3, pixels.shape)).astype(np.uint8)
    if spot:
        cv2.circle(pixels, (30, 40), 6, (220, 220, 220), -1, cv2.LINE_AA)
    cv2.imwrite(name, pixels)


def test_scores_are_those_that_the_model_answers(card: Path) -> None:
    golden = np.full((40, 56, 3), 0.3, np.float32)
    unit = golden.copy()
    unit[20:24, 30:34] += 0.12  # twelve times the noise: a score of a half, nine tenths of it a speck's
    labels = np.full(golden.shape[:2], OTHER, np.uint8)
    maps = defect_model(str(card))(LinearRGB(golden), LinearRGB(unit), labels, 0.01)
    assert maps.kinds == KINDS
    assert maps.scores[:, 22, 32] == pytest.approx([0.45, 0.05], abs=1e-4)
    assert maps.scores[:, :18].max() == 0


def test_it_is_described_and_marks_what_differs_between_two_pictures(
    card: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = told(capsys, "model", "card", "our-net.toml")
    assert "our-net 1" in out
    assert "Kinds: speck, dust" in out
    assert "as the card says" in out
    assert "57 of 60" in out
    picture("golden.png", spot=False)
    picture("unit.png", spot=True)
    assert run(app, ["model", "run", "golden.png", "unit.png", "--use", str(card), "--json"]) == 0
    (box,) = json.loads(capsys.readouterr().out)["boxes"]
    assert box["kind"] == "speck"
    assert (box["x"] + box["w"] / 2, box["y"] + box["h"] / 2) == pytest.approx((30.5, 40.5), abs=2)
    pair = ("model", "run", "golden.png", "unit.png", "--use", str(card), "--out")
    assert run(app, [*pair, "pair.png"]) == 0
    out, err = capsys.readouterr()
    assert "not registered" in err
    assert "1 place differs" in out
    assert out.endswith("Written: pair.png\n")
    drawn = cv2.imread("pair.png")
    assert drawn is not None
    golden, unit = drawn[60:, 20:780], drawn[60:, 800:1560]
    zoom = 760 / 128
    left, middle = round(box["x"] * zoom - 3), round((box["y"] + box["h"] / 2) * zoom)
    for panel in (golden, unit):  # the box lies round the place, on both
        assert np.abs(panel[middle, left - 3 : left + 4].astype(int) - (0, 94, 213)).max(axis=1).min() < 30
    assert np.abs(golden[middle, round(30 * zoom)].astype(int) - unit[middle, round(30 * zoom)]).max() > 60
    assert run(app, [*pair, "unit.png"]) == 2
    assert "would be written over it" in capsys.readouterr().err


@pytest.mark.usefixtures("card")
def test_a_pair_of_which_the_boxes_tell_nothing_is_never_said_not_to_differ(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    blind = str(own_model(tmp_path, gain=0.0))
    cv2.imwrite("black.png", np.zeros((96, 64, 3), np.uint8))
    cv2.imwrite("white.png", np.full((72, 64, 3), 255, np.uint8))
    assert run(app, ["model", "run", "black.png", "white.png", "--use", blind]) == 0
    out, err = capsys.readouterr()
    assert "No place differs" not in out
    assert "not registered" in err
    assert "the pictures differ as a whole" in err
    assert "sizes differ (64 x 96 and 64 x 72 px): 75.0% of the golden and 100.0% of the unit compared" in err
    Path("pairs.jsonl").write_text('{"golden": "black.png", "unit": "white.png"}\n')
    assert run(app, ["model", "run", "--pairs", "pairs.jsonl", "--use", blind, "--jobs", "1"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["boxes"], told["registered"], told["differ_as_a_whole"], told["golden_share"]) == (
        [],
        False,
        True,
        0.75,
    )
    assert len(told["doubts"]) == 3
    assert "boxes do not tell all of 1 of the 1 pairs" in err


def test_a_study_and_units_use_it_until_its_file_is_another(
    card: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    draw_capability_line(monkeypatch)
    monkeypatch.setenv("STATION_DEFECT_MODEL", str(card))
    Path("sheet.toml").write_text(SHEET)
    for i in range(2):
        cv2.imwrite(f"{i}.png", np.full((64, 64, 3), 60 + i, dtype=np.uint8))
    sealed = json.loads(told(capsys, "golden", "seal", "--sheet", "sheet.toml", "--photo", "0.png", "--json"))
    (unknown,) = [w for w in sealed["warnings"] if "does not know this kind" in w]
    assert unknown.startswith("pit: the defect model ")
    study = json.loads(
        told(
            capsys, "model", "capability", "--golden", "GS-1", "--trials", "60", "--parts", "2", "--jobs", "1", "--json"
        )
    )
    sha256 = card_of(str(card))[1].weights[0].sha256
    assert (study["model"], study["weights"]) == (str(card), sha256)
    found = {c["kind"]: c["named"] for c in study["curves"] if c["region"] == ""}
    assert found["speck"] > 0
    assert found["pit"] == 0
    inspect = ("inspect", "1.png", "--golden", "GS-1", "--jobs", "1", "--json")
    unit = json.loads(told(capsys, *inspect))
    assert unit["capability"]["study"] == study["digest"]

    own_model(tmp_path, gain=1 / 30, version="2")  # other weights: what was studied was another model
    assert run(app, list(inspect)) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["capability"] is None
    assert "has not been studied" in " ".join(g["reason"] for g in again["gates"])


def test_the_help_page_s_card_is_one(tmp_path: Path) -> None:
    """The card in the help page, with the hash put in, is read as it stands there."""
    text = HELP.read_text("utf-8")
    (block,) = [b for b in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if 'name = "our-net"' in b]
    (tmp_path / "our-net.toml").write_text(block.replace('"..."', f'"{"0" * 64}"'))
    card: Any = card_of(str(tmp_path / "our-net.toml"))[1]
    assert isinstance(card, Card)
    assert (card.name, card.kinds[0], card.weights[0].path) == ("our-net", "pit", "our-net.onnx")
