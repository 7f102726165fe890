"""Clients of a real server: one that all tests of a file share and only read from, and one for a test of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest


@pytest.fixture(scope="module")
def reader(unchanged_home: Path, serve: Callable[..., Any]) -> Iterator[httpx.Client]:
    """Speaks to a station that all tests here share; they add nothing to it."""
    with serve(unchanged_home) as (address, _app), httpx.Client(base_url=address, trust_env=False, timeout=60) as found:
        yield found


@pytest.fixture
def server(review_home: Path, serve: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    with serve(review_home) as found:
        yield found


@pytest.fixture
def client(server: tuple[str, Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server[0], trust_env=False, timeout=60) as found:
        yield found
