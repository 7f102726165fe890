"""How far the edges of lines, recesses and the border have moved, as the colour boundaries beside them have it.

Where a region's boundary runs along an edge of metal, its three readings, freed of light, say how far a unit's edge is
off the golden's. Elsewhere, beside enamel that the sheet does not name, the colour direction that tells metal from
enamel does (:mod:`station.measure.metal_edges`), as it does for the golden's own widths.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.measure.boundaries import EdgeShift
from station.measure.boundary_places import BoundaryPlaces
from station.measure.metal_edges import MetalEdges
from station.values.geometry import Frame

Float = NDArray[np.float64]
Index = NDArray[np.intp]

_NEAR_MM = 0.2  # from an edge to the boundary beside it
_FACING = 0.9  # cosine between their normals


def boundary_beside(edges: MetalEdges, places: BoundaryPlaces | None, frame: Frame) -> Index:
    """(n,) the place of a boundary that runs along each of the golden's metal edges, -1 where there is none."""
    if places is None or not len(edges.points):
        return np.full(len(edges.points), -1, dtype=np.intp)
    from scipy.spatial import cKDTree

    distance, nearest = cKDTree(frame.to_mm(places.points)).query(edges.points)
    facing = (places.normals[nearest] * edges.normals).sum(axis=1) > _FACING
    return np.where(facing & (distance < _NEAR_MM) & places.counted[nearest], nearest, -1)


def shift_beside(beside: Index, seen: EdgeShift | None, own: Float) -> tuple[Float, Float]:
    """(n,) mm that a unit's edges are shifted out of the enamel in the frame that it was registered in, and (n,) mm,
    how far the readings of that are apart (standard), NaN where only the edges' ``own`` shift (n,) tells it.

    What all edges show alike is left in: the frame has it too, and so has the outline.
    """
    if seen is None:
        return own, np.full(len(own), np.nan)
    told = np.where(beside >= 0, (seen.told + seen.common)[beside], np.nan)
    use = np.isfinite(told)
    return np.where(use, told, own), np.where(use, seen.doubt[beside], np.nan)
