"""No page has a fault that axe finds, in either language, at the sizes that are promised; contrast is AA."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from station.service import Station
from station.settings import Settings

AXE = Path(__file__).with_name("axe")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PASSWORD = "four plain words together"
SIZES = ((1280, 800), (2560, 1440), (820, 1180))
NAMES = {"en": "English", "zh-Hant": "繁體中文"}


@pytest.fixture
def page(browser: Browser, review_home: Path, serve: Callable[..., Any]) -> Iterator[Page]:
    """A page of a station with accounts, nobody signed in; the content-security policy is never broken on it."""
    with Station(Settings(home=review_home)) as station:
        station.accounts.add("A. Keller", "administrator", PASSWORD)
        station.accounts.add("M. Weber", "approver", PASSWORD, pin="402817")
    complaints: list[str] = []
    with serve(review_home) as (address, _app):
        context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
        found = context.new_page()
        found.set_default_timeout(120_000)
        expect.set_options(timeout=120_000)
        found.on("pageerror", lambda error: complaints.append(str(error)))
        found.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        yield found
        context.close()
    expect.set_options(timeout=5_000)
    assert [c for c in complaints if "404" not in c] == []  # the page that is missing, asked for below


def violations(page: Page) -> list[str]:
    """What axe finds, one line a place."""
    script = (AXE / "axe.min.js").read_text(encoding="utf-8")
    ran = page.evaluate(
        f"(rules) => {{ {script}; return axe.run(document, {{ runOnly: rules, resultTypes: ['violations'] }}); }}",
        RULES,
    )
    assert len(ran["passes"]) > 15  # it did look
    return [f"{v['id']}: {n['target']}" for v in ran["violations"] for n in v["nodes"]]


def fits(page: Page) -> bool:
    """Whether nothing stands beyond the right edge, at every size."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            return False
    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    return True


@pytest.mark.parametrize("language", NAMES)
def test_no_page_has_a_fault_that_axe_finds_and_all_fit(page: Page, language: str) -> None:
    page.goto("/help/sampling")
    page.get_by_label("Language").select_option(NAMES[language])
    expect(page.locator("html")).to_have_attribute("lang", language)
    faults = {}
    for address in ("/help/sampling", "/help", "/help?q=grey+card", "/help/none", "/sign-in"):
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("lang", language)
        if address == "/sign-in":
            expect(page.locator("#form")).to_be_visible()
        faults[address] = violations(page)
        assert fits(page), address
    page.locator("#name").fill("M. Weber")
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    expect(page.locator("#stage")).to_have_attribute("data-unit", "4")
    page.locator("#queue button", has_text="unit-1").click()
    expect(page.locator("#stage")).to_have_attribute("data-unit", "1")
    page.locator("#lot-size").fill("50")
    page.locator("#lot-size").press("Enter")
    expect(page.locator(".classes li")).to_have_count(3)
    page.locator("#unit-name").click()
    page.keyboard.press("f")
    expect(page.locator("form.answering")).to_be_visible()
    faults["review"] = violations(page)
    assert fits(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    faults["keys"] = violations(page)
    assert {where: found for where, found in faults.items() if found} == {}


def test_the_copy_of_axe_is_the_one_published_and_has_its_licence() -> None:
    told = re.search(r"sha256 ([0-9a-f]{64})", (AXE / "README.md").read_text(encoding="utf-8"))
    assert told is not None
    assert sha256((AXE / "axe.min.js").read_bytes()).hexdigest() == told[1]
    assert "Mozilla Public License" in (AXE / "LICENSE").read_text(encoding="utf-8")
