"""Vague words refused, with what to write in their place.

A complaint of "different", "bad" or "unacceptable" leaves the supplier to guess (N1); a plan of "better QC" leaves the
buyer to hope (N18). The words themselves are the control sheet's, in ``station.sheet.words``.
"""

from __future__ import annotations

from station.errors import RequestError
from station.sheet.words import vague_words


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
