"""Golden-sample numbers, versions and the approval statement."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from station.quality.golden import golden_number, next_version
from station.report.approval import approval_words
from station.report.languages import language
from station.sheet import load_sheet
from station.values.golden_record import Attribute

DAY = date(2026, 5, 10)


def test_number_is_made_from_the_date_and_suffixed_on_collision() -> None:
    """G5."""
    assert golden_number(DAY) == "GS-20260510"
    assert golden_number(DAY, {"GS-20260509"}) == "GS-20260510"
    assert golden_number(DAY, {"gs-20260510"}) == "GS-20260510-2"
    assert golden_number(DAY, {"GS-20260510", "GS-20260510-2", "GS-20260510-4"}) == "GS-20260510-3"


def test_versions_are_never_reused() -> None:
    assert next_version([]) == 1
    assert next_version([1, 4]) == 5


def test_approval_statement_is_the_sources_sentence() -> None:
    """G5: on the day of receipt, or of the approval where nobody says when it was received."""
    said = (
        "We confirm the third-version sample {} on 2026-05-10 as the mass-production standard. Please use sample "
        "number GS-20260510 as the Golden Sample. Please execute mass production according to this version's color, "
        "logo position, size, material and packaging method. If any detail needs changing before mass production, "
        "please first provide photos or a sample for re-confirmation."
    )
    assert words("received_on = 2026-05-10\napproved_on = 2026-05-11") == said.format("received")
    assert words("approved_on = 2026-05-10") == said.format("approved")


def words(days: str, code: str = "en", version: int = 3, controlled: tuple[str, ...] = ()) -> str:
    sheet = load_sheet(f'schema = 1\n[product]\nsku = "M"\ntype = "pin"\n[golden]\n{days}\n')
    return approval_words(language(code), sheet, number="GS-20260510", version=version, controlled=controlled)


def test_an_approval_names_what_the_record_controls() -> None:
    """G5, G19: in every language, all twelve."""
    days = "received_on = 2026-05-10"
    assert "this version's logo, color and test requirements. If" in words(days, controlled=("logo", "colour", "tests"))
    assert "this version's label. If" in words(days, controlled=("label",))
    assert "第 3 版" in words(days, "zh-Hant")
    assert "依此版本的標誌、顏色及測試要求執行" in words(days, "zh-Hant", controlled=("logo", "colour", "tests"))
    for code in ("en", "zh-Hant"):
        assert "attribute" not in words(days, code, controlled=get_args(Attribute))


@pytest.mark.parametrize(("version", "word"), [(1, "first"), (10, "tenth"), (11, "11th"), (21, "21st"), (112, "112th")])
def test_ordinals(version: int, word: str) -> None:
    assert f"the {word}-version" in words("received_on = 2026-05-10", version=version)
