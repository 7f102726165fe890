"""The findings of a unit over the API: what is listed, answered, taken back and refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

API = "/api/v1"


def listed(client: httpx.Client, unit: int = 1) -> dict[str, Any]:
    answer = client.get(f"{API}/units/{unit}/findings")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def say(client: httpx.Client, number: int = 1, unit: int = 1, key: str | None = None, **body: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    full = {"answer": "confirm", "reviewer": "M. Weber", **body}
    return client.post(f"{API}/units/{unit}/findings/{number}/reviews", json=full, headers=headers)


def error(answer: httpx.Response, status: int) -> str:
    """Code and message of an error, which must have the one shape."""
    assert answer.status_code == status, answer.text
    body = answer.json()["error"]
    assert set(body) == {"code", "message", "do"}
    assert all(body.values())
    return f"{body['code']}: {body['message']}"


def test_findings_are_listed_with_what_was_set_aside_and_where_the_models_disagree(reader: httpx.Client) -> None:
    found = listed(reader)
    told = [(n["number"], n["finding"]["kind"], n["set_aside"], n["standing"]) for n in found["findings"]]
    assert told == [(1, "pit", False, ""), (2, "dust", False, ""), (3, "speck", True, "")]
    assert found["findings"][2]["finding"]["threshold"] == 0.7
    assert (found["model"], found["unit"], found["verdict"]) == ("golden-unit-net", "unit-1", "nonconforms")
    assert [(d["over"], d["number"]) for d in found["disagreements"]] == [("model", 1), ("reference", None)]
    assert found["disagreements"][1]["reference"]["kind"] == "scratch"
    assert found["kinds"][0] == "pit"  # the control sheet's come first
    assert {"scratch", "bubble", "burn-mark", "dust"} <= set(found["kinds"])
    assert listed(reader, 3)["findings"] == []
    assert error(reader.get(f"{API}/units/99/findings"), 404).startswith("not-found")


def test_an_answer_is_recorded_with_its_kind_and_changes_no_verdict(client: httpx.Client) -> None:
    answer = say(client, 3, named="bubble", reason="round, with a bright rim", supersedes=0)
    assert answer.status_code == 201
    one = listed(client)["findings"][2]
    assert one["answers"] == [answer.json()]
    assert (one["standing"], one["answers"][0]["named"], one["answers"][0]["supersedes"]) == (
        "confirmed",
        "bubble",
        None,
    )
    assert client.get(f"{API}/units/1").json()["standing"] == "nonconforms"
    assert client.get(f"{API}/units/1/reviews").json() == []


def test_an_answer_is_taken_back_and_nothing_is_erased(client: httpx.Client) -> None:
    first = say(client, 1, answer="refuse").json()
    assert say(client, 1, reviewer="K. Lang").status_code == 201
    assert listed(client)["findings"][0]["standing"] == "disputed"
    back = say(client, 1, answer="undo", reason="wrong finding", supersedes=first["id"])
    assert back.status_code == 201
    assert (back.json()["answer"], back.json()["supersedes"]) == ("undo", first["id"])
    one = listed(client)["findings"][0]
    assert one["standing"] == "confirmed"  # the other reviewer's word
    assert [a["answer"] for a in one["answers"]] == ["refuse", "confirm", "undo"]
    assert "no answer of M. Weber to take back" in error(say(client, 1, answer="undo"), 422)


def test_the_same_key_records_an_answer_once(client: httpx.Client) -> None:
    first, second = (say(client, 1, key="3f0e-77aa", supersedes=0) for _ in range(2))
    assert first.json() == second.json()
    assert len(listed(client)["findings"][0]["answers"]) == 1
    assert error(say(client, 1, key="3f0e-77aa", answer="refuse"), 409).startswith("conflict")
    assert error(say(client, 1, key="short"), 422).startswith("bad-request")


def test_an_answer_that_did_not_see_the_reviewers_own_newest_is_refused(client: httpx.Client) -> None:
    assert say(client, 1, supersedes=0).status_code == 201
    assert "elsewhere" in error(say(client, 1, supersedes=0, answer="refuse"), 409)
    assert say(client, 1, reviewer="K. Lang", supersedes=0).status_code == 201  # another's answer is another's


@pytest.mark.parametrize(
    ("number", "body", "status", "words"),
    [
        (4, {}, 404, "has no finding 4, it has 3"),
        (0, {}, 422, "number"),
        (1, {"answer": "maybe"}, 422, "answer"),
        (1, {"reviewer": "  "}, 422, "reviewer"),
        (1, {"reviewer": "a\tb"}, 422, "reviewer"),
        (1, {"named": "Not A Kind"}, 422, "no kind of finding"),
        (1, {"answer": "undo", "named": "pit"}, 422, "names no kind"),
        (1, {"reason": "x" * 2001}, 422, "reason"),
        (1, {"colour": "red"}, 422, "colour"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(
    reader: httpx.Client, number: int, body: dict[str, Any], status: int, words: str
) -> None:
    assert words in error(say(reader, number, **body), status)
    assert all(n["answers"] == [] for n in listed(reader)["findings"])
    assert error(say(reader, 1, unit=99), 404).startswith("not-found")
