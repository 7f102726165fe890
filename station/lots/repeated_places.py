"""Places on the golden where the same kind of finding is seen on unit after unit: the golden or its light, more likely
than so many units."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.defect_map import PlacedFinding
from station.values.lot_analysis import RepeatedPlaceDocument

LEAST_UNITS: Final = 3
"""Units with a finding at one place, from which the place is named."""
LEAST_SHARE: Final = 0.02
"""And their share of all units with findings: in a large lot three lie anywhere by chance."""
NEAR_MM: Final = 0.5
"""How far from one another findings of one place lie at most: registration and a defect's own extent move them."""

_CELL_MM = 0.05  # of the findings in one such cell one stands for all as the middle of a place


def repeated_places(findings: Sequence[PlacedFinding]) -> tuple[RepeatedPlaceDocument, ...]:
    """Places where findings of one kind lie within ``NEAR_MM`` on ``LEAST_UNITS`` units and more, most units first.

    Each finding belongs to one place at most: the place of most units is taken first, at the middle of its findings.
    Whatever their verdicts: one that conforms may be the golden's own as well.
    """
    least = max(LEAST_UNITS, math.ceil(LEAST_SHARE * len({f.unit for f in findings})))
    out: list[RepeatedPlaceDocument] = []
    for kind in sorted({f.kind for f in findings}):
        out += _places(kind, [f for f in findings if f.kind == kind], least)
    return tuple(sorted(out, key=lambda p: (-p.units, p.kind, p.x_mm, p.y_mm)))


def _places(kind: str, findings: Sequence[PlacedFinding], least: int) -> list[RepeatedPlaceDocument]:
    """Of one kind. Units at a middle only become fewer as places are taken: a middle is counted anew when it is the
    next, and put back where it is not any more."""
    from scipy.spatial import cKDTree

    at = np.array([(f.x_mm, f.y_mm) for f in findings])
    unit = np.unique([f.unit for f in findings], return_inverse=True)[1]
    tree, free = cKDTree(at), np.ones(len(at), dtype=bool)

    def here(middle: int) -> NDArray[np.intp]:
        near = np.asarray(tree.query_ball_point(at[middle], NEAR_MM), dtype=np.intp)
        return near[free[near]]

    middles = np.unique(np.floor(at / _CELL_MM), axis=0, return_index=True)[1]
    waiting = [(-len(np.unique(unit[here(int(m))])), int(m)) for m in middles]
    heapq.heapify(waiting)
    out: list[RepeatedPlaceDocument] = []
    while waiting and -waiting[0][0] >= least:
        _, middle = heapq.heappop(waiting)
        near = here(middle)
        units = len(np.unique(unit[near]))
        if units < least:
            continue
        if waiting and units < -waiting[0][0]:
            heapq.heappush(waiting, (-units, middle))
            continue
        x, y = np.median(at[near], axis=0)
        out.append(RepeatedPlaceDocument(kind=kind, x_mm=float(x), y_mm=float(y), units=units))
        free[near] = False
    return out
