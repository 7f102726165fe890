"""The first-article form as a document to send: every characteristic beside the master, the same bytes twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from entered_line import draw_line
from gated_orders import BUYER, ORDER, Home
from test_papers import cells
from test_papers_of_records import told

from station.cli import app
from station.cli.conduct import run
from station.errors import NotFoundError
from station.report.paper import paper_data
from station.report.workbook import paper_xlsx


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    draw_line(monkeypatch)
    made = Home(tmp_path)
    made.seal()
    made.sign()
    made.open()
    made.confirm()
    yield made
    made.station.close()


def sheets(data: bytes) -> list[list[list[str]]]:
    """Texts of the characteristics, the results, the first pieces."""
    return [[[value for _, value, _ in row] for row in cells(data, n)] for n in (2, 3, 4)]


def test_a_released_form_has_every_row_and_who_released_it(home: Home) -> None:
    """W6, T4: number, limits, master, results of each piece with U and instrument, release; in both languages."""
    home.first_off()
    paper = home.station.papers.first_article(ORDER, "en")
    form = home.station.gates.first_article(ORDER)
    text = told(paper)
    for wanted in ("First-article inspection PO-7", "All 4 characteristics conform", "Size: width", "29.85", "30.15",
                   "weight (by hand)", "34.000", "0.050", "S-3, calibrated", "F-1-4", "0 of 5 failed", "5 of 5",
                   "Photos of the first piece", "pit", BUYER, "released"):  # fmt: skip
        assert wanted in text, wanted
    assert form.digest in json.dumps(paper_data(paper, {})).replace("\\u200b", "")
    assert home.station.ledger.head().head == paper.head
    chinese = told(home.station.papers.first_article(ORDER, "zh-Hant"))
    for wanted in (
        "首件檢驗報告 PO-7",
        "首件的 4 項特性全部符合",
        "尺寸：width",
        "5 件中 0 件不合格",
        "已放行",
        "S-3，校驗",
    ):
        assert wanted in chinese, wanted
    made = paper_xlsx(paper)
    rows, results, pieces = sheets(made)
    assert [row[:2] for row in rows[1:]] == [
        ["1", "Size: width"], ["2", "weight (by hand)"], ["3", "pull force (by hand)"], ["4", "pit"],
    ]  # fmt: skip
    assert results[0][2:7] == [f"F-1-{k}" for k in range(5)]
    assert float(results[1][2]) == pytest.approx(30.0)
    assert [row[0] for row in pieces[1:]] == [f"F-1-{k}" for k in range(5)]
    assert made == paper_xlsx(home.station.papers.first_article(ORDER, "en"))


def test_an_open_form_says_what_is_open_and_a_wrong_one_what_is_wrong(home: Home) -> None:
    """W6: nothing measured, then a value short of its limit; limits stand in the form before anybody measures."""
    text = told(home.station.papers.first_article(ORDER, "en"))
    for wanted in ("undecided", "0 of 5 first pieces are inspected", "measured on 0 of 5 first pieces", "29.85",
                   "not done yet", "release of the first-off gate"):  # fmt: skip
        assert wanted in text, wanted
    home.station.gates.assign(ORDER, "first-off", "F-1", by=BUYER)
    home.inspect("F-1", 5, grain=20)
    home.station.entered.enter([home.value("F-1-0", "pull force", 11.0, "F-1")])
    paper = home.station.papers.first_article(ORDER, "en")
    assert (paper.stamp, paper.tone) == ("does not conform", "bad")
    text = told(paper)
    assert "3 conforming, 1 nonconforming, 0 open" in text
    assert "3. pull force (by hand): does not conform on F-1-0" in text
    flagged = [c for s in paper_data(paper, {})["sections"] for b in s["blocks"] for row in b.get("rows", ())
               for c in row if isinstance(c, dict) and c.get("flag") == "11.000"]  # fmt: skip
    assert flagged == [{"flag": "11.000", "tone": "bad"}]
    assert "F-1-0 不符合" in told(home.station.papers.first_article(ORDER, "zh-Hant"))


def test_the_command_writes_pdf_and_spreadsheet(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATION_HOME", str(home.folder / "home"))
    out = tmp_path / "fai.pdf"
    assert run(app, ["doc", "first-article", ORDER, "-o", str(out), "--xlsx", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["about"]) == ("first-article", ORDER)
    assert [Path(f["file"]).name for f in found["files"]] == ["fai.pdf", "fai.xlsx"]
    assert run(app, ["doc", "first-article", "PO-8", "-o", str(out)]) == 2
    assert "there is no order 'PO-8'" in capsys.readouterr().err
    with pytest.raises(NotFoundError):
        home.station.papers.first_article(ORDER, "en", sku="OTHER")
