"""Registration of a patch in all three colours, for what light does to struck metal and to the rim of enamel.

Two pictures of one place are compared after the square root of linear light: of linear light the glints of the metal
decide where an edge seems to be, of its logarithm the dark flanks, and the two displace a turned part's edges to
opposite sides. The residual of a pixel is a colour. Its scatter is estimated with the fit, so that the directions of
colour in which shading and shine change count less than those in which only a displacement does (Fisher's discriminant,
Annals of Eugenics 7, 1936, in the form of generalised least squares); a multivariate t distribution keeps dust and
glare from moving the result (Lange, Little and Taylor, J. Am. Statist. Assoc. 84, 1989).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.refine import increment, sample_grid, spline_gradient, uv_matrix
from station.measure.sampling import sample, spline_coefficients

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

POWER = 0.5
"""Power of linear light that is compared."""
BLUR_SIGMA = 1.0
LOCAL_SIGMA = 6.0
"""px of the local mean: about as wide as a struck line."""
_TENSOR_SIGMA = 2.0  # px over which the direction of an edge is taken
_FREEDOM = 3.0  # degrees of freedom of the t distribution, as is usual where outliers are expected
_MOST_POINTS = 12_000
_BLOCK_PX = 16  # cells over which residuals may be correlated
_FLOOR = 1e-4  # scatter of a coded channel that is always allowed for
_SETTLED_PX = 1e-3
_STEPS = 20
_LEAST_POINTS = 200
_COVERED = 0.5  # share of the points that must be seen


@dataclass(frozen=True, slots=True)
class ColourTemplate:
    """The golden's patch, ready to be found again.

    points : (n, 2) px of the patch. uv : (n, 2) the same about ``centre`` over ``half``. columns : (n, m + 12), the
    first ``nuisances`` = m of them the coded colours and what else may be added in any combination to any channel: an
    affine map of the colours, a linear light field, and what the caller gave; then what each increment of
    :func:`increment` changes in each channel. telling : (n,) points whose residuals tell the scatter. cell : (n,) index
    of the 16 px cell.
    """

    points: Float
    uv: Float
    columns: Float
    nuisances: int
    telling: Bool
    cell: NDArray[np.int64]
    centre: tuple[float, float]
    half: float


@dataclass(frozen=True, slots=True)
class ColourScene:
    """The unit's picture where a patch is looked for: spline coefficients of the coded colours (h, w, 3), and the
    raster pixel (x, y) of the first of them."""

    coefficients: Float32
    corner: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ColourFit:
    """matrix : (3, 3) patch px to raster px. covariance : (4, 4) of the increments in uv at the template's centre.
    scatter : (3, 3) of the colours that the fit leaves. weights : (n,) of the t distribution. contrast : the unit's
    edges over the golden's, where they are as on the golden; where light has changed most of them it falls far below 1.
    """

    matrix: Float
    covariance: Float
    scatter: Float
    weights: Float
    contrast: float


def coded(pixels: Float32, power: float) -> Float32:
    """(h, w, 3) spline coefficients of linear light raised to ``power``, less its local mean and blurred. Without the
    local mean a side of an edge that has become brighter, as metal does all round a mark, seems to have grown."""
    light = np.maximum(pixels, np.float32(1e-6)) ** np.float32(power)
    return spline_coefficients(light - cv2.GaussianBlur(light, (0, 0), LOCAL_SIGMA), BLUR_SIGMA)


def make_colour_template(
    pixels: Float32, mask: Bool, *, power: float = POWER, nuisance: Float32 | None = None
) -> ColourTemplate | None:
    """Template of a patch.

    pixels : (h, w, 3) linear light. mask : (h, w) pixels that may be used: edges with the flat ground on both their
    sides, which tells the levels. power : see ``POWER``. nuisance : (h, w, m) further columns. None where there are too
    few points.
    """
    h, w = mask.shape
    usable = mask.copy()
    usable[:4] = usable[-4:] = usable[:, :4] = usable[:, -4:] = False
    chosen = np.flatnonzero(usable)
    if len(chosen) < _LEAST_POINTS:
        return None
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), _MOST_POINTS)).astype(np.int64)]
    y, x = np.divmod(chosen, w)
    coefficients = coded(pixels, power)
    colours = sample_grid(coefficients)[y, x].astype(np.float64)
    centre, half = ((w - 1) / 2, (h - 1) / 2), max(w, h) / 2
    points = np.stack([x, y], axis=-1).astype(np.float64)
    uv = (points - centre) / half
    u, v = uv[:, :1], uv[:, 1:]
    gu, gv = (g[y, x].astype(np.float64) * half for g in _across(*spline_gradient(coefficients)))
    energy = (gu**2 + gv**2).sum(axis=1)
    columns = [colours, np.ones_like(u), u, v]
    if nuisance is not None:
        further = nuisance[y, x].astype(np.float64)
        columns.append(further / (np.sqrt((further**2).mean(axis=0)) + 1e-9))
    cells = np.unique((y // _BLOCK_PX) * (w // _BLOCK_PX + 1) + x // _BLOCK_PX, return_inverse=True)[1]
    return ColourTemplate(
        points=points,
        uv=uv,
        columns=np.concatenate([*columns, gu, gv, gu * u + gv * v, gv * u - gu * v], axis=1),
        nuisances=sum(c.shape[1] for c in columns),
        telling=energy >= energy.mean(),
        cell=cells.astype(np.int64),
        centre=centre,
        half=half,
    )


def _across(gx: Float32, gy: Float32) -> tuple[Float32, Float32]:
    """Gradients (h, w, 3) without what runs along an edge: there it is light that changes, as round a rim on whose one
    side a lamp shines, and it does not turn with the part. At corners both directions stay (structure tensor, Forstner
    and Gulch 1987)."""
    xx, xy, yy = (
        cv2.GaussianBlur((a * b).sum(axis=2), (0, 0), _TENSOR_SIGMA) for a, b in ((gx, gx), (gx, gy), (gy, gy))
    )
    spread = np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    small, large = (xx + yy) / 2 - spread, (xx + yy) / 2 + spread
    along = np.arctan2(2 * xy, xx - yy) / 2 + np.float32(math.pi / 2)  # direction of the edge
    c, s = np.cos(along)[..., None], np.sin(along)[..., None]
    less = (1 - np.clip(small / np.maximum(large, 1e-12), 0, 1))[..., None] * (gx * c + gy * s)
    return np.asarray(gx - less * c, dtype=np.float32), np.asarray(gy - less * s, dtype=np.float32)


def fit_colours(
    template: ColourTemplate, scene: ColourScene, start: Float, *, share: Float | None = None, steps: int = _STEPS
) -> ColourFit | None:
    """The similarity that lays the template onto the scene, by generalised least squares with t weights.

    start : (3, 3) patch px to raster px. share : (n,) further weights of the points, 0-1. None where too little of the
    template is seen or the equations are singular. The covariance is the sandwich of cells of 16 px, see
    :func:`station.measure.refine.refine`. Of even noise it states 0.7 to 0.9 of the scatter: 40 drawn pictures at each
    of four levels, ``tests/unit/test_colour_fit.py``.
    """
    to_uv = uv_matrix(template.centre, template.half)
    warp = start @ np.linalg.inv(to_uv)
    share = np.ones(len(template.uv)) if share is None else share
    weights = np.ones(len(template.uv))
    scatter = 0.05 * np.cov(template.columns[:, :3].T) + _FLOOR**2 * np.eye(3)
    for step in range(steps):
        values, seen = _seen(template, scene, warp)
        if seen.mean() < _COVERED:
            return None
        for _ in range(3 if step == 0 else 1):
            try:
                solved = _solve(template, values, weights * share * seen, scatter)
            except np.linalg.LinAlgError:
                return None
            weights = _t_weights(_distance(solved.residual, scatter))
            scatter = _scatter(template, solved.residual, weights, share * seen)
        if not (solved.gain > 0.1 and np.isfinite(solved.delta).all()):
            return None
        delta = solved.delta / solved.gain
        if float(np.abs(delta).max()) > 0.25:
            return None
        warp = warp @ np.linalg.inv(increment(delta, "similarity"))
        warp /= warp[2, 2]
        if float(np.abs(delta).max()) * template.half < _SETTLED_PX:
            break
    each = _scores(template, solved, weights * share * seen, scatter)
    scores = np.zeros((int(template.cell.max()) + 1, 4))
    for k in range(4):
        np.add.at(scores[:, k], template.cell, each[:, k])
    inverse = np.linalg.inv(solved.normal * _steepness(weights, share * seen))
    used = max(int(np.count_nonzero(scores.any(axis=1))), 2)
    covariance = inverse @ (scores.T @ scores) @ inverse * used / (used - 1) / solved.gain**2
    return ColourFit(warp @ to_uv, np.asarray(covariance, dtype=np.float64), scatter, weights, solved.gain)


def log_likelihood(template: ColourTemplate, scene: ColourScene, fit: ColourFit, matrix: Float) -> Float:
    """(n,) logarithm of the t density of the points' residuals where ``matrix`` lays the template, with the scatter of
    ``fit``; up to a constant. Points that are not seen have that of a residual of zero."""
    values, seen = _seen(template, scene, matrix @ np.linalg.inv(uv_matrix(template.centre, template.half)))
    weights = fit.weights
    for _ in range(2):
        residual = _levelled(template.columns[:, : template.nuisances], weights * seen, values)
        distance = _distance(residual, fit.scatter)
        weights = _t_weights(distance)
    return np.asarray(-0.5 * (_FREEDOM + 3) * np.log1p(seen * distance / _FREEDOM), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Solved:
    """delta : (4,) increments. gain : the unit's contrast over the golden's. normal : (4, 4). residual : (n, 3).
    levelling : (m, 12) of the nuisances, what the increments' columns hold of them."""

    delta: Float
    gain: float
    normal: Float
    residual: Float
    levelling: Float


def _solve(template: ColourTemplate, values: Float, weights: Float, scatter: Float) -> _Solved:
    """One weighted least squares: every channel has its own nuisances, the increments are common to all. All is worked
    out from one matrix of products."""
    m, precision = template.nuisances, np.linalg.inv(scatter)
    columns = np.concatenate([template.columns, values], axis=1)
    products = (columns * weights[:, None]).T @ columns
    nuisance = products[:m, :m].copy()
    nuisance[np.diag_indices(m)] *= 1 + 1e-9
    levels = np.linalg.solve(nuisance, products[:m, m:])  # (m, 15)
    clear = products[m:, m:] - products[m:, :m] @ levels
    moved = clear[:12, :12].reshape(4, 3, 4, 3)
    normal = np.einsum("cd,kcld->kl", precision, moved)
    delta = np.linalg.solve(normal, np.einsum("cd,kcd->k", precision, clear[:12, 12:].reshape(4, 3, 3)))
    own = levels[:, 12:] - np.einsum("mkc,k->mc", levels[:, :12].reshape(m, 4, 3), delta)
    change = np.kron(delta[:, None], np.eye(3))  # (12, 3)
    residual = values - template.columns @ np.concatenate([own, change])
    # what the unit's own contrast makes of the increments' columns, along those of the golden
    golden = np.einsum("kikd->id", products[m : m + 12, m : m + 12].reshape(4, 3, 4, 3))
    gain = np.einsum("cd,ic,id->", precision, own[:3], golden) / np.einsum("cd,cd->", precision, golden)
    return _Solved(delta, float(gain), normal, residual, levels[:, :12])


def _scores(template: ColourTemplate, solved: _Solved, weights: Float, scatter: Float) -> Float:
    """(n, 4) what each point adds to the right-hand sides of the solved equations."""
    m = template.nuisances
    clear = template.columns[:, m:] - template.columns[:, :m] @ solved.levelling
    pull = (solved.residual * weights[:, None]) @ np.linalg.inv(scatter)
    return np.asarray(np.einsum("nkc,nc->nk", clear.reshape(-1, 4, 3), pull), dtype=np.float64)


def _distance(residual: Float, scatter: Float) -> Float:
    """(n,) squared Mahalanobis distances."""
    return np.asarray(((residual @ np.linalg.inv(scatter)) * residual).sum(axis=1), dtype=np.float64)


def _seen(template: ColourTemplate, scene: ColourScene, warp: Float) -> tuple[Float, Float]:
    """(n, 3) colours of the scene, 0 where there are none, and (n,) 1 where there are."""
    q = template.uv @ warp[:2, :2].T + warp[:2, 2]
    values = sample(scene.coefficients, q - scene.corner).astype(np.float64)
    seen = np.asarray(np.isfinite(values).all(axis=1))
    return np.where(seen[:, None], values, 0.0), seen.astype(np.float64)


def _levelled(nuisance: Float, weights: Float, values: Float) -> Float:
    weighted = nuisance * weights[:, None]
    normal = weighted.T @ nuisance
    normal[np.diag_indices_from(normal)] *= 1 + 1e-9
    return np.asarray(values - nuisance @ np.linalg.solve(normal, weighted.T @ values), dtype=np.float64)


def _t_weights(distance: Float) -> Float:
    return np.asarray((_FREEDOM + 3) / (_FREEDOM + distance), dtype=np.float64)


def _steepness(weights: Float, share: Float) -> float:
    """By how much less than its weight a residual pulls when it grows, in the mean: the weight falls meanwhile. The
    equations' derivative has it, and the covariance of an M-estimate is by that and not by the weights (Huber, Robust
    Statistics, 1981, section 6.3); of three colours a third of the residual lies along any direction."""
    far = 1 - _FREEDOM * weights / (_FREEDOM + 3)  # distance over freedom plus distance
    return float((share * weights * (1 - 2 / 3 * far)).sum() / max((share * weights).sum(), 1e-12))


def _scatter(template: ColourTemplate, residual: Float, weights: Float, share: Float) -> Float:
    share = np.where(template.telling, share, 0.0)
    weighted = residual * (weights * share)[:, None]
    return np.asarray(weighted.T @ residual / max(share.sum(), 1.0) + _FLOOR**2 * np.eye(3), dtype=np.float64)


def shading_columns(raised: Bool) -> Float32:
    """(h, w, 9) what a change of light adds along the edges of raised metal, whatever lies beside it: on the metal's
    flank, at the edge and on the rim of the enamel, each evenly and by the direction the edge faces.

    raised : (h, w). A displacement changes an edge in proportion to its contrast; this does not, so that edges of
    different contrast tell the two apart.
    """
    inside = cv2.distanceTransform(raised.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~raised).astype(np.uint8), cv2.DIST_L2, 5)
    depth = cv2.GaussianBlur(np.where(raised, inside - 0.5, 0.5 - outside).astype(np.float32), (0, 0), 1.0)
    gx = cv2.Sobel(depth, cv2.CV_32F, 1, 0, scale=1 / 8)
    gy = cv2.Sobel(depth, cv2.CV_32F, 0, 1, scale=1 / 8)
    columns = []
    for place in (-2.0, 0.0, 2.0):  # px from the edge
        near = np.exp(-(((depth - place) / 1.3) ** 2) / 2)
        columns += [near, gx * near, gy * near]
    return np.stack(columns, axis=-1).astype(np.float32)
