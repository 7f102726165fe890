"""Golden samples: their versions, who signed them and who holds them."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field

from station.service import papers, views
from station.values.capability import CapabilityDocument
from station.values.documents import Document
from station.values.golden_record import ChecklistDocument, GoldenRecordDocument
from station.values.golden_shown import LimitsDocument, MasterDocument
from station.values.sign_off import GoldenStatusDocument, SignOffDocument
from station.web.etags import IfMatch
from station.web.routes.common import (
    FORMS,
    By,
    Form,
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


class NewItem(Document):
    """Something that is still to be confirmed."""

    text: str = Field(min_length=1, max_length=120, examples=["shade of the sky"])
    by: By = ""


class SettledItem(Document):
    """What was agreed on an open item. item : its words, or its number in the record."""

    item: str = Field(min_length=1, max_length=500, examples=["shade of the sky"])
    how: str = Field(min_length=1, max_length=120, examples=["as on the sealed sample, mail of 12 May"])
    by: By = ""


Version = Annotated[int | None, Query(ge=1)]
GoldenPaper = Literal["control-sheet", "certificate"]


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


@router.get("/goldens/{number}/record", summary="The record of the version in force")
def record(station: StationOf, number: str) -> GoldenRecordDocument:
    return station.record.show(number)


@router.get("/goldens/{number}/checklist", summary="The twenty items that a record is complete with")
def checklist(station: StationOf, number: str) -> ChecklistDocument:
    return station.record.checklist(number)


@router.get(
    "/goldens/{number}/paper",
    summary="Its control sheet or certificate, to send",
    response_class=Response,
    responses={200: {"content": {t: {} for t in FORMS.values()}, "description": "The file"}},
)
def paper(
    station: StationOf,
    number: str,
    kind: GoldenPaper = "certificate",
    language: Annotated[str, Query(max_length=20, examples=["zh-Hant"])] = "en",
    form: Annotated[Form, Query()] = "pdf",
) -> Response:
    made = (station.papers.certificate if kind == "certificate" else station.papers.control_sheet)(number, language)
    name = quote(f"{number.replace('/', '-')} {kind} {language}.{form}")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(papers.set_in(made, form), media_type=FORMS[form], headers=headers)


@router.post("/goldens/{number}/items", summary="Name something that is still to be confirmed", status_code=201)
def open_item(station: StationOf, who: WhoOf, number: str, new: NewItem) -> GoldenRecordDocument:
    return station.record.open_item(number, new.text, by=speaker(who, new.by))


@router.post("/goldens/{number}/items/settled", summary="Confirm an open item", status_code=201)
def settle_item(station: StationOf, who: WhoOf, number: str, new: SettledItem) -> GoldenRecordDocument:
    return station.record.settle_item(number, new.item, how=new.how, by=speaker(who, new.by))


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
