"""Places on the golden where one kind is found on unit after unit."""

from __future__ import annotations

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
