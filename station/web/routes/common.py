"""What the routes share: the station of the application, and lists page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar
from urllib.parse import quote

from fastapi import Depends, Header, Path, Query, Request, Response
from pydantic import Field

from station.errors import AccessError, RequestError
from station.service import Station, papers
from station.values.account import Who
from station.values.documents import Document
from station.web.errors import ErrorDocument

if TYPE_CHECKING:
    from station.report.blocks import Paper

Item = TypeVar("Item")

MAX_PAGE = 500


# what is at hand is answered as a coroutine: anything else would be called in a thread of its own
async def station_of(request: Request) -> Station:
    """The station that this application serves."""
    station = request.app.state.station
    assert isinstance(station, Station)
    return station


StationOf = Annotated[Station, Depends(station_of)]


async def who_of(request: Request) -> Who:
    """Who asks, as the gate found."""
    who = request.state.who
    assert isinstance(who, Who)
    return who


WhoOf = Annotated[Who, Depends(who_of)]


def speaker(who: Who, given: str) -> str:
    """By whose name something is recorded: where there are accounts that of whoever is signed in, else the one given.

    Raises AccessError where another name is given than the account's.
    """
    if who.role is None:
        return given
    if given.strip() and given.strip() != who.name:
        raise AccessError(f"{who.name} is signed in, not {given.strip()[:40]}", "Sign in under that name, or leave it.")
    return who.name


By = Annotated[
    str,
    Field(
        max_length=120,
        description="who says so: needed where the station has no accounts; of an account its own name, or nothing",
        examples=["M. Weber"],
    ),
]


def refuses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that refuses, for its description."""
    words = {
        409: "The records refuse it",
        412: "It is no longer what If-Match says",
        503: "The station cannot do it now",
    }
    return {s: {"model": ErrorDocument, "description": words[s]} for s in statuses}


RECORDED: dict[str, Any] = {"status_code": 201, "responses": refuses(409, 412)}
"""Of a route that records something."""

Form = Literal["pdf", "xlsx"]
FORMS: dict[Form, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What a paper is set in, and its media type."""
TYPES: dict[str, str] = {
    "pdf": FORMS["pdf"], "xlsx": FORMS["xlsx"], "txt": "text/plain; charset=utf-8", "csv": "text/csv; charset=utf-8",
    "png": "image/png",
}  # fmt: skip
"""Media types of the files that routes answer."""
Language = Annotated[str, Query(max_length=20, examples=["zh-Hant"])]


def file_answer(*forms: str) -> dict[int | str, dict[str, Any]]:
    """The answer of a route that is a file in one of these forms, for its description."""
    content = {TYPES[f].partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for f in forms}
    return {200: {"content": content, "description": "The file"}}


def file_of(data: bytes, name: str, form: str) -> Response:
    """A file as an answer. name : without its ending; of whatever characters."""
    return attached(data, f"{name}.{form}", TYPES[form])


def attached(data: bytes, name: str, media_type: str) -> Response:
    """A file as an answer that is kept, not shown. name : of whatever characters."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name.replace('/', '-'))}"}
    return Response(data, media_type=media_type, headers=headers)


def paper_answer(made: Paper, name: str, form: Form) -> Response:
    """A paper as a file. name : without language and ending."""
    return file_of(papers.set_in(made, form), f"{name} {made.language.code}", form)


class Page(Document, Generic[Item]):
    """A part of a list. ``next`` is the cursor of the next part, None at the end."""

    items: tuple[Item, ...]
    next: str | None = Field(examples=["50"])


RowId = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""An id in an address; the records count no further than four bytes."""

RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=100,
        pattern=r"^[A-Za-z0-9._~-]+$",
        description="the same key again answers the first record, so a request may be repeated safely",
    ),
]

Cursor = Annotated[str | None, Query(description="`next` of the page before; absent for the first", max_length=20)]
TextCursor = Annotated[
    str | None, Query(description="`next` of the page before; absent for the first", max_length=1000)
]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="items a page")]


def after(cursor: str | None) -> int:
    """The id that a page begins behind. Raises RequestError for a cursor that is none."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and int(cursor) < 2**31):
        raise RequestError(f"{cursor!r} is no cursor", "Send the next of the page before, or none.")
    return int(cursor)


def page_of(found: Sequence[Item], limit: int, ids: Sequence[int]) -> Page[Item]:
    """A page from up to ``limit + 1`` items: the one too many says that there is a next page."""
    return Page(items=tuple(found[:limit]), next=str(ids[limit - 1]) if len(found) > limit else None)


def page_after(
    items: Sequence[Item], key: Callable[[Item], str], cursor: str | None, limit: int
) -> tuple[list[Item], str | None]:
    """The items behind a cursor and the cursor of the next page; ``items`` are in the order of their keys, which is why
    a page stays right while items are added. Raises RequestError for a cursor that is none."""
    behind = "" if cursor is None else _decoded(cursor)
    found = [item for item in items if cursor is None or key(item) > behind]
    last = key(found[limit - 1]) if len(found) > limit else None
    return found[:limit], None if last is None else base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise RequestError(f"{cursor[:40]!r} is no cursor", "Send the next of the page before, or none.") from error
