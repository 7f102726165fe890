"""The course of a process as data and as pictures, and the pictures of what the records hold."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from station.errors import RequestError
from station.service import drawn, picturing, reporting
from station.service.drawn import BenchChart, LotChart
from station.values.charts import LotTrendsDocument, ProcessDocument
from station.web.routes.bench import RigName
from station.web.routes.common import StationOf, refuses

router = APIRouter()

Golden = Annotated[str, Query(min_length=1, max_length=200, examples=["GS-20260510"])]
Text = Annotated[str, Query(min_length=1, max_length=200)]
PICTURE: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {"image/png": {}}, "description": "The picture"}},
}
"""Of a route that draws."""


class _Process:
    """Of which units the course is asked."""

    def __init__(
        self,
        station: StationOf,
        characteristic: Annotated[Text, Query(examples=["colour:sky"])],
        golden: Golden,
        lot: Annotated[list[Text] | None, Query(max_length=100, description="only these")] = None,
        where: Annotated[
            list[Text] | None,
            Query(max_length=20, description="only units with this identifier, NAME=VALUE", examples=[["line=B"]]),
        ] = None,
        by: Annotated[Text | None, Query(description="subgroups: carton, lot or an identifier")] = None,
        type: Annotated[str, Query(max_length=20, description="auto, i-mr, xbar-s, ewma, cusum, p, u")] = "auto",
        component: Annotated[str | None, Query(max_length=4, description="dL, dC or dH of a colour")] = None,
    ) -> None:
        self.document = station.processes.chart(
            characteristic, golden=golden, lots=lot or (), where=_pairs(where or []), by=by, kind=type,
            component=component,
        )  # fmt: skip


def _pairs(where: list[str]) -> dict[str, str]:
    pairs = {}
    for text in where:
        name, _, value = text.partition("=")
        if not name.strip() or not value.strip():
            raise RequestError(f"{text[:40]!r} names no identifier and value", "Write it as line=B.")
        pairs[name.strip().lower()] = value.strip()
    return pairs


Process = Annotated[_Process, Depends()]


@router.get("/charts/control", tags=["charts"], summary="Control charts of one characteristic, with its capability")
def control(process: Process) -> ProcessDocument:
    return process.document


@router.get("/charts/control/picture", tags=["charts"], summary="The same, drawn", **PICTURE)
def control_picture(process: Process) -> Response:
    return _png(picturing.process_chart(process.document))


@router.get("/charts/trend", tags=["charts"], summary="Slow drift over the lots and reorders of a golden sample")
def trend(station: StationOf, golden: Golden) -> LotTrendsDocument:
    return station.processes.trends(golden)


@router.get("/charts/trend/picture", tags=["charts"], summary="The same, drawn", **PICTURE)
def trend_picture(station: StationOf, golden: Golden) -> Response:
    return _png(picturing.trends_chart(station.processes.trends(golden)))


@router.get("/streams/{name:path}/picture", tags=["streams"], summary="Its lots, drawn", **PICTURE)
def stream_picture(station: StationOf, name: str) -> Response:
    return _png(station.streams.picture(name))


@router.get("/lots/{lot:path}/picture", tags=["lots"], summary="Its running tally, or its map over the golden, drawn",
            **PICTURE)  # fmt: skip
def lot_picture(station: StationOf, lot: str, kind: Annotated[LotChart, Query()] = "map") -> Response:
    return _png(drawn.lot_chart(station, kind, lot))


@router.get("/bench/{rig}/picture", tags=["bench"], summary="Its light: the nine positions, or its checks, drawn",
            **{**PICTURE, "responses": {**PICTURE["responses"], **refuses(409)}})  # fmt: skip
def bench_picture(station: StationOf, rig: RigName, kind: Annotated[BenchChart, Query()] = "uniformity") -> Response:
    return _png(drawn.bench_chart(station, kind, rig))


@router.get("/goldens/{number}/regions", tags=["goldens"], summary="Its regions drawn over it, for a person to confirm",
            **PICTURE)  # fmt: skip
def regions(
    station: StationOf, number: str, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> Response:
    return Response(reporting.region_picture(station, number, version), media_type="image/png")


@router.get("/goldens/{number}/capability/picture", tags=["goldens"], summary="The curves of its newest study, drawn",
            **PICTURE)  # fmt: skip
def capability_picture(station: StationOf, number: str) -> Response:
    return _png(picturing.capability_chart(station.capability.newest(number)[1]))


def _png(picture: Any) -> Response:
    return Response(drawn.png(picture), media_type="image/png")
