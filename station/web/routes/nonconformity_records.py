"""What goes with a nonconformity: the factory's records, the causes, photos and tables; its message, report and
corrective package; and whether its product may be ordered again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from station.service import corrective_package, nonconformity_reporting, out_files, seen_file
from station.values.claim_words import ClaimWords
from station.values.nonconformity import KindDocument, NonconformityDocument, RecordStep, ReorderDocument
from station.values.sourcing import SourcingRisk
from station.web.etags import IfMatch
from station.web.jobs import JobDocument, Progress
from station.web.routes.common import (
    RECORDED,
    Language,
    StationOf,
    WhoOf,
    attached,
    file_answer,
    file_of,
    refuses,
    speaker,
)
from station.web.routes.jobs import JobsOf, UploadId, UploadsOf
from station.web.routes.nonconformities import PointNumber
from station.web.routes.receiving import written
from station.web.routes.saying import Said, Text, Word

router = APIRouter(tags=["nonconformities"])


class NewFactoryRecord(Said):
    """What became of a record that the factory is asked for. on : the day, today without it. file : the record."""

    record: Literal["lot-dates", "incoming-lots", "inspection-reports"] = Field(examples=["lot-dates"])
    step: RecordStep = Field(examples=["asked"])
    on: date | None = None
    text: Text = ""
    file: UploadId | None = None


class NewCause(Said):
    """One of the thirteen causes of variance, confirmed or ruled out by what shows it."""

    cause: Word = Field(examples=["measurement-light"])
    holds: bool = Field(examples=[False])
    text: Text = Field(examples=["light checked on 12 May, 905 lx"])


class NewPointPhoto(Said):
    """A photo of a point. scale : what it shows sizes by, such as a calliper."""

    point: PointNumber = Field(examples=[1])
    photo: UploadId
    scale: Word = ""


class NewSeenTable(Said):
    """A table of what people saw and counted, handed in as CSV: kind, note, units, of and others."""

    file: UploadId


class NewCorrectivePackage(Said):
    """The revised control sheet as TOML."""

    sheet: str = Field(min_length=1, max_length=60_000, examples=['schema = 1\n[product]\nsku = "MAS-PIN-30"\n'])


@router.post("/nonconformities/{number}/records", summary="Say what became of a record of the factory", **RECORDED)
def record(
    station: StationOf, who: WhoOf, uploads: UploadsOf, number: str, new: NewFactoryRecord, if_match: IfMatch
) -> NonconformityDocument:
    file = uploads.given(new.file)
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.traceability.record(
            number, new.record, new.step, on=new.on, text=new.text, file=file, by=speaker(who, new.by)
        )


@router.get(
    "/nonconformities/{number}/records/{sha256}",
    summary="A record of the factory as it was handed in, by its digest",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The file"}},
)
def record_file(station: StationOf, number: str, sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]) -> Response:
    found = station.traceability.file(number, sha256)
    return attached(found.data, found.name, found.media_type)


@router.post("/nonconformities/{number}/causes", summary="Confirm a cause of variance, or rule it out", **RECORDED)
def cause(station: StationOf, who: WhoOf, number: str, new: NewCause, if_match: IfMatch) -> NonconformityDocument:
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.traceability.cause(number, new.cause, holds=new.holds, text=new.text, by=speaker(who, new.by))


@router.post("/nonconformities/{number}/photos", summary="Put a photo of one's own to a point", **RECORDED)
def photo(
    station: StationOf, who: WhoOf, uploads: UploadsOf, number: str, new: NewPointPhoto, if_match: IfMatch
) -> NonconformityDocument:
    file = uploads.path(new.photo)
    with if_match.of(lambda: station.nonconformities.show(number)):
        return station.nonconformities.attach(number, new.point, file, by=speaker(who, new.by), scale=new.scale)


@router.post("/nonconformities/{number}/seen/table", summary="Add what people saw and counted, as a table", **RECORDED)
def seen_table(
    station: StationOf, who: WhoOf, uploads: UploadsOf, number: str, new: NewSeenTable, if_match: IfMatch
) -> NonconformityDocument:
    file = uploads.path(new.file)
    with if_match.of(lambda: station.nonconformities.show(number)):
        return seen_file.add_seen(station.nonconformities, number, file, by=speaker(who, new.by))


@router.get("/nonconformities/{number}/message", summary="The message to the supplier, as text",
            response_class=PlainTextResponse)  # fmt: skip
def message(station: StationOf, number: str, language: Language = "en") -> str:
    return nonconformity_reporting.message_text(station, number, language)


@router.get("/nonconformities/{number}/words", summary="Its points, nine answers and requests in a language's words")
def words(station: StationOf, number: str, language: Language = "en") -> ClaimWords:
    return nonconformity_reporting.words_of(station, number, language)


@router.get(
    "/nonconformities/{number}/report",
    summary="The report: record, points with pictures and nine answers, requests, disposition, actions",
    response_class=Response,
    responses=file_answer("pdf"),
)
def report(
    station: StationOf,
    number: str,
    language: Language = "en",
    internal: Annotated[bool, Query(description="with every remedy's cost and the strength of the claim")] = False,
) -> Response:
    data, _ = nonconformity_reporting.report_pdf(station, number, language, internal=internal)
    return file_of(data, f"{number} {language}", "pdf")


@router.post(
    "/nonconformities/{number}/package",
    summary="Write the corrective package: a job, whose result is the nonconformity and whose file is the archive",
    status_code=202,
    responses=refuses(409),
)
def package(station: StationOf, who: WhoOf, jobs: JobsOf, number: str, new: NewCorrectivePackage) -> JobDocument:
    by = speaker(who, new.by)
    known = station.nonconformities.show(number).number

    def work(progress: Progress) -> BaseModel:
        out = progress.place(f"{known}.zip")
        with written(new.sheet, "sheet.toml") as sheet:
            _, found = corrective_package.corrective_package(
                station, known, sheet, by=by, write=lambda data: out_files.write_file(out, data, ".zip")
            )
        return found

    return jobs.start("corrective package", known, work)


@router.get("/nonconformity-kinds", summary="The kinds of nonconformity with their remedies, or what a word means")
def kinds(
    word: Annotated[str | None, Query(max_length=100, examples=["bent ring"])] = None, language: Language = "en"
) -> list[KindDocument]:
    return seen_file.kinds(word, language)


@router.get("/sourcing-risk", summary="Why a supplier is a risk for the next order, and from which records")
def sourcing_risk(
    station: StationOf,
    supplier: Annotated[str | None, Query(min_length=1, max_length=200, examples=["Dongguan Badge"])] = None,
    golden: Annotated[
        str | None, Query(min_length=1, max_length=200, description="else the supplier that its control sheet names")
    ] = None,
    version: Annotated[int | None, Query(ge=1, le=10**6, description="of it, the newest where it is left out")] = None,
) -> SourcingRisk:
    return station.traceability.sourcing_history(supplier, golden=golden, version=version)


@router.get("/reorder", summary="May this product be ordered again?")
def reorder(
    station: StationOf, sku: Annotated[str, Query(min_length=1, max_length=200, examples=["MAS-PIN-30"])]
) -> ReorderDocument:
    return corrective_package.reorder(station, sku)
