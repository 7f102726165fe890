"""The renderer's further scenes: metameric enamels, parts side by side under a chosen light, re-placements."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

from sample_data.renderer import __main__ as commands
from sample_data.renderer import bench, lamps, materials, metamers, spectra
from sample_data.renderer.designs import DESIGN_NAMES, design_named
from sample_data.renderer.together import GAP_MM, SIZE_PX, Together, again_plan, shoot_together, together_truth
from sample_data.renderer.units import UnitPlan, golden_plan, lot_plan, manufacture
from station.errors import RequestError
from station.values.colour import srgb_decode


@pytest.mark.parametrize("name", DESIGN_NAMES)
def test_enamels_have_a_metamer_between_daylight_and_the_tube(name: str) -> None:
    for cell in design_named(name).cells[::2]:
        r = materials.reflectance_of(materials.recipe_for(cell.lab))
        other = metamers.metamer(r, "D50", "FL11", 4.0)
        assert materials.delta_e_2000(spectra.lab(r), spectra.lab(other)) < 0.01
        assert materials.delta_e_2000(spectra.lab(r, "FL11"), spectra.lab(other, "FL11")) == pytest.approx(4, abs=0.01)
        assert other.min() >= metamers.DARKEST
        assert other.max() <= metamers.BRIGHTEST
        seen = metamers.seen_by_camera(np.stack([r, other]), lamps.booth("d50"))
        assert materials.delta_e_2000(*seen) < 0.05


def test_the_camera_alone_tells_a_pair_that_only_the_eye_finds_alike() -> None:
    r = materials.reflectance_of(materials.recipe_for("teal"))
    other = metamers.metamer(r, "D50", "FL11", 4.0, camera_too=False)
    assert materials.delta_e_2000(spectra.lab(r), spectra.lab(other)) < 0.01
    seen = metamers.seen_by_camera(np.stack([r, other]), lamps.booth("d50"))
    assert materials.delta_e_2000(*seen) > 0.3


def test_an_impossible_metamer_is_refused() -> None:
    r = materials.reflectance_of(materials.recipe_for("black"))
    with pytest.raises(RequestError, match="no enamel matches"):
        metamers.metamer(r, "D50", "D65", 40.0)


def test_the_camera_shows_its_card_within_reason_under_every_light() -> None:
    patches = spectra.card_patches()[1]
    for light in lamps.LIGHTS:
        far = materials.delta_e_2000(metamers.seen_by_camera(patches, lamps.booth(light)), spectra.lab(patches))
        assert np.median(far) < 4, light


SCALE = 0.2


@pytest.fixture(scope="module")
def pair() -> tuple[list[UnitPlan], Together, dict[str, object]]:
    design = design_named("keychain")
    own = lot_plan(design, 4, 3)[0]
    own = replace(own, variation=replace(own.variation, metamers={"mint": ("D50", "FL11", 4.0)}, colours={}))
    plans = [golden_plan(3), own]
    made = [manufacture(design, p) for p in plans]
    shot = shoot_together(design, made, light="tl84", seed=8, scale=SCALE)
    return plans, shot, together_truth(design, plans, made, shot, "pair.jpg")


def test_parts_and_card_lie_apart_and_inside(pair: tuple[list[UnitPlan], Together, dict[str, object]]) -> None:
    _, shot, truth = pair
    parts = truth["parts"]
    assert isinstance(parts, list)
    things = [np.array(p["outline_px"]) for p in parts]
    card = bench.corners(shot.rig.card.size_mm, shot.card.x_mm, shot.card.y_mm, shot.card.rotation_deg)
    things.append(shot.rendered.camera.project(np.pad(card, ((0, 0), (0, 1)))))
    for thing in things:
        assert thing.min() > 0
        assert (thing.max(axis=0) < np.array(SIZE_PX) * SCALE).all()
    gap_px = 0.7 * GAP_MM / shot.rig.pixel_mm * SCALE
    for a, b in combinations(things, 2):
        away = [cv2.pointPolygonTest(a.astype(np.float32), (float(x), float(y)), True) for x, y in b]
        assert max(away) < -gap_px


def test_truth_lies_on_the_picture(pair: tuple[list[UnitPlan], Together, dict[str, object]]) -> None:
    _, shot, truth = pair
    parts, owner = truth["parts"], shot.rendered.owner
    assert isinstance(parts, list)
    for number, part in enumerate(parts, start=1):
        drawn = np.zeros(owner.shape, dtype=np.uint8)
        cv2.fillPoly(drawn, [np.rint(np.array(part["outline_px"])).astype(np.int32)], 1)
        seen = owner == number
        assert (seen & (drawn > 0)).sum() / (seen | (drawn > 0)).sum() > 0.9


def test_a_metameric_region_shows_in_the_photo_under_the_other_light(
    pair: tuple[list[UnitPlan], Together, dict[str, object]],
) -> None:
    _, shot, truth = pair
    pairs = {p["region"]: p for p in truth["pairs"]}  # type: ignore[attr-defined]
    assert pairs["mint"]["delta_e_2000_d50"] < 0.01
    assert pairs["mint"]["delta_e_2000_light"] == pytest.approx(4, abs=0.02)
    assert pairs["cream"]["delta_e_2000_light"] == 0
    label = 4 + [c.name for c in design_named("keychain").cells].index("mint")

    def mean(owner: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        inside = (shot.rendered.owner == owner) & (shot.rendered.labels == label)
        inside = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        return np.median(srgb_decode(shot.rendered.picture[inside] / 255), axis=0)

    golden, unit = mean(1), mean(2)
    ratio = unit / golden
    assert np.ptp(ratio / ratio.mean()) > 0.03  # more than a difference of exposure


def test_one_seed_one_arrangement_whatever_the_light() -> None:
    design = design_named("keychain")
    made = [manufacture(design, golden_plan(3))]
    one, again = (shoot_together(design, made, light="a", seed=8, scale=0.05) for _ in range(2))
    other = shoot_together(design, made, light="d65", seed=8, scale=0.05)
    assert [v.pose for v in one.views] == [v.pose for v in other.views]
    assert one.rendered.jpeg == again.rendered.jpeg
    assert one.rendered.jpeg != other.rendered.jpeg
    with pytest.raises(KeyError):
        shoot_together(design, made, light="candle", seed=8)


def test_too_many_workpieces_find_no_room() -> None:
    design = design_named("keychain")
    made = [manufacture(design, golden_plan(3))] * 40
    with pytest.raises(ValueError, match="no room"):
        shoot_together(design, made, seed=1, scale=0.05)


def test_again_is_the_same_workpiece_elsewhere() -> None:
    plan = lot_plan(design_named("keychain"), 4, 3)[0]
    first, second = again_plan(plan, 1), again_plan(plan, 2)
    assert first == again_plan(plan, 1)
    assert first.variation == second.variation == plan.variation
    assert len({p.seed for p in (plan, first, second)}) == 3
    assert len({p.turn_deg for p in (plan, first, second)}) == 3


def test_the_command_writes_photos_with_their_truth(tmp_path: Path) -> None:
    command = "together keychain --light led --units 1 --metamer mint --scale 0.05 --seed 3"
    commands.main([*command.split(), "--out", str(tmp_path)])
    truth = tomllib.loads((tmp_path / "keychain-together.toml").read_text())
    assert [p["light"] for p in truth["photos"]] == ["led"]
    for photo in truth["photos"]:
        assert (tmp_path / photo["photo"]).stat().st_size > 500
        assert [p["role"] for p in photo["parts"]] == ["golden", "unit"]
    with pytest.raises(SystemExit, match="no region"):
        commands.main(["together", "keychain", "--metamer", "moss", "--seed", "3", "--out", str(tmp_path)])


def test_the_commands_lights_are_the_booths() -> None:
    assert tuple(lamps.LIGHTS) == commands.LIGHTS
