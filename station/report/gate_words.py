"""Why a gate of a photo is closed, put into words of a language.

The line says it in English, in the unit's document, which is never changed. The sentences stand as templates in the
English language file; one that is known is said again by the template of the same name in another language, and one
that is not stands as the record has it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from station.report.languages import Language, language

TABLE: Final = "gate_said."
_HOLE: Final = re.compile(r"\{(\w+)\}")


def gate_words(name: str, reason: str, tongue: Language) -> str:
    """A closed gate: its name and why."""
    told = tongue.texts.get(f"gate_name.{name}", name)
    return tongue.text("text.gate", name=told, reason=gate_reason(reason, tongue)) if reason else told


def gate_reason(reason: str, tongue: Language) -> str:
    """The reason alone; of several, joined by semicolons, each that is known."""
    return said_again(reason, tongue, TABLE)


def said_again(reason: str, tongue: Language, table: str) -> str:
    """What a record says, by the templates of a table; of several reasons, joined by semicolons, each that is known."""
    if tongue.code == "en":
        return reason
    known = _said(reason, tongue, table)
    if known is not None:
        return known
    parts = reason.split("; ")
    said, at = [], 0
    while at < len(parts):  # a sentence may have semicolons itself: the longest that is known
        for end in range(len(parts), at, -1):
            part = "; ".join(parts[at:end])
            known = _said(part, tongue, table)
            if known is not None or end == at + 1:
                said.append(part if known is None else known)
                at = end
                break
    return tongue.listed.join(said)


def _said(reason: str, tongue: Language, table: str) -> str | None:
    for key, pattern in _patterns(table):
        found = pattern.fullmatch(reason)
        if found is not None:
            return tongue.texts[key].format(**found.groupdict())
    return None


@cache
def _patterns(table: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Of each template the sentences that it makes, the templates with most words of their own first."""
    english = {k: t for k, t in language("en").texts.items() if k.startswith(table)}
    ordered = sorted(english.items(), key=lambda item: -len(_HOLE.sub("", item[1])))
    return tuple((key, re.compile(_pattern(text))) for key, text in ordered)


def _pattern(text: str) -> str:
    return "".join(f"(?P<{p}>.+?)" if n % 2 else re.escape(p) for n, p in enumerate(_HOLE.split(text)))
