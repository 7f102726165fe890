"""Sealing: the golden sample's photo and control sheet become a measured, dated, digested master."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import CalibrationError, ConflictError, NotFoundError, RequestError, SheetError
from station.models import capability_warnings
from station.service.measuring import keep, keep_photo
from station.service.views import ProposalView
from station.store import records
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.masters import master_digest, save_master
from station.store.rows import GoldenRow
from station.values.bench import Calibration
from station.values.digest import digest
from station.values.look_alikes import look_alike, spelled

if TYPE_CHECKING:
    from station.sheet import Sheet
    from station.values.line import Corrected, Float, Master, Shot

_CONTRADICTS_MM, _CONTRADICTS = 1.0, 0.03
"""Between calliper and photo, in mm and as a share: an outline that was misread in places is off by half of that."""
_OUTLINE_SIZES = ("width", "height", "diameter", "max-feret", "min-feret")


def seal(
    db: Database,
    evidence: Evidence,
    *,
    sheet_path: Path,
    photo_path: Path,
    shot: Shot,
    calibration: Calibration,
    at: datetime,
    model: str,
    again: Sequence[tuple[Path, Shot]] = (),
    old_sheet: bool = False,
    step: Callable[[str], None] = lambda _: None,
) -> tuple[GoldenRow, bool]:
    """Seal a golden sample; answers its row and whether it is new. A sample sealed before gives its own version again.

    model : the defect model that units will be looked at with, for what it is known to miss. again : further photos of
    the same golden, lifted and laid down again; the spread of its colours over them goes into
    the uncertainty. old_sheet : a sheet of a superseded version is meant to be in force again. step : hears of each
    step as it begins.

    Raises
    ------
    CalibrationError
        There are further photos and the bench's light is out of bounds, so that they tell nothing of colours.
    RequestError
        One photo is handed in twice.
    SheetError
        The sheet cannot be read or points outside the part.
    ConflictError
        The sheet is that of a superseded version, or the number is another product's.
    AlignmentError
        The photo shows no part that can be measured.
    """
    from station.calibrate.light import correct
    from station.golden_line import correct_like, measure_master, place_again
    from station.quality.golden import next_version
    from station.report import pictures

    if len({shot.sha256, *(s.sha256 for _, s in again)}) <= len(again):
        raise RequestError(
            "one photo is handed in twice", "Lift the golden, lay it down elsewhere, photograph it again."
        )
    step("measuring")
    sheet, sheet_toml, calibration = _agreed(sheet_path, calibration, at)
    if again:
        _require_light(calibration)
    number = _number(db, sheet, at.date())
    newest = _newest(db, number)
    if newest is not None and not old_sheet:
        _refuse_superseded(records.golden_versions(db, number), newest, sheet, shot.sha256)
    corrected = correct(shot, calibration)
    version = max(sheet.golden.version or 1, next_version([newest.version] if newest else []))
    master = measure_master(corrected, sheet, number=number, version=version)
    if again:
        step("placing")
        master = place_again(master, [correct_like(master, s, calibration) for _, s in again])
    _hold_to_callipers(sheet, master)
    arrays, document = save_master(master)
    if newest is not None and newest.sheet_digest == sheet.digest:
        same = master_digest({**document, "version": newest.version})
        if same == newest.master_digest:
            return newest, False
    content = {
        "number": number,
        "version": version,
        "sheet_digest": sheet.digest,
        "photo_sha256": shot.sha256,
        "master_digest": master_digest(document),
    }
    step("keeping")
    photo_file = keep_photo(evidence, photo_path, shot.sha256)
    again_files = [keep_photo(evidence, path, s.sha256) for path, s in again]
    master_file = keep(evidence, arrays, "application/x-npz")
    frame_file = keep(evidence, pictures.jpeg(pictures.display(master.image, master.correction)), "image/jpeg")
    values = {
        **content,
        "sku": sheet.product.sku,
        "product": sheet.product.name,
        "digest": digest(content),
        "sheet_toml": sheet_toml,
        "master_document": json.dumps(document),
        "master_sha256": master_file.sha256,
        "frame_sha256": frame_file.sha256,
        "photo": shot.name,
        "rig": calibration.rig.name if calibration.rig else None,
        "calibration_digest": calibration.digest,
        "warnings": json.dumps(_warnings(sheet, corrected, master, model), ensure_ascii=False),
    }
    return records.add_golden(db, values, [photo_file, master_file, frame_file, *again_files], at), True


def draft(
    *, sheet_path: Path, shot: Shot, calibration: Calibration, at: datetime, model: str
) -> tuple[Sheet, str, Master, dict[str, Float], list[str]]:
    """A golden sample measured as :func:`seal` would, and not sealed: its sheet, that as text, its master, the corners
    of its regions' borders by name ((n, 2) in mm), the warnings. Raises as sealing does, but for what further photos
    are the cause of."""
    from station.calibrate.light import correct
    from station.golden_line import measure_master

    sheet, sheet_toml, calibration = _agreed(sheet_path, calibration, at)
    corrected = correct(shot, calibration)
    borders: dict[str, Float] = {}
    number = sheet.golden.number or ""
    master = measure_master(corrected, sheet, number=number, version=1, on_border=borders.__setitem__)
    _hold_to_callipers(sheet, master)
    return sheet, sheet_toml, master, borders, _warnings(sheet, corrected, master, model)


def _agreed(sheet_path: Path, calibration: Calibration, at: datetime) -> tuple[Sheet, str, Calibration]:
    """A control sheet, its text, and the bench held to the light that it asks for. Raises SheetError."""
    from station.calibrate.bounds import hold_to_viewing
    from station.sheet import read_sheet_file

    sheet, sheet_toml = read_sheet_file(sheet_path)
    thickness = sheet.product.thickness_mm
    if calibration.rig is not None and thickness is not None and thickness > calibration.rig.camera.distance_mm / 2:
        raise SheetError(
            f"thickness_mm = {thickness:g} is more than half the way to the camera of rig {calibration.rig.name}, "
            f"which stands {calibration.rig.camera.distance_mm:g} mm above the bench",
            "Give the height of the measured face over the bench in millimetres.",
        )
    return sheet, sheet_toml, hold_to_viewing(calibration, sheet.viewing, now=at)


def proposed(master: Master, sheet_toml: str) -> tuple[ProposalView, ...]:
    """Sizes that the golden sample offers, as rows for its control sheet; those of a name it has already are left
    out."""
    from station.measure.proposals import propose_features
    from station.sheet import load_sheet

    there = {s.name for s in load_sheet(sheet_toml.encode()).sizes}
    return tuple(
        ProposalView(
            name=p.feature.name,
            feature=p.feature.feature,
            value_mm=p.feature.value,
            u_mm=p.u_mm,
            at_mm=p.feature.at_mm,
            toml=p.toml,
        )
        for p in propose_features(master)
        if p.feature.name not in there
    )


def _require_light(calibration: Calibration) -> None:
    """Raises CalibrationError with the bench's own reason where no photo on it can tell colours."""
    if calibration.rig is None:
        return
    rig = calibration.rig.name
    faults = [g.reason for g in calibration.faults if "colour" in g.blocks]
    if calibration.light is None:
        faults = [f"rig {rig} has no light calibration: run `station calibrate light --rig {rig} GREY.jpg ...`"]
    if faults:
        said = [fault.partition(": ") for fault in faults]  # what is wrong: what to do
        raise CalibrationError(
            f"the spread of the golden's colours cannot be measured: {'; '.join(what for what, _, _ in said)}",
            f"{said[0][2][:1].upper()}{said[0][2][1:]}.",
        )


def _number(db: Database, sheet: Sheet, today: date) -> str:
    """The sheet's number, or one made of the date, with a suffix where another product has it already."""
    from station.quality.golden import golden_number

    sealed = records.golden_versions(db)
    sku = look_alike(sheet.product.sku, {g.sku for g in sealed})
    if sku is not None:
        raise ConflictError(
            f"there is a product {spelled(sku)}, which cannot be told apart from {spelled(sheet.product.sku)}",
            f"Write product.sku = {sku!r}, or give another product a SKU that differs in more than its case.",
        )
    others = {g.number: g.sku for g in sealed if g.sku != sheet.product.sku}
    number = sheet.golden.number
    if number is None:
        return golden_number(sheet.golden.approved_on or today, others)
    if number in others:
        raise ConflictError(
            f"number {number} is the golden sample of {others[number]}, not of {sheet.product.sku}",
            "Give the sheet another number, or leave it out to have one made from the date.",
        )
    return number


def _refuse_superseded(versions: Sequence[GoldenRow], newest: GoldenRow, sheet: Sheet, photo_sha256: str) -> None:
    """Raises ConflictError where what is handed in is a superseded version: its sheet, which the newest changed, or
    its photo under a sheet that both have."""
    same_sheet = newest.sheet_digest == sheet.digest
    if same_sheet and newest.photo_sha256 == photo_sha256:
        return
    for g in versions:
        if (
            g.version != newest.version
            and g.sheet_digest == sheet.digest
            and (not same_sheet or g.photo_sha256 == photo_sha256)
        ):
            what = "photo and control sheet are those" if same_sheet else "the control sheet is that"
            raise ConflictError(
                f"{what} of version {g.version} of golden {newest.number}, which was superseded; in force is version "
                f"{newest.version}. Sealed again, it would supersede version {newest.version}",
                "Hand in the newest. To go back on purpose: --old-sheet, old_sheet in the API.",
            )


def _newest(db: Database, number: str) -> GoldenRow | None:
    try:
        return records.golden(db, number)
    except NotFoundError:
        return None


def _missed_by_the_golden(sheet: Sheet, master: Master) -> list[str]:
    """Remarks on sizes whose limits the golden sample itself does not keep: units that are like it would fail."""
    own = {f.name: f.value for f in master.features}
    out = []
    for s in sheet.sizes:
        value = s.golden_mm if s.golden_mm is not None else own.get(s.name)
        limits = s.limits(value)
        if value is None or s.kind in ("position", "angle"):
            continue
        low, high = limits.lower, limits.upper
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = " to ".join(f"{b:g}" for b in (low, high) if b is not None)
            unit = "mm²" if s.kind == "area" else "mm"
            told = "the golden sample itself has" if s.golden_mm is not None else "without golden_mm the photo tells"
            out.append(f"size {s.name}: {told} {value:.2f} {unit}, which does not keep its limit {bounds}")
    return out


def _hold_to_callipers(sheet: Sheet, master: Master) -> None:
    """Raises SheetError where the golden's size by calliper is not the size of what a photo with a scale shows: every
    unit would be judged by it, since a unit is told by its difference from the golden."""
    if master.scale_source != "rig":
        return
    for s in sheet.sizes:
        seen = master.sizes_mm.get(s.name)
        if s.golden_mm is None or seen is None or s.name not in _OUTLINE_SIZES:
            continue
        if abs(s.golden_mm - seen) > max(_CONTRADICTS_MM, _CONTRADICTS * seen):
            raise SheetError(
                f"size {s.name}: golden_mm = {s.golden_mm:g}, and the photo shows a part of {seen:.2f} mm",
                "Measure the golden sample again, or hand in its own photo.",
            )


def _warnings(sheet: Sheet, corrected: Corrected, master: Master, model: str) -> list[str]:
    """What the sheet's lint remarks, what of it the station will not find or measure, and which gates the golden photo
    itself does not pass."""
    from station.sheet import lint_sheet

    failed = [f"golden photo, {g.name}: {g.reason}" for g in corrected.gates if not g.ok]
    unseen = capability_warnings(model, dict.fromkeys(d.kind for d in sheet.defects))
    unseen += [
        f"size {s.name}: the golden sample shows none that the station can measure, so it will stay undecided"
        for s in sheet.sizes
        if s.name not in {*master.sizes_mm, *(f.name for f in master.features)}
    ]
    unseen += [*_missed_by_the_golden(sheet, master), *_uncovered(master)]
    return [str(remark) for remark in lint_sheet(sheet)] + unseen + failed + list(_unsupported(sheet, master))


def _uncovered(master: Master) -> Iterator[str]:
    """Enamel of the golden that is in no region."""
    from station.measure.coverage import uncovered_enamel

    for piece in uncovered_enamel(master) if master.regions else ():
        x, y = piece.at_mm
        what = "enamel of its colour" if piece.region else "enamel of other colours"
        start = f"region {piece.region}: " if piece.region else ""
        yield (
            f"{start}{piece.area_mm2:.1f} mm2 of {what} is in no region, the largest piece at x {x:.1f}, y {y:.1f} mm: "
            "its colour is not judged; name a region there, or give one a polygon that covers it"
        )


def _unsupported(sheet: Sheet, master: Master) -> Iterator[str]:
    """Colour limits that no unit can be proven to keep in a photo such as the golden's."""
    from station.measure.placements import supported_limits

    if master.scale_source != "rig":
        do = "photograph golden and units on one bench, or side by side"
    else:
        do = "photograph with less compression, agree a wider limit"
    for name, best in supported_limits(master).items():
        region = sheet.region(name)
        if region is not None and best > region.accept:
            more = ""
            if region.surface == "plating" and next(r for r in master.regions if r.name == name).u_placement is None:
                more = ", or seal with further photos of the golden laid down again (--again)"
            yield (
                f"region {name}: accept = {region.accept:g}, and a photo such as the golden's supports a limit of "
                f"{math.ceil(10 * best) / 10:.1f} at best, so every unit will stay undecided: {do}{more}"
            )
