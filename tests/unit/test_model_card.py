"""``station model card``: what a reader learns of a defect model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from station.cli import app
from station.cli.conduct import run
from station.errors import ModelError
from station.models import FOUND, PAIR_MODEL, REFERENCE_DIFFERENCE, SHIPPED
from station.models.card import read_card
from station.models.described import all_described, described
from station.values.reviewed import in_words


def test_every_model_that_comes_with_the_station_is_described() -> None:
    plain, network = all_described(REFERENCE_DIFFERENCE)
    assert (plain.name, plain.used_for, plain.weights) == (REFERENCE_DIFFERENCE, ("units",), ())
    assert {t.kind: (t.found, t.of) for t in plain.trials} == FOUND[REFERENCE_DIFFERENCE]
    assert (network.name, network.used_for) == (PAIR_MODEL, ("pairs",))
    card = read_card(SHIPPED / "defects.toml")
    assert network.kinds == card.kinds
    assert [w.state for w in network.weights] == ["as the card says"] * 2
    assert [w.bytes for w in network.weights] == [(SHIPPED / w.path).stat().st_size for w in card.weights]
    assert network.trials
    assert network.limits == card.limits


def test_every_model_says_what_its_figures_were_made_with() -> None:
    plain, network = all_described(REFERENCE_DIFFERENCE)
    assert plain.measured is not None
    assert network.measured is not None
    assert (plain.measured.seed, plain.measured.units, plain.measured.weights) == (94117, 60, None)
    assert network.measured.weights == read_card(SHIPPED / "defects.toml").trials_of
    for card in (plain, network):
        assert card.measured is not None
        assert card.measured.program
        assert card.measured.units >= 30


def test_a_card_need_not_say_it(tmp_path: Path) -> None:
    text = (SHIPPED / "defects.toml").read_text("utf-8")
    start, stop = text.index("[measured]"), text.index("[[trials]]")
    (tmp_path / "card.toml").write_text(text[:start] + text[stop:])
    assert described(str(tmp_path / "card.toml"), REFERENCE_DIFFERENCE).measured is None


def test_a_file_that_is_not_the_card_s_is_named(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "defects.toml", tmp_path)
    (tmp_path / "defects.onnx").write_bytes(b"other")
    card = described(str(tmp_path / "defects.toml"), REFERENCE_DIFFERENCE)
    assert {w.path: (w.state, w.bytes) for w in card.weights} == {
        "defects.int8.onnx": ("missing", None),
        "defects.onnx": ("another file", 5),
    }
    assert card.used_for == ()


def test_figures_of_other_weights_are_refused(tmp_path: Path) -> None:
    text = (SHIPPED / "defects.toml").read_text("utf-8")
    used = read_card(SHIPPED / "defects.toml").trials_of
    assert used is not None
    (tmp_path / "card.toml").write_text(text.replace(f'trials_of = "{used}"', f'trials_of = "{"0" * 64}"'))
    with pytest.raises(ModelError, match="trials_of is none of its weights"):
        read_card(tmp_path / "card.toml")


def test_the_command_shows_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(app, ["model", "card", PAIR_MODEL]) == 0
    out = capsys.readouterr().out
    card = read_card(SHIPPED / "defects.toml")
    assert f"{PAIR_MODEL} {card.version}, looks at units and pairs" in out
    assert card.weights_of("int8").sha256 in out
    assert "as the card says" in out
    assert "Data: pairs drawn" in out
    assert "Limit: " in out
    assert card.sure_scores
    words = " ".join(out.split())
    assert f"A finding over its limit counts without a person (sure_scores): {in_words(card.sure_scores)}" in words
    assert "The trials were made with defects.int8.onnx." in words
    assert "Never tried, so that a person decides on each over its limit: exposed-metal, burn-mark" in words
    measured = card.measured
    assert measured is not None
    trials = f"{measured.units} rendered units of seed {measured.seed}, by station {measured.program}"
    assert f"Trials: {trials}, weights sha256 {card.trials_of}" in out
    assert run(app, ["model", "card", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["measured"] == {"seed": 94117, "units": 60, "program": "0.3.0", "weights": None}
    assert [(c["schema"], c["name"]) for c in lines] == [(1, REFERENCE_DIFFERENCE), (1, PAIR_MODEL)]
    monkeypatch.setenv("STATION_DEFECT_MODEL", REFERENCE_DIFFERENCE)
    assert run(app, ["model", "card", PAIR_MODEL]) == 0
    assert f"{PAIR_MODEL} {card.version}, looks at pairs" in capsys.readouterr().out
    assert run(app, ["model", "card", "other"]) == 2
    assert "there is no defect model 'other'" in capsys.readouterr().err
