"""The table [[entered]] of the control sheet: read, written, refused, advised on."""

from __future__ import annotations

import pytest

from station.errors import SheetError
from station.sheet import dump_sheet, lint_sheet, load_sheet

PLAIN = 'schema = 1\n[product]\nsku = "A"\n'
WEIGHT = '[[entered]]\nname = "weight"\nunit = "g"\nnominal = 34.0\n'


def test_it_survives_writing_and_counts_in_the_digest() -> None:
    sheet = load_sheet(PLAIN + WEIGHT + "plus_percent = 5.0\nunits_per_lot = 3\n")
    assert load_sheet(dump_sheet(sheet)).digest == sheet.digest
    assert sheet.digest != load_sheet(PLAIN + WEIGHT + "plus_percent = 5.0\n").digest
    found = sheet.entered_value("weight")
    assert found is not None
    assert (found.units_per_lot, found.defect_class, found.limits().lower) == (3, "major", None)
    assert sheet.entered_value("force") is None


def test_a_sheet_without_it_keeps_its_digest() -> None:
    assert "entered" not in load_sheet(PLAIN).agreed(mode="json")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WEIGHT + WEIGHT, 'two [[entered]] have the name "weight"'),
        (WEIGHT + '[[sizes]]\nname = "Weight"\nnominal_mm = 1.0\n', '"weight" is in [[sizes]] and in [[entered]]'),
        (WEIGHT + "plus = 1.0\nplus_percent = 5.0\n", "plus and plus_percent are both given"),
        (WEIGHT + "plus_mm = 1.0\n", 'unknown key "plus_mm"'),
        (WEIGHT.replace('"g"', '"5 g"'), "unit"),
        (WEIGHT.replace("nominal = 34.0\n", ""), "nominal is missing"),
        (WEIGHT + "units_per_lot = -1\n", "units_per_lot"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, says: str) -> None:
    with pytest.raises(SheetError) as error:
        load_sheet(PLAIN + text)
    assert says in str(error.value)


def test_a_row_without_a_tolerance_is_advised_on() -> None:
    def remarked(text: str) -> list[str]:
        return [r.rule for r in lint_sheet(load_sheet(PLAIN + text)) if "weight" in r.where]

    assert remarked(WEIGHT) == ["L4"]
    assert remarked(WEIGHT + "plus = 1.0\n") == []
    assert remarked(WEIGHT + 'plus = 1.0\nnote = "about right"\n') == ["G10"]


def test_what_is_entered_need_not_be_said_in_the_notes() -> None:
    pin = 'schema = 1\n[product]\nsku = "A"\ntype = "pin"\n'

    def unseen(text: str) -> str:
        return next(r.message for r in lint_sheet(load_sheet(text)) if "no camera sees" in r.message)

    assert "clutch retention" in unseen(pin)
    clutch = WEIGHT.replace("weight", "clutch retention")
    assert "clutch retention" not in unseen(pin + clutch)
    assert "enamel depth" in unseen(pin + clutch)
