"""The decision rule, its reasons, and the verdict on a unit."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.errors import SheetError
from station.judge import compare, is_blocked, judge_finding, judge_measurement, judge_unit
from station.sheet import dump_sheet, load_sheet
from station.values.documents import Verdict
from station.values.line import Finding, Gate, Measurement

C, N, U = Verdict.CONFORMS, Verdict.NONCONFORMS, Verdict.UNDECIDED

TEXT = """
schema = 1
[product]
sku = "x"
thickness_mm = 1.6
[[regions]]
name = "sky"
seed_mm = [0, 0]
accept = 2.0
reject = 3.0
class = "major"
[[marks]]
name = "logo"
polygon_mm = [[0, 0], [2, 0], [2, 2]]
offset_mm = 0.3
rotation_deg = 1.5
scale = 0.015
class = "minor"
[[sizes]]
name = "width"
nominal_mm = 20
plus_mm = 0.2
minus_mm = 0.2
class = "critical"
[[sizes]]
name = "height"
nominal_mm = "golden"
plus_percent = 1
minus_percent = 1
[[defects]]
kind = "pit"
limit_mm = 0.15
class = "minor"
[[defects]]
kind = "scratch"
limit_mm = 1.5
"""
SHEET = load_sheet(TEXT)
GOLDEN = {"height": 25.0}


def measured(characteristic: str, value: float | None, u: float = 0.0, **more: Any) -> Measurement:
    name = characteristic.partition(":")[0]
    kind = "size" if name == "size" else name
    unit = {"colour": "CIEDE2000", "rotation": "deg", "scale": "1"}.get(kind, "mm")
    return Measurement(characteristic, kind, value, unit, u, "test", **more)


def found(kind: str, size: float, *, length: float = 0.0, u: float = 0.0) -> Finding:
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    return Finding(kind, 3.2, -4.1, size, length, size**2, "sky", 0.9, u, 8.0, square)


GOOD = (
    measured("colour:sky", 0.8, 0.4),
    measured("offset-x:logo", 0.05, 0.02),
    measured("offset-y:logo", 0.02, 0.02),
    measured("offset:logo", 0.054, 0.02),
    measured("rotation:logo", -0.3, 0.1),
    measured("scale:logo", 1.001, 0.002),
    measured("size:width", 20.01, 0.03),
    measured("size:height", 25.02, 0.03),
)


def with_(*changed: Measurement) -> list[Measurement]:
    by_name = {m.characteristic: m for m in (*GOOD, *changed)}
    return list(by_name.values())


@pytest.mark.parametrize(
    ("value", "u", "verdict"),
    [
        (19.8, 0.0, C),  # exactly the lower limit, though 20 - 0.2 in binary is not
        (20.2, 0.0, C),
        (20.1, 0.0, C),
        (19.799999999999997, 0.0, N),
        (18.5, 0.0, N),
        (20.15, 0.05, C),  # the interval ends exactly on the limit
        (20.15, 0.0500001, U),
        (20.25, 0.05, U),  # the interval begins exactly on the limit
        (20.25, 0.0499999, N),
        (20.0, 0.5, U),
    ],
)
def test_limits_are_inclusive_decimals_guarded_by_u(value: float, u: float, verdict: Verdict) -> None:
    """T1, T5."""
    document = judge_measurement(measured("size:width", value, u), SHEET)
    assert document.verdict is verdict
    assert (document.nominal, document.lower, document.upper) == (20.0, 19.8, 20.2)
    assert document.defect_class == "critical"
    assert bool(document.reason) is (verdict is not C)


def test_a_gross_error_is_said_to_be_one() -> None:
    assert "gross error" in judge_measurement(measured("size:width", 18.5), SHEET).reason
    assert "gross error" not in judge_measurement(measured("size:width", 19.5), SHEET).reason


@pytest.mark.parametrize(
    ("value", "u", "verdict"),
    [(2.0, 0.0, C), (2.0001, 0.0, U), (3.0, 0.0, U), (3.0001, 0.0, N), (1.7, 0.4, U), (3.2, 0.4, U), (3.5, 0.4, N)],
)
def test_colour_has_two_tiers(value: float, u: float, verdict: Verdict) -> None:
    """C1."""
    document = judge_measurement(measured("colour:sky", value, u), SHEET)
    assert document.verdict is verdict
    assert document.upper == 3.0
    assert document.detail["accept"] == 2.0


def test_colour_reason_says_which_way() -> None:
    detail: dict[str, object] = {"lab": (50.0, -3.0, -20.0), "lab_golden": (52.0, 0.5, -20.1), "dL": -2.0}
    document = judge_measurement(measured("colour:sky", 3.6, 0.4, detail=detail), SHEET)
    assert document.reason == "sky is 3.60 CIEDE2000 from the golden, limit 3.00 (u 0.40): greener and darker"
    assert document.lab == (50.0, -3.0, -20.0)
    assert document.dL == -2.0
    assert "lab" not in document.detail


def test_a_reason_never_prints_a_value_as_its_limit() -> None:
    reason = judge_measurement(measured("colour:sky", 3.0004), SHEET).reason
    assert "3.0004" in reason
    assert "limit 3.0000" in reason


@pytest.mark.parametrize(
    ("value", "u", "words"),
    [
        (1.134, 0.921, "is 1.13 CIEDE2000 from the golden (u 0.92), not surely within 2.00"),
        (1.1, 0.9004, "is 1.100 CIEDE2000 from the golden (u 0.901), not surely within 2.000"),
        (2.0005, 0.4091, "is 2.00 CIEDE2000 from the golden (u 0.41), not surely within 2.00"),
        (3.5049, 0.5, "is 3.505 CIEDE2000 from the golden, limit 3.000 (u 0.500)"),
        (2.8, 0.1, "is 2.80 CIEDE2000 from the golden (u 0.10), not surely within 2.00"),
    ],
)
def test_a_colour_shows_two_decimals_and_more_only_where_the_reason_would_read_false(
    value: float, u: float, words: str
) -> None:
    reason = judge_measurement(measured("colour:sky", value, u), SHEET).reason
    assert words in reason


@given(st.floats(0.001, 5), st.floats(0.001, 2))
def test_what_a_colour_reason_shows_bears_its_verdict_out(value: float, u: float) -> None:
    document = judge_measurement(measured("colour:sky", round(value, 4), round(u, 4)), SHEET)
    if document.verdict is C:
        return
    shown = re.search(r"is ([\d.]+) CIEDE2000.*\(u ([\d.]+)\)", document.reason)
    assert shown is not None
    v, reach = Decimal(shown[1]), Decimal(shown[2])
    assert len(shown[1].partition(".")[2]) <= 3
    if document.verdict is N:
        assert v - reach > 3
    else:
        assert v + reach > 2
        assert v - reach <= 3


@pytest.mark.parametrize(
    ("characteristic", "value", "verdict", "words"),
    [
        ("offset-x:logo", -0.42, N, "0.42 mm too far left, limit 0.30"),
        ("offset-y:logo", 0.42, N, "0.42 mm too far down"),
        ("offset:logo", 0.42, N, "0.42 mm from its place"),
        ("rotation:logo", -2.1, N, "turned 2.10 degrees counterclockwise, limit 1.50"),
        ("rotation:logo", -1.5, C, ""),
        ("scale:logo", 0.97, N, "3.00 % smaller than on the golden, limit 1.50 %"),
        ("scale:logo", 1.015, C, ""),
        ("size:height", 25.25, C, ""),
        ("size:height", 25.26, N, "upper limit 25.25"),
    ],
)
def test_marks_and_golden_sizes(characteristic: str, value: float, verdict: Verdict, words: str) -> None:
    document = judge_measurement(measured(characteristic, value), SHEET, golden_sizes_mm=GOLDEN)
    assert document.verdict is verdict
    assert words in document.reason


def test_what_cannot_be_judged_is_undecided_with_what_to_do() -> None:
    assert "seal the golden again" in judge_measurement(measured("size:height", 25.0), SHEET).reason
    no_tolerance = load_sheet(TEXT.replace("plus_mm = 0.2\nminus_mm = 0.2", ""))
    document = judge_measurement(measured("size:width", 20.0), no_tolerance)
    assert document.verdict is U
    assert "add plus_mm" in document.reason
    unlimited = load_sheet(TEXT.replace("offset_mm = 0.3\nrotation_deg = 1.5\nscale = 0.015", ""))
    assert judge_measurement(measured("offset:logo", 0.0), unlimited).verdict is U
    flat = load_sheet(TEXT.replace("thickness_mm = 1.6", ""))
    assert judge_measurement(measured("size:width", 20.0), flat).verdict is U
    assert judge_measurement(measured("colour:sky", 0.5), flat).verdict is C
    assert judge_finding(found("pit", 0.5), flat).verdict is U


def test_values_that_are_none_or_not_finite_are_undecided() -> None:
    document = judge_measurement(measured("size:width", None, why="the edge is in glare"), SHEET)
    assert (document.verdict, document.reason) == (U, "width could not be measured: the edge is in glare")
    document = judge_measurement(measured("size:width", float("nan")), SHEET)
    assert (document.verdict, document.value) == (U, None)
    assert judge_measurement(measured("size:width", 20.0, float("inf")), SHEET).verdict is U


def test_a_missing_mark_is_nonconforming() -> None:
    document = judge_measurement(measured("offset:logo", None, detail={"missing": True}), SHEET)
    assert (document.verdict, document.reason, document.defect_class) == (N, "logo is missing", "minor")


def test_what_the_sheet_does_not_limit_is_reported_only() -> None:
    document = judge_measurement(measured("blur:photo", 99.0), SHEET)
    assert (document.verdict, document.defect_class, document.upper) == (C, None, None)


@pytest.mark.parametrize(("by", "verdict"), [(-0.25, U), (0.21, U), (-0.2, C), (0.05, C)])
def test_a_size_within_its_limits_is_undecided_where_the_outline_departs_beyond_its_tolerance(
    by: float, verdict: Verdict
) -> None:
    departure = {"mm": by, "u_mm": 0.06, "at_mm": [3.0, -4.0]}
    width = Measurement("size:width", "size", 20.0, "mm", 0.05, "m", None, detail={"departure": departure})
    judged = judge_measurement(width, SHEET)
    assert judged.verdict is verdict
    assert ("at x 3.0, y -4.0 mm the outline lies" in judged.reason) is (verdict is U)
    off = judge_measurement(replace(width, value=20.4), SHEET)
    assert off.verdict is N
    assert "upper limit" in off.reason


def test_a_failed_gate_blocks_the_kinds_it_names() -> None:
    card = Gate("card", False, "no colour card found", ("colour",))
    assert judge_measurement(measured("colour:sky", 9.0), SHEET, gates=[card]).verdict is U
    assert judge_measurement(measured("size:width", 18.5), SHEET, gates=[card]).verdict is N
    everything = replace(card, blocks=())
    assert judge_measurement(measured("size:width", 18.5), SHEET, gates=[everything]).verdict is U
    assert judge_measurement(measured("size:width", 18.5), SHEET, gates=[replace(everything, ok=True)]).verdict is N


def test_a_doubt_about_the_photo_stands_in_the_reason_of_a_wrong_colour_only() -> None:
    saved_again = Gate("photo", True, "saved again", doubts=("colour",))
    gates, ask = [saved_again], "the file was saved again after the camera: ask for the original before you argue"
    wrong = judge_measurement(measured("colour:sky", 9.0), SHEET, gates=gates)
    assert wrong.verdict is N
    assert ask in wrong.reason
    assert ask not in judge_measurement(measured("colour:sky", 9.0), SHEET).reason
    assert judge_measurement(measured("colour:sky", 0.1), SHEET, gates=gates).reason == ""
    assert ask not in judge_measurement(measured("size:width", 18.5), SHEET, gates=gates).reason


@pytest.mark.parametrize(
    ("finding", "verdict", "limit"),
    [
        (found("pit", 0.15), C, 0.15),
        (found("pit", 0.17, u=0.03), U, 0.15),
        (found("pit", 0.31, u=0.03), N, 0.15),
        (found("scratch", 0.05, length=1.5), C, 1.5),
        (found("scratch", 0.05, length=1.7, u=0.1), N, 1.5),
        (found("speck", 0.49), C, None),
        (found("speck", 0.50), U, None),
        (found("dust", 3.0), C, None),
    ],
)
def test_findings(finding: Finding, verdict: Verdict, limit: float | None) -> None:
    document = judge_finding(finding, SHEET)
    assert document.verdict is verdict
    assert document.limit_mm == limit
    assert len(document.polygon_mm) == 3


def test_a_finding_that_its_model_is_not_sure_of_is_left_to_a_person() -> None:
    pit = replace(found("pit", 0.31, u=0.03), score=0.896, unsure_below=0.9)
    document = judge_finding(pit, SHEET)
    assert document.verdict is U
    assert document.reason.endswith("sure of such a finding from a score of 0.90 on, here 0.89, a person decides")
    assert judge_finding(replace(pit, unsure_below=None), SHEET).verdict is N
    small = judge_finding(replace(pit, size_mm=0.1), SHEET)
    assert small.verdict is C, "what keeps its limit conforms, sure or not"


def test_finding_reason_says_what_where_and_limit() -> None:
    reason = judge_finding(found("pit", 0.31, u=0.03), SHEET).reason
    assert reason == "pit 0.31 mm across in sky at x 3.2, y -4.1 mm, limit 0.15 (u 0.03)"


def test_a_good_unit_conforms_without_reasons() -> None:
    judgement = judge_unit(GOOD, [found("dust", 1.0)], [Gate("card", True)], SHEET, golden_sizes_mm=GOLDEN)
    assert (judgement.verdict, judgement.reasons) == (C, ())
    assert len(judgement.measurements) == len(GOOD)


def test_reasons_run_from_the_worst() -> None:
    bad = with_(measured("offset:logo", 0.9), measured("colour:sky", 3.5, 0.1), measured("size:width", 20.4, 0.1))
    judgement = judge_unit(bad, [found("pit", 0.4)], [], SHEET, golden_sizes_mm=GOLDEN)
    assert judgement.verdict is N
    assert [r.split()[0] for r in judgement.reasons] == ["width", "sky", "logo", "pit"]


def test_one_reason_for_an_offset_and_its_components() -> None:
    moved = with_(measured("offset-x:logo", 0.5), measured("offset-y:logo", -0.1), measured("offset:logo", 0.51))
    judgement = judge_unit(moved, [], [], SHEET, golden_sizes_mm=GOLDEN)
    assert judgement.reasons == ("logo is 0.51 mm from its place, limit 0.30 (u 0.00): 0.50 mm right, 0.10 mm up",)


@pytest.mark.parametrize(
    ("detail", "why", "verdict"),
    [
        ({"missing": True}, "mark not found", N),
        ({"damaged": "half"}, "only its left half is there", U),
        ({"visible": 0.4}, "only 40 % of the mark can be seen", U),
    ],
)
def test_a_unit_whose_mark_is_missing_or_cannot_be_read_does_not_conform(
    detail: dict[str, object], why: str, verdict: Verdict
) -> None:
    kinds = ("offset-x", "offset-y", "offset", "rotation", "scale")
    gone = with_(*(measured(f"{kind}:logo", None, why=why, detail=detail) for kind in kinds))
    judgement = judge_unit(gone, [], [], SHEET, golden_sizes_mm=GOLDEN)
    assert judgement.verdict is verdict
    assert len(judgement.reasons) >= 1
    assert all("logo" in reason for reason in judgement.reasons)


def test_a_failed_gate_leaves_the_unit_undecided_unless_something_unblocked_is_wrong() -> None:
    """C3: no card, no verdict on colour."""
    card = Gate("card", False, "no colour card found", ("colour",))
    without_colour = [m for m in GOOD if m.kind != "colour"]
    judgement = judge_unit(without_colour, [], [card], SHEET, golden_sizes_mm=GOLDEN)
    assert (judgement.verdict, judgement.reasons) == (U, ("card: no colour card found",))
    judgement = judge_unit(with_(measured("size:width", 18.5)), [], [card], SHEET, golden_sizes_mm=GOLDEN)
    assert judgement.verdict is N
    assert judgement.reasons[1] == "card: no colour card found"
    wrong_product = Gate("identity", False, "this is another product")
    judgement = judge_unit(with_(measured("size:width", 18.5)), [], [wrong_product], SHEET, golden_sizes_mm=GOLDEN)
    assert (judgement.verdict, judgement.reasons) == (U, ("identity: this is another product",))


def test_a_gate_before_nothing_that_is_limited_does_not_matter() -> None:
    barcode = Gate("barcode", False, "too small", ("barcode",))
    assert judge_unit(GOOD, [], [barcode], SHEET, golden_sizes_mm=GOLDEN).verdict is C


@pytest.mark.parametrize("lacking", ["colour:sky", "rotation:logo", "scale:logo", "size:width"])
def test_what_was_not_measured_cannot_conform(lacking: str) -> None:
    rest = [m for m in GOOD if m.characteristic != lacking]
    judgement = judge_unit(rest, [], [], SHEET, golden_sizes_mm=GOLDEN)
    assert (judgement.verdict, judgement.reasons) == (U, (f"{lacking} was not measured",))


def test_a_limited_boundary_that_nobody_measured_cannot_conform() -> None:
    sheet = load_sheet(TEXT.replace("reject = 3.0", "reject = 3.0\nboundary_mm = 0.1"))
    judgement = judge_unit(GOOD, [], [], sheet, golden_sizes_mm=GOLDEN)
    assert (judgement.verdict, judgement.reasons) == (U, ("boundary-shift:sky was not measured",))
    shifted = judge_unit([*GOOD, measured("boundary-shift:sky", 0.2)], [], [], sheet, golden_sizes_mm=GOLDEN)
    assert shifted.verdict is N


finite = st.floats(-1e6, 1e6)
spread = st.floats(0, 1e3)


@settings(deadline=None)
@given(value=finite, more=st.floats(0, 1e3), u=spread, upper=finite)
def test_a_larger_value_never_turns_nonconforming_into_anything_else(
    value: float, more: float, u: float, upper: float
) -> None:
    order = {C: 0, U: 1, N: 2}
    limit = Decimal(upper)
    low = compare(Decimal(value), Decimal(u), None, limit)
    high = compare(Decimal(value + more), Decimal(u), None, limit)
    assert order[low] <= order[high]


@settings(deadline=None)
@given(value=finite, u=spread, more=spread, lower=finite, width=st.floats(0, 1e3))
def test_more_uncertainty_never_decides_what_was_open(
    value: float, u: float, more: float, lower: float, width: float
) -> None:
    limits = Decimal(lower), Decimal(lower + width)
    small = compare(Decimal(value), Decimal(u), *limits)
    large = compare(Decimal(value), Decimal(u + more), *limits)
    assert large in (small, U)


@settings(deadline=None)
@given(value=st.floats(15, 25), u=st.floats(0, 1))
def test_verdict_agrees_with_the_interval_in_exact_arithmetic(value: float, u: float) -> None:
    low, high = Fraction(repr(value)) - Fraction(repr(u)), Fraction(repr(value)) + Fraction(repr(u))
    verdict = judge_measurement(measured("size:width", value, u), SHEET).verdict
    if Fraction("19.8") <= low and high <= Fraction("20.2"):
        assert verdict is C
    elif high < Fraction("19.8") or low > Fraction("20.2"):
        assert verdict is N
    else:
        assert verdict is U


def with_band(band: str) -> Any:
    return load_sheet(f'{TEXT}\n[decision]\nguard_band = "{band}"\n')


@pytest.mark.parametrize(
    ("value", "u", "both", "consumer", "producer", "none"),
    [
        (20.15, 0.05, C, C, C, C),  # the interval ends exactly on the limit: proven to conform
        (20.15, 0.0500001, U, N, C, C),
        (20.2, 0.05, U, N, C, C),  # the value stands exactly on the limit
        (20.200000000000003, 0.05, U, N, C, N),
        (20.25, 0.05, U, N, C, N),  # the interval begins exactly on the limit: not proven to be outside
        (20.25, 0.0499999, N, N, N, N),
        (19.8, 0.0, C, C, C, C),
        (19.75, 0.05, U, N, C, N),
        (19.75, 0.0499999, N, N, N, N),
    ],
)
def test_the_sheet_chooses_who_bears_the_doubt(value, u, both, consumer, producer, none) -> None:
    for band, verdict in (("both", both), ("consumer", consumer), ("producer", producer), ("none", none)):
        document = judge_measurement(measured("size:width", value, u), with_band(band))
        assert document.verdict is verdict, band
        assert bool(document.reason) is (verdict is not C)


@pytest.mark.parametrize(
    ("value", "u", "both", "consumer", "producer", "none"),
    [
        (1.6, 0.4, C, C, C, C),
        (1.6, 0.4000001, U, U, C, C),
        (2.0, 0.4, U, U, C, C),
        (2.4, 0.4, U, U, C, U),  # value - u is exactly accept
        (2.4000001, 0.4, U, U, U, U),
        (2.6, 0.4, U, U, U, U),  # value + u is exactly reject: surely within it
        (2.6000001, 0.4, U, N, U, U),
        (3.0, 0.4, U, N, U, U),
        (3.0000001, 0.4, U, N, U, N),
        (3.4, 0.4, U, N, U, N),
        (3.4000001, 0.4, N, N, N, N),
    ],
)
def test_each_tier_of_a_colour_takes_the_guard_band(value, u, both, consumer, producer, none) -> None:
    for band, verdict in (("both", both), ("consumer", consumer), ("producer", producer), ("none", none)):
        assert judge_measurement(measured("colour:sky", value, u), with_band(band)).verdict is verdict, band


def test_doubt_that_counts_against_the_unit_is_said_to_be_doubt() -> None:
    assert (
        "guard band is the consumer's"
        in judge_measurement(measured("size:width", 20.2, 0.1), with_band("consumer")).reason
    )
    assert "no guard band" in judge_measurement(measured("size:width", 20.25, 0.1), with_band("none")).reason
    assert "guard" not in judge_measurement(measured("size:width", 20.5, 0.1), with_band("consumer")).reason
    pit = judge_finding(found("pit", 0.14, u=0.02), with_band("consumer"))
    assert pit.verdict is N
    assert "guard band is the consumer's" in pit.reason
    assert judge_finding(found("pit", 0.16, u=0.02), with_band("producer")).verdict is C


@pytest.mark.parametrize("band", ["both", "consumer", "producer", "none"])
def test_a_photo_that_cannot_support_the_limit_is_undecided_under_every_rule(band: str) -> None:
    sheet = with_band(band)
    for value in (0.0, 1.0, 2.5, 6.9):
        document = judge_measurement(measured("colour:sky", value, 4.0), sheet)
        assert document.verdict is U
        assert "can support a limit of 4.0 at best, the sheet asks for 2" in document.reason
        assert "side by side" in document.reason
    # far beyond: no photo is too poor for that
    assert judge_measurement(measured("colour:sky", 7.0000001, 4.0), sheet).verdict is N
    # the golden itself, seen with u = accept, would still conform
    assert judge_measurement(measured("colour:sky", 0.0, 2.0), sheet).verdict is C
    best = measured("colour:sky", 1.0, 3.0, detail={"best_limit": 2.0000001})
    assert judge_measurement(best, sheet).verdict is U


def test_the_default_rule_leaves_the_digest_of_agreed_sheets_alone() -> None:
    assert with_band("both").digest == SHEET.digest
    assert len({with_band(b).digest for b in ("both", "consumer", "producer", "none")}) == 4
    assert load_sheet(dump_sheet(with_band("consumer"))).decision.guard_band == "consumer"
    with pytest.raises(SheetError, match=r"\[decision\]: guard_band"):
        with_band("buyer")


def test_what_to_do_about_a_photo_that_supports_no_limit_depends_on_how_it_was_taken() -> None:
    bench = replace(measured("colour:sky", 1.0, 2.4, detail={"best_limit": 2.3}), method="CIEDE2000, same bench")
    assert "less compression" in judge_measurement(bench, SHEET).reason
    metal = replace(bench, detail={"best_limit": 2.3, "specular_share": 0.2})
    assert "--again" in judge_measurement(metal, SHEET).reason
    assert "side by side" in judge_measurement(replace(bench, method="no common bench"), SHEET).reason
    beside = replace(bench, detail={"best_limit": 2.3, "side_by_side": True})
    assert "colour card" in judge_measurement(beside, SHEET).reason


def test_a_document_says_which_gate_took_its_verdict_down() -> None:
    sky = measured("colour:sky", 1.0, 0.4)
    card = Gate("card", False, "none was found", ("colour",))
    blocked = judge_measurement(sky, SHEET, gates=[card])
    assert blocked.detail["blocked"] == "card"
    assert is_blocked(blocked)
    assert not is_blocked(judge_measurement(sky, SHEET, gates=[Gate("scale", False, "no rig", ("size",))]))
    recorded_before = blocked.model_copy(update={"detail": {}})
    assert is_blocked(recorded_before)


def test_what_is_unproven_leaves_a_unit_undecided_that_would_conform_and_no_other() -> None:
    reason = "pit: the limit of 0.15 mm lies below the a90/95 of 0.31 mm in sky"

    def judged(*findings: Finding) -> tuple[Verdict, tuple[str, ...]]:
        unit = judge_unit(GOOD, findings, (), SHEET, golden_sizes_mm=GOLDEN, unproven=(reason,))
        return unit.verdict, unit.reasons

    assert judge_unit(GOOD, (), (), SHEET, golden_sizes_mm=GOLDEN).verdict is C
    assert judged() == (U, (reason,))
    verdict, reasons = judged(found("pit", 0.4, u=0.02))
    assert verdict is N
    assert reasons[0].startswith("pit")
    assert reasons[-1] == reason


SURFACES = load_sheet(
    TEXT.replace("accept = 2.0", 'surface = "soft enamel"\naccept = 2.0')
    + """
[[regions]]
name = "sun"
seed_mm = [5, 5]
surface = "hard enamel"
[[defects]]
kind = "pit"
surface = "soft enamel"
limit_mm = 0.20
class = "major"
[[defects]]
kind = "pit"
region = "sun"
limit_mm = 0.10
[[defects]]
kind = "bubble"
surface = "hard enamel"
limit_mm = 0.3
[[defects]]
kind = "dust"
region = "sun"
limit_mm = 0.1
"""
)


@pytest.mark.parametrize(
    ("region", "size", "verdict", "limit", "words"),
    [
        ("sky", 0.19, C, 0.20, ""),
        ("sky", 0.21, N, 0.20, "limit 0.20 for soft enamel"),
        ("sun", 0.12, N, 0.10, "limit 0.10 for sun"),
        ("metal", 0.14, C, 0.15, ""),
        ("metal", 0.21, N, 0.15, "limit 0.15 (u"),
    ],
)
def test_a_pit_is_held_to_the_limit_of_where_it_lies(
    region: str, size: float, verdict: Verdict, limit: float, words: str
) -> None:
    """T8, T11: one limit for each finish."""
    document = judge_finding(replace(found("pit", size), region=region), SURFACES)
    assert (document.verdict, document.limit_mm) == (verdict, limit)
    assert words in document.reason
    assert document.limit_for == {"sky": "soft enamel", "sun": "sun", "metal": ""}[region]
    assert document.defect_class == {"sky": "major", "sun": "major", "metal": "minor"}[region]


def test_a_kind_that_is_limited_elsewhere_only_is_not_let_pass() -> None:
    """Smaller than the limit it has elsewhere it is fine anywhere; larger, nobody agreed on anything."""
    assert judge_finding(found("bubble", 0.25), SURFACES).verdict is C
    beyond = judge_finding(found("bubble", 0.35), SURFACES)
    assert (beyond.verdict, beyond.limit_mm) == (U, None)
    assert beyond.reason.endswith("the control sheet limits bubble for hard enamel only, a person decides")
    assert judge_finding(found("bubble", 0.28, u=0.05), SURFACES).verdict is U
    assert judge_finding(found("dust", 0.3), SURFACES).verdict is U


def test_a_document_keeps_the_sizes_and_kinds_of_a_finding() -> None:
    kinds = {"pit": 0.5, "bubble": 0.3}
    full = replace(found("pit", 0.3), feret_mm=0.4, width_mm=0.2, kind_scores=kinds, sized_by="picture")
    document = judge_finding(full, SHEET)
    assert (document.feret_mm, document.width_mm, document.kind_scores) == (0.4, 0.2, kinds)
    assert document.sized_by == "picture"


@pytest.mark.parametrize(
    ("size", "pit", "verdict"),
    [(0.3, 0.40, U), (0.3, 0.20, C), (0.1, 0.40, C)],
)
def test_dust_that_may_as_well_be_a_pit_over_its_limit_is_for_a_person(
    size: float, pit: float, verdict: Verdict
) -> None:
    """The limit for pits is 0.15 mm: what would not keep it is not let through for looking slightly more like dust."""
    finding = replace(found("dust", size), kind_scores={"dust": 0.5, "pit": pit})
    judged = judge_finding(finding, SHEET)
    assert judged.verdict is verdict
    assert judged.kind == "dust"
    assert ("a person decides" in judged.reason) == (verdict is U)


@pytest.mark.parametrize(
    ("kind", "rival", "size", "share", "verdict"),
    [
        ("bubble", "pit", 0.3, 0.95, U),  # bubbles are not in the sheet, and small
        ("bubble", "pit", 0.3, 0.40, C),
        ("bubble", "pit", 0.1, 0.95, C),
        ("dust", "exposed-metal", 0.6, 0.95, U),  # in no row of the sheet, and plainly seen
        ("dust", "exposed-metal", 0.3, 0.95, C),
    ],
)
def test_what_may_as_well_be_another_kind_is_held_to_that_one_too(
    kind: str, rival: str, size: float, share: float, verdict: Verdict
) -> None:
    finding = replace(found(kind, size), kind_scores={kind: 0.5, rival: 0.5 * share})
    judged = judge_finding(finding, SHEET)
    assert (judged.kind, judged.verdict) == (kind, verdict)
    assert (f"{kind}, or as likely {rival}" in judged.reason) == (verdict is U)
