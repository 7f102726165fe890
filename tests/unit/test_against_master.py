"""One rule for what is the master's, colours in the metric of their limits, and causes that lie in the measurement."""

from __future__ import annotations

import numpy as np
import pytest

from station.lots import measurement_causes
from station.lots.against_master import against_master
from station.lots.causes import diagnose
from station.lots.characteristics import Characteristic, RegionColours, colours_of, margin_of
from station.lots.clusters import find_clusters
from station.lots.factors import LotUnit
from station.lots.outliers import bulk
from station.values.colour import Lab
from station.values.difference import delta_e_2000
from station.values.documents import GateDocument, UnitDocument

BLUE, RED, GREY = (32.0, 60.0, -95.0), (50.0, 65.0, 40.0), (60.0, 0.1, -0.2)


def region(golden: tuple[float, ...], shift: tuple[float, ...], *, name: str = "colour:sky", accept: float = 2.0,
           u: float = 0.1, n: int = 30, sd: float = 0.2) -> RegionColours:  # fmt: skip
    spread = np.random.default_rng(1).normal(0, sd, (n, 3))
    return RegionColours(name, np.array(golden) + shift + spread, np.array(golden), accept, u)


@pytest.mark.parametrize("golden", [BLUE, RED, GREY, (95.0, 0.0, 0.0), (8.0, 1.0, 1.0)])
def test_the_length_of_a_colour_s_three_differences_is_ciede2000(golden: tuple[float, ...]) -> None:
    shifts = np.random.default_rng(2).normal(0, 0.4, (50, 3))
    found = RegionColours("colour:x", np.array(golden) + shifts, np.array(golden), 2.0, 0.1).differences
    known = delta_e_2000(Lab(np.array(golden)), Lab(np.array(golden) + shifts))
    assert np.linalg.norm(found, axis=1) == pytest.approx(known, rel=0.06)


def test_lightness_chroma_and_hue_have_their_directions() -> None:
    lighter, purer, turned = (
        region(RED, shift, sd=0.0).differences[0] for shift in ((1.0, 0, 0), (0, 0.65, 0.40), (0, -0.40, 0.65))
    )
    assert lighter == pytest.approx([lighter[0], 0, 0], abs=0.02)
    assert lighter[0] > 0.5
    assert purer[1] > 0
    assert abs(purer[2]) < 0.05 * purer[1]
    assert turned[2] > 0


def test_a_shift_that_ciede2000_hardly_sees_is_within_its_limit() -> None:
    """3 units of chroma of a saturated blue are less than one CIEDE2000: the master's at a margin of 1."""
    along = np.array([0.0, 60.0, -95.0]) / np.hypot(60, 95)
    shifted = region(BLUE, tuple(2.0 * along), accept=2.0)
    assert float(np.linalg.norm(np.median(shifted.lab, axis=0) - BLUE)) > 1.5
    assert {s.state for s in against_master(colours_of([shifted]))} == {"same"}
    assert [c.unit for c in colours_of([shifted])] == ["CIEDE2000"] * 3
    far = {s.characteristic.name: s.state for s in against_master(colours_of([region(GREY, (0.0, 2.0, 0.0))]))}
    assert "off" in far.values()


def held(mean: float, u: float) -> tuple[str, float]:
    values = mean + np.random.default_rng(3).normal(0, 0.1, 12)
    (found,) = against_master([Characteristic("entered:weight", "hardware", values, 0.4, u, "g")])
    return found.state, found.p


def test_same_off_and_open_are_each_proven_or_not() -> None:
    assert held(0.0, 0.02)[0] == "same"
    assert held(-0.8, 0.02)[0] == "off"
    assert held(0.8, 0.02)[0] == "off"
    assert held(0.42, 0.02)[0] == "open"
    assert held(0.38, 0.02)[0] == "open"
    assert held(-0.8, 0.4)[0] == "open"  # what all values share may be all of it
    few = Characteristic("entered:wire", "hardware", np.array([1.0, np.nan, 1.1, 0.9, 1.0]), 0.1, 0.0, "mm")
    assert against_master([few]) == []


@pytest.mark.parametrize(
    ("mean", "u", "substitution", "speaks"),
    [(0.0, 0.02, "against", "for"), (-0.9, 0.02, "for", "against"), (-0.6, 0.15, "open", "open")],
)
def test_drift_and_substitution_judge_hardware_alike(mean: float, u: float, substitution: str, speaks: str) -> None:
    """What is off for the one is off for the other; before, 0.6 g off with 0.15 g in doubt was both."""
    rng = np.random.default_rng(5)
    units = [
        LotUnit(str(i), {"lot_code": f"L{i // 10}"}, frozenset({"pit"} if i in (3, 20) else ())) for i in range(40)
    ]
    characteristics = [
        Characteristic("entered:weight", "hardware", mean + rng.normal(0, 0.1, 40), 0.4, u, "g"),
        Characteristic("size:width", "geometry", rng.normal(0, 0.02, 40), 0.075, 0.01, "mm"),
        Characteristic("colour:sky hue", "colour", rng.normal(0, 0.3, 40), 1.0, 0.2, "CIEDE2000"),
    ]
    found = diagnose(units, characteristics, find_clusters(units, rng, permutations=99), [], rng)
    drift, substituted, _ = found.causes
    assert substituted.evidence[0].speaks == substitution
    assert drift.evidence[-1].speaks == speaks


def test_margins_are_half_of_the_wider_side() -> None:
    assert margin_of(30.0, 29.9, 30.15) == pytest.approx(0.075)
    assert margin_of(20.0, 18.0, None) == pytest.approx(1.0)
    assert margin_of(34.0, None, None) == pytest.approx(1.7)
    assert margin_of(0.0, None, None) == 0


def test_the_bulk_leaves_the_outliers() -> None:
    x = np.concatenate([np.random.default_rng(1).normal(0, 1, 40), [9.0, -12.0]])
    kept = bulk(x)
    assert len(kept) >= 38
    assert np.abs(kept).max() < 4
    assert bulk([2.0, 2.0, 2.0, 2.5]).tolist() == [2.0, 2.0, 2.0]


# --- the measurement -------------------------------------------------------------------------------------------------


def unit(*gates: tuple[str, bool]) -> UnitDocument:
    told = tuple(GateDocument(name=name, ok=ok, reason="") for name, ok in gates)
    return UnitDocument.model_construct(gates=told, gauge=None)


def test_light_is_suspect_where_a_quarter_of_the_photos_failed() -> None:
    good, bad = unit(("light", True), ("sharpness", False)), unit(("light", False))
    assert measurement_causes.light([good] * 4).state == "ruled out"
    assert measurement_causes.light([good] * 3 + [bad]).state == "not ruled out"
    found = measurement_causes.light([good] * 2 + [bad])
    assert (found.state, found.words[:16]) == ("suspect", "1 of 3 photos fa")


def test_a_common_shift_is_suspect_only_beyond_the_margins_in_ciede2000() -> None:
    def seen(shift: tuple[float, ...]) -> str:
        goldens = {"colour:a": RED, "colour:b": BLUE, "colour:c": GREY}
        return measurement_causes.white_point([region(g, shift, name=n) for n, g in goldens.items()]).state

    assert seen((4.0, 0.5, 1.0)) == "suspect"
    assert seen((0.3, 0.0, 0.1)) == "ruled out"
    # far beyond every margin in Lab, yet a red and a blue of that chroma hardly change
    assert seen((0.0, 1.4, 0.0)) == "ruled out"
    assert measurement_causes.white_point([region(RED, (4.0, 0, 0))] * 2).state == "not ruled out"
    apart = [region(RED, (4.0, 0, 0)), region(BLUE, (-4.0, 0, 0)), region(GREY, (4.0, 0, 0))]
    assert measurement_causes.white_point(apart).state == "ruled out"


def test_study_and_standard() -> None:
    assert measurement_causes.repeatability([unit()]).state == "not ruled out"
    assert measurement_causes.repeatability([]).state == "not ruled out"
    assert measurement_causes.standard(2, 2).state == "ruled out"
    assert "sealed anew as version 3" in measurement_causes.standard(2, 3).words
