"""Wavelength tables on one grid: illuminants, colour matching functions, camera sensitivities, card patches, metals.

The grid is 380-780 nm at 5 nm (81 samples). Illuminants, CIE 1931 2 degree colour matching functions, the camera's
sensitivities (Nikon D5100, measured by NPL) and the 24 card reflectances (measured by N. Ohta) come from
colour-science, which is imported on first use because that takes seconds. Metal reflectances at normal incidence are
representative values after published curves (E. D. Palik, Handbook of Optical Constants of Solids, 1985, for the pure
metals), rounded to 0.01; finishes of the trade (brass, black nickel) are typical values.
"""

from __future__ import annotations

import functools
import warnings
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

WAVELENGTHS_NM: Final[Float] = np.arange(380.0, 781.0, 5.0)

_KNOTS_NM: Final = (380, 420, 460, 480, 500, 520, 540, 560, 580, 600, 640, 700, 780)
_METALS: Final[dict[str, tuple[float, ...]]] = {
    "gold": (0.37, 0.38, 0.39, 0.43, 0.50, 0.65, 0.78, 0.84, 0.88, 0.91, 0.94, 0.96, 0.97),
    "rose gold": (0.44, 0.47, 0.50, 0.53, 0.58, 0.66, 0.73, 0.78, 0.83, 0.88, 0.92, 0.94, 0.95),
    "nickel": (0.48, 0.53, 0.57, 0.59, 0.60, 0.61, 0.62, 0.63, 0.64, 0.65, 0.66, 0.68, 0.70),
    "silver": (0.87, 0.92, 0.94, 0.94, 0.95, 0.95, 0.95, 0.96, 0.96, 0.96, 0.96, 0.97, 0.97),
    "copper": (0.46, 0.50, 0.55, 0.57, 0.59, 0.61, 0.63, 0.68, 0.78, 0.86, 0.92, 0.95, 0.96),
    "brass": (0.40, 0.44, 0.50, 0.55, 0.62, 0.70, 0.75, 0.78, 0.80, 0.82, 0.85, 0.88, 0.90),
    "steel": (0.50, 0.53, 0.55, 0.56, 0.56, 0.57, 0.57, 0.58, 0.58, 0.59, 0.60, 0.61, 0.62),
    "black nickel": (0.17, 0.18, 0.19, 0.19, 0.20, 0.20, 0.21, 0.22, 0.22, 0.23, 0.25, 0.27, 0.29),
}
_METALS["antique brass"] = tuple(0.86 * r for r in _METALS["brass"])
_METALS["antique copper"] = tuple(0.86 * r for r in _METALS["copper"])


@functools.cache
def colour_science() -> ModuleType:
    """The colour-science package, without its start-up remark about plotting."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import colour
    return colour


def sample(wavelengths_nm: Float, values: Float) -> Float:
    """``values`` given at ``wavelengths_nm``, linearly interpolated onto the grid, constant beyond the ends."""
    return np.asarray(np.interp(WAVELENGTHS_NM, wavelengths_nm, values), dtype=np.float64)


def metal(name: str) -> Float:
    """(81,) reflectance of a metal at normal incidence, 0-1. ``KeyError`` for an unknown name."""
    return sample(np.array(_KNOTS_NM, dtype=np.float64), np.array(_METALS[name]))


def metal_names() -> tuple[str, ...]:
    """The metals there are."""
    return tuple(_METALS)


@functools.cache
def illuminant(name: str) -> Float:
    """(81,) relative spectral power of one of colour-science's illuminants, its mean over the grid being 1."""
    sd = colour_science().SDS_ILLUMINANTS[name]
    power = sample(np.asarray(sd.wavelengths), np.asarray(sd.values))
    return np.asarray(power / power.mean(), dtype=np.float64)


@functools.cache
def matching_functions() -> Float:
    """(81, 3) CIE 1931 2 degree colour matching functions."""
    cmfs = colour_science().MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    w = np.asarray(cmfs.wavelengths)
    return np.stack([sample(w, np.asarray(cmfs.values)[:, i]) for i in range(3)], axis=1)


@functools.cache
def sensor() -> Float:
    """(81, 3) relative sensitivities of the camera's red, green and blue pixels, lens and filters included."""
    msds = colour_science().MSDS_CAMERA_SENSITIVITIES["Nikon 5100 (NPL)"]
    w = np.asarray(msds.wavelengths)
    return np.stack([sample(w, np.asarray(msds.values)[:, i]) for i in range(3)], axis=1)


@functools.cache
def card_patches() -> tuple[tuple[str, ...], Float]:
    """Names and (24, 81) reflectances of the classic colour card, dark skin first, black last."""
    patches = colour_science().SDS_COLOURCHECKERS["ColorChecker N Ohta"]
    rows = [sample(np.asarray(sd.wavelengths), np.asarray(sd.values)) for sd in patches.values()]
    return tuple(_plain(name) for name in patches), np.stack(rows)


def _plain(name: str) -> str:
    return " ".join(name.split("(")[0].split()).lower()


def lab(reflectance: Float, light: str = "D50") -> Float:
    """(..., 3) CIE Lab of (..., 81) reflectances under a named illuminant, 2 degree observer.

    X, Y, Z are sums over the 5 nm grid, 380-780 nm; the white is the same illuminant on the perfect diffuser.
    """
    weights = matching_functions() * illuminant(light)[:, None]
    white = weights.sum(axis=0)
    t = np.asarray(reflectance, dtype=np.float64) @ weights / white
    eps = (6 / 29) ** 3
    f = np.where(t > eps, np.cbrt(np.maximum(t, 0.0)), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def raw(reflectance: Float, power: Float) -> Float:
    """(..., 3) raw camera response to (..., 81) reflectances under (81,) ``power``; the perfect diffuser gives the
    response of the bare light, whose green is 1."""
    weights = sensor() * power[:, None]
    return np.asarray(np.asarray(reflectance, dtype=np.float64) @ weights / weights[:, 1].sum(), dtype=np.float64)
