"""Registration of one picture onto another with nothing known of bench or part: features first, then edges.

Coarse: SIFT with precise upscale on reduced pictures and a consensus over its matches (MAGSAC++, Barath et al., CVPR
2020). Fine: :mod:`station.measure.refine`, on reduced pictures and then on the pictures themselves: all pixels of small
ones, the steepest points of large ones. What cannot be confirmed by the warped pair itself is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import RequestError
from station.measure.coded_light import LightAtPoints
from station.measure.prepared import DENSE_SIGMA, Prepared, PreparedGolden, prepare
from station.measure.refine import (
    BLUR_SIGMA,
    PARAMETERS,
    Model,
    Refined,
    increment,
    photo_target,
    refine,
    uv_matrix,
)
from station.measure.relief import colour_root, register_relief
from station.measure.sampling import sample, sample_quintic, spline_coefficients
from station.values.colour import DeviceRGB, LinearRGB

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
UInt8 = NDArray[np.uint8]

_MIN_SIDE = 32
# Longer side in px that features are looked for on, and the contrast they need (OpenCV's unit): a large picture's come
# cheapest from a thumbnail, and most pictures have enough of them there.
_ATTEMPTS = ((320, 0.03), (1000, 0.03), (1000, 0.008))
_SETTLED_PX = 1e-2  # of the reduced picture: what follows it starts from there
_AT_REST_PX = 1e-4
_MAX_STEP_PX = 0.5  # of the reduced picture, at a corner; a longer last step has followed something else
# Interpolation and tone curves leave what the fit's covariance does not know: RMS of errors over their uncertainty,
# measured on 14 warped photographs.
_U_FACTOR = 1.4
_MIN_INLIERS = 12
_MIN_CORRELATION = 0.6  # of the edge pixels after refinement
_MIN_WHOLE = 0.25  # of the local contrast over all that both pictures show
_MAX_U_PX = 1.0
_MAX_RELIEF_U = 0.02  # of the golden's shorter side
BY_RELIEF = "features failed; registered by the relief of a round part"
"""Method of what only :mod:`station.measure.relief` could register, to about a hundredth of the radius."""


@dataclass(frozen=True, slots=True)
class PairRegistration:
    """One picture registered onto another.

    transform : (3, 3) golden px to unit px, [2, 2] = 1. rms_px : root-mean-square standard uncertainty of a golden
    pixel's place in the unit, over the golden picture. covariance : (8, 8) of the transform's first eight entries, row
    by row (entries a model holds fixed have none). registered : whether it may be used; ``reason`` says why not.
    method : ``BY_RELIEF`` where another way than the usual led to it.
    """

    transform: Float
    model: Model
    rms_px: float
    covariance: Float
    registered: bool
    reason: str
    method: str = ""


def register_pair(
    golden: PreparedGolden | DeviceRGB | LinearRGB, unit: DeviceRGB | LinearRGB, model: Model = "similarity"
) -> PairRegistration:
    """Register ``unit`` onto ``golden`` by a similarity, an affine map or a homography.

    golden : from :func:`station.measure.prepared.prepare` where it meets many units.

    Raises
    ------
    RequestError
        The model's name is unknown.
    """
    if model not in PARAMETERS:
        raise RequestError(f"{model!r} is not a model of registration", "Use similarity, affine or homography.")
    g = golden if isinstance(golden, Prepared) else prepare(golden)
    u = prepare(unit)
    if min(*g.shape, *u.shape) < _MIN_SIDE:
        return _refused(model, f"a picture of less than {_MIN_SIDE} pixels a side cannot be registered")
    registration = _by_features_and_edges(g, u, model)
    if registration.registered or model != "similarity":
        return registration
    return _by_relief(g, u) or registration


def _by_features_and_edges(g: Prepared, u: Prepared, model: Model) -> PairRegistration:
    reason = "too few features of the golden picture were found again in the unit"
    found: Refined | None = None
    for start in _starts(g, u, model):
        refined = _refine_levels(g, u, start, model)
        if refined is None:
            reason = "the features agreed, but the edges did not follow"
            continue
        found, reason = refined, _doubt(g, u, refined, start)
        if not reason:
            break
    if found is None:
        return _refused(model, reason)
    found = _at_full_size(g, u, found)
    if not reason:
        found = _refine_fully(g, u, found, model)
    m = found.matrix / found.matrix[2, 2]
    covariance = _entry_covariance(found, m, g.shape, model)
    rms = _grid_uncertainty(covariance, m, g.shape)
    if not reason and not rms < _MAX_U_PX:
        reason = f"the place of a pixel is uncertain by {rms:.1f} px"
    return PairRegistration(m, model, rms, covariance, not reason, reason)


def _by_relief(golden: Prepared, unit: Prepared) -> PairRegistration | None:
    """The registration of round struck metal whose look turns with the light, or None where it is in doubt."""
    (g, to_g), (u, to_u) = colour_root(golden.light.codes), colour_root(unit.light.codes)
    relief = register_relief(g, u)
    if relief is None or relief.doubt:
        return None
    from_u = np.linalg.inv(to_u)
    m = from_u @ relief.transform @ to_g
    jacobian = (from_u @ relief.steps @ to_g).reshape(4, 9)[:, :8].T
    covariance = np.asarray(jacobian @ relief.covariance @ jacobian.T, dtype=np.float64)
    rms = _grid_uncertainty(covariance, m, golden.shape)
    if not rms < _MAX_RELIEF_U * min(golden.shape):
        return None
    return PairRegistration(m, "similarity", rms, covariance, True, "", BY_RELIEF)


def _starts(golden: Prepared, unit: Prepared, model: Model) -> Iterator[Float]:
    """Rough maps (3, 3) of the reduced pictures, cheapest first."""
    for side, contrast in _ATTEMPTS:
        found = _by_features(golden, unit, model, side, contrast)
        if found is not None:
            yield found


def _refused(model: Model, reason: str) -> PairRegistration:
    return PairRegistration(np.eye(3), model, float("inf"), np.zeros((8, 8)), False, reason)


def _by_features(golden: Prepared, unit: Prepared, model: Model, side: int, contrast: float) -> Float | None:
    """(3, 3) reduced golden px to reduced unit px by consensus of matched features, or None.

    side, contrast : see ``_ATTEMPTS``.
    """
    (p, dp), (q, dq) = golden.features(side, contrast), unit.features(side, contrast)
    if len(p) < _MIN_INLIERS or len(q) < _MIN_INLIERS:
        return None
    similarity = dp @ dq.T
    best = np.argmax(similarity, axis=1)
    first = similarity[np.arange(len(p)), best]
    mutual = np.argmax(similarity, axis=0)[best] == np.arange(len(p))
    similarity[np.arange(len(p)), best] = -1
    second = similarity.max(axis=1)
    ratio = np.sqrt(np.maximum(1 - first, 0)) < 0.85 * np.sqrt(np.maximum(1 - second, 1e-9))
    take = np.flatnonzero(ratio & mutual)
    if len(take) < _MIN_INLIERS:
        return None
    reach = 3.0 * max(1.0, max(unit.grey.shape) / side)
    return _consensus(p[take], q[best[take]], model, reach)


def _consensus(p: Float, q: Float, model: Model, reach: float) -> Float | None:
    cv2.setRNGSeed(0)  # the consensus draws from OpenCV's generator; the same pair gives the same answer
    if model == "similarity":
        m, inside = cv2.estimateAffinePartial2D(p, q, method=cv2.RANSAC, ransacReprojThreshold=reach, maxIters=5000)
    elif model == "affine":
        m, inside = cv2.estimateAffine2D(p, q, method=cv2.USAC_MAGSAC, ransacReprojThreshold=reach, maxIters=5000)
    else:
        m, inside = cv2.findHomography(p, q, cv2.USAC_MAGSAC, reach, maxIters=5000)
    if m is None or inside is None or int(inside.sum()) < _MIN_INLIERS:
        return None
    found = np.asarray(m, dtype=np.float64)
    return _sound(found if model == "homography" else np.vstack([found, [0, 0, 1]]), p)


def _sound(m: Float, p: Float) -> Float | None:
    """``m`` where it neither mirrors, nor collapses, nor folds the matched points over, else None."""
    corners = np.array([p.min(axis=0), p.max(axis=0)])
    scale = np.sqrt(abs(float(np.linalg.det(m[:2, :2]))))
    weight = np.column_stack([corners, [1, 1]]) @ m[2]
    if float(np.linalg.det(m[:2, :2])) <= 0 or not 0.1 < scale < 10 or (weight <= 0.1).any():
        return None
    return m


def _refine_levels(golden: Prepared, unit: Prepared, start: Float, model: Model) -> Refined | None:
    """``start`` refined on the reduced pictures, from an eighth of their size (or what is left at least 100 px) on.

    Points are taken from the golden where it is not clipped: the strongest edges of bright metal are the rims of its
    highlights, which move with the light.
    """
    smallest = min(*golden.grey.shape, *unit.grey.shape)
    levels = int(np.clip(np.log2(max(smallest, 1) / 100) + 1, 1, 4))
    matrix, refined = start, None
    for level in range(levels - 1, -1, -1):
        template = golden.template(level)
        if template is None:
            continue
        target = _unclipped(photo_target(unit.coefficients(level), level), unit.lost)
        step = refine(template, target, matrix, model, iterations=40, tolerance_px=_SETTLED_PX)
        if step is not None:
            refined, matrix = step, step.matrix
        elif level == 0:
            return None
    return refined


def _at_full_size(golden: Prepared, unit: Prepared, found: Refined) -> Refined:
    """``found`` on the reduced pictures, for the pictures themselves."""
    matrix = np.linalg.inv(unit.to_reduced) @ found.matrix @ golden.to_reduced
    return replace(found, matrix=matrix, half=found.half * golden.factor)


def _refine_fully(golden: Prepared, unit: Prepared, found: Refined, model: Model) -> Refined:
    """``found`` once more on the pictures themselves; where that does not settle nearby it stays as it is.

    Small pictures by all pixels that have a gradient, hardly blurred: the strongest edges of a blurred picture leave
    half of what it tells unused. Of large ones the steepest points reach thousandths of a pixel.
    """
    dense = golden.factor == unit.factor == 1
    template = golden.dense_template() if dense else golden.sparse_template()
    if template is None:
        return found
    target = _dense_target(unit) if dense else _sparse_target(unit, len(template.points))
    step = refine(template, target, found.matrix, model, tolerance_px=_AT_REST_PX)
    if step is None or not step.converged:
        return found
    h, w = unit.shape
    moved = step.matrix @ np.linalg.inv(found.matrix)
    corners = np.array([[0, 0, 1], [w, 0, 1], [0, h, 1], [w, h, 1]])
    at = corners @ moved.T
    if float(np.abs(at[:, :2] / at[:, 2:] - corners[:, :2]).max()) > _MAX_STEP_PX * unit.factor:
        return found
    return step


def _dense_target(unit: Prepared) -> Callable[[Float], Float32]:
    picture = spline_coefficients(unit.detail, DENSE_SIGMA, degree=5)

    def target(points: Float) -> Float32:
        return sample_quintic(picture, points)

    return _unclipped(target, unit.lost)


def _sparse_target(unit: Prepared, count: int) -> Callable[[Float], Float32]:
    light = LightAtPoints(unit.light, count, BLUR_SIGMA)

    def target(points: Float) -> Float32:
        return light(points) - unit.local_mean(points)

    return target


def _unclipped(target: Callable[[Float], Float32], lost: Bool) -> Callable[[Float], Float32]:
    """``target`` with nothing where the unit is clipped; lost : (H, W)."""
    h, w = lost.shape

    def seen(points: Float) -> Float32:
        near = np.rint(np.nan_to_num(points))
        x, y = np.clip(near[:, 0], 0, w - 1).astype(np.intp), np.clip(near[:, 1], 0, h - 1).astype(np.intp)
        return np.where(lost[y, x], np.float32(np.nan), target(points))

    return seen


def _doubt(golden: Prepared, unit: Prepared, refined: Refined, start: Float) -> str:
    """Why the result must not be trusted, or nothing."""
    if not refined.converged:
        return "the refinement did not settle"
    if refined.correlation < _MIN_CORRELATION:
        return f"the pictures' edges correlate only {refined.correlation:.2f}"
    h, w = golden.grey.shape
    y, x = np.mgrid[0 : h - 1 : min(h, 160) * 1j, 0 : w - 1 : min(w, 160) * 1j]
    points = np.stack([x, y, np.ones_like(x)], axis=-1)
    step = max(1.0, max(h, w) / 160)
    at = points @ refined.matrix.T
    at = at[..., :2] / at[..., 2:3]
    moved = points @ start.T
    drift = np.hypot(*np.moveaxis(at - moved[..., :2] / moved[..., 2:3], -1, 0))
    if float(np.median(drift)) > 0.02 * max(h, w) + 2:
        return "the edges lead elsewhere than the features"
    scale = float(np.sqrt(abs(np.linalg.det(refined.matrix[:2, :2]))))
    seen = sample(unit.blurred_detail(max(0.5, 0.5 * step * scale)), at)
    mine = sample(golden.blurred_detail(max(0.5, 0.5 * step)), points[..., :2])
    both = np.isfinite(seen) & np.isfinite(mine)
    if both.mean() < 0.2:
        return f"the pictures share only {both.mean():.0%} of the golden"
    whole = float(np.corrcoef(mine[both], seen[both])[0, 1])
    if not whole > _MIN_WHOLE:
        return f"laid over one another the pictures correlate only {whole:.2f}"
    return ""


def _entry_covariance(refined: Refined, m: Float, shape: tuple[int, ...], model: Model) -> Float:
    """(8, 8) covariance of the entries of ``m`` from that of the increments, by differentiating the composition."""
    h, w = shape
    to_uv = uv_matrix(((w - 1) / 2, (h - 1) / 2), refined.half)
    base = m @ np.linalg.inv(to_uv)
    k = PARAMETERS[model]
    jacobian = np.zeros((8, k))
    for j, unit_step in enumerate(np.eye(k)):
        # the increment is linear in its parameters
        d = base @ (np.eye(3) - increment(unit_step, model)) @ to_uv
        # the transform is scaled so that its last entry is 1
        jacobian[:, j] = (d - m * d[2, 2]).ravel()[:8]
    return np.asarray(_U_FACTOR**2 * (jacobian @ refined.covariance @ jacobian.T), dtype=np.float64)


def _grid_uncertainty(covariance: Float, m: Float, shape: tuple[int, ...]) -> float:
    h, w = shape
    total = []
    for x in np.linspace(0, w - 1, 5):
        for y in np.linspace(0, h - 1, 5):
            p = np.array([x, y, 1.0])
            q = m @ p
            j = np.zeros((2, 8))
            j[0, 0:3] = j[1, 3:6] = p / q[2]
            j[:, 6:8] = -np.outer(q[:2], p[:2]) / q[2] ** 2
            total.append(float(np.trace(j @ covariance @ j.T)))
    return float(np.sqrt(max(sum(total) / len(total), 0.0)))
