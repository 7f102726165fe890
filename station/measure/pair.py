"""Registration of one picture onto another with nothing known of bench or part: features first, then edges.

Coarse: SIFT with precise upscale on reduced pictures and a consensus over its matches (MAGSAC++, Barath et al., CVPR
2020). Fine: :mod:`station.measure.refine`. What cannot be confirmed by the warped pair itself is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import RequestError
from station.measure.refine import (
    BLUR_SIGMA,
    PARAMETERS,
    Model,
    Refined,
    detail,
    increment,
    make_template,
    photo_target,
    pyramid,
    refine,
    uv_matrix,
)
from station.measure.sampling import sample, sample_quintic, spline_coefficients
from station.values.colour import LinearRGB

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
UInt8 = NDArray[np.uint8]

_FEATURE_SIDE = 1000  # px of the longer side features are looked for on
_POINTS = 20000
_MIN_SIDE = 32
_READING_NOISE = 0.0015  # light at which the root is as steep as the linear foot of the sRGB curve (IEC 61966-2-1)
_DENSE_SIGMA = 0.5  # px; of 0, 0.35, 0.5, 0.7 and 1.0 the nearest to the Cramer-Rao bound over shifts and turns
_DENSE_POINTS = 300_000
_MAX_DENSE_STEP_PX = 0.5  # at a corner; a longer step has followed something else
# Interpolation and tone curves leave what the fit's covariance does not know: RMS of errors over their uncertainty,
# measured on 14 warped photographs.
_U_FACTOR = 1.4
_DENSE_PIXELS = 4_000_000  # above this the strongest edges alone reach a thousandth of a pixel
_MIN_INLIERS = 12
_MIN_CORRELATION = 0.6  # of the edge pixels after refinement
_MIN_WHOLE = 0.25  # of the local contrast over all that both pictures show
_MAX_U_PX = 1.0


@dataclass(frozen=True, slots=True)
class PairRegistration:
    """One picture registered onto another.

    transform : (3, 3) golden px to unit px, [2, 2] = 1. rms_px : root-mean-square standard uncertainty of a golden
    pixel's place in the unit, over the golden picture. covariance : (8, 8) of the transform's first eight entries, row
    by row (entries a model holds fixed have none). registered : whether it may be used; ``reason`` says why not.
    """

    transform: Float
    model: Model
    rms_px: float
    covariance: Float
    registered: bool
    reason: str


def register_pair(golden: LinearRGB, unit: LinearRGB, model: Model = "similarity") -> PairRegistration:
    """Register ``unit`` onto ``golden`` by a similarity, an affine map or a homography.

    Raises
    ------
    RequestError
        The model's name is unknown.
    """
    if model not in PARAMETERS:
        raise RequestError(f"{model!r} is not a model of registration", "Use similarity, affine or homography.")
    if min(*golden.pixels.shape[:2], *unit.pixels.shape[:2]) < _MIN_SIDE:
        return _refused(model, f"a picture of less than {_MIN_SIDE} pixels a side cannot be registered")
    g, u = _grey(golden.pixels), _grey(unit.pixels)
    start = _by_features(g, u, model)
    if start is None:
        return _refused(model, "too few features of the golden picture were found again in the unit")
    refined = _refine_levels(g, u, _clipped(golden), _clipped(unit), start, model)
    if refined is None:
        return _refused(model, "the features agreed, but the edges did not follow")
    reason = _doubt(g, u, refined, start)
    if not reason:
        refined = _refine_densely(g, u, _clipped(golden), _clipped(unit), refined, model)
    m = refined.matrix / refined.matrix[2, 2]
    covariance = _entry_covariance(refined, m, g.shape, model)
    rms = _grid_uncertainty(covariance, m, g.shape)
    if not reason and not rms < _MAX_U_PX:
        reason = f"the place of a pixel is uncertain by {rms:.1f} px"
    return PairRegistration(m, model, rms, covariance, not reason, reason)


def _grey(pixels: Float32) -> Float32:
    """(H, W) root of the light with an offset, which gives noise of photons and of reading alike over all tones."""
    mixed = cv2.transform(pixels, np.array([[0.25, 0.5, 0.25]], dtype=np.float32))
    return np.asarray(cv2.sqrt(np.clip(mixed, 0, 1, out=mixed) + np.float32(_READING_NOISE)), dtype=np.float32)


def _refused(model: Model, reason: str) -> PairRegistration:
    return PairRegistration(np.eye(3), model, float("inf"), np.zeros((8, 8)), False, reason)


def _features(picture: Float32, contrast: float) -> tuple[Float, Float32]:
    """(n, 2) px of the full picture and (n, 128) RootSIFT descriptors (Arandjelovic and Zisserman, CVPR 2012)."""
    factor = min(1.0, _FEATURE_SIDE / max(picture.shape))
    h, w = picture.shape
    size = (max(_MIN_SIDE, round(w * factor)), max(_MIN_SIDE, round(h * factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if factor < 1 else picture
    low, high = (float(q) for q in np.quantile(small, [0.005, 0.995]))
    coded = np.clip((small - low) * (255 / max(high - low, 1e-3)), 0, 255).astype(np.uint8)
    sift = cv2.SIFT.create(nfeatures=4000, contrastThreshold=contrast, enable_precise_upscale=True)
    keys, descriptors = sift.detectAndCompute(coded, None)
    if descriptors is None or len(keys) < 2:
        return np.zeros((0, 2)), np.zeros((0, 128), dtype=np.float32)
    scale = np.array([w / small.shape[1], h / small.shape[0]])
    points = (np.array([k.pt for k in keys], dtype=np.float64) + 0.5) * scale - 0.5
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return points, np.asarray(root, dtype=np.float32)


def _by_features(golden: Float32, unit: Float32, model: Model) -> Float | None:
    """(3, 3) golden px to unit px by consensus of matched features, or None."""
    for contrast in (0.03, 0.008):
        (p, dp), (q, dq) = _features(golden, contrast), _features(unit, contrast)
        if len(p) < _MIN_INLIERS or len(q) < _MIN_INLIERS:
            continue
        similarity = dp @ dq.T
        best = np.argmax(similarity, axis=1)
        first = similarity[np.arange(len(p)), best]
        similarity[np.arange(len(p)), best] = -1
        second = similarity.max(axis=1)
        ratio = np.sqrt(np.maximum(1 - first, 0)) < 0.85 * np.sqrt(np.maximum(1 - second, 1e-9))
        similarity[np.arange(len(p)), best] = first
        mutual = np.argmax(similarity, axis=0)[best] == np.arange(len(p))
        take = np.flatnonzero(ratio & mutual)
        if len(take) < _MIN_INLIERS:
            continue
        found = _consensus(p[take], q[best[take]], model, 3.0 * max(1.0, max(golden.shape) / _FEATURE_SIDE))
        if found is not None:
            return found
    return None


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


def _clipped(picture: LinearRGB) -> Bool:
    """(H, W) clipped pixels and those next to them."""
    blank = np.asarray(picture.pixels.max(axis=-1) >= 0.999).astype(np.uint8)
    return np.asarray(cv2.dilate(blank, np.ones((7, 7), np.uint8)), dtype=bool)


def _refine_levels(
    golden: Float32, unit: Float32, golden_lost: Bool, unit_lost: Bool, start: Float, model: Model
) -> Refined | None:
    """From an eighth of the size (or what is left at least 100 px) to the full size.

    Points are taken from the golden where it is not clipped: the strongest edges of bright metal are the rims of its
    highlights, which move with the light.
    """
    smallest = min(*golden.shape, *unit.shape)
    levels = int(np.clip(np.log2(max(smallest, 1) / 100) + 1, 1, 4))
    gp, up = pyramid(golden, levels), pyramid(unit, levels)
    matrix, refined = start, None
    for level in range(levels - 1, -1, -1):
        h, w = gp[level].shape
        seen = cv2.resize(golden_lost.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA) == 0
        template = make_template(detail(gp[level]), np.asarray(seen), points_wanted=_POINTS >> level, pitch=2.0**level)
        if template is None:
            continue
        picture = spline_coefficients(detail(up[level]), BLUR_SIGMA)
        step = refine(template, _unclipped(photo_target(picture, level), unit_lost), matrix, model, iterations=40)
        if step is not None:
            refined, matrix = step, step.matrix
        elif level == 0:
            return None
    return refined


def _refine_densely(
    golden: Float32, unit: Float32, golden_lost: Bool, unit_lost: Bool, found: Refined, model: Model
) -> Refined:
    """``found`` once more by all pixels that have a gradient, hardly blurred; large pictures and misfits stay as found.

    The strongest edges of a blurred picture leave half of what a small picture tells unused.
    """
    if max(golden.size, unit.size) > _DENSE_PIXELS:
        return found
    template = make_template(detail(golden), ~golden_lost, points_wanted=_DENSE_POINTS, blur_sigma=_DENSE_SIGMA)
    if template is None:
        return found
    picture = spline_coefficients(detail(unit), _DENSE_SIGMA, degree=5)

    def target(points: Float) -> Float32:
        return sample_quintic(picture, points)

    step = refine(template, _unclipped(target, unit_lost), found.matrix, model, tolerance_px=1e-4)
    if step is None or not step.converged:
        return found
    moved = step.matrix @ np.linalg.inv(found.matrix)
    corners = np.array([[0, 0, 1], [unit.shape[1], 0, 1], [0, unit.shape[0], 1], [unit.shape[1], unit.shape[0], 1]])
    at = corners @ moved.T
    if float(np.abs(at[:, :2] / at[:, 2:] - corners[:, :2]).max()) > _MAX_DENSE_STEP_PX:
        return found
    return step


def _unclipped(target: Callable[[Float], Float32], lost: Bool) -> Callable[[Float], Float32]:
    """``target`` with nothing where the unit is clipped; lost : (H, W)."""
    h, w = lost.shape

    def seen(points: Float) -> Float32:
        near = np.rint(np.nan_to_num(points))
        x, y = np.clip(near[:, 0], 0, w - 1).astype(np.intp), np.clip(near[:, 1], 0, h - 1).astype(np.intp)
        return np.where(lost[y, x], np.float32(np.nan), target(points))

    return seen


def _doubt(golden: Float32, unit: Float32, refined: Refined, start: Float) -> str:
    """Why the result must not be trusted, or nothing."""
    if not refined.converged:
        return "the refinement did not settle"
    if refined.correlation < _MIN_CORRELATION:
        return f"the pictures' edges correlate only {refined.correlation:.2f}"
    h, w = golden.shape
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
    seen = sample(spline_coefficients(detail(unit), max(0.5, 0.5 * step * scale)), at)
    mine = sample(spline_coefficients(detail(golden), max(0.5, 0.5 * step)), points[..., :2])
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
