"""Statistics of defects over factors, and what becomes of them when the defects are dealt to other units.

Defects of one unit stay together and the factors stay where they are: the margins of every table and the dependence of
the tests upon one another are kept (Westfall and Young, Resampling-Based Multiple Testing (1993), 2.6). Three
statistics for each kind of defect and each factor, two more where it is ordered, one more where every unit has a place
of its own in that order:

level  the smallest one-sided mid-p of one level against all others, from the hypergeometric distribution
any    Pearson's chi-square over all levels
trend  the score statistic of Cochran and Armitage, where the factor is ordered; either direction
change the largest chi-square of what lies before against what lies after a place of the order, over all places
       (Worsley, Biometrika 70 (1983) 455-464)
runs   how seldom a defective unit follows a good one or the other way about (Wald and Wolfowitz, Ann. Math. Statist. 11
       (1940) 147-162); few changes are few runs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from station.lots.contingency import hypergeometric, upper_mid
from station.lots.factors import Factor

Float = NDArray[np.float64]
Int = NDArray[np.int64]

LEVEL: Final = 0
ANY: Final = 1
TREND: Final = 2
CHANGE: Final = 3
RUNS: Final = 4
KINDS: Final = 5
_CHUNK_VALUES = 4_000_000
_SAME = 1e-9  # statistics that differ by less are one: the same sum in another order


@dataclass(frozen=True, slots=True)
class Deals:
    """Statistics as observed and after every permutation, larger the more they speak against chance.

    observed : (defects, factors, KINDS) level (as -mid-p), any, trend, change, runs; 0 where a factor has no such
    statistic. dealt : (B, defects, factors, KINDS). counts : (defects, all levels) defective units as observed. mid :
    for every defect and level its mid-p as observed. first : (factors + 1,) where each factor's levels begin.
    """

    observed: Float
    dealt: NDArray[np.float32]
    counts: Int
    mid: Float
    first: Int


def deal(defective: NDArray[np.bool_], factors: Sequence[Factor], permutations: int, rng: np.random.Generator) -> Deals:
    """Deal the defects of (n, defects) units to other units ``permutations`` times.

    Units of which a factor is not known stay in the deal and count nowhere in that factor, whose tables therefore vary
    in their margins a little; every other margin is fixed.
    """
    n, kinds = defective.shape
    first = np.concatenate([[0], np.cumsum([len(f.levels) for f in factors])]).astype(np.int64)
    codes = np.stack([np.where(f.codes >= 0, f.codes + first[i], -1) for i, f in enumerate(factors)])
    sizes = np.concatenate([f.sizes for f in factors])
    scores = np.concatenate([_centred(f) for f in factors])
    rows = np.flatnonzero(defective.any(axis=1))
    marks = _listed(defective[rows])
    totals = defective.sum(axis=0)
    table, start = _tables(n, totals, sizes)
    known = np.array([int((f.codes >= 0).sum()) for f in factors], dtype=np.float64)
    order, ends, has_order = _in_order(factors, first)
    single = np.array([f.scores is not None and f.single for f in factors])
    arguments = (
        codes, marks, first, sizes.astype(np.float64), scores, table, start, known, order, ends, has_order, single
    )  # fmt: skip
    counts, observed = _evaluate(rows[None, :].astype(np.int64), *arguments)
    dealt = np.empty((permutations, kinds, len(factors), KINDS), dtype=np.float32)
    step = max(1, _CHUNK_VALUES // max(len(rows), 1))
    pool = np.arange(n, dtype=np.int64)
    for begin in range(0, permutations, step):
        size = min(step, permutations - begin)
        chosen = _choose(pool, rng.random((size, len(rows))))
        dealt[begin : begin + size] = _evaluate(chosen, *arguments)[1]
    mid = np.array([[table[start[d, v] + counts[d, v]] for v in range(len(sizes))] for d in range(kinds)])
    return Deals(observed[0], dealt, counts, mid, first)


def draw(pool: Int, count: int, times: int, rng: np.random.Generator) -> Int:
    """(times, count) members of ``pool`` (n,), each row without replacement."""
    return np.asarray(_choose(pool.astype(np.int64), rng.random((times, count))))


def ranked(observed: Float, dealt: NDArray[np.float32]) -> tuple[Float, Float]:
    """mid-p of every statistic among all deals, (B + 1, S), the first row as observed, and the exact p of the observed.

    observed : (S,). dealt : (B, S). What was observed is one of the deals (Phipson and Smyth, Stat. Appl. Genet. Mol.
    Biol. 9 (2010) 39), so that no p is 0 and the smallest of many is not too small. A statistic that never varies has
    mid-p 1/2 and p 1.
    """
    count = len(dealt) + 1
    each = np.empty((count, dealt.shape[1]), dtype=np.float64)
    exact = np.empty(dealt.shape[1])
    for s in range(dealt.shape[1]):
        column = np.concatenate([observed[s : s + 1].astype(np.float32), dealt[:, s]])
        _, place, times = np.unique(_rounded(column), return_inverse=True, return_counts=True)
        above = count - np.cumsum(times)
        each[:, s] = ((above + 0.5 * times) / count)[place]
        exact[s] = (above + times)[place[0]] / count
    return each, exact


def family(p: Float, least: Float, *, ties: float) -> Float:
    """Family-wise p of each ``p``: how often the smallest of all p of a deal, ``least`` (B + 1,), is as small.

    ties : the share of equal ones that counts: 1/2 makes it a mid-p, 1 the exact p.
    """
    ordered = np.sort(least)
    below = np.searchsorted(ordered, p - _SAME)
    same = np.searchsorted(ordered, p + _SAME, side="right") - below
    return np.asarray((below + ties * np.maximum(same, 1)) / len(least))


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Statistics without the last bits, in which equal tables differ. float32 holds 24 bits; 17 are kept."""
    bits = values.astype(np.float32).view(np.int32)
    return ((bits + 64) & ~127).astype(np.int32).view(np.float32)


def _listed(defective: NDArray[np.bool_]) -> Int:
    """(n, most) the defects of every unit by their numbers, filled up with -1."""
    out = np.full((len(defective), max(1, int(defective.sum(axis=1).max(initial=0)))), -1, dtype=np.int64)
    for row, shown in zip(out, defective, strict=True):
        found = np.flatnonzero(shown)
        row[: len(found)] = found
    return out


def _centred(f: Factor) -> Float:
    if f.scores is None:
        return np.zeros(len(f.levels))
    return np.asarray(f.scores - (f.sizes * f.scores).sum() / f.sizes.sum())


def _in_order(factors: Sequence[Factor], first: Int) -> tuple[Int, NDArray[np.bool_], NDArray[np.bool_]]:
    """(levels,) the levels of every factor in their order, (levels,) whether the next one has another place in it,
    (factors,) which factors have one."""
    order, ends = np.arange(first[-1]), np.zeros(first[-1], dtype=np.bool_)
    for f, factor in enumerate(factors):
        if factor.scores is not None:
            by = np.argsort(factor.scores, kind="stable")
            order[first[f] : first[f + 1]] = first[f] + by
            ends[first[f] : first[f + 1] - 1] = np.diff(factor.scores[by]) > 0
    return order, ends, np.array([f.scores is not None for f in factors])


def _tables(n: int, totals: Int, sizes: Int) -> tuple[Float, Int]:
    """mid-p of every count of every defect in every level, end to end, and where each begins."""
    made: dict[tuple[int, int], int] = {}
    parts: list[Float] = []
    start = np.empty((len(totals), len(sizes)), dtype=np.int64)
    at = 0
    for d, total in enumerate(totals):
        for v, size in enumerate(sizes):
            key = (int(total), int(size))
            if key not in made:
                made[key] = at
                parts.append(upper_mid(hypergeometric(n, key[0], key[1])))
                at += len(parts[-1])
            start[d, v] = made[key]
    return np.concatenate(parts), start


@numba.njit(cache=True, nogil=True)
def _choose(pool: Int, uniform: Float) -> Int:  # pragma: no cover - compiled
    """(B, r) places drawn without replacement, by the first r steps of Fisher and Yates' shuffle."""
    out = np.empty(uniform.shape, dtype=np.int64)
    deck = pool.copy()
    for b in range(uniform.shape[0]):
        for i in range(uniform.shape[1]):
            j = i + int(uniform[b, i] * (deck.size - i))
            deck[i], deck[j] = deck[j], deck[i]
            out[b, i] = deck[i]
    return out


@numba.njit(cache=True, nogil=True)
def _evaluate(
    chosen: Int,
    codes: Int,
    marks: Int,
    first: Int,
    sizes: Float,
    scores: Float,
    table: Float,
    start: Int,
    known: Float,
    order: Int,
    ends: NDArray[np.bool_],
    has_order: NDArray[np.bool_],
    single: NDArray[np.bool_],
) -> tuple[Int, Float]:  # pragma: no cover - compiled
    """Counts of the last deal, (defects, levels), and the statistics of every one, (B, defects, factors, KINDS)."""
    kinds, levels, many = start.shape[0], sizes.size, first.size - 1
    out = np.zeros((chosen.shape[0], kinds, many, KINDS))
    counts = np.zeros((kinds, levels), dtype=np.int64)
    for b in range(chosen.shape[0]):
        counts[:] = 0
        for r in range(chosen.shape[1]):
            for f in range(many):
                level = codes[f, chosen[b, r]]
                if level >= 0:
                    for d in marks[r]:
                        if d < 0:
                            break
                        counts[d, level] += 1
        for d in range(kinds):
            for f in range(many):
                least, square, trend, total = 1.0, 0.0, 0.0, 0.0
                for v in range(first[f], first[f + 1]):
                    c = counts[d, v]
                    p = table[start[d, v] + c]
                    least = min(least, p)
                    square += c * c / sizes[v]
                    trend += c * scores[v]
                    total += c
                out[b, d, f, 0] = -least
                if 0 < total < known[f]:
                    share = total / known[f]
                    out[b, d, f, 1] = (square - total * share) / (share * (1 - share))
                out[b, d, f, 2] = abs(trend)
                if has_order[f] and 0 < total < known[f]:
                    share, have, seen, best, changes = total / known[f], 0.0, 0.0, 0.0, 0
                    for v in range(first[f], first[f + 1]):
                        c = counts[d, order[v]]
                        if single[f] and v > first[f] and c != counts[d, order[v - 1]]:
                            changes += 1
                        have += c
                        seen += sizes[order[v]]
                        if ends[v]:
                            best = max(best, (have - share * seen) ** 2 / (seen * (known[f] - seen)))
                    out[b, d, f, 3] = best * known[f] / (share * (1 - share))
                    if single[f]:
                        out[b, d, f, 4] = -changes
    return counts, out
