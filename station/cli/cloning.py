"""``golden clone``, ``golden origin``, ``golden artwork``: re-orders and siblings, and the artwork file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import GoldenNumber, Json, context_of, document, emit, show, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from station.values.cloning import CloneDocument, SheetChange


def register(golden: typer.Typer) -> None:
    """Add the commands of this room to ``golden``."""
    for name, command in (("clone", clone), ("origin", origin), ("artwork", artwork)):
        golden.command(name)(command)


def clone(
    context: typer.Context,
    number: GoldenNumber,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="A new folder for sheet and record.")],
    version: Annotated[int | None, typer.Option("--version", metavar="N", help="The newest without it.")] = None,
    sku: Annotated[str, typer.Option("--sku", metavar="SKU", help="Of a sibling product.")] = "",
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What the product is called.")] = "",
    order: Annotated[str, typer.Option("--order", metavar="PO", help="The new order.")] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="TABLE.ROW.KEY=VALUE", help="What changes, as sizes.width.nominal_mm=32.0. Any."),
    ] = None,
    json: Json = False,
) -> None:
    """Make control sheet and record of a re-order or sibling from a sealed version, and list what changed."""
    from station.service.cloning import write_clone

    with context_of(context).open() as station:
        found = write_clone(
            station, number, out, version=version, sku=sku, name=name, order=order, changes=set_ or ()
        )  # fmt: skip
    if json:
        emit(document(found))
        return
    show(f"Written: {out}/sheet.toml and {out}/record.toml, from {found.origin} version {found.origin_version}.")
    _changes(found)
    show("Nothing of it is sealed or signed. When the sample is approved, give approved_on and approved_by, then:")
    show(f"station golden seal --sheet {out}/sheet.toml --photo PHOTO, and sign it: station golden sign NUMBER")


def origin(context: typer.Context, number: GoldenNumber, json: Json = False) -> None:
    """What a golden sample was made from, whether it is signed, and every value that differs."""
    from station.service.cloning import origin as origin_of

    with context_of(context).open() as station:
        found = origin_of(station, number)
    if json:
        emit(document(found))
        return
    show(
        f"{number} version {found.version} was made from {found.origin} version {found.origin_version}: {found.state}."
    )
    _changes(found)


def artwork(
    context: typer.Context,
    number: GoldenNumber,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The artwork file.")],
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who records it, where none is.")] = None,
    json: Json = False,
) -> None:
    """Is this file, to the last byte, the artwork that the golden sample was made by? With --by it is put on record."""
    with context_of(context).open() as station:
        found = station.record.artwork(number, file, by=by)
    if json:
        emit(document(found))
        return
    show(f"{found.name} {'is on record now' if found.recorded else 'is the artwork of ' + number}: {found.sha256}")


def _changes(found: CloneDocument) -> None:
    if not found.changes and not found.record_changes:
        show("Nothing differs from it.")
    for title, rows in (("What differs in the control sheet", found.changes), ("In the record", found.record_changes)):
        if rows:
            table(title, ["where", "was", "now"], _rows(rows))


def _rows(changes: Sequence[SheetChange]) -> list[list[str]]:
    return [[c.where, c.was or "-", c.now or "-"] for c in changes]
