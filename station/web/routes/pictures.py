"""Pictures by the SHA-256 of their file: what an address shows never changes, so a browser may keep it for ever."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from station.web.routes.common import StationOf

router = APIRouter(tags=["pictures"])

IMMUTABLE = "private, max-age=31536000, immutable"


Width = Annotated[
    int | None,
    Query(ge=32, le=4096, description="no wider than so many pixels, as JPEG; left out, the picture as it is kept"),
]


Part = Annotated[
    str | None,
    Query(
        pattern=r"^\d{1,5},\d{1,5},[1-9]\d{0,3},[1-9]\d{0,3}$",
        description="left, top, width and height in pixels: that part of it alone, as JPEG",
        examples=["1200,800,160,160"],
    ),
]


@router.get(
    "/pictures/{sha256}",
    summary="A photo, a frame or an annotated picture, by its digest",
    response_class=Response,
    responses={200: {"content": {"image/*": {}}, "description": "The picture as it is kept"}},
)
async def picture(
    request: Request,
    station: StationOf,
    sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
    width: Width = None,
    part: Part = None,
) -> Response:
    scaling: asyncio.Semaphore = request.app.state.scaling  # each decodes a whole picture
    if part is not None:
        left, top, across, down = (int(v) for v in part.split(","))
        async with scaling:
            found = await run_in_threadpool(station.review_screen.part, sha256, (left, top, across, down))
    elif width is not None:
        async with scaling:
            found = await run_in_threadpool(station.review_screen.picture, sha256, width)
    else:
        found = await run_in_threadpool(station.picture, sha256)
    headers = {"Cache-Control": IMMUTABLE, "ETag": f'"{found.sha256}"', "Content-Disposition": "inline"}
    return Response(found.data, media_type=found.media_type, headers=headers)
