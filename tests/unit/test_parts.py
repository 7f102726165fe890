"""Several parts in one photo: found, ordered, and what their places do to their colours. Drawn scenes."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from drawn_scenes import (
    CELLS,
    OTHER_SKY,
    RADIUS,
    SIZE,
    SKY,
    SRGB,
    THREE,
    Part,
    photo,
    regions,
    seen,
    true_difference,
)

from station.measure.bench_field import bench_field
from station.measure.parts import find_parts, reading_order
from station.measure.side_by_side import SeenRegion, common_veil, differences
from station.values.colour import LinearRGB
from station.values.difference import delta_e_2000


def test_every_part_is_found_in_reading_order(scenes: Path) -> None:
    found = find_parts(seen(scenes / "bare.png"))
    assert [p.number for p in found] == [1, 2]
    for part, (_, centre, _) in zip(found, THREE, strict=False):
        assert part.outline.centre_px == pytest.approx(centre, abs=2.5)
        assert part.outline.area_px == pytest.approx(math.pi * RADIUS**2, rel=0.04)
        assert part.fault == ""


def test_rows_are_read_from_the_top_and_each_from_the_left() -> None:
    centres = [(300.0, 320.0), (100.0, 100.0), (310.0, 80.0), (90.0, 310.0)]
    assert reading_order(centres, [100.0] * 4) == [1, 2, 3, 0]
    assert reading_order([(500.0, 100.0), (100.0, 130.0)], [100.0] * 2) == [1, 0]


def test_parts_that_almost_touch_are_told_apart(tmp_path: Path) -> None:
    gap = 5
    pair: list[Part] = [({}, (300.0, 280.0), 0.0), ({}, (300.0 + 2 * RADIUS + gap, 280.0), 50.0)]
    found = find_parts(seen(photo(tmp_path / "near.png", pair)))
    assert [p.near for p in found] == [(2,), (1,)]
    for part, (_, centre, _) in zip(found, pair, strict=True):
        assert part.outline.centre_px == pytest.approx(centre, abs=4)


def test_touching_parts_are_named_and_so_is_one_that_the_edge_cuts(tmp_path: Path) -> None:
    parts: list[Part] = [
        ({}, (200.0, 280.0), 0.0),
        ({}, (200.0 + 2 * RADIUS, 280.0), 50.0),
        ({}, (SIZE[0] - 60.0, 280.0), 0.0),
    ]
    found = find_parts(seen(photo(tmp_path / "touching.png", parts)))
    assert [p.near for p in found] == [(2,), (1,), ()]
    assert [bool(p.fault) for p in found] == [False, False, True]
    assert "the picture's edge cuts it" in found[2].fault


def test_the_bench_tells_how_the_light_falls_off(scenes: Path) -> None:
    image = seen(scenes / "bare.png")
    field = bench_field(image, [p.outline.contour_px for p in find_parts(image)], [])
    assert field.even
    here, there = np.array([150.0, 210.0]), np.array([420.0, 230.0])
    true = (1 + 0.12 * (150 / 960 - 0.5)) / (1 + 0.12 * (420 / 960 - 0.5))
    assert field.ratio(here, there) == pytest.approx(np.full(3, true), abs=0.003)
    brightness, tint = field.u_ratio(here, there)
    assert 0.003 < brightness < 0.02
    assert (tint < brightness).all()


def test_a_patterned_bench_corrects_nothing_and_doubts_more() -> None:
    y, x = np.mgrid[0:400, 0:600]
    checks = np.where(((x // 40) + (y // 40)) % 2, 0.15, 0.4).astype(np.float32)
    field = bench_field(LinearRGB(np.repeat(checks[..., None], 3, axis=2)), [], [])
    assert not field.even
    assert "not plain" in field.reason
    assert (field.ratio(np.array([10.0, 10.0]), np.array([500.0, 300.0])) == 1).all()
    assert field.u_ratio(np.array([10.0, 10.0]), np.array([500.0, 300.0]))[0] > 0.05


def test_a_common_veil_is_found_and_one_odd_colour_does_not_move_it() -> None:
    colours = [np.array(c) for c, _ in CELLS.values()]
    veil, u = common_veil([(c, c + 0.004) for c in colours])
    assert veil == pytest.approx(0.004, rel=0.15)
    odd = [*((c, c + 0.004) for c in colours), (np.array(SKY), np.array(OTHER_SKY))]
    assert common_veil(odd)[0] == pytest.approx(0.004, abs=2 * u)
    assert common_veil([(colours[0], colours[0] + 0.004)] * 2)[0] == 0.0


def test_a_regions_own_difference_is_never_taken_for_veil(scenes: Path) -> None:
    image = seen(scenes / "bare.png")
    field = bench_field(image, [p.outline.contour_px for p in find_parts(image)], [])
    found = differences(regions({}, 300.0), regions({"sky": OTHER_SKY}, 300.0), SRGB, field)
    by_name = {d.name: d for d in found}
    assert by_name["sky"].value == pytest.approx(true_difference("sky", OTHER_SKY), abs=0.05)
    assert all(d.value == pytest.approx(0, abs=0.15) for name, d in by_name.items() if name != "sky")
    assert by_name["sky"].u == pytest.approx(math.hypot(*by_name["sky"].budget.values()))


@pytest.mark.parametrize(("veil", "told"), [(0.004, True), (0.03, False)])
def test_haze_over_a_whole_part_never_conforms(scenes: Path, veil: float, told: bool) -> None:
    """It cannot be told from what the gloss mirrors: what is taken out stays in u, and much of it is not judged."""
    image = seen(scenes / "bare.png")
    field = bench_field(image, [p.outline.contour_px for p in find_parts(image)], [])
    clear = regions({}, 300.0)
    hazed = [dataclasses.replace(r, rgb=r.rgb + veil) for r in regions({}, 300.0) if r.rgb is not None]
    for a, b, d in zip(clear, hazed, differences(clear, hazed, SRGB, field), strict=True):
        assert a.rgb is not None
        assert b.rgb is not None
        true = float(delta_e_2000(SRGB.lab(a.rgb), SRGB.lab(b.rgb)))
        if told:
            assert d.value is not None
            assert d.value + 2 * d.u >= true
        else:
            assert d.value is None
            assert "of white lies more on one part" in d.why


def test_scatter_that_only_one_part_has_is_refused(scenes: Path) -> None:
    image = seen(scenes / "bare.png")
    field = bench_field(image, [], [])
    calm, wild = regions({}, 300.0), regions({}, 300.0)
    wild[0] = SeenRegion("sky", "soft enamel", np.array(SKY), np.array([1.0, 1.0]), 0.1, 6.0, 900)
    first = differences(calm, wild, SRGB, field)[0]
    assert first.value is None
    assert "uneven" in first.why
