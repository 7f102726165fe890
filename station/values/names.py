"""Names: the order of those that people give (unit-2 comes before unit-10), and numbers made from a date."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from pathlib import Path

from station.errors import RequestError


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key: runs of digits by their number, the rest without regard to case, equal names by their exact text."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p] + [(2, 0, name)]


def same_name(name: str) -> str:
    """What two spellings of one name have in common: an accent may be a character of its own or not (Unicode NFC)."""
    return unicodedata.normalize("NFC", name)


def plain_spaces(text: str) -> str:
    """A text with a plain space for every space of another width: a Chinese keyboard writes U+3000, and what is copied
    from a table or a web page often holds U+00A0."""
    return "".join(" " if unicodedata.category(c) == "Zs" else c for c in text)


def same_person(name: str) -> str:
    """What two spellings of one person's name have in common: blanks and case are not regarded."""
    return " ".join(same_name(name).split()).casefold()


def require_text_name(path: Path) -> Path:
    """``path``, if its name can be recorded. Raises RequestError where its bytes are no text, or it has control
    characters."""
    strange = {c for c in path.name if unicodedata.category(c) in ("Cc", "Cs")}
    if strange:
        shown = "".join("?" if c in strange else c for c in path.name)[:80]
        raise RequestError(f"the name {shown!r} is not written in Unicode text", "Give the file another name.")
    return path


def dated_number(prefix: str, on: date, taken: Collection[str] = ()) -> str:
    """``PREFIX-YYYYMMDD``; the second of a day is ``-2``, and so on. taken : numbers in use, whatever their case."""
    used = {number.casefold() for number in taken}
    base = f"{prefix}-{on:%Y%m%d}"
    if base.casefold() not in used:
        return base
    suffix = 2
    while f"{base}-{suffix}".casefold() in used:
        suffix += 1
    return f"{base}-{suffix}"
