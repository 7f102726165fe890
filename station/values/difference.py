"""Colour differences, exact, in float64: the reported numbers come from here. Shared by calibration and measurement.

CIEDE2000 is what is judged; CIE 1976, CIE 1994 and CMC(l:c) are reported beside it for sheets that were agreed in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.values.colour import Lab

Float = NDArray[np.float64]

_SEAM = 1e-9  # degrees


@dataclass(frozen=True, slots=True)
class ColourDifference:
    """CIEDE2000 and its parts, each shaped as the broadcast of the two colours without their last axis.

    delta_e : CIEDE2000, kL = kC = kH = 1. dL, dC, dH : the formula's differences delta L', delta C' and delta H'
    (second colour minus first, not yet divided by SL, SC, SH); dH is positive counter-clockwise in the a*b* plane.
    """

    delta_e: Float
    dL: Float
    dC: Float
    dH: Float


def metric_at(lab: Float, step: float = 0.05) -> Float:
    """(..., 3, 3) matrices M with ``sqrt(d' M d)`` the CIEDE2000 of a small difference d about ``lab`` (..., 3).

    CIEDE2000 squared is a quadratic form of a small difference; six probes of ``step`` give it by polarisation. The
    usual step lies far above the formula's rounding and far below where it bends.
    """
    axes = np.eye(3)

    def form(direction: Float) -> Float:
        half = step / 2 * direction
        return (delta_e_2000(Lab(lab - half), Lab(lab + half)) / step) ** 2

    m = np.empty((*lab.shape, 3))
    for i in range(3):
        m[..., i, i] = form(axes[i])
    for i, j in ((0, 1), (0, 2), (1, 2)):
        m[..., i, j] = m[..., j, i] = (form(axes[i] + axes[j]) - m[..., i, i] - m[..., j, j]) / 2
    return np.asarray(m + 1e-9 * axes, dtype=np.float64)


def colour_difference(lab1: Lab, lab2: Lab) -> ColourDifference:
    """CIEDE2000 of ``lab2`` against ``lab1`` with its parts.

    Parameters
    ----------
    lab1, lab2
        CIE L*a*b* (..., 3) under one white point; broadcast against each other. NaN in gives NaN out.

    Notes
    -----
    CIE 142-2001; hue conventions after Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula:
    implementation notes, supplementary test data, and mathematical observations", Color Res. Appl. 30 (2005) 21-30.
    """
    l1, a1, b1 = np.moveaxis(lab1.values, -1, 0)
    l2, a2, b2 = np.moveaxis(lab2.values, -1, 0)
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(c7 / (c7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = c1 * c2 == 0

    turn = h2 - h1
    # Opposite hues stand on the formula's seam; the slack keeps rounding of arctan2 from choosing the side.
    turn = np.where(turn > 180 + _SEAM, turn - 360, np.where(turn < -180 - _SEAM, turn + 360, turn))
    turn = np.where(grey, 0.0, turn)
    d_l, d_c = l2 - l1, c2 - c1
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))

    l_mean, c_mean, h_sum = (l1 + l2) / 2, (c1 + c2) / 2, h1 + h2
    far = np.abs(h1 - h2) > 180 + _SEAM
    h_mean = np.where(far, np.where(h_sum < 360, h_sum + 360, h_sum - 360), h_sum) / 2
    h_mean = np.where(grey, h_sum, h_mean)
    t = (
        1
        - 0.17 * np.cos(np.radians(h_mean - 30))
        + 0.24 * np.cos(np.radians(2 * h_mean))
        + 0.32 * np.cos(np.radians(3 * h_mean + 6))
        - 0.20 * np.cos(np.radians(4 * h_mean - 63))
    )
    lightness = (l_mean - 50) ** 2
    s_l = 1 + 0.015 * lightness / np.sqrt(20 + lightness)
    s_c = 1 + 0.045 * c_mean
    s_h = 1 + 0.015 * c_mean * t
    c7 = c_mean**7
    r_t = -2 * np.sqrt(c7 / (c7 + 25.0**7)) * np.sin(np.radians(60 * np.exp(-(((h_mean - 275) / 25) ** 2))))
    x_l, x_c, x_h = d_l / s_l, d_c / s_c, d_h / s_h
    total = np.maximum(x_l * x_l + x_c * x_c + x_h * x_h + r_t * x_c * x_h, 0.0)
    return ColourDifference(np.asarray(np.sqrt(total)), np.asarray(d_l), np.asarray(d_c), np.asarray(d_h))


def delta_e_2000(lab1: Lab, lab2: Lab) -> Float:
    """CIEDE2000 between two sets of Lab (..., 3); see :func:`colour_difference`."""
    return colour_difference(lab1, lab2).delta_e


def delta_e_76(lab1: Lab, lab2: Lab) -> Float:
    """CIE 1976: the distance in Lab of two sets of colours (..., 3). CIE 15:2018, 8.2.3."""
    return np.asarray(np.sqrt(((lab2.values - lab1.values) ** 2).sum(axis=-1)))


def delta_e_94(lab1: Lab, lab2: Lab, *, textiles: bool = False) -> Float:
    """CIE 1994 of ``lab2`` against the standard ``lab1``, both (..., 3); not symmetrical.

    textiles : kL = 2, K1 = 0.048, K2 = 0.014 instead of 1, 0.045, 0.015 for graphic arts. CIE 116-1995.
    """
    k_l, k_1, k_2 = (2.0, 0.048, 0.014) if textiles else (1.0, 0.045, 0.015)
    d_l, d_c, d_h2, c1 = _cylindrical(lab1, lab2)
    return np.asarray(np.sqrt((d_l / k_l) ** 2 + (d_c / (1 + k_1 * c1)) ** 2 + d_h2 / (1 + k_2 * c1) ** 2))


def delta_e_cmc(lab1: Lab, lab2: Lab, *, lightness: float = 2.0, chroma: float = 1.0) -> Float:
    """CMC(l:c) of ``lab2`` against the standard ``lab1``, both (..., 3); not symmetrical.

    lightness, chroma : l and c; 2:1 for acceptability, 1:1 for perceptibility. ISO 105-J03:2009.
    """
    d_l, d_c, d_h2, c1 = _cylindrical(lab1, lab2)
    l1, a1, b1 = np.moveaxis(lab1.values, -1, 0)
    h1 = np.degrees(np.arctan2(b1, a1)) % 360
    s_l = np.where(l1 < 16, 0.511, 0.040975 * l1 / (1 + 0.01765 * l1))
    s_c = 0.0638 * c1 / (1 + 0.0131 * c1) + 0.638
    cool = (h1 >= 164) & (h1 <= 345)
    t = np.where(
        cool,
        0.56 + np.abs(0.2 * np.cos(np.radians(h1 + 168))),
        0.36 + np.abs(0.4 * np.cos(np.radians(h1 + 35))),
    )
    f = np.sqrt(c1**4 / (c1**4 + 1900))
    s_h = s_c * (f * t + 1 - f)
    return np.asarray(np.sqrt((d_l / (lightness * s_l)) ** 2 + (d_c / (chroma * s_c)) ** 2 + d_h2 / s_h**2))


def _cylindrical(lab1: Lab, lab2: Lab) -> tuple[Float, Float, Float, Float]:
    """Differences of lightness and chroma, the square of that of hue, and the chroma of ``lab1``."""
    d = lab2.values - lab1.values
    c1, c2 = (np.hypot(lab.values[..., 1], lab.values[..., 2]) for lab in (lab1, lab2))
    d_c = c2 - c1
    d_h2 = np.maximum(d[..., 1] ** 2 + d[..., 2] ** 2 - d_c**2, 0.0)
    return d[..., 0], d_c, d_h2, c1
