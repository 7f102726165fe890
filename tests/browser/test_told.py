"""What goes wrong is told for what it is, with what to do: links to nothing, a take-over, faults of the page's own, a
browser that keeps nothing, reviews that entered values overtook."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from patience import GONE, refused, unexcused, until
from playwright.sync_api import Page, Route, expect
from shown_lot import CLEAN

if TYPE_CHECKING:
    from conftest import Bench

API = "/api/v1"
FORBIDDEN = """
  const denied = () => new DOMException("The document is not allowed to keep anything", "SecurityError");
  Object.defineProperty(window, "localStorage", { get() { throw denied(); } });
  if (window.LockManager) LockManager.prototype.request = () => Promise.reject(denied());
"""


# --- reviews that do not hold any more -------------------------------------------------------------------------------


def test_an_acceptance_that_entered_values_overtook_waits_again(bench: Bench) -> None:
    page = bench.open()
    page.locator("#queue button", has_text="unit-2").click()
    bench.ready(2)
    page.keyboard.press("a")
    bench.said("unit-2 accepted")
    expect(page.locator("#settled b")).to_have_text(["unit-2"])
    value = {
        "unit": "unit-2", "name": "width", "value": 32.0, "u": 0.01, "instrument": "C-1",
        "calibrated_on": "2026-11-01", "golden": "GS-1", "lot": "L/1",
    }  # fmt: skip
    body = {"values": [value], "by": "M. Weber"}
    assert httpx.post(f"{bench.address}{API}/entered", json=body, trust_env=False, timeout=60).status_code == 201
    row = page.locator("#queue li", has=page.locator("b", has_text="unit-2"))
    for again in (False, True):
        if again:
            page.reload()
        expect(row.locator(".word")).to_have_text("nonconforms")
        expect(page.locator("#settled b")).to_have_count(0)
        row.get_by_role("button").click()
        bench.ready(2)
        expect(page.locator("#between")).to_contain_text("M. Weber accepted it before values were entered")
        expect(page.locator(".history li")).to_have_class("past")
        expect(page.locator(".history li")).to_contain_text("overtaken by values entered since")
    expect(page.locator("#undo")).to_be_disabled()
    page.keyboard.press("7")
    page.keyboard.press("r")
    expect(page.locator("#settled b")).to_have_text(["unit-2"])
    bench.said("unit-2 rejected")
    page.locator("#settled button").click()
    bench.ready(2)
    expect(page.locator(".history li")).to_have_count(2)
    expect(page.locator("#between")).to_be_empty()
    assert [r["decision"] for r in bench.reviews(2)] == ["accept", "reject"]
    assert bench.complaints == []


# --- links to what is not here ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "status"), [("999", 404), ("none", 422)])
def test_a_link_to_no_unit_says_so_and_the_queue_is_there(bench: Bench, unit: str, status: int) -> None:
    page = bench.page
    page.goto(f"{bench.address}/#unit={unit}")
    expect(page.locator("#alerts")).to_contain_text(f"There is no unit {unit} here")
    expect(page.locator("#alerts")).to_contain_text("Choose a unit at the left.")
    bench.ready(4)
    expect(page.locator("#queue b")).to_have_text(["unit-4", "unit-2", "unit-1"])
    page.goto(f"{bench.address}/#unit=2")  # the page stays, its address changes
    bench.ready(2)
    assert unexcused(bench.complaints, [refused(status, f"units/{unit}")]) == []


@pytest.fixture(scope="module")
def lots(unchanged_lot_home: Path, serve: Callable[..., Any]) -> Iterator[str]:
    """Of a station with a lot, an order and a golden sample, which the tests here leave as they are."""
    with serve(unchanged_lot_home) as (address, _app):
        yield address


@pytest.mark.parametrize(
    ("link", "told", "shown"),
    [
        ("lots?lot=L-NONE", "There is no lot L-NONE here", "Lot "),
        ("orders?order=PO-NONE", "There is no order PO-NONE here", "Order "),
        ("orders?nc=NC-NONE", "There is no nonconformity NC-NONE here", "Order "),
        ("orders?draft=L-NONE", "There is no lot L-NONE here", "Order "),
        ("golden?golden=GS-NONE", "There is no golden sample GS-NONE here", "Golden sample GS-7"),
        ("golden?golden=GS-7&version=9", "Golden sample GS-7 has no version 9 here", "Golden sample GS-7"),
        ("golden?new=GS-NONE", "There is no golden sample GS-NONE here", "Golden sample GS-7"),
        ("streams?stream=none", "There is no stream none here", "Open a stream"),
        ("light?rig=none", "There is no bench none here", "Register a bench"),
    ],
)  # fmt: skip
def test_a_link_to_nothing_says_so_once_and_what_is_there_is_shown(
    watch: Callable[..., AbstractContextManager[Page]], lots: str, link: str, told: str, shown: str
) -> None:
    with watch(60_000) as page:
        page.goto(f"{lots}/{link}")
        expect(page.locator("#alerts li")).to_have_count(1)
        expect(page.locator("#alerts li")).to_contain_text(told)
        expect(page.locator("main h2", has_text=shown).first).to_be_visible()
        page.reload()
        expect(page.locator("main h2", has_text=shown).first).to_be_visible()
        expect(page.locator("#alerts li")).to_have_count(0)


# --- a take-over -----------------------------------------------------------------------------------------------------


def test_a_take_over_asks_for_the_name_and_tells_what_stands_against_it(bench: Bench) -> None:
    page = bench.open(reviewer="")
    claim = {"reviewer": "Wang", "window": "window-of-wang"}
    assert httpx.put(f"{bench.address}{API}/units/4/claim", json=claim, trust_env=False, timeout=60).status_code == 200
    take = page.get_by_role("button", name="Take it over")
    take.click()
    expect(page.locator("#reviewer")).to_be_focused()
    bench.said("Say who decides: enter your name at the top")
    page.keyboard.type("M. Weber")
    page.keyboard.press("Enter")
    answers: list[Callable[[Route], None]] = [
        lambda route: route.abort(),
        lambda route: route.fulfill(
            status=403, json={"error": {"code": "not-allowed", "message": "you may not review", "do": "Ask for it."}}
        ),
    ]
    for answer, told in zip(answers, ("The station does not answer.", "you may not review. Ask for it."), strict=True):
        page.route("**/units/4/claim", answer)
        take.click()
        expect(page.locator("#alerts")).to_contain_text(told)
        page.unroute("**/units/4/claim")
    take.click()
    expect(page.locator("#between")).to_be_empty()
    found = httpx.get(f"{bench.address}{API}/claims", trust_env=False, timeout=60).json()
    assert [(c["unit_id"], c["reviewer"]) for c in found] == [(4, "M. Weber")]
    provoked = [r"net::ERR_FAILED .*/units/4/claim\]$", refused(403, "units/4/claim")]
    assert unexcused(bench.complaints, provoked) == []


# --- faults of the page's own ----------------------------------------------------------------------------------------


def test_a_fault_of_the_page_is_not_told_as_a_station_that_is_away(bench: Bench) -> None:
    page = bench.open()
    unknown = {"id": 1, "at": "2026-05-10T12:00:00Z", "reason": 5, "named": None}  # on which the page stumbles
    page.route(
        "**/units/4/reviews",
        lambda r: r.fulfill(status=201, json=unknown) if r.request.method == "POST" else r.continue_(),
    )
    page.keyboard.press("r")
    expect(page.locator("#alerts")).to_contain_text("This page has a fault of its own: ")
    expect(page.locator("#alerts")).to_contain_text("Load it anew; what is recorded stays recorded.")
    expect(page.locator("#link")).to_have_text("")
    bench.ready(2)
    page.keyboard.press("r")  # what comes after it is sent all the same
    bench.said("unit-2 rejected")
    assert len(bench.reviews(2)) == 1
    assert len(bench.complaints) == 1
    assert "is not a function" in bench.complaints[0]


def test_what_no_request_can_carry_is_a_fault_and_no_silence(bench: Bench) -> None:
    bench.page.goto(f"{bench.address}/help")
    told = bench.page.evaluate(
        """async () => { const { api, Unreachable } = await import("/static/api.js");
          return api.sign("GS-1", {}, "４", "key").catch((error) => [error.name, error instanceof Unreachable]); }"""
    )
    assert told == ["TypeError", False]


# --- a browser that keeps nothing, or what nobody can read -----------------------------------------------------------


def test_a_kept_decision_that_cannot_be_read_hides_no_other(bench: Bench) -> None:
    order = "000000000000001" + "k" * 32
    kept = {
        "unit_id": 4, "unit": "unit-4", "decision": "reject", "reason": "enamel defect", "reviewer": "M. Weber",
        "supersedes": 0, "key": "k" * 32, "window": "w" * 32, "order": order,
    }  # fmt: skip
    page = bench.page
    page.goto(f"{bench.address}/help")
    page.evaluate(
        "([key, item]) => { localStorage.setItem(key, item); localStorage.setItem('station.decision.1', '{\"unit_'); }",
        [f"station.decision.{order}", json.dumps(kept)],
    )
    page.goto(bench.address)
    until(page, lambda: bench.reviews(4), "the one that can be read is recorded")
    expect(page.locator("#kept")).to_contain_text("1 decision that this browser kept cannot be read and is not sent")
    assert page.evaluate("localStorage.getItem('station.decision.1')") == '{"unit_'
    page.wait_for_function(f"() => localStorage.getItem('station.decision.{order}') === null")
    assert bench.complaints == []


def test_units_are_decided_and_tallied_in_a_browser_that_keeps_nothing(bench: Bench) -> None:
    page = bench.page
    page.add_init_script(FORBIDDEN)
    bench.open()
    page.locator("#lot-size").fill("50")
    page.locator("#lot-size").press("Enter")
    expect(page.locator(".classes li").nth(1)).to_contain_text("1 nonconforming, 2 undecided")
    page.locator("#unit-name").click()
    page.keyboard.press("r")
    bench.said("unit-4 rejected")
    expect(page.locator(".classes li").nth(1)).to_contain_text("2 nonconforming, 1 undecided")
    assert len(bench.reviews(4)) == 1
    theirs = {"decision": "reject", "reviewer": "Wang", "reason": "enamel defect"}
    assert (
        httpx.post(f"{bench.address}{API}/units/1/reviews", json=theirs, trust_env=False, timeout=60).status_code == 201
    )
    expect(page.locator("#settled b")).to_have_text(["unit-1", "unit-4"])  # the page hears of it
    bench.stop()
    page.keyboard.press("r")
    expect(page.locator("#link")).to_contain_text("1 decision kept here")
    bench.start()
    bench.said("unit-2 rejected")
    assert unexcused(bench.complaints, [GONE]) == []


def test_a_command_is_marked_where_the_browser_copies_nothing(
    watch: Callable[..., AbstractContextManager[Page]], lots: str
) -> None:
    with watch(60_000) as page:
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # plain HTTP
        page.goto(f"{lots}/lots?lot={CLEAN.replace('/', '%2F')}")
        command = page.locator("#documents-body .command")
        command.get_by_role("button").click()
        expect(command.get_by_role("status")).to_have_text("marked: Ctrl+C copies it")
        assert page.evaluate("getSelection().toString()") == command.locator("code").inner_text()


def test_every_page_works_in_a_browser_that_keeps_nothing(
    watch: Callable[..., AbstractContextManager[Page]], lots: str
) -> None:
    with watch(60_000) as page:
        page.add_init_script(FORBIDDEN)
        page.goto(f"{lots}/lots?lot={CLEAN.replace('/', '%2F')}")
        size = page.locator("#tally-body input")
        size.fill("50")
        size.press("Enter")
        expect(page.locator("#tally-body > p").first).to_contain_text("a lot of 50")
        for room, there in (("orders", "#gate h3"), ("bench", "#golden option"), ("streams", ".stream-form")):
            page.goto(f"{lots}/{room}")
            page.locator(there).first.wait_for(state="attached")
        page.goto(f"{lots}/golden?new")
        expect(page.locator(".lint > p")).to_be_visible()
        page.get_by_label("Control sheet (TOML)").fill("# not sealed")
        expect(page.locator(".sheet-editor .kept")).to_contain_text("copy the sheet before you leave the page")
        expect(page.locator("#alerts li")).to_have_count(0)
        page.goto(f"{lots}/help")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
