"""Inverse-compositional registration (Baker and Matthews, Int. J. Computer Vision 56, 2004) on the strongest edges.

The template's gradients are computed once; gain, bias and linear light fields are nuisance columns of the same least
squares, and Tukey weights keep changed areas (the very defects one inspects for) from moving the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.robust_fit import robust_fit, sandwich
from station.measure.sampling import sample, spline_coefficients

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Model = Literal["similarity", "affine", "homography"]

PARAMETERS: dict[str, int] = {"similarity": 4, "affine": 6, "homography": 8}
BLUR_SIGMA = 1.0
"""Blur in px given to both pictures before they are compared."""
LOCAL_SIGMA = 4.0
"""Blur in px that gives the local mean, see :func:`detail`."""
_PROBE_PX = 0.05
_BLOCK_PX = 16  # cells over which residuals may be correlated when the covariance is estimated


@dataclass(frozen=True, slots=True)
class Template:
    """The edge pixels of one picture, ready to be found again in others.

    points : (n, 2) in the template's unit (px or mm). values : (n,). uv : (n, 2) coordinates relative to ``centre``
    over ``half``, so that all parameters have the size of a displacement. gradient : (n, 2) per unit of uv.
    cell : (n,) index of the 16 px cell each point lies in.
    """

    points: Float
    values: Float
    uv: Float
    gradient: Float
    cell: NDArray[np.int64]
    centre: tuple[float, float]
    half: float
    pitch: float


@dataclass(frozen=True, slots=True)
class Refined:
    """Result of :func:`refine`.

    matrix : (3, 3) template unit to target unit. covariance : (k, k) of the increments in uv, see ``PARAMETERS``;
    a translation's standard deviation is ``half * sqrt(covariance[0, 0])`` template units, ``half`` as in ``Template``.
    rms_px : residual of the kept points as the edge displacement that would explain it. correlation : weighted, of
    the two pictures' edge pixels. kept : share of points with a weight over one half. covered : share of points
    inside the target. converged : the last step was below 1/1000 px. weights, residual : (n,) of the points of
    ``template``, the residual in the template's values.
    """

    matrix: Float
    covariance: Float
    rms_px: float
    half: float
    correlation: float
    kept: float
    covered: float
    converged: bool
    weights: Float
    residual: Float
    template: Template


def make_template(
    image: Float32,
    mask: Bool | None,
    *,
    points_wanted: int,
    origin_px: tuple[float, float] | None = None,
    pitch: float = 1.0,
    blur_sigma: float = BLUR_SIGMA,
) -> Template | None:
    """The strongest-gradient pixels of ``image``.

    image : (H, W) float32, not blurred. mask : (H, W) pixels that may be used. origin_px : raster position of the
    unit's zero (default: the first pixel; the parameters are then centred on the picture). pitch : units in a pixel.
    blur_sigma : px of blur, which the target must have too.
    Returns None where fewer than 64 pixels have a gradient.
    """
    c = spline_coefficients(image, blur_sigma)
    smooth = sample_grid(c)
    gx, gy = spline_gradient(c)
    strength = np.where(np.isfinite(gx) & np.isfinite(gy), gx * gx + gy * gy, np.float32(0))
    border = 4
    strength[:border] = strength[-border:] = strength[:, :border] = strength[:, -border:] = 0
    if mask is not None:
        strength[~mask] = 0
    candidates = _strongest(strength, points_wanted)
    if candidates.size < 64:
        return None
    y, x = np.divmod(candidates, image.shape[1])
    ox, oy = (0.0, 0.0) if origin_px is None else origin_px
    points = np.stack([(x - ox) * pitch, (y - oy) * pitch], axis=-1)
    h, w = image.shape
    centre = (0.0, 0.0) if origin_px is not None else ((w - 1) / 2, (h - 1) / 2)
    half = max(w, h) / 2 * pitch
    uv = (points - centre) / half
    scale = half / pitch
    gradient = np.stack([gx.ravel()[candidates], gy.ravel()[candidates]], axis=-1).astype(np.float64) * scale
    cells = np.unique((y // _BLOCK_PX) * (w // _BLOCK_PX + 1) + x // _BLOCK_PX, return_inverse=True)[1]
    return Template(
        points, smooth.ravel()[candidates].astype(np.float64), uv, gradient, cells.astype(np.int64), centre, half, pitch
    )


def template_at(points: Float, values: Float, gradient: Float, shape: tuple[int, int]) -> Template | None:
    """Template of chosen points of a picture: points (n, 2) px, values (n,), gradient (n, 2) per px; shape (H, W).

    Returns None where there are fewer than 64 points.
    """
    if len(points) < 64:
        return None
    h, w = shape
    centre, half = ((w - 1) / 2, (h - 1) / 2), max(w, h) / 2
    blocks = (points // _BLOCK_PX).astype(np.int64)
    cells = np.unique(blocks[:, 1] * (w // _BLOCK_PX + 1) + blocks[:, 0], return_inverse=True)[1]
    uv = (points - centre) / half
    return Template(points, values, uv, gradient * half, cells.astype(np.int64), centre, half, 1.0)


def _strongest(strength: Float32, wanted: int) -> NDArray[np.intp]:
    """Flat indices of about ``wanted`` pixels of the greatest strength over zero, in the order of the raster."""
    flat = strength.ravel()
    # of a large picture every few pixels tell the threshold to about a hundredth of the count
    some = flat[:: max(1, flat.size // 1_000_000)]
    rank = some.size - round(wanted * some.size / flat.size)
    cut = float(np.partition(some, rank)[rank]) if 0 < rank < some.size else 0.0
    chosen = np.flatnonzero(flat >= cut) if cut > 0 else np.flatnonzero(flat > 0)
    return chosen[: 2 * wanted]


def detail(image: Float32) -> Float32:
    """``image`` (H, W) less its local mean.

    An edge between a dark and a bright side seems to move when the light on it changes, unless the mean of both sides
    is taken off first; a reflection or light field of any smooth shape then no longer pulls at the registration.
    """
    return np.asarray(image - cv2.GaussianBlur(image, (0, 0), LOCAL_SIGMA), dtype=np.float32)


def sample_grid(coefficients: Float32) -> Float32:
    """The spline at the pixel centres."""
    k = np.array([1 / 6, 2 / 3, 1 / 6], dtype=np.float32)
    return np.asarray(cv2.sepFilter2D(coefficients, cv2.CV_32F, k, k, borderType=cv2.BORDER_REFLECT_101))


def spline_gradient(c: Float32) -> tuple[Float32, Float32]:
    """Exact derivatives of the spline at the pixel centres."""
    smooth = np.array([1 / 6, 2 / 3, 1 / 6], dtype=np.float32)
    slope = np.array([-0.5, 0.0, 0.5], dtype=np.float32)
    gx = cv2.sepFilter2D(c, cv2.CV_32F, slope, smooth, borderType=cv2.BORDER_REFLECT_101)
    gy = cv2.sepFilter2D(c, cv2.CV_32F, smooth, slope, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(gx), np.asarray(gy)


def design_columns(t: Template, model: Model) -> Float:
    """(k + 6, n) columns of the least squares: the warp's, then gain, bias and their linear fields."""
    gu, gv = t.gradient[:, 0], t.gradient[:, 1]
    u, v = t.uv[:, 0], t.uv[:, 1]
    if model == "similarity":
        warp = [gu, gv, gu * u + gv * v, gv * u - gu * v]
    else:
        warp = [gu, gv, gu * u, gu * v, gv * u, gv * v]
        if model == "homography":
            radial = gu * u + gv * v
            warp += [-u * radial, -v * radial]
    light = [t.values, t.values * u, t.values * v, np.ones_like(u), u, v]
    return np.stack(warp + light)


def uv_matrix(centre: tuple[float, float], half: float) -> Float:
    """(3, 3) map from the template's unit to uv, see :class:`Template`."""
    return np.array([[1 / half, 0, -centre[0] / half], [0, 1 / half, -centre[1] / half], [0, 0, 1]])


def increment(delta: Float, model: Model) -> Float:
    """(3, 3) map in uv of the parameters ``delta`` (k,), see ``PARAMETERS``; the identity for zeros."""
    m = np.eye(3)
    m[0, 2], m[1, 2] = delta[0], delta[1]
    if model == "similarity":
        m[0, 0] = m[1, 1] = 1 + delta[2]
        m[1, 0], m[0, 1] = delta[3], -delta[3]
    else:
        m[0, 0] += delta[2]
        m[0, 1] = delta[3]
        m[1, 0] = delta[4]
        m[1, 1] += delta[5]
        if model == "homography":
            m[2, 0], m[2, 1] = delta[6], delta[7]
    return m


def refine(
    template: Template,
    target: Callable[[Float], NDArray[np.floating]],
    start: Float,
    model: Model,
    *,
    iterations: int = 30,
    tolerance_px: float = 1e-3,
) -> Refined | None:
    """Refine ``start`` (3, 3), template unit to target unit, so that the target looks like the template.

    target : (n, 2) target points to (n,) values, NaN where there is nothing. Returns None where too little of the
    template is covered or the equations are singular. The covariance is the cluster-robust sandwich H^-1 (sum of
    block scores) H^-1, blocks of 16 x 16 px, so that blur, demosaicing, JPEG and misfit, whose residuals are
    correlated, are not taken for independent noise; it is divided by the square of the step's response to a shift.
    """
    k = PARAMETERS[model]
    columns = design_columns(template, model)
    n = len(template.uv)
    to_uv = uv_matrix(template.centre, template.half)
    warp = start @ np.linalg.inv(to_uv)  # uv to target
    # flat and underexposed ground is calmer than an edge, whose weights its residuals must not decide
    steep = (template.gradient**2).sum(axis=1)
    telling = steep >= steep.mean()
    weights = np.ones(n)
    was_seen = weights
    step_px = np.inf
    steps = 0
    while True:
        values = _seen_by(template, target, warp)
        inside = np.isfinite(values)
        if inside.sum() < max(64, 0.3 * n):
            return None
        values = np.where(inside, values, 0.0)
        seen = inside.astype(np.float64)
        # what has just come into the picture has no weight of its own yet
        weights = np.where(seen > was_seen, 1.0, weights * seen)
        was_seen = seen
        solved = robust_fit(columns, values, seen, weights, telling, 2 if steps else 4)
        if solved is None:
            return None
        coefficients, residual, _ = solved
        gain = coefficients[k]
        if not gain > 0:
            return None
        if steps == iterations or step_px < tolerance_px:
            break
        delta = coefficients[:k] / gain
        size_px = float(np.abs(delta).max()) * template.half / template.pitch
        limit = 0.25 * template.half / template.pitch
        if size_px > limit:
            return None
        warp = warp @ np.linalg.inv(increment(delta, model))
        warp /= warp[2, 2]
        step_px, steps = size_px, steps + 1
    covariance = sandwich(columns, residual, weights, template.cell)
    if covariance is None:
        return None
    response = _response(template, target, warp, model, columns, weights, telling)
    if not response > 0:
        return None
    light = coefficients[k:] @ columns[k:]
    wm = weights / weights.sum()
    cl, cv = light - wm @ light, values - wm @ values
    correlation = float((wm * cl * cv).sum() / np.sqrt((wm * cl * cl).sum() * (wm * cv * cv).sum() + 1e-30))
    slope = gain * template.pitch / template.half * np.hypot(template.gradient[:, 0], template.gradient[:, 1])
    return Refined(
        matrix=warp @ to_uv,
        covariance=np.asarray(covariance[:k, :k] / (gain * response) ** 2, dtype=np.float64),
        rms_px=float(np.sqrt((wm * residual**2).sum() / (wm * slope**2).sum())),
        half=template.half,
        correlation=correlation,
        kept=float((weights > 0.5).sum() / n),
        covered=float(inside.mean()),
        converged=step_px < tolerance_px,
        weights=weights,
        residual=residual / gain,
        template=template,
    )


def _seen_by(template: Template, target: Callable[[Float], NDArray[np.floating]], warp: Float) -> Float:
    """(n,) values of the target where ``warp`` (3, 3), uv to target, puts the template's points."""
    q = template.uv @ warp[:, :2].T + warp[:, 2]
    return np.asarray(target(q[:, :2] / q[:, 2:]), dtype=np.float64)


def _response(
    template: Template,
    target: Callable[[Float], NDArray[np.floating]],
    warp: Float,
    model: Model,
    columns: Float,
    weights: Float,
    telling: Bool,
    probe: Float | None = None,
) -> float:
    """Share of a small change from the solution that one step takes back, by default of a shift, by whose square the
    covariance is divided. probe : (k,) the change.

    It is below 1 as far as the template's gradients are noise, whose square the normal matrix holds for signal, and as
    the weights give way with the residuals (Huber, Ann. Statist. 1, 1973).
    """
    k = PARAMETERS[model]
    if probe is None:
        probe = np.zeros(k)
        probe[:2] = _PROBE_PX * template.pitch / template.half
    found = []
    for change in (probe, -probe):
        values = _seen_by(template, target, warp @ increment(change, model))
        inside = np.isfinite(values)
        seen = inside.astype(np.float64)
        solved = robust_fit(columns, np.where(inside, values, 0.0), seen, weights * seen, telling, 2)
        if solved is None:
            return 0.0
        found.append(solved[0][:k] / solved[0][k])
    return float((found[0] - found[1]) @ probe / (2 * probe @ probe))


def responses(refined: Refined, target: Callable[[Float], NDArray[np.floating]]) -> Float:
    """(4,) of a similarity's refinement: the share that one step takes back of a small change of each parameter, over
    that of a shift. A rotation of little but round edges, whose gradients' noise seems to hold it, has less than 1."""
    template = refined.template
    columns = design_columns(template, "similarity")
    steep = (template.gradient**2).sum(axis=1)
    warp = refined.matrix @ np.linalg.inv(uv_matrix(template.centre, template.half))
    telling = steep >= steep.mean()
    size = _PROBE_PX * template.pitch / template.half

    def share(probe: Float | None) -> float:
        return _response(template, target, warp, "similarity", columns, refined.weights, telling, probe)

    shift = share(None)
    return np.array([shift, shift, *(share(size * np.eye(4)[i]) for i in (2, 3))]) / max(shift, 1e-9)


def pyramid(image: Float32, levels: int) -> list[Float32]:
    """``image`` and its halvings; pixel p of level n lies at p * 2**n of the first."""
    out = [image]
    for _ in range(levels - 1):
        out.append(np.asarray(cv2.pyrDown(out[-1]), dtype=np.float32))
    return out


def photo_target(coefficients: Float32, level: int) -> Callable[[Float], Float32]:
    """A target that samples level ``level`` of a pyramid by points in px of the first level."""
    factor = 2.0**-level

    def target(points: Float) -> Float32:
        return sample(coefficients, points * factor)

    return target
