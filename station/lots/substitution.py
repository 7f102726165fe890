"""Substitution: what hardware decides (weight, wire, pull, bend) is off the master's, in the whole lot or in a part of
it, while sizes are the master's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.against_master import TESTS, finite, phrase
from station.lots.characteristics import Characteristic
from station.lots.contingency import fisher
from station.lots.evidence import Held, named, names_of, open_evidence, plain
from station.lots.factors import Factor
from station.lots.mixtures import dip_p, two_components
from station.lots.multiplicity import ALPHA, holm
from station.values.lot_analysis import CauseDocument, EvidenceDocument, State
from station.values.phrase import Phrase

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
        nothing = open_evidence(words, phrase("no-hardware"))
        return CauseDocument(cause="substitution", state="open", evidence=(nothing, geometry.evidence))
    evidence = [
        EvidenceDocument(speaks="for", words=s.words, p=s.p, test=TESTS["off"], said=(s.said,)) for s in hardware.off
    ]
    evidence += _mixtures([s.characteristic for s in hardware.standings], factors, rng)
    found = bool(evidence)
    if not found:
        verdict = f"{named(hardware.standings)} the master's within the margin"
        evidence.append(
            EvidenceDocument(
                speaks="against",
                words=verdict,
                p=max(s.p for s in hardware.standings),
                test=TESTS["same"],
                said=(phrase("hardware-same", **names_of(hardware.standings)),),
            )
            if hardware.same
            else open_evidence(
                f"{named(hardware.standings)} neither proven to be off the master's nor to be the same",
                phrase("hardware-open", **names_of(hardware.standings)),
            )
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
        words, said = _two_batches(c, factors) if p <= ALPHA else ("", ())
        if words:
            found.append(EvidenceDocument(speaks="for", words=words, p=p, test="dip test of one mode, Holm", said=said))
    return found


def _two_batches(c: Characteristic, factors: Sequence[Factor]) -> tuple[str, tuple[Phrase, ...]]:
    """The two components in words and in no language, empty where they are not proven or not far enough apart."""
    v = finite(c)
    two = two_components(v)
    apart = float(two.mean[1] - two.mean[0])
    if two.gain < VERY_STRONG or apart < c.margin or min(two.share) < LEAST_SHARE:
        return "", ()
    words = (
        f"{c.name} comes in two batches, {two.share[0]:.0%} of the units {two.mean[0]:+.3g} {c.unit} off the "
        f"master's and {two.share[1]:.0%} {two.mean[1]:+.3g} {c.unit}"
    )
    said = [
        phrase(
            "two-batches", name=c.name, share=f"{two.share[0]:.0%}", mean=f"{two.mean[0]:+.3g}", unit=c.unit,
            other_share=f"{two.share[1]:.0%}", other_mean=f"{two.mean[1]:+.3g}",
        )
    ]  # fmt: skip
    followed = _followed(c, two.member > 0.5, factors)
    if followed is not None:
        words += f"; they follow {plain(followed[0])} {followed[1]}"
        said.append(phrase("followed", factor=followed[0], level=followed[1]))
    if len(v) < WEAK_MIXTURE:
        words += f"; of {len(v)} values this is weak evidence"
        said.append(phrase("weak", count=len(v)))
    return words, tuple(said)


def _followed(c: Characteristic, upper: NDArray[np.bool_], factors: Sequence[Factor]) -> tuple[str, str] | None:
    """Which factor and level the two batches follow, if any: Fisher's test of every level, Holm over all levels of all
    factors. upper : of each measured unit, whether it is of the upper batch."""
    known = np.isfinite(c.values)
    levels = [(f, k, f.codes[known] == k) for f in factors for k in range(len(f.levels))]
    if not levels:
        return None
    adjusted = holm(
        [
            fisher([[int((m & inside).sum()), int((m & ~inside).sum())] for m in (upper, ~upper)])
            for *_, inside in levels
        ]
    )
    factor, k, _ = levels[int(adjusted.argmin())]
    return (factor.name, factor.levels[k]) if adjusted.min() <= ALPHA else None
