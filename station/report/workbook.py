"""The tables of a paper as a spreadsheet: numbers as numbers, texts never as formulas, the same bytes each time."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Final

from station.report.blocks import Beside, Block, Cell, Code, Facts, Figure, Flag, Formula, Paper, Table
from station.values.spreadsheet import reads_as_formula

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NAME, _TEXT = 31, 32767  # characters of a sheet's name and of a cell (ECMA-376 and Excel)
_WIDEST, _NARROWEST = 60, 8


def paper_xlsx(paper: Paper) -> bytes:
    """XLSX bytes: a first sheet that says what it is, and a sheet for each named table.

    A text stays a text whatever it begins with; one that begins with ``= + - @`` is marked as text besides, so that it
    stays one when it is edited or copied. Formulas are only those of the station.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties(
        {"title": _clean(paper.title), "author": "Golden-sample inspection station",
         "created": datetime.combine(paper.on, time())}
    )  # fmt: skip
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "guarded": book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True, "num_format": "@"}),
    }
    kinds: dict[str, Any] = {}

    def number_format(text: str) -> Any:
        """A format with as many digits as are printed."""
        _, _, decimals = text.partition(".")
        found = re.match(r"\d*", decimals)
        digits = len(found.group()) if found else 0
        code = ("0." + "0" * digits if digits else "0") + (" %" if text.endswith("%") else "")
        if code not in kinds:
            kinds[code] = book.add_format({"num_format": code.replace(" %", "%"), "valign": "top"})
        return kinds[code]

    def write(sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
        match cell:
            case Figure(text, value, _):
                if value is not None:
                    sheet.write_number(row, column, value, number_format(text))
            case Formula(text):
                sheet.write_formula(row, column, text.format(row=row + 1))
            case _:
                text = _clean(_words(cell))[:_TEXT]
                guarded = reads_as_formula(text)
                sheet.write_string(row, column, text, formats["guarded" if guarded else "text"])

    names: set[str] = set()
    first = book.add_worksheet(_name(paper.language.text("paper.sheet"), names))
    first.set_column(0, 0, 28)
    first.set_column(1, 1, 80)
    first.write_string(0, 0, _clean(paper.title), formats["title"])
    write(first, 1, 0, paper.subtitle)
    write(first, 2, 0, paper.stamp)
    pairs = [pair for b in _blocks(paper) if isinstance(b, Facts) for pair in b.pairs]
    pairs += [(name, Code(digest)) for name, digest in paper.basis]
    if paper.head:
        pairs.append((paper.language.text("foot.head"), Code(paper.head)))
    for at, (name, value) in enumerate(pairs, 4):
        write(first, at, 0, name)
        write(first, at, 1, value)
    for table in (b for b in _blocks(paper) if isinstance(b, Table) and b.name):
        sheet = book.add_worksheet(_name(table.name, names))
        for column, (title, width) in enumerate(zip(table.columns, _widths(table), strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, _clean(title.title), formats["head"])
        for at, row in enumerate(table.rows, 1):
            for column, cell in enumerate(row):
                write(sheet, at, column, cell)
        sheet.freeze_panes(1, 0)
        if table.rows:
            sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    book.close()
    return out.getvalue()


def _blocks(paper: Paper) -> list[Block]:
    found: list[Block] = []
    for section in paper.sections:
        for block in section.blocks:
            found += [*block.left, *block.right] if isinstance(block, Beside) else [block]
    return found


def _words(cell: Cell) -> str:
    match cell:
        case Flag(text, _) | Code(text) | Figure(text, _, _) | Formula(text):
            return text
        case _:
            return cell


def _clean(text: str) -> str:
    """Text without what XML cannot hold, its lines ending as in a spreadsheet."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def _name(wanted: str, taken: set[str]) -> str:
    """A sheet's name that is allowed, and not taken whatever the case of its letters."""
    plain = _FORBIDDEN.sub(" ", wanted).strip(" '")[:_NAME] or "-"
    name, n = plain, 2
    while name.casefold() in taken:
        name = f"{plain[: _NAME - 4]} {n}"
        n += 1
    taken.add(name.casefold())
    return name


def _widths(table: Table) -> Sequence[int]:
    """Widths of the columns in characters; a CJK character is as wide as two."""
    texts = [[c.title, *(_words(row[i]) for row in table.rows[:200])] for i, c in enumerate(table.columns)]
    wide = [max(sum(2 if ord(c) >= 0x2E80 else 1 for c in t) for t in column) for column in texts]
    return [min(_WIDEST, max(_NARROWEST, w + 2)) for w in wide]
