"""Health, benches, golden samples and sampling plans."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse

from station import __version__
from station.service import tools, views
from station.values.capability import CapabilityDocument
from station.values.documents import Document, PlanDocument
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


@router.get("/bench", tags=["bench"], summary="Every bench: its calibrations, what stands against judging, what to do")
def benches(station: StationOf) -> list[views.BenchView]:
    return station.bench.statuses()


@router.get("/bench/{rig}", tags=["bench"], summary="One bench as it stands")
def bench(station: StationOf, rig: RigName) -> views.BenchView:
    return station.bench.status(rig)


@router.get("/bench/{rig}/drift", tags=["bench"], summary="Every check of its light, oldest first")
def drift(station: StationOf, rig: RigName) -> list[views.LightCheckView]:
    return station.bench.drift_history(rig)


@router.get("/goldens", tags=["goldens"], summary="Every sealed version, newest first")
def goldens(station: StationOf) -> list[views.GoldenView]:
    return station.goldens()


@router.get("/goldens/{number}", tags=["goldens"], summary="One golden sample, its newest version by default")
def golden(station: StationOf, number: str, version: Annotated[int | None, Query(ge=1)] = None) -> views.GoldenView:
    return station.golden(number, version)


@router.get("/goldens/{number}/frame", tags=["goldens"], summary="The raster of its frame, for drawing over pictures")
def frame(station: StationOf, number: str, version: Annotated[int | None, Query(ge=1)] = None) -> views.FrameView:
    return station.golden_frame(number, version)


@router.get(
    "/goldens/{number}/sheet",
    tags=["goldens"],
    summary="The control sheet it was sealed with, as TOML",
    response_class=PlainTextResponse,
)
def sheet(station: StationOf, number: str, version: Annotated[int | None, Query(ge=1)] = None) -> str:
    return station.golden_sheet(number, version)


@router.get(
    "/goldens/{number}/capability", tags=["goldens"], summary="The newest study of what is found on its newest version"
)
def capability(station: StationOf, number: str) -> CapabilityDocument:
    return station.capability.newest(number)[1]


@router.get("/plan", tags=["lots"], summary="A sampling plan with its operating characteristic and risks")
def plan(
    aql: Annotated[float, Query(gt=0, le=1000, examples=[2.5])],
    lot_size: Annotated[int | None, Query(ge=1, examples=[1200])] = None,
    letter: Annotated[str | None, Query(max_length=2, description="code letter, in place of the lot size")] = None,
    level: Annotated[str, Query(max_length=4)] = "II",
    severity: Annotated[str, Query(max_length=20)] = "normal",
    type: Annotated[str, Query(max_length=20)] = "single",
    edition: Annotated[str, Query(max_length=20)] = "z1.4",
) -> PlanDocument:
    given = {"aql": aql, "lot_size": lot_size, "letter": letter}
    request = {k: v for k, v in given.items() if v is not None}
    found = tools.plan(request | {"level": level, "severity": severity, "type": type, "edition": edition})
    assert isinstance(found, PlanDocument)
    return found
