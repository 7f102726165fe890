"""Comparing the units in a photo with the golden that lies beside them."""

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
    PlacedPart,
)
from station.values.digest import digest
from station.values.documents import AlignmentDocument, Document, GateDocument, MeasurementDocument, Verdict

if TYPE_CHECKING:
    from station.comparison import Look, Placed
    from station.measure.parts import FoundPart
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.sheet import Sheet
    from station.values.bench import Calibration
    from station.values.line import Master

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


@dataclass(frozen=True, slots=True)
class Seen:
    """A photo's parts as found, what was seen of them, and the bench as it was at that time."""

    look: Look
    found: Sequence[FoundPart]
    calibration: Calibration


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

    seen = look_at(station, photo, standard, choice, rig, card)
    look = seen.look
    if len(look.parts) < 2:
        raise AlignmentError(
            f"{photo.name} shows one part only", "Photograph golden and unit side by side, clear of each other."
        )
    part, chosen = pick(seen.found, choice.at_px, choice.which)
    golden = next(p for p in look.parts if p.found is part)
    if not golden.usable:
        failed = next(g for g in golden.gates if not g.ok)
        raise AlignmentError(
            f"part {part.number}, taken for the golden, cannot be compared with: {failed.reason}",
            "Say which part is the golden: --golden-at X,Y or --golden-is left, right or its number.",
        )
    drift, told = _drift(seen, golden, standard)
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
        basis=look.basis,
        card=look.corrected.card.edition if look.carded and look.corrected.card is not None else None,
        sealed=standard.number,
        golden_version=standard.version,
        golden_digest=standard.digest,
        sheet_digest=standard.sheet.digest,
        calibration=seen.calibration.digest,
        program=program(),
        golden_part=part.number,
        chosen=chosen,
        gates=tuple(GateDocument(name=g.name, ok=g.ok, reason=g.reason) for g in look.gates),
        field=_light(look, golden, placed),
        drift=drift,
        parts=tuple(placed),
        verdict=worst(verdicts),
        remarks=tuple(_remarks(look, told)),
    )
    return Compared(sealed_with_digest(document), look, golden)


def look_at(
    station: Station, photo: Path, standard: Standard, choice: Choice, rig: str | None, card: str | None
) -> Seen:
    """A photo's parts, registered to the standard's master or to one made of the part chosen.

    Raises PhotoError, SheetError, AlignmentError, RequestError.
    """
    from station.comparison import look, master_of_photo, photo_of_parts, pick

    shot = tools.read(photo, station.settings)
    edition = standard.master.card if standard.master is not None else None
    calibration = station.bench.calibration(rig, card, standard.sheet.viewing)
    corrected, found = photo_of_parts(shot, calibration, edition)
    master = standard.master
    if master is None:
        part, _ = pick(found, choice.at_px, choice.which)
        master = master_of_photo(corrected, part, standard.sheet)
    return Seen(look(corrected, found, master, calibration.unmet), found, calibration)


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


def _drift(seen: Seen, golden: Placed, standard: Standard) -> tuple[tuple[DriftDocument, ...], str]:
    """The golden in the photo against its sealed measurement, and what is to be said of it: why another part may be the
    golden, why nothing is known, or nothing.

    Of another camera the measurement says little, and its uncertainty says so.
    """
    from station.comparison import against_sealed

    if standard.master is None or standard.master.correction is None or not seen.look.carded:
        return (), ""
    found = against_sealed(seen.look, standard.master, seen.calibration)
    number = golden.found.number
    if number not in found:
        return (), (
            "How far the golden in this photo is from its sealed measurement is not known: the kind of correction that "
            "it was sealed with does not fit this photo's card"
        )
    rows = tuple(
        DriftDocument(region=m.characteristic.partition(":")[2], value=m.value, u=m.u, reason=m.why)
        for m in found[number]
    )
    known = {n: [m.value for m in measured if m.value is not None] for n, measured in found.items()}
    means = {n: sum(values) / len(values) for n, values in known.items() if values}
    if number not in means:
        return rows, ""
    nearest = min(means, key=lambda n: means[n])
    if nearest == number or means[number] - means[nearest] <= MISTAKEN:
        return rows, ""
    return rows, (
        f"part {number}, taken for the golden, differs from the sealed golden by {means[number]:.1f} CIEDE2000 in the "
        f"mean, part {nearest} by {means[nearest]:.1f}: is part {nearest} the golden? Then give --golden-is {nearest}"
    )


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


def _remarks(look: Look, told: str) -> list[str]:
    remarks = [told] if told else []
    if not look.carded:
        remarks.append(
            f"No colour card was read: the photo's values are taken for {look.corrected.shot.photo.space} as they are, "
            "differences are uncertain by a quarter, and nothing is certified. Lay a colour card beside the parts"
        )
    if not look.field.even:
        remarks.append(
            f"The light between the parts is not known: {look.field.reason}. Use a plain matt grey or white ground"
        )
    for part in look.parts:
        if part.found.near:
            near = ", ".join(str(n) for n in part.found.near)
            remarks.append(f"Part {part.found.number} touches part {near} or almost does: lay them further apart")
    return remarks


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The gravest of the verdicts; undecided where there are none."""
    for verdict in (Verdict.NONCONFORMS, Verdict.UNDECIDED):
        if verdict in verdicts:
            return verdict
    return Verdict.CONFORMS if verdicts else Verdict.UNDECIDED


def program() -> str:
    """Name and version of the program, as documents state it."""
    from station.service.lines import PROGRAM

    return PROGRAM


D = TypeVar("D", bound=Document)


def sealed_with_digest(document: D) -> D:
    """The document with the digest of everything else in it."""
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return document.model_copy(update={"digest": digest(content)})


def picture(compared: Compared) -> RGB:
    """The photo with the parts numbered and what was said of them, (h, w, 3) uint8."""
    from station.report.side_by_side import comparison_picture

    return comparison_picture(compared.look, compared.document)
