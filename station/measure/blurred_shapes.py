"""How wide a disc or a bar looks at half its height once it is blurred, and back: its true size from what is seen.

A disc of radius R under a Gaussian blur of standard deviation s has at radius r the height (in units of the contrast)

    h(r) = integral over the disc of exp(-|p - q|^2 / 2 s^2) / (2 pi s^2)  =  1 - Q1(r / s, R / s)

with Marcum's Q function (J. I. Marcum, IRE Trans. Inf. Theory 6, 1960); a bar of width w has
h(x) = Phi((x + w/2) / s) - Phi((x - w/2) / s). Far larger than the blur, either is cut at half its height where its
edge is. Smaller ones are lower, so that half of what height they have is reached further out: they look too large, and
from there down to a point the size that is seen hardly changes. What is looked up here is exactly what
:mod:`station.measure.extent` reads in the picture: ``top`` the peak, ``plateau`` the height that half of the
pixels over half the top exceed, and the edge at half the plateau.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

SHARE_ABOVE = 0.5
"""Share of the pixels over half the top that lie above the plateau."""

_SIZES = np.concatenate([np.linspace(0.05, 3.0, 40), np.linspace(3.25, 8.0, 20)])  # true, in blur sigmas


def true_radius(seen: float, blur: float) -> tuple[float, float]:
    """(radius of the disc that looks as large as ``seen``, its derivative by what is seen), lengths in one unit.

    seen : radius of the circle of the same area as the place above half its plateau. blur : sigma > 0. What looks
    smaller than a point does is given the radius 0; the derivative is 1 far above the blur and grows towards it.
    """
    return _undone(seen, blur, *_disc_table())


def true_width(seen: float, blur: float) -> tuple[float, float]:
    """The same of a bar: (its width, the derivative)."""
    half, gain = _undone(seen / 2, blur, *_bar_table())
    return 2 * half, gain


def _undone(seen: float, blur: float, size: Float, looks: Float) -> tuple[float, float]:
    at = seen / blur
    if at >= looks[-1]:  # edges this far apart do not know of each other; what is left falls off as blur over size
        return blur * (at - float(looks[-1] - size[-1]) * float(looks[-1]) / at), 1.0
    k = min(max(int(np.searchsorted(looks, at)), 1), len(looks) - 1)
    gain = float((size[k] - size[k - 1]) / (looks[k] - looks[k - 1]))
    return blur * float(np.interp(at, looks, size, left=0.0)), gain


@cache
def _disc_table() -> tuple[Float, Float]:
    """True radii and how large they look, in blur sigmas, both rising."""
    from scipy.special import ive

    looks = []
    for radius in _SIZES:
        r = np.linspace(0, radius + 4.5, 240)
        q = (np.arange(100) + 0.5) * radius / 100
        # 2 pi q exp(-(r^2 + q^2) / 2) I0(r q) / 2 pi, the Bessel function scaled so that it does not overflow
        height = (q * np.exp(-((r[:, None] - q) ** 2) / 2) * ive(0, r[:, None] * q)).sum(axis=1) * radius / 100
        looks.append(_half_of_plateau(r, height, SHARE_ABOVE**0.5))
    return _SIZES, np.maximum.accumulate(np.array(looks))


@cache
def _bar_table() -> tuple[Float, Float]:
    """True half widths and how wide they look, in blur sigmas, both rising."""
    from scipy.special import ndtr

    looks = []
    for half in _SIZES:
        x = np.linspace(0, half + 4.5, 901)
        looks.append(_half_of_plateau(x, ndtr(x + half) - ndtr(x - half), SHARE_ABOVE))
    return _SIZES, np.maximum.accumulate(np.array(looks))


def _half_of_plateau(r: Float, height: Float, within: float) -> float:
    """Where a falling profile reaches half its plateau, which is its height at a share ``within`` of the reach at half
    the top."""
    down = height[::-1]
    reach = float(np.interp(height[0] / 2, down, r[::-1]))
    plateau = float(np.interp(within * reach, r, height))
    return float(np.interp(plateau / 2, down, r[::-1]))
