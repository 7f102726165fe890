"""Inspecting a unit by its picture, sent as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from station.service import Station
from station.values.documents import Document, UnitDocument
from station.web.errors import ErrorDocument
from station.web.routes.common import StationOf
from station.web.routes.receiving import PICTURE_BODY, FileName, passing, receive

router = APIRouter(tags=["units"])


class InspectedDocument(Document):
    """An inspected unit. new : False where the same picture was inspected before under the same conditions."""

    id: int = Field(examples=[7])
    new: bool
    unit: UnitDocument


Name = Annotated[str | None, Query(max_length=200)]


@router.post(
    "/inspections",
    summary="Inspect a unit by its picture, which is the body; the answer comes when the unit is durable",
    status_code=201,
    responses={
        409: {"model": ErrorDocument, "description": "The bench is not calibrated, or the records refuse it"},
        413: {"model": ErrorDocument, "description": "The picture is larger than the station takes"},
        415: {"model": ErrorDocument, "description": "The body is no picture"},
    },
    openapi_extra=PICTURE_BODY,
)
async def inspect(
    request: Request,
    station: StationOf,
    golden: Annotated[str, Query(min_length=1, max_length=200, examples=["GS-20260510"])],
    photo: FileName,
    unit: Annotated[Name, Query(description="the unit's name; that of the picture without it")] = None,
    lot: Name = None,
    rig: Name = None,
    card: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z0-9-]+$")] = None,
    golden_version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="by which whoever inspects works; another one is refused")
    ] = None,
) -> InspectedDocument:
    with passing(request) as folder:
        file = Path(folder) / photo
        await receive(request, file, int(station.settings.max_photo_mb * 1_000_000))
        async with request.app.state.measuring:
            return await run_in_threadpool(inspected, station, file, golden, unit, lot, rig, card, golden_version)


def inspected(
    station: Station, file: Path, golden: str, unit: str | None, lot: str | None, rig: str | None, card: str | None,
    golden_version: int | None = None,
) -> InspectedDocument:  # fmt: skip
    """A unit inspected by a file. Raises what stands in the way."""
    done = station.inspect(file, golden=golden, unit=unit, rig=rig, card=card, lot=lot, golden_version=golden_version)
    if done.error is not None:
        raise done.error
    assert done.document is not None
    assert done.unit_id is not None
    return InspectedDocument(id=done.unit_id, new=done.new, unit=done.document)
