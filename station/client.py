"""A client of the local API for other programs, with the standard library alone.

>>> with Client("http://127.0.0.1:8321") as station:  # doctest: +SKIP
...     for unit in station.units(lot="L-0711"):
...         print(unit.unit, unit.verdict)

It speaks in the station's own documents. Every change carries a request key, and is sent again with the same one where
the answer was lost: it is done once. An answer that is a refusal raises :class:`Refused`.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from pydantic import BaseModel

from station.errors import StationError
from station.service import views
from station.values.account import SessionDocument
from station.values.documents import LotDocument, PlanDocument, UnitDocument
from station.values.live import EventDocument, ProgressDocument
from station.values.nonconformity import NonconformityDocument
from station.values.stream import StreamDocument

API = "/api/v1"
Model = TypeVar("Model", bound=BaseModel)


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


class Client:
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
    ) -> Answer:
        """One request and its answer, whatever it is; sent again where none came. body : bytes, or what JSON knows."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {k: v for k, v in (query or {}).items() if v is not None}
        asked = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in given.items()}
        target = path + (f"?{urlencode(asked)}" if asked else "")
        sent = dict(headers or {})
        if data is not None:
            sent["Content-Type"] = content_type
        if self._cookie:
            sent["Cookie"] = self._cookie
        safe = method in ("GET", "DELETE") or "Idempotency-Key" in sent
        for attempt in range(self._tries if safe else 1):
            try:
                answer = self._send(method, target, data, sent)
            except (OSError, http.client.HTTPException):
                self.close()
                if attempt + 1 == self._tries or not safe:
                    raise
                time.sleep(0.2 * 2**attempt)
            else:
                self._keep_cookie(answer)
                return answer
        raise AssertionError("not reached")

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
        return _settled(self.request("GET", API + path, query=query)).json()

    def post(
        self, path: str, body: Any, *, key: str | None = None, if_match: str | None = None, pin: str | None = None
    ) -> Any:
        """What the API answers to a POST. key : of the request, made where none is given. Raises Refused."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        headers |= {"If-Match": if_match} if if_match else {}
        headers |= {"Station-PIN": pin} if pin else {}
        return _settled(self.request("POST", API + path, body, headers=headers)).json()

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

    # --- what is asked most ------------------------------------------------------------------------------------------

    def session(self) -> SessionDocument:
        """Who is signed in."""
        return SessionDocument.model_validate(self.get("/session"))

    def sign_in(self, name: str, password: str) -> SessionDocument:
        """Sign in; the session's cookie is kept for what follows. Raises Refused."""
        body = {"name": name, "password": password}
        return SessionDocument.model_validate(_settled(self.request("POST", f"{API}/session", body)).json())

    def sign_out(self) -> None:
        """Sign out."""
        _settled(self.request("DELETE", f"{API}/session"))

    def goldens(self) -> list[views.GoldenView]:
        """Every sealed version, newest first."""
        return [views.GoldenView.model_validate(g) for g in self.get("/goldens")]

    def units(self, *, lot: str | None = None, verdict: str | None = None) -> Iterator[views.UnitView]:
        """Inspected units in the order of inspection."""
        return self.pages("/units", views.UnitView, lot=lot, verdict=verdict)

    def queue(self, lot: str | None = None) -> list[views.UnitView]:
        """Flagged units that wait for a reviewer."""
        return [views.UnitView.model_validate(u) for u in self.get("/queue", lot=lot)]

    def unit_document(self, unit_id: int) -> UnitDocument:
        """What the station said of a unit."""
        return UnitDocument.model_validate(self.get(f"/units/{unit_id}/document"))

    def inspect(
        self, photo: Path, *, golden: str, unit: str | None = None, lot: str | None = None, rig: str | None = None
    ) -> tuple[int, UnitDocument]:
        """Inspect a unit by its picture: its id and its document. Sent again, the same picture is one unit."""
        query = {"golden": golden, "photo": photo.name, "unit": unit, "lot": lot, "rig": rig}
        kind = "image/png" if photo.suffix.lower() == ".png" else "image/jpeg"
        answer = self.request("POST", f"{API}/inspections", photo.read_bytes(), query=query, content_type=kind)
        found = _settled(answer).json()
        return int(found["id"]), UnitDocument.model_validate(found["unit"])

    def upload(self, photo: Path) -> str:
        """Hand in a picture for a request that follows: what it is named by there, for an hour."""
        kind = "image/png" if photo.suffix.lower() == ".png" else "image/jpeg"
        answer = self.request(
            "POST", f"{API}/uploads", photo.read_bytes(), query={"name": photo.name}, content_type=kind
        )
        return str(_settled(answer).json()["id"])

    def result(self, job: Mapping[str, Any], *, every_s: float = 0.5) -> dict[str, Any] | None:
        """The result of a job, once it is done; None where it was stopped. Raises Refused where it failed."""
        while job["ended_at"] is None:
            time.sleep(every_s)
            job = self.get(f"/jobs/{job['id']}")
        if job["error"] is not None:
            error = job["error"]
            raise Refused(422, error["code"], error["message"], error["do"])
        return dict(job["result"]) if job["result"] is not None else None

    def seal(
        self, sheet: str, photo: Path, *, again: Sequence[Path] = (), rig: str | None = None, old_sheet: bool = False,
        pin: str | None = None,
    ) -> views.GoldenView:  # fmt: skip
        """Seal a golden sample; sheet : its control sheet as TOML; old_sheet : that of a superseded version is meant.
        Answers when it is sealed. Raises Refused."""
        body = {
            "sheet": sheet, "photo": self.upload(photo), "again": [self.upload(p) for p in again], "rig": rig,
            "old_sheet": old_sheet,
        }  # fmt: skip
        return views.GoldenView.model_validate(self.result(self.post("/goldens", body, pin=pin)))

    def review(
        self,
        unit_id: int,
        decision: str,
        *,
        reviewer: str,
        reason: str = "",
        supersedes: int | None = None,
        key: str | None = None,
    ) -> views.ReviewView:
        """Record a reviewer's word on a unit; on return it is durable."""
        body = {"decision": decision, "reason": reason, "reviewer": reviewer, "supersedes": supersedes}
        return views.ReviewView.model_validate(self.post(f"/units/{unit_id}/reviews", body, key=key))

    def tally(self, lot: str, size: int | None = None) -> LotDocument:
        """The decision of a lot as it would be now."""
        return LotDocument.model_validate(self.get(f"/lots/{quote(lot)}/tally", size=size))

    def decide(self, lot: str, size: int, *, pin: str | None = None) -> LotDocument:
        """Decide a lot and record it."""
        return LotDocument.model_validate(self.post(f"/lots/{quote(lot)}/decisions", {"size": size}, pin=pin))

    def plan(self, *, lot_size: int, aql: float, **more: Any) -> PlanDocument:
        """A sampling plan."""
        return PlanDocument.model_validate(self.get("/plan", lot_size=lot_size, aql=aql, **more))

    def stream(self, name: str) -> StreamDocument:
        """A stream of lots as it stands."""
        return StreamDocument.model_validate(self.get(f"/streams/{quote(name)}"))

    def nonconformities(self) -> Iterator[NonconformityDocument]:
        """Every nonconformity as it stands."""
        return self.pages("/nonconformities", NonconformityDocument)

    def events(self, *, after: int = 0) -> Iterator[EventDocument | ProgressDocument]:
        """What was recorded behind an event, until there is nothing more; remember the newest ``sequence`` and ask
        again from there."""
        answer = _settled(self.request("GET", f"{API}/events", query={"after": after, "once": True}))
        for block in answer.body.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "data" in fields:
                progress = fields["event"] == "progress"
                kind: type[EventDocument | ProgressDocument] = ProgressDocument if progress else EventDocument
                yield kind.model_validate_json(fields["data"])


def _settled(answer: Answer) -> Answer:
    if answer.status < 400:
        return answer
    try:
        error = json.loads(answer.body)["error"]
        raise Refused(answer.status, error["code"], error["message"], error["do"])
    except (ValueError, KeyError, TypeError):
        text = f"the station answers {answer.status}"
        raise Refused(answer.status, "unreadable", text, "Is it a station that answers there?") from None
