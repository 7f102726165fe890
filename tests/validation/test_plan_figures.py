"""OC, ASN, AOQ and curves for cartons against exact enumeration, published values and independent distributions."""

from __future__ import annotations

import itertools
import json
import math
from importlib.resources import files

import numpy as np
import pytest
from scipy import stats

from station.errors import RequestError
from station.lots.limiting_quality import smallest_sample
from station.lots.oc import acceptance_probabilities, isolated_acceptance, qualities_at, stage_outcomes
from station.lots.performance import (
    acceptance_from_cartons,
    average_outgoing_quality,
    average_outgoing_quality_limit,
    average_sample_number,
    effective_sample_size,
)
from station.lots.plans import LETTERS, Stages, stages
from station.lots.requests import plan_from_request
from station.lots.variables import VariablesPlan, judge_sample, table_plan, two_point_plan
from station.sheet import PREFERRED_AQL
from station.values.documents import PlanDocument
from station.values.sampling import LimitingQualityDocument, SchemeDocument, VariablesPlanDocument


def every_plan() -> set[Stages]:
    return {
        stages(letter, aql, severity=severity, type=kind, edition=edition)
        for edition, kinds in (("z1.4", ("single", "double", "multiple")), ("iso2859-1", ("single",)))
        for kind, severity in itertools.product(kinds, ("normal", "tightened", "reduced"))
        for letter, aql in itertools.product(LETTERS, PREFERRED_AQL)
    }


def test_every_curve_falls_from_1_and_stays_within_0_and_1() -> None:
    plans = {(s.n, s.ac, s.re, s.nonconformities) for s in every_plan()}
    assert len(plans) > 300
    for n, ac, re, nonconformities in plans:
        p = np.linspace(0, 4 * (max(re) + 4) / n[0] if nonconformities else 1, 24)
        pa = acceptance_probabilities(n, ac, re, p, nonconformities=nonconformities)
        assert pa[0] == 1
        assert np.all((pa >= 0) & (pa <= 1))
        assert np.all(np.diff(pa) <= 1e-11), (n, ac, re)


def enumerate_plan(plan: Stages, p: float) -> tuple[float, float]:
    """Pa and ASN by walking every path of counts, stage by stage."""
    accept = units = 0.0
    paths = {0: 1.0}
    done = 0
    for stage, n in enumerate(plan.n):
        done += n
        following: dict[int, float] = {}
        for found, chance in paths.items():
            for d in range(n + 1):
                here = chance * float(stats.binom.pmf(d, n, p))
                total = found + d
                last = stage == len(plan.n) - 1
                if total <= plan.ac[stage] or (last and total < plan.re[stage]):
                    accept += here
                    units += here * done
                elif total >= plan.re[stage]:
                    units += here * done
                else:
                    following[total] = following.get(total, 0.0) + here
        paths = following
    return accept, units


@pytest.mark.parametrize(
    ("letter", "aql", "kind"), [("F", 4.0, "double"), ("F", 6.5, "multiple"), ("H", 2.5, "single")]
)
@pytest.mark.parametrize("severity", ["normal", "reduced"])
def test_pa_and_asn_equal_the_enumeration_of_all_paths(letter: str, aql: float, kind: str, severity: str) -> None:
    plan = stages(letter, aql, type=kind, severity=severity)
    for p in (0.01, 0.06, 0.2):
        pa, asn = enumerate_plan(plan, p)
        assert plan.acceptance(np.array([p]))[0] == pytest.approx(pa, abs=1e-9)
        assert average_sample_number(plan, p)[0] == pytest.approx(asn, abs=1e-9)


def test_each_lot_is_accepted_or_not() -> None:
    plan = stages("L", 2.5, type="multiple")
    accepted, rejected = stage_outcomes(plan.n, plan.ac, plan.re, [0, 0.02, 0.06, 1], nonconformities=False)
    assert accepted.sum(axis=0) + rejected.sum(axis=0) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("ac", "y"), [(0, 0.3679), (1, 0.8400), (2, 1.371), (3, 1.942), (4, 2.544), (5, 3.168)])
def test_aoql_is_the_published_y_over_n(ac: int, y: float) -> None:
    """Dodge and Romig, Sampling Inspection Tables: AOQL = y / n of large lots, y for each acceptance number
    (Poisson)."""
    plan = Stages((100,), (ac,), (ac + 1,), "single", "K", 0, nonconformities=True)
    limit, at = average_outgoing_quality_limit(plan)
    assert 100 * limit == pytest.approx(y, abs=6e-4)
    beside = average_outgoing_quality(plan, [0.97 * at, at, 1.03 * at])
    assert beside[1] == max(beside)


def test_aoq_of_a_lot_counts_only_what_was_not_inspected() -> None:
    plan = stages("J", 2.5)
    pa = plan.acceptance(np.array([0.03]))[0]
    assert average_outgoing_quality(plan, 0.03, 1000)[0] == pytest.approx(0.03 * pa * 0.92)
    assert average_outgoing_quality(plan, 0.03)[0] == pytest.approx(0.03 * pa)


@pytest.mark.parametrize(
    ("cartons", "correlation", "published"),
    [
        (8, 0.1, 0.268),
        (8, 0.2, 0.324),
        (8, 0.4, 0.388),
        (16, 0.2, 0.260),
        (40, 0.2, 0.206),
        (80, 0.2, 0.177),
        (8, 0, 0.177),
    ],
)
def test_curve_of_samples_from_cartons(cartons: int, correlation: float, published: float) -> None:
    """n = 80, Ac = 5 at 10 % nonconforming. The published figures were simulated; scipy's beta-binomial is exact."""
    pa = acceptance_from_cartons(stages("J", 2.5), 0.1, cartons=cartons, correlation=correlation)[0]
    assert pa == pytest.approx(published, abs=0.005)
    if correlation:
        a = 0.1 * (1 - correlation) / correlation
        law = stats.betabinom.pmf(np.arange(80 // cartons + 1), 80 // cartons, a, 9 * a)
        total = np.array([1.0])
        for _ in range(cartons):
            total = np.convolve(total, law)
        assert pa == pytest.approx(total[:6].sum(), abs=1e-9)


def test_cartons_with_unequal_shares_and_what_cannot_be() -> None:
    plan = stages("H", 2.5)
    law = stats.betabinom
    a = 0.05 * 9
    expected = np.convolve(
        np.convolve(law.pmf(np.arange(18), 17, a, 19 * a), law.pmf(np.arange(18), 17, a, 19 * a)),
        law.pmf(np.arange(17), 16, a, 19 * a),
    )
    pa = acceptance_from_cartons(plan, 0.05, cartons=3, correlation=0.1)[0]
    assert pa == pytest.approx(expected[:4].sum(), abs=1e-9)
    assert effective_sample_size((80,), 8, 0.2) == pytest.approx(80 / 2.8)
    for options in ({"cartons": 51, "correlation": 0.1}, {"cartons": 5, "correlation": 1.0}):
        with pytest.raises(RequestError):
            acceptance_from_cartons(plan, 0.05, **options)
    with pytest.raises(RequestError, match="single plans"):
        acceptance_from_cartons(stages("L", 2.5, type="double"), 0.05, cartons=5, correlation=0.1)


# --- computed plans --------------------------------------------------------------------------------------------------


def test_c_0_at_10_per_cent_with_risk_10_per_cent_takes_22() -> None:
    assert smallest_sample(0.10) == 22


@pytest.mark.parametrize("lot_size", [2, 9, 20, 50, 137, 400])
@pytest.mark.parametrize("ac", [0, 1])
def test_the_smallest_sample_is_the_smallest(lot_size: int, ac: int) -> None:
    n = smallest_sample(0.08, lot_size=lot_size, ac=ac)
    bad = math.ceil(lot_size * 0.08)

    def accepted(units: int) -> float:
        return float(stats.hypergeom.cdf(ac, lot_size, bad, units))

    if bad <= ac:
        assert n == lot_size
    else:
        assert accepted(n) <= 0.10 < accepted(n - 1)


def test_hypergeometric_pa_equals_scipy() -> None:
    for ac, bad in itertools.product((0, 2), (0, 3, 17, 60)):
        assert isolated_acceptance(20, ac, 60, bad) == pytest.approx(stats.hypergeom.cdf(ac, 60, bad, 20), abs=1e-9)


def test_a_limiting_quality_answers_with_its_document() -> None:
    found = plan_from_request({"limiting-quality": 10, "lot-size": 80})
    assert isinstance(found, LimitingQualityDocument)
    assert (found.n, found.count) == (20, "hypergeometric")
    assert found.accepted <= 0.1
    assert found.oc[0].pa == 1
    with pytest.raises(RequestError, match="no use for letter"):
        plan_from_request({"limiting_quality": 10, "letter": "J"})
    with pytest.raises(RequestError, match="not between 0 and 1"):
        plan_from_request({"limiting_quality": 100})


# --- plans by variables ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.004, 0.03, 0.11])
def test_curve_of_the_s_method_is_the_integral_over_the_sample_s(p: float) -> None:
    """Given s, the mean decides: Pa is the mean of Phi(sqrt n (z - k s / sigma)) over s, by quadrature."""
    n, k = 35, 1.573
    nu, z = n - 1, stats.norm.isf(p)
    x, w = np.polynomial.legendre.leggauss(400)
    high = stats.chi2.isf(1e-18, nu)
    c = (x + 1) / 2 * high
    inner = stats.norm.cdf(math.sqrt(n) * (z - k * np.sqrt(c / nu)))
    expected = float((w * high / 2 * stats.chi2.pdf(c, nu) * inner).sum())
    assert VariablesPlan("s", n, k).acceptance(p)[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("method", ["s", "sigma"])
def test_two_points_give_the_smallest_plan_through_them(method: str) -> None:
    plan = two_point_plan(0.01, 0.08, method=method)  # type: ignore[arg-type]
    assert plan.acceptance(0.01)[0] >= 0.95
    assert plan.acceptance(0.08)[0] == pytest.approx(0.10, abs=1e-9)
    # published (Montgomery, Introduction to Statistical Quality Control): n = 40 and k = 1.9 by nomograph for 1 and 6 %
    known = two_point_plan(0.01, 0.06, method="s")
    assert known.n == pytest.approx(40, abs=3)
    assert known.k == pytest.approx(1.9, abs=0.03)


def test_z1_9_of_a_lot_of_1000_and_its_own_risks() -> None:
    plan = table_plan(1000, 2.5)
    assert (plan.n, round(plan.k, 2)) == (35, 1.57)  # table B-1
    table = json.loads(files("station.lots.tables").joinpath("z1_9_s_method.json").read_text())
    bounds = {"normal": (0.88, 0.995), "tightened": (0.46, 0.95), "reduced": (0.92, 1.0)}
    for severity, (least, most) in bounds.items():
        distinct = {
            (n, k, float(aql))
            for level in table["plans"][severity].values()
            for row in level
            for aql, (n, k) in zip(table["aql"], row, strict=True)
        }
        for n, k, aql in distinct:
            assert least < VariablesPlan("s", n, k).acceptance(aql / 100)[0] < most, (severity, n, k, aql)


def test_the_k_method_holds_each_limit_on_its_own() -> None:
    plan = VariablesPlan("s", 5, 1.0)
    values = [9.9, 10.0, 10.1, 10.0, 10.0]  # mean 10, s 0.0707
    both = judge_sample(plan, values, lower=9.9, upper=10.1)
    assert both.accepted
    assert both.to_lower == pytest.approx(2**0.5)
    assert not judge_sample(plan, values, lower=9.95, upper=None).accepted
    assert not judge_sample(VariablesPlan("sigma", 5, 1.0), values, lower=9.9, upper=None, sigma=0.2).accepted
    alike = judge_sample(plan, [10.0] * 5, lower=9.9, upper=10.0)
    assert (alike.accepted, alike.to_lower) == (True, math.inf)
    for options, words in (
        ({"values": values[:4], "lower": 9.9, "upper": None}, "needs 5 measured"),
        ({"values": values, "lower": None, "upper": None}, "No limit"),
        ({"values": values, "lower": 10.1, "upper": 9.9}, "out of order"),
    ):
        with pytest.raises(RequestError, match=words):
            judge_sample(plan, **options)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="known standard deviation"):
        judge_sample(VariablesPlan("sigma", 5, 1.0), values, lower=9.9, upper=None)


def test_a_measured_sample_is_judged_with_its_plan() -> None:
    request = {"method": "sigma", "producer_quality": 1, "consumer_quality": 8, "lower": 29.85, "upper": 30.15}
    values = [30.0 + 0.01 * (i % 3 - 1) for i in range(11)]
    found = plan_from_request(request | {"values": values, "sigma": 0.02})
    assert isinstance(found, VariablesPlanDocument)
    assert found.sample is not None
    assert found.sample.accepted
    assert found.sample.to_upper == pytest.approx((30.15 - np.mean(values)) / 0.02)
    loose = plan_from_request(request | {"values": values, "sigma": 0.1})
    assert isinstance(loose, VariablesPlanDocument)
    assert loose.sample is not None
    assert not loose.sample.accepted
    with pytest.raises(RequestError, match="without measured values"):
        plan_from_request(request)
    with pytest.raises(RequestError, match="no list of numbers"):
        plan_from_request(request | {"values": 30.0})


def test_a_plan_by_variables_beyond_a_small_lot_measures_every_unit() -> None:
    """Z1.9 takes 7 units at AQL 0.25 from letter B on, also of a lot of six: 100 % inspection, without k and risks."""
    small = plan_from_request({"method": "s", "lot_size": 6, "aql": 0.25})
    assert isinstance(small, VariablesPlanDocument)
    assert (small.n, small.plan_n, small.hundred_percent) == (6, 7, True)
    assert (small.producer_risk, small.consumer_quality, small.consumer_risk, small.oc) == (None, None, None, ())
    exact = plan_from_request({"method": "s", "lot_size": 7, "aql": 0.25})
    assert isinstance(exact, VariablesPlanDocument)
    assert (exact.n, exact.hundred_percent) == (7, True)
    sampled = plan_from_request({"method": "s", "lot_size": 8, "aql": 0.25})
    assert isinstance(sampled, VariablesPlanDocument)
    assert (sampled.n, sampled.plan_n, sampled.hundred_percent) == (7, 7, False)
    computed = {"method": "sigma", "producer_quality": 1, "consumer_quality": 8, "lot_size": 5}
    of_points = plan_from_request(computed)
    assert isinstance(of_points, VariablesPlanDocument)
    assert (of_points.n, of_points.plan_n, of_points.consumer_quality) == (5, 11, 0.08)
    with pytest.raises(RequestError, match="cannot be sampled"):
        plan_from_request(computed | {"lot_size": 1})


def test_a_lot_measured_whole_is_judged_unit_by_unit() -> None:
    """By the plan's k of 2.0 these six values would not be accepted at 30.05, yet none of them lies beyond it."""
    request = {"method": "s", "lot_size": 6, "aql": 0.25, "values": [30.0, 30.04, 30.05, 30.0, 30.02, 29.98]}
    for upper, beyond in ((30.05, 0), (30.045, 1), (30.01, 3)):
        found = plan_from_request(request | {"upper": upper})
        assert isinstance(found, VariablesPlanDocument)
        assert found.sample is not None
        assert (found.sample.beyond, found.sample.accepted) == (beyond, beyond == 0)
    assert not judge_sample(VariablesPlan("s", 6, 2.0), request["values"], lower=None, upper=30.05).accepted
    with pytest.raises(RequestError, match="measured whole needs 6 measured values, here are 7"):
        plan_from_request(request | {"values": [30.0] * 7, "upper": 30.05})


def test_variables_and_scheme_answer_with_their_documents() -> None:
    found = plan_from_request({"method": "s", "lot_size": 1000, "aql": 2.5})
    assert isinstance(found, VariablesPlanDocument)
    assert found.edition == "z1.9"
    computed = plan_from_request({"method": "sigma", "producer_quality": 1, "consumer_quality": 8})
    assert isinstance(computed, VariablesPlanDocument)
    assert (computed.n, computed.edition) == (math.ceil(((1.6449 + 1.2816) / (2.3263 - 1.4051)) ** 2), "computed")
    scheme = plan_from_request({"scheme": True, "letter": "J", "aql": 2.5})
    assert isinstance(scheme, SchemeDocument)
    assert scheme.points[0].reduced == pytest.approx(1)
    with pytest.raises(RequestError, match="no use for letter"):
        plan_from_request({"method": "s", "letter": "J", "aql": 2.5})


def test_a_plan_of_the_tables_carries_its_figures() -> None:
    found = plan_from_request({"lot_size": 1000, "aql": 2.5, "cartons": 8, "correlation": 0.2})
    assert isinstance(found, PlanDocument)
    assert found.figures is not None
    assert [p.p for p in found.figures.points] == [o.p for o in found.oc]
    assert found.figures.asn_at_aql == pytest.approx(80)
    assert found.figures.producer_risk_cartons is not None
    assert found.figures.producer_risk_cartons > found.producer_risk
    with pytest.raises(RequestError, match="belong together"):
        plan_from_request({"lot_size": 1000, "aql": 2.5, "cartons": 8})


def test_nonconformities_are_counted_at_an_aql_of_10_or_less_too() -> None:
    units, per_100 = (plan_from_request({"letter": "J", "aql": 2.5, "per-100": flag}) for flag in (False, True))
    assert isinstance(units, PlanDocument)
    assert isinstance(per_100, PlanDocument)
    assert (units.per_100_units, per_100.per_100_units) == (False, True)
    assert 1 - per_100.producer_risk == pytest.approx(stats.poisson.cdf(5, 2.0), abs=1e-9)
    assert per_100.consumer_quality > units.consumer_quality
    above = plan_from_request({"letter": "J", "aql": 40})
    assert isinstance(above, PlanDocument)
    assert above.per_100_units
    with pytest.raises(RequestError, match="neither true nor false"):
        plan_from_request({"letter": "J", "aql": 2.5, "per_100": 1})


def test_qualities_are_where_the_curve_passes_them() -> None:
    plan = stages("L", 2.5, type="double")
    for level, p in zip((0.95, 0.5, 0.1), qualities_at((0.95, 0.5, 0.1), plan.acceptance, 1.0), strict=True):
        assert plan.acceptance(np.array([p]))[0] == pytest.approx(level, abs=1e-12)
    assert qualities_at((0.1,), plan.acceptance, 0.01) == [0.01]
