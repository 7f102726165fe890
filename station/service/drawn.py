"""Pictures by the name of what they show, as the bytes of a file: what the commands draw, for whoever asks by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from station.errors import RequestError
from station.service import picturing, tallying
from station.service.picturing import Chart

if TYPE_CHECKING:
    from station.report.pictures import RGB
    from station.service.station import Station

PhotoChart = Literal["card", "vectors", "map", "drawing", "residual", "findings", "heat"]
"""What is drawn of a photo of a unit; ``card`` of any photo with a colour card."""
BenchChart = Literal["uniformity", "drift"]
LotChart = Literal["tally", "map"]


def png(picture: RGB) -> bytes:
    """A picture as PNG."""
    from station.report import pictures

    return pictures.png(picture)


def jpeg(picture: RGB) -> bytes:
    """A picture as JPEG."""
    from station.report import pictures

    return pictures.jpeg(picture)


def photo_chart(
    station: Station, kind: PhotoChart, photo: Path, golden: str | None, *, rig: str | None = None,
    card: str | None = None, everything: bool = False,
) -> Chart:  # fmt: skip
    """A picture of the unit in a photo. everything : also findings at less than half their limit.

    Raises RequestError where a golden sample is needed and none is given, and what the picture raises.
    """
    if kind == "card":
        return Chart(picturing.card_chart(photo, card, station.settings))
    if golden is None:
        raise RequestError(f"the picture {kind} holds a unit to a golden sample, and none is given", "Name it.")
    if kind == "findings":
        return picturing.findings_chart(station, photo, golden, rig=rig, card=card, everything=everything)
    if kind == "heat":
        return picturing.heat_chart(station, photo, golden, rig=rig, card=card, everything=everything)
    drawn = {
        "vectors": picturing.vectors_chart, "map": picturing.map_chart, "drawing": picturing.drawing_chart,
        "residual": picturing.residual_chart,
    }[kind]  # fmt: skip
    return Chart(drawn(station, photo, golden, rig=rig, card=card))


def bench_chart(station: Station, kind: BenchChart, rig: str) -> RGB:
    """A picture of a bench's light. Raises CalibrationError, NotFoundError."""
    return (picturing.uniformity_chart if kind == "uniformity" else picturing.drift_chart)(station, rig)


def lot_chart(station: Station, kind: LotChart, lot: str) -> RGB:
    """A picture of a lot: its running tally, or its findings over the golden. Raises NotFoundError, RequestError."""
    if kind == "tally":
        return tallying.tally_chart(station.lot_tally(lot))
    return station.analysis.picture(lot, station.analysis.map(lot))
