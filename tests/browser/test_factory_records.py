"""What a factory can show and which causes people found, in Chromium: said by keyboard on the page of lots and in the
nonconformity, refused with what to do, sent once, counted as the supplier's sourcing risk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from claimed_lots import LABEL, LOGO, Days, make_home
from patience import refused, sent_once
from playwright.sync_api import Locator, Page, expect

from station.lots.orders import Order
from station.service import Station
from station.settings import Settings

API, WHO, ORDER, GOLDEN = "/api/v1", "M. Weber", "PO-4711", "GS-20260510"
PASSWORD = "four plain words together"
SUPPLIER = "Hongda Metal Crafts"
METHOD, BATH = "another method or instrument of measuring", "another bath, coating, plating or spraying"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lots that failed, a nonconformity of one of them, and an order of their golden sample."""
    home = make_home(tmp_path_factory.mktemp("records"), Days(), (LOGO, LABEL))
    with Station(Settings(home=home), clock=Days()) as station:
        station.gates.open(ORDER, Order(units=(3000,)), golden=GOLDEN, by=WHO)
        station.nonconformities.draft(LOGO, by=WHO, use="retail")
    return home


@pytest.fixture
def claimed(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "home"))


def nonconformity(address: str) -> dict[str, Any]:
    found = httpx.get(f"{address}{API}/nonconformities", params={"lot": LOGO}, trust_env=False, timeout=60).json()
    return dict(found["items"][0])


def tab_to(page: Page, control: Locator) -> Locator:
    """Reach a control from the one before it by the tabulator alone, over links and tables that scroll."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if control.evaluate("node => node === document.activeElement"):
            return control
    raise AssertionError("the tabulator does not lead there")


def chosen(page: Page, control: Locator, words: str) -> None:
    """Choose an option of a list by keyboard."""
    page.keyboard.press("Home")
    for _ in range(20):
        if control.evaluate("node => node.selectedOptions[0].textContent") == words:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(words)


def say_cause(page: Page, part: Locator, cause: str, found: str, text: str) -> None:
    """Fill the form of causes by keyboard; the button has the focus then."""
    causes = part.get_by_role("combobox", name="Cause", exact=True)
    causes.focus()
    chosen(page, causes, cause)
    chosen(page, tab_to(page, part.get_by_role("combobox", name="Found to be")), found)
    tab_to(page, part.get_by_label("What shows it"))
    page.keyboard.type(text)
    expect(tab_to(page, part.get_by_role("button", name="Record what was found"))).to_be_focused()


def test_causes_are_found_on_the_page_of_lots_those_of_the_measurement_first(
    quiet_page: Page, claimed: Path, serve: Callable[..., Any], violations: Callable[[Page], list[str]],
    fits: Callable[[Page], bool], excused: list[str],
) -> None:  # fmt: skip
    """V1."""
    page = quiet_page
    excused.append(refused(409, r"nonconformities/NC-\d+/causes"))  # while the measurement is not ruled out
    with serve(claimed) as (address, _app):
        page.goto(f"{address}/lots?lot={LOGO}")
        part = page.locator("#told")
        row = part.locator("tbody tr", has_text=METHOD)
        expect(row.locator(".badge")).to_have_text("ruled out")
        expect(row).to_contain_text("by the lot's data")
        part.get_by_label("Name").focus()
        page.keyboard.type(WHO)
        say_cause(page, part, METHOD, "the cause", "the calliper of line 2 reads 0.1 mm too much")
        sent_once(page, f"**{API}/nonconformities/NC-*/causes", lambda: page.keyboard.press("Enter"))
        expect(row.locator(".badge")).to_have_text("confirmed")
        expect(row.locator("td").last).to_contain_text(WHO)
        expect(page.locator("#told-title")).to_be_focused()
        expect(page.locator("#said")).to_have_text("Recorded.")
        expect(part.get_by_label("Name")).to_have_value(WHO)  # as it was typed before
        say_cause(page, part, BATH, "the cause", "cartons 1 to 40 come from a second bath")
        page.keyboard.press("Enter")
        told = part.locator(".refused").first
        expect(told).to_contain_text("coating is not confirmed while the measurement itself may be the cause")
        expect(told).to_contain_text("Rule these out first")
        expect(part.get_by_label("What shows it")).to_have_value("cartons 1 to 40 come from a second bath")
        assert violations(page) == []
        say_cause(page, part, METHOD, "not the cause", "measured again with the calliper of line 1")
        page.keyboard.press("Enter")
        expect(row.locator(".badge")).to_have_text("ruled out")
        say_cause(page, part, BATH, "the cause", "cartons 1 to 40 come from a second bath")
        page.keyboard.press("Enter")
        expect(part.locator("tbody tr", has_text=BATH).locator(".badge")).to_have_text("confirmed")
        part.get_by_text("All that was said of the causes").focus()
        page.keyboard.press("Enter")
        said = part.get_by_role("group", name="All that was said of the causes").locator("tbody tr")
        expect(said).to_have_count(3)
        expect(said.first).to_contain_text(f"{BATH} · the cause")  # the newest first
        assert {c["name"]: c["state"] for c in nonconformity(address)["variance"]}["coating"] == "confirmed"
        assert violations(page) == []
        assert fits(page)
        page.get_by_label("Language").select_option("zh-Hant")
        expect(page.locator("#told-title")).to_have_text("查明的原因與工廠紀錄")
        expect(part.locator("tbody tr", has_text="coating").locator(".badge")).to_have_text("已確認")
        expect(part.locator("tbody tr", has_text="pre-shipment-standard")).to_contain_text("依本批資料")
        told_in_chinese = page.evaluate(
            "async (text) => { const { said } = await import('/static/said.js'); return said(text); }",
            "coating is not confirmed while the measurement itself may be the cause: measurement-method, "
            "photo-lighting",
        )
        assert told_in_chinese == "量測本身可能為原因時，不能確認電鍍或塗層：量測方法、拍照光線"
        assert violations(page) == []
        assert fits(page)
        page.goto("about:blank")


def test_a_lot_without_a_nonconformity_is_given_one_where_its_causes_are_told(
    quiet_page: Page, claimed: Path, serve: Callable[..., Any], violations: Callable[[Page], list[str]]
) -> None:
    page = quiet_page
    with serve(claimed) as (address, _app):
        page.goto(f"{address}/lots?lot={LABEL}")
        part = page.locator("#told")
        expect(part).to_contain_text("This lot has none yet.")
        expect(part).to_contain_text(f"{SUPPLIER} nothing is known of it yet")
        assert violations(page) == []
        part.get_by_label("Name").focus()
        page.keyboard.type(WHO)
        sent_once(page, f"**{API}/nonconformities", lambda: page.keyboard.press("Enter"))
        expect(part.get_by_role("button", name="Record what was found")).to_be_visible()
        expect(page.locator("#told-title")).to_be_focused()
        expect(part.locator("tbody tr", has_text="measurement-method").first).to_be_visible()
        page.goto("about:blank")


def test_records_are_asked_for_come_and_cannot_be_shown_which_is_the_suppliers_risk(
    quiet_page: Page, claimed: Path, serve: Callable[..., Any], violations: Callable[[Page], list[str]],
    fits: Callable[[Page], bool], excused: list[str],
) -> None:  # fmt: skip
    """D4."""
    page = quiet_page
    excused.append(refused(422, r"nonconformities/NC-\d+/records"))  # of a day to come
    dates = claimed / "lot dates of May.csv"
    dates.write_text("lot,date\n1,2026-05-02\n", encoding="utf-8")
    with serve(claimed) as (address, _app):
        number = nonconformity(address)["number"]
        page.goto(f"{address}/orders?nc={number}")
        page.locator("#claim > .deciding").get_by_label("Name").fill(WHO)
        part, risk = page.locator("#claim-records"), page.locator("#claim-risk")
        expect(risk).to_contain_text("nothing is known of it yet")
        first = part.locator("tbody tr", has_text="production lot dates").first
        expect(first).to_contain_text("not asked for")
        send = part.get_by_role("button", name="Record what became of it")
        part.get_by_role("combobox", name="Factory's record").focus()  # the first one, asked for
        expect(part.get_by_label("What it says")).to_be_hidden()
        tab_to(page, send)
        sent_once(page, f"**{API}/nonconformities/{number}/records", lambda: page.keyboard.press("Enter"))
        expect(first.locator(".badge")).to_have_text("asked for")
        expect(first).to_contain_text(WHO)
        expect(page.locator("#claim-records-title")).to_be_focused()
        part.get_by_role("combobox", name="What became of it").focus()
        expect(part.get_by_role("combobox", name="What became of it").locator("option")).to_have_text(
            ["it came", "it cannot be shown"]
        )
        part.get_by_label("On (today, if empty)").fill("2999-01-01")
        part.get_by_label("The record itself").set_input_files(dates)
        tab_to(page, part.get_by_label("What it says"))
        page.keyboard.type("two plating baths")
        tab_to(page, send)
        page.keyboard.press("Enter")
        expect(part.locator(".refused")).to_have_text("2999-01-01 is yet to come. Give the day on which it was so.")
        assert violations(page) == []
        part.get_by_label("On (today, if empty)").fill("")
        send.focus()
        page.keyboard.press("Enter")
        expect(first.locator(".badge")).to_have_text("came")
        expect(first).to_contain_text("two plating baths")
        with page.expect_download() as waiting:
            first.get_by_role("link", name=dates.name).click()
        assert waiting.value.suggested_filename == dates.name
        assert Path(waiting.value.path()).read_bytes() == dates.read_bytes()
        expect(risk.locator(".badge").first).to_have_text("no sourcing risk")
        not_kept(page, part, send)
        expect(part.locator("tbody tr", has_text="final inspection reports").first).to_contain_text("not kept")
        expect(risk.locator(".badge").first).to_have_text("a sourcing risk")
        expect(risk).to_contain_text("Nonconformities: 1 · records that came: 1 · awaited: 0 · overdue: 0 · that could")
        expect(risk.locator("tbody tr")).to_have_count(2)
        part.get_by_text("All that was said of the factory's records").focus()
        page.keyboard.press("Enter")
        expect(part.get_by_role("group", name="All that was said of").locator("tbody tr")).to_have_count(3)
        assert violations(page) == []
        assert fits(page)
        known = {r["record"]: (r["state"], r["by"]) for r in nonconformity(address)["factory_records"]}
        assert known == {"drift": ("came", WHO), "screening": ("refused", WHO), "substitution": ("not asked", "")}
        risk_of_the_order(page, address, number, violations, fits)
        page.goto("about:blank")


def not_kept(page: Page, part: Locator, send: Locator) -> None:
    """Say by keyboard that the inspection reports cannot be shown."""
    record, step = (
        part.get_by_role("combobox", name="Factory's record"),
        part.get_by_role("combobox", name="What became of it"),
    )
    record.focus()
    chosen(page, record, "final inspection reports")
    chosen(page, tab_to(page, step), "it cannot be shown")
    expect(part.get_by_label("The record itself")).to_be_hidden()
    tab_to(page, part.get_by_label("Why it cannot be shown"))
    page.keyboard.type("not kept")
    tab_to(page, send)
    page.keyboard.press("Enter")


def risk_of_the_order(
    page: Page, address: str, number: str, violations: Callable[[Page], list[str]], fits: Callable[[Page], bool]
) -> None:
    """The order of the same supplier tells its risk, in Chinese too, and leads to the nonconformity."""
    page.get_by_label("Language").select_option("zh-Hant")
    expect(page.locator("#claim-records tbody tr").first).to_contain_text("生產批次日期")
    page.goto(f"{address}/orders?order={ORDER}")
    part = page.get_by_role("region", name="供應商的採購風險")
    expect(part.locator(".badge").first).to_have_text("有採購風險")
    expect(part.locator("tbody tr")).to_contain_text(["生產批次日期", "最終檢驗報告"])
    assert violations(page) == []
    assert fits(page)
    part.get_by_role("link", name=number).first.click()
    expect(page).to_have_url(f"{address}/orders?nc={number}#claim-records")
    expect(page.locator("#claim-records-title")).to_be_in_viewport()


def test_with_accounts_the_name_is_the_accounts_and_who_may_not_is_told(
    quiet_page: Page, claimed: Path, serve: Callable[..., Any], excused: list[str]
) -> None:
    page = quiet_page
    excused.append(refused(403, r"nonconformities/NC-\d+/causes"))
    with Station(Settings(home=claimed)) as station:
        station.accounts.add("A. Keller", "administrator", PASSWORD)
        station.accounts.add("Li Wei", "inspector", PASSWORD)
    with serve(claimed) as (address, _app):
        page.goto(f"{address}/lots?lot={LOGO}")
        page.locator("#name").fill("Li Wei")
        page.locator("#password").fill(PASSWORD)
        page.locator("#password").press("Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        page.goto(f"{address}/lots?lot={LOGO}")
        part = page.locator("#told")
        expect(part.get_by_label("Name")).to_have_value("Li Wei")
        expect(part.get_by_label("Name")).to_have_attribute("readonly", "")
        say_cause(page, part, METHOD, "not the cause", "measured again")
        page.keyboard.press("Enter")
        expect(part.locator(".refused").first).to_contain_text("an inspector may not do this")
        page.goto("about:blank")
