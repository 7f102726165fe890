"""A line drawn for the tests of entered values and gauge studies: the photo's pixels say what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from station import golden_line, pipeline
from station.calibrate import light
from station.judge import judge_unit
from station.quality.gauge import with_spreads
from station.values.budget import LengthBudget
from station.values.colour import LinearRGB
from station.values.digest import digest
from station.values.documents import AlignmentDocument, GateDocument, UnitDocument
from station.values.geometry import Frame, Similarity
from station.values.line import Corrected, Gate, Master, Measurement, Shot

RASTER = LinearRGB(np.full((40, 40, 3), 0.5, dtype=np.float32))
SHEET = """schema = 1
[product]
sku = "MAS"
thickness_mm = 1.6
[golden]
number = "GS-1"
received_on = 2026-05-01
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = 0.15
minus_mm = 0.15
[[sizes]]
name = "thickness"
nominal_mm = 1.6
plus_mm = 0.1
minus_mm = 0.1
[[entered]]
name = "weight"
unit = "g"
nominal = 34.0
plus_percent = 5.0
minus_percent = 5.0
class = "minor"
[[entered]]
name = "pull force"
unit = "N"
nominal = 20.0
minus = 0.0
units_per_lot = 2
class = "critical"
[aql]
level = "S-1"
major = 2.5
minor = 4.0
"""
BLIND = 255


class Clock:
    """A second later at every look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class _Aligned:
    image: LinearRGB = RASTER
    correction: None = None


def a_master(corrected: Corrected, sheet: Any, *, number: str, version: int) -> Master:
    return Master(
        number=number, version=version, sheet_digest=sheet.digest, photo_sha256=corrected.shot.sha256,
        frame=Frame(0.5, 40, 40, (19.5, 19.5)), image=RASTER, correction=None,
        labels=np.full((40, 40), 2, dtype=np.uint8), outline_mm=np.array([[-9.0, -9], [9, -9], [9, 9]]), holes_mm=(),
        thickness_mm=1.6, regions=(), marks=(), sizes_mm={"width": 30.0}, u_scale=1e-3, scale_source="rig",
        noise=0.01, blur_px=1.0, pose=Similarity(),
    )  # fmt: skip


def an_inspection(shot: Shot, master: Master, sheet: Any, calibration: Any, **names: Any) -> pipeline.Inspection:
    """The width is 30 mm and 2 um for each step of red above 100; red 255 shows nothing. Judged as the line does."""
    red = int(shot.photo.pixels[0, 0][0])
    gates = (Gate("part", red != BLIND, "" if red != BLIND else "no part in the photo"),)
    budget = LengthBudget(calibration=0.003, edges=0.001)
    width = Measurement(
        "size:width", "size", 30.0 + (red - 100) / 500, "mm", budget.expanded, "drawn",
        detail={"budget": budget.as_detail()},
    )  # fmt: skip
    gauge = names.get("gauge")
    measurements: tuple[Measurement, ...] = () if red == BLIND else (width,)
    if gauge is not None:
        measurements = with_spreads(measurements, gauge.spreads)
    judged = judge_unit(measurements, (), gates, sheet, golden_sizes_mm=master.sizes_mm)
    document = UnitDocument(
        photo=shot.name, sha256=shot.sha256, golden=master.number, golden_version=master.version, unit=names["unit"],
        golden_digest=names["golden_digest"], model=names["model_name"], program=names["program"],
        sheet_digest=sheet.digest, calibration=calibration.digest, taken_at=None, verdict=judged.verdict,
        reasons=judged.reasons, gates=tuple(GateDocument(name=g.name, ok=g.ok, reason=g.reason) for g in gates),
        pose=None, alignment=None if red == BLIND else AlignmentDocument(rms_px=0.1, overlap=1.0),
        measurements=judged.measurements, findings=(),
    )  # fmt: skip
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    made: Any = _Aligned()
    return pipeline.Inspection(document.model_copy(update={"digest": digest(content)}), made)


def draw_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the drawn line in the place of the real one."""
    corrected = lambda shot, _calibration: Corrected(  # noqa: E731
        shot, RASTER, np.zeros((40, 40), dtype=bool), None, None, None
    )
    monkeypatch.setattr(light, "correct", corrected)
    monkeypatch.setattr(golden_line, "measure_master", a_master)
    monkeypatch.setattr(pipeline, "inspect", an_inspection)
    monkeypatch.setattr("station.report.unit_pictures.unit_picture", lambda *_a: np.zeros((40, 80, 3), dtype=np.uint8))


def photo(path: Path, steps: int, grain: int = 0) -> Path:
    """A picture that measures so many steps of 2 um over 30 mm; ``grain`` tells its file from another alike."""
    pixels = np.full((64, 64, 3), (7, 9, 100 + steps), dtype=np.uint8)
    pixels[-1, -1] = (grain // 200, grain % 200, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)
    return path
