"""Defects planted into a drawn master lie where they say and are as large; without one a rendering is the golden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_capability import NOISE, PITCH, drawn_master

from station.measure.blur import pixel_noise
from station.measure.difference import reference_difference
from station.measure.planted import OTHERS, SIZES_MM, WHERE, Places, Wish, plan, render
from station.measure.surface import find_defects
from station.values.line import METAL, OUTSIDE

MASTER = drawn_master()
PLACES = Places(MASTER)
EVERY = [(kind, region) for kind in WHERE for region in PLACES.regions_of(kind)]


def _rendered(kind: str, region: str, size_mm: float, seed: int = 3):  # type: ignore[no-untyped-def]
    return render(PLACES, [Wish(kind, region, size_mm)], np.random.default_rng(seed))


def test_kinds_occur_where_they_can() -> None:
    assert PLACES.regions_of("pit") == ("soft enamel", "hard enamel")
    assert PLACES.regions_of("plating-spot") == ("metal",)
    assert PLACES.regions_of("burn-mark") == ()
    bare = Places(drawn_master(metal=False))
    assert bare.regions_of("overflow") == bare.regions_of("missing-enamel") == ()
    assert bare.regions_of("speck") == ("soft enamel", "hard enamel", OTHERS)
    assert 0.8 < PLACES.searched_share < 1


@pytest.mark.parametrize(("kind", "region"), EVERY)
def test_a_planted_defect_is_of_the_size_asked_for_and_lies_in_its_region(kind: str, region: str) -> None:
    size = 1.4 if kind == "scratch" else 0.4
    unit = _rendered(kind, region, size)
    (one,) = unit.planted
    assert unit.left == ()
    assert (one.kind, one.region) == (kind, region)
    assert one.size_mm == pytest.approx(size, rel=0.25 if kind in ("pit", "speck", "bubble", "scratch") else 0.6)
    column, row = MASTER.frame.to_px(np.array([one.x_mm, one.y_mm])).round().astype(int)
    assert PLACES.mask(region)[row, column]
    near = np.argwhere(unit.near == 1)
    assert np.ptp(near, axis=0).max() * PITCH < size + 0.45
    assert one.contrast_to_noise > 0


@pytest.mark.parametrize(("kind", "region"), EVERY)
def test_only_the_place_of_the_defect_differs_from_a_rendering_without_it(kind: str, region: str) -> None:
    quiet = Places(replace(MASTER, noise=0.0))
    wish = Wish(kind, region, 1.4 if kind == "scratch" else 0.4)
    dirty = render(quiet, [wish], np.random.default_rng(3)).aligned.image.pixels
    unit = render(quiet, [wish], np.random.default_rng(3))
    assert np.array_equal(dirty, unit.aligned.image.pixels)  # the same generator, the same unit
    away = np.ones(unit.near.shape, dtype=bool)
    rows, columns = np.nonzero(unit.near)
    away[max(rows.min() - 8, 0) : rows.max() + 9, max(columns.min() - 8, 0) : columns.max() + 9] = False
    away &= (MASTER.labels != OUTSIDE) & (np.abs(np.gradient(MASTER.image.pixels[..., 1])[0]) < 0.01)
    ratio = (unit.aligned.image.pixels / np.maximum(MASTER.image.pixels, 0.02))[away]
    assert np.median(ratio) == pytest.approx(1, abs=0.05)  # gain
    assert np.percentile(np.abs(ratio / np.median(ratio, axis=0) - 1), 90) < 0.12


def test_a_defect_is_blurred_as_the_bench_blurs() -> None:
    def steepest(blur_px: float) -> float:
        places = Places(replace(MASTER, noise=0.0, blur_px=blur_px))
        bare = render(places, [Wish("missing-enamel", "hard enamel", 0.9)], np.random.default_rng(8))
        rows, columns = np.nonzero(bare.near)
        window = bare.aligned.image.pixels[rows.min() : rows.max(), columns.min() : columns.max(), 2]
        return float(np.abs(np.gradient(window)[0]).max())

    assert steepest(0.5) > 1.3 * steepest(1.5) > 1.3 * steepest(3.0)


def test_a_rendering_without_defects_has_the_golden_s_grain_and_no_finding() -> None:
    for seed in range(3):
        unit = render(PLACES, (), np.random.default_rng(seed))
        assert unit.planted == ()
        assert find_defects(unit.aligned, MASTER, reference_difference) == ()
    noise = pixel_noise(unit.aligned.image.pixels, MASTER.labels != OUTSIDE)
    assert NOISE < noise < 2 * NOISE  # its own on top of what is left of the golden's


def test_what_is_found_on_a_defect_is_told_by_its_names() -> None:
    unit = render(
        PLACES, [Wish("missing-enamel", "hard enamel", 0.9), Wish("speck", "hard enamel", 0.5)],
        np.random.default_rng(1),
    )  # fmt: skip
    findings = find_defects(unit.aligned, MASTER, reference_difference)
    first, second = unit.found(findings, MASTER)
    assert first[0] == "missing-enamel"
    assert second
    assert unit.found((), MASTER) == ((), ())
    far = [replace(f, polygon_mm=f.polygon_mm + 2.0) for f in findings]
    assert "missing-enamel" not in unit.found(far, MASTER)[0]


def test_what_has_no_room_is_left() -> None:
    unit = render(PLACES, [Wish("pit", "soft enamel", 9.0)] + 30 * [Wish("pit", "soft enamel", 0.6)],
                  np.random.default_rng(1))  # fmt: skip
    assert unit.left[0].size_mm == 9.0
    assert len(unit.left) + len(unit.planted) == 31
    assert 2 < len(unit.planted) < 31


def test_sizes_are_denser_the_larger_they_are_and_reach_round_the_limit() -> None:
    wishes = plan(PLACES, ["pit", "overflow"], {"overflow": [0.9]}, 50, np.random.default_rng(1))
    assert len(wishes) == 50 * 3
    pits = np.log([w.size_mm for w in wishes if w.kind == "pit" and w.region == "soft enamel"])
    low, high = np.log(SIZES_MM["pit"])
    along = np.sort((pits - low) / (high - low))
    assert np.allclose(along**2, (np.arange(50) + 0.5) / 50, atol=0.011)
    assert (along > 0.7).sum() >= 25  # enough large ones to prove that 90 % are found
    large = [w.size_mm for w in wishes if w.kind == "overflow"]
    assert 2.5 < max(large) <= 2.7
    assert len({w.kind for w in wishes[:20]}) == 2  # in random order


def test_metal_and_plated_regions_are_one() -> None:
    plated = replace(MASTER, regions=(replace(MASTER.regions[0], surface="plating"), MASTER.regions[1]))
    places = Places(plated)
    assert places.regions_of("pit") == ("soft enamel",)
    assert places.mask("metal").sum() > (places.searched & (MASTER.labels == METAL)).sum()
