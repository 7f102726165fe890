"""A photo that the records know: what was found in it then, and whether what is measured now is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import NotFoundError, RequestError, RigError

if TYPE_CHECKING:
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.service.views import UnitFindingsView
    from station.sheet.models import Viewing
    from station.values.documents import FindingDocument, UnitDocument
    from station.values.geometry import Frame


@dataclass(frozen=True, slots=True)
class Recorded:
    """A unit on record with its findings, which bear the numbers of ``station review``."""

    unit_id: int
    findings: UnitFindingsView
    document: UnitDocument
    inspected_at: datetime

    @property
    def name(self) -> str:
        """The unit, and its lot where it has one."""
        return self.findings.unit + (f" of lot {self.findings.lot}" if self.findings.lot else "")


def recorded(station: Station, photo: Path, golden: str, lot: str | None = None) -> Recorded | None:
    """The newest inspection of a photo against a golden sample, or of the unit of that name where ``photo`` is no file;
    None for a photo that was never inspected against it.

    Raises NotFoundError where there is neither such a file nor such a unit, RequestError where several lots have one.
    """
    reviews = station.finding_reviews
    if photo.is_file():
        with photo.open("rb") as data:
            unit_id = reviews.of_photo(hashlib.file_digest(data, "sha256").hexdigest(), golden)
        if unit_id is None:
            return None
    else:
        try:
            unit_id = reviews.find(str(photo), golden=golden, lot=lot)
        except NotFoundError:
            raise NotFoundError(
                f"there is no photo {photo} and no unit of that name was inspected against {golden}",
                "Give a photo, or a unit that station review knows.",
            ) from None
    at = station.unit(unit_id).inspected_at
    return Recorded(unit_id, reviews.findings(unit_id), station.unit_document(unit_id), at)


def as_kept(station: Station, known: Recorded) -> tuple[RGB, RGB, Frame]:
    """The golden and a unit on record as they are kept, in the golden frame, and that frame.

    Raises RequestError where the unit could not be laid over the golden.
    """
    from station.report.pictures import decoded
    from station.values.geometry import Frame

    said = known.findings
    try:
        unit = decoded(station.unit_picture(known.unit_id).data)
    except NotFoundError:
        raise RequestError(
            f"unit {known.name} could not be compared with {said.golden}", "Photograph it again and inspect it."
        ) from None
    golden = decoded(station.golden_picture(said.golden, said.golden_version).data)
    frame = Frame(**station.golden_frame(said.golden, said.golden_version).model_dump())
    return golden, unit, frame


def bench_of(station: Station, known: Recorded, rig: str | None, card: str | None) -> tuple[str | None, str | None]:
    """The bench and the colour card that a unit on record was measured with; what is given stays as it is.

    Of a card only its digest is kept: one of the user's own that is not given cannot be found; then ``rig`` and
    ``card`` are answered as they were given.
    """
    from station.calibrate.card import BUILT_IN
    from station.sheet import load_sheet

    said = known.findings
    viewing = load_sheet(station.golden_sheet(said.golden, said.golden_version).encode()).viewing
    rigs = [rig] if rig is not None else [*(r.name for r in station.bench.rigs()), None]
    cards: list[str | None] = [card] if card is not None else [None, *BUILT_IN]
    return with_calibration(station, known.document.calibration, viewing, rigs, cards) or (rig, card)


def with_calibration(
    station: Station, digest: str, viewing: Viewing, rigs: Sequence[str | None], cards: Sequence[str | None]
) -> tuple[str | None, str | None] | None:
    """The first bench and card whose calibration, as it is now, has this digest; None where none has."""
    for one in rigs:
        for other in cards:
            try:
                found = station.bench.calibration(one, other, viewing).digest
            except RigError:
                continue
            if found == digest:
                return one, other
    return None


def told(known: Recorded) -> str:
    """That a picture shows what is on record."""
    return (
        f"on record: the findings of unit {known.name} as they were recorded, with the numbers of station review; "
        "nothing was measured anew"
    )


def told_anew(known: Recorded | None, photo: Path, golden: str, measured: Sequence[FindingDocument], bench: str) -> str:
    """Whether findings that were measured anew are those on record; the first words are NOT RECORDED where they are
    not. bench : what they were measured with, in words."""
    if known is None:
        return (
            f"NOT RECORDED: {photo.name} was never inspected against {golden}; these findings were found now, {bench}, "
            "and station review knows none of their numbers"
        )
    there = [n.finding for n in known.findings.findings]
    if _places(there) == _places(measured):
        return f"measured anew, {bench}: the same findings as on record of unit {known.name}, with the same numbers"
    return (
        f"NOT RECORDED: measured anew, {bench}, this photo has other findings ({len(measured)}) than the record of "
        f"unit {known.name} ({len(there)}); do not answer station review by these numbers"
    )


def in_words(rig: str | None, card: str | None) -> str:
    """Bench and card of a measurement."""
    return f"with rig {rig or 'none'} and card {Path(card).name if card else 'colorchecker24'}"


def _places(findings: Iterable[FindingDocument]) -> list[tuple[str, float, float]]:
    return [(f.kind, round(f.x_mm, 3), round(f.y_mm, 3)) for f in findings]
