"""CIEDE2000, exact, in float64: the reported numbers come from here. Shared by calibration and measurement."""

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
