"""A line drawn for the tests of reviewed findings: every unit has the same eight, told apart by their scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from entered_line import _Aligned, draw_line

from station import pipeline
from station.judge import judge_unit
from station.judge.reviewed import judge_aside, set_aside, threshold_remark, threshold_use
from station.values.digest import digest
from station.values.documents import AlignmentDocument, GateDocument, UnitDocument
from station.values.line import Finding, Master, Shot

SHEET = """schema = 1
[product]
sku = "MAS"
thickness_mm = 1.6
[golden]
number = "GS-1"
[[defects]]
kind = "pit"
limit_mm = 0.2
[[defects]]
kind = "overflow"
limit_mm = 0.2
"""
REAL, FALSE = 0.8, 0.6  # scores of a unit's real and false findings, less a little from one to the next


def findings_of(photo: str) -> list[Finding]:
    """Six pits and two overflows on every unit; the first pit and both overflows are false alarms."""
    number = int(Path(photo).stem)
    scores = [("pit", FALSE), *[("pit", REAL)] * 5, *[("overflow", FALSE)] * 2]
    return [
        Finding(
            kind=kind, x_mm=float(i), y_mm=0.0, size_mm=0.4, length_mm=0.4, area_mm2=0.1, region="sky",
            score=score + (number + 20 * i) / 10_000, u_mm=0.02, contrast_to_noise=8.0, polygon_mm=np.zeros((3, 2)),
        )
        for i, (kind, score) in enumerate(scores)
    ]  # fmt: skip


def _inspection(shot: Shot, master: Master, sheet: Any, calibration: Any, **names: Any) -> pipeline.Inspection:
    """A unit with these findings, judged as the line judges them."""
    counted, below = set_aside(findings_of(shot.name), names["thresholds"], sheet)
    judged = judge_unit((), counted, (), sheet)
    aside = judge_aside(below, names["thresholds"], sheet, ())
    document = UnitDocument(
        photo=shot.name, sha256=shot.sha256, golden=master.number, golden_version=master.version, unit=names["unit"],
        golden_digest=names["golden_digest"], model=names["model_name"], program=names["program"],
        sheet_digest=sheet.digest, calibration=calibration.digest, taken_at=None, verdict=judged.verdict,
        reasons=judged.reasons, pose=None, alignment=AlignmentDocument(rms_px=0.1, overlap=1.0), measurements=(),
        gates=tuple(
            GateDocument(name=g.name, ok=g.ok, reason=g.reason) for g in threshold_remark(names["thresholds"], aside)
        ),
        findings=judged.findings, model_use=names["model_use"], thresholds=threshold_use(names["thresholds"]),
        set_aside=aside,
    )  # fmt: skip
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    made: Any = _Aligned()
    return pipeline.Inspection(document.model_copy(update={"digest": digest(content)}), made)


def draw_reviewed_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the drawn line in the place of the real one."""
    draw_line(monkeypatch)
    monkeypatch.setattr(pipeline, "inspect", _inspection)
