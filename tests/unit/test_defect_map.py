"""The map of a lot's defects: tables, and findings that lie together on the part."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from station.lots.defect_map import PlacedFinding, clock, excess_p, places_of, tables_of
from station.lots.factors import LotUnit

GRID = np.stack(np.meshgrid(np.arange(-15, 15.1, 0.5), np.arange(-15, 15.1, 0.5)), axis=-1).reshape(-1, 2)
DISC = GRID[np.hypot(GRID[:, 0], GRID[:, 1]) <= 15]


def scratches(places: NDArray[np.float64], region: str = "sky") -> list[PlacedFinding]:
    return [PlacedFinding("scratch", f"u{i}", region, x, y, 1.0) for i, (x, y) in enumerate(places)]


def anywhere(n: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.asarray(DISC[rng.integers(len(DISC), size=n)] + rng.random((n, 2)) - 0.5)


def test_tables_count_units_by_carton_and_identifier() -> None:
    units = [LotUnit(f"{c}{k}", {"carton": c, "line": line}, frozenset({"pit"} if k < wrong else ()))
             for c, line, wrong in (("C2", "A", 2), ("C10", "B", 0), ("C1", "A", 1)) for k in range(3)]  # fmt: skip
    carton, line = tables_of(units)
    assert carton.factor == "carton"
    assert [(r.level, r.inspected, r.defects) for r in carton.rows] == [
        ("C1", 3, {"pit": 1}), ("C2", 3, {"pit": 2}), ("C10", 3, {})
    ]  # fmt: skip
    assert [(r.level, r.carton) for r in line.rows] == [("A", "C1"), ("A", "C2"), ("B", "C10")]


def test_scratches_at_two_o_clock_lie_together() -> None:
    rng = np.random.default_rng(1)
    fixture = np.array([10.4, -6.0]) + rng.normal(0, 0.4, (8, 2))
    (found,) = places_of(scratches(np.concatenate([fixture, anywhere(8, 2)])), {"sky": DISC}, 30.0, rng)
    assert found.together
    assert found.spot is not None
    assert found.spot.clock == "2 o'clock"
    assert found.spot.units >= 8
    assert found.spot.expected < 1
    assert (found.spot.x_mm, found.spot.y_mm) == pytest.approx((10.4, -6.0), abs=0.8)


def test_places_by_chance_are_seldom_called_together() -> None:
    p = [excess_p(anywhere(12, 100 + k), DISC, 30.0, np.random.default_rng(k)) for k in range(16)]
    assert np.mean(np.array(p) <= 0.05) <= 0.125
    assert np.median(p) > 0.2


def test_pieces_of_one_scratch_count_once() -> None:
    pieces = [PlacedFinding("scratch", "u1", "sky", 3 + 0.1 * k, 2, 0.5) for k in range(12)]
    (found,) = places_of(pieces + scratches(anywhere(3, 5)), {"sky": DISC}, 30.0, np.random.default_rng(1))
    assert found.findings == 15
    assert found.units == 3  # u1 is one of the others too
    assert not found.together


def test_a_kind_that_only_its_region_can_have_is_not_together_for_that() -> None:
    """Pits all over a small region are where pits can be."""
    small = DISC[(DISC[:, 0] > 8)]
    rng = np.random.default_rng(9)
    points = small[rng.integers(len(small), size=14)] + rng.random((14, 2)) / 2
    (found,) = places_of(scratches(points, "rim"), {"sky": DISC, "rim": small}, 30.0, rng)
    assert found.p is not None
    assert found.p > 0.05


def test_few_units_and_unknown_regions_say_why_there_is_no_test() -> None:
    (few,) = places_of(scratches(anywhere(3, 1)), {"sky": DISC}, 30.0, np.random.default_rng(1))
    assert few.p is None
    assert "4 are needed" in few.reason
    (lost,) = places_of(scratches(anywhere(6, 1), "gone"), {"sky": DISC}, 30.0, np.random.default_rng(1))
    assert "not on the golden" in lost.reason


@pytest.mark.parametrize(
    ("place", "hour"), [((0, -5), "12"), ((5, 0), "3"), ((0, 5), "6"), ((-5, 0), "9"), ((4.3, -2.5), "2")]
)
def test_clock_face(place: tuple[float, float], hour: str) -> None:
    assert clock(*place) == f"{hour} o'clock"
