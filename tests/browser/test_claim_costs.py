"""What a nonconformity costs and photos of one's own, on the page of orders in Chromium: by keyboard, refused with
what to do, sent once, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from claim_page import API, WHO, known, make_claims, opened, recorded, say, unfold
from claimed_lots import LABEL, LOGO
from entered_line import photo
from patience import reach, refused, sent_once
from playwright.sync_api import Locator, Page, expect


@pytest.fixture(scope="module")
def claimed(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]) -> Iterator[tuple[str, list[str]]]:
    """The address of a station with two nonconformities, which the tests share, and their numbers."""
    home, numbers = make_claims(tmp_path_factory.mktemp("claims"), (LOGO, LABEL))
    with serve(home) as (address, _app):
        yield address, numbers


@pytest.fixture
def page(quiet_page: Page) -> Page:
    return quiet_page


# --- costs -----------------------------------------------------------------------------------------------------------


def test_prices_are_given_by_keyboard_and_the_remedies_compared(
    page: Page, claimed: tuple[str, list[str]], violations: Callable[[Page], list[str]], fits: Callable[[Page], bool],
    excused: list[str],
) -> None:  # fmt: skip
    """N10: side by side, with their arithmetic, who bears what, and the sum."""
    address, (number, other) = claimed
    excused.append(refused(422, r"nonconformities/NC-\d+/costs"))  # a price of nothing
    opened(page, address, number)
    costs = page.locator("#claim-costs")
    expect(costs.locator(".none")).to_contain_text("No price is given yet.")
    unfold(page, costs.locator("summary"))
    form = costs.locator("form")
    expect(form.get_by_label("Currency of all amounts")).to_have_value("USD")
    given = {
        "Price of a unit, FOB": "0", "Sorting, a unit": "0.03", "Saved by rework, %": "92.5",
        "Discount, %": "14.5", "New units, days": "14", "By a nonconforming unit in use": "2.50",
        "Refused or failed inbound": "120", "Fines and chargebacks": "50.50",
    }  # fmt: skip
    for label, value in given.items():
        reach(page, form.get_by_label(label))
        page.keyboard.press("Control+a")
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    expect(form.locator(".refused")).to_contain_text("price: should be greater than 0")
    expect(form.locator(".refused")).to_contain_text("Give it as an amount, as in 0.80.")
    expect(form.get_by_label("Sorting, a unit")).to_have_value("0.03")  # nothing that was typed is lost
    assert violations(page) == []
    form.get_by_label("Price of a unit, FOB").fill("0.80")
    sent_once(page, f"**/nonconformities/{number}/costs", lambda: page.keyboard.press("Enter"))
    recorded(page, "claim-costs")
    found = known(address, number)["costs"]
    assert (found["inputs"]["price"], found["inputs"]["sort"], found["inputs"]["rework"]) == ("0.80", "0.03", None)
    assert (found["inputs"]["rework_yield"], found["inputs"]["discount"]) == ("0.925", "0.145")
    assert found["inputs"]["remake_days"] == 14
    rows = costs.get_by_role("group", name="Remedies").locator("tbody tr")
    expect(rows).to_have_count(len(found["paths"]))
    expect(rows.first.locator("th")).to_contain_text("proportional")
    expect(rows.first.locator("td").nth(3)).to_have_text(f"{float(found['paths'][0]['total']):,.2f}")
    closed = rows.filter(has_text="Rework all")
    expect(closed).to_contain_text("not open: ")
    expect(closed).to_contain_text("price of rework")
    expect(closed).not_to_contain_text("--rework")
    summed = costs.get_by_role("group", name="What it costs, USD").locator(".sum td")
    best = found["paths"][0]
    buyer, supplier = float(best["buyer"]) + 170.5, float(best["supplier"])
    expect(summed).to_have_text([f"{v:,.2f}" for v in (supplier, buyer, supplier + buyer)])
    assert violations(page) == []
    assert fits(page)
    say(address, other, "costs", currency="EUR", price="1.00", sort="0.05", delay="30")
    page.reload()
    totals = page.locator("#costs tbody tr")
    expect(totals.locator("th")).to_have_text(["EUR", "USD"])
    expect(page.locator("#costs > p")).to_contain_text("priced are 2 of 2")
    expect(totals.nth(1).locator("td")).to_have_text([f"{v:,.2f}" for v in (supplier, buyer, supplier + buyer)])


def test_a_price_that_is_emptied_is_not_known_any_more(page: Page, claimed: tuple[str, list[str]]) -> None:
    address, (_, number) = claimed
    before = {"price": "0.80", "sort": "0.05", "rework": "0.20", "discount": "0.29", "packing": "0.10", "returns": "12"}
    say(address, number, "costs", **before)
    opened(page, address, number)
    costs = page.locator("#claim-costs")
    costs.locator("summary").click()
    expect(costs.get_by_label("Discount, %")).to_have_value("29")
    for label in ("Rework, a unit", "Custom packing of a unit, on top", "Returns"):
        expect(costs.get_by_label(label)).not_to_have_value("")
        costs.get_by_label(label).fill("")
    costs.get_by_label("Currency of all amounts").fill("hkd")
    costs.get_by_role("button", name="Compare what the remedies cost").click()
    recorded(page, "claim-costs")
    held = known(address, number)["costs"]["inputs"]
    assert (held["rework"], float(held["packing"]), float(held["returns"])) == (None, 0.0, 0.0)
    assert (held["currency"], held["price"], held["discount"]) == ("HKD", "0.80", "0.29")


@pytest.mark.parametrize("typed", ["1,5", "1.000,50"])
def test_a_decimal_comma_that_the_browser_leaves_out_is_not_another_price(
    page: Page, claimed: tuple[str, list[str]], typed: str
) -> None:
    address, (_, number) = claimed
    say(address, number, "costs", price="0.80")
    opened(page, address, number)
    costs = page.locator("#claim-costs")
    costs.locator("summary").click()
    price = costs.get_by_label("Price of a unit, FOB")
    price.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    told = "The comma was left out. Write the number anew, with a decimal point."
    expect(price).to_have_js_property("validationMessage", told)
    assert known(address, number)["costs"]["inputs"]["price"] == "0.80"
    page.keyboard.press("Control+a")
    page.keyboard.type("1.5")
    expect(price).to_have_js_property("validationMessage", "")
    page.keyboard.press("Enter")
    recorded(page, "claim-costs")
    assert known(address, number)["costs"]["inputs"]["price"] == "1.5"


# --- photos ----------------------------------------------------------------------------------------------------------


def point_form(page: Page, point: int) -> Locator:
    return page.locator(f"#point-{point} details", has=page.get_by_label("What shows its size"))


def test_a_photo_of_ones_own_is_put_to_a_point_and_shown_with_its_caption(
    page: Page, claimed: tuple[str, list[str]], tmp_path: Path, violations: Callable[[Page], list[str]],
    fits: Callable[[Page], bool], excused: list[str],
) -> None:  # fmt: skip
    """S10: with what shows its size."""
    address, (number, _) = claimed
    excused.append(refused(422, r"nonconformities/NC-\d+/photos"))  # no photo
    no_photo = tmp_path / "scratch.png"
    no_photo.write_bytes(photo(tmp_path / "whole.png", 3).read_bytes()[:200])
    opened(page, address, number)
    folded = point_form(page, 1)
    unfold(page, folded.locator("summary"))
    reach(page, folded.get_by_label("Photo", exact=True))
    folded.get_by_label("Photo", exact=True).set_input_files(no_photo)  # which the browser's own window would do
    expect(folded.locator(".preview")).to_be_hidden()
    reach(page, folded.get_by_label("What shows its size"))
    page.keyboard.type("calliper")
    page.keyboard.press("Enter")
    expect(folded.locator(".refused")).not_to_be_empty()
    expect(folded.get_by_label("What shows its size")).to_have_value("calliper")
    assert violations(page) == []
    folded.get_by_label("Photo", exact=True).set_input_files(tmp_path / "whole.png")
    expect(folded.locator(".preview")).to_be_visible()
    assert violations(page) == []
    sent_once(page, f"**/nonconformities/{number}/photos", lambda: page.keyboard.press("Enter"))
    recorded(page, "point-1")
    shown = page.locator("#point-1 figure")
    expect(shown.locator("figcaption")).to_have_text("Its size is shown by: calliper")
    page.wait_for_function("() => document.querySelector('#point-1 figure img').naturalWidth > 0")
    point = known(address, number)["points"][0]
    assert point["photo_scale"] == "calliper"
    expect(shown.get_by_role("link")).to_have_attribute("href", f"{API}/pictures/{point['photo_sha256']}")
    assert violations(page) == []
    assert fits(page)


GIVEN = """([node, kind, files]) => {
  const transfer = new DataTransfer();
  for (const [name, bytes] of files) transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  const how = { bubbles: true, cancelable: true };
  const event = kind === "paste" ? new ClipboardEvent("paste", { ...how, clipboardData: transfer })
    : new DragEvent(kind, { ...how, dataTransfer: transfer });
  return node.dispatchEvent(event);
}"""
"""Files that come over a node by a hand or from the clipboard; whether the browser goes on to do its own with them."""


def given(node: Locator, kind: str, files: list[tuple[str, bytes]]) -> bool:
    told = [[name, list(data)] for name, data in files]
    return bool(node.evaluate(f"(node, given) => ({GIVEN})([node, ...given])", [kind, told]))


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_photo_is_dropped_on_its_form_or_pasted_into_it(
    page: Page, claimed: tuple[str, list[str]], tmp_path: Path, kind: str
) -> None:
    address, (_, number) = claimed
    data = photo(tmp_path / "card.png", 0, grain=7 if kind == "drop" else 8).read_bytes()
    opened(page, address, number)
    folded = point_form(page, 1)
    if kind == "paste":
        folded.locator("summary").click()
    else:
        given(folded, "dragover", [("card.png", data)])
        expect(folded).to_have_class("dropping")
    assert not given(folded, kind, [("card.png", data), ("more.png", data)])
    expect(folded).to_have_class("")
    expect(folded.get_by_role("status")).to_have_text("A point has one photo: card.png is taken.")
    expect(folded.locator(".preview")).to_be_visible()
    folded.get_by_role("button", name="Put it to the point").click()
    recorded(page, "point-1")
    expect(page.locator("#point-1 figcaption")).to_have_text("without a scale: evidence of what is wrong, of no size")
    assert known(address, number)["points"][0]["photo_sha256"]


def test_a_file_that_misses_its_form_does_not_take_the_place_of_the_page(
    page: Page, claimed: tuple[str, list[str]]
) -> None:
    address, (number, _) = claimed
    opened(page, address, number)
    heading = page.locator("#claim h2")
    for kind in ("dragover", "drop"):
        assert not given(heading, kind, [("card.png", b"")])
    own = page.locator("#claim-package input[type=file]")  # takes what is dropped on it by itself
    assert given(own, "drop", [("sheet.toml", b"")])
    assert given(heading, "paste", [("card.png", b"")])


# --- languages -------------------------------------------------------------------------------------------------------


def test_costs_and_photos_stand_in_chinese(
    watch: Callable[..., AbstractContextManager[Page]], claimed: tuple[str, list[str]], tmp_path: Path,
    violations: Callable[[Page], list[str]], fits: Callable[[Page], bool],
) -> None:  # fmt: skip
    address, (_, number) = claimed
    say(address, number, "costs", currency="USD", price="0.80", sort="0.05", fines="50")
    data = photo(tmp_path / "card.png", 0, grain=9).read_bytes()
    kind, path = {"Content-Type": "image/png"}, f"{address}{API}/uploads?name=card.png"
    upload = httpx.post(path, content=data, headers=kind, trust_env=False, timeout=60).json()["id"]
    say(address, number, "photos", point=1, photo=upload)
    with watch(60_000, [refused(422, r"nonconformities/NC-[\d-]+/costs")]) as page:
        page.context.add_cookies([{"name": "station_language", "value": "zh-Hant", "url": address}])
        page.goto(f"{address}/orders?nc={number}")
        expect(page.locator("#claim-costs-title")).to_have_text("費用")
        page.evaluate("() => document.querySelectorAll('main details').forEach((node) => { node.open = true; })")
        expect(page.locator("#claim-costs tbody tr").first).to_contain_text("相稱")
        expect(page.locator("#claim-costs .sum th")).to_have_text("合計，USD")
        page.locator("#claim > .deciding").get_by_label("姓名").fill(WHO)
        page.get_by_label("單價（FOB）").fill("0")
        page.get_by_label("單價（FOB）").press("Enter")
        expect(page.locator("#claim-costs .refused")).to_contain_text("0")
        assert re.search(r"[a-z]{2,} [a-z]{2,}", page.locator("#claim-costs .refused").inner_text()) is None
        expect(page.locator("#point-1 figcaption")).to_have_text("無比例尺：僅證明不良，不證明尺寸")
        assert violations(page) == []
        assert fits(page)
