"""CIEDE2000 against the published pairs and against colour-science, an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest

from station.values.colour import Lab
from station.values.difference import colour_difference, delta_e_2000

# Sharma, Wu and Dalal, Color Res. Appl. 30 (2005) 21-30, table 1: L1 a1 b1, L2 a2 b2, CIEDE2000.
SHARMA = np.array(
    [
        [50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425],
        [50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615],
        [50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412],
        [50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669],
        [50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461],
        [50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065],
        [50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492],
        [50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977],
        [50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030],
        [50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)


def test_published_pairs_both_ways() -> None:
    one, other, published = Lab(SHARMA[:, :3].copy()), Lab(SHARMA[:, 3:6].copy()), SHARMA[:, 6]
    assert len(SHARMA) == 34
    np.testing.assert_allclose(delta_e_2000(one, other), published, rtol=0, atol=1e-4)
    np.testing.assert_allclose(delta_e_2000(other, one), published, rtol=0, atol=1e-4)


def _random_pairs(seed: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    one = np.stack([rng.uniform(0, 100, 4000), rng.uniform(-110, 110, 4000), rng.uniform(-110, 110, 4000)], axis=-1)
    return one, one + rng.normal(0, spread, one.shape)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("seed", "spread"), [(1, 0.5), (2, 5.0), (3, 60.0)])
def test_agrees_with_colour_science(seed: int, spread: float) -> None:
    import colour

    one, other = _random_pairs(seed, spread)
    ours = delta_e_2000(Lab(one), Lab(other))
    np.testing.assert_allclose(ours, colour.difference.delta_E_CIE2000(one, other), rtol=0, atol=1e-9)


def test_shapes_broadcast_and_nan_passes_through() -> None:
    one = Lab(np.full((2, 3, 3), 50.0))
    other = Lab(np.array([50.0, 50.0, np.nan]))
    assert delta_e_2000(one, Lab(np.array([51.0, 50.0, 50.0]))).shape == (2, 3)
    assert np.isnan(delta_e_2000(one, other)).all()


def test_parts_are_signed_second_minus_first() -> None:
    base = np.array([50.0, 20.0, 0.0])
    lighter = colour_difference(Lab(base), Lab(base + (2.0, 0, 0)))
    assert float(lighter.dL) == pytest.approx(2.0)
    assert float(lighter.dC) == pytest.approx(0.0)
    fuller = colour_difference(Lab(base), Lab(base * (1, 1.1, 1)))
    assert float(fuller.dC) > 1.9
    yellower = colour_difference(Lab(base), Lab(base + (0, 0, 2.0)))
    assert float(yellower.dH) > 1.9
    bluer = colour_difference(Lab(base), Lab(base - (0, 0, 2.0)))
    assert float(bluer.dH) == pytest.approx(-float(yellower.dH))
    same = colour_difference(Lab(base), Lab(base))
    assert float(same.delta_e) == 0.0
