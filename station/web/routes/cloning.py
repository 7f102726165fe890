"""Re-orders and siblings made from a golden sample, and the artwork file that it was made by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from station.service import cloning
from station.values.cloning import CloneDocument
from station.values.documents import Document
from station.values.golden_record import ArtworkDocument
from station.web.routes.common import RECORDED, StationOf, WhoOf, refuses, speaker
from station.web.routes.jobs import UploadId, UploadsOf
from station.web.routes.saying import Said, Word

router = APIRouter(tags=["goldens"])

SheetKey = Annotated[str, Field(min_length=1, max_length=200)]


class NewClone(Document):
    """A re-order or sibling. version : that it is made from, the newest without it. changes : to the sheet, by the path
    of the value."""

    version: int | None = Field(default=None, ge=1, le=10**6)
    sku: Word = Field(default="", examples=["MAS-PIN-32"])
    name: Word = ""
    order: Word = Field(default="", examples=["PO-4712"])
    changes: dict[SheetKey, Word] = Field(
        default_factory=dict, max_length=100, examples=[{"sizes.width.nominal_mm": "32.0"}]
    )


class MadeClone(Document):
    """What differs from the origin, and the control sheet and record as TOML; nothing of it is sealed."""

    clone: CloneDocument
    sheet: str
    record: str


class ArtworkFileGiven(Document):
    """A file that was handed in."""

    file: UploadId


class NewArtwork(Said):
    """The artwork file, as it was handed in; its digest is put on record where there is none."""

    file: UploadId


@router.post("/goldens/{number}/clones", summary="The control sheet and record of a re-order; nothing is recorded")
def clone(station: StationOf, number: str, new: NewClone) -> MadeClone:
    told, files = cloning.made_clone(
        station, number, version=new.version, sku=new.sku, name=new.name, order=new.order,
        changes=[f"{where}={value}" for where, value in new.changes.items()],
    )  # fmt: skip
    return MadeClone(clone=told, sheet=files[cloning.SHEET], record=files[cloning.RECORD])


@router.get("/goldens/{number}/origin", summary="What it was made from, and every value that differs",
            responses=refuses(409))  # fmt: skip
def origin(station: StationOf, number: str) -> CloneDocument:
    return cloning.origin(station, number)


@router.post("/goldens/{number}/artwork", summary="Put the artwork file on record where none is", **RECORDED)
def artwork(station: StationOf, who: WhoOf, uploads: UploadsOf, number: str, new: NewArtwork) -> ArtworkDocument:
    return station.record.artwork(number, uploads.path(new.file), by=speaker(who, new.by))


@router.post("/goldens/{number}/artwork/checks", summary="Is this file, to the last byte, the artwork on record?",
             responses=refuses(409))  # fmt: skip
def check_artwork(station: StationOf, uploads: UploadsOf, number: str, new: ArtworkFileGiven) -> ArtworkDocument:
    return station.record.artwork(number, uploads.path(new.file))
