"""Languages of the pages. A text stands in English where it is shown and is looked up by itself in the file of another
language; what has no entry there is shown in English.

``static/languages/CODE.json``, which the scripts read too, has three tables: ``texts``, with names in braces for
values, ``names``, for the words of records (verdicts, classes, kinds of defects), which a control sheet may add to,
and ``keyed``, for what ``static/messages.js`` names by key since one English word is told in several ways.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Final

from starlette.requests import Request

ENGLISH: Final = "en"
LANGUAGES: Final = {ENGLISH: "English", "zh-Hant": "繁體中文"}
COOKIE: Final = "station_language"
FOLDER: Final = Path(__file__).with_name("static") / "languages"

Translate = Callable[..., str]


@cache
def tables(language: str) -> dict[str, dict[str, str]]:
    """``texts``, ``names`` and ``keyed`` of a language; all empty for English."""
    if language == ENGLISH:
        return {"texts": {}, "names": {}, "keyed": {}}
    found: dict[str, dict[str, str]] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def language_of(request: Request) -> str:
    """The language chosen in this browser, else the first that the browser asks for and the pages have."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        primary = part.partition(";")[0].strip().lower().partition("-")[0]
        for code in LANGUAGES:
            if primary == code.partition("-")[0]:
                return code
    return ENGLISH


def translate(language: str) -> Translate:
    """Gives a text in a language, its values filled in."""
    return partial(_text, tables(language)["texts"])


def _text(texts: dict[str, str], text: str, **values: object) -> str:
    found = texts.get(text, text)
    return found.format(**values) if values else found
