"""The help in Chromium: found and read by keyboard alone, in a head that all pages share, in two languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Bench


def test_the_help_is_searched_and_read_by_keyboard_alone(bench: Bench) -> None:
    page = bench.page
    page.goto(f"{bench.address}/help/verdicts")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Search the help")).to_be_focused()
    page.keyboard.type("grey card j")  # j in a field goes nowhere
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(page.locator("#told")).to_contain_text("places for “grey card”")  # read out while one writes
    expect(page.locator(".found mark").first).to_be_visible()
    assert page.url.endswith("/help?q=grey%20card")
    page.keyboard.press("Enter")
    first = page.locator(".found a").first
    expect(first).to_be_focused()
    address = str(first.get_attribute("href"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")
    expect(page.locator("article h1")).to_be_visible()
    page.goto(f"{bench.address}/help/first-steps")
    page.keyboard.press("j")
    page.wait_for_url("**/help/verdicts")
    expect(page.locator(".contents [aria-current]")).to_have_text("Verdicts")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("k")  # turns no page while the keys are shown
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url.endswith("/help/verdicts")
    assert bench.complaints == []


def test_an_anchor_is_reached_and_a_search_given_up_leads_back_to_the_page(bench: Bench) -> None:
    page = bench.page
    page.goto(f"{bench.address}/help/verdicts#gates")
    expect(page.locator("#gates")).to_be_in_viewport()
    field = page.get_by_label("Search the help")
    field.fill("zzzzz")
    expect(page.locator("#told")).to_contain_text("Nothing is found for “zzzzz”")
    field.fill("")
    expect(page.locator("article h1")).to_have_text("Verdicts")
    assert page.url.endswith("/help/verdicts#gates")
    page.set_viewport_size({"width": 820, "height": 1180})
    page.goto(f"{bench.address}/help/first-steps")
    expect(page.locator("#contents > h2").first).to_be_hidden()
    page.get_by_text("Contents", exact=True).click()
    expect(page.locator("#contents > h2").first).to_be_visible()
    picture = page.get_by_role("img", name="A flagged unit beside its golden sample")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert int(picture.evaluate("(img) => img.naturalWidth")) > 400
    assert bench.complaints == []


def test_the_language_chosen_holds_on_all_pages_and_records_stay_as_they_are(bench: Bench) -> None:
    page = bench.page
    page.goto(f"{bench.address}/help")
    page.get_by_label("Language").select_option("繁體中文")
    expect(page.get_by_role("heading", name="說明", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="判定", exact=True).first).to_be_visible()
    page.get_by_role("link", name="覆核", exact=True).click()
    bench.ready(4)
    page.locator("#reviewer").fill("M. Weber")
    page.locator("#reviewer").press("Enter")
    expect(page.locator("#unit-verdict")).to_have_text("未決")
    expect(page.locator(".act.defer small")).to_have_text("需要第二位覆核人")
    page.keyboard.press("9")
    expect(page.locator(".act.reject small")).to_have_text("照片品質不足")
    page.keyboard.press("r")
    bench.ready(2)
    bench.said("unit-4 已拒收 · 照片品質不足")
    page.keyboard.press("u")
    bench.said("已復原")
    assert [(r["decision"], r["reason"]) for r in bench.reviews(4)] == [
        ("reject", "photo not good enough"),
        ("undo", "rejected by mistake"),
    ]
    page.get_by_label("語言").select_option("English")
    bench.ready(4)
    expect(page.locator("#unit-verdict")).to_have_text("undecided")
    assert bench.complaints == []
