"""Words that say nothing measurable, and what to write in their place: one list for sheets, records and complaints.

Words that are empty whatever stands beside them are told from words of degree, which are vague only in a sentence that
gives no number, and from words of praise, which are vague in what was agreed (G10) and harmless in a complaint.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).with_name("vague_words.toml")
_SENTENCE = re.compile(r"[^.!?;。！？；\n]+(?:\.(?=\d)[^.!?;。！？；\n]+)*")


@dataclass(frozen=True, slots=True)
class VagueWord:
    """A word that says nothing measurable, where it begins in the text, and what to write in its place."""

    word: str
    at: int
    instead: str


def vague_words(text: str, *, agreed: bool = False) -> list[VagueWord]:
    """Every vague word of a text, in its order; of those that overlap the longest.

    agreed : the text is part of what was agreed, where words of praise say nothing either (G10).
    """
    found: list[VagueWord] = []
    for sentence in _SENTENCE.finditer(text):
        words = sentence.group()
        degree = () if any(c.isdigit() for c in words) else ("degree",)
        tables = ("empty", *degree, *(("praise",) if agreed else ()))
        found += [
            VagueWord(m.group(), sentence.start() + m.start(), instead)
            for table in tables
            for pattern, instead in _rows(table)
            for m in pattern.finditer(words)
        ]
    found.sort(key=lambda v: (v.at, -len(v.word)))
    kept: list[VagueWord] = []
    for one in found:
        if not kept or one.at >= kept[-1].at + len(kept[-1].word):
            kept.append(one)
    return kept


@cache
def _rows(name: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns of a table of ``vague_words.toml``, each with what to write instead."""
    tables = tomllib.loads(_WORDS.read_text("utf-8"))
    return tuple((_pattern(word), row["instead"]) for row in tables[name] for word in row["words"])


def _pattern(word: str) -> re.Pattern[str]:
    if not word.isascii():
        return re.compile(re.escape(word))
    return re.compile(rf"(?<![\w-]){re.escape(word).replace(chr(92) + ' ', r'[ ]+')}(?![\w-])", re.IGNORECASE)
