"""The findings on the review page: what a card shows, and answering by keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from patience import GONE, unexcused
from playwright.sync_api import Page, Route, expect

if TYPE_CHECKING:
    from conftest import Bench


def open_unit(bench: Bench) -> Page:
    """The unit with findings, ready for keys."""
    page = bench.open()
    page.locator("#queue button", has_text="unit-1").click()
    bench.ready(1)
    return page


def key(page: Page, name: str) -> None:
    """A key once what came before it is no longer guarded."""
    page.wait_for_timeout(200)
    page.keyboard.press(name)


def test_a_card_shows_both_crops_and_what_is_known_of_a_finding(bench: Bench) -> None:
    page = open_unit(bench)
    cards = page.locator(".finding")
    expect(cards).to_have_count(4)  # counted, found by the reference only, set aside, dust
    expect(page.locator(".findings h3")).to_have_text("Findings4· 3 not answered by you")
    pit = cards.nth(0)
    golden, unit = (pit.get_by_role("img", name=f"pit, {name}") for name in ("golden", "unit"))
    box = [float(v) for v in str(unit.get_attribute("viewBox")).split()]
    assert golden.get_attribute("viewBox") == unit.get_attribute("viewBox")
    assert (box[0] + box[2] / 2, box[1] + box[3] / 2) == pytest.approx((3.0, -2.0))
    assert box[2] == box[3] == pytest.approx(3.2 * 0.6)
    assert golden.locator("image").get_attribute("href") != unit.locator("image").get_attribute("href")
    for text in (
        "pit sky",
        "0.60 mm across ± 0.05",
        "limit 0.2 mm",
        "nonconforms, major",
        "score 0.90",
        "x +3.0, y −2.0",
    ):
        expect(pit).to_contain_text(text)
    aside = cards.nth(2)
    for text in ("set aside: counts from score 0.70", "contrast 7 × noise", "speck 0.42, dust 0.15, pit 0.04"):
        expect(aside).to_contain_text(text)
    expect(cards.nth(3)).to_contain_text("no limit in the sheet")
    assert bench.complaints == []


def test_the_number_of_a_conforming_finding_can_be_read_on_the_picture(bench: Bench) -> None:
    page = open_unit(bench)
    page.locator(".finding", has_text="dust").last.get_by_role("button", name="Zoom to place").click()
    badge = page.locator("#unit-figure g.number.conforms")
    fills = [badge.locator(part).evaluate("node => getComputedStyle(node).fill") for part in ("circle", "text")]
    assert fills == ["rgb(0, 114, 178)", "rgb(255, 255, 255)"]


def test_names_that_differ_at_their_end_are_told_apart_in_the_narrow_list(bench: Bench) -> None:
    page = bench.open()
    name = page.locator("#queue .unit bdi").first
    name.evaluate("node => { node.textContent = '20261130-195234-235016-of-a-camera-2'; }")
    clip, end = (node.bounding_box() for node in (name.locator(".."), name))
    assert clip is not None
    assert end is not None
    assert end["width"] > clip["width"]
    assert end["x"] + end["width"] <= clip["x"] + clip["width"] + 1  # it is cut at its beginning


def test_where_the_models_disagree_is_marked_and_says_what_each_sees(bench: Bench) -> None:
    page = open_unit(bench)
    expect(page.locator("#unit-verdict")).to_contain_text("≠ models disagree")
    expect(page.locator(".findings > .differ")).to_contain_text("disagree at 2 places")
    mine, theirs = page.locator(".finding.disputes").all()
    expect(mine).to_contain_text("The net finds a pit, the reference nothing")
    expect(theirs).to_contain_text("The reference finds a scratch")
    expect(theirs).to_contain_text("The verdict is golden-unit-net's alone")
    expect(theirs).to_contain_text("2.10 mm long")
    expect(page.locator("#unit-figure .ring.disputes")).to_have_count(2)
    page.locator("#queue button", has_text="unit-2").click()
    bench.ready(2)
    expect(page.locator("#unit-verdict")).to_have_text("undecided")
    expect(page.locator(".findings")).to_be_hidden()
    assert bench.complaints == []


def test_findings_are_answered_by_keyboard_alone_and_taken_back(bench: Bench) -> None:
    page = open_unit(bench)
    unit = page.locator("#unit-figure svg.picture")
    key(page, "c")
    bench.said("This finding? Press the key again")
    expect(page.locator("#place")).to_contain_text("1 pit 0.60 mm · ≠ the models disagree")
    assert bench.answers(1, 1) == []
    key(page, "c")
    bench.said("unit-1 finding 1 confirmed")
    expect(page.locator(".finding").nth(0)).to_contain_text("✓ confirmed")  # the cards are drawn anew with it
    # on to the next without an answer, over what only the reference sees
    expect(page.locator("#place")).to_contain_text("3 speck 0.30 mm, set aside")
    x, y, w, h = (float(v) for v in str(unit.get_attribute("viewBox")).split())
    assert (x + w / 2, y + h / 2) == pytest.approx((0.0, 5.0))
    key(page, "t")
    expect(page.locator(".finding.chosen select")).to_be_focused()
    page.keyboard.type("bubble")
    page.keyboard.press("Tab")
    page.keyboard.type("a rim, c and x")  # letters in a field answer nothing
    page.keyboard.press("Enter")
    bench.said("unit-1 finding 3 confirmed as bubble · a rim, c and x")
    expect(page.locator("#place")).to_contain_text("2 dust 0.30 mm")
    key(page, "x")
    bench.said("unit-1 finding 2 refused")
    key(page, "w")
    bench.said("unit-1 finding 2 taken back")
    key(page, "Shift+F")
    key(page, "Shift+F")
    expect(page.locator("#place")).to_contain_text("≠ scratch 2.10 mm")
    told = {n: [(a["answer"], a["named"], a["reason"], a["reviewer"]) for a in bench.answers(1, n)] for n in (1, 2, 3)}
    who = "M. Weber"
    assert told == {
        1: [("confirm", None, "", who)],
        2: [("refuse", None, "", who), ("undo", None, "", who)],
        3: [("confirm", "bubble", "a rim, c and x", who)],
    }
    expect(page.locator(".finding").nth(0)).to_contain_text("✓ confirmed")
    assert bench.reviews(1) == []  # the unit itself is not decided
    page.reload()
    page.locator("#queue button", has_text="unit-1").click()
    expect(page.locator(".findings h3")).to_have_text("Findings4· 1 not answered by you")
    assert bench.complaints == []


def test_an_answer_is_taken_back_before_the_page_has_it_from_the_station(bench: Bench) -> None:
    page = open_unit(bench)
    held: list[Route] = []
    page.route("**/units/1/findings", lambda route: held.append(route))
    key(page, "f")
    key(page, "x")
    bench.said("unit-1 finding 1 refused")
    for _ in range(2):  # over what only the reference sees
        key(page, "Shift+F")
    expect(page.locator("#place")).to_contain_text("1 pit")
    key(page, "w")
    bench.said("unit-1 finding 1 taken back")
    expect(page.locator("#alerts li")).to_have_count(0)
    assert [a["answer"] for a in bench.answers(1, 1)] == ["refuse", "undo"]


def test_undo_takes_the_last_answer_back_and_then_the_decision_before_it(bench: Bench) -> None:
    page = open_unit(bench)
    key(page, "d")  # deferred: the next unit comes
    bench.ready(4)
    page.locator("#queue button", has_text="unit-1").click()
    bench.ready(1)
    key(page, "f")
    key(page, "q")
    bench.said("unit-1 finding 1 marked as not to be told")
    key(page, "u")
    bench.said("unit-1 finding 1 taken back")
    key(page, "u")
    bench.said("unit-1 undone")
    assert [a["answer"] for a in bench.answers(1, 1)] == ["undecidable", "undo"]
    assert [r["decision"] for r in bench.reviews(1)] == ["defer", "undo"]
    assert bench.complaints == []


def test_an_answer_outlives_a_station_that_is_gone(bench: Bench) -> None:
    page = open_unit(bench)
    key(page, "f")
    bench.stop()
    key(page, "x")
    expect(page.locator(".finding").nth(0)).to_contain_text("M. Weber: refused on its way")
    expect(page.locator("#link")).to_contain_text("1 decision kept here")
    bench.start()
    bench.said("unit-1 finding 1 refused")
    assert [a["answer"] for a in bench.answers(1, 1)] == ["refuse"]
    assert unexcused(bench.complaints, [GONE]) == []
