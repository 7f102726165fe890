"""The compiled passes of the reference difference give what the array expressions give that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from station.measure.difference_kernels import bins_of, looked_up, outside_relief, put, share_of_lightness

F32 = NDArray[np.float32]

SHAPE = (40, 50)
RNG = np.random.default_rng(8)


def raster(*channels: int) -> F32:
    return RNG.uniform(-1, 1, (*SHAPE, *channels)).astype(np.float32)


def test_metal_is_coloured_by_its_share_of_lightness() -> None:
    g, metal = raster(3), RNG.random(SHAPE) < 0.5
    expected = g.copy()
    expected[metal, 1:] *= 0.7 / np.maximum(g[metal, :1], 0.2)
    np.testing.assert_allclose(share_of_lightness(g, metal, 0.7), expected, rtol=1e-5)


def test_bins_tables_and_offsets_are_those_of_indexing() -> None:
    bounds = np.array([-0.5, 0.0, 0.25], dtype=np.float32)
    distance = raster()
    distance[0, :3] = bounds
    bins = bins_of(distance, bounds)
    np.testing.assert_array_equal(bins, np.searchsorted(bounds, distance))
    table, rows = RNG.random((3, 4, 3)).astype(np.float32), RNG.integers(0, 3, SHAPE).astype(np.uint8)
    np.testing.assert_array_equal(looked_up(table, rows, bins), table[rows, bins])
    out, index = np.zeros((9, 3), dtype=np.float32), np.array([1, 4, 8])
    put(out, index, np.array([1, 2, 3], dtype=np.float32))
    expected = np.zeros((9, 3), dtype=np.float32)
    expected[index] = (1, 2, 3)
    np.testing.assert_array_equal(out, expected)


NONE_FREE = np.array([[1, 1, 1], [0, 0, 0]], dtype=np.float32)


@pytest.mark.parametrize("free", [False, True])
def test_what_relief_and_metal_may_show_is_no_difference(free: bool) -> None:
    unit, lightness, light, darkest = raster(3), raster(), raster(), raster()
    wide, near = (tuple(np.sort(np.stack([raster(3), raster(3)]) * reach, axis=0)) for reach in (0.5, 0.3))
    kind = RNG.integers(0, 4, SHAPE).astype(np.uint8)
    span = np.array([[-0.4, -0.2, -0.3], [0.3, 0.2, 0.5]], dtype=np.float32)
    plated, relief = (span, 0.8 * span) if free else (NONE_FREE, NONE_FREE)
    low, high = (w.copy() for w in wide)
    metal, walls, struck = kind == 3, (kind == 1) | (kind == 2), kind == 2
    low[metal, 1:], high[metal, 1:] = near[0][metal, 1:], near[1][metal, 1:]
    low[walls, 0], high[walls, 0] = np.minimum(low[walls, 0], darkest[walls]), np.inf
    lit = walls & (lightness > light)
    low[lit, 1:], high[lit, 1:] = np.minimum(low[lit, 1:], 0), np.maximum(high[lit, 1:], 0)
    if free:
        low[metal], high[metal] = np.minimum(low[metal], plated[0]), np.maximum(high[metal], plated[1])
        high[metal, 0] = np.inf
        low[struck], high[struck] = np.minimum(low[struck], relief[0]), np.maximum(high[struck], relief[1])
    expected = np.maximum(np.maximum(unit - high, low - unit), 0) * (kind > 0)[..., None]
    seen = outside_relief(unit, lightness, light, darkest, wide, near, kind, plated, relief)
    np.testing.assert_allclose(seen, expected, atol=1e-6)
    assert (seen > 0).mean() > 0.1
