"""The commands of gates, as a user types them (W1, W3, W5, W7, W13-W15)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from entered_line import draw_line, photo
from gated_orders import NUMBER, ORDER, Home

from station.cli import app
from station.cli.conduct import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    draw_line(monkeypatch)
    made = Home(tmp_path)
    made.seal()
    made.sign()
    made.open()
    made.station.close()
    return tmp_path


def type_in(home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(app, ["--home", str(home / "home"), *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_gates_on_the_command_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = type_in(home, capsys, "gate", "list")
    assert (code, err) == (0, "")
    assert ORDER in out
    code, out, _ = type_in(home, capsys, "gate", "list", ORDER, "--gate", "pre-production")
    assert "nothing is left to be confirmed" in out
    assert "Next: station golden acknowledge" not in out.split("What the")[0]
    answer = ("gate", "answer", ORDER, "spec", "as sealed", "--file", str(home / "sheet.toml"), "--by", "M. Weber")
    code, out, err = type_in(home, capsys, *answer, "--json")
    assert (code, err) == (0, "")
    first = json.loads(out)
    again = json.loads(type_in(home, capsys, *answer, "--json")[1])
    assert again["digest"] == first["digest"]  # a command that is given twice says nothing new
    code, out, err = type_in(
        home, capsys, "gate", "release", ORDER, "pre-production", "--party", "buyer", "--name", "W"
    )
    assert (code, out) == (2, "")
    assert err.startswith("station: the pre-production gate of order PO-7 (MAS) is not released: ")
    assert err.count("\n") == 1
    assert type_in(home, capsys, "gate", "list", "--fail-on-nonconforming")[0] == 1
    code, out, _ = type_in(home, capsys, "gate", "first-article", ORDER)
    assert "0 of 5 pieces, undecided" in out
    shot = photo(home / "L-1" / "a.png", 0, grain=60)
    assert type_in(home, capsys, "gate", "lot", ORDER, "final", "L-1", "--by", "M. Weber")[0] == 0
    code, _, err = type_in(home, capsys, "inspect", str(shot), "--golden", NUMBER, "--lot", "L-1")
    assert code == 2
    assert "lot L-1 is not inspected: the pre-production gate of order PO-7 (MAS) is closed" in err
    assert type_in(home, capsys, "gate", "escalate", ORDER, "--by", "Chen")[0] == 2
    found = ("gate", "escalate", ORDER, "2 of 20 posts bent", "--gate", "final", "--by", "Chen", "--json")
    assert json.loads(type_in(home, capsys, *found)[1])["anomalies"][0]["who"] == "line leader"
    assert len(json.loads(type_in(home, capsys, *found)[1])["anomalies"]) == 1
    up = ("gate", "escalate", ORDER, "--anomaly", "1", "--level", "3", "--by", "Chen", "--json")
    assert json.loads(type_in(home, capsys, *up)[1])["anomalies"][0]["level"] == 3
    assert json.loads(type_in(home, capsys, *up)[1])["anomalies"][0]["level"] == 3
    code, out, _ = type_in(home, capsys, "gate", "resolve", ORDER, "1", "jig replaced, 0 of 50 bent", "--by", "Li")
    assert "resolved: jig replaced" in out
    assert type_in(home, capsys, "check")[0] == 0


def test_advice_needs_no_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """W13, W14, W15."""
    words = ("order", "check", "80", "--type", "pin", "--finish", "antique brass", "--sample-days", "3")
    code, out, _ = type_in(tmp_path, capsys, *words)
    assert code == 0
    assert "The risk of the order is low (2 points)." in out
    assert "Note: a sample in 3 days; usual are 5 to 9." in out
    assert "Note: SKU 1: 80 units, suppliers usually ask for 100 or more of a pin." in out
    assert not (tmp_path / "home").exists()
