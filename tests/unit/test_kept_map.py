"""The colour map of kept pictures: the exact difference of even regions, kept apart, and nothing off the enamel."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from station.measure.kept_map import cells, kept_map
from station.values.colour import SRGB_TO_XYZ, srgb_decode, xyz_to_lab
from station.values.difference import delta_e_2000

PITCH_MM, SIDE_MM = 0.02, 0.4


def scene(*colours: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Two even regions side by side in a frame of 307 x 203 pixels, which is no whole number of cells."""
    picture = np.full((203, 307, 3), 128, np.uint8)
    for k, colour in enumerate(colours):
        picture[20:180, 20 + 130 * k : 150 + 130 * k] = colour
    return picture


LABELS = np.zeros((203, 307), np.uint8)
LABELS[20:180, 20:150], LABELS[20:180, 150:280] = 2, 3


def exact(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    first, second = (xyz_to_lab(srgb_decode(np.array([c]) / 255) @ SRGB_TO_XYZ.T) for c in (one, other))
    return float(np.asarray(delta_e_2000(first, second)).item())


def test_each_region_has_its_own_difference_up_to_its_edge() -> None:
    golden, unit = ((60, 120, 200), (200, 40, 40)), ((66, 121, 200), (200, 40, 40))
    found = kept_map(scene(*golden), scene(*unit), LABELS, PITCH_MM, SIDE_MM)
    step, across, down = cells(307, 203, PITCH_MM, SIDE_MM)
    assert found.difference.shape == (down, across)
    assert (across * step >= 307, (across - 1) * step < 307) == (True, True)
    assert found.side_mm == pytest.approx(SIDE_MM, rel=0.26)
    middle = 150 // step
    left, right = found.difference[:, :middle], found.difference[:, middle + 1 :]
    assert left[found.where[:, :middle]] == pytest.approx(exact(golden[0], unit[0]), abs=1e-3)
    assert right[found.where[:, middle + 1 :]].max() == pytest.approx(0.0, abs=1e-3)
    assert not found.where[: 20 // step].any()
    assert not found.difference[~found.where].any()


def test_noise_cancels_over_the_square() -> None:
    chance = np.random.default_rng(7)
    golden = scene((60, 120, 200), (200, 40, 40))
    noisy = np.clip(golden + chance.normal(0, 6, golden.shape), 0, 255).astype(np.uint8)
    parts = (p[30:170, 30:140].reshape(-1, 3) / 255 for p in (golden, noisy))
    first, second = (xyz_to_lab(srgb_decode(p) @ SRGB_TO_XYZ.T) for p in parts)
    single = np.asarray(delta_e_2000(first, second))
    found = kept_map(golden, noisy, LABELS, PITCH_MM, SIDE_MM)
    assert float(np.median(found.difference[found.where])) < 0.3 * float(np.median(single))


def test_a_unit_without_a_card_is_brought_to_the_goldens_level() -> None:
    golden = scene((60, 120, 200), (200, 40, 40))
    darker = (srgb_decode(golden / 255) * 0.8).astype(np.float64)
    unit = np.rint(255 * np.where(darker <= 0.0031308, 12.92 * darker, 1.055 * darker ** (1 / 2.4) - 0.055)).astype(
        np.uint8
    )
    plain, toned = (kept_map(golden, unit, LABELS, PITCH_MM, SIDE_MM, one_tone=tone) for tone in (False, True))
    assert float(np.median(plain.difference[plain.where])) > 3
    assert float(np.median(toned.difference[toned.where])) < 1.5


def test_rasters_of_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="lie on a map"):
        kept_map(scene(), scene(), LABELS[:-1], PITCH_MM, SIDE_MM)
