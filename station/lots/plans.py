"""Sampling plans by attributes from the tables of MIL-STD-105E (ANSI/ASQ Z1.4) and, where provable, of ISO 2859-1.

The table ``tables/mil_std_105e.json`` holds every cell with its arrow followed, the sample size included. For ISO 2859:

- normal, single: identical to 105E in all 416 cells;
- tightened, single: identical but for letter A at AQL 10, where sources disagree;
- reduced, single: 105E leaves a gap between Ac and Re, ISO does not (Re = Ac + 1). Cells without a gap agree. Of the
  251 with one, Ac 10 stays in every reading that fits the published count of cells in which only Re differs (150), and
  the diagonal of letter L at 2.5 (5/8) is 6/7. The other diagonals cannot be derived from that and are refused;
- double and multiple: other numbers of stages and of acceptance; refused.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from station.errors import RequestError
from station.lots.oc import acceptance_probability, oc_points, quality_at
from station.values.documents import PlanDocument

Level = Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"]
Severity = Literal["normal", "tightened", "reduced"]
PlanType = Literal["single", "double", "multiple"]
Edition = Literal["z1.4", "iso2859-1"]

LETTERS = "ABCDEFGHJKLMNPQR"
MAX_LOT_SIZE = 10**9
_Z14 = "Take the edition z1.4 (--edition z1.4), whose table is complete."
_STAGE_LETTER_STEPS = {"single": 0, "double": 1, "multiple": 3}
"""A stage of letter L's double plan has the single n of one letter before, of its multiple plan of three before."""


@cache
def _table() -> dict[str, Any]:
    text = files("station.lots.tables").joinpath("mil_std_105e.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def code_letter(lot_size: int, level: str = "II") -> str:
    """Sample size code letter (Table I). Raises RequestError for a lot below 2 units or an unknown level."""
    _one_of("level", level, get_args(Level))
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


def plan(
    *,
    aql: float,
    lot_size: int | None = None,
    letter: str | None = None,
    level: str = "II",
    severity: str = "normal",
    type: str = "single",
    edition: str = "z1.4",
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

    Returns
    -------
    PlanDocument
        ``producer_risk`` is 1 - Pa at the AQL, ``consumer_quality`` the p at Pa = 0.10; ``hundred_percent`` when the
        stages together would take the whole lot. The curve is of type B, see :mod:`station.lots.oc`.

    Raises
    ------
    RequestError
        An option outside its values, or a cell whose numbers in the asked edition are not known here.
    """
    _one_of("severity", severity, get_args(Severity))
    _one_of("type", type, get_args(PlanType))
    _one_of("edition", edition, get_args(Edition))
    column = _column(aql)
    if (lot_size is None) == (letter is None):
        raise RequestError("A plan needs either a lot size or a code letter", "Give exactly one of the two.")
    if lot_size is not None:
        code = code_letter(lot_size, level)
    else:
        code = str(letter).upper()
        _one_of("letter", code, tuple(LETTERS))
        _one_of("level", level, get_args(Level))
    if edition == "iso2859-1" and type != "single":
        raise RequestError(f"Of ISO 2859-1 only single plans are at hand, not {type}", _Z14)
    cell = _table()[type][severity][code][column]
    if "use" in cell:
        type = "single"
        cell = _table()[type][severity][code][column]
    n, ac, re = (tuple(cell[k]) if isinstance(cell[k], list) else (int(cell[k]),) for k in ("n", "ac", "re"))
    if edition == "iso2859-1":
        ac, re = _iso_single(code, column, severity, ac[0], re[0])
    nonconformities = aql > 10

    def curve(p: float) -> float:
        return acceptance_probability(n, ac, re, p, nonconformities=nonconformities)

    upper = 1e3 if nonconformities else 1.0
    quality = aql / 100
    return PlanDocument(
        edition=edition,
        lot_size=lot_size,
        code_letter=code,
        letter=_letter_reached(code, column, severity, type),
        n=n,
        ac=ac,
        re=re,
        severity=severity,
        level=level,
        aql=float(aql),
        type=type,
        oc=oc_points(curve, quality, upper),
        producer_risk=max(0.0, 1 - curve(quality)),
        consumer_quality=quality_at(0.10, curve, upper),
        hundred_percent=lot_size is not None and sum(n) >= lot_size,
    )


_REQUEST_KEYS = ("lot_size", "letter", "aql", "level", "severity", "type", "edition")


def plan_from_request(request: Mapping[str, Any]) -> PlanDocument:
    """:func:`plan` from a mapping with the command's options as keys (``lot_size`` or ``lot-size``)."""
    options: dict[str, Any] = {}
    for given, value in request.items():
        key = str(given).replace("-", "_")
        _one_of("key", key, _REQUEST_KEYS)
        if key in options:
            raise RequestError(f"The request has {key} twice", "Give it once.")
        options[key] = value
    if "aql" not in options:
        raise RequestError("The request has no aql", 'Add "aql", for example 2.5.')
    return plan(**options)


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


def _iso_single(code: str, column: str, severity: str, ac: int, re: int) -> tuple[tuple[int], tuple[int]]:
    if severity == "tightened" and (code, column) == ("A", "10"):
        raise RequestError("Sources disagree on ISO 2859-1, letter A at AQL 10, tightened inspection", _Z14)
    if re == ac + 1:
        return (ac,), (re,)
    proven = {(10, 13): 10, (5, 8): 6}
    if (ac, re) not in proven:
        raise RequestError(f"The reduced plan of ISO 2859-1 for letter {code} at AQL {column} is not at hand", _Z14)
    return (proven[ac, re],), (proven[ac, re] + 1,)


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


def _one_of(what: str, value: object, allowed: tuple[str, ...]) -> None:
    if value in allowed:
        return
    near = difflib.get_close_matches(str(value), allowed, n=1)
    hint = f'Did you mean "{near[0]}"? ' if near else ""
    raise RequestError(f'Unknown {what} "{value}"', f"{hint}Give one of {', '.join(allowed)}.")
