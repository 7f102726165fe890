"""Golden-sample numbers, versions and the approval statement."""

from __future__ import annotations

from datetime import date

import pytest

from station.errors import RequestError
from station.quality.golden import approval_statement, golden_number, next_version

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
    """G5."""
    assert approval_statement(number="GS-20260510", version=3, received_on=DAY) == (
        "We confirm the third-version sample received on 2026-05-10 as the mass-production standard. Please use sample "
        "number GS-20260510 as the Golden Sample. Please execute mass production according to this version's color, "
        "logo position, size, material and packaging method. If any detail needs changing before mass production, "
        "please first provide photos or a sample for re-confirmation."
    )


@pytest.mark.parametrize(("version", "word"), [(1, "first"), (10, "tenth"), (11, "11th"), (21, "21st"), (112, "112th")])
def test_ordinals(version: int, word: str) -> None:
    assert f"the {word}-version" in approval_statement(number="GS-1", version=version, received_on=DAY)


def test_an_approval_of_nothing_is_refused() -> None:
    with pytest.raises(RequestError, match="Version 0"):
        approval_statement(number="GS-1", version=0, received_on=DAY)
    with pytest.raises(RequestError, match="no attribute"):
        approval_statement(number="GS-1", version=1, received_on=DAY, controlled=())
    assert "version's size." in approval_statement(number="GS-1", version=1, received_on=DAY, controlled=("size",))
