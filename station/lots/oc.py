"""Operating characteristic of attributes plans: the probability of acceptance Pa at a process quality p.

Type B curves (a lot is a random draw from a process of quality p): binomial where p is a fraction nonconforming,
Poisson where it is nonconformities a unit. They do not depend on the lot size; for a lot sampled to a large part they
are pessimistic for the buyer's risk. Source: MIL-STD-105E, 4.11.1 and Table X; Duncan, Quality Control and Industrial
Statistics, chapter 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from station.values.documents import OcPoint


def binomial(n: int, p: float, last: int) -> list[float]:
    """P(d = 0 ... last) among ``n`` units of which a fraction ``p`` in [0, 1] is nonconforming."""
    if p <= 0:
        return [1.0] + [0.0] * last
    if p >= 1:
        return [1.0 if d == n else 0.0 for d in range(last + 1)]
    log_p, log_q = math.log(p), math.log1p(-p)
    log_n = math.lgamma(n + 1)
    return [
        math.exp(log_n - math.lgamma(d + 1) - math.lgamma(n - d + 1) + d * log_p + (n - d) * log_q) if d <= n else 0.0
        for d in range(last + 1)
    ]


def poisson(n: int, p: float, last: int) -> list[float]:
    """P(d = 0 ... last) nonconformities on ``n`` units with ``p`` >= 0 of them a unit in the mean."""
    if p <= 0:
        return [1.0] + [0.0] * last
    mean = n * p
    return [math.exp(d * math.log(mean) - mean - math.lgamma(d + 1)) for d in range(last + 1)]


def acceptance_probability(
    n: Sequence[int], ac: Sequence[int], re: Sequence[int], p: float, *, nonconformities: bool
) -> float:
    """Probability that a lot of process quality ``p`` is accepted.

    Parameters
    ----------
    n, ac, re
        Sample size, acceptance and rejection number of each stage; the numbers are cumulative, ``ac`` -1 cannot accept.
        After the last stage every count below ``re`` accepts: reduced plans leave a gap between ``ac`` and ``re``, in
        which the lot is accepted and the next is inspected normally.
    p
        Fraction nonconforming, or nonconformities a unit.
    nonconformities
        Counts are nonconformities (Poisson), not nonconforming units (binomial).
    """
    law = poisson if nonconformities else binomial
    accepted = 0.0
    open_states = [1.0]  # open_states[d]: the sampling goes on with d found so far
    for stage, size in enumerate(n):
        limit = re[stage]
        found = law(size, p, max(limit - 1, 0))
        totals = [
            math.fsum(open_states[k] * found[d - k] for k in range(min(d + 1, len(open_states)))) for d in range(limit)
        ]
        last = stage == len(n) - 1
        bound = limit if last else ac[stage] + 1
        accepted += math.fsum(totals[:bound])
        open_states = [0.0 if d < bound else t for d, t in enumerate(totals)]
    return min(accepted, 1.0)


def quality_at(pa: float, curve: Callable[[float], float], upper: float) -> float:
    """The quality p in (0, ``upper``) at which the falling ``curve`` passes ``pa``; ``upper`` where it does not."""
    if curve(upper) > pa:
        return upper
    low, high = 0.0, upper
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if curve(middle) > pa else (low, middle)
    return (low + high) / 2


def oc_points(curve: Callable[[float], float], aql: float, upper: float) -> tuple[OcPoint, ...]:
    """50 even steps from 0 to where Pa falls to 0.5 per cent, and the AQL (as p); each Pa belongs to the p printed."""
    end = quality_at(0.005, curve, upper)
    grid = {float(f"{end * k / 50:.4g}") for k in range(51)} | {aql}
    return tuple(OcPoint(p=p, pa=curve(p)) for p in sorted(grid) if p <= upper)
