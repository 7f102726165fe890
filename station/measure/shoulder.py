"""The silhouette of a struck part, from the light of its rounded shoulder.

A bright struck edge is a mirror whose slope runs from level to upright within its shoulder's radius R. A surface tilted
by t sends the view to the zenith angle 2 t: from t = 44 degrees on it mirrors the bench beside the part, not the light
over it. The visible, bright edge therefore ends about 0.3 R inside the silhouette, and which of the lamps' edges is the
steepest within the bright part depends on the direction that the edge faces. Both would be taken for a change of size
when the part is turned.

So the profile across the edge is explained as a whole, from outside in: bench light with its contact shadow; from the
silhouette inwards metal that mirrors the bench, as bright as everywhere round the part; from 0.3 R inwards an unknown
light, a smooth function of the zenith angle. All of it is linear in the light, but for the silhouette's place, the
radius and the blur; the place is the one that leaves least unexplained (separable least squares, Golub and Pereyra,
SIAM J. Numer. Anal. 10, 1973).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

STEP_MM = 0.01
"""Sampling distance of the profiles."""
REACH_MM = (-0.30, 0.45)
"""Of the profiles, about the visible edge."""
PLACES_MM = np.arange(REACH_MM[0], REACH_MM[1] + STEP_MM / 2, STEP_MM)
_BEYOND_MM = np.arange(-0.02, 0.2605, STEP_MM)  # where the silhouette is looked for, outside the visible edge
_RADII_MM = (0.03, 0.05, 0.07, 0.10, 0.12, 0.145, 0.17, 0.20, 0.24, 0.27, 0.30, 0.33, 0.36, 0.40, 0.45)
_TAIL_MM = 0.1  # inside the visible edge, of the profile that the radius is found by
_ZENITH_DEG = np.array([24.0, 40.0, 52.0, 64.0, 76.0, 88.0])  # nodes of the light over the bench
_HORIZON_DEG, _HAZE_DEG = 88.0, 1.8  # where the light over the bench ends, and how softly (roughness of the mirror)
_SHADOWS_MM = (0.08, 0.35)  # decay lengths of the bench's light towards the contact
_SIGMA_PX, _SHARPENED = 0.75, 0.3  # blur of a profile in raster pixels, and a camera's usual unsharp mask of 1 px
_FINE_MM = 0.0025
_INSIDE = 0.55  # of the radius: inside the visible edge that is looked at, for further in lies the face
_LEAST_INSIDE_MM = 0.05
_SMOOTH, _DARK, _MIRROR = 0.02, 0.02, 1.0  # weights: even light, little shadow, the mirror's common level
_USUAL_MIRROR = 0.6
_WIDENED = 1.15  # of the radius found: the very edge is a little less steep than an arc's (five rendered designs)


@dataclass(frozen=True, slots=True)
class Shoulder:
    """What is the same all round a part. radius_mm : of its shoulder. mirror : (3,) light of the metal that mirrors the
    bench, over the bench's own. residual : rms of what the model leaves unexplained on the golden, in bench light."""

    radius_mm: float
    mirror: tuple[float, float, float]
    residual: float


def fit_shoulder(groups: Float, pitch_mm: float) -> Shoulder:
    """The shoulder of a part from its profiles (n, m, 3) on ``PLACES_MM`` about the visible edge, light over the
    bench's. pitch_mm : of the raster that they were sampled from, for its blur.

    It is the metal's common level that tells a radius from another: were the light of every place free, the widest
    shoulder would always explain most.
    """
    found = []
    for radius in _RADII_MM:
        free = _costs(groups, Shoulder(radius, (_USUAL_MIRROR,) * 3, 0.0), pitch_mm, _TAIL_MM, weight=_MIRROR / 50)
        lowest = free.min(axis=1)
        ends = np.minimum(free[:, 0], free[:, -1])
        clear = (ends > 4 * lowest) & (lowest < 2 * np.median(lowest))
        if clear.sum() < 10:
            clear = lowest <= np.median(lowest)
        level = _mirror_level(groups[clear], np.argmin(free[clear], axis=1), radius, pitch_mm)
        shoulder = Shoulder(radius, (float(level[0]), float(level[1]), float(level[2])), 0.0)
        rms = float(np.median(np.sqrt(_costs(groups, shoulder, pitch_mm, _TAIL_MM).min(axis=1))))
        found.append(replace(shoulder, residual=rms))
    best = min(found, key=lambda s: s.residual)
    return replace(best, radius_mm=_WIDENED * best.radius_mm)


def windows(s: Float, values: Float, at: Float) -> Float:
    """(n, k, 3) profiles (n, m, 3) on ``s`` read on ``PLACES_MM`` about the visible edges ``at`` (n,) mm."""
    place = np.clip((at[:, None] + PLACES_MM - s[0]) / STEP_MM, 0, len(s) - 1.001)
    k = place.astype(np.intp)
    part, rows = (place - k)[..., None], np.arange(len(at))[:, None]
    return np.asarray(values[rows, k] * (1 - part) + values[rows, k + 1] * part)


def silhouette(groups: Float, shoulder: Shoulder, pitch_mm: float) -> tuple[Float, Float]:
    """(n,) mm from the visible edge out to the silhouette, and (n,) rms of what is left unexplained, in bench light.

    groups : (n, m, 3) profiles on ``PLACES_MM`` about the visible edge, light over the bench's.
    """
    cost = _costs(groups, shoulder, pitch_mm, max(_INSIDE * shoulder.radius_mm, _LEAST_INSIDE_MM))
    k = np.clip(np.argmin(cost, axis=1), 1, len(_BEYOND_MM) - 2)
    i = np.arange(len(cost))
    a, b, c = cost[i, k - 1], cost[i, k], cost[i, k + 1]
    vertex = np.clip((a - c) / (2 * np.maximum(a - 2 * b + c, 1e-14)), -0.5, 0.5)
    return _BEYOND_MM[k] + STEP_MM * vertex, np.sqrt(cost.min(axis=1))


def _costs(groups: Float, shoulder: Shoulder, pitch_mm: float, inside_mm: float, weight: float = _MIRROR) -> Float:
    """(n, k) mean squared residual of every profile from ``inside_mm`` within the visible edge, for the silhouette at
    every ``_BEYOND_MM``."""
    n = len(groups)
    bases = _orthonormal(shoulder.radius_mm, pitch_mm, inside_mm, weight)
    seen = groups[:, -inside_mm <= PLACES_MM].transpose(2, 0, 1)
    wanted = np.zeros((3, n, len(_prior(weight))))
    wanted[:, :, _MIRROR_ROW] = weight * np.asarray(shoulder.mirror)[:, None]
    y = np.concatenate([seen, wanted], axis=2).reshape(3 * n, -1)
    total = np.einsum("ij,ij->i", y, y)
    explained = np.stack([np.einsum("ij,ij->i", p, p) for p in (y @ q for q in bases)], axis=1)
    left = np.maximum(total[:, None] - explained, 0.0).reshape(3, n, -1).sum(axis=0)
    return np.asarray(left / (3 * seen.shape[2]), dtype=np.float64)


def _mirror_level(groups: Float, at: NDArray[np.intp], radius_mm: float, pitch_mm: float) -> Float:
    """(3,) median light of the metal that mirrors the bench, the silhouette being at column ``at``."""
    weight = _MIRROR / 100
    rows = _prior(weight)
    window = -_TAIL_MM <= PLACES_MM
    found = np.empty((len(groups), 3))
    for k in np.unique(at):
        design = np.vstack([_basis(float(_BEYOND_MM[k]), radius_mm, pitch_mm)[window], rows])
        mine = np.flatnonzero(at == k)
        seen = groups[mine][:, window].transpose(1, 0, 2).reshape(int(window.sum()), -1)
        y = np.vstack([seen, np.zeros((len(rows), seen.shape[1]))])
        found[mine] = np.linalg.lstsq(design, y, rcond=None)[0][len(_ZENITH_DEG)].reshape(-1, 3)
    return np.asarray(np.clip(np.median(found, axis=0), 0.05, 1.5), dtype=np.float64)


_MIRROR_ROW = len(_ZENITH_DEG) - 2


def _prior(weight: float) -> Float:
    """Rows that hold the unknowns: an even light, a common mirror level, no shadow where the picture shows none."""
    n = len(_ZENITH_DEG)
    rows = np.zeros((n + 1, n + 4))
    for j in range(n - 2):
        rows[j, j : j + 3] = _SMOOTH, -2 * _SMOOTH, _SMOOTH
    rows[_MIRROR_ROW, n] = weight
    rows[_MIRROR_ROW + 1, n + 2] = rows[_MIRROR_ROW + 2, n + 3] = _DARK
    return rows


@lru_cache(maxsize=64)
def _orthonormal(radius_mm: float, pitch_mm: float, inside_mm: float, weight: float) -> tuple[Float, ...]:
    """For every ``_BEYOND_MM`` an orthonormal basis of what the model and its priors can explain."""
    window, rows = -inside_mm <= PLACES_MM, _prior(weight)
    return tuple(np.linalg.qr(np.vstack([_basis(float(e), radius_mm, pitch_mm)[window], rows]))[0] for e in _BEYOND_MM)


def _basis(edge_mm: float, radius_mm: float, pitch_mm: float) -> Float:
    """(m, 10) profiles on ``PLACES_MM`` for the silhouette at ``edge_mm``: light by zenith, mirrored bench, bench,
    its shadows; blurred."""
    from scipy.ndimage import gaussian_filter1d

    x = np.arange(PLACES_MM[0] - 0.2, PLACES_MM[-1] + 0.2, _FINE_MM)
    inside = x < edge_mm
    zenith = 2 * np.degrees(np.arcsin(np.clip(1 - (edge_mm - x) / radius_mm, 0, 1)))
    above = inside / (1 + np.exp(np.clip((zenith - _HORIZON_DEG) / _HAZE_DEG, -50, 50)))
    layers = [np.interp(zenith, _ZENITH_DEG, node) * above for node in np.eye(len(_ZENITH_DEG))]
    layers += [inside - above, (~inside).astype(np.float64)]
    layers += [~inside * np.exp(-np.clip(x - edge_mm, 0, None) / decay) for decay in _SHADOWS_MM]
    soft = gaussian_filter1d(np.array(layers), _SIGMA_PX * pitch_mm / _FINE_MM, axis=1)
    sharp = (1 + _SHARPENED) * soft - _SHARPENED * gaussian_filter1d(soft, pitch_mm / _FINE_MM, axis=1)
    return np.stack([np.interp(PLACES_MM, x, layer) for layer in sharp], axis=1)
