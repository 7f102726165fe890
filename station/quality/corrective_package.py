"""What a corrective package says of the next order: acceptance criteria and inspection plan (N14, W10, W12, W16)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from station.errors import RequestError
from station.quality.criteria import criteria
from station.quality.gate_rules import FINAL, FINAL_BY_TYPE
from station.sheet import Sheet
from station.sheet.lint import lint_sheet
from station.values.line import Master
from station.values.nonconformity import Point
from station.values.orders import FIRST_OFF

_TABLE_OF: Final = {
    "colour": "regions", "boundary-shift": "regions", "offset": "marks", "rotation": "marks", "scale": "marks",
    "entered": "entered",
}  # fmt: skip
_WHAT: Final = {"colour": "colour, conforms up to", "boundary-shift": "shift of its boundary"}
COLUMNS: Final = ("table", "name", "what", "nominal", "lower", "upper", "unit", "class")
"""Of the acceptance criteria."""
TESTS: Final = tuple(t.words for t in FINAL)
TESTS_BY_TYPE: Final = {kind: tuple(t.words for t in tests) for kind, tests in FINAL_BY_TYPE.items()}
"""Beside those for every product (W16, T7)."""
_REVISE: Final = "Revise it: limits, points, sampling or units to be entered. An order like the last one fails like it."
_TABLES: Final = ("regions", "marks", "sizes", "entered", "defects")
_WHOLE: Final = ("aql", "decision", "viewing", "sets")
_COATED: Final = frozenset({"surface", "colour", "material"})
"""Categories of points that plating and lacquer bear on."""
IN_LINE: Final = "10-20 %"
"""Completion at the in-line inspection (W10)."""


def vet_revision(revised: Sheet, failed: Sheet, points: Sequence[Point]) -> tuple[str, ...]:
    """Remarks on a revised control sheet. failed : the sheet that the lot was judged by.

    Raises RequestError where it is of another product, without a limit for a point, or where nothing of it changed
    that a point is held to: notes, names, material, supplier, order and dates are none of that.
    """
    if revised.product.sku != failed.product.sku:
        raise RequestError(
            f"the revised control sheet is of {revised.product.sku}, the lot of {failed.product.sku}",
            "Give the lot's own sheet, revised.",
        )
    if revised.digest == failed.digest:
        raise RequestError("the revised control sheet agrees the same as the one that the lot failed by", _REVISE)
    for p in points:
        if p.item.source != "seen" and not _limits(revised, p.item.clause):
            raise RequestError(
                f"the revised control sheet has no row {p.item.clause} for point {p.number}",
                "Keep a limit for everything that failed.",
            )
    if not _answers(revised, failed, points):
        listed = ", ".join(dict.fromkeys(p.item.clause or p.item.name for p in points))
        raise RequestError(
            f"the revised control sheet agrees nothing else on what the complaint is about ({listed})", _REVISE
        )
    return tuple(str(r) for r in lint_sheet(revised))


def _answers(revised: Sheet, failed: Sheet, points: Sequence[Point]) -> bool:
    """Whether the revision changes what the next lot is held to in any of the points: the row of one, a row that was
    not there, the sampling, how a doubt is decided, the light; for a surface the plating and lacquer agreed."""
    if any(getattr(revised, table) != getattr(failed, table) for table in _WHOLE):
        return True
    categories = {p.item.category for p in points}
    if categories & _COATED and any(getattr(revised, t) != getattr(failed, t) for t in ("plating", "lacquer")):
        return True
    before, after = _rows(failed), _rows(revised)
    if after.keys() - before.keys():
        return True
    changed = {key for key in after if after[key] != before[key]}
    held = {(table, name) for p in points for table, name in [_row_of(p.item.clause)]}
    return any((table, name) in held for table, name, _ in changed)


def _rows(sheet: Sheet) -> dict[tuple[str, str, str], dict[str, object]]:
    """What every row with limits agrees, by table, name and place; without the words that explain it."""
    found: dict[tuple[str, str, str], dict[str, object]] = {}
    for table in _TABLES:
        for row in getattr(sheet, table):
            name, where = (row.kind, row.where) if table == "defects" else (row.name, "")
            found[table, name, where] = row.model_dump(exclude={"note", "why", "matters"})
    return found


def _row_of(clause: str) -> tuple[str, str]:
    table, _, rest = clause.partition(": ")
    return table, rest.partition(",")[0]


def _limits(sheet: Sheet, clause: str) -> bool:
    return _row_of(clause) in {(table, name) for table, name, _ in _rows(sheet)}


def acceptance_criteria(sheet: Sheet, master: Master) -> Iterator[tuple[str, ...]]:
    """Every limit of the sheet with the class that counts, in the columns of :data:`COLUMNS`.

    master : of the golden sample, to which limits by its own sizes refer.
    """
    asked = {e.name: e.units_per_lot for e in sheet.entered}
    for c in criteria(sheet, master, {}):
        kind, _, name = c.characteristic.partition(":")
        table = _TABLE_OF.get(kind, "sizes")
        what = f"entered of {asked[name]} units a lot" if kind == "entered" else _WHAT.get(kind, kind)
        yield table, name, what, *_sides(c.nominal, c.lower, c.upper), c.unit, c.defect_class
        if c.review is not None:
            yield table, name, "colour, rejected above", *_sides(None, None, c.review), c.unit, c.defect_class
    for d in sheet.defects:
        what = "length" if d.by_length else "size"
        yield "defects", d.label, what, "", "", f"{d.limit_mm:g}", "mm", d.counted_class
    for q in ("critical", "major", "minor"):
        yield "aql", q, "AQL", "", "", f"{getattr(sheet.aql, q):g}", "per cent", q


def _sides(*values: Decimal | None) -> tuple[str, ...]:
    return tuple("" if v is None else f"{v.normalize():f}" for v in values)


def inspection_plan(points: Sequence[Point], product_type: str) -> dict[str, object]:
    """What is inspected of the next order beside the sampling plans: the points at every stage, and the tests of the
    product's type."""
    watched = [f"{p.item.name} ({p.item.clause or p.item.kind})" for p in points]
    return {
        "first_article": {"units_per_sku": "-".join(str(n) for n in FIRST_OFF), "check": watched},
        "in_line": {"at_completion": IN_LINE, "check": watched},
        "final": {"tests": [*TESTS, *TESTS_BY_TYPE.get(product_type, ())], "check": watched},
    }
