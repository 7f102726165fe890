"""What is seen in photos that were handed in, and recorded nowhere: the photo itself, its colour card, two pictures
laid over each other, parts side by side, and pictures drawn of a unit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from station.errors import RequestError
from station.service import comparing, drawn, picture_pairs, picturing, side_by_side, tools, views
from station.service.drawn import PhotoChart
from station.service.matching import match_lot
from station.values.comparison import SetDocument
from station.values.documents import CardDocument, Document
from station.values.model_card import ModelCardDocument
from station.web.jobs import JobDocument, Progress
from station.web.routes.common import StationOf
from station.web.routes.jobs import JobsOf, UploadId, UploadsOf
from station.web.routes.receiving import written
from station.web.routes.saying import Word
from station.web.routes.sealing import CardChoice, RigChoice, Toml

router = APIRouter()

ModelName = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9][a-z0-9-]*$", examples=["classical"])]


class GivenPhoto(Document):
    """A photo that was handed in."""

    photo: UploadId


class GivenCardPhoto(GivenPhoto):
    """A photo with a colour card. card : which, that of the settings without it."""

    card: CardChoice = None


class GivenPair(Document):
    """Two pictures of the same thing, as they were handed in."""

    golden: UploadId
    unit: UploadId


class NewAlignment(GivenPair):
    """model : similarity, affine or homography."""

    model: Annotated[str, Field(pattern="^(similarity|affine|homography)$")] = "similarity"


class NewModelRun(GivenPair):
    """model : a defect model by its name; the station's own without it."""

    model: ModelName | None = None


class GoldenChoice(Document):
    """How the golden is told from the units: a point on it, in pixels of the photo, or left, right, top, bottom or its
    number; the leftmost part where neither is given."""

    at_px: tuple[Annotated[float, Field(gt=-1e6, lt=1e6)], Annotated[float, Field(gt=-1e6, lt=1e6)]] | None = None
    which: str | None = Field(default=None, pattern=r"^(left|right|top|bottom|[1-9][0-9]{0,3})$", examples=["left"])


class NewComparison(Document):
    """Parts side by side: one photo, or two under two lights; with ``set`` the parts of one photo held to each other.
    golden : a sealed one, or sheet : a control sheet as TOML whose seeds lie in the photo."""

    photos: tuple[UploadId, ...] = Field(min_length=1, max_length=2, examples=[["u-5rT0mEXAMPLE"]])
    golden: str | None = Field(default=None, max_length=200, examples=["GS-20260510"])
    sheet: Toml | None = None
    choices: tuple[GoldenChoice, ...] = Field(default=(), max_length=2)
    lights: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=2, examples=[["D50"]])
    whole: Annotated[bool, Field(alias="set")] = False
    rig: RigChoice = None
    card: CardChoice = None


class NewChart(Document):
    """A picture to be drawn of a unit: of a photo that was handed in, or of a unit on record. golden : that it is held
    to, the unit's own where that is on record. everything : also findings at less than half their limit."""

    kind: PhotoChart = Field(examples=["findings"])
    photo: UploadId | None = None
    unit: int | None = Field(default=None, ge=1, le=2**31 - 1)
    golden: Word | None = None
    rig: RigChoice = None
    card: CardChoice = None
    everything: bool = False


class DrawnDocument(Document):
    """That a picture was drawn; it is the job's. remarks : what is to be said of it."""

    remarks: tuple[str, ...]


@router.post(
    "/photos/described", tags=["photos"], summary="What the decoder makes of a photo, and what speaks of editing"
)
async def describe(request: Request, station: StationOf, uploads: UploadsOf, new: GivenPhoto) -> views.PhotoDocument:
    photo = uploads.path(new.photo)
    async with request.app.state.measuring:  # decoded whole, as a unit's is
        return await run_in_threadpool(tools.describe_photo, photo, station.settings)


@router.post(
    "/photos/card", tags=["photos"], summary="Find the colour card, fit its correction, say whether it may be used"
)
async def card(request: Request, station: StationOf, uploads: UploadsOf, new: GivenCardPhoto) -> CardDocument:
    photo = uploads.path(new.photo)
    async with request.app.state.measuring:
        return await run_in_threadpool(tools.read_card, photo, new.card, station.settings)


@router.post("/alignments", tags=["photos"], summary="Register one picture onto another: a job", status_code=202)
def align(station: StationOf, jobs: JobsOf, uploads: UploadsOf, new: NewAlignment) -> JobDocument:
    pair = picture_pairs.Pair(uploads.path(new.golden), uploads.path(new.unit))
    run = picture_pairs.AlignPair(model=new.model, settings=station.settings)
    return jobs.start("pair", pair.unit.name, lambda _: run(pair), uploads)


@router.post("/models/runs", tags=["photos"], summary="Mark what differs between two pictures: a job, with its picture",
             status_code=202)  # fmt: skip
def run_model(station: StationOf, jobs: JobsOf, uploads: UploadsOf, new: NewModelRun) -> JobDocument:
    pair = picture_pairs.Pair(uploads.path(new.golden), uploads.path(new.unit))
    run = picture_pairs.RunModel(settings=station.settings, model=new.model)

    def work(progress: Progress) -> BaseModel:
        found = run(pair)
        progress.picture = drawn.jpeg(picturing.pair_chart(pair, found, station.settings))
        return found

    return jobs.start("pair", pair.unit.name, work, uploads)


@router.get("/models", tags=["photos"], summary="The cards of the defect models: kinds, data, figures, known limits")
def models(station: StationOf) -> list[ModelCardDocument]:
    return tools.model_cards(None, station.settings)


@router.post("/comparisons", tags=["photos"], summary="Compare the parts in a photo with the golden beside them: a job",
             status_code=202)  # fmt: skip
def compare(station: StationOf, jobs: JobsOf, uploads: UploadsOf, new: NewComparison) -> JobDocument:
    photos = [uploads.path(p) for p in new.photos]
    choices = [comparing.Choice(at_px=c.at_px, which=c.which) for c in new.choices]

    def work(progress: Progress) -> BaseModel:
        if new.sheet is None:
            standard = comparing.standard_of(station, new.golden, None)
        else:
            with written(new.sheet, "sheet.toml") as sheet:
                standard = comparing.standard_of(station, new.golden, sheet)
        found, picture = side_by_side.compared(
            station, photos, standard, choices=choices, lights=new.lights, whole=new.whole, rig=new.rig, card=new.card
        )
        progress.picture = None if picture is None else drawn.jpeg(picture)
        return found

    return jobs.start("comparison", new.golden or "", work, uploads)


@router.get("/lots/{lot:path}/sets", tags=["lots"], summary="The matched sets of a lot's recorded units")
def sets(station: StationOf, lot: str) -> list[SetDocument]:
    return match_lot(station, lot)


@router.post("/charts/photo", tags=["charts"], summary="Draw a picture of a unit: a job, whose picture it is",
             status_code=202)  # fmt: skip
def chart(station: StationOf, jobs: JobsOf, uploads: UploadsOf, new: NewChart) -> JobDocument:
    golden = new.golden
    if (new.photo is None) == (new.unit is None):
        raise RequestError("either a photo is drawn or a unit on record", "Send photo or unit.")
    if new.unit is not None:
        unit = station.unit(new.unit)
        photo, golden = station.evidence_path(unit.sha256), golden or unit.golden
    else:
        assert new.photo is not None
        photo = uploads.path(new.photo)

    def work(progress: Progress) -> BaseModel:
        made = drawn.photo_chart(
            station, new.kind, photo, golden, rig=new.rig, card=new.card, everything=new.everything
        )
        progress.picture = drawn.jpeg(made.picture)
        return DrawnDocument(remarks=made.remarks)

    return jobs.start("chart", new.kind, work, uploads)
