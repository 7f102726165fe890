"""Limits as they are agreed: inclusive, in per cent, on one side. Values of zero uncertainty, so that the limit alone
decides; binary fractions must not move it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from station.judge import judge_measurement
from station.sheet import Sheet, load_sheet
from station.values.documents import MeasurementDocument
from station.values.line import Measurement

SHEET = """schema = 1
[product]
sku = "T1"
thickness_mm = 1.6
[[sizes]]
name = "width"
nominal_mm = 200.0
plus_mm = 2.0
minus_mm = 2.0
[[entered]]
name = "length"
unit = "cm"
nominal = 20.0
plus = 0.2
minus = 0.2
[[entered]]
name = "weight"
unit = "g"
nominal = 150.0
plus_percent = 5.0
minus_percent = 5.0
class = "minor"
[[entered]]
name = "capacity"
unit = "ml"
nominal = 500.0
plus_percent = 3.0
minus_percent = 3.0
[[entered]]
name = "pull force"
unit = "N"
nominal = 20.0
minus = 0.0
class = "critical"
[[entered]]
name = "nickel release"
unit = "ug/cm2/week"
nominal = 0.0
plus = 0.5
"""


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return load_sheet(SHEET)


def judged(sheet: Sheet, name: str, value: float, u: float = 0.0, kind: str = "entered") -> MeasurementDocument:
    row = sheet.entered_value(name)
    unit = "mm" if row is None else row.unit
    return judge_measurement(Measurement(f"{kind}:{name}", kind, value, unit, u, "by hand"), sheet)


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        # 20 cm +- 2 mm
        *(("length", 19.8, "conforms"), ("length", 20.1, "conforms"), ("length", 20.2, "conforms")),
        *(("length", 19.799999, "nonconforms"), ("length", 20.200001, "nonconforms"), ("length", 18.5, "nonconforms")),
        # 150 g +- 5 %
        *(("weight", 142.5, "conforms"), ("weight", 157.5, "conforms")),
        *(("weight", 142.49, "nonconforms"), ("weight", 157.51, "nonconforms")),
        # 500 ml +- 3 %
        *(("capacity", 485.0, "conforms"), ("capacity", 515.0, "conforms")),
        *(("capacity", 484.999, "nonconforms"), ("capacity", 515.001, "nonconforms")),
        # 20 N or more; at most 0.5
        *(("pull force", 20.0, "conforms"), ("pull force", 9000.0, "conforms"), ("pull force", 19.99, "nonconforms")),
        *(("nickel release", 0.5, "conforms"), ("nickel release", 0.51, "nonconforms")),
    ],
)
def test_limits_are_inclusive(sheet: Sheet, name: str, value: float, verdict: str) -> None:
    """T1, T2: absolute, in per cent, on one side."""
    assert judged(sheet, name, value).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(198.0, "conforms"), (201.0, "conforms"), (185.0, "nonconforms")])
def test_a_size_entered_by_its_name_is_judged_as_the_size(sheet: Sheet, value: float, verdict: str) -> None:
    found = judged(sheet, "width", value)
    assert (found.verdict, found.lower, found.upper) == (verdict, 198.0, 202.0)
    assert found.verdict == judged(sheet, "width", value, kind="size").verdict


def test_a_gross_error_is_named(sheet: Sheet) -> None:
    """T1."""
    assert "8 times the tolerance is a gross error, not variance" in judged(sheet, "length", 18.5).reason
    assert "gross error" not in judged(sheet, "length", 19.7).reason


@pytest.mark.parametrize(
    ("value", "u", "verdict"), [(142.6, 0.05, "conforms"), (142.5, 0.05, "undecided"), (142.44, 0.05, "nonconforms")]
)
def test_the_instruments_uncertainty_is_a_guard_band(sheet: Sheet, value: float, u: float, verdict: str) -> None:
    assert judged(sheet, "weight", value, u).verdict == verdict


def test_normal_spread_of_production_is_no_nonconformity() -> None:
    """T5: pieces of 27.92 to 28.08 mm against a realistic 28.0 +- 0.10, read to 0.02 mm."""
    row = '[[sizes]]\nname = "width"\nnominal_mm = 28.0\nplus_mm = 0.10\nminus_mm = 0.10\n'
    realistic = load_sheet(f'schema = 1\n[product]\nsku = "T5"\nthickness_mm = 1.6\n{row}')
    for value, verdict in ((27.92, "conforms"), (28.08, "conforms"), (28.13, "nonconforms")):
        assert judged(realistic, "width", value, 0.02, kind="size").verdict == verdict


def test_limits_are_exact_decimals(sheet: Sheet) -> None:
    """T1, T2."""
    limits = {e.name: (e.limits().lower, e.limits().upper) for e in sheet.entered}
    assert limits["length"] == (Decimal("19.8"), Decimal("20.2"))
    assert limits["weight"] == (Decimal("142.5"), Decimal("157.5"))
    assert limits["capacity"] == (Decimal(485), Decimal(515))
    assert limits["pull force"] == (Decimal(20), None)


def test_the_class_of_the_row_counts(sheet: Sheet) -> None:
    assert judged(sheet, "pull force", 5.0).defect_class == "critical"
    assert judged(sheet, "weight", 5.0).defect_class == "minor"
    assert {"critical", "major", "minor"} == sheet.classes
