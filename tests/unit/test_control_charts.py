"""Control charts, Nelson's rules and capability indices."""

from __future__ import annotations

import numpy as np
import pytest

from station.errors import RequestError
from station.lots.capability_indices import indices
from station.lots.charts import (
    CUSUM_H,
    CUSUM_K,
    Signal,
    c4,
    counts,
    cusum,
    ewma,
    individuals,
    means_and_spreads,
    moving_sigma,
    nelson,
    shares,
    subgroup_sigma,
)


def rules(z: list[float]) -> set[int]:
    return {s.rule for s in nelson(z)}


@pytest.mark.parametrize(
    ("z", "rule", "at"),
    [
        ([0.1, -0.2, 3.1], 1, 2),
        ([0.1] * 9, 2, 8),
        ([-1.4, -0.9, -0.5, 0.2, 0.6, 1.2], 3, 5),
        ([0.4, -0.4] * 7, 4, 13),
        ([0.0, 2.1, -0.3, 2.2], 5, 3),
        ([-1.1, -1.2, 0.3, -1.3, -1.4], 6, 4),
        ([0.5, -0.5, 0.4, 0.3, -0.2] * 3, 7, 14),
        ([1.2, -1.3, 1.1, -1.2, 1.5, -1.4, -1.1, 1.2], 8, 7),
    ],
)
def test_each_rule_stands_at_the_point_that_completes_it(z: list[float], rule: int, at: int) -> None:
    assert Signal(at, rule) in nelson(z)
    assert rule not in rules(z[:-1])


def test_rules_stay_silent_one_point_short() -> None:
    assert 2 not in rules([0.1] * 8)
    assert 3 not in rules([1.0, 0.6, 0.2, -0.2, -0.6])
    assert 5 not in rules([2.1, 0.0, 0.0, 2.1])
    assert 6 not in rules([1.1, 1.2, -1.1, 1.3, 0.2])
    assert 8 not in rules([1.2, -1.3, 1.1, 0.9, 1.5, -1.4, -1.1, 1.2])


def test_ewma_of_the_handbook() -> None:
    """NIST/SEMATECH e-Handbook 6.3.2.4: EWMA with lambda 0.3 about 50, s 2.0539."""
    x = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5]
    x += [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    found = ewma(x, 50.0, 2.0539, lam=0.3)
    assert found.points[:5] == pytest.approx([50.60, 49.52, 50.56, 50.18, 50.16], abs=0.006)
    assert found.upper[-1] == pytest.approx(52.5884, abs=1e-4)
    assert found.lower[-1] == pytest.approx(47.4115, abs=1.1e-4)
    assert found.signals == ()


def test_cusum_of_the_handbook() -> None:
    """NIST/SEMATECH e-Handbook 6.3.2.3: target 325, k 0.3175, h 4.1959; the first signal is at group 14."""
    x = [324.925, 324.675, 324.725, 324.350, 325.350, 325.225, 324.125, 324.525, 325.225, 324.600]
    x += [324.625, 325.150, 328.325, 327.250, 327.825, 328.500, 326.675, 327.775, 326.875, 328.350]
    found = cusum(x, 325.0, 0.3175, 4.1959)
    assert found.signals[0] == Signal(13, 0)
    assert found.points[13] == pytest.approx(4.94, abs=0.006)


def test_cusum_gives_false_alarms_as_seldom_as_three_standard_deviations() -> None:
    rng = np.random.default_rng(3)
    lengths = []
    for _ in range(150):
        found = cusum(rng.standard_normal(4000), 0.0, CUSUM_K, CUSUM_H)
        lengths.append(found.signals[0].at + 1 if found.signals else 4000)
    assert np.mean(lengths) == pytest.approx(370, rel=0.25)


def test_individuals_take_their_spread_from_moving_ranges() -> None:
    values = [10.0, 10.2, 9.9, 10.1, 10.0, 10.3, 9.8, 10.1, 10.0, 12.0]
    chart, ranges = individuals(values)
    mean = float(np.abs(np.diff(values)).mean())
    assert chart.upper[0] == pytest.approx(np.mean(values) + 2.66 * mean, abs=2e-3 * mean)
    assert ranges.upper[0] == pytest.approx(3.267 * mean, abs=1e-3 * mean)
    assert Signal(9, 1) in chart.signals
    assert Signal(8, 1) in ranges.signals
    assert individuals([1.0, 1.0, 1.0])[0].signals == ()


def test_means_and_spreads_of_unequal_subgroups() -> None:
    assert c4(2) == pytest.approx(0.7979, abs=5e-5)
    assert c4(10) == pytest.approx(0.9727, abs=5e-5)
    rng = np.random.default_rng(1)
    groups = [rng.normal(5, 1, n) for n in (4, 6, 5, 8, 5, 4)]
    means, spreads = means_and_spreads([*groups, rng.normal(9, 1, 5), rng.normal(5, 6, 5)])
    assert Signal(6, 1) in means.signals
    assert Signal(7, 1) in spreads.signals
    assert means.upper[0] - means.centre > means.upper[3] - means.centre
    with pytest.raises(RequestError, match="two subgroups"):
        means_and_spreads([[1.0, 2.0], [1.0]])


def test_shares_and_counts_have_probability_limits() -> None:
    found = shares([1, 0, 2, 1, 0, 1, 7, 1], [10, 10, 12, 10, 10, 8, 10, 10])
    assert Signal(6, 1) in found.signals
    assert np.isnan(found.lower).all()
    assert found.centre == pytest.approx(13 / 80)
    number = counts([3, 2, 4, 3, 2, 14], [10, 10, 10, 10, 10, 10])
    assert Signal(5, 1) in number.signals
    assert number.centre == pytest.approx(28 / 60)
    with pytest.raises(RequestError, match="subgroups"):
        shares([1, 0], [10, 0])


def test_a_chart_needs_two_numbers() -> None:
    with pytest.raises(RequestError, match="two values"):
        individuals([1.0])
    with pytest.raises(RequestError, match="two values"):
        ewma([1.0, float("nan")], 0.0, 1.0)


def test_indices_by_hand() -> None:
    values = np.random.default_rng(2).normal(10.0, 0.1, 60)
    sigma = 0.1
    found = indices(values, sigma, 40, 9.6, 10.5)
    assert found.cp is not None
    assert found.cp.value == pytest.approx(0.9 / 0.6)
    assert found.cpk is not None
    assert found.cpk.value == pytest.approx((values.mean() - 9.6) / 0.3)
    assert found.ppk is not None
    assert found.ppk.value == pytest.approx((values.mean() - 9.6) / (3 * values.std(ddof=1)))
    one_sided = indices(values, sigma, 40, None, 10.5)
    assert one_sided.cp is None
    assert one_sided.cpk is not None
    assert one_sided.cpk.value == pytest.approx((10.5 - values.mean()) / 0.3)
    assert indices(values[:9], sigma, 5, 9.6, 10.5).ppk is None
    assert indices(values, sigma, 40, None, None).cpk is None


def test_intervals_of_pp_and_ppk_hold_the_truth() -> None:
    rng = np.random.default_rng(4)
    pp = ppk = 0
    for _ in range(400):
        found = indices(rng.normal(0.3, 1, 40), 1.0, 39, -4.0, 4.0)
        assert found.pp is not None
        assert found.ppk is not None
        pp += found.pp.low <= 8 / 6 <= found.pp.high
        ppk += found.ppk.low <= 3.7 / 3 <= found.ppk.high
    assert pp / 400 == pytest.approx(0.95, abs=0.03)
    assert ppk / 400 == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize("moving", [True, False])
def test_intervals_of_cp_and_cpk_hold_the_truth(moving: bool) -> None:
    """By moving ranges and by subgroups of uneven sizes, with the degrees of freedom that each sigma has."""
    rng = np.random.default_rng(6)
    cp = cpk = 0
    times = 1000
    for _ in range(times):
        x = rng.normal(0.3, 1, 40)
        sigma, freedom = moving_sigma(x) if moving else subgroup_sigma(np.split(x, [3, 6, 9, 12, 20, 28, 34]))
        found = indices(x, sigma, freedom, -4.0, 4.0)
        assert found.cp is not None
        assert found.cpk is not None
        cp += found.cp.low <= 8 / 6 <= found.cp.high
        cpk += found.cpk.low <= 3.7 / 3 <= found.cpk.high
    assert cp / times == pytest.approx(0.95, abs=0.02)
    assert cpk / times == pytest.approx(0.95, abs=0.025)


def test_the_freedom_of_a_sigma_is_its_relative_variance() -> None:
    rng = np.random.default_rng(7)
    rows = rng.normal(0, 1, (20_000, 30))
    ranges = np.abs(np.diff(rows, axis=1)).mean(axis=1)
    assert moving_sigma(rows[0])[1] == pytest.approx((ranges.mean() / ranges.std()) ** 2 / 2, rel=0.03)
    spreads = np.stack([r.std(axis=1, ddof=1) for r in np.split(rows, 6, axis=1)]).mean(axis=0)
    freedom = subgroup_sigma(np.split(rows[0], 6))[1]
    assert freedom == pytest.approx((spreads.mean() / spreads.std()) ** 2 / 2, rel=0.03)
    assert freedom < 24  # less than the pooled variance has


def test_few_units_without_any_defect_are_no_signal() -> None:
    """Counts of 0 or 1 lie on one side of their mean again and again, which no run rule was made for."""
    assert shares([0] * 20, [8] * 20).signals == ()
    assert shares(([0] * 12 + [1]) * 2, [8] * 26).signals == ()
    assert counts([0] * 20, [8] * 20).signals == ()
