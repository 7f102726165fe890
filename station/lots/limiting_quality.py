"""Plans computed from a limiting quality: the smallest sample that lets a lot that bad pass with no more than a set
risk.

The tables of ISO 2859-2 and the c = 0 tables of Squeglia are not used: n follows from the limiting quality, the
consumer's risk and the acceptance number, exactly. For a lot of known size the count is hypergeometric (one lot by
itself, ISO 2859-2 procedure A, type A curve), for a process it is binomial (type B). Duncan, Quality Control and
Industrial Statistics, chapter 8; Schilling and Neubauer, Acceptance Sampling in Quality Control, chapter 5.
"""

from __future__ import annotations

import math

from station.errors import RequestError
from station.lots.oc import acceptance_probability, isolated_acceptance

LARGEST_EXACT_LOT = 100_000
"""Units in a lot up to which the hypergeometric count is taken. Beyond, the binomial one is, which asks for more units
where Ac is 0: at 0.1 % for 2,302 where a lot of 100,000 needs 2,276."""
LARGEST_SAMPLE = 1_000_000


def nonconforming_units(lot_size: int, quality: float) -> int:
    """Nonconforming units of a lot at a fraction nonconforming, 0-1: rounded up, but for what rounding error adds."""
    return math.ceil(round(lot_size * quality, 9))


def smallest_sample(
    limiting_quality: float, *, consumer_risk: float = 0.10, ac: int = 0, lot_size: int | None = None
) -> int:
    """Units to inspect so that a lot of at least ``limiting_quality`` is accepted with at most ``consumer_risk``.

    Parameters
    ----------
    limiting_quality
        Fraction nonconforming, above 0 and below 1. Of a lot of N units, N times it rounded up are nonconforming.
    ac
        Acceptance number; 0 gives the c = 0 plans.
    lot_size
        Units in the lot, sampled without replacement; None for a process or a very large lot.

    Returns
    -------
    int
        At most ``lot_size``: then every unit is inspected.

    Raises
    ------
    RequestError
        A value outside its range, or a limiting quality so small that more than ``LARGEST_SAMPLE`` units were needed.
    """
    _vet(limiting_quality, consumer_risk, ac, lot_size)
    if lot_size is None:
        high = ac + 1
        while _accepted(high, ac, limiting_quality, None) > consumer_risk:
            if high == LARGEST_SAMPLE:
                raise RequestError(
                    f"A limiting quality of {100 * limiting_quality:g} per cent needs more than {LARGEST_SAMPLE} units",
                    "Give a larger limiting quality or consumer's risk.",
                )
            high = min(2 * high, LARGEST_SAMPLE)
    else:
        high = lot_size
        if nonconforming_units(lot_size, limiting_quality) <= ac:
            return lot_size  # no sample can tell: such a lot has no more nonconforming units than Ac
    low = ac  # with n = Ac every lot is accepted
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (middle, high) if _accepted(middle, ac, limiting_quality, lot_size) > consumer_risk else (low, middle)
        )
    return high


def _accepted(n: int, ac: int, quality: float, lot_size: int | None) -> float:
    if lot_size is None or lot_size > LARGEST_EXACT_LOT:
        return acceptance_probability((n,), (ac,), (ac + 1,), quality, nonconformities=False)
    return isolated_acceptance(n, ac, lot_size, nonconforming_units(lot_size, quality))


def _vet(quality: float, risk: float, ac: int, lot_size: int | None) -> None:
    for name, value in (("limiting quality", quality), ("consumer's risk", risk)):
        if not 0 < value < 1:
            raise RequestError(
                f"The {name} {value:g} is not between 0 and 1",
                "For example a limiting quality of 10 per cent, risk 0.10.",
            )
    if not 0 <= ac <= 1000:
        raise RequestError(f"The acceptance number {ac} is not between 0 and 1000", "0 is the usual one.")
    if lot_size is not None and not 2 <= lot_size <= 10**9:
        raise RequestError(f"A lot of {lot_size} cannot be sampled", "Give 2 units or more.")
