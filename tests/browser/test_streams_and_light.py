"""The pages of streams and of the benches' light in Chromium: what they show, what is said and calibrated there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from patience import refused, sent_once
from playwright.sync_api import Page, expect

import sample_data
from station.service import Station
from station.settings import Settings

API = "/api/v1"
SAMPLES = Path(sample_data.__file__).parent
RIG, STREAM = "bench-a", "pins / Dongguan"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]) -> Iterator[str]:
    """Of a station with one bench, not calibrated, and one stream with two lots that were not accepted."""
    home = tmp_path_factory.mktemp("rooms") / "home"
    with Station(Settings(home=home)) as station:
        station.bench.add_rig(SAMPLES / "bench" / "rig.toml")
        station.streams.open(
            STREAM, sku="MAS-PIN-30", supplier="Dongguan Badge", process="soft enamel", aql={"major": 2.5, "minor": 4.0}
        )
        for lot, found in (("L-1", 0), ("L-2", 9), ("L-3", 8), ("L-4", 1)):
            station.streams.record_lot(STREAM, lot, size=1200, found={"major": [found], "minor": [1]})
    with serve(home, card=str(SAMPLES / "bench" / "card.toml")) as (found_, _app):
        yield found_


def test_a_stream_says_where_it_stands_and_why(quiet_page: Page, address: str) -> None:
    page = quiet_page
    page.goto(f"{address}/streams")
    expect(page.locator("#head h2")).to_have_text(STREAM)
    expect(page.locator("#head .severity")).to_have_text("tightened")
    classes = page.locator(".classes-now li")
    assert classes.locator(".now").all_inner_texts() == ["tightened", "normal"]
    expect(classes.first).to_contain_text("Back to normal when:")
    expect(page.locator(".course .block")).to_have_count(8)
    assert page.locator(".course .block.not-accepted").count() == 2
    expect(page.locator("#history tbody tr")).to_have_count(4)
    changed = page.locator("#history tbody tr", has=page.locator(".severity"))
    expect(changed).to_contain_text("L-3")
    expect(changed.locator(".severity")).to_have_text(["normal", "tightened"])
    found = httpx.get(
        f"{address}{API}/streams/pins%20%2F%20Dongguan/next?size=1200", trust_env=False, timeout=60
    ).json()
    plans = page.locator("#next tbody tr")
    expect(plans).to_have_count(2)
    for row, plan in zip(plans.all(), found["plans"], strict=True):
        assert row.locator("td").all_inner_texts()[:2] == [plan["severity"], " / ".join(str(n) for n in plan["n"])]


def test_what_is_said_of_a_stream_is_recorded_and_an_opened_one_shown(quiet_page: Page, address: str) -> None:
    page = quiet_page
    page.goto(f"{address}/streams?new")
    form = page.locator("#new form")
    for label, text in (("Called", "coins"), ("SKU", "COIN-40"), ("Supplier", "Hongda")):
        form.get_by_label(label, exact=True).fill(text)
    form.get_by_role("button", name="Open the stream").click()
    expect(page.locator("#head h2")).to_have_text("coins")
    expect(page.locator("#course")).to_contain_text("No lot is counted yet")
    say = page.locator("#say form")
    say.get_by_label("It is said").select_option("directed tightened")
    say.get_by_label("Class").select_option("major")
    say.get_by_label("Name").fill("M. Keller")
    say.get_by_label("Reason").fill("complaints")
    sent_once(page, f"**{API}/streams/coins/words", say.get_by_role("button", name="Record").click)
    expect(page.locator(".classes-now .now").first).to_have_text("tightened")
    expect(page.locator("#history tbody tr").first).to_contain_text("M. Keller: complaints")
    expect(page.locator("#history tbody tr")).to_have_count(1)
    page.keyboard.press("Tab")
    page.locator("#main").focus()
    page.keyboard.press("j")
    expect(page.locator("#head h2")).to_have_text(STREAM)


def test_a_bench_is_registered_once_and_what_is_refused_of_it_is_told(
    quiet_page: Page, address: str, excused: list[str]
) -> None:
    excused.append(refused(422, "rigs"))
    page = quiet_page
    page.goto(f"{address}/light?new")
    page.get_by_label("Bench (TOML)").fill('name = "b"\nwrong = 1\n')
    sent_once(page, f"**{API}/rigs", page.get_by_role("button", name="Register").click)
    expect(page.locator("#alerts li")).to_have_count(1)
    expect(page.locator("#alerts li")).to_contain_text("rig.toml: camera: Field required")


def test_the_light_is_calibrated_and_checked_on_its_page(quiet_page: Page, address: str) -> None:
    page = quiet_page
    page.goto(f"{address}/light")
    expect(page.locator("#head h2")).to_have_text(f"Bench {RIG}")
    expect(page.locator("#next .light")).to_have_text("does not judge colour")
    expect(page.locator("#next code")).to_contain_text("station calibrate light")
    form = page.locator("form", has=page.get_by_role("button", name="Calibrate the light"))
    form.get_by_label("Pictures of the grey card").set_input_files(sorted((SAMPLES / "bench").glob("grey-*.jpg")))
    form.get_by_label("Lux meter").fill("900, 880")
    form.get_by_label("Which meter").fill("LX-1")
    form.get_by_role("button", name="Calibrate the light").click()
    expect(page.locator("#made .badge.conforms").first).to_contain_text("more day")
    expect(page.locator("#made")).to_contain_text("900, 880 lx")
    expect(page.locator(".nine-places td")).to_have_count(9)
    expect(page.locator("#next .light")).to_contain_text(["no check since the calibration"])
    form = page.locator("form", has=page.get_by_role("button", name="Check the light"))
    form.get_by_label("Photo of the bench").set_input_files(SAMPLES / "alpine" / "units" / "unit-02.jpg")
    form.get_by_role("button", name="Check the light").click()
    expect(page.locator("#drift .chart")).to_have_count(3)
    expect(page.locator('[data-said="Check the light"] .badge')).to_have_text("this check is the reference")
    found = httpx.get(f"{address}{API}/bench/{RIG}/drift", trust_env=False, timeout=60).json()
    assert [(c["photo"], c["reference"]) for c in found] == [("unit-02.jpg", True)]
    form.get_by_label("Photo of the bench").set_input_files(SAMPLES / "bench" / "grey-1.jpg")
    form.get_by_role("button", name="Check the light").click()
    expect(page.locator("#alerts li")).to_have_count(1)


@pytest.mark.parametrize("room", ["streams", "streams?new", "light", "light?new"])
def test_both_speak_both_languages_and_fit(
    quiet_page: Page, address: str, room: str, fits: Callable[[Page], bool]
) -> None:
    page = quiet_page
    page.goto(f"{address}/{room}")
    page.get_by_label("Language").select_option("zh-Hant")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    expect(page.locator("#side li").first).to_be_visible()
    assert fits(page)
