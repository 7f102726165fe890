"""The same parts under two lights. Drawn scenes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_scenes import (
    CELLS,
    GOLDEN_AT,
    OTHER_SKY,
    SRGB,
    THREE,
    Part,
    photo,
    regions,
    seen,
    sheet_text,
    true_difference,
)

from station.errors import RequestError
from station.measure.bench_field import bench_field
from station.measure.metamerism import metamerism, special_index
from station.measure.parts import find_parts
from station.measure.side_by_side import differences
from station.service import Station, comparing, two_lights
from station.service.comparing import Compared
from station.settings import Settings
from station.values.colour import Lab
from station.values.difference import delta_e_2000

ALIKE: list[Part] = [THREE[0], ({}, (420.0, 230.0), 75.0)]


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(Settings(home=tmp_path / "home"))


def test_the_special_index_takes_out_what_differs_already() -> None:
    a, b, shift = np.array([50.0, 10.0, -20.0]), np.array([53.0, 12.0, -19.0]), np.array([1.0, 2.0, 3.0])
    assert special_index((a, b), (a + shift, b + shift)) == pytest.approx(0)
    further = np.array([0.0, 0.0, 4.0])
    expected = float(delta_e_2000(Lab(a), Lab(a + further)))
    assert special_index((a, b), (a, b + further)) == pytest.approx(expected)


def test_metamerism_is_warned_of_only_beyond_its_uncertainty(scenes: Path) -> None:
    image = seen(scenes / "bare.png")
    field = bench_field(image, [p.outline.contour_px for p in find_parts(image)], [])
    golden, same, other = regions({}, 300.0), regions({}, 300.0), regions({"sky": OTHER_SKY}, 300.0)
    match = differences(golden, same, SRGB, field)[0]
    apart = differences(golden, other, SRGB, field)[0]
    calm, loud = metamerism(match, match), metamerism(match, apart)
    assert calm is not None
    assert loud is not None
    assert calm.value < 2 * calm.u
    assert loud.value == pytest.approx(true_difference("sky", OTHER_SKY), abs=0.1)
    assert loud.value > 2 * loud.u


def test_two_photos_under_two_lights_name_the_metameric_region(station: Station, tmp_path: Path) -> None:
    """C2: two lights."""
    first = photo(tmp_path / "day.png", ALIKE, card=True, slope=0.12)
    second = photo(tmp_path / "shop.png", THREE[:2], card=True, slope=0.12, tint=(1.0, 0.93, 0.8), mixed=0.12)
    (tmp_path / "sheet.toml").write_text(sheet_text(GOLDEN_AT))
    standard = comparing.standard_of(station, None, tmp_path / "sheet.toml")
    both, _ = two_lights.compare_lights(
        station, (first, second), standard, card="colorchecker24", lights=("D65", "TL84")
    )
    warned = [r for r in both.metamerism if r.warning]
    assert [r.region for r in warned] == ["sky"]
    assert "matches the golden under D65 but not under TL84" in warned[0].reason
    assert warned[0].index == pytest.approx(true_difference("sky", OTHER_SKY), abs=warned[0].u)
    assert len(both.warnings) == 1


def test_without_a_card_another_white_balance_is_no_metamerism(station: Station, scenes: Path, tmp_path: Path) -> None:
    """The unit's sky is off under both; without a card the second photo's tint moves the two skies apart."""
    warm = photo(tmp_path / "warm.png", THREE[:2], slope=0.12, tint=(1.0, 0.8, 0.45))
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    both, _ = two_lights.compare_lights(station, (scenes / "bare.png", warm), standard)
    sky = next(r for r in both.metamerism if r.region == "sky")
    assert sky.index is not None
    assert sky.index > sky.u
    assert both.warnings == ()
    for row in both.metamerism:
        assert not row.judged
        assert not row.warning
        assert row.reason.startswith("not judged, bare.png: card: ")
        assert "warm.png: card: " in row.reason


def test_one_photo_without_a_card_is_enough_not_to_warn(station: Station, scenes: Path, tmp_path: Path) -> None:
    bare = photo(tmp_path / "shop.png", ALIKE, slope=0.12)
    carded = photo(tmp_path / "day.png", THREE[:2], card=True, slope=0.12)
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    both, _ = two_lights.compare_lights(station, (carded, bare), standard, card="colorchecker24")
    assert both.warnings == ()
    assert all(r.reason.startswith("not judged, shop.png: card: ") for r in both.metamerism)
    assert not any("day.png" in r.reason for r in both.metamerism)


def test_a_unit_that_one_photo_does_not_show_wholly_has_its_rows_all_the_same(
    station: Station, scenes: Path, tmp_path: Path
) -> None:
    second = photo(tmp_path / "shop.png", THREE, card=True, slope=0.12, other=2, mixed=0.12)
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    both, _ = two_lights.compare_lights(station, (scenes / "card.png", second), standard, card="colorchecker24")
    rows = [r for r in both.metamerism if r.part == 3]
    assert [r.region for r in rows] == list(CELLS)
    for row in rows:
        assert row.index is None
        assert row.first is not None
        assert row.second is None
        assert row.reason.startswith("not judged, shop.png: part 3 cannot be compared, identity: ")
    assert all(r.judged for r in both.metamerism if r.part == 2)


def test_two_photos_in_one_light_are_no_proof(station: Station, scenes: Path, tmp_path: Path) -> None:
    """Another exposure and white balance is no other light."""
    again = photo(tmp_path / "again.png", THREE, card=True, slope=0.12, tint=(0.95, 0.85, 0.7))
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    both, _ = two_lights.compare_lights(station, (scenes / "card.png", again), standard, card="colorchecker24")
    assert both.metamerism
    assert not any(r.judged for r in both.metamerism)
    assert all("both photos show the same light" in r.reason for r in both.metamerism)


def test_one_picture_twice_is_refused(station: Station, scenes: Path, tmp_path: Path) -> None:
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    copy = tmp_path / "copy.png"
    copy.write_bytes((scenes / "card.png").read_bytes())
    with pytest.raises(RequestError, match="are the same picture"):
        two_lights.compare_lights(station, (scenes / "card.png", copy), standard, card="colorchecker24")


def test_another_part_as_the_golden_in_each_photo_is_refused(
    station: Station, scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its units would be paired with one another in silence."""
    real = two_lights.compare

    def second_is_golden(*given: Any, **options: Any) -> Compared:
        found = real(*given, **options)
        moved = given[1].name == "shop.png"
        return dataclasses.replace(found, golden=found.look.parts[1]) if moved else found

    monkeypatch.setattr(two_lights, "compare", second_is_golden)
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    photos = (scenes / "card.png", photo(tmp_path / "shop.png", THREE, card=True, slope=0.12, mixed=0.12))
    with pytest.raises(RequestError, match=r"the golden is part 1 of card\.png and part 2 of shop\.png"):
        two_lights.compare_lights(station, photos, standard, card="colorchecker24")
