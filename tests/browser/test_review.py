"""The review page in Chromium, against a real server on a real home: by keyboard, from the picture to the record."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from patience import GONE, sent_once, unexcused, until
from playwright.sync_api import Route, expect

if TYPE_CHECKING:
    from conftest import Bench

PRESS_A_TWICE_AND_AS_SOON_AS_A_UNIT_STANDS = """() => {
  const press = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
  new MutationObserver(press).observe(document.getElementById("stage"), { attributeFilter: ["data-unit"] });
  press();
  press();
}"""


def test_a_queue_is_reviewed_by_keyboard_alone(bench: Bench) -> None:
    page = bench.open()
    expect(page.locator("#queue b")).to_have_text(["unit-4", "unit-2", "unit-1"])
    expect(page.locator("#unit-name")).to_have_text("unit-4")
    page.keyboard.press("9")
    page.keyboard.press("d")
    bench.ready(2)  # the next unit has come by itself
    bench.said("Recorded")
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.keyboard.type("seen by daylight, ra")  # a and r in a field decide nothing
    page.keyboard.press("Enter")
    page.keyboard.press("a")
    bench.ready(1)
    bench.said("unit-2 accepted")  # the page says one thing at a time
    page.keyboard.press("r")
    bench.said("“within tolerance by eye” is no reason to reject")
    page.keyboard.press("7")
    page.keyboard.press("r")
    bench.said("unit-1 rejected · enamel defect")
    expect(page.locator("#settled b")).to_have_text(["unit-1", "unit-2"])
    expect(page.locator("#queue b")).to_have_text(["unit-4"])
    records = [(r["decision"], r["reason"], r["reviewer"]) for unit in (4, 2, 1) for r in bench.reviews(unit)]
    assert records == [
        ("defer", "photo not good enough", "M. Weber"),
        ("accept", "within tolerance by eye: seen by daylight, ra", "M. Weber"),
        ("reject", "enamel defect", "M. Weber"),
    ]
    page.reload()
    expect(page.locator("#settled b")).to_have_text(["unit-1", "unit-2"])
    assert bench.complaints == []


def test_a_remark_on_the_photo_stands_beside_the_reasons(bench: Bench) -> None:
    page = bench.open()
    expect(page.locator(".remarks")).to_have_count(0)
    page.keyboard.press("j")
    bench.ready(2)
    expect(page.locator(".remarks li")).to_have_text(["Its JPEG coefficients were rounded twice: saved again"])
    expect(page.get_by_text("Remarks on the photo")).to_be_visible()
    assert bench.complaints == []


def test_undo_adds_a_record_and_brings_the_unit_back(bench: Bench) -> None:
    page = bench.open()
    page.keyboard.press("j")
    bench.ready(2)
    page.keyboard.press("r")
    bench.said("unit-2 rejected")
    page.keyboard.press("u")
    bench.ready(2)
    bench.said("unit-2 undone")
    first, second = bench.reviews(2)
    assert (first["decision"], second["decision"], second["supersedes"]) == ("reject", "undo", first["id"])
    expect(page.locator(".history li")).to_have_count(2)
    expect(page.locator("#queue b")).to_have_text(["unit-4", "unit-2", "unit-1"])
    assert bench.complaints == []


def test_pictures_show_one_place_blink_and_carry_drawings(bench: Bench) -> None:
    page = bench.open()
    page.keyboard.press("j")
    bench.ready(2)
    page.keyboard.press("j")
    bench.ready(1)
    golden, unit = page.locator("#golden-figure svg.picture"), page.locator("#unit-figure svg.picture")
    ring = unit.locator("circle.ring.nonconforms")
    expect(ring).to_have_count(1)
    assert [float(str(ring.get_attribute(k))) for k in ("cx", "cy")] == [3.0, -2.0]
    whole = unit.get_attribute("viewBox")
    page.keyboard.press("z")
    expect(page.locator("#place")).to_contain_text("1 pit 0.60 mm")
    x, y, w, h = (float(v) for v in str(unit.get_attribute("viewBox")).split())
    assert (x + w / 2, y + h / 2) == pytest.approx((3.0, -2.0))
    assert golden.get_attribute("viewBox") == unit.get_attribute("viewBox") != whole
    page.keyboard.press("0")
    expect(unit).to_have_attribute("viewBox", str(whole))
    shown = unit.locator("image.unit")
    page.keyboard.down("b")
    expect(shown).to_have_css("visibility", "hidden")
    expect(unit.locator("image.golden")).to_have_css("visibility", "visible")
    page.keyboard.up("b")
    expect(shown).to_have_css("visibility", "visible")
    page.keyboard.press("o")
    expect(ring).to_have_count(0)
    page.keyboard.press("o")
    expect(ring).to_have_count(1)
    assert bench.complaints == []


def test_a_decision_outlives_a_station_that_is_gone(bench: Bench) -> None:
    page = bench.open()
    page.keyboard.press("j")
    bench.ready(2)
    bench.stop()
    page.keyboard.press("r")
    expect(page.locator("#link")).to_contain_text("1 decision kept here")
    assert page.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('station.decision.')).length") == 1
    bench.start()
    bench.said("unit-2 rejected")
    (review,) = bench.reviews(2)
    assert (review["decision"], review["reason"]) == ("reject", "as per control sheet")
    assert page.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('station.decision.')).length") == 0
    assert unexcused(bench.complaints, [GONE]) == []


def test_a_decision_on_what_somebody_else_decided_is_said_and_not_recorded(bench: Bench) -> None:
    bench.page.route("**/api/v1/events", lambda route: route.abort())  # the page does not hear of it in time
    page = bench.open()
    theirs = {"decision": "accept", "reviewer": "somebody else", "take_over": True}
    assert (
        httpx.post(f"{bench.address}/api/v1/units/4/reviews", json=theirs, trust_env=False, timeout=60).status_code
        == 201
    )
    page.keyboard.press("r")
    expect(page.locator("#alerts")).to_contain_text("unit-4 was not rejected: this unit was reviewed by somebody else")
    assert [r["reviewer"] for r in bench.reviews(4)] == ["somebody else"]
    expect(page.locator("#settled b")).to_have_text(["unit-4"])


def test_undo_takes_back_nothing_that_somebody_else_decided(bench: Bench) -> None:
    page = bench.page
    page.route("**/api/v1/events", lambda route: route.abort())  # the page does not hear of it in time
    page = bench.open()
    theirs = {"decision": "accept", "reviewer": "Wang", "reason": "dust", "take_over": True}
    reviews = f"{bench.address}/api/v1/units/4/reviews"
    assert httpx.post(reviews, json=theirs, trust_env=False, timeout=60).status_code == 201
    page.keyboard.press("r")
    expect(page.locator("#alerts")).to_contain_text("unit-4 was not rejected")
    expect(page.locator("#undo")).to_contain_text("nothing to undo")  # the unit that is shown has no review
    page.keyboard.press("u")
    page.locator("#settled button[data-unit='4']").click()  # U is for this one now, as it was seen
    bench.ready(4)
    assert httpx.post(
        reviews, json={**theirs, "decision": "reject", "reviewer": "Wang"}, trust_env=False, timeout=60
    ).is_success
    page.locator("#unit-name").click()
    page.keyboard.press("u")
    expect(page.locator("#alerts")).to_contain_text("unit-4 was not undone")
    assert [(r["reviewer"], r["decision"]) for r in bench.reviews(4)] == [("Wang", "accept"), ("Wang", "reject")]


def test_what_follows_a_refused_decision_is_refused_with_it(bench: Bench) -> None:
    page = bench.page
    page.route("**/api/v1/events", lambda route: route.abort())
    page = bench.open()
    bench.fetched(2)
    page.context.set_offline(True)
    page.keyboard.press("r")
    bench.ready(2)
    page.keyboard.press("u")
    expect(page.locator("#link")).to_contain_text("2 decisions kept here")
    theirs = {"decision": "accept", "reviewer": "Wang", "reason": "dust", "take_over": True}
    reviews = f"{bench.address}/api/v1/units/4/reviews"
    assert httpx.post(reviews, json=theirs, trust_env=False, timeout=60).status_code == 201
    page.context.set_offline(False)
    expect(page.locator("#alerts")).to_contain_text("unit-4 was not rejected")
    expect(page.locator("#alerts")).to_contain_text("unit-4 was not undone: what it follows was not recorded.")
    assert [(r["reviewer"], r["decision"]) for r in bench.reviews(4)] == [("Wang", "accept")]


def test_a_decision_on_its_way_is_not_mixed_with_what_is_recorded(bench: Bench) -> None:
    reviews = f"{bench.address}/api/v1/units/4/reviews"

    def said(decision: str, reviewer: str) -> None:
        body = {"decision": decision, "reviewer": reviewer, "reason": "dust", "take_over": True}
        assert httpx.post(reviews, json=body, trust_env=False, timeout=60).status_code == 201

    said("accept", "Wang")
    said("reject", "K. Lang")
    page = bench.page
    page.route("**/api/v1/events", lambda route: route.abort())
    page.add_init_script("localStorage.setItem('station.reviewer', 'M. Weber')")
    page.goto(bench.address)
    bench.ready(2)
    page.locator("#queue button[data-unit='4']").click()
    bench.ready(4)
    page.locator("#unit-name").click()
    page.context.set_offline(True)
    page.keyboard.press("r")
    word = page.locator("#settled li", has=page.locator("b", has_text="unit-4")).locator(".word")
    expect(word).to_have_text("rejected")  # no word of the reviewers who disagreed before
    said("accept", "an approver")
    page.context.set_offline(False)
    expect(page.locator("#alerts")).to_contain_text("unit-4 was not rejected")
    expect(word).to_have_text("accepted")
    assert [r["decision"] for r in bench.reviews(4)] == ["accept", "reject", "accept"]


def test_a_size_that_is_being_typed_outlives_a_tally_that_is_drawn_anew(bench: Bench) -> None:
    page = bench.open()
    size = page.locator("#lot-size")
    told = page.locator("#tally h2 + p")
    reviews = f"{bench.address}/api/v1/units/2/reviews"
    size.click()
    for decision, expected, value in (
        ("reject", "2 nonconforming, 1 undecided", ""),
        ("accept", "1 nonconforming, 1 undecided", "50"),
    ):
        page.keyboard.type(value)
        theirs = {"decision": decision, "reviewer": "Wang", "reason": "enamel defect"}
        assert httpx.post(reviews, json=theirs, trust_env=False, timeout=60).status_code == 201
        expect(told).to_contain_text(expected)
        expect(size).to_have_value(value)
        expect(size).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".classes li").nth(1)).to_contain_text("1 nonconforming, 1 undecided")
    assert bench.complaints == []


def test_one_decision_asks_for_one_tally_and_no_lists(bench: Bench) -> None:
    page = bench.open()
    page.locator("#lot-size").fill("50")
    page.locator("#lot-size").press("Enter")
    expect(page.locator(".classes li").nth(1)).to_contain_text("2 undecided")
    bench.traffic.rest(1.5)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url.partition("/api/v1/")[2].partition("?")[0]))
    page.locator("#unit-name").click()
    page.keyboard.press("r")
    expect(page.locator(".classes li").nth(1)).to_contain_text("2 nonconforming, 1 undecided")
    expect(page.locator("#tally h2 + p")).to_contain_text("2 nonconforming, 1 undecided")
    bench.traffic.rest(2.5)
    lists = ("queue/columns", "lots", "claims", "bench")
    assert (asked.count("lots/L%2F1/tally"), [a for a in asked if a in lists]) == (1, [])


def test_a_station_that_is_asked_too_often_says_so_and_is_asked_again_when_it_wants(bench: Bench) -> None:
    page, times = bench.open(), list[float]()

    def busy(route: Any) -> None:
        times.append(time.monotonic())
        body = {"error": {"code": "too-many", "message": "too many jobs wait", "do": "Wait until some are done."}}
        if len(times) == 1:
            route.fulfill(status=429, json=body, headers={"Retry-After": "2"})
        else:
            route.continue_()

    page.route("**/api/v1/units/4/reviews", lambda r: busy(r) if r.request.method == "POST" else r.continue_())
    page.keyboard.press("r")
    bench.said("unit-4 rejected")
    assert len(times) == 2
    assert times[1] - times[0] >= 2
    page.unroute("**/api/v1/units/4/reviews")
    busy_lot = {"error": {"code": "too-many", "message": "too many jobs wait", "do": "Wait until some are done."}}
    page.route("**/api/v1/lots", lambda r: r.fulfill(status=429, json=busy_lot, headers={"Retry-After": "9"}))
    page.locator("#lot").select_option("L/1")
    expect(page.locator("#alerts")).to_contain_text("too many jobs wait. Wait until some are done.")
    expect(page.locator("#link")).to_have_text("")


def test_rows_that_could_not_be_had_are_asked_for_again_and_what_nobody_asked_for_is_not(bench: Bench) -> None:
    page, rows, ahead = bench.page, list[str](), list[str]()

    def cut(found: list[str]) -> Callable[[Any], None]:
        def called(route: Any) -> None:
            found.append(route.request.url)
            route.abort()

        return called

    page.route("**/api/v1/queue/units?*unit=1", cut(rows))
    page.route("**/api/v1/units/2/document", cut(ahead))
    page = bench.open()
    until(page, lambda: rows and ahead, "both are asked for")
    page.wait_for_timeout(2500)
    reason = page.locator("#queue li", has=page.locator("b", has_text="unit-1")).locator(".reason")
    expect(reason).to_have_text("nonconforms")
    page.unroute("**/api/v1/queue/units?*unit=1")
    expect(reason).to_contain_text("nonconforms · ")
    assert (len(rows) > 0, len(ahead)) == (True, 1)
    page.unroute("**/api/v1/units/2/document")
    page.keyboard.press("j")  # now it is asked for
    bench.ready(2)


def test_nobody_decides_without_a_name_and_a_key_too_early_decides_nothing(bench: Bench) -> None:
    page = bench.open(reviewer="")
    page.keyboard.press("a")
    expect(page.locator("#reviewer")).to_be_focused()
    bench.said("Say who decides")
    page.keyboard.type("M. Weber")
    page.keyboard.press("Enter")
    page.evaluate(PRESS_A_TWICE_AND_AS_SOON_AS_A_UNIT_STANDS)  # the second time is meant for the unit before
    bench.ready(2)
    bench.said("unit-4 accepted")
    assert [len(bench.reviews(unit)) for unit in (4, 2, 1)] == [1, 0, 0]


def test_while_a_decision_is_under_way_the_next_unit_comes_from_its_top_and_a_second_key_decides_nothing(
    bench: Bench,
) -> None:
    page = bench.open()
    page.set_viewport_size({"width": 1280, "height": 500})
    page.locator("#facts").evaluate("(node) => { node.scrollTop = 200; }")
    bench.fetched(2)
    held: list[Route] = []
    page.route("**/reviews", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    page.evaluate(
        """() => { for (const key of ["d", "d", "d"])
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })); }"""
    )
    bench.ready(2)  # though nothing was answered
    assert page.locator("#facts").evaluate("(node) => node.scrollTop") == 0
    assert len(held) == 1
    held[0].continue_()
    bench.said("unit-4 deferred")
    assert [len(bench.reviews(unit)) for unit in (4, 2, 1)] == [1, 0, 0]
    assert bench.complaints == []


def test_a_unit_whose_pictures_have_not_come_is_named_by_no_stage_and_decided_by_no_key(bench: Bench) -> None:
    page, held = bench.open(), list[Any]()
    page.route("**/units/1/document", lambda route: held.append(route))
    page.locator("#queue button", has_text="unit-1").click()
    until(page, lambda: held, "it is asked for")
    expect(page.locator("#stage")).not_to_have_attribute("data-unit", re.compile(""))
    page.keyboard.press("a")
    bench.said("unit-1 is not shown yet: its pictures are coming.")
    held[0].continue_()
    bench.ready(1)
    assert bench.reviews(1) == []
    assert bench.complaints == []


def test_the_tally_follows_the_reviews_and_a_decision_is_recorded(bench: Bench) -> None:
    page = bench.open()
    page.locator("#lot-size").fill("50")
    page.locator("#lot-size").press("Enter")
    major = page.locator(".classes li").nth(1)
    expect(major).to_contain_text("1 nonconforming, 2 undecided")
    expect(major).to_contain_text("AQL 2.5  Ac 0  Re 1")
    page.locator("#unit-name").click()
    page.keyboard.press("a")
    expect(major).to_contain_text("1 nonconforming, 1 undecided")
    sent_once(page, "**/decisions", page.get_by_role("button", name="Record the decision").click)
    bench.said("lot L/1 rejected")
    decided = httpx.get(f"{bench.address}/api/v1/lots/L%2F1/decision", trust_env=False, timeout=60).json()
    assert (decided["decision"], decided["size"]) == ("rejected", 50)
    assert bench.complaints == []


def test_help_bars_and_words_are_there_for_everybody(bench: Bench) -> None:
    page = bench.open()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("a")  # decides nothing while the help is open
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert bench.reviews(4) == []
    expect(page.locator(".why").first).to_contain_text("this is not <b>the</b> golden's product")  # text stays text
    page.keyboard.press("j")
    bench.ready(2)
    expect(page.get_by_role("img", name="ΔE00 2.400, limits accept 2, reject 3")).to_be_visible()
    expect(page.locator(".facts .measure .value").first).to_have_text("ΔE00 2.400 ± 0.401")  # as its reason shows it
    expect(page.locator(".facts .measure").first).to_contain_text("undecided")
    unnamed = page.locator("button, input, select").evaluate_all(
        "nodes => nodes.filter(n => !(n.labels?.length || n.ariaLabel || n.textContent.trim())).length"
    )
    assert unnamed == 0
    assert bench.complaints == []


def test_dimensions_and_the_enlarged_outline_are_drawn_over_the_unit(bench: Bench) -> None:
    page = bench.open()
    page.locator("#queue button", has_text="unit-1").click()
    bench.ready(1)
    page.keyboard.press("e")
    bench.said("enlarged 10 times")
    unit = page.locator("#unit-figure")
    right = [float(x) for x in unit.locator(".edge.out").evaluate_all("all => all.map(e => e.getAttribute('x1'))")]
    left = [float(x) for x in unit.locator(".edge.in").evaluate_all("all => all.map(e => e.getAttribute('x1'))")]
    assert max(right) == pytest.approx(11.7, abs=0.05)  # 0.1 mm out, drawn as 1 mm
    assert min(left) == pytest.approx(-9.7, abs=0.05)
    expect(page.locator("#golden-figure .edge")).to_have_count(0)
    page.locator("#facts .measure", has_text="width").get_by_role("button", name="Zoom").click()
    expect(unit.locator(".dimension.nonconforms")).to_have_attribute("points", "-10.7,0 10.92,0")
    page.keyboard.press("e")
    bench.said("Outline off")
    expect(unit.locator(".edge")).to_have_count(0)
    page.locator("#queue button", has_text="unit-2").click()
    bench.ready(2)
    page.keyboard.press("e")
    bench.said("was not measured")
    assert bench.complaints == []
