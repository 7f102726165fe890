"""Places on the golden where the same kind of finding is seen on unit after unit: the golden or its light, more likely
than so many units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from station.lots.defect_map import PlacedFinding
from station.values.lot_analysis import RepeatedPlaceDocument

LEAST_UNITS: Final = 3
"""Units with a finding at one place, from which the place is named."""
NEAR_MM: Final = 0.5
"""How far from one another findings of one place lie at most: registration and a defect's own extent move them."""


def repeated_places(findings: Sequence[PlacedFinding]) -> tuple[RepeatedPlaceDocument, ...]:
    """Places where findings of one kind lie within ``NEAR_MM`` on ``LEAST_UNITS`` units and more, most units first.

    Each finding belongs to one place at most: the place of most units is taken first, at the middle of its findings.
    Whatever their verdicts: one that conforms may be the golden's own as well.
    """
    out = []
    for kind in sorted({f.kind for f in findings}):
        left = [f for f in findings if f.kind == kind]
        while len(left) >= LEAST_UNITS:
            at = np.array([(f.x_mm, f.y_mm) for f in left])
            near = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) <= NEAR_MM
            units = [len({f.unit for f, here in zip(left, row, strict=True) if here}) for row in near]
            best = int(np.argmax(units))
            if units[best] < LEAST_UNITS:
                break
            x, y = np.median(at[near[best]], axis=0)
            out.append(RepeatedPlaceDocument(kind=kind, x_mm=float(x), y_mm=float(y), units=units[best]))
            left = [f for f, here in zip(left, near[best], strict=True) if not here]
    return tuple(sorted(out, key=lambda p: (-p.units, p.kind, p.x_mm, p.y_mm)))
