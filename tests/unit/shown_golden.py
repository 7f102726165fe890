"""A home for the tests of the page of golden samples: the sample data's alpine pin, sealed with limits of which two
cannot be proven; and a drawn pin that is sealed in a moment."""

from __future__ import annotations

from pathlib import Path

from drawn_scenes import GOLDEN_AT, photo, sheet_text

import sample_data
from station.service import Station
from station.settings import Settings

SAMPLES = Path(sample_data.__file__).parent
NUMBER, ITEM = "GS-ALPINE-01", "shade of the sun"
REGIONS = ["sky", "sun", "snow", "rock", "forest", "lake", "ring"]
DRAWN, DRAWN_REGIONS = "GS-10", ["sky", "hill", "wood", "sun"]


def sheet() -> str:
    """The pin's control sheet, but that the limit of the sky and of the diameter are narrower than any photo proves."""
    text = (SAMPLES / "alpine" / "sheet.toml").read_text(encoding="utf-8")
    text = text.replace("accept = 2.0\nreject = 3.0", "accept = 9.0\nreject = 12.0")  # no bench, so little is proven
    for old, new in (
        ("accept = 9.0", "accept = 0.05"),
        ("plus_mm = 0.15\nminus_mm = 0.15", "plus_mm = 0.001\nminus_mm = 0.001"),
        ("approved_on = 2026-05-10", f'approved_on = 2026-05-10\nopen_items = ["{ITEM}"]'),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    return text


def build(home: Path) -> None:
    """One golden sample, sealed on no bench, signed by nobody."""
    home.mkdir(parents=True)
    file = home / "sheet.toml"
    file.write_text(sheet(), encoding="utf-8")
    card = str(SAMPLES / "bench" / "card.toml")
    with Station(Settings(home=home)) as station:
        station.seal_golden(file, SAMPLES / "alpine" / "golden.jpg", card=card)


def drawn_sheet() -> str:
    """The control sheet of the drawn pin, whose width is the scale."""
    head = f'name = "Round pin"\ntype = "pin"\n[golden]\nnumber = "{DRAWN}"\nreceived_on = 2026-05-10\n'
    width = '[[sizes]]\nname = "width"\nnominal_mm = 25.0\nplus_mm = 0.2\nminus_mm = 0.2\nclass = "minor"\n'
    return sheet_text(GOLDEN_AT, head) + width


def drawn_golden(folder: Path) -> Path:
    """The photo of the drawn pin."""
    return photo(folder / "golden.png", [({}, GOLDEN_AT, 0.0)])
