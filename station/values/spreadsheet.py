"""Texts that go to a spreadsheet: none of them may become a formula there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

_STARTS: Final = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
                  "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
GUARD: Final = "'"
"""What stands before a guarded text in a CSV file; spreadsheets show such a cell as text."""


def reads_as_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula: it begins with ``= + - @``, also in full width, after any
    blanks."""
    return text.lstrip().startswith(_STARTS)


def guarded(cell: object) -> str:
    """A cell of a CSV file: numbers as they are, a text that reads as a formula with an apostrophe before it."""
    text = str(cell)
    if not reads_as_formula(text) or _is_number(text):
        return text
    return f"{GUARD}{text}"


def unguarded(text: str) -> str:
    """A cell as it was before :func:`guarded`."""
    bare = text.removeprefix(GUARD)
    return bare if reads_as_formula(bare) else text


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV, every cell guarded, lines ending in a line feed."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and not text[:1].isspace()
