"""Uncertainty of a CIEDE2000 by propagation: named components as Lab covariances, and what a norm makes of them.

A difference d = unit - golden in Lab is measured with an error of covariance V, the sum of the components. Along d the
standard deviation of CIEDE2000 is ``sqrt(g' V g)`` with g its gradient (JCGM 100:2008, 5.1.2). Across d the error only
adds: CIEDE2000 is a norm, E[value^2] = true^2 + tr(M V) for its metric M, so that a small value is mostly noise and
says little more than that the true one is not large. The interval takes this in by the second moment:

    u = 2 sqrt(g' V g) + b,    b = value - sqrt(max(value^2 - a, 0)),    a = tr(M V) - g' V g

b reaches the value itself where the value is within the noise, and vanishes as a / (2 value) above it. There the
direction of d is noise as well, so that the variance along it gives way to the largest one, by ``(a / value^2)^2``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.values.colour import ColourCorrection, Lab, srgb_encode
from station.values.difference import delta_e_2000, metric_at

Float = NDArray[np.float64]

_STEP = 0.05
"""Probe in Lab for derivatives of CIEDE2000: far above its rounding, far below where it bends."""

# CIE Y'CbCr to R'G'B' as JPEG codes them (ITU-T T.871, section 7).
_RGB_FROM_YCC = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]])


@dataclass(frozen=True, slots=True)
class DifferenceUncertainty:
    """u : expanded (k = 2) of a CIEDE2000. parts : standard (k = 1) share of every component along the difference, in
    CIEDE2000; their root sum of squares is the standard deviation of the value. bias : what the error across the
    difference adds to the value, in u. best_limit : expanded uncertainty of no difference at all; no value, not even 0,
    is proven to lie within a smaller limit."""

    u: float
    parts: dict[str, float]
    bias: float
    best_limit: float


def difference_uncertainty(golden: Float, unit: Float, components: Mapping[str, Float]) -> DifferenceUncertainty:
    """Expanded uncertainty of the CIEDE2000 between two Lab (3,), from (3, 3) Lab covariances (k = 1) of the error of
    their difference by name."""
    value = float(delta_e_2000(Lab(golden), Lab(unit)))
    metric = metric_at((golden + unit) / 2)
    total = sum(components.values(), np.zeros((3, 3)))
    factor = np.linalg.cholesky(metric).T
    spread, directions = np.linalg.eigh(factor @ total @ factor.T)
    gradient = _gradient(golden, unit) if value > 1e-3 else np.zeros(3)
    along_it = float(gradient @ total @ gradient)
    across = max(float(np.trace(metric @ total)) - along_it, 0.0)
    # The less a value stands out of the noise, the less its direction means: then the widest one holds.
    lost = min(1.0, across / value**2) ** 2 if value > 1e-3 else 1.0
    widest = factor.T @ directions[:, -1]

    def sd(v: Float) -> float:
        return math.sqrt(max((1 - lost) * float(gradient @ v @ gradient) + lost * float(widest @ v @ widest), 0.0))

    bias = value - math.sqrt(max(value**2 - across, 0.0))
    parts = {name: sd(v) for name, v in components.items()}
    best = 2 * math.sqrt(max(float(spread[-1]), 0.0))
    return DifferenceUncertainty(2 * sd(total) + bias, parts, bias, best)


def _gradient(golden: Float, unit: Float) -> Float:
    """(3,) derivative of CIEDE2000 by the unit's Lab; the step shrinks with the difference, at which the norm bends."""
    step = min(_STEP, 0.1 * float(np.linalg.norm(unit - golden)))
    probes = np.eye(3) * step
    ahead, behind = (delta_e_2000(Lab(golden), Lab(unit + s * probes)) for s in (1, -1))
    return np.asarray((ahead - behind) / (2 * step))


def lab_slope(correction: ColourCorrection, rgb: Float) -> Float:
    """(3, 3) derivative of the correction's Lab by linear light at ``rgb`` (3,)."""
    step = max(1e-4, 1e-3 * float(rgb.max()))
    probes = np.eye(3) * step
    ahead, behind = (correction.lab(rgb + s * probes).values for s in (1, -1))
    return np.asarray((ahead - behind).T / (2 * step))


def coding_covariance(rgb: Float, step: tuple[float, float]) -> Float:
    """(..., 3, 3) covariance in linear light of an even area's mean at ``rgb`` (..., 3), left by a JPEG's quantiser.

    An even area has one level in all its blocks, so its mean is only known to a step of the quantiser and averaging
    does not help: uniform within it. step : of the mean of a block of luma and of chroma, in codes of 255.
    """
    coded = srgb_encode(np.clip(rgb, 1e-5, 1.0))
    slope = np.where(coded <= 0.04045, 1 / 12.92, 2.4 / 1.055 * ((coded + 0.055) / 1.055) ** 1.4) / 255
    by_code = slope[..., :, None] * _RGB_FROM_YCC
    variance = np.array([step[0], step[1], step[1]]) ** 2 / 12
    return np.asarray(np.einsum("...ij,j,...kj->...ik", by_code, variance, by_code))


def round_covariance(u: float, metric: Float) -> Float:
    """(3, 3) Lab covariance of an error of ``u`` CIEDE2000 (k = 1) in every direction."""
    return np.asarray(u**2 * np.linalg.inv(metric))


def along(direction: Float, u: float, metric: Float) -> Float:
    """(3, 3) Lab covariance of an error of ``u`` CIEDE2000 (k = 1) along a direction (3,) of Lab."""
    length = math.sqrt(max(float(direction @ metric @ direction), 1e-12))
    return np.asarray((u / length) ** 2 * np.outer(direction, direction))
