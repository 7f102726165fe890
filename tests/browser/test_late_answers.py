"""Answers that come late to the review page, after another one told something newer, in Chromium: they hide nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
from patience import until
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

if TYPE_CHECKING:
    from conftest import Bench

COLUMNS = "**/api/v1/queue/columns*"
ANEW = "document.dispatchEvent(new Event('visibilitychange'))"
"""The page fetches its lists and the claims anew."""


def opened(bench: Bench) -> Page:
    """The page with the first unit, which has asked for all that it asks for by itself."""
    page = bench.open()
    bench.traffic.rest(2.0)
    page.locator("#unit-name").click()
    return page


def said(bench: Bench, method: str, path: str, **body: Any) -> None:
    """Wang says something at another desk."""
    address = f"{bench.address}/api/v1/units/{path}"
    assert httpx.request(method, address, json={"reviewer": "Wang", **body}, trust_env=False, timeout=60).is_success


def held(page: Page, address: str, most: int = 1) -> list[tuple[Route, APIResponse]]:
    """The first requests to an address (a glob) with what the station answers them now; the page has to wait for it."""
    found: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if len(found) < most:
            found.append((route, route.fetch()))
        else:
            route.continue_()

    page.route(address, hold)
    return found


def late(route: Route, answer: APIResponse) -> None:
    """Answer with a list in which the units bear other names, so that it is seen when the page has it."""
    columns = answer.json()
    route.fulfill(json={**columns, "units": [f"{name}, late" for name in columns["units"]]})


def row(page: Page, unit: str) -> Locator:
    return page.locator("#queue li", has=page.locator("b", has_text=unit))


def pressed(page: Page, keys: str) -> None:
    """Press each once what came before it is no longer guarded."""
    for key in keys:
        page.wait_for_timeout(200)
        page.keyboard.press(key)


def let_go(page: Page, address: str, waiting: list[tuple[Route, APIResponse]]) -> None:
    """Give the page what was held for it."""
    for route, answer in waiting:
        with page.expect_response(address):
            route.fulfill(response=answer)
    page.wait_for_timeout(300)


def test_lists_from_before_a_decision_take_it_back_from_nobody(bench: Bench) -> None:
    page = opened(bench)
    lists = held(page, COLUMNS, most=2)
    page.evaluate(ANEW)
    until(page, lambda: len(lists) == 2, "both lists are asked for")
    page.keyboard.press("r")
    bench.said("unit-4 rejected")
    expect(page.locator("#settled b")).to_have_text(["unit-4"])
    for waiting in lists:
        late(*waiting)
    expect(page.locator("#queue b")).to_have_text(["unit-2, late", "unit-1, late"])
    expect(page.locator("#settled b")).to_have_text(["unit-4, late"])
    assert [r["decision"] for r in bench.reviews(4)] == ["reject"]
    assert bench.complaints == []


def test_claims_from_before_another_one_hide_it_not(bench: Bench) -> None:
    page = opened(bench)
    page.route(COLUMNS, lambda route: late(route, route.fetch()))
    claims = held(page, "**/api/v1/claims")
    page.evaluate(ANEW)
    until(page, lambda: claims, "the claims are asked for")
    said(bench, "PUT", "1/claim", window="window-of-wang")
    looking = row(page, "unit-1").locator(".looking")
    expect(looking).to_have_text("Wang looks at it")
    for route, answer in claims:
        route.fulfill(response=answer)
    expect(page.locator("#queue b")).to_have_text(["unit-4, late", "unit-2, late", "unit-1, late"])
    expect(looking).to_have_text("Wang looks at it")
    assert bench.complaints == []


def test_what_a_unit_was_before_it_was_decided_again_does_not_come_back(bench: Bench) -> None:
    page = opened(bench)
    units = held(page, "**/api/v1/units/2")
    said(bench, "POST", "2/reviews", decision="accept", reason="dust")
    until(page, lambda: units, "the unit is asked for")
    said(bench, "POST", "2/reviews", decision="reject", reason="dust", reviewer="K. Lang")
    word = row(page, "unit-2").locator(".word")
    expect(word).to_have_text("⇄ reviewers disagree")
    let_go(page, "**/api/v1/units/2", units)
    expect(word).to_have_text("⇄ reviewers disagree")
    expect(page.locator("#settled b")).to_have_count(0)
    assert bench.complaints == []


def test_reviews_of_the_unit_that_is_shown_do_not_become_fewer(bench: Bench) -> None:
    page = opened(bench)
    reviews = held(page, "**/api/v1/units/4/reviews")
    history = page.locator(".history li")
    for n, decision in enumerate(("accept", "undo"), 1):
        said(bench, "POST", "4/reviews", decision=decision, reason="dust", take_over=True)
        if n == 1:
            until(page, lambda: reviews, "its reviews are asked for")
    expect(history).to_have_count(2)
    let_go(page, "**/api/v1/units/4/reviews", reviews)
    expect(history).to_have_count(2)
    assert bench.complaints == []


def test_answers_about_findings_do_not_become_fewer(bench: Bench) -> None:
    page = opened(bench)
    page.locator("#queue button", has_text="unit-1").click()
    bench.ready(1)
    answers = held(page, "**/units/1/findings")
    pressed(page, "fx")
    bench.said("unit-1 finding 1 refused")
    until(page, lambda: answers, "the answers are asked for")
    pressed(page, "c")
    bench.said("unit-1 finding 3 confirmed")
    confirmed = page.locator(".finding", has_text="✓ confirmed")
    expect(confirmed).to_have_count(1)
    let_go(page, "**/units/1/findings", answers)
    expect(confirmed).to_have_count(1)
    assert bench.complaints == []


def test_what_is_told_of_a_number_does_not_take_the_place_of_another(bench: Bench) -> None:
    page = opened(bench)
    page.locator("#queue button", has_text="unit-1").click()
    bench.ready(1)
    sources = held(page, "**/units/1/sources", most=2)
    numbers = page.locator(".bar-button")
    expect(numbers).not_to_have_count(1)
    titles = []
    for n in (0, 1):
        numbers.nth(n).click()
        until(page, lambda n=n: len(sources) > n, "the records behind it are asked for")  # type: ignore[misc]
        titles.append(page.locator("#why-title").inner_text())
        if n == 0:
            page.keyboard.press("Escape")
    assert titles[0] != titles[1]
    for waiting in reversed(sources):
        let_go(page, "**/units/1/sources", [waiting])
        expect(page.locator("#why pre")).to_be_visible()
        expect(page.locator("#why-title")).to_have_text(titles[1])
    assert bench.complaints == []


def test_a_record_from_before_values_were_entered_is_not_shown(bench: Bench) -> None:
    page = opened(bench)
    records = held(page, "**/units/1/document")
    page.locator("#queue button", has_text="unit-1").click()
    until(page, lambda: records, "the record is asked for")
    with page.expect_response("**/units/1/document"):  # once more
        page.evaluate("new BroadcastChannel('station.events').postMessage({ name: 'values-entered', data: {} })")
    ((route, answer),) = records
    with page.expect_response("**/units/1/document"):
        route.fulfill(json={**answer.json(), "program": "an earlier program"})
    bench.ready(1)
    expect(page.locator("#facts .source")).to_contain_text("Inspected")
    expect(page.locator("#facts .source")).not_to_contain_text("an earlier program")
    assert bench.complaints == []
