"""Pictures of colour and light as files: the card, a unit's vectors and map, a bench's uniformity and drift."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import CalibrationError, RequestError
from station.service import tools

if TYPE_CHECKING:
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.settings import Settings
    from station.values.line import Aligned, Master

_KINDS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}


def card_chart(photo: Path, card: str | None, settings: Settings) -> RGB:
    """The colour card in a photo with the error of every patch. Raises PhotoError."""
    import cv2
    import numpy as np

    from station.calibrate.card import load_cards
    from station.calibrate.card_finding import find_card
    from station.calibrate.card_reading import card_document
    from station.report.colour_charts import Mark, card_picture

    shot = tools.read(photo, settings)
    found = card_document(shot, find_card(shot, load_cards(card)))
    coded = shot.photo.pixels
    pixels = coded if coded.dtype == np.uint8 else cv2.convertScaleAbs(coded, alpha=1 / 257)
    return card_picture(
        np.asarray(pixels, dtype=np.uint8), found, gates=(Mark(3.0, "mean gate"), Mark(8.0, "patch gate"))
    )


def vectors_chart(station: Station, photo: Path, golden: str, *, rig: str | None, card: str | None) -> RGB:
    """The a*b* vector of every region of the unit in a photo against the golden, judged by its sheet.

    Raises RequestError where the unit cannot be laid over the golden, PhotoError, NotFoundError.
    """
    from station.judge.rules import judge_measurement
    from station.measure.colour import measure_regions
    from station.report.colour_charts import vectors_picture
    from station.sheet import load_sheet

    master, aligned = _unit(station, photo, golden, rig, card)
    sheet = load_sheet(station.golden_sheet(golden).encode())
    judged = [judge_measurement(m, sheet) for m in measure_regions(aligned, master)]
    if not judged:
        raise RequestError(f"golden {golden} has no colour regions", "Name regions in its control sheet and seal it.")
    return vectors_picture(judged, title=f"{photo.name} against {golden}: colour of the regions in a*b*")


def map_chart(station: Station, photo: Path, golden: str, *, rig: str | None, card: str | None) -> RGB:
    """The colour map of the unit in a photo: CIEDE2000 of every pixel of the named regions, with the sheet's limits.

    Raises RequestError where the unit cannot be laid over the golden or one of the two photos has no usable card.
    """
    import cv2
    import numpy as np

    from station.measure.colour_map import colour_map, golden_lab, spans_of
    from station.report.colour_charts import Mark, map_picture
    from station.report.pictures import display
    from station.sheet import load_sheet
    from station.values.line import FIRST_REGION, OTHER

    master, aligned = _unit(station, photo, golden, rig, card)
    lab = golden_lab(master)
    if lab is None or aligned.correction is None:
        which = "golden" if lab is None else "unit"
        raise RequestError(f"the {which}'s photo has no usable colour card", "Photograph it with the card beside it.")
    named = (master.labels >= FIRST_REGION) & (master.labels != OTHER) & aligned.valid
    # along walls a map shows registration and shadow, not colour
    where = cv2.erode(named.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    difference = colour_map(aligned.image, aligned.correction, lab, spans_of(where))
    sheet = load_sheet(station.golden_sheet(golden).encode())
    limits = {(float(r.accept), "accept") for r in sheet.regions} | {(float(r.reject), "reject") for r in sheet.regions}
    marks = [Mark(value, name) for value, name in sorted(limits)] if len(limits) <= 2 else []
    unit = display(aligned.image, aligned.correction)
    return map_picture(difference, where, unit, marks, title=f"{photo.name} against {golden}: colour map")


def _unit(station: Station, photo: Path, golden: str, rig: str | None, card: str | None) -> tuple[Master, Aligned]:
    from station.calibrate.light import correct
    from station.measure.align import align

    master = station.master(golden)
    calibration = station.calibration(rig, card)
    same = tuple(c for c in calibration.cards if c.name == master.card)
    corrected = correct(tools.read(photo, station.settings), replace(calibration, cards=same or calibration.cards))
    aligned = align(corrected, master)
    wrong = [g.reason for g in aligned.gates if not g.ok and g.name in ("part", "alignment", "identity")]
    if wrong:
        raise RequestError(f"{photo.name} cannot be compared with {golden}: {wrong[0]}", "Hand in a photo of the unit.")
    return master, aligned


def uniformity_chart(station: Station, rig: str) -> RGB:
    """The nine positions of a bench's light. Raises CalibrationError where it has no calibration that knows them."""
    from station.report.colour_charts import uniformity_picture

    light = station.bench.light(rig)
    if light is None or light.nine is None:
        raise CalibrationError(
            f"the nine positions of the light of rig {rig} are not known",
            f"Run: station calibrate light --rig {rig} GREY.jpg ...",
        )
    return uniformity_picture(light.nine, title=f"{rig}: light calibrated {light.made_at:%Y-%m-%d}, nine positions")


def drift_chart(station: Station, rig: str) -> RGB:
    """The checks of a bench's light since it was registered, as shares of their limits."""
    from station.calibrate.drift import CHECK_LIGHTNESS, CHECK_TINT
    from station.report.colour_charts import Series, drift_picture

    history = station.bench.drift_history(rig)
    series = (
        Series("lightness L*", [h.lightness for h in history], CHECK_LIGHTNESS),
        Series("tint CIEDE2000", [h.tint for h in history], CHECK_TINT),
    )
    return drift_picture([h.at for h in history], series, title=f"{rig}: drift of the light since its reference")


def vet(out: Path) -> Path:
    """The name of a picture that is to be written, or RequestError: before anything is computed for it."""
    if out.suffix.lower() not in _KINDS:
        raise RequestError(f"{out.name} is no JPEG or PNG by its name", "End the name in .jpg or .png.")
    return out


def write(picture: RGB, out: Path) -> None:
    """Write a picture as JPEG or PNG by the ending of ``out``. Raises RequestError."""
    from station.report import pictures

    data = pictures.png(picture) if _KINDS[vet(out).suffix.lower()] == "png" else pictures.jpeg(picture)
    try:
        out.write_bytes(data)
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror}", "Give another place with --out.") from error
