"""A picture that is the body of a request, written to a file no further than the station takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Query, Request

from station.errors import PhotoError

PICTURE_BODY = {
    "requestBody": {
        "required": True,
        "content": {k: {"schema": {"type": "string", "format": "binary"}} for k in ("image/jpeg", "image/png")},
    }
}
"""For the description of a route that takes one."""

FileName = Annotated[
    str,
    Query(pattern=r"^\w[\w .()+-]{0,99}$", description="the picture's name, for the records", examples=["0001.jpg"]),
]


class TooLargeError(PhotoError):
    code = "too-large"
    status = 413


async def receive(request: Request, file: Path, most: int) -> None:
    """Write the body to a file that is not there yet. most : bytes. Raises TooLargeError."""
    size = 0
    with file.open("xb") as out:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise TooLargeError(f"the picture is larger than {most // 1_000_000} MB", "Send a smaller picture.")
            out.write(part)
