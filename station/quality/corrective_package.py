"""What a corrective package says of the next order: acceptance criteria and inspection plan (N14, W10, W12, W16)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from station.errors import RequestError
from station.quality.gate_rules import FINAL, FINAL_BY_TYPE
from station.sheet import Sheet
from station.sheet.lint import lint_sheet
from station.values.nonconformity import Facts, Point
from station.values.orders import FIRST_OFF

COLUMNS: Final = ("table", "name", "what", "nominal", "lower", "upper", "unit", "class")
"""Of the acceptance criteria."""
TESTS: Final = tuple(t.words for t in FINAL)
TESTS_BY_TYPE: Final = {kind: tuple(t.words for t in tests) for kind, tests in FINAL_BY_TYPE.items()}
"""Beside those for every product (W16, T7)."""
IN_LINE: Final = "10-20 %"
"""Completion at the in-line inspection (W10)."""


def vet_revision(revised: Sheet, facts: Facts, points: Sequence[Point]) -> tuple[str, ...]:
    """Remarks on a revised control sheet.

    Raises RequestError where it is of another product, the one that failed, or without a limit for a point.
    """
    if revised.product.sku != facts.sku:
        raise RequestError(
            f"the revised control sheet is of {revised.product.sku}, the lot of {facts.sku}",
            "Give the lot's own sheet, revised.",
        )
    if revised.digest == facts.sheet_digest:
        raise RequestError(
            "the revised control sheet agrees the same as the one that the lot failed by",
            "Revise it: limits, points, sampling or units to be entered. An order like the last one fails like it.",
        )
    for p in points:
        if p.item.source != "seen" and not _limits(revised, p.item.clause):
            raise RequestError(
                f"the revised control sheet has no row {p.item.clause} for point {p.number}",
                "Keep a limit for everything that failed.",
            )
    return tuple(str(r) for r in lint_sheet(revised))


def _limits(sheet: Sheet, clause: str) -> bool:
    table, _, rest = clause.partition(": ")
    name = rest.partition(",")[0]
    rows = {
        "marks": [m.name for m in sheet.marks], "regions": [r.name for r in sheet.regions],
        "sizes": [s.name for s in sheet.sizes], "entered": [e.name for e in sheet.entered],
        "defects": [d.kind for d in sheet.defects],
    }  # fmt: skip
    return name in rows.get(table, [])


def acceptance_criteria(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    """Every limit of the sheet, in the columns of :data:`COLUMNS`."""
    for r in sheet.regions:
        yield "regions", r.name, "colour, conforms up to", "", "", f"{r.accept:g}", "CIEDE2000", r.defect_class
        yield "regions", r.name, "colour, refused above", "", "", f"{r.reject:g}", "CIEDE2000", r.defect_class
        if r.boundary_mm is not None:
            yield "regions", r.name, "shift of its boundary", "0", "", f"{r.boundary_mm:g}", "mm", r.defect_class
    for m in sheet.marks:
        for kind, unit in (("offset", "mm"), ("rotation", "deg"), ("scale", "1")):
            limits = m.limits(kind)
            if limits is not None:
                yield "marks", m.name, kind, *_sides(limits.nominal, limits.lower, limits.upper), unit, m.defect_class
    for s in sheet.sizes:
        tolerance = {k: v for k, v in s.model_dump(exclude_none=True).items() if k.startswith(("plus", "minus"))}
        nominal = s.nominal_deg if s.kind == "angle" else s.nominal_mm
        unit = "deg" if s.kind == "angle" else "mm"
        told = ", ".join(f"{k} {v:g}" for k, v in tolerance.items())
        yield "sizes", s.name, f"{s.kind}: {told}", str(nominal), "", "", unit, s.defect_class
    for e in sheet.entered:
        tolerance = {k: v for k, v in e.model_dump(exclude_none=True).items() if k.startswith(("plus", "minus"))}
        told = ", ".join(f"{k} {v:g}" for k, v in tolerance.items())
        what = f"entered of {e.units_per_lot} units a lot: {told}"
        yield "entered", e.name, what, f"{e.nominal:g}", "", "", e.unit, e.defect_class
    for d in sheet.defects:
        yield "defects", d.label, "size or length", "", "", f"{d.limit_mm:g}", "mm", d.defect_class
    for c in ("critical", "major", "minor"):
        yield "aql", c, "AQL", "", "", f"{getattr(sheet.aql, c):g}", "per cent", c


def _sides(*values: object) -> tuple[str, ...]:
    return tuple("" if v is None else f"{v}" for v in values)


def inspection_plan(points: Sequence[Point], product_type: str) -> dict[str, object]:
    """What is inspected of the next order beside the sampling plans: the points at every stage, and the tests of the
    product's type."""
    watched = [f"{p.item.name} ({p.item.clause or p.item.kind})" for p in points]
    return {
        "first_article": {"units_per_sku": "-".join(str(n) for n in FIRST_OFF), "check": watched},
        "in_line": {"at_completion": IN_LINE, "check": watched},
        "final": {"tests": [*TESTS, *TESTS_BY_TYPE.get(product_type, ())], "check": watched},
    }
