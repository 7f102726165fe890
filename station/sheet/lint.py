"""Advice on a control sheet that can be read but would be argued about: rules L1-L9 and what a factory needs to know.

L1 no version or date            L4 no tolerance                L7 nothing limited (sizes, defects, regions, marks)
L2 subjective words              L5 items still open            L8 all variance unacceptable
L3 colour without two tiers      L6 a limit no photo can hold   L9 all variance passes
S7 a functional or safety defect classed as minor               T7 what a purchase order of this product must say
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from station.sheet.defects import USUAL_PIT_MM
from station.sheet.functional import is_functional, measures_function
from station.sheet.models import Sheet
from station.sheet.sizes import FEATURES

SUBJECTIVE = (
    *("about right", "similar", "looks even", "looks good", "looks fine", "should be fine", "good enough"),
    *("same as sample", "same as the sample", "as per sample", "same as last time", "premium", "nice", "good"),
    *("high quality", "acceptable", "reasonable", "strong magnet", "normal", "unacceptable", "bad", "different"),
)
"""Words that say nothing measurable (G10, N1)."""

_NEVER_MINOR = "a functional or safety defect is never minor and counts as major"

UNSEEN = ("thickness tolerance", "enamel depth", "clutch retention", "card slot position", "polybag thickness")
"""Of T7's ten items those that a photo of the face cannot show; looked for by their first words."""

SMALLEST_TOLERANCE_MM = 0.02
SMALLEST_DEFECT_MM = 0.05
SMALLEST_COLOUR = 0.5
"""Below these a photo's own uncertainty leaves every unit undecided (0.03 mm a pixel, about 0.4 CIEDE2000)."""

WIDEST_SHARE = 0.2
WIDEST_COLOUR = 10.0
"""From here on a limit passes what anybody would call another product: a fifth of the nominal, CIEDE2000 10."""


@dataclass(frozen=True, slots=True)
class LintRemark:
    """rule : its id. where : the table and row. message : what is weak. do : what to write instead."""

    rule: str
    where: str
    message: str
    do: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}. {self.do}"


def lint_sheet(sheet: Sheet) -> tuple[LintRemark, ...]:
    """Every remark on the sheet, in the order of its tables; empty for a sheet that leaves nothing to argue about."""
    rules = (_record, _words, _colour, _marks, _sizes, _entered, _defects, _empty, _extremes, _aql, _product)
    return tuple(remark for rule in rules for remark in rule(sheet))


def _record(sheet: Sheet) -> Iterator[LintRemark]:
    golden = sheet.golden
    if golden.approved_on is None:
        yield LintRemark("L1", "[golden]", "no approval date", "Give approved_on.")
    if golden.version is None and golden.number is None:
        yield LintRemark("L1", "[golden]", "neither number nor version says which sample is meant", "Give version.")
    if golden.open_items:
        items = ", ".join(golden.open_items)
        yield LintRemark("L5", "[golden]", f"still to be confirmed: {items}", "Settle them, then empty open_items.")


def _words(sheet: Sheet) -> Iterator[LintRemark]:
    product = sheet.product
    texts = [("[product]", key, getattr(product, key)) for key in ("name", "finish", "material", "notes")]
    for table in ("regions", "marks", "sizes", "entered", "defects"):
        for row in getattr(sheet, table):
            label = getattr(row, "name", None) or row.kind
            texts.append((f'[[{table}]] "{label}"', "note", row.note))
    for where, key, text in texts:
        for word in SUBJECTIVE:
            if key != "name" and re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE):
                yield LintRemark("L2", where, f'"{word}" in {key} cannot be measured', "Give a number and a limit.")


def _colour(sheet: Sheet) -> Iterator[LintRemark]:
    for r in sheet.regions:
        where = f'[[regions]] "{r.name}"'
        if not {"accept", "reject"} <= r.model_fields_set:
            yield LintRemark(
                "L3",
                where,
                f"the defaults {r.accept:g} and {r.reject:g} stand in for limits",
                "Give accept and reject.",
            )
        elif r.accept == r.reject:
            yield LintRemark(
                "L3", where, "accept and reject are one limit, so nothing is left to review", "Give reject > accept."
            )
        if r.accept < SMALLEST_COLOUR:
            yield LintRemark(
                "L6",
                where,
                f"accept {r.accept:g} is within the uncertainty of a photo",
                f"Give {SMALLEST_COLOUR} or more.",
            )
        if r.surface == "other":
            yield LintRemark("L3", where, "no surface given", "Give soft enamel, hard enamel, plating or print.")


def _marks(sheet: Sheet) -> Iterator[LintRemark]:
    for m in sheet.marks:
        where = f'[[marks]] "{m.name}"'
        lacking = [key for key in ("offset_mm", "rotation_deg", "scale") if getattr(m, key) is None]
        if lacking:
            yield LintRemark("L4", where, f"no limit for {', '.join(lacking)}", f"Give {' and '.join(lacking)}.")
        if m.offset_mm is not None and m.offset_mm < SMALLEST_TOLERANCE_MM:
            yield LintRemark(
                "L6", where, f"offset_mm {m.offset_mm:g} is below what a photo can show", "Give 0.02 mm or more."
            )


def _sizes(sheet: Sheet) -> Iterator[LintRemark]:
    for s in sheet.sizes:
        where = f'[[sizes]] "{s.name}"'
        if not s.limited:
            yield LintRemark("L4", where, "no tolerance, so it cannot be judged", "Give plus_mm and minus_mm.")
            continue
        if s.kind not in FEATURES:
            yield LintRemark(
                "L4", where, f"the station measures no {s.kind}", "Give feature, one of " + ", ".join(FEATURES) + "."
            )
        sides = [x for x in (s.plus_mm, s.minus_mm) if x is not None]
        if sides and 0 < max(sides) < SMALLEST_TOLERANCE_MM:
            yield LintRemark(
                "L6", where, f"a tolerance of {max(sides):g} mm is below what a photo can show", "Give 0.02 mm or more."
            )


def _entered(sheet: Sheet) -> Iterator[LintRemark]:
    for e in sheet.entered:
        if not e.limited:
            where = f'[[entered]] "{e.name}"'
            yield LintRemark("L4", where, "no tolerance, so it cannot be judged", "Give plus and minus.")
        if measures_function(e.name) and e.defect_class == "minor":
            where = f'[[entered]] "{e.name}"'
            yield LintRemark("S7", where, _NEVER_MINOR, 'Give class = "critical" or "major".')


def _defects(sheet: Sheet) -> Iterator[LintRemark]:
    for d in sheet.defects:
        where = f'[[defects]] "{d.kind} for {d.where}"' if d.where else f'[[defects]] "{d.kind}"'
        if d.surface not in (None, "plating") and d.surface not in sheet.surfaces.values():
            yield LintRemark(
                "L7",
                where,
                f"no region of the sheet is {d.surface}",
                "Give the regions their surface, or leave it out.",
            )
        if 0 < d.limit_mm < SMALLEST_DEFECT_MM:
            yield LintRemark("L6", where, f"{d.limit_mm:g} mm is below what a photo can show", "Give 0.05 mm or more.")
        if is_functional(d.kind) and d.defect_class == "minor":
            yield LintRemark("S7", where, _NEVER_MINOR, 'Give class = "critical" or "major".')
    for kind in dict.fromkeys(d.kind for d in sheet.defects):
        free = [name for name in sheet.surfaces if sheet.defect(kind, name) is None]
        if free:
            yield LintRemark(
                "L7",
                f'[[defects]] "{kind}"',
                f"no row holds in {', '.join(free)}",
                "Add a row for them, or one without surface and region.",
            )


def _empty(sheet: Sheet) -> Iterator[LintRemark]:
    for table, what in (
        ("regions", "colour"),
        ("marks", "the position of logo or print"),
        ("sizes", "size"),
        ("defects", "surface defects"),
    ):
        if not getattr(sheet, table):
            yield LintRemark(
                "L7", f"[[{table}]]", f"nothing limits {what}", f"Add [[{table}]], or agree that it is free."
            )
    if sheet.product.thickness_mm is None:
        yield LintRemark(
            "L7", "[product]", "no thickness_mm, so no millimetres are judged", "Give the height of the measured face."
        )


def _extremes(sheet: Sheet) -> Iterator[LintRemark]:
    tolerances = [
        x for s in sheet.sizes for x in (s.plus_mm, s.minus_mm, s.plus_percent, s.minus_percent) if x is not None
    ]
    if tolerances and max(tolerances) == 0:
        yield LintRemark("L8", "[[sizes]]", "every tolerance is 0: no piece can conform", "Agree what may vary.")
    if sheet.defects and all(d.limit_mm == 0 for d in sheet.defects):
        yield LintRemark(
            "L8", "[[defects]]", "every limit is 0: any speck rejects", "Agree the size that is tolerated."
        )
    for s in sheet.sizes:
        wide = [x for x in (s.plus_percent, s.minus_percent) if x is not None and x >= 100 * WIDEST_SHARE]
        if isinstance(s.nominal_mm, float) and s.nominal_mm > 0:
            wide += [x for x in (s.plus_mm, s.minus_mm) if x is not None and x >= WIDEST_SHARE * s.nominal_mm]
        if wide:
            yield LintRemark(
                "L9",
                f'[[sizes]] "{s.name}"',
                "the tolerance passes nearly everything",
                "Narrow it to what the use needs.",
            )
    for r in sheet.regions:
        if r.reject >= WIDEST_COLOUR:
            yield LintRemark(
                "L9", f'[[regions]] "{r.name}"', f"reject {r.reject:g} passes another colour", "Give 3 to 5 for reject."
            )
    if sheet.classes == {"minor"}:
        yield LintRemark("L9", "the sheet", "everything is minor", "Class what the customer sees first as major.")


def _aql(sheet: Sheet) -> Iterator[LintRemark]:
    aql = sheet.aql
    if aql.minor and aql.major > aql.minor:
        yield LintRemark(
            "S6",
            "[aql]",
            f"major {aql.major:g} is laxer than minor {aql.minor:g}",
            "Give major 2.5 and minor 4.0, for example.",
        )
    if aql.critical > 0:
        yield LintRemark("S6", "[aql]", f"critical {aql.critical:g} lets critical units pass", "Give critical = 0.")


def _product(sheet: Sheet) -> Iterator[LintRemark]:
    product = sheet.product
    if not product.finish:
        yield LintRemark("T7", "[product]", "no finish", "Name it exactly, for example soft enamel, bright nickel.")
    if product.type not in ("pin", "medal"):
        return
    sizes = {s.name for s in sheet.sizes}
    kinds = {d.kind for d in sheet.defects}
    lines = any(s.kind in ("border", "line") or "border" in s.name for s in sheet.sizes)
    wanted = (
        (
            not sizes.isdisjoint({"width", "height", "diameter", "max-feret"}),
            "overall size",
            "[[sizes]] width or diameter",
        ),
        (
            lines,
            "raised border or line width",
            "[[sizes]] border",
        ),
        (any(r.surface == "plating" for r in sheet.regions), "plating colour", '[[regions]] with surface = "plating"'),
        (any("position" in s for s in sizes), "post position", "[[sizes]] position, entered if the back is not seen"),
        ("pit" in kinds, "pits", f"[[defects]] pit{_usual_pits(sheet)}"),
        ("scratch" in kinds, "scratches", "[[defects]] scratch"),
        (not kinds.isdisjoint({"burr", "sharp-burr"}), "burrs", "[[defects]] sharp-burr"),
    )
    for there, what, do in wanted:
        if not there:
            yield LintRemark("T7", "the sheet", f"nothing is said about {what}", f"Add {do}.")
    said = " ".join([product.notes, *sizes, *(e.name for e in sheet.entered)]).casefold()
    silent = [item for item in UNSEEN if item.rpartition(" ")[0] not in said]
    if silent:
        yield LintRemark(
            "T7", "[product]", f"no camera sees {', '.join(silent)}", "Say in notes what was agreed, with its number."
        )


def _usual_pits(sheet: Sheet) -> str:
    """What is usual for the surfaces that the sheet has, as rows to be pasted; "" where it has none of them."""
    rows = [
        f'kind = "pit", limit_mm = {limit:.2f}, surface = "{surface}"'
        for surface, limit in USUAL_PIT_MM.items()
        if surface in sheet.surfaces.values()
    ]
    return f" (usual: {'; '.join(rows)})" if rows else ""
