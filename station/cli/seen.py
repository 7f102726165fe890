"""``nc seen``, ``nc kinds``, ``nc photo``: what people saw and counted on a lot, and their photos of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from station.cli.conduct import By, Claim, Json, context_of, document, emit, show, table
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.documents import DefectClass
    from station.values.nonconformity import NonconformityDocument

Point = Annotated[int, typer.Argument(metavar="POINT", help="The point.")]
Tongue = Annotated[str, typer.Option("--language", metavar="CODE", help="en, zh-Hant, or another file's name.")]
Scale = Annotated[
    str, typer.Option("--scale", metavar="WHAT", help="What the photo shows sizes by: ruler, calliper, pull gauge ...")
]


def register(nc: typer.Typer) -> None:
    """Add the commands of this room to ``nc``."""
    nc.command("seen")(seen)
    nc.command("kinds")(kinds)
    nc.command("photo")(attach)


def seen(
    context: typer.Context,
    number: Claim,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Of the catalogue, or another word for it: wrong-card, bent ring ...")
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="WORDS", help="What is wrong, as in: SKU is missing.")
    ] = None,
    units: Annotated[int | None, typer.Option("--units", metavar="K", help="How many show it ...")] = None,
    of: Annotated[int | None, typer.Option("--of", metavar="N", help="... of how many looked at.")] = None,
    name: Annotated[str, typer.Option("--name", help="What it is called; the kind without it.")] = "",
    clause: Annotated[
        str,
        typer.Option("--standard", metavar="WORDS", help="Which standard says so, as in: carton mark version 3."),
    ] = "",
    defect_class: Annotated[str | None, typer.Option("--class", help="critical, major or minor.")] = None,
    cartons: Annotated[bool, typer.Option("--cartons", help="Cartons were counted, not units.")] = False,
    photo: Annotated[Path | None, typer.Option("--photo", metavar="FILE", help="A photo of it.")] = None,
    scale: Scale = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="SEEN.csv", help="Many: kind,note,units,of[,name,standard,class,counted]."),
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Add a point that a person saw and counted: a wrong card, a label without SKU, a weak clutch."""
    from station.quality.kind_words import require_kind
    from station.service.nonconformity_reporting import signed_standards
    from station.service.seen_file import add_seen
    from station.values.documents import DefectClass as Classes

    if defect_class is not None and defect_class not in get_args(Classes):
        raise RequestError(f"{defect_class[:40]!r} is no class", "Use critical, major or minor.")
    with context_of(context).open() as station:
        if file is not None:
            if any(x is not None for x in (kind, note, units, of, photo)):
                raise RequestError("--file is given beside a single point", "Give one or the other.")
            found = add_seen(station.nonconformities, number, file, by=by)
            tell(found, json, signed_standards(station, found))
            return
        if kind is None or note is None or units is None or of is None:
            raise RequestError("a point needs --kind, --note, --units and --of", "Give them, or a table with --file.")
        found = station.nonconformities.seen(
            number, kind=kind, name=name, note=note, units=units, of=of, clause=clause, cartons=cartons, by=by,
            defect_class=cast("DefectClass | None", defect_class),
        )  # fmt: skip
        if photo is not None:
            meant = require_kind(kind)
            point = next(p.number for p in found.points if p.item.key == f"seen:{meant}:{name.strip() or meant}")
            found = station.nonconformities.attach(number, point, photo, by=by, scale=scale)
        tell(found, json, signed_standards(station, found))


def kinds(
    word: Annotated[str | None, typer.Argument(metavar="WORD", help="What you call it.")] = None,
    language: Tongue = "en",
    json: Json = False,
) -> None:
    """The kinds of nonconformity with their remedy and the other words for them; or what a word means."""
    from station.service.seen_file import kinds as known

    found = known(word, language)
    if json:
        for one in found:
            emit(document(one))
        return
    rows = [[k.kind, k.name, k.remedy_name, ", ".join(k.words)] for k in found]
    table("Kinds of nonconformity", ["kind", "name", "remedy", "also"], rows)


def attach(
    context: typer.Context,
    number: Claim,
    point: Point,
    photo: Annotated[Path, typer.Argument(metavar="FILE", help="A photo of the defect, beside a ruler or calliper.")],
    scale: Scale = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Put a photo of your own to a point; it takes the place of the station's picture."""
    with context_of(context).open() as station:
        tell(station.nonconformities.attach(number, point, photo, by=by, scale=scale), json)


def tell(found: NonconformityDocument, json: bool, offered: Mapping[str, str] = MappingProxyType({})) -> None:
    """How a nonconformity stands, in short or as its document. offered : signed artefacts that say what is held to."""
    from station.service.nonconformity_reporting import in_short

    if json:
        emit(document(found))
        return
    for line in in_short(found, offered):
        show(line)
