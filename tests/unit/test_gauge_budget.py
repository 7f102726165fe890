"""What a gauge study changes in an uncertainty: more where captures scatter more than predicted, never less."""

from __future__ import annotations

import math

import pytest

from station.errors import RequestError
from station.quality.gauge import Reading, evaluate, with_spreads
from station.values.budget import LengthBudget
from station.values.line import Measurement

BUDGET = LengthBudget(calibration=0.003, edges=0.001, placement=0.002)
WIDTH = Measurement("size:width", "size", 30.0, "mm", BUDGET.expanded, "m", detail={"budget": BUDGET.as_detail()})
COLOUR = Measurement("colour:sky", "colour", 1.0, "CIEDE2000", 0.4, "m")


def test_a_length_takes_a_larger_spread_into_its_budget() -> None:
    (found,) = with_spreads([WIDTH], {"size:width": 0.005})
    assert found.u == pytest.approx(2 * math.hypot(0.003, 0.005))
    assert found.detail["budget"]["placement"] == pytest.approx(math.sqrt(0.005**2 - 0.001**2), abs=1e-6)  # type: ignore[index]
    assert found.detail["gauge"] == 0.005
    assert (found.value, WIDTH.u) == (30.0, BUDGET.expanded)


def test_a_smaller_spread_leaves_it_as_it_was() -> None:
    (found,) = with_spreads([WIDTH], {"size:width": 0.0005})
    assert (found.u, found.detail["budget"]) == (WIDTH.u, WIDTH.detail["budget"])
    assert found.detail["gauge"] == 0.0005


def test_a_colour_is_never_surer_than_its_captures_scatter() -> None:
    assert [m.u for m in with_spreads([COLOUR], {"colour:sky": 0.15})] == [0.4]
    assert [m.u for m in with_spreads([COLOUR], {"colour:sky": 0.35})] == [pytest.approx(0.7)]


def test_a_radial_offset_takes_the_spread_of_its_components() -> None:
    radial = Measurement("offset:logo", "offset", 0.004, "mm", 0.006, "m")
    (found,) = with_spreads([radial], {"offset:logo": 0.002, "offset-x:logo": 0.004, "offset-y:logo": 0.005})
    assert (found.u, found.detail["gauge"]) == (pytest.approx(0.01), 0.005)


def test_what_was_not_studied_is_untouched() -> None:
    assert with_spreads([WIDTH, COLOUR], {"size:height": 1.0}) == (WIDTH, COLOUR)


def repeated(values: list[float], part: str = "1", operator: str = "1") -> list[Reading]:
    return [Reading(part, operator, str(i), v) for i, v in enumerate(values)]


def test_one_part_many_times_is_a_study_of_repeatability() -> None:
    study = evaluate(repeated([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert study.anova.ev == pytest.approx(math.sqrt(2.5))
    assert (study.anova.grr, study.freedom) == (study.anova.ev, 4)
    assert (study.anova.av, study.anova.pv, study.anova.tv, study.anova.ndc) == (None, None, None, None)


def test_a_bench_of_its_own_has_one_operator() -> None:
    study = evaluate([*repeated([1.0, 1.2]), *repeated([3.0, 3.2], part="2"), *repeated([5.0, 5.2], part="3")])
    assert study.anova.av is None
    assert study.anova.interaction is None
    assert study.anova.pv == pytest.approx(math.sqrt(4.0 - 0.02 / 2))
    assert [row.source for row in study.table] == ["part", "repeatability"]


def test_operators_of_one_part_are_told_apart() -> None:
    study = evaluate([*repeated([1.0, 1.2]), *repeated([3.0, 3.2], operator="2")])
    assert study.anova.av == pytest.approx(math.sqrt(2.0 - 0.02 / 2))
    assert (study.anova.pv, study.anova.interaction) == (None, None)


def test_without_balance_only_the_repeatability_is_told() -> None:
    study = evaluate([*repeated([1.0, 2.0, 3.0]), *repeated([5.0, 7.0], part="2")])
    assert study.anova.ev == pytest.approx(math.sqrt((2.0 + 2.0) / 3))
    assert (study.trials, study.freedom, study.anova.pv, study.average_range) == (None, 3, None, None)
    assert "equally often" in study.note


def test_readings_that_never_differ_have_no_categories() -> None:
    study = evaluate([*repeated([1.0, 1.0]), *repeated([2.0, 2.0], part="2")])
    assert (study.anova.grr, study.anova.ndc) == (0.0, None)
    assert study.table[0].f is None


@pytest.mark.parametrize(
    ("readings", "says"),
    [
        ([Reading("1", "1", "1", 2.0), Reading("2", "1", "1", 2.0)], "no part was read twice"),
        ([], "no part was read twice"),
        ([Reading("1", "1", "1", 2.0), Reading("1", "1", "1", 2.1)], "trial 1 is there twice"),
        ([Reading("1", "1", "1", math.nan)], "has no value"),
    ],
)
def test_readings_that_tell_nothing_are_refused(readings: list[Reading], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        evaluate(readings)
