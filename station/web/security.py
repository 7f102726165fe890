"""What stands before every request: the host it was sent to, where it comes from, how large it is.

The station listens on the loopback address unless told otherwise. A web page of another site can still send requests
there, and by DNS rebinding can even pretend to be of the same origin, so the ``Host`` header is held to a list before
anything else. A request that may change something must come from the station's own pages (``Sec-Fetch-Site``, else
``Origin``) or from a program that is no browser, and must be JSON or a picture, which no form of another site can send
unasked.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station.service.tools import vet_address
from station.settings import LOOPBACK, Settings, is_loopback
from station.web.errors import error_response, unexpected

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY_BYTES = 64 * 1024
"""The largest request is one review with its reason. Photos are handed in by routes of their own, see ``UPLOADS``."""
UPLOADS = frozenset({"/api/v1/inspections", "/api/v1/uploads"})
"""Routes that take a picture or a file as their body; they count its bytes themselves."""
PICTURES = ("image/", "application/octet-stream")
"""What a picture is sent as; no form of another site can."""
HANDED_IN = "/api/v1/uploads"
FILES = (*PICTURES, "application/pdf", "application/zip", "application/toml", "application/json", "text/csv")
"""What a file is handed in as for a request that follows; no form of another site can send these either."""

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
    """Values of the ``Host`` header that are this station's. Raises RequestError for an address that may not be
    served."""
    vet_address(settings)
    names = set(LOOPBACK)
    if not is_loopback(settings.host):
        given = [settings.host, *settings.names.split(",")]
        names |= {n.strip().lower() for n in given} - {"", "0.0.0.0", "::", "[::]"}
    names = {f"[{n}]" if n.count(":") > 1 and not n.startswith("[") else n for n in names}
    hosts = {f"{name}:{settings.port}" for name in names}
    usual = 443 if settings.certificate else 80
    return frozenset(hosts | names if settings.port == usual else hosts)


class Guard:
    """ASGI middleware: refuses what is not the station's own, limits bodies, sets the headers of every answer."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], scheme: str = "http") -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._scheme = scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there are no web sockets here

        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
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
        if scope["method"] not in SAFE_METHODS and scope["path"] not in UPLOADS:
            body = await read_body(receive)
            if body is None:
                text = f"the request is larger than {MAX_BODY_BYTES // 1024} kB"
                answer = error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", text, "Send less at once.")
                await answer(scope, receive, with_headers)
                return
            if b"\\u0000" in body:  # PostgreSQL keeps no such text
                text = "the request holds a null character"
                answer = error_response(HTTPStatus.BAD_REQUEST, "bad-request", text, "See /api/v1/openapi.json.")
                await answer(scope, receive, with_headers)
                return
            receive = Replay(body, receive)
        try:
            await self._app(scope, receive, with_headers)
        except Exception as error:
            if begun:
                raise
            await unexpected(scope["method"], scope["path"], error)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str, str, str] | None:
        """Why a request is refused, as status, code, message and what to do."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return (
                HTTPStatus.MISDIRECTED_REQUEST,
                "foreign-host",
                "this address is not the station's",
                f"Open {self._scheme}://{min(self._hosts)}/ instead.",
            )
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return (  # PostgreSQL keeps no such text
                HTTPStatus.BAD_REQUEST,
                "bad-request",
                "the address holds a null character",
                "See /api/v1/openapi.json.",
            )
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if scope["method"] in SAFE_METHODS and not (site == "cross-site" and scope["path"].startswith("/api/")):
            return None
        if (site is not None and site != "same-origin") or (
            origin is not None and origin != f"{self._scheme}://{hosts[0]}"
        ):
            return (
                HTTPStatus.FORBIDDEN,
                "foreign-origin",
                "this request comes from another site",
                "Use the station's own pages.",
            )
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["path"] in UPLOADS:
            if kind.startswith(FILES if scope["path"] == HANDED_IN else PICTURES):
                return None
            text, do = "the request is no picture", "Send its bytes as they are, with Content-Type: image/jpeg."
            return (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-a-picture", text, do)
        if kind != "application/json" and scope["method"] != "DELETE":
            return (
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "the request is not JSON",
                "Send it with Content-Type: application/json.",
            )
        return None


async def read_body(receive: Receive) -> bytes | None:
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


class Replay:
    """Hands on a body that was read already, then what the server says next."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
