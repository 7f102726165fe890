"""Which of several edges along a normal is the silhouette's?

The last bright edge of a struck part is the end of the shoulder's light in one place, and the part's own end where no
light falls on the shoulder: along the contour it hops between the two, and a path that asks for a continuous edge is
led astray by a highlight further in or by the rim of a shadow. What is continuous is the silhouette. So every plain
edge of a normal is taken for the visible one in turn, the shoulder's model says where the silhouette would then lie and
how much is left unexplained, and the closed course of silhouettes that is cheapest is kept (dynamic programming).
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from station.measure.edges import plain_edges
from station.measure.shoulder import STEP_MM, Shoulder, silhouette, windows

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_EDGES = 5  # of a normal that are tried
_BLUR_PX = 0.7  # of the raster, given to profiles that are hardly blurred before their edges are looked for
_NONE = 1e3  # what a normal without an edge costs
_UNEXPLAINED = 0.015  # of the bench's light, rms, that counts as one; good places of seven rendered designs leave that
_WORST = 25.0  # what an unexplained profile costs at most: a speck must not outweigh its neighbours
_PLAINNESS = 6.0  # what an edge costs that is no edge, in the same measure; from 10 on highlights win over silhouettes
_EXPECTED_MM = 0.25  # of the silhouette about the golden's
_JUMP, _JUMP_MM = 40.0, 0.15  # a millimetre's jump between neighbours, and the greatest jump that is charged


def choose_edges(
    s: Float, groups: Float, shoulder: Shoulder, pitch_mm: float, within: Bool, expected: Float
) -> tuple[Float, Float]:
    """(g,) mm along the normals to the silhouette, NaN where a normal shows no edge or leaves the raster; and (g,) rms
    of what its profile leaves unexplained, in bench light.

    s : (m,) mm. groups : (g, m, 3) profiles on it, light over the bench's, in order round the contour. within : (m,)
    where visible edges are looked for. expected : (g,) mm to the golden's silhouette, or zeros.
    """
    at, plain = plain_edges(s, groups, count=_EDGES, within=within, blur=_BLUR_PX * pitch_mm / STEP_MM)
    whole = np.isfinite(groups).all(axis=(1, 2))
    ends, left, cost = np.full(at.shape, np.nan), np.full(at.shape, np.nan), np.full(at.shape, _NONE)
    for k in range(at.shape[1]):
        there = np.flatnonzero(np.isfinite(at[:, k]) & whole)
        if there.size:
            beyond, left[there, k] = silhouette(windows(s, groups[there], at[there, k]), shoulder, pitch_mm)
            ends[there, k] = at[there, k] + beyond
            off = (ends[there, k] - expected[there]) / _EXPECTED_MM
            unexplained = np.minimum((left[there, k] / _UNEXPLAINED) ** 2, _WORST)
            cost[there, k] = unexplained + _PLAINNESS * (1 - plain[there, k]) + off**2
    chosen = _cheapest_course(np.nan_to_num(ends - expected[:, None]), cost)[:, None]
    return np.take_along_axis(ends, chosen, axis=1)[:, 0], np.take_along_axis(left, chosen, axis=1)[:, 0]


@numba.njit(cache=True, nogil=True)
def _cheapest_course(shift: Float, cost: Float) -> NDArray[np.intp]:  # pragma: no cover - compiled
    """(n,) column of the cheapest closed course through (n, k) places, whose jumps in mm are charged for."""
    n, options = shift.shape
    total = cost[0].copy()
    nearest = np.empty(options)
    back = np.zeros((2 * n, options), dtype=np.intp)
    for i in range(1, 2 * n):  # twice round, so that the ends meet
        here, before = i % n, (i - 1) % n
        for k in range(options):
            best = np.inf
            for j in range(options):
                jump = min(abs(shift[here, k] - shift[before, j]), _JUMP_MM)
                if total[j] + _JUMP * jump < best:
                    best = total[j] + _JUMP * jump
                    back[i, k] = j
            nearest[k] = best + cost[here, k]
        total[:] = nearest
    course = np.empty(n, dtype=np.intp)
    k = int(np.argmin(total))
    for i in range(2 * n - 1, n // 2 - 1, -1):
        if i < n // 2 + n:
            course[i % n] = k
        k = back[i, k]
    return course
