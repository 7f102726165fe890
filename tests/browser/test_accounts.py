"""A station with accounts in a real browser: signing in, the name, the PIN, signing out, and a quiet policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from patience import complaining, refused, unexcused, until
from playwright.sync_api import Browser, Page, Route, expect

from station.service import Station
from station.settings import Settings

PASSWORD = "four plain words together"
PIN = "402817"


@pytest.fixture
def page(browser: Browser, review_home: Path, serve: Callable[..., Any], excused: list[str]) -> Iterator[Page]:
    with Station(Settings(home=review_home)) as station:
        station.accounts.add("A. Keller", "administrator", PASSWORD)
        station.accounts.add("M. Weber", "approver", PASSWORD, pin=PIN)
    with serve(review_home) as (address, _app):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        found = context.new_page()
        found.set_default_timeout(60_000)
        complaints = complaining(found)
        found.goto(address)
        yield found
        context.close()
    assert unexcused(complaints, excused) == []


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.locator("#name").fill("M. Weber")
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")


def test_one_signs_in_decides_with_the_pin_and_signs_out(page: Page, excused: list[str]) -> None:
    excused += [refused(401, "session"), r"net::ERR_FAILED .*/api/v1/session\]$"]
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
    page.wait_for_timeout(200)  # keys are silent for a moment after a unit has come
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("unit-4 accepted")
    expect(major).to_contain_text("1 nonconforming, 1 undecided")
    page.get_by_role("button", name="Record the decision").click()
    page.get_by_label("PIN").fill("４０２８１７")  # as a Chinese keyboard writes it
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#said")).to_contain_text("lot L/1 rejected")
    page.route("**/session", lambda r: r.abort() if r.request.method == "DELETE" else r.continue_())
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#alerts")).to_have_text("The station does not answer. Try again when it does.Dismiss")
    page.unroute("**/session")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto(page.url.replace("sign-in", ""))
    page.wait_for_url("**/sign-in")


def test_nothing_is_refused_to_who_signs_out_and_their_unit_is_free(page: Page) -> None:
    """What was asked before is answered first, nothing is asked after, and the claim of what was looked at ends."""
    page.wait_for_url("**/sign-in")
    sign_in(page)
    expect(page.locator("#stage")).to_have_attribute("data-unit", "4")
    address = page.url.rstrip("/")
    until(page, lambda: page.request.get(f"{address}/api/v1/claims").json() != [], "the unit is claimed")
    held: list[Route] = []
    page.route("**/tally?size=50", lambda route: held.append(route))
    page.get_by_label("Units in the lot").fill("50")
    page.get_by_label("Units in the lot").press("Enter")
    until(page, lambda: held, "the tally is asked for")
    ended = []
    page.on("request", lambda r: ended.append(r.method) if r.url.endswith("/session") else None)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_timeout(500)
    assert ended == []
    held[0].continue_()
    page.wait_for_url("**/sign-in")
    assert ended[0] == "DELETE"  # the page to sign in asks who is there
    signed_in = page.request.post(f"{address}/api/v1/session", data={"name": "A. Keller", "password": PASSWORD})
    assert signed_in.status == 201
    assert page.request.get(f"{address}/api/v1/claims").json() == []


def test_the_sign_in_speaks_both_languages_and_fits_a_narrow_screen(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.get_by_label("語言").select_option("繁體中文")
    expect(page.get_by_text("密碼")).to_be_visible()
    expect(page.get_by_role("button", name="登入")).to_be_visible()
    page.wait_for_load_state()  # its style sheets, too
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=tmp_path / "sign-in.png")


def test_a_decision_that_waits_is_sent_under_nobody_elses_name(page: Page, excused: list[str]) -> None:
    excused += [refused(503, "units/4/reviews"), refused(403, r"units/\d+/claim")]

    def as_(name: str) -> None:
        page.goto(
            "about:blank"
        )  # what the page of the one before still asks is refused then, and leads it to the sign-in
        answer = page.request.post(f"{address}/api/v1/session", data={"name": name, "password": PASSWORD})
        assert answer.status == 201
        page.goto(f"{address}/")

    kept = "() => Object.keys(localStorage).filter((key) => key.startsWith('station.decision.')).length"
    page.wait_for_url("**/sign-in")
    address = page.url.removesuffix("/sign-in")
    as_("M. Weber")
    expect(page.locator("#stage")).to_have_attribute("data-unit", "4")
    gone = {"error": {"message": "gone"}}
    page.route(
        "**/reviews",
        lambda route: route.fulfill(status=503, json=gone) if route.request.method == "POST" else route.continue_(),
    )
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
    assert page.request.get(f"{address}/api/v1/units/4/reviews").json() == []
    as_("M. Weber")
    page.wait_for_function(f"() => ({kept})() === 0")
    expect(said).to_have_count(0)
    found = page.request.get(f"{address}/api/v1/units/4/reviews").json()
    assert [(r["decision"], r["reviewer"]) for r in found] == [("accept", "M. Weber")]
