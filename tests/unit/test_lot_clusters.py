"""Clusters of defects in a lot and their extent."""

from __future__ import annotations

import numpy as np
import pytest

from station.errors import RequestError
from station.lots.clusters import NONCONFORMING, acceptable_shares, find_clusters
from station.lots.contingency import clopper_pearson, fisher, hypergeometric, mantel_haenszel, upper_mid
from station.lots.factors import LotUnit, factors_of, relation
from station.lots.overdispersion import overdispersion
from station.lots.smallest_effect import power, smallest_rate
from station.lots.strata import p_within
from station.sheet import Aql
from station.values.lot_analysis import ClusterAnalysis, ExtentDocument


def lot(shares: list[list[int]], per: int = 10, **more: list[str]) -> list[LotUnit]:
    """Cartons of ``per`` units; shares[c] : how many of carton c show each kind of defect. more : a level for each
    carton."""
    units = []
    for c, counts in enumerate(shares):
        for u in range(per):
            factors = {"carton": f"C{c + 1}"} | {name: levels[c] for name, levels in more.items()}
            defects = frozenset(f"kind{k}" for k, count in enumerate(counts) if u < count)
            units.append(LotUnit(f"{c}-{u}", factors, defects))
    return units


def analysed(units: list[LotUnit], seed: int = 1, **kwargs: object) -> ClusterAnalysis:
    return find_clusters(units, np.random.default_rng(seed), permutations=1999, **kwargs)  # type: ignore[arg-type]


def leading(found: ClusterAnalysis) -> ExtentDocument:
    assert found.leading is not None
    return found.leading


def test_a_bad_carton_is_named_with_its_counts() -> None:
    """S2, S12."""
    found = analysed(lot([[0], [6], [0], [1], [0], [0], [0], [0]]))
    assert leading(found).extent == "carton"
    assert leading(found).levels == ("C2",)
    worst = found.clusters[0]
    assert (worst.defect, worst.factor, worst.level) == ("kind0", "carton", "C2")
    assert (worst.units, worst.of, worst.elsewhere, worst.elsewhere_of) == (6, 10, 1, 70)
    assert worst.p == pytest.approx(upper_mid(hypergeometric(80, 7, 10))[6])
    assert worst.p <= worst.p_holm
    assert worst.p_family < 0.001
    assert "6 of 10 units in carton C2, 1 of 70 elsewhere" in leading(found).reason


def test_a_bad_lot_code_is_not_blamed_on_its_cartons() -> None:
    """S2, S12."""
    codes = ["A", "A", "A", "A", "B", "B", "B", "B"]
    found = analysed(lot([[4], [5], [3], [4], [0], [0], [1], [0]], lot_code=codes))
    assert leading(found).extent == "lot"
    assert leading(found).factor == "lot_code"
    assert leading(found).levels == ("A",)
    assert [(r.factor, r.other, r.relation) for r in found.relations] == [("carton", "lot_code", "within")]


def test_a_bad_carton_is_not_blamed_on_its_lot_code() -> None:
    codes = ["A", "A", "A", "A", "B", "B", "B", "B"]
    found = analysed(lot([[0], [9], [0], [0], [0], [0], [0], [1]], lot_code=codes))
    assert leading(found).extent == "carton"
    assert leading(found).levels == ("C2",)
    carton = next(c for c in found.clusters if c.factor == "carton")
    assert carton.p_given["lot_code"] < 0.001
    assert "carton" not in next(c for c in found.clusters if c.factor == "lot_code").p_given


def test_factors_that_split_the_units_alike_cannot_be_told_apart() -> None:
    found = analysed(lot([[8], [0], [0], [1]], plating_date=["2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"]))
    assert leading(found).factor == "carton"
    assert leading(found).inseparable == ("plating_date",)
    assert "plating date explains it as well" in leading(found).reason
    assert found.relations[0].relation == "same"


def test_one_defective_unit_is_isolated_and_many_everywhere_are_systemic() -> None:
    """S2."""
    assert leading(analysed(lot([[1], [0], [0], [0]]))).extent == "isolated"
    found = analysed(lot([[3], [2], [3], [4], [3], [2], [3], [3]], per=12))
    assert leading(found).extent == "systemic"
    assert leading(found).adequate


def test_thirty_two_units_cannot_say_that_there_is_no_cluster() -> None:
    found = leading(analysed(lot([[1], [0], [1], [0], [0], [1], [0], [0]], per=4)))
    assert found.extent == "insufficient evidence"
    assert not found.adequate
    assert found.smallest[0].rate is None or found.smallest[0].rate > 0.6
    assert "could hardly have shown one" in found.reason
    rate = found.smallest[0].rate
    said = "No carton of 4 units could have stood out" if rate is None else f"a carton of 4 units from {rate:.0%} def"
    assert said in found.reason


def test_rare_and_scattered_is_isolated_where_the_rate_is_surely_acceptable() -> None:
    shares = [[0] for _ in range(10)]
    shares[2], shares[5], shares[8] = [1], [1], [1]
    assert leading(analysed(lot(shares, per=60), acceptable={"kind0": 0.04})).extent == "isolated"


def test_any_defect_stands_beside_each_kind_and_the_clustered_kind_leads() -> None:
    found = analysed(lot([[7, 1], [0, 1], [0, 1], [0, 0], [0, 1], [1, 0], [0, 1], [0, 1]]))
    assert {e.defect for e in found.extents} == {NONCONFORMING, "kind0", "kind1"}
    assert leading(found).defect in (NONCONFORMING, "kind0")
    assert next(e for e in found.extents if e.defect == "kind1").extent != "carton"


def test_a_trend_over_dates_is_found_where_no_date_stands_out() -> None:
    """D5."""
    days = [f"2026-05-{d:02d}" for d in range(1, 11)]
    shares = [[k // 2] for k in range(10)]
    found = analysed(lot(shares, per=8, plating_date=days))
    trend = next(t for t in found.tests if t.test == "trend" and t.factor == "plating_date")
    assert trend.p_family < 0.01
    assert trend.p <= trend.q
    assert not [t for t in found.tests if t.test == "trend" and t.factor == "carton"]


def test_what_only_the_false_discovery_rate_names_is_no_claim() -> None:
    found = analysed(lot([[7, 0], [3, 0], [3, 1], [0, 0], [0, 1], [0, 0], [0, 0], [0, 0]]))
    claimed = {(c.defect, c.level) for c in found.clusters}
    looked = {(c.defect, c.level) for c in found.first_look}
    assert ("kind0", "C1") in claimed
    assert not claimed & looked
    assert all(c.p_family > 0.05 and c.q is not None and c.q <= 0.05 for c in found.first_look)
    assert all(c.q is not None and c.p <= c.q for c in found.clusters)
    assert analysed(lot([[1], [1], [0], [1]])).first_look == ()


def test_a_cluster_has_its_odds_with_another_factor_held_fixed() -> None:
    """C2 against the other carton of its own code: odds of 9 to 1 against 1 to 9."""
    found = analysed(lot([[1], [9], [0], [0]], lot_code=["A", "A", "B", "B"]))
    carton = next(c for c in found.clusters if (c.factor, c.level) == ("carton", "C2"))
    assert carton.odds_given["lot_code"] == pytest.approx(81)
    assert (
        carton.p_given["lot_code"] < 0.0015
    )  # exactly 102 / 184,756 of all deals within the code; chi-square has 0.0023


def test_units_on_which_nothing_was_measured_are_left_out_and_said() -> None:
    units = lot([[2], [0]])
    units += [LotUnit(f"x{k}", {"carton": "C2"}, frozenset(), seen=False) for k in range(5)]
    found = analysed(units)
    assert (found.units, found.left_out) == (20, 5)
    assert "5 of 25 units are left out" in found.remarks[0]


def test_without_factors_or_defects_nothing_is_claimed() -> None:
    assert analysed([]).extents == ()
    assert analysed(lot([[0], [0]])).leading is None
    bare = [LotUnit(str(k), {}, frozenset({"pit"} if k < 5 else ())) for k in range(30)]
    found = analysed(bare)
    assert leading(found).extent == "insufficient evidence"
    assert "units file" in found.remarks[0]


def test_the_same_units_give_the_same_answer() -> None:
    units = lot([[0, 1], [3, 0], [0, 2], [1, 0]])
    assert analysed(units) == analysed(units)


def test_order_is_seen_in_dates_and_in_numbers_of_a_sequence_only() -> None:
    units = lot([[0]] * 4, plating_date=["2026-05-02", "2026-05-01", "2026-05-03", "2026-05-01"],
                pack_sequence=["1", "2", "10", "3"], line=["1", "2", "3", "1"])  # fmt: skip
    scores = {f.name: f.scores for f in factors_of(units)}
    assert scores["line"] is None
    assert scores["carton"] is None
    assert scores["pack_sequence"] is not None
    assert scores["pack_sequence"].tolist() == [0, 1, 2, 3]
    assert scores["plating_date"] is not None


def test_a_factor_held_fixed_explains_what_lies_within_it() -> None:
    units = lot([[8], [8], [0], [0]], lot_code=["A", "A", "B", "B"])
    carton, code = factors_of(units)
    defective = np.array([bool(u.defects) for u in units])
    rng = np.random.default_rng(1)
    assert relation(carton, code) == "within"
    assert p_within(defective, carton, code, rng) > 0.3
    assert p_within(defective, code, carton, rng) == 1.0


def test_power_of_one_level_by_simulation() -> None:
    rng = np.random.default_rng(5)
    size, n, base, critical = 10, 80, 0.05, 0.01
    rate = smallest_rate(n, size, base, critical)
    assert rate is not None
    told = float(power(n, size, base, np.array([rate]), critical)[0])
    inside, rest = rng.binomial(size, rate, 2000), rng.binomial(n - size, base, 2000)
    called = [upper_mid(hypergeometric(n, x + y, size))[x] <= critical for x, y in zip(inside, rest, strict=True)]
    assert told >= 0.8
    assert np.mean(called) == pytest.approx(told, abs=0.03)


def test_units_alike_within_cartons_cost_sample() -> None:
    alike = overdispersion([10, 0, 10, 0, 0, 0, 10, 0], [10] * 8)
    assert alike.rho > 0.7
    assert alike.n_effective < 15
    assert alike.p < 1e-6
    even = overdispersion([3, 4, 4, 3, 4, 3, 3, 4], [10] * 8)
    assert even.rho == 0
    assert even.n_effective == 80
    assert even.phi < 1 < 5 < alike.phi
    assert even.high < 0.2


def test_tables_that_cannot_be_tested_are_refused() -> None:
    for table in ([[1, 2]], [[1, -1], [2, 2]], [[0.5, 1], [1, 1]]):
        with pytest.raises(RequestError):
            fisher(table)
    assert mantel_haenszel([[[1, 0], [0, 0]]]).p == 1.0
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(0, 10)[1] == pytest.approx(1 - 0.025**0.1)
    assert hypergeometric(10, 4, 3).sum() == pytest.approx(1.0)


@pytest.mark.parametrize(("cartons", "per", "share"), [(8, 4, 0.1), (10, 8, 0.15)])
def test_chance_alone_is_seldom_called_a_cluster(cartons: int, per: int, share: float) -> None:
    """At most five in a hundred, with room for the error of so few lots; the benchmark has the figure of many."""
    called, lots = 0, 60
    for k in range(lots):
        rng = np.random.default_rng([11, k])
        units = [
            LotUnit(f"{c}-{u}", {"carton": str(c)}, frozenset({"pit"} if rng.random() < share else ()))
            for c in range(cartons)
            for u in range(per)
        ]
        found = find_clusters(units, rng, permutations=199)
        called += any(e.extent in ("carton", "lot") for e in found.extents)
    assert called / lots <= 0.05 + 2.5 * (0.05 * 0.95 / lots) ** 0.5


def test_rates_are_held_to_the_sheet_s_aqls() -> None:
    """11 pits and 11 dents of 200, each class at an AQL of 10: high beside 2.5 %, not beside what the sheet accepts."""
    found = acceptable_shares([("pit", "major"), ("dent", "minor"), ("pit", "major"), ("scale", None)], Aql())
    aql = Aql()
    assert found["pit"] == found["scale"] == pytest.approx(float(aql.major) / 100)
    assert found[NONCONFORMING] == pytest.approx(float(aql.major + aql.minor) / 100)
    assert acceptable_shares([("speck", "minor")], Aql(minor=40))["speck"] == pytest.approx(1 - np.exp(-0.4))
    assert acceptable_shares([], aql) == {}
    kinds = {4: frozenset({"pit"}), 13: frozenset({"dent"})}
    units = [LotUnit(str(i), {"carton": f"C{i // 20}"}, kinds.get(i % 18, frozenset())) for i in range(200)]
    shares = acceptable_shares([("pit", "major"), ("dent", "minor")], Aql(major=10, minor=10))
    extents = [analysed(units, acceptable=a).extents[0] for a in (None, shares)]
    assert [e.defect for e in extents] == [NONCONFORMING] * 2
    assert [e.extent for e in extents] == ["systemic", "isolated"]


def test_defects_at_the_end_of_the_pack_sequence_are_found() -> None:
    """Every unit has a place of its own: no level could stand out, the order does."""
    units = [LotUnit(str(i), {"pack_sequence": str(i + 1)}, frozenset({"pit"} if i >= 61 else ())) for i in range(80)]
    found = analysed(units)
    assert leading(found).extent == "lot"
    assert leading(found).factor == "pack_sequence"
    assert "0 of 61 units up to 61, 19 of 19 after it" in leading(found).reason
    assert {t.test for t in found.tests} == {"trend", "change", "runs"}
    assert all(t.p_family < 0.01 for t in found.tests)
    assert found.remarks == ()


def test_a_change_in_the_middle_is_no_trend_and_runs_are_no_change() -> None:
    """Defects in the middle third: no trend at all, yet few runs; a step early in the sequence: a change."""
    middle = [LotUnit(str(i), {"sequence": str(i)}, frozenset({"pit"} if 30 <= i < 60 else ())) for i in range(90)]
    p = {t.test: t.p for t in analysed(middle).tests}
    assert p["trend"] > 0.5
    assert p["runs"] < 0.001
    assert p["change"] < 0.05


def test_what_tells_nothing_is_named() -> None:
    units = [
        LotUnit(str(i), {"serial": f"x{i}", "line": "A", "carton": str(i // 10)}, frozenset({"pit"} if i < 2 else ()))
        for i in range(40)
    ]
    (remark,) = analysed(units).remarks
    assert "serial (another for every unit, in no order)" in remark
    assert "line (the same for all)" in remark


def test_chance_alone_is_seldom_an_order() -> None:
    """D1: the size of trend, change and runs together, over a sequence and dates."""
    rng = np.random.default_rng(11)
    called, lots = 0, 120
    for _ in range(lots):
        bad = rng.random(60) < 0.15
        units = [
            LotUnit(str(i), {"sequence": str(i), "date": f"2026-05-{i // 10 + 1:02d}"},
                    frozenset({"pit"} if bad[i] else ()))
            for i in range(60)
        ]  # fmt: skip
        found = find_clusters(units, rng, permutations=299)
        called += any(t.p_family <= 0.05 for t in found.tests)
    assert called / lots <= 0.05 + 2.5 * (0.05 * 0.95 / lots) ** 0.5
