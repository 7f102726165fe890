"""The whole story in Chromium, by keyboard and mouse: a home without anything, a bench calibrated, a golden sample
sealed by clicking its regions and signed, units taken by the simulated bench, the flagged ones reviewed, the lot
decided, its report in hand.

``STATION_STORY_UNITS`` takes more units than the few of the usual run, ``STATION_STORY_SHOTS`` names a folder for
pictures of every page, in both languages at three sizes.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from looks import SIZES, ugly
from playwright.sync_api import Page, expect

import sample_data
from station.client import Client
from station.values.documents import Verdict

SAMPLES = Path(sample_data.__file__).parent
CARD = SAMPLES / "bench" / "card.toml"
GOLDEN, LOT, BUYER = "GS-ALPINE-01", "STORY-1", "M. Weber"
REGIONS = {
    "sky": (4.9, -5.1), "sun": (-4.6, -4.4), "snow": (0.5, -3.7), "rock": (1.9, 1.9), "forest": (6.7, 4.9),
    "lake": (-3.2, 7.9), "ring": (11.4, -2.1),
}  # fmt: skip
"""A place in each cell of the pin, mm of the golden frame."""
KEPT = "|".join(REGIONS) + r"|edelweiss|diameter|bench-a|M\. Weber|English|.*Alpine society pin|golden-sample-station.*"
"""Names, which stand on a Chinese page as they are."""
SEED = 1
"""Of the simulated lot: its second unit has the logo out of place, its fourth lacks enamel."""
UNITS = int(os.environ.get("STATION_STORY_UNITS", "4"))
SHOTS = os.environ.get("STATION_STORY_SHOTS")
PATIENCE_MS = 400_000


def looked_at(page: Page, name: str) -> None:
    """Nothing is cut or too small, at three sizes; pictures of it are kept where they are wanted."""
    assert ugly(page, kept=KEPT) == [], name
    for width, height in SIZES if SHOTS else ():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(400)
        page.screenshot(path=Path(str(SHOTS)) / f"{name}-{width}.png")
    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})


def calibrate(page: Page) -> None:
    page.get_by_role("link", name="Register and calibrate a bench").click()
    page.get_by_label("or a file").set_input_files(SAMPLES / "bench" / "rig.toml")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#head h2")).to_have_text("Bench bench-a")
    page.get_by_label("Pictures of the board").set_input_files(sorted((SAMPLES / "bench").glob("board-*.jpg")))
    page.get_by_role("button", name="Calibrate the lens").click()
    expect(page.locator("#made-body")).to_contain_text("Left after the fit")
    page.get_by_label("Pictures of the grey card").set_input_files(sorted((SAMPLES / "bench").glob("grey-*.jpg")))
    page.get_by_label("Lux meter, one reading a place").fill("900")
    page.get_by_role("button", name="Calibrate the light").click()
    expect(page.locator("#head .light")).to_have_text("in order")
    looked_at(page, "light")


def seal(page: Page) -> None:
    """The control sheet without its regions; they come by clicking."""
    page.get_by_role("link", name="Golden", exact=True).click()
    page.get_by_role("link", name="Seal a golden sample").click()
    text = (SAMPLES / "alpine" / "sheet.toml").read_text(encoding="utf-8")
    head, tail = text[: text.index("[[regions]]")], text[text.index("[[marks]]") :]
    sheet = page.get_by_label("Control sheet (TOML)")
    expect(page.locator(".lint > p")).to_be_visible()
    sheet.fill(head + tail)
    page.get_by_label("Photo of the golden sample").set_input_files(SAMPLES / "alpine" / "golden.jpg")
    page.locator("#new").get_by_label("Bench").select_option("bench-a")
    page.get_by_role("button", name="Measure").click()
    picture = page.locator("svg.master")
    expect(picture).to_be_visible()
    for name, (x, y) in REGIONS.items():
        page.get_by_label("Called").fill(name)
        picture.scroll_into_view_if_needed()
        at = picture.evaluate(
            """(node, [x, y]) => {
              const at = new DOMPoint(x, y).matrixTransform(node.getScreenCTM());
              return [at.x, at.y];
            }""",
            [x, y],
        )
        page.mouse.click(*at)
        expect(sheet).to_have_value(re.compile(rf'name = "{name}"\nseed_mm = '))
    looked_at(page, "golden-new")
    page.get_by_role("button", name="Seal", exact=True).click()
    expect(page.locator("#head h2")).to_have_text(f"Golden sample {GOLDEN}")
    expect(page.locator("#picture-body tbody th button")).to_have_text(list(REGIONS))


def sign(page: Page) -> None:
    """For the buyer; the supplier signs on its own station, with its own key."""
    form = page.locator("#signatures form")
    form.get_by_label("Name").fill(BUYER)
    form.get_by_label("Name").press("Enter")
    expect(page.locator("#head .light")).to_have_text("signed by one party")
    looked_at(page, "golden")


def take(page: Page) -> None:
    page.get_by_role("link", name="Bench", exact=True).click()
    expect(page.locator("#golden")).to_have_value(GOLDEN)
    expect(page.locator("#rig")).to_have_value("bench-a")
    page.locator("#lot").fill(LOT)
    expect(page.locator(".standing .light")).to_have_text("Ready to take a picture")
    looked_at(page, "bench-before")
    page.locator("#main").focus()
    for n in range(1, UNITS + 1):
        page.keyboard.press(" ")
        expect(page.locator("#side li")).to_have_count(n)
        expect(page.locator("#capture")).to_be_enabled()
    looked_at(page, "bench")


def review(page: Page, address: str) -> int:
    """Every flagged unit is decided by key; answers how many were."""
    page.get_by_role("link", name="Review", exact=True).click()
    page.locator("#lot").select_option(LOT)
    page.locator("#reviewer").fill(BUYER)
    page.locator("#reviewer").press("Enter")
    with Client(address, timeout=60) as station:
        flagged = station.queue(LOT)
    wrong = {str(unit.id) for unit in flagged if unit.verdict is Verdict.NONCONFORMS}
    assert wrong
    expect(page.locator("#waiting")).to_have_text(str(len(flagged)))
    before = ""
    for left in reversed(range(len(flagged))):
        stage = page.locator("#stage")
        expect(stage).to_have_attribute("data-unit", re.compile(rf"^(?!{before}$)\d+$"))
        before = stage.get_attribute("data-unit") or ""
        if left == len(flagged) - 1:
            looked_at(page, "review")
        page.wait_for_timeout(250)  # keys are guarded for a moment after a unit has come
        reason, decision = ("7", "r") if before in wrong else ("2", "a")
        page.keyboard.press(reason)
        page.keyboard.press(decision)
        expect(page.locator("#waiting")).to_have_text(str(left))
    expect(page.locator("#empty h2")).to_have_text("Nothing waits")
    looked_at(page, "review-done")
    return len(flagged)


def decide(page: Page) -> Path:
    """The lot decided, and its report."""
    page.get_by_role("link", name="Lots", exact=True).click()
    expect(page.locator("#head h2")).to_have_text(f"Lot {LOT}")
    size = page.locator("#tally-body input")
    size.fill(str(280 if UNITS >= 32 else UNITS))
    size.press("Enter")
    page.get_by_role("button", name="Record the decision").click()
    links = page.locator("#documents-body a")
    expect(links).to_have_count(4)
    expect(page.locator("#head .badge")).to_have_text("rejected")
    expect(page.locator("#cause-body .none, #cause-body .cause").first).to_be_visible()
    looked_at(page, "lot")
    with page.expect_download() as waiting:
        links.first.click()
    return Path(waiting.value.path())


def test_from_the_first_run_to_the_report_of_a_decided_lot(
    watch: Callable[..., AbstractContextManager[Page]], serve: Callable[..., Any], tmp_path: Path
) -> None:
    told: dict[str, float] = {}
    with (
        serve(tmp_path / "home", camera=f"simulated:alpine?seed={SEED}", card=str(CARD)) as (address, _app),
        watch(PATIENCE_MS) as page,
    ):
        page.goto(address)
        expect(page.locator("#empty h2")).to_have_text("Welcome. Nothing is here yet.")
        looked_at(page, "first-run")
        for part in (calibrate, seal, sign, take):
            told[part.__name__] = timed(partial(part, page))
        told["review"] = timed(partial(review, page, address))
        began = time.monotonic()
        report = decide(page)
        told["decide"] = time.monotonic() - began
        assert report.read_bytes().startswith(b"%PDF-")
        with Client(address, timeout=60) as station:
            assert len(list(station.units(lot=LOT))) == UNITS
            assert station.queue(LOT) == []
            assert station.get(f"/lots/{LOT}/decision")["decision"] == "rejected"
        if SHOTS:
            in_both_languages(page, address)
        page.goto("about:blank")
    print({name: round(seconds, 1) for name, seconds in told.items()})


def timed(part: Callable[[], object]) -> float:
    began = time.monotonic()
    part()
    return time.monotonic() - began


def in_both_languages(page: Page, address: str) -> None:
    """Every page once more in Chinese."""
    page.goto(f"{address}/help")
    page.get_by_label("Language").select_option("zh-Hant")
    places = {"review": "/", "bench": "/bench", "golden": "/golden", "golden-new": "/golden?new", "light": "/light",
              "lot": f"/lots?lot={LOT}", "help": "/help"}  # fmt: skip
    for name, place in places.items():
        page.goto(address + place)
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
        page.wait_for_timeout(3000)
        looked_at(page, f"zh-{name}")
