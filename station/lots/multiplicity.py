"""Many tests at once: Holm's step-down for claims, Benjamini and Hochberg's rate for a first look."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

ALPHA: Final = 0.05
"""The level that every claim and every first look of the analysis of lots is held to."""


def holm(p: ArrayLike) -> Float:
    """(n,) adjusted p: the family-wise error, whatever the dependence (Holm, Scand. J. Statist. 6 (1979) 65-70)."""
    raw = np.asarray(p, dtype=np.float64)
    order = np.argsort(raw, kind="stable")
    factor = len(raw) - np.arange(len(raw))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(factor * raw[order]))
    return adjusted


def benjamini_hochberg(p: ArrayLike) -> Float:
    """(n,) adjusted p, often called q: the false discovery rate of independent or positively dependent tests
    (Benjamini and Hochberg, J. R. Statist. Soc. B 57 (1995) 289-300)."""
    raw = np.asarray(p, dtype=np.float64)
    n = len(raw)
    order = np.argsort(raw, kind="stable")
    scaled = raw[order] * n / (1 + np.arange(n))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted
