"""Region means and their CIEDE2000 against the golden, on drawn parts of known colour."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from station.measure.colour import ERODE_PX, U_OTHER_CAMERA, U_PLATING, delta_e_2000, measure_regions, region_mean
from station.measure.placements import supported_limits, with_placements
from station.store.masters import load_master, master_digest, save_master
from station.values.colour import ColourCorrection, Lab, LinearRGB, lab_to_xyz
from station.values.geometry import Frame, Similarity
from station.values.line import METAL, Aligned, Master, RegionMaster

SHAPE = (160, 240)
IDENTITY = ColourCorrection(np.zeros(3), np.ones(3), np.eye(3), "3x3, perceptual", 0.8)
SKY, SUN, PLATE = (60.0, -8.0, -28.0), (75.0, 15.0, 60.0), (70.0, 4.0, 22.0)


def labels() -> np.ndarray:
    m = np.full(SHAPE, METAL, dtype=np.uint8)
    m[20:140, 20:100] = 2
    m[20:140, 110:190] = 3
    m[20:140, 200:230] = 4
    return m


def light(lab: tuple[float, float, float]) -> np.ndarray:
    return lab_to_xyz(Lab(np.array(lab)))


def picture(*, sky=SKY, sun=SUN, plate=PLATE, noise: float = 0.01, seed: int = 1) -> np.ndarray:
    image = np.empty((*SHAPE, 3))
    image[:] = 0.4
    m = labels()
    for label, lab in ((2, sky), (3, sun), (4, plate)):
        image[m == label] = light(lab)
    image += np.random.default_rng(seed).normal(0, noise, image.shape)
    return image.astype(np.float32)


def master(image: np.ndarray | None = None, scale_source: str = "rig") -> Master:
    image = picture(seed=9) if image is None else image
    m, none = labels(), np.zeros(SHAPE, dtype=bool)
    regions = []
    for label, name, surface in ((2, "sky", "soft enamel"), (3, "sun", "soft enamel"), (4, "plate", "plating")):
        seen = region_mean(LinearRGB(image), m, label, none, IDENTITY, surface=surface)
        regions.append(
            RegionMaster(
                name,
                surface,
                label,
                seen.lab,
                seen.u,
                (0.0, 0.0),
                10.0,
                rgb=seen.rgb,
                cov=seen.cov,
                scatter=seen.scatter,
            )
        )
    return Master(
        number="GS-1",
        version=1,
        sheet_digest="",
        photo_sha256="",
        frame=Frame(0.03, SHAPE[1], SHAPE[0], (120.0, 80.0)),
        image=LinearRGB(image),
        correction=IDENTITY,
        labels=m,
        outline_mm=np.zeros((0, 2)),
        holes_mm=(),
        thickness_mm=1.6,
        regions=tuple(regions),
        marks=(),
        sizes_mm={},
        u_scale=1e-3,
        scale_source=scale_source,
        noise=0.01,
        blur_px=1.0,
        pose=Similarity(),
    )


def aligned(image: np.ndarray, *, clipped=None, valid=None, correction=IDENTITY, scale_source: str = "rig") -> Aligned:
    return Aligned(
        image=LinearRGB(image),
        clipped=np.zeros(SHAPE, dtype=bool) if clipped is None else clipped,
        valid=np.ones(SHAPE, dtype=bool) if valid is None else valid,
        similarity=Similarity(),
        rms_px=0.1,
        overlap=1.0,
        u_offset_mm=0.005,
        u_rotation_deg=0.01,
        u_scale=1e-3,
        correction=correction,
        scale_source=scale_source,
        noise=0.01,
        blur_px=1.0,
    )


def by_name(measurements) -> dict:
    return {m.characteristic: m for m in measurements}


def test_the_difference_and_its_parts_come_back() -> None:
    shifted = (62.0, -8.0, -28.0)
    found = by_name(measure_regions(aligned(picture(sky=shifted)), master()))
    assert list(found) == ["colour:sky", "colour:sun", "colour:plate"]
    sky = found["colour:sky"]
    truth = float(delta_e_2000(Lab(np.array(SKY)), Lab(np.array(shifted))))
    assert sky.kind == "colour"
    assert sky.unit == "CIEDE2000"
    assert sky.value == pytest.approx(truth, abs=0.05)
    assert sky.detail["dL"] == pytest.approx(2.0, abs=0.06)
    assert abs(sky.detail["dC"]) < 0.1
    assert abs(sky.detail["dH"]) < 0.1
    assert sky.detail["lab"] == pytest.approx(shifted, abs=0.15)
    assert sky.detail["lab_golden"] == pytest.approx(SKY, abs=0.15)
    sun = found["colour:sun"]
    assert sun.value < 0.15
    assert 0 < sun.u < 1.0


def test_the_same_picture_is_no_difference_at_all() -> None:
    image = picture(seed=9)
    for m in measure_regions(aligned(image), master(image)):
        assert m.value == 0.0


def test_specks_at_the_edge_and_inside_do_not_move_the_mean() -> None:
    image = picture()
    image[20:140, 20 : 20 + ERODE_PX] = 0.9  # the wall's bleed along one edge
    image[60:70, 50:62] = 0.01  # a speck of three per cent
    found = by_name(measure_regions(aligned(image), master()))
    assert found["colour:sky"].value < 0.15


def test_metal_is_compared_by_its_middle_tone() -> None:
    image = picture()
    clipped = np.zeros(SHAPE, dtype=bool)
    image[20:60, 200:230] = 1.0
    clipped[20:60, 200:230] = True
    image[120:140, 200:230] *= 0.3  # a dark reflection
    found = by_name(measure_regions(aligned(image, clipped=clipped), master()))
    assert found["colour:plate"].value is not None
    assert found["colour:plate"].value < 0.6


@pytest.mark.parametrize(
    ("spoil", "why"), [("clipped", "clipped or glares"), ("hidden", "not wholly"), ("card", "colour card")]
)
def test_what_cannot_be_decided_says_why(spoil: str, why: str) -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[20:80, 20:100] = True
    unit = {
        "clipped": aligned(picture(), clipped=mask),
        "hidden": aligned(picture(), valid=~mask),
        "card": aligned(picture(), correction=None),
    }[spoil]
    sky = by_name(measure_regions(unit, master()))["colour:sky"]
    assert sky.value is None
    assert why in sky.why


def test_a_veil_of_glare_over_half_a_region_is_not_judged() -> None:
    image = picture()
    veil = np.clip((np.arange(SHAPE[1]) - 40) / 60, 0, 1)[None, :, None] * 0.5
    image[:, 20:100] += veil[:, 20:100].astype(np.float32)
    found = by_name(measure_regions(aligned(image), master()))
    assert found["colour:sky"].value is None
    assert "uneven" in found["colour:sky"].why
    assert found["colour:sun"].value is not None


def test_a_textured_region_may_scatter_as_its_golden_does() -> None:
    texture = np.where((np.indices(SHAPE) // 24).sum(axis=0) % 2, 1.25, 0.8)[..., None]
    image, golden = picture(noise=0.002) * texture, picture(noise=0.002, seed=9) * texture
    found = by_name(measure_regions(aligned(image.astype(np.float32)), master(golden.astype(np.float32))))
    assert found["colour:sky"].value is not None
    assert found["colour:sky"].value < 0.5


def test_a_golden_without_colour_and_a_region_without_pixels() -> None:
    golden = master()
    blank = dataclasses.replace(golden, regions=(dataclasses.replace(golden.regions[0], lab=None), golden.regions[1]))
    found = by_name(measure_regions(aligned(picture()), blank))
    assert found["colour:sky"].value is None
    assert "golden" in found["colour:sky"].why
    gone = dataclasses.replace(golden, regions=(dataclasses.replace(golden.regions[0], label=9),))
    assert "too small" in measure_regions(aligned(picture()), gone)[0].why


def test_a_thin_region_is_measured_along_its_middle() -> None:
    m = np.zeros(SHAPE, dtype=np.uint8)
    m[50:56, 20:220] = 2
    image = np.full((*SHAPE, 3), 0.9, dtype=np.float32)
    image[50:56] = light(SKY)
    seen = region_mean(LinearRGB(image), m, 2, np.zeros(SHAPE, dtype=bool), IDENTITY)
    assert seen.lab == pytest.approx(SKY, abs=0.01)


def test_the_scatter_grows_with_the_noise_and_covers_the_error() -> None:
    none, m = np.zeros(SHAPE, dtype=bool), labels()
    errors, claims = [], []
    for seed in range(30):
        seen = region_mean(LinearRGB(picture(noise=0.05, seed=seed)), m, 2, none, IDENTITY)
        assert seen.lab is not None
        errors.append(float(delta_e_2000(Lab(np.array(SKY)), Lab(seen.lab))))
        claims.append(seen.u)
    calm = region_mean(LinearRGB(picture(noise=0.01)), m, 2, none, IDENTITY)
    assert calm.u < 0.5 * np.mean(claims)
    rms = float(np.sqrt(np.mean(np.square(errors))))
    assert 0.4 * rms < np.mean(claims) < 2.5 * rms


def test_another_camera_carries_the_uncertainty_of_another_camera() -> None:
    bench = by_name(measure_regions(aligned(picture()), master()))["colour:sky"]
    supplier = by_name(measure_regions(aligned(picture(), scale_source="card"), master()))["colour:sky"]
    assert bench.u < 1.0
    assert supplier.detail["best_limit"] == pytest.approx(2 * U_OTHER_CAMERA, rel=0.05)
    assert supplier.u >= supplier.detail["best_limit"] * 0.99
    assert supplier.detail["u_parts"]["camera"] == pytest.approx(U_OTHER_CAMERA, rel=0.01)
    assert "camera" not in bench.detail["u_parts"]
    assert "no common bench" in supplier.method


def test_two_benches_are_no_common_bench() -> None:
    golden = dataclasses.replace(master(), bench="digest a")
    here, there, nowhere = (dataclasses.replace(aligned(picture()), bench=b) for b in ("digest a", "digest b", None))
    assert "same bench" in measure_regions(here, golden)[0].method
    assert "no common bench" in measure_regions(there, golden)[0].method
    assert "camera" in measure_regions(there, golden)[0].detail["u_parts"]
    assert "no common bench" in measure_regions(nowhere, golden)[0].method
    sealed_before = dataclasses.replace(golden, bench=None)  # it does not say which bench
    assert "same bench" in measure_regions(there, sealed_before)[0].method


def test_the_budget_names_its_parts_and_adds_up_to_u() -> None:
    shifted = aligned(picture(sky=(63.0, -8.0, -28.0)))
    sky = by_name(measure_regions(shifted, master()))["colour:sky"]
    parts = sky.detail["u_parts"]
    assert list(parts) == ["pixels", "coding", "card", "position", "drift", "placement", "correction"]
    combined = float(np.sqrt(sum(p**2 for p in parts.values())))
    assert sky.u == pytest.approx(2 * combined + sky.detail["u_bias"], abs=2e-3)
    assert parts["coding"] == 0.0  # neither picture was coded with loss
    assert parts["correction"] == pytest.approx(0.03 * sky.value, rel=0.05)  # the norm bends a little


def test_a_coarser_file_and_a_turned_part_are_less_certain() -> None:
    sky = by_name(measure_regions(aligned(picture()), master()))["colour:sky"]
    coarse = dataclasses.replace(aligned(picture()), coding_step=(0.75, 0.9))
    coded = by_name(measure_regions(coarse, master()))["colour:sky"]
    assert coded.detail["u_parts"]["coding"] > 0.05
    assert coded.u > sky.u
    turned = dataclasses.replace(aligned(picture()), similarity=Similarity(0.0, 0.0, 180.0, 1.0))
    veiled = by_name(measure_regions(turned, master()))["colour:sky"]
    assert veiled.detail["u_parts"]["placement"] > 2 * sky.detail["u_parts"]["placement"]


def test_metal_says_what_was_masked_and_how_it_varies_from_place_to_place() -> None:
    image = picture()
    image[20:60, 200:230] = 1.0
    golden = master()
    plate = by_name(measure_regions(aligned(image), golden))["colour:plate"]
    assert plate.detail["specular_share"] == pytest.approx(1 / 3, abs=0.04)
    assert plate.value < 0.6  # and the mask keeps it out of the tone
    assert plate.detail["u_parts"]["placement"] == pytest.approx(U_PLATING, rel=0.1)
    assert "no absolute tone" in plate.method
    seen = tuple(dataclasses.replace(r, u_placement=0.3) for r in golden.regions)
    again = by_name(measure_regions(aligned(image), dataclasses.replace(golden, regions=seen)))["colour:plate"]
    assert again.detail["u_parts"]["placement"] == pytest.approx(0.3 * 2**0.5, rel=0.1)
    assert again.u < 0.6 * plate.u


def test_one_bench_compares_the_cards_readings_and_not_two_corrections() -> None:
    rng = np.random.default_rng(5)
    patches = rng.uniform(0.03, 0.9, (24, 3))
    cast = np.diag([1.06, 0.97, 1.10]) + 0.004  # exposure and white balance of another moment
    golden = dataclasses.replace(master(), card_light=patches)
    read = patches @ cast
    read[3] = np.nan  # a clipped patch
    unit = dataclasses.replace(
        aligned((picture() @ cast).astype(np.float32)),
        card_light=read,
        correction=dataclasses.replace(IDENTITY, matrix=np.diag([1.0, 1.02, 0.9])),  # fitted anew, and off
    )
    for m in measure_regions(unit, golden):
        assert m.value < 0.25, m.characteristic
    lacking = dataclasses.replace(golden, card_light=None)
    assert measure_regions(unit, lacking)[0].value > 2.0


def test_placements_of_the_golden_give_the_spread_of_its_colours() -> None:
    golden = master()
    rng = np.random.default_rng(8)
    shots = []
    for light_of_metal in 1 + rng.normal(0, 0.06, 12):
        image = picture(noise=0.004)
        image[20:140, 200:230] *= light_of_metal
        shots.append(aligned(image))
    found = {r.name: r for r in with_placements(golden, shots).regions}
    tones = [delta_e_2000(Lab(np.array(PLATE)), IDENTITY.lab(light(PLATE) * f)) for f in (0.94, 1.06)]
    assert found["plate"].u_placement == pytest.approx(float(np.mean(tones)), rel=0.4)
    assert found["sky"].u_placement < 0.25 * found["plate"].u_placement
    one = {r.name: r for r in with_placements(golden, shots[:1]).regions}
    assert one["plate"].u_placement > 0.6 * U_PLATING / 2**0.5  # one placement says little: the surface's own counts
    assert with_placements(golden, []).regions == golden.regions


def test_a_golden_photographed_anywhere_supports_no_narrow_limit() -> None:
    bench, anywhere = supported_limits(master()), supported_limits(master(scale_source="card"))
    assert bench["sky"] < 1.0
    assert bench["plate"] == pytest.approx(2 * U_PLATING, rel=0.05)
    assert 3.9 < anywhere["sky"] < 4.5
    blank = master()
    blank = dataclasses.replace(blank, regions=(dataclasses.replace(blank.regions[0], lab=None), *blank.regions[1:]))
    assert list(supported_limits(blank)) == ["sun", "plate"]


def test_a_master_is_stored_with_what_its_uncertainty_needs_and_an_old_one_still_loads() -> None:
    card = np.random.default_rng(3).uniform(0, 1, (24, 3))
    card[5] = np.nan
    golden = dataclasses.replace(master(), card_light=card, coding_step=(0.75, 0.875), bench="digest a")
    golden = with_placements(golden, [aligned(picture())])
    data, document = save_master(golden)
    again = load_master(data, json.loads(json.dumps(document)), master_digest(document))
    assert again.card_light == pytest.approx(card, nan_ok=True)
    assert again.coding_step == (0.75, 0.875)
    assert again.bench == "digest a"
    for one, other in zip(golden.regions, again.regions, strict=True):
        assert other.u_placement == one.u_placement
        assert other.scatter == one.scatter
        assert one.rgb is None or other.rgb == pytest.approx(one.rgb)
        assert one.cov is None or other.cov == pytest.approx(one.cov)
    for key in ("card_light", "coding_step", "bench"):
        del document[key]
    document["rig"] = "bench-a"  # once kept, and no identity
    for row in document["regions"]:
        for key in ("rgb", "cov", "scatter", "u_placement"):
            del row[key]
    old = load_master(data, document, master_digest(document))
    assert old.card_light is None
    assert old.bench is None
    sky = by_name(measure_regions(aligned(picture()), old))["colour:sky"]
    assert sky.value is not None
    assert 0 < sky.u < 1
