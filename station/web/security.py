"""What stands before every request: the host it was sent to, where it comes from, how large it is.

The station listens on the loopback address. A web page of another site can still send requests there, and by DNS
rebinding can even pretend to be of the same origin, so the ``Host`` header is held to a list before anything else. A
request that may change something must come from the station's own pages (``Sec-Fetch-Site``, else ``Origin``) or from
a program that is no browser, and must be JSON, which no form of another site can send unasked.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station.service.tools import LOOPBACK, loopback_only
from station.settings import Settings
from station.web.errors import error_response

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY_BYTES = 64 * 1024
"""The largest request is one review with its reason."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Values of the ``Host`` header that are this station's. Raises RequestError for an address beyond loopback."""
    loopback_only(settings.host)
    hosts = {f"{name}:{settings.port}" for name in LOOPBACK}
    return frozenset(hosts | set(LOOPBACK) if settings.port == 80 else hosts)


class Guard:
    """ASGI middleware: refuses what is not the station's own, limits bodies, sets the headers of every answer."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there are no web sockets here

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = self._refusal(scope)
        if refused is not None:
            status, code, message, do = refused
            await error_response(status, code, message, do)(scope, receive, with_headers)
            return
        if scope["method"] not in SAFE_METHODS:
            body = await _body(receive)
            if body is None:
                text = f"the request is larger than {MAX_BODY_BYTES // 1024} kB"
                answer = error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", text, "Send less at once.")
                await answer(scope, receive, with_headers)
                return
            receive = _Replay(body, receive)
        await self._app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str, str, str] | None:
        """Why a request is refused, as status, code, message and what to do."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return (
                HTTPStatus.MISDIRECTED_REQUEST,
                "foreign-host",
                "this address is not the station's",
                f"Open http://{min(self._hosts)}/ instead.",
            )
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return (  # PostgreSQL keeps no such text
                HTTPStatus.BAD_REQUEST,
                "bad-request",
                "the address holds a null character",
                "See /api/v1/openapi.json.",
            )
        if scope["method"] in SAFE_METHODS:
            return None
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if (site is not None and site != "same-origin") or (origin is not None and origin != f"http://{hosts[0]}"):
            return (
                HTTPStatus.FORBIDDEN,
                "foreign-origin",
                "this request comes from another site",
                "Use the station's own pages.",
            )
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return (
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "the request is not JSON",
                "Send it with Content-Type: application/json.",
            )
        return None


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None where it is too large; it is read no further than that."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


class _Replay:
    """Hands on a body that was read already, then what the server says next."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
