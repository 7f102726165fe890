"""What the routes share: the station of the application, and lists page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Header, Path, Query, Request
from pydantic import Field

from station.errors import RequestError
from station.service import Station
from station.values.documents import Document

Item = TypeVar("Item")

MAX_PAGE = 500


def station_of(request: Request) -> Station:
    """The station that this application serves."""
    station = request.app.state.station
    assert isinstance(station, Station)
    return station


StationOf = Annotated[Station, Depends(station_of)]


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
