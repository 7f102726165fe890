"""Defect models by name. A model is a callable of (golden, unit, region map, noise) that answers score maps."""

from __future__ import annotations

from collections.abc import Iterable

from station.errors import ModelError
from station.values.line import DefectModel

REFERENCE_DIFFERENCE = "reference-difference"
"""Needs no weights: a tolerance envelope around the golden itself."""

_FOUND = {
    REFERENCE_DIFFERENCE: {
        "pit": (28, 36),
        "speck": (21, 24),
        "missing-enamel": (18, 18),
        "bubble": (16, 18),
        "scratch": (9, 18),
        "overflow": (3, 12),
        "plating-spot": (0, 16),
    }
}
"""Defects at or over the usual limit that a model found, of all that were rendered into units of three designs."""

_TRUSTED = 0.75


def defect_model(name: str) -> DefectModel:
    """The defect model of this name. Raises ModelError for a name the station does not know."""
    if name == REFERENCE_DIFFERENCE:
        from station.measure.difference import reference_difference

        return reference_difference
    raise ModelError(f"there is no defect model {name!r}", f"Use {REFERENCE_DIFFERENCE}.")


def capability_warnings(name: str, kinds: Iterable[str]) -> list[str]:
    """What a person has to look for, since the model does not find it reliably: one line a kind."""
    found = _FOUND.get(name, {})
    warnings = []
    for kind in kinds:
        if kind not in found:
            warnings.append(f"{kind}: the defect model {name} does not know this kind; inspect it by eye")
        elif found[kind][0] < _TRUSTED * found[kind][1]:
            hits, of = found[kind]
            warnings.append(f"{kind}: the defect model {name} found {hits} of {of} in trials; inspect it by eye")
    return warnings
