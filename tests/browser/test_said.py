"""What the records say stands on the pages in Traditional Chinese: reasons, causes and evidence, requirements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import refused
from playwright.sync_api import Page, expect
from shown_lot import LOT

from station.judge import wording
from station.judge.blocking import blocked_reason
from station.report.sentences import CLOSED, sentences, templates
from station.sheet import Limits
from station.values.documents import Verdict
from station.values.line import Finding, Gate, Measurement

HOLE = re.compile(r"\{(\w+)\}")
SENTENCE = re.compile(r"[a-z]{2,}(?: [a-z]{2,}){2,}")
"""Three English words after one another."""
TEXTS = """() => { const of = (node) => node.nodeName === "CODE" || node.classList?.contains("command") ? ""
  : node.nodeType === Node.TEXT_NODE ? `${node.data}\\n` : [...node.childNodes].map(of).join("");
  return of(document.querySelector("main")); }"""
"""What a page says in its main part, without commands."""
OWN = ["Alpine society pin", "Filter the enamel before every shift", "Find why carton 3 has pits", "its control sheet",
       r"station [a-z]+ [^。；]*", r'"[^"]+"']  # fmt: skip
"""What people wrote, and commands within a sentence."""
ZH = sentences("zh-Hant")
FAULT = next(pair for pair in ZH["fault"] if "{" not in pair[0])


@pytest.fixture(scope="module")
def address(unchanged_lot_home: Path, serve: Callable[..., Any]) -> Iterator[str]:
    """Of a station that all tests here share; they change nothing in it."""
    with serve(unchanged_lot_home) as (found, _app):
        yield found


@pytest.fixture
def page(watch: Callable[..., AbstractContextManager[Page]], address: str) -> Iterator[Page]:
    """A page in Traditional Chinese."""
    with watch(60_000) as found:
        found.context.add_cookies([{"name": "station_language", "value": "zh-Hant", "url": address}])
        yield found


def english(page: Page) -> list[str]:
    """Lines of a page that have English sentences."""
    lines = [re.sub("|".join(OWN), "", line) for line in str(page.evaluate(TEXTS)).splitlines()]
    return [line for line in lines if SENTENCE.search(line)]


LABELS = """() => [...document.querySelectorAll("main [aria-label], main [title]")].flatMap(
  (node) => [node.getAttribute("aria-label"), node.getAttribute("title")]).filter(Boolean)"""
"""What a page says to who hears it, or points at something."""


def labelled(page: Page) -> list[str]:
    """Names and hints of a page that have English sentences."""
    return [text for text in page.evaluate(LABELS) if SENTENCE.search(re.sub("|".join(OWN), "", text))]


def value(hole: str, number: int) -> str:
    """Something that may stand in a hole, told from what stands in the others."""
    kind = hole.rstrip("0123456789")
    if kind == "fault":
        return FAULT[0]
    return next(iter(ZH["words"][kind])).replace("_", " ") if kind in CLOSED else f"{number}7"


def test_each_template_makes_its_own_sentence(page: Page, address: str) -> None:
    """No template swallows another one's sentence, and what stands in a sentence is said again too."""
    page.goto(f"{address}/lots")
    asked = []
    for english_text, chinese in ZH["sentences"]:
        holes = HOLE.findall(english_text)
        values = {h: value(h, n) for n, h in enumerate(holes, 1)}
        words = {h: ZH["words"].get(h.rstrip("0123456789"), {FAULT[0]: FAULT[1]}).get(v, v) for h, v in values.items()}
        asked.append(
            tuple(HOLE.sub(lambda h, by=by: by[h[1]], text) for text, by in ((english_text, values), (chinese, words)))
        )
    assert len(asked) == len(templates("en")[0])
    said = page.evaluate(
        "async (asked) => { const { said } = await import('/static/said.js'); return asked.map(said); }",
        [text for text, _ in asked],
    )
    wrong = [(a[0], a[1], s) for a, s in zip(asked, said, strict=True) if a[1] != s]
    assert wrong == []


def judged() -> list[str]:
    """Reasons as the judge words them."""
    found = [
        Finding(kind, 1.0, -2.0, 0.42, length, 0.1, region, 0.9, 0.05, 9.0, np.zeros((0, 2)))
        for kind, length, region in (
            ("pit", 0.42, "sky"),
            ("scratch", 2.0, ""),
            ("missing-enamel", 0.5, "other enamel"),
        )
    ]
    card = Gate("card", False, "the photo has no usable colour card", ("colour",))
    far = Measurement(
        "colour:sky", "colour", 3.4, "CIEDE2000", 0.3, "card", detail={"lab": [50, 9, 0], "lab_golden": [40, 2, 0]}
    )
    off = Measurement("offset:star", "offset", 0.5, "mm", 0.02, "outline", detail={"dx": 0.4, "dy": -0.3})
    one = Limits(Decimal(0), None, Decimal(3))
    return [
        *(wording.finding(f, 0.42, 0.3) for f in found), *(wording.finding(f, 0.42, None) for f in found),
        wording.finding(found[0], 0.42, 0.3, "plating") + wording.unproven("consumer"),
        blocked_reason(card), blocked_reason(Gate("light", False, "")), wording.no_thickness("star"),
        *(wording.deviation(far, "sky", one, Decimal("2.5"), v) for v in (Verdict.NONCONFORMS, Verdict.UNDECIDED)),
        wording.deviation(off, "star", one, None, Verdict.UNDECIDED), "colour:sky was not measured",
    ]  # fmt: skip


def test_reasons_of_units_and_codes(page: Page, address: str) -> None:
    page.goto(f"{address}/lots")
    ask = "async (asked) => { const { known } = await import('/static/said.js'); return asked.map(known); }"
    asked = judged()
    said = page.evaluate(ask, asked)
    assert [(a, s) for a, s in zip(asked, said, strict=True) if s is None or SENTENCE.search(s)] == []
    assert said[0] == "sky 有針孔，直徑 0.42 mm，位於 x 1.0、y -2.0 mm，界限 0.30（u 0.05）"
    codes = [
        "colour:rock, missing-enamel",
        "glare",
        "rejected-at-review",
        "offset-x:star",
        "kind unknown to all",
        "two; of nothing",
    ]
    told = ["rock 的顏色、琺瑯缺料", "反光", "覆核拒收", "star 的偏移（向右）", None, None]
    assert page.evaluate(ask, codes) == told
    assert page.evaluate(ask, ["rarely so; 1 unit shows it: 4 are needed to tell"]) == [
        "rarely so；1 件出現：須有 4 件方能判斷"
    ]


def test_reasons_that_are_put_together(page: Page, address: str) -> None:
    """A measurement that could not be made, decisions by several samples, the light, what a gate rests on."""
    asked = [
        "sky could not be measured: the region is not wholly in the photo",
        "width could not be measured: over 3.1 mm about x 1.0, y -2.0 mm the part seems to end 0.4 mm further in, "
        "where its edge cannot be followed",
        "logo is missing: it stands there turned by 180 degrees",
        "major, second sample: 3 nonconforming of 100, Ac 3, Re 4",
        "minor: 1 nonconforming of the 20 inspected so far, n 50, none accepted yet, Re 2; open: take the second "
        "sample: 30 more and decide 2 undecided",
        "2 undecided units count as nonconforming, as the control sheet says",
        "lot L1 was decided (accepted) before the newest units, values and reviews came, by which it is rejected: "
        "decide it again",
        "the light flickers: bands of 1.2% lie across the picture every 40 px, 0.5% is allowed: use lamps "
        "that do not flicker, or a longer exposure, then run `station calibrate light --rig bench-a GREY.jpg ...`",
        "A frame's level departs by 0.8% from the others': look whether the camera's exposure is locked and the lamp "
        "steady.",
        "it was released on version 1 of the carton mark, in force is version 2; release it anew",
        "lot L1 was opened on 2026-07-01 08:00 UTC, before production of the order began on 2026-07-02 09:30 UTC: its "
        "goods are others",
        "nothing is named that does not conform; name what was seen: station nc seen NC-1",
        "corrective action 2 (root cause) is not effective, not verified",
        "no containment is recorded",
        "Add [[sizes]] position, entered if the back is not seen",
        "no finding was reviewed",
        "logo at x -0.05, y 5.90 mm",
    ]
    page.goto(f"{address}/lots")
    ask = "async (asked) => { const { known } = await import('/static/said.js'); return asked.map(known); }"
    said = page.evaluate(ask, asked)
    commands = re.compile(r"station [a-z]+ [a-z]+ \S+|`[^`]+`")
    left = [(a, s) for a, s in zip(asked, said, strict=True) if s is None or SENTENCE.search(commands.sub("", s))]
    assert left == []
    assert said[0] == "sky 無法量測：區域未完整入鏡"
    assert said[3] == "主要（第二樣本）：100 件中 3 件不符合，Ac 3，Re 4"


def test_what_is_wrong_with_a_value_is_said(page: Page, address: str) -> None:
    """In a field, under a key of a file, in a cell of a table; what only looks like it is no such sentence."""
    page.goto(f"{address}/lots")
    ask = "async (asked) => { const { known } = await import('/static/said.js'); return asked.map(known); }"
    asked = {
        "values.0.u: should be greater than or equal to 0": "values.0.u：須大於或等於 0",
        "kind: should be 'pin' or 'coin'": "kind：須為 'pin'、'coin'",
        "the request: is missing": "請求：必須填寫",
        "rig.toml: camera: is missing": "rig.toml：camera：必須填寫",
        "rig.toml: camera.width: should be a valid integer": "rig.toml：camera.width：須為整數",
        "The control sheet: [viewing]: cct_k 6500 to 5000 is no band":
            "管制表：[viewing]：cct_k 6500 至 5000 不是有效範圍",
        'The control sheet: [[regions]] 1 "sky": accept 2 is above reject 1 (1 more)':
            '管制表：[[regions]] 1 "sky"：accept 2 大於 reject 1（另有 1 處）',
        "The control sheet is not TOML: Invalid value (at line 3, column 2)":
            "管制表 不是 TOML：值無效（第 3 行第 2 個字元）",
        "v.csv line 3, column value: '33,9' has a decimal comma": "v.csv 第 3 行，value 欄：'33,9' 以逗號作小數點",
        "v.csv line 3: weight of unit 1 is there twice, first in v.csv line 2":
            "v.csv 第 3 行：樣品 1 的 weight 出現兩次，首次在 v.csv 第 2 行",
        "v.csv cannot be read: No such file or directory": "無法讀取 v.csv：沒有此檔案或資料夾",
        "1 is a unit of golden GS-7, no lot and of lot L2": "1 分屬封樣 GS-7（無批次）、批次 L2",
        "golden GS-7 version 1 cannot be approved without its version and its photo":
            "封樣 GS-7 第 1 版缺少版本、照片，不能核准",
        "the bench: should look at it": None,
        "the tray: one line was given": None,
    }  # fmt: skip
    told = page.evaluate(ask, list(asked))
    assert dict(zip(asked, told, strict=True)) == asked


def test_the_page_of_a_lot(page: Page, address: str) -> None:
    """D4, N1: cause, evidence, what to ask the factory for, all of it in sentences."""
    page.goto(f"{address}/lots?lot={LOT.replace('/', '%2F')}")
    expect(page.locator("#cause-body .cause")).to_have_count(3)
    expect(page.locator("#map-body table").first).to_be_visible()
    expect(page.locator("#cause-body")).to_contain_text("所有照片均通過光源、曝光與色卡關卡")
    expect(page.locator("#map-body th", has_text="針孔")).to_have_count(1)
    assert english(page) == []


def test_the_gates_of_an_order(page: Page, address: str) -> None:
    page.goto(f"{address}/orders")
    gates = page.locator("[data-gate]")
    expect(gates).to_have_count(4)
    for gate in gates.all():
        gate.click()
        expect(page.locator("#gate tbody tr").first).to_be_visible()
        assert english(page) == []
        assert labelled(page) == []
    gates.first.click()
    expect(page.locator("#gate")).to_contain_text("封樣為最終版本，並經雙方簽署")
    page.goto(f"{address}/orders?nc=NC-20260510")
    expect(page.locator("#claim-next")).to_contain_text("「是否影響銷售」尚未答覆")


def test_the_record_of_a_golden_sample_and_what_lint_says(page: Page, address: str) -> None:
    page.goto(f"{address}/golden")
    expect(page.locator("#record-body .gauge")).to_be_visible()
    expect(page.locator("#record-body")).to_contain_text("表面處理、標誌位置")
    expect(page.locator("#signatures-body")).to_contain_text("買方尚無人簽署第 1 版")
    assert english(page) == []
    page.goto(f"{address}/golden?new")
    expect(page.locator(".lint li").first).to_be_visible()
    assert english(page) == []


def test_in_english_the_records_stand_as_they_are(
    watch: Callable[..., AbstractContextManager[Page]], address: str
) -> None:
    with watch(60_000) as page:
        asked: list[str] = []
        page.on("request", lambda r: asked.append(r.url))
        page.goto(f"{address}/lots?lot={LOT.replace('/', '%2F')}")
        expect(page.locator("#cause-body")).to_contain_text("every photo passed the gates of light")
        assert (
            page.evaluate("import('/static/said.js').then(({ said }) => said('before production'))")
            == "before production"
        )
        assert not any("/sentences/" in url for url in asked)


REFUSED: list[tuple[str, str, object]] = [
    ("GET", "/units/9999", None),
    ("GET", "/goldens/GS-1", None),
    ("GET", "/lots/L-none/tally", None),
    ("GET", "/jobs/j-none", None),
    ("GET", "/streams/none", None),
    ("POST", "/units/1/reviews", {"decision": "reject", "reviewer": "M. Weber"}),
    ("POST", "/units/1/reviews", {"decision": "accept"}),
    ("POST", "/units/1/reviews", {"decision": "reject", "reason": "preference: brighter", "reviewer": "Wang"}),
    ("POST", "/units/1/findings/99/reviews", {"answer": "confirm", "reviewer": "Wang"}),
    ("POST", "/goldens/drafts", {"sheet": "schema = 1", "photo": "u-5rT0mEXAMPLE"}),
    ("POST", "/camera/captures", {"golden": "GS-1"}),
    ("POST", "/lots/L-none/draws", {"size": 100, "units": 200}),
    ("POST", "/nonconformities", {"lot": "L-none"}),
    ("POST", "/orders", {"order": "PO-1", "golden": "GS-1", "units": [100]}),
    ("POST", "/rigs", {"rig": 'name = "b"\nwrong = 1\n'}),
    ("POST", "/streams", {"name": "s", "sku": "S", "supplier": "", "aql": {}}),
    ("PUT", "/units/1/claim", {"window": "a-window-of-mine"}),
]
"""Requests that the station refuses, as pages send them; nothing is changed by them."""
ASKED = """async (asked) => {
  const { refusalText } = await import("/static/said.js");
  const headers = { "Content-Type": "application/json" };
  const one = async ([method, path, body]) => {
    const options = body === null ? {} : { method, headers, body: JSON.stringify(body) };
    const { error } = await (await fetch(`/api/v1${path}`, options)).json();
    return [`${error.message}. ${error.do}`, refusalText(error)];
  };
  return Promise.all(asked.map(one));
}"""


def test_what_is_refused_is_said_in_the_language_of_the_page(
    watch: Callable[..., AbstractContextManager[Page]], address: str
) -> None:
    """What is wrong and what to do, without a sentence of English: to who reviews, inspects, seals, opens an order."""
    provoked = [refused(status, re.escape(path[1:])) for _, path, _ in REFUSED for status in (404, 422)]
    with watch(60_000, [*provoked, refused(422, r"inspections\?photo=1\.png&.*")]) as page:
        page.context.add_cookies([{"name": "station_language", "value": "zh-Hant", "url": address}])
        page.goto(f"{address}/bench")
        told = page.evaluate(ASKED, REFUSED)
        assert len(told) == len(REFUSED)
        assert [(a, s) for a, s in told if SENTENCE.search(re.sub("|".join(OWN), "", s))] == []
        expect(page.locator("#golden")).to_have_value("GS-7")
        page.locator("#files").set_input_files({"name": "1.png", "mimeType": "image/png", "buffer": b"no picture"})
        expect(page.locator("#result .reasons")).to_contain_text("1.png 是文字檔，不是圖片。請上傳 JPEG")
        assert [line for line in english(page) if "png" in line] == []
