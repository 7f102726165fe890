"""A home for the tests of the pages of lots and orders: a lot that was drawn from four cartons, one of which has pits
in one place; an order with its gates; a nonconformity with an action."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from station.lots.orders import Order
from station.service import Station
from station.settings import Settings
from station.store import inspections, records
from station.store.evidence import Evidence
from station.store.masters import master_digest, save_master
from station.store.rows import File, NewUnit
from station.values.colour import LinearRGB
from station.values.digest import digest, sha256_hex
from station.values.documents import UnitDocument, Verdict
from station.values.geometry import Frame, Similarity
from station.values.line import METAL, Master

LOT, CLEAN, GOLDEN, ORDER, SIZE, BAD = "L/7", "L/8", "GS-7", "PO-7", 600, "3"
SHEET = """
schema = 1
[product]
sku = "MAS-PIN-30"
name = "Alpine society pin"
type = "pin"
supplier = "Hongda Metal Crafts"
order = "PO-7"
[[defects]]
kind = "pit"
limit_mm = 0.2
class = "major"
[[defects]]
kind = "scratch"
limit_mm = 1.5
class = "minor"
[aql]
level = "I"
major = 2.5
minor = 4.0
"""
MAY = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
SIDE, PITCH = 160, 0.2


class Clock:
    """A second later at every look."""

    def __init__(self) -> None:
        self.now = MAY

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def build(home: Path) -> None:
    """Lot L/7 decided and complained about, lot L/8 with three units and no pick list."""
    evidence = Evidence(home / "evidence")
    with Station(Settings(home=home), clock=Clock()) as station:
        db = station._db
        golden = _seal(db, evidence)
        station.gates.open(ORDER, Order(units=(SIZE,)), golden=GOLDEN, by="M. Weber")
        drawn = station.draws.draw(LOT, size=SIZE, cartons=4, seed=7, golden=GOLDEN)
        for i, pick in enumerate(drawn.picks[:-1]):  # the last one was not pulled
            turn = 2 * np.pi * i / 40
            found = [_finding("pit", 4.0 + 0.2 * np.cos(turn), -3.0 + 0.2 * np.sin(turn))] if pick.carton == BAD else []
            found += [_finding("scratch", 9 * np.cos(5 * turn), 9 * np.sin(5 * turn))] if i == 2 else []
            _add(db, evidence, golden, LOT, pick.label, pick.carton, found)
        for i in range(3):
            _add(db, evidence, golden, CLEAN, f"loose-{i}", None, [])
        station.decide_lot(LOT, SIZE)
        made = station.nonconformities.draft(LOT, by="M. Weber")
        station.corrective.add(
            made.number, "prevention", "Filter the enamel before every shift", owner="Li Wei", due=date(2026, 5, 19),
            by="M. Weber",
        )  # fmt: skip
        station.corrective.add(
            made.number, "root-cause", "Find why carton 3 has pits", owner="Chen Wei", due=date(2031, 1, 2),
            by="M. Weber",
        )  # fmt: skip


def _seal(db: Any, evidence: Evidence) -> int:
    y, x = np.mgrid[:SIDE, :SIDE]
    inside = np.hypot(x - SIDE / 2, y - SIDE / 2) < 70
    raster = np.where(inside[..., None], (0.05, 0.2, 0.5), 0.6).astype(np.float32)
    turns = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    master = Master(
        number=GOLDEN, version=1, sheet_digest="5" * 64, photo_sha256="0" * 64,
        frame=Frame(PITCH, SIDE, SIDE, (SIDE / 2, SIDE / 2)), image=LinearRGB(raster), correction=None,
        labels=np.where(inside, METAL, 0).astype(np.uint8),
        outline_mm=14 * np.stack([np.cos(turns), np.sin(turns)], axis=1), holes_mm=(),
        thickness_mm=1.6, regions=(), marks=(), sizes_mm={}, u_scale=1e-3, scale_source="rig", noise=0.01,
        blur_px=1.0, pose=Similarity(),
    )  # fmt: skip
    arrays, document = save_master(master)
    picture = _keep(evidence, _jpeg((np.sqrt(raster) * 255).astype(np.uint8)))
    kept = _keep(evidence, arrays, "application/x-npz")
    values = {
        "number": GOLDEN, "version": 1, "sku": "MAS-PIN-30", "product": "Alpine society pin", "digest": "d" * 64,
        "sheet_toml": SHEET, "sheet_digest": "5" * 64, "master_digest": master_digest(document),
        "master_document": json.dumps(document), "master_sha256": kept.sha256, "photo_sha256": picture.sha256,
        "frame_sha256": picture.sha256, "photo": "front.jpg", "rig": None, "calibration_digest": "c" * 64,
        "warnings": "[]",
    }  # fmt: skip
    return records.add_golden(db, values, [picture, kept], MAY).id


def _finding(kind: str, x: float, y: float) -> dict[str, Any]:
    outline = tuple((x + dx, y + dy) for dx, dy in ((-0.3, -0.3), (0.3, -0.3), (0.3, 0.3), (-0.3, 0.3)))
    return {
        "kind": kind, "x_mm": x, "y_mm": y, "size_mm": 0.6, "length_mm": 1.9, "area_mm2": 0.28, "region": "metal",
        "score": 0.9, "u_mm": 0.05, "limit_mm": 0.2, "class": "major" if kind == "pit" else "minor",
        "verdict": "nonconforms", "reason": f"{kind} of 0.60 mm", "polygon_mm": outline,
    }  # fmt: skip


def _add(
    db: Any, evidence: Evidence, golden: int, lot: str, unit: str, carton: str | None, found: list[dict[str, Any]]
) -> None:
    grey = sha256_hex(f"{lot} {unit}".encode())
    photo = _keep(evidence, _jpeg(np.full((64, 64, 3), [int(grey[i : i + 2], 16) for i in (0, 2, 4)], dtype=np.uint8)))
    verdict = "nonconforms" if found else "conforms"
    width = {
        "characteristic": "size:width", "kind": "size", "value": 28.0, "unit": "mm", "u": 0.02, "nominal": 28.0,
        "lower": 27.9, "upper": 28.1, "class": "minor", "verdict": "conforms", "where_mm": (0.0, 0.0),
    }  # fmt: skip
    content = {
        "schema": 1, "unit": unit, "photo": f"{unit}.jpg", "sha256": photo.sha256, "golden": GOLDEN,
        "golden_version": 1, "golden_digest": "d" * 64, "sheet_digest": "5" * 64, "calibration": "c" * 64,
        "model": "reference-difference", "program": "golden-sample-station 0", "taken_at": None, "verdict": verdict,
        "reasons": [f["reason"] for f in found], "pose": None, "gates": [],
        "alignment": {"rms_px": 0.1, "overlap": 0.99}, "measurements": [width], "findings": found,
    }  # fmt: skip
    drawn = UnitDocument.model_validate({**content, "digest": ""})
    said = drawn.model_dump(mode="json", by_alias=True, exclude={"digest"})
    document = drawn.model_copy(update={"digest": digest(said)})
    columns = ("kind", "x_mm", "y_mm", "size_mm", "length_mm", "area_mm2", "region", "score", "class", "verdict")
    inspections.add_unit(
        db,
        NewUnit(
            ingest_key=f"{lot} {unit}", unit=unit, photo=f"{unit}.jpg", photo_file=photo, frame_file=photo,
            annotated_file=None, golden_id=golden, lot=lot, verdict=Verdict(verdict), margin=-0.5 if found else 0.5,
            document=document.model_dump_json(by_alias=True), digest=document.digest, inspected_at=MAY, carton=carton,
            findings=tuple({k: f[k] for k in columns} for f in found),
        ),
    )  # fmt: skip


def _keep(evidence: Evidence, data: bytes, media_type: str = "image/jpeg") -> File:
    return File(evidence.put(data), len(data), media_type)


def _jpeg(rgb: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    assert ok
    return bytes(data.tobytes())
