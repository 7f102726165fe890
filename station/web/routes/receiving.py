"""A picture or file that is the body of a request, written to a file no further than the station takes it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Query, Request
from pydantic import AfterValidator

from station.errors import PhotoError

PICTURE_BODY = {
    "requestBody": {
        "required": True,
        "content": {k: {"schema": {"type": "string", "format": "binary"}} for k in ("image/jpeg", "image/png")},
    }
}
"""For the description of a route that takes one."""
FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            k: {"schema": {"type": "string", "format": "binary"}}
            for k in ("image/jpeg", "image/png", "application/pdf", "application/zip", "text/csv", "application/toml",
                      "application/octet-stream")
        },
    }
}  # fmt: skip
"""For the description of the route that takes any file."""

LONGEST_NAME = 200
"""Bytes of a file's name: the system takes 255, and an ending or the name of a temporary file stands beside it."""


def short_name(name: str | None) -> str | None:
    """A name that a file can have. Raises ValueError."""
    if name is not None and len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        raise ValueError(f"a name has at most {LONGEST_NAME} bytes; give a shorter one")
    return name


FileName = Annotated[
    str,
    AfterValidator(short_name),
    Query(pattern=r"^\w[\w .()+-]{0,99}$", description="the file's name, for the records", examples=["0001.jpg"]),
]


class TooLargeError(PhotoError):
    code = "too-large"
    status = 413


def declared(request: Request, most: int) -> int:
    """Bytes that the body is said to have, 0 where nothing is said. Raises TooLargeError."""
    said = request.headers.get("content-length", "")
    size = int(said) if said.isascii() and said.isdigit() and len(said) < 16 else 0
    if size > most:
        raise TooLargeError(f"the file is larger than {most // 1_000_000} MB", "Send a smaller one.")
    return size


async def receive(request: Request, file: Path, most: int, *, coming: Callable[[int], None] = lambda _: None) -> None:
    """Write the body to a file that is not there yet. most : bytes. coming : is told how many have come, before they
    are written, and may refuse them. Raises TooLargeError."""
    size = 0
    with file.open("xb") as out:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise TooLargeError(f"the file is larger than {most // 1_000_000} MB", "Send a smaller one.")
            coming(size)
            out.write(part)


def passing(request: Request) -> tempfile.TemporaryDirectory[str]:
    """A folder for the picture of one request, within that of the server: a killed one leaves nothing for ever."""
    return tempfile.TemporaryDirectory(dir=request.app.state.passing)


@contextmanager
def written(text: str, name: str) -> Iterator[Path]:
    """A text of a request as a file of that name, for as long as it is read."""
    with tempfile.TemporaryDirectory(prefix="station-") as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        yield path
