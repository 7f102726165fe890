"""``photo``: what the station makes of a photo file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from station.cli.conduct import Json, context_of, document, emit, show, table

_VERDICTS = {
    "strong": "Colour is not judged on this photo.",
    "suspect": "Not the camera's own file, it seems; colour is judged all the same.",
}


def register(app: typer.Typer) -> None:
    """Add the command of this room."""
    app.command("photo")(photo)


def photo(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo file, as the camera wrote it.")],
    json: Json = False,
) -> None:
    """Say what a photo file is, what the decoder did with it, and what speaks of editing."""
    from station.service.tools import describe_photo

    found = describe_photo(photo, context_of(context).settings())
    if json:
        emit(document(found))
        return
    show(
        f"{found.photo}: {found.format}, {found.width} x {found.height} px, decoded to {found.bits} bits a channel, "
        f"primaries of {found.primaries}"
    )
    kept = found.metadata | ({"taken at": found.taken_at} if found.taken_at else {})
    if kept:
        show("Header: " + ", ".join(f"{name.replace('_', ' ')} {text}" for name, text in kept.items()))
    for note in found.notes:
        show(f"Decoder: {note}")
    table("Signs of editing", ["sign", "grade", "what was seen"], [[s.name, s.grade, s.words] for s in found.edits])
    if found.edits:
        show("Evidence, never proof. " + _VERDICTS.get(found.edits[0].grade, ""))
