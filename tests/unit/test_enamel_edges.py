"""Edges of metal and the colour boundaries beside them: which belong together, and whose shift is believed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from station.measure.boundaries import EdgeShift
from station.measure.boundary_places import BoundaryPlaces
from station.measure.enamel_edges import boundary_beside, shift_beside
from station.measure.metal_edges import MetalEdges
from station.values.geometry import Frame

FRAME = Frame(0.05, 401, 201, (200.0, 100.0))  # mm = (px - origin) * 0.05; wider than high


def edges(points_mm: list[tuple[float, float]], normals: list[tuple[float, float]]) -> MetalEdges:
    return cast(MetalEdges, SimpleNamespace(points=np.array(points_mm).reshape(-1, 2), normals=np.array(normals)))


def places(
    points_mm: list[tuple[float, float]], normals: list[tuple[float, float]], counted: Any = True
) -> BoundaryPlaces:
    count = np.broadcast_to(counted, len(points_mm))
    found = SimpleNamespace(points=FRAME.to_px(np.array(points_mm)), normals=np.array(normals), counted=count)
    return cast(BoundaryPlaces, found)


@pytest.mark.parametrize(
    ("boundary", "normal", "counted", "found"),
    [
        ((5.1, 2.0), (1.0, 0.0), True, 0),
        ((5.25, 2.0), (1.0, 0.0), True, -1),  # 0.25 mm off: another line's
        ((5.0, 2.19), (1.0, 0.0), True, 0),
        ((2.0, 5.0), (1.0, 0.0), True, -1),  # x and y exchanged
        ((5.1, 2.0), (-1.0, 0.0), True, -1),  # the other side of a line
        ((5.1, 2.0), (0.0, 1.0), True, -1),  # runs across it
        ((5.1, 2.0), (0.95, 0.31), True, 0),  # 18 degrees askew
        ((5.1, 2.0), (0.85, 0.53), True, -1),  # 32 degrees
        ((5.1, 2.0), (1.0, 0.0), False, -1),  # a mark's own
    ],
)
def test_a_boundary_belongs_to_the_edge_that_it_runs_along(
    boundary: tuple[float, float], normal: tuple[float, float], counted: bool, found: int
) -> None:
    beside = boundary_beside(edges([(5.0, 2.0)], [(1.0, 0.0)]), places([boundary], [normal], counted), FRAME)
    assert beside.tolist() == [found]


def test_the_nearest_boundary_is_taken_for_each_edge() -> None:
    metal = edges([(-4.0, 1.0), (6.0, -2.0), (0.0, 0.0)], [(0.0, 1.0), (1.0, 0.0), (1.0, 0.0)])
    told = places([(6.05, -2.0), (6.15, -2.0), (-4.0, 1.1)], [(1.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
    assert boundary_beside(metal, told, FRAME).tolist() == [2, 0, -1]


def test_without_boundaries_or_edges_nothing_lies_beside() -> None:
    assert boundary_beside(edges([(0.0, 0.0)], [(1.0, 0.0)]), None, FRAME).tolist() == [-1]
    assert boundary_beside(edges([], []), places([(0.0, 0.0)], [(1.0, 0.0)]), FRAME).shape == (0,)


def test_the_boundary_tells_the_shift_with_what_all_edges_share_and_its_own_doubt() -> None:
    nan = np.nan
    seen = EdgeShift(
        shift=np.array([9.0, 9.0, 9.0]), told=np.array([0.03, -0.02, nan]), u=np.full(3, 9.0),
        doubt=np.array([0.004, 0.006, 0.008]), possible=np.full(3, 9.0), common=np.array([0.01, 0.01, 0.01]),
    )  # fmt: skip
    own = np.array([0.5, 0.6, 0.7, 0.8])
    shift, doubt = shift_beside(np.array([1, 0, -1, 2]), seen, own)
    # told + common, of the place beside; where none is or nothing is told, the edge's own
    np.testing.assert_allclose(shift, [-0.01, 0.04, 0.7, 0.8])
    np.testing.assert_allclose(doubt, [0.006, 0.004, nan, nan])


def test_without_readings_the_edges_own_shift_stands() -> None:
    own = np.array([0.1, np.nan])
    shift, doubt = shift_beside(np.array([0, 0]), None, own)
    np.testing.assert_array_equal(shift, own)
    assert np.isnan(doubt).all()
