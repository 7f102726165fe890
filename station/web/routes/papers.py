"""Papers to be sent, of golden samples and units, as PDF and, where people calculate, as spreadsheets."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from station.service import papers, reporting
from station.service.papers import GoldenPaper
from station.web.routes.common import (
    Form,
    Language,
    RowId,
    StationOf,
    file_answer,
    file_of,
    paper_answer,
    refuses,
)

router = APIRouter()

LetterForm = Literal["pdf", "xlsx", "txt"]
Words = Annotated[str, Query(max_length=200)]


@router.get(
    "/goldens/{number}/paper",
    tags=["goldens"],
    summary="Control sheet, certificate, approval, message to the supplier or annex to a quotation, to send",
    response_class=Response,
    responses=file_answer("pdf", "xlsx", "txt") | refuses(409),
)
def golden_paper(
    station: StationOf,
    number: str,
    kind: GoldenPaper = "certificate",
    language: Language = "en",
    form: Annotated[LetterForm, Query(description="txt : of the letters alone, approval and message")] = "pdf",
    use: Annotated[Words, Query(description="rfq : what the goods are for", examples=["retail"])] = "",
    budget: Annotated[Words, Query(description="rfq : the target budget", examples=["USD 0.80 FOB"])] = "",
    quantity: Annotated[
        list[Annotated[int, Query(ge=1, le=10**9)]] | None,
        Query(max_length=20, description="rfq : to be quoted beside the usual tiers"),
    ] = None,
) -> Response:
    made, text = station.papers.of_golden(kind, number, language, use=use, budget=budget, quantities=quantity or ())
    return file_of(papers.set_in(made, form, text), f"{number} {kind} {made.language.code}", form)


@router.get(
    "/goldens/{number}/approval-sheet",
    tags=["goldens"],
    summary="The page that both parties sign by hand",
    response_class=Response,
    responses=file_answer("pdf") | refuses(409),
)
def approval_sheet(station: StationOf, number: str) -> Response:
    return file_of(reporting.approval_sheet(station, number), f"{number} approval-sheet", "pdf")


@router.get(
    "/units/{unit_id}/paper",
    tags=["units"],
    summary="One unit beside its golden sample: findings enlarged, every value with its uncertainty and limit",
    response_class=Response,
    responses=file_answer("pdf", "xlsx"),
)
def unit_paper(station: StationOf, unit_id: RowId, language: Language = "en", form: Form = "pdf") -> Response:
    return paper_answer(station.papers.unit(unit_id, language), station.unit(unit_id).unit, form)
