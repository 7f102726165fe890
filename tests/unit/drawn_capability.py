"""A small drawn master for the tests of capability: two enamel cells with a metal bar between, in a metal rim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest

from station import golden_line, pipeline
from station.calibrate import light
from station.judge import judge_unit
from station.values.colour import LinearRGB
from station.values.digest import digest
from station.values.documents import CapabilityUseDocument, GateDocument, UnitDocument
from station.values.geometry import Frame, Similarity
from station.values.line import FIRST_REGION, METAL, OTHER, OUTSIDE, Corrected, Gate, Master, RegionMaster, Shot

SIZE, PITCH, FINE, NOISE = 220, 0.03, 3, 0.002
BLUE, GREEN, GOLD, BENCH = (0.10, 0.30, 0.62), (0.06, 0.30, 0.12), (0.60, 0.45, 0.20), (0.25, 0.25, 0.26)
FRAME = Frame(PITCH, SIZE, SIZE, ((SIZE - 1) / 2, (SIZE - 1) / 2))


def _grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    axis = ((np.arange(n) + 0.5) / (n / SIZE) - 0.5 - FRAME.origin_px[0]) * PITCH
    x, y = np.meshgrid(axis, axis)
    return x, y


def drawn_master(*, metal: bool = True, number: str = "GS-1", version: int = 1, sheet_digest: str = "") -> Master:
    """A pin of 6.1 mm. metal : without it the rim and the bar are white print."""
    x, y = _grid(SIZE * FINE)
    fine = np.empty((*x.shape, 3), dtype=np.float32)
    fine[:] = BENCH
    fine[np.hypot(x, y) < 3.05] = GOLD if metal else (0.8, 0.8, 0.8)
    inner = np.hypot(x, y) < 2.65
    fine[inner & (y < -0.15)], fine[inner & (y > 0.15)] = BLUE, GREEN
    linear = cv2.GaussianBlur(cv2.resize(fine, (SIZE, SIZE), interpolation=cv2.INTER_AREA), (0, 0), 0.8)
    linear = linear + np.random.default_rng(5).normal(0, NOISE, linear.shape)
    x, y = _grid(SIZE)
    labels = np.full(x.shape, OUTSIDE, dtype=np.uint8)
    labels[np.hypot(x, y) < 3.05] = METAL if metal else OTHER
    inner = np.hypot(x, y) < 2.65
    labels[inner & (y < -0.15)], labels[inner & (y > 0.15)] = FIRST_REGION, FIRST_REGION + 1
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    regions = tuple(
        RegionMaster(name, surface, FIRST_REGION + i, None, 0.1, (0.0, 0.0), 10.0)
        for i, (name, surface) in enumerate((("sky", "hard enamel"), ("field", "soft enamel")))
    )
    return Master(
        number=number, version=version, sheet_digest=sheet_digest, photo_sha256="0" * 64, frame=FRAME,
        image=LinearRGB(linear.clip(0).astype(np.float32)), correction=None, labels=labels,
        outline_mm=3.05 * np.stack([np.cos(turn), np.sin(turn)], axis=1), holes_mm=(), thickness_mm=1.5,
        regions=regions, marks=(), sizes_mm={}, u_scale=1e-4, scale_source="rig", noise=NOISE, blur_px=0.8,
        pose=Similarity(),
    )  # fmt: skip


@dataclass
class _Aligned:
    image: LinearRGB
    correction: None = None


def _inspection(shot: Shot, master: Master, sheet: Any, calibration: Any, **names: Any) -> pipeline.Inspection:
    """A unit without a finding, judged as the line judges it."""
    gates = tuple(Gate("capability", True, remark) for remark in names["unseen"])
    capability = names["capability"]
    used = None
    if capability is not None:
        undecided = dict(capability.below)
        used = CapabilityUseDocument(study=capability.study, made_at=capability.made_at, undecided=undecided)
    unproven = () if capability is None else tuple(capability.below.values())
    judged = judge_unit((), (), gates, sheet, unproven=unproven)
    document = UnitDocument(
        photo=shot.name, sha256=shot.sha256, golden=master.number, golden_version=master.version, unit=names["unit"],
        golden_digest=names["golden_digest"], model=names["model_name"], program=names["program"],
        sheet_digest=sheet.digest, calibration=calibration.digest, taken_at=None, verdict=judged.verdict,
        reasons=judged.reasons, gates=tuple(GateDocument(name=g.name, ok=g.ok, reason=g.reason) for g in gates),
        pose=None, alignment=None, measurements=(), findings=(),
        capability=used,
    )  # fmt: skip
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    made: Any = _Aligned(master.image)
    return pipeline.Inspection(document.model_copy(update={"digest": digest(content)}), made)


def draw_capability_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a line that seals the drawn master, and finds nothing on any unit, in the place of the real one."""

    def corrected(shot: Shot, _calibration: Any) -> Corrected:
        image = LinearRGB(np.full((8, 8, 3), 0.5, dtype=np.float32))
        return Corrected(shot, image, np.zeros((8, 8), dtype=bool), None, None, None)

    def measured(_corrected: Corrected, sheet: Any, *, number: str, version: int) -> Master:
        return drawn_master(number=number, version=version, sheet_digest=sheet.digest)

    monkeypatch.setattr(light, "correct", corrected)
    monkeypatch.setattr(golden_line, "measure_master", measured)
    monkeypatch.setattr(pipeline, "inspect", _inspection)
