"""``golden copy``: the physical copies of a golden sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import By, Day, GoldenNumber, Json, context_of, document, emit, show, table

if TYPE_CHECKING:
    from station.values.golden_record import GoldenRecordDocument

copy = typer.Typer(
    help="Physical copies: who keeps which, where, under which seal.", no_args_is_help=True, rich_markup_mode=None
)

CopyName = Annotated[str, typer.Argument(metavar="NAME", help="The copy.")]


@copy.command("add")
def add_copy(
    context: typer.Context,
    number: GoldenNumber,
    name: CopyName,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="factory-sealed, buyer-retained or expendable-inline.")
    ],
    holder: Annotated[str, typer.Option("--holder", metavar="WHO", help="Who keeps it.")],
    place: Annotated[str, typer.Option("--place", metavar="WHERE", help="Where it lies.")],
    seal: Annotated[str, typer.Option("--seal", metavar="NUMBER", help="Number of its seal.")] = "",
    every: Annotated[
        int | None, typer.Option("--every", min=1, metavar="DAYS", help="How often it is looked at; 180 days without.")
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Record a physical copy of the version in force; given again with another place, it lies there now."""
    with context_of(context).open() as station:
        found = station.record.add_copy(
            number, name, role=role, holder=holder, place=place, seal=seal, every_days=every, by=by
        )
    show_copies(found, json)


@copy.command("check")
def check_copy(
    context: typer.Context,
    number: GoldenNumber,
    name: CopyName,
    condition: Annotated[
        str, typer.Option("--condition", metavar="STATE", help="intact, worn, damaged or missing.")
    ] = "intact",
    seal: Annotated[bool | None, typer.Option("--seal-intact/--seal-broken", help="How its seal is.")] = None,
    on: Day = None,
    note: Annotated[str, typer.Option("--note", metavar="WORDS", help="What was seen.")] = "",
    file: Annotated[Path | None, typer.Option("--photo", metavar="PHOTO", help="Of the copy or its seal.")] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Record that somebody looked at a copy."""
    with context_of(context).open() as station:
        found = station.record.check_copy(
            number, name, condition=condition, seal_intact=seal, on=on.date() if on else None, note=note, photo=file,
            by=by,
        )  # fmt: skip
    show_copies(found, json)


@copy.command("use")
def use_copy(
    context: typer.Context,
    number: GoldenNumber,
    name: CopyName,
    purpose: Annotated[str, typer.Option("--for", metavar="LOT", help="Lot or gate that it is compared with.")],
    by: By = "",
    json: Json = False,
) -> None:
    """Record that the expendable copy is compared with in line; a sealed or retained one is refused."""
    with context_of(context).open() as station:
        found = station.record.use_copy(number, name, purpose=purpose, by=by)
    if not json:
        show(f"Recorded: copy {name} of golden {number} is used for {purpose}.")
    show_copies(found, json)


@copy.command("remove")
def remove_copy(
    context: typer.Context,
    number: GoldenNumber,
    name: CopyName,
    reason: Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why.")],
    by: By = "",
    json: Json = False,
) -> None:
    """Record that a copy is no longer kept; refused while a hold is in force."""
    with context_of(context).open() as station:
        show_copies(station.record.remove_copy(number, name, reason=reason, by=by), json)


@copy.command("list")
def list_copies(context: typer.Context, number: GoldenNumber, json: Json = False) -> None:
    """Every copy with holder, place, seal, condition and when it is to be looked at."""
    with context_of(context).open() as station:
        show_copies(station.record.show(number), json)


def show_copies(found: GoldenRecordDocument, json: bool) -> None:
    """The copies of a golden sample, for people or with its whole record as a document."""
    if json:
        emit(document(found))
        return
    rows = []
    for c in found.copies:
        state = "removed" if c.removed else c.condition
        due = f"{c.due}{' OVERDUE' if c.overdue else ''}"
        rows.append([c.name, c.role, str(c.version), c.holder, c.place, c.seal, state, str(c.checked_on), due])
    table(f"Copies of golden {found.number}",
          ["name", "role", "version", "holder", "place", "seal", "condition", "checked", "due"], rows)  # fmt: skip
