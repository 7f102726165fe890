"""From which score a finding counts, by what reviewers said of findings.

The threshold is the lowest score among the confirmed findings, so that none of them is dropped. Whatever the
distribution of scores, at most a share q of real findings like these then lies below it with confidence
1 - (1 - q)^n, n the number of confirmed ones (Wilks, Annals of Mathematical Statistics 12, 1941, 91-96; ISO 16269-6:
2014, clause 4): 59 for a share of 5 % at 95 %. That is also the bound of Clopper and Pearson for none of n, so that a
threshold which was chosen from the same findings is told nothing too good.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from station.quality.pod import CONFIDENCE, share_upper

MOST_LOST: Final = 0.05
"""Largest share of real findings that a threshold may drop, at 95 % confidence."""
LEAST_CONFIRMED: Final = 59
"""Confirmed findings from which none dropped proves that: ln 0.05 / ln 0.95, rounded up."""
LEAST_UNITS: Final = 10
"""Units that they lie on at least, since those of one unit resemble each other. A judgement."""

_STEP = 1000  # thresholds are stated in thousandths, rounded down


@dataclass(frozen=True, slots=True)
class Share:
    """``dropped`` of ``of``, with its one-sided 95 % bounds."""

    dropped: int
    of: int
    low: float
    high: float


def share(dropped: int, of: int) -> Share:
    """A share with its bounds, each at 95 % confidence, one-sided (Clopper, Pearson, Biometrika 26, 1934); 0 and 1 of
    none. Raises ValueError for counts that are no share."""
    from scipy.stats import beta

    if not 0 <= dropped <= of:
        raise ValueError(f"{dropped} of {of} is no share")
    low = 0.0 if dropped == 0 else float(beta.ppf(1 - CONFIDENCE, dropped, of - dropped + 1))
    return Share(dropped, of, low, share_upper(dropped, of))


def lowest(confirmed: Sequence[float]) -> float:
    """The threshold that drops none of the confirmed findings with these scores. Raises ValueError without any."""
    return math.floor(min(confirmed) * _STEP) / _STEP


def enough(confirmed: int) -> bool:
    """Whether so many confirmed findings are few enough lost by :func:`lowest`, at 95 % confidence."""
    return share_upper(0, confirmed) <= MOST_LOST
