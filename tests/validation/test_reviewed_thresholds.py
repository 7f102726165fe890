"""Thresholds from reviewed findings: bounds against the binomial distribution, and their promise by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from station.quality.thresholds import LEAST_CONFIRMED, MOST_LOST, enough, lowest, share


@pytest.mark.parametrize(("dropped", "of"), [(0, 59), (3, 40), (39, 40), (40, 40), (1, 1)])
def test_each_bound_is_the_share_at_which_so_many_become_unlikely(dropped: int, of: int) -> None:
    """Clopper and Pearson (1934): at the bound the binomial tail that holds the count is 5 %."""
    found = share(dropped, of)
    assert (found.dropped, found.of) == (dropped, of)
    if dropped < of:
        assert binom.cdf(dropped, of, found.high) == pytest.approx(0.05)
    else:
        assert found.high == 1
    if dropped > 0:
        assert binom.sf(dropped - 1, of, found.low) == pytest.approx(0.05)
    else:
        assert found.low == 0


def test_nothing_is_known_of_none() -> None:
    assert (share(0, 0).low, share(0, 0).high) == (0, 1)
    with pytest.raises(ValueError, match="no share"):
        share(3, 2)


def test_the_least_number_is_that_of_the_95_95_tolerance_limit() -> None:
    """ISO 16269-6:2014, table D.1: n = 59 for a one-sided limit at the extreme value, 95 % of the items at 95 %."""
    assert math.ceil(math.log(0.05) / math.log(0.95)) == LEAST_CONFIRMED == 59
    assert enough(LEAST_CONFIRMED)
    assert not enough(LEAST_CONFIRMED - 1)


@pytest.mark.parametrize("draw", ["uniform", "beta", "two lumps"])
def test_the_lowest_score_keeps_its_promise_whatever_the_distribution(draw: str) -> None:
    """Of 4,000 reviews of 59 findings each, the share below the lowest exceeds 5 % in about 5 %."""
    rng = np.random.default_rng(7)
    scores = {
        "uniform": lambda: rng.uniform(0, 1, (4000, LEAST_CONFIRMED)),
        "beta": lambda: rng.beta(8, 2, (4000, LEAST_CONFIRMED)),
        "two lumps": lambda: (
            np.where(rng.random((4000, LEAST_CONFIRMED)) < 0.1, 0.55, 0.9)
            + rng.uniform(0, 0.05, (4000, LEAST_CONFIRMED))
        ),
    }[draw]()
    population = np.sort(scores.ravel())
    limits = np.array([lowest(list(row)) for row in scores])
    lost = np.searchsorted(population, limits) / len(population)
    broken = float((lost > MOST_LOST).mean())
    assert broken < 0.062  # 0.0485 expected, four standard deviations of the simulation above
    assert (limits <= scores.min(axis=1)).all()
