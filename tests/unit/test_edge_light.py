"""What light makes of edges, told from what has moved, on contours whose shifts are drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from station.measure.edge_light import light_on_edges

Float = NDArray[np.float64]

RING = np.linspace(0, 2 * math.pi, 400, endpoint=False)
NORMALS = np.tile(np.stack([np.cos(RING), np.sin(RING)], axis=1), (3, 1))
GROUP = np.repeat(np.arange(3), len(RING))


def _light(angle: Float) -> Float:
    """What an edge is misread by that faces a lamp at 0 degrees: a shoulder's width on one side alone."""
    return 0.06 / (1 + np.exp(-(np.cos(angle) - 0.5) / 0.1))


def _misread(turn: float) -> Float:
    """(n,) mm between two readings of the same three rings, the second turned."""
    return np.tile(_light(RING + turn) - _light(RING), 3)


@pytest.mark.parametrize("turn", [0.7, 2.0, math.pi, -1.2])
def test_what_all_edges_of_one_direction_show_is_lights(turn: float) -> None:
    shift = _misread(turn) + np.random.default_rng(1).normal(0, 0.004, len(GROUP))
    light = light_on_edges(shift, NORMALS, GROUP, turn)
    left = shift - light.bias - light.level
    assert float(np.sqrt((left**2).mean())) < 0.010
    assert float(np.sqrt((shift**2).mean())) > 0.015
    assert np.abs(light.level).max() < 0.005


def test_a_stretch_that_moved_keeps_its_shift_and_so_does_a_ring_that_grew() -> None:
    turn = 2.0
    moved = np.where((GROUP == 1) & (np.tile(RING, 3) < 0.5), -0.2, 0.0) + np.where(GROUP == 2, 0.03, 0.0)
    light = light_on_edges(_misread(turn) + moved, NORMALS, GROUP, turn)
    left = _misread(turn) + moved - light.bias
    assert float(np.median(left[moved == -0.2])) == pytest.approx(-0.2, abs=0.015)
    assert float(np.median(left[GROUP == 2])) == pytest.approx(0.03, abs=0.005)
    assert light.level[GROUP == 2] == pytest.approx(0.03, abs=0.005)


def test_where_nothing_was_turned_hardly_anything_is_lights() -> None:
    shift = np.tile(0.1 * np.cos(RING), 3)
    light = light_on_edges(shift, NORMALS, GROUP, 0.0)
    assert np.abs(light.bias).max() < 0.015
    assert light.u.max() < 0.005


def test_places_that_are_not_seen_tell_nothing() -> None:
    shift = np.where(GROUP == 0, np.nan, 0.0)
    light = light_on_edges(shift, NORMALS, GROUP, 1.0)
    assert np.isnan(light.spread[GROUP == 0]).all()
    assert np.isfinite(light.bias).all()
    assert light.u[GROUP == 0].min() > light.u[GROUP == 1].max()
