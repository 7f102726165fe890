"""Health, metrics and benches."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response

from station import __version__
from station.service import bench_views
from station.values.documents import Document
from station.web.routes.common import StationOf

router = APIRouter()

RigName = Annotated[str, Path(max_length=200)]


class Health(Document):
    """The station answers, and so does its database."""

    status: Literal["ok"]
    version: str


@router.get("/health", tags=["station"], summary="Whether the station and its database answer")
def health(station: StationOf) -> Health:
    station.bench.rigs()
    return Health(status="ok", version=__version__)


@router.get(
    "/metrics",
    tags=["station"],
    summary="Requests and records, in Prometheus's text format",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The measurements"}},
)
def metrics(request: Request, station: StationOf) -> Response:
    from station.web.metrics import TEXT

    return Response(request.app.state.metrics.text(station), media_type=TEXT)


@router.get("/bench", tags=["bench"], summary="Every bench: its calibrations, what stands against judging, what to do")
def benches(station: StationOf) -> list[bench_views.BenchView]:
    return station.bench.statuses()


@router.get("/bench/{rig}", tags=["bench"], summary="One bench as it stands")
def bench(station: StationOf, rig: RigName) -> bench_views.BenchView:
    return station.bench.status(rig)


@router.get("/bench/{rig}/drift", tags=["bench"], summary="Every check of its light, oldest first")
def drift(station: StationOf, rig: RigName) -> list[bench_views.LightCheckView]:
    return station.bench.drift_history(rig)


@router.get("/bench/{rig}/card", tags=["bench"], summary="How well the colour cards of its newest photos were fitted")
def card_residuals(station: StationOf, rig: RigName) -> bench_views.CardResidualsView:
    return station.bench.card_residuals(rig)


@router.get("/drift-bounds", tags=["bench"], summary="By how much a check of the light may differ from its reference")
def drift_bounds(station: StationOf) -> bench_views.DriftBoundsView:
    return station.bench.drift_bounds()


@router.get("/rigs", tags=["bench"], summary="Registered benches, and until when they are calibrated")
def rigs(station: StationOf) -> list[bench_views.RigView]:
    return station.bench.rigs()
