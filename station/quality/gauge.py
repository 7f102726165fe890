"""Repeatability and reproducibility of a gauge from repeated readings, and what of it enters an uncertainty budget.

AIAG, Measurement Systems Analysis, 4th edition (2010), chapter III, section B: the average and range method, and the
analysis of variance with the rule of pooling. Parts x operators x trials, crossed; each variation is one standard
deviation (the first editions gave 5.15 of them, the fourth gives one):

EV   equipment variation: repeatability
AV   appraiser variation: reproducibility
INT  interaction of parts and operators (analysis of variance only)
GRR  square root of EV^2 + AV^2 + INT^2
PV   part variation
TV   total variation, square root of GRR^2 + PV^2
ndc  number of distinct categories, 1.41 PV / GRR, truncated

A bench that runs by itself has one operator, and a repeatability study has one part: what a study cannot tell is None.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.errors import RequestError
from station.values.budget import COVERAGE, LengthBudget
from station.values.line import Measurement

Float = NDArray[np.float64]

POOLING: Final = 0.25
"""Significance above which the interaction is pooled with the repeatability. MSA asks for a high one, lest an
interaction be overlooked; 0.25 is the one in common use."""
MANY_RANGES: Final = 15
"""Above so many ranges the factor of their mean is taken for its limit d2 (MSA, appendix C)."""
LEAST_FREEDOM: Final = 9
"""Degrees of freedom of the repeatability from which a study enters a budget: ten captures of one part. With nine a
standard deviation is itself known to 24 % (JCGM 100:2008, E.4.3)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that one operator read from one part. trial : first, second ... of this part by this operator."""

    part: str
    operator: str
    trial: str
    value: float


@dataclass(frozen=True, slots=True)
class Variation:
    """Standard deviations in the unit of the readings; None what the study cannot tell."""

    ev: float
    av: float | None
    interaction: float | None
    pv: float | None

    @property
    def grr(self) -> float:
        """Repeatability and reproducibility together."""
        return math.hypot(self.ev, self.av or 0.0, self.interaction or 0.0)

    @property
    def tv(self) -> float | None:
        """Total variation; None for one part."""
        return None if self.pv is None else math.hypot(self.grr, self.pv)

    @property
    def ndc(self) -> int | None:
        """Number of distinct categories, truncated; None for one part, or where every reading repeats exactly."""
        return None if self.pv is None or self.grr == 0 else int(1.41 * self.pv / self.grr)


@dataclass(frozen=True, slots=True)
class AnovaRow:
    """One source of the analysis of variance. f, p : its test, None where there is none."""

    source: str
    df: int
    ss: float
    ms: float
    f: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """One characteristic of a study.

    trials : readings in each cell, None where their number differs. anova, average_range : by the two methods; the
    second is None where the readings are not balanced. table : the analysis of variance, empty where not balanced.
    pooled : whether the interaction was pooled with the repeatability. freedom : degrees of freedom of ``anova.ev``.
    note : what was left out, and why.
    """

    parts: int
    operators: int
    trials: int | None
    readings: int
    mean: float
    anova: Variation
    average_range: Variation | None
    table: tuple[AnovaRow, ...]
    pooled: bool
    freedom: int
    note: str = ""


def evaluate(readings: Iterable[Reading], *, pooling: float = POOLING) -> Study:
    """Evaluate the readings of one characteristic by both methods.

    Where cells lack readings, only the repeatability is told: the pooled standard deviation within the cells.

    Raises
    ------
    RequestError
        No reading, one that is not finite, the same trial twice, or no part that was read twice by one operator.
    """
    rows = list(readings)
    cells: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for r in rows:
        if not math.isfinite(r.value):
            raise RequestError(f"part {r.part}, operator {r.operator}, trial {r.trial} has no value", "Read it again.")
        if r.trial in cells[r.operator, r.part]:
            raise RequestError(
                f"part {r.part}, operator {r.operator}, trial {r.trial} is there twice", "Number the trials."
            )
        cells[r.operator, r.part][r.trial] = r.value
    if not any(len(c) > 1 for c in cells.values()):
        raise RequestError(
            "no part was read twice by the same operator, so nothing tells the repeatability",
            "Read every part two or three times by every operator, or one part ten times.",
        )
    operators, parts = (list(dict.fromkeys(key[i] for key in cells)) for i in (0, 1))
    counts = {len(c) for c in cells.values()}
    if len(cells) != len(operators) * len(parts) or len(counts) > 1:
        return _unbalanced(rows, cells, len(parts), len(operators))
    values = np.array([[list(cells[o, p].values()) for p in parts] for o in operators], dtype=np.float64)
    table, variation, pooled, freedom = _anova(values, pooling)
    return Study(
        parts=len(parts), operators=len(operators), trials=values.shape[2], readings=values.size,
        mean=float(values.mean()), anova=variation, average_range=average_and_range(values), table=table,
        pooled=pooled, freedom=freedom,
    )  # fmt: skip


def average_and_range(values: Float) -> Variation:
    """The average and range method. values : (operators, parts, trials >= 2)."""
    operators, parts, trials = values.shape
    cells = operators * parts
    ev = float(np.ptp(values, axis=2).mean()) / range_factor(trials, cells if cells <= MANY_RANGES else None)
    av = pv = None
    if operators > 1:
        between = float(np.ptp(values.mean(axis=(1, 2)))) / range_factor(operators, 1)
        av = math.sqrt(max(0.0, between**2 - ev**2 / (parts * trials)))
    if parts > 1:
        pv = float(np.ptp(values.mean(axis=(0, 2)))) / range_factor(parts, 1)
    return Variation(ev, av, None, pv)


@functools.cache
def range_factor(size: int, ranges: int | None) -> float:
    """Expected range of ``size`` standard normal values (d2), or for the mean of few ``ranges`` the root of its mean
    square (d2*), by which a mean range is divided: 1/K1, 1/K2, 1/K3 of MSA (appendix C; Duncan, "The use of ranges in
    comparing variabilities", Industrial Quality Control 11 (1955) 5). None: the limit for many ranges."""
    x = np.linspace(-9.0, 9.0, 1801)
    below = 0.5 * (1.0 + np.array([math.erf(v / math.sqrt(2.0)) for v in x]))
    step = float(x[1] - x[0])
    d2 = float((1.0 - below**size - (1.0 - below) ** size).sum()) * step
    if ranges is None:
        return d2
    # mean square of the range: twice the integral over low < high of P(least < low, largest > high)
    low, high = below[:, None], below[None, :]
    both = 1.0 - high**size - (1.0 - low) ** size + np.clip(high - low, 0.0, None) ** size
    square = 2.0 * float(np.triu(both, 1).sum() + 0.5 * np.trace(both)) * step**2
    return math.sqrt(d2**2 + (square - d2**2) / ranges)


def percent_of_tolerance(sigma: float, mean: float, lower: float | None, upper: float | None) -> float | None:
    """Six standard deviations in per cent of the tolerance (MSA 4th edition, III-B); with one limit, three of them in
    per cent of the way from the study's mean to it. None without a limit, or where there is no such way."""
    if lower is not None and upper is not None:
        return 600.0 * sigma / (upper - lower) if upper > lower else None
    limit = upper if upper is not None else lower
    return None if limit is None or limit == mean else 300.0 * sigma / abs(limit - mean)


def with_spreads(measurements: Sequence[Measurement], spreads: Mapping[str, float]) -> tuple[Measurement, ...]:
    """The measurements with what a gauge study found of each characteristic, as a standard deviation.

    A length takes it into its budget (:meth:`LengthBudget.with_repeatability`). A measurement without one, such as a
    colour, keeps its u unless the spread alone is larger than it says: then u is twice the spread. A study never makes
    an uncertainty smaller, since it does not show what every capture has in common. ``detail["gauge"]`` is the spread.
    A radial offset takes the largest of its own and its components', for a distance close to 0 scatters too little.
    """
    return tuple(_with_spread(m, _spread_of(m, spreads)) for m in measurements)


def _spread_of(m: Measurement, spreads: Mapping[str, float]) -> float | None:
    name = m.characteristic.partition(":")[2]
    names = [m.characteristic, *((f"offset-x:{name}", f"offset-y:{name}") if m.kind == "offset" else ())]
    return max((spreads[n] for n in names if n in spreads), default=None)


def _with_spread(m: Measurement, spread: float | None) -> Measurement:
    if spread is None:
        return m
    detail = {**m.detail, "gauge": spread}
    budget = m.detail.get("budget")
    if not isinstance(budget, dict):
        return replace(m, u=max(m.u, COVERAGE * spread), detail=detail)
    before = LengthBudget.from_detail(budget)
    after = before.with_repeatability(spread)
    if after is before:  # its u was made from figures that detail has rounded
        return replace(m, detail=detail)
    return replace(m, u=after.expanded, detail={**detail, "budget": after.as_detail()})


def _unbalanced(
    rows: Sequence[Reading], cells: Mapping[tuple[str, str], Mapping[str, float]], parts: int, operators: int
) -> Study:
    within = [np.array(list(c.values()), dtype=np.float64) for c in cells.values()]
    freedom = sum(len(c) - 1 for c in within)
    ev = math.sqrt(sum(float(((c - c.mean()) ** 2).sum()) for c in within) / freedom)
    return Study(
        parts=parts, operators=operators, trials=None, readings=len(rows),
        mean=float(np.mean([r.value for r in rows])), anova=Variation(ev, None, None, None), average_range=None,
        table=(), pooled=False, freedom=freedom,
        note="not every operator read every part equally often, so only the repeatability is told",
    )  # fmt: skip


def _anova(values: Float, pooling: float) -> tuple[tuple[AnovaRow, ...], Variation, bool, int]:
    """Crossed analysis of variance with random effects. values : (operators, parts, trials)."""
    o, p, r = values.shape
    mean = values.mean()
    by_operator, by_part, by_cell = values.mean(axis=(1, 2)), values.mean(axis=(0, 2)), values.mean(axis=2)
    ss_o = p * r * float(((by_operator - mean) ** 2).sum())
    ss_p = o * r * float(((by_part - mean) ** 2).sum())
    ss_e = float(((values - by_cell[:, :, None]) ** 2).sum())
    ss_i = r * float(((by_cell - by_operator[:, None] - by_part[None, :] + mean) ** 2).sum())
    df_o, df_p, df_i, df_e = o - 1, p - 1, (o - 1) * (p - 1), o * p * (r - 1)
    test = _tested("operator x part", df_i, ss_i, df_e, ss_e) if df_i else None
    pooled = test is not None and test.p is not None and test.p > pooling
    if pooled:
        df_e, ss_e = df_e + df_i, ss_e + ss_i
    ms_e = ss_e / df_e
    base_df, base_ss = (df_e, ss_e) if pooled or test is None else (df_i, ss_i)
    base = base_ss / base_df
    rows = [
        _tested(name, df, ss, base_df, base_ss)
        for name, df, ss in (("operator", df_o, ss_o), ("part", df_p, ss_p))
        if df
    ]
    variation = Variation(
        ev=math.sqrt(ms_e),
        av=math.sqrt(max(0.0, (ss_o / df_o - base) / (p * r))) if df_o else None,
        interaction=None if test is None else 0.0 if pooled else math.sqrt(max(0.0, (test.ms - ms_e) / r)),
        pv=math.sqrt(max(0.0, (ss_p / df_p - base) / (o * r))) if df_p else None,
    )
    rows += [test] if test is not None else []
    rows.append(AnovaRow("repeatability", df_e, ss_e, ms_e))
    return tuple(rows), variation, pooled, df_e


def _tested(source: str, df: int, ss: float, df_base: int, ss_base: float) -> AnovaRow:
    """A source with its F test against another; without scatter there is nothing to test against."""
    from scipy.special import fdtrc

    ms, base = ss / df, ss_base / df_base
    if base == 0:
        return AnovaRow(source, df, ss, ms)
    return AnovaRow(source, df, ss, ms, ms / base, float(fdtrc(df, df_base, ms / base)))
