"""One family of corrections fitted to a card's patches, with and without each of them, and bent smoothly in Lab."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.calibrate.colour_models import ROBUST, Loss, Model, Patches, fit, least_squares_3x3, linearise, predict
from station.values.colour import ColourCorrection, Lab, LabSpline
from station.values.difference import delta_e_2000

Float = NDArray[np.float64]
Bools = NDArray[np.bool_]

REACH = 30.0
"""Standard deviation of the spline's radial functions in Lab units: about the distance of two patches of the card."""
SMOOTHINGS = (1.0, 2.0, 4.0, 8.0)
"""Variance of a patch's own error over that of the displacement, to choose from."""
_LEVEL = (0.05, 1.0)  # bounds of the patches' own error against which priors are weighed, CIEDE2000
_SMALLEST_KNEE = 0.3
_LEAST = 1e-4  # deviations smaller than this part of the largest are dropped


@dataclass(frozen=True, slots=True)
class Fit:
    """A family fitted. use : (n,) patches that took part, m of them.

    p : (size + 3,) parameters. without : (m, size + 3) those fitted without each used patch in turn. lab : (n, 3) of
    the patches as corrected. loo_lab : (m, 3) each used patch as corrected without it. spline : in Lab, or None.
    freedom : parameters of the correction; a spline counts by the trace of its smoother.
    """

    name: str
    model: Model
    loss: Loss
    use: Bools
    p: Float
    without: Float
    lab: Float
    loo_lab: Float
    freedom: float
    smoothing: float = 0.0
    spline: LabSpline | None = None

    def correction(self, loo_mean: float) -> ColourCorrection:
        """The correction itself; its uncertainty is not known yet."""
        return replace(self.model.correction(self.p, loo_mean), method=self.name, spline=self.spline)

    def errors(self, reference: Float) -> tuple[Float, Float]:
        """CIEDE2000 of every patch (n,) and of every used patch left out (m,)."""
        return (
            delta_e_2000(Lab(reference), Lab(self.lab)),
            delta_e_2000(Lab(reference[self.use]), Lab(self.loo_lab)),
        )


def fit_plainly(model: Model, patches: Patches, use: Bools) -> Float | None:
    """Parameters (1, size + 3) by plain least squares; None where the numbers break down."""
    weight = use.astype(np.float64)[None]
    start = model.start(least_squares_3x3(patches.rgb[use], patches.lab[use]))[None]
    p = fit(model, start, patches, weight, Loss(knee=1e6, level=_LEVEL[1]), rounds=12, enough=1e-3)
    return p if np.isfinite(p).all() else None


def fit_family(model: Model, patches: Patches, use: Bools) -> Fit | None:
    """Fit a family with all used patches and without each in turn; None where the numbers break down."""
    p = fit_plainly(model, patches, use)
    if p is None:
        return None
    weight = use.astype(np.float64)[None]
    error = (patches.metric @ (predict(model, p, patches)[0] - patches.lab)[..., None])[..., 0]
    median = float(np.median(np.linalg.norm(error[use], axis=1)))
    loss = Loss(knee=max(ROBUST * median, _SMALLEST_KNEE), level=float(np.clip(median, *_LEVEL)))
    p = fit(model, p, patches, weight, loss, rounds=14)
    if not np.isfinite(p).all():
        return None
    index = np.flatnonzero(use)
    each = np.arange(index.size)
    left_out = np.repeat(weight, index.size, axis=0)
    left_out[each, index] = 0.0
    without = fit(model, np.repeat(p, index.size, axis=0), patches, left_out, loss, rounds=8)
    if not np.isfinite(without).all():
        return None
    return Fit(
        name=model.name,
        model=model,
        loss=loss,
        use=use,
        p=p[0],
        without=without,
        lab=predict(model, p, patches)[0],
        loo_lab=predict(model, without, patches)[each, index],
        freedom=model.size,
    )


def bend(plain: Fit, patches: Patches, smoothings: tuple[float, ...] = SMOOTHINGS) -> list[Fit]:
    """The same with a smooth displacement in Lab for each smoothing: kriging of what the family leaves over."""
    centres, reference = plain.lab[plain.use], patches.lab[plain.use]
    kernel = _kernel(centres)
    seen = predict(plain.model, plain.without, patches)[:, plain.use]  # (m, m, 3): all patches, without each in turn
    left = reference - seen
    each = np.arange(len(reference))
    left[each, each] = 0.0
    seen_kernel = _kernel(seen)
    toward = seen_kernel[each, each]  # (m, m): from each patch left out to the others
    alone = seen_kernel.copy()
    alone[each, each, :] = alone[each, :, each] = 0.0  # nothing is known of the patch left out
    toward[each, each] = 0.0
    bent = []
    for smoothing in smoothings:
        ridge = smoothing * np.eye(len(reference))
        here = np.asarray(np.linalg.solve(kernel + ridge, reference - centres), dtype=np.float64)
        spline = LabSpline(centres, here, REACH)
        weights = np.linalg.solve(alone + ridge, left)
        trace = float(np.trace(np.linalg.solve(kernel + ridge, kernel)))
        bent.append(
            replace(
                plain,
                name=f"{plain.name} + spline in Lab, smoothing {smoothing:g}",
                lab=plain.lab + spline(plain.lab),
                loo_lab=plain.loo_lab + (toward[:, None] @ weights)[:, 0],
                freedom=plain.freedom + 3 * trace,
                smoothing=smoothing,
                spline=spline,
            )
        )
    return bent


def _kernel(lab: Float) -> Float:
    """(..., i, j) covariance of the displacement between Lab (..., i, 3) and each other."""
    square = (lab**2).sum(axis=-1)
    distance = square[..., :, None] + square[..., None, :] - 2 * lab @ lab.swapaxes(-1, -2)
    return np.asarray(np.exp(-0.5 / REACH**2 * np.maximum(distance, 0.0)), dtype=np.float64)


def deviations(fitted: Fit, patches: Patches, noise: Float) -> Float:
    """(m, p) independent deviations of the correction's parameters, each one standard uncertainty.

    By the implicit function theorem at the loss's minimum, its curvature and its mixed derivatives taken numerically,
    so that what the model leaves over counts too. noise : (n, 3) standard uncertainty of each patch's mean.
    """
    model, n = fitted.model, len(patches.lab)
    p = fitted.p
    size = len(p)
    weight = fitted.use.astype(np.float64)[None]

    def gradient(k: int, p: Float, rgb: Float) -> Float:
        """(k, n + 1, size) half gradients, one share a patch and that of the priors last."""
        _, residual, jacobian = linearise(
            model, p, replace(patches, rgb=rgb), np.repeat(weight, k, axis=0), fitted.loss
        )
        shares = jacobian * residual[..., None]
        by_patch = shares[:, : 3 * n].reshape(k, n, 3, size).sum(axis=2)
        return np.concatenate([by_patch, shares[:, 3 * n :].sum(axis=1, keepdims=True)], axis=1)

    _, _, jacobian = linearise(model, p[None], patches, weight, fitted.loss)
    step = np.diag(0.01 / np.sqrt((jacobian[0] ** 2).sum(axis=0)))  # moves the residuals by 0.01 CIEDE2000
    at = gradient(2 * size, p + np.concatenate([step, -step]), patches.rgb).sum(axis=1)
    curvature = (at[:size] - at[size:]) / (2 * np.diagonal(step)[:, None])

    shift = noise * fitted.use[:, None]
    moves = np.eye(3)[:, None, :] * shift  # (3, n, 3): every patch moved in one channel
    at = gradient(6, np.repeat(p[None], 6, axis=0), patches.rgb + np.concatenate([moves, -moves]))[:, :n]
    mixed = ((at[:3] - at[3:]) / 2).swapaxes(0, 1).reshape(3 * n, size)
    change = -np.linalg.solve((curvature + curvature.T) / 2, mixed.T).T  # (3 n, size)

    moved = np.zeros((n, 3, n, 3))
    moved[np.arange(n), :, np.arange(n)] = shift[:, :, None] * np.eye(3)
    each = moved.reshape(3 * n, n, 3)
    above = _numbers(fitted, p + change, replace(patches, rgb=patches.rgb + each))
    below = _numbers(fitted, p - change, replace(patches, rgb=patches.rgb - each))
    return _fewest((above - below) / 2)


def _numbers(fitted: Fit, p: Float, patches: Patches) -> Float:
    """(k, .) ``ColourCorrection.parameters`` of k parameter sets, each with its own reading of the patches."""
    rows = [fitted.model.correction(one, 0.0).parameters() for one in p]
    if fitted.spline is None:
        return np.array(rows)
    lab = predict(fitted.model, p, patches)[:, fitted.use]
    ridge = fitted.smoothing * np.eye(lab.shape[1])
    weights = np.linalg.solve(_kernel(lab) + ridge, patches.lab[fitted.use] - lab)
    return np.concatenate([rows, lab.reshape(len(p), -1), weights.reshape(len(p), -1)], axis=1)


def _fewest(rows: Float) -> Float:
    """As few rows as have the same sum of outer products."""
    scale = np.sqrt((rows**2).sum(axis=0))
    scale[scale == 0] = 1.0
    left, size, _ = np.linalg.svd(rows / scale, full_matrices=False)
    kept = size > _LEAST * max(float(size[0]), 1e-300)
    return np.asarray(left.T[kept] @ rows, dtype=np.float64)
