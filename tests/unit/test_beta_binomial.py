"""The beta-binomial distribution against scipy's own, and the design effect."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom, binom

from station.lots.beta_binomial import design_effect, log_probability, probabilities


@pytest.mark.parametrize("m", [1, 8, 50, 600])
@pytest.mark.parametrize("rho", [0.01, 0.2, 0.9])
def test_probabilities_are_scipy_s(m: int, rho: float) -> None:
    p, total = np.array([0.004, 0.2, 0.77]), 1 / rho - 1
    found = probabilities(m, p, rho)
    for row, share in zip(found, p, strict=True):
        assert row == pytest.approx(betabinom.pmf(np.arange(m + 1), m, share * total, (1 - share) * total), rel=1e-8)
        assert row.sum() == pytest.approx(1, abs=1e-10)
        assert (row * np.arange(m + 1)).sum() == pytest.approx(m * share, rel=1e-9)


def test_without_correlation_it_is_binomial_and_hardly_any_is_near_it() -> None:
    known = binom.pmf(np.arange(31), 30, 0.1)
    assert probabilities(30, 0.1, 0.0)[0] == pytest.approx(known, abs=1e-13)
    assert probabilities(30, 0.1, 1e-9)[0] == pytest.approx(known, abs=1e-7)


def test_certain_shares() -> None:
    assert probabilities(4, [0.0, 1.0], 0.3).tolist() == [[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]]


def test_groups_of_several_sizes_at_once() -> None:
    found = log_probability([0, 3, 8], [4, 10, 8], [0.2], 0.15)[0]
    alone = [log_probability([d], [m], [0.2], 0.15)[0, 0] for d, m in ((0, 4), (3, 10), (8, 8))]
    assert found == pytest.approx(alone, rel=1e-12)


def test_the_effect_of_the_design() -> None:
    assert design_effect([10] * 8, 0.2) == pytest.approx(1 + 9 * 0.2)
    assert design_effect([5, 15], 0.2) == pytest.approx(1 + (250 / 20 - 1) * 0.2)
    assert design_effect([1, 1, 1], 0.9) == 1
