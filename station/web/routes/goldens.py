"""Golden samples: their versions, who signed them and who holds them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from pydantic import Field

from station.service import views
from station.values.capability import CapabilityDocument
from station.values.documents import Document
from station.values.sign_off import GoldenStatusDocument, SignOffDocument
from station.web.etags import IfMatch
from station.web.routes.common import (
    By,
    Limit,
    Page,
    StationOf,
    TextCursor,
    WhoOf,
    page_after,
    refuses,
    speaker,
)

router = APIRouter(tags=["goldens"])


class NewSignOff(Document):
    """A party's signature under the version in force. name : the person who signs; of an account its own."""

    party: Literal["buyer", "supplier"] = Field(examples=["buyer"])
    name: By = ""
    role: str = Field(default="", max_length=120, examples=["head of quality"])
    artefact: str = Field(default="product", max_length=40, examples=["product"])


@router.get("/goldens", summary="Every sealed version, newest first")
def goldens(station: StationOf) -> list[views.GoldenView]:
    return station.goldens()


@router.get("/goldens/{number}", summary="One golden sample, its newest version by default")
def golden(station: StationOf, number: str, version: Annotated[int | None, Query(ge=1)] = None) -> views.GoldenView:
    return station.golden(number, version)


@router.get("/goldens/{number}/frame", summary="The raster of its frame, for drawing over pictures")
def frame(station: StationOf, number: str, version: Annotated[int | None, Query(ge=1)] = None) -> views.FrameView:
    return station.golden_frame(number, version)


@router.get(
    "/goldens/{number}/sheet",
    summary="The control sheet it was sealed with, as TOML",
    response_class=PlainTextResponse,
)
def sheet(station: StationOf, number: str, version: Annotated[int | None, Query(ge=1)] = None) -> str:
    return station.golden_sheet(number, version)


@router.get("/goldens/{number}/capability", summary="The newest study of what is found on its newest version")
def capability(station: StationOf, number: str) -> CapabilityDocument:
    return station.capability.newest(number)[1]


@router.get("/goldens/{number}/versions", summary="Every sealed version of one golden sample, oldest first")
def versions(station: StationOf, number: str, cursor: TextCursor = None, limit: Limit = 100) -> Page[views.GoldenView]:
    station.golden(number)
    found = sorted((g for g in station.goldens() if g.number == number), key=lambda g: g.version)
    items, after = page_after(found, lambda g: f"{g.version:09d}", cursor, limit)
    return Page(items=tuple(items), next=after)


@router.get("/goldens/{number}/status", summary="Who signed which version, and who holds it")
def status(station: StationOf, number: str) -> GoldenStatusDocument:
    return station.sign_off.status(number)


@router.post(
    "/goldens/{number}/sign-offs",
    summary="Sign the version in force for a party, with the station's key",
    status_code=201,
    responses=refuses(409, 412),
)
def sign(station: StationOf, who: WhoOf, number: str, new: NewSignOff, if_match: IfMatch) -> SignOffDocument:
    with if_match.of(lambda: station.sign_off.status(number)):
        return station.sign_off.sign(
            number, party=new.party, name=speaker(who, new.name), role=new.role, artefact=new.artefact
        )
