"""Drift: colour differs between batches or runs along their dates, while sizes and hardware are the master's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from station.lots.against_master import LEAST_VALUES, against_master, finite, phrase
from station.lots.batches import Between, differences_between, trend_over
from station.lots.characteristics import Characteristic
from station.lots.evidence import Held, open_evidence, plain
from station.lots.factors import CARTON, Factor
from station.lots.groups import levene
from station.lots.multiplicity import ALPHA, holm
from station.values.lot_analysis import CauseDocument, EvidenceDocument, State

MATTERS: Final = 0.5
"""Share of a colour's margin above which a standard deviation between batches matters: two batches then lie some
three quarters of the margin apart on average, and of five the outermost more than the whole margin (decision 0045)."""


def drift(
    characteristics: Sequence[Characteristic],
    factors: Sequence[Factor],
    geometry: Held,
    hardware: Held,
    rng: np.random.Generator,
) -> CauseDocument:
    """Supported where colour varies by more than half of its margin and sizes are the master's, hardware values or not.
    Hardware that is off contradicts it where colour does not vary, and leaves it open where it does."""
    colours = [c for c in characteristics if c.kind == "colour" and len(finite(c)) >= LEAST_VALUES]
    between = _between(colours, factors, rng)
    varies = between[0].speaks == "for"
    evidence = [*between, *(_runs(colours, factors) if between[0].speaks != "open" else [])]
    shifted = [s for s in against_master(colours) if s.state == "off"]
    if shifted and not varies:
        words = f"{shifted[0].words}, in the whole lot: drift before this lot, or other material"
        evidence.append(open_evidence(words, shifted[0].said, phrase("whole-lot")))
    if factors and all(f.name == CARTON for f in factors):
        words = "of batches only the carton is known: a lot code or plating date would say more"
        evidence.append(open_evidence(words, phrase("carton-only")))
    evidence += [geometry.evidence, hardware.evidence]
    state: State = "open"
    if geometry.off or between[0].speaks == "against" or (hardware.off and not varies):
        state = "contradicted"
    elif varies and geometry.same and not hardware.off:
        state = "supported"
    return CauseDocument(cause="drift", state=state, evidence=tuple(evidence))


def _between(
    colours: Sequence[Characteristic], factors: Sequence[Factor], rng: np.random.Generator
) -> list[EvidenceDocument]:
    """Whether colour differs between batches, first; then whether it is uneven, where it does."""
    found = differences_between(np.stack([c.values for c in colours]), factors, rng) if colours and factors else []
    if not found:
        lacking = "colours" if not colours else "second carton or batch"
        unknown = phrase("no-batches" if colours else "no-colours")
        return [open_evidence(f"colour between batches cannot be compared: no {lacking} known of the units", unknown)]
    levels = {f.name: len(f.levels) for f in factors}

    def size(d: Between) -> float:
        return d.spread.between / colours[d.row].margin

    # what is large enough to matter, then the surest: a small difference may be told more surely and must not hide it;
    # of two as sure the coarser factor, then the larger difference
    best = min(found, key=lambda d: (size(d) <= MATTERS, d.p_family, levels[d.factor], -size(d)))
    c, spread = colours[best.row], best.spread
    varies = best.p_family <= ALPHA and size(best) > MATTERS
    words = (
        f"{spread.icc:.0%} of the variance of {c.name} lies between one {plain(best.factor)} and another (standard "
        f"deviation {spread.between:.2f} between them, {spread.within:.2f} {c.unit} within)"
    )
    said = [
        phrase(
            "between", share=f"{spread.icc:.0%}", name=c.name, factor=best.factor, between=f"{spread.between:.2f}",
            within=f"{spread.within:.2f}", unit=c.unit,
        )
    ]  # fmt: skip
    if not varies:
        said.append(phrase("by-chance" if best.p_family > ALPHA else "too-little"))
        words += ", no more than chance brings about" if best.p_family > ALPHA else ", too little to matter"
    speaks = "for" if varies else "against"
    test = f"analysis of variance (F {spread.f:.3g}), permutation, family-wise"
    first = EvidenceDocument.model_validate(
        {"speaks": speaks, "words": words, "p": best.p_family, "test": test, "said": tuple(said)}
    )
    return [first, *(_uneven(c, best, factors) if varies else [])]


def _uneven(c: Characteristic, best: Between, factors: Sequence[Factor]) -> list[EvidenceDocument]:
    """Whether a characteristic spreads differently from level to level, as an uneven process does."""
    factor = next(f for f in factors if f.name == best.factor)
    known = np.isfinite(c.values)
    groups = [c.values[known & (factor.codes == k)] for k in range(len(factor.levels))]
    groups = [g for g in groups if len(g) > 1]
    found = levene(groups) if len(groups) > 1 else None
    if found is None or found.p > ALPHA:
        return []
    spreads = sorted(float(g.std(ddof=1)) for g in groups)
    words = (
        f"{c.name} is more uneven in one {plain(factor.name)} than in another (standard deviation "
        f"{spreads[0]:.2f} to {spreads[-1]:.2f} {c.unit})"
    )
    test = f"Levene about the medians (F {found.f:.3g})"
    low, high = f"{spreads[0]:.2f}", f"{spreads[-1]:.2f}"
    said = (phrase("uneven", name=c.name, factor=factor.name, low=low, high=high, unit=c.unit),)
    return [EvidenceDocument(speaks="for", words=words, p=found.p, test=test, said=said)]


def _runs(colours: Sequence[Characteristic], factors: Sequence[Factor]) -> list[EvidenceDocument]:
    """Trends along ordered factors; p by Holm over the characteristics, and over the factors."""
    table = np.stack([c.values for c in colours])
    runs = [(factor, run) for factor in factors if (run := trend_over(table, factor)) is not None]
    found = []
    for (factor, run), p in zip(runs, holm([run.p for _, run in runs]).tolist() if runs else [], strict=True):
        if p <= ALPHA:
            c = colours[run.row]
            words = f"{c.name} runs along {plain(factor.name)} ({run.slope:+.2f} {c.unit} a step)"
            said = (phrase("runs", name=c.name, factor=factor.name, slope=f"{run.slope:+.2f}", unit=c.unit),)
            found.append(EvidenceDocument(speaks="for", words=words, p=p, test="Mann-Kendall, Holm", said=said))
    return found
