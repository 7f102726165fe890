"""``compare``: parts side by side in one photo, under two lights, and within a matched set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import (
    NONCONFORMING,
    Card,
    FailOn,
    Json,
    Rig,
    context_of,
    document,
    emit,
    progress,
    show,
    table,
)
from station.errors import RequestError

if TYPE_CHECKING:
    from station.service import Station
    from station.service.comparing import Choice, Compared, Standard
    from station.values.comparison import ComparisonDocument, DriftDocument, SetDocument, TwoLightsDocument

Photos = Annotated[list[Path] | None, typer.Argument(metavar="PHOTO...", help="One photo, or two under two lights.")]
Golden = Annotated[str | None, typer.Option("--golden", metavar="NUMBER", help="The sealed golden of the product.")]
Sheet = Annotated[
    Path | None,
    typer.Option("--sheet", metavar="SHEET.toml", help="Instead of it a control sheet whose seeds lie in this photo."),
]
GoldenAt = Annotated[
    list[str] | None, typer.Option("--golden-at", metavar="X,Y", help="A point on the golden, in pixels of the photo.")
]
GoldenIs = Annotated[
    list[str] | None, typer.Option("--golden-is", metavar="SIDE|N", help="left, right, top, bottom, or its number.")
]
Light = Annotated[list[str] | None, typer.Option("--light", metavar="NAME", help="Name of a photo's light, in order.")]
Whole = Annotated[bool, typer.Option("--set", help="A matched set: hold the parts to each other, no golden needed.")]
Lot = Annotated[str | None, typer.Option("--lot", metavar="ID", help="With --set: the recorded units of a lot.")]
Picture = Annotated[
    Path | None,
    typer.Option(
        "--picture",
        metavar="OUT.jpg",
        help="Draw the parts, numbered, with what was measured; of two photos OUT-1, OUT-2.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command of this room."""
    app.command("compare")(compare)


def compare(
    context: typer.Context,
    photos: Photos = None,
    golden: Golden = None,
    sheet: Sheet = None,
    golden_at: GoldenAt = None,
    golden_is: GoldenIs = None,
    light: Light = None,
    whole: Whole = False,
    lot: Lot = None,
    rig: Rig = None,
    card: Card = None,
    picture: Picture = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Compare the units in a photo with the golden lying beside them, in colour."""
    from station.service import comparing, matching

    given = photos or []
    if lot is not None and not whole:
        raise RequestError("--lot goes with --set", "To compare parts in a photo, leave --lot out.")
    if whole and lot is not None:
        if given or sheet is not None or golden is not None or picture is not None:
            raise RequestError("a lot's sets come from the records alone", "Give --set --lot ID and nothing else.")
        with context_of(context).open() as station:
            _told(matching.match_lot(station, lot), json, fail)
        return
    if len(given) not in ((1,) if whole else (1, 2)):
        wanted = "one photo" if whole else "one photo, or two under two lights"
        raise RequestError(f"{len(given)} photos are given", f"Give {wanted}: station compare PHOTO --golden NUMBER")
    if whole and picture is not None:
        raise RequestError("--picture is not drawn of a set", "Leave it out.")
    choices, lights = _choices(len(given), golden_at or [], golden_is or []), _lights(len(given), light or [])
    pictures = _pictures(picture, given, [sheet, card])
    with context_of(context).open() as station, progress("Comparing the parts"):
        standard = comparing.standard_of(station, golden, sheet)
        if whole:
            found, _ = matching.match_photo(station, given[0], standard, choice=choices[0], rig=rig, card=card)
            _told([found], json, fail)
            return
        _compare(station, given, standard, choices, lights, rig, card, pictures, json, fail)


def _compare(
    station: Station,
    photos: list[Path],
    standard: Standard,
    choices: list[Choice],
    lights: list[str],
    rig: str | None,
    card: str | None,
    pictures: list[Path],
    json: bool,
    fail: bool,
) -> None:
    from station.service import comparing, two_lights

    if len(photos) == 1:
        compared = comparing.compare(
            station, photos[0], standard, choice=choices[0], rig=rig, card=card, light=lights[0]
        )
        _draw(pictures, [compared], quiet=json)
        if json:
            emit(document(compared.document))
        else:
            _show(compared.document)
        verdicts = [compared.document.verdict]
    else:
        both, (first, second) = two_lights.compare_lights(
            station,
            (photos[0], photos[1]),
            standard,
            choices=(choices[0], choices[1]),
            rig=rig,
            card=card,
            lights=(lights[0], lights[1]),
        )
        _draw(pictures, [first, second], quiet=json)
        if json:
            emit(document(both))
        else:
            _show(first.document)
            _show(second.document)
            _show_lights(both)
        verdicts = [first.document.verdict, second.document.verdict]
    if fail and "nonconforms" in verdicts:
        raise typer.Exit(NONCONFORMING)


def _choices(photos: int, at: list[str], which: list[str]) -> list[Choice]:
    """How the golden is told in each photo: given once it holds for all."""
    from station.service.comparing import Choice

    if at and which:
        raise RequestError("--golden-at and --golden-is are both given", "Give one of them.")
    for name, values in (("--golden-at", at), ("--golden-is", which)):
        if len(values) > photos:
            raise RequestError(f"{name} is given {len(values)} times for {photos} photo(s)", "Give it once a photo.")
    if at:
        points = [_point(text) for text in at]
        return [Choice(at_px=points[min(i, len(points) - 1)]) for i in range(photos)]
    return [Choice(which=which[min(i, len(which) - 1)] if which else None) for i in range(photos)]


def _point(text: str) -> tuple[float, float]:
    try:
        x, y = (float(v) for v in text.split(","))
    except ValueError:
        raise RequestError(f"{text[:40]!r} is not a point", "Write --golden-at 812,640 in pixels.") from None
    if not (abs(x) < 1e6 and abs(y) < 1e6):
        raise RequestError(f"{text[:40]!r} is no place in a photo", "Write --golden-at 812,640 in pixels.")
    return x, y


def _lights(photos: int, names: list[str]) -> list[str]:
    if len(names) not in (0, photos):
        raise RequestError(f"--light is given {len(names)} times for {photos} photo(s)", "Give one name a photo.")
    return names or [""] * photos


def _pictures(name: Path | None, photos: list[Path], others: list[Path | str | None]) -> list[Path]:
    """A file for the picture of each photo: NAME, or of two photos NAME-1 and NAME-2; none where none is asked for.

    others : further files that are read, so that no picture is written over them.
    """
    from station.service.picturing import vet

    if name is None:
        return []
    vet(name)
    several = len(photos) > 1
    names = [name.with_stem(f"{name.stem}-{i + 1}") if several else name for i in range(len(photos))]
    return [vet(one, [*photos, *others]) for one in names]


def _draw(pictures: list[Path], compared: list[Compared], *, quiet: bool) -> None:
    from station.service.comparing import picture
    from station.service.picturing import write

    for path, one in zip(pictures, compared, strict=False):
        write(picture(one), path)
        if not quiet:
            show(f"Written: {path}")


def drift_sentence(rows: Sequence[DriftDocument]) -> str:
    """The golden in the photo against its sealed measurement: a difference only where one exceeds its own u."""
    known = [(d.value, d.u, d.region) for d in rows if d.value is not None]
    if not known:
        return ""
    seen = [d for d in known if d[0] > d[1]]
    value, u, region = max(seen or known)
    largest = f"{region} {value:.2f} CIEDE2000, u {u:.2f}"
    if not seen:
        return f"No difference of the golden in this photo from its sealed measurement is seen (largest {largest})."
    return f"The golden in this photo differs from its sealed measurement (largest {largest})."


def _show(found: ComparisonDocument) -> None:
    basis = f"through {found.card}" if found.card else f"in {found.basis}: not certified"
    show(f"{found.photo} ({found.light}): {found.verdict.value}, {len(found.parts)} parts, CIEDE2000 {basis}")
    show("  Parts are numbered in reading order: rows from the top, each from left to right.")
    show(f"  {found.chosen[:1].upper()}{found.chosen[1:]}.")
    for gate in found.gates:
        if not gate.ok:
            show(f"  {gate.name}: {gate.reason}")
    if told := drift_sentence(found.drift):
        show(f"  {told}")
    for part in found.parts:
        if part.role == "golden":
            continue
        at = f"{part.centre_px[0]:.0f}, {part.centre_px[1]:.0f} px"
        verdict = "" if part.verdict is None else part.verdict.value
        rows = [
            [
                m.characteristic.partition(":")[2],
                "" if m.value is None else f"{m.value:.2f}",
                "" if m.value is None else f"{m.u:.2f}",
                "" if m.upper is None else f"{m.detail.get('accept', m.upper):g} / {m.upper:g}",
                m.verdict.value,
                m.reason,
            ]
            for m in part.regions
        ]
        show(f"Part {part.number} at {at}: {verdict}")
        if rows:
            table("  against the golden beside it", ["region", "CIEDE2000", "u", "limits", "verdict", "why"], rows)
        else:
            for reason in part.reasons:
                show(f"  {reason}")
    for remark in found.remarks:
        show(f"Note: {remark}.")


def _show_lights(both: TwoLightsDocument) -> None:
    rows = [
        [
            str(r.part),
            r.region,
            "" if r.first is None else f"{r.first:.2f}",
            "" if r.second is None else f"{r.second:.2f}",
            "" if r.index is None else f"{r.index:.2f}",
            f"{r.u:.2f}" if r.index is not None else "",
            r.reason or "",
        ]
        for r in both.metamerism
    ]
    heads = ["part", "region", f"under {both.lights[0]}", f"under {both.lights[1]}", "index", "u", "says"]
    table(f"Metamerism between {both.lights[0]} and {both.lights[1]}", heads, rows)
    if not any(r.judged for r in both.metamerism):
        show("Metamerism is not judged.")
    elif not both.warnings:
        show("No region that was judged is metameric beyond the uncertainty.")


def _told(sets: list[SetDocument], json: bool, fail: bool) -> None:
    for found in sets:
        if json:
            emit(document(found))
            continue
        show(f"Set {found.name} of {found.source}: {found.verdict.value}, {len(found.members)} members")
        rows = [
            [
                r.region,
                "" if r.worst is None else f"{r.worst.a} and {r.worst.b}",
                "" if r.worst is None else f"{r.worst.value:.2f}",
                "" if r.worst is None else f"{r.worst.u:.2f}",
                f"{r.accept:g} / {r.reject:g}",
                r.odd,
                r.verdict.value,
            ]
            for r in found.regions
        ]
        table("  worst pairs", ["region", "pair", "CIEDE2000", "u", "limits", "odd one", "verdict"], rows)
        for text in (*found.reasons, *found.remarks):
            show(f"  {text}")
    if fail and any(found.verdict == "nonconforms" for found in sets):
        raise typer.Exit(NONCONFORMING)
