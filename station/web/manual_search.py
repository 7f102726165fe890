"""The index of the help: its sections by their words, made once on the server, and what a question finds.

A word of the question finds words that begin like it, so that ``calibrate`` finds ``calibration``; one that begins with
``re`` finds the word behind that too, ``recalibrate`` all of calibration; in Chinese, titles are found by their
characters. Sections are ranked by BM25, words of headings counting as several.

Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Final

from markupsafe import Markup, escape

from station.web.manual import RECORDS, ManualPage, Section, contents

K1, B = 1.2, 0.6
"""How soon a repeated word stops counting, and how far a long section is held back."""
HEADING, TITLE = 6, 3
"""As how many words a word of the section's heading counts, and one of its page's title."""
RECORD_WEIGHT: Final = 0.5
TABLES: Final = ("api-commands", "requirements")
"""Pages that name everything once in tables; they are held back as the records of decisions are."""
MOST: Final = 20
AROUND: Final = 90
ENDINGS: Final = re.compile(r"(ations?|ating|ated?|ings?|ions?|ed|es|s|e)$")
STEM_LETTERS: Final = 4
AGAIN: Final = re.compile(r"re(?=[a-z]{5})")
"""Before a word that is long enough to be looked up without it."""
BEGINS: Final = 3
"""From so many letters on a word of the question finds what begins with it; a shorter one finds itself."""

EMPTY: Final = frozenset(
    re.findall(
        r"\w+", "a an and are can do does for how i in is it my of on or the this to what when where which why with"
    )
)
"""Words that say nothing of what is asked for, where a question has others."""

_WORD = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Found:
    """A section that answers. excerpt : of its text, the words of the question marked."""

    page: ManualPage
    section: Section
    excerpt: Markup

    @property
    def address(self) -> str:
        return f"{self.page.address}#{self.section.anchor}" if self.section.anchor else self.page.address


@dataclass(frozen=True, slots=True)
class Answers:
    """The best sections, at most 20, of so many that answer."""

    found: tuple[Found, ...]
    of: int


@dataclass(frozen=True, slots=True)
class _Index:
    """entries : page and section. words : sorted. counts : of each word, by entry. lengths : words an entry."""

    entries: tuple[tuple[ManualPage, Section], ...]
    words: tuple[str, ...]
    counts: dict[str, dict[int, int]]
    lengths: tuple[int, ...]

    def weights(self, stem: str) -> dict[int, float]:
        """How much a word that begins so weighs in each entry."""
        counted: Counter[int] = Counter()
        for begin in dict.fromkeys((stem, AGAIN.sub("", stem, count=1))):
            at = bisect_left(self.words, begin)
            while at < len(self.words) and self.words[at].startswith(begin):
                if len(begin) >= BEGINS or self.words[at] == begin:
                    counted.update(self.counts[self.words[at]])
                at += 1
        mean = sum(self.lengths) / len(self.lengths)
        rarity = math.log(1 + (len(self.entries) - len(counted) + 0.5) / (len(counted) + 0.5))
        return {i: rarity * n * (K1 + 1) / (n + K1 * (1 - B + B * self.lengths[i] / mean)) for i, n in counted.items()}


def search(question: str) -> Answers:
    """The sections that have all words of a question, else any of them; the best first."""
    index = _index()
    stems = _stems(question)
    if not stems:
        return Answers((), 0)
    weights = [index.weights(stem) for stem in stems]
    every = set.intersection(*(set(w) for w in weights)) or set().union(*weights)

    def score(entry: int) -> float:
        name = index.entries[entry][0].name
        weight = RECORD_WEIGHT if name.startswith(RECORDS) or name in TABLES else 1.0
        return weight * sum(w.get(entry, 0.0) for w in weights)

    best = sorted(every, key=lambda i: (-score(i), i))[:MOST]
    marked = tuple(dict.fromkeys(s for stem in stems for s in (stem, AGAIN.sub("", stem, count=1))))
    found = tuple(Found(*index.entries[i], excerpt(index.entries[i][1].text, marked)) for i in best)
    return Answers(found, len(every))


def excerpt(text: str, stems: tuple[str, ...]) -> Markup:
    """The text round the first word of a question, escaped, with such words marked."""
    marked = re.compile(rf"\b(?:{'|'.join(map(re.escape, stems))})\w*", re.IGNORECASE | re.ASCII)
    first = marked.search(text)
    start = max(0, first.start() - AROUND) if first else 0
    end = min(len(text), (first.end() if first else 0) + 2 * AROUND)
    start = text.find(" ", start, start + 20) + 1 if start else 0
    end = text.rfind(" ", start, end) if end < len(text) else end
    shown, at = Markup("… ") if start else Markup(), start
    for hit in marked.finditer(text, start, end):
        shown += escape(text[at : hit.start()]) + Markup("<mark>{}</mark>").format(hit[0])
        at = hit.end()
    return shown + escape(text[at:end]) + (" …" if end < len(text) else "")


def _stems(question: str) -> tuple[str, ...]:
    """The beginnings that the words of a question are looked up by, in their order."""
    found: dict[str, None] = {}
    words = _words(question)
    for word in [w for w in words if w not in EMPTY] or words:
        stem = ENDINGS.sub("", word)
        found[stem if len(stem) >= STEM_LETTERS else word] = None
    return tuple(found)


@cache
def _index() -> _Index:
    entries: list[tuple[ManualPage, Section]] = []
    counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
    lengths: list[int] = []
    for group in contents():
        for page, titles in group.pages:
            for section in page.sections:
                words = Counter(_words(section.text))
                lengths.append(max(1, words.total()))
                heading = _words(section.title) + (
                    [w for t in titles.values() for w in _words(t)] if section.level == 1 else []
                )
                for word in heading:
                    words[word] += HEADING
                for word in _words(page.title):
                    words[word] += TITLE
                for word, n in words.items():
                    counts[word][len(entries)] = n
                entries.append((page, section))
    return _Index(tuple(entries), tuple(sorted(counts)), dict(counts), tuple(lengths))


def _words(text: str) -> list[str]:
    """Its words in small letters; the sign of a colour difference is its formula's name, as the pages write it."""
    return _WORD.findall(text.lower().replace("\u03b4e", "ciede2000"))
