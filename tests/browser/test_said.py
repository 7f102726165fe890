"""What the records say stands on the pages in Traditional Chinese: reasons, causes with their evidence, requirements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from shown_lot import LOT

from station.report.sentences import CLOSED, sentences, templates

SENTENCE = re.compile(r"[a-z]{2,}(?: [a-z]{2,}){2,}")
"""Three English words after one another."""
TEXTS = """() => { const of = (node) => node.nodeName === "CODE" || node.classList?.contains("command") ? ""
  : node.nodeType === Node.TEXT_NODE ? `${node.data}\\n` : [...node.childNodes].map(of).join("");
  return of(document.querySelector("main")); }"""
"""What a page says in its main part, without commands."""
ZH = sentences("zh-Hant")


@pytest.fixture(scope="module")
def address(unchanged_lot_home: Path, serve: Callable[..., Any]) -> Iterator[str]:
    """Of a station that all tests here share; they change nothing in it."""
    with serve(unchanged_lot_home) as (found, _app):
        yield found


@pytest.fixture
def page(watch: Callable[..., AbstractContextManager[Page]], address: str) -> Iterator[Page]:
    """A page in Traditional Chinese."""
    with watch(25_000, excused="404") as found:
        found.context.add_cookies([{"name": "station_language", "value": "zh-Hant", "url": address}])
        yield found


def english(page: Page) -> list[str]:
    """Lines of a page that have English sentences."""
    return [line for line in str(page.evaluate(TEXTS)).splitlines() if SENTENCE.search(line)]


def value(hole: str, number: int) -> str:
    """Something that may stand in a hole, told from what stands in the others."""
    kind = hole.rstrip("0123456789")
    return next(iter(ZH["words"][kind])).replace("_", " ") if kind in CLOSED else f"{number}7"


def test_each_template_makes_its_own_sentence(page: Page, address: str) -> None:
    """No template swallows another one's sentence, and what stands in a sentence is said again too."""
    page.goto(f"{address}/lots")
    asked = []
    for english_text, chinese in ZH["sentences"]:
        holes = re.findall(r"\{(\w+)\}", english_text)
        values = {h: value(h, n) for n, h in enumerate(holes, 1)}
        words = {h: ZH["words"].get(h.rstrip("0123456789"), {}).get(v, v) for h, v in values.items()}
        asked.append((english_text.format(**values), chinese.format(**words)))
    assert len(asked) == len(templates("en")[0])
    said = page.evaluate(
        "async (asked) => { const { said } = await import('/static/said.js'); return asked.map(said); }",
        [text for text, _ in asked],
    )
    wrong = [(a[0], a[1], s) for a, s in zip(asked, said, strict=True) if a[1] != s]
    assert wrong == []


def test_the_page_of_a_lot(page: Page, address: str) -> None:
    page.goto(f"{address}/lots?lot={LOT.replace('/', '%2F')}")
    expect(page.locator("#cause-body .cause")).to_have_count(3)
    expect(page.locator("#map-body table").first).to_be_visible()
    print(english(page))
    page.screenshot(path="/tmp/zh8/lots.png", full_page=True)


def test_orders(page: Page, address: str) -> None:
    page.goto(f"{address}/orders")
    expect(page.locator(".gates b").first).to_be_visible()
    for k, gate in enumerate(page.locator("[data-gate]").all()):
        gate.click()
        print(english(page))
        if k < 2: page.screenshot(path=f"/tmp/zh8/orders{k}.png", full_page=True)

def test_golden(page: Page, address: str) -> None:
    page.goto(f"{address}/golden")
    expect(page.locator("#record-body .gauge")).to_be_visible()
    print(english(page))
    page.screenshot(path="/tmp/zh8/golden.png", full_page=True)
    page.goto(f"{address}/golden?new")
    expect(page.locator(".lint > p")).to_be_visible()
    print(english(page))
    for unit in (1, 5, 9):
        page.goto(f"{address}/#unit={unit}")
        page.wait_for_timeout(3000)
        print(english(page))
        page.screenshot(path=f"/tmp/zh8/review{unit}.png", full_page=True)
        page.goto(f"{address}/help")
