"""What a plan costs and what it lets through: ASN, AOQ and AOQL, and the OC of samples drawn from cartons.

Formulas: average sample number, average outgoing quality under rectifying inspection (lots that are not accepted are
sorted, what is nonconforming in them and in the samples replaced) and its limit: MIL-STD-105E, 4.11.3 and 4.11.4,
Tables V and IX; Duncan, Quality Control and Industrial Statistics, chapters 7 and 16; Schilling and Neubauer,
Acceptance Sampling in Quality Control, chapters 5 and 6. Samples are not curtailed: each stage is inspected to its end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from station.errors import RequestError
from station.lots.beta_binomial import design_effect, probabilities
from station.lots.oc import Curve, Float, search_end, stage_outcomes
from station.lots.plans import Stages

LARGEST_CORRELATION = 0.95
_GRID = 60


def average_sample_number(plan: Stages, p: ArrayLike) -> Float:
    """(P,) units inspected on average to decide a lot of quality ``p``."""
    accepted, rejected = _outcomes(plan, p)
    return np.asarray(((accepted + rejected) * np.cumsum(plan.n)[:, None]).sum(axis=0))


def average_outgoing_quality(plan: Stages, p: ArrayLike, lot_size: int | None = None) -> Float:
    """(P,) quality after rectifying inspection; of very large lots (p Pa) where there is no ``lot_size``."""
    quality = np.atleast_1d(np.asarray(p, dtype=np.float64))
    if plan.parts:
        share = 1.0 if lot_size is None else max(0.0, 1 - plan.n[0] / lot_size)
        return np.asarray(quality * plan.acceptance(quality) * share)
    accepted, _ = _outcomes(plan, quality)
    if lot_size is None:
        return np.asarray(quality * accepted.sum(axis=0))
    unseen = np.maximum(0.0, 1 - np.cumsum(plan.n) / lot_size)
    return np.asarray(quality * (accepted * unseen[:, None]).sum(axis=0))


def average_outgoing_quality_limit(plan: Stages, lot_size: int | None = None) -> tuple[float, float]:
    """The largest average outgoing quality, and the quality at which it comes about."""
    end = search_end(plan.n, plan.re, nonconformities=plan.nonconformities)
    return largest(lambda p: average_outgoing_quality(plan, p, lot_size), end, 1e-7)


def largest(curve: Curve, end: float, near: float) -> tuple[float, float]:
    """The largest value of a curve over [0, ``end``] and where it comes about, to ``near`` of that place: a grid over
    the whole, then ever finer ones around its highest point."""
    low, high, best = 0.0, end, 0.0
    while high - low > near * high:
        grid = np.linspace(low, high, _GRID + 1)
        at = int(np.argmax(curve(grid)))
        best = float(grid[at])
        low, high = float(grid[max(at - 1, 0)]), float(grid[min(at + 1, _GRID)])
    return float(curve(np.array([best]))[0]), best


def _outcomes(plan: Stages, p: ArrayLike) -> tuple[Float, Float]:
    return stage_outcomes(plan.n, plan.ac, plan.re, p, nonconformities=plan.nonconformities)


# --- samples drawn from cartons --------------------------------------------------------------------------------------


def shares(n: int, cartons: int) -> tuple[int, ...]:
    """``n`` units over the cartons as evenly as it goes, the larger shares first."""
    whole, over = divmod(n, cartons)
    return (whole + 1,) * over + (whole,) * (cartons - over)


def acceptance_from_cartons(plan: Stages, p: ArrayLike, *, cartons: int, correlation: float) -> Float:
    """(P,) probability of acceptance when the sample comes from so many cartons whose units are alike.

    correlation : of two units of one carton, 0 to ``LARGEST_CORRELATION``; 0 is the plain curve.

    Raises
    ------
    RequestError
        A plan of several stages or of nonconformities per 100 units, a fractional one, or cartons or correlation that
        cannot be.
    """
    if len(plan.n) > 1 or plan.parts or plan.nonconformities:
        raise RequestError(
            "The effect of cartons is known for single plans of nonconforming units with a whole acceptance number",
            "Ask for a single plan at an AQL of at most 10, or leave cartons out.",
        )
    if not 1 <= cartons <= plan.n[0]:
        raise RequestError(f"A sample of {plan.n[0]} cannot come from {cartons} cartons", f"Give 1 to {plan.n[0]}.")
    if not 0 <= correlation <= LARGEST_CORRELATION:
        raise RequestError(
            f"The correlation {correlation:g} of units in a carton is not between 0 and {LARGEST_CORRELATION:g}",
            "0.05 to 0.3 is usual where defects come in patches.",
        )
    quality = np.atleast_1d(np.asarray(p, dtype=np.float64))
    limit = plan.re[0]
    laws = {m: probabilities(m, quality, correlation)[:, :limit] for m in set(shares(plan.n[0], cartons))}
    total = np.zeros((quality.size, limit))
    total[:, 0] = 1.0
    for m in shares(plan.n[0], cartons):
        law = laws[m]
        new = np.zeros_like(total)
        for d in range(law.shape[1]):
            new[:, d:] += total[:, : limit - d] * law[:, d, None]
        total = new
    return np.asarray(np.minimum(total.sum(axis=1), 1.0))


def effective_sample_size(plan_n: Sequence[int], cartons: int, correlation: float) -> float:
    """n over the design effect of its cartons."""
    n = plan_n[0]
    return n / design_effect(shares(n, cartons), correlation)
