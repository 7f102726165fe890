"""Defect models by name. A model is a callable of (golden, unit, region map, noise) that answers score maps."""

from __future__ import annotations

from station.errors import ModelError
from station.values.line import DefectModel

REFERENCE_DIFFERENCE = "reference-difference"
"""Needs no weights: a tolerance envelope around the golden itself."""


def defect_model(name: str) -> DefectModel:
    """The defect model of this name. Raises ModelError for a name the station does not know."""
    if name == REFERENCE_DIFFERENCE:
        from station.measure.difference import reference_difference

        return reference_difference
    raise ModelError(f"there is no defect model {name!r}", f"Use {REFERENCE_DIFFERENCE}.")
