"""What else is said of a nonconformity on the page of orders in Chromium: what the goods are for, points in a table,
actions put off and taken back, its history; by keyboard, refused with what to do, sent once, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from claim_page import API, WHO, known, make_claims, opened, recorded, say, unfold
from claimed_lots import LABEL, LOGO
from patience import Traffic, reach, refused, sent_once
from playwright.sync_api import Page, Route, expect


@pytest.fixture(scope="module")
def claimed(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]) -> Iterator[tuple[str, list[str]]]:
    """The address of a station with two nonconformities, which the tests share, and their numbers."""
    home, numbers = make_claims(tmp_path_factory.mktemp("claims"), (LABEL, LOGO))
    with serve(home) as (address, _app):
        yield address, numbers


@pytest.fixture
def page(quiet_page: Page) -> Page:
    return quiet_page


def later(days: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


def test_the_draft_is_made_again_with_what_the_goods_are_for(
    page: Page, claimed: tuple[str, list[str]], violations: Callable[[Page], list[str]], fits: Callable[[Page], bool]
) -> None:
    address, (number, _) = claimed
    opened(page, address, number)
    part = page.locator("#claim-context")
    expect(part.locator("p").first).to_have_text("retail · front face")
    unfold(page, part.locator("summary"))
    use = part.get_by_label("What the goods are for")
    assert "not said" not in use.locator("option").all_inner_texts()  # what was told is told otherwise, not taken back
    reach(page, use)
    page.keyboard.type("gift")
    reach(page, part.get_by_label("Needed on"))
    part.get_by_label("Needed on").fill(later(20).isoformat())
    reach(page, part.get_by_label("Days to answer"))
    page.keyboard.press("Control+a")
    page.keyboard.type("7")
    reach(page, part.get_by_label("a brand colour"))
    page.keyboard.press("Space")
    assert violations(page) == []
    sent_once(page, "**/api/v1/nonconformities", lambda: page.keyboard.press("Enter"))
    recorded(page, "claim-context")
    context = known(address, number)["context"]
    assert (context["use"], context["event_on"], context["answer_days"]) == ("gift", later(20).isoformat(), 7)
    assert (context["brand_colour"], context["licensed"]) == (True, False)
    expect(part.locator("p").first).to_have_text(f"gift · front face · a brand colour · needed on {later(20)}")
    assert fits(page)


def test_points_come_in_a_table_and_cartons_are_counted(
    page: Page, claimed: tuple[str, list[str]], tmp_path: Path, excused: list[str]
) -> None:
    address, (_, number) = claimed
    excused.append(refused(422, r"nonconformities/NC-[\d-]+/seen/table"))
    table = tmp_path / "seen.csv"
    table.write_text("kind,note,units,of\nmood,grim,1,32\n")
    opened(page, address, number)
    seen = page.locator("#claim-seen")
    folded = seen.locator("details", has_text="Add many points as a table")
    unfold(page, folded.locator("summary"))
    rows = folded.get_by_label("Table (CSV)")
    reach(page, rows)
    rows.set_input_files(table)
    reach(page, folded.get_by_role("button", name="Add every row"))
    page.keyboard.press("Enter")
    expect(folded.locator(".refused")).to_contain_text("line 2, column kind")
    expect(folded.get_by_role("button", name="Add every row")).to_be_focused()  # so that it is pressed again at once
    table.write_text(
        "kind,note,units,of,class\nwrong-card,names another SKU,9,32,major\nscratch,on the sky,2,32,minor\n"
    )
    rows.set_input_files([])
    rows.set_input_files(table)
    sent_once(page, f"**/nonconformities/{number}/seen/table", lambda: page.keyboard.press("Enter"))
    recorded(page, "claim-seen")
    points = {p["item"]["kind"]: p["item"] for p in known(address, number)["points"]}
    assert (points["wrong-card"]["units"], points["scratch"]["class"]) == (9, "minor")
    seen.locator("details", has_text="Add a point").locator("summary").first.click()
    form = seen.locator("form").first
    form.locator("select").first.select_option("wrong-card")
    form.get_by_label("Called").fill("card of carton 3")
    form.get_by_label("What was seen").fill("2 cards name SKU 12")
    form.get_by_label("Units that show it").fill("2")
    form.get_by_label("of", exact=True).fill("4")
    form.get_by_label("cartons were counted").check()
    form.get_by_role("button", name="Add the point").click()
    recorded(page, "claim-seen")
    item = next(p["item"] for p in known(address, number)["points"] if p["item"]["name"] == "card of carton 3")
    assert (item["units"], item["of"], item["counted"]) == (2, 4, "cartons")


def test_an_action_is_put_off_done_and_taken_back(
    page: Page, claimed: tuple[str, list[str]], violations: Callable[[Page], list[str]], fits: Callable[[Page], bool],
    excused: list[str],
) -> None:  # fmt: skip
    address, (number, _) = claimed
    excused.append(refused(422, r"nonconformities/NC-\d+/actions/1/due"))  # without a reason
    due = later(3).isoformat()
    say(address, number, "actions", kind="containment", text="Hold the 1,200 units in stock", owner="Li Wei", due=due)
    traffic = Traffic(page)
    opened(page, address, number)
    row = page.locator("#claim-actions tbody tr").first
    unfold(page, row.locator("summary", has_text="Another due date"))
    field = row.get_by_label("New due date")
    expect(field).to_have_value(later(3).isoformat())
    reach(page, field)
    field.fill(later(9).isoformat())
    reach(page, row.get_by_label("Reason").first)
    page.keyboard.type("  ")
    page.keyboard.press("Enter")
    expect(row.locator("details .refused").first).to_contain_text("no reason is given")
    page.keyboard.type("the boxes come a week later")
    assert violations(page) == []
    sent_once(page, "**/actions/1/due", lambda: page.keyboard.press("Enter"))
    recorded(page, "claim-actions")
    action = known(address, number)["actions"][0]
    assert (action["due"], action["delays"]) == (later(9).isoformat(), 1)
    traffic.rest(0.5)  # what was recorded is drawn, also where it is told once more
    unfold(page, row.locator("summary", has_text="Take it back"))
    reach(page, row.get_by_label("Reason").last)
    page.keyboard.type("replaced by sorting")
    sent_once(page, "**/actions/1/withdrawn", lambda: page.keyboard.press("Enter"))
    recorded(page, "claim-actions")
    expect(row.locator(".badge")).to_have_text("withdrawn")
    expect(row.locator("form")).to_have_count(0)
    assert fits(page)


def test_an_action_that_later_lots_refute_is_done_anew(page: Page, claimed: tuple[str, list[str]]) -> None:
    """Verified it cannot be: the station asks for what is done next."""
    address, (_, number) = claimed
    due = later(3).isoformat()
    say(address, number, "actions", kind="prevention", text="Filter the enamel at 80 mesh", owner="Li Wei", due=due)

    def refuted(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        for claim in found["items"]:
            for action in claim["actions"]:
                action["state"] = "not effective"
        route.fulfill(response=answer, json=found)

    page.route("**/api/v1/nonconformities", refuted)
    opened(page, address, number)
    row = page.locator("#claim-actions tbody tr").first
    expect(row.get_by_role("button", name="Done")).to_be_visible()
    expect(row.get_by_role("button", name="Verify")).to_have_count(0)
    page.unroute("**/api/v1/nonconformities", refuted)


def test_an_action_is_against_the_points_that_are_ticked(page: Page, claimed: tuple[str, list[str]]) -> None:
    address, (_, number) = claimed
    seen = {"kind": "wrong-card", "name": "cards of the sample", "note": "3 cards name SKU 12", "units": 3, "of": 20}
    say(address, number, "seen", **seen)
    opened(page, address, number)
    add = page.locator("#claim-actions > div > form")
    add.get_by_label("What is to be done").fill("Replace 9 cards")
    add.get_by_label("Owner").fill("Li Wei")
    add.get_by_label("cards of the sample").check()
    add.get_by_role("button", name="Add the action").click()
    recorded(page, "claim-actions")
    found = known(address, number)
    added = next(a for a in found["actions"] if a["words"] == "Replace 9 cards")
    assert added["items"] == ["seen:wrong-card:cards of the sample"]


def test_its_history_and_whether_the_product_may_be_ordered_again(
    page: Page, claimed: tuple[str, list[str]], violations: Callable[[Page], list[str]], fits: Callable[[Page], bool]
) -> None:
    address, (number, _) = claimed
    opened(page, address, number)
    expect(page.locator("#claim-package")).to_contain_text("MAS-PIN-30 may not be ordered again yet.")
    history = page.locator("#claim-history")
    unfold(page, history.locator("summary"))
    events = httpx.get(f"{address}{API}/nonconformities/{number}/events", trust_env=False, timeout=60).json()["items"]
    rows = history.locator("tbody tr")
    expect(rows).to_have_count(len(events))
    expect(rows.first).to_contain_text("drafted from the lot's data")
    expect(rows.first).to_contain_text(WHO)
    assert violations(page) == []
    assert fits(page)


def test_all_of_it_stands_in_chinese(
    watch: Callable[..., AbstractContextManager[Page]], claimed: tuple[str, list[str]],
    violations: Callable[[Page], list[str]], fits: Callable[[Page], bool],
) -> None:  # fmt: skip
    address, (number, other) = claimed
    due = later(3).isoformat()
    say(address, number, "actions", kind="containment", text="暫停出貨 1,200 件", owner="李偉", due=due)
    with watch(60_000) as page:
        page.context.add_cookies([{"name": "station_language", "value": "zh-Hant", "url": address}])
        page.goto(f"{address}/orders?nc={number}")
        expect(page.locator("#claim-package")).to_contain_text("MAS-PIN-30 尚不可再訂購。")
        page.evaluate("() => document.querySelectorAll('main details').forEach((node) => { node.open = true; })")
        expect(page.locator("#claim-history tbody tr").first).to_contain_text("依批次資料草擬")
        expect(page.locator("#claim-package")).to_contain_text("已拒收")
        expect(page.locator("#claim-package")).not_to_contain_text("rejected")
        expect(page.locator("#claim-actions tbody")).to_contain_text("改訂期限")
        assert violations(page) == []
        assert fits(page)
        page.goto(f"{address}/orders?nc={other}")
        expect(page.locator("#claim-seen")).to_contain_text("以表格一次加入多項")
