"""A station that is run as users run it, under connections that nobody sends anything on."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from held_port import held_port

from station.web.connections import SELDOM_S

HALF = b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SERVE = (
    "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024)); from station.cli import main; main()"
)


@pytest.fixture(scope="module")
def served(unchanged_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of a server that may have 1,024 files open, and its log."""
    log = tmp_path_factory.mktemp("log") / "log"
    command = [sys.executable, "-c", SERVE, "--home", str(unchanged_home), "serve", "--port"]
    with (
        held_port() as port,
        log.open("w") as out,
        subprocess.Popen([*command, str(port)], stdout=out, stderr=out, env=dict(os.environ)) as server,
    ):
        try:
            until = time.monotonic() + 120
            while not healthy(port):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < until
                time.sleep(0.1)
            yield port, log
        finally:
            server.kill()


def healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v1/health", trust_env=False, timeout=20).status_code == 200
    except httpx.TransportError:
        return False


def test_it_answers_beside_more_half_open_connections_than_it_may_have_files(served: tuple[int, Path]) -> None:
    port, log = served
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if hard == resource.RLIM_INFINITY else min(hard, 4096), hard))
    before = log.stat().st_size
    with contextlib.ExitStack() as held:
        for n in range(1100):
            one = held.enter_context(socket.socket())
            one.bind((f"127.0.0.{2 + n % 8}", 0))
            one.connect(("127.0.0.1", port))
            one.sendall(HALF)
        for _ in range(3):
            assert healthy(port)
    assert healthy(port)
    assert log.stat().st_size - before < 10_000


def test_a_head_and_a_body_have_to_come_in_time(served: tuple[int, Path]) -> None:
    port, _ = served
    body = (
        f"POST /api/v1/uploads?name=a.png HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: image/png\r\n"
        "Content-Length: 100000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port)) as head, socket.create_connection(("127.0.0.1", port)) as slow:
        head.sendall(HALF)
        slow.sendall(body.encode())
        began = time.monotonic()
        head.settimeout(30)
        slow.settimeout(30)
        for late in (head, slow):
            with contextlib.suppress(ConnectionResetError):
                assert late.recv(100) == b""
        assert 9 < time.monotonic() - began < 25


def test_a_log_line_is_said_once_in_a_while(served: tuple[int, Path]) -> None:
    port, log = served
    before, began = len(log.read_text()), time.monotonic()
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", port)) as one:
            one.sendall(b"\x16\x03 nothing\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                one.recv(100)
    assert log.read_text()[before:].count("Invalid HTTP request") <= 1 + (time.monotonic() - began) / SELDOM_S
