"""The verdict on one defect: isolated, carton, lot, systemic, or insufficient evidence.

isolated   one unit shows it; or several, the sample could have shown a cluster, there is none, and the rate is surely
           not above what is acceptable
carton     it follows the carton, and within one lot code or date still does
lot        it follows another factor: lot code, plating date, hardware lot, line, assembler; the factor is named
systemic   no cluster although the sample could have shown one, and the rate is surely above what is acceptable
insufficient evidence  anything else, with the smallest cluster that this sample could have shown
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.contingency import clopper_pearson
from station.lots.factors import CARTON, Factor, relation
from station.lots.overdispersion import overdispersion
from station.lots.smallest_effect import critical_p, halfway, smallest_rate
from station.lots.strata import p_within
from station.values.documents import Extent
from station.values.lot_analysis import ExtentDocument, OverdispersionDocument, SmallestEffectDocument, p_words

Float = NDArray[np.float64]

ALIKE: Final = 0.2
"""Upper bound of the intra-group correlation below which units of one level are not alike enough to matter: half of
that of one bad level among eight (decision 0045)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the permutations say of one defect. p_family : (factors,) smallest of each. level_family, level_mid : by
    factor (levels,). alpha : the share of the family-wise level that falls to this defect."""

    p_family: Float
    level_family: tuple[Float, ...]
    level_mid: tuple[Float, ...]
    alpha: float


def extent_of(
    name: str,
    defective: NDArray[np.bool_],
    factors: Sequence[Factor],
    found: Found | None,
    acceptable: float,
    alpha: float,
    rng: np.random.Generator,
) -> ExtentDocument:
    """The verdict on one defect of (n,) units; ``found`` is None with fewer than two of them or without a factor."""
    units, of = int(defective.sum()), len(defective)
    low, high = clopper_pearson(units, of)
    smallest: tuple[SmallestEffectDocument, ...] = ()
    spread: tuple[OverdispersionDocument, ...] = ()
    factor: Factor | None = None
    levels: tuple[str, ...] = ()
    inseparable: tuple[str, ...] = ()
    adequate, p = False, None
    if found is not None:
        smallest = _smallest(units, of, factors, found.alpha, rng)
        spread = tuple(_spread(defective, f) for f in factors if not f.single)
        adequate = _adequate(smallest, spread, units / of)
        chosen = [f for f in range(len(factors)) if found.p_family[f] <= alpha]
        p = float(found.p_family.min())
        if chosen:
            best, inseparable = _explained_by(defective, factors, chosen, found, alpha, rng)
            factor, p = factors[best], float(found.p_family[best])
            levels = _levels(factor, found, best, alpha)
    extent: Extent
    if factor is not None:
        extent = "carton" if factor.name == CARTON else "lot"
        reason = _of_cluster(name, defective, factor, levels, p or 0.0, inseparable)
    elif units <= 1:
        extent, reason = "isolated", f"{name}: one unit of {of} shows it"
    elif not adequate:
        extent, reason = "insufficient evidence", _of_too_few(name, units, of, smallest, spread)
    elif low > acceptable:
        extent = "systemic"
        reason = (
            f"{name}: {units} of {of} units, {low:.1%} to {high:.1%} of the lot and so surely above {acceptable:.1%}, "
            f"and they follow no {_names(factors)}"
        )
    elif high <= acceptable:
        extent = "isolated"
        reason = (
            f"{name}: {units} of {of} units, surely not above {acceptable:.1%} of the lot, and they follow no "
            f"{_names(factors)}"
        )
    else:
        extent = "insufficient evidence"
        reason = (
            f"{name}: {units} of {of} units follow no {_names(factors)}, and a share of {low:.1%} to {high:.1%} may be "
            f"acceptable ({acceptable:.1%}) or not. {_could_have_shown(smallest)}. Inspect more units"
        )
    return ExtentDocument(
        defect=name, units=units, of=of, low=low, high=high, extent=extent,
        factor=None if factor is None else factor.name, levels=levels, p_family=p, inseparable=inseparable,
        adequate=adequate, smallest=smallest, overdispersion=spread, reason=reason,
    )  # fmt: skip


def _smallest(
    units: int, of: int, factors: Sequence[Factor], alpha: float, rng: np.random.Generator
) -> tuple[SmallestEffectDocument, ...]:
    base = units / of
    bounds = critical_p(of, base, factors, alpha, rng)
    out = []
    for f, bound in zip(factors, bounds, strict=True):
        if f.single:  # it has no levels of several units that could stand out
            continue
        size = max(1, round(float(np.median(f.sizes))))
        rate = smallest_rate(of, size, base, bound) if bound > 0 else None
        out.append(SmallestEffectDocument(factor=f.name, level_units=size, rate=rate))
    return tuple(out)


def _spread(defective: NDArray[np.bool_], factor: Factor) -> OverdispersionDocument:
    known = factor.codes >= 0
    counts = np.bincount(factor.codes[known], defective[known], minlength=len(factor.levels))
    o = overdispersion(counts, factor.sizes)
    return OverdispersionDocument(
        factor=factor.name, z=o.z, p=o.p, rho=o.rho, low=o.low, high=o.high, design_effect=o.design_effect,
        n_effective=o.n_effective, phi=o.phi,
    )  # fmt: skip


def _adequate(
    smallest: Sequence[SmallestEffectDocument], spread: Sequence[OverdispersionDocument], base: float
) -> bool:
    """Whether every factor's cluster would have shown: half of the good units of one level, or units that are proven
    not to be alike."""
    return bool(smallest) and all(could_show(s, o, base) for s, o in zip(smallest, spread, strict=True))


def could_show(smallest: SmallestEffectDocument, spread: OverdispersionDocument, base: float) -> bool:
    """Whether a factor's cluster would have shown at a ``base`` share of defective units."""
    return (smallest.rate is not None and smallest.rate <= halfway(base)) or spread.high <= ALIKE


def _explained_by(
    defective: NDArray[np.bool_],
    factors: Sequence[Factor],
    chosen: Sequence[int],
    found: Found,
    alpha: float,
    rng: np.random.Generator,
) -> tuple[int, tuple[str, ...]]:
    """The factor that the defect follows, of those that it seems to, and others that explain it as well.

    Of two factors one that no longer matters once the other is held fixed is dropped. Where neither matters then, the
    coarser explains all that the finer does; where the two are crossed or split the units alike, they cannot be told
    apart.
    """
    kept, alike = list(chosen), []
    for a in chosen:
        for b in chosen:
            if a >= b or a not in kept or b not in kept:
                continue
            how = relation(factors[a], factors[b])
            if how == "same":
                kept.remove(b)
                alike.append((a, b))
                continue
            p_a = p_within(defective, factors[a], factors[b], rng)
            p_b = p_within(defective, factors[b], factors[a], rng)
            if p_a <= alpha < p_b:
                kept.remove(b)
            elif p_b <= alpha < p_a:
                kept.remove(a)
            elif p_a > alpha and p_b > alpha:
                if how == "within":
                    kept.remove(a)
                elif relation(factors[b], factors[a]) == "within":
                    kept.remove(b)
                else:
                    worse = b if found.p_family[a] <= found.p_family[b] else a
                    kept.remove(worse)
                    alike.append((a + b - worse, worse))
    best = min(kept, key=lambda f: (found.p_family[f], found.level_mid[f].min()))
    return best, tuple(factors[b if a == best else a].name for a, b in alike if best in (a, b))


def _levels(factor: Factor, found: Found, f: int, alpha: float) -> tuple[str, ...]:
    """Levels that are clusters of their own; where only all together differ, none."""
    order = np.argsort(found.level_mid[f], kind="stable")
    return tuple(factor.levels[v] for v in order if found.level_family[f][v] <= alpha)


def _of_cluster(
    name: str, defective: NDArray[np.bool_], factor: Factor, levels: Sequence[str], p: float, alike: Sequence[str]
) -> str:
    what = factor.name.replace("_", " ")
    tail = ""
    if alike:
        tail = f"; {' and '.join(a.replace('_', ' ') for a in alike)} explains it as well and cannot be told apart here"
    if not levels and factor.scores is not None:
        return f"{name}: {_along(defective, factor)} (family-wise {p_words(p)}){tail}"
    if not levels:
        return f"{name}: its share differs from {what} to {what} (family-wise {p_words(p)}){tail}"
    inside = np.isin(factor.codes, [factor.levels.index(v) for v in levels])
    there, rest = defective[inside], defective[~inside & (factor.codes >= 0)]
    listed = ", ".join(levels[:5]) + (f" and {len(levels) - 5} more" if len(levels) > 5 else "")
    return (
        f"{name}: {int(there.sum())} of {len(there)} units in {what} {listed}, {int(rest.sum())} of {len(rest)} "
        f"elsewhere (family-wise {p_words(p)}){tail}"
    )


def _along(defective: NDArray[np.bool_], factor: Factor) -> str:
    """How a defect runs along an ordered factor, by the place at which its share changes most."""
    scores = np.zeros(0) if factor.scores is None else factor.scores
    place = np.where(factor.codes >= 0, scores[factor.codes], -1.0)
    known = place >= 0
    share = defective[known].mean()
    best, at = -1.0, 0.0
    for end in np.unique(place[known])[:-1]:
        before = known & (place <= end)
        seen = int(before.sum())
        away = (defective[before].sum() - share * seen) ** 2 / (seen * (known.sum() - seen))
        if away > best:
            best, at = float(away), float(end)
    before, after = defective[known & (place <= at)], defective[place > at]
    last = factor.levels[int(np.flatnonzero(scores == at)[-1])]
    return (
        f"it changes along {factor.name.replace('_', ' ')}: {int(before.sum())} of {len(before)} units up to {last}, "
        f"{int(after.sum())} of {len(after)} after it"
    )


def _of_too_few(
    name: str,
    units: int,
    of: int,
    smallest: Sequence[SmallestEffectDocument],
    spread: Sequence[OverdispersionDocument],
) -> str:
    if not smallest:
        return (
            f"{name}: {units} of {of} units, of which no carton or identifier is known: no cluster of any size could "
            "have been shown"
        )
    lacking = [s for s, o in zip(smallest, spread, strict=True) if not could_show(s, o, units / of)]
    return (
        f"{name}: {units} of {of} units show no cluster, and this sample could hardly have shown one. "
        f"{_could_have_shown(lacking)}. Inspect more units of every {lacking[0].factor.replace('_', ' ')}"
    )


def _could_have_shown(smallest: Sequence[SmallestEffectDocument]) -> str:
    """The smallest effect of each factor that this sample would have shown."""
    seen = [
        f"a {s.factor.replace('_', ' ')} of {s.level_units} units from {s.rate:.0%} defective on"
        for s in smallest
        if s.rate is not None
    ]
    unseen = [f"{s.factor.replace('_', ' ')} of {s.level_units} units" for s in smallest if s.rate is None]
    told = []
    if seen:
        told.append(f"Four samples of five would have shown {', '.join(seen)}")
    if unseen:
        told.append(f"{'No' if not seen else 'no'} {' and no '.join(unseen)} could have stood out, however bad")
    return "; ".join(told)


def _names(factors: Sequence[Factor]) -> str:
    names = [f.name.replace("_", " ") for f in factors]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
