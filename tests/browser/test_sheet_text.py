"""The text of a control sheet as the pages change it, in Chromium: one place of it, whatever the layout, and nothing
else; what it then says is read as the station reads it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Page

from station.sheet.borders import crossing


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]) -> Iterator[str]:
    """Of a station without anything."""
    with serve(tmp_path_factory.mktemp("sheets") / "home") as (found, _app):
        yield found


@pytest.fixture
def page(quiet_page: Page, address: str) -> Page:
    quiet_page.goto(f"{address}/help/control-sheet")
    return quiet_page


CORNERS = [[-6, -6], [6, -6], [6, 6], [-6, 6]]
LAYOUTS = [
    "[[-6, -6], [6, -6], [6, 6], [-6, 6]]",
    "[[-6,-6],[6,-6],[6,6],[-6,6],]",
    "[ [ -6.0, -6 ] , [ +6, -6e0 ] , [ 6, 6 ] , [ -6, 6 ] ] # the end",
    "[\n  [-6, -6], # by the sky\n  [6, -6],\n  [6, 6],\n  [-6, 6],\n]",
    "[\n  [-6, -6], [6, -6], # above, [left] to right\n  [6, 6], [-6, 6], # below\n]",
    "[\n  [-6, -6]\n  , [6, -6] # a\n  , [6, 6] # b\n  , [-6, 6] # c\n]",
    "[ # round\n\t[-6,\n\t-6],\n\t[6, -6], [\n6, 6 # inside\n], [-6, 6]]",
]
"""A border's corners as TOML may have them."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_corner_is_changed_whatever_the_layout_and_nothing_else(page: Page, layout: str) -> None:
    star = f'[[marks]]\nname = "star"\npolygon_mm = {layout}\noffset_mm = 0.3\n'
    text = f'[[regions]]\nname = "sky" # the upper cell\nseed_mm = [0, -4]\n\n{star}\n[[sizes]]\nname = "width"\n'
    edits = page.evaluate(
        """async (text) => {
          const { tables, withCorner, withCornerAfter, withoutCorner } = await import("/static/golden-sheet.js");
          const table = tables(text).at(-2);
          const each = (edit) => table.polygon.map((_, i) => edit(i));
          return [[table.polygon], each((i) => withCorner(text, table, i, [1.25, -7])),
                  each((i) => withCornerAfter(text, table, i, [1.25, -7])), each((i) => withoutCorner(text, table, i))];
        }""",
        text,
    )
    assert edits[0] == [CORNERS]
    for i in range(4):
        wanted = [
            [*CORNERS[:i], [1.25, -7], *CORNERS[i + 1 :]],
            [*CORNERS[: i + 1], [1.25, -7], *CORNERS[i + 1 :]],
            [*CORNERS[:i], *CORNERS[i + 1 :]],
        ]
        for changed, border in zip((kind[i] for kind in edits[1:]), wanted, strict=True):
            read = tomllib.loads(changed)
            assert read["marks"][0].pop("polygon_mm") == border, changed
            whole = tomllib.loads(text)
            del whole["marks"][0]["polygon_mm"]
            assert read == whole
            kept = [line.partition("#")[2] for line in changed.splitlines() if "#" in line]
            there = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
            assert len(kept) >= len(there) - (border == wanted[2])  # of a corner that goes its own remark may go


def test_a_place_in_pixels_becomes_one_in_millimetres_and_the_rest_of_the_text_stays(page: Page) -> None:
    text = (
        "# the sheet\n[[regions]]\nname = 'sky'\nseed_px = [1.0, 2.0] # read at the desk\nclass = \"major\"\n\n"
        '# what follows is of the mark\n[[marks]]\nname = "star"\n'
    )
    moved, taken = page.evaluate(
        """async (text) => {
          const { tables, withKey, without } = await import("/static/golden-sheet.js");
          const [region] = tables(text);
          return [withKey(text, region, "seed_mm", "[3, 4]"), without(text, region)];
        }""",
        text,
    )
    assert moved == text.replace("seed_px = [1.0, 2.0]", "seed_mm = [3, 4]")
    assert taken == '# the sheet\n\n# what follows is of the mark\n[[marks]]\nname = "star"\n'


def test_page_and_sheet_find_the_same_crossings(page: Page) -> None:
    random = Random(11)
    borders = [
        [(random.uniform(-9, 9), random.uniform(-9, 9)) for _ in range(random.choice([3, 4, 5, 8]))] for _ in range(300)
    ]
    found = page.evaluate(
        """async (borders) => {
          const { crossings } = await import("/static/golden-border.js");
          return borders.map(crossings);
        }""",
        borders,
    )
    sheets = [crossing(corners) for corners in borders]
    assert [pairs[0] if pairs else None for pairs in found] == [pair and list(pair) for pair in sheets]
    assert 50 < sum(pair is None for pair in sheets) < 250
