"""The compiled loops over profiles give what the array expressions give that they stand for."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from station.measure.bench_model import bench_residual
from station.measure.edges import reject_outliers
from station.measure.profile_kernels import edge_worth, median_profiles, softened
from station.measure.sampling import sample, sample_rays, spline_coefficients


def _profiles() -> np.ndarray:
    return np.random.default_rng(2).random((60, 90, 3)).astype(np.float32)


def test_rays_are_sampled_like_any_places() -> None:
    image = np.random.default_rng(1).random((150, 170, 3)).astype(np.float32)
    angle = np.linspace(0, 2 * np.pi, 50)
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.4
    starts = np.array([80.0, 70.0]) + 120 * steps
    expected = sample(spline_coefficients(image, 0.4), starts[:, None] + np.arange(120)[:, None] * steps[:, None])
    assert 0.05 < np.isnan(expected).mean() < 0.9
    seen = sample_rays(image, starts, steps, 120, 0.4)
    np.testing.assert_allclose(seen, expected, atol=2e-6)


def test_rays_of_several_threads_through_one_block_do_not_disturb_one_another() -> None:
    image = np.random.default_rng(7).random((400, 400, 3)).astype(np.float32)
    angle = np.linspace(0, 2 * np.pi, 800, endpoint=False)
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.4
    starts = np.array([200.0, 200.0]) + 250 * steps
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = sample_rays(image, starts, steps, 120, 0.4)
        for threads in (3, *[8] * 30):
            cv2.setNumThreads(threads)
            np.testing.assert_array_equal(sample_rays(image, starts, steps, 120, 0.4), alone)
    finally:
        cv2.setNumThreads(before)


def test_profiles_are_softened_as_by_two_filters() -> None:
    values = _profiles()
    for along, across in ((1.5, 2.08), (1.5, 0.0), (0.7, 1.1)):
        expected = gaussian_filter1d(values.astype(np.float64), along, axis=0, mode="wrap")
        if across > 0:
            expected = gaussian_filter1d(expected, across, axis=1)
        np.testing.assert_allclose(softened(values, along, across), expected, atol=1e-6)


def test_the_worth_of_an_edge_is_its_gradients_energy() -> None:
    values, s = _profiles(), np.arange(90) * 0.01
    logs = np.log(values + np.float32(0.02))
    energy, worth = edge_worth(values, logs, 0.01, 0.05)
    slope = np.gradient(values.astype(np.float64), s, axis=1)
    np.testing.assert_allclose(energy, (slope**2).sum(axis=2), rtol=1e-9)
    slope = np.gradient(logs.astype(np.float64), s, axis=1)
    np.testing.assert_allclose(worth, (slope**2).sum(axis=2) * np.where(slope.sum(axis=2) > 0, 0.05, 1.0), rtol=1e-9)


def test_groups_of_profiles_have_the_median_of_their_neighbours() -> None:
    values = _profiles()
    values[37, 20:] = np.nan
    places = np.random.default_rng(4).uniform(-3, 95, (60, 40))
    groups = median_profiles(values, places, 4, 5)
    at = np.clip(places, 0, 90 - 1.001)
    left = at.astype(int)
    part, rows = (at - left)[..., None], np.arange(60)[:, None]
    read = values[rows, left] * (1 - part) + values[rows, left + 1] * part
    expected = np.median(read[(np.arange(0, 60, 4)[:, None] + np.arange(-5, 6)) % 60], axis=1)
    assert np.isnan(expected).any()
    np.testing.assert_allclose(groups, expected, atol=1e-6)


def test_outliers_give_way_to_the_quadratic_through_the_rest() -> None:
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    true = 0.1 * np.cos(turn)
    values = true + np.random.default_rng(3).normal(0, 0.001, 400)
    values[50:54] += 0.2
    values[200:203] = np.nan
    clean = reject_outliers(values, half=10)
    assert np.abs(clean - true).max() < 0.005
    kept = np.isfinite(values) & (np.abs(values - true) < 0.1)
    assert (clean[kept] == values[kept]).mean() > 0.98


def test_the_bench_is_taken_out_as_by_weighted_least_squares() -> None:
    rng = np.random.default_rng(6)
    y, x = np.mgrid[-1:1:120j, -1:1:160j]
    bench = np.exp(0.2 * x - 0.1 * y + 0.15 * x * y - 1.5)[..., None] * np.array([1.05, 1.0, 0.9])
    light = bench * np.exp(rng.normal(0, 0.03, (120, 160, 1)))
    light[40:80, 50:110] = [0.5, 0.1, 0.1]
    none = np.zeros((120, 160), dtype=bool)
    lum, chroma, spread = bench_residual(light.astype(np.float32), none, (0.25, 0.08, 0.08))
    away = np.ones_like(none)
    away[40:80, 50:110] = False
    assert abs(float(np.median(lum[away]))) < 0.005
    assert np.abs(np.median(chroma[away], axis=0)).max() < 0.002
    assert abs(spread[0] - 0.03) < 0.003
    assert lum[60, 80] < -0.1
    assert chroma[60, 80, 0] > 1.0
