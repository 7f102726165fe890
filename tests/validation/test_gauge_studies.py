"""Published gauge studies. The AIAG study of 10 parts, 3 appraisers and 3 trials (MSA, 4th edition, figures III-B 6 to
III-B 8 and tables III-B 7, III-B 8), and the ANOVA example that its first five parts make (W. McNeese, "ANOVA Gage
R&R", SPC for Excel 2012)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from station.quality.gauge import Reading, evaluate, percent_of_tolerance, range_factor

APPRAISERS = {
    "A": [
        [0.29, -0.56, 1.34, 0.47, -0.80, 0.02, 0.59, -0.31, 2.26, -1.36],
        [0.41, -0.68, 1.17, 0.50, -0.92, -0.11, 0.75, -0.20, 1.99, -1.25],
        [0.64, -0.58, 1.27, 0.64, -0.84, -0.21, 0.66, -0.17, 2.01, -1.31],
    ],
    "B": [
        [0.08, -0.47, 1.19, 0.01, -0.56, -0.20, 0.47, -0.63, 1.80, -1.68],
        [0.25, -1.22, 0.94, 1.03, -1.20, 0.22, 0.55, 0.08, 2.12, -1.62],
        [0.07, -0.68, 1.34, 0.20, -1.28, 0.06, 0.83, -0.34, 2.19, -1.50],
    ],
    "C": [
        [0.04, -1.38, 0.88, 0.14, -1.46, -0.29, 0.02, -0.46, 1.77, -1.49],
        [-0.11, -1.13, 1.09, 0.20, -1.07, -0.67, 0.01, -0.56, 1.45, -1.77],
        [-0.15, -0.96, 0.67, 0.11, -1.45, -0.49, 0.21, -0.49, 1.87, -2.16],
    ],
}


def readings(parts: int) -> list[Reading]:
    return [
        Reading(f"{p + 1}", o, f"{t + 1}", rows[t][p])
        for o, rows in APPRAISERS.items()
        for p in range(parts)
        for t in range(3)
    ]


def test_aiag_average_and_range() -> None:
    found = evaluate(readings(10)).average_range
    assert found is not None
    assert found.pv is not None
    assert found.tv is not None
    published = {"EV": (found.ev, 0.20188), "AV": (found.av, 0.22963), "GRR": (found.grr, 0.30575)}
    published |= {"PV": (found.pv, 1.10456), "TV": (found.tv, 1.14610)}
    for name, (value, expected) in published.items():
        assert value == pytest.approx(expected, abs=0.00015), name  # K of four digits in print
    for sigma, percent in ((found.ev, 17.62), (found.av, 20.04), (found.grr, 26.68), (found.pv, 96.38)):
        assert sigma is not None
        assert 100 * sigma / found.tv == pytest.approx(percent, abs=0.015)
    assert found.ndc == 5


def test_aiag_analysis_of_variance() -> None:
    study = evaluate(readings(10))
    table = {row.source: row for row in study.table}
    assert table["operator"].ss == pytest.approx(3.1673, abs=5e-5)
    assert table["part"].ss == pytest.approx(88.3619, abs=5e-5)
    assert table["operator x part"].ss == pytest.approx(0.3590, abs=5e-5)
    assert table["operator x part"].f == pytest.approx(0.434, abs=5e-4)
    assert table["operator x part"].p == pytest.approx(0.974, abs=5e-4)
    assert (table["operator"].df, table["part"].df, table["operator x part"].df) == (2, 9, 18)
    assert study.pooled
    assert (table["repeatability"].df, study.freedom) == (78, 78)
    assert table["repeatability"].ss == pytest.approx(2.7589 + 0.3590, abs=5e-5)
    found = study.anova
    assert found.tv is not None
    assert (found.ev, found.av, found.interaction) == pytest.approx((0.199933, 0.226838, 0.0), abs=1e-6)
    assert (found.grr, found.pv, found.tv) == pytest.approx((0.302373, 1.042327, 1.085), abs=5e-4)
    assert 100 * found.grr / found.tv == pytest.approx(27.9, abs=0.05)
    assert found.ndc == 4


def test_the_example_of_five_parts() -> None:
    study = evaluate(readings(5))
    found = study.anova
    assert study.pooled
    assert found.av is not None
    assert found.tv is not None
    assert found.ev**2 == pytest.approx(0.0468, abs=5e-5)
    assert found.av**2 == pytest.approx(0.0512, abs=5e-5)
    assert 100 * found.grr / found.tv == pytest.approx(33.07, abs=0.005)
    assert found.ndc == 4


def test_the_example_of_five_parts_with_its_interaction() -> None:
    """Not pooled, the analysis keeps the repeatability of the trials alone."""
    table = {row.source: row for row in evaluate(readings(5), pooling=1.0).table}
    assert (table["operator"].ms, table["part"].ms) == pytest.approx((0.815, 7.227), abs=5e-4)
    assert table["operator"].f == pytest.approx(100.322, abs=0.01)
    assert table["part"].f == pytest.approx(889.458, abs=0.05)
    assert table["operator x part"].f == pytest.approx(0.142, abs=5e-4)
    assert table["repeatability"].ms == pytest.approx(0.057, abs=5e-4)


@pytest.mark.parametrize(
    ("size", "ranges", "factor"),
    [
        *((2, None, 0.8862), (3, None, 0.5908)),  # K1
        *((2, 1, 0.7071), (3, 1, 0.5231)),  # K2
        *((4, 1, 0.4467), (5, 1, 0.4030), (6, 1, 0.3742), (7, 1, 0.3534), (8, 1, 0.3375), (9, 1, 0.3249)),  # K3
        (10, 1, 0.3146),
    ],
)
def test_factors_of_the_data_sheet(size: int, ranges: int | None, factor: float) -> None:
    assert 1 / range_factor(size, ranges) == pytest.approx(factor, abs=6e-5)


def test_an_interaction_that_is_there_is_found_and_not_pooled() -> None:
    """Known standard deviations, drawn: each comes back within what 30 parts and 4 operators can tell."""
    rng = np.random.default_rng(7)
    part, operator = rng.normal(0, 1.0, 30), rng.normal(0, 0.3, 4)
    both, noise = rng.normal(0, 0.4, (4, 30)), rng.normal(0, 0.1, (4, 30, 3))
    values = part[None, :, None] + operator[:, None, None] + both[:, :, None] + noise
    study = evaluate(
        Reading(str(p), str(o), str(t), float(values[o, p, t])) for o in range(4) for p in range(30) for t in range(3)
    )
    assert not study.pooled
    assert study.freedom == 240
    found = study.anova
    assert found.ev == pytest.approx(0.1, rel=0.1)
    assert found.interaction == pytest.approx(0.4, rel=0.2)
    assert found.pv == pytest.approx(float(part.std(ddof=1)), rel=0.1)
    assert found.grr == pytest.approx(math.hypot(found.ev, found.av or 0, found.interaction or 0))


def test_percent_of_the_tolerance() -> None:
    assert percent_of_tolerance(0.01, 30.0, 29.85, 30.15) == pytest.approx(20.0)
    assert percent_of_tolerance(0.01, 0.1, None, 0.3) == pytest.approx(15.0)
    assert percent_of_tolerance(0.01, 0.1, None, None) is None
