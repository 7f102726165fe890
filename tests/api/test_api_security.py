"""Who may speak to the station: its own address, its own pages, small JSON requests."""

from __future__ import annotations

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
BODY = {"decision": "accept", "reviewer": "M. Weber"}


@pytest.fixture(scope="module")
def client(
    unchanged_home: Path, tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]
) -> Iterator[httpx.Client]:
    home = shutil.copytree(unchanged_home, tmp_path_factory.mktemp("security") / "home")
    with serve(home) as (address, _app), httpx.Client(base_url=address, trust_env=False) as found:
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
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_the_page_holds_no_inline_script_or_style(client: httpx.Client) -> None:
    page = client.get("/").text
    assert "style=" not in page
    assert "<style" not in page
    assert re.search(r"<[^>]*\son[a-z]+=", page) is None
    assert page.count("<script") == 1
    assert "//" not in page.replace("<!doctype html>", "")


def test_an_address_beyond_loopback_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"0\.0\.0\.0 is no loopback address"):
        create_app(Settings(home=tmp_path, host="0.0.0.0"))
