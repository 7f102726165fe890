"""Words that say nothing measurable, and what to write in their place: one list for sheets, records and complaints.

Words that are empty whatever stands beside them are told from words of degree, which are vague only in a sentence that
gives no number, and from words of praise, which are vague in what was agreed (G10) and harmless in a complaint.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from station.values.look_alikes import plain_character

_WORDS = Path(__file__).with_name("vague_words.toml")
_SENTENCE = re.compile(r"[^.!?;。！？；\n]+(?:\.(?=\d)[^.!?;。！？；\n]+)*")


_CJK = r"\u3400-\u9fff"
_SPELLED = (
    re.compile(rf"[{_CJK}](?:[\s_-]*[{_CJK}])+"),
    re.compile(r"(?<![^\W_])[^\W\d_](?:[\s_.*-]+[^\W\d_]){2,}(?![^\W_])"),
)
"""Words with something between their letters: Chinese ones with blanks, others letter by letter."""
_NUMBER = re.compile(r"(?<![\w.,])(?P<sign>[-+±~≈<>≤≥=]\s*)?(?P<number>\d+(?:[.,]\d+)*)")
_NAMES = re.compile(
    r"(?:\b(?:photos?|pictures?|images?|fig(?:ure)?s?|pages?|orders?|po|lots?|versions?|points?|items?|no|nr|numbers?|see|"
    r"sheets?|rows?|lines?|rev(?:ision)?s?|steps?|sample|ref)|照片|圖|图|頁|页|訂單|订单|版本|第|#)[\s.:#()-]*$",
    re.IGNORECASE,
)
"""What stands before a number that is a name."""
_COMPARED = re.compile(
    r"(?:\b(?:by|than|least|most|limit|over|under|below|above|exceeds|is|are|was|were|of|from|to|only|about|delta)|"
    r"[a-z]\*|超過|超过|少於|少于|多於|多于|至少|最多|約|约|差)\s*$",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\s*(?:[%°‰/]|[^\W\d_])")
"""What stands behind a number that measures: its unit, or what was counted."""


@dataclass(frozen=True, slots=True)
class VagueWord:
    """A word that says nothing measurable, where it begins in the text, and what to write in its place."""

    word: str
    at: int
    instead: str


def vague_words(text: str, *, agreed: bool = False) -> list[VagueWord]:
    """Every vague word of a text, in its order; of those that overlap the longest. Words are read as they look: in
    full-width or Cyrillic letters, with accents, spelled b-a-d, or with blanks between Chinese characters.

    agreed : the text is part of what was agreed, where words of praise say nothing either (G10).
    """
    found: list[VagueWord] = []
    for sentence in _SENTENCE.finditer(text):
        for words, places in _as_it_looks(sentence.group(), sentence.start()):
            degree = () if measured(words) else ("degree",)
            tables = ("empty", *degree, *(("praise",) if agreed else ()))
            found += [
                VagueWord(text[places[m.start()] : places[m.end() - 1] + 1], places[m.start()], instead)
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


def measured(sentence: str) -> bool:
    """Whether a sentence gives a number that measures something: with a unit or a word behind it, with a sign, a
    fraction or a comparison before it. A number that names a photo, an order or a version measures nothing."""
    return any(
        not _NAMES.search(sentence, 0, m.start())
        and (
            m["sign"] or "." in m["number"] or _COMPARED.search(sentence, 0, m.start())
            or _UNIT.match(sentence, m.end())
        )
        for m in _NUMBER.finditer(sentence)
    )  # fmt: skip


def _as_it_looks(text: str, start: int) -> Iterator[tuple[str, list[int]]]:
    """A text in plain characters, and the place of each in the whole text, of which it begins at ``start``; and once
    more with the letters of spelled words joined, where there are any."""
    seen: list[tuple[str, int]] = []
    for i, c in enumerate(text, start):
        for plain in unicodedata.normalize("NFKD", plain_character(c)):
            if unicodedata.category(plain) != "Mn":
                seen.append((plain_character(plain), i))
    words = "".join(c for c, _ in seen)
    yield words, [i for _, i in seen]
    spelled = {i for run in _SPELLED for m in run.finditer(words) for i in range(*m.span())}
    kept = [one for i, one in enumerate(seen) if i not in spelled or one[0].isalnum()]
    if len(kept) < len(seen):
        yield "".join(c for c, _ in kept), [i for _, i in kept]


@cache
def _rows(name: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns of a table of ``vague_words.toml``, each with what to write instead."""
    tables = tomllib.loads(_WORDS.read_text("utf-8"))
    return tuple((_pattern(word), row["instead"]) for row in tables[name] for word in row["words"])


def _pattern(word: str) -> re.Pattern[str]:
    if not word.isascii():
        return re.compile(re.escape(word))
    inside = re.escape(word).replace(chr(92) + " ", "[ _-]+")
    return re.compile(rf"(?<![^\W_])(?<!-){inside}(?![^\W_])(?!-)", re.IGNORECASE)
