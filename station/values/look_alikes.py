"""Characters that look like others: what a reader sees of a text, whatever characters it is written in.

Compatibility forms (full-width digits, ligatures) are those of Unicode NFKC; dashes are one, and so is a digit in all
scripts; Cyrillic and Greek letters that are drawn as Latin ones are those (a part of Unicode's confusables, UTS 39).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

_CYRILLIC: Final = dict(zip("АВЕЅЗІЈКМНОРСТУХԚԜаеѕіјорсухԛԝһԁӏ", "ABES3IJKMHOPCTYXQWaesijopcyxqwhdl", strict=True))
_GREEK: Final = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαιονρϲ", "ABEZHIKMNOPTYXaiovpc", strict=True))
_LIKE_LATIN: Final = str.maketrans(_CYRILLIC | _GREEK)


def plain_character(c: str) -> str:
    """What a reader sees of one character: no, one or several characters."""
    if unicodedata.category(c) in ("Cf", "Cc") and c not in "\n\t\r":
        return ""
    if unicodedata.category(c) == "Pd" or c == "\u2212":
        return "-"
    if unicodedata.category(c) == "Nd":
        return str(unicodedata.decimal(c))
    return unicodedata.normalize("NFKC", c).translate(_LIKE_LATIN)


def look(name: str) -> str:
    """What names that cannot be told apart have in common, whatever their case: L-77, l-77, and L-77 in full-width
    digits."""
    plain = "".join(plain_character(c) for c in unicodedata.normalize("NFKC", name))
    seen = unicodedata.normalize("NFKC", plain).casefold()
    kept = [
        c for i, c in enumerate(seen)
        if not (unicodedata.category(c) == "Mn" and (i == 0 or not seen[i - 1].isalpha()))
    ]  # fmt: skip
    return " ".join("".join(kept).split())


def look_alike(name: str, known: Iterable[str]) -> str | None:
    """The known name that a new one cannot be told apart from; None where it is known itself, or like no other."""
    names = list(known)
    if name in names:
        return None
    mine = look(name)
    return next((other for other in names if look(other) == mine), None)


def spelled(name: str) -> str:
    """A name so that a reader sees what it is written in: with its code points, where they are not plain ones."""
    return name if name.isascii() else f"{name} ({name!a})"
