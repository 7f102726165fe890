"""Statistics of lots against published answers: R's own examples, the NIST/SEMATECH e-Handbook, the papers named."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import chdtrc

from station.lots.contingency import fisher, hypergeometric, mantel_haenszel, upper_mid
from station.lots.factors import Factor
from station.lots.groups import bartlett, levene, one_way
from station.lots.mixtures import dip, dip_p, two_components
from station.lots.multiplicity import benjamini_hochberg, holm
from station.lots.outliers import generalised_esd
from station.lots.overdispersion import pearson
from station.lots.permutation import ANY, TREND, Deals, deal, ranked
from station.lots.trends import mann_kendall, pettitt

NILE = np.array([
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
    1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
    831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865,
    845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050,
    918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
])  # fmt: skip
ROSNER = np.array([
    -0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58, 1.65, 1.69, 1.70,
    1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40,
    2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01,
])  # fmt: skip
GEAR = np.array([
    [1.006, 0.996, 0.998, 1.000, 0.992, 0.993, 1.002, 0.999, 0.994, 1.000],
    [0.998, 1.006, 1.000, 1.002, 0.997, 0.998, 0.996, 1.000, 1.006, 0.988],
    [0.991, 0.987, 0.997, 0.999, 0.995, 0.994, 1.000, 0.999, 0.996, 0.996],
    [1.005, 1.002, 0.994, 1.000, 0.995, 0.994, 0.998, 0.996, 1.002, 0.996],
    [0.998, 0.998, 0.982, 0.990, 1.002, 0.984, 0.996, 0.993, 0.980, 0.996],
    [1.009, 1.013, 1.009, 0.997, 0.988, 1.002, 0.995, 0.998, 0.981, 0.996],
    [0.990, 1.004, 0.996, 1.001, 0.998, 1.000, 1.018, 1.010, 0.996, 1.002],
    [0.998, 1.000, 1.006, 1.000, 1.002, 0.996, 0.998, 0.996, 1.002, 1.006],
    [1.002, 0.998, 0.996, 0.995, 0.996, 1.004, 1.004, 0.998, 0.999, 0.991],
    [0.991, 0.995, 0.984, 0.994, 0.997, 0.997, 0.991, 0.998, 1.004, 0.997],
])  # fmt: skip
WAITING = np.repeat(
    np.arange(43, 97),
    [
        1, 0, 3, 5, 4, 3, 5, 5, 6, 5, 7, 9, 6, 4, 3, 4, 7, 6, 0, 4, 3, 4, 3, 2, 1, 1, 2, 4, 5, 1, 7, 6, 8, 9,
        12, 15, 10, 8, 13, 12, 14, 10, 6, 6, 2, 6, 3, 6, 1, 1, 2, 1, 0, 1,
    ],
)  # fmt: skip
"""Minutes between eruptions of Old Faithful (R's faithful), by how often each was seen."""


def test_fisher_of_twins() -> None:
    """Fisher's convictions of twins, R's help page of fisher.test."""
    assert fisher([[2, 10], [15, 3]]) == pytest.approx(0.000536724, abs=5e-10)
    assert hypergeometric(30, 12, 17)[:3].sum() == pytest.approx(0.000465181, abs=5e-10)


def test_fisher_of_the_tea() -> None:
    assert fisher([[3, 1], [1, 3]]) == pytest.approx(0.485714, abs=5e-7)
    guessed = hypergeometric(8, 4, 4)
    assert guessed[3:].sum() == pytest.approx(0.242857, abs=5e-7)
    assert upper_mid(guessed)[3] == pytest.approx(0.242857 - 0.5 * 16 / 70, abs=5e-7)


def chi_square(deals: Deals, test: int) -> float:
    return float(deals.observed[0, 0, test])


def test_job_satisfaction_by_permutation() -> None:
    """Agresti's table of job satisfaction over income: Pearson 5.9655, exact p 0.7827 (R's fisher.test orders tables by
    their probability, the chi-square orders them a little otherwise)."""
    table = np.array([[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]])
    income = np.repeat(np.arange(4), table.sum(axis=0))
    satisfied = np.concatenate([np.repeat(np.arange(4), column) for column in table.T])
    factor = Factor("income", ("0", "1", "2", "3"), income.astype(np.int64), None)
    defective = satisfied[:, None] == np.arange(4)[None, :]
    deals = deal(defective, [factor], 9999, np.random.default_rng(1))
    # Pearson of the whole table is the sum over its rows of each row's own, weighted by what is not in the row
    weight = 1 - defective.mean(axis=0)
    whole = (deals.dealt[:, :, 0, ANY].astype(np.float64) * weight).sum(axis=1)
    seen = float((deals.observed[:, 0, ANY] * weight).sum())
    assert seen == pytest.approx(5.9655, abs=5e-5)
    assert chdtrc(9, seen) == pytest.approx(0.74336, abs=5e-6)
    _, exact = ranked(np.array([seen]), whole[:, None].astype(np.float32))
    assert exact[0] == pytest.approx(0.7827, abs=0.02)


def test_smokers() -> None:
    """R's help page of prop.test and prop.trend.test (Fleiss 1981)."""
    smokers, patients = np.array([83, 90, 129, 70]), np.array([86, 93, 136, 82])
    hospital = np.repeat(np.arange(4), patients)
    smokes = np.concatenate([np.arange(n) < k for k, n in zip(smokers, patients, strict=True)])
    factor = Factor("hospital", ("1", "2", "3", "4"), hospital.astype(np.int64), np.arange(4.0))
    deals = deal(smokes[:, None], [factor], 1, np.random.default_rng(1))
    found = chi_square(deals, ANY)
    assert found == pytest.approx(12.6004, abs=5e-5)
    assert chdtrc(3, found) == pytest.approx(0.005585, abs=5e-7)
    share, middle = smokes.mean(), hospital.mean()
    variance = share * (1 - share) * float((patients * (np.arange(4) - middle) ** 2).sum())
    trend = chi_square(deals, TREND) ** 2 / variance
    assert trend == pytest.approx(8.2249, abs=5e-5)
    assert chdtrc(1, trend) == pytest.approx(0.0041319, abs=5e-7)


def test_admissions_at_berkeley() -> None:
    """R's UCBAdmissions: admitted and rejected men and women in six departments."""
    men = [(512, 313), (353, 207), (120, 205), (138, 279), (53, 138), (22, 351)]
    women = [(89, 19), (17, 8), (202, 391), (131, 244), (94, 299), (24, 317)]
    found = mantel_haenszel([[[m[0], w[0]], [m[1], w[1]]] for m, w in zip(men, women, strict=True)])
    assert found.corrected_statistic == pytest.approx(1.42695, abs=5e-5)
    assert found.corrected_p == pytest.approx(0.23226, abs=5e-5)
    assert found.statistic == pytest.approx(1.52461, abs=5e-5)
    assert found.p == pytest.approx(0.21692, abs=5e-5)
    assert found.odds_ratio == pytest.approx(0.904697, abs=5e-7)
    assert found.informative == 6


def test_fifteen_hypotheses_of_benjamini_and_hochberg() -> None:
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1,
    ]
    assert (benjamini_hochberg(p) <= 0.05).sum() == 4
    assert (np.array(p) * len(p) <= 0.05).sum() == 3
    assert (holm(p) <= 0.05).sum() == 3


def test_seeds_of_crowder() -> None:
    """Orobanche seeds, 21 plates in a 2 x 2 design, each treatment about its own share (Crowder, Appl. Statist. 27
    (1978) 34-37)."""
    germinated = [10, 23, 23, 26, 17, 5, 53, 55, 32, 46, 10, 8, 10, 8, 23, 0, 3, 22, 15, 32, 3]
    of = [39, 62, 81, 51, 39, 6, 74, 72, 51, 79, 13, 16, 30, 28, 45, 4, 12, 41, 30, 51, 7]
    plates = [slice(0, 5), slice(5, 11), slice(11, 16), slice(16, 21)]
    statistic, freedom = np.sum([pearson(germinated[k], of[k]) for k in plates], axis=0)
    assert statistic == pytest.approx(31.6511, abs=5e-5)
    assert freedom == 17
    assert statistic / freedom == pytest.approx(1.8618, abs=5e-5)


def test_gear_diameters() -> None:
    """NIST/SEMATECH e-Handbook, GEAR.DAT."""
    found = one_way(list(GEAR))
    assert found.f == pytest.approx(2.2969, abs=5e-5)
    assert found.p == pytest.approx(0.02266, abs=5e-6)
    assert levene(list(GEAR)).f == pytest.approx(1.70592, abs=5e-6)
    assert bartlett(list(GEAR))[0] == pytest.approx(20.7859, abs=5e-5)


def test_three_outliers_of_rosner() -> None:
    found = generalised_esd(ROSNER, 10)
    assert [float(ROSNER[k]) for k in found.outliers] == [6.01, 5.42, 5.34]
    assert found.statistics[:3] == pytest.approx([3.119, 2.943, 3.179], abs=5e-4)
    assert found.critical[:3] == pytest.approx([3.159, 3.151, 3.144], abs=5e-4)


def test_grubbs_of_mass_spectrometry() -> None:
    masses = [199.31, 199.53, 200.19, 200.82, 201.92, 201.95, 202.18, 245.57]
    found = generalised_esd(masses, 1)
    assert found.statistics[0] == pytest.approx(2.46876, abs=5e-6)
    one_sided = generalised_esd(masses, 1, alpha=0.10)  # the handbook tests one side at 5 %
    assert one_sided.critical[0] == pytest.approx(2.0317, abs=5e-5)
    assert found.outliers == (7,)


def test_the_nile() -> None:
    change = pettitt(NILE)
    assert change.at == 28
    assert change.statistic == 1617
    assert change.p == pytest.approx(3.6e-7, abs=5e-9)
    assert mann_kendall(NILE).tau == pytest.approx(-0.28074, abs=5e-6)


def test_old_faithful_is_two() -> None:
    """The mixture of the vignette of the R package mixtools, with the dip of its values."""
    found = two_components(WAITING)
    assert len(WAITING) == 272
    assert found.share == pytest.approx([0.3609, 0.6391], abs=5e-5)
    assert found.mean == pytest.approx([54.6149, 80.0911], abs=5e-4)
    assert found.sigma == pytest.approx([5.8712, 5.8677], abs=5e-4)
    assert found.bic_one == pytest.approx(2201.8, abs=0.05)
    assert found.bic_two == pytest.approx(2096.0, abs=0.05)
    assert dip(WAITING) == pytest.approx(0.0414, abs=5e-5)
    assert dip_p(WAITING, np.random.default_rng(1)) == pytest.approx(0.0018, abs=0.0025)
