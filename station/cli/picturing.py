"""``picture``: card, vectors, map, drawing, residual, findings, heat, uniformity, drift as image files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import Card, Rig, context_of, say, show

if TYPE_CHECKING:
    from station.report.pictures import RGB
    from station.service.picturing import Chart

picture = typer.Typer(help="Pictures of colour, light, size and findings.", no_args_is_help=True, rich_markup_mode=None)

Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it: .jpg or .png.")]
Photo = Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo of the unit.")]
Golden = Annotated[str, typer.Option("--golden", metavar="NUMBER", help="The golden sample to hold it to.")]
All = Annotated[bool, typer.Option("--all", help="Also findings at less than half their limit.")]
Bench = Annotated[str, typer.Option("--rig", metavar="NAME", help="The bench.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(picture, name="picture")


@picture.command("card")
def card_picture(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo with a colour card.")],
    out: Out,
    card: Card = None,
) -> None:
    """The colour card in a photo, every patch with its error."""
    from station.service.picturing import card_chart, vet

    vet(out, [photo, card])
    _write(card_chart(photo, card, context_of(context).settings()), out)


@picture.command("vectors")
def vectors(context: typer.Context, photo: Photo, golden: Golden, out: Out, rig: Rig = None, card: Card = None) -> None:
    """The shift of every region in a*b* against the golden, with its uncertainty and the limits."""
    from station.service.picturing import vectors_chart, vet

    vet(out, [photo, card])
    with context_of(context).open() as station:
        _write(vectors_chart(station, photo, golden, rig=rig, card=card), out)


@picture.command("map")
def colour_map(
    context: typer.Context, photo: Photo, golden: Golden, out: Out, rig: Rig = None, card: Card = None
) -> None:
    """CIEDE2000 of every pixel of the unit's regions against the golden, with its scale."""
    from station.service.picturing import map_chart, vet

    vet(out, [photo, card])
    with context_of(context).open() as station:
        _write(map_chart(station, photo, golden, rig=rig, card=card), out)


@picture.command("drawing")
def drawing(context: typer.Context, photo: Photo, golden: Golden, out: Out, rig: Rig = None, card: Card = None) -> None:
    """The unit as an inspection drawing: dimensions with limits, the outline's deviations enlarged, marks as arrows."""
    from station.service.picturing import drawing_chart, vet

    vet(out, [photo, card])
    with context_of(context).open() as station:
        _write(drawing_chart(station, photo, golden, rig=rig, card=card), out)


@picture.command("residual")
def residual(
    context: typer.Context, photo: Photo, golden: Golden, out: Out, rig: Rig = None, card: Card = None
) -> None:
    """How well the unit lies over the golden from place to place after registration, as enlarged arrows."""
    from station.service.picturing import residual_chart, vet

    vet(out, [photo, card])
    with context_of(context).open() as station:
        _write(residual_chart(station, photo, golden, rig=rig, card=card), out)


@picture.command("findings")
def findings(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(metavar="PHOTO|UNIT", help="A photo of the unit, or its name on record.")],
    golden: Golden,
    out: Out,
    rig: Rig = None,
    card: Card = None,
    lot: Annotated[str | None, typer.Option("--lot", metavar="ID", help="The lot of the unit of that name.")] = None,
    everything: All = False,
) -> None:
    """Every finding enlarged beside the same place of the golden, with its size, limit, contrast and scores.

    A photo on record is shown with the findings and numbers of station review. With --rig or --card, and where it was
    never inspected, it is measured anew; then a note says whether its numbers are those on record.
    """
    from station.service.picturing import findings_chart, vet

    vet(out, [photo, card])
    with context_of(context).open() as station:
        _write_chart(findings_chart(station, photo, golden, rig=rig, card=card, lot=lot, everything=everything), out)


@picture.command("heat")
def heat(
    context: typer.Context,
    photo: Photo,
    golden: Golden,
    out: Out,
    rig: Rig = None,
    card: Card = None,
    everything: All = False,
) -> None:
    """The defect model's scores over the unit, its findings numbered.

    The photo is measured anew, where it is on record with its bench and card as far as they are known; a note says
    whether the numbers are those of station review.
    """
    from station.service.picturing import heat_chart, vet

    vet(out, [photo, card])
    with context_of(context).open() as station:
        _write_chart(heat_chart(station, photo, golden, rig=rig, card=card, everything=everything), out)


@picture.command("uniformity")
def uniformity(context: typer.Context, rig: Bench, out: Out) -> None:
    """The nine positions of a bench's light."""
    from station.service.picturing import uniformity_chart, vet

    vet(out)
    with context_of(context).open() as station:
        _write(uniformity_chart(station, rig), out)


@picture.command("drift")
def drift(context: typer.Context, rig: Bench, out: Out) -> None:
    """The checks of a bench's light over time."""
    from station.service.picturing import drift_chart, vet

    vet(out)
    with context_of(context).open() as station:
        _write(drift_chart(station, rig), out)


def _write_chart(chart: Chart, out: Path) -> None:
    for remark in chart.remarks:
        say(f"note: {remark}.")
    _write(chart.picture, out)


def _write(picture: RGB, out: Path) -> None:
    from station.service.picturing import write

    write(picture, out)
    show(f"Written: {out}")
