"""Whether a file that was handed in is of the kind that it was sent as, by its first bytes."""

from __future__ import annotations

from pathlib import Path

from station.errors import PhotoError

_HEAD = 4096
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def vet_declared(file: Path, kind: str) -> None:
    """kind : media type, as in ``Content-Type``. Raises PhotoError for a file sent as a PDF, a ZIP or a picture that
    does not begin like one; which kind of picture it is may be another, and other kinds have no beginning to look at.
    """
    from station.devices.photo_header import recognise

    kind = kind.partition(";")[0].strip().lower()
    with file.open("rb") as data:
        head = data.read(_HEAD)
    if kind == "application/pdf":
        fits, name = head.startswith(b"%PDF-"), "a PDF"
    elif kind == "application/zip":
        fits, name = head.startswith(_ZIP), "a ZIP archive"
    elif kind.startswith("image/"):
        fits, name = recognise(head)[0] is not None, "a picture"
    else:
        return
    if not fits:
        raise PhotoError(
            f"{file.name} was sent as {kind}, and does not begin like {name}",
            "Send the file itself, or say what it is in Content-Type.",
        )
