"""``lot``: lots and their decisions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import NONCONFORMING, FailOn, Json, context_of, document, emit, show, table
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.documents import ClassDecision, LotDocument
    from station.values.lot_analysis import MapRow, MapTable, RepeatedPlaceDocument

_TOLD = 5  # places that are seen on unit after unit

lot = typer.Typer(help="Lots and their decisions.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(lot, name="lot")


Lot = Annotated[str, typer.Argument(metavar="ID", help="The lot.")]
Size = Annotated[
    int | None,
    typer.Option("--size", min=1, metavar="N", help="Units in the whole lot; without it as drawn or decided before."),
]
Stream = Annotated[
    str | None,
    typer.Option("--stream", metavar="NAME", help="Its stream of lots, whose severity holds; without it as drawn."),
]


Picture = Annotated[
    Path | None, typer.Option("--picture", metavar="FILE", help="Draw the count against Ac and Re: .jpg or .png.")
]


@lot.command("add", hidden=True, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def add() -> None:
    """Says how units come into a lot."""
    raise RequestError(
        "Units come into a lot as they are inspected",
        "Run: station inspect PHOTOS --golden NUMBER --lot ID; values measured by hand: station enter",
    )


@lot.command("decide")
def decide(
    context: typer.Context,
    lot: Lot,
    size: Size = None,
    stream: Stream = None,
    picture: Picture = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Decide a lot by the sampling plans of its control sheet; a stream counts the decided lot."""
    from station.service.picturing import vet, write
    from station.service.tallying import tally_chart

    if picture is not None:
        vet(picture)
    with context_of(context).open() as station:
        decided = station.decide_lot(lot, size, stream=stream)
        due = any(c.next_due for c in decided.classes) and decided.draw is not None
        more = station.draws.newest(lot) if due and not json else None
        more = more if more is not None and more.last > 1 else None
        repeated = () if json else station.analysis.repeated(lot)
    if picture is not None:
        write(tally_chart(decided), picture)
    if json:
        emit(document(decided))
    else:
        show(f"Lot {decided.lot} of {decided.size}: {decided.decision}")
        for reason in decided.reasons:
            show(f"  {reason}")
        rows = [
            [c.defect_class, f"{c.aql:g}", *_stage(c, decided), str(c.n), c.accepts, str(c.re), str(c.nonconforming),
             str(c.undecided)]
            for c in decided.classes
        ]  # fmt: skip
        columns = ["class", "AQL", *_stage_column(decided), "n", "Ac", "Re", "nonconforming", "undecided"]
        table("Classes", columns, rows)
        if more is not None:
            pulled = [[p.label, p.carton, str(p.position)] for p in more.picks if p.sample == more.last]
            table(f"Take these {len(pulled)} too (sample {more.last})", ["unit", "carton", "position"], pulled)
            show(f"To print them: station lot draw {lot} --show --print PICKS.pdf")
        if decided.extent is not None:
            told = f"cause: {decided.cause}" if decided.cause else "no cause is told"
            show(f"Extent: {decided.extent}; {told}. More: station lot explain {decided.lot}")
        _tell_repeated(repeated)
        if decided.counts:
            table(
                "Nonconforming units by characteristic",
                ["characteristic", "units"],
                [[k, str(v)] for k, v in decided.counts.items()],
            )
        if picture is not None:
            show(f"Written: {picture}")
    if fail and decided.decision == "rejected":
        raise typer.Exit(NONCONFORMING)


@lot.command("tally")
def lot_tally(
    context: typer.Context,
    lot: Lot,
    size: Size = None,
    stream: Stream = None,
    picture: Picture = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Where a lot stands while it is inspected: counts against Ac and Re, and whether more units can change it."""
    from station.service.picturing import vet, write
    from station.service.tallying import sentences, tally_chart

    if picture is not None:
        vet(picture)
    with context_of(context).open() as station:
        found = station.lot_tally(lot, size, stream=stream)
    if picture is not None:
        write(tally_chart(found), picture)
    if json:
        emit(document(found))
    else:
        for sentence in sentences(found):
            show(sentence)
        tell_tally(found)
        if picture is not None:
            show(f"Written: {picture}")
    if fail and found.decision == "rejected":
        raise typer.Exit(NONCONFORMING)


def tell_tally(found: LotDocument) -> None:
    """The running counts of every class, as a table."""
    from station.service.tallying import standing

    rows = [
        [c.defect_class, *_stage(c, found), f"{c.tally.inspected} of {c.n}", str(c.nonconforming), str(c.undecided),
         c.accepts, str(c.re), standing(c)]
        for c in found.classes
        if c.tally is not None
    ]  # fmt: skip
    columns = ["class", *_stage_column(found), "inspected", "nonconforming", "undecided", "Ac", "Re", "stands"]
    table("Classes", columns, rows)


def _stage_column(found: LotDocument) -> list[str]:
    return ["sample"] if any(c.stages > 1 for c in found.classes) else []


def _stage(c: ClassDecision, found: LotDocument) -> list[str]:
    return [f"{c.stage} of {c.stages}"] if _stage_column(found) else []


@lot.command("map")
def lot_map(
    context: typer.Context,
    lot: Annotated[str, typer.Argument(metavar="ID", help="The lot.")],
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Draw the map over the golden: .jpg or .png.")
    ] = None,
    json: Json = False,
) -> None:
    """Which defects lie in which carton and identifier, and where on the part findings lie together."""
    from station.service.picturing import vet, write
    from station.values.lot_analysis import p_words

    if picture is not None:
        vet(picture)
    with context_of(context).open() as station:
        found = station.analysis.map(lot)
        drawn = None if picture is None else station.analysis.picture(lot, found)
    if drawn is not None and picture is not None:
        write(drawn, picture)
    if json:
        emit(document(found))
        return
    show(f"Lot {found.lot}: {found.nonconforming} of {found.inspected} inspected units do not conform")
    for t in found.tables:
        _map_table(t, list(found.defects))
    for p in found.places:
        if p.spot is not None:
            where = f"at {p.spot.clock}" if p.spot.clock else "at the middle"
            show(
                f"{p.kind}: on {p.spot.units} of {p.spot.of} units {where} ({p.spot.x_mm:+.1f}, {p.spot.y_mm:+.1f} mm)"
                f", where chance would put {p.spot.expected:.1f} ({p_words(p.p or 0.0)})"
            )
        else:
            told = p.reason or f"nowhere on the part closer together than by chance ({p_words(p.p or 0.0)})"
            show(f"{p.kind}: {told}")
    _tell_repeated(found.repeated)
    for remark in found.remarks:
        show(f"Note: {remark}.")
    if picture is not None:
        show(f"Written: {picture}")


def _tell_repeated(places: Sequence[RepeatedPlaceDocument]) -> None:
    """Places where one kind is found on unit after unit, the first few in words."""
    for place in places[:_TOLD]:
        show(f"Seen again and again: {place.words}")
    if len(places) > _TOLD:
        show(f"  and at {len(places) - _TOLD} more places (--json names all)")


def _map_table(t: MapTable, defects: list[str]) -> None:
    """Levels as wholes, and below each its cartons with a nonconforming unit; all cartons are in the document."""

    def cells(rows: Sequence[MapRow]) -> list[str]:
        counts = [sum(r.defects.get(name, 0) for r in rows) for name in defects]
        wrong = sum(r.nonconforming for r in rows)
        return [str(sum(r.inspected for r in rows)), str(wrong), *(str(c or "") for c in counts)]

    factor, by_carton = t.factor.replace("_", " "), t.factor == "carton"
    levels: dict[str, list[MapRow]] = {}
    for r in t.rows:
        levels.setdefault(r.level, []).append(r)
    lines = []
    for level, rows in levels.items():
        lines.append([level, *([] if by_carton else ["all"]), *cells(rows)])
        if not by_carton:
            lines += [["", r.carton or "not known", *cells([r])] for r in rows if r.nonconforming]
    columns = [factor, *([] if by_carton else ["carton"]), "inspected", "do not conform", *defects]
    table(f"By {factor}", columns, lines)


@lot.command("explain")
def explain(
    context: typer.Context,
    lot: Annotated[str, typer.Argument(metavar="ID", help="The lot.")],
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE", help="Draw where on the part findings lie: .jpg or .png."),
    ] = None,
    json: Json = False,
) -> None:
    """Where a lot's defects lie together, what they come from, and which records to ask the factory for."""
    from station.service.picturing import vet, write

    if picture is not None:
        vet(picture)
    with context_of(context).open() as station:
        found = station.analysis.explain(lot)
        if picture is not None:
            write(station.analysis.picture(lot, station.analysis.map(lot)), picture)
    if json:
        emit(document(found))
        return
    for sentence in found.sentences:
        show(sentence)
    if picture is not None:
        show(f"Written: {picture}")


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
