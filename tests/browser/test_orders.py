"""The page of orders in Chromium: an order opened, answered, refused and released; a complaint drafted, answered, sent
and kept as PDF, its actions carried out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from claimed_lots import LOGO, Days, make_home
from entered_line import draw_line
from gated_orders import NUMBER, ORDER, UNITS, Home
from patience import refused
from playwright.sync_api import Locator, Page, expect

from station.lots.orders import Order
from station.service import Station
from station.settings import Settings

API, WHO, PASSWORD, PIN = "/api/v1", "M. Weber", "four plain words together", "402817"
WAIVED = ("packaging", "logo", "label", "carton", "material-colour", "pre-production-sample")


@pytest.fixture
def page(quiet_page: Page) -> Page:
    return quiet_page


@pytest.fixture
def ordered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A golden sample that both signed, and no order yet."""
    draw_line(monkeypatch)
    home = Home(tmp_path)
    home.seal()
    home.sign()
    home.station.close()
    return home


@pytest.fixture
def claimed(tmp_path: Path) -> Path:
    """A lot that failed, and no nonconformity yet."""
    return make_home(tmp_path, Days(), (LOGO,))


def asked(page: Page, key: str) -> Locator:
    """Where a requirement of the gate says how it is supplied."""
    return page.locator(f'#gate [data-key="{key}"]')


def met(page: Page, key: str, word: str = "met") -> None:
    expect(page.locator(f'#gate tr:has([data-key="{key}"]) .badge')).to_have_text(word)


def named(page: Page, where: str) -> None:
    page.locator(f"{where} > .deciding").get_by_label("Name").fill(WHO)


def test_an_order_is_opened_answered_refused_and_released(
    page: Page, ordered: Home, serve: Callable[..., Any], violations: Callable[[Page], list[str]],
    fits: Callable[[Page], bool], excused: list[str],
) -> None:  # fmt: skip
    excused.append(refused(409, rf"orders/{ORDER}/releases\?sku=\w+"))  # before its questions are answered
    with serve(ordered.folder / "home") as (address, _app):
        page.goto(f"{address}/orders")
        page.locator("#empty").get_by_role("link", name="Open an order").click()
        form = page.locator("#new form")
        form.get_by_label("Order number").fill(ORDER)
        form.get_by_label("Golden sample").select_option(NUMBER)
        form.get_by_label("Units", exact=True).fill(str(UNITS))
        form.get_by_label("Name").fill(WHO)
        form.get_by_label("Name").press("Enter")
        expect(page.locator("#order h2").first).to_have_text(f"Order {ORDER}")
        assert fits(page)
        assert violations(page) == []
        release(page)
        expect(page.locator("#gate .release .refused")).to_contain_text("the pre-production gate of order PO-7")
        expect(page.locator("#gate .release .refused")).to_contain_text("nobody has answered")
        expect(page.locator("#gate .release .refused code")).to_be_hidden()  # the command is for who asks for it
        delivery = asked(page, "quantity-delivery")
        delivery.get_by_label("Answer", exact=True).fill(f"{UNITS} units, delivered on 2099-12-01")
        delivery.get_by_role("button", name="Answer", exact=True).click()
        met(page, "quantity-delivery")
        expect(page.locator("#gate h3")).to_be_focused()
        spec = asked(page, "spec")
        spec.get_by_label("Answer", exact=True).fill("as sealed")
        spec.get_by_label("File that shows it").set_input_files(ordered.folder / "sheet.toml")
        spec.get_by_role("button", name="Answer", exact=True).click()
        met(page, "spec")
        factory = asked(page, "factory")
        factory.get_by_label("Who says so, of the factory").fill("Li Wei")
        factory.get_by_role("button", name="The factory holds the version in force").click()
        met(page, "factory")
        for key in WAIVED:
            waive(page, key)
        release(page)
        expect(page.locator(".gates .light").first).to_have_text("released")
        page.get_by_role("button", name="Production begins").first.click()
        expect(page.get_by_label("Units made so far")).to_be_visible()
        found = httpx.get(f"{address}{API}/orders/{ORDER}", trust_env=False, timeout=60).json()
        gate = found["gates"][0]
        assert (gate["state"], gate["release"]["name"], gate["release"]["party"]) == ("released", WHO, "buyer")
        assert found["started_at"] is not None
        assert [r["waived_by"] for r in gate["requirements"] if r["key"] in WAIVED] == [WHO] * len(WAIVED)
        page.goto("about:blank")


def test_with_accounts_a_waiver_is_signed_with_the_pin(
    page: Page, ordered: Home, serve: Callable[..., Any], excused: list[str]
) -> None:
    excused.append(refused(403, rf"orders/{ORDER}/waivers\?sku=\w+"))  # with the wrong PIN
    with Station(Settings(home=ordered.folder / "home")) as station:
        station.accounts.add("A. Keller", "administrator", PASSWORD)
        station.accounts.add(WHO, "approver", PASSWORD, pin=PIN)
        station.gates.open(ORDER, Order(units=(UNITS,)), golden=NUMBER, by=WHO)
    with serve(ordered.folder / "home") as (address, _app):
        page.goto(f"{address}/orders")
        page.locator("#name").fill(WHO)
        page.locator("#password").fill(PASSWORD)
        page.locator("#password").press("Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        page.goto(f"{address}/orders")
        expect(page.locator("#gate > .deciding").get_by_label("Name")).to_have_value(WHO)
        cell = asked(page, "label")
        cell.get_by_text("Waive it").click()
        cell.get_by_label("Reason", exact=True).fill("packed in bulk, without a label")
        for pin in ("000000", PIN):
            cell.get_by_role("button", name="Waive, signed for the buyer").click()
            page.get_by_label("PIN").fill(pin)
            page.get_by_role("button", name="Sign", exact=True).click()
            if pin != PIN:
                expect(cell.locator("details .refused")).to_contain_text("PIN")
        met(page, "label", "waived")
        page.goto("about:blank")


def release(page: Page) -> None:
    named(page, "#gate")
    page.get_by_role("button", name="Release this gate").click()


def waive(page: Page, key: str) -> None:
    cell = asked(page, key)
    cell.get_by_text("Waive it").click()
    cell.get_by_label("Reason", exact=True).fill("trial order of 120 pieces, packed in bulk")
    cell.get_by_role("button", name="Waive, signed for the buyer").click()
    met(page, key, "waived")


def test_a_complaint_is_drafted_answered_sent_and_kept(
    page: Page, claimed: Path, serve: Callable[..., Any], violations: Callable[[Page], list[str]],
    fits: Callable[[Page], bool], excused: list[str],
) -> None:  # fmt: skip
    excused.append(refused(422, r"nonconformities/NC-\d+/answers"))  # an answer in a vague word
    with serve(claimed) as (address, _app):
        page.goto(f"{address}/orders?draft={LOGO}")
        form = page.locator("#nonconformities form")
        expect(form.get_by_label("Rejected lot")).to_have_value(LOGO)
        expect(form.get_by_label("Rejected lot")).to_be_focused()
        form.get_by_label("Name").fill(WHO)
        form.get_by_role("button", name="Draft the complaint").click()
        heading = page.locator("#claim h2")
        expect(heading).to_contain_text("Nonconformity NC-")
        number = heading.inner_text().split()[-1]
        assert fits(page)
        assert violations(page) == []
        expect(page.locator("#claim-next .bullets").first).to_contain_text("is not answered")
        first = page.locator(".nine dd > form").first
        first.get_by_role("textbox").fill("It is bad.")
        first.get_by_role("button", name="Answer", exact=True).click()
        expect(first.locator(".refused")).to_contain_text("bad")
        while (left := page.locator(".nine dd > form").count()) > 0:
            box = page.locator(".nine dd > form").first
            box.get_by_role("textbox").fill("Seen on 8 of 8 units that were tried on the card.")
            box.get_by_role("button", name="Answer", exact=True).click()
            expect(page.locator(".nine dd > form")).to_have_count(left - 1)
        page.get_by_role("button", name="As proposed").click()
        page.get_by_role("button", name="Give these dispositions").click()
        expect(page.locator("#claim-next")).not_to_contain_text("no disposition")
        unclassed = page.locator("#claim form", has_text="Class it").filter(has_not_text="anew")
        for left in reversed(range(unclassed.count())):
            unclassed.first.get_by_role("button").click()
            expect(unclassed).to_have_count(left)
        acted(page)
        page.get_by_role("button", name="Record that it is sent").click()
        expect(page.locator("#claim .paper-head .badge")).to_have_text("sent")
        found = httpx.get(f"{address}{API}/nonconformities/{number}", trust_env=False, timeout=60).json()
        assert (found["status"], found["faults"]) == ("sent", [])
        assert sum(s["quantity"] for s in found["dispositions"]) == found["facts"]["size"]
        assert [(a["owner"], a["state"]) for a in found["actions"]] == [("Li Wei", "done")]
        links = page.locator("#claim-documents a", has_text="繁體中文")
        with page.expect_download() as waiting:
            links.first.click()
        assert waiting.value.suggested_filename == f"{number} zh-Hant.pdf"
        assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF-")
        page.get_by_label("Language").select_option("zh-Hant")
        expect(page.locator("#claim h2")).to_have_text(f"不符合 {number}")
        assert violations(page) == []
        page.goto("about:blank")


def acted(page: Page) -> None:
    """A corrective action is agreed on and done."""
    add = page.locator("#claim-actions form").last
    add.get_by_label("Kind").select_option("containment")
    add.get_by_label("What is to be done").fill("Hold the 1,200 units in stock and sort them")
    add.get_by_label("Owner").fill("Li Wei")
    add.get_by_label("Due").fill(datetime.now(UTC).date().isoformat())
    add.get_by_role("button", name="Add the action").click()
    row = page.locator("#claim-actions tbody tr")
    expect(row).to_have_count(1)
    row.get_by_label("What was done").fill("1,200 units sorted, 14 taken out")
    row.get_by_role("button", name="Done").click()
    expect(row.locator(".badge")).to_have_text("done, to be verified")
    listed = page.locator("#actions tbody tr .badge")
    expect(listed).to_have_text("done")
    expect(listed).to_have_class("badge undecided")  # the same as there
