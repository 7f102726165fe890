"""Papers of a home: control sheet, certificate, unit, lot, letters, annex; by command, in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from claimed_lots import LOGO, Days, make_home, photo
from test_papers import cells, text_of
from test_report import pages

from station.cli import app
from station.cli.conduct import run
from station.errors import NotFoundError, RequestError
from station.quality.quotation import quotation
from station.report.paper import paper_data, paper_pdf
from station.report.workbook import paper_xlsx
from station.service import Station
from station.service.papers import written
from station.settings import Settings
from station.sheet import load_sheet

GOLDEN = "GS-20260510"
DAYS = Days()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("papers")
    made = make_home(folder, DAYS, lots=(LOGO,))
    with Station(Settings(home=made), clock=DAYS) as station:
        station.sign_off.sign(GOLDEN, party="buyer", name="M. Weber", role="purchasing")
        station.sign_off.sign(
            GOLDEN, party="supplier", name="陳偉", sheet_photo=photo(folder / "signed.png", 0, grain=707)
        )
    return made


@pytest.fixture(scope="module")
def station(home: Path) -> Iterator[Station]:
    with Station(Settings(home=home), clock=DAYS) as opened:
        yield opened


def told(paper: object) -> str:
    """The text of a paper's PDF, broken nowhere; the same bytes twice."""
    made, spelled = paper_pdf(paper)  # type: ignore[arg-type]
    assert made == paper_pdf(paper)[0]  # type: ignore[arg-type]
    assert spelled == ""
    return " ".join(text_of(made, "-layout").replace("\u200b", "").split())


def test_the_control_sheet_is_one_page_with_limits_beside_the_golden(station: Station) -> None:
    """G11, G12, T2, N19."""
    for code, words in (("en", "What units are held to"), ("zh-Hant", "各件須符合的界限")):
        paper = station.papers.control_sheet(GOLDEN, code)
        assert pages(paper_pdf(paper)[0]) == 1
        text = told(paper)
        assert words in text
        for wanted in ("MAS-PIN-30", "29.85", "30.15", "0.3", "alpine-r4.ai", station.golden(GOLDEN).sheet_digest):
            assert wanted in text
    text = told(station.papers.control_sheet(GOLDEN, "en"))
    assert "Colour of sky" in text
    assert "carton label fields (by hand)" in text


def test_the_certificate_names_version_digests_and_both_signatures(station: Station) -> None:
    """G2, G9, G14."""
    paper, golden = station.papers.certificate(GOLDEN, "en"), station.golden(GOLDEN)
    text = told(paper)
    assert all(wanted in text for wanted in ("M. Weber", "陳偉", "purchasing", "approved"))
    signed = station.sign_off.status(GOLDEN).sign_offs
    assert len(signed) == 2
    text = json.dumps(paper_data(paper, {})).replace("\\u200b", "")  # on the page, narrow boxes break them
    assert all(wanted in text for wanted in (golden.digest, golden.sheet_digest, golden.photo_sha256))
    for wanted in (signed[0].fingerprint, signed[0].signature, signed[1].sheet_photo_sha256, "on the printed sheet"):
        assert wanted is not None
        assert wanted in text
    assert station.ledger.head().head == paper.head
    assert "已核准" in told(station.papers.certificate(GOLDEN, "zh-Hant"))


def test_a_unit_has_every_value_with_uncertainty_and_limit(station: Station) -> None:
    paper = station.papers.unit(f"{LOGO}_03", "en", lot=LOGO)
    text = told(paper)
    for wanted in ("Offset of logo", "5.000", "0.060", "0.3", "does not conform", "Size: width", "30.006", "C4"):
        assert wanted in text
    assert "單件檢驗表" in told(station.papers.unit(f"{LOGO}_03", "zh-Hant"))
    rows = [[(kind, value) for kind, value, _ in row] for row in cells(paper_xlsx(paper))]
    assert any(("n", "5") in row for row in rows) or any(("n", "5.0") in row for row in rows)


def test_a_lot_report_has_ac_and_re_curve_map_clusters_and_cause(station: Station) -> None:
    """S2, S6, S9, S12, D4."""
    text = told(station.papers.lot(LOGO, "en"))
    decided = station.lot_document(LOGO)
    major = next(c for c in decided.classes if c.defect_class == "major")
    for wanted in (f"major (20 found, Re {major.re})", "is rejected", "What the sampling plan lets through",
                   "AQL 2.5", "by Carton", "5 of 5", "Records to ask the factory for", decided.digest):  # fmt: skip
        assert wanted in text
    chinese = told(station.papers.lot(LOGO, "zh-Hant"))
    for wanted in ("拒收", "抽樣計畫的放行機率", "不符合件數（箱號）", "請向工廠索取的紀錄"):
        assert wanted in chinese


def test_chinese_papers_have_chinese_colons_and_parentheses(station: Station) -> None:
    """A name and what is said of it are joined as the language joins them."""
    papers = station.papers
    made = [papers.lot(LOGO, "zh-Hant"), papers.certificate(GOLDEN, "zh-Hant"), papers.unit(f"{LOGO}_03", "zh-Hant")]
    made.append(papers.quotation(GOLDEN, "zh-Hant"))
    texts = [text for paper in made for text in texts_in(paper_data(paper, {}))]
    texts += papers.message(GOLDEN, "zh-Hant")[1].splitlines()
    assert any("：" in text for text in texts)
    assert [text for text in texts if re.search("[一-鿿）]: |: [一-鿿]", text)] == []
    assert [text for text in texts if re.search(r"\([^)]*[一-鿿]|[一-鿿] \(", text)] == []


def texts_in(data: object) -> Iterator[str]:
    """Every text of a paper as its template gets it."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list | tuple):
        for part in data.values() if isinstance(data, dict) else data:
            yield from texts_in(part)


def test_the_letters_say_what_the_source_says(station: Station) -> None:
    """G5, G21: the statement and the message of the source, with their seven items; both as text and as paper."""
    _, statement = station.papers.approval(GOLDEN, "en")
    assert statement.startswith("We confirm the first-version sample approved on 2026-05-10 as the mass-production")
    assert statement == station.sign_off.approval_statement(GOLDEN) + "\n"  # what is signed, and what is sent
    assert "Please use sample number GS-20260510 as the Golden Sample." in statement
    paper, message = station.papers.message(GOLDEN, "en")
    assert "Please use the approved sample as the production standard." in message
    assert [line[:2] for line in message.splitlines() if line[:1].isdigit()] == [f"{n}." for n in range(1, 8)]
    assert "Dear Chen Wei," in message
    for wanted in ("Final material", "Carton marks", "imitation hard enamel, bright nickel"):
        assert wanted in told(paper)
    approval, chinese = station.papers.approval(GOLDEN, "zh-Hant")
    assert "請以樣品編號 GS-20260510 作為封樣" in chinese
    assert "供應商" in told(approval)


def test_the_annex_asks_for_tiers_and_tells_what_failed(station: Station) -> None:
    """N11, N15, N16, N17, N18, W14, W15."""
    paper = station.papers.quotation(GOLDEN, "en", use="retail", budget="USD 0.80", quantities=(2500,))
    text = told(paper)
    for wanted in ("1,000", "2,500", "5 to 9 calendar days", "10 to 18 calendar days", "100 % visual sorting",
                   "barcode map", "clutch retention", "retail display", "USD 0.80", f"Lot {LOGO}",
                   "20 of 20 inspected units",
                   "custom packing, printed cards, boxes or bags (usual: 0.08 to 0.35 USD a unit FOB)"):  # fmt: skip
        assert wanted in text
    sums = [value for row in cells(paper_xlsx(paper)) for kind, value, _ in row if kind == "formula"]
    assert sums == [f"A{n}*B{n}" for n in range(2, 7)]
    with pytest.raises(RequestError, match="quantities make no sense"):
        quotation(load_sheet(station.golden_sheet(GOLDEN).encode()), (), quantities=(0,))


def test_what_is_not_there_is_said(station: Station, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        station.papers.certificate("GS-19990101", "en")
    with pytest.raises(RequestError, match="there is no language 'fr'"):
        station.papers.certificate(GOLDEN, "fr")
    paper = station.papers.control_sheet(GOLDEN, "en")
    for out, why in (("x.doc", "none of .pdf, .xlsx"), ("nowhere/x.pdf", "cannot be written"), ("x.txt", "none of")):
        with pytest.raises(RequestError, match=why):
            written(paper, "control-sheet", GOLDEN, tmp_path / out)
    assert list(tmp_path.iterdir()) == []


def test_the_commands_write_files_and_say_which(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATION_HOME", str(home))
    out = tmp_path / "sheet.pdf"
    command = ["doc", "control-sheet", GOLDEN, "--out", str(out), "--xlsx", "--json"]
    found = []
    for _ in range(2):
        assert run(app, command) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[0] == found[1]
    assert [Path(f["file"]).name for f in found[0]["files"]] == ["sheet.pdf", "sheet.xlsx"]
    assert out.read_bytes()[:5] == b"%PDF-"
    assert run(app, ["doc", "approval", GOLDEN, "--language", "zh-hant"]) == 0
    assert capsys.readouterr().out.startswith("我方確認 2026-05-10 核准的第 1 版樣品")
    assert run(app, ["doc", "message", GOLDEN, "-o", str(tmp_path / "m.txt")]) == 0
    assert "seven items" in (tmp_path / "m.txt").read_text("utf-8")
    assert run(app, ["doc", "lot", "NO-LOT", "-o", str(tmp_path / "l.pdf")]) == 2
    assert "there is no lot 'NO-LOT'" in capsys.readouterr().err
    assert run(app, ["doc", "lot", LOGO, "-o", str(tmp_path / "l.docx")]) == 2
    assert not (tmp_path / "l.docx").exists()
