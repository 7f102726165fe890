"""The local API: what it answers, what it refuses, and that reading changes nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

API = "/api/v1"


def get(client: httpx.Client, path: str) -> Any:
    answer = client.get(API + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def error(answer: httpx.Response, status: int) -> dict[str, str]:
    """The error of an answer, which must have the one shape."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "do"}
    assert all(body["error"].values())
    return dict(body["error"])


def decide(client: httpx.Client, unit: int, key: str | None = None, **body: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    full = {"decision": "reject", "reason": "enamel defect", "reviewer": "M. Weber", **body}
    return client.post(f"{API}/units/{unit}/reviews", json=full, headers=headers)


def test_health_says_that_the_station_answers(reader: httpx.Client) -> None:
    assert get(reader, "/health")["status"] == "ok"


def test_goldens_with_their_frame_and_sheet(reader: httpx.Client) -> None:
    (golden,) = get(reader, "/goldens")
    assert (golden["number"], golden["version"], golden["regions"]) == ("GS-1", 1, ["sky"])
    assert get(reader, "/goldens/GS-1?version=1") == golden
    assert get(reader, "/goldens/GS-1/frame")["pitch_mm"] == 0.14
    assert 'sku = "MAS-PIN-30"' in reader.get(f"{API}/goldens/GS-1/sheet").text
    assert "GS-9" in error(reader.get(f"{API}/goldens/GS-9"), 404)["message"]


def test_units_by_lot_and_verdict(reader: httpx.Client) -> None:
    names = [u["unit"] for u in get(reader, "/units?lot=L/1")["items"]]
    assert names == ["unit-1", "unit-2", "unit-3", "unit-4"]
    assert [u["unit"] for u in get(reader, "/units?verdict=undecided")["items"]] == ["unit-2", "unit-4"]
    assert get(reader, "/units?lot=none")["items"] == []
    error(reader.get(f"{API}/units?verdict=good"), 422)


def test_lists_are_read_page_by_page_without_loss_or_repetition(reader: httpx.Client) -> None:
    names, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        page = get(reader, "/units?limit=3" + (f"&cursor={cursor}" if cursor else ""))
        names += [u["unit"] for u in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert (names, pages) == (["unit-1", "unit-2", "unit-3", "unit-4"], 2)
    assert get(reader, "/units?limit=4")["next"] is None
    for bad in ("x", "-1", "²", "9" * 20, str(2**31)):
        assert error(reader.get(f"{API}/units", params={"cursor": bad}), 422)["code"] == "bad-request"


def test_a_unit_and_its_document(reader: httpx.Client) -> None:
    assert get(reader, "/units/1")["standing"] == "nonconforms"
    document = get(reader, "/units/1/document")
    assert document["schema"] == 1
    assert document["findings"][0]["class"] == "major"
    assert len(document["findings"][0]["polygon_mm"]) == 4
    error(reader.get(f"{API}/units/99/document"), 404)


def test_findings_by_kind(reader: httpx.Client) -> None:
    (finding,) = get(reader, "/findings?kind=pit&lot=L/1")["items"]
    assert (finding["unit"], finding["x_mm"], finding["verdict"]) == ("unit-1", 3.0, "nonconforms")
    assert get(reader, "/findings?kind=scratch")["items"] == []


def test_the_queue_shows_undecided_first_and_the_worst_margin_first(reader: httpx.Client) -> None:
    assert [u["unit"] for u in get(reader, "/queue")] == ["unit-4", "unit-2", "unit-1"]
    assert get(reader, "/queue?settled=true") == []


def test_a_review_is_recorded_and_survives_a_new_start(
    client: httpx.Client, review_home: Path, serve: Callable[..., Any]
) -> None:
    answer = decide(client, 1)
    assert answer.status_code == 201
    with serve(review_home) as (address, _app), httpx.Client(base_url=address, trust_env=False, timeout=60) as again:
        (review,) = get(again, "/units/1/reviews")
        assert review == answer.json()
        assert (review["decision"], review["reason"], review["reviewer"]) == ("reject", "enamel defect", "M. Weber")
        assert [u["unit"] for u in get(again, "/queue?settled=true")] == ["unit-1"]


def test_the_same_key_records_a_review_once(client: httpx.Client) -> None:
    first, second = (decide(client, 1, key="3f0e-77aa", supersedes=0) for _ in range(2))
    assert first.json() == second.json()
    assert len(get(client, "/units/1/reviews")) == 1
    assert error(decide(client, 1, key="3f0e-77aa", decision="accept"), 409)["code"] == "conflict"
    assert error(decide(client, 1, key="short"), 422)["code"] == "bad-request"


def test_a_review_supersedes_and_nothing_is_erased(client: httpx.Client) -> None:
    first = decide(client, 1).json()
    assert get(client, "/units/1")["standing"] == "nonconforms"
    second = decide(client, 1, decision="accept", reason="dust, wiped off", supersedes=first["id"]).json()
    assert second["supersedes"] == first["id"]
    assert get(client, "/units/1")["standing"] == "conforms"
    decide(client, 1, decision="undo", reason="by mistake")
    assert get(client, "/units/1")["standing"] == "nonconforms"
    assert [r["decision"] for r in get(client, "/units/1/reviews")] == ["reject", "accept", "undo"]


def test_a_review_that_did_not_see_the_newest_is_refused(client: httpx.Client) -> None:
    decide(client, 1, supersedes=0)
    assert error(decide(client, 1, supersedes=0, decision="accept"), 409)["code"] == "conflict"
    assert len(get(client, "/units/1/reviews")) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"decision": "maybe"}, "decision"),
        ({"reviewer": ""}, "reviewer"),
        ({"reviewer": "  "}, "reviewer"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
        ({"reason": "a\x07b"}, "control characters"),
        ({"supersedes": 10**30}, "supersedes"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_review_that_makes_no_sense_is_refused(reader: httpx.Client, body: dict[str, Any], words: str) -> None:
    assert words in error(decide(reader, 1, **body), 422)["message"]
    assert get(reader, "/units/1/reviews") == []


def test_spaces_as_a_chinese_keyboard_writes_them_are_plain_ones(client: httpx.Client) -> None:
    body = {"decision": "reject", "reason": "刮傷\u3000三處\u00a0", "reviewer": "李\u3000雷"}
    reviewed = client.post("/api/v1/units/4/reviews", json=body)
    assert reviewed.status_code == 201, reviewed.text
    assert (reviewed.json()["reason"], reviewed.json()["reviewer"]) == ("刮傷 三處", "李 雷")
    claimed = client.put("/api/v1/units/4/claim", json={"reviewer": "李\u3000雷", "window": "a-window-1"})
    assert (claimed.status_code, claimed.json().get("reviewer")) == (200, "李 雷"), claimed.text
    answer = {"answer": "confirm", "reviewer": "李\u3000雷", "reason": "刮傷\u3000三處"}
    assert client.post("/api/v1/units/1/findings/1/reviews", json=answer).status_code == 201


def test_a_lot_is_tallied_without_a_record_and_decided_with_one(client: httpx.Client) -> None:
    (lot,) = get(client, "/lots")
    assert (lot["lot"], lot["inspected"], lot["waiting"], lot["decision"]) == ("L/1", 4, 3, None)
    assert "the size of lot L/1 is missing" in error(client.get(f"{API}/lots/L%2F1/tally"), 422)["message"]
    assert "field size" in error(client.post(f"{API}/lots/L%2F1/decisions", json={}), 422)["do"]
    tally = get(client, "/lots/L%2F1/tally?size=1200")
    major = next(c for c in tally["classes"] if c["class"] == "major")
    assert (major["n"], major["ac"], major["re"], major["nonconforming"]) == (80, 5, 6, 1)
    error(client.get(f"{API}/lots/L%2F1/decision"), 404)
    decided = client.post(f"{API}/lots/L%2F1/decisions", json={"size": 1200})
    assert decided.status_code == 201
    assert get(client, "/lots/L%2F1/decision") == decided.json() == get(client, "/lots/L%2F1/tally")
    assert get(client, "/lots/L%2F1")["decision"] == "open"
    decide(client, 1, decision="accept")
    after = get(client, "/lots/L%2F1/tally")
    assert next(c for c in after["classes"] if c["class"] == "major")["nonconforming"] == 0


def test_a_plan(reader: httpx.Client) -> None:
    plan = get(reader, "/plan?aql=2.5&lot_size=1200")
    assert (plan["code_letter"], plan["n"], plan["ac"], plan["re"]) == ("J", [80], [5], [6])
    error(reader.get(f"{API}/plan?aql=2.6&lot_size=1200"), 422)


def test_pictures_come_by_digest_and_may_be_kept_for_ever(reader: httpx.Client) -> None:
    unit = get(reader, "/units/1")
    answer = reader.get(f"{API}/pictures/{unit['frame_sha256']}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert hashlib.sha256(answer.content).hexdigest() == unit["frame_sha256"]
    assert get(reader, "/units/4")["frame_sha256"] is None


def test_only_pictures_are_handed_out(reader: httpx.Client, review_home: Path) -> None:
    files = (p for p in (review_home / "evidence").rglob("*") if p.is_file())
    (arrays,) = (p.name for p in files if p.read_bytes()[:2] == b"PK")  # the master's
    error(reader.get(f"{API}/pictures/{arrays}"), 404)
    error(reader.get(f"{API}/pictures/{'0' * 64}"), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/%2e%2e/errors.py", "/static//etc/passwd",
        "/api/v1/pictures/..%2f..%2fstation.db", "/api/v1/pictures/%2fetc%2fpasswd", "/static/",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_its_folder(reader: httpx.Client, path: str) -> None:
    request = reader.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())  # as written, not as a reader would tidy it up
    answer = reader.send(request)
    assert answer.status_code in (404, 422)
    assert set(answer.json()) == {"error"}


def test_what_is_not_there_has_the_one_shape(reader: httpx.Client) -> None:
    assert error(reader.get("/nowhere"), 404)["code"] == "not-found"
    for unit in ("x", "0", "2147483648", "9" * 30):
        assert error(reader.get(f"{API}/units/{unit}"), 422)["message"].startswith("unit_id")
    assert error(reader.get(f"{API}/findings?unit_id={'9' * 30}"), 422)["message"].startswith("unit_id")
    for path in ("/goldens/%00", "/lots/a%00", "/units?lot=%00"):
        assert "null character" in error(reader.get(API + path), 400)["message"]
    broken = reader.post(f"{API}/units/1/reviews", content=b"{", headers={"Content-Type": "application/json"})
    assert error(broken, 422)["message"] == "the request is not valid JSON"
    answer = reader.delete(f"{API}/units/1", headers={"Content-Type": "application/json"})
    assert error(answer, 405)["code"] == "method"
    assert "GET" in answer.headers["allow"]


def test_an_unexpected_failure_has_the_one_shape_too(server: tuple[str, Any], client: httpx.Client) -> None:
    server[1].state.station.goldens = None
    assert error(client.get(f"{API}/goldens"), 500)["code"] == "unexpected"


def test_reading_everything_changes_nothing(client: httpx.Client, review_home: Path) -> None:
    home = review_home

    def contents() -> list[str]:
        with closing(sqlite3.connect(home / "station.db")) as database:
            return list(database.iterdump())

    before, files = contents(), sorted(p.name for p in (home / "evidence").rglob("*"))
    described = client.get(f"{API}/openapi.json").json()["paths"]
    picture = get(client, "/units/1")["frame_sha256"]
    values = defaultdict(lambda: "1")
    values |= {"number": "GS-1", "unit_id": "1", "lot": "L/1", "sha256": picture, "rig": "bench-a", "study_id": "1"}
    values |= {"order": "PO-1", "name": "pins", "action": "1", "job": "none", "kind": "pin", "document": "certificate"}
    endless = f"{API}/events"
    reads = [path.format_map(values) for path, methods in described.items() if "get" in methods and path != endless]
    for path in (*reads, "/", "/static/review.js", f"{API}/lots/L/1/tally?size=50", f"{API}/plan?aql=1&lot_size=90"):
        client.get(path)
    assert len(reads) >= 14
    assert contents() == before
    assert sorted(p.name for p in (home / "evidence").rglob("*")) == files


def test_the_description_is_complete(reader: httpx.Client) -> None:
    described = reader.get(f"{API}/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    schemas = described["components"]["schemas"]
    for reference in _references(described):
        assert reference.removeprefix("#/components/schemas/") in schemas
    assert "HTTPValidationError" not in schemas
    operations = [o for methods in described["paths"].values() for o in methods.values()]
    assert all(o["summary"] and o["tags"] for o in operations)
    assert len({o["operationId"] for o in operations}) == len(operations)
    assert schemas["NewReview"]["properties"]["decision"]["examples"] == ["reject"]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
