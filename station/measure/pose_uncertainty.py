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
    second: Similarity | None,
) -> PoseUncertainty:
    """The fit's covariance, a floor, relief under light from another side, and the disagreement with a second signal.

    turn_deg : between unit and golden. relief_mm : standard displacement of a relief's edge, each way, that is fixed to
    lamps and camera: a part turned by t against the golden is misplaced by it times 2 sin(t / 2). It is taken to be
    one for the whole part, and another one besides at every place: where a rotation rests on a single post, what
    displaces the post turns the part.
    second : the pose in a signal whose shading displaces edges the other way; the truth is anywhere between.
    """
    half = refined.half * pose.scale
    floor = _FLOOR_PX * pitch_mm / half
    relief = relief_mm * 2 * abs(math.sin(math.radians(turn_deg) / 2)) / half
    variance = np.diag(refined.covariance) + floor**2 + relief**2 * _of_relief(refined)
    if second is not None:
        apart = np.array([math.hypot(pose.x - second.x, pose.y - second.y) / math.sqrt(2) / half] * 2)
        turned = math.radians(math.remainder(pose.rotation_deg - second.rotation_deg, 360))
        grown = math.log(pose.scale / second.scale)
        variance = variance + np.array([*apart, grown, turned]) ** 2 / 3  # of a rectangular distribution
    x, y, scale, rotation = np.sqrt(np.maximum(variance, 0))
    return PoseUncertainty(half * math.sqrt((x * x + y * y) / 2), math.degrees(rotation), float(scale))


def _of_relief(refined: Refined) -> Float:
    """(4,) variances of the increments for edges displaced by one unit of uv, standard, each way: all alike, and every
    place by itself."""
    k, template = PARAMETERS["similarity"], refined.template
    columns = design_columns(template, "similarity")
    weighted = columns * refined.weights
    inverse = np.linalg.pinv(weighted @ columns.T)[:k]
    size = _PLACE_MM / template.half
    place = np.floor((template.uv + 1.5) / size).astype(np.int64)
    place = np.unique(place[:, 0] * 4096 + place[:, 1], return_inverse=True)[1]
    scores = np.zeros((int(place.max()) + 1, len(columns), 2))
    for axis in range(2):
        pulled = weighted * template.gradient[:, axis]
        for row in range(len(columns)):
            scores[:, row, axis] = np.bincount(place, pulled[row], len(scores))
    moved = np.einsum("kr,pra->pka", inverse, scores)
    return np.asarray((moved**2).sum(axis=(0, 2)) + (moved.sum(axis=0) ** 2).sum(axis=-1))
