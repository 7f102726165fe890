"""What holds for the whole API: one shape of error, tags, repeated requests, events, measurements, the description."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from held_port import held_port

from station.client import Client, Refused
from station.service import Station
from station.settings import Settings
from station.values.live import EventDocument, ProgressDocument
from station.web.jobs import Progress

API = "/api/v1"
STREAM = {
    "name": "pins / Dongguan",
    "sku": "MAS-PIN-30",
    "supplier": "Dongguan Badge",
    "process": "soft enamel",
    "aql": {"major": 2.5},
}


@pytest.fixture
def station_client(server: tuple[str, Any]) -> Iterator[Client]:
    with Client(server[0], timeout=60) as found:
        yield found


# --- one shape of error ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", f"{API}/nowhere", None, 404),
        ("GET", f"{API}/units/99", None, 404),
        ("PUT", f"{API}/units", b"{}", 405),
        ("DELETE", f"{API}/units/1", None, 405),
        ("GET", f"{API}/units/x", None, 422),
        ("GET", f"{API}/plan?aql=2.5", None, 422),
        ("POST", f"{API}/streams", b"{}", 422),
        ("POST", f"{API}/streams", b"{", 422),
        ("POST", f"{API}/streams", b"x" * 70_000, 413),
        (
            "POST",
            f"{API}/accounts/first",
            b'{"token": "guessed-token", "name": "a b", "password": "words of mine"}',
            409,
        ),
        ("POST", f"{API}/nonconformities", b'{"lot": "L/1"}', 404),
    ],
)
def test_every_refusal_has_the_one_shape(
    reader: httpx.Client, method: str, path: str, content: bytes | None, status: int
) -> None:
    answer = reader.request(method, path, content=content, headers={"Content-Type": "application/json"}, timeout=60)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "do"}
    assert all(answer.json()["error"].values())


def test_a_refusal_names_the_field_of_the_request_and_no_option(client: httpx.Client) -> None:
    body = {"order": "PO-1", "golden": "GS-1", "units": [100]}
    said = client.post(f"{API}/orders", json=body).json()["error"]["message"]
    assert said.startswith("by is empty")
    described = client.get(f"{API}/openapi.json", timeout=60).json()["components"]["schemas"]["NewOrder"]
    assert "needed where the station has no accounts" in described["properties"]["by"]["description"]


def test_a_mistyped_address_answers_a_page_to_a_browser_and_json_to_others(reader: httpx.Client) -> None:
    browser = reader.get("/lot", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (browser.status_code, browser.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert 'Was this meant: <a href="/lots">/lots</a>' in browser.text
    for path, accept in (("/lot", "application/json"), (f"{API}/lot", "text/html")):
        assert reader.get(path, headers={"Accept": accept}).json()["error"]["code"] == "not-found"


def test_what_nobody_foresaw_is_answered_in_the_shape_with_the_headers(
    server: tuple[str, Any], client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_lot: str) -> None:
        raise ZeroDivisionError("secret of the inside")

    monkeypatch.setattr(server[1].state.station, "lot", broken)
    answer = client.get(f"{API}/lots/L/1")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "unexpected"
    assert "secret" not in answer.text
    assert "content-security-policy" in answer.headers
    assert "ZeroDivisionError" in caplog.text


# --- tags ------------------------------------------------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get(f"{API}/units/1")
    again = client.get(f"{API}/units/1", headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    client.post(f"{API}/units/1/reviews", json={"decision": "accept", "reason": "dust", "reviewer": "M. Weber"})
    changed = client.get(f"{API}/units/1", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    sha = client.get(f"{API}/units/1").json()
    picture = client.get(f"{API}/pictures/{sha['sha256']}")
    tag = {"If-None-Match": picture.headers["etag"]}
    assert client.get(f"{API}/pictures/{sha['sha256']}", headers=tag).status_code == 304


def test_a_change_of_what_somebody_else_changed_is_refused(client: httpx.Client) -> None:
    tag = client.get(f"{API}/units/1").headers["etag"]
    body = {"decision": "accept", "reason": "dust", "reviewer": "M. Weber"}
    assert client.post(f"{API}/units/1/reviews", json=body, headers={"If-Match": tag}).status_code == 201
    late = client.post(f"{API}/units/1/reviews", json=body, headers={"If-Match": tag})
    assert (late.status_code, late.json()["error"]["code"]) == (412, "changed")
    assert client.post(f"{API}/units/1/reviews", json=body, headers={"If-Match": "*"}).status_code == 201
    assert len(client.get(f"{API}/units/1/reviews").json()) == 2


def test_of_many_at_once_with_one_tag_one_is_recorded(server: tuple[str, Any], client: httpx.Client) -> None:
    client.post(f"{API}/streams", json=STREAM)
    path = f"{API}/streams/{STREAM['name']}"
    tag = client.get(path).headers["etag"]

    def say(i: int) -> int:
        body = {"kind": "production", "value": "steady", "by": f"person {i}"}
        return httpx.post(
            server[0] + path + "/words", json=body, headers={"If-Match": tag}, trust_env=False, timeout=60
        ).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(say, range(6))) == [201] + [412] * 5
    assert len(client.get(f"{path}/events").json()["items"]) == 1


# --- repeated requests -----------------------------------------------------------------------------------------------


def test_a_request_that_is_sent_twice_is_done_once(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "0f3c-opening"}
    first, second = (client.post(f"{API}/streams", json=STREAM, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert "content-security-policy" in second.headers
    other = client.post(f"{API}/streams", json={**STREAM, "name": "another"}, headers=key)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
    assert [s["stream"]["name"] for s in client.get(f"{API}/streams").json()["items"]] == [STREAM["name"]]


def test_a_refused_request_gives_its_key_back(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "0f3c-refused"}
    assert client.post(f"{API}/streams", json={**STREAM, "aql": {}}, headers=key).status_code == 422
    assert client.post(f"{API}/streams", json=STREAM, headers=key).status_code == 201
    assert client.post(f"{API}/streams", json=STREAM, headers={"Idempotency-Key": "short"}).status_code == 422


def test_a_request_that_nobody_foresaw_gives_its_key_back(
    server: tuple[str, Any], client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError

    key = {"Idempotency-Key": "0f3c-unforeseen"}
    with monkeypatch.context() as patched:
        patched.setattr(server[1].state.station.streams, "open", broken)
        assert client.post(f"{API}/streams", json=STREAM, headers=key).status_code == 500
    assert client.post(f"{API}/streams", json=STREAM, headers=key).status_code == 201


def test_a_full_disk_is_told_as_such_wherever_it_is_met(
    server: tuple[str, Any], client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporary files too: those of what is handed in."""

    async def full(_request: Any, file: Path, *_args: Any, **_kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    monkeypatch.setattr("station.web.routes.jobs.receive", full)
    picture = {"Content-Type": "image/png"}
    answer = client.post(f"{API}/uploads?name=1.png", content=b"x", headers=picture)
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage-full")
    assert "Free some space" in answer.json()["error"]["do"]
    assert list((server[1].state.uploads._folder).iterdir()) == []


def test_the_picture_of_a_request_lies_in_the_servers_own_folder_and_is_gone_with_it(
    server: tuple[str, Any], client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a killed server is swept by the next one."""
    lay: list[Path] = []

    async def full(_request: Any, file: Path, *_args: Any, **_kwargs: Any) -> None:
        lay.append(file)
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    monkeypatch.setattr("station.web.routes.inspections.receive", full)
    picture = {"Content-Type": "image/png"}
    answer = client.post(f"{API}/inspections?golden=GS-1&photo=1.png", content=b"x", headers=picture)
    assert answer.status_code == 507
    served: Path = server[1].state.uploads._folder.parent
    assert served in lay[0].parents
    assert not lay[0].parent.exists()


def test_a_name_that_no_file_can_have_is_refused(client: httpx.Client) -> None:
    """A hundred Chinese characters are three hundred bytes."""
    long, picture = "封" * 90, {"Content-Type": "image/png"}
    for path in ("/uploads?name=", "/inspections?golden=GS-1&photo="):
        answer = client.post(f"{API}{path}{long}.png", content=b"x", headers=picture)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad-request")
        assert "200 bytes" in answer.json()["error"]["message"]
    answer = client.post(f"{API}/camera/captures", json={"golden": "GS-1", "unit": long})
    assert (answer.status_code, "200 bytes" in answer.json()["error"]["message"]) == (422, True)


def test_a_repeated_request_survives_a_new_start(
    review_home: Path, serve: Callable[..., Any], client: httpx.Client
) -> None:
    key = {"Idempotency-Key": "0f3c-restart"}
    first = client.post(f"{API}/streams", json=STREAM, headers=key)
    with serve(review_home) as (address, _app):
        again = httpx.post(f"{address}{API}/streams", json=STREAM, headers=key, trust_env=False, timeout=60)
    assert (again.status_code, again.json()) == (201, first.json())


def test_the_same_request_at_the_same_time_is_done_once(
    server: tuple[str, Any], client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, go_on = threading.Event(), threading.Event()
    streams = server[1].state.station.streams
    opened = streams.open

    def slow(*args: Any, **kwargs: Any) -> Any:
        inside.set()
        assert go_on.wait(30)
        return opened(*args, **kwargs)

    monkeypatch.setattr(streams, "open", slow)
    key = {"Idempotency-Key": "0f3c-at-once"}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(
            httpx.post, f"{server[0]}{API}/streams", json=STREAM, headers=key, trust_env=False, timeout=60
        )
        assert inside.wait(30)
        second = client.post(f"{API}/streams", json=STREAM, headers=key)
        go_on.set()
        assert first.result().status_code == 201
    assert (second.status_code, second.json()["error"]["message"]) == (409, "this request is being done already")
    assert client.post(f"{API}/streams", json=STREAM, headers=key).json() == first.result().json()


def test_the_client_waits_for_a_request_whose_answer_was_lost(
    server: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took longer than the client's patience: sent again under its key it is being done, and done once."""
    streams, begun, said = server[1].state.station.streams, threading.Event(), threading.Event()
    opened, told = streams.open, list[int]()

    def slow(*args: Any, **kwargs: Any) -> Any:
        assert not begun.is_set()
        begun.set()
        assert said.wait(60)  # that it is being done
        return opened(*args, **kwargs)

    monkeypatch.setattr(streams, "open", slow)
    with Client(server[0], timeout=60) as client:
        send = client._send

        def impatient_at_first(*args: Any) -> Any:
            if not begun.is_set():
                client._timeout = 0.5
                try:
                    return send(*args)
                finally:
                    client._timeout = 60
                    assert begun.wait(60)
            answer = send(*args)
            told.append(answer.status)
            said.set()
            return answer

        monkeypatch.setattr(client, "_send", impatient_at_first)
        assert client.post("/streams", STREAM)["stream"]["name"] == STREAM["name"]
    assert (told[0], told[-1]) == (409, 201)


def test_a_key_whose_process_died_is_taken_over(review_home: Path) -> None:
    from datetime import UTC, datetime, timedelta

    now = datetime(2026, 5, 10, 12, tzinfo=UTC)
    with (
        Station(Settings(home=review_home), clock=lambda: now) as dead,
        Station(Settings(home=review_home), clock=lambda: now + timedelta(seconds=5)) as early,
        Station(Settings(home=review_home), clock=lambda: now + timedelta(seconds=11)) as later,
    ):
        from station.errors import ConflictError

        assert dead.repeats.begin("key-of-the-dead", "d") is None
        with pytest.raises(ConflictError, match="being done"):
            early.repeats.begin("key-of-the-dead", "d")
        with pytest.raises(ConflictError, match="another request"):
            later.repeats.begin("key-of-the-dead", "other")
        assert later.repeats.begin("key-of-the-dead", "d") is None
        assert later.check().added == ()  # keys stand in no entry of the ledger


# --- events ----------------------------------------------------------------------------------------------------------


def test_events_tell_all_that_was_recorded_once_and_in_order(client: httpx.Client, station_client: Client) -> None:
    told = list(station_client.events(after=0))
    events = [e for e in told if isinstance(e, EventDocument)]
    assert [e.sequence for e in events] == list(range(1, len(events) + 1))
    inspected = [e for e in events if e.kind == "unit inspected"]
    assert [e.rows["units"] for e in inspected] == [[1], [2], [3], [4]]
    progress = [e for e in told if isinstance(e, ProgressDocument)]
    assert (progress[-1].lot, progress[-1].inspected, progress[-1].waiting) == ("L/1", 4, 3)
    client.post(f"{API}/units/1/reviews", json={"decision": "accept", "reason": "dust", "reviewer": "M. Weber"})
    (new,) = (e for e in station_client.events(after=events[-1].sequence) if isinstance(e, EventDocument))
    assert (new.kind, new.by, new.rows) == ("unit reviewed", "M. Weber", {"reviews": [1]})


def test_events_are_told_while_a_job_goes_on(server: tuple[str, Any], station_client: Client) -> None:
    """A stream tells of jobs too: they are no entries."""
    app = server[1]
    told = threading.Event()

    def work(progress: Progress) -> None:
        while not progress.stop.is_set():
            progress.tell("measuring", 1, 2)
            told.set()
            time.sleep(0.001)

    job = app.state.jobs.start("chart", "x", work)
    try:
        assert told.wait(60)
        plain = httpx.get(f"{server[0]}{API}/events", params={"after": 0, "once": True}, trust_env=False, timeout=60)
        assert "event: job" in plain.text
        kinds = {type(e) for e in station_client.events(after=0)}
    finally:
        app.state.jobs.stop(job.id)
    assert kinds == {EventDocument, ProgressDocument}


def test_a_listener_hears_what_is_recorded_while_it_listens_and_goes_on_where_it_was(
    server: tuple[str, Any], client: httpx.Client
) -> None:
    heard: list[tuple[str, str]] = []

    def listen(headers: dict[str, str], ready: threading.Event) -> None:
        with httpx.stream("GET", f"{server[0]}{API}/events", headers=headers, trust_env=False, timeout=60) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            number = ""
            for line in answer.iter_lines():
                ready.set()
                if line.startswith("id: "):
                    number = line[4:]
                if line.startswith("event: "):
                    heard.append((number, line[7:]))
                    return

    def accept(unit: int) -> None:
        body = {"decision": "accept", "reason": "dust", "reviewer": "M. Weber"}
        assert client.post(f"{API}/units/{unit}/reviews", json=body).status_code == 201

    ready = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(listen, {}, ready)
        assert ready.wait(30)
        accept(1)
        listening.result(30)
    accept(2)
    listen({"Last-Event-ID": heard[0][0]}, threading.Event())
    assert [name for _, name in heard] == ["unit-reviewed", "unit-reviewed"]
    assert int(heard[1][0]) == int(heard[0][0]) + 1
    assert client.get(f"{API}/events", headers={"Last-Event-ID": "x"}).status_code == 422


def test_a_stream_says_first_where_it_begins(server: tuple[str, Any], station_client: Client) -> None:
    """A browser that loses it before the first event asks from there."""
    newest = [e.sequence for e in station_client.events(after=0) if isinstance(e, EventDocument)][-1]
    with httpx.stream("GET", f"{server[0]}{API}/events", trust_env=False, timeout=60) as answer:
        assert next(answer.iter_lines()) == f"id: {newest}"


# --- measurements and description ------------------------------------------------------------------------------------


def test_metrics_count_requests_and_records(client: httpx.Client) -> None:
    client.get(f"{API}/units/1")
    client.get(f"{API}/units/2")
    answer = client.get(f"{API}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    route = 'method="GET",route="/api/v1/units/{unit_id}",status="200"'
    assert f"station_requests_total{{{route}}} 2.0" in lines
    assert 'station_units{verdict="nonconforms"} 1.0' in lines
    assert "station_lots 1.0" in lines


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_every_operation_is_described_with_its_answers_and_examples(reader: httpx.Client) -> None:
    document = reader.get(f"{API}/openapi.json", timeout=60).json()
    seen = 0
    for path, method, operation in operations(document):
        seen += 1
        where = f"{method} {path}"
        assert operation["summary"], where
        answers = operation["responses"]
        assert {"400", "404", "421", "422", "500", "503"} <= answers.keys(), where
        if method != "get":
            assert {"403", "413", "415", "507"} <= answers.keys(), where
        for status, answer in answers.items():
            if status >= "4":
                content = answer["content"]["application/json"]
                assert content["schema"]["$ref"].endswith("/ErrorDocument"), f"{where} {status}"
                assert set(content["example"]["error"]) == {"code", "message", "do"}
    assert seen > 55
    assert "HTTPValidationError" not in json.dumps(document)


def test_every_body_has_an_example(reader: httpx.Client) -> None:
    document = reader.get(f"{API}/openapi.json", timeout=60).json()
    bodies = 0
    for path, _, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        schema = document["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]
        assert "__" not in schema["title"] + content["schema"]["$ref"], path  # two models of one name
        needed = [schema["properties"][name] for name in schema.get("required", ())]
        assert all("examples" in p or "default" in p for p in needed), path
        bodies += 1
    assert bodies > 20


# --- the client ------------------------------------------------------------------------------------------------------


def test_the_client_speaks_in_documents(station_client: Client) -> None:
    assert station_client.session().mode == "single-user"
    assert [u.unit for u in station_client.units(lot="L/1")] == ["unit-1", "unit-2", "unit-3", "unit-4"]
    assert [u.unit for u in station_client.queue()] == ["unit-4", "unit-2", "unit-1"]
    assert station_client.unit_document(1).unit == "unit-1"
    assert station_client.goldens()[0].number == "GS-1"
    review = station_client.review(1, "reject", reviewer="M. Weber", reason="enamel defect", supersedes=0, key="k" * 8)
    assert review == station_client.review(
        1, "reject", reviewer="M. Weber", reason="enamel defect", supersedes=0, key="k" * 8
    )
    with pytest.raises(Refused, match="no unit 99") as refused:
        station_client.unit_document(99)
    assert (refused.value.status, refused.value.code) == (404, "not-found")


def test_the_client_sends_again_what_may_be_sent_again(
    review_home: Path, serve: Callable[..., Any], unused_port: int
) -> None:
    with serve(review_home, unused_port) as (address, _app):
        client = Client(address, timeout=60, tries=4)
        assert client.plan(lot_size=1200, aql=2.5).code_letter == "J"
    with serve(review_home, unused_port):  # the connection of before is gone
        assert client.plan(lot_size=1200, aql=2.5).n
    client.close()


@pytest.fixture
def unused_port() -> Iterator[int]:
    with held_port() as port:
        yield port
