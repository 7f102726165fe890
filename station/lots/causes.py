"""The cause of a lot's nonconforming units: what speaks for and against drift, substitution and screening, and when
none is told.

A cause is *supported* where everything it takes was found, *contradicted* where something it takes was found otherwise,
else *open*. It is told only where it alone is supported and no cause in the measurement is suspect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from station.lots.against_master import MasterStanding
from station.lots.characteristics import Characteristic
from station.lots.drift import drift
from station.lots.evidence import held
from station.lots.factors import LotUnit, factors_of
from station.lots.screening import screening
from station.lots.substitution import substitution
from station.values.documents import Cause
from station.values.lot_analysis import (
    CauseDocument,
    ClusterAnalysis,
    DiagnosisDocument,
    MeasurementCauseDocument,
)

RECORDS: Final = {
    "drift": "production lot dates, with the plating baths, polishing and filling runs that this order was split over",
    "substitution": "incoming lot records of hardware, magnets and metal: who supplied them, did a vendor change",
    "screening": "in-line and final inspection reports with their reject categories and who signed the release",
}


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
        Units with a defect that nobody who looked could have overlooked, by :func:`station.lots.screening.is_obvious`.
    """
    factors = [f for f in factors_of(units) if not f.single]  # batches, of several units each
    geometry = held(characteristics, "geometry", "outlines and sizes")
    hardware = held(characteristics, "hardware", "weight and hardware")
    substituted = substitution(factors, geometry, hardware, rng)
    causes = (
        drift(characteristics, factors, geometry, hardware, rng),
        substituted,
        screening(units, characteristics, clusters, obvious, substituted),
    )
    nonconforming = any(u.defects for u in units)
    beyond = [*held(characteristics, "colour", "colours").off, *geometry.off, *hardware.off]
    cause, reason = _told(causes, measurement, nonconforming, beyond)
    order = sorted(causes, key=lambda c: ("supported", "open", "contradicted").index(c.state))
    asked = nonconforming or beyond or any(c.state == "supported" for c in causes)
    return DiagnosisDocument(
        cause=cause,
        reason=reason,
        measurement=tuple(measurement),
        causes=causes,
        ask_for=tuple(RECORDS[c.cause] for c in order) if asked else (),
    )


def _told(
    causes: Sequence[CauseDocument],
    measurement: Sequence[MeasurementCauseDocument],
    nonconforming: bool,
    beyond: Sequence[MasterStanding],
) -> tuple[Cause | None, str]:
    """The cause that is told, if any, and why it or none is."""
    supported = [c.cause for c in causes if c.state == "supported"]
    suspect = [m for m in measurement if m.state == "suspect"]
    drifts = causes[0].evidence[0]
    if suspect:
        return None, f"the measurement itself is suspect: {suspect[0].words}. Settle that before the goods are blamed"
    if not (nonconforming or supported or beyond):
        return None, "no unit is nonconforming, and nothing is proven to differ from the master beyond its margin"
    if supported == ["substitution"] and drifts.speaks == "for":
        return None, f"substitution is supported, and beside it {drifts.words}: more than one thing went wrong"
    if len(supported) == 1:
        return supported[0], "everything it takes was found, and neither of the other causes is supported"
    if supported:
        return None, f"{' and '.join(supported)} are supported together: more than one thing went wrong"
    states = ", ".join(f"{c.cause} is {c.state}" for c in causes)
    return None, f"no cause has all the evidence it takes: {states}"
