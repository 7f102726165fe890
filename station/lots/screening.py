"""Screening: the bulk is the master's; what is wrong are a few obvious, avoidable units, anywhere in the lot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.against_master import TESTS, against_master, phrase
from station.lots.characteristics import MARGIN, Characteristic
from station.lots.contingency import clopper_pearson
from station.lots.evidence import named, names_of, open_evidence
from station.lots.factors import LotUnit
from station.lots.multiplicity import ALPHA
from station.lots.outliers import bulk, generalised_esd
from station.values.documents import UnitDocument, Verdict
from station.values.lot_analysis import CauseDocument, ClusterAnalysis, EvidenceDocument, State

Float = NDArray[np.float64]

FEW: Final = 0.25
"""Share of nonconforming units up to which the rest can be called the bulk: median and quartiles of all units are then
still those of good ones (decision 0045)."""
OBVIOUS_MM: Final = 1.0
"""Size in mm from which a defect shows at arm's length to whoever looks: 5 arc minutes at 0.7 m, the smallest letter
that an eye of ordinary acuity reads (ISO 8596; decision 0045)."""
MISSING: Final = ("missing-enamel", "closed-hole")
"""Findings of something that is not there, obvious at any size."""


def is_obvious(unit: UnitDocument) -> bool:
    """Whether a unit has a defect that nobody who looked could have overlooked: something missing, or large."""
    wrong = [f for f in unit.findings if f.verdict is Verdict.NONCONFORMS]
    if any(f.kind in MISSING or max(f.size_mm, f.length_mm) >= OBVIOUS_MM for f in wrong):
        return True
    return any(m.verdict is Verdict.NONCONFORMS and m.detail.get("missing") for m in unit.measurements)


def screening(
    units: Sequence[LotUnit],
    characteristics: Sequence[Characteristic],
    clusters: ClusterAnalysis,
    obvious: frozenset[str],
    substituted: CauseDocument,
) -> CauseDocument:
    """Supported where all of it is found. obvious : units by name, of :func:`is_obvious`. substituted : what is said of
    substitution; a lot of other material has no bulk that is the master's."""
    wrong = [u for u in units if u.defects]
    if len(wrong) < 2:
        words = f"{len(wrong)} nonconforming unit{'' if len(wrong) == 1 else 's'}: too few to speak of screening"
        few = open_evidence(words, phrase("few", count=len(wrong)))
        return CauseDocument(cause="screening", state="open", evidence=(few,))
    plainly = sum(u.unit in obvious for u in wrong)
    told = f"{plainly} of the {len(wrong)} nonconforming units have a defect that is obvious to whoever looks"
    evidence = (
        _of_bulk(units, characteristics, substituted),
        _of_share(len(wrong), sum(u.seen or bool(u.defects) for u in units)),
        EvidenceDocument(
            speaks="for" if 2 * plainly > len(wrong) else "against",
            words=told,
            said=(phrase("obvious", plainly=plainly, of=len(wrong)),),
        ),
        _of_places(clusters, len(wrong)),
    )
    state: State = "open"
    if any(e.speaks == "against" for e in evidence):
        state = "contradicted"
    elif all(e.speaks == "for" for e in evidence):
        state = "supported"
    return CauseDocument(cause="screening", state=state, evidence=evidence)


def _of_bulk(
    units: Sequence[LotUnit], characteristics: Sequence[Characteristic], substituted: CauseDocument
) -> EvidenceDocument:
    """The conforming units without outliers, held to the master by the one rule; and their spread to the tolerance,
    since of a wide bulk the nonconforming units are the tail and no outliers."""
    if substituted.state == "supported":
        words = f"the bulk itself is off the master: {substituted.evidence[0].words}"
        return EvidenceDocument(speaks="against", words=words, said=(phrase("bulk-off"), *substituted.evidence[0].said))
    good = np.array([not u.defects for u in units])
    values = [c.values[good & np.isfinite(c.values)] for c in characteristics]
    values = [bulk(v) if len(v) else v for v in values]
    standings = against_master(characteristics, values)
    if not standings:
        words = "the bulk cannot be held to the master: too few units conform and were measured"
        return open_evidence(words, phrase("bulk-unknown"))
    off = [s for s in standings if s.state == "off"]
    if off:
        words = f"the bulk itself is off the master: {', '.join(s.words for s in off[:2])}"
        said = [phrase("bulk-off"), off[0].said, *(p for s in off[1:2] for p in (phrase("besides"), s.said))]
        return EvidenceDocument(speaks="against", words=words, p=off[0].p, test=TESTS["off"], said=tuple(said))
    unproven = [s for s in standings if s.state == "open"]
    if unproven:
        words = f"of the bulk {named(unproven)} not proven to be the master's"
        return open_evidence(words, phrase("bulk-unproven", **names_of(unproven)))
    wide = [c for c, v in zip(characteristics, values, strict=True) if _is_wide(c, v)]
    if wide:
        words = f"the bulk spreads over its tolerance in {wide[0].name}: what lies beyond may be its tail"
        return open_evidence(words, phrase("bulk-wide", name=wide[0].name))
    outside = _outside(characteristics)
    words = f"the bulk is the master's ({len(standings)} characteristic{'s' * (len(standings) > 1)})"
    words += f"; {outside} unit{' lies' if outside == 1 else 's lie'} outside it (generalised ESD)" if outside else ""
    said = [phrase("bulk-same", count=len(standings)), *([phrase("outside", count=outside)] if outside else [])]
    p = max(s.p for s in standings)
    return EvidenceDocument(speaks="for", words=words, p=p, test=TESTS["same"], said=tuple(said))


def _is_wide(c: Characteristic, values: Float) -> bool:
    """Whether 95 % of the bulk reach beyond the tolerance."""
    return len(values) > 1 and abs(float(values.mean())) + 2 * float(values.std(ddof=1)) > c.margin / MARGIN


def _of_share(wrong: int, of: int) -> EvidenceDocument:
    low, high = clopper_pearson(wrong, of)
    few = wrong <= FEW * of
    words = f"{wrong} of {of} units do not conform (of the lot {low:.1%} to {high:.1%}, 95 %)"
    words += "" if few else ", too many for outliers"
    said = [phrase("share", wrong=wrong, of=of, low=f"{low:.1%}", high=f"{high:.1%}")]
    said += [] if few else [phrase("too-many")]
    return EvidenceDocument(speaks="for" if few else "against", words=words, said=tuple(said))


def _of_places(clusters: ClusterAnalysis, wrong: int) -> EvidenceDocument:
    clustered = next((e for e in clusters.extents if e.extent in ("carton", "lot")), None)
    if clustered is not None:
        said = phrase("gathers", defect=clustered.defect, factor=clustered.factor, levels="|".join(clustered.levels))
        return EvidenceDocument(speaks="against", words=clustered.reason, said=(said,))
    whole = next((e for e in clusters.extents if e.units == wrong), clusters.leading)
    if whole is not None and whole.adequate:
        words = "they follow no carton or batch, and the sample would have shown it"
        return EvidenceDocument(speaks="for", words=words, said=(phrase("no-place"),))
    return open_evidence("they show no cluster, but the sample could hardly have shown one", phrase("hardly"))


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
