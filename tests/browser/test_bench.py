"""The page at the bench in Chromium: pictures handed in or taken by the camera, the verdict at once and large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from entered_line import BLIND, SHEET, draw_line, photo
from patience import refused, until
from playwright.sync_api import FilePayload, Page, Route, expect

from station.service import Station
from station.settings import Settings

API = "/api/v1"
GOLDEN, LOT = "GS-1", "L-BENCH"
CONFORMING, OUT = 0, 120  # steps of 2 um over 30 mm, which may differ by 0.15


@pytest.fixture
def address(tmp_path: Path, serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a station with one golden sample of the drawn line, and a camera with two pictures."""
    draw_line(monkeypatch)
    home, roll = tmp_path / "home", tmp_path / "roll"
    sheet = tmp_path / "sheet.toml"
    sheet.write_text(SHEET, encoding="utf-8")
    for n in range(2):
        photo(roll / f"{n}.png", CONFORMING, grain=100 + n)
    with Station(Settings(home=home)) as station:
        station.seal_golden(sheet, photo(tmp_path / "golden.png", CONFORMING, grain=399))
    with serve(home, camera=f"replay:{roll}") as (found, _app):
        yield found


def handed_in(page: Page, address: str, files: list[Path]) -> None:
    page.goto(f"{address}/bench")
    expect(page.locator("#golden")).to_have_value(GOLDEN)
    page.locator("#lot").fill(LOT)
    page.locator("#files").set_input_files(files)


def test_pictures_that_are_handed_in_are_judged_one_after_another(
    address: str, quiet_page: Page, tmp_path: Path, excused: list[str]
) -> None:
    page = quiet_page
    excused.append(refused(422, r"inspections\?photo=unit-3\.png&.*"))  # the broken one
    files = [photo(tmp_path / f"unit-{n}.png", steps, grain=n) for n, steps in enumerate((CONFORMING, OUT, CONFORMING))]
    broken = tmp_path / "unit-3.png"
    broken.write_bytes(b"\x89PNG and no more")
    handed_in(page, address, [*files, broken])
    expect(page.locator("#progress")).to_contain_text("3 units are inspected · 1 picture is refused")
    entries = {li.locator("b").inner_text(): li.locator(".badge").inner_text() for li in page.locator("#side li").all()}
    units = httpx.get(f"{address}{API}/units?lot={LOT}", trust_env=False, timeout=60).json()["items"]
    assert entries == {u["unit"]: u["verdict"] for u in units} | {"unit-3.png": "refused"}
    assert len(units) == 3
    bad = next(u for u in units if u["unit"] == "unit-1")
    page.locator("#side a", has_text="unit-1").click()
    verdict = page.locator(".verdict")
    expect(verdict).to_have_class(f"verdict {bad['verdict']}")
    expect(verdict.locator("h2")).to_have_text(bad["verdict"])
    height = verdict.locator("h2").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    assert height >= 80  # some 20 mm on a usual screen: read from two metres
    expect(page.locator(".reasons li").first).to_have_text(bad["reasons"][0])
    expect(page.locator(".lights .light").first).to_be_visible()
    page.locator("#result a").click()
    expect(page.locator("#unit-name")).to_have_text("unit-1")  # on the review page


def test_one_key_takes_a_picture_and_judges_it(address: str, quiet_page: Page, excused: list[str]) -> None:
    page = quiet_page
    excused.append(refused(503, "camera/captures"))  # after the last picture
    page.goto(f"{address}/bench")
    expect(page.locator("#capture")).to_be_visible()
    expect(page.locator("#camera")).to_have_text("Camera: roll")
    page.locator("#lot").fill(LOT)
    page.locator("#main").focus()
    shots: list[str] = []
    page.on("request", lambda r: shots.append(r.url) if "/camera/captures" in r.url else None)
    for n in (1, 2):
        page.keyboard.down(" ")
        expect(page.locator("#side li")).to_have_count(n)
        expect(page.locator("#capture")).to_be_enabled()
        page.keyboard.down(" ")  # it is held: the keyboard repeats it, and takes no further picture
        page.keyboard.up(" ")
    page.keyboard.press(" ")
    expect(page.locator(".verdict h2")).to_have_text("Refused")
    expect(page.locator(".reasons")).to_contain_text("The end of roll is reached after 2 frames")
    units = httpx.get(f"{address}{API}/units?lot={LOT}", trust_env=False, timeout=60).json()["items"]
    assert len(units) == 2
    assert len(shots) == 3


def test_the_live_view_shows_what_the_camera_sees_and_what_a_shot_would_meet(
    address: str, quiet_page: Page, tmp_path: Path, fits: Callable[[Page], bool],
    violations: Callable[[Page], list[str]],
) -> None:  # fmt: skip
    page = quiet_page
    page.goto(f"{address}/bench")
    view = page.locator("#view")
    expect(view.locator(".standing .light")).to_have_text("1 condition is not met")
    expect(view.locator(".lights li.told")).to_contain_text("too small to show a part")
    shown = view.locator("img")
    assert shown.evaluate("img => [img.naturalWidth, img.naturalHeight]") == [64, 64]
    expect(view.locator(".exposure")).to_contain_text("% clipped")
    expect(view.locator(".histogram rect")).to_have_count(64)
    assert violations(page) == []
    assert fits(page)
    before = shown.get_attribute("src")
    assert before is not None
    page.locator("#main").focus()
    page.keyboard.press("z")
    expect(shown).to_have_attribute("src", before.replace("zebra=true", "zebra=false"))
    page.keyboard.press("v")
    expect(shown).to_be_hidden()
    page.reload()  # the browser remembers it
    expect(view.get_by_role("button", name="Live view")).to_have_attribute("aria-pressed", "false")
    page.locator("#main").focus()
    page.keyboard.press("v")
    expect(shown).to_be_visible()
    away = tmp_path / "away"
    (tmp_path / "roll").rename(away)
    expect(view.locator(".gone")).to_contain_text("cannot be")
    expect(view.locator(".standing .light")).to_have_text("The camera gives no picture")
    away.rename(tmp_path / "roll")
    expect(shown).to_be_visible()
    expect(view.locator(".gone")).to_be_hidden()


def test_the_verdict_is_in_view_at_once_on_an_upright_tablet(address: str, quiet_page: Page) -> None:
    page = quiet_page
    page.set_viewport_size({"width": 820, "height": 1180})
    page.goto(f"{address}/bench")
    expect(page.locator("#view img")).to_be_visible()
    page.locator("#lot").fill(LOT)
    page.locator("#main").focus()
    page.keyboard.press(" ")
    expect(page.locator(".verdict")).to_be_in_viewport(ratio=1)
    view, verdict = page.locator("#view").bounding_box(), page.locator(".verdict").bounding_box()
    assert view is not None
    assert verdict is not None
    assert verdict["y"] + verdict["height"] <= view["y"]  # and the next unit can still be aimed at below it


def test_until_the_first_look_the_live_view_says_that_it_waits(address: str, quiet_page: Page) -> None:
    page = quiet_page
    held: list[Any] = []
    page.route("**/camera/view?*", lambda route: held.append(route) if not held else route.continue_())
    page.goto(f"{address}/bench")
    until(page, lambda: held, "the camera is asked for a look")
    expect(page.locator("#view .gone")).to_have_text("Waiting for the camera …")
    expect(page.locator("#view img")).to_be_hidden()
    held[0].continue_()
    expect(page.locator("#view img")).to_be_visible()
    expect(page.locator("#view .gone")).to_be_hidden()


def test_j_and_k_go_through_what_was_inspected(address: str, quiet_page: Page, tmp_path: Path) -> None:
    page = quiet_page
    handed_in(page, address, [photo(tmp_path / f"unit-{n}.png", CONFORMING, grain=n) for n in range(3)])
    expect(page.locator("#side li")).to_have_count(3)
    names = page.locator("#side b").all_inner_texts()
    expect(page.locator(".verdict p")).to_have_text(names[0])
    page.locator("#main").focus()
    page.keyboard.press("j")
    expect(page.locator(".verdict p")).to_have_text(names[1])
    page.keyboard.press("k")
    expect(page.locator(".verdict p")).to_have_text(names[0])


def test_it_speaks_both_languages_and_fits(
    address: str, quiet_page: Page, tmp_path: Path, fits: Callable[[Page], bool]
) -> None:
    page = quiet_page
    page.goto(f"{address}/bench")
    page.get_by_label("Language").select_option("zh-Hant")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    expect(page.locator("#golden")).to_have_value(GOLDEN)
    page.locator("#files").set_input_files([photo(tmp_path / "blind.png", BLIND - 100)])
    expect(page.locator(".verdict h2")).to_have_text("未決")
    assert fits(page)


def test_a_picture_goes_into_the_lot_that_was_chosen_when_it_was_handed_in(
    address: str, quiet_page: Page, excused: list[str]
) -> None:
    """Three are dropped, of which one still waits when another lot is chosen and a fourth is dropped."""
    excused.append(refused(415, r"inspections\?photo=[ab]\d\.jpg&.*"))
    page, held, sent = quiet_page, list[Route](), list[str]()

    def hold(route: Route) -> None:
        held.append(route)
        sent.append(parse_qs(urlsplit(route.request.url).query)["lot"][0])

    page.route(f"**{API}/inspections?*", hold)
    page.goto(f"{address}/bench")
    expect(page.locator("#golden")).to_have_value(GOLDEN)
    for lot, names in (("LOT-A", ("a1", "a2", "a3")), ("LOT-B", ("b1",))):
        page.locator("#lot").fill(lot)
        files = [FilePayload(name=f"{n}.jpg", mimeType="image/jpeg", buffer=n.encode()) for n in names]
        page.locator("#files").set_input_files(files)
    refusal = {"error": {"code": "photo", "message": "no picture", "do": "Take another."}}
    for n in range(4):
        until(page, lambda n=n: len(held) > n, f"{n + 1} pictures are sent")
        held[n].fulfill(status=415, json=refusal)
    expect(page.locator("#progress")).to_contain_text("4 pictures are refused")
    assert sent == ["LOT-A", "LOT-A", "LOT-A", "LOT-B"]


def test_a_shot_sent_again_is_the_same_request(
    address: str, watch: Callable[..., AbstractContextManager[Page]]
) -> None:
    """Though another lot was chosen before it was answered: one key never comes with two bodies."""
    held = list[Route]()
    with watch(
        120_000, [r"net::ERR_FAILED .*/camera/captures\]$", refused(422, r"inspections\?photo=[bc]\.jpg&.*")]
    ) as page:
        page.route(f"**{API}/camera/captures*", lambda route: held.append(route))
        page.goto(f"{address}/bench")
        expect(page.locator("#capture")).to_be_visible()
        page.locator("#lot").fill("LOT-A")
        page.locator("#main").focus()
        page.keyboard.press(" ")
        until(page, lambda: held, "a shot is sent")
        page.locator("#files").set_input_files(FilePayload(name="b.jpg", mimeType="image/jpeg", buffer=b"b"))
        page.locator("#lot").fill("LOT-B")
        page.locator("#files").set_input_files(FilePayload(name="c.jpg", mimeType="image/jpeg", buffer=b"c"))
        held[0].abort()
        until(page, lambda: len(held) == 2, "it is sent again")
        first, second = (h.request for h in held)
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert (first.url, first.post_data) == (second.url, second.post_data)
        assert "LOT-A" in f"{first.url} {first.post_data}"
        held[1].abort()
        page.goto("about:blank")
