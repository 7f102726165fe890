"""The pages of lots and orders in Chromium: what they show, that the keyboard reaches it, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from looks import ugly
from patience import sent_once
from playwright.sync_api import Page, expect
from shown_lot import BAD, CLEAN, LOT, ORDER


@pytest.fixture(scope="module")
def address(unchanged_lot_home: Path, serve: Callable[..., Any]) -> Iterator[str]:
    """Of a station that all tests here share; they change nothing in it."""
    with serve(unchanged_lot_home) as (found, _app):
        yield found


@pytest.fixture
def page(watch: Callable[..., AbstractContextManager[Page]]) -> Iterator[Page]:
    """A page that may complain of nothing: it asks only for what is there."""
    with watch(60_000) as found:
        yield found


def open_lot(page: Page, address: str, lot: str = LOT) -> Page:
    page.goto(f"{address}/lots?lot={lot.replace('/', '%2F')}")
    expect(page.locator("#head h2")).to_have_text(f"Lot {lot}")
    return page


def test_a_number_of_the_map_leads_to_its_units(page: Page, address: str) -> None:
    open_lot(page, address)
    row = page.locator("#map-body tbody tr").nth(2)
    expect(row.locator("th")).to_have_text(BAD)
    number = row.locator("button").first
    number.focus()
    page.keyboard.press("Enter")
    expect(number).to_have_attribute("aria-pressed", "true")
    behind = page.locator("#behind tbody tr")
    n, of = number.inner_text().split(" / ")
    expect(behind).to_have_count(int(n))
    expect(page.locator("#behind h3")).to_have_text(f"{n} of {of} units of carton {BAD}: any defect")
    name = behind.first.locator("a").inner_text()
    behind.first.locator("a").click()
    expect(page.locator("#unit-name")).to_have_text(name)  # on the review page


def test_the_tally_and_the_curves_say_what_the_records_say(page: Page, address: str) -> None:
    open_lot(page, address)
    found = httpx.get(f"{address}/api/v1/lots/{LOT}/tally", trust_env=False, timeout=60).json()
    rows = page.locator("#tally-body tbody tr")
    expect(rows).to_have_count(len(found["classes"]))
    for row, c in zip(rows.all(), found["classes"], strict=True):
        assert [int(x) for x in row.locator("td").all_inner_texts()[1:5]] == [
            c["n"],
            c["ac"],
            c["re"],
            c["nonconforming"],
        ]
    major = next(c for c in found["classes"] if c["class"] == "major")
    share = 100 * major["nonconforming"] / major["tally"]["inspected"]
    own = page.locator(".legend li").filter(has_text="This lot").first
    expect(own).to_contain_text(f"{major['nonconforming']} in {major['tally']['inspected']}, {share:.3g} %")
    points = major["plan"]["oc"]
    pa = max(o["pa"] for o in points if o["p"] >= share / 100), min(o["pa"] for o in points if o["p"] <= share / 100)
    told = float(own.inner_text().split("accepted in ")[1].split()[0])
    assert 100 * pa[0] - 1 <= told <= 100 * pa[1] + 1


COUNTED = """async () => {
  const { drawTally } = await import("/static/lot-tally.js");
  const places = Array.from({ length: 30 }, (_, i) => i + 1);
  const tally = { inspected: 80, missing: 0, standing: "rejected", found_at: places, undecided_at: [] };
  const body = document.createElement("div");
  document.querySelector("#main").append(body);
  const major = { class: "major", aql: 2.5, n: 80, ac: 5, re: 6, nonconforming: 30, undecided: 0, tally };
  drawTally(body, { classes: [major] });
  const [re, ac] = ["re", "ac"].map((word) => body.querySelector(`.${word}-word`).getBoundingClientRect());
  return ac.top - re.bottom;
}"""
"""A class of which thirty units were found: between Ac and Re is little room then. Answers that between their names."""


def test_ac_and_re_can_be_read_where_many_are_found(page: Page, address: str) -> None:
    open_lot(page, address)
    assert page.evaluate(COUNTED) > -3  # a line of text has some room above and below its letters


def test_cause_documents_and_pick_list_stand_on_the_page(page: Page, address: str) -> None:
    open_lot(page, address)
    expect(page.locator("#cause-body .cause")).to_have_count(3)
    expect(page.locator("#cause-body tbody tr").first).to_contain_text(f"carton {BAD}")
    picture = page.locator("#map-body img").first
    picture.scroll_into_view_if_needed()
    page.wait_for_function("img => img.naturalWidth > 100", arg=picture.element_handle())
    expect(page.locator("#draw-body")).to_contain_text("not as drawn")
    expect(page.locator("#draw-body tbody .badge.undecided")).to_have_count(1)
    links = page.locator("#documents-body a")
    expect(links).to_have_count(4)
    with page.expect_download() as waiting:
        links.nth(2).click()
    assert waiting.value.suggested_filename == "L-7 zh-Hant.pdf"
    assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF-")


def test_a_lot_is_decided_on_its_page(page: Page, lot_home: Path, serve: Callable[..., Any]) -> None:
    with serve(lot_home) as (address, _app):
        decide(page, address)
        page.goto("about:blank")


def test_the_sample_of_a_lot_is_drawn_before_any_unit_is_inspected(
    page: Page, lot_home: Path, serve: Callable[..., Any], tmp_path: Path
) -> None:
    table = tmp_path / "cartons.csv"
    table.write_text("carton,units\nC1,40\nC2,40\n", encoding="utf-8")
    with serve(lot_home) as (address, _app):
        page.goto(f"{address}/lots")
        page.get_by_role("link", name="Draw the sample of a lot").click()
        form = page.locator("#empty form")
        form.get_by_label("Lot", exact=True).fill("L-NEW")
        form.get_by_label("or a table of the cartons").set_input_files(table)
        form.get_by_role("button", name="Draw the pick list").click()
        expect(form.get_by_role("link", name="Pick list · CSV")).to_be_visible()
        found = httpx.get(f"{address}/api/v1/lots/L-NEW/draw", trust_env=False, timeout=60).json()
        assert (found["size"], {p["carton"] for p in found["picks"]}) == (80, {"C1", "C2"})
        page.goto("about:blank")


def decide(page: Page, address: str) -> None:
    open_lot(page, address, CLEAN)
    expect(page.locator("#documents-body")).to_contain_text("station lot decide")
    form = page.locator("#draw-body form")
    form.get_by_label("Units in the lot").fill("3")
    form.get_by_role("button", name="Draw the pick list").click()
    picks = f"/api/v1/lots/{quote(CLEAN, safe='')}/picks?form=pdf"
    expect(page.locator("#draw-body a").first).to_have_attribute("href", picks)
    size = page.locator("#tally-body input")
    size.fill("3")
    size.press("Enter")
    sent_once(page, "**/decisions", page.get_by_role("button", name="Record the decision").click)
    expect(page.locator("#documents-body a")).to_have_count(4)
    made = httpx.get(f"{address}/api/v1/lots/{CLEAN}/decision", trust_env=False, timeout=60).json()
    assert made["size"] == 3
    expect(page.locator("#head .badge")).to_have_text(made["decision"])


def test_j_and_k_go_through_the_lots_and_addresses_keep_them(page: Page, address: str) -> None:
    page.goto(f"{address}/lots")
    expect(page.locator("#side li")).to_have_count(2)
    first, second = page.locator("#side b").all_inner_texts()
    expect(page.locator("#head h2")).to_have_text(f"Lot {first}")
    page.keyboard.press("j")
    expect(page.locator("#head h2")).to_have_text(f"Lot {second}")
    page.reload()
    expect(page.locator("#head h2")).to_have_text(f"Lot {second}")
    page.keyboard.press("k")
    expect(page.locator("#head h2")).to_have_text(f"Lot {first}")


def test_gates_are_lights_with_shape_word_and_what_opens_them(page: Page, address: str) -> None:
    """W1: what closes a gate, and what opens it."""
    page.goto(f"{address}/orders")
    expect(page.locator("#order h2").first).to_have_text(f"Order {ORDER}")
    lights = page.locator(".gates .light")
    assert lights.all_inner_texts()[:2] == ["closed", "locked"]
    shapes = lights.evaluate_all("nodes => nodes.map(n => n.querySelector('path').getAttribute('d'))")
    assert shapes[0] != shapes[1]
    expect(page.locator("#gate")).to_contain_text("is not signed by the buyer and the supplier")
    unsigned = page.locator('#gate [data-key="golden"]')
    expect(unsigned.get_by_role("link")).to_have_attribute("href", "/golden?golden=GS-7#signatures")
    unsigned.get_by_text("As a command").click()
    expect(unsigned.locator("code")).to_have_text("station golden sign GS-7 --party buyer --name WHO")
    page.locator(".gates button").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#gate h3")).to_contain_text("First-off")
    actions = page.locator("#actions tbody tr")
    expect(actions).to_have_count(2)
    expect(actions.nth(0)).to_contain_text("overdue")
    expect(actions.nth(1)).to_contain_text("Chen Wei")
    expect(page.locator("#nonconformities tbody tr")).to_contain_text("draft")


def test_both_pages_speak_both_languages(page: Page, address: str) -> None:
    page.goto(f"{address}/lots?lot=L%2F7")
    page.get_by_label("Language").select_option("zh-Hant")
    expect(page.locator("#tally-title")).to_have_text("計數與判定")
    assert page.evaluate("document.documentElement.lang") == "zh-Hant"
    expect(page.locator("#cause-body .cause")).to_have_count(3)
    page.get_by_role("link", name="訂單", exact=True).click()
    expect(page.locator(".gates b").first).to_have_text("產前確認")
    keys = page.evaluate(
        "async () => { const m = await import('/static/messages.js'); return m.say('gate.final') + m.say('no.such') }"
    )
    assert keys == "最終檢驗no.such"
    untold = page.locator("main").evaluate("node => node.innerText.match(/\\b(column|state|part|gate|due)\\.[a-z-]+/g)")
    assert untold is None


@pytest.mark.parametrize("language", ["English", "繁體中文"])
@pytest.mark.parametrize("room", ["lots", "orders"])
def test_both_look_well_and_every_control_has_a_name(page: Page, address: str, room: str, language: str) -> None:
    page.goto(f"{address}/{room}?lot=L%2F7")
    page.get_by_label("Language").select_option(language)
    expect(page.locator("#cause-body .cause, #actions tbody tr").first).to_be_visible()
    page.evaluate("() => document.querySelectorAll('main details').forEach((node) => { node.open = true; })")
    names = r"English|Li Wei|Chen Wei|.*Filter the enamel.*|.*why carton 3.*|.*Alpine society pin|Hongda Metal Crafts"
    assert ugly(page, kept=names) == []
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, a, select, input")].filter((node) =>
             !(node.labels?.length || node.getAttribute("aria-label") || node.textContent.trim())).length"""
    )
    assert nameless == 0
