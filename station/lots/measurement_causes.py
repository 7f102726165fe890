"""Causes that lie in the measurement: light, white point, repeatability, standard. They are looked at first, since they
look like drift, and a suspect one keeps every cause in the goods from being told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from station.lots.characteristics import RegionColours
from station.values.documents import UnitDocument
from station.values.lot_analysis import MeasurementCauseDocument

GATES: Final = ("light", "clipping", "card")
SUSPECT: Final = 0.25
"""Share of photos that failed a gate of light above which the light itself is suspect, and no longer single photos
(decision 0045)."""
LEAST_REGIONS: Final = 3
SAME_WAY: Final = 0.8
"""Cosine between the shifts of any two regions in Lab from which they are off the same way: within 37 degrees of each
other, which three independent directions are one time in 170 (decision 0045)."""


def light(units: Sequence[UnitDocument]) -> MeasurementCauseDocument:
    """The light and the exposure of the photos, by their gates."""
    failed = sum(any(not g.ok and g.name in GATES for g in u.gates) for u in units)
    if not failed:
        words = "every photo passed the gates of light, exposure and colour card"
        return MeasurementCauseDocument(name="light", state="ruled out", words=words)
    words = f"{failed} of {len(units)} photos failed a gate of light, exposure or colour card"
    state = "suspect" if failed > SUSPECT * len(units) else "not ruled out"
    return MeasurementCauseDocument.model_validate({"name": "light", "state": state, "words": words})


def white_point(regions: Sequence[RegionColours]) -> MeasurementCauseDocument:
    """Whether all regions are off the golden the same way, as by another light or white point: the same way in Lab, and
    each by more than its margin in CIEDE2000."""
    seen = [r for r in regions if np.isfinite(r.lab).any()]
    if len(seen) < LEAST_REGIONS:
        words = "fewer than three regions have a colour, so a common shift cannot be told from one of the goods"
        return MeasurementCauseDocument(name="white point", state="not ruled out", words=words)
    ways = np.array([np.nanmedian(r.lab, axis=0) - r.golden for r in seen])
    ways /= np.maximum(np.linalg.norm(ways, axis=1), 1e-9)[:, None]
    far = all(np.linalg.norm(np.nanmedian(r.differences, axis=0)) > r.margin for r in seen)
    if far and float((ways @ ways.T).min()) > SAME_WAY:
        words = (
            f"all {len(seen)} regions are off the golden the same way, as by another light: photograph the golden "
            "again beside the units"
        )
        return MeasurementCauseDocument(name="white point", state="suspect", words=words)
    words = "the regions are not all off the golden the same way"
    return MeasurementCauseDocument(name="white point", state="ruled out", words=words)


def repeatability(units: Sequence[UnitDocument]) -> MeasurementCauseDocument:
    """Whether a gauge study stands behind every unit's uncertainties."""
    if units and all(u.gauge is not None for u in units):
        words = "a gauge study of this golden and bench is in every uncertainty"
        return MeasurementCauseDocument(name="repeatability", state="ruled out", words=words)
    words = "no gauge study of this golden and bench is behind every unit. Make one: station gauge run"
    return MeasurementCauseDocument(name="repeatability", state="not ruled out", words=words)


def standard(held_to: int, newest: int) -> MeasurementCauseDocument:
    """Whether the golden sample was sealed anew since: its version the lot is held to, and the newest."""
    if held_to == newest:
        words = "the lot is held to the newest version of the golden sample"
        return MeasurementCauseDocument(name="standard", state="ruled out", words=words)
    words = f"the golden sample was sealed anew as version {newest} since, the lot is held to version {held_to}"
    return MeasurementCauseDocument(name="standard", state="not ruled out", words=words)
