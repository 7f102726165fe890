"""Which units of a lot are pulled, and whether the pulled ones are those. A lot's id may hold slashes."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from station.errors import RequestError
from station.service import draws
from station.values.documents import Document
from station.values.draw import DrawDocument, IntegrityDocument
from station.web.etags import IfMatch
from station.web.routes.common import RECORDED, StationOf, file_answer, file_of
from station.web.routes.jobs import UploadId, UploadsOf

router = APIRouter(tags=["lots"])

Size = Annotated[int, Field(ge=1, le=10**9)]


class NewDraw(Document):
    """A sample to be drawn. size : units in the whole lot. carton_file : a CSV file of its cartons, as it was handed
    in: carton, units and others; or cartons : so many share the lot evenly. units : draw so many. seed : draw the same
    list again."""

    size: Annotated[int, Field(ge=2, le=10**9)] | None = Field(default=None, examples=[1200])
    carton_file: UploadId | None = None
    cartons: Annotated[int, Field(ge=1, le=100_000)] | None = Field(default=None, examples=[24])
    rule: Literal["standard", "receipt"] = "standard"
    golden: str | None = Field(default=None, max_length=200)
    stream: str | None = Field(default=None, max_length=200)
    units: Annotated[int, Field(ge=1, le=100_000)] | None = None
    seed: Annotated[int, Field(ge=0, lt=draws.LARGEST_SEED)] | None = None


class Pulled(Document):
    """A CSV file with a column unit, a row for each unit as it was pulled, as it was handed in."""

    file: UploadId


@router.post(
    "/lots/{lot:path}/draws", summary="Draw which units are pulled; the newest list of a lot is in force", **RECORDED
)
def draw(station: StationOf, uploads: UploadsOf, lot: str, new: NewDraw, if_match: IfMatch) -> DrawDocument:
    if new.carton_file is not None and new.cartons is not None:
        raise RequestError("a file of cartons and a number of them are both given", "Send one of them.")
    packed = uploads.given(new.carton_file) or new.cartons
    with if_match.of(lambda: station.draws.newest(lot)):
        return station.draws.draw(
            lot, size=new.size, cartons=packed, rule=new.rule, units=new.units, seed=new.seed, golden=new.golden,
            stream=new.stream,
        )  # fmt: skip


@router.get(
    "/lots/{lot:path}/picks",
    summary="The pick list in force, to print and tick off, or to fill in",
    response_class=Response,
    responses=file_answer("pdf", "csv"),
)
def picks(station: StationOf, lot: str, form: Annotated[Literal["pdf", "csv"], Query()] = "pdf") -> Response:
    return file_of(draws.picks_as(station.draws.newest(lot), form), f"{lot} picks", form)


@router.post(
    "/lots/{lot:path}/pulled", summary="Hold a table of pulled units against the pick list; nothing is recorded"
)
def pulled(station: StationOf, uploads: UploadsOf, lot: str, new: Pulled) -> IntegrityDocument:
    return station.draws.pulled(lot, uploads.path(new.file))
