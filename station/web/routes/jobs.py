"""Files that are handed in, and the jobs that use them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from station.service.declared import vet_declared
from station.service.packages import MOST_BYTES
from station.web.asked_jobs import AskedJobs
from station.web.errors import ErrorDocument
from station.web.jobs import JobDocument, Jobs
from station.web.permissions import rule_for
from station.web.routes.common import StationOf, WhoOf
from station.web.routes.receiving import FILE_BODY, FileName, declared, receive
from station.web.uploads import Held, UploadDocument, Uploads

router = APIRouter(tags=["jobs"])

UploadId = Annotated[str, Field(pattern=r"^u-[\w-]{8,40}$", examples=["u-5rT0mEXAMPLE"])]
"""What a file is named by that was handed in."""
UploadIds = Annotated[tuple[UploadId, ...], Field(max_length=60)]
JobId = Annotated[str, Path(max_length=60)]


def jobs_of(request: Request, who: WhoOf) -> AskedJobs:
    """The jobs of this server, for who asks."""
    found = request.app.state.jobs
    assert isinstance(found, Jobs)
    _, rule = rule_for(request.method, request.scope["path"])
    return AskedJobs(found, who, rule.roles)


def store_of(request: Request) -> Uploads:
    """The files that were handed in to this server."""
    found = request.app.state.uploads
    assert isinstance(found, Uploads)
    return found


def uploads_of(request: Request) -> Iterator[Held]:
    """The same for a request that names some: they stay until it is answered."""
    held = Held(store_of(request))
    try:
        yield held
    finally:
        held.release()


_NOT_YOURS: dict[int | str, dict[str, Any]] = {
    403: {"model": ErrorDocument, "description": "The role may not start such a job, or it is another's"}
}
JobsOf = Annotated[AskedJobs, Depends(jobs_of)]
UploadsOf = Annotated[Held, Depends(uploads_of)]
StoreOf = Annotated[Uploads, Depends(store_of)]


@router.post(
    "/uploads",
    summary="Hand in a picture or file, which is the body, for a request that follows; it is kept for an hour",
    status_code=201,
    responses={
        413: {"model": ErrorDocument, "description": "The file is larger than the station takes"},
        415: {"model": ErrorDocument, "description": "The body is sent as no picture or file"},
    },
    openapi_extra=FILE_BODY,
)
async def upload(request: Request, station: StationOf, who: WhoOf, uploads: StoreOf, name: FileName) -> UploadDocument:
    most = MOST_BYTES if name.lower().endswith(".zip") else int(station.settings.max_photo_mb * 1_000_000)
    made, path = uploads.place(name, owner=who.name, size=declared(request, most))
    try:
        await receive(request, path, most, coming=lambda size: uploads.grow(made, size))
        vet_declared(path, request.headers.get("content-type", ""))
        return await run_in_threadpool(uploads.keep, made, path)
    except BaseException:
        uploads.drop(made)
        raise


@router.get("/jobs", summary="What is done, was done and is to be done by this server, the newest first")
def jobs(known: JobsOf) -> list[JobDocument]:
    return known.all()


@router.get("/jobs/{job}", summary="A job: how far it is, and its result")
def job(known: JobsOf, job: JobId) -> JobDocument:
    return known.get(job)


@router.get(
    "/jobs/{job}/picture",
    summary="The picture that a job made",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "The picture"}, **_NOT_YOURS},
)
def picture(known: JobsOf, job: JobId) -> Response:
    return Response(known.picture(job), media_type="image/jpeg")


@router.get(
    "/jobs/{job}/file",
    summary="The file that a job made: a package or an archive",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "The file"}, **_NOT_YOURS},
)
def file(known: JobsOf, job: JobId) -> FileResponse:
    found = known.file(job)
    return FileResponse(found, media_type="application/zip", filename=found.name)


@router.post("/jobs/{job}/stop", summary="Let a job end where it may: one that waits ends at once",
             responses=_NOT_YOURS)  # fmt: skip
def stop(known: JobsOf, job: JobId) -> JobDocument:
    return known.stop(job)
