"""One Chromium for the tests of a file, and a page with the server behind it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from held_port import held_port
from looks import ugly
from patience import PATIENCE_MS, Traffic, complaining, unexcused
from playwright.sync_api import Browser, Page, expect, sync_playwright

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.fail("Chromium is missing: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield found
        found.close()


class Bench:
    """A page, the server behind it, and what the browser complained of."""

    def __init__(self, page: Page, serve: Callable[..., Any], home: Path) -> None:
        self.page, self.home, self._serve = page, home, serve
        self._running, self._held = ExitStack(), ExitStack()
        self._port = self._held.enter_context(held_port())  # also while the station is away
        self.address = self.start()
        self.complaints = complaining(page)
        self.traffic = Traffic(page)

    def open(self, reviewer: str = "M. Weber") -> Page:
        self.page.goto(self.address)
        self.ready(4)
        if reviewer:
            self.page.locator("#reviewer").fill(reviewer)
            self.page.locator("#reviewer").press("Enter")
        return self.page

    def ready(self, unit: int) -> None:
        """Wait until the unit's pictures stand on the screen and its keys are no longer guarded."""
        expect(self.page.locator("#stage")).to_have_attribute("data-unit", str(unit))
        self.page.wait_for_timeout(200)

    def fetched(self, unit: int) -> None:
        """Wait until all of a unit was fetched ahead: then it is shown without the station."""
        self.page.wait_for_function(
            """(unit) => ["document", "reviews", "findings"].every((what) => performance.getEntriesByType("resource")
                .some((e) => e.name.endsWith(`/units/${unit}/${what}`) && e.responseEnd > 0))""",
            arg=unit,
        )
        self.traffic.rest(0.3)

    def said(self, text: str) -> None:
        expect(self.page.locator("#said")).to_contain_text(text)

    def reviews(self, unit: int) -> list[dict[str, Any]]:
        return list(httpx.get(f"{self.address}/api/v1/units/{unit}/reviews", trust_env=False, timeout=60).json())

    def answers(self, unit: int, number: int) -> list[dict[str, Any]]:
        found = httpx.get(f"{self.address}/api/v1/units/{unit}/findings", trust_env=False, timeout=60).json()
        return list(found["findings"][number - 1]["answers"])

    def stop(self) -> None:
        self._running.close()

    def start(self) -> str:
        address, _app = self._running.enter_context(self._serve(self.home, self._port))
        return str(address)

    def close(self) -> None:
        self.stop()
        self._held.close()


@pytest.fixture
def bench(browser: Browser, review_home: Path, serve: Callable[..., Any]) -> Iterator[Bench]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    found = Bench(context.new_page(), serve, review_home)
    yield found
    context.close()
    found.close()


@pytest.fixture
def excused() -> list[str]:
    """Expressions of the complaints that a test provokes itself, which adds them; none at the beginning."""
    return []


@pytest.fixture
def quiet_page(watch: Callable[..., AbstractContextManager[Page]], excused: list[str]) -> Iterator[Page]:
    """A page that may complain of nothing but of what a test excuses, and may take its time."""
    with watch(120_000, excused) as page:
        yield page


@pytest.fixture
def watch(browser: Browser) -> Callable[..., AbstractContextManager[Page]]:
    """Opens a page with a patience in ms that may complain of nothing but what one of the expressions is found in."""
    return partial(_watched, browser)


@contextmanager
def _watched(browser: Browser, timeout_ms: int, excused: list[str] | tuple[()] = ()) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", accept_downloads=True)
    found = context.new_page()
    found.set_default_timeout(timeout_ms)
    expect.set_options(timeout=timeout_ms)
    complaints = complaining(found)
    yield found
    context.close()
    expect.set_options(timeout=PATIENCE_MS)
    assert unexcused(complaints, excused) == []


@pytest.fixture
def fits() -> Callable[[Page], bool]:
    """Call it with a page: whether nothing of it is cut, beyond the right edge or too small, at every size."""

    def asked(page: Page) -> bool:
        found = ugly(page, kept="[^]*")
        print(*found, sep="\n")
        return found == []

    return asked


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def violations() -> Callable[[Page], list[str]]:
    """Call it with a page: what axe finds, one line a place."""

    def asked(page: Page) -> list[str]:
        script = (Path(__file__).with_name("axe") / "axe.min.js").read_text(encoding="utf-8")
        ran = page.evaluate(
            f"(rules) => {{ {script}; return axe.run(document, {{ runOnly: rules, resultTypes: ['violations'] }}); }}",
            RULES,
        )
        assert len(ran["passes"]) > 15  # it did look
        return [f"{v['id']}: {n['target']}" for v in ran["violations"] for n in v["nodes"]]

    return asked


@pytest.fixture
def long_queue() -> Callable[[Path, int], None]:
    """Call it with a home and a number: so many flagged units more, each after those of the home."""

    def add(home: Path, units: int) -> None:
        import sqlalchemy as sa

        from station.service.station import open_database
        from station.settings import Settings
        from station.store import tables as t

        db = open_database(Settings(home=home))
        with db.write() as connection:  # past the ledger: thousands of entries of their own would take minutes
            like = dict(connection.execute(sa.select(t.units).where(t.units.c.unit == "unit-2")).one()._mapping)
            file = dict(
                connection.execute(sa.select(t.evidence).where(t.evidence.c.sha256 == like["photo_sha256"]))
                .one()
                ._mapping
            )
            del like["id"]
            names = [f"long-{number:05d}" for number in range(units)]
            connection.execute(sa.insert(t.evidence), [file | {"sha256": f"{n:064x}"} for n in range(units)])
            connection.execute(
                sa.insert(t.units),
                [
                    like | {"unit": name, "ingest_key": name, "photo_sha256": f"{n:064x}", "margin": 1.0 + n / units}
                    for n, name in enumerate(names)
                ],
            )
        db.close()

    return add
