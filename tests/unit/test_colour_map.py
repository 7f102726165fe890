"""Colour maps against the exact formula: random colours, greys, opposite hues, every kind of picture and correction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from station.measure.colour_map import colour_map, lab_planes, spans_of
from station.values.colour import ColourCorrection, DeviceRGB, Lab, LabSpline, LinearRGB, lab_to_xyz, srgb_decode
from station.values.difference import delta_e_2000

ALLOWED = 0.002
MATRIX = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
CURVED = ColourCorrection(np.array([0.01, 0.0, -0.01]), np.array([1.05, 0.93, 1.2]), MATRIX, "curve", 1.0)
BENT = ColourCorrection(np.array([0.01, 0.0, -0.01]), np.array([1.05, 0.93, 1.2]), MATRIX, "bent", 1.0, shoulder=0.4)
PLAIN = ColourCorrection(np.zeros(3), np.ones(3), MATRIX, "3x3", 1.0)
ROOTS = replace(PLAIN, roots=np.array([[0.02, -0.01, 0.0], [0.0, 0.03, -0.02], [0.01, 0.0, -0.02]]))


def exact(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """CIEDE2000 in float64 of two stacks of Lab planes (3, H, W)."""
    return delta_e_2000(*(Lab(np.moveaxis(v.astype(np.float64), 0, -1)) for v in (one, other)))


SEEN = ColourCorrection(np.zeros(3), np.ones(3), np.eye(3), "none", 1.0)
"""Takes the picture's three channels for XYZ."""


def farthest(golden: np.ndarray, seen: np.ndarray) -> float:
    """How far the map of a picture in the colours ``seen`` is from the exact difference, both (3, H, W) Lab planes.

    A picture has no negative light: a colour that needs it is left at the rim of what there is. The exact difference is
    that of the Lab which the map itself makes: the formula takes the root of a grey's chroma, so that 1e-5 in Lab, the
    rounding of float32, is 0.03 beside a strong colour.
    """
    light = np.maximum(lab_to_xyz(Lab(np.moveaxis(seen.astype(np.float64), 0, -1))), 0).astype(np.float32)
    made = lab_planes(LinearRGB(light), SEEN)
    there = np.moveaxis(SEEN.lab(light).values, -1, 0)
    assert np.abs(made - there).max() <= 3e-6 * max(np.abs(there).max(), 1.0)
    return float(np.abs(colour_map(LinearRGB(light), SEEN, golden) - exact(golden, made)).max())


def planes(rng: np.random.Generator, n: int = 160_000) -> np.ndarray:
    height = n // 400
    spread = [(0, 100), (-110, 110), (-110, 110)]
    return np.stack([rng.uniform(low, high, (height, 400)) for low, high in spread]).astype(np.float32)


@pytest.mark.parametrize("distance", [0.3, 3.0, 60.0])
def test_random_colours(distance: float) -> None:
    rng = np.random.default_rng(5)
    one = planes(rng)
    other = (one + rng.normal(0, distance, one.shape)).astype(np.float32)
    assert farthest(one, other) <= ALLOWED


def test_greys_opposite_hues_and_the_blue_region() -> None:
    rng = np.random.default_rng(6)
    one = planes(rng, 40_000)
    grey = one * np.array([1, 0, 0], np.float32)[:, None, None]
    # At exactly opposite hues the formula jumps, and no picture is on one side of that: so close by, on both.
    turns = [(np.cos(t), np.sin(t)) for t in np.radians([179.9, 180.1])]
    opposite = [np.stack([one[0], c * one[1] - s * one[2], s * one[1] + c * one[2]]) for c, s in turns]
    for other in (grey, *(o.astype(np.float32) for o in opposite), one, np.zeros_like(one)):
        assert farthest(one, other) <= ALLOWED
        assert farthest(other, one) <= ALLOWED
    turn = np.radians(np.linspace(180, 370, 40_000).reshape(100, 400))
    blue = np.stack([np.full(turn.shape, 50), 60 * np.cos(turn), 60 * np.sin(turn)]).astype(np.float32)
    near = (blue + rng.normal(0, 4, blue.shape)).astype(np.float32)
    assert farthest(blue, near) <= ALLOWED


def test_a_colour_no_surface_has_is_still_a_number() -> None:
    """A correction may throw a pixel far out; the seventh power of its chroma must not overflow."""
    chroma = np.linspace(400, 3000, 800, dtype=np.float32).reshape(2, 400)
    far = np.stack([np.full_like(chroma, 50), chroma, 0.3 * chroma])
    near = far * np.array([1, 0.9, 1.1], np.float32)[:, None, None]
    assert farthest(far, near) <= ALLOWED
    assert farthest(near, far) <= ALLOWED


@pytest.mark.parametrize("correction", [CURVED, BENT, PLAIN, ROOTS], ids=["curve", "shoulder", "3x3", "roots"])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "linear"])
def test_pixels_to_map(kind: str, correction: ColourCorrection) -> None:
    rng = np.random.default_rng(7)
    top = 255 if kind == "uint8" else 65535
    coded = rng.integers(0, top + 1, (37, 1101, 3)).astype(np.uint8 if kind == "uint8" else np.uint16)
    coded[:2] = 0
    coded[2:4] = coded[2:4, :, :1]
    linear = srgb_decode(coded / top)
    if kind == "linear":
        linear[4:6] -= 0.01  # a flat field and noise leave values below black
    picture = LinearRGB(linear.astype(np.float32)) if kind == "linear" else DeviceRGB(coded)
    lab = np.moveaxis(correction.lab(linear).values, -1, 0)
    assert np.abs(lab_planes(picture, correction) - lab).max() <= ALLOWED
    golden = (lab + rng.normal(0, 5, lab.shape)).astype(np.float32)
    assert np.abs(colour_map(picture, correction, golden) - exact(golden, lab)).max() <= ALLOWED


SPLINE = replace(
    BENT, spline=LabSpline(np.array([[50.0, 10, 20], [70, -20, 0]]), np.array([[1.0, 2, -3], [0, 1, 2]]), 30.0)
)


@pytest.mark.parametrize("coded", [True, False])
def test_a_spline_goes_through_its_own_lab(coded: bool) -> None:
    rng = np.random.default_rng(8)
    pixels = rng.integers(0, 256, (9, 50, 3)).astype(np.uint8)
    linear = srgb_decode(pixels / 255).astype(np.float32)
    golden = lab_planes(LinearRGB(linear), CURVED)
    picture = DeviceRGB(pixels) if coded else LinearRGB(linear)
    seen = np.moveaxis(SPLINE.lab(linear).values, -1, 0)
    assert np.abs(colour_map(picture, SPLINE, golden) - exact(golden, seen)).max() <= ALLOWED
    assert np.abs(lab_planes(picture, SPLINE) - seen).max() <= ALLOWED


def test_only_the_spans_are_computed_whatever_the_threads() -> None:
    rng = np.random.default_rng(9)
    image = LinearRGB(rng.uniform(0, 1, (60, 700, 3)).astype(np.float32))
    golden = lab_planes(LinearRGB(rng.uniform(0, 1, (60, 700, 3)).astype(np.float32)), PLAIN)
    mask = rng.uniform(size=(60, 700)) > 0.3
    mask[10:20] = False
    mask[30, 5:690] = True
    everywhere = colour_map(image, CURVED, golden)
    parts = [colour_map(image, CURVED, golden, spans_of(mask), threads=n) for n in (1, 3)]
    np.testing.assert_array_equal(parts[0], parts[1])
    np.testing.assert_allclose(parts[0][mask], everywhere[mask], rtol=0, atol=ALLOWED / 10)
    assert everywhere[mask].min() > 0
    assert not parts[0][~mask].any()
    assert colour_map(image, CURVED, golden, spans_of(np.zeros_like(mask)), threads=2).max() == 0


def test_spans_cover_the_mask() -> None:
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [0, 1, 1, 1]], dtype=bool)
    assert spans_of(mask).tolist() == [[0, 0, 2], [0, 3, 4], [2, 1, 4]]


def test_rasters_of_two_sizes_are_refused() -> None:
    image = LinearRGB(np.zeros((4, 5, 3), np.float32))
    with pytest.raises(ValueError, match="wants"):
        colour_map(image, PLAIN, np.zeros((3, 5, 4), np.float32))
