"""RGB colour spaces that files name by a number or by convention instead of embedding a profile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.values.colour import WHITE_D50

Float = NDArray[np.float64]

_D65 = (0.3127, 0.3290)
# Bradford cone responses of XYZ: ICC.1:2022, annex E.3.
_BRADFORD: Float = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_xyz_d50(red: tuple[float, float], green: tuple[float, float], blue: tuple[float, float]) -> Float:
    """(3, 3) linear light to XYZ relative to D50, of primaries given as CIE 1931 x, y with a D65 white.

    White maps to D50 by the Bradford transform (ICC.1:2022, annex E).
    """
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in (red, green, blue)]).T
    white = np.array([_D65[0] / _D65[1], 1.0, (1 - _D65[0] - _D65[1]) / _D65[1]])
    columns = columns * np.linalg.solve(columns, white)
    gain = (_BRADFORD @ WHITE_D50) / (_BRADFORD @ white)
    return np.asarray(np.linalg.solve(_BRADFORD, gain[:, None] * (_BRADFORD @ columns)), dtype=np.float64)


# ITU-R BT.470-6 (systems B, G), SMPTE 170M, SMPTE EG 432-1 with a D65 white, ITU-R BT.2020-2, Adobe RGB (1998)
# version 2005-05 section 4.3.4.
BT_470_BG = to_xyz_d50((0.64, 0.33), (0.29, 0.60), (0.15, 0.06))
SMPTE_170M = to_xyz_d50((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
DISPLAY_P3 = to_xyz_d50((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
REC_2020 = to_xyz_d50((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
ADOBE_RGB = to_xyz_d50((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_GAMMA = 563 / 256
