"""A home without anything in Chromium: what to do first, the sample data laid out, the tour of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from station.client import Client, Refused
from station.values.samples import LOT

TITLES = ["The golden sample", "The bench", "The review", "The lot", "The documents", "And then"]


def two_units(route: Route) -> None:
    """The whole lot takes minutes."""
    if route.request.method == "POST":
        route.continue_(post_data=json.dumps({"units": 2}))
    else:
        route.continue_()


WATCH = """() => new MutationObserver(() => {
    const line = document.querySelector(".progress-line");
    if (line && !line.hidden) window.told(line.textContent);
}).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })"""
"""Tells what stands beside the progress of the job."""
STEPS = {
    "lens": "calibrating the lens", "light": "calibrating the light", "sealing": "sealing the golden sample",
    "inspecting": "inspecting",
}  # fmt: skip


def waiting_to_be_told(lay_out: Callable[..., Any], told: list[str]) -> Callable[..., Any]:
    """The laying out, of which each part goes on once the page has told it: the page looks now and then only."""

    def called(engine: Any, *, on_step: Callable[[str, int, int], None], **more: Any) -> Any:
        def step(what: str, done: int, of: int) -> None:
            on_step(what, done, of)
            end = time.monotonic() + 120
            while what in STEPS and not any(STEPS[what] in text for text in told) and time.monotonic() < end:
                time.sleep(0.02)

        return lay_out(engine, on_step=step, **more)

    return called


def test_the_sample_data_is_laid_out_on_request_and_looked_at_by_a_tour(
    quiet_page: Page, serve: Callable[..., Any], tmp_path: Path, violations: Callable[[Page], list[str]],
    fits: Callable[[Page], bool], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    page, told = quiet_page, list[str]()
    with serve(tmp_path / "home") as (address, app):
        samples = app.state.station.samples
        monkeypatch.setattr(samples, "lay_out", waiting_to_be_told(samples.lay_out, told))
        page.route("**/api/v1/sample-line", two_units)
        page.goto(address)
        expect(page.locator("#empty h2")).to_have_text("Welcome. Nothing is here yet.")
        assert violations(page) == []
        assert fits(page)
        page.expose_function("told", lambda text: told.append(text))
        page.evaluate(WATCH)
        page.get_by_role("button", name="Look around with the sample data").click()
        page.wait_for_url("**/golden", timeout=400_000)  # the tour begins where the line does
        seen = [next((i for i, text in enumerate(told) if step in text), None) for step in STEPS.values()]
        assert None not in seen
        assert seen == sorted(seen)  # type: ignore[type-var]
        panel = page.get_by_role("region", name="1 / 6 · The golden sample")
        expect(panel.locator("h2")).to_be_focused()
        expect(page.locator("#head h2")).to_have_text("Golden sample GS-ALPINE-01")
        assert violations(page) == []
        for n, title in enumerate(TITLES[1:], 2):
            page.locator("#tour").get_by_role("button", name="Next").focus()
            page.keyboard.press("Enter")
            expect(page.locator("#tour h2")).to_have_text(f"{n} / 6 · {title}")
            assert fits(page)
        page.reload()  # the browser remembers where it was
        expect(page.locator("#tour h2")).to_have_text("6 / 6 · And then")
        expect(page.locator("#tour h2")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#tour")).to_have_count(0)
        page.reload()
        expect(page.get_by_role("button", name="Take the tour")).to_be_visible()
        expect(page.locator("#tour")).to_have_count(0)
        page.get_by_role("button", name="Take the tour").click()
        expect(page.locator("#tour h2")).to_have_text("1 / 6 · The golden sample")
        page.get_by_label("Language").select_option("zh-Hant")
        expect(page.locator("#tour h2")).to_have_text("1 / 6 · 封樣")
        page.get_by_role("button", name="結束導覽").click()
        expect(page.locator("#tour")).to_have_count(0)
        with Client(address, timeout=60) as station:
            assert len(list(station.units(lot=LOT))) == 2
            assert station.get("/sample-line")["offered"] is False
            with pytest.raises(Refused, match="holds records"):  # and never among others
                station.lay_out_samples(1)
        page.goto("about:blank")
