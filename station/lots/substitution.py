"""Substitution: what hardware decides (weight, wire, pull, bend) is off the master's, in the whole lot or in a part of
it, while sizes are the master's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.against_master import TESTS, finite
from station.lots.characteristics import Characteristic
from station.lots.contingency import fisher
from station.lots.evidence import Held, named, open_evidence, plain
from station.lots.factors import Factor
from station.lots.mixtures import dip_p, two_components
from station.lots.multiplicity import ALPHA, holm
from station.values.lot_analysis import CauseDocument, EvidenceDocument, State

LEAST_MIXTURE: Final = 30
"""Values from which a mixture of two batches is looked for; with fewer than ``WEAK_MIXTURE`` it is weak, and said
so."""
WEAK_MIXTURE: Final = 50
VERY_STRONG: Final = 10.0
"""Gain of BIC from which two components are taken for proven (Kass and Raftery 1995)."""
LEAST_SHARE: Final = 0.1
"""Share of the units that a component must have: a smaller one is a handful of outliers, which screening is about."""
DIPS: Final = 999
"""Uniform samples that a dip is held against; of fewer no p is small enough for Holm over ten characteristics."""


def substitution(factors: Sequence[Factor], geometry: Held, hardware: Held, rng: np.random.Generator) -> CauseDocument:
    """Supported where hardware is off or comes in two batches and sizes are the master's."""
    if not hardware.standings:
        words = "no weight, wire diameter, pull force or other hardware value was entered: weigh ten units"
        return CauseDocument(cause="substitution", state="open", evidence=(open_evidence(words), geometry.evidence))
    evidence = [EvidenceDocument(speaks="for", words=s.words, p=s.p, test=TESTS["off"]) for s in hardware.off]
    evidence += _mixtures([s.characteristic for s in hardware.standings], factors, rng)
    found = bool(evidence)
    if not found:
        verdict = f"{named(hardware.standings)} the master's within the margin"
        evidence.append(
            EvidenceDocument(
                speaks="against", words=verdict, p=max(s.p for s in hardware.standings), test=TESTS["same"]
            )
            if hardware.same
            else open_evidence(f"{named(hardware.standings)} neither proven to be off the master's nor to be the same")
        )
    evidence.append(geometry.evidence)
    state: State = "open"
    if found and geometry.same:
        state = "supported"
    elif not found and hardware.same:
        state = "contradicted"
    return CauseDocument(cause="substitution", state=state, evidence=tuple(evidence))


def _mixtures(
    hardware: Sequence[Characteristic], factors: Sequence[Factor], rng: np.random.Generator
) -> list[EvidenceDocument]:
    """Two batches in a characteristic: there are two modes (Holm over the characteristics), two components describe
    the values much better than one and lie farther apart than the margin."""
    enough = [c for c in hardware if len(finite(c)) >= LEAST_MIXTURE]
    if not enough:
        return []
    found = []
    for c, p in zip(enough, holm([dip_p(finite(c), rng, samples=DIPS) for c in enough]).tolist(), strict=True):
        words = _two_batches(c, factors) if p <= ALPHA else ""
        if words:
            found.append(EvidenceDocument(speaks="for", words=words, p=p, test="dip test of one mode, Holm"))
    return found


def _two_batches(c: Characteristic, factors: Sequence[Factor]) -> str:
    """The two components in words, empty where they are not proven or not far enough apart."""
    v = finite(c)
    two = two_components(v)
    apart = float(two.mean[1] - two.mean[0])
    if two.gain < VERY_STRONG or apart < c.margin or min(two.share) < LEAST_SHARE:
        return ""
    words = (
        f"{c.name} comes in two batches, {two.share[0]:.0%} of the units {two.mean[0]:+.3g} {c.unit} off the "
        f"master's and {two.share[1]:.0%} {two.mean[1]:+.3g} {c.unit}"
    )
    words += _followed(c, two.member > 0.5, factors)
    return words if len(v) >= WEAK_MIXTURE else f"{words}; of {len(v)} values this is weak evidence"


def _followed(c: Characteristic, upper: NDArray[np.bool_], factors: Sequence[Factor]) -> str:
    """Which factor the two batches follow, if any: Fisher's test of every level, Holm over all levels of all factors.
    upper : of each measured unit, whether it is of the upper batch."""
    known = np.isfinite(c.values)
    levels = [(f, k, f.codes[known] == k) for f in factors for k in range(len(f.levels))]
    if not levels:
        return ""
    adjusted = holm(
        [
            fisher([[int((m & inside).sum()), int((m & ~inside).sum())] for m in (upper, ~upper)])
            for *_, inside in levels
        ]
    )
    factor, k, _ = levels[int(adjusted.argmin())]
    return f"; they follow {plain(factor.name)} {factor.levels[k]}" if adjusted.min() <= ALPHA else ""
