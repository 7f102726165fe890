"""Calibrating a bench over HTTP: pictures that were handed in become a calibration, as a job."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from station.service import bench_views
from station.values.documents import Document
from station.values.light import LIGHT_DAYS
from station.web.jobs import JobDocument
from station.web.routes.bench import RigName
from station.web.routes.common import StationOf, file_answer, file_of, refuses
from station.web.routes.jobs import JobsOf, UploadId, UploadIds, UploadsOf
from station.web.routes.receiving import written

router = APIRouter(tags=["bench"])

Lux = Annotated[float, Field(gt=0, le=200_000)]
Millimetres = Annotated[float, Field(gt=0, le=10_000)]
Small = Annotated[float, Field(ge=1e-4, le=100)]


class NewRig(Document):
    """A bench as TOML."""

    rig: str = Field(
        min_length=1, max_length=60_000, examples=['name = "bench-a"\n[camera]\nwidth = 2000\nheight = 1500\n']
    )


class NewLens(Document):
    """boards : pictures of the board; raised : of it on a spacer of ``spacer_mm``. measured_mm : a length on the
    printed board over so many squares (``over``). u_spacer_mm, u_measured_mm : their standard uncertainties. replace :
    also in the place of a calibration that is surer."""

    boards: UploadIds = Field(examples=[["u-5rT0mEXAMPLE"]])
    raised: UploadIds = ()
    spacer_mm: Millimetres | None = None
    measured_mm: Millimetres | None = None
    over: Annotated[int, Field(ge=1, le=1000)] | None = None
    u_spacer_mm: Small | None = None
    u_measured_mm: Small | None = None
    replace: bool = False


class NewLight(Document):
    """greys : pictures of the grey card; second_rate : at another exposure, for flicker. lux : readings of a meter, one
    a position, and cct_k : their colour temperature, read on ``measured_on`` (today) with ``instrument``. valid_days :
    how long it holds."""

    greys: UploadIds = Field(examples=[["u-5rT0mEXAMPLE"]])
    second_rate: UploadIds = ()
    lux: Annotated[tuple[Lux, ...], Field(max_length=50)] = ()
    cct_k: Annotated[float, Field(gt=0, le=100_000)] | None = Field(default=None, examples=[5000.0])
    instrument: str = Field(default="", max_length=200)
    measured_on: date | None = None
    valid_days: int = Field(default=LIGHT_DAYS, ge=1, le=3650)


class NewCheck(Document):
    """photo : of the bench with the colour card."""

    photo: UploadId
    card: Annotated[str | None, Field(max_length=40, pattern=r"^[a-z0-9-]+$")] = None


@router.post("/rigs", summary="Register a bench, or change it; a changed one needs new calibrations", status_code=201,
             responses=refuses(409))  # fmt: skip
def add_rig(station: StationOf, new: NewRig) -> bench_views.RigView:
    with written(new.rig, "rig.toml") as path:
        return station.bench.add_rig(path)


@router.post("/bench/{rig}/lens", summary="Calibrate its lens: a job, whose result is the calibration", status_code=202,
             responses=refuses(409))  # fmt: skip
def lens(station: StationOf, jobs: JobsOf, uploads: UploadsOf, rig: RigName, new: NewLens) -> JobDocument:
    station.bench.light(rig)
    boards, raised = [uploads.path(u) for u in new.boards], [uploads.path(u) for u in new.raised]
    return jobs.start(
        "lens", rig, lambda progress: station.bench.calibrate_lens(
            rig, boards, raised=raised, spacer_mm=new.spacer_mm, measured_mm=new.measured_mm, over=new.over,
            u_spacer_mm=new.u_spacer_mm, u_measured_mm=new.u_measured_mm, replace=new.replace, on_step=progress.tell,
        ), uploads,
    )  # fmt: skip


@router.post("/bench/{rig}/light", summary="Calibrate its light: a job, whose result is the calibration",
             status_code=202, responses=refuses(409))  # fmt: skip
def light(station: StationOf, jobs: JobsOf, uploads: UploadsOf, rig: RigName, new: NewLight) -> JobDocument:
    station.bench.light(rig)
    greys, second = [uploads.path(u) for u in new.greys], [uploads.path(u) for u in new.second_rate]
    return jobs.start(
        "light", rig, lambda progress: station.bench.calibrate_light(
            rig, greys, lux=new.lux, cct_k=new.cct_k, instrument=new.instrument,
            measured_on=new.measured_on, second_rate=second, valid_days=new.valid_days, on_step=progress.tell,
        ), uploads,
    )  # fmt: skip


@router.post("/bench/{rig}/checks", summary="Check its light by a photo with the colour card: a job",
             status_code=202, responses=refuses(409))  # fmt: skip
def check(station: StationOf, jobs: JobsOf, uploads: UploadsOf, rig: RigName, new: NewCheck) -> JobDocument:
    station.bench.light(rig)
    photo = uploads.path(new.photo)
    return jobs.start("check", rig, lambda _: station.bench.check_light(rig, photo, new.card), uploads)


@router.get("/bench/{rig}/board", summary="Its calibration board, to print", response_class=Response,
            responses=file_answer("pdf"))  # fmt: skip
def board(station: StationOf, rig: RigName) -> Response:
    return file_of(station.bench.print_board(rig), f"{rig} board", "pdf")
