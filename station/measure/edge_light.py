"""What light from another side makes of edges: a misreading that depends on which way an edge faces.

The rounded shoulder of struck metal and the meniscus of enamel mirror a lamp on one side of the part and the dark bench
on the other. Turned by an angle t in that light, an edge is misread by the difference of two such readings, which is
the same for all edges between the same materials that face the same way. A displacement of an edge is not: it is local,
and it is left where it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.boundary_places import SPACING_MM

Float = NDArray[np.float64]
Index = NDArray[np.intp]
Bool = NDArray[np.bool_]

_BINS = 36  # of direction
_WIDTH_DEG = 15.0  # over which light on a rounded shoulder changes
_AMPLITUDE_MM = 0.05  # standard, of what half a turn makes of an edge: most of a shoulder's 0.07 mm
_STILL_MM = 0.003  # standard, at no turn: place on the bench
_LOCAL_MM = 0.03  # standard, of how much of an edge of 1 mm may be displaced by itself
_EVEN_MM = 0.05  # standard, of how far all edges of one material may be displaced outwards or inwards
_LEAST_MM = 0.004  # spread that two readings of one edge always have
_TUKEY, _SCALE_MM = 4.685, 0.012
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class LightOnEdges:
    """Of n places. bias : (n,) mm that light adds to their shift, positive along their normals. u : (n,) mm, standard
    uncertainty of that. spread : (n,) mm, robust standard deviation of a place's shift about bias and an even shift, in
    its group. level : (n,) mm, that even shift."""

    bias: Float
    u: Float
    spread: Float
    level: Float


def light_on_edges(shift: Float, normals: Float, group: Index, turn_rad: float) -> LightOnEdges:
    """What of the shift of edges is light's.

    shift : (n,) mm along the normals, places every ``SPACING_MM``, NaN where none is seen. normals : (n, 2). group :
    (n,) number of the material beside the edge. turn_rad : between the two pictures.

    Kriging over the direction of the normals (Gaussian process regression: Rasmussen and Williams 2006, chapter 2) with
    one part that all groups share and one of each group's own. Neither has a mean, so that edges that all moved
    outwards keep it, and a group's own has no first harmonic, so that one that is displaced by itself keeps that.
    Tukey's weights leave out what is displaced by itself.
    """
    from scipy.linalg import solve_triangular

    groups, of = np.unique(group, return_inverse=True)
    count = len(groups)
    angle = np.arctan2(normals[:, 1], normals[:, 0])
    cell = of * _BINS + np.floor((angle / (2 * math.pi) % 1.0) * _BINS).astype(np.intp) % _BINS
    amplitude = math.hypot(_AMPLITUDE_MM * math.sin(turn_rad / 2), _STILL_MM)
    light = np.tile(amplitude**2 * _kernel(0), (count, count))
    light += np.kron(np.eye(count), amplitude**2 * _kernel(1))
    even = np.kron(np.eye(count), np.full((_BINS, _BINS), _EVEN_MM**2))
    known = np.isfinite(shift)
    value = np.where(known, shift, 0.0)
    start = [np.median(shift[known & (of == k)]) if (known & (of == k)).any() else 0.0 for k in range(count)]
    weight = _weights(shift - np.array(start)[of], known, of, count)
    bias, level, spread = np.zeros(len(value)), np.zeros(len(value)), np.full(count, np.nan)
    variance = light.diagonal().copy()
    for k in range(_ROUNDS):
        total = np.bincount(cell, weight, count * _BINS)
        seen = np.flatnonzero(total > 0.5)
        if not len(seen):
            break
        mean = np.bincount(cell, weight * value, count * _BINS)[seen] / total[seen]
        noise = _LOCAL_MM**2 / (total[seen] * SPACING_MM)
        root = np.linalg.cholesky((light + even)[np.ix_(seen, seen)] + np.diag(noise))
        solved = solve_triangular(root.T, solve_triangular(root, mean, lower=True))
        bias, level = (light[:, seen] @ solved)[cell], (even[:, seen] @ solved)[cell]
        left = value - bias - level
        spread = _spreads(left, known, of, count)
        weight = _weights(left, known, of, count)
        if k == _ROUNDS - 1:
            variance -= (solve_triangular(root, light[seen], lower=True) ** 2).sum(axis=0)
    return LightOnEdges(bias, np.sqrt(np.maximum(variance, 0.0))[cell], spread[of], level)


def _weights(left: Float, known: Bool, of: Index, count: int) -> Float:
    """(n,) Tukey's weights of what is left of a shift, by each group's median deviation: where most edges of a group
    moved alike, the others are displaced by themselves and do not pass for light."""
    scale = np.ones(count)
    for k in range(count):
        here = np.abs(left[known & (of == k)])
        if len(here):
            scale[k] = _TUKEY * max(1.4826 * float(np.median(here)), _SCALE_MM)
    off = np.where(known, left / scale[of], np.inf)
    return np.asarray(np.clip(1 - off**2, 0, None) ** 2)


def _spreads(left: Float, known: Bool, of: Index, count: int) -> Float:
    """(count,) robust standard deviation of each group about zero, NaN where nothing is known of it."""
    found = np.full(count, np.nan)
    for k in range(count):
        here = left[known & (of == k)]
        if len(here):
            found[k] = max(float(np.percentile(np.abs(here), 70)) / 1.036, _LEAST_MM)
    return found


def _kernel(harmonics: int) -> Float:
    """(bins, bins) correlation between directions, periodic, 1 for equal ones; without mean and lowest harmonics."""
    angle = np.arange(_BINS) * (2 * math.pi / _BINS)
    apart = np.abs((angle[:, None] - angle + math.pi) % (2 * math.pi) - math.pi)
    kernel = np.exp(-0.5 * (apart / math.radians(_WIDTH_DEG)) ** 2)
    low = [np.ones(_BINS)] + [f(k * angle) for k in range(1, harmonics + 1) for f in (np.cos, np.sin)]
    basis = np.linalg.qr(np.column_stack(low))[0]
    free = np.eye(_BINS) - basis @ basis.T
    kernel = free @ kernel @ free
    return np.asarray(kernel / kernel[0, 0], dtype=np.float64)
