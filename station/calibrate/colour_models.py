"""The families of colour corrections and their perceptual fit to the patches of a card.

Every model minimises CIEDE2000 by Gauss-Newton. Around a reference colour CIEDE2000 is a quadratic form of the Lab
difference; with that form fixed per patch the problem is a smooth least-squares one with an analytic Jacobian, so that
refitting without each patch in turn (all refits side by side) costs a few milliseconds.

Two things beside the camera bend what the patches say, and are fitted along: a patch or two in glare (a pseudo-Huber
loss) and light that falls unevenly on the card (its logarithm: two slopes and a fall-off from the middle).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.values.colour import WHITE_D50, ColourCorrection, Lab, lab_to_xyz, root_terms, xyz_to_lab
from station.values.difference import metric_at

Float = NDArray[np.float64]

OFFSET_PRIOR = 0.015
"""Standard deviation of a channel's offset (black level, haze) before anything is known, linear light."""
GAMMA_PRIOR = 0.35
"""The same of ln gamma of a camera's tone curve."""
SHOULDER_PRIOR = 0.5
"""The same of the shoulder, the logarithm of what a tone curve adds at full scale."""
LIGHT_PRIOR = (0.1, 0.1, 0.05)
"""The same of the light on the card: slope along a row and along a column from its middle to its last patch, and
fall-off towards its corners, natural logarithms."""
ROBUST = 1.5
"""Medians of the patches' errors from which a patch's error counts by its size, no longer by its square."""

_FLOOR = 1e-5  # linear light below which a curve's logarithm is not followed
_LIGHT = len(LIGHT_PRIOR)
_PROBE = 0.2
"""Step in Lab of the metric: of the size of what a correction leaves over."""
_TO_LAB = np.array([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])


@dataclass(frozen=True, slots=True)
class Model:
    """One family. offset and gamma, ``curve``: 0 = absent, 1 = shared by the channels, 3 = one for each channel.

    Parameters lie in a row as matrix, offset, ln gamma, shoulder, light on the card.
    """

    name: str
    curve: int = 0
    shoulder: bool = False
    roots: bool = False

    @property
    def terms(self) -> int:
        """Columns of the matrix."""
        return 6 if self.roots else 3

    @property
    def size(self) -> int:
        """Parameters of the correction itself."""
        return 3 * self.terms + 2 * self.curve + self.shoulder

    def priors(self) -> tuple[Float, NDArray[np.intp]]:
        """Standard deviations, and which parameters (the light's included) they belong to."""
        sigma = [OFFSET_PRIOR] * self.curve + [GAMMA_PRIOR] * self.curve + [SHOULDER_PRIOR] * self.shoulder
        return np.array([*sigma, *LIGHT_PRIOR]), np.arange(3 * self.terms, self.size + _LIGHT)

    def unpack(self, p: Float) -> tuple[Float, Float, Float, Float, Float]:
        """(k, size + 3) to matrix (k, 3, terms), offset and gamma (k, 3), shoulder (k, 1) and light (k, 3)."""
        k, m, c = len(p), 3 * self.terms, self.curve
        offset, gamma = np.zeros((k, 3)), np.ones((k, 3))
        if c:
            offset[:], gamma[:] = p[:, m : m + c], np.exp(p[:, m + c : m + 2 * c])
        shoulder = p[:, m + 2 * c : self.size] if self.shoulder else np.zeros((k, 1))
        return p[:, :m].reshape(k, 3, -1), offset, gamma, shoulder, p[:, self.size :]

    def start(self, matrix: Float) -> Float:
        """(size + 3,) parameters of a plain 3x3."""
        p = np.zeros(self.size + _LIGHT)
        p[: 3 * self.terms].reshape(3, -1)[:, :3] = matrix
        return p

    def correction(self, p: Float, loo_mean: float) -> ColourCorrection:
        """The correction that parameters (size + 3,) stand for, for a part in the card's mean light."""
        matrix, offset, gamma, shoulder, _ = self.unpack(p[None])
        return ColourCorrection(
            offset[0],
            gamma[0],
            matrix[0, :, :3].copy(),
            self.name,
            loo_mean,
            shoulder=float(shoulder[0, 0]),
            roots=matrix[0, :, 3:].copy() if self.roots else None,
        )


MODELS = (
    Model("3x3, perceptual"),
    Model("shared offset and gamma, 3x3, perceptual", curve=1),
    Model("offset and gamma per channel, 3x3, perceptual", curve=3),
    Model("offset and gamma per channel, shoulder, 3x3, perceptual", curve=3, shoulder=True),
    Model("root-polynomial 2, perceptual", roots=True),
)


@dataclass(frozen=True, slots=True)
class Patches:
    """What is fitted to. rgb, lab : (n, 3); rgb also (k, n, 3). metric : (n, 3, 3) and light : (n, 3) as
    :func:`metric` and :func:`light_basis` give them."""

    rgb: Float
    lab: Float
    metric: Float
    light: Float


@dataclass(frozen=True, slots=True)
class Loss:
    """knee : CIEDE2000 at which the loss turns from square to straight. level : the patches' own error, against which
    the priors are weighed."""

    knee: float
    level: float


def light_basis(places: Float | None, n: int) -> Float:
    """(n, 3) along, across and fall-off of patches at ``places`` (n, 2): the middle is (0, 0), the longer side ends at
    1. None: uneven light is not looked for."""
    if places is None:
        return np.zeros((n, _LIGHT))
    radial = (places**2).sum(axis=1)
    return np.column_stack([places, radial - radial.mean()])


def least_squares_3x3(rgb: Float, lab: Float) -> Float:
    """(3, 3) matrix from linear RGB to XYZ, weighted so that dark patches count as the eye counts them."""
    xyz = lab_to_xyz(Lab(lab))
    w = 1.0 / (0.02 + xyz[:, 1:2]) ** (2 / 3)
    solution, *_ = np.linalg.lstsq(rgb * w, xyz * w, rcond=None)
    return np.asarray(solution.T, dtype=np.float64)


def metric(lab: Float) -> Float:
    """(n, 3, 3) factors G with ``|G (lab' - lab)|`` the CIEDE2000 of a small difference from ``lab``."""
    return np.asarray(np.linalg.cholesky(metric_at(lab, _PROBE)).swapaxes(1, 2), dtype=np.float64)


def predict(model: Model, p: Float, patches: Patches) -> Float:
    """Lab (k, n, 3) of the patches under k parameter sets, each in the light that falls on it."""
    matrix, *_ = model.unpack(p)
    return xyz_to_lab(_terms(model, p, patches)[0] @ matrix.swapaxes(1, 2)).values


def fit(
    model: Model, p: Float, patches: Patches, weight: Float, loss: Loss, rounds: int, enough: float = 1e-4
) -> Float:
    """Minimise the weighted loss of k problems side by side (Levenberg's damping, one factor a problem).

    p : (k, size + 3) starts. weight : (k, n), 0 leaves a patch out. enough : a problem is done when a step gains less
    than this part of its cost. Returns (k, size + 3), NaN where it broke down.
    """
    found = p.copy()
    open_ = np.arange(len(p))  # problems not done yet; the arrays below are theirs
    damping = np.full(len(p), 1e-4)
    cost, residual, jacobian = linearise(model, p, patches, weight, loss)
    identity = np.eye(p.shape[1])
    for _ in range(rounds):
        transposed = jacobian.swapaxes(1, 2)
        normal = transposed @ jacobian
        gradient = transposed @ residual[..., None]
        damped = normal + identity * (damping[:, None] * np.einsum("kii->ki", normal) + 1e-12)[:, None, :]
        try:
            trial = p - np.linalg.solve(damped, gradient)[..., 0]
        except np.linalg.LinAlgError:
            return np.full_like(found, np.nan)
        new_cost, new_residual, new_jacobian = linearise(model, trial, patches, weight, loss)
        better = new_cost < cost
        gain = 1 - new_cost / np.maximum(cost, 1e-12)
        p = np.where(better[:, None], trial, p)
        residual = np.where(better[:, None], new_residual, residual)
        jacobian = np.where(better[:, None, None], new_jacobian, jacobian)
        cost = np.where(better, new_cost, cost)
        damping = np.where(better, damping / 10, damping * 10)
        found[open_] = p
        more = ~(better & (gain < enough)) & (cost > 1e-12)
        if not more.any():
            break
        open_, p, weight, damping = open_[more], p[more], weight[more], damping[more]
        cost, residual, jacobian = cost[more], residual[more], jacobian[more]
    return found


def linearise(model: Model, p: Float, patches: Patches, weight: Float, loss: Loss) -> tuple[Float, Float, Float]:
    """Cost (k,), weighted residuals (k, r) and their Jacobian (k, r, size + 3): three rows a patch, one a prior.

    ``jacobian.T @ residual`` is half the gradient of the cost.
    """
    k, n = len(p), len(patches.lab)
    matrix, *_ = model.unpack(p)
    terms, by_curve, by_light = _terms(model, p, patches)
    xyz = terms @ matrix.swapaxes(1, 2)
    t = xyz / WHITE_D50
    slope = np.where(t > 216 / 24389, np.maximum(t, 216 / 24389) ** (-2 / 3) / 3, 24389 / 27 / 116) / WHITE_D50
    by_xyz = (patches.metric @ _TO_LAB) * slope[:, :, None, :]  # (k, n, 3, 3)
    error = (patches.metric @ (xyz_to_lab(xyz).values - patches.lab)[..., None])[..., 0]
    squared = (error**2).sum(axis=2) / loss.knee**2
    cost = (2 * loss.knee**2 * (np.sqrt(1 + squared) - 1) * weight).sum(axis=1)
    counted = np.sqrt(weight / np.sqrt(1 + squared))  # (k, n)
    by_xyz = by_xyz * counted[:, :, None, None]
    residual = (error * counted[:, :, None]).reshape(k, 3 * n)

    columns, size = 3 * model.terms, model.size
    jacobian = np.empty((k, n, 3, size + _LIGHT))
    jacobian[..., :columns] = (by_xyz[..., None] * terms[:, :, None, None, :]).reshape(k, n, 3, columns)
    by_term = by_xyz @ matrix[:, None]  # (k, n, 3, terms)
    if model.curve:
        by_offset, by_log_gamma, by_shoulder = (by_term * part[:, :, None, :] for part in by_curve)
        if model.curve == 1:
            by_offset, by_log_gamma = by_offset.sum(-1, keepdims=True), by_log_gamma.sum(-1, keepdims=True)
        jacobian[..., columns : columns + model.curve] = by_offset
        jacobian[..., columns + model.curve : columns + 2 * model.curve] = by_log_gamma
        if model.shoulder:
            jacobian[..., size - 1] = by_shoulder.sum(-1)
    jacobian[..., size:] = (by_term @ by_light[..., None]) * patches.light[:, None, :]

    sigma, which = model.priors()
    pull = loss.level / sigma
    prior = np.zeros((len(which), size + _LIGHT))
    prior[np.arange(len(which)), which] = pull
    pulled = p[:, which] * pull
    residual = np.concatenate([residual, pulled], axis=1)
    rows = np.broadcast_to(prior, (k, *prior.shape))
    stacked = np.concatenate([jacobian.reshape(k, 3 * n, -1), rows], axis=1)
    return cost + (pulled**2).sum(axis=1), residual, stacked


def _terms(model: Model, p: Float, patches: Patches) -> tuple[Float, tuple[Float, ...], Float]:
    """What the matrix multiplies, (k, n, terms), with its derivatives by offset, ln gamma and shoulder (where there is
    a curve) and by the logarithm of the light, each (k, n, terms)."""
    _, offset, gamma, shoulder, light = model.unpack(p)
    lit = patches.rgb * np.exp(light @ patches.light.T)[..., None]
    if model.roots:
        terms = np.concatenate([lit, root_terms(lit)], axis=-1)
        return terms, (), terms  # of the first degree in the light: this is why roots are taken
    if not model.curve:
        return lit, (), lit
    gamma, bend = gamma[:, None, :], shoulder[:, :, None]
    above = np.maximum(lit + offset[:, None, :], 0.0)
    terms = (above * np.exp(bend * above)) ** gamma
    followed = np.maximum(above, _FLOOR)
    by_offset = gamma * terms * (1 / followed + bend)
    by_log_gamma = gamma * terms * (np.log(followed) + bend * followed)
    return terms, (by_offset, by_log_gamma, gamma * terms * above), by_offset * lit
