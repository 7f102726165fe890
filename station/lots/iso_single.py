"""Single plans of ISO 2859-1:1999, Tables 2-A, 2-B, 2-C and 11-A, 11-B, 11-C, from the rule that the tables follow.

With the code letters A, B, C ... numbered i = 0, 1, 2 ... and the AQLs 0.010, 0.015, 0.025 ... numbered j = 0, 1, 2
..., what stands in a cell depends on the diagonal i + j alone: acceptance number 0 on one diagonal, then two arrows
(three in reduced inspection), then the acceptance numbers of ``_RUNS`` one after another. From letter F on, the run
ends where n and Ac together would grow too large. Everything else is an arrow, which leads along the column to the next
cell with a plan and takes that row's sample size: to the left of Ac 0 and between Ac 0 and Ac 1 downwards, beyond the
run upwards. Of the arrows between Ac 0 and Ac 1 the first one in normal and reduced inspection points up; an arrow that
would lead out of the table points the other way. Letters A and B of reduced inspection follow the normal run, and the
3150 units of letter S are there for one cell of tightened inspection.

In normal and tightened inspection the rule gives the 832 cells of MIL-STD-105E but one, letter A at AQL 10 under
tightened inspection, where the standards differ: 2 units with Ac 0 (105E sends to 8 units with Ac 1).

The optional plans with a fractional acceptance number (clause 13, Tables 11-A to 11-C) stand where the arrows between
Ac 0 and Ac 1 are: 1/3 and 1/2, in reduced inspection 1/5, 1/3 and 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

LETTERS = "ABCDEFGHJKLMNPQRS"
_NORMAL_RUN = (1, 2, 3, 5, 7, 10, 14, 21, 30, 44)
_RUNS = {
    "normal": _NORMAL_RUN,
    "tightened": (1, 2, 3, 5, 8, 12, 18, 27, 41),
    "reduced": (1, 2, 3, 5, 6, 8, 10, 14, 21),
}
_ZERO = {"normal": 14, "tightened": 15, "reduced": 14}
"""i + j of the diagonal with acceptance number 0."""
_ONE = {"normal": 17, "tightened": 18, "reduced": 18}
"""i + j of the diagonal with acceptance number 1."""
_LARGEST = {"normal": 21, "tightened": 18, "reduced": 10}
"""Largest acceptance number from letter F on."""
_F = LETTERS.index("F")
_S = LETTERS.index("S")


@dataclass(frozen=True, slots=True)
class IsoCell:
    """letter : whose sample size is taken, the arrow followed. ac : acceptance number. parts : of a fractional plan the
    denominator, Ac = 1 / parts; 0 where ``ac`` is a whole number."""

    letter: str
    ac: int
    parts: int = 0


@cache
def iso_single(letter: str, column: int, severity: str, *, fractional: bool = False) -> IsoCell:
    """The single plan of a code letter A ... R at the AQL numbered ``column``, 0 (0.010) ... 25 (1000).

    fractional : take the plan with a fractional acceptance number where the table has one, not the arrow.
    """
    i, j = LETTERS.index(letter), column
    first = _first_of_run(i, severity)
    between = range(_ZERO[severity] - i + 1, first)
    if fractional and j in between:
        parts = (2, 3, 5)[between.stop - 1 - j]
        return IsoCell(letter, 0, parts)
    first_points_up = severity != "tightened" and j == between.start and len(between) > 0
    downwards = j < between.start or (j in between and not first_points_up)
    for step in (1, -1) if downwards else (-1, 1):
        row = i
        while 0 <= row <= (_S if severity == "tightened" else _S - 1):
            own = _own(row, j, severity)
            if own is not None:
                return IsoCell(LETTERS[row], own)
            row += step
    raise AssertionError(f"no plan in column {column}")  # every column has one


def _first_of_run(i: int, severity: str) -> int:
    """Column of acceptance number 1. Letters A, B and C of reduced inspection share n = 2: A stands where B does."""
    return _ONE[severity] - max(i, 1) if severity == "reduced" else _ONE[severity] - i


def _own(i: int, j: int, severity: str) -> int | None:
    """The acceptance number printed in a cell, None where it holds an arrow."""
    if i == _S:
        return 1 if severity == "tightened" and j == _ONE[severity] - i else None
    if j == _ZERO[severity] - i:
        return 0
    run = _NORMAL_RUN if severity == "reduced" and i < LETTERS.index("C") else _RUNS[severity]
    at = j - _first_of_run(i, severity)
    if not 0 <= at < len(run) or (i >= _F and run[at] > _LARGEST[severity]):
        return None
    return run[at]
