"""``Idempotency-Key``: a request that creates something and is sent twice is done once, and answered alike."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station.errors import StationError
from station.service.repeating import Answer
from station.values.digest import sha256_hex
from station.web.errors import refusal
from station.web.permissions import API
from station.web.security import UPLOADS, Replay, read_body

OWN_KEYS = frozenset(
    {f"{API}/units/{{unit_id}}/reviews", f"{API}/units/{{unit_id}}/findings/{{number}}/reviews", *UPLOADS}
)
"""Routes whose records hold the key themselves, in the same transaction, and those of pictures: the same one is one
unit anyway, and one handed in twice is dropped unused."""
SECRETS = frozenset({f"{API}/session", f"{API}/accounts/first", f"{API}/accounts"})
"""Routes whose requests are not kept, not even as a digest."""
REPLAYED = "Idempotency-Replayed"


class Once:
    """ASGI middleware, behind the gate: keeps the answers of POSTs under their keys."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get("idempotency-key") if scope["type"] == "http" else None
        if key is None or scope["method"] != "POST" or scope["state"].get("template") in OWN_KEYS | SECRETS:
            await self._app(scope, receive, send)
            return
        body = await read_body(receive) or b""
        who = scope["state"]["who"]
        said = "\n".join(("POST", scope["path"], scope["query_string"].decode("latin-1"), str(who.account)))
        digest = sha256_hex(said.encode("utf-8", "surrogatepass") + b"\n" + body)
        repeats = scope["app"].state.station.repeats
        try:
            known: Answer | None = await run_in_threadpool(repeats.begin, key, digest)
        except StationError as error:
            await refusal(error)(scope, receive, send)
            return
        if known is not None:
            headers = {REPLAYED: "true"}
            await Response(known.text, known.status, headers, "application/json")(scope, receive, send)
            return
        try:
            kept = await _Kept.of(self._app, scope, Replay(body, receive))
        except Exception:
            await run_in_threadpool(repeats.forget, key)
            raise
        if kept.status < 400 and kept.json:
            await run_in_threadpool(repeats.finish, key, Answer(kept.status, kept.body.decode()))
        else:
            await run_in_threadpool(repeats.forget, key)
        for message in kept.messages:
            await send(message)


class _Kept:
    """An answer before it is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.status = 500
        self.json = False
        self.body = b""

    async def take(self, message: Message) -> None:
        self.messages.append(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.json = MutableHeaders(scope=message).get("content-type", "").startswith("application/json")
        else:
            self.body += message.get("body", b"")

    @classmethod
    async def of(cls, app: ASGIApp, scope: Scope, receive: Receive) -> _Kept:
        kept = cls()
        await app(scope, receive, kept.take)
        return kept
