"""Golden samples: their versions, who signed them and who holds them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from station.service import views
from station.values.capability import CapabilityDocument
from station.values.golden_shown import LimitsDocument, MasterDocument
from station.values.sign_off import GoldenStatusDocument
from station.values.tolerance import ToleranceDocument
from station.web.errors import ErrorDocument
from station.web.routes.common import Limit, Page, StationOf, TextCursor, page_after

router = APIRouter(tags=["goldens"])

Version = Annotated[int | None, Query(ge=1)]


@router.get("/goldens", summary="Every sealed version, newest first")
def goldens(station: StationOf) -> list[views.GoldenView]:
    return station.goldens()


@router.get("/sign-offs", summary="Where every golden sample stands: who signed what and who holds it, by number")
def statuses(station: StationOf, cursor: TextCursor = None, limit: Limit = 50) -> Page[GoldenStatusDocument]:
    numbers = sorted({g.number for g in station.goldens()})
    items, after = page_after(numbers, lambda n: n, cursor, limit)
    return Page(items=tuple(station.sign_off.status(n) for n in items), next=after)


@router.get("/goldens/{number}", summary="One golden sample, its newest version by default")
def golden(station: StationOf, number: str, version: Version = None) -> views.GoldenView:
    return station.golden(number, version)


@router.get("/goldens/{number}/frame", summary="The raster of its frame, for drawing over pictures")
def frame(station: StationOf, number: str, version: Version = None) -> views.FrameView:
    return station.golden_frame(number, version)


@router.get(
    "/goldens/{number}/sheet",
    summary="The control sheet it was sealed with, as TOML",
    response_class=PlainTextResponse,
)
def sheet(station: StationOf, number: str, version: Version = None) -> str:
    return station.golden_sheet(number, version)


@router.get("/goldens/{number}/master", summary="Its measured twin in outlines, to be drawn over its picture")
def master(station: StationOf, number: str, version: Version = None) -> MasterDocument:
    return station.shown.master(number, version)


@router.get("/goldens/{number}/limits", summary="Every limit of its control sheet beside what can be proven")
def limits(station: StationOf, number: str, version: Version = None) -> LimitsDocument:
    return station.shown.limits(number, version)


@router.get(
    "/goldens/{number}/statement",
    summary="The sentence in which the buyer approves the sample",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"example": "We confirm the first-version sample ..."}}, "description": "It"},
        409: {"model": ErrorDocument, "description": "The version cannot be approved"},
    },
)
def statement(station: StationOf, number: str) -> Response:
    return PlainTextResponse(station.sign_off.approval_statement(number))


@router.get("/goldens/{number}/tolerance", summary="A colour tolerance learned from the accepted units; judges nothing")
def tolerance(
    station: StationOf,
    number: str,
    lot: Annotated[str | None, Query(max_length=200)] = None,
    region: Annotated[str | None, Query(max_length=200)] = None,
) -> ToleranceDocument:
    return station.learned_tolerance(number, lot=lot, region=region)


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
