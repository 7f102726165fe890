"""The page of golden samples in Chromium: what it shows, sealing by pointing, that the keyboard reaches it, in both
languages."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from drawn_scenes import RADIUS
from patience import refused, sent_once
from playwright.sync_api import Page, expect
from shown_golden import DRAWN, ITEM, NUMBER, REGIONS, drawn_golden, drawn_sheet

API = "/api/v1"
PITCH_MM = 25 / (2 * RADIUS)
"""Of the drawn golden's master: its sheet gives a width of 25 mm."""


@pytest.fixture(scope="module")
def address(unchanged_golden_home: Path, serve: Callable[..., Any]) -> Iterator[str]:
    """Of a station that the tests here share; they change nothing in it."""
    with serve(unchanged_golden_home) as (found, _app):
        yield found


@pytest.fixture
def page(quiet_page: Page) -> Page:
    return quiet_page


def opened(page: Page, address: str) -> Page:
    page.goto(f"{address}/golden")
    expect(page.locator("#head h2")).to_have_text(f"Golden sample {NUMBER}")
    return page


def test_picture_and_list_point_at_each_other(page: Page, address: str) -> None:
    opened(page, address)
    rows = page.locator("#picture-body tbody tr")
    expect(rows.locator("th button")).to_have_text(REGIONS)
    lake = page.get_by_role("button", name="lake", exact=True)
    lake.focus()
    page.keyboard.press("Enter")
    expect(lake).to_have_attribute("aria-pressed", "true")
    expect(page.locator("path.region.chosen")).to_have_attribute("data-region", "lake")
    image = page.locator("svg.master image").evaluate("node => fetch(node.href.baseVal).then((a) => a.status)")
    assert image == 200


def test_a_limit_below_what_is_proven_is_plain_to_see(page: Page, address: str) -> None:
    opened(page, address)
    body = page.locator("#limits-body")
    expect(body.locator("> p .badge.nonconforms")).to_contain_text("2 limits lie below what can be proven")
    below = body.locator("tbody tr.below")
    expect(below).to_have_count(2)
    sky = below.filter(has_text="sky")
    expect(sky.locator(".badge")).to_have_text("below what is proven")
    mark, bar = (sky.locator(s).bounding_box() for s in (".limit-mark", ".proven-to"))
    assert mark is not None
    assert bar is not None
    assert mark["x"] < bar["x"] + bar["width"]  # the limit lies within what is not proven
    sky.get_by_text("Why").click()
    expect(sky.locator("details p")).to_contain_text("agree a wider limit")
    sun = body.locator("tbody tr", has_text="colour · sun")
    expect(sun.locator(".badge.conforms")).to_have_text("proven")
    expect(body).to_contain_text(f"station model capability --golden {NUMBER}")


def test_it_is_signed_and_an_item_settled_on_the_page(page: Page, golden_home: Path, serve: Callable[..., Any]) -> None:
    with serve(golden_home) as (address, _app):
        opened(page, address)
        form = page.locator("#signatures form")
        form.get_by_label("Name").fill("M. Weber")
        sent_once(page, f"**{API}/goldens/{NUMBER}/sign-offs", lambda: form.get_by_label("Name").press("Enter"))
        expect(page.locator("#head .light")).to_have_text("signed by one party")
        expect(page.locator("#signatures tbody .badge.conforms")).to_have_text("buyer · local key")
        items = page.locator("#items-body")
        items.get_by_label(f"What was agreed on: {ITEM}").fill("as on the sealed sample")
        items.get_by_label("Name").fill("M. Weber")
        sent_once(page, f"**{API}/goldens/{NUMBER}/items/settled", items.get_by_role("button", name="Settle").click)
        expect(items.locator(".badge.conforms")).to_contain_text("Nothing is still to be confirmed")
        found = httpx.get(f"{address}{API}/goldens/{NUMBER}/record", trust_env=False, timeout=120).json()
        assert [(s["text"], s["how"], s["by"]) for s in found["settled_items"]] == [
            (ITEM, "as on the sealed sample", "M. Weber")
        ]
        page.goto("about:blank")


def test_completeness_counts_the_items_and_says_what_supplies_them(page: Page, address: str) -> None:
    opened(page, address)
    found = httpx.get(f"{address}{API}/goldens/{NUMBER}/checklist", trust_env=False, timeout=120).json()
    expect(page.locator("#record-body > p .badge")).to_have_text(f"{found['score']} of 20 items")
    expect(page.locator("#record-body .gauge .ok")).to_have_count(found["score"])
    commands = page.locator("#record-body code").all_inner_texts()
    assert f"station golden sign {NUMBER} --party buyer --name WHO" in commands
    expect(page.locator("#documents-body a")).to_have_count(5)


def test_a_golden_is_sealed_by_pointing_at_its_picture(
    page: Page, golden_home: Path, serve: Callable[..., Any], tmp_path: Path
) -> None:
    photo = drawn_golden(tmp_path)
    head, _, rest = drawn_sheet().partition("[[regions]]")
    size = rest[rest.index("[[sizes]]") :]
    with serve(golden_home) as (address, _app):
        page.goto(f"{address}/golden?new")
        sheet = page.get_by_label("Control sheet (TOML)")
        expect(page.locator(".lint > p")).to_be_visible()  # of the template
        sheet.fill(head + "[[sizes]]\nnom = 1\n")
        expect(page.locator(".lint .refused")).to_contain_text('unknown key "nom"')
        sheet.fill(head + size)
        expect(page.locator(".lint ul li").first).to_be_visible()
        page.get_by_label("Photo of the golden sample").set_input_files(photo)
        page.get_by_role("button", name="Measure").click()
        picture = page.locator("svg.master")
        expect(picture).to_be_visible()
        page.get_by_label("Called").fill("sky")
        picture.focus()
        for _ in range(4):
            page.keyboard.press("Shift+ArrowUp")
        page.keyboard.press("Enter")
        expect(sheet).not_to_have_value(head + size)
        across, down = tomllib.loads(sheet.input_value())["regions"][0]["seed_mm"]
        assert (across, down) == (0, pytest.approx(-40 * PITCH_MM, abs=0.1))  # four times ten pixels
        expect(sheet).to_have_value(
            f'{head + size}\n[[regions]]\nname = "sky"\nseed_mm = [0, {down}]\nsurface = "soft enamel"\n'
            'accept = 2.0\nreject = 3.0\nclass = "major"\n'
        )
        page.get_by_label("Point at").select_option("mark")
        page.get_by_label("Called").fill("star")
        for x, y in ((0.3, 0.25), (0.42, 0.25), (0.42, 0.4)):
            box = picture.bounding_box()  # what the lint says may move it
            assert box is not None
            page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.get_by_role("button", name="Close the border").click()
        assert '[[marks]]\nname = "star"\npolygon_mm = [[' in sheet.input_value()
        page.get_by_role("button", name="Seal", exact=True).click()
        expect(page.locator("#head h2")).to_have_text(f"Golden sample {DRAWN}")
        expect(page.locator("#picture-body tbody th button")).to_have_text(["sky"])
        assert page.evaluate("localStorage.getItem('station.sheet')") is None
        page.goto("about:blank")


def test_what_the_sheet_places_is_moved_and_taken_out_on_the_picture(page: Page, address: str, tmp_path: Path) -> None:
    photo = drawn_golden(tmp_path)
    head, _, rest = drawn_sheet().partition("[[regions]]")
    size = rest[rest.index("[[sizes]]") :]
    page.goto(f"{address}/golden?new")
    sheet = page.get_by_label("Control sheet (TOML)")
    expect(page.locator(".lint > p")).to_be_visible()
    region = '[[regions]]\nname = "sky" # the upper cell\nseed_mm = [0, -4]\nsurface = "soft enamel"\naccept = 2.0\n'
    mark = '[[marks]]\nname = "star"\npolygon_mm = [\n  [2, 2],\n  [4, 2],\n  [4, 4],\n  [2, 4],\n]\noffset_mm = 0.3\n'
    sheet.fill(f"{head}{region}\n{mark}\n{size}")
    page.get_by_label("Photo of the golden sample").set_input_files(photo)
    page.get_by_role("button", name="Measure").click()
    picture = page.locator("svg.master")
    handles = picture.locator(".handle")
    expect(handles).to_have_count(1)
    border = picture.get_by_role("button", name="Border of star, 4 corners")
    expect(border).to_be_visible()

    seed = picture.get_by_role("button", name="sky, point")
    box, whole = seed.bounding_box(), picture.bounding_box()
    assert box is not None
    assert whole is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 5, steps=4)
    page.mouse.up()
    text = sheet.input_value()
    assert '"sky" # the upper cell\nseed_mm = [0, -4]' not in text
    assert '"sky" # the upper cell\nseed_mm = [' in text  # the remark stays
    page.keyboard.press("Control+z")
    assert "seed_mm = [0, -4]" in sheet.input_value()

    seed.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")  # the focus stays on the point that was moved
    seeded = tomllib.loads(sheet.input_value())["regions"][0]["seed_mm"]
    assert seeded == pytest.approx([PITCH_MM, -4 + 10 * PITCH_MM], abs=0.03)
    expect(seed).to_be_focused()

    border.focus()
    page.keyboard.press("Enter")
    expect(handles.and_(page.locator(".corner"))).to_have_count(4)
    picture.get_by_role("button", name="Corner 3 of 4 of star").focus()
    page.keyboard.press("Shift+ArrowDown")
    x, y = tomllib.loads(sheet.input_value())["marks"][0]["polygon_mm"][2]
    assert (x, y) == (4, pytest.approx(4 + 10 * PITCH_MM, abs=0.03))
    assert f"polygon_mm = [\n  [2, 2],\n  [4, 2],\n  [4, {y}],\n  [2, 4],\n]\n" in sheet.input_value()
    picture.get_by_role("button", name="Corner 4 of 4 of star").focus()
    page.keyboard.press("Delete")
    assert f"polygon_mm = [\n  [2, 2],\n  [4, 2],\n  [4, {y}],\n]\n" in sheet.input_value()
    expect(handles.and_(page.locator(".corner"))).to_have_count(3)

    page.get_by_label("Point at").select_option("distance")
    page.get_by_label("Called").fill("across")
    picture.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    reach = tomllib.loads(sheet.input_value())["sizes"][-1]["to_mm"][0]
    assert reach == pytest.approx(10 * PITCH_MM, abs=0.03)
    assert (
        f'name = "across"\nfeature = "distance"\nat_mm = [0, 0]\nto_mm = [{reach}, 0]\nnominal_mm = "golden"'
        in sheet.input_value()
    )
    page.get_by_label("across, upper tolerance").fill("0.25")
    page.get_by_label("across, upper tolerance").press("Tab")
    assert "plus_mm = 0.25\nminus_mm = 0.1" in sheet.input_value()
    page.get_by_role("button", name="Take out star").click()
    assert "star" not in sheet.input_value()
    expect(page.locator(".placed-rows b")).to_have_text(["sky", "width", "across"])
    sheet.fill("")  # what is written is kept in the browser


def test_it_speaks_both_languages_and_fits(page: Page, address: str, fits: Callable[[Page], bool]) -> None:
    opened(page, address)
    page.get_by_label("Language").select_option("zh-Hant")
    expect(page.locator("#limits-title")).to_have_text("限值與可證實的能力")
    expect(page.locator("#head .light")).to_have_text("已封樣")
    expect(page.locator("#record-body .gauge")).to_be_visible()
    assert fits(page)
    page.goto(f"{address}/golden?new")
    expect(page.locator(".lint > p")).to_be_visible()
    assert fits(page)


def test_what_is_written_is_kept_for_each_golden_sample_until_it_is_sealed(page: Page, address: str) -> None:
    """A new version begun meanwhile takes nothing of a sheet that is written anew, nor the other way round."""
    sheet, kept = page.get_by_label("Control sheet (TOML)"), page.locator(".sheet-editor .kept")
    page.goto(f"{address}/golden?new")
    expect(page.locator(".lint > p")).to_be_visible()
    expect(kept).to_be_hidden()
    sheet.fill("# a new one")
    page.goto(f"{address}/golden?new={NUMBER}")
    expect(page.locator(".lint > p")).to_be_visible()
    sealed = sheet.input_value()
    assert NUMBER in sealed
    expect(kept).to_be_hidden()
    sheet.fill("# its version 2")
    page.reload()
    expect(kept).to_contain_text("written before and is not sealed")
    expect(sheet).to_have_value("# its version 2")
    kept.get_by_role("button", name="Begin anew with version 1").click()
    expect(sheet).to_have_value(sealed)
    page.reload()
    expect(page.locator(".lint > p")).to_be_visible()
    expect(kept).to_be_hidden()
    page.goto(f"{address}/golden?new")
    expect(kept).to_contain_text("written before and is not sealed")
    expect(sheet).to_have_value("# a new one")
    kept.get_by_role("button", name="Begin anew").click()
    expect(sheet).not_to_have_value("# a new one")


def test_a_place_in_pixels_lies_where_it_was_measured(page: Page, address: str) -> None:
    """Of a border only while it is written as it was measured: what was changed since is not known in millimetres."""
    text = (
        '[[regions]]\nname = "sky"\npolygon_px = [[1, 1], [9, 1], [9, 9]]\n'
        '[[regions]]\nname = "hill"\nseed_px = [3, 4]\n'
        '[[marks]]\nname = "star"\npolygon_px = [[2, 2], [8, 2], [8, 8]]\n'
    )
    page.goto(f"{address}/golden?new")
    expect(page.locator(".lint > p")).to_be_visible()
    found = page.evaluate(
        """async (text) => {
          const { measured, placedIn } = await import("/static/golden-placed.js");
          const regions = [{ name: "sky", centre_mm: [0, -4] }, { name: "hill", centre_mm: [1, 2] }];
          const master = { regions, marks: [{ name: "star", polygon_mm: [[0, 0], [1, 0], [1, 1]] }] };
          const known = measured({ master, borders: { sky: [[-1, -1], [1, -1], [1, 1]] } }, text);
          const at = ({ border, places }) => border ?? places.map((place) => place.at);
          const seen = (sheet) => placedIn(sheet, known).map(at);
          return [seen(text), seen(text.replaceAll("[9, 9]", "[9, 8]").replaceAll("[8, 8]", "[8, 7]"))];
        }""",
        text,
    )
    assert found == [
        [[[-1, -1], [1, -1], [1, 1]], [[1, 2]], [[0, 0], [1, 0], [1, 1]]],
        [[], [[1, 2]], []],
    ]


def test_pictures_that_the_station_dropped_are_handed_in_again(
    page: Page, golden_home: Path, serve: Callable[..., Any], tmp_path: Path, excused: list[str]
) -> None:
    excused.append(refused(404, "goldens"))  # of a picture that is gone
    photo = drawn_golden(tmp_path)
    with serve(golden_home) as (address, app):
        page.goto(f"{address}/golden?new")
        expect(page.locator(".lint > p")).to_be_visible()
        page.get_by_label("Control sheet (TOML)").fill(drawn_sheet())
        page.get_by_label("Photo of the golden sample").set_input_files(photo)
        page.get_by_role("button", name="Measure").click()
        expect(page.locator("svg.master")).to_be_visible()
        for made in list(app.state.uploads._known):
            app.state.uploads.drop(made)
        page.get_by_role("button", name="Seal", exact=True).click()
        expect(page.locator("#head h2")).to_have_text(f"Golden sample {DRAWN}")
        page.goto("about:blank")
