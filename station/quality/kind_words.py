"""What people call a failure, and the catalogue's kind that they mean (S4).

Words are compared without case, hyphens, plural and American spelling. A kind is known by its own name and by the words
that ``kind_words.toml`` lists under it; what is none of these is answered with the names nearest to it.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from station.errors import RequestError
from station.quality.catalogue import KINDS

_FILE: Final = Path(__file__).with_name("kind_words.toml")
_SPELLED: Final = {"color": "colour", "colored": "coloured", "odor": "odour", "center": "centre", "centered": "centre"}
_SMALL: Final = frozenset({"a", "an", "the", "of", "on", "in", "at", "is", "are", "was"})
NEAR: Final = 0.62
"""Likeness (Ratcliff and Obershelp, 0-1) from which a name is suggested."""
SUGGESTED: Final = 4


def words() -> dict[str, tuple[str, ...]]:
    """The other words of every kind, by its name."""
    return {kind: tuple(others) for kind, others in tomllib.loads(_FILE.read_text("utf-8")).items()}


def kind_meant(text: str) -> str | None:
    """Name of the catalogue's kind that a word or phrase means; None where it is no word for any."""
    return _known().get(_plain(text))


def require_kind(text: str) -> str:
    """:func:`kind_meant`. Raises RequestError, with the kinds that are near, for what is no word for any."""
    found = kind_meant(text)
    if found is not None:
        return found
    close = near(text)
    raise RequestError(
        f"{text.strip()[:40]!r} is no kind of nonconformity" + (f"; near are {', '.join(close)}" if close else ""),
        "Take one of them, or see them all: station nc kinds" if close else f"Use one of {', '.join(sorted(KINDS))}.",
    )


def near(text: str) -> tuple[str, ...]:
    """Kinds whose name or other words are like a text, the likest first, or share a telling word with it."""
    plain = _plain(text)
    if not plain:
        return ()
    scored: dict[str, float] = {}
    for known, kind in _known().items():
        shared = set(plain.split()) & set(known.split())
        like = difflib.SequenceMatcher(None, plain, known).ratio() + 0.25 * len(shared)
        if like >= NEAR:
            scored[kind] = max(scored.get(kind, 0.0), like)
    return tuple(sorted(scored, key=lambda k: (-scored[k], k))[:SUGGESTED])


def kinds_told(text: str) -> tuple[str, ...]:
    """Kinds that a sentence names by any of their words, in the catalogue's order; of overlapping words the longest."""
    rest = f" {_plain(text)} "
    found = set()
    for known in sorted(_known(), key=len, reverse=True):
        spaced = f" {known} " if known.isascii() else known
        if spaced in rest:
            found.add(_known()[known])
            rest = rest.replace(spaced, " · ")
    return tuple(k for k in KINDS if k in found)


@cache
def _known() -> dict[str, str]:
    """Kind by every plain word for it: names before other words."""
    named = {_plain(kind): kind for kind in KINDS}
    others = {_plain(word): kind for kind, listed in words().items() for word in listed}
    return others | named


def _plain(text: str) -> str:
    parts = re.sub(r"[\s_\-/.,;:!?()]+", " ", text.casefold()).split()
    return " ".join(_singular(_SPELLED.get(p, p)) for p in parts if p not in _SMALL)


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word.removesuffix("es") if word.endswith(("xes", "ches", "shes", "sses")) else word[:-1]
    return word
