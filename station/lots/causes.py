"""Drift, substitution or screening: what the evidence of a lot says for and against each, and when it says nothing.

drift         colour differs between batches or runs along their dates, while geometry and weight are the master's
substitution  what hardware decides (weight, wire, pull, bend, thickness) is off the master's, in the whole lot or in a
              part of it, while geometry is the master's
screening     the bulk is the master's; what is wrong are a few obvious, avoidable units, anywhere in the lot

A cause is *supported* where everything it takes was found, *contradicted* where something it takes was found otherwise,
else *open*. It is told only where it alone is supported and no cause in the measurement is suspect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from station.lots.batches import differences_between, trend_over
from station.lots.contingency import clopper_pearson, fisher
from station.lots.factors import Factor, LotUnit, factors_of
from station.lots.groups import equivalent, levene, mean_against
from station.lots.mixtures import dip_p, two_components
from station.lots.multiplicity import holm
from station.lots.outliers import bulk, generalised_esd
from station.values.lot_analysis import (
    CauseDocument,
    ClusterAnalysis,
    DiagnosisDocument,
    EvidenceDocument,
    MeasurementCauseDocument,
)

Float = NDArray[np.float64]
State = Literal["supported", "contradicted", "open"]

ALPHA: Final = 0.05
LEAST_VALUES: Final = 5
"""Values of a characteristic from which its mean is held to the master's."""
LEAST_MIXTURE: Final = 30
"""Values from which a mixture of two batches is looked for; with fewer than 50 it is weak, and said so."""
VERY_STRONG: Final = 10.0
"""Gain of BIC from which two components are taken for proven (Kass and Raftery 1995)."""
FEW: Final = 0.25
"""Share of nonconforming units up to which the rest can be called the bulk."""

RECORDS: Final = {
    "drift": "production lot dates, with the plating baths, polishing and filling runs that this order was split over",
    "substitution": "incoming lot records of hardware, magnets and metal: who supplied them, did a vendor change",
    "screening": "in-line and final inspection reports with their reject categories and who signed the release",
}


@dataclass(frozen=True, slots=True)
class Characteristic:
    """Values of one characteristic over a lot, as differences from the master.

    values : (n,), NaN where it was not measured of a unit. kind : ``colour`` (along one Lab coordinate),
    ``geometry`` or ``hardware``. margin : difference up to which it is the master's for all purposes, in its unit;
    as a rule half of its tolerance. u : standard uncertainty that all values share, such as the master's own. unit :
    of measure.
    """

    name: str
    kind: Literal["colour", "geometry", "hardware"]
    values: Float
    margin: float
    u: float
    unit: str


def diagnose(
    units: Sequence[LotUnit],
    characteristics: Sequence[Characteristic],
    clusters: ClusterAnalysis,
    measurement: Sequence[MeasurementCauseDocument],
    rng: np.random.Generator,
    *,
    obvious: frozenset[str] = frozenset(),
) -> DiagnosisDocument:
    """Weigh the evidence.

    Parameters
    ----------
    units
        All inspected units, in the order of the characteristics' values.
    measurement
        Causes that lie in the measurement; a suspect one keeps every other from being told.
    obvious
        Units with a defect that nobody who looked could have overlooked: something missing, or large.
    """
    factors = factors_of(units)
    geometry = _held(characteristics, "geometry", "outlines and sizes")
    hardware = _held(characteristics, "hardware", "weight and hardware")
    substitution = _substitution(characteristics, factors, geometry, rng)
    causes = (
        _drift(characteristics, factors, geometry, hardware, rng),
        substitution,
        _screening(units, characteristics, clusters, obvious, substitution),
    )
    supported = [c for c in causes if c.state == "supported"]
    suspect = [m for m in measurement if m.state == "suspect"]
    nonconforming = any(u.defects for u in units)
    cause = None
    if suspect:
        reason = f"the measurement itself is suspect: {suspect[0].words}. Settle that before the goods are blamed"
    elif not nonconforming and not supported:
        reason = "no unit is nonconforming, and nothing differs from the master beyond its margin"
    elif [c.cause for c in supported] == ["substitution"] and causes[0].evidence[0].speaks == "for":
        reason = (
            f"substitution is supported, and beside it {causes[0].evidence[0].words}: more than one thing went wrong"
        )
    elif len(supported) == 1:
        cause = supported[0].cause
        reason = f"{cause}: everything it takes was found, and neither of the other causes is supported"
    elif supported:
        reason = f"{' and '.join(c.cause for c in supported)} are supported together: more than one thing went wrong"
    else:
        states = ", ".join(f"{c.cause} is {c.state}" for c in causes)
        reason = f"no cause has all the evidence it takes: {states}"
    order = sorted(causes, key=lambda c: ("supported", "open", "contradicted").index(c.state))
    return DiagnosisDocument(
        cause=cause,
        reason=reason,
        measurement=tuple(measurement),
        causes=causes,
        ask_for=tuple(RECORDS[c.cause] for c in order) if nonconforming or supported else (),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """Whether all characteristics of a kind are the master's. same : None where it is not known."""

    same: bool | None
    differs: bool
    words: str


def _held(characteristics: Sequence[Characteristic], kind: str, what: str) -> _Held:
    """Two one-sided tests of every characteristic within its margin; all must pass, so none is corrected for the others
    (Berger, Technometrics 24 (1982) 295-300)."""
    known = [(c, _finite(c)) for c in characteristics if c.kind == kind]
    known = [(c, v) for c, v in known if len(v) >= LEAST_VALUES]
    if not known:
        return _Held(None, False, f"{what} were not measured on {LEAST_VALUES} units or more")
    off = [c for c, v in known if abs(float(v.mean())) > c.margin + 2 * c.u and _shift_p(c, v) <= ALPHA / len(known)]
    if off:
        return _Held(False, True, f"{', '.join(c.name for c in off[:3])} differ from the master beyond their margin")
    open_ = [c for c, v in known if equivalent(v, c.margin, c.u) > ALPHA]
    if open_:
        return _Held(None, False, f"{', '.join(c.name for c in open_[:3])} are not proven to be the master's")
    return _Held(True, False, f"{what} are the master's within their margins ({len(known)} characteristics)")


def _drift(
    characteristics: Sequence[Characteristic],
    factors: Sequence[Factor],
    geometry: _Held,
    hardware: _Held,
    rng: np.random.Generator,
) -> CauseDocument:
    evidence: list[EvidenceDocument] = []
    colours = [c for c in characteristics if c.kind == "colour" and len(_finite(c)) >= LEAST_VALUES]
    varies = False
    table = np.stack([c.values for c in colours]) if colours else np.zeros((0, 0))
    found = differences_between(table, factors, rng) if colours and factors else []
    if not found:
        lacking = "colours" if not colours else "second carton or batch"
        evidence.append(_open(f"colour between batches cannot be compared: no {lacking} known of the units"))
    else:
        best = min(found, key=lambda d: d.p_family)
        c = colours[best.row]
        words = (
            f"{c.name} spreads by {best.between:.2f} {c.unit} between levels of {_plain(best.factor)}, beside "
            f"{best.within:.2f} within (standard deviations)"
        )
        matters = best.between > c.margin / 2
        varies = best.p_family <= ALPHA and matters
        tail = "" if matters else ", too little to matter"
        evidence.append(EvidenceDocument(speaks="for" if varies else "against", words=words + tail, p=best.p_family))
        uneven = _uneven(c, next(f for f in factors if f.name == best.factor))
        if varies and uneven is not None:
            evidence.append(uneven)
        for factor in factors:
            run = None if factor.scores is None else trend_over(table, factor)
            if run is not None and run.p <= ALPHA:
                evidence.append(
                    EvidenceDocument(
                        speaks="for", p=run.p,
                        words=f"{colours[run.row].name} runs along {_plain(factor.name)} "
                        f"({run.slope:+.2f} {colours[run.row].unit} a step)",
                    )
                )  # fmt: skip
        shifted = [c for c in colours if abs(float(_finite(c).mean())) > c.margin + 2 * c.u]
        if shifted and not varies:
            words = f"{shifted[0].name} is off in the whole lot: drift before this lot, or other material"
            evidence.append(_open(words))
    evidence.append(_by(geometry))
    evidence.append(_by(hardware))
    state: State = "open"
    if geometry.differs or evidence[0].speaks == "against" or (hardware.differs and not varies):
        state = "contradicted"
    elif varies and geometry.same and not hardware.differs:
        state = "supported"
    return CauseDocument(cause="drift", state=state, evidence=tuple(evidence))


def _uneven(c: Characteristic, factor: Factor) -> EvidenceDocument | None:
    """Whether a characteristic spreads differently from level to level, as an uneven process does."""
    known = np.isfinite(c.values)
    groups = [c.values[known & (factor.codes == k)] for k in range(len(factor.levels))]
    groups = [g for g in groups if len(g) > 1]
    found = levene(groups) if len(groups) > 1 else None
    if found is None or found.p > ALPHA:
        return None
    words = f"{c.name} spreads more in some levels of {_plain(factor.name)} than in others"
    return EvidenceDocument(speaks="for", words=words, p=found.p)


def _substitution(
    characteristics: Sequence[Characteristic], factors: Sequence[Factor], geometry: _Held, rng: np.random.Generator
) -> CauseDocument:
    known = [(c, _finite(c)) for c in characteristics if c.kind == "hardware"]
    known = [(c, v) for c, v in known if len(v) >= LEAST_VALUES]
    if not known:
        words = "no weight, wire diameter, pull force or other hardware value was entered: weigh ten units"
        return CauseDocument(cause="substitution", state="open", evidence=(_open(words), _by(geometry)))
    evidence = []
    shifted = False
    for (c, v), p in zip(known, holm([_shift_p(c, v) for c, v in known]).tolist(), strict=True):
        mean = float(v.mean())
        if p <= ALPHA and abs(mean) > c.margin:
            shifted = True
            words = f"{c.name} is {mean:+.3g} {c.unit} off the master's, beyond its margin of {c.margin:.3g}"
            evidence.append(EvidenceDocument(speaks="for", words=words, p=p))
    mixed = False
    for c, v in known:
        part = _mixture(c, v, factors, rng)
        if part is not None:
            mixed = True
            evidence.append(part)
    if not shifted and not mixed:
        same = all(equivalent(v, c.margin, c.u) <= ALPHA for c, v in known)
        names = ", ".join(c.name for c, _ in known[:4])
        words = f"{names}: the master's within the margin" if same else f"{names}: no shift is proven, nor sameness"
        evidence.append(EvidenceDocument(speaks="against" if same else "open", words=words))
    evidence.append(_by(geometry))
    state: State = "open"
    if (shifted or mixed) and geometry.same:
        state = "supported"
    elif evidence[0].speaks == "against":
        state = "contradicted"
    return CauseDocument(cause="substitution", state=state, evidence=tuple(evidence))


def _mixture(
    c: Characteristic, v: Float, factors: Sequence[Factor], rng: np.random.Generator
) -> EvidenceDocument | None:
    """Two batches in one characteristic: the components lie farther apart than the margin, two describe the values
    much better than one, and there are two modes."""
    if len(v) < LEAST_MIXTURE:
        return None
    p = dip_p(v, rng, samples=499)
    if p > ALPHA:
        return None
    found = two_components(v)
    apart = float(found.mean[1] - found.mean[0])
    if found.gain < VERY_STRONG or apart < c.margin or min(found.share) < 0.1:
        return None
    words = (
        f"{c.name} comes in two batches, {found.share[0]:.0%} at {found.mean[0]:+.3g} and {found.share[1]:.0%} at "
        f"{found.mean[1]:+.3g} {c.unit} off the master's"
    )
    upper = found.member > 0.5
    known = np.isfinite(c.values)
    for factor in factors:
        codes = factor.codes[known]
        tests = [
            fisher([[int((upper & (codes == k)).sum()), int((upper & (codes != k)).sum())],
                    [int((~upper & (codes == k)).sum()), int((~upper & (codes != k)).sum())]]).two_sided
            for k in range(len(factor.levels))
        ]  # fmt: skip
        adjusted = holm(tests)
        if adjusted.min() <= ALPHA:
            words += f", which follow {_plain(factor.name)} {factor.levels[int(adjusted.argmin())]}"
            break
    if len(v) < 50:
        words += f"; of {len(v)} values this is weak evidence"
    return EvidenceDocument(speaks="for", words=words, p=p)


def _screening(
    units: Sequence[LotUnit],
    characteristics: Sequence[Characteristic],
    clusters: ClusterAnalysis,
    obvious: frozenset[str],
    substitution: CauseDocument,
) -> CauseDocument:
    wrong = [u for u in units if u.defects]
    if len(wrong) < 2:
        words = f"{len(wrong)} nonconforming unit{'' if len(wrong) == 1 else 's'}: too few to speak of screening"
        return CauseDocument(cause="screening", state="open", evidence=(_open(words),))
    evidence = []
    good = np.array([not u.defects for u in units])
    off, seen = [], 0
    for c in characteristics:
        v = c.values[good & np.isfinite(c.values)]
        if len(v) >= LEAST_VALUES:
            seen += 1
            centre = bulk(v).centre
            if abs(centre) > c.margin + 2 * c.u:
                off.append(f"{c.name} ({centre:+.3g} {c.unit})")
    if substitution.state == "supported" and not off:
        off.append(substitution.evidence[0].words)
    if off:
        evidence.append(
            EvidenceDocument(speaks="against", words=f"the bulk itself is off the master: {', '.join(off[:3])}")
        )
    elif seen:
        outside = _outside(characteristics)
        words = f"the bulk is the master's ({seen} characteristics)"
        words += f"; outside it lie {outside} units (generalised ESD)" if outside else ""
        evidence.append(EvidenceDocument(speaks="for", words=words))
    else:
        evidence.append(_open("the bulk cannot be held to the master: too few units conform and were measured"))
    low, high = clopper_pearson(len(wrong), len(units))
    share = len(wrong) / len(units)
    few = share <= FEW
    evidence.append(
        EvidenceDocument(
            speaks="for" if few else "against",
            words=f"{len(wrong)} of {len(units)} units are nonconforming ({low:.1%} to {high:.1%})"
            + ("" if few else ", too many for outliers"),
        )
    )
    plain = [u for u in wrong if u.unit in obvious]
    mostly = len(plain) * 2 > len(wrong)
    evidence.append(
        EvidenceDocument(
            speaks="for" if mostly else "against",
            words=f"{len(plain)} of the {len(wrong)} have a defect that is obvious to whoever looks",
        )
    )
    leading = next((e for e in clusters.extents if e.units == len(wrong)), clusters.leading)
    random = "open"
    if any(e.extent in ("carton", "lot") for e in clusters.extents):
        random = "against"
        words = next(e.reason for e in clusters.extents if e.extent in ("carton", "lot"))
    elif leading is not None and leading.adequate:
        random, words = "for", "they follow no carton or batch, and the sample would have shown it"
    else:
        words = "they show no cluster, but the sample could hardly have shown one"
    evidence.append(EvidenceDocument.model_validate({"speaks": random, "words": words}))
    state: State = "open"
    if any(e.speaks == "against" for e in evidence):
        state = "contradicted"
    elif all(e.speaks == "for" for e in evidence):
        state = "supported"
    return CauseDocument(cause="screening", state=state, evidence=tuple(evidence))


def _outside(characteristics: Sequence[Characteristic]) -> int:
    """Units that are outliers in any characteristic, Bonferroni over the characteristics."""
    found: set[int] = set()
    for c in characteristics:
        places = np.flatnonzero(np.isfinite(c.values))
        most = len(places) // 10
        if most:
            esd = generalised_esd(c.values[places], most, ALPHA / len(characteristics))
            found |= {int(places[k]) for k in esd.outliers}
    return len(found)


def _shift_p(c: Characteristic, v: Float) -> float:
    """p of a mean as far off as this, the shared uncertainty included as part of the error of the mean."""
    from scipy.special import stdtr

    found = mean_against(v)
    error = math.hypot(found.sd / math.sqrt(found.n), c.u)
    if error == 0:
        return 0.0 if found.mean else 1.0
    return 2 * float(stdtr(found.n - 1, -abs(found.mean) / error))


def _finite(c: Characteristic) -> Float:
    return np.asarray(c.values[np.isfinite(c.values)])


def _open(words: str) -> EvidenceDocument:
    return EvidenceDocument(speaks="open", words=words)


def _by(held: _Held) -> EvidenceDocument:
    speaks = {True: "for", False: "against", None: "open"}[held.same]
    return EvidenceDocument.model_validate({"speaks": speaks, "words": held.words})


def _plain(name: str) -> str:
    return name.replace("_", " ")
