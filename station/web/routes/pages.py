"""The pages: review, lots, orders, help, and the one on which one signs in. What they show they ask of the API."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.requests import Request

from station import __version__
from station.errors import NotFoundError
from station.web import manual, manual_search
from station.web.showing import modules_of, page
from station.web.static_files import packed_json
from station.web.words import LANGUAGES

REASONS = (
    ("as per sheet", "as per control sheet", False),
    ("fine by eye", "within tolerance by eye", True),
    ("dust or lint", "dust or lint, not of the part", True),
    ("glare", "glare or reflection", True),
    ("colour", "colour differs", False),
    ("logo", "logo out of place", False),
    ("enamel", "enamel defect", False),
    ("plating", "plating defect", False),
    ("poor photo", "photo not good enough", False),
)
"""Reasons by the keys 1 to 9: as shown, as recorded, and whether it excuses a unit, so that none is rejected by it. The
first is chosen when the page opens."""

GOLDEN_PARTS = (
    ("picture", "Master"),
    ("limits", "Limits and what can be proven"),
    ("signatures", "Signatures, and who holds what"),
    ("record", "Completeness of the record"),
    ("items", "Open items"),
    ("versions", "Versions"),
    ("documents", "Documents"),
)
"""Parts of the page of a golden sample."""

STREAM_PARTS = (
    ("standing", "Where it stands"),
    ("next", "The next lot"),
    ("course", "Lots so far"),
    ("history", "History, with reasons"),
    ("say", "Say something of it"),
)
"""Parts of the page of a stream."""
LIGHT_PARTS = (
    ("next", "What to do next"),
    ("made", "Calibration in force"),
    ("drift", "Drift since the calibration"),
    ("card", "Colour card in the photos"),
    ("calibrate", "Calibrate and check"),
)
"""Parts of the page of a bench's light."""

REVIEW_MODULES = modules_of("review.js", "head.js")
"""Scripts of the review page, named at its head so that the browser fetches them at once and not one after another."""

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
def review_page(request: Request) -> Response:
    return page(request, "review.html", version=__version__, reasons=REASONS, modules=REVIEW_MODULES)


@router.get("/lots", response_class=HTMLResponse)
def lots_page(request: Request) -> Response:
    return page(request, "lots.html", room="lots")


@router.get("/orders", response_class=HTMLResponse)
def orders_page(request: Request) -> Response:
    return page(request, "orders.html", room="orders")


@router.get("/bench", response_class=HTMLResponse)
def bench_page(request: Request) -> Response:
    return page(request, "bench.html", room="bench")


@router.get("/golden", response_class=HTMLResponse)
def golden_page(request: Request) -> Response:
    return page(request, "golden.html", room="golden", parts=GOLDEN_PARTS)


@router.get("/streams", response_class=HTMLResponse)
def streams_page(request: Request) -> Response:
    return page(request, "streams.html", room="streams", parts=STREAM_PARTS)


@router.get("/light", response_class=HTMLResponse)
def light_page(request: Request) -> Response:
    return page(request, "light.html", room="light", parts=LIGHT_PARTS)


@router.get("/static/languages/sentences/{language}")
def said_by_records(request: Request, language: str) -> Response:
    """What the records say, as templates of a language, for ``said.js``."""
    if language not in LANGUAGES:
        raise NotFoundError(f"there is no language {language[:20]!r}", f"Use one of {', '.join(LANGUAGES)}.")
    return packed_json(_sentences(language), request.headers.get("accept-encoding", ""))


@cache
def _sentences(language: str) -> str:
    from station.report.sentences import sentences

    return json.dumps(sentences(language), ensure_ascii=False, separators=(",", ":"))


@router.get("/sign-in", response_class=HTMLResponse)
def sign_in_page(request: Request) -> Response:
    return page(request, "sign-in.html")


@router.get("/help", response_class=HTMLResponse)
def help_contents(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The contents, or what a question finds."""
    asked = q.strip()
    values: dict[str, Any] = {"contents": manual.contents(), "shown": None, "version": __version__}
    if not asked:
        return page(request, "help-contents.html", question="", **values)
    answers = manual_search.search(asked)
    return page(request, "help-found.html", question=asked, found=answers.found, of=answers.of, **values)


@router.get("/help/{document:path}", response_class=HTMLResponse)
def help_page(request: Request, document: str) -> Response:
    """A page of the help, or a picture of one."""
    picture = manual.pictures().get(document)
    if picture is not None:
        return FileResponse(picture, media_type=manual.PICTURES[picture.suffix])
    found = manual.pages().get(document.removesuffix(".md"))
    values: dict[str, Any] = {"contents": manual.contents(), "question": "", "version": __version__, "name": document}
    if found is None:
        return page(request, "help-missing.html", status=404, shown=None, **values)
    before, after = manual.neighbours(found.name)
    return page(request, "help-page.html", shown=found, before=before, after=after, **values)
