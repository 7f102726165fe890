"""What a person looks at of a golden sample: its master in outlines, the sheet's limits beside what can be proven, and
a draft of one that is not sealed yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import SheetError
from station.store import records
from station.store.database import Database
from station.values.golden_record import LintDocument
from station.values.golden_shown import (
    DraftDocument,
    DraftProposal,
    FrameDocument,
    LimitRow,
    LimitsDocument,
    MasterDocument,
    Ring,
    SheetLintDocument,
    ShownMark,
    ShownRegion,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from station.quality.criteria import Criterion, OwnValue
    from station.service.station import Station
    from station.sheet import Sheet
    from station.values.capability import CapabilityDocument
    from station.values.geometry import Frame
    from station.values.line import Master

_LEAST_PX = 12
"""Pixels of a piece that is outlined; smaller ones are specks of the map."""
_SIMPLE_PX = 0.7
"""How far a drawn border may run beside the map's, in pixels."""
_TOLD = 512
"""Masters of which what can be proven is remembered."""

Own = tuple[dict[str, float], "dict[str, OwnValue]"]
"""The narrowest provable colour limit by region, and the golden's own sizes by characteristic."""


class GoldenShowing:
    """The use cases. Reached as ``Station.shown``. All raise NotFoundError for an unknown number or version."""

    def __init__(self, station: Station, db: Database, clock: Callable[[], datetime]) -> None:
        self._station, self._db, self._clock = station, db, clock
        self._own: dict[str, Own] = {}

    def master(self, number: str, version: int | None = None) -> MasterDocument:
        """The master in outlines, of the newest version by default."""
        return outlined(self._station.master(number, version))

    def limits(self, number: str, version: int | None = None) -> LimitsDocument:
        """Every limit of the control sheet beside what this golden's photo and model can prove."""
        from station.quality.criteria import criteria
        from station.sheet import load_sheet

        row = records.golden(self._db, number, version)
        sheet = load_sheet(row.sheet_toml.encode())
        master = self._station.master(number, row.version)
        colours, sizes = self._told(row.master_digest, master, sheet)
        study = self._station.study_in_force(row)
        rows = [_measured(c, colours) for c in criteria(sheet, master, sizes)]
        rows += _defects(sheet, study)
        command = "" if study is not None or not sheet.defects else f"station model capability --golden {number}"
        return LimitsDocument(
            number=number, version=row.version, below=sum(r.state == "below" for r in rows),
            study=None if study is None else study.made_at.isoformat(), command=command, rows=tuple(rows),
        )  # fmt: skip

    def draft(
        self, sheet: Path, photo: Path, *, rig: str | None = None, card: str | None = None
    ) -> tuple[DraftDocument, bytes]:
        """A golden sample measured as sealing would, and its picture in its own frame as JPEG; nothing is recorded.

        Raises SheetError, AlignmentError, PhotoError and CalibrationError as sealing does.
        """
        from station.report import pictures
        from station.service import tools
        from station.service.sealing import draft, proposed

        settings = self._station.settings
        found, toml, master, borders, warnings = draft(
            sheet_path=sheet, shot=tools.read(photo, settings), calibration=self._station.bench.calibration(rig, card),
            at=self._clock(), model=settings.defect_model,
        )  # fmt: skip
        offered = tuple(DraftProposal(**p.model_dump()) for p in proposed(master, toml))
        shown = DraftDocument(
            sku=found.product.sku, master=outlined(master), borders={name: _ring(at) for name, at in borders.items()},
            warnings=tuple(warnings), proposals=offered,
        )  # fmt: skip
        return shown, pictures.jpeg(pictures.display(master.image, master.correction))

    def _told(self, digest: str, master: Master, sheet: Sheet) -> Own:
        """What can be proven on a master, measured once."""
        from station.measure.own_values import own_sizes
        from station.measure.placements import supported_limits
        from station.quality.criteria import OwnValue

        known = self._own.get(digest)
        if known is None:
            found = own_sizes(master, sheet.sizes) if sheet.sizes else ()
            sizes = {m.characteristic: OwnValue(m.value, m.u) for m in found if m.value is not None}
            known = self._own[digest] = (supported_limits(master), sizes)
            while len(self._own) > _TOLD:
                self._own.pop(next(iter(self._own)))
        return known


def lint_text(toml: str) -> SheetLintDocument:
    """What would be argued about in a control sheet as it is written, or why it cannot be read."""
    from station.sheet import lint_sheet, load_sheet

    try:
        sheet = load_sheet(toml.encode("utf-8", "surrogatepass"))
    except SheetError as error:
        message = error.message.removeprefix("The control sheet: ")
        return SheetLintDocument(error=message, do=error.do, digest="", sku="", regions=(), remarks=())
    remarks = tuple(LintDocument(rule=r.rule, where=r.where, message=r.message, do=r.do) for r in lint_sheet(sheet))
    return SheetLintDocument(
        error="", do="", digest=sheet.digest, sku=sheet.product.sku, regions=tuple(r.name for r in sheet.regions),
        remarks=remarks,
    )  # fmt: skip


# --- outlines --------------------------------------------------------------------------------------------------------


def outlined(master: Master) -> MasterDocument:
    """A master as it may be drawn."""
    import numpy as np

    from station.measure.coverage import uncovered_enamel
    from station.values.line import OTHER

    bare = master.labels == OTHER
    for piece in uncovered_enamel(master) if master.regions else ():
        bare = bare | piece.where
    regions = tuple(
        ShownRegion(
            name=r.name, surface=r.surface, lab=None if r.lab is None else _three(r.lab), u_lab=2 * float(r.u_lab),
            centre_mm=r.centre_mm, area_mm2=r.area_mm2,
            rings=tuple(_rings(master.labels == r.label, master.frame)),
        )
        for r in master.regions
    )  # fmt: skip
    frame = master.frame
    return MasterDocument(
        number=master.number, version=master.version,
        frame=FrameDocument(
            pitch_mm=frame.pitch_mm, width=frame.width, height=frame.height,
            origin_px=(float(frame.origin_px[0]), float(frame.origin_px[1])),
        ),
        outline_mm=_ring(master.outline_mm), holes_mm=tuple(_ring(h) for h in master.holes_mm), regions=regions,
        marks=tuple(ShownMark(name=m.name, polygon_mm=_ring(m.polygon_mm)) for m in master.marks),
        bare=tuple(_rings(np.asarray(bare), frame)) if master.regions else (),
        sizes_mm={name: float(v) for name, v in master.sizes_mm.items()}, thickness_mm=master.thickness_mm,
        scale_source=master.scale_source, u_scale=float(master.u_scale), noise=float(master.noise),
        blur_px=float(master.blur_px),
    )  # fmt: skip


def _rings(where: NDArray[np.bool_], frame: Frame) -> Iterator[Ring]:
    """The borders of a mask, those of its holes among them, in millimetres."""
    import cv2
    import numpy as np

    found, _ = cv2.findContours(where.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for contour in found:
        if cv2.contourArea(contour) < _LEAST_PX:
            continue
        simple = cv2.approxPolyDP(contour, _SIMPLE_PX, closed=True)[:, 0, :]
        if len(simple) > 2:
            yield _ring(frame.to_mm(simple.astype(np.float64)))


def _ring(points: NDArray[np.float64]) -> Ring:
    return tuple((round(float(x), 3), round(float(y), 3)) for x, y in points)


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    lightness, a, b = (float(v) for v in values)
    return lightness, a, b


# --- limits ----------------------------------------------------------------------------------------------------------


def _measured(c: Criterion, colours: dict[str, float]) -> LimitRow:
    """A limit of a measurement beside what the golden's own photo proves of a unit exactly like it."""
    what, _, name = c.characteristic.partition(":")
    own, half = c.own, _half(c)
    proven = colours.get(name) if what == "colour" else None if own is None else own.u
    reason = ""
    if what == "entered":
        state = "by hand"
    elif proven is None or half is None:
        state = "unknown"
    elif half < proven:
        state = "below"
        reason = (
            f"{c.characteristic}: the limit leaves {half:g} {c.unit}, and a photo such as the golden's proves "
            f"{proven:.2g} at best, so units stay undecided: agree a wider limit, or photograph better"
        )
    else:
        state = "proven"
    numbers = {k: None if (v := getattr(c, k)) is None else float(v) for k in ("nominal", "lower", "upper", "review")}
    return LimitRow.model_validate(
        {
            "what": what, "name": name, "where": "", "unit": c.unit, "class": c.defect_class, **numbers,
            "own": None if own is None else own.value, "lab": None if own is None else own.lab,
            "u": None if own is None else own.u, "tolerance": half, "proven_from": proven, "state": state,
            "reason": reason,
        }
    )  # fmt: skip


def _half(c: Criterion) -> float | None:
    """Half the width of the limits; of one side alone its distance from the nominal, or the limit itself."""
    low, high = c.lower, c.upper
    if low is not None and high is not None:
        return float(high - low) / 2
    one = high if high is not None else low
    return None if one is None else abs(float(one if c.nominal is None else one - c.nominal))


def _defects(sheet: Sheet, study: CapabilityDocument | None) -> Iterator[LimitRow]:
    """The limits of defects beside the a90/95 of the study in force."""
    told = {} if study is None else {(k.kind, k.where): k for k in study.limits}
    for d in sheet.defects:
        found = told.get((d.kind, d.where))
        yield LimitRow.model_validate(
            {
                "what": "defect", "name": d.kind, "where": d.where, "unit": "mm", "class": d.counted_class,
                "nominal": None, "lower": None, "upper": d.limit_mm, "review": None, "own": None, "lab": None,
                "u": None, "tolerance": d.limit_mm, "proven_from": None if found is None else found.a90_95_mm,
                "state": "unknown" if found is None else found.state, "reason": "" if found is None else found.reason,
            }
        )  # fmt: skip
