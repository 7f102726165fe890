"""``golden record``, ``photo``, ``item``, ``resolve``, ``change``, ``hold``, ``checklist``, ``lint``, ``template``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import NONCONFORMING, By, FailOn, GoldenNumber, Json, context_of, document, emit, show, table
from station.cli.copies import copy, show_copies
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.golden_record import GoldenRecordDocument

item = typer.Typer(help="What is still to be confirmed.", no_args_is_help=True, rich_markup_mode=None)
change = typer.Typer(
    help="Changes, with what shows them and the supplier's word.", no_args_is_help=True, rich_markup_mode=None
)


def register(golden: typer.Typer) -> None:
    """Add the commands of this room to ``golden``."""
    for group, name in ((copy, "copy"), (item, "item"), (change, "change")):
        golden.add_typer(group, name=name)
    for name, command in (
        ("record", record), ("photo", photo), ("resolve", resolve), ("hold", hold), ("checklist", checklist),
        ("lint", lint), ("template", template),
    ):  # fmt: skip
        golden.command(name)(command)


def record(
    context: typer.Context,
    number: GoldenNumber,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="RECORD.toml", help="The whole entry, in the place of the old one.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One value, as packing=TEXT; any number.")
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Show the record of the version in force, or write into it what no sheet or signature says."""
    with context_of(context).open() as station:
        if file is None and not set_:
            found = station.record.show(number)
        else:
            found = station.record.write(number, by=by, file=file, values=set_ or ())
    _tell(found, json)


def photo(
    context: typer.Context,
    number: GoldenNumber,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="overall, detail, dimensions, colour, packing, label, logo, problem-areas; "
            "first-article or pre-shipment.",
        ),
    ],
    file: Annotated[Path, typer.Argument(metavar="PHOTO", help="The photo.")],
    light: Annotated[str, typer.Option("--light", metavar="WORDS", help="The light that it was taken in.")] = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Put a photo into its slot; one that is too small or blurred is kept and does not count."""
    with context_of(context).open() as station:
        found = station.record.add_photo(number, kind, file, by=by, light=light)
    if json:
        emit(document(found))
        return
    for slot in found.slots:
        for reason in dict.fromkeys(slot.reasons):
            show(f"Does not count ({slot.kind}): {reason}")
    eight = found.slots[:8]
    lacking = ", ".join(s.kind for s in eight if not s.filled)
    show(f"{sum(s.filled for s in eight)} of 8 kinds of photo are there{f', missing: {lacking}' if lacking else ''}.")


@item.command("add")
def add_item(
    context: typer.Context,
    number: GoldenNumber,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is still to be confirmed.")],
    by: By = "",
    json: Json = False,
) -> None:
    """Name something that is still to be confirmed; until then the approval is conditional and gates stay closed."""
    with context_of(context).open() as station:
        _items(station.record.open_item(number, text, by=by), json)


@item.command("settle")
def settle_item(
    context: typer.Context,
    number: GoldenNumber,
    which: Annotated[str, typer.Argument(metavar="N", help="The item, by its number or its words.")],
    how: Annotated[str, typer.Option("--how", metavar="TEXT", help="What was agreed.")],
    attach: Annotated[Path | None, typer.Option("--attach", metavar="FILE", help="What shows it.")] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Confirm an open item."""
    with context_of(context).open() as station:
        _items(station.record.settle_item(number, which, how=how, attach=attach, by=by), json)


@item.command("list")
def list_items(context: typer.Context, number: GoldenNumber, json: Json = False, fail: FailOn = False) -> None:
    """What is still to be confirmed, and what was."""
    with context_of(context).open() as station:
        found = station.record.show(number)
    _items(found, json)
    if fail and not found.settled:
        raise typer.Exit(NONCONFORMING)


def resolve(
    context: typer.Context,
    number: GoldenNumber,
    feature: Annotated[str, typer.Argument(metavar="FEATURE", help="What the sample leaves open, as antique tone.")],
    text: Annotated[str, typer.Option("--text", metavar="WORDS", help="How it is to be.")],
    front: Annotated[Path, typer.Option("--front", metavar="PHOTO", help="Reference image of the front.")],
    back: Annotated[Path, typer.Option("--back", metavar="PHOTO", help="Reference image of the back.")],
    region: Annotated[str, typer.Option("--region", metavar="NAME", help="Region of the control sheet.")] = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Resolve what the sample leaves ambiguous, with reference images; the next sealed version holds it."""
    with context_of(context).open() as station:
        found = station.record.resolve(number, feature, text=text, front=front, back=back, region=region, by=by)
    if json:
        emit(document(found))
        return
    where = f'the note of region "{region}"' if region else "notes under [product]"
    show(f"Write its very words into {where} of the control sheet and seal that: the next version holds it.")


@change.command("add")
def add_change(
    context: typer.Context,
    number: GoldenNumber,
    attribute: Annotated[
        str,
        typer.Argument(
            metavar="ATTRIBUTE",
            help="logo, colour, packaging, material, mould, size, accessories, manual, label, carton, tests or "
            "customer-standards.",
        ),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What changes, from what to what.")],
    attach: Annotated[
        list[str] | None,
        typer.Option(
            "--attach", metavar="KIND=FILE",
            help="What shows it: logo-revision, packaging-file, material-confirmation, tolerance, sample-photo, "
            "customer-confirmation or supplier-reply; any number.",
        ),
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:  # fmt: skip
    """Record a change. Of a controlled attribute it stays open until the supplier acknowledges it."""
    with context_of(context).open() as station:
        _changes(station.record.change(number, attribute, text, attach=attach or (), by=by), json)


@change.command("acknowledge")
def acknowledge_change(
    context: typer.Context,
    number: GoldenNumber,
    which: Annotated[int, typer.Argument(metavar="N", help="The change.")],
    text: Annotated[str, typer.Option("--text", metavar="WORDS", help="What they said.")] = "",
    attach: Annotated[Path | None, typer.Option("--attach", metavar="FILE", help="Their reply.")] = None,
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who of the supplier.")] = "",
    json: Json = False,
) -> None:
    """Record that the supplier acknowledged a change."""
    with context_of(context).open() as station:
        _changes(station.record.acknowledge_change(number, which, text=text, attach=attach, by=by), json)


@change.command("list")
def list_changes(context: typer.Context, number: GoldenNumber, json: Json = False) -> None:
    """Every change with the supplier's word on it."""
    with context_of(context).open() as station:
        _changes(station.record.show(number), json)


def hold(
    context: typer.Context,
    number: GoldenNumber,
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar="WHY", help="order, custom, restocked, branded, dimension-precise or high-packaging."
        ),
    ],
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Its last day; open without it."),
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="WORDS", help="Why, in words.")] = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Keep everything of a golden sample; no command ends a hold before its last day."""
    with context_of(context).open() as station:
        found = station.record.hold(number, reason, until=until.date() if until else None, text=note, by=by)
    if json:
        emit(document(found))
        return
    rows = [[h.reason, str(h.until or "open"), "yes" if h.in_force else "no", h.by] for h in found.holds]
    table(f"Holds of golden {number}", ["reason", "until", "in force", "by"], rows)
    rows = [[r.what, "kept" if r.kept else "MISSING", r.where] for r in found.retained]
    table("What is kept", ["what", "", "where"], rows)


def checklist(context: typer.Context, number: GoldenNumber, json: Json = False, fail: FailOn = False) -> None:
    """The twenty items, derived from the records; nothing is ticked by hand."""
    with context_of(context).open() as station:
        found = station.record.checklist(number)
    if json:
        emit(document(found))
    else:
        title = f"Golden {found.golden} version {found.version}: {found.score} of {found.of}"
        rows = [[str(i.number), i.item, "yes" if i.ok else "NO", i.found or i.do] for i in found.items]
        table(title, ["", "item", "", "what shows it, or supplies it"], rows)
    if fail and found.score < found.of:
        raise typer.Exit(NONCONFORMING)


def lint(
    context: typer.Context,
    number: Annotated[str | None, typer.Argument(metavar="NUMBER", help="The golden sample.")] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="SHEET.toml", help="A control sheet that is not sealed yet.")
    ] = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """What would be argued about: the nine mistakes, vague words, what is missing for this kind of product."""
    from station.service.sheet_advice import lint_sheet_file

    if (number is None) == (sheet is None):
        raise RequestError("give one of NUMBER and --sheet", "Name a sealed golden sample, or a control sheet.")
    if sheet is not None:
        found = lint_sheet_file(sheet)
    else:
        with context_of(context).open() as station:
            found = station.record.lint(str(number))
    if json:
        emit(document(found))
    else:
        rows = [[r.rule, r.where, r.message, r.do] for r in found.remarks]
        title = f"{sheet or f'Golden {number}'}: {len(found.mistakes)} of 9 mistakes, {len(found.remarks)} remarks"
        table(title, ["rule", "where", "what", "do"], rows)
    if fail and found.remarks:
        raise typer.Exit(NONCONFORMING)


def template(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="pin, coin, keychain, magnet, medal or pack.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="SHEET.toml", help="Where it goes; a file is not overwritten.")
    ] = None,
) -> None:
    """A control sheet to begin with, with the usual numbers of a product type."""
    from station.service.out_files import write_file
    from station.service.sheet_advice import template_of

    text = template_of(kind)
    if out is None:
        emit(text.rstrip("\n"))
        return
    if out.exists():
        raise RequestError(f"{out} is there already", "Name another file with -o.")
    write_file(out, text.encode())
    show(f"{out}: fill in the product, add its regions and marks, then run: station golden lint --sheet {out}")


# --- showing ---------------------------------------------------------------------------------------------------------


def _tell(found: GoldenRecordDocument, json: bool) -> None:
    if json:
        emit(document(found))
        return
    state = "complete" if found.complete else f"missing: {', '.join(found.missing)}"
    show(f"Golden {found.number} version {found.version} ({found.sku}): {found.state}, record {state}.")
    rows = [[f.field, f.value or ("MISSING" if f.required else ""), f.source or f.do] for f in found.fields]
    table("Record", ["field", "value", "where it is from, or what supplies it"], rows)
    _items(found, json)
    if found.copies:
        show_copies(found, json)
    if found.changes:
        _changes(found, json)
    for remark in found.remarks:
        show(f"Note: {remark}.")


def _items(found: GoldenRecordDocument, json: bool) -> None:
    if json:
        emit(document(found))
        return
    if not found.open_items:
        show("Nothing is still to be confirmed.")
        return
    table("Still to be confirmed", ["", "item", "do"], [[str(i.number), i.text, i.do] for i in found.open_items])


def _changes(found: GoldenRecordDocument, json: bool) -> None:
    if json:
        emit(document(found))
        return
    rows = []
    for c in found.changes:
        answer = c.acknowledged_by or ("WAITING" if c.needs_acknowledgement else "not needed")
        shown = ", ".join(f"{a.what}: {a.name}" for a in c.files)
        rows.append([str(c.number), c.attribute, c.text, f"{c.at:%Y-%m-%d}", c.by, shown, answer])
    table("Changes", ["", "attribute", "what", "on", "by", "shown by", "supplier"], rows)
