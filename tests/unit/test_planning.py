"""The plan command beyond the tables: figures, files of numbers, pictures, computed plans, schemes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from station.cli import app
from station.cli.conduct import run
from station.lots.scheme import scheme_performance
from station.report.plan_charts import CurveLine, QualityMark, plan_picture


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(app, ["plan", *words]) == 0
    return capsys.readouterr().out


def test_a_plan_writes_its_numbers_and_its_picture(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(
        capsys, "--lot-size", "1200", "--aql", "2.5", "--cartons", "8", "--correlation", "0.2", "--csv", "a.csv",
        "--picture", "a.png",
    )  # fmt: skip
    assert "as much as 29 units at random" in text
    rows = list(csv.DictReader(Path("a.csv").read_text().splitlines()))
    assert list(rows[0]) == ["p", "pa", "asn", "aoq", "pa_cartons"]
    assert float(rows[0]["pa"]) == 1
    assert all(float(r["asn"]) == 80 for r in rows)
    picture = cv2.imread("a.png")
    assert picture is not None
    assert picture.shape[1] > 800


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--limiting-quality", "10"], "Inspect 22 units, Ac 0, Re 1."),
        (["--limiting-quality", "10", "--lot-size", "80"], "Inspect 20 units of 80, Ac 0, Re 1."),
        (["--method", "s", "--lot-size", "1000", "--aql", "2.5"], "Measure 35 units; accept where the mean lies"),
        (["--method", "sigma", "--producer-quality", "1", "--consumer-quality", "8"], "Measure 11 units"),
        (["--scheme", "--lot-size", "1200", "--aql", "2.5", "--edition", "iso2859-1"], "lots until discontinued"),
        (
            ["--letter", "J", "--aql", "0.4", "--edition", "iso2859-1", "--fractional"],
            "only if none was found in the 1 lot",
        ),
    ],
)
def test_other_plans_in_words_and_as_pictures(capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    assert says in said(capsys, *words, "--picture", "b.png")
    assert cv2.imread("b.png") is not None
    assert json.loads(said(capsys, *words, "--json"))["schema"] == 1


def test_what_does_not_belong_together_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for words, says in (
        (["--limiting-quality", "10", "--aql", "2.5"], "no use for aql"),
        (["--lot-size", "1200", "--aql", "2.5", "--ac", "1"], "no use for ac"),
        (["--lot-size", "1200", "--aql", "2.5", "--cartons", "8"], "belong together"),
        (["--lot-size", "1200", "--aql", "2.5", "--picture", "a.txt"], "no JPEG or PNG"),
        (["--lot-size", "1200", "--aql", "2.5", "--csv", "nowhere/a.csv"], "cannot be written"),
    ):
        assert run(app, ["plan", *words]) == 2
        assert says in capsys.readouterr().err


def test_a_measured_sample_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("widths.csv").write_text("value\n" + "\n".join(f"{30 + 0.01 * (i % 3):g}" for i in range(35)) + "\n")
    words = ["--method", "s", "--lot-size", "1000", "--aql", "2.5", "--values", "widths.csv", "--upper"]
    assert "The lot is accepted." in said(capsys, *words, "30.15")
    assert "The lot is not accepted." in said(capsys, *words, "30.02")


def test_a_curve_is_drawn_where_its_numbers_lie() -> None:
    """A level line at 50 % runs across the middle of the plot, the mark stands upright over its quality."""
    flat = plan_picture(
        [CurveLine("half", [0.0, 10.0], [0.5, 0.5])], [QualityMark(5.0, "here")], title="t", notes=["n"], axis="x"
    )
    blue = np.argwhere(np.all(flat == (0, 114, 178), axis=2))
    line = blue[blue[:, 1] > 200][:, 0]
    orange = np.argwhere(np.all(flat == (213, 94, 0), axis=2))
    top, bottom = orange[:, 0].min(), orange[:, 0].max()
    assert abs(line.min() - (top + bottom) / 2) < 6
    column = int(np.bincount(orange[:, 1]).argmax())
    assert abs(column - (blue[:, 1].min() + blue[:, 1].max()) / 2) < 30


@pytest.mark.parametrize(("correlation", "least"), [("0.0", 0.05), ("0.5", 0.2)])
def test_a_scheme_states_the_buyer_s_risk_where_it_is(
    correlation: str, least: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Units of a carton that are alike keep lots accepted far beyond where the plain plan's curve has ended."""
    request = ["plan", "--lot-size", "1200", "--aql", "2.5", "--scheme", "--cartons", "4", "--json"]
    assert run(app, [*request, "--correlation", correlation]) == 0
    told = json.loads(capsys.readouterr().out)["consumer_quality"]
    assert least < told < 0.4
    at = scheme_performance("J", 2.5, np.array([told]), cartons=4, correlation=float(correlation))
    assert at.acceptance[0] == pytest.approx(0.10, abs=1e-6)


def test_samples_up_to_the_largest_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """ln 0.1 / ln(1 - 3e-6) is 767,528; the search used to give up at the power of two before the largest sample."""
    assert run(app, ["plan", "--limiting-quality", "0.0003", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 767528
    near = ["plan", "--method", "s", "--producer-quality", "1", "--consumer-quality", "1.17", "--json"]
    assert run(app, near) == 0
    assert 8192 < json.loads(capsys.readouterr().out)["n"] < 10000
    assert run(app, ["plan", "--limiting-quality", "0.0002"]) == 2


def test_a_number_of_hundreds_of_digits_is_refused_and_the_next_request_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "requests.jsonl"
    file.write_text('{"limiting_quality": ' + "9" * 400 + '}\n{"lot_size": 1200, "aql": 2.5}\n')
    assert run(app, ["plan", "--requests", str(file)]) == 2
    refused, answered = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert "is not a number" in refused["error"]["message"]
    assert answered["n"] == [80]


def test_options_that_would_count_for_nothing_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "requests.jsonl"
    file.write_text('{"lot_size": 1200, "aql": 2.5}\n')
    assert run(app, ["plan", "--requests", str(file), "--csv", str(tmp_path / "curve.csv")]) == 2
    assert "--requests takes everything" in capsys.readouterr().err
    for more in (["--carton-file", "c.csv", "--cartons", "20"], ["--show", "--size", "99"]):
        assert run(app, ["lot", "draw", "L1", *more]) == 2
        assert capsys.readouterr().err


def test_small_qualities_keep_their_digits(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["plan", "--limiting-quality", "0.0005"]) == 0
    assert "A lot with 0.0005% nonconforming is accepted with 10.00%" in capsys.readouterr().out


def test_a_lot_that_is_measured_whole_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--method", "s", "--lot-size", "6", "--aql", "0.25"]
    text = said(capsys, *words)
    assert "Z1.9 takes 7 units, more than the 6 of the lot: measure every unit (100 % inspection)." in text
    assert "k is not used" in text
    assert run(app, ["plan", *words, "--picture", "a.png"]) == 2
    assert "no probability of acceptance" in capsys.readouterr().err
    assert not Path("a.png").exists()
    Path("widths.csv").write_text("value\n30\n30.02\n30.2\n29.9\n30\n30\n")
    text = said(capsys, *words, "--values", "widths.csv", "--upper", "30.1")
    assert "1 of 6 units lie beyond the limits." in text
    assert "The lot is not accepted." in text
