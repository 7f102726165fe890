"""The learned tolerance: its factor against published ones, its coverage on simulated normals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from station.lots.tolerance import CONTENTS, learn_tolerance, tolerance_factor


@pytest.mark.parametrize(("n", "published"), [(10, 3.393), (20, 2.760), (30, 2.555), (50, 2.382), (100, 2.234)])
def test_in_one_dimension_it_is_the_two_sided_factor(n: int, published: float) -> None:
    """Two-sided normal tolerance factors for content 0.95, confidence 0.95, as ISO 16269-6:2014 tabulates them."""
    assert tolerance_factor(n, 1, 0.95, 0.95) ** 0.5 == pytest.approx(published, rel=0.006)


def test_many_units_leave_the_quantile_of_a_known_distribution() -> None:
    assert tolerance_factor(200_000, 3, 0.99, 0.95) == pytest.approx(chi2.ppf(0.99, 3), rel=0.01)


@pytest.mark.parametrize("n", [12, 30])
def test_the_ellipsoid_holds_its_content_in_95_of_100_samples(n: int) -> None:
    """Correlated differences with a shift; the content is counted on units that were not learned from."""
    rng = np.random.default_rng(7)
    root = np.array([[0.9, 0.0, 0.0], [0.3, 0.5, 0.0], [-0.4, 0.2, 0.6]])
    mean = np.array([0.5, -0.2, 0.1])
    others = mean + rng.standard_normal((4000, 3)) @ root.T
    held = np.zeros(len(CONTENTS))
    trials = 500
    for _ in range(trials):
        learned = learn_tolerance(mean + rng.standard_normal((n, 3)) @ root.T, np.array([50.0, 20.0, 10.0]))
        far = learned.distance(others)
        held += [np.mean(far <= e.factor) >= e.content for e in learned.ellipsoids]
    assert (held / trials >= 0.925).all()
    assert (held / trials <= 0.98).all()


def test_drift_is_called_as_often_as_its_significance_says() -> None:
    rng = np.random.default_rng(3)
    golden = np.array([50.0, 20.0, 10.0])
    none = [learn_tolerance(rng.normal(0, 0.5, (20, 3)), golden).drift_p for _ in range(400)]
    assert 0.02 <= np.mean(np.array(none) < 0.05) <= 0.08
    some = [learn_tolerance(rng.normal(0, 0.5, (20, 3)) + (0.6, 0, 0), golden).drift_p for _ in range(100)]
    assert np.mean(np.array(some) < 0.01) > 0.9
