"""Probability of detection held against closed forms, an independent optimiser, and repeated experiments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from station.quality.pod import (
    LEAST_TRIALS,
    Detectable,
    a90_bound,
    detectable,
    fit_hit_miss,
    proven_from,
    rate_upper,
    share_upper,
)


def _trials(seed: int, n: int, a50: float = 0.2, slope: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.uniform(np.log(0.05), np.log(1.2), n))
    return sizes, rng.random(n) < 1 / (1 + (sizes / a50) ** -slope)


def _penalised(beta: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Written out plainly, with the determinant of the whole information matrix."""
    design = np.column_stack([np.ones_like(x), x])
    eta = design @ beta
    p = 1 / (1 + np.exp(-eta))
    information = design.T @ np.diag(p * (1 - p)) @ design
    return float(np.sum(y * np.log(p) + (1 - y) * np.log1p(-p)) + 0.5 * np.linalg.slogdet(information)[1])


@pytest.mark.parametrize(("hits", "of"), [((3, 9), (12, 10)), ((0, 10), (10, 10)), ((7, 8), (20, 8))])
def test_two_sizes_have_half_a_hit_and_half_a_miss_added(hits: tuple[int, int], of: tuple[int, int]) -> None:
    """Firth (1993): in a saturated table Jeffreys' prior adds one half to every cell, separated or not."""
    sizes = np.repeat([0.1, 0.3], of)
    found = np.concatenate([np.arange(n) < h for h, n in zip(hits, of, strict=True)])
    fit = fit_hit_miss(sizes, found)
    for size, h, n in zip((0.1, 0.3), hits, of, strict=True):
        assert fit.pod(size) == pytest.approx((h + 0.5) / (n + 1), rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_fit_is_where_an_independent_optimiser_finds_it(seed: int) -> None:
    sizes, found = _trials(seed, 70)
    fit = fit_hit_miss(sizes, found)
    x, y = np.log(sizes), found.astype(float)
    other = minimize(lambda b: -_penalised(b, x, y), [0.0, 1.0], method="Nelder-Mead",
                     options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000})  # fmt: skip
    assert (fit.intercept, fit.slope) == pytest.approx(tuple(other.x), rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-other.fun, abs=1e-8)


def test_bound_is_where_the_profile_has_dropped_by_half_of_chi_square() -> None:
    sizes, found = _trials(3, 90)
    fit = fit_hit_miss(sizes, found)
    bound = a90_bound(sizes, found, fit)
    assert bound is not None
    x, y, at = np.log(sizes), found.astype(float), math.log(bound)
    slopes = np.linspace(0.05, 12, 4000)
    best = max(_penalised(np.array([math.log(9) - s * at, s]), x, y) for s in slopes)
    assert 2 * (fit.log_likelihood - best) == pytest.approx(2.7055, abs=2e-3)


def test_separated_data_give_a_finite_curve_and_bound() -> None:
    sizes = np.geomspace(0.05, 1.0, 80)
    told = detectable(sizes, sizes > 0.2)
    assert told.fit is not None
    assert 10 < told.fit.slope < 500
    assert told.a90_mm is not None
    assert told.a90_95_mm is not None
    assert 0.2 < told.a90_mm < told.a90_95_mm < 0.35


def test_more_trials_narrow_the_bound_and_misses_widen_it() -> None:
    sizes, found = _trials(5, 120)
    few, many = detectable(sizes, found), detectable(np.tile(sizes, 4), np.tile(found, 4))
    assert few.a90_mm is not None
    assert few.a90_95_mm is not None
    assert many.a90_95_mm is not None
    assert few.a90_mm < many.a90_95_mm < few.a90_95_mm
    last = found.copy()
    last[np.argsort(sizes)[-12:-9]] = False  # three large ones missed
    worse = detectable(sizes, last)
    assert worse.a90_95_mm is None or worse.a90_95_mm > few.a90_95_mm


def test_bound_holds_as_often_as_it_says() -> None:
    """Of repeated experiments the bound lies at or above the true a90 in 95 %; 200 of them tell that to 1.5 %."""
    truth = 0.2 * 9 ** (1 / 4)
    held = 0
    for seed in range(200):
        sizes, found = _trials(100 + seed, 80)
        bound = a90_bound(sizes, found, fit_hit_miss(sizes, found))
        held += bound is None or bound >= truth
    assert 0.91 <= held / 200 <= 0.99


def test_what_cannot_be_stated_says_why() -> None:
    sizes, found = _trials(1, LEAST_TRIALS - 1)
    few = detectable(sizes, found)
    assert (few.a90_95_mm, few.unreached) == (None, False)
    assert few.reason == "59 trials are too few for an a90/95, it takes 60"
    sizes, found = _trials(2, 80, a50=2.0)
    weak = detectable(sizes, found)
    assert (weak.a90_95_mm, weak.unreached) == (None, True)
    assert "are not proven to be found in 90 % of cases" in weak.reason
    assert detectable(sizes, sizes < 0.3).unreached  # larger ones are missed
    for never in (np.zeros(80), sizes == sizes.max()):
        lost = detectable(sizes, never)
        assert (lost.a90_mm, lost.a90_95_mm, lost.unreached) == (None, None, True)
    assert detectable(np.full(70, 0.2), np.ones(70)).reason == "all were of one size, which tells no curve"
    assert detectable([], []).reason == "none was tried"


def test_a_curve_that_stays_below_ninety_is_not_taken_for_one_that_rises() -> None:
    """Four in five of all that are large are found, however large: the logit cannot bend, and must not be believed."""
    sizes = np.geomspace(0.05, 1.2, 400)
    found = (sizes > 0.1) & (np.arange(400) % 5 != 0)
    assert detectable(sizes, found).a90_95_mm is None


STUDIES = 120
A50_MM, SLOPE = 0.15, 5.0


def _studies(top: float, trials: int = 150) -> list[Detectable]:
    """Studies with sizes as a capability study spreads them, where large defects are found with probability ``top``."""
    told = []
    for seed in range(STUDIES):
        rng = np.random.default_rng([seed, round(100 * top)])
        sizes = 0.05 * 20 ** np.sqrt((np.arange(trials) + rng.random(trials)) / trials)
        told.append(detectable(sizes, rng.random(trials) < top / (1 + (sizes / A50_MM) ** -SLOPE)))
    return told


@pytest.mark.parametrize("top", [0.80, 0.85, 0.88, 0.90])
def test_no_size_is_promised_where_none_is_found_in_more_than_ninety_percent(top: float) -> None:
    promised = sum(t.a90_95_mm is not None for t in _studies(top))
    assert promised <= 0.05 * STUDIES


@pytest.mark.parametrize(("top", "least_promised"), [(0.97, 0.45), (1.0, 0.95)])
def test_where_large_ones_are_found_a_size_is_promised_and_holds(top: float, least_promised: float) -> None:
    truth = A50_MM * (0.9 / (top - 0.9)) ** (1 / SLOPE)
    bounds = [t.a90_95_mm for t in _studies(top) if t.a90_95_mm is not None]
    assert len(bounds) >= least_promised * STUDIES
    assert sum(b < truth for b in bounds) <= 0.05 * STUDIES
    assert np.median(bounds) < 1.6 * truth


def test_the_misses_that_prove_ninety_percent_err_in_one_study_of_twenty() -> None:
    """Trials that are all found with 90 %: simulated, no more than 5 % prove more than that from any size on."""
    rng = np.random.default_rng(8)
    for count in (60, 150, 400):
        sizes = np.geomspace(0.1, 1, count)
        said = sum(len(proven_from(sizes, hits)) > 0 for hits in rng.random((4000, count)) < 0.9)
        assert 0.025 < said / 4000 < 0.06


def test_what_is_proven_from_a_size_on() -> None:
    sizes = np.geomspace(0.1, 1, 100)
    assert (proven_from(sizes, np.ones(100))[[0, -1]] == sizes[[0, -37]]).all()  # 37 of 37, where one look takes 29
    one_missed = sizes < sizes.max()
    assert proven_from(sizes, one_missed)[-1] == sizes[-55]
    for size in (sizes[-37], sizes[-55]):
        misses = int(size == sizes[-55])
        assert share_upper(misses, int((sizes >= size).sum())) < 0.1
    assert len(proven_from(sizes, np.arange(100) % 5 != 0)) == 0
    assert len(proven_from([], [])) == 0
    # those of one size go together: 30 small ones of one size with five misses, then 40 hits
    tied = proven_from(np.repeat([0.1, 0.5], [30, 40]), np.arange(70) >= 5)
    assert tied.tolist() == [0.5]


def test_too_few_large_trials_are_said_and_nothing_is_promised() -> None:
    """All of the 25 that are larger than a sharp bend are found; that does not tell 90 % from less."""
    sizes = np.geomspace(0.05, 1.2, 100)
    few = detectable(sizes, sizes > sizes[74])
    assert (few.a90_95_mm, few.unreached) == (None, False)
    assert few.reason.endswith("too few trials to prove 90 %, it takes 37 without a miss")
    missed = detectable(sizes, (sizes > sizes[50]) & (np.arange(100) % 7 != 0))
    assert (missed.a90_95_mm, missed.unreached) == (None, True)


def test_what_is_always_found_is_stated_at_the_least_size_tried() -> None:
    told = detectable(np.geomspace(0.1, 1.0, 100), np.ones(100))
    assert told.a90_95_mm is not None
    assert 0.1 <= told.a90_95_mm < 0.2
    assert told.a90_mm == pytest.approx(0.1)


def test_bounds_of_counts() -> None:
    assert share_upper(0, 29) == pytest.approx(1 - 0.05 ** (1 / 29), rel=1e-9)  # 29 of 29: 90 % at 95 %
    assert share_upper(0, 29) < 0.1 < share_upper(0, 28)
    assert share_upper(5, 5) == 1.0
    assert rate_upper(0, 1) == pytest.approx(-math.log(0.05), rel=1e-9)
    assert rate_upper(3, 10) == pytest.approx(0.7754, abs=1e-4)  # 7.754 for a count of three (Garwood)


@pytest.mark.parametrize(("sizes", "hits"), [([0.1, 0.0], [1, 0]), ([0.1], [1, 0]), ([[0.1]], [[1]])])
def test_sizes_that_are_none_are_refused(sizes: list[float], hits: list[int]) -> None:
    with pytest.raises(ValueError, match=r"sizes (must be positive|and hits need one shape)"):
        fit_hit_miss(sizes, hits)
