"""``lot draw`` and ``lot pulled``: the pick list of a lot, and whether the pulled units are those."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from station.cli.conduct import NONCONFORMING, FailOn, Json, context_of, document, emit, show, table
from station.cli.lots import lot


def register(_app: typer.Typer) -> None:
    """Add the commands to ``lot``."""
    lot.command("draw")(draw)
    lot.command("pulled")(pulled)


def draw(
    context: typer.Context,
    lot: Annotated[str, typer.Argument(metavar="ID", help="The lot.")],
    size: Annotated[int | None, typer.Option("--size", min=2, metavar="N", help="Units in the whole lot.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--carton-file", metavar="CARTONS.csv", help="Columns carton, units; lot_code, plated, assembler, line."
        ),
    ] = None,
    cartons: Annotated[
        int | None, typer.Option("--cartons", min=1, metavar="C", help="So many cartons share the lot evenly.")
    ] = None,
    rule: Annotated[
        str, typer.Option("--rule", help="standard, or receipt: 32 to 50, or 50 to 80 units.")
    ] = "standard",
    golden: Annotated[
        str | None, typer.Option("--golden", metavar="NUMBER", help="The golden sample the lot will be held to.")
    ] = None,
    stream: Annotated[
        str | None,
        typer.Option("--stream", metavar="NAME", help="Its stream of lots: whose severity decides the sample."),
    ] = None,
    units: Annotated[int | None, typer.Option("--units", min=1, metavar="N", help="Draw so many units.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Draw the same list again.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="PICKS.csv", help="Write the list here.")] = None,
    printed: Annotated[
        Path | None, typer.Option("--print", metavar="PICKS.pdf", help="Write the list here to print and tick off.")
    ] = None,
    shown: Annotated[bool, typer.Option("--show", help="Show the list in force instead of drawing one.")] = False,
    json: Json = False,
) -> None:
    """Draw which units of a lot are pulled, spread over cartons, pack order and what the cartons are marked with."""
    from station.errors import RequestError
    from station.service.draws import picks_as
    from station.service.out_files import write_file

    if file is not None and cartons is not None:
        raise RequestError("--carton-file and --cartons are both given", "Give one of them.")
    if shown and any(v is not None for v in (size, file, cartons, units, seed, golden, stream)):
        raise RequestError("--show draws nothing, yet more is given", "Leave out what a new list would need.")
    for file_out in (out, printed):
        # before a new list takes the place of the one in force
        if file_out is not None and not file_out.absolute().parent.is_dir():
            raise RequestError(f"{file_out.absolute().parent} is no folder", "Give a place that is there.")
    with context_of(context).open() as station:
        found = (
            station.draws.newest(lot)
            if shown
            else station.draws.draw(
                lot, size=size, cartons=file or cartons, rule=rule, units=units, seed=seed, golden=golden, stream=stream
            )
        )
    if out is not None:
        write_file(out, picks_as(found, "csv"))
    if printed is not None:
        write_file(printed, picks_as(found, "pdf"))
    if json:
        emit(document(found))
        return
    show(f"Lot {found.lot}: pull {found.n} of {found.size} units from {found.cartons} cartons ({found.rule})")
    if found.golden is not None:
        show(f"It is held to golden {found.golden} v{found.golden_version}.")
    if found.severities:
        asked = ", ".join(f"{c} {found.samples[c]} ({s})" for c, s in found.severities.items())
        show(f"The plans take: {asked}.")
    marks = list(dict.fromkeys(k for p in found.picks for k in p.identifiers))
    several = found.last > 1
    rows = [
        [p.label, p.carton, str(p.position), p.third, *([str(p.sample)] if several else []),
         *(p.identifiers.get(m, "") for m in marks)]
        for p in found.picks
    ]  # fmt: skip
    table("Pick list", ["unit", "carton", "position", "packed", *(["sample"] if several else []), *marks], rows)
    for remark in found.remarks:
        show(f"Note: {remark}.")
    show(f"Drawn with seed {found.seed}; call each unit by its name in the list.")
    for file_out in (out, printed):
        if file_out is not None:
            show(f"Written: {file_out}")


def pulled(
    context: typer.Context,
    lot: Annotated[str, typer.Argument(metavar="ID", help="The lot.")],
    file: Annotated[
        Path | None, typer.Option("--file", metavar="PULLED.csv", help="Column unit: the units as they were pulled.")
    ] = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Hold the pulled units of a lot, or those that were inspected, against its pick list."""
    with context_of(context).open() as station:
        found = station.draws.pulled(lot, file)
    if json:
        emit(document(found))
    elif found.ok:
        show(f"Lot {lot}: all {found.drawn} units of the pick list are there, once each.")
    else:
        show(f"Lot {lot}: {found.pulled} units pulled of {found.drawn} drawn")
        for what, labels in (
            ("missing", found.missing),
            ("there more than once", found.doubled),
            ("not on the pick list", found.foreign),
        ):
            if labels:
                more = f" and {len(labels) - 20} more" if len(labels) > 20 else ""
                show(f"  {len(labels)} {what}: {', '.join(labels[:20])}{more}")
    if fail and not found.ok:
        raise typer.Exit(NONCONFORMING)
