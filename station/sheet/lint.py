"""Advice on a control sheet that can be read but would be argued about, by the rows of the requirements.

Of the nine mistakes (G23) a sheet shows these:

L1 no version or date            L7 nothing limited (sizes, defects, regions, marks), so discussed after production
L4 no tolerance                  L8 all variance unacceptable
                                 L9 all variance passes

G10 words and borders that cannot be measured    G6 items still open       C1 colour without two tiers
T5 a limit no photo can hold         T12 posts of a pin        T7 what an order of this product must say
S6 lax sampling                      S7 a functional or safety defect classed as minor
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from station.sheet.borders import crossing
from station.sheet.completeness import DUAL_POSTS_MM, lacks_second_post, said_of, unmet
from station.sheet.functional import is_functional, measures_function
from station.sheet.models import Sheet
from station.sheet.plating import DECORATIVE_UM
from station.sheet.sizes import FEATURES
from station.sheet.words import vague_words

_NEVER_MINOR = "a functional or safety defect is never minor and counts as major"

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
    rules = (
        *(_record, _words, _borders, _colour, _marks, _sizes, _entered, _defects, _empty, _extremes, _aql, _product),
        *(_plating,),
    )
    return tuple(remark for rule in rules for remark in rule(sheet))


def _record(sheet: Sheet) -> Iterator[LintRemark]:
    golden = sheet.golden
    if golden.approved_on is None:
        yield LintRemark("L1", "[golden]", "no approval date", "Give approved_on.")
    if golden.version is None and golden.number is None:
        yield LintRemark("L1", "[golden]", "neither number nor version says which sample is meant", "Give version.")
    if golden.open_items:
        items = ", ".join(golden.open_items)
        yield LintRemark("G6", "[golden]", f"still to be confirmed: {items}", "Settle them, then empty open_items.")


def _words(sheet: Sheet) -> Iterator[LintRemark]:
    product = sheet.product
    texts = [("[product]", key, getattr(product, key)) for key in ("finish", "material", "notes")]
    for table in ("regions", "marks", "sizes", "entered", "defects"):
        for row in getattr(sheet, table):
            label = getattr(row, "name", None) or row.kind
            texts.append((f'[[{table}]] "{label}"', "note", row.note))
    for where, key, text in texts:
        for found in vague_words(text, agreed=True):
            do = f"{found.instead[:1].upper()}{found.instead[1:]}."
            yield LintRemark("G10", where, f'"{found.word}" in {key} cannot be measured', do)


def _borders(sheet: Sheet) -> Iterator[LintRemark]:
    for table, rows in (("regions", sheet.regions), ("marks", sheet.marks)):
        for row in rows:
            corners = row.polygon_mm or row.polygon_px or ()
            crossed = crossing(corners)
            if crossed is None:
                continue
            one, other = (f"{i + 1}-{(i + 1) % len(corners) + 1}" for i in crossed)
            yield LintRemark(
                "G10",
                f'[[{table}]] "{row.name}"',
                f"its border crosses itself, edge {one} and edge {other}, so what lies in a loop of it may not count",
                "Move a corner until it does not, or give the corners in the order of the border.",
            )


def _colour(sheet: Sheet) -> Iterator[LintRemark]:
    for r in sheet.regions:
        where = f'[[regions]] "{r.name}"'
        if not {"accept", "reject"} <= r.model_fields_set:
            yield LintRemark(
                "C1",
                where,
                f"the defaults {r.accept:g} and {r.reject:g} stand in for limits",
                "Give accept and reject.",
            )
        elif r.accept == r.reject:
            yield LintRemark(
                "C1", where, "accept and reject are one limit, so nothing is left to review", "Give reject > accept."
            )
        if r.accept < SMALLEST_COLOUR:
            yield LintRemark(
                "T5",
                where,
                f"accept {r.accept:g} is within the uncertainty of a photo",
                f"Give {SMALLEST_COLOUR} or more.",
            )
        if r.surface == "other":
            yield LintRemark("C1", where, "no surface given", "Give soft enamel, hard enamel, plating or print.")


def _marks(sheet: Sheet) -> Iterator[LintRemark]:
    for m in sheet.marks:
        where = f'[[marks]] "{m.name}"'
        lacking = [key for key in ("offset_mm", "rotation_deg", "scale") if getattr(m, key) is None]
        if lacking:
            yield LintRemark("L4", where, f"no limit for {', '.join(lacking)}", f"Give {' and '.join(lacking)}.")
        if m.offset_mm is not None and m.offset_mm < SMALLEST_TOLERANCE_MM:
            yield LintRemark(
                "T5", where, f"offset_mm {m.offset_mm:g} is below what a photo can show", "Give 0.02 mm or more."
            )


def _sizes(sheet: Sheet) -> Iterator[LintRemark]:
    for s in sheet.sizes:
        where = f'[[sizes]] "{s.name}"'
        if not s.limited:
            fits = f" although it matters for {', '.join(s.matters)}" if s.matters else ""
            yield LintRemark("L4", where, f"no tolerance, so it cannot be judged{fits}", "Give plus_mm and minus_mm.")
            continue
        if s.kind not in FEATURES:
            yield LintRemark(
                "L4", where, f"the station measures no {s.kind}", "Give feature, one of " + ", ".join(FEATURES) + "."
            )
        sides = [x for x in (s.plus_mm, s.minus_mm) if x is not None]
        if sides and 0 < max(sides) < SMALLEST_TOLERANCE_MM:
            yield LintRemark(
                "T5", where, f"a tolerance of {max(sides):g} mm is below what a photo can show", "Give 0.02 mm or more."
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
            yield LintRemark("T5", where, f"{d.limit_mm:g} mm is below what a photo can show", "Give 0.05 mm or more.")
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
    if not sheet.product.finish:
        do = "Name it exactly, for example soft enamel, bright nickel."
        yield LintRemark("T7", "[product]", "no finish", do)
    for message, do in said_of(unmet(sheet), sheet):
        yield LintRemark("T7", "the sheet", message, do)
    if lacks_second_post(sheet):
        do = "Add a second post position, [[sizes]] position-2 or [[entered]] post position 2."
        yield LintRemark("T12", "the sheet", f"a pin of {DUAL_POSTS_MM:.1f} mm or more needs two posts", do)


def _plating(sheet: Sheet) -> Iterator[LintRemark]:
    """What a declared stack and lacquer leave open (T9); a sheet that declares none is told by its completeness."""
    if sheet.plating:
        top = sheet.plating[-1]
        if top.min_um is None and top.max_um is None:
            low, high = DECORATIVE_UM
            yield LintRemark(
                "T9", f'[[plating]] "{top.metal}"', "the top layer has no thickness",
                f"Give min_um and max_um, {low:g} and {high:g} for a decorative one.",
            )  # fmt: skip
        if not any("plating" in e.name.casefold() for e in sheet.entered):
            yield LintRemark(
                "T9", "[[plating]]", "nobody measures the stack", 'Add [[entered]] "plating thickness" in µm, by XRF.'
            )
    if sheet.lacquer is not None and sheet.lacquer.kind != "none" and not sheet.lacquer.look:
        yield LintRemark(
            "T9",
            "[lacquer]",
            "nothing says how it may look after pack-out",
            "Give look, as in: gloss, no haze at 30 cm.",
        )
