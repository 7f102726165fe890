"""The renderer's spectra, lamps and sensor, held against colour-science and against what physics demands."""

from __future__ import annotations

import tomllib
import warnings
from types import ModuleType

import numpy as np
import pytest

from sample_data.renderer import camera, lamps, materials, spectra
from sample_data.renderer.bench import CardSpec
from sample_data.renderer.part import Surface
from station.errors import RequestError
from station.values.bench import CardReference


@pytest.fixture(scope="module")
def colour() -> ModuleType:
    return spectra.colour_science()


@pytest.mark.parametrize("light", ["D50", "D65"])
@pytest.mark.parametrize("name", ["sky", "navy", "yellow", "red", "white", "black"])
def test_enamel_lab_agrees_with_colour_science(colour: ModuleType, name: str, light: str) -> None:
    reflectance = materials.reflectance_of(materials.recipe_for(name))
    sd = colour.SpectralDistribution(reflectance, spectra.WAVELENGTHS_NM)
    observer = "CIE 1931 2 Degree Standard Observer"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells that it aligns the wavelengths
        xyz = colour.sd_to_XYZ(sd, colour.MSDS_CMFS[observer], colour.SDS_ILLUMINANTS[light]) / 100
    theirs = colour.XYZ_to_Lab(xyz, colour.CCS_ILLUMINANTS[observer][light])
    assert np.abs(spectra.lab(reflectance, light) - theirs).max() < 0.06


def test_kubelka_munk_inverts_to_the_ratio_it_came_from() -> None:
    recipe = {"white": 1.0, "black": 0.02}
    outer = materials.reflectance_of(recipe)
    inner = outer / ((1 - materials.K1) * (1 - materials.K2) + materials.K2 * outer)
    ratio = (1 - inner) ** 2 / (2 * inner)
    at_550 = int(np.argmin(np.abs(spectra.WAVELENGTHS_NM - 550)))
    absorbed, scattered = (0.0015 + 0.02 * 18.0), (1.0 + 0.02 * 0.05)  # the pigments' tables at 550 nm
    assert ratio[at_550] == pytest.approx(absorbed / scattered, rel=1e-6)


@pytest.mark.parametrize(("name", "far"), [("sky", 3.0), ("teal", 3.0), ("grey", 0.5), ("black", 0.5), ("purple", 0.5)])
def test_a_recipe_hits_the_lab_it_is_asked_for(name: str, far: float) -> None:
    target = materials._TRADE[name]
    assert (
        materials.delta_e_2000(np.array(target), spectra.lab(materials.reflectance_of(materials.recipe_for(target))))
        < far
    )


@pytest.mark.parametrize("direction", ["lighter", "darker", "redder", "bluer", "yellow", None])
def test_a_shift_is_as_large_as_it_says(direction: str | None) -> None:
    recipe = materials.recipe_for("teal")
    moved = materials.shift_recipe(recipe, 1.7, direction, np.random.default_rng(3))
    a, b = (spectra.lab(materials.reflectance_of(r)) for r in (recipe, moved))
    assert materials.delta_e_2000(a, b) == pytest.approx(1.7, abs=2e-3)


def test_impossible_recipes_are_refused() -> None:
    with pytest.raises(RequestError, match="mauvium"):
        materials.reflectance_of({"mauvium": 1.0})
    with pytest.raises(RequestError, match="shifted"):
        materials.shift_recipe({"white": 1.0}, 5.0, "white")
    with pytest.raises(RequestError, match="no metal"):
        materials.metal_reflectance(Surface("unobtainium", "metal"))


def test_oxide_darkens_and_browns_a_metal() -> None:
    bright, dull = (materials.lab(Surface("brass", "metal", {"oxide": x})) for x in (0.0, 0.6))
    assert dull[0] < bright[0] - 15
    assert dull[1] > bright[1]


@pytest.mark.parametrize("layout", ["dome", "ring"])
def test_every_lamp_lights_a_flat_diffuser_alike(layout: str) -> None:
    tables = lamps.tables(layout)
    assert tables.visible[:, 0].sum(axis=0) == pytest.approx([1, 1], abs=1e-5)
    assert np.all(np.diff(tables.visible.sum(axis=0), axis=0) <= 1e-6)  # a higher horizon never lets in more
    middle = lamps.GRID // 2
    assert tables.diffuse[middle, middle, :2] == pytest.approx([1, 1], abs=0.03)


def test_the_camera_renders_its_own_card_well_under_its_lamp() -> None:
    lamp = lamps.Lamp()
    gains, matrix = camera.colour_matrix(lamp)
    main, ambient = lamp.power()
    patches = spectra.card_patches()[1]
    seen = np.clip(spectra.raw(patches, main + ambient) * gains @ matrix.T, 0, 1)
    seen *= 0.9 / (spectra.raw(np.full((1, 81), 0.9), main + ambient) * gains @ matrix.T).mean()
    wanted = camera.linear_srgb(spectra.lab(patches))
    inside = (wanted > 0).all(axis=1)
    assert np.abs(seen - wanted)[inside].mean() < 0.012
    grey = spectra.raw(np.full(81, 0.4), main + ambient) * gains @ matrix.T
    assert np.ptp(grey) < 1e-9


def test_demosaicing_keeps_flat_fields_and_moves_no_edge() -> None:
    flat = camera._demosaic(np.full((12, 16), 0.3, dtype=np.float32))
    assert flat == pytest.approx(np.full((12, 16, 3), 0.3), abs=1e-6)
    x = np.arange(64)
    profile = 0.1 + 0.7 / (1 + np.exp(-(x - 31.3) / 0.7))
    rgb = camera._demosaic(np.tile(profile, (64, 1)).astype(np.float32))[16:48]
    found = [63.5 - np.sum((line - line[0]) / (line[-1] - line[0])) for line in rgb.mean(axis=(0, 2))[None]]
    assert found[0] == pytest.approx(31.3, abs=0.02)


def test_the_card_certificate_is_a_card_of_the_station() -> None:
    card = CardReference.model_validate(tomllib.loads(CardSpec().toml()))
    assert (card.columns, card.rows, len(card.patches)) == (6, 4, 24)
    assert (card.patches[0].name, card.patches[-1].name) == ("dark skin", "black 2")
    assert materials.delta_e_2000(card.lab[21], np.array([50.87, -0.27, 0.10])) < 2.0  # neutral 5 of the usual card
