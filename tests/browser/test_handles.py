"""Handles on the picture of a golden sample before its seal, in Chromium: borders and points are moved with the mouse,
the finger and the keyboard, corners put in and taken out, and the control sheet says the same at once."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect
from shown_golden import drawn_golden, drawn_sheet

API = "/api/v1"
HEAD, _, REST = drawn_sheet().partition("[[regions]]")
WIDTH = REST[REST.index("[[sizes]]") :]
SKY = '[[regions]]\nname = "sky" # the upper cell\nseed_mm = [0, -4]\nsurface = "soft enamel"\naccept = 2.0\n'
PIXELS = "polygon_px = [[145, 260], [165, 255], [160, 270]]"
LAKE = f'[[regions]]\nname = "lake"\n{PIXELS} # read at the desk\naccept = 2.0\n'
CORNERS = "[\n  [-6, -6], # by the sky\n  [6, -6],\n  [6, 6],\n  [-6, 6],\n]"
STAR = f'[[marks]]\nname = "star"\npolygon_mm = {CORNERS}\noffset_mm = 0.3\n'
SHEET = f"{HEAD}{SKY}\n{LAKE}\n{STAR}\n{WIDTH}"


class Golden:
    """A station without anything, and a golden sample that was measured there once, with SHEET."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.photo = address, drawn_golden(folder)
        with httpx.Client(base_url=address, trust_env=False, timeout=300) as client:
            headers = {"Content-Type": "image/png"}
            photo = client.post(f"{API}/uploads?name=golden.png", content=self.photo.read_bytes(), headers=headers)
            asked = client.post(f"{API}/goldens/drafts", json={"sheet": SHEET, "photo": photo.json()["id"]})
            assert asked.status_code == 202, asked.text
            self.job = asked.json()
            while not self.job["ended_at"]:
                time.sleep(0.2)
                self.job = client.get(f"{API}/jobs/{self.job['id']}").json()
        assert self.job["error"] is None, self.job["error"]

    def opened(self, page: Page, language: str = "en") -> Page:
        """The page with what was measured: asked for a draft, the station answers with that one."""

        def answer(route: Route) -> None:
            route.fulfill(status=202, json=self.job)

        page.route(f"**{API}/goldens/drafts", answer)
        page.goto(f"{self.address}/golden?new")
        if language != "en":
            page.get_by_label("Language").select_option(language)
            expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator(".lint > p")).to_be_visible()
        page.locator("#sheet").fill(SHEET)
        page.locator("#new input[type=file][required]").set_input_files(self.photo)
        page.locator("#new .strong-button").click()
        expect(page.locator("svg.master")).to_be_visible()
        return page


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]) -> Iterator[Golden]:
    folder = tmp_path_factory.mktemp("handles")
    with serve(folder / "home") as (address, _app):
        yield Golden(address, folder)


@pytest.fixture
def page(quiet_page: Page, golden: Golden) -> Page:
    return golden.opened(quiet_page)


def handle(page: Page, name: str) -> Locator:
    """A handle by how its name begins."""
    return page.locator("svg.master").get_by_role("button", name=name)


def chosen(page: Page) -> None:
    """The star's border shows its handles, the first of which has the focus."""
    handle(page, "Border of star, 4 corners").focus()
    page.keyboard.press("Enter")
    expect(handle(page, "Corner 1 of 4 of star, x -6, y -6 mm")).to_be_focused()


def middle_of(node: Locator) -> tuple[float, float]:
    box = node.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def screen_of(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place in millimetres lies on the screen."""
    found = page.locator("svg.master").evaluate(
        "(node, at) => { const p = new DOMPoint(...at).matrixTransform(node.getScreenCTM()); return [p.x, p.y]; }",
        [x, y],
    )
    return found[0], found[1]


def millimetre(page: Page) -> float:
    """Pixels of the screen."""
    return float(page.locator("svg.master").evaluate("(node) => node.getScreenCTM().a"))


def dragged(page: Page, node: Locator, right: float, down: float) -> None:
    """Drag by so many pixels and let go."""
    x, y = middle_of(node)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2)
    page.mouse.move(x + right, y + down)
    page.mouse.up()


def sheet_of(page: Page) -> str:
    return page.locator("#sheet").input_value()


def star(page: Page) -> list[list[float]]:
    """Its corners in the sheet, read as the station reads it."""
    return list(tomllib.loads(sheet_of(page))["marks"][0]["polygon_mm"])


def test_a_corner_is_dragged_and_the_sheet_follows_at_once(page: Page) -> None:
    chosen(page)
    corner = handle(page, "Corner 3 of 4 of star")
    mm = millimetre(page)
    x, y = middle_of(corner)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + mm, y)
    assert star(page)[2] == pytest.approx([7, 6], abs=0.03)  # before the mouse lets go
    page.mouse.move(x + 2 * mm, y - mm)
    page.mouse.up()
    assert star(page) == [[-6, -6], [6, -6], pytest.approx([8, 5], abs=0.03), [-6, 6]]
    moved = star(page)[2]
    assert sheet_of(page) == SHEET.replace("  [6, 6],", f"  [{moved[0]:g}, {moved[1]:g}],")  # and nothing else
    expect(page.locator(".draft [role=status]").first).to_have_text(
        f"Corner 3 of 4 of star, x {moved[0]:g}, y {moved[1]:g} mm"
    )
    page.keyboard.press("Control+z")  # one step, whatever the mouse did on its way
    assert sheet_of(page) == SHEET


def test_a_drag_is_given_up_with_escape_and_a_click_moves_nothing(page: Page) -> None:
    chosen(page)
    x, y = middle_of(handle(page, "Corner 3 of 4 of star"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 10)
    assert sheet_of(page) != SHEET
    page.keyboard.press("Escape")
    assert sheet_of(page) == SHEET
    page.mouse.move(x + 60, y + 10)
    page.mouse.up()
    assert sheet_of(page) == SHEET
    page.mouse.click(x + 2, y + 2)
    assert sheet_of(page) == SHEET


def test_a_finger_drags_a_corner(browser: Any, golden: Golden) -> None:
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True, locale="en-GB")
    page = golden.opened(context.new_page())
    page.locator("svg.master").scroll_into_view_if_needed()
    page.touchscreen.tap(*screen_of(page, -6, 2))  # the border, between two corners
    corner = handle(page, "Corner 3 of 4 of star")
    corner.scroll_into_view_if_needed()
    x, y = middle_of(corner)
    mm = millimetre(page)
    touch = context.new_cdp_session(page)
    for kind, at in (("Start", [(x, y)]), ("Move", [(x + mm, y)]), ("Move", [(x + 2 * mm, y + mm)]), ("End", [])):
        points = [{"x": px, "y": py} for px, py in at]
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    assert star(page)[2] == pytest.approx([8, 7], abs=0.05)
    context.close()


def test_the_arrow_keys_move_a_corner_by_a_pixel_and_with_shift_by_ten(page: Page, golden: Golden) -> None:
    pitch = golden.job["result"]["master"]["frame"]["pitch_mm"]
    chosen(page)
    for _ in range(4):
        page.keyboard.press("Tab")  # past two middles to the third corner
    expect(handle(page, "Corner 3 of 4 of star")).to_be_focused()
    page.keyboard.press("ArrowRight")
    assert star(page)[2] == pytest.approx([6 + pitch, 6], abs=0.005)
    page.keyboard.press("Shift+ArrowUp")
    assert star(page)[2] == pytest.approx([6 + pitch, 6 - 10 * pitch], abs=0.01)
    x, y = star(page)[2]
    expect(handle(page, f"Corner 3 of 4 of star, x {x:g}, y {y:g} mm")).to_be_focused()
    expect(page.locator(".draft [role=status]").first).to_have_text(f"Corner 3 of 4 of star, x {x:g}, y {y:g} mm")
    expect(page.locator(".lint > p")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("svg.master")).to_be_focused()
    expect(page.locator(".handle.corner")).to_have_count(0)


def test_a_corner_is_put_in_by_dragging_or_pressing_the_middle_of_an_edge(page: Page) -> None:
    chosen(page)
    mm = millimetre(page)
    dragged(page, handle(page, "Middle of the edge from corner 2 to 3 of star"), 2 * mm, 0)
    assert star(page) == [[-6, -6], [6, -6], pytest.approx([8, 0], abs=0.03), [6, 6], [-6, 6]]
    expect(handle(page, "Corner 3 of 5 of star")).to_be_focused()
    assert "[-6, -6], # by the sky\n  [6, -6],\n  [" in sheet_of(page)
    page.keyboard.press("Control+z")
    assert sheet_of(page) == SHEET
    handle(page, "Middle of the edge from corner 4 to 1 of star").focus()
    page.keyboard.press("Enter")
    assert star(page) == [[-6, -6], [6, -6], [6, 6], [-6, 6], [-6, 0]]
    expect(handle(page, "Corner 5 of 5 of star")).to_be_focused()
    expect(page.locator(".draft [role=status]").first).to_have_text(
        "A corner is put in: Corner 5 of 5 of star, x -6, y 0 mm"
    )


def test_a_corner_is_taken_out_and_never_one_of_three(page: Page) -> None:
    chosen(page)
    handle(page, "Corner 2 of 4 of star").focus()
    page.keyboard.press("Delete")
    assert star(page) == [[-6, -6], [6, 6], [-6, 6]]
    assert "[-6, -6], # by the sky\n  [6, 6]," in sheet_of(page)
    expect(handle(page, "Corner 2 of 3 of star")).to_be_focused()
    three = sheet_of(page)
    said = page.locator(".draft [role=status]").first
    page.keyboard.press("Delete")
    assert sheet_of(page) == three
    expect(said).to_contain_text("A border has at least three corners")
    page.keyboard.press("Control+z")
    assert sheet_of(page) == SHEET
    handle(page, "Corner 4 of 4 of star").click(modifiers=["Alt"])
    assert star(page) == [[-6, -6], [6, -6], [6, 6]]
    handle(page, "Corner 1 of 3 of star").click(modifiers=["Alt"])
    assert star(page) == [[-6, -6], [6, -6], [6, 6]]
    page.get_by_role("button", name="Undo").click()
    handle(page, "Corner 1 of 4 of star").click()
    page.get_by_role("button", name="Take the chosen place out").click()
    assert star(page) == [[6, -6], [6, 6], [-6, 6]]


def test_changes_are_taken_back_and_made_again_whether_written_or_drawn(page: Page) -> None:
    chosen(page)
    page.keyboard.press("Shift+ArrowLeft")
    drawn = sheet_of(page)
    sheet = page.locator("#sheet")
    sheet.press("Control+End")
    page.keyboard.insert_text("# agreed")  # written in one go
    written = sheet_of(page)
    assert written == f"{drawn}# agreed"
    for text in (drawn, SHEET):
        sheet.press("Control+z")
        assert sheet_of(page) == text
    for text in (drawn, written):
        sheet.press("Control+Shift+z")
        assert sheet_of(page) == text
    handle(page, "Corner 1 of 4 of star").focus()
    page.keyboard.press("Control+z")
    assert sheet_of(page) == drawn
    expect(page.locator(".draft [role=status]").first).to_have_text("The last change is taken back.")
    page.keyboard.press("Control+y")
    assert sheet_of(page) == written
    page.keyboard.press("Control+y")
    expect(page.locator(".draft [role=status]").first).to_have_text("There is nothing to make again.")


def test_what_is_written_by_hand_moves_the_handles(page: Page) -> None:
    chosen(page)
    page.locator("#sheet").fill(SHEET.replace("[6, 6],", "[+7.5, 1_0.0], # moved [at the desk]"))
    expect(handle(page, "Corner 3 of 4 of star, x 7.5, y 10 mm")).to_be_visible()
    page.locator("#sheet").fill(SHEET.replace("[6, 6],", "[7.5,"))
    expect(page.locator(".handle.corner")).to_have_count(0)  # while it is being written
    page.locator("#sheet").fill(SHEET.replace(SKY, "").replace("  [6, 6],", "  [6, 6], [0, 9],"))
    expect(handle(page, "Corner 4 of 5 of star, x 0, y 9 mm")).to_be_visible()  # though another row went
    handle(page, "Corner 4 of 5 of star").focus()
    page.keyboard.press("Delete")
    assert sheet_of(page) == SHEET.replace(SKY, "")  # layout and remarks are as they were


def test_handles_keep_their_size_on_the_screen_and_can_be_hit(page: Page) -> None:
    chosen(page)
    corner = handle(page, "Corner 1 of 4 of star")
    for press in ("", "+", "+", "+"):
        if press:
            page.keyboard.press(press)
        box = corner.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == pytest.approx((24, 24), abs=1.5)
        expect(corner).to_be_in_viewport()
    expect(page.locator("svg.master")).to_have_class("master near")
    before = star(page)[0]
    mm = millimetre(page)
    dragged(page, corner, 30, 0)
    assert star(page)[0] == pytest.approx([before[0] + 30 / mm, before[1]], abs=0.02)
    whole = page.locator("svg.master").get_attribute("viewBox")
    free = page.locator("svg.master").bounding_box()
    assert free is not None
    now = sheet_of(page)
    page.mouse.move(free["x"] + 0.8 * free["width"], free["y"] + 0.8 * free["height"])
    page.mouse.down()
    page.mouse.move(free["x"] + 0.6 * free["width"], free["y"] + 0.7 * free["height"])
    page.mouse.up()
    assert page.locator("svg.master").get_attribute("viewBox") != whole  # it is the picture that moved
    assert sheet_of(page) == now
    page.get_by_role("button", name="Whole").click()
    expect(page.locator("svg.master")).to_have_class("master")
    page.get_by_role("button", name="Find star in the picture").click()
    expect(corner).to_be_focused()
    expect(corner).to_be_in_viewport()


def test_the_sheet_is_scrolled_to_the_row_that_changes(page: Page) -> None:
    remark = "# what was agreed upon takes more than one line here, since the field is not so wide, and so it goes on\n"
    before, after = SHEET.split(STAR)
    page.locator("#sheet").fill(f"{before}{99 * remark}{STAR}{99 * remark}{after}")
    chosen(page)
    top, height, whole, line = page.locator("#sheet").evaluate(
        """(area) => [area.scrollTop, area.clientHeight, area.scrollHeight,
                      parseFloat(getComputedStyle(area).lineHeight)]"""
    )
    remarks = (whole - line * SHEET.count("\n")) / 2  # each lot of them as high as the other
    row = line * before.count("\n") + remarks
    assert remarks > 150 * line
    assert top < row < top + height


def test_a_corner_of_a_new_border_may_lie_on_a_handle(page: Page) -> None:
    chosen(page)
    page.get_by_label("Point at").select_option("outline")
    page.get_by_label("Called").fill("pond")
    for place in ((-3, -9), (6, -6), (-6, -6), (0, 3)):
        page.mouse.click(*screen_of(page, *place))
    page.keyboard.press("Control+z")  # of what is being drawn, and not of the sheet
    expect(page.locator(".border-corner")).to_have_count(3)
    assert sheet_of(page) == SHEET
    page.mouse.click(*screen_of(page, -3, -9))  # the first one again closes it
    expect(page.locator(".border-corner")).to_have_count(0)
    pond = tomllib.loads(sheet_of(page))["regions"][-1]["polygon_mm"]
    assert [p for corner in pond for p in corner] == pytest.approx([-3, -9, 6, -6, -6, -6], abs=0.1)
    assert star(page) == [[-6, -6], [6, -6], [6, 6], [-6, 6]]
    expect(handle(page, "Corner 1 of 3 of pond")).to_be_visible()  # it is chosen
    page.get_by_role("button", name="Undo").click()
    assert sheet_of(page) == SHEET


def test_a_border_that_crosses_itself_is_marked_with_what_to_do(page: Page) -> None:
    chosen(page)
    mm = millimetre(page)
    dragged(page, handle(page, "Corner 2 of 4 of star"), -14 * mm, 6 * mm)
    expect(page.locator(".crossed")).to_have_count(2)
    expect(page.locator(".draft [role=status]").first).to_contain_text(
        "The border of star crosses itself, edge 2–3 and edge 4–1"
    )
    expect(page.locator(".placed-rows li", has_text="star").locator(".badge")).to_have_text("crosses itself")
    expect(page.locator(".lint")).to_contain_text("its border crosses itself, edge 2-3 and edge 4-1")
    page.keyboard.press("Control+z")
    expect(page.locator(".crossed")).to_have_count(0)
    expect(page.locator(".placed-rows .badge")).to_have_count(0)
    expect(page.locator(".lint")).not_to_contain_text("crosses itself")


def test_a_border_in_pixels_has_handles_until_it_is_written_anew(page: Page) -> None:
    """Moved, it is one in millimetres; where its pixels were changed by hand nothing is known of it but them."""
    handle(page, "Border of lake, 3 corners").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    lake = tomllib.loads(sheet_of(page))["regions"][1]
    assert "polygon_px" not in lake
    assert len(lake["polygon_mm"]) == 3
    assert "# read at the desk" in sheet_of(page)
    page.keyboard.press("Control+z")
    assert sheet_of(page) == SHEET
    page.locator("#sheet").fill(SHEET.replace("[145, 260]", "[144, 260]"))
    expect(handle(page, "Border of lake")).to_have_count(0)
    expect(handle(page, "Corner 1 of 3 of lake")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "border", "corner", "edge"),
    [
        ("en", "Border of star", "Corner 2 of 4 of star, x 6, y -6 mm", "Middle of the edge from corner 2 to 3"),
        ("zh-Hant", "star 的邊界", "star 的第 2 個角，共 4 個，位置 x 6、y -6 mm", "star 由第 2 個角到第 3 個角的邊"),
    ],
)
def test_handles_are_named_in_both_languages_and_have_no_fault_that_axe_finds(
    quiet_page: Page, golden: Golden, violations: Callable[[Page], list[str]], fits: Callable[[Page], bool],
    language: str, border: str, corner: str, edge: str,
) -> None:  # fmt: skip
    page = golden.opened(quiet_page, language)
    assert fits(page)
    handle(page, border).focus()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(handle(page, corner)).to_be_visible()
    expect(handle(page, edge)).to_be_visible()
    assert violations(page) == []
