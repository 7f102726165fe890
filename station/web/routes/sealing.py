"""Sealing over HTTP: a control sheet as it is written, a draft of a golden sample, the seal, the study of what is found
on it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from station.batch import choose_engine
from station.service import Station
from station.service.golden_showing import lint_text
from station.service.sheet_advice import template_of
from station.values.documents import Document
from station.values.golden_shown import SheetLintDocument
from station.web.jobs import JobDocument, Progress
from station.web.routes.common import StationOf, refuses
from station.web.routes.jobs import JobsOf, UploadId, UploadIds, UploadsOf
from station.web.routes.receiving import written

router = APIRouter(tags=["goldens"])

Toml = Annotated[str, Field(min_length=1, max_length=60_000, examples=['schema = 1\n[product]\nsku = "MAS-PIN-30"\n'])]
RigChoice = Annotated[str | None, Field(max_length=200, examples=["bench-a"])]
CardChoice = Annotated[str | None, Field(max_length=40, pattern=r"^[a-z0-9-]+$")]


class NewSheet(Document):
    """A control sheet as TOML."""

    sheet: Toml


class NewDraft(NewSheet):
    """A golden sample to be measured. photo : of it, as it was handed in."""

    photo: UploadId
    rig: RigChoice = None
    card: CardChoice = None


class NewGolden(NewDraft):
    """A golden sample to be sealed. again : further photos of it, each lifted and laid down again. old_sheet : let the
    sheet of a superseded version be in force again."""

    again: UploadIds = ()
    old_sheet: bool = False


class NewStudy(Document):
    """trials : of each kind of defect in each kind of region. parts : renderings without a defect. seed : another one
    draws other defects."""

    trials: int = Field(default=100, ge=1, le=2000, examples=[100])
    parts: int = Field(default=60, ge=1, le=2000, examples=[60])
    seed: int = Field(default=1, ge=0, le=2**31 - 1, examples=[1])


@router.post("/sheets/lint", summary="What would be argued about in a control sheet; nothing is recorded")
def lint(new: NewSheet) -> SheetLintDocument:
    return lint_text(new.sheet)


@router.get(
    "/sheets/templates/{kind}",
    summary="A control sheet to begin with, of a type of product, as TOML",
    response_class=PlainTextResponse,
)
def template(kind: Annotated[str, InPath(max_length=40, examples=["pin"])]) -> str:
    return template_of(kind)


@router.post(
    "/goldens/drafts",
    summary="Measure a golden sample without sealing it: a job, whose result is a draft with its picture",
    status_code=202,
)
def draft(station: StationOf, jobs: JobsOf, uploads: UploadsOf, new: NewDraft) -> JobDocument:
    photo = uploads.path(new.photo)

    def work(progress: Progress) -> BaseModel:
        progress.tell("measuring", 0, 1)
        with written(new.sheet, "sheet.toml") as sheet:
            shown, progress.picture = station.shown.draft(sheet, photo, rig=new.rig, card=new.card)
        return shown

    return jobs.start("draft", lint_text(new.sheet).sku, work, uploads)


@router.post(
    "/goldens",
    summary="Measure a golden sample into a master and seal it: a job, whose result is the sealed version",
    status_code=202,
    responses=refuses(409),
)
def seal(station: StationOf, jobs: JobsOf, uploads: UploadsOf, new: NewGolden) -> JobDocument:
    photo, again = uploads.path(new.photo), [uploads.path(u) for u in new.again]

    def work(progress: Progress) -> BaseModel:
        with written(new.sheet, "sheet.toml") as sheet:
            return station.seal_golden(
                sheet, photo, rig=new.rig, card=new.card, again=again, old_sheet=new.old_sheet, on_step=progress.tell
            )

    return jobs.start("seal", lint_text(new.sheet).sku, work, uploads)


@router.post(
    "/goldens/{number}/capability",
    summary="Study how small a defect is found on its newest version: a job, whose result is the study",
    status_code=202,
)
def study(station: StationOf, jobs: JobsOf, number: str, new: NewStudy) -> JobDocument:
    station.golden(number)
    return jobs.start("capability", number, lambda progress: _studied(station, number, new, progress))


def _studied(station: Station, number: str, new: NewStudy, progress: Progress) -> BaseModel | None:
    done, of = 0, 1

    def total(count: int) -> None:
        nonlocal of
        of = count
        progress.tell("rendering", done, of)

    def one() -> None:
        nonlocal done
        done += 1
        progress.tell("rendering", done, of)

    return station.capability.run(
        golden=number, engine=choose_engine(1), on_done=one, on_total=total, trials=new.trials, parts=new.parts,
        seed=new.seed, stop=progress.stop,
    ).document  # fmt: skip
