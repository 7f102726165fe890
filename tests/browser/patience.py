"""What the tests of the pages wait for, and which of a browser's complaints they provoke themselves."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, Route

PATIENCE_MS = 60_000
"""How long the state of a page is waited for that comes at once on a quiet machine; the one of a run is busy."""
GONE = r"net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING) \["
"""What Chromium says of requests to a station that was stopped: refused, or cut while they ran."""


def complaining(page: Page) -> list[str]:
    """What a page complains of from now on: faults of its scripts, and what the console has as error or warning, each
    with the address that it is about."""
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.text} [{message.location['url']}]")

    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", said)
    return complaints


def refused(status: int, path: str) -> str:
    """What Chromium says of a request that the station refuses: an expression for it. path : as it ends, another."""
    return rf"Failed to load resource: the server responded with a status of {status} .*/api/v1/{path}\]$"


def unexcused(complaints: Iterable[str], excuses: Iterable[str]) -> list[str]:
    """The complaints that none of the expressions is found in."""
    known = [re.compile(e) for e in excuses]
    return [c for c in complaints if not any(k.search(c) for k in known)]


def until(page: Page, met: Callable[[], object], what: str, *, timeout_s: float = 60.0) -> None:
    """Let the page run until something holds that a test itself sees. Raises AssertionError with ``what`` after too
    long."""
    end = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < end, f"{what}: not within {timeout_s:.0f} s"
        page.wait_for_timeout(20)


def sent_once(page: Page, address: str, press: Callable[[], None]) -> None:
    """Press twice, and see that what is sent to an address (a glob) while the first answer is awaited is sent once."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    page.route(address, hold)
    for _ in range(2):
        press()
    until(page, lambda: held, "it is sent")
    page.wait_for_timeout(500)
    assert len(held) == 1
    held[0].continue_()
    page.unroute(address, hold)


def reach(page: Page, wanted: Locator, most: int = 200) -> None:
    """Go on with the Tab key until something has the focus. Raises AssertionError after ``most`` presses."""
    wanted.wait_for(state="attached")
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("(node) => node === document.activeElement"):
            return
    raise AssertionError(f"{most} Tabs do not reach {wanted}")


class Traffic:
    """Requests of a page to the API, but for the stream of events, which stays open."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open: set[Request] = set()
        self._changed = time.monotonic()
        page.on("request", self._begun)
        for name in ("requestfinished", "requestfailed"):
            page.on(name, self._ended)

    def _begun(self, request: Request) -> None:
        if "/api/v1/" in request.url and not request.url.endswith("/events"):
            self._open.add(request)
            self._changed = time.monotonic()

    def _ended(self, request: Request) -> None:
        if request in self._open:
            self._open.remove(request)
            self._changed = time.monotonic()

    def rest(self, silence_s: float) -> None:
        """Wait until nothing is asked for and nothing was for so long."""
        until(
            self._page,
            lambda: not self._open and time.monotonic() - self._changed > silence_s,
            f"a silence of {silence_s} s",
        )
