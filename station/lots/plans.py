"""Sampling plans by attributes: the tables of MIL-STD-105E and ANSI/ASQ Z1.4, and the single plans of ISO 2859-1:1999.

The table ``tables/mil_std_105e.json`` holds every cell of 105E with its arrow followed, the sample size included; Z1.4
of 1993 and 2003 (R2018) has the same tables and differs in when inspection is discontinued. The single plans of ISO
2859-1 follow from a rule, :mod:`station.lots.iso_single`. Its double and multiple plans have other stages and are
refused.
"""

from __future__ import annotations

import difflib
import json
import math
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import numpy as np

from station.errors import RequestError
from station.lots.iso_single import iso_single
from station.lots.oc import Float, acceptance_probabilities, oc_points, qualities_at, search_end, stage_outcomes
from station.values.documents import OcPoint, PlanDocument

Level = Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"]
Severity = Literal["normal", "tightened", "reduced"]
PlanType = Literal["single", "double", "multiple"]
Edition = Literal["z1.4", "z1.4-1993", "z1.4-2003", "mil-std-105e", "iso2859-1"]
"""``z1.4`` is its edition in force, that of 2003 (R2018)."""

LETTERS = "ABCDEFGHJKLMNPQR"
MAX_LOT_SIZE = 10**9
LARGEST_PER_CENT = 10.0
"""AQL up to which per cent nonconforming are meant, above it nonconformities per 100 units."""
_Z14 = "The edition z1.4 (--edition z1.4) has them; it is another standard, so agree on it with the supplier first."
_STAGE_LETTER_STEPS = {"single": 0, "double": 1, "multiple": 3}
"""A stage of letter L's double plan has the single n of one letter before, of its multiple plan of three before."""


@cache
def _table() -> dict[str, Any]:
    text = files("station.lots.tables").joinpath("mil_std_105e.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def code_letter(lot_size: int, level: str = "II") -> str:
    """Sample size code letter (Table I). Raises RequestError for a lot below 2 units or an unknown level."""
    one_of("level", level, get_args(Level))
    if isinstance(lot_size, bool) or not isinstance(lot_size, int):
        raise RequestError(f"The lot size {lot_size!r} is not a whole number", "Give the number of units in the lot.")
    if not 2 <= lot_size <= MAX_LOT_SIZE:
        raise RequestError(
            f"A lot of {lot_size} cannot be sampled", f"Give 2 to {MAX_LOT_SIZE} units; inspect a single unit itself."
        )
    row = next(i for i, (_, last) in enumerate(_table()["lot_ranges"]) if last is None or lot_size <= last)
    return str(_table()["code_letters"][level][row])


def sample_size(lot_size: int, level: str = "II", severity: str = "normal") -> int:
    """Sample size of the code letter itself, for classes with acceptance number 0 by rule; at most the lot."""
    sizes = _table()["sample_size"]["reduced" if severity == "reduced" else "normal_tightened"]
    return min(int(sizes[code_letter(lot_size, level)]), lot_size)


@dataclass(frozen=True, slots=True)
class Stages:
    """A plan of the tables without its curve.

    n, ac, re : one entry a stage, cumulative numbers, ``ac`` -1 where a stage cannot accept. type : of the plan that is
    found, single where the table sends there. letter : after arrows. parts : of a fractional acceptance number 1 /
    parts (2, 3 or 5) its denominator, else 0; then ``ac`` is 0, and one nonconforming unit is accepted where none was
    found in the ``parts`` - 1 lots just before. nonconformities : counts are nonconformities, not nonconforming units.
    """

    n: tuple[int, ...]
    ac: tuple[int, ...]
    re: tuple[int, ...]
    type: str
    letter: str
    parts: int
    nonconformities: bool

    def of_lot(self, size: int) -> tuple[int, ...]:
        """The stages as a lot of ``size`` units has them: together they take no more than the lot."""
        ends = [min(size, sum(self.n[: i + 1])) for i in range(len(self.n))]
        return tuple(end - before for before, end in zip((0, *ends), ends, strict=False))

    def acceptance(self, p: Float) -> Float:
        """(P,) probability of acceptance at each quality, of a fractional plan when every lot has the same n."""
        if not self.parts:
            return acceptance_probabilities(self.n, self.ac, self.re, p, nonconformities=self.nonconformities)
        none, _ = stage_outcomes(self.n, (0,), (1,), p, nonconformities=self.nonconformities)
        at_most_one, _ = stage_outcomes(self.n, (1,), (2,), p, nonconformities=self.nonconformities)
        return np.asarray(none[0] + (at_most_one[0] - none[0]) * none[0] ** (self.parts - 1))


def stages(
    letter: str,
    aql: float,
    *,
    severity: str = "normal",
    type: str = "single",
    edition: str = "z1.4",
    fractional: bool = False,
    per_100: bool = False,
) -> Stages:
    """The plan of a code letter at an AQL, arrows followed. Raises RequestError for an option outside its values."""
    one_of("letter", letter, tuple(LETTERS))
    one_of("severity", severity, get_args(Severity))
    one_of("type", type, get_args(PlanType))
    one_of("edition", edition, get_args(Edition))
    if fractional and (edition, type) != ("iso2859-1", "single"):
        raise RequestError(
            "Fractional acceptance numbers are an option of the single plans of ISO 2859-1",
            "Ask for edition iso2859-1 and type single with them, or leave the option out.",
        )
    found = _stages(letter, _column(aql), severity, type, edition == "iso2859-1", fractional)
    return replace(found, nonconformities=True) if per_100 and not found.nonconformities else found


@cache
def _stages(code: str, column: str, severity: str, type: str, iso: bool, fractional: bool) -> Stages:
    nonconformities = float(column) > LARGEST_PER_CENT
    if iso:
        if type != "single":
            raise RequestError(f"Of ISO 2859-1 only single plans are at hand, not {type}", _Z14)
        found = iso_single(code, _table()["aql"].index(column), severity, fractional=fractional)
        sizes = _table()["sample_size"]["reduced" if severity == "reduced" else "normal_tightened"]
        n, ac = int(sizes[found.letter]), found.ac
        return Stages((n,), (ac,), (ac + 1,), type, found.letter, found.parts, nonconformities)
    cell = _table()[type][severity][code][column]
    if "use" in cell:
        type = "single"
        cell = _table()[type][severity][code][column]
    numbers = {k: tuple(v) if isinstance(v := cell[k], list) else (int(v),) for k in ("n", "ac", "re")}
    reached = _letter_reached(code, column, severity, type)
    return Stages(**numbers, type=type, letter=reached, parts=0, nonconformities=nonconformities)


def plan(
    *,
    aql: float,
    lot_size: int | None = None,
    letter: str | None = None,
    level: str = "II",
    severity: str = "normal",
    type: str = "single",
    edition: str = "z1.4",
    fractional: bool = False,
    per_100: bool = False,
) -> PlanDocument:
    """One sampling plan with its operating characteristic.

    Parameters
    ----------
    aql
        One of the 26 preferred values: per cent nonconforming up to 10, above that nonconformities per 100 units.
    lot_size, letter
        Units in the lot (with ``level``), or the code letter itself; exactly one of them.
    type
        ``single``, ``double`` or ``multiple``. Where the table sends to the single plan, that is what comes back, and
        its ``type`` says so.
    fractional
        Plans of ISO 2859-1 with Ac 1/2, 1/3 or 1/5 in place of the arrows between Ac 0 and Ac 1.
    per_100
        Nonconformities per 100 units are counted at an AQL of 10 or less too, not nonconforming units.

    Returns
    -------
    PlanDocument
        ``producer_risk`` is 1 - Pa at the AQL, ``consumer_quality`` the p at Pa = 0.10. Where the stages together would
        take the whole lot, ``n`` is the lot and neither of them is given. The curve is of type B, see
        :mod:`station.lots.oc`.

    Raises
    ------
    RequestError
        An option outside its values, or a plan of an edition whose tables are not at hand.
    """
    one_of("severity", severity, get_args(Severity))
    one_of("type", type, get_args(PlanType))
    one_of("edition", edition, get_args(Edition))
    _column(aql)
    if (lot_size is None) == (letter is None):
        raise RequestError("A plan needs either a lot size or a code letter", "Give exactly one of the two.")
    if lot_size is not None:
        code = code_letter(lot_size, level)
    else:
        code = str(letter).upper()
        one_of("level", level, get_args(Level))
    found = stages(code, aql, severity=severity, type=type, edition=edition, fractional=fractional, per_100=per_100)
    whole = lot_size is not None and sum(found.n) >= lot_size
    curve: tuple[OcPoint, ...] = ()
    producer = consumer = None
    if not whole:
        end = search_end(found.n, found.re, nonconformities=found.nonconformities)
        consumer, last = qualities_at((0.10, 0.005), found.acceptance, end)
        quality = aql / 100
        curve = oc_points(found.acceptance, quality, last, math.inf if found.nonconformities else 1.0)
        producer = max(0.0, 1 - float(found.acceptance(np.array([quality]))[0]))
    return PlanDocument(
        edition=edition,
        lot_size=lot_size,
        code_letter=code,
        letter=found.letter,
        n=found.n if lot_size is None else found.of_lot(lot_size),
        ac=found.ac,
        re=found.re,
        severity=severity,
        level=level,
        aql=float(aql),
        type=found.type,
        oc=curve,
        producer_risk=producer,
        consumer_quality=consumer,
        hundred_percent=whole,
        fraction=f"1/{found.parts}" if found.parts else None,
        per_100_units=found.nonconformities,
    )


def step_tighter(aql: float) -> float:
    """The preferred AQL next below. Raises RequestError for an AQL that is not preferred, or for the lowest."""
    columns: list[str] = _table()["aql"]
    at = columns.index(_column(aql))
    if at == 0:
        raise RequestError(f"There is no AQL below {aql:g}", f"Give one of {', '.join(columns[1:])}.")
    return float(columns[at - 1])


def _column(aql: float) -> str:
    columns: list[str] = _table()["aql"]
    if isinstance(aql, bool) or not isinstance(aql, int | float) or not 0 < aql <= 1e6:
        shown = str(aql)[:20] if isinstance(aql, int | float) else repr(aql)[:40]
        raise RequestError(f"The AQL {shown} is not a positive number up to 1000", f"Give one of {', '.join(columns)}.")
    match = next((c for c in columns if math.isclose(float(c), aql, rel_tol=1e-9)), None)
    if match is None:
        near = sorted(columns, key=lambda c: abs(math.log(float(c) / aql)))[:2]
        raise RequestError(
            f"{aql:g} is not an AQL of the standards", f"The nearest are {' and '.join(sorted(near, key=float))}."
        )
    return match


def _letter_reached(code: str, column: str, severity: str, type: str) -> str:
    """The letter whose row an arrow leads to, known by its sample size.

    In reduced inspection the letters A, B and C share n = 2; the arrows there run as in normal inspection, where every
    letter has a sample size of its own.
    """
    table = _table()
    sizes: dict[str, int] = table["sample_size"]["normal_tightened"]
    letters = list(sizes)
    rows = table[type]["normal" if severity == "reduced" else severity]
    n = rows[code][column]["n"]
    stage = n if type == "single" else n[0]
    return next(letters[i + _STAGE_LETTER_STEPS[type]] for i, size in enumerate(sizes.values()) if size == stage)


def one_of(what: str, value: object, allowed: tuple[str, ...]) -> None:
    if value in allowed:
        return
    near = difflib.get_close_matches(str(value), allowed, n=1)
    hint = f'Did you mean "{near[0]}"? ' if near else ""
    raise RequestError(f'Unknown {what} "{value}"', f"{hint}Give one of {', '.join(allowed)}.")
