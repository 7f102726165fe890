"""Goldens, streams, orders, nonconformities and corrective actions over HTTP, the way a factory's own program asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from claimed_lots import LOGO, SIZE, Days, draw_claimed, make_home
from entered_line import photo

from station.client import Client, Refused

API = "/api/v1"
BY = "M. Weber"
NAME = "pins / Dongguan"


def ask(client: httpx.Client, method: str, path: str, status: int, body: Any = None, **more: Any) -> Any:
    answer = client.request(method, API + path, json=body, timeout=120, **more)
    assert answer.status_code == status, answer.text
    return answer.json()


def post(client: httpx.Client, path: str, body: dict[str, Any], status: int = 201) -> Any:
    return ask(client, "POST", path, status, {"by": BY, **body})


# --- goldens, plans, streams -----------------------------------------------------------------------------------------


def test_a_golden_with_its_versions_and_who_signed(client: httpx.Client) -> None:
    (version,) = ask(client, "GET", "/goldens/GS-1/versions", 200)["items"]
    assert (version["number"], version["version"]) == ("GS-1", 1)
    ask(client, "GET", "/goldens/GS-9/versions", 404)
    signed = ask(client, "POST", "/goldens/GS-1/sign-offs", 201, {"party": "buyer", "name": BY})
    said = signed["statement"]
    assert (said["party"], said["name"], said["version"]) == ("buyer", BY, 1)
    assert [s["statement"]["party"] for s in ask(client, "GET", "/goldens/GS-1/status", 200)["sign_offs"]] == ["buyer"]
    ask(client, "POST", "/goldens/GS-1/sign-offs", 422, {"party": "king", "name": BY})


def test_an_order_is_planned_and_nothing_recorded(client: httpx.Client) -> None:
    found = ask(client, "POST", "/orders/plan", 200, {"units": [1500], "carded": True, "golden": "GS-1"})
    assert (found["profile"], [g["gate"] for g in found["gates"]]) == ("carded", ["first-off", "in-line", "final"])
    ask(client, "POST", "/orders/plan", 404, {"units": [1500], "golden": "GS-9"})
    ask(client, "POST", "/orders/plan", 422, {"units": []})
    ask(client, "POST", "/orders/plan", 422, {"units": [1500], "cartons": 20})


def test_a_stream_switches_to_tightened_and_back_by_an_authority(client: httpx.Client) -> None:
    new = {"name": NAME, "sku": "MAS-PIN-30", "supplier": "Dongguan Badge", "aql": {"major": 2.5}}
    ask(client, "POST", "/streams", 201, new)
    ask(client, "POST", "/streams", 409, new)
    path = f"/streams/{NAME}"
    (plan,) = ask(client, "GET", f"{path}/next?size=1200", 200)["plans"]
    assert (plan["severity"], plan["n"]) == ("normal", [80])
    for number in (1, 2):
        ask(client, "POST", f"{path}/lots", 201, {"lot": f"L-{number}", "size": 1200, "found": {"major": [20]}})
    (major,) = ask(client, "GET", path, 200)["classes"]
    assert major["severity"] == "tightened"
    word = {"kind": "directed", "value": "normal", "reason": "the tool was changed"}
    assert post(client, f"{path}/words", word)["classes"][0]["severity"] == "normal"
    ask(client, "POST", f"{path}/words", 422, {"kind": "production", "value": "now and then", "by": BY})
    ask(client, "POST", f"{path}/words", 422, {"kind": "void", "by": BY, "reason": "mistyped"})
    post(client, f"{path}/words", {"kind": "void", "event": 3, "reason": "said too early"})
    assert ask(client, "GET", path, 200)["classes"][0]["severity"] == "tightened"
    first = ask(client, "GET", f"{path}/events?limit=3", 200)
    rest = ask(client, "GET", f"{path}/events", 200, params={"cursor": first["next"]})
    assert [e["kind"] for e in (*first["items"], *rest["items"])] == ["lot", "lot", "directed", "void"]
    assert rest["next"] is None
    ask(client, "GET", f"{path}/events", 422, params={"cursor": "@@"})


def test_lists_by_name_are_read_page_by_page(client: httpx.Client) -> None:
    for i in range(7):
        new = {"name": f"stream {i}", "sku": "S", "supplier": "D", "aql": {"major": 2.5}}
        ask(client, "POST", "/streams", 201, new)
    names, cursor = [], None
    while True:
        page = ask(client, "GET", "/streams", 200, params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        names += [s["stream"]["name"] for s in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names == [f"stream {i}" for i in range(7)]


# --- nonconformities and corrective actions --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]) -> Iterator[httpx.Client]:
    home: Path = make_home(tmp_path_factory.mktemp("claims"), Days(), (LOGO,))
    with serve(home) as (address, _app), httpx.Client(base_url=address, trust_env=False, timeout=120) as found:
        yield found


def test_n1_a_complaint_from_the_draft_to_the_action_that_ends_it(claims: httpx.Client) -> None:
    draft = {"lot": LOGO, "use": "retail"}
    made = post(claims, "/nonconformities", draft)
    number = made["number"]
    assert post(claims, "/nonconformities", draft)["number"] == number
    path = f"/nonconformities/{number}"
    tag = claims.get(API + path).headers["etag"]
    said = {"question": "function", "text": "The pin is worn on a lapel; 5 mm are seen at arm's length."}
    post(claims, f"{path}/answers", said)
    late = claims.post(f"{API}{path}/answers", json={**said, "by": BY}, headers={"If-Match": tag})
    assert late.status_code == 412
    ask(claims, "POST", f"{path}/answers", 422, {"by": BY, "question": "mood", "text": "bad"})
    ask(claims, "POST", f"{path}/classes", 404, {"by": BY, "point": 99, "class": "major"})
    post(claims, f"{path}/asks", {"texts": ["Sort the lot by the logo's place at 0.3 mm."]})
    ask(claims, "POST", f"{path}/dispositions", 422, {"by": BY, "shares": [{"disposition": "sort", "quantity": 1}]})
    post(claims, f"{path}/dispositions", {"shares": [{"disposition": "replace", "quantity": SIZE}]})
    priced = post(claims, f"{path}/costs", {"price": "0.80", "sort": "0.05", "remake": "0.80"})
    assert priced["costs"]["inputs"]["price"] == "0.80"
    due = date.today() + timedelta(days=14)
    action = {"kind": "containment", "text": "Hold the cartons of lot 1 in bay 4.", "owner": "Chen Wei"}
    post(claims, f"{path}/actions", {**action, "due": due.isoformat()})
    (row,) = ask(claims, "GET", "/corrective-actions", 200)["items"]
    assert (row["nonconformity"], row["action"]["number"], row["action"]["state"]) == (number, 1, "open")
    later = {"due": (due + timedelta(days=7)).isoformat(), "reason": "The bay is full until then."}
    post(claims, f"{path}/actions/1/due", later)
    post(claims, f"{path}/actions/1/done", {"text": "All 4 cartons stand in bay 4 under lock."})
    verified = post(claims, f"{path}/actions/1/verified", {"text": "Seen in bay 4 on the day, 4 cartons, sealed."})
    assert verified["actions"][0]["state"] == "verified"
    assert ask(claims, "GET", "/corrective-actions?overdue=true", 200)["items"] == []
    assert ask(claims, "POST", f"{path}/closed", 409, {"by": BY})["error"]["code"] == "conflict"
    kinds = [e["kind"] for e in ask(claims, "GET", f"{path}/events", 200)["items"]]
    assert kinds[:2] == ["drafted", "context"]
    assert [d["number"] for d in ask(claims, "GET", "/nonconformities", 200)["items"]] == [number]


def test_w9_an_action_of_a_complaint_that_is_not_there_is_not_found(claims: httpx.Client) -> None:
    for path in ("/nonconformities/NC-1", "/nonconformities/NC-1/events"):
        ask(claims, "GET", path, 404)
    ask(claims, "POST", "/nonconformities/NC-1/sent", 404, {"by": BY})
    ask(claims, "POST", "/nonconformities", 404, {"by": BY, "lot": "no such lot"})


# --- a unit inspected by its picture ---------------------------------------------------------------------------------


def test_a_picture_that_is_handed_in_is_a_unit_once(
    claims: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_claimed(monkeypatch)
    file, name = photo(tmp_path / "new one.png", 0, grain=350), f"{LOGO}_02"
    with Client(str(claims.base_url), timeout=120) as client:
        unit_id, document = client.inspect(file, golden="GS-20260510", lot="L-HTTP", unit=name)
        assert (document.unit, document.photo, document.golden) == (name, "new one.png", "GS-20260510")
        assert client.inspect(file, golden="GS-20260510", lot="L-HTTP", unit=name) == (unit_id, document)
        assert [u.unit for u in client.units(lot="L-HTTP")] == [name]
        with pytest.raises(Refused, match="GS-9") as refused:
            client.inspect(file, golden="GS-9")
        assert refused.value.status == 404
        sha256 = ask(claims, "GET", f"/units/{unit_id}", 200)["sha256"]
        assert claims.get(f"{API}/pictures/{sha256}").content == file.read_bytes()
