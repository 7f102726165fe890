"""``lot``: lots and their decisions."""

from __future__ import annotations

from typing import Annotated

import typer

from station.cli.conduct import NONCONFORMING, FailOn, Json, context_of, document, emit, show, table

lot = typer.Typer(help="Lots and their decisions.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(lot, name="lot")


@lot.command("decide")
def decide(
    context: typer.Context,
    lot: Annotated[str, typer.Argument(metavar="ID", help="The lot.")],
    size: Annotated[int, typer.Option("--size", min=1, metavar="N", help="Units in the whole lot.")],
    stream: Annotated[
        str | None,
        typer.Option("--stream", metavar="NAME", help="Its stream of lots: the severity, and counted there."),
    ] = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Decide a lot by the sampling plans of its control sheet."""
    with context_of(context).open() as station:
        decided = station.decide_lot(lot, size, stream=stream)
    if json:
        emit(document(decided))
    else:
        show(f"Lot {decided.lot} of {decided.size}: {decided.decision}")
        for reason in decided.reasons:
            show(f"  {reason}")
        rows = [
            [c.defect_class, f"{c.aql:g}", str(c.n), str(c.ac), str(c.re), str(c.nonconforming), str(c.undecided)]
            for c in decided.classes
        ]
        table("Classes", ["class", "AQL", "n", "Ac", "Re", "nonconforming", "undecided"], rows)
        if decided.counts:
            table(
                "Nonconforming units by characteristic",
                ["characteristic", "units"],
                [[k, str(v)] for k, v in decided.counts.items()],
            )
    if fail and decided.decision == "rejected":
        raise typer.Exit(NONCONFORMING)


@lot.command("list")
def list_lots(context: typer.Context, json: Json = False) -> None:
    """Every lot as it stands."""
    with context_of(context).open() as station:
        found = station.lots()
    if json:
        for one in found:
            emit(document(one))
        return
    rows = [
        [
            x.lot,
            f"{x.golden} v{x.golden_version}",
            *map(str, (x.inspected, x.conforms, x.nonconforms, x.undecided, x.waiting)),
            x.decision or "",
        ]
        for x in found
    ]
    table("Lots", ["lot", "golden", "units", "conform", "do not", "undecided", "waiting", "decision"], rows)
