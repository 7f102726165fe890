"""What a capability study calls a hit: a finding that would keep a unit with such a defect from conforming."""

from __future__ import annotations

import numpy as np
import pytest

from station.judge.capability import keeps_from_conforming
from station.sheet import load_sheet
from station.values.line import Finding

SHEET = load_sheet(
    b"""schema = 1
[product]
sku = "MAS"
thickness_mm = 1.6
[golden]
number = "GS-1"
[[defects]]
kind = "pit"
limit_mm = 0.3
[[defects]]
kind = "missing-enamel"
limit_mm = 1.0
[[defects]]
kind = "scratch"
limit_mm = 1.5
"""
)


def _found(kind: str, size_mm: float, length_mm: float | None = None, **scores: float) -> Finding:
    return Finding(
        kind=kind, x_mm=0.0, y_mm=0.0, size_mm=size_mm, length_mm=size_mm if length_mm is None else length_mm,
        area_mm2=0.1, region="sky", score=0.9, u_mm=0.02, contrast_to_noise=9.0, polygon_mm=np.zeros((3, 2)),
        kind_scores={kind: 0.9} | {k.replace("_", "-"): v for k, v in scores.items()},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("planted", "found", "hit"),
    [
        (("pit", 0.4), _found("pit", 0.4), True),
        (("pit", 0.1), _found("pit", 0.1), True),  # over its limit it would not conform
        (("pit", 0.29), _found("pit", 0.2), True),  # what it is called decides, not what it measured
        (("pit", 0.4), _found("bubble", 0.4), False),  # not limited, and small
        (("pit", 0.1), _found("bubble", 0.1), False),
        (("pit", 0.7), _found("bubble", 0.7), True),  # large enough to ask for a person
        (("pit", 0.1), _found("bubble", 0.1, pit=0.7), True),  # as likely a pit
        (("pit", 0.4), _found("missing-enamel", 0.4), False),  # may have 1 mm
        (("pit", 0.1), _found("missing-enamel", 0.1, pit=0.7), True),
        (("pit", 0.1), _found("dust", 0.1), False),
        (("pit", 0.1), _found("dust", 0.1, pit=0.7), True),
        (("pit", 0.6), _found("pit", 0.2), False),  # measured far too small: it conforms
        (("pit", 0.32), _found("pit", 0.29), True),  # within its uncertainty: undecided
        (("scratch", 3.0), _found("scratch", 0.3, 2.9), True),
        (("scratch", 3.0), _found("scratch", 0.2, 0.4), False),  # a piece of it
        (("scratch", 0.8), _found("scratch", 0.2, 0.8), True),
        (("scratch", 0.8), _found("pit", 0.15, 0.8), False),  # a scratch of 1.5 mm would be a pit of 0.2
        (("speck", 0.2), _found("speck", 0.2), True),  # not limited: from 0.5 mm it asks for a person
        (("speck", 0.2), _found("dust", 0.2), False),
    ],
)
def test_a_hit_keeps_the_unit_from_conforming(planted: tuple[str, float], found: Finding, hit: bool) -> None:
    assert keeps_from_conforming(found, *planted, "sky", SHEET) is hit
