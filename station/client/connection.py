"""Requests to a station and their answers, with the standard library alone."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel

from station.errors import StationError

API = "/api/v1"
Model = TypeVar("Model", bound=BaseModel)
_AGAIN_S = 0.5
"""Between two times that a request is sent which is still being done."""
_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".pdf": "application/pdf",
    ".zip": "application/zip", ".csv": "text/csv", ".toml": "application/toml",
}  # fmt: skip


class Refused(StationError):  # it is what the station answers, not a fault
    """The station refuses. ``status`` of HTTP and ``code`` as the API gives them."""

    def __init__(self, status: int, code: str, message: str, do: str) -> None:
        super().__init__(message, do)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def etag(self) -> str | None:
        """What ``if_match`` takes."""
        return self.headers.get("etag")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Connection:
    """One connection to a station; not to be shared by threads.

    address : such as ``http://127.0.0.1:8321``. timeout : seconds. tries : how often a request is sent where the
    station does not answer. context : for TLS with a certificate of one's own.
    """

    def __init__(
        self, address: str, *, timeout: float = 30.0, tries: int = 3, context: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(address)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port
        self._timeout, self._tries, self._context = timeout, max(1, tries), context
        self._connection: http.client.HTTPConnection | None = None
        self._cookie = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- requests ----------------------------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        again: bool = False,
    ) -> Answer:
        """One request and its answer, whatever it is; sent again where none came and it does no harm to be done twice,
        and until the first one is done that no answer came to.

        body : bytes, or what JSON knows. again : it does none though it has no key.
        """
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {k: v for k, v in (query or {}).items() if v is not None}
        asked = [(k, _word(one)) for k, v in given.items() for one in (v if isinstance(v, list | tuple) else [v])]
        target = path + (f"?{urlencode(asked)}" if asked else "")
        sent = dict(headers or {})
        if data is not None:
            sent["Content-Type"] = content_type
        if self._cookie:
            sent["Cookie"] = self._cookie
        safe = again or method in ("GET", "DELETE") or "Idempotency-Key" in sent
        lost, until = 0, time.monotonic() + self._timeout * (self._tries + 1)
        while True:
            try:
                answer = self._send(method, target, data, sent)
            except (OSError, http.client.HTTPException):
                self.close()
                lost += 1
                if lost >= self._tries or not safe:
                    raise
                time.sleep(0.1 * 2**lost)
            else:
                self._keep_cookie(answer)
                if not (lost and being_done(answer) and time.monotonic() < until):
                    return answer
                time.sleep(_AGAIN_S)

    def _send(self, method: str, target: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        if self._connection is None:
            if self._secure:
                self._connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=self._timeout, context=self._context
                )
            else:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        self._connection.request(method, target, body=data, headers=dict(headers))
        got = self._connection.getresponse()
        return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())

    def _keep_cookie(self, answer: Answer) -> None:
        given = answer.headers.get("set-cookie")
        if given is not None:
            pair = given.partition(";")[0].strip()
            self._cookie = pair if pair.partition("=")[2].strip('"') else ""

    def get(self, path: str, **query: Any) -> Any:
        """What the API answers to a GET. Raises Refused."""
        return settled(self.request("GET", API + path, query=query)).json()

    def post(
        self, path: str, body: Any, *, key: str | None = None, if_match: str | None = None, pin: str | None = None
    ) -> Any:
        """What the API answers to a POST. key : of the request, made where none is given. Raises Refused."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        headers |= {"If-Match": if_match} if if_match else {}
        headers |= {"Station-PIN": pin} if pin else {}
        return settled(self.request("POST", API + path, body, headers=headers)).json()

    def one(self, kind: type[Model], path: str, **query: Any) -> Model:
        """What the API answers to a GET, as a document. Raises Refused."""
        return kind.model_validate(self.get(path, **query))

    def say(
        self, kind: type[Model], path: str, body: Any, *, key: str | None = None, if_match: str | None = None,
        pin: str | None = None,
    ) -> Model:  # fmt: skip
        """What the API answers to a POST, as a document; what is None in the body is left out. Raises Refused."""
        given = {k: v for k, v in body.items() if v is not None}
        return kind.model_validate(self.post(path, given, key=key, if_match=if_match, pin=pin))

    def file(self, path: str, **query: Any) -> bytes:
        """The bytes of a file that the API answers to a GET. Raises Refused."""
        return settled(self.request("GET", API + path, query=query)).body

    def upload(self, file: Path) -> str:
        """Hand in a picture or another file for a request that follows: what it is named by there, for an hour."""
        kind = _TYPES.get(file.suffix.lower(), "application/octet-stream")
        answer = self.request(
            "POST", f"{API}/uploads", file.read_bytes(), query={"name": file.name}, content_type=kind, again=True
        )
        return str(settled(answer).json()["id"])

    def handed_in(self, file: Path | None) -> str | None:
        """:meth:`upload` of a file that need not be."""
        return None if file is None else self.upload(file)

    def done(self, job: Mapping[str, Any], *, every_s: float = 0.5) -> dict[str, Any]:
        """A job when it has ended. Raises Refused where it failed."""
        while job["ended_at"] is None:
            time.sleep(every_s)
            job = self.get(f"/jobs/{job['id']}")
        if job["error"] is not None:
            error = job["error"]
            raise Refused(422, error["code"], error["message"], error["do"])
        return dict(job)

    def result(self, job: Mapping[str, Any], *, every_s: float = 0.5) -> dict[str, Any] | None:
        """The result of a job, once it is done; None where it was stopped. Raises Refused where it failed."""
        found = self.done(job, every_s=every_s)["result"]
        return dict(found) if found is not None else None

    def made(
        self, kind: type[Model], path: str, body: Mapping[str, Any], *, pin: str | None = None
    ) -> tuple[Model, bytes]:
        """The result of a job that is asked for by a POST, and what it made: its file, else its picture, else nothing.

        Raises Refused, also where the job failed or was stopped.
        """
        given = {k: v for k, v in body.items() if v is not None}
        job = self.done(self.post(path, given, pin=pin), every_s=0.1)
        if job["result"] is None:
            raise Refused(409, "stopped", f"job {job['id']} was stopped", "Ask for it again.")
        what = "file" if job["file"] is not None else "picture" if job["picture"] else ""
        data = self.file(f"/jobs/{job['id']}/{what}") if what else b""
        return kind.model_validate(job["result"]), data

    def pages(self, path: str, kind: type[Model], **query: Any) -> Iterator[Model]:
        """Every item of a list that comes page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            for item in page["items"]:
                yield kind.model_validate(item)
            cursor = page["next"]
            if cursor is None:
                return


def _word(value: Any) -> str:
    """A value as an address has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def being_done(answer: Answer) -> bool:
    """Whether the same request, sent before, is still being done."""
    return answer.status == HTTPStatus.CONFLICT and refused(answer).code == "being-done"


def settled(answer: Answer) -> Answer:
    """An answer that is no refusal. Raises Refused."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return answer
    raise refused(answer)


def refused(answer: Answer) -> Refused:
    """What an answer refuses."""
    try:
        error = json.loads(answer.body)["error"]
        return Refused(answer.status, error["code"], error["message"], error["do"])
    except (ValueError, KeyError, TypeError):
        text = f"the station answers {answer.status}"
        return Refused(answer.status, "unreadable", text, "Is it a station that answers there?")
