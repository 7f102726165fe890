"""Inspecting a unit by its picture, sent as it is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from station.errors import PhotoError
from station.service import Station
from station.values.documents import Document, UnitDocument
from station.web.errors import ErrorDocument
from station.web.routes.common import StationOf

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
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {k: {"schema": {"type": "string", "format": "binary"}} for k in ("image/jpeg", "image/png")},
        }
    },
)
async def inspect(
    request: Request,
    station: StationOf,
    golden: Annotated[str, Query(min_length=1, max_length=200, examples=["GS-20260510"])],
    photo: Annotated[
        str,
        Query(
            pattern=r"^\w[\w .()+-]{0,99}$", description="the picture's name, for the records", examples=["0001.jpg"]
        ),
    ],
    unit: Annotated[Name, Query(description="the unit's name; that of the picture without it")] = None,
    lot: Name = None,
    rig: Name = None,
    card: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z0-9-]+$")] = None,
) -> InspectedDocument:
    with tempfile.TemporaryDirectory(prefix="station-") as folder:
        file = Path(folder) / photo
        await _receive(request, file, int(station.settings.max_photo_mb * 1_000_000))
        async with request.app.state.measuring:
            return await run_in_threadpool(_inspect, station, file, golden, unit, lot, rig, card)


async def _receive(request: Request, file: Path, most: int) -> None:
    """Write the body to a file, as far as the station takes it. Raises PhotoError."""
    size = 0
    with file.open("xb") as out:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise TooLargeError(f"the picture is larger than {most // 1_000_000} MB", "Send a smaller picture.")
            out.write(part)


class TooLargeError(PhotoError):
    code = "too-large"
    status = 413


def _inspect(
    station: Station, file: Path, golden: str, unit: str | None, lot: str | None, rig: str | None, card: str | None
) -> InspectedDocument:
    done = station.inspect(file, golden=golden, unit=unit, rig=rig, card=card, lot=lot)
    if done.error is not None:
        raise done.error
    assert done.document is not None
    assert done.unit_id is not None
    return InspectedDocument(id=done.unit_id, new=done.new, unit=done.document)
