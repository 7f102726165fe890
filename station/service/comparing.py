"""Comparing parts with one another: side by side in one photo, under two lights, and within a matched set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from station.errors import AlignmentError, RequestError
from station.service import tools
from station.values.comparison import (
    ComparisonDocument,
    DriftDocument,
    LightDocument,
    MetamerismDocument,
    PlacedPart,
    TwoLightsDocument,
)
from station.values.digest import digest
from station.values.documents import AlignmentDocument, Document, GateDocument, MeasurementDocument, Verdict

if TYPE_CHECKING:
    from station.comparison import Look, Placed
    from station.measure.parts import FoundPart
    from station.service.station import Station
    from station.sheet import Sheet
    from station.values.line import Master

VEIL_TOLD = 0.01
"""White light, of white = 1, from which on the gloss or haze of the faces differs too much to be passed over."""
MISTAKEN = 1.0
"""CIEDE2000 in the mean by which another part is nearer to the sealed golden than the one taken for it, so that a
person is asked whether that is the golden."""


@dataclass(frozen=True, slots=True)
class Standard:
    """What the regions and limits come from. master : of the sealed golden, with its number, version and digest; None
    where a control sheet alone is given, whose regions are then looked for on the golden in the photo."""

    sheet: Sheet
    master: Master | None = None
    number: str | None = None
    version: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """How the golden is told from the units: a point on it in photo px, or left, right, top, bottom, a number."""

    at_px: tuple[float, float] | None = None
    which: str | None = None


LEFTMOST = Choice()
"""Nothing given: the leftmost part is taken for the golden."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with what its picture is drawn from."""

    document: ComparisonDocument
    look: Look
    golden: Placed


def standard_of(station: Station, golden: str | None, sheet: Path | None) -> Standard:
    """The sealed golden or the control sheet that a comparison goes by. Raises RequestError unless one of them is
    given, NotFoundError, SheetError."""
    from station.sheet import load_sheet, read_sheet_file

    if (golden is None) == (sheet is None):
        said = "neither is given" if golden is None else "both are given"
        raise RequestError(
            f"the regions come from a sealed golden or from a control sheet, and {said}",
            "Give --golden NUMBER or --sheet SHEET.toml.",
        )
    if sheet is not None:
        return Standard(read_sheet_file(sheet)[0])
    assert golden is not None
    view = station.golden(golden)
    found = load_sheet(station.golden_sheet(golden).encode())
    return Standard(found, station.master(golden), golden, view.version, view.digest)


def compare(
    station: Station,
    photo: Path,
    standard: Standard,
    *,
    choice: Choice = LEFTMOST,
    rig: str | None = None,
    card: str | None = None,
    light: str = "",
) -> Compared:
    """Compare every unit in a photo with the golden that lies beside it.

    Raises
    ------
    PhotoError, SheetError
        The photo cannot be decoded; the sheet's places are not on the golden in it.
    AlignmentError
        There are no two parts, or what was taken for the golden cannot be measured or is another product.
    RequestError
        The golden was asked for where no part is.
    """
    from station.comparison import judged, part_verdict, pick

    look, found = look_at(station, photo, standard, choice, rig, card)
    if len(look.parts) < 2:
        raise AlignmentError(
            f"{photo.name} shows one part only", "Photograph golden and unit side by side, clear of each other."
        )
    part, chosen = pick(found, choice.at_px, choice.which)
    golden = next(p for p in look.parts if p.found is part)
    if not golden.usable:
        failed = next(g for g in golden.gates if not g.ok)
        raise AlignmentError(
            f"part {part.number}, taken for the golden, cannot be compared with: {failed.reason}",
            "Say which part is the golden: --golden-at X,Y or --golden-is left, right or its number.",
        )
    drift, wrong = _drift(look, golden, standard)
    placed = []
    for one in look.parts:
        regions: tuple[MeasurementDocument, ...] = ()
        verdict: Verdict | None = None
        reasons: tuple[str, ...] = ()
        if one is not golden:
            regions = judged(look, golden, one, standard.sheet) if one.usable else ()
            verdict, reasons = part_verdict(look, one, regions)
        placed.append(_placed(one, golden, regions, verdict, reasons))
    verdicts = [p.verdict for p in placed if p.verdict is not None]
    shot = look.corrected.shot
    document = ComparisonDocument(
        photo=shot.name,
        sha256=shot.sha256,
        light=light or Path(shot.name).stem,
        basis="card" if look.carded else "assumed sRGB",
        card=look.corrected.card.edition if look.carded and look.corrected.card is not None else None,
        sealed=standard.number,
        golden_version=standard.version,
        golden_digest=standard.digest,
        sheet_digest=standard.sheet.digest,
        calibration=station.calibration(rig, card).digest,
        program=program(),
        golden_part=part.number,
        chosen=chosen,
        gates=tuple(GateDocument(name=g.name, ok=g.ok, reason=g.reason) for g in look.gates),
        field=_light(look, golden, placed),
        drift=drift,
        parts=tuple(placed),
        verdict=worst(verdicts),
        remarks=tuple(_remarks(look, placed, wrong)),
    )
    return Compared(sealed_with_digest(document), look, golden)


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

    The units of both photos are paired in reading order. Raises what :func:`compare` raises, and RequestError where
    the photos do not show as many units.
    """
    from station.measure.metamerism import metamerism

    first, second = (
        compare(station, photo, standard, choice=choice, rig=rig, card=card, light=light)
        for photo, choice, light in zip(photos, choices, lights, strict=True)
    )
    names = (first.document.light, second.document.light)
    a, b = _units(first), _units(second)
    if len(a) != len(b):
        raise RequestError(
            f"{photos[0].name} shows {len(a)} units beside the golden and {photos[1].name} {len(b)}",
            "Photograph the same parts in the same order under both lights.",
        )
    rows = []
    for one, other in zip(a, b, strict=True):
        if not (one.usable and other.usable):
            continue
        under_first = first.look.difference(first.golden, one)
        under_second = second.look.difference(second.golden, other)
        for d, e in zip(under_first, under_second, strict=True):
            index = metamerism(d, e)
            limits = standard.sheet.region(d.name)
            accept = limits.accept if limits is not None else None
            row = MetamerismDocument(
                part=one.found.number,
                region=d.name,
                first=d.value,
                u_first=2 * d.u,
                second=e.value,
                u_second=2 * e.u,
                index=None if index is None else index.value,
                u=0.0 if index is None else 2 * index.u,
                warning=index is not None and index.value > 2 * index.u,
                reason=d.why or e.why,
            )
            reason = row.reason or _metameric(row, names, accept)
            rows.append(row.model_copy(update={"reason": reason}))
    document = TwoLightsDocument(
        lights=names,
        comparisons=(first.document, second.document),
        metamerism=tuple(rows),
        warnings=tuple(f"part {r.part}: {r.reason}" for r in rows if r.warning),
    )
    return sealed_with_digest(document), (first, second)


def look_at(
    station: Station, photo: Path, standard: Standard, choice: Choice, rig: str | None, card: str | None
) -> tuple[Look, Sequence[FoundPart]]:
    """A photo's parts, registered to the standard's master or to one made of the part chosen, and the parts as found.

    Raises PhotoError, SheetError, AlignmentError, RequestError.
    """
    from station.comparison import look, master_of_photo, photo_of_parts, pick

    shot = tools.read(photo, station.settings)
    edition = standard.master.card if standard.master is not None else None
    corrected, found = photo_of_parts(shot, station.calibration(rig, card), edition)
    master = standard.master
    if master is None:
        part, _ = pick(found, choice.at_px, choice.which)
        master = master_of_photo(corrected, part, standard.sheet)
    return look(corrected, found, master), found


def _units(compared: Compared) -> list[Placed]:
    return [p for p in compared.look.parts if p is not compared.golden]


def _placed(
    one: Placed,
    golden: Placed,
    regions: tuple[MeasurementDocument, ...],
    verdict: Verdict | None,
    reasons: tuple[str, ...],
) -> PlacedPart:
    aligned, reference = one.aligned, golden.aligned
    laid = aligned is not None and one.usable
    turn = None
    if laid and aligned is not None and reference is not None:
        turn = (aligned.similarity.rotation_deg - reference.similarity.rotation_deg + 180) % 360 - 180
    x, y = one.found.outline.centre_px
    return PlacedPart(
        number=one.found.number,
        role="golden" if one is golden else "unit",
        centre_px=(round(x, 1), round(y, 1)),
        box_px=one.found.box_px,
        rotation_deg=turn,
        alignment=AlignmentDocument(rms_px=aligned.rms_px, overlap=aligned.overlap)
        if laid and aligned is not None
        else None,
        gates=tuple(GateDocument(name=g.name, ok=g.ok, reason=g.reason) for g in one.gates),
        verdict=verdict,
        reasons=reasons,
        regions=regions,
    )


def _drift(look: Look, golden: Placed, standard: Standard) -> tuple[tuple[DriftDocument, ...], str]:
    """The golden in the photo against its sealed measurement, and why another part may be the golden, or nothing.

    It is measured as a unit would be, through this photo's card and that of the sealed photo; of another camera that
    says little, and its uncertainty says so.
    """
    from station.measure.colour import measure_regions

    if standard.master is None or not look.carded or golden.aligned is None:
        return (), ""
    rows, means = [], {}
    for one in look.parts:
        if one.aligned is None or not one.usable:
            continue
        measured = measure_regions(one.aligned, standard.master)
        known = [m for m in measured if m.value is not None]
        means[one.found.number] = sum(m.value or 0.0 for m in known) / max(len(known), 1)
        if one is golden:
            rows = [
                DriftDocument(region=m.characteristic.partition(":")[2], value=m.value, u=m.u, reason=m.why)
                for m in measured
            ]
    own = means.get(golden.found.number, 0.0)
    nearest = min(means, key=lambda number: means[number], default=golden.found.number)
    mistaken = ""
    if nearest != golden.found.number and own - means[nearest] > MISTAKEN:
        mistaken = (
            f"part {golden.found.number}, taken for the golden, differs from the sealed golden by {own:.1f} CIEDE2000 "
            f"in the mean, part {nearest} by {means[nearest]:.1f}: is part {nearest} the golden? Then give "
            f"--golden-is {nearest}"
        )
    return tuple(rows), mistaken


def _light(look: Look, golden: Placed, placed: Sequence[PlacedPart]) -> LightDocument:
    import numpy as np

    here = np.array(golden.found.outline.centre_px)
    steps = [
        float(np.abs(look.field.ratio(here, np.array(p.found.outline.centre_px)) - 1).max())
        for p in look.parts
        if p is not golden
    ]
    veils = [abs(float(m.detail.get("veil", 0.0))) for p in placed for m in p.regions]
    return LightDocument(
        known=look.field.even,
        difference=round(max(steps, default=0.0), 4),
        veil=round(max(veils, default=0.0), 5),
        reason=look.field.reason,
    )


def _remarks(look: Look, placed: Sequence[PlacedPart], wrong: str) -> list[str]:
    remarks = [wrong] if wrong else []
    if not look.carded:
        remarks.append(
            "No colour card was read: the photo's values are taken for sRGB as they are, differences are uncertain by "
            "a quarter, and nothing is certified. Lay a colour card beside the parts"
        )
    if not look.field.even:
        remarks.append(
            f"The light between the parts is not known: {look.field.reason}. Use a plain matt grey or white ground"
        )
    for part in look.parts:
        if part.found.near:
            near = ", ".join(str(n) for n in part.found.near)
            remarks.append(f"Part {part.found.number} touches part {near} or almost does: lay them further apart")
    veil = max((abs(float(m.detail.get("veil", 0.0))) for p in placed for m in p.regions), default=0.0)
    if veil > VEIL_TOLD:
        remarks.append(
            f"{100 * veil:.1f} % of white lies more on one part than on the other: their gloss differs or a lamp is "
            "mirrored. Turn the lamps, or exchange the parts' places and compare again"
        )
    return remarks


def _metameric(row: MetamerismDocument, lights: tuple[str, str], accept: float | None) -> str:
    """What two lights show of one region, in words; nothing where the index is within its uncertainty."""
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


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The gravest of the verdicts; undecided where there are none."""
    for verdict in (Verdict.NONCONFORMS, Verdict.UNDECIDED):
        if verdict in verdicts:
            return verdict
    return Verdict.CONFORMS if verdicts else Verdict.UNDECIDED


def program() -> str:
    """Name and version of the program, as documents state it."""
    from station.service.station import PROGRAM

    return PROGRAM


D = TypeVar("D", bound=Document)


def sealed_with_digest(document: D) -> D:
    """The document with the digest of everything else in it."""
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return document.model_copy(update={"digest": digest(content)})


def comparison_picture(compared: Compared) -> bytes:
    """JPEG of the photo with the parts numbered and what was said of them."""
    from station.report.pictures import display, jpeg
    from station.report.side_by_side import parts_picture

    look, document = compared.look, compared.document
    photo = display(look.corrected.image, look.corrected.correction)
    labels: list[tuple[str, Verdict | None]] = []
    for part in document.parts:
        if part.role == "golden":
            labels.append((f"{part.number}  golden", None))
            continue
        measured = [m for m in part.regions if m.value is not None]
        widest = max(measured, key=lambda m: m.value or 0.0, default=None)
        verdict = part.verdict or Verdict.UNDECIDED
        text = f"{part.number}  {verdict.value}"
        if widest is not None:
            text += f"\n{widest.characteristic.partition(':')[2]} dE00 {widest.value:.1f} (u {widest.u:.1f})"
        labels.append((text, verdict))
    basis = f"through {document.card}" if document.card else "in assumed sRGB, not certified"
    lines = [f"{document.photo}: {document.verdict.value}; CIEDE2000 against part {document.golden_part}, {basis}"]
    lines += [f"part {p.number}: {reason}" for p in document.parts for reason in p.reasons[:1]]
    return jpeg(parts_picture(photo, [p.found.outline.contour_px for p in look.parts], labels, lines[:6]))
