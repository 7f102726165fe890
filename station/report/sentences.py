"""What the records say, for pages in another language: sentences as templates, and the words that stand in them.

The records are written in English and are never changed. The tables whose names end in ``_said``, and ``told`` of the
evidence, have the sentences as the line, the gates and the ledger write them, by the same key in every language;
``refused_said`` and ``advice_said`` what is refused and what to do then, as the API says it. A name
in braces without its last digit is the kind of word that stands there: one that has a table is translated by it,
``reason`` is a sentence itself, ``char`` the name of a characteristic, and any other stays as the record has it.
``static/said.js`` applies them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from station.report.languages import language

ENDING: Final = "_said"
TAILS: Final = "tail_said"
"""What may stand behind another sentence."""
EVIDENCE: Final = "told"
RECORDS: Final = "records"
"""What to ask the factory for."""
REFUSALS: Final = ("refused_said.", "advice_said.")
"""What is refused, and what to do next."""
_JOINTS: Final = frozenset({"told.besides", "told.more", "told.and"})
_TABLES: Final = {
    "kind": ("found_kind", "kind"), "class": ("class",), "gate": ("gate_name",), "factor": ("factor",),
    "level": ("third_level",), "own": ("own_size",), "place": ("place",), "shown": ("photo",),
    "cause": ("cause_name",), "suspect": ("suspect",),
}  # fmt: skip
"""Kinds of words by the tables that have them by key."""
_ENGLISH: Final = {
    "way": "word_way", "what": "told_what", "state": "word_state", "item": "word_item", "artefact": "word_artefact",
    "field": "word_field", "party": "word_party", "step": "word_step", "asked": "word_asked", "sample": "word_sample",
    "question": "word_question", "need": "word_need", "p": "word_p", "nth": "word_nth", "outcome": "word_outcome",
    "role": "word_role", "decision": "word_decision", "severity": "word_severity",
    "remedy": "word_remedy", "standing": "word_standing", "variance": "word_variance",
}  # fmt: skip
"""Kinds of words by the table that has them in English too."""
CLOSED: Final = ("way", "class", "gate", "state", "party", "artefact", "step", "asked", "sample",
                  "cause", "suspect", "question", "need", "nth", "outcome", "role", "decision",
                  "severity", "remedy", "standing")  # fmt: skip
"""Kinds of which no word stands in a sentence but those of the table."""


def templates(code: str) -> tuple[dict[str, str], dict[str, str]]:
    """The sentences and the tails of a language by their keys."""
    texts = language(code).texts
    sentences = {k: v for k, v in texts.items() if _is_sentence(k)}
    tails = {k: v for k, v in sentences.items() if _is_tail(k)}
    return {k: v for k, v in sentences.items() if k not in tails}, tails


@cache
def sentences(code: str) -> dict[str, Any]:
    """All that ``said.js`` needs of a language: pairs of English and the language, and words by kind.

    Raises RequestError where there is no such language.
    """
    english, tongue = language("en").texts, language(code)
    whole, tails = ([[english[k], tongue.texts[k]] for k in one] for one in templates("en"))
    words = {kind: _by_key(tables, tongue.texts) for kind, tables in _TABLES.items()}
    words |= {
        kind: {english[f"{table}.{k}"]: v for k, v in _by_key((table,), tongue.texts).items()}
        for kind, table in _ENGLISH.items()
    }
    return {
        "sentences": whole, "tails": tails, "words": words, "closed": list(CLOSED),
        "characteristics": _by_key(("char",), tongue.texts), "coordinates": _by_key(("coordinate",), tongue.texts),
        "listed": tongue.listed, "nonconforming": tongue.texts["fact.nonconforming-units"],
    }  # fmt: skip


def _is_sentence(key: str) -> bool:
    table = key.partition(".")[0]
    return (table.endswith(ENDING) or table in (EVIDENCE, RECORDS)) and key not in _JOINTS


def _is_tail(key: str) -> bool:
    return key.startswith(f"{TAILS}.") or (key.startswith(f"{EVIDENCE}.") and language("en").texts[key][0] in ",;")


def _by_key(tables: tuple[str, ...], texts: dict[str, str]) -> dict[str, str]:
    return {k.partition(".")[2]: v for t in tables for k, v in texts.items() if k.startswith(f"{t}.")}
