"""The propagated uncertainty of CIEDE2000 against Monte Carlo (JCGM 101): spread, mean and coverage."""

from __future__ import annotations

import numpy as np
import pytest

from station.measure.colour_uncertainty import (
    along,
    coding_covariance,
    difference_uncertainty,
    lab_slope,
    round_covariance,
)
from station.measure.relative_light import relative_light
from station.values.colour import ColourCorrection, Lab, srgb_decode, srgb_encode
from station.values.difference import delta_e_2000, metric_at

PLAIN = ColourCorrection(np.zeros(3), np.ones(3), np.eye(3), "3x3, perceptual", 0.8)


def random_colour(rng: np.random.Generator) -> np.ndarray:
    return np.array([rng.uniform(15, 92), *rng.uniform(-45, 45, 2)])


def random_covariance(rng: np.random.Generator, metric: np.ndarray) -> np.ndarray:
    """Of about 0.3 CIEDE2000 a direction, stretched up to ten times."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    ball = turn @ np.diag(10 ** rng.uniform(-1, 0, 3)) @ turn.T * 0.3**2
    back = np.linalg.inv(np.linalg.cholesky(metric).T)
    return back @ ball @ back.T


def shifted(golden: np.ndarray, metric: np.ndarray, delta_e: float, rng: np.random.Generator) -> np.ndarray:
    """A colour at exactly this CIEDE2000 in a random direction."""
    d = np.linalg.inv(np.linalg.cholesky(metric).T) @ rng.normal(size=3)
    low, high = 0.0, 100.0 / float(np.linalg.norm(d))
    for _ in range(60):
        middle = (low + high) / 2
        far = float(delta_e_2000(Lab(golden), Lab(golden + middle * d))) > delta_e
        low, high = (low, middle) if far else (middle, high)
    return golden + low * d


def test_far_from_zero_the_propagated_spread_is_that_of_monte_carlo() -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        golden = random_colour(rng)
        metric = metric_at(golden)
        unit = shifted(golden, metric, rng.uniform(3, 6), rng)
        v = random_covariance(rng, metric)
        seen = delta_e_2000(Lab(golden), Lab(rng.multivariate_normal(unit, v, 4000)))
        budget = difference_uncertainty(golden, unit, {"all": v})
        assert budget.parts["all"] == pytest.approx(float(seen.std()), rel=0.08)
        assert budget.bias == pytest.approx(float(seen.mean() - delta_e_2000(Lab(golden), Lab(unit))), abs=0.02)


def test_the_metric_is_that_of_small_differences() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        lab, d = random_colour(rng), rng.normal(size=3) * 0.1
        true = float(delta_e_2000(Lab(lab - d / 2), Lab(lab + d / 2)))
        assert float(np.sqrt(d @ metric_at(lab) @ d)) == pytest.approx(true, rel=0.01)


@pytest.mark.parametrize("true", [0.0, 0.15, 0.3, 0.6, 1.0, 2.0, 4.0])
def test_the_interval_covers_the_true_value_from_zero_on(true: float) -> None:
    """About 19 of 20 intervals hold the true CIEDE2000, whatever it is; at 0 itself, where the value is nothing but
    noise, more than 9 of 10."""
    rng = np.random.default_rng(int(100 * true) + 3)
    held = []
    for _ in range(60):
        golden = random_colour(rng)
        metric = metric_at(golden)
        unit = shifted(golden, metric, true, rng) if true else golden
        v = random_covariance(rng, metric)
        for seen in rng.multivariate_normal(unit, v, 25):
            budget = difference_uncertainty(golden, seen, {"all": v})
            held.append(abs(float(delta_e_2000(Lab(golden), Lab(seen))) - true) <= budget.u)
    assert np.mean(held) >= (0.935 if true else 0.90)  # 1500 draws: a standard error of 0.6 per cent
    if true >= 2:
        assert np.mean(held) <= 0.985  # and it is no wider than it need be


def test_no_difference_has_the_uncertainty_of_the_widest_direction() -> None:
    golden = np.array([50.0, 10.0, -20.0])
    metric = metric_at(golden)
    wide = {"light": along(np.array([1.0, 0.0, 0.0]), 0.4, metric), "all": round_covariance(0.1, metric)}
    budget = difference_uncertainty(golden, golden, wide)
    assert budget.u == pytest.approx(2 * np.hypot(0.4, 0.1), rel=1e-6)
    assert budget.u == pytest.approx(budget.best_limit)
    assert budget.bias == 0.0
    near = difference_uncertainty(golden, golden + [0.0, 0.02, 0.0], wide)
    assert near.u > 0.8  # a value that is small by chance does not narrow it


def test_the_coder_leaves_an_even_area_uncertain_as_it_was_counted() -> None:
    """Even areas of random level through the quantiser of a block's mean: the error's covariance is the stated one."""
    rng = np.random.default_rng(4)
    step = (0.75, 1.0)
    to_ycc = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    rgb = np.array([0.16, 0.22, 0.35])
    coded = 255 * srgb_encode(rgb) + rng.uniform(-2, 2, (20000, 3))
    ycc = coded @ to_ycc.T
    quantised = np.rint(ycc / [step[0], step[1], step[1]]) * [step[0], step[1], step[1]]
    error = srgb_decode(quantised @ np.linalg.inv(to_ycc).T / 255) - srgb_decode(coded / 255)
    stated = coding_covariance(rgb, step)
    assert np.cov(error.T) == pytest.approx(stated, rel=0.06, abs=2e-8)
    assert not coding_covariance(rgb, (0.0, 0.0)).any()


def test_the_cards_reading_leaves_what_monte_carlo_leaves() -> None:
    rng = np.random.default_rng(6)
    golden = rng.uniform(0.02, 0.8, (24, 3))
    unit = golden @ (np.diag([1.04, 0.98, 1.05]) + 0.003)
    steps = ((0.75, 0.9), (0.7, 0.8))
    light = relative_light(golden, unit, PLAIN, steps=steps)
    assert light is not None
    rgb = np.array([0.3, 0.2, 0.12])
    assert light.of(unit) == pytest.approx(golden, abs=1e-9)
    seen = []
    for _ in range(400):
        read = [
            np.array([rng.multivariate_normal(p, c) for p, c in zip(at, coding_covariance(at, s), strict=True)])
            for at, s in ((golden, steps[0]), (unit, steps[1]))
        ]
        again = relative_light(read[0], read[1], PLAIN, steps=steps)
        assert again is not None
        seen.append(again.of(rgb))
    spread = np.cov(np.array(seen).T)
    assert np.sqrt(np.diag(light.covariance(rgb))) == pytest.approx(np.sqrt(np.diag(spread)), rel=0.15)
    slope = lab_slope(PLAIN, rgb)
    moved = PLAIN.lab(rgb + [1e-3, 0, 0]).values - PLAIN.lab(rgb).values
    assert slope[:, 0] * 1e-3 == pytest.approx(moved, rel=0.02)


def test_a_card_read_in_one_photo_only_gives_no_common_light() -> None:
    patches = np.full((24, 3), 0.3)
    steps = ((0.0, 0.0), (0.0, 0.0))
    assert relative_light(None, patches, PLAIN, steps=steps) is None
    lacking = patches.copy()
    lacking[:13] = np.nan
    assert relative_light(lacking, patches, PLAIN, steps=steps) is None
    assert relative_light(patches[:20], patches, PLAIN, steps=steps) is None
