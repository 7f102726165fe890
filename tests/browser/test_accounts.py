"""A station with accounts in a real browser: signing in, the name, the PIN, signing out, and a quiet policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from station.service import Station
from station.settings import Settings

PASSWORD = "four plain words together"
PIN = "402817"


@pytest.fixture
def page(browser: Browser, review_home: Path, serve: Callable[..., Any]) -> Iterator[Page]:
    with Station(Settings(home=review_home)) as station:
        station.accounts.add("A. Keller", "administrator", PASSWORD)
        station.accounts.add("M. Weber", "approver", PASSWORD, pin=PIN)
    complaints: list[str] = []
    with serve(review_home) as (address, _app):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        found = context.new_page()
        found.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        found.on("pageerror", lambda error: complaints.append(str(error)))
        found.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        found.goto(address)
        yield found
        context.close()
    expect.set_options(timeout=5_000)
    assert [
        c for c in complaints if not any(status in c for status in ("401", "403", "503"))
    ] == []  # the refusals that a test asks for


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.locator("#name").fill("M. Weber")
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")


def test_one_signs_in_decides_with_the_pin_and_signs_out(page: Page) -> None:
    page.wait_for_url("**/sign-in")
    page.evaluate("() => localStorage.setItem('station.size.L/1', '50')")  # as typed there before
    sign_in(page, "not the password")
    expect(page.locator("#said")).to_contain_text("name or password is wrong")
    sign_in(page)
    expect(page.locator("#reviewer")).to_have_value("M. Weber")
    expect(page.locator("#reviewer")).to_have_js_property("readOnly", True)
    expect(page.locator("#stage")).to_have_attribute("data-unit", "4")
    major = page.locator(".classes li").nth(1)
    expect(major).to_contain_text("1 nonconforming, 2 undecided")
    page.locator("#unit-name").click()
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("unit-4 accepted")
    expect(major).to_contain_text("1 nonconforming, 1 undecided")
    page.get_by_role("button", name="Record the decision").click()
    page.get_by_label("PIN").fill(PIN)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#said")).to_contain_text("lot L/1 rejected")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto(page.url.replace("sign-in", ""))
    page.wait_for_url("**/sign-in")


def test_the_sign_in_speaks_both_languages_and_fits_a_narrow_screen(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.get_by_label("語言").select_option("繁體中文")
    expect(page.get_by_text("密碼")).to_be_visible()
    expect(page.get_by_role("button", name="登入")).to_be_visible()
    page.wait_for_load_state()  # its style sheets, too
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=tmp_path / "sign-in.png")


def test_a_decision_that_waits_is_sent_under_nobody_elses_name(page: Page) -> None:
    def as_(name: str) -> None:
        answer = page.request.post(page.url.split("/sign-in")[0].rstrip("/") + "/api/v1/session",
                                   data={"name": name, "password": PASSWORD})  # fmt: skip
        assert answer.status == 201
        page.goto("/".join(page.url.split("/")[:3]) + "/")

    kept = "() => Object.keys(localStorage).filter((key) => key.startsWith('station.decision.')).length"
    page.wait_for_url("**/sign-in")
    as_("M. Weber")
    expect(page.locator("#stage")).to_have_attribute("data-unit", "4")
    page.route("**/reviews", lambda route: route.fulfill(status=503, json={"error": {"message": "gone"}}))
    page.locator("#unit-name").click()
    page.wait_for_timeout(300)  # keys are silent for a moment after a unit has come
    page.keyboard.press("a")
    page.wait_for_function(kept)
    as_("A. Keller")  # an administrator, who may not review either
    page.unroute("**/reviews")
    said = page.locator("#kept")
    expect(said).to_contain_text("1 decision kept here, waiting for M. Weber.")
    page.wait_for_timeout(1500)
    assert page.evaluate(kept) == 1
    assert page.request.get("/".join(page.url.split("/")[:3]) + "/api/v1/units/4/reviews").json() == []
    as_("M. Weber")
    page.wait_for_function(f"() => ({kept})() === 0")
    expect(said).to_have_count(0)
    found = page.request.get("/".join(page.url.split("/")[:3]) + "/api/v1/units/4/reviews").json()
    assert [(r["decision"], r["reviewer"]) for r in found] == [("accept", "M. Weber")]
