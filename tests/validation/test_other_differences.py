"""CIE 1976, CIE 1994 and CMC(l:c) against colour-science and published values; maps against the published pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from station.values.colour import ColourCorrection, Lab, LinearRGB, lab_to_xyz
from station.values.difference import delta_e_76, delta_e_94, delta_e_2000, delta_e_cmc


def pairs(n: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Lab pairs (n, 3) all over the gamut and beyond, a tenth of them greys."""
    rng = np.random.default_rng(int(10 * spread))
    one = np.stack([rng.uniform(0, 100, n), rng.uniform(-120, 120, n), rng.uniform(-120, 120, n)], axis=-1)
    other = one + rng.normal(0, spread, one.shape)
    one[: n // 20, 1:] = 0
    other[n // 20 : n // 10, 1:] = 0
    return one, other


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("spread", [0.1, 3.0, 60.0])
def test_agree_with_colour_science(spread: float) -> None:
    import colour

    one, other = pairs(200_000, spread)
    a, b = Lab(one), Lab(other)
    difference = colour.difference
    for ours, theirs in [
        (delta_e_2000(a, b), difference.delta_E_CIE2000(one, other)),
        (delta_e_76(a, b), difference.delta_E_CIE1976(one, other)),
        (delta_e_94(a, b), difference.delta_E_CIE1994(one, other, textiles=False)),
        (delta_e_94(a, b, textiles=True), difference.delta_E_CIE1994(one, other, textiles=True)),
        (delta_e_cmc(a, b), difference.delta_E_CMC(one, other, l=2, c=1)),
        (delta_e_cmc(a, b, lightness=1), difference.delta_E_CMC(one, other, l=1, c=1)),
    ]:
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_published_values() -> None:
    # python-colormath, tests/test_color_diff.py
    one, other = Lab(np.array([0.9, 16.3, -2.22])), Lab(np.array([0.7, 14.2, -1.80]))
    assert float(delta_e_76(one, other)) == pytest.approx(2.151, abs=1e-3)
    assert float(delta_e_94(one, other)) == pytest.approx(1.249, abs=1e-3)
    assert float(delta_e_cmc(one, other)) == pytest.approx(1.443, abs=1e-3)
    assert float(delta_e_cmc(one, other, lightness=1)) == pytest.approx(1.482, abs=1e-3)


def test_shapes_broadcast_and_nan_passes_through() -> None:
    one, other = Lab(np.full((2, 3, 3), 50.0)), Lab(np.array([50.0, np.nan, 50.0]))
    for function in (delta_e_76, delta_e_94, delta_e_cmc):
        assert function(one, other).shape == (2, 3)
        assert np.isnan(function(one, other)).all()
        assert not function(one, one).any()


def test_colour_map_on_the_published_pairs() -> None:
    """Sharma, Wu and Dalal's pairs, on both sides of the formula's seams among them, through the float32 kernel."""
    from station.measure.colour_map import colour_map

    rows = [
        [float(v) for v in line.strip(" [],\n").split(",")]
        for line in (Path(__file__).parent / "test_ciede2000.py").read_text("utf-8").splitlines()
        if line.startswith("        [") and line.count(",") == 7
    ]
    table = np.array(rows)
    assert table.shape == (34, 7)
    xyz = ColourCorrection(np.zeros(3), np.ones(3), np.eye(3), "none", 1.0)  # takes the channels for XYZ
    back = np.delete(
        table, 13, axis=0
    )  # hues exactly opposite: turned round, float32 has it on the formula's other side
    for golden, seen, difference in (
        (table[:, :3], table[:, 3:6], table[:, 6]),
        (back[:, 3:6], back[:, :3], back[:, 6]),
    ):
        picture = LinearRGB(lab_to_xyz(Lab(seen))[None].astype(np.float32))
        planes = np.ascontiguousarray(golden.T[:, None], dtype=np.float32)
        np.testing.assert_allclose(colour_map(picture, xyz, planes)[0], difference, rtol=0, atol=0.002)
