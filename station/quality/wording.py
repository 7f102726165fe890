"""Words that say nothing measurable, and what to write in their place.

A complaint of "different", "bad" or "unacceptable" leaves the supplier to guess (N1); a plan of "better QC" leaves the
buyer to hope (N18). Words that are empty whatever stands beside them are refused outright. Words of degree are refused
only in a sentence that gives no number.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from station.errors import RequestError

_WORDS = Path(__file__).with_name("vague_words.toml")
_SENTENCE = re.compile(r"[^.!?;。！？；\n]+(?:\.(?=\d)[^.!?;。！？；\n]+)*")


@dataclass(frozen=True, slots=True)
class VagueWord:
    """A word that says nothing measurable, where it begins in the text, and what to write in its place."""

    word: str
    at: int
    instead: str


def vague_words(text: str) -> list[VagueWord]:
    """Every vague word of a text, in its order; of those that overlap the longest."""
    found: list[VagueWord] = []
    for sentence in _SENTENCE.finditer(text):
        words = sentence.group()
        tables = ("empty",) if any(c.isdigit() for c in words) else ("empty", "degree")
        found += [
            VagueWord(m.group(), sentence.start() + m.start(), instead)
            for table in tables
            for pattern, instead in _table(table)
            for m in pattern.finditer(words)
        ]
    found.sort(key=lambda v: (v.at, -len(v.word)))
    kept: list[VagueWord] = []
    for one in found:
        if not kept or one.at >= kept[-1].at + len(kept[-1].word):
            kept.append(one)
    return kept


def refuse_vague(text: str, where: str) -> str:
    """The text without blanks around it, where it says something. where : what a refusal names, such as "the answer".

    Raises RequestError for an empty text, and for vague words with what to write instead.
    """
    text = " ".join(text.split())
    if not text:
        raise RequestError(f"{where} is empty", "Write what was found, how big, and what is to be done.")
    found = vague_words(text)
    if found:
        words = ", ".join(dict.fromkeys(f'"{v.word}"' for v in found))
        instead = "; ".join(dict.fromkeys(v.instead for v in found))
        raise RequestError(f"{where} says {words}, which nobody can measure", f"Write instead: {instead}.")
    return text


def refuse_all_vague(texts: Iterable[str], where: str) -> tuple[str, ...]:
    """:func:`refuse_vague` for each. Raises RequestError for none."""
    kept = tuple(refuse_vague(t, where) for t in texts)
    if not kept:
        raise RequestError(f"{where} is missing", "Write what the supplier is to do next.")
    return kept


@cache
def _table(name: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns of a table of ``vague_words.toml``, each with what to write instead."""
    tables = tomllib.loads(_WORDS.read_text("utf-8"))
    return tuple((_pattern(word), row["instead"]) for row in tables[name] for word in row["words"])


def _pattern(word: str) -> re.Pattern[str]:
    if not word.isascii():
        return re.compile(re.escape(word))
    return re.compile(rf"(?<![\w-]){re.escape(word).replace(chr(92) + ' ', r'[ ]+')}(?![\w-])", re.IGNORECASE)
