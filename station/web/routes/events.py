"""What is recorded, as it is recorded: server-sent events. The number of an event is that of its ledger entry, so a
browser that was away hears everything it missed, once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from station.errors import TooManyError
from station.service import Station, review_views
from station.values.documents import Document
from station.values.live import EventDocument
from station.web.asked_jobs import AskedJobs
from station.web.gate import token_of
from station.web.routes.common import StationOf, WhoOf
from station.web.routes.jobs import JobsOf

router = APIRouter(tags=["station"])

LOOK_S, ALIVE_S, LONGEST_S = 0.25, 15.0, 900.0
"""Between looks at the records; between signs of life; until the browser asks anew, and its session is looked at."""
MOST, MOST_OF_ONE = 64, 6
"""Streams at once; of them of one account, or without accounts from one address."""
RECHECK_S = 5.0
"""Between looks at whether the session still holds."""

EXAMPLE = 'id: 42\nevent: unit-inspected\ndata: {"sequence": 42, "kind": "unit inspected", "rows": {"units": [7]}}\n\n'


class _Event(StreamingResponse):
    media_type = "text/event-stream"


class ClaimsDocument(Document):
    """Every claim on a unit that holds."""

    claims: tuple[review_views.UnitClaimView, ...]


@router.get(
    "/events",
    summary="What is recorded, as it is recorded, and how far lots and jobs are (server-sent events)",
    response_class=_Event,
    responses={
        200: {
            "content": {"text/event-stream": {"example": EXAMPLE}},
            "description": "Named after what was recorded, its ledger number as id; `progress` of a lot, `job`, and "
            "`claims`: all that hold, whenever somebody begins or ends to look at a unit. The first block is an id "
            "alone: that behind which the stream tells",
        }
    },
)
def events(
    request: Request,
    station: StationOf,
    who: WhoOf,
    jobs: JobsOf,
    last_event_id: Annotated[
        str | None, Header(max_length=12, pattern="^[0-9]{1,12}$", description="go on behind this event")
    ] = None,
    after: Annotated[
        int | None, Query(ge=0, le=10**12, description="the same for the first request; 0 tells everything")
    ] = None,
    once: Annotated[bool, Query(description="end when there is nothing more to tell")] = False,
) -> StreamingResponse:
    watchers: dict[object, str] = request.app.state.watchers
    mine = who.name or (request.client.host if request.client else "")
    if _full(watchers, mine):
        raise TooManyError("too many streams of events are open", "Close a page of the station.", 30)
    first = int(last_event_id) if last_event_id else after
    start = station.watching.newest() if first is None else first
    token = token_of(request.headers)
    found = _stream(station, jobs, start, watchers, once, mine=mine, token=token)
    return _Event(found, headers={"X-Accel-Buffering": "no"})


def _full(watchers: dict[object, str], mine: str) -> bool:
    return len(watchers) >= MOST or list(watchers.values()).count(mine) >= MOST_OF_ONE


async def _stream(
    station: Station, jobs: AskedJobs, last: int, watchers: dict[object, str], once: bool, *, mine: str,
    token: str | None,
) -> AsyncIterator[str]:  # fmt: skip
    if _full(watchers, mine):  # others were asked for at the same moment
        yield "retry: 30000\n\n"
        return
    me = object()
    watchers[me] = mine
    began = spoke = checked = time.monotonic()
    _, seen = jobs.changed(0)
    holding: list[tuple[object, ...]] = []

    def look() -> tuple[list[EventDocument], list[review_views.UnitClaimView]]:
        return station.watching.after(last), station.claiming.standing()

    try:
        yield f"id: {last}\nretry: 1000\n\n"  # a browser that loses the stream before the first event goes on from here
        while time.monotonic() - began < LONGEST_S:
            if time.monotonic() - checked > RECHECK_S:
                checked = time.monotonic()
                if not await run_in_threadpool(station.accounts.holds, token):
                    return  # signed out, disabled or over
            found, claims = await run_in_threadpool(look)
            lots: dict[str, None] = {}
            for event in found:
                last = event.sequence
                yield _told(event.kind.replace(" ", "-"), event, last)
                if isinstance(event.about.get("lot"), str):
                    lots[event.about["lot"]] = None
            changed, seen = jobs.changed(seen)
            for job in changed:
                yield _told("job", job)
            now: list[tuple[object, ...]] = [(c.unit_id, c.reviewer, c.since) for c in claims]
            if now != holding and not once:
                holding = now
                yield _told("claims", ClaimsDocument(claims=tuple(claims)))
            for lot in lots:
                yield _told("progress", await run_in_threadpool(station.watching.progress, lot))
            if found:
                spoke = time.monotonic()
                continue
            if once:
                return
            if time.monotonic() - spoke > ALIVE_S:
                spoke = time.monotonic()
                yield ": alive\n\n"
            await asyncio.sleep(LOOK_S)
    finally:
        watchers.pop(me, None)


def _told(name: str, data: BaseModel, number: int | None = None) -> str:
    text = json.dumps(data.model_dump(mode="json", by_alias=True), ensure_ascii=False, separators=(",", ":"))
    return (f"id: {number}\n" if number is not None else "") + f"event: {name}\ndata: {text}\n\n"
