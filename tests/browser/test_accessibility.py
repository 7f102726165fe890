"""No page has a fault that axe finds, in either language, at the sizes that are promised; contrast is AA. None is
cut or too small to read or to press, and nothing of a Chinese one is English."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from looks import ugly
from patience import complaining, unexcused
from playwright.sync_api import Browser, Page, expect

import sample_data
from station.service import Station
from station.settings import Settings

AXE = Path(__file__).with_name("axe")
PASSWORD = "four plain words together"
NAMES = {"en": "English", "zh-Hant": "繁體中文"}
KEPT = (
    r"unit-\d.*|sky|sun|snow|rock|forest|lake|ring|edelweiss|diameter|width|English|golden-sample-station.*|M\. Weber"
    r"|L-\d|pins|Hongda|MAS|bench-a"
)
"""Names of the tests' own."""
OWN = (
    r"|.*(sky differs by|pit of 0\.60|the golden's product|coefficients were rounded|[Tt]he net finds a).*"
    r"|.*shade of the sun.*"
)
"""What their records say, which no station writes."""


@pytest.fixture
def page(browser: Browser, review_home: Path, serve: Callable[..., Any]) -> Iterator[Page]:
    """A page of a station with accounts, nobody signed in; the content-security policy is never broken on it."""
    with Station(Settings(home=review_home)) as station:
        station.accounts.add("A. Keller", "administrator", PASSWORD)
        station.accounts.add("M. Weber", "approver", PASSWORD, pin="402817")
    with serve(review_home) as (address, _app):
        context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
        found = context.new_page()
        found.set_default_timeout(120_000)
        complaints = complaining(found)
        yield found
        context.close()
    assert unexcused(complaints, [r"status of 404 .*/(help/none|nowhere)\]$"]) == []  # pages that are missing


@pytest.mark.parametrize("language", NAMES)
def test_no_page_has_a_fault_that_axe_finds_and_all_look_well(
    page: Page, language: str, violations: Callable[[Page], list[str]]
) -> None:
    page.goto("/help/sampling")
    page.get_by_label("Language").select_option(NAMES[language])
    expect(page.locator("html")).to_have_attribute("lang", language)
    faults = {}
    for address in ("/help/sampling", "/help", "/help?q=grey+card", "/help/none", "/sign-in"):
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("lang", language)
        if address == "/sign-in":
            expect(page.locator("#form")).to_be_visible()
        faults[address] = violations(page) + ugly(page, kept=KEPT)
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
    faults["review"] = violations(page) + ugly(page, kept=KEPT + OWN)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    faults["keys"] = violations(page) + ugly(page)
    page.goto("/nowhere")
    expect(page.locator("html")).to_have_attribute("lang", language)
    faults["nowhere"] = violations(page) + ugly(page, kept=KEPT)
    assert {where: found for where, found in faults.items() if found} == {}


@pytest.fixture(scope="module")
def rooms(
    unchanged_golden_home: Path, tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]
) -> Iterator[str]:
    """Of a station with a golden sample, a bench that is not calibrated, and a stream under tightened inspection."""
    home = Path(shutil.copytree(unchanged_golden_home, tmp_path_factory.mktemp("rooms") / "home"))
    with Station(Settings(home=home)) as station:
        station.bench.add_rig(Path(sample_data.__file__).parent / "bench" / "rig.toml")
        station.streams.open("pins", sku="MAS", supplier="Hongda", process="", aql={"major": 2.5})
        for lot, found in (("L-1", 9), ("L-2", 9)):
            station.streams.record_lot("pins", lot, size=1200, found={"major": [found]})
    with serve(home) as (found_, _app):
        yield found_


ROOMS = {
    "golden": "#record .gauge",
    "golden?new": ".lint > p",
    "bench": "#golden option",
    "light": "#card-body > p",
    "light?new": "#rig",
    "streams": "#history tbody tr",
    "streams?new": ".stream-form",
}
"""Pages, and what stands on them when they are whole."""


@pytest.mark.parametrize("language", NAMES)
def test_no_room_has_a_fault_that_axe_finds_and_all_look_well(
    quiet_page: Page, rooms: str, language: str, violations: Callable[[Page], list[str]]
) -> None:
    faults = {}
    for room, whole in ROOMS.items():
        quiet_page.goto(f"{rooms}/{room}")
        quiet_page.get_by_label("Language").select_option(NAMES[language])
        expect(quiet_page.locator("html")).to_have_attribute("lang", language)
        quiet_page.locator(whole).first.wait_for(state="attached")
        quiet_page.evaluate("() => document.querySelectorAll('main details').forEach((node) => { node.open = true; })")
        faults[room] = violations(quiet_page) + ugly(quiet_page, kept=KEPT + OWN)
    assert {where: found for where, found in faults.items() if found} == {}


def test_the_copy_of_axe_is_the_one_published_and_has_its_licence() -> None:
    told = re.search(r"sha256 ([0-9a-f]{64})", (AXE / "README.md").read_text(encoding="utf-8"))
    assert told is not None
    assert sha256((AXE / "axe.min.js").read_bytes()).hexdigest() == told[1]
    assert "Mozilla Public License" in (AXE / "LICENSE").read_text(encoding="utf-8")
