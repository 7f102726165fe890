"""Units that depart in their geometry: the raster shows what their truth tells, and older lots stay as they were."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sample_data
from sample_data.renderer.designs import DESIGN_NAMES, FURTHER_NAMES, design_named
from sample_data.renderer.designs.back import back_of, other_side
from sample_data.renderer.generate import rewrite_sheets
from sample_data.renderer.measured import kinds_of, measured_plan, turned_plan
from sample_data.renderer.measures import border, boundaries, circle_of, contours, region_boundaries, width_at
from sample_data.renderer.relief import FIRST_CELL, METAL, build_relief
from sample_data.renderer.shape import AS_DESIGNED, Bump, Shape, holes_of, outline_of
from sample_data.renderer.truth import sizes_of
from sample_data.renderer.units import TURNED, lot_plan
from sample_data.renderer.workpiece import LogoShift, relief_of, start

ROOT = Path(sample_data.__file__).parent
PITCH = 0.02


def test_the_curated_lot_is_still_planned_as_it_was() -> None:
    truth = tomllib.loads((ROOT / "keychain" / "truth.toml").read_text())
    lot = lot_plan(design_named("keychain"), 5, 7)
    for plan, unit in zip(lot, truth["units"], strict=True):
        v = plan.variation
        assert plan.name == unit["name"]
        assert v.shape == AS_DESIGNED
        assert v.logo.x_mm == pytest.approx(unit["logo"]["offset_x_mm"], abs=1e-4)
        assert v.logo.rotation_deg == pytest.approx(unit["logo"]["rotation_deg"], abs=1e-4)
        assert v.size == pytest.approx(unit["size_factor"], abs=1e-6)


def test_sheets_are_written_anew_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "fox").mkdir()
    shutil.copy(ROOT / "fox" / "truth.toml", tmp_path / "fox")
    (written,) = rewrite_sheets(tmp_path)
    assert written.read_text() == (ROOT / "fox" / "sheet.toml").read_text()


def test_a_shape_that_departs_in_nothing_draws_the_design() -> None:
    design = design_named("keychain")
    canvas = design.canvas(PITCH)
    plain, shaped = (
        build_relief(design, canvas),
        build_relief(design, canvas, Shape(post_mm=(1.0, 0.0))),
    )  # it has no post
    assert np.array_equal(plain.labels, shaped.labels)
    assert np.array_equal(plain.height_mm, shaped.height_mm)
    assert np.array_equal(plain.coverage, shaped.coverage)


def test_artwork_off_the_outline_thins_the_border_on_its_side() -> None:
    design = design_named("keychain")
    shape = Shape(artwork_mm=(0.0, 0.20))
    before = border(design, AS_DESIGNED, relief_of(design, PITCH), 1.0)
    after = border(design, shape, relief_of(design, PITCH, shape), 1.0)
    assert before["minimum_mm"] == pytest.approx(0.70, abs=PITCH)
    assert after["minimum_mm"] == pytest.approx(before["minimum_mm"] - 0.20, abs=PITCH)
    assert after["y_mm"] > 9  # below, where it was moved to
    assert after["mean_mm"] == pytest.approx(before["mean_mm"], abs=0.01)


def test_wider_lines_narrow_the_recesses() -> None:
    design = design_named("keychain")
    lines = {line.name: line for line in design.lines}
    for growth in (0.08, -0.08):
        relief = relief_of(design, PITCH, Shape(line_mm=growth))
        for name, sign in (("top-line", 1), ("edge-recess", -1)):
            was = width_at(relief_of(design, PITCH), lines[name])
            assert width_at(relief, lines[name]) == pytest.approx(was + sign * growth, abs=0.011), name


def test_a_pushed_boundary_lies_where_its_truth_says() -> None:
    design = design_named("keychain")
    bump = Bump("mustard", (8.0, -4.55), (0.0, 0.14), 1.5)
    shape = Shape(bumps=(bump,))
    told = {b["region"]: b for b in boundaries(design, shape, 1.0)}
    assert told["mustard"]["shift_mm"] == pytest.approx(0.14, abs=0.003)  # outwards
    assert told["cream"]["shift_mm"] == pytest.approx(-0.14, abs=0.003)  # the wall's other side goes along
    assert abs(told["terracotta"]["shift_mm"]) < 1e-3
    points, _ = region_boundaries(design)["mustard"]
    near = points[np.hypot(points[:, 0] - 8.0, points[:, 1] + 4.55) < 0.3]
    relief = relief_of(design, PITCH, shape)
    label = FIRST_CELL + [c.name for c in design.cells].index("mustard")
    moved = np.concatenate(contours(relief.labels == label, relief.canvas))
    now = moved[np.hypot(moved[:, 0] - 8.0, moved[:, 1] + 4.55 - 0.14) < 0.3]
    assert now[:, 1].mean() - near[:, 1].mean() == pytest.approx(0.14, abs=0.012)


def test_true_sizes_of_an_outline_that_is_no_scaled_one() -> None:
    design = design_named("coin")
    wide = sizes_of(design, 1.0, Shape(stretch=(1.01, 1.0)))
    assert (wide["width"], wide["height"]) == pytest.approx((36.36, 36.0))
    oval = Shape(oval_mm=0.2, oval_deg=30.0)
    sizes = sizes_of(design, 1.0, oval)
    assert sizes["max-feret"] == pytest.approx(36.2, abs=1e-3)
    assert sizes["min-feret"] == pytest.approx(35.8, abs=1e-3)
    assert circle_of(outline_of(design, oval))[1] == pytest.approx(0.2, abs=2e-3)
    flat = outline_of(design, Shape(flat_mm=4.0, flat_deg=0.0))
    edge = flat[flat[:, 0] > flat[:, 0].max() - 1e-9]
    assert np.ptp(edge[:, 1]) == pytest.approx(4.0, abs=1e-4)
    assert flat[:, 0].max() == pytest.approx(np.sqrt(18**2 - 2**2), abs=1e-4)
    shape = Shape(hole_mm=(0.1, -0.2), hole_growth_mm=0.05)
    tag = design_named("keychain")
    (hole,), (was,) = holes_of(tag, shape), tag.holes
    assert hole.mean(axis=0) - was.mean(axis=0) == pytest.approx((0.1, -0.2))
    assert sizes_of(tag, 1.0, shape)["hole-diameter"] == pytest.approx(np.ptp(was[:, 0]) + 0.05)


def test_a_post_stands_where_it_was_put() -> None:
    design = design_named("back")
    relief = build_relief(design, design.canvas(PITCH), Shape(post_mm=(0.3, -0.2)))
    rows, columns = np.nonzero(relief.height_mm > design.thickness_mm + 3)
    middle = (np.array([columns.mean(), rows.mean()]) - relief.canvas.origin_px) * PITCH
    assert middle == pytest.approx(np.add(design.posts[0].at_mm, (0.3, -0.2)), abs=0.01)
    assert relief.labels[int(rows[0]), int(columns[0])] == METAL


def test_a_flipped_part_is_the_mirror_image() -> None:
    piece = start(design_named("keychain"), LogoShift(), 0.04)
    part = piece.part("one", 1.0)
    flipped = part.flipped()
    assert np.array_equal(flipped.surface[:, ::-1], part.surface)
    hole = np.argwhere(~part.mask[40:-40, 40:-40]).mean(axis=0)[::-1] + 40 - part.origin_px
    other = np.argwhere(~flipped.mask[40:-40, 40:-40]).mean(axis=0)[::-1] + 40 - flipped.origin_px
    assert other == pytest.approx(hole * (-1, 1), abs=1e-6)
    assert flipped.flipped().origin_px == part.origin_px


def test_the_coins_border_repeats_and_its_field_does_not() -> None:
    relief = build_relief(design_named("coin"), design_named("coin").canvas(0.04))
    x, y = relief.canvas.x, relief.canvas.y

    def alike(radius_low: float, radius_high: float) -> float:
        r, angle = np.hypot(x, y), np.arctan2(y, x) + np.pi / 6
        inside = (r > radius_low) & (r < radius_high)
        columns = np.rint(r * np.cos(angle) / 0.04 + relief.canvas.origin_px[0]).astype(int)
        rows = np.rint(r * np.sin(angle) / 0.04 + relief.canvas.origin_px[1]).astype(int)
        return float((relief.labels[inside] == relief.labels[rows[inside], columns[inside]]).mean())

    assert alike(12.3, 16.5) > 0.97
    assert alike(2.0, 11.0) < 0.85


@pytest.mark.parametrize("name", ["keychain", "back"])
def test_a_measured_lot_follows_from_its_seed_and_holds_every_departure(name: str) -> None:
    design = design_named(name)
    kinds = kinds_of(design)
    lot = measured_plan(design, len(kinds), 5)
    assert sorted(p.fault for p in lot) == sorted(kinds)
    assert all(p.measured for p in lot)
    measured_plan.cache_clear()
    assert measured_plan(design, len(kinds), 5) == lot
    assert measured_plan(design, 2, 6) != lot[:2]
    shifted = next(p.variation for p in lot if p.fault == "border")
    assert np.hypot(*shifted.shape.artwork_mm) > 0.05
    assert {p.disturbance for p in turned_plan(design, 5)} == set(TURNED)


@pytest.mark.parametrize("name", DESIGN_NAMES + FURTHER_NAMES)
def test_every_part_has_another_side(name: str) -> None:
    design = design_named(name)
    other = other_side(design)
    assert other_side(design) is other  # one relief serves every picture of it
    if name == "back":
        assert other is design_named("alpine")
        return
    low, high = other.outline.min(axis=0), other.outline.max(axis=0)
    assert np.allclose(low + high, 0, atol=1e-6)
    assert bool(other.posts) == (design.type == "pin")
    assert np.ptp(other.outline[:, 0]) == pytest.approx(np.ptp(design.outline[:, 0]))
    assert other == back_of(design)
    assert replace(other, name="x") != other
