"""The same golden and units photographed under two lights: which regions are metameric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import RequestError
from station.service.comparing import LEFTMOST, Choice, Compared, Standard, compare, sealed_with_digest
from station.values.comparison import MetamerismDocument, TwoLightsDocument

SAME_LIGHT = 1.0
"""CIEDE2000 of :func:`~station.measure.metamerism.light_change` up to which two photos show one light."""

if TYPE_CHECKING:
    from station.comparison import Placed
    from station.measure.side_by_side import SeenDifference
    from station.service.station import Station
    from station.sheet import Sheet


def compare_lights(
    station: Station,
    photos: tuple[Path, Path],
    standard: Standard,
    *,
    choices: tuple[Choice, Choice] = (LEFTMOST, LEFTMOST),
    rig: str | None = None,
    card: str | None = None,
    lights: tuple[str, str] = ("", ""),
) -> tuple[TwoLightsDocument, tuple[Compared, Compared]]:
    """Compare the same golden and units in two photos under different lights, and say which regions are metameric.

    The units of both photos are paired in reading order. It is warned of metamerism only where both photos were read
    through a card and no gate forbids to judge colour in either: without one, a change of white balance looks alike.

    Nor is it judged where the card tells that both photos were taken in one light.

    Raises what :func:`compare` raises, and RequestError where the photos are one file, do not show as many units, or do
    not show the golden at the same place among them.
    """
    first, second = (
        compare(station, photo, standard, choice=choice, rig=rig, card=card, light=light)
        for photo, choice, light in zip(photos, choices, lights, strict=True)
    )
    if first.document.sha256 == second.document.sha256:
        raise RequestError(
            f"{photos[0].name} and {photos[1].name} are the same picture", "Hand in one photo under each light."
        )
    names = (first.document.light, second.document.light)
    a, b = _units(first), _units(second)
    if len(a) != len(b):
        raise RequestError(
            f"{photos[0].name} shows {len(a)} units beside the golden and {photos[1].name} {len(b)}",
            "Photograph the same parts in the same order under both lights.",
        )
    at = (first.golden.found.number, second.golden.found.number)
    if at[0] != at[1]:
        raise RequestError(
            f"the golden is part {at[0]} of {photos[0].name} and part {at[1]} of {photos[1].name}",
            "Leave the parts where they lie when you change the light, or say where the golden is: --golden-is twice.",
        )
    rows = [
        row for one, other in zip(a, b, strict=True) for row in _rows(first, second, one, other, standard.sheet, names)
    ]
    document = TwoLightsDocument(
        lights=names,
        comparisons=(first.document, second.document),
        metamerism=tuple(rows),
        warnings=tuple(f"part {r.part}: {r.reason}" for r in rows if r.warning),
    )
    return sealed_with_digest(document), (first, second)


def _units(compared: Compared) -> list[Placed]:
    return [p for p in compared.look.parts if p is not compared.golden]


def _rows(
    first: Compared, second: Compared, one: Placed, other: Placed, sheet: Sheet, lights: tuple[str, str]
) -> Iterator[MetamerismDocument]:
    """One unit, a row a region."""
    forbidden = [
        *(f"{c.document.photo}: {c.look.fault}" for c in (first, second) if c.look.fault),
        *_same_light(first, second),
        *_unusable(first, one),
        *_unusable(second, other),
    ]
    why = "; ".join(dict.fromkeys(forbidden))
    under_first, under_second = _differences(first, one), _differences(second, other)
    for region, d, e in zip(first.look.master.regions, under_first, under_second, strict=True):
        yield _row(one.found.number, region.name, d, e, why, sheet, lights)


def _same_light(first: Compared, second: Compared) -> list[str]:
    from station.measure.metamerism import light_change

    a, b = first.look.corrected.card, second.look.corrected.card
    change = None if a is None or b is None else light_change(a, b)
    if change is None or change > SAME_LIGHT:
        return []
    return [
        f"both photos show the same light ({change:.1f} CIEDE2000 between their cards), so metamerism cannot be seen"
    ]


def _unusable(compared: Compared, part: Placed) -> list[str]:
    said = f"{compared.document.photo}: part {part.found.number} cannot be compared"
    return [f"{said}, {g.name}: {g.reason}" for g in part.gates if not g.ok][:1]


def _differences(compared: Compared, part: Placed) -> Sequence[SeenDifference | None]:
    if not part.usable:
        return [None] * len(compared.look.master.regions)
    return compared.look.difference(compared.golden, part)


def _row(
    part: int,
    region: str,
    d: SeenDifference | None,
    e: SeenDifference | None,
    forbidden: str,
    sheet: Sheet,
    lights: tuple[str, str],
) -> MetamerismDocument:
    """forbidden : why nothing is judged, or nothing."""
    from station.measure.metamerism import metamerism

    index = None if d is None or e is None else metamerism(d, e)
    why = forbidden or next((x.why for x in (d, e) if x is not None and x.why), "")
    judged = index is not None and not why
    row = MetamerismDocument(
        part=part,
        region=region,
        first=None if d is None else d.value,
        u_first=0.0 if d is None else 2 * d.u,
        second=None if e is None else e.value,
        u_second=0.0 if e is None else 2 * e.u,
        index=None if index is None else index.value,
        u=0.0 if index is None else 2 * index.u,
        judged=judged,
        warning=judged and index is not None and index.value > 2 * index.u,
        reason=f"not judged, {why}" if why else "",
    )
    limits = sheet.region(region)
    told = _metameric(row, lights, limits.accept if limits is not None else None)
    return row.model_copy(update={"reason": told}) if told else row


def _metameric(row: MetamerismDocument, lights: tuple[str, str], accept: float | None) -> str:
    """What two lights show of one region, in words; nothing where it is not warned of."""
    if not row.warning or row.first is None or row.second is None or row.index is None:
        return ""
    figures = f"{row.first:.1f} under {lights[0]} and {row.second:.1f} under {lights[1]}"
    told = f"{row.region} is metameric: it differs from the golden by {figures}"
    if accept is not None:
        matches = [value <= accept for value in (row.first, row.second)]
        if matches[0] != matches[1]:
            good, bad = (0, 1) if matches[0] else (1, 0)
            told = f"{row.region} matches the golden under {lights[good]} but not under {lights[bad]} ({figures})"
    return f"{told}; special metamerism index {row.index:.1f} CIEDE2000 (u {row.u:.1f})"
