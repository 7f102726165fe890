"""``ETag`` of what is read, ``304`` where it has not changed, and ``If-Match`` on what is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station.errors import ChangedError
from station.service import Station
from station.values.digest import sha256_hex
from station.web.permissions import API


def etag(text: bytes | str) -> str:
    """The tag of a JSON document: of its content, however its keys are ordered."""
    plain = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f'"{sha256_hex(plain.encode("utf-8", "surrogatepass"))[:32]}"'


def named(given: str, tag: str) -> bool:
    """Whether a list of tags, or ``*``, names a tag."""
    tags = [part.strip().removeprefix("W/") for part in given.split(",")]
    return "*" in tags or tag in tags


class Etags:
    """ASGI middleware: tags what the API answers to a GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        seen = Headers(scope=scope).get("if-none-match")
        start: Message | None = None
        parts: list[bytes] = []

        async def tagged(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                json_answer = headers.get("content-type", "").startswith("application/json")
                own = headers.get("etag")
                known = own is not None and seen is not None and named(seen, own)
                if message["status"] != 200 or not (known or (json_answer and own is None)):
                    await send(message)  # a file with a tag of its own goes out as it is read
                else:
                    start = message
                return
            if start is None:
                await send(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            body = b"".join(parts)
            headers = MutableHeaders(scope=start)
            if "etag" not in headers:
                headers["ETag"] = etag(body)
            if seen is not None and named(seen, headers["etag"]):
                start["status"], body = 304, b""
                del headers["content-length"]
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, tagged)


class Precondition:
    """The ``If-Match`` of a request; without one nothing is asked."""

    def __init__(self, given: str | None, station: Station) -> None:
        self._given, self._station = given, station

    @contextmanager
    def of(self, current: Callable[[], BaseModel]) -> Iterator[None]:
        """Do the block if what is changed is still what the request was made for, and let no other such request in
        between, of this server or another one on the same home. Raises ChangedError."""
        if self._given is None:
            yield
            return
        with self._station.changing():
            if not named(self._given, etag(current().model_dump_json(by_alias=True))):
                raise ChangedError("this was changed in the meantime", "Read it again, then decide.")
            yield


async def _precondition(
    request: Request,
    if_match: Annotated[
        str | None,
        Header(max_length=500, description="ETag of what is changed, as it was read; 412 where it is another one now"),
    ] = None,
) -> Precondition:
    return Precondition(if_match, request.app.state.station)


IfMatch = Annotated[Precondition, Depends(_precondition)]
