"""From the patches of a colour card to a ColourCorrection: perceptual fits, judged by leaving patches out.

Every candidate minimises CIEDE2000 by Gauss-Newton. Around a reference colour CIEDE2000 is a quadratic form of the Lab
difference; with that form fixed per patch the problem is a smooth least-squares one with an analytic Jacobian, so that
refitting without each patch in turn (all refits side by side) costs a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.values.colour import WHITE_D50, ColourCorrection, Lab, lab_to_xyz, xyz_to_lab
from station.values.difference import delta_e_2000

Float = NDArray[np.float64]

MAX_LOO_OVER_FIT = 1.6
"""A model whose leave-one-out error is this many times its fit follows the noise of the patches and is refused."""
MIN_PATCHES = 10
_FLOOR = 1e-5  # linear light below which a curve's logarithm is not followed
_GAMMA_PRIOR = 0.35  # standard deviation of ln gamma of a camera's tone curve before anything is known
_OFFSET_PRIOR = 0.03  # the same of a channel's offset (black level, haze)
_PRIOR_DELTA_E = 1.0  # the patches' own residual against which the priors are weighed


@dataclass(frozen=True, slots=True)
class FittedCorrection:
    """A chosen correction with its errors in CIEDE2000.

    fit, loo : (n,) for every patch; NaN in ``loo`` for patches that took no part.
    """

    correction: ColourCorrection
    fit: Float
    loo: Float
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Model:
    """offset and gamma: 0 = absent, 1 = shared by the channels, 3 = one for each channel."""

    name: str
    curve: int

    @property
    def size(self) -> int:
        return 9 + 2 * self.curve

    def unpack(self, p: Float) -> tuple[Float, Float, Float]:
        """(..., size) parameters to offset (..., 3), gamma (..., 3) and matrix (..., 3, 3)."""
        matrix = p[..., :9].reshape(*p.shape[:-1], 3, 3)
        if self.curve == 0:
            return np.zeros((*p.shape[:-1], 3)), np.ones((*p.shape[:-1], 3)), matrix
        offset = np.broadcast_to(p[..., 9 : 9 + self.curve], (*p.shape[:-1], 3))
        gamma = np.exp(np.broadcast_to(p[..., 9 + self.curve :], (*p.shape[:-1], 3)))
        return offset, gamma, matrix


MODELS = (
    _Model("3x3, perceptual", 0),
    _Model("shared offset and gamma, 3x3, perceptual", 1),
    _Model("offset and gamma per channel, 3x3, perceptual", 3),
)


def fit_correction(rgb: Float, lab: Float, use: NDArray[np.bool_]) -> FittedCorrection | None:
    """Fit every model to the patches and keep the one with the smallest leave-one-out CIEDE2000.

    Parameters
    ----------
    rgb
        (n, 3) linear device RGB of the patches.
    lab
        (n, 3) their reference Lab (D50, 2 degrees).
    use
        (n,) false for patches that may not take part (clipped, near black).

    Returns
    -------
    The choice, or None where fewer than ``MIN_PATCHES`` patches may be used or no model is stable.
    """
    if int(use.sum()) < MIN_PATCHES:
        return None
    start = _least_squares_3x3(rgb[use], lab[use])
    metric = _metric(lab)
    best: FittedCorrection | None = None
    refused: list[str] = []
    for model in MODELS:
        if int(use.sum()) <= model.size:
            continue
        p0 = np.concatenate([start.ravel(), np.zeros(2 * model.curve)])[None]
        weight = use.astype(np.float64)[None]
        p = _gauss_newton(model, p0, rgb, lab, metric, weight, rounds=14)
        if not np.isfinite(p).all():
            refused.append(model.name)
            continue
        fit = delta_e_2000(Lab(lab), _predict(model, p, rgb))[0]
        index = np.flatnonzero(use)
        left_out = np.repeat(weight, index.size, axis=0)
        left_out[np.arange(index.size), index] = 0.0
        q = _gauss_newton(model, np.repeat(p, index.size, axis=0), rgb, lab, metric, left_out, rounds=4)
        loo = np.full(len(rgb), np.nan)
        loo[index] = delta_e_2000(Lab(lab), _predict(model, q, rgb))[np.arange(index.size), index]
        loo_mean, fit_mean = float(loo[index].mean()), float(fit[index].mean())
        # Below half a unit the ratio only compares two noises, neither of which harms.
        if not np.isfinite(loo_mean) or loo_mean > max(MAX_LOO_OVER_FIT * fit_mean, 0.5):
            refused.append(model.name)
            continue
        # A richer model must earn its parameters: by at least 2 per cent of the simpler one's error.
        if best is None or loo_mean < 0.98 * best.correction.loo_mean:
            offset, gamma, matrix = (v[0].copy() for v in model.unpack(p))
            best = FittedCorrection(ColourCorrection(offset, gamma, matrix, model.name, loo_mean), fit, loo, ())
    if best is None:
        return None
    return FittedCorrection(best.correction, best.fit, best.loo, tuple(refused))


def _least_squares_3x3(rgb: Float, lab: Float) -> Float:
    """(3, 3) matrix from linear RGB to XYZ, weighted so that dark patches count as the eye counts them."""
    xyz = lab_to_xyz(Lab(lab))
    w = 1.0 / (0.02 + xyz[:, 1:2]) ** (2 / 3)
    solution, *_ = np.linalg.lstsq(rgb * w, xyz * w, rcond=None)
    return np.asarray(solution.T, dtype=np.float64)


def _metric(lab: Float) -> Float:
    """(n, 3, 3) factors G with ``|G (lab' - lab)|`` the CIEDE2000 of a small difference from ``lab``.

    CIEDE2000 squared is a quadratic form of a small difference; six probes (polarisation) give its matrix, its
    Cholesky factor gives G.
    """
    step = 0.2

    def form(direction: Float) -> Float:
        half = step / 2 * direction
        return (delta_e_2000(Lab(lab - half), Lab(lab + half)) / step) ** 2

    axes = np.eye(3)
    m = np.empty((len(lab), 3, 3))
    for i in range(3):
        m[:, i, i] = form(axes[i])
    for i, j in ((0, 1), (0, 2), (1, 2)):
        m[:, i, j] = m[:, j, i] = (form(axes[i] + axes[j]) - m[:, i, i] - m[:, j, j]) / 2
    return np.asarray(np.linalg.cholesky(m + 1e-9 * axes).swapaxes(1, 2), dtype=np.float64)


def _predict(model: _Model, p: Float, rgb: Float) -> Lab:
    """Lab (k, n, 3) of the patches under k parameter sets."""
    offset, gamma, matrix = model.unpack(p)
    curved = np.maximum(rgb + offset[:, None, :], 0.0) ** gamma[:, None, :]
    return xyz_to_lab(np.einsum("knj,kij->kni", curved, matrix))


def _gauss_newton(model: _Model, p: Float, rgb: Float, lab: Float, metric: Float, weight: Float, rounds: int) -> Float:
    """Minimise the weighted CIEDE2000 of k problems side by side (Levenberg's damping, one factor a problem).

    p : (k, size) starts. weight : (k, n), 0 leaves a patch out. Returns (k, size).
    """
    damping = np.full(len(p), 1e-4)
    residual, jacobian = _linearise(model, p, rgb, lab, metric, weight)
    cost = (residual**2).sum(axis=1)
    for _ in range(rounds):
        normal = np.einsum("kri,krj->kij", jacobian, jacobian)
        gradient = np.einsum("kri,kr->ki", jacobian, residual)
        diagonal = np.einsum("kii->ki", normal)
        damped = normal + np.eye(model.size) * (damping[:, None] * diagonal + 1e-12)[:, None, :]
        try:
            trial = p - np.linalg.solve(damped, gradient[..., None])[..., 0]
        except np.linalg.LinAlgError:
            return np.full_like(p, np.nan)
        new_residual, new_jacobian = _linearise(model, trial, rgb, lab, metric, weight)
        new_cost = (new_residual**2).sum(axis=1)
        better = new_cost < cost
        gain = float(np.max(np.where(better, 1 - new_cost / np.maximum(cost, 1e-12), 0.0)))
        p = np.where(better[:, None], trial, p)
        residual = np.where(better[:, None], new_residual, residual)
        jacobian = np.where(better[:, None, None], new_jacobian, jacobian)
        cost = np.where(better, new_cost, cost)
        damping = np.where(better, damping / 10, damping * 10)
        if better.all() and gain < 1e-4:
            break
    return p


def _linearise(model: _Model, p: Float, rgb: Float, lab: Float, metric: Float, weight: Float) -> tuple[Float, Float]:
    """Residuals (k, r) and their Jacobian (k, r, size): three rows a patch, then one a prior."""
    offset, gamma, matrix = model.unpack(p)
    k, n = len(p), len(rgb)
    light = np.maximum(rgb + offset[:, None, :], _FLOOR)  # (k, n, 3)
    curved = light ** gamma[:, None, :]
    xyz = np.einsum("knj,kij->kni", curved, matrix)
    t = xyz / WHITE_D50
    slope_t = np.where(t > 216 / 24389, np.maximum(t, 216 / 24389) ** (-2 / 3) / 3, 24389 / 27 / 116) / WHITE_D50
    to_lab = np.array([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])
    by_xyz = np.einsum("nij,jc->nic", metric, to_lab) * slope_t[:, :, None, :]  # (k, n, 3, 3)
    by_xyz *= weight[:, :, None, None]
    residual = np.einsum("nij,knj->kni", metric, xyz_to_lab(xyz).values - lab) * weight[:, :, None]

    rows_of_patches = np.empty((k, n, 3, model.size))
    rows_of_patches[..., :9] = (by_xyz[..., :, None] * curved[:, :, None, None, :]).reshape(k, n, 3, 9)
    if model.curve:
        by_curved = np.einsum("knic,kcj->knij", by_xyz, matrix)
        by_offset = by_curved * (gamma[:, None, :] * curved / light)[:, :, None, :]
        by_log_gamma = by_curved * (gamma[:, None, :] * curved * np.log(light))[:, :, None, :]
        if model.curve == 1:
            by_offset, by_log_gamma = by_offset.sum(-1, keepdims=True), by_log_gamma.sum(-1, keepdims=True)
        rows_of_patches[..., 9 : 9 + model.curve] = by_offset
        rows_of_patches[..., 9 + model.curve :] = by_log_gamma
    residual = residual.reshape(k, 3 * n)
    jacobian = rows_of_patches.reshape(k, 3 * n, model.size)
    if model.curve:
        sigma = np.repeat([_OFFSET_PRIOR, _GAMMA_PRIOR], model.curve) / _PRIOR_DELTA_E
        rows = np.zeros((2 * model.curve, model.size))
        rows[:, 9:] = np.diag(1 / sigma)
        residual = np.concatenate([residual, p[:, 9:] / sigma], axis=1)
        jacobian = np.concatenate([jacobian, np.broadcast_to(rows, (k, *rows.shape))], axis=1)
    return residual, jacobian
