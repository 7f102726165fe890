"""Papers as PDF and spreadsheet: archivable, the same bytes, no text is markup or formula, nothing overflows."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_report import pages

from station.errors import RequestError
from station.report.blocks import (
    Bars,
    Beside,
    Bullets,
    Chart,
    Code,
    Column,
    Curve,
    Facts,
    Figure,
    Flag,
    Formula,
    Paper,
    Section,
    Signature,
    Signatures,
    Table,
    Words,
)
from station.report.languages import language
from station.report.paper import paper_pdf
from station.report.qr import qr_svg
from station.report.typesetting import glyph_remark
from station.report.workbook import paper_xlsx

HEAD = f"12:{'ab' * 32}"
HOSTILE = ('#panic("no")', "$x^2$ *bold* _it_ @ref <label>", '"#] // gone', "\\#let a = 1", "[U] {b} `raw` = head")
A4_PT = (595.3, 841.9)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def paper(*sections: Section, code: str = "en", one_page: bool = False, title: str = "Paper") -> Paper:
    return Paper(
        title=title, subtitle="what it is about", stamp="version 1", on=date(2026, 5, 10), sections=sections,
        language=language(code), footer="foot", head=HEAD, basis=[("Golden sample", "cd" * 32)], one_page=one_page,
    )  # fmt: skip


def table(count: int, name: str = "row") -> Table:
    columns = (Column("No.", right=True), Column("Name", wide=1), Column("Value", right=True), Column("Verdict"))
    rows = [(Figure(str(i), i), f"{name} {i}", Figure(f"{i / 7:.3f}", i / 7), Flag("conforms", "good"))
            for i in range(count)]  # fmt: skip
    return Table(columns, rows, name="Values", note="a note")


def every_block() -> list[Section]:
    curve = Curve("plan", [(x / 2, 1 - x / 20) for x in range(20)])
    return [
        Section("Facts", [Facts([("Name", "value"), ("Digest", Code("ef" * 32))])]),
        Section("Words", [Words("framed", "framed"), Bullets(["one", "two"]), Bullets(["one"], numbered=True)]),
        Section("Chart", [Chart([curve], [[("AQL 2.5", 2.5, 0.75)]], "per cent", "probability", 10.0)]),
        Section("Bars", [Beside([Bars("by carton", [("C1", 0.5, "1 of 2")])], [Words("beside", "small")])]),
        Section("Signatures", [Signatures([Signature("Buyer", (), ("name", "date"))])]),
        Section("Table", [table(3)]),
    ]


def text_of(pdf: bytes, *options: str) -> str:
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def words_of(pdf: bytes) -> list[tuple[float, float, float, float]]:
    found = re.findall(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)"', text_of(pdf, "-bbox"))
    return [tuple(float(v) for v in box) for box in found]  # type: ignore[misc]


@pytest.mark.parametrize("code", ["en", "zh-Hant"])
def test_a_paper_is_archivable_and_the_same_bytes_twice(code: str) -> None:
    made, spelled = paper_pdf(paper(*every_block(), code=code))
    assert b"<pdfaid:part>2</pdfaid:part>" in made
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in made
    assert spelled == ""
    assert made == paper_pdf(paper(*every_block(), code=code))[0]
    assert "AQL 2.5" in text_of(made)


def test_no_text_is_markup(tmp_path: Path) -> None:
    del tmp_path
    sections = [Section(text, [Words(text), Facts([(text, text)]), Bullets([text])]) for text in HOSTILE]
    told = " ".join(text_of(paper_pdf(paper(*sections, title=HOSTILE[0]))[0], "-raw").split())
    for text in HOSTILE:
        assert told.count(text.replace('"', "”")) + told.count(text) + told.count(text.replace('"', "“")) >= 1, text


@pytest.mark.parametrize("name", ["W" * 120, "鋁合金別針" * 30, "a very long name of words " * 12, "x_y-z/" * 30])
@pytest.mark.parametrize("one_page", [False, True])
def test_long_names_stay_between_the_margins(name: str, one_page: bool) -> None:
    rows = [(name, Figure("1.5", 1.5), Flag(name, "bad"), Code("ab" * 64))]
    columns = (Column(name, wide=1), Column("Value", right=True), Column("Verdict", wide=1), Column("Digest", wide=1))
    made, _ = paper_pdf(
        paper(
            Section(name, [Facts([("Name", name), ("Value", name)]), Table(columns, rows), Bullets([name])]),
            Section("Sign", [Signatures([Signature(name, [("Name", name)]), Signature(name, (), (name, name))])]),
            title=name, one_page=one_page,
        )
    )  # fmt: skip
    boxes = words_of(made)
    assert boxes
    assert min(b[0] for b in boxes) > 40
    assert max(b[2] for b in boxes) < A4_PT[0] - 40
    assert max(b[3] for b in boxes) < A4_PT[1] - 20


def test_a_sign_that_no_font_has_is_spelled_and_said() -> None:
    """Never a box: the number of the character stands there, and a remark names it."""
    made, spelled = paper_pdf(paper(Section("Thai", [Words("Supplier \u0e01\u0e02 and \U000e0101")])))
    told = text_of(made)
    lacking = [c for c in "\u0e01\u0e02" if c in spelled]
    assert all(f"[U+{ord(c):04X}]" in told for c in lacking)
    assert all(c in told for c in "\u0e01\u0e02" if c not in spelled)
    assert glyph_remark("plain", "") == ""
    assert "[U+0E01]" in glyph_remark("\u0e01", "\u0e01")
    assert "the system's fonts set them" in glyph_remark("东莞", "")


def test_a_long_table_has_its_heading_on_every_page() -> None:
    made, _ = paper_pdf(paper(Section("Many", [table(500)])))
    assert pages(made) > 5
    told = text_of(made, "-layout")
    assert told.count("Verdict") == pages(made)
    assert "row 499" in told


def test_a_one_page_paper_is_one_page_with_sixty_rows() -> None:
    """N19: a one-page control sheet."""
    for count in (3, 60):
        made, _ = paper_pdf(paper(Section("Rows", [table(count)]), one_page=True))
        assert pages(made) == 1
        assert f"row {count - 1}" in text_of(made)


def test_the_square_is_the_head_of_the_ledger(tmp_path: Path) -> None:
    made, _ = paper_pdf(paper(Section("", [Words("x")])))
    (tmp_path / "p.pdf").write_bytes(made)
    subprocess.run(
        ["pdftoppm", "-r", "200", "-png", tmp_path / "p.pdf", tmp_path / "p"], check=True, capture_output=True
    )
    page = cv2.imread(str(next(tmp_path.glob("p-*.png"))))
    assert page is not None
    found, _, _ = cv2.QRCodeDetector().detectAndDecode(page)
    assert found == HEAD
    assert qr_svg(HEAD) == qr_svg(HEAD)
    with pytest.raises(RequestError, match="make no QR code"):
        qr_svg("")


def unescaped(text: str) -> str:
    """A shared string without ``_xHHHH_`` (ECMA-376 part 1, 22.9.2.19)."""
    return re.sub(r"_x([0-9A-F]{4})_", lambda m: chr(int(m.group(1), 16)), text)


def cells(xlsx: bytes, sheet: int = 2) -> list[list[tuple[str, str, int]]]:
    """Rows of (type, value, style) of a sheet."""
    with zipfile.ZipFile(io.BytesIO(xlsx)) as archive:
        shared = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
        texts = ["".join(t.text or "" for t in s.iter(f"{MAIN}t")) for s in shared]
        rows = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml")).iter(f"{MAIN}row")
        found = []
        for row in rows:
            told = []
            for c in row.iter(f"{MAIN}c"):
                kind = "formula" if c.find(f"{MAIN}f") is not None else c.get("t", "n")
                value = c.findtext(f"{MAIN}f") or c.findtext(f"{MAIN}v") or ""
                told.append((kind, unescaped(texts[int(value)]) if kind == "s" else value, int(c.get("s", "0"))))
            found.append(told)
        return found


def test_numbers_are_numbers_and_sums_are_those_of_the_station() -> None:
    columns = (Column("Units", right=True), Column("Price", right=True), Column("Total", right=True))
    asked = paper(Section("", [Table(columns, [(Figure("1,000", 1000), "", Formula("=A{row}*B{row}"))], name="Q")]))
    made = paper_xlsx(asked)
    assert [(k, v) for k, v, _ in cells(made)[1] if v] == [("n", "1000"), ("formula", "A2*B2")]
    assert made == paper_xlsx(asked)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6))
def test_any_text_stays_a_text(texts: list[str]) -> None:
    made = paper_xlsx(paper(Section("", [Table((Column("t", wide=1),), [(t,) for t in texts], name="T")])))
    rows = cells(made)[1:]
    assert all(kind == "s" for row in rows for kind, _, _ in row)
    for row, text in zip(rows, texts, strict=False):
        clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]", " ", text)
        assert row[0][1] == clean.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-5", "@SUM(A1)", " =HYPERLINK(1)"])
def test_what_begins_like_a_formula_is_marked_as_text(text: str) -> None:
    made = paper_xlsx(paper(Section("", [Table((Column("t"),), [(text,), ("plain",)], name="T")])))
    (_, told, guarded), (_, _, plain) = cells(made)[1][0], cells(made)[2][0]
    assert told == text
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    formats = list(styles.find(f"{MAIN}cellXfs") or [])
    assert formats[guarded].get("quotePrefix") == "1"
    assert formats[plain].get("quotePrefix") is None


def test_a_chart_keeps_its_points_inside() -> None:
    made, _ = paper_pdf(paper(*every_block()))
    boxes = np.array(words_of(made))
    assert boxes[:, 2].max() < A4_PT[0] - 40
