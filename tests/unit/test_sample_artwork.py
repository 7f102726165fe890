"""The renderer's artwork: rasters without bias, units that follow from their seed, truth that fits the raster."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pytest

from sample_data.renderer.canvas import Canvas, circle, depth_inside, rounded_box
from sample_data.renderer.defects import KINDS, Defect, apply
from sample_data.renderer.designs import DESIGN_NAMES, design_named
from sample_data.renderer.relief import FIRST_CELL, METAL, build_relief
from sample_data.renderer.tomltext import toml_text
from sample_data.renderer.truth import closest, judge, readings, sizes_of
from sample_data.renderer.units import golden_plan
from sample_data.renderer.workpiece import LogoShift, emblem_masks, start

COARSE_MM = 0.04


def test_a_filled_box_is_neither_dilated_nor_shifted() -> None:
    canvas = Canvas(0.1, 200, 160, (100.0, 80.0))
    box = np.array([(-3.05, -2.05), (2.05, -2.05), (2.05, 4.05), (-3.05, 4.05)])
    mask = canvas.fill(box)
    rows, columns = np.nonzero(mask)
    assert mask.sum() == 51 * 61
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (70, 120, 60, 120)


def test_rings_are_filled_by_the_even_odd_rule() -> None:
    canvas = Canvas.around(12, 12, 0.02)
    area = canvas.fill(circle((0, 0), 5.0), circle((0.7, 0.2), 2.0)).sum() * 0.02**2
    assert area == pytest.approx(np.pi * (25 - 4), rel=1e-3)


def test_coverage_sums_to_the_area_of_the_outline() -> None:
    canvas = Canvas.around(12, 8, 0.1)
    area = canvas.coverage(rounded_box(10.03, 6.07, 1.0)).sum() * 0.1**2
    assert area == pytest.approx(10.03 * 6.07 - (4 - np.pi), rel=2e-3)


def test_depth_is_measured_from_the_edge() -> None:
    canvas = Canvas.around(12, 12, 0.02)
    depth = depth_inside(canvas.disc((0, 0), 4.0), 0.02)
    assert depth[canvas.height // 2, canvas.width // 2] == pytest.approx(4.0, abs=0.02)


@pytest.mark.parametrize("name", DESIGN_NAMES)
def test_a_design_lies_centred_and_its_seeds_lie_in_their_cells(name: str) -> None:
    design = design_named(name)
    low, high = design.outline.min(axis=0), design.outline.max(axis=0)
    assert np.allclose(low + high, 0, atol=1e-6)
    relief = build_relief(design, design.canvas(COARSE_MM))
    assert 4 <= len(design.cells) <= 8
    for i, cell in enumerate(design.cells):
        x, y = design.seeds_mm[cell.name]
        column = round(x / COARSE_MM + relief.canvas.origin_px[0])
        row = round(y / COARSE_MM + relief.canvas.origin_px[1])
        assert relief.labels[row, column] == FIRST_CELL + i
        assert (relief.labels == FIRST_CELL + i).sum() * COARSE_MM**2 > 3.0


@pytest.mark.parametrize("name", DESIGN_NAMES)
def test_true_sizes_are_those_of_the_raster(name: str) -> None:
    design = design_named(name)
    canvas = design.canvas(COARSE_MM)
    inside = canvas.coverage(design.outline, *design.holes) > 0.5
    columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
    sizes = sizes_of(design)
    assert np.ptp(columns) * COARSE_MM == pytest.approx(sizes["width"], abs=2 * COARSE_MM)
    assert np.ptp(rows) * COARSE_MM == pytest.approx(sizes["height"], abs=2 * COARSE_MM)
    assert sizes["min-feret"] <= min(sizes["width"], sizes["height"]) + 1e-9
    assert sizes["max-feret"] >= max(sizes["width"], sizes["height"]) - 1e-9
    assert sizes_of(design, 1.01)["width"] == pytest.approx(1.01 * sizes["width"])


def test_enamel_lies_below_the_metal_and_climbs_its_walls() -> None:
    design = design_named("shield")
    relief = build_relief(design, design.canvas(COARSE_MM))
    enamel = relief.labels >= FIRST_CELL
    deep, near = enamel & (relief.wall_mm > 0.6), enamel & (relief.wall_mm < 0.05)
    assert relief.height_mm[deep].mean() == pytest.approx(design.thickness_mm - design.depth_mm, abs=0.005)
    assert relief.height_mm[near].mean() > relief.height_mm[deep].mean() + 0.03
    assert relief.height_mm[relief.labels == METAL].max() <= design.thickness_mm + 1e-5


def test_the_emblem_moves_as_its_truth_says() -> None:
    design = design_named("fox")
    canvas = design.canvas(0.02)

    def middle(logo: LogoShift) -> tuple[np.ndarray, float]:
        ys, xs, layers = emblem_masks(canvas, design, logo)
        rows, columns = np.nonzero(layers["metal"])
        points = np.stack([columns + xs.start, rows + ys.start], axis=1) - np.array(canvas.origin_px)
        points = points * canvas.pitch_mm
        spread = np.cov(points.T)
        return points.mean(axis=0), 0.5 * np.degrees(np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1]))

    still, heading = middle(LogoShift())
    moved, _ = middle(LogoShift(0.4, -0.24))
    _, turned = middle(LogoShift(rotation_deg=5.0))
    assert np.allclose(moved - still, (0.4, -0.24), atol=1e-3)
    assert (turned - heading) % 180 == pytest.approx(5.0, abs=0.1)  # positive clockwise as seen, y down


@pytest.mark.parametrize("kind", ["pit", "bubble", "speck"])
def test_a_round_defect_has_the_size_it_says(kind: str) -> None:
    design = design_named("keychain")
    piece = start(design, LogoShift(), 0.02)
    before = piece.height_mm.copy()
    made = apply(piece, Defect(kind, 3.0, -8.4, 0.4, seed=3))
    rows, _ = np.nonzero(made.mask)
    assert made.size_mm == pytest.approx(2 * np.sqrt(len(rows) * 0.02**2 / np.pi))
    assert made.size_mm == pytest.approx(0.4, rel=0.12)
    assert made.region == "mustard"
    window = (piece.height_mm - before)[made.rows, made.columns]
    assert np.abs(window[made.mask]).max() > 0.004
    assert np.abs(window[~made.mask]).max() < 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_cuts_the_same_defect(kind: str) -> None:
    design = design_named("keychain")
    wish = Defect(kind, -9.0, 7.6, 0.08 if kind in ("scratch", "lint") else 0.5, seed=8, length_mm=2.0, angle_deg=20)
    pieces = [start(design, LogoShift(), COARSE_MM) for _ in range(3)]
    made = [apply(piece, replace(wish, seed=s)) for piece, s in zip(pieces, (8, 8, 9), strict=True)]
    assert np.array_equal(pieces[0].height_mm, pieces[1].height_mm)
    assert np.array_equal(pieces[0].labels, pieces[1].labels)
    assert not np.array_equal(pieces[0].labels, pieces[2].labels) or not np.array_equal(
        pieces[0].height_mm, pieces[2].height_mm
    )
    assert made[0].area_mm2 == made[1].area_mm2 > 0


def test_the_verdict_follows_the_limits() -> None:
    design = design_named("keychain")
    plan = golden_plan(1)
    logo = {"name": "cup", "offset_mm": 0.0, "rotation_deg": 0.0, "scale": 1.0}
    sizes = sizes_of(design)
    region = {"name": "cream", "delta_e_2000": 0.4}
    pit = {"kind": "pit", "size_mm": 0.19, "length_mm": 0.0, "region": "cream"}

    def verdict(**change: object) -> str:
        given = {"regions": [region], "sizes": sizes, "logo": logo, "defects": [pit]} | change
        return judge(plan, readings(design, **given))[0]  # type: ignore[arg-type]

    assert verdict() == "conforms"
    assert verdict(regions=[region | {"delta_e_2000": 2.5}]) == "undecided"
    assert verdict(regions=[region | {"delta_e_2000": 3.1}]) == "nonconforms"
    assert verdict(sizes=sizes | {"width": sizes["width"] - 0.16}) == "nonconforms"
    assert verdict(logo=logo | {"offset_mm": 0.31}) == "nonconforms"
    assert verdict(defects=[pit | {"size_mm": 0.21}]) == "nonconforms"
    assert verdict(defects=[pit | {"kind": "dust", "size_mm": 0.5}]) == "conforms"
    nearest = closest(readings(design, [region], sizes, logo, [pit]))
    assert (nearest["characteristic"], nearest["share"]) == ("pit:cream", pytest.approx(0.95))


def test_toml_text_reads_back() -> None:
    table = {
        "schema": 1,
        "text": 'a "quoted" \\ line\nwith a tab\t',
        "numbers": [1.0, -2.5e-7, 3.0],
        "nested": {"flag": True, "pairs": [[1, 2], [3, 4]], "deep": {"x": 0.1}},
        "rows": [{"name": "a", "sub": {"k": 1}}, {"name": "b", "list": [{"n": 1}, {"n": 2}]}],
        "none": [],
    }
    assert tomllib.loads(toml_text(table)) == table
