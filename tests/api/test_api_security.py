"""Who may speak to the station: its own address, its own pages, small JSON requests."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from station.errors import RequestError
from station.settings import Settings
from station.web.app import create_app
from station.web.security import MAX_BODY_BYTES

REVIEW = "/api/v1/units/1/reviews"
Serve = Callable[..., Any]
BODY = {"decision": "accept", "reason": "dust", "reviewer": "M. Weber"}


@pytest.fixture(scope="module")
def client(
    unchanged_home: Path, tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]
) -> Iterator[httpx.Client]:
    home = shutil.copytree(unchanged_home, tmp_path_factory.mktemp("security") / "home")
    with serve(home) as (address, _app), httpx.Client(base_url=address, trust_env=False, timeout=60) as found:
        yield found


def on_port(client: httpx.Client, headers: dict[str, str]) -> dict[str, str]:
    """Headers with the port that this test's server has."""
    return {name: value.replace("PORT", str(client.base_url.port)) for name, value in headers.items()}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def unrecorded(client: httpx.Client) -> Iterator[None]:
    """Whatever the test sends, nothing may be recorded."""
    before = client.get(REVIEW).json()
    yield
    assert client.get(REVIEW).json() == before


@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "[::1]:PORT"])
def test_its_own_names_are_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/api/v1/health", headers=on_port(client, {"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil.example:PORT", "localhost.:PORT",
     "0.0.0.0:PORT", "192.168.1.7:PORT", ""],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/static/review.js", "/nowhere"])
def test_another_host_is_refused_before_anything_else(client: httpx.Client, host: str, path: str) -> None:
    assert code(client.get(path, headers=on_port(client, {"Host": host}))) == (421, "foreign-host")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:PORT"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
@pytest.mark.usefixtures("unrecorded")
def test_a_write_from_another_site_is_refused(client: httpx.Client, headers: dict[str, str]) -> None:
    assert code(client.post(REVIEW, json=BODY, headers=on_port(client, headers))) == (403, "foreign-origin")


def test_another_site_does_not_read_either(client: httpx.Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert code(client.get("/api/v1/units", headers=headers)) == (403, "foreign-origin")
    assert client.get("/help", headers=headers).status_code == 200  # a link to a page
    assert client.get("/api/v1/units", headers={"Sec-Fetch-Site": "none"}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:PORT"}])
def test_its_own_pages_and_programs_may_write(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.post(REVIEW, json=BODY, headers=on_port(client, headers)).status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
@pytest.mark.usefixtures("unrecorded")
def test_what_a_form_could_send_is_refused(client: httpx.Client, kind: str) -> None:
    answer = client.post(REVIEW, content=b'{"decision": "accept", "reviewer": "x"}', headers={"Content-Type": kind})
    assert code(answer) == (415, "not-json")


@pytest.mark.usefixtures("unrecorded")
def test_a_large_body_is_refused_whether_it_tells_its_length_or_not(client: httpx.Client) -> None:
    json = {"Content-Type": "application/json"}
    assert code(client.post(REVIEW, content=b" " * (MAX_BODY_BYTES + 1), headers=json)) == (413, "too-large")

    def pieces() -> Iterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 1024 + 1):
            yield b" " * 1024

    assert code(client.post(REVIEW, content=pieces(), headers=json)) == (413, "too-large")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"decision": NaN}', b"[" * 60_000])
@pytest.mark.usefixtures("unrecorded")
def test_what_is_no_json_is_refused_in_the_one_shape(client: httpx.Client, body: bytes) -> None:
    answer = client.post(REVIEW, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert set(answer.json()["error"]) == {"code", "message", "do"}


@pytest.mark.parametrize("path", ["/", "/static/review.css", "/api/v1/units", "/nowhere", "/api/v1/units/x"])
def test_every_answer_has_the_protecting_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")
    assert "access-control-allow-origin" not in headers


def test_the_page_holds_no_inline_script_or_style(client: httpx.Client) -> None:
    page = client.get("/").text
    assert "style=" not in page
    assert "<style" not in page
    assert re.search(r"<[^>]*\son[a-z]+=", page) is None
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == page.count("<script") > 0
    assert all('src="/static/' in attributes and not text for attributes, text in scripts)
    assert "//" not in page.replace("<!doctype html>", "")


def test_an_address_beyond_loopback_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"0\.0\.0\.0 is no loopback address"):
        create_app(Settings(home=tmp_path, host="0.0.0.0"))


def test_a_body_with_a_null_character_is_refused(client: httpx.Client) -> None:
    answer = client.post(REVIEW, json={**BODY, "reason": "a\0b"})
    assert code(answer) == (400, "bad-request")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/security.py", "/static/..%5capp.py",
        "/static//etc/passwd", "/api/v1/pictures/..%2f..%2fstation.db", "/api/v1/pictures/" + "g" * 64,
        "/api/v1/goldens/..%2f..%2fetc%2fpasswd", "/api/v1/bench/..%2f..%2fkeys",
    ],
)  # fmt: skip
def test_no_path_leads_out(client: httpx.Client, path: str) -> None:
    import http.client

    raw = http.client.HTTPConnection(client.base_url.host, client.base_url.port, timeout=60)
    raw.request("GET", path)  # as written: httpx would take the dots out
    answer = raw.getresponse()
    assert answer.status in (404, 422)
    assert set(json.loads(answer.read())["error"]) == {"code", "message", "do"}
    raw.close()


# --- pictures handed in ----------------------------------------------------------------------------------------------


INSPECT = "/api/v1/inspections?golden=GS-1&photo="


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "image"]
)
def test_a_picture_is_not_taken_from_a_form(client: httpx.Client, kind: str) -> None:
    answer = client.post(f"{INSPECT}a.jpg", content=b"\xff\xd8\xff", headers={"Content-Type": kind})
    assert code(answer) == (415, "not-a-picture")


@pytest.mark.parametrize("kind", ["application/pdf", "application/zip", "image/jpeg", "image/png; q=1"])
def test_a_file_that_does_not_begin_like_what_it_is_sent_as_is_refused(client: httpx.Client, kind: str) -> None:
    answer = client.post("/api/v1/uploads?name=a.pdf", content=b"hello", headers={"Content-Type": kind})
    assert answer.status_code == 422
    assert "does not begin like" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("application/pdf", True), ("application/zip", True), ("text/csv", True), ("application/toml", True),
        ("image/png", True), ("application/octet-stream", True), ("text/plain", False), ("", False),
        ("application/x-www-form-urlencoded", False), ("multipart/form-data", False), ("text/html", False),
    ],
)  # fmt: skip
def test_a_file_is_handed_in_and_never_by_a_form(client: httpx.Client, kind: str, taken: bool) -> None:
    content = {"application/zip": b"PK\x03\x04", "image/png": b"\x89PNG\r\n\x1a\n"}.get(kind, b"%PDF-")
    answer = client.post("/api/v1/uploads?name=a.pdf", content=content, headers={"Content-Type": kind})
    assert (answer.status_code == 201) == taken
    if not taken:
        assert code(answer) == (415, "not-a-picture")
    elif not kind.startswith(("image/", "application/octet-stream")):
        inspected = client.post(f"{INSPECT}a.jpg", content=b"%PDF-", headers={"Content-Type": kind})
        assert code(inspected) == (415, "not-a-picture")


@pytest.mark.parametrize(
    "name",
    ["../a.jpg", "..", ".hidden", "a/b.jpg", "/etc/passwd", "a\\b.jpg", "", "a" * 101, "con:1", "-rf", "a\n.jpg"],
)
def test_a_name_of_a_picture_is_no_path(client: httpx.Client, name: str) -> None:
    headers = {"Content-Type": "image/jpeg"}
    answer = client.post("/api/v1/inspections", params={"golden": "GS-1", "photo": name}, content=b"x", headers=headers)
    assert code(answer) == (422, "bad-request")


def test_a_picture_beyond_the_limit_is_refused_while_it_comes(client: httpx.Client) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(130):
            sent += 1
            yield b"\xff" * 1_000_000

    answer = client.post(f"{INSPECT}a.jpg", content=pieces(), headers={"Content-Type": "image/jpeg"}, timeout=120)
    assert code(answer) == (413, "too-large")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff\xe0",
        b"GIF89a" + b"\0" * 100,
        b"%PDF-1.7 polyglot",
        b"PK\x03\x04",
        b"<svg/>",
        bytes(range(256)),
    ],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(client: httpx.Client, content: bytes) -> None:
    before = client.get("/api/v1/events?after=0&once=true").text
    answer = client.post(f"{INSPECT}a.jpg", content=content, headers={"Content-Type": "image/jpeg"}, timeout=120)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] in ("bad-photo", "bad-request")
    assert client.get("/api/v1/events?after=0&once=true").text == before


# --- beyond loopback -------------------------------------------------------------------------------------------------


@pytest.fixture
def beyond(tmp_path: Path, serve: Serve) -> Iterator[tuple[httpx.Client, Any]]:
    """A station that other machines reach by its name, over TLS that ends before it here."""
    pem = tmp_path / "station.pem"
    settings = {"host": "0.0.0.0", "names": "station.example", "certificate": pem, "certificate_key": pem}
    with serve(tmp_path / "home", **settings) as (address, app):
        headers = {"Host": f"station.example:{address.rpartition(':')[2]}"}
        with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60) as found:
            yield found, app


def test_beyond_loopback_nobody_gets_in_but_by_the_first_run_token(beyond: tuple[httpx.Client, Any]) -> None:
    client, app = beyond
    name = client.headers["host"]
    assert client.get("/api/v1/session").json()["mode"] == "first-run"
    assert client.get("/api/v1/units").status_code == 401
    for host in ("0.0.0.0", "other.example", "station.example.evil.example"):
        assert client.get("/api/v1/units", headers=on_port(client, {"Host": f"{host}:PORT"})).status_code == 421
    token = app.state.station.accounts.first_run_token()
    new = {"name": "A. Keller", "password": "four plain words together"}
    assert client.post("/api/v1/accounts/first", json={**new, "token": "guessed"}).status_code == 409
    assert client.post("/api/v1/accounts/first", json={**new, "token": token}).status_code == 201
    assert client.post("/api/v1/accounts/first", json={**new, "token": token}).status_code == 409
    signed = client.post("/api/v1/session", json=new, headers={"Origin": f"https://{name}"})
    assert signed.status_code == 201
    cookie = signed.headers["set-cookie"]
    assert "Secure" in cookie
    assert client.get("/api/v1/units", headers={"Cookie": cookie.partition(";")[0]}).status_code == 200
    assert client.post("/api/v1/session", json=new, headers={"Origin": f"http://{name}"}).status_code == 403


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"host": "192.0.2.7"}, "is no loopback address"),
        ({"host": "0.0.0.0", "plain_http": True}, "says not under which name"),
        ({"certificate": "cert.pem"}, "belong together"),
    ],
)
def test_an_address_is_served_only_with_what_it_takes(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    with pytest.raises(RequestError, match=why):
        create_app(Settings(home=tmp_path, **given))
