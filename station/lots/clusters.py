"""Where the defects of a lot lie together: in a carton, a lot code, a plating date, a line, with an assembler.

The unit that counts is the defective unit, once for each kind of defect. Every test is by permutation (see
:mod:`station.lots.permutation`); what is called a cluster holds family-wise over all defects, factors and levels at
``ALPHA``, by the smallest p of each permutation. Beside it stand Holm's p among the levels of one factor and the false
discovery rate over all levels and over all tests: what it names beyond the clusters is for a first look, no claim.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.contingency import mantel_haenszel
from station.lots.extents import Found, extent_of
from station.lots.factors import Factor, LotUnit, factors_of, relation, telling_nothing
from station.lots.multiplicity import ALPHA, benjamini_hochberg, holm
from station.lots.permutation import ANY, CHANGE, LEVEL, RUNS, TREND, Deals, deal, family, ranked
from station.lots.plans import LARGEST_PER_CENT
from station.lots.strata import p_within
from station.sheet import Aql
from station.values.documents import ClusterDocument, DefectClass
from station.values.lot_analysis import (
    ClusterAnalysis,
    ExtentDocument,
    FactorDocument,
    FactorTestDocument,
    RelationDocument,
)

Float = NDArray[np.float64]

PERMUTATIONS: Final = 9_999
NONCONFORMING: Final = "nonconforming"
"""The name of "any defect" among the defects."""
ACCEPTABLE: Final = 0.025
"""Share of defective units that is no high rate, where the caller gives none: an AQL of 2.5."""
FEW: Final = 2
"""Defects times factors up to which the family-wise p is a mid-p: with so few, ties are common and the exact p rejects
in half as many lots as it may; with more it rejects often enough, and a mid-p would slightly too often."""
_TESTS: Final = {LEVEL: "level", ANY: "any", TREND: "trend", CHANGE: "change", RUNS: "runs"}


def find_clusters(
    units: Sequence[LotUnit],
    rng: np.random.Generator,
    *,
    acceptable: Mapping[str, float] | None = None,
    permutations: int = PERMUTATIONS,
) -> ClusterAnalysis:
    """Analyse the inspected ``units`` of a lot.

    Parameters
    ----------
    rng
        Deals the defects; the same seed and units give the same answer.
    acceptable
        Share of defective units, 0-1, above which a defect's rate is high, by defect; ``ACCEPTABLE`` for those that are
        not in it. In practice the AQL.
    """
    counted = [u for u in units if u.seen or u.defects]
    left_out = len(units) - len(counted)
    names, defective = _defects(counted)
    factors = factors_of(counted)
    plural = defective.sum(axis=0) >= 2
    found = _tested(defective[:, plural], factors, permutations, rng) if plural.any() and factors else None
    where = {name: i for i, name in enumerate(np.array(names)[plural])} if names else {}
    extents = [
        extent_of(
            name, defective[:, k], factors, _found_of(found, where.get(name), factors),
            (acceptable or {}).get(name, ACCEPTABLE), ALPHA, rng,
        )
        for k, name in enumerate(names)
    ]  # fmt: skip
    shown = defective[:, plural]
    clusters, first_look = ((), ()) if found is None else _levels(found, factors, list(where), shown, rng)
    return ClusterAnalysis(
        units=len(counted),
        left_out=left_out,
        permutations=permutations,
        factors=tuple(
            FactorDocument(
                name=f.name, levels=dict(zip(f.levels, f.sizes.tolist(), strict=True)), ordered=f.scores is not None
            )
            for f in factors
        ),
        relations=tuple(_relations(factors)),
        extents=tuple(_leading_first(extents)),
        clusters=clusters,
        first_look=first_look,
        tests=() if found is None else tuple(_tests(found, factors, list(where))),
        remarks=tuple(_remarks(factors, left_out, counted)),
    )


def acceptable_shares(judged: Iterable[tuple[str, DefectClass | None]], aql: Aql) -> dict[str, float]:
    """The share of defective units, 0-1, that a sheet's AQLs accept, by defect.

    judged : each defect with its class; one without a class is held to that of major. ``NONCONFORMING`` gets the sum
    over the classes, since a lot may lie at the AQL of each of them. Up to 10 an AQL is per cent nonconforming, above
    it nonconformities per 100 units, which fall on units at random (Poisson).
    """
    shares: dict[str, float] = {}
    classes: dict[str, float] = {}
    for name, defect_class in judged:
        limit = float(getattr(aql, defect_class or "major"))
        share = limit / 100 if limit <= LARGEST_PER_CENT else -math.expm1(-limit / 100)
        shares[name] = min(shares.get(name, 1.0), share)
        classes[defect_class or "major"] = share
    return shares | {NONCONFORMING: min(1.0, sum(classes.values()))} if classes else shares


@dataclass(frozen=True, slots=True)
class _Tested:
    """p, exact : mid-p and exact p (defects, factors, 3). fam : family-wise. level_family : (defects, all levels).
    alpha : (defects,) the share of the family-wise level that falls to each defect."""

    deals: Deals
    p: Float
    exact: Float
    fam: Float
    level_family: Float
    alpha: Float


def _defects(units: Sequence[LotUnit]) -> tuple[list[str], NDArray[np.bool_]]:
    """Names of the defects, commonest first, and (n, defects) which unit shows which; any defect is one of them where
    there are several."""
    count: dict[str, int] = {}
    for u in units:
        for name in u.defects:
            count[name] = count.get(name, 0) + 1
    names = sorted(count, key=lambda n: (-count[n], n))
    table = np.array([[name in u.defects for name in names] for u in units], dtype=np.bool_).reshape(
        len(units), len(names)
    )
    if len(names) > 1:
        names, table = [NONCONFORMING, *names], np.column_stack([table.any(axis=1), table])
    return names, table


def _tested(
    defective: NDArray[np.bool_], factors: Sequence[Factor], permutations: int, rng: np.random.Generator
) -> _Tested:
    deals = deal(defective, factors, permutations, rng)
    shape = deals.observed.shape
    each, exact = ranked(deals.observed.reshape(-1), deals.dealt.reshape(permutations, -1))
    p, least = each[0], each.min(axis=1)
    ties = 0.5 if shape[0] * shape[1] <= FEW else 1.0
    whole = family(p, least, ties=ties).reshape(shape)
    bound = float(np.quantile(least, ALPHA, method="lower"))
    by_defect = each.reshape(permutations + 1, shape[0], -1).min(axis=2)
    levels = np.empty(deals.mid.shape)
    for d in range(shape[0]):
        for f in range(shape[1]):
            span = slice(int(deals.first[f]), int(deals.first[f + 1]))
            seen = np.append(deals.dealt[:, d, f, LEVEL].astype(np.float64), deals.observed[d, f, LEVEL])
            dealt = np.sort(-seen)
            mid = deals.mid[d, span]
            below = np.searchsorted(dealt, mid * (1 - 1e-5))
            same = np.searchsorted(dealt, mid * (1 + 1e-5), side="right") - below
            levels[d, span] = family((below + 0.5 * same) / (permutations + 1), least, ties=ties)
    return _Tested(deals, p.reshape(shape), exact.reshape(shape), whole, levels, (by_defect <= bound).mean(axis=0))


def _found_of(found: _Tested | None, d: int | None, factors: Sequence[Factor]) -> Found | None:
    if found is None or d is None:
        return None
    first = found.deals.first
    return Found(
        p_family=found.fam[d].min(axis=1),
        level_family=tuple(found.level_family[d, first[f] : first[f + 1]] for f in range(len(factors))),
        level_mid=tuple(found.deals.mid[d, first[f] : first[f + 1]] for f in range(len(factors))),
        alpha=float(found.alpha[d]),
    )


def _levels(
    found: _Tested,
    factors: Sequence[Factor],
    names: Sequence[str],
    defective: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[tuple[ClusterDocument, ...], tuple[ClusterDocument, ...]]:
    """Levels in which a defect stands out: clusters, family-wise; then what only the false discovery rate names."""
    mids = found.deals.mid
    grouped = np.repeat([not f.single for f in factors], [len(f.levels) for f in factors])
    rates = np.ones(mids.shape)
    if grouped.any():
        rates[:, grouped] = benjamini_hochberg(mids[:, grouped].ravel()).reshape(len(mids), -1)
    rows = []
    for d, name in enumerate(names):
        for f, factor in enumerate(factors):
            span = slice(int(found.deals.first[f]), int(found.deals.first[f + 1]))
            counts, fam, q = found.deals.counts[d, span], found.level_family[d, span], rates[d, span]
            step = holm(mids[d, span])
            total, known = int(counts.sum()), int(factor.sizes.sum())
            for v in np.flatnonzero((fam <= ALPHA) | (q <= ALPHA)):
                given = _given(defective[:, d], int(v), factor, factors, rng)
                rows.append(
                    ClusterDocument(
                        defect=name, factor=factor.name, level=factor.levels[v], units=int(counts[v]),
                        of=int(factor.sizes[v]), elsewhere=total - int(counts[v]),
                        elsewhere_of=known - int(factor.sizes[v]), p=float(mids[d, span][v]), p_holm=float(step[v]),
                        q=float(q[v]), p_family=float(fam[v]), p_given={k: p for k, (p, _) in given.items()},
                        odds_given={k: odds for k, (_, odds) in given.items() if math.isfinite(odds)},
                    )
                )  # fmt: skip
    rows.sort(key=lambda c: (c.p_family, c.p))
    return tuple(c for c in rows if c.p_family <= ALPHA), tuple(c for c in rows if c.p_family > ALPHA)


def _given(
    shown: NDArray[np.bool_], level: int, factor: Factor, factors: Sequence[Factor], rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    """A level with each other factor held fixed, where that leaves something to compare: p by dealing within the other
    factor's levels, and the common odds ratio of Mantel and Haenszel."""
    codes = np.where(factor.codes < 0, -1, (factor.codes != level).astype(np.int64))
    one = Factor(factor.name, (factor.levels[level], "elsewhere"), codes, None)
    out = {}
    for other in factors:
        if other is factor:
            continue
        cell = np.zeros((len(other.levels), 2, 2))
        known = (other.codes >= 0) & (codes >= 0)
        np.add.at(cell, (other.codes[known], codes[known], 1 - shown[known].astype(int)), 1)
        found = mantel_haenszel(cell)
        if found.informative:
            out[other.name] = (p_within(shown, one, other, rng), found.odds_ratio)
    return out


def _tests(found: _Tested, factors: Sequence[Factor], names: Sequence[str]) -> list[FactorTestDocument]:
    kept = [(d, f, t) for d in range(len(names)) for f in range(len(factors)) for t in _statistics(factors[f])]
    q = benjamini_hochberg([found.p[i] for i in kept])
    rows = [
        FactorTestDocument.model_validate(
            {
                "defect": names[d], "factor": factors[f].name, "test": _TESTS[t], "p": found.p[d, f, t],
                "p_exact": found.exact[d, f, t], "q": rate, "p_family": found.fam[d, f, t],
            }
        )
        for (d, f, t), rate in zip(kept, q.tolist(), strict=True)
    ]  # fmt: skip
    return sorted(rows, key=lambda r: (r.p_family, r.p))


def _statistics(factor: Factor) -> tuple[int, ...]:
    """Which of the statistics a factor has."""
    if factor.single:
        return (TREND, CHANGE, RUNS)
    return (LEVEL, ANY, TREND, CHANGE) if factor.scores is not None else (LEVEL, ANY)


def _relations(factors: Sequence[Factor]) -> list[RelationDocument]:
    found = []
    grouped = [f for f in factors if not f.single]  # a unit's own level lies within every other factor
    for i, a in enumerate(grouped):
        for b in grouped[i + 1 :]:
            for one, other in ((a, b), (b, a)):
                kind = relation(one, other)
                if kind != "crossed":
                    found.append(RelationDocument(factor=one.name, other=other.name, relation=kind))
                    break
    return found


def _leading_first(extents: Sequence[ExtentDocument]) -> list[ExtentDocument]:
    """The lot's own verdict first: the strongest cluster, else any defect; then as they come, commonest first."""
    clustered = [e for e in extents if e.extent in ("carton", "lot")]
    if not clustered:
        return list(extents)
    first = min(clustered, key=lambda e: (1.0 if e.p_family is None else e.p_family, -e.units))
    return [first, *(e for e in extents if e is not first)]


def _remarks(factors: Sequence[Factor], left_out: int, counted: Sequence[LotUnit]) -> list[str]:
    remarks = []
    if left_out:
        of = left_out + len(counted)
        remarks.append(f"{left_out} of {of} units are left out: nothing could be measured on them")
    nothing = telling_nothing(counted)
    if nothing:
        told = ", ".join(f"{name} ({why})" for name, why in nothing.items())
        remarks.append(f"not looked at, since it tells nothing here: {told}")
    elif not factors:
        remarks.append(
            "the units have no carton and no identifier that would set them apart: hand them in with a units file that "
            "has columns such as carton, lot_code, plating_date, line"
        )
    unknown = [f"{f.name} of {int((f.codes < 0).sum())} units" for f in factors if (f.codes < 0).any()]
    if unknown:
        remarks.append(f"not known: {', '.join(unknown)}")
    return remarks
