"""Files that are handed in, and the jobs that use them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from station.service.declared import vet_declared
from station.service.packages import MOST_BYTES
from station.web.errors import ErrorDocument
from station.web.jobs import Held, JobDocument, Jobs, UploadDocument, Uploads
from station.web.routes.common import StationOf
from station.web.routes.receiving import FILE_BODY, FileName, receive

router = APIRouter(tags=["jobs"])

UploadId = Annotated[str, Field(pattern=r"^u-[\w-]{8,40}$", examples=["u-5rT0mEXAMPLE"])]
"""What a file is named by that was handed in."""
UploadIds = Annotated[tuple[UploadId, ...], Field(max_length=60)]
JobId = Annotated[str, Path(max_length=60)]


def jobs_of(request: Request) -> Jobs:
    """The jobs of this server."""
    found = request.app.state.jobs
    assert isinstance(found, Jobs)
    return found


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


JobsOf = Annotated[Jobs, Depends(jobs_of)]
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
async def upload(request: Request, station: StationOf, uploads: StoreOf, name: FileName) -> UploadDocument:
    made, path = uploads.place(name)
    try:
        most = MOST_BYTES if path.suffix.lower() == ".zip" else int(station.settings.max_photo_mb * 1_000_000)
        await receive(request, path, most)
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
    responses={200: {"content": {"image/jpeg": {}}, "description": "The picture"}},
)
def picture(known: JobsOf, job: JobId) -> Response:
    return Response(known.picture(job), media_type="image/jpeg")


@router.get(
    "/jobs/{job}/file",
    summary="The file that a job made: a package or an archive",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "The file"}},
)
def file(known: JobsOf, job: JobId) -> FileResponse:
    found = known.file(job)
    return FileResponse(found, media_type="application/zip", filename=found.name)


@router.post("/jobs/{job}/stop", summary="Let a job end where it may: one that waits does not begin")
def stop(known: JobsOf, job: JobId) -> JobDocument:
    return known.stop(job)
