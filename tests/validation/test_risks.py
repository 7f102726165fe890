"""JCGM 106:2012, 9.5.4: ball bearings with a gamma distribution of radial error motion, upper limit 2 um, u 0.25 um.
The figures are those that suncal computes for it."""

from __future__ import annotations

import pytest

from station.errors import RequestError
from station.judge.risk import Process, conformance_probability, global_risks, guard_band

BEARINGS = Process("gamma", mean=1.0, sd=0.5)  # shape 4, rate 4 per um


def test_share_of_bearings_that_do_not_conform() -> None:
    assert global_risks(BEARINGS, 0.25, 0.0, 2.0).nonconforming == pytest.approx(0.04238011199168401, rel=1e-9)


def test_global_risk_of_the_consumer_under_simple_acceptance() -> None:
    assert global_risks(BEARINGS, 0.25, 0.0, 2.0).consumer == pytest.approx(0.008019111884303471, rel=1e-9)


def test_acceptance_limit_for_a_risk_of_one_in_a_thousand() -> None:
    assert 2.0 - guard_band(BEARINGS, 0.25, 0.0, 2.0, consumer=0.001) == pytest.approx(1.67183, abs=5e-6)


@pytest.mark.parametrize(
    ("within", "accepted_falsely"),
    [(0.60, 0.0483860), (0.70, 0.0392234), (0.80, 0.0285583), (0.90, 0.0159995), (0.95, 0.0087101), (0.99, 0.0019992)],
)
def test_a_measuring_system_of_a_quarter_of_the_spread(within: float, accepted_falsely: float) -> None:
    """The table of NCSLI RP-19: limits +-1, a process of which that share lies within, u a quarter of its spread."""
    from scipy.special import ndtri

    process = Process("normal", 0.0, float(1 / ndtri((1 + within) / 2)))
    assert global_risks(process, process.sd / 4, -1.0, 1.0).consumer == pytest.approx(accepted_falsely, abs=1e-7)


def test_a_perfect_measuring_system_errs_never() -> None:
    found = global_risks(BEARINGS, 0.0, None, 2.0)
    assert (found.consumer, found.producer) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_a_guard_band_moves_the_risk_from_the_consumer_to_the_producer() -> None:
    simple, guarded = (global_risks(BEARINGS, 0.25, None, 2.0, guard=g) for g in (0.0, 0.5))
    assert guarded.consumer < simple.consumer / 10
    assert guarded.producer > 5 * simple.producer
    assert guarded.nonconforming == pytest.approx(simple.nonconforming)


def test_conformance_probability() -> None:
    """JCGM 106:2012, table 1: a value on the limit conforms with one half, 1.64 u within it with 95 %."""
    assert conformance_probability(2.0, 0.1, None, 2.0) == pytest.approx(0.5)
    assert conformance_probability(2.0 - 0.164, 0.1, None, 2.0) == pytest.approx(0.95, abs=0.001)
    assert conformance_probability(0.0, 1.0, -2.0, 2.0) == pytest.approx(0.9545, abs=1e-4)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(RequestError, match="no limit"):
        global_risks(BEARINGS, 0.25, None, None)
    with pytest.raises(RequestError, match="spread 0"):
        Process("normal", 1.0, 0.0)
    with pytest.raises(RequestError, match="no guard band"):
        guard_band(BEARINGS, 0.25, None, 2.0, consumer=0.9)
