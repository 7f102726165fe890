"""How a page is made of its template: in the language of the browser, under the head that all pages share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from station.web.words import LANGUAGES, language_of, translate

FOLDER: Final = Path(__file__).resolve().parent
STATIC: Final = FOLDER / "static"
PLACES: Final = (
    ("/", "Review"),
    ("/bench", "Bench"),
    ("/golden", "Golden"),
    ("/light", "Light"),
    ("/lots", "Lots"),
    ("/streams", "Streams"),
    ("/orders", "Orders"),
    ("/help", "Help"),
)
"""Where the head leads: address and name in English."""

_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page from its template, which extends ``base.html``; ``t`` in it translates a text."""
    language = language_of(request)
    place = next(
        (p for p, _ in PLACES[1:] if request.url.path.startswith(p)), PLACES[0][0] if request.url.path == "/" else ""
    )
    here = request.url.path
    known = {
        "here": here,
        "language": language,
        "languages": LANGUAGES,
        "t": translate(language),
        "places": PLACES,
        "place": place,
    }
    text = _templates.get_template(template).render(**known, **values)
    return HTMLResponse(text, status, {"Content-Language": language, "Vary": "Cookie, Accept-Language"})


def modules_of(*scripts: str) -> tuple[str, ...]:
    """The scripts that these import, and those that they import in turn, without the first; what a script imports only
    when it is needed is left out. Names relative to ``STATIC``."""
    found: list[str] = []
    waiting = list(scripts)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting += re.findall(r'from "\./([\w-]+\.js)"', (STATIC / name).read_text(encoding="utf-8"))
    return tuple(found[1:])
