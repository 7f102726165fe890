"""The statement in which the buyer approves a version, instead of a single "OK" (G4, G5).

It has one wording in each language, wherever it is signed, printed or sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from station.quality.golden import ordinal

if TYPE_CHECKING:
    from station.report.languages import Language
    from station.sheet import Sheet


def approval_words(
    language: Language, sheet: Sheet, *, number: str, version: int, controlled: Sequence[str] = ()
) -> str:
    """The statement: version, the day on which the sample was received, else that of its approval, number, what mass
    production is held to, and what to do about changes.

    controlled : attributes that the record names (G19), the source's own five without any. The sheet gives one of the
    two days: see :func:`station.quality.sign_off.require_approvable`.
    """
    golden = sheet.golden
    key, day = ("approval", golden.received_on) if golden.received_on else ("approval-approved", golden.approved_on)
    assert day is not None
    return language.text(
        f"text.{key}", version=version, ordinal=ordinal(version), day=day.isoformat(), golden=number,
        controlled=_listed(language, [language.text(f"attribute.{c}") for c in controlled])
        or language.text("text.controlled"),
    )  # fmt: skip


def _listed(language: Language, words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    first = language.text("text.controlled-list").join(words[:-1])
    return language.text("text.controlled-last", first=first, last=words[-1])
