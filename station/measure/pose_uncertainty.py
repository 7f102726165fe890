"""How well a pose is known: noise and misfit, what light does to relief, and what two signals disagree by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.refine import PARAMETERS, Refined, design_columns
from station.values.geometry import Similarity

Float = NDArray[np.float64]

_FLOOR_PX = 0.1  # standard; what reflections that turn with the part leave, measured on drawn units at all angles
_PLACE_ALONE = 2.0  # variance of a place's own displacement over the common one: the posts of eight rendered backs
_LEAST_RESPONSE = 0.02  # of a parameter that nothing holds
_PLACE_MM = 4.0  # an edge's walls and shoulders lean alike over a place of about this size


@dataclass(frozen=True, slots=True)
class PoseUncertainty:
    """Standard uncertainties (k = 1) of the offset in mm, each way, of the rotation in degrees and of the scale."""

    offset_mm: float
    rotation_deg: float
    scale: float


UNKNOWN = PoseUncertainty(math.inf, math.inf, math.inf)


def pose_uncertainty(
    refined: Refined,
    pose: Similarity,
    *,
    pitch_mm: float,
    turn_deg: float,
    relief_mm: float,
    second: Similarity | None = None,
    response: Float | None = None,
) -> PoseUncertainty:
    """The fit's covariance, a floor, relief under light from another side, what groups of edges disagree by, and what
    two signals do.

    turn_deg : between unit and golden. relief_mm : standard displacement of a relief's edge, each way, that is fixed to
    lamps and camera: a part turned by t against the golden is misplaced by it times 2 sin(t / 2). There is
    one for the whole part, and another one at every place, which holds besides what the edges of the places are seen to
    be displaced by: where a rotation rests on a single post, what displaces the post turns the part.
    response : (4,) see :func:`station.measure.refine.responses`.
    second : the pose in a signal whose shading displaces edges the other way; the truth is anywhere between.
    """
    half = refined.half * pose.scale
    floor = _FLOOR_PX * pitch_mm / half
    relief = relief_mm * 2 * abs(math.sin(math.radians(turn_deg) / 2)) / half
    place = _places(refined)
    alone = _PLACE_ALONE * (relief**2 + _scatter(refined, place) ** 2)
    variance = np.diag(refined.covariance) + alone * _of_places(refined, place)
    if response is not None:
        variance = variance / np.clip(response, _LEAST_RESPONSE, 1.0) ** 2
    variance = variance + floor**2 + relief**2 * np.array([1.0, 1.0, 0.0, 0.0])
    if second is not None:
        apart = np.array([math.hypot(pose.x - second.x, pose.y - second.y) / math.sqrt(2) / half] * 2)
        turned = math.radians(math.remainder(pose.rotation_deg - second.rotation_deg, 360))
        grown = math.log(pose.scale / second.scale)
        variance = variance + np.array([*apart, grown, turned]) ** 2 / 3  # of a rectangular distribution
    x, y, scale, rotation = np.sqrt(np.maximum(variance, 0))
    return PoseUncertainty(half * math.sqrt((x * x + y * y) / 2), math.degrees(rotation), float(scale))


def _places(refined: Refined) -> NDArray[np.int64]:
    """(n,) index of the place each point of the template lies in."""
    place = np.floor((refined.template.uv + 1.5) * refined.half / _PLACE_MM).astype(np.int64)
    return np.asarray(np.unique(place[:, 0] * 4096 + place[:, 1], return_inverse=True)[1], dtype=np.int64)


def _of_places(refined: Refined, place: NDArray[np.int64]) -> Float:
    """(4,) variances of the increments, for edges that are displaced at every place by itself by one unit of uv,
    standard, each way."""
    k, template = PARAMETERS["similarity"], refined.template
    columns = design_columns(template, "similarity")
    weighted = columns * refined.weights
    inverse = np.linalg.pinv(weighted @ columns.T)[:k]
    scores = np.zeros((int(place.max()) + 1, len(columns), 2))
    for axis in range(2):
        pulled = weighted * template.gradient[:, axis]
        for row in range(len(columns)):
            scores[:, row, axis] = np.bincount(place, pulled[row], len(scores))
    moved = np.einsum("kr,pra->pka", inverse, scores)
    return np.asarray((moved**2).sum(axis=(0, 2)))


def _scatter(refined: Refined, place: NDArray[np.int64]) -> float:
    """RMS over the places of what their edges are displaced by along their main direction, in units of uv."""
    g, w = refined.template.gradient, refined.weights
    count = int(place.max()) + 1
    xx, xy, yy = (np.bincount(place, w * g[:, i] * g[:, j], count) for i, j in ((0, 0), (0, 1), (1, 1)))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    along = g[:, 0] * np.cos(angle)[place] + g[:, 1] * np.sin(angle)[place]
    held = np.bincount(place, w * along**2, count)
    shift = np.bincount(place, w * along * refined.residual, count) / np.maximum(held, 1e-12)
    return math.sqrt(float((held * shift**2).sum() / max(float(held.sum()), 1e-12)))
