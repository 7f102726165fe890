"""Whether a factor still matters once another is held fixed: defects are dealt within the levels of the other alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.factors import Factor
from station.lots.permutation import draw

PERMUTATIONS: Final = 1999


def p_within(defective: NDArray[np.bool_], factor: Factor, given: Factor, rng: np.random.Generator) -> float:
    """mid-p of ``factor`` for (n,) defects, dealt within each level of ``given``; 1 where those levels tell nothing.

    The statistic is the chi-square of the factor's levels about what the levels of ``given`` lead to expect.
    """
    both = (factor.codes >= 0) & (given.codes >= 0)
    a, b, x = factor.codes[both], given.codes[both], defective[both]
    levels = len(factor.levels)
    sizes, marked = np.bincount(b), np.bincount(b, x)
    share = (marked / np.maximum(sizes, 1))[b]
    expected = np.bincount(a, share, minlength=levels)
    telling = [s for s in np.unique(b) if 0 < marked[s] < sizes[s] and len(np.unique(a[b == s])) > 1]
    if not telling:
        return 1.0
    fixed = np.bincount(a[~np.isin(b, telling)], x[~np.isin(b, telling)], minlength=levels)
    counts = np.tile(fixed, (PERMUTATIONS + 1, 1)).astype(np.float64)
    counts[0] = np.bincount(a, x, minlength=levels)
    offset = levels * np.arange(PERMUTATIONS)[:, None]
    for s in telling:
        pool = np.flatnonzero(b == s)
        chosen = draw(pool, int(marked[s]), PERMUTATIONS, rng)
        tally = np.bincount((a[chosen] + offset).ravel(), minlength=levels * PERMUTATIONS)
        counts[1:] += tally.reshape(PERMUTATIONS, levels)
    used = expected > 0
    statistic = ((counts[:, used] - expected[used]) ** 2 / expected[used]).sum(axis=1).round(9)
    larger, same = int((statistic[1:] > statistic[0]).sum()), int((statistic[1:] == statistic[0]).sum())
    return (larger + 0.5 * (same + 1)) / (PERMUTATIONS + 1)
