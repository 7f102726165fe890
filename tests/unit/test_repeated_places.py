"""Places on the golden where one kind is found on unit after unit."""

from __future__ import annotations

import numpy as np

from station.lots.defect_map import PlacedFinding
from station.lots.repeated_places import LEAST_UNITS, NEAR_MM, repeated_places


def at(kind: str, unit: int, x: float, y: float = 9.3) -> PlacedFinding:
    return PlacedFinding(kind, f"u{unit}", "metal", x, y, 1.0)


def test_one_kind_at_one_place_of_several_units_is_named() -> None:
    found = [at("scratch", i, -9.5 + 0.05 * i) for i in range(5)]
    found += [at("pit", i, -9.5) for i in range(LEAST_UNITS - 1)]  # too few units
    found += [at("scratch", 9, -9.5 + 3 * NEAR_MM)]  # elsewhere
    (place,) = repeated_places(found)
    assert (place.kind, place.units) == ("scratch", 5)
    assert place.x_mm == -9.4
    assert place.words == "a scratch near x -9.4, y 9.3 mm on 5 units: the golden or its light there?"


def test_units_count_and_not_pieces() -> None:
    pieces = [at("scratch", i % 2, 0.01 * i) for i in range(12)]
    assert repeated_places(pieces) == ()
    assert [p.units for p in repeated_places([*pieces, at("scratch", 7, 0.0)])] == [3]


def test_places_are_apart_and_the_commonest_comes_first() -> None:
    found = [at("pit", i, 0.0) for i in range(3)] + [at("pit", i, 5.0) for i in range(4)]
    found += [at("speck", i, 0.0) for i in range(3)]
    assert [(p.kind, p.x_mm, p.units) for p in repeated_places(found)] == [
        ("pit", 5.0, 4), ("pit", 0.0, 3), ("speck", 0.0, 3),
    ]  # fmt: skip
    assert repeated_places([]) == ()


def test_in_a_large_lot_only_what_comes_again_on_many_units_is_named() -> None:
    """4,000 units with five scratches anywhere and one spot of the golden on every tenth: any place has three of the
    first by chance."""
    rng = np.random.default_rng(4)
    anywhere = rng.uniform(-15, 15, (20_000, 2))
    found = [at("scratch", i // 5, x, y) for i, (x, y) in enumerate(anywhere.tolist())]
    found += [at("scratch", i, 3.0 + 0.1 * np.sin(i), -4.0) for i in range(0, 4_000, 10)]
    (place,) = repeated_places(found)
    assert 400 <= place.units < 450
    assert np.hypot(place.x_mm - 3.0, place.y_mm + 4.0) < 0.1
