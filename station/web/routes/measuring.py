"""Values entered by hand, and gauge studies, made and read."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from station.batch import choose_engine
from station.errors import RequestError
from station.service.entering import NewValue
from station.service.gauge_series import Capture
from station.values.documents import Document
from station.values.entered import EnteredDocument
from station.values.gauge import GaugeStudyDocument
from station.web.jobs import JobDocument, Progress
from station.web.routes.common import RowId, StationOf, WhoOf, refuses, speaker
from station.web.routes.jobs import JobsOf, UploadId, UploadsOf
from station.web.routes.saying import Said

router = APIRouter()

Text = Annotated[str | None, Query(max_length=200)]


class StudyRow(Document):
    """A gauge study and its number."""

    id: int
    study: GaugeStudyDocument


class NewEnteredValue(Document):
    """A value measured with an instrument. u : expanded uncertainty (k = 2) in the value's unit. due_on : until when
    the calibration holds, a year from it without. measured_on : today without it. unit_of_measure : as the control
    sheet has it without."""

    unit: str = Field(min_length=1, max_length=200, examples=["unit-07"])
    name: str = Field(min_length=1, max_length=200, examples=["weight"])
    value: float = Field(examples=[33.9])
    u: float = Field(ge=0, examples=[0.05])
    instrument: str = Field(min_length=1, max_length=200, examples=["S-3"])
    calibrated_on: date
    golden: str = Field(min_length=1, max_length=200, examples=["GS-20260510"])
    lot: str | None = Field(default=None, max_length=200)
    due_on: date | None = None
    measured_on: date | None = None
    unit_of_measure: str | None = Field(default=None, max_length=40)
    note: str = Field(default="", max_length=500)


class NewEntered(Said):
    """Values, recorded all or none: ``values``, or a CSV file as it was handed in. golden, lot : of the rows of the
    file that do not name their own."""

    values: tuple[NewEnteredValue, ...] = Field(default=(), max_length=200)
    file: UploadId | None = None
    golden: str | None = Field(default=None, max_length=200)
    lot: str | None = Field(default=None, max_length=200)


class EnteredRow(Document):
    """A value as it was recorded. new : False where it was entered before, word for word. remark : what else of it."""

    entered: EnteredDocument
    new: bool
    remark: str


class NewCapturedPhoto(Document):
    """A photo of a study: of which part, by whom, the how manieth of both."""

    photo: UploadId
    part: str = Field(default="1", min_length=1, max_length=100)
    operator: str = Field(default="1", min_length=1, max_length=100)
    trial: str = Field(min_length=1, max_length=40, examples=["1"])


class NewGaugeStudy(Said):
    """A gauge study of photos that were handed in."""

    captures: tuple[NewCapturedPhoto, ...] = Field(
        min_length=2, max_length=400, examples=[[{"photo": "u-5rT0mEXAMPLE", "part": "1", "trial": "1"}]]
    )
    golden: str = Field(min_length=1, max_length=200, examples=["GS-20260510"])
    rig: str | None = Field(default=None, max_length=200)
    card: Annotated[str | None, Field(max_length=40, pattern=r"^[a-z0-9-]+$")] = None


class NewTableStudy(Said):
    """A gauge study of a table of values, handed in as CSV: part, value, and operator, trial, characteristic where
    there are. golden : whose control sheet has the limits, else lower and upper."""

    file: UploadId
    golden: str | None = Field(default=None, max_length=200)
    characteristic: str = Field(default="value", min_length=1, max_length=100)
    lower: float | None = None
    upper: float | None = None


@router.post("/entered", tags=["units"], summary="Enter values, which the control sheet judges; all or none",
             status_code=201, responses=refuses(409))  # fmt: skip
def enter(station: StationOf, who: WhoOf, uploads: UploadsOf, new: NewEntered) -> list[EnteredRow]:
    if (new.file is None) == (not new.values):
        raise RequestError("values are entered by themselves or as a file", "Send values, or file.")
    by = speaker(who, new.by)
    if new.file is not None:
        values = station.entered.read(uploads.path(new.file), golden=new.golden, lot=new.lot, by=by)
    else:
        values = [NewValue(**v.model_dump(), where=f"{v.name} of {v.unit}", by=by) for v in new.values]
    found = station.entered.enter(values)
    return [EnteredRow(entered=a.document, new=a.new, remark=a.remark) for a in found]


@router.post("/gauge/studies", tags=["bench"], summary="Measure the photos of a gauge study: a job", status_code=202,
             responses=refuses(409))  # fmt: skip
def take(station: StationOf, who: WhoOf, jobs: JobsOf, uploads: UploadsOf, new: NewGaugeStudy) -> JobDocument:
    by, number = speaker(who, new.by), station.golden(new.golden).number
    captures = [Capture(uploads.path(c.photo), c.part, c.operator, c.trial) for c in new.captures]

    def work(progress: Progress) -> BaseModel | None:
        done = 0

        def one(_: object) -> None:
            nonlocal done
            done += 1
            progress.tell("measuring", done, len(captures))

        return station.gauge.evaluated(
            captures, golden=number, rig=new.rig, card=new.card, by=by, engine=choose_engine(1), on_done=one,
            stop=progress.stop,
        )  # fmt: skip

    return jobs.start("gauge", number, work, uploads)


@router.post("/gauge/studies/values", tags=["bench"], summary="Evaluate a table of values as a gauge study",
             status_code=201, responses=refuses(409))  # fmt: skip
def from_values(station: StationOf, who: WhoOf, uploads: UploadsOf, new: NewTableStudy) -> StudyRow:
    made = station.gauge.from_values(
        uploads.path(new.file), golden=new.golden, characteristic=new.characteristic, lower=new.lower, upper=new.upper,
        by=speaker(who, new.by),
    )  # fmt: skip
    assert made.id is not None
    assert made.document is not None
    return StudyRow(id=made.id, study=made.document)


@router.get("/entered", tags=["units"], summary="Values that were measured by hand and stand, oldest first")
def entered(
    station: StationOf,
    golden: Text = None,
    lot: Text = None,
    unit: Text = None,
    history: Annotated[bool, Query(description="also the values that were corrected")] = False,
) -> list[EnteredDocument]:
    return station.entered.values(golden=golden, lot=lot, unit=unit, history=history)


@router.get("/gauge/studies", tags=["bench"], summary="Gauge studies, newest first")
def studies(station: StationOf, golden: Text = None, rig: Text = None) -> list[StudyRow]:
    return [StudyRow(id=number, study=study) for number, study in station.gauge.studies(golden=golden, rig=rig)]


@router.get("/gauge/studies/{study_id}", tags=["bench"], summary="One gauge study")
def study(station: StationOf, study_id: RowId) -> GaugeStudyDocument:
    return station.gauge.study(study_id)
