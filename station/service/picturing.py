"""Pictures as files: the card; a unit's vectors, map, drawing, residuals, findings and scores; a bench's uniformity and
drift; and what is found on a golden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import CalibrationError, RequestError
from station.service import picture_pairs, tools
from station.service.out_files import write_file

if TYPE_CHECKING:
    from station.measure.surface import Compared
    from station.pipeline import Inspection
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.service.views import BoxesDocument
    from station.settings import Settings
    from station.values.capability import CapabilityDocument
    from station.values.charts import LotTrendsDocument, ProcessDocument
    from station.values.documents import UnitDocument
    from station.values.line import Master

_KINDS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and what to say of it."""

    picture: RGB
    remarks: tuple[str, ...] = ()


def card_chart(photo: Path, card: str | None, settings: Settings) -> RGB:
    """The colour card in a photo with the error of every patch. Raises PhotoError."""
    import cv2
    import numpy as np

    from station.calibrate.card import load_cards
    from station.calibrate.card_finding import find_card
    from station.calibrate.card_reading import MAX_RESIDUAL, card_document
    from station.report.colour_pictures import card_picture

    shot = tools.read(photo, settings)
    found = card_document(shot, find_card(shot, load_cards(card or settings.card)))
    coded = shot.photo.pixels
    pixels = coded if coded.dtype == np.uint8 else cv2.convertScaleAbs(coded, alpha=1 / 257)
    return card_picture(np.asarray(pixels, dtype=np.uint8), found, limits=MAX_RESIDUAL)


def vectors_chart(station: Station, photo: Path, golden: str, *, rig: str | None, card: str | None) -> RGB:
    """The a*b* vector of every region of the unit in a photo against the golden, as its unit document has them.

    Raises RequestError where the unit cannot be laid over the golden, PhotoError, NotFoundError.
    """
    from station.report.colour_pictures import vectors_picture

    _, seen = _inspected(station, photo, golden, rig, card)
    colours = [m for m in seen.document.measurements if m.kind == "colour"]
    if not colours:
        raise RequestError(f"golden {golden} has no colour regions", "Name regions in its control sheet and seal it.")
    return vectors_picture(colours, title=f"{photo.name} against {golden}: colour of the regions in a*b*")


def map_chart(station: Station, photo: Path, golden: str, *, rig: str | None, card: str | None) -> RGB:
    """The colour map of the unit in a photo: CIEDE2000 over its regions, with the sheet's limits.

    Raises RequestError where the unit cannot be laid over the golden or one of the two photos has no usable card.
    """
    from station.measure.unit_map import unit_map
    from station.report.colour_pictures import Mark, map_picture
    from station.report.pictures import display
    from station.sheet import load_sheet

    master, seen = _inspected(station, photo, golden, rig, card)
    found = unit_map(seen.aligned, master)
    if found is None:
        which = "golden" if master.correction is None else "unit"
        raise RequestError(f"the {which}'s photo has no usable colour card", "Photograph it with the card beside it.")
    sheet = load_sheet(station.golden_sheet(golden).encode())
    limits = {(float(r.accept), "accept") for r in sheet.regions} | {(float(r.reject), "reject") for r in sheet.regions}
    marks = [Mark(value, name) for value, name in sorted(limits)] if len(limits) <= 2 else []
    notes = [
        f"Averaged over {found.side_mm:.2f} mm. The limits are a region's: its own CIEDE2000 is judged, not a place."
    ]
    notes += [f"{g.name}: {g.reason}"[:130] for g in seen.document.gates if not g.ok]
    unit = display(seen.aligned.image, seen.aligned.correction)
    title = f"{photo.name} against {golden}: colour map"
    return map_picture(found.difference, found.where, unit, marks, title=title, notes=notes)


def drawing_chart(station: Station, photo: Path, golden: str, *, rig: str | None, card: str | None) -> RGB:
    """The unit in a photo as an inspection drawing, with its dimensions, and its deviations from the golden enlarged.

    Raises RequestError where the unit cannot be laid over the golden, PhotoError, NotFoundError.
    """
    from station.report.drawings import drawing_picture
    from station.report.pictures import display

    master, seen = _inspected(station, photo, golden, rig, card)
    unit = display(seen.aligned.image, seen.aligned.correction)
    return drawing_picture(unit, master.frame, seen.document, title=f"{photo.name} against {golden}: dimensions")


def residual_chart(station: Station, photo: Path, golden: str, *, rig: str | None, card: str | None) -> RGB:
    """How well the unit in a photo lies over the golden from place to place: arrows, enlarged.

    Raises RequestError where the unit cannot be laid over the golden or too few of its edges can be read, PhotoError,
    NotFoundError.
    """
    from station.report.pictures import display
    from station.report.residuals import residual_picture

    master, seen = _inspected(station, photo, golden, rig, card)
    found, told = seen.residual, seen.document.residual
    if found is None or told is None:
        raise RequestError(
            f"too few edges of {photo.name} look like those of {golden} to say how they lie over each other",
            "Photograph the unit without glare, lying as the golden lay.",
        )
    unit = display(seen.aligned.image, seen.aligned.correction)
    title = f"{photo.name} against {golden}: residuals of registration"
    return residual_picture(unit, master.frame, found, title=title, remark=told.remark)


def findings_chart(
    station: Station,
    photo: Path,
    golden: str,
    *,
    rig: str | None = None,
    card: str | None = None,
    lot: str | None = None,
    everything: bool = False,
) -> Chart:
    """Every finding on a unit, enlarged beside the same place of the golden, in one tone.

    photo : of the unit, or its name. A photo on record is shown with the findings on record, unless a bench or a card
    is given: then it is measured anew. everything : also what keeps its limit by more than half.

    Raises RequestError where the unit cannot be laid over the golden, PhotoError, NotFoundError.
    """
    from station.report.findings import findings_picture
    from station.report.pictures import display
    from station.service.recorded import as_kept, in_words, recorded, told, told_anew

    known = recorded(station, photo, golden, lot)
    if known is not None and rig is None and card is None:
        shown, unit, frame = as_kept(station, known)
        unit = _in_tone_of(station, known.findings.golden_version, golden, shown, unit)
        document, remark = known.document, told(known)
        title = f"{known.name} against {golden}: findings on record"
        made_at = f", inspected {known.inspected_at:%Y-%m-%d}"
    else:
        if not photo.is_file():
            raise RequestError(
                f"{photo} is a unit's name, and a name is not measured anew",
                "Give its photo, or leave --rig and --card out.",
            )
        master, seen, pair = _compared(station, photo, golden, rig, card)
        frame, document = master.frame, seen.document
        shown, unit = (display(picture, master.correction) for picture in (pair.golden, pair.unit))
        found = (*document.findings, *document.set_aside)
        remark = told_anew(known, photo, golden, found, in_words(rig, card))
        title = f"{photo.name} against {golden}: findings"
        made_at = f", photo of {document.taken_at[:10]}" if document.taken_at else ""
    found = (*document.findings, *document.set_aside)
    notes = [f"{remark[0].upper()}{remark[1:]}.", _made_with(document) + made_at, *_aside_notes(document)]
    picture = findings_picture(shown, unit, frame, found, title=title, notes=notes, everything=everything)
    return Chart(picture, (remark,))


def heat_chart(
    station: Station,
    photo: Path,
    golden: str,
    *,
    rig: str | None = None,
    card: str | None = None,
    everything: bool = False,
) -> Chart:
    """The scores of the defect model over the unit in a photo, its findings numbered.

    Of a photo on record bench and card are those of the record, where they are found and none is given. everything :
    also findings that keep their limit by more than half.

    Raises RequestError where the unit cannot be laid over the golden, PhotoError, NotFoundError, ModelError.
    """
    from station.measure.defect_places import THRESHOLD, total_score
    from station.measure.surface import score_maps
    from station.report.findings import heat_picture
    from station.report.pictures import display
    from station.service.measuring import model_of
    from station.service.recorded import bench_of, in_words, recorded, told_anew

    known = recorded(station, photo, golden) if photo.is_file() else None
    if known is not None:
        rig, card = bench_of(station, known, rig, card)
    master, seen, pair = _compared(station, photo, golden, rig, card)
    total = total_score(score_maps(pair, master, model_of(station.line(golden, rig=rig, card=card))))
    document = seen.document
    found = (*document.findings, *document.set_aside)
    remark = told_anew(known, photo, golden, found, in_words(rig, card))
    notes = [
        f"All kinds together: from {THRESHOLD:g} on, over a few pixels, a finding. {_made_with(document)}",
        f"{remark[0].upper()}{remark[1:]}.",
        *_aside_notes(document),
    ]
    picture = heat_picture(
        display(pair.unit, master.correction), master.frame, total, found, threshold=THRESHOLD, notes=notes,
        title=f"{photo.name} against {golden}: scores of the defect model", everything=everything,
    )  # fmt: skip
    return Chart(picture, (remark,))


def pair_chart(pair: picture_pairs.Pair, found: BoxesDocument, settings: Settings) -> RGB:
    """Two pictures as they were handed in, with the numbered places in which they differ. Raises PhotoError."""
    from station.report.pair_boxes import pair_picture
    from station.report.pictures import display
    from station.values.colour import in_srgb_primaries

    golden, unit = (
        display(in_srgb_primaries(tools.read(path, settings).photo), None) for path in (pair.golden, pair.unit)
    )
    places = [(b.x, b.y, b.w, b.h) for b in found.boxes]
    notes = ["Numbers and pixels are those of the golden; the unit may lie a few pixels off them."]
    notes += [f"{remark}." for remark in (*found.remarks, *found.doubts)]
    return pair_picture(golden, unit, places, title=f"{pair.unit.name} against {pair.golden.name}", notes=notes)


def _compared(
    station: Station, photo: Path, golden: str, rig: str | None, card: str | None
) -> tuple[Master, Inspection, Compared]:
    """The unit in a photo inspected, and what the defect model compared."""
    from station.measure.logo import measure_marks
    from station.measure.surface import compared

    master, seen = _inspected(station, photo, golden, rig, card)
    return master, seen, compared(seen.aligned, master, measure_marks(seen.aligned, master))


def _in_tone_of(station: Station, version: int, number: str, golden: RGB, unit: RGB) -> RGB:
    """A unit as it is kept, its channels brought to the golden's level over the part."""
    import numpy as np

    from station.values.line import OUTSIDE

    part = station.master(number, version).labels != OUTSIDE
    levels = [np.maximum(np.median(p[part], axis=0), 1.0) for p in (golden, unit)]
    return np.asarray(np.clip(np.rint(unit * (levels[0] / levels[1])), 0, 255), dtype=np.uint8)


def _made_with(document: UnitDocument) -> str:
    """Model and golden of an inspection."""
    use = document.model_use
    version = f" {use.version}" if use is not None and use.version else ""
    return f"{document.model}{version}, golden {document.golden} version {document.golden_version}"


def _aside_notes(document: UnitDocument) -> list[str]:
    if not document.set_aside:
        return []
    return ["Grey: set aside, below the score from which reviewed findings count."]


def process_chart(process: ProcessDocument) -> RGB:
    """The control charts of a process with its master and limits."""
    from station.report.control_charts import process_picture

    return process_picture(process)


def trends_chart(trends: LotTrendsDocument) -> RGB:
    """Lot means over the lots of a golden sample."""
    from station.report.control_charts import trends_picture

    return trends_picture(trends)


def _inspected(
    station: Station, photo: Path, golden: str, rig: str | None, card: str | None
) -> tuple[Master, Inspection]:
    """The unit in a photo inspected as ``station inspect`` does, and recorded nowhere."""
    from station.service.measuring import Job, inspect_photo

    master, seen = inspect_photo(station.line(golden, rig=rig, card=card), Job(str(photo), photo.stem))
    if seen.document.alignment is None:
        wrong = next(g.reason for g in seen.aligned.gates if not g.ok)
        raise RequestError(f"{photo.name} cannot be compared with {golden}: {wrong}", "Hand in a photo of the unit.")
    return master, seen


def capability_chart(study: CapabilityDocument) -> RGB:
    """The curves of detection of a capability study."""
    from station.report.capability_charts import capability_picture

    return capability_picture(study)


def uniformity_chart(station: Station, rig: str) -> RGB:
    """The nine positions of a bench's light. Raises CalibrationError where it has no calibration that knows them."""
    from station.calibrate.bounds import LOWEST_UNIFORMITY
    from station.report.colour_pictures import uniformity_picture

    light = station.bench.light(rig)
    if light is None or light.nine is None:
        raise CalibrationError(
            f"the nine positions of the light of rig {rig} are not known",
            f"Run: station calibrate light --rig {rig} GREY.jpg ...",
        )
    title = f"{rig}: light calibrated {light.made_at:%Y-%m-%d}, nine positions"
    return uniformity_picture(light.nine, title=title, least=LOWEST_UNIFORMITY)


def drift_chart(station: Station, rig: str) -> RGB:
    """Every check of a bench's light against the reference of its own light calibration, as shares of the limits."""
    from station.calibrate.drift import CHECK_LIGHTNESS, CHECK_TINT
    from station.report.colour_pictures import Series, drift_picture

    history = station.bench.drift_history(rig)
    series = (
        Series("lightness L*", [h.lightness for h in history], CHECK_LIGHTNESS),
        Series("tint CIEDE2000", [h.tint for h in history], CHECK_TINT),
    )
    return drift_picture(
        [h.at for h in history],
        series,
        title=f"{rig}: all checks of the light, each against the reference of its calibration",
    )


def vet(out: Path, inputs: Sequence[Path | str | None] = ()) -> Path:
    """The name of a picture that is to be written, or RequestError: before anything is computed for it.

    inputs : what the picture is made of; it is written over none of them.
    """
    if out.suffix.lower() not in _KINDS:
        raise RequestError(f"{out.name} is no JPEG or PNG by its name", "End the name in .jpg or .png.")
    try:
        if out.is_dir():
            raise RequestError(f"{out} is a folder", "Give the name of a file in it.")
        if not out.parent.is_dir():
            raise RequestError(f"there is no folder {out.parent}", "Make it, or give another place.")
        over = out.exists() and any(Path(i).exists() and out.samefile(i) for i in inputs if i is not None)
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror}", "Give another place.") from error
    if over:
        raise RequestError(f"{out} is what is read, and the picture would be written over it", "Give another name.")
    return out


def write(picture: RGB, out: Path) -> None:
    """Write a picture as JPEG or PNG by the ending of ``out``. Raises RequestError, and as :func:`write_file`."""
    from station.report import pictures

    data = pictures.png(picture) if _KINDS[vet(out).suffix.lower()] == "png" else pictures.jpeg(picture)
    write_file(out, data)
