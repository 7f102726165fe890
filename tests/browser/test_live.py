"""Several reviewers, windows and moments without a network, in Chromium against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from patience import until
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from station.service.station import open_database
from station.settings import Settings
from station.store import inspections
from station.store.evidence import Evidence
from station.store.rows import File, NewUnit

if TYPE_CHECKING:
    from conftest import Bench

API = "/api/v1"
LISTEN = (
    "{ const line = document.querySelector('#said'); window.told = [];"  # the line says the newest only
    " new MutationObserver(() => told.push(line.textContent)).observe(line, { childList: true, subtree: true }); }"
)
CLAIMED = (
    "(name) => fetch('/api/v1/claims').then((r) => r.json()).then((c) => c.length === 1 && c[0].reviewer === name)"
)
KEPT = "Object.keys(localStorage).filter((k) => k.startsWith('station.decision.')).length"


@pytest.fixture
def others(browser: Browser) -> Iterator[BrowserContext]:
    """Another browser, at another desk."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()


def opened(page: Page, address: str, reviewer: str, unit: int | None = None) -> Page:
    page.add_init_script(f"localStorage.setItem('station.reviewer', {reviewer!r})")
    page.goto(address)
    if unit is not None:
        ready(page, unit)
    return page


def ready(page: Page, unit: int) -> None:
    """Wait until the unit stands on the screen and its keys are no longer guarded."""
    expect(page.locator("#stage")).to_have_attribute("data-unit", str(unit))
    page.wait_for_timeout(200)


def decide(bench: Bench, unit: int, decision: str, reviewer: str, **more: Any) -> httpx.Response:
    body = {"decision": decision, "reviewer": reviewer, "reason": "enamel defect", **more}
    return httpx.post(f"{bench.address}{API}/units/{unit}/reviews", json=body, trust_env=False, timeout=60)


def claims(bench: Bench) -> list[tuple[int, str]]:
    found = httpx.get(f"{bench.address}{API}/claims", trust_env=False, timeout=60).json()
    return [(c["unit_id"], c["reviewer"]) for c in found]


def claimed(bench: Bench, by: list[tuple[int, str]]) -> None:
    """Wait until the station knows who looks at what: a window tells it of itself after it has shown a unit."""
    until(bench.page, lambda: sorted(claims(bench)) == by, f"the claims are {by}")


# --- claims ----------------------------------------------------------------------------------------------------------


def test_what_one_reviewer_looks_at_the_other_passes_over(bench: Bench, others: BrowserContext) -> None:
    weber = opened(bench.page, bench.address, "M. Weber", 4)
    claimed(bench, [(4, "M. Weber")])
    wang = opened(others.new_page(), bench.address, "Wang", 2)  # 4 is worse, and taken
    looks = weber.locator("#queue li", has=weber.locator("b", has_text="unit-2")).locator(".looking")
    expect(looks).to_have_text("Wang looks at it")
    expect(wang.locator("#queue li").first.locator(".looking")).to_have_text("M. Weber looks at it")
    weber.keyboard.press("d")  # the next one by itself is not 2
    ready(weber, 1)
    expect(weber.locator("#queue .looking")).to_have_text(["Wang looks at it"])
    claimed(bench, [(1, "M. Weber"), (2, "Wang")])
    others.close()  # a browser that is closed lets go
    expect(weber.locator("#queue .looking")).to_have_count(0)
    assert bench.complaints == []


def test_a_unit_is_taken_over_before_it_is_decided(bench: Bench, others: BrowserContext) -> None:
    weber = opened(bench.page, bench.address, "M. Weber", 4)
    claimed(bench, [(4, "M. Weber")])
    wang = opened(others.new_page(), bench.address, "Wang", 2)
    wang.keyboard.press("k")
    ready(wang, 4)
    expect(wang.locator("#between")).to_contain_text("M. Weber looks at it since")
    wang.keyboard.press("a")
    expect(wang.locator("#said")).to_contain_text("M. Weber looks at unit-4: take it over first")
    assert bench.reviews(4) == []
    wang.get_by_role("button", name="Take it over").click()
    expect(wang.locator("#between")).not_to_contain_text("looks at it")
    expect(weber.locator("#between")).to_contain_text("Wang looks at it since")
    expect(weber.locator("#unit-name")).to_have_text("unit-4")  # what is shown stays
    wang.keyboard.press("a")
    expect(weber.locator("#between")).to_contain_text("Wang has just accepted it.")
    next_one = weber.locator("#queue li", has=weber.locator("b", has_text="unit-2"))
    expect(next_one.locator(".looking")).to_have_text("Wang looks at it")
    assert [r["reviewer"] for r in bench.reviews(4)] == ["Wang"]
    weber.keyboard.press("r")  # pressed for what was there before
    expect(weber.locator("#said")).to_contain_text("Wang has just decided unit-4: press the key again")
    assert len(bench.reviews(4)) == 1
    weber.keyboard.press("r")
    ready(weber, 1)
    assert [(r["reviewer"], r["disputes"]) for r in bench.reviews(4)] == [("Wang", None), ("M. Weber", 1)]


def test_a_decision_on_a_claimed_unit_is_refused_and_offered_again(bench: Bench) -> None:
    page = bench.page
    page.route("**/api/v1/events", lambda route: route.abort())  # the page does not hear of it in time
    opened(page, bench.address, "M. Weber", 4)
    body = {"reviewer": "Wang", "window": "window-of-wang", "take_over": True}
    assert httpx.put(f"{bench.address}{API}/units/4/claim", json=body, trust_env=False, timeout=60).status_code == 200
    page.keyboard.press("r")
    expect(page.locator("#alerts")).to_contain_text("unit-4 was not rejected: Wang has been looking at unit-4 since")
    assert bench.reviews(4) == []
    page.get_by_role("button", name="Record it all the same").click()
    bench.said("unit-4 rejected")
    expect(page.locator("#alerts li")).to_have_count(0)
    assert [r["reviewer"] for r in bench.reviews(4)] == ["M. Weber"]


def test_a_claim_is_renewed_while_somebody_is_there(bench: Bench) -> None:
    page = opened(bench.page, bench.address, "M. Weber", 4)
    page.wait_for_function(CLAIMED, arg="M. Weber")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if request.url.endswith("/claim") else None)
    page.mouse.move(600, 300)
    page.evaluate("{ const now = performance.now.bind(performance); performance.now = () => now() + 31000; }")
    page.wait_for_timeout(300)
    assert asked == []  # nobody was there
    with page.expect_request("**/units/4/claim"):
        page.mouse.move(620, 320)
    page.mouse.move(640, 320)
    page.wait_for_timeout(300)
    assert asked == ["PUT"]
    assert claims(bench) == [(4, "M. Weber")]


def test_a_claim_follows_the_name_at_the_top(bench: Bench) -> None:
    page = opened(bench.page, bench.address, "M. Weber", 4)
    expect(page.locator("#waiting")).to_have_text("3")
    page.wait_for_function(CLAIMED, arg="M. Weber")
    page.locator("#reviewer").fill("A. Keller")
    page.locator("#reviewer").press("Enter")
    page.wait_for_function(CLAIMED, arg="A. Keller")
    expect(page.locator("#between")).not_to_contain_text("looks at it")
    page.locator("#unit-name").click()
    page.keyboard.press("r")
    bench.said("unit-4 rejected")
    assert [r["reviewer"] for r in bench.reviews(4)] == ["A. Keller"]


def test_a_unit_that_another_lets_go_comes_to_who_has_none(bench: Bench) -> None:
    address = f"{bench.address}{API}/units"
    for unit in (1, 2):
        body = {"reviewer": "Wang", "window": f"window-of-wang-{unit}"}
        assert httpx.put(f"{address}/{unit}/claim", json=body, trust_env=False, timeout=60).status_code == 200
    page = opened(bench.page, bench.address, "M. Weber", 4)
    page.keyboard.press("r")
    expect(page.locator("#empty")).to_contain_text("2 units wait for another reviewer, or one looks at them.")
    assert httpx.delete(f"{address}/1/claim?window=window-of-wang-1", trust_env=False, timeout=60).is_success
    ready(page, 1)


# --- what appears by itself ------------------------------------------------------------------------------------------


def test_new_units_and_others_decisions_appear_and_nothing_moves(bench: Bench) -> None:
    bench.page.set_viewport_size({"width": 1280, "height": 420})  # the queue has to scroll
    page = opened(bench.page, bench.address, "M. Weber", 4)
    for number in range(5, 25):
        inspected(bench.home, number, margin=0.2 + number / 100)
    waiting = page.locator("#waiting")
    expect(waiting).to_have_text("23")
    page.keyboard.press("k")
    queue = page.locator("#lists")
    queue.evaluate("(list) => { list.scrollTop = 300; }")

    def place() -> float:
        box = page.locator("#queue b", has_text="unit-12").bounding_box()
        assert box is not None
        return box["y"]

    before = place()
    inspected(bench.home, 25, margin=-5.0)  # worse than all of them: it goes above what is seen
    expect(waiting).to_have_text("24")
    assert place() == pytest.approx(before, abs=1)
    assert decide(bench, 2, "reject", "Wang").status_code == 201
    expect(page.locator("#settled-count")).to_have_text("1")
    assert place() == pytest.approx(before, abs=1)
    expect(page.locator("#unit-name")).to_have_text("unit-4")
    expect(page.locator("#lot option[value='L/1']")).to_have_text("L/1 (23)")
    assert bench.complaints == []


def inspected(home: Path, number: int, margin: float) -> None:
    """Another process records a unit."""
    db = open_database(Settings(home=home))
    like = inspections.unit(db, 2)
    data = f"picture {number}".encode()
    media = File(Evidence(home / "evidence").put(data), len(data), "image/jpeg")
    inspections.add_unit(
        db,
        NewUnit(
            ingest_key=f"key {number}", unit=f"unit-{number}", photo=f"unit-{number}.jpg", photo_file=media,
            frame_file=None, annotated_file=None, golden_id=1, lot="L/1", verdict=like.verdict, margin=margin,
            document=like.document, digest=like.digest, inspected_at=like.inspected_at,
        ),
    )  # fmt: skip
    db.close()


def test_the_windows_of_a_browser_share_one_stream_of_events(bench: Bench) -> None:
    streams: list[Page] = []

    def note(request: Any) -> None:
        if request.url.endswith("/events"):
            streams.append(request.frame.page)

    first, context = bench.page, bench.page.context
    context.on("request", note)
    opened(first, bench.address, "M. Weber", 4)
    until(first, lambda: streams, "it listens")
    second = opened(context.new_page(), bench.address, "M. Weber", 4)
    assert streams == [first]
    assert decide(bench, 2, "reject", "Wang").status_code == 201
    for page in (first, second):
        expect(page.locator("#settled b")).to_have_text(["unit-2"])
    first.close()
    assert decide(bench, 1, "reject", "Wang").status_code == 201  # while nobody listens, or the other one does already
    expect(second.locator("#settled b")).to_have_text(["unit-1", "unit-2"])
    until(second, lambda: streams == [first, second], "the other one listens")


def test_a_value_that_is_entered_shows_at_the_unit_that_is_looked_at(bench: Bench) -> None:
    page = opened(bench.page, bench.address, "M. Weber", 4)
    page.keyboard.press("j")
    ready(page, 2)
    page.keyboard.press("j")  # what was fetched ahead and what was kept says the old thing too
    ready(page, 1)
    page.keyboard.press("k")
    ready(page, 2)
    expect(page.locator("#unit-verdict")).to_contain_text("undecided")
    value = {
        "unit": "unit-2", "name": "width", "value": 32.0, "u": 0.01, "instrument": "C-1",
        "calibrated_on": "2026-11-01", "golden": "GS-1", "lot": "L/1",
    }  # fmt: skip
    body = {"values": [value], "by": "M. Weber"}
    assert httpx.post(f"{bench.address}{API}/entered", json=body, trust_env=False, timeout=60).status_code == 201
    expect(page.locator("#unit-verdict")).to_contain_text("nonconforms")
    expect(page.locator("#facts")).to_contain_text("32.00")
    assert bench.complaints == []


def test_lists_that_come_late_bring_no_unit_back(bench: Bench) -> None:
    page, held = bench.page, list[Any]()

    def hold_the_first(route: Any) -> None:
        if held or "settled=false" not in route.request.url:
            route.continue_()
        else:
            held.append(route)

    page.route("**/api/v1/queue/columns*", hold_the_first)
    opened(page, bench.address, "M. Weber", 4)
    page.keyboard.press("j")
    ready(page, 2)
    with page.expect_response("**/api/v1/queue/columns*"):
        held[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator("#unit-name")).to_have_text("unit-2")


def test_nothing_of_the_old_lists_comes_while_others_are_fetched(bench: Bench) -> None:
    page, held = bench.page, list[Any]()
    page.route("**/api/v1/queue/columns*second_look=true*", lambda route: held.append(route))
    opened(page, bench.address, "M. Weber", 4)
    with page.expect_request("**/api/v1/queue/columns*second_look=true*"):
        page.locator("#which").select_option("second")
    with page.expect_response("**/api/v1/units/2"):  # the page hears of it
        assert decide(bench, 2, "defer", "Wang").status_code == 201
    page.wait_for_timeout(300)
    for route in held:
        route.continue_()
    ready(page, 2)
    expect(page.locator("#queue b")).to_have_text(["unit-2"])
    expect(page.locator("#unit-name")).to_have_text("unit-2")


def test_what_happens_while_the_station_is_away_is_heard_of_after(bench: Bench) -> None:
    page = opened(bench.page, bench.address, "M. Weber", 4)
    expect(page.locator("#waiting")).to_have_text("3")
    body = {"reviewer": "Wang", "window": "window-of-wang"}
    assert httpx.put(f"{bench.address}{API}/units/1/claim", json=body, trust_env=False, timeout=60).is_success
    expect(page.locator("#queue .looking")).to_have_text(
        "Wang looks at it"
    )  # the stream stands, and told no record yet
    bench.stop()
    inspected(bench.home, 5, margin=-5.0)
    bench.start()
    expect(page.locator("#waiting")).to_have_text("4")


# --- second looks ----------------------------------------------------------------------------------------------------


def test_a_deferred_unit_waits_for_another_reviewer(bench: Bench, others: BrowserContext) -> None:
    weber = opened(bench.page, bench.address, "M. Weber", 4)
    weber.keyboard.press("d")
    ready(weber, 2)
    weber.locator("#which").select_option("second")
    expect(weber.locator("#empty")).to_contain_text("1 unit waits for another reviewer, or one looks at it.")
    expect(weber.locator("#queue b")).to_have_text(["unit-4"])
    weber.locator("#queue button[data-unit='4']").click()
    ready(weber, 4)
    expect(weber.locator("#between")).to_contain_text("You deferred it. A second reviewer settles it.")
    weber.locator("#unit-name").click()
    weber.keyboard.press("a")
    expect(weber.locator("#alerts")).to_contain_text(
        "M. Weber deferred this unit, and a second reviewer is to settle it"
    )
    claimed(bench, [])  # he has let 2 go, and keeps nobody from what he deferred
    wang = opened(others.new_page(), bench.address, "Wang", 2)
    wang.locator("#which").select_option("second")
    ready(wang, 4)
    expect(wang.locator("#between")).to_contain_text("M. Weber asks for a second look.")
    wang.locator("#unit-name").click()
    expect(weber.locator("#queue .looking")).to_have_text("Wang looks at it")
    weber.locator("#which").select_option("")  # leaves 4
    ready(weber, 2)  # which Wang has let go
    wang.keyboard.press("a")
    expect(wang.locator("#said")).to_contain_text("unit-4 accepted")
    expect(wang.locator("#empty")).to_contain_text("No unit waits for a second look")
    assert [r["decision"] for r in bench.reviews(4)] == ["defer", "accept"]


def test_who_deferred_the_last_unit_does_not_keep_others_from_it(bench: Bench, others: BrowserContext) -> None:
    weber = opened(bench.page, bench.address, "M. Weber", 4)
    for decision, following in (("d", 2), ("r", 1)):
        weber.keyboard.press(decision)
        ready(weber, following)
    weber.keyboard.press("r")
    bench.said("unit-1 rejected")
    weber.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # the lists are fetched anew
    expect(weber.locator("#waiting")).to_have_text("1")
    expect(weber.locator("#empty")).to_contain_text("Nothing waits for you")
    weber.locator("#queue button[data-unit='4']").click()
    expect(weber.locator("#between")).to_contain_text("You deferred it.")
    wang = opened(others.new_page(), bench.address, "Wang", 4)
    expect(weber.locator("#queue .looking")).to_have_text("Wang looks at it")
    assert claims(bench) == [(4, "Wang")]
    wang.keyboard.press("a")
    expect(wang.locator("#said")).to_contain_text("unit-4 accepted")
    assert bench.complaints == []


def test_reviewers_disagree_until_a_third_decides(bench: Bench) -> None:
    assert decide(bench, 4, "accept", "Wang").status_code == 201
    assert decide(bench, 4, "reject", "K. Lang").status_code == 201
    page = opened(bench.page, bench.address, "M. Weber", 2)
    expect(page.locator("#queue b")).to_have_text(["unit-2", "unit-1", "unit-4"])
    expect(page.locator("#queue li").last).to_contain_text("⇄ reviewers disagree")
    page.locator("#which").select_option("second")
    ready(page, 4)
    expect(page.locator("#between")).to_contain_text("⇄ Reviewers disagree · Wang: accepted · K. Lang: rejected")
    page.locator("#unit-name").click()
    page.keyboard.press("r")
    bench.said("unit-4 rejected")
    page.locator("#which").select_option("")
    expect(page.locator("#settled b")).to_have_text(["unit-4"])
    assert [r["disputes"] for r in bench.reviews(4)] == [None, 1, None]
    assert bench.complaints == []


def test_a_nonconforming_unit_is_accepted_with_a_reason(bench: Bench) -> None:
    page = opened(bench.page, bench.address, "M. Weber", 4)
    page.keyboard.press("j")
    page.keyboard.press("j")
    ready(page, 1)
    page.keyboard.press("a")
    bench.said("The station found unit-1 nonconforming: choose a reason")
    page.keyboard.press("3")
    page.keyboard.press("a")
    bench.said("unit-1 accepted · dust or lint, not of the part")
    assert [r["decision"] for r in bench.reviews(1)] == ["accept"]


# --- moments without a network ---------------------------------------------------------------------------------------


def sent(context: BrowserContext) -> list[str]:
    """The keys of decisions as they are sent and answered; what is tried without a network reaches nobody."""
    keys: list[str] = []

    def note(response: Any) -> None:
        if response.request.method == "POST" and response.url.endswith("/reviews"):
            keys.append(response.request.headers["idempotency-key"])

    context.on("response", note)
    return keys


def test_decisions_without_a_network_are_sent_once_after_it_is_back(bench: Bench) -> None:
    page = opened(bench.page, bench.address, "M. Weber", 4)
    page.context.set_offline(True)
    page.keyboard.press("r")
    expect(page.locator("#link")).to_contain_text("1 decision kept here")
    page.context.set_offline(False)
    bench.said("unit-4 rejected")
    assert [r["decision"] for r in bench.reviews(4)] == ["reject"]
    assert page.evaluate(KEPT) == 0


def test_a_decision_outlives_a_page_that_is_loaded_anew_without_a_station(bench: Bench) -> None:
    """The station is away, not the network: Chromium's own emulation gives the network back to a page that is left."""
    page = opened(bench.page, bench.address, "M. Weber", 4)
    bench.stop()
    page.keyboard.press("r")
    expect(page.locator("#link")).to_contain_text("1 decision kept here")
    with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
        page.reload()
    page.wait_for_url("chrome-error://**")
    keys = sent(page.context)
    bench.start()
    assert bench.reviews(4) == []
    page.goto(bench.address)
    bench.said("unit-4 rejected")
    assert [r["decision"] for r in bench.reviews(4)] == ["reject"]
    assert (len(keys), page.evaluate(KEPT)) == (1, 0)


def test_two_windows_send_what_was_kept_once_and_one_sends_what_the_other_left(bench: Bench) -> None:
    first = opened(bench.page, bench.address, "M. Weber", 4)
    second = opened(first.context.new_page(), bench.address, "M. Weber", 4)
    second.keyboard.press("j")
    ready(second, 2)
    first.context.set_offline(True)
    first.keyboard.press("r")
    second.keyboard.press("a")
    for page in (first, second):
        expect(page.locator("#link")).to_contain_text("2 decisions kept here")
    keys = sent(first.context)
    for page in (first, second):
        page.evaluate(LISTEN)
    first.context.set_offline(False)
    first.wait_for_function("() => told.some((text) => text.includes('unit-4 rejected'))")
    second.wait_for_function("() => told.some((text) => text.includes('unit-2 accepted'))")
    assert len([r for unit in (4, 2) for r in bench.reviews(unit)]) == 2
    assert (len(keys), len(set(keys)), first.evaluate(KEPT)) == (2, 2, 0)


def test_a_decision_goes_out_ahead_of_all_else_and_is_recorded_once_beside_another_window(bench: Bench) -> None:
    first = opened(bench.page, bench.address, "M. Weber", 4)
    second = opened(first.context.new_page(), bench.address, "M. Weber", 4)
    bench.traffic.rest(2.0)
    asked: list[str] = []
    first.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    keys = sent(first.context)
    first.keyboard.press("r")
    ready(first, 2)
    expect(second.locator("#settled b")).to_have_text(["unit-4"])
    assert asked[0] == "reviews"
    expect(second.locator("#link")).to_have_text("")
    assert (len(keys), first.evaluate(KEPT), second.evaluate(KEPT)) == (1, 0, 0)
    assert [r["decision"] for r in bench.reviews(4)] == ["reject"]


def test_a_decision_whose_answer_takes_long_is_left_to_the_window_that_sent_it(bench: Bench) -> None:
    first = opened(bench.page, bench.address, "M. Weber", 4)
    second = opened(first.context.new_page(), bench.address, "M. Weber", 4)
    held = list[Route]()
    first.context.route(
        "**/units/4/reviews", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    first.keyboard.press("r")
    until(first, lambda: held, "it is sent")
    first.wait_for_timeout(2500)  # more than another window waits before it sends what was left behind
    assert len(held) == 1
    held[0].continue_()
    bench.said("unit-4 rejected")
    expect(second.locator("#settled b")).to_have_text(["unit-4"])
    assert (len(held), first.evaluate(KEPT), second.evaluate(KEPT)) == (1, 0, 0)


def test_a_window_sends_what_a_closed_one_left_behind(bench: Bench) -> None:
    first = bench.page
    second = opened(first.context.new_page(), bench.address, "M. Weber", 4)
    opened(first, bench.address, "M. Weber", 4)
    first.context.set_offline(True)
    first.keyboard.press("r")
    expect(second.locator("#link")).to_contain_text("1 decision kept here")
    first.close()
    second.context.set_offline(False)
    expect(second.locator("#said")).to_contain_text("unit-4 rejected")
    assert [r["decision"] for r in bench.reviews(4)] == ["reject"]


def test_a_browser_without_locks_and_random_names_still_decides(bench: Bench) -> None:
    """As over plain HTTP on a trusted network, where browsers give neither."""
    bench.page.add_init_script(
        "delete Crypto.prototype.randomUUID; Object.defineProperty(navigator, 'locks', { value: undefined });"
    )
    page = opened(bench.page, bench.address, "M. Weber", 4)
    page.keyboard.press("r")
    bench.said("unit-4 rejected")
    claimed(bench, [(2, "M. Weber")])  # this window has gone on to it
    assert decide(bench, 2, "reject", "Wang").status_code == 409
    assert decide(bench, 1, "reject", "Wang").status_code == 201
    expect(page.locator("#settled b")).to_have_text(["unit-1", "unit-4"])
    assert bench.complaints == []


def test_a_lot_that_takes_long_to_decide_is_waited_for(bench: Bench) -> None:
    held: list[Route] = []

    def late(route: Route) -> None:
        held.append(route)
        if len(held) == 1:
            route.abort()  # the connection breaks: it is asked again under the same key

    page = opened(bench.page, bench.address, "M. Weber", 4)
    page.locator("#lot-size").fill("50")
    page.locator("#lot-size").press("Enter")
    page.route("**/decisions", late)
    page.get_by_role("button", name="Record the decision").click()
    bench.said("Lot L/1 is being decided")
    until(page, lambda: len(held) == 2, "it is sent again")
    held[1].continue_()
    bench.said("lot L/1 rejected")
    keys = [route.request.headers["idempotency-key"] for route in held]
    assert (len(keys), len(set(keys))) == (2, 1)
