"""Substitution: what hardware decides (weight, wire, pull, bend) is off the master's, in the whole lot or in a part of
it, while sizes are the master's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.against_master import ALPHA, TESTS, finite
from station.lots.characteristics import Characteristic
from station.lots.contingency import fisher
from station.lots.evidence import Held, named, open_evidence, plain
from station.lots.factors import Factor
from station.lots.mixtures import dip_p, two_components
from station.lots.multiplicity import holm
from station.values.lot_analysis import CauseDocument, EvidenceDocument, State

LEAST_MIXTURE: Final = 30
"""Values from which a mixture of two batches is looked for; with fewer than ``WEAK_MIXTURE`` it is weak, and said
so."""
WEAK_MIXTURE: Final = 50
VERY_STRONG: Final = 10.0
"""Gain of BIC from which two components are taken for proven (Kass and Raftery 1995)."""
LEAST_SHARE: Final = 0.1


def substitution(factors: Sequence[Factor], geometry: Held, hardware: Held, rng: np.random.Generator) -> CauseDocument:
    """Supported where hardware is off or comes in two batches and sizes are the master's."""
    if not hardware.standings:
        words = "no weight, wire diameter, pull force or other hardware value was entered: weigh ten units"
        return CauseDocument(cause="substitution", state="open", evidence=(open_evidence(words), geometry.evidence))
    evidence = [EvidenceDocument(speaks="for", words=s.words, p=s.p, test=TESTS["off"]) for s in hardware.off]
    mixed = [_mixture(s.characteristic, factors, rng) for s in hardware.standings]
    evidence += [e for e in mixed if e is not None]
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


def _mixture(c: Characteristic, factors: Sequence[Factor], rng: np.random.Generator) -> EvidenceDocument | None:
    """Two batches in one characteristic: the components lie farther apart than the margin, two describe the values
    much better than one, and there are two modes."""
    v = finite(c)
    if len(v) < LEAST_MIXTURE:
        return None
    p = dip_p(v, rng, samples=499)
    if p > ALPHA:
        return None
    found = two_components(v)
    apart = float(found.mean[1] - found.mean[0])
    if found.gain < VERY_STRONG or apart < c.margin or min(found.share) < LEAST_SHARE:
        return None
    words = (
        f"{c.name} comes in two batches, {found.share[0]:.0%} of the units {found.mean[0]:+.3g} {c.unit} off the "
        f"master's and {found.share[1]:.0%} {found.mean[1]:+.3g} {c.unit}"
    )
    words += _followed(c, found.member > 0.5, factors)
    if len(v) < WEAK_MIXTURE:
        words += f"; of {len(v)} values this is weak evidence"
    return EvidenceDocument(speaks="for", words=words, p=p, test="dip test of one mode")


def _followed(c: Characteristic, upper: NDArray[np.bool_], factors: Sequence[Factor]) -> str:
    """Which factor the two batches follow, if any. upper : of each measured unit, whether it is of the upper batch."""
    known = np.isfinite(c.values)
    for factor in factors:
        codes = factor.codes[known]
        inside = [codes == k for k in range(len(factor.levels))]
        adjusted = holm([fisher([[int((m & i).sum()), int((m & ~i).sum())] for m in (upper, ~upper)]) for i in inside])
        if adjusted.min() <= ALPHA:
            return f"; they follow {plain(factor.name)} {factor.levels[int(adjusted.argmin())]}"
    return ""
