"""``golden``: seal golden samples, list them, learn a colour tolerance from the units accepted against one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from station.cli import cloning, golden_record, signing_off
from station.cli.conduct import Card, Json, Rig, context_of, document, emit, progress, show, table

golden = typer.Typer(help="Golden samples: seal, sign, hand on.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(golden, name="golden")
    signing_off.register(golden)
    golden_record.register(golden)
    cloning.register(golden)


@golden.command("seal")
def seal(
    context: typer.Context,
    sheet: Annotated[Path, typer.Option("--sheet", metavar="SHEET.toml", help="The control sheet.")],
    photo: Annotated[Path, typer.Option("--photo", metavar="FRONT.jpg", help="Photo of the golden sample.")],
    again: Annotated[
        list[Path] | None,
        typer.Option("--again", metavar="PHOTO", help="The same golden, lifted and laid down again; any number."),
    ] = None,
    old_sheet: Annotated[
        bool, typer.Option("--old-sheet", help="Let the sheet of a superseded version be in force again.")
    ] = False,
    rig: Rig = None,
    card: Card = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="OUT.png", help="Draw the regions here, for confirmation.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure the golden sample into a master and seal it."""
    from station.service.picturing import vet, write
    from station.service.reporting import region_raster

    if picture is not None:
        vet(picture, [photo, sheet, card, *(again or ())])  # before the seal, which nobody takes back
    with context_of(context).open() as station, progress("Measuring the golden sample"):
        sealed = station.seal_golden(sheet, photo, rig=rig, card=card, again=again or (), old_sheet=old_sheet)
        if picture is not None:
            write(region_raster(station, sealed.number, sealed.version), picture)
    if json:
        emit(document(sealed))
        return
    state = "is sealed" if sealed.new else "was sealed before, unchanged"
    show(f"Golden {sealed.number} version {sealed.version} {state}: {sealed.digest}")
    show(f"Regions: {', '.join(sealed.regions) or 'none'}")
    if again:
        show(f"{len(again) + 1} photos of the golden were used for the spread of its colours.")
    if picture is not None:
        show(f"Look at {picture} and confirm that every region is the cell you meant; hatched enamel is in no region.")
    for warning in sealed.warnings:
        show(f"Warning: {warning}")
    if sealed.proposals:
        show("The golden offers these sizes; paste into the control sheet what you agree on, with its tolerance:")
    for p in sealed.proposals:
        show(f"\n# {p.feature}: {p.value_mm:.3f} ± {p.u_mm:.3f} mm (k = 2) on the golden\n{p.toml}")


@golden.command("statement")
def statement(
    context: typer.Context, number: Annotated[str, typer.Argument(metavar="NUMBER", help="The golden sample.")]
) -> None:
    """Print the sentence in which the buyer approves the sample."""
    with context_of(context).open() as station:
        show(station.sign_off.approval_statement(number))


@golden.command("list")
def list_goldens(context: typer.Context, json: Json = False) -> None:
    """Every sealed version, newest first."""
    with context_of(context).open() as station:
        found = station.goldens()
    if json:
        for one in found:
            emit(document(one))
        return
    rows = [
        [g.number, str(g.version), g.product, g.sku, f"{g.sealed_at:%Y-%m-%d %H:%M} UTC", g.digest[:16]] for g in found
    ]
    table("Golden samples", ["number", "version", "product", "SKU", "sealed", "digest"], rows)


@golden.command("tolerance")
def tolerance(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The golden sample.")],
    lot: Annotated[str | None, typer.Option("--lot", metavar="ID", help="Only the units of this lot.")] = None,
    region: Annotated[str | None, typer.Option("--region", metavar="NAME", help="Only this region.")] = None,
    json: Json = False,
) -> None:
    """Learn a colour tolerance from the accepted units, beside the sheet's limit. Nothing is judged by it."""
    with context_of(context).open() as station:
        found = station.learned_tolerance(number, lot=lot, region=region)
    if json:
        emit(document(found))
        return
    rows = []
    for r in found.regions:
        if not r.ellipsoids:
            rows.append([r.region, str(r.units), "", "", "", "", r.reason])
            continue
        limits = r.ellipsoids[0].limits
        axes = [f"{limits[k].lower:+.2f} .. {limits[k].upper:+.2f}" for k in ("dL", "dC", "dH")]
        beside = (
            f"{r.over_limit} above the sheet's {r.accept:g}; {r.outside} outside the ellipsoid, "
            f"of these {r.within_limit_only} within {r.accept:g}"
        )
        rows.append([r.region, str(r.units), f"{r.shift:.2f} (u {r.u:.2f})", *axes, beside])
    title = (
        f"Colour tolerance learned from {found.units} units accepted against {number} version {found.golden_version}"
    )
    table(title, ["region", "units", "shift", "dL", "dC", "dH", "accepted units by both"], rows)
    show(
        "dL, dC, dH: the box round the ellipsoid that holds 95 % of such units (confidence 95 %); --json has it whole."
    )
    for reason, count in found.left_out.items():
        show(f"Left out: {count} units {reason}.")
    for r in found.regions:
        if r.warning:
            show(f"{'Warning' if r.drift else 'Note'}: {r.warning}.")
    show(found.statement)
