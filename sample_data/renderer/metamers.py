"""Metameric enamels: two spectra that look alike under one light and apart under another.

What an observer under a light cannot see is the null space of the colour matching functions times the light's
power (Cohen and Kappauf 1982, "Metameric color stimuli, fundamental metamers, and Wyszecki's metameric blacks"). A
metameric black of that space, added to a reflectance, changes no tristimulus value under that light. Of all of them
this module takes the one that shows most under the other light for its roughness, because pigments have
smooth spectra.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import camera, materials, spectra
from sample_data.renderer.lamps import Lamp
from station.errors import RequestError

Float = NDArray[np.float64]

DARKEST, BRIGHTEST = 0.004, 0.97
"""Reflectances that an enamel can have."""


def metamer(reflectance: Float, alike: str, apart: str, delta_e: float, *, camera_too: bool = True) -> Float:
    """(81,) reflectance with the same tristimulus values as (81,) ``reflectance`` under the illuminant ``alike``, and
    ``delta_e`` CIEDE2000 away from it under ``apart`` (2 degree observer; bisection to 0.001).

    camera_too : the camera sees no difference under ``alike`` either. It has other sensitivities than the eye, so of a
    pair that only the eye finds alike it shows 0.5-3 CIEDE2000 (``seen_by_camera``). ``RequestError`` where no
    reflectance between ``DARKEST`` and ``BRIGHTEST`` does that.
    """
    r = np.asarray(reflectance, dtype=np.float64)
    # Changes are taken relative to r (1 - r), which keeps them small where the enamel is nearly black or nearly white.
    room = r * (1 - r)
    blind = [_weights(alike)]
    if camera_too:
        blind.append(spectra.sensor() * spectra.illuminant(alike)[:, None])
    unseen = _null_space((np.concatenate(blind, axis=1) * room[:, None]).T)
    bend = np.diff(np.eye(len(r)), 2, axis=0)
    rough = unseen.T @ (bend.T @ bend + 1e-4 * np.eye(len(r))) @ unseen
    shown = _lab_slope(r, apart) * room @ unseen
    whiten = np.linalg.inv(np.linalg.cholesky(rough))
    # Rank three: the three directions that move Lab furthest, each to both sides.
    _, _, directions = np.linalg.svd(shown @ whiten.T, full_matrices=False)
    was = spectra.lab(r, apart)
    found: list[tuple[float, Float]] = []
    for direction in directions:
        black = room * (unseen @ (whiten.T @ direction))
        for sign in (1.0, -1.0):
            low, high = 0.0, _reach(r, sign * black)
            if materials.delta_e_2000(was, spectra.lab(r + high * sign * black, apart)) < delta_e:
                continue
            while high - low > 1e-6 * high:
                middle = 0.5 * (low + high)
                far = materials.delta_e_2000(was, spectra.lab(r + middle * sign * black, apart))
                low, high = (middle, high) if far < delta_e else (low, middle)
            change = high * sign * black
            found.append((float(np.sum(np.diff(change, 2) ** 2)), r + change))
    if not found:
        raise RequestError(
            f"no enamel matches this one under {alike} and lies {delta_e:g} CIEDE2000 off under {apart}",
            "Ask for a smaller difference, or take a paler or a more neutral enamel or another pair of lights.",
        )
    return min(found, key=lambda f: f[0])[1]


def seen_by_camera(reflectance: Float, lamp: Lamp) -> Float:
    """(..., 3) Lab D50 of (..., 81) reflectances as the noise-free camera shows them under a lamp it was tuned for.

    The camera is no observer: what it sees of a metameric pair, and no reading of its pictures can better, is here.
    """
    main, ambient = lamp.power()
    gains, matrix = camera.colour_matrix(lamp)
    linear = spectra.raw(reflectance, main + ambient) * gains / (spectra.raw(np.ones(81), main + ambient) * gains)
    xyz = linear @ matrix.T @ np.linalg.inv(camera.SRGB_FROM_XYZ_D50.T) / np.array([0.96422, 1.0, 0.82521])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def _weights(light: str) -> Float:
    weights = spectra.matching_functions() * spectra.illuminant(light)[:, None]
    return np.asarray(weights / weights[:, 1].sum(), dtype=np.float64)


def _null_space(rows: Float) -> Float:
    """(81, 81 - n) orthonormal basis of what n independent rows (n, 81) do not see."""
    _, _, basis = np.linalg.svd(rows)
    return np.asarray(basis[rows.shape[0] :].T, dtype=np.float64)


def _lab_slope(reflectance: Float, light: str) -> Float:
    """(3, 81) derivatives of Lab, by differences."""
    step = 1e-5
    return np.asarray(
        (spectra.lab(reflectance + step * np.eye(81), light) - spectra.lab(reflectance, light)).T / step,
        dtype=np.float64,
    )


def _reach(reflectance: Float, change: Float) -> float:
    """Largest multiple of the change that stays between the limits; 0 where the reflectance is beyond them already."""
    with np.errstate(divide="ignore", invalid="ignore"):
        up = np.where(change > 0, (BRIGHTEST - reflectance) / change, np.inf)
        down = np.where(change < 0, (DARKEST - reflectance) / change, np.inf)
    return max(0.0, float(min(up.min(), down.min())))
