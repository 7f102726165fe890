"""What the uncertainty of a length is made of, as every measurement in millimetres carries it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

COVERAGE = 2.0
"""Coverage factor of an expanded uncertainty: about 95 % of a normal distribution (JCGM 100:2008, 6.2 and annex G)."""


@dataclass(frozen=True, slots=True)
class LengthBudget:
    """Standard uncertainties (k = 1) of one length, all in its own unit (mm, or degrees), taken as independent.

    calibration : of the scale: board, lens, markers, or the card's pitch. height : of the measured face over the bench,
    through the perspective. edges : noise and scatter of the edges it was read from. placement : place and turn of the
    part on the bench: registration, and light that falls on an edge from another side. definition : of what the edge
    is: a rounded shoulder, the tip of a corner.
    """

    calibration: float = 0.0
    height: float = 0.0
    edges: float = 0.0
    placement: float = 0.0
    definition: float = 0.0

    @property
    def standard(self) -> float:
        """Combined standard uncertainty (JCGM 100:2008, equation 10)."""
        return math.hypot(self.calibration, self.height, self.edges, self.placement, self.definition)

    @property
    def expanded(self) -> float:
        """Expanded uncertainty, k = 2."""
        return COVERAGE * self.standard

    def with_repeatability(self, spread: float) -> LengthBudget:
        """The budget with what a gauge study found: repeated captures show ``edges`` and ``placement`` together, so
        where their spread (standard deviation) is larger than the two predict, the difference goes to ``placement``."""
        predicted = math.hypot(self.edges, self.placement)
        if spread <= predicted:
            return self
        return replace(self, placement=math.sqrt(spread**2 - self.edges**2))

    def as_detail(self) -> dict[str, float]:
        """JSON-compatible, for ``Measurement.detail["budget"]``."""
        return {
            "calibration": round(self.calibration, 6),
            "height": round(self.height, 6),
            "edges": round(self.edges, 6),
            "placement": round(self.placement, 6),
            "definition": round(self.definition, 6),
        }

    @classmethod
    def from_detail(cls, detail: dict[str, float]) -> LengthBudget:
        """Inverse of :meth:`as_detail`."""
        return cls(**detail)
