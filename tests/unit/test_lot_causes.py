"""Drift, substitution, screening: told where everything they take was found, and never forced."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from station.lots import batches
from station.lots.batches import differences_between, trend_over
from station.lots.causes import diagnose
from station.lots.characteristics import Characteristic, RegionColours
from station.lots.clusters import find_clusters
from station.lots.factors import LotUnit, factors_of
from station.lots.measurement_causes import white_point
from station.values.lot_analysis import DiagnosisDocument, MeasurementCauseDocument

LIGHT = MeasurementCauseDocument(name="light", state="ruled out", words="every photo passed")


@dataclass
class Made:
    """A simulated lot. shade : L* of each batch off the master. weight : its mean off the master in g; part : from
    which unit on it is. dirty : units with an obvious defect."""

    shade: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    weight: float = 0.0
    part: int = 0
    dirty: tuple[int, ...] = ()
    width: float = 0.0
    per: int = 16
    weighed: bool = True

    def diagnosis(self, seed: int = 1, light: MeasurementCauseDocument = LIGHT) -> DiagnosisDocument:
        rng = np.random.default_rng(seed)
        batch = np.repeat(np.arange(len(self.shade)), self.per)
        n = len(batch)
        shade = np.array(self.shade)[batch] + rng.normal(0, 0.4, n)
        weight = np.where(np.arange(n) >= self.part, self.weight, 0.0) + rng.normal(0, 0.1, n)
        characteristics = [
            Characteristic("colour:sky lightness", "colour", shade, 1.0, 0.3, "CIEDE2000"),
            Characteristic("colour:sky chroma", "colour", rng.normal(0, 0.3, n), 1.0, 0.3, "CIEDE2000"),
            Characteristic("size:width", "geometry", self.width + rng.normal(0, 0.02, n), 0.075, 0.01, "mm"),
        ]
        if self.weighed:
            characteristics.append(Characteristic("entered:weight", "hardware", weight, 0.4, 0.02, "g"))
        units = [
            LotUnit(
                str(i), {"plating_date": f"2026-05-{b + 1:02d}"},
                frozenset({"speck"} if i in self.dirty else {"colour:sky"} if abs(shade[i]) > 2 else ()),
            )
            for i, b in enumerate(batch)
        ]  # fmt: skip
        clusters = find_clusters(units, rng, permutations=499)
        return diagnose(units, characteristics, clusters, [light], rng, obvious=frozenset(map(str, self.dirty)))


SHADES = (0.0, 0.3, 3.2, 0.2, 2.6)


def test_shades_by_plating_date_with_the_master_s_geometry_and_weight_are_drift() -> None:
    """D1, D4, D5."""
    found = Made(shade=SHADES).diagnosis()
    assert found.cause == "drift"
    drift = found.causes[0]
    assert drift.evidence[0].speaks == "for"
    assert "plating date" in drift.evidence[0].words
    assert found.ask_for[0].startswith("production lot dates")
    assert len(found.ask_for) == 3


def test_a_light_lot_with_the_master_s_geometry_is_substitution() -> None:
    """D2, D4."""
    found = Made(weight=-1.2, dirty=(3, 40)).diagnosis()
    assert found.cause == "substitution"
    assert "entered:weight is -1.21 g off the master" in found.causes[1].evidence[0].words
    assert found.ask_for[0].startswith("incoming lot records")


def test_a_part_of_the_lot_in_another_weight_is_a_mixture_that_follows_its_batch() -> None:
    """D2."""
    found = Made(weight=-1.5, part=48, dirty=(3, 40)).diagnosis()
    assert found.cause == "substitution"
    mixture = next(e for e in found.causes[1].evidence if "two batches" in e.words)
    assert "follow plating date" in mixture.words
    assert mixture.p is not None
    assert mixture.p < 0.05


def test_a_few_dirty_units_anywhere_among_good_ones_are_screening() -> None:
    """D3, D4."""
    found = Made(dirty=(2, 20, 37, 41, 58, 66), per=16).diagnosis()
    assert found.cause == "screening"
    assert all(e.speaks == "for" for e in found.causes[2].evidence)
    assert found.ask_for[0].startswith("in-line and final inspection reports")


def test_two_causes_together_are_not_forced_into_one() -> None:
    for part in (0, 40):
        found = Made(shade=SHADES, weight=-1.5, part=part).diagnosis()
        assert found.cause is None
        assert "more than one thing went wrong" in found.reason
        assert {c.cause: c.state for c in found.causes} == {
            "drift": "open", "substitution": "supported", "screening": "contradicted"
        }  # fmt: skip


def test_another_outline_is_none_of_the_three() -> None:
    found = Made(shade=SHADES, width=0.4).diagnosis()
    assert found.cause is None
    assert found.causes[0].state == "contradicted"
    assert "size:width is beyond the margin of the master" in " ".join(e.words for e in found.causes[0].evidence)


def test_good_units_have_no_cause_and_nothing_is_asked_for() -> None:
    found = Made().diagnosis()
    assert found.cause is None
    assert found.ask_for == ()
    assert found.reason.startswith("no unit is nonconforming")


def test_a_suspect_light_keeps_every_cause_from_being_told() -> None:
    """V1: the measurement is ruled out first."""
    suspect = replace_state(LIGHT)
    found = Made(shade=SHADES).diagnosis(light=suspect)
    assert found.cause is None
    assert found.causes[0].state == "supported"
    assert "measurement itself is suspect" in found.reason


def test_without_weights_substitution_stays_open_and_says_what_to_do() -> None:
    found = Made(dirty=(3, 40), weighed=False).diagnosis()
    assert found.causes[1].state == "open"
    assert "weigh ten units" in found.causes[1].evidence[0].words


def replace_state(cause: MeasurementCauseDocument) -> MeasurementCauseDocument:
    return cause.model_copy(update={"state": "suspect", "words": "half of the photos failed"})


def test_batches_that_do_not_differ_are_seldom_said_to() -> None:
    called, lots = 0, 30
    for k in range(lots):
        rng = np.random.default_rng([5, k])
        units = [LotUnit(str(i), {"lot": str(i // 10), "line": str(i % 3)}, frozenset()) for i in range(60)]
        found = differences_between(rng.normal(0, 1, (4, 60)), factors_of(units), rng)
        called += min(d.p_family for d in found) <= 0.05
    assert called / lots <= 0.05 + 2.5 * (0.05 * 0.95 / lots) ** 0.5


def test_a_run_of_batch_means_has_its_slope() -> None:
    units = [LotUnit(str(i), {"plating_date": f"2026-05-{i // 8 + 1:02d}"}, frozenset()) for i in range(64)]
    values = np.random.default_rng(1).normal(0, 0.1, (1, 64)) + 0.5 * (np.arange(64) // 8)
    (factor,) = factors_of(units)
    run = trend_over(values, factor)
    assert run is not None
    assert run.slope == pytest.approx(0.5, abs=0.03)
    assert run.p < 0.001
    few = replace(factor, scores=None)
    assert trend_over(values, few) is None


def test_colours_measured_in_one_batch_only_leave_it_open() -> None:
    units = [LotUnit(str(i), {"plating_date": f"2026-05-{i // 8 + 1:02d}"}, frozenset()) for i in range(64)]
    values = np.where(np.arange(64) < 8, np.random.default_rng(1).normal(0, 0.3, 64), np.nan)
    (factor,) = factors_of(units)
    assert trend_over(values[None], factor) is None
    rng = np.random.default_rng(1)
    colour = Characteristic("colour:sky lightness", "colour", values, 1.0, 0.3, "CIEDE2000")
    found = diagnose(units, [colour], find_clusters(units, rng, permutations=99), [LIGHT], rng)
    assert found.cause is None
    assert "no second carton or batch" in found.causes[0].evidence[0].words


@pytest.mark.parametrize("swapped", [False, True])
def test_a_small_sure_difference_does_not_hide_a_large_one(swapped: bool) -> None:
    """D1: of two regions that differ between batches the one that matters is held to its margin, in either order."""
    rng = np.random.default_rng(1)
    batch = np.repeat(np.arange(5), 16)
    precise = 0.05 * np.array([0, 1, 2, 3, 4])[batch] + rng.normal(0, 0.01, 80)
    shade = np.array([0.0, 0.3, 2.2, 0.2, 1.9])[batch] + rng.normal(0, 0.4, 80)
    regions = [
        Characteristic("colour:sky lightness", "colour", precise, 1.0, 0.3, "CIEDE2000"),
        Characteristic("colour:sea lightness", "colour", shade, 1.0, 0.3, "CIEDE2000"),
    ]
    units = [LotUnit(str(i), {"plating_date": f"2026-05-{b + 1:02d}"}, frozenset()) for i, b in enumerate(batch)]
    width = Characteristic("size:width", "geometry", rng.normal(0, 0.02, 80), 0.075, 0.01, "mm")
    rows = [*(regions[::-1] if swapped else regions), width]
    drift = diagnose(units, rows, find_clusters(units, rng, permutations=99), [LIGHT], rng).causes[0]
    assert drift.state == "supported"
    assert "colour:sea lightness" in drift.evidence[0].words


@pytest.mark.parametrize(("times", "state"), [(0.9, "against"), (1.1, "for")])
def test_what_varies_by_half_of_its_margin_matters(times: float, state: str) -> None:
    """The boundary of decision 0045, on batches whose variance component is known."""
    rng = np.random.default_rng(3)
    batch = np.repeat(np.arange(6), 40)
    means = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0])
    shade = times * 0.5 * (means / means.std(ddof=1))[batch] + rng.normal(0, 0.1, 240)
    units = [LotUnit(str(i), {"lot_code": str(b)}, frozenset()) for i, b in enumerate(batch)]
    colour = Characteristic("colour:sky lightness", "colour", shade, 1.0, 0.1, "CIEDE2000")
    drift = diagnose(units, [colour], find_clusters(units, rng, permutations=99), [LIGHT], rng).causes[0]
    assert drift.evidence[0].speaks == state


def test_four_lots_in_perfect_order_are_not_tested_and_five_are() -> None:
    for many, told in ((4, False), (5, True)):
        units = [LotUnit(str(i), {"plating_date": f"2026-05-{i // 8 + 1:02d}"}, frozenset()) for i in range(8 * many)]
        (factor,) = factors_of(units)
        run = trend_over(np.arange(8.0 * many)[None], factor)
        assert (run is not None) == told
        assert run is None or run.p <= 0.05


def test_a_difference_has_the_f_of_the_values_that_its_p_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that are missing are no values at the mean: of one row and one factor of normal values the permutations'
    p is that of the printed F."""
    monkeypatch.setattr(batches, "PERMUTATIONS", 4999)
    rng = np.random.default_rng(2)
    units = [LotUnit(str(i), {"lot_code": str(i // 15)}, frozenset()) for i in range(60)]
    values = rng.normal(0, 1, (1, 60)) + 0.15 * (np.arange(60) // 15)
    values[0, :10] = values[0, 30:42] = np.nan
    (found,) = differences_between(values, factors_of(units), rng)
    assert found.p_family == pytest.approx(found.spread.p, abs=0.015)


def test_unseen_units_are_in_no_share() -> None:
    """Screening counts the units that clusters count: of a lot half of which was not measured, the other half."""
    rng = np.random.default_rng(4)
    units = [
        LotUnit(str(i), {"carton": str(i // 8)}, frozenset({"speck"} if i in (3, 22) else ()), seen=i < 40)
        for i in range(80)
    ]
    found = diagnose(
        units, [], find_clusters(units, rng, permutations=99), [LIGHT], rng, obvious=frozenset({"3", "22"})
    )
    assert found.causes[2].evidence[1].words.startswith("2 of 40 units")


@pytest.mark.parametrize(("wrong", "speaks"), [(20, "for"), (21, "against")])
def test_a_quarter_of_the_units_is_still_few(wrong: int, speaks: str) -> None:
    """The boundary of decision 0045."""
    rng = np.random.default_rng(4)
    bad = rng.permutation(80)[:wrong]
    units = [LotUnit(str(i), {"carton": str(i // 8)}, frozenset({"speck"} if i in bad else ())) for i in range(80)]
    found = diagnose(units, [], find_clusters(units, rng, permutations=99), [LIGHT], rng, obvious=frozenset())
    assert found.causes[2].evidence[1].speaks == speaks


@pytest.mark.parametrize(("shift", "state"), [(0.79, "not ruled out"), (0.81, "suspect")])
def test_shifts_the_same_way_are_the_light(shift: float, state: str) -> None:
    """The boundary of decision 0045: three regions off by the same amount, the cosine between two of them given."""
    away = 5 * np.array([[1.0, 0.0, 0.0], [shift, (1 - shift**2) ** 0.5, 0.0], [1.0, 0.0, 0.0]])
    golden = np.array([50.0, 0.0, 0.0])
    noise = 0.01 * np.random.default_rng(1).normal(size=(3, 20, 3))
    regions = [RegionColours(f"colour:r{k}", golden + a + noise[k], golden, 1.0, 0.1) for k, a in enumerate(away)]
    assert (white_point(regions).state == "suspect") == (state == "suspect")
