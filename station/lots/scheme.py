"""How a whole switching scheme performs: an exact Markov chain over the states of :mod:`station.lots.switching`.

The lots of a stream are taken for independent draws from a process of constant quality p, which never changes state by
itself: production is steady and, unless it is left out, reduced inspection agreed. The chain's states are those that
the switching rules reach, so the scheme is that of the program itself. Where inspection is discontinued the long-run
figures go on under tightened inspection with the quality unchanged, the worst that a supplier can do; how long it takes
to get there is stated beside them. Stephens and Larson, "An evaluation of the MIL-STD-105D system of sampling plans",
Industrial Quality Control 23 (1967) 310-319; Schilling and Sheesley, "The performance of MIL-STD-105D under the
switching rules", Journal of Quality Technology 10 (1978) 76-83, 104-124; ISO 2859-1:1999, Table 12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from station.errors import RequestError
from station.lots.oc import Float
from station.lots.performance import acceptance_from_cartons, average_outgoing_quality, average_sample_number
from station.lots.plans import Severity, Stages, stages
from station.lots.switching import RULES, LotResult, State, after_lot, after_word, gain

SEVERITIES: tuple[Severity, ...] = ("normal", "tightened", "reduced")
LONGEST = 1e9
"""Lots until discontinuation beyond which no figure is stated."""
_OUTCOMES = (
    LotResult(accepted=False),
    LotResult(accepted=True),
    LotResult(accepted=True, in_gap=True),
    LotResult(accepted=True, points=2),
    LotResult(accepted=True, points=3),
)


@dataclass(frozen=True, slots=True)
class SchemePerformance:
    """Long-run figures at each of P qualities. acceptance, sample_number : (P,) over all lots. shares : (3, P) of lots
    under normal, tightened and reduced inspection. outgoing : (P,) quality after rectifying inspection, see
    :func:`station.lots.performance.average_outgoing_quality`. until_discontinued : (P,) lots on average, from the first
    one under normal inspection until inspection is discontinued; inf above ``LONGEST``."""

    p: Float
    acceptance: Float
    sample_number: Float
    shares: Float
    outgoing: Float
    until_discontinued: Float


def scheme_performance(
    letter: str,
    aql: float,
    p: ArrayLike,
    *,
    type: str = "single",
    edition: str = "z1.4",
    reduced: bool = True,
    per_100: bool = False,
    lot_size: int | None = None,
    cartons: int | None = None,
    correlation: float = 0.0,
) -> SchemePerformance:
    """The scheme of a code letter and AQL at each quality ``p`` (a fraction, or nonconformities a unit).

    reduced : whether the responsible authority agrees to reduced inspection. per_100 : nonconformities are counted.
    lot_size, cartons, correlation : see :func:`performance_of`.
    """
    plans: dict[Severity, Stages] = {
        s: stages(letter, aql, severity=s, type=type, edition=edition, per_100=per_100) for s in SEVERITIES
    }
    return performance_of(
        plans, aql, p, edition=edition, reduced=reduced, lot_size=lot_size, cartons=cartons, correlation=correlation
    )


def performance_of(
    plans: Mapping[Severity, Stages],
    aql: float,
    p: ArrayLike,
    *,
    edition: str,
    reduced: bool = True,
    lot_size: int | None = None,
    cartons: int | None = None,
    correlation: float = 0.0,
) -> SchemePerformance:
    """:func:`scheme_performance` of any three plans.

    lot_size : units in each lot, for the outgoing quality; None for very large ones. cartons : every sample comes from
    so many (from as many as it has units where that is fewer) whose units have this ``correlation``; single plans of
    nonconforming units. Raises RequestError for a fractional acceptance number, or for what
    :func:`station.lots.performance.acceptance_from_cartons` refuses.
    """
    if any(plan.parts for plan in plans.values()):
        raise RequestError(
            "The scheme of plans with fractional acceptance numbers is not computed",
            "Ask for it without them: the arrows' plans.",
        )
    quality = np.atleast_1d(np.asarray(p, dtype=np.float64))

    def accepted(plan: Stages) -> Float:
        if cartons is None:
            return plan.acceptance(quality)
        return acceptance_from_cartons(plan, quality, cartons=min(cartons, plan.n[0]), correlation=correlation)

    chain = _chain(edition, reduced)
    size = len(chain.severities)
    chances = {s: _chances(plans[s], s, aql, edition, accepted) for s in SEVERITIES}
    move = np.zeros((quality.size, size, size))
    lost = np.zeros((quality.size, size))
    for i, severity in enumerate(chain.severities):
        for k in range(len(_OUTCOMES)):
            to = chain.steps[i, k]
            chance = chances[severity][k]
            if to < 0:  # discontinued, and resumed under tightened inspection
                lost[:, i] += chance
                to = chain.resumed
            move[:, i, to] += chance
    held = _stationary(move)
    masks = np.array([[s == severity for s in chain.severities] for severity in SEVERITIES], dtype=np.float64)
    shares = masks @ held.T
    accept = np.array([1 - chances[s][0] for s in SEVERITIES])
    if cartons is None:
        aoq = np.array([average_outgoing_quality(plans[s], quality, lot_size) for s in SEVERITIES])
    else:  # single plans
        unseen = [1.0 if lot_size is None else max(0.0, 1 - plans[s].n[0] / lot_size) for s in SEVERITIES]
        aoq = quality * accept * np.array(unseen)[:, None]
    asn = np.array([average_sample_number(plans[s], quality) for s in SEVERITIES])
    return SchemePerformance(
        quality,
        (shares * accept).sum(axis=0),
        (shares * asn).sum(axis=0),
        shares,
        (shares * aoq).sum(axis=0),
        _until_lost(move, lost, chain.resumed),
    )


@dataclass(frozen=True, slots=True)
class _Chain:
    """severities : of each state, the first one the start. steps : (states, outcomes) the next state, -1 where
    inspection is discontinued. resumed : the state it is resumed in."""

    severities: tuple[Severity, ...]
    steps: NDArray[np.int64]
    resumed: int


@cache
def _chain(edition: str, reduced: bool) -> _Chain:
    start, _ = after_word(State(), "steady", edition)
    if reduced:
        start, _ = after_word(start, "agreed", edition)
    resumed = start._replace(severity="tightened")
    states, steps = [start, resumed], []
    index = {s: i for i, s in enumerate(states)}
    for state in states:  # grows while it is walked
        row = []
        for outcome in _OUTCOMES:
            after, _ = after_lot(state, outcome, edition)
            if after.discontinued:
                row.append(-1)
                continue
            if after not in index:
                index[after] = len(states)
                states.append(after)
            row.append(index[after])
        steps.append(row)
    return _Chain(tuple(s.severity for s in states), np.array(steps), 1)


def _chances(plan: Stages, severity: Severity, aql: float, edition: str, accepted: Callable[[Stages], Float]) -> Float:
    """(outcomes, P) chance of each of ``_OUTCOMES`` for a lot under a plan. accepted : (P,) chances of any plan."""
    total = accepted(plan)
    found = np.zeros((len(_OUTCOMES), total.size))
    found[0] = 1 - total
    if severity == "reduced":
        without_gap = replace(plan, re=(*plan.re[:-1], plan.ac[-1] + 1))
        found[1] = np.minimum(accepted(without_gap), total)
        found[2] = total - found[1]
    elif severity == "tightened" or not RULES[edition].scored:
        found[1] = total
    else:  # single plans
        gained = gain(plan, aql)
        at = next(k for k, outcome in enumerate(_OUTCOMES) if outcome.points == gained.points)
        stricter = plan if gained.most == plan.ac[0] else replace(plan, ac=(gained.most,), re=(gained.most + 1,))
        found[at] = np.minimum(accepted(stricter), total)
        found[1] = total - found[at]
    return found


def _stationary(move: Float) -> Float:
    """(P, states) long-run share of lots in each state."""
    count, size, _ = move.shape
    system = np.transpose(move, (0, 2, 1)) - np.eye(size)
    system[:, -1, :] = 1.0  # one balance equation follows from the others: the shares' sum takes its place
    right = np.zeros((count, size, 1))
    right[:, -1] = 1.0
    return np.asarray(np.maximum(np.linalg.solve(system, right)[:, :, 0], 0.0))


def _until_lost(move: Float, lost: Float, resumed: int) -> Float:
    """(P,) lots on average from the first state until inspection is discontinued."""
    size = move.shape[1]
    stay = move.copy()
    stay[:, :, resumed] -= lost
    answer = np.full(len(move), np.inf)
    for i, (matrix, chance) in enumerate(zip(stay, lost, strict=True)):
        if not chance.any():
            continue
        try:
            expected = float(np.linalg.solve(np.eye(size) - matrix, np.ones(size))[0])
        except np.linalg.LinAlgError:
            continue
        answer[i] = expected if 0 < expected < LONGEST else np.inf
    return answer
