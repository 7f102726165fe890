"""Every role on every route, driven by the table; and a route that the table forgets fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from station.service import Station
from station.settings import Settings
from station.values.account import ROLES
from station.web.app import create_app
from station.web.permissions import TABLE, Rule, rule_for

PASSWORD = "four plain words together"
PIN = "402817"
FILLED = {
    "language": "zh-Hant",
    "unit_id": "1",
    "study_id": "1",
    "sha256": "0" * 64,
    "action": "1",
    "path": "review.js",
    "document": "verdicts",
}


def filled(template: str) -> str:
    """A path that the template takes; one that takes slashes gets some."""
    slashes = re.sub(r"{(\w+):path}", lambda m: FILLED.get(m[1], "a/b"), template)
    return re.sub(r"{(\w+)}", lambda m: FILLED.get(m[1], "1"), slashes)


def routes(app: Any) -> set[tuple[str, str]]:
    """Methods and path templates of an application, however FastAPI keeps them."""
    from fastapi import routing

    listed = routing.iter_route_contexts(app.routes) if hasattr(routing, "iter_route_contexts") else app.routes
    found = set()
    for route in listed:
        path = getattr(route, "path", None) or getattr(route, "path_format", "")
        if not getattr(route, "methods", None):
            found.add(("GET", f"{path.rstrip('/')}/{{path:path}}"))  # a mount
            continue
        found |= {(method, path) for method in route.methods if method != "HEAD"}
    return found


def test_every_route_has_an_entry_and_every_entry_a_route(tmp_path: Path) -> None:
    found = routes(create_app(Settings(home=tmp_path)))
    assert len(found) > 60
    assert found == {(method, path) for method, path, _ in TABLE}


@pytest.mark.parametrize(("method", "template", "rule"), TABLE)
def test_an_entry_is_found_by_its_own_paths(method: str, template: str, rule: Rule) -> None:
    assert rule_for(method, filled(template)) == (template, rule)


def test_what_the_table_does_not_know_is_for_administrators_alone() -> None:
    template, rule = rule_for("GET", "/api/v1/forgotten")
    assert (template, rule.roles, rule.public) == ("", frozenset({"administrator"}), False)


def test_a_page_that_is_missing_is_told_once_one_is_signed_in(signed_in: dict[str, httpx.Client]) -> None:
    answer = signed_in[""].get("/nowhere")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    answer = signed_in["reviewer"].get("/nowhere", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, "text/html")


@pytest.fixture(scope="module")
def signed_in(
    unchanged_home: Path, tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]
) -> Iterator[dict[str, httpx.Client]]:
    """A client of each role, and one of nobody (""), at a station with accounts."""
    import shutil

    home = Path(shutil.copytree(unchanged_home, tmp_path_factory.mktemp("roles") / "home"))
    with Station(Settings(home=home)) as station:
        for role in ("administrator", *ROLES[:-1]):
            station.accounts.add(f"the {role}", role, PASSWORD, pin=PIN if role == "approver" else None)
    with serve(home) as (address, _app):
        clients = {"": httpx.Client(base_url=address, trust_env=False, timeout=60)}
        for role in ROLES:
            client = clients[role] = httpx.Client(base_url=address, trust_env=False, timeout=60)
            body = {"name": f"the {role}", "password": PASSWORD}
            assert client.post("/api/v1/session", json=body).status_code == 201
        yield clients
        for client in clients.values():
            client.close()


def send(client: httpx.Client, method: str, template: str, **headers: str) -> httpx.Response:
    """A request that is refused for its content where it is let in, so that nothing is recorded."""
    path = filled(template)
    if template.endswith("/events") and "streams" not in template and "nonconform" not in template:
        path += "?once=true"
    kind = "image/jpeg" if template.endswith(("/inspections", "/uploads")) else "application/json"
    content = b"{" if method in ("POST", "PATCH") else None
    return client.request(method, path, content=content, headers={"Content-Type": kind, **headers})


CLOSED = [(m, p, r) for m, p, r in TABLE if not r.public]


@pytest.mark.parametrize(("method", "template", "rule"), CLOSED)
def test_a_role_does_what_the_table_says_and_nothing_else(
    signed_in: dict[str, httpx.Client], method: str, template: str, rule: Rule
) -> None:
    nobody = send(signed_in[""], method, template)
    assert nobody.status_code == (303 if rule.page else 401), template
    for role in ROLES:
        answer = send(signed_in[role], method, template, **({"Station-PIN": PIN} if rule.pin else {}))
        let_in = answer.status_code != 403
        assert let_in == (role in rule.roles), (role, method, template, answer.text)
        assert answer.status_code != 500, answer.text


@pytest.mark.parametrize(("method", "template"), [(m, p) for m, p, r in TABLE if r.pin])
def test_signing_takes_the_pin_in_the_same_request(
    signed_in: dict[str, httpx.Client], method: str, template: str
) -> None:
    answer = send(signed_in["approver"], method, template)
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "this needs your PIN"


@pytest.mark.parametrize(("method", "template"), [(m, p) for m, p, r in TABLE if r.public and m == "GET"])
def test_what_is_public_needs_nobody(signed_in: dict[str, httpx.Client], method: str, template: str) -> None:
    assert send(signed_in[""], method, template).status_code == 200
