"""What a defect does to function or safety makes it critical or major, never minor (S7), whatever a sheet calls it."""

from __future__ import annotations

import re

from station.values.documents import DefectClass

FUNCTIONAL = (
    *("detached-magnet", "magnet-detachment", "broken-post", "detached-post", "sharp-burr", "burr"),
    *("loose-screw-back", "ring-opening", "weak-clutch", "missing-clutch"),
)
"""Defect kinds of function or safety."""

_MEASURED = re.compile(r"\b(pull|retention|opening|bond|burr|screw-?back|torque|clutch[ -]fit)", re.IGNORECASE)
"""Words of values measured by hand that function or safety rests on: pull force, clutch retention, ring opening ..."""


def is_functional(kind: str) -> bool:
    """Whether a defect kind is one of function or safety."""
    return kind in FUNCTIONAL


def measures_function(name: str) -> bool:
    """Whether a value measured by hand, known by its name, is one of function or safety."""
    return _MEASURED.search(name) is not None


def counted_class(c: DefectClass, *, functional: bool) -> DefectClass:
    """The class that counts where a sheet agreed on ``c``: of function or safety at least major."""
    return "major" if functional and c == "minor" else c


def class_of(characteristic: str, c: DefectClass) -> DefectClass:
    """The class that counts of a recorded characteristic (``entered:NAME``) or finding kind, which may have been judged
    before function was told from looks."""
    kind, _, name = characteristic.partition(":")
    functional = measures_function(name) if kind == "entered" else is_functional(characteristic)
    return counted_class(c, functional=functional)
