"""Fixtures shared by the tests of the API and of the pages: a home with a golden sample and units to review."""

from __future__ import annotations

import json
import math
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import station  # noqa: F401  # before NumPy, whose threads it bounds

# A shell that runs the tests in the background has Ctrl-C ignored, and every command under test would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

MAY = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)

SHEET = """
schema = 1
[product]
sku = "MAS-PIN-30"
name = "Alpine society pin"
type = "pin"
thickness_mm = 1.6
[golden]
received_on = 2026-05-10
[[regions]]
name = "sky"
seed_mm = [0.0, -4.0]
surface = "soft enamel"
accept = 2.0
reject = 3.0
class = "major"
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = 0.15
minus_mm = 0.15
class = "minor"
[[defects]]
kind = "pit"
limit_mm = 0.2
class = "major"
[aql]
level = "II"
critical = 0
major = 2.5
minor = 4.0
"""

SIZE_PX, PITCH_MM = 240, 0.14


def disc(colour: tuple[int, int, int], pit_mm: tuple[float, float] | None = None) -> bytes:
    """JPEG bytes of an enamel disc in the golden frame, with a dark pit where one is asked for."""
    import cv2
    import numpy as np

    picture = np.full((SIZE_PX, SIZE_PX, 3), 128, np.uint8)
    centre = SIZE_PX // 2
    cv2.circle(picture, (centre, centre), 107, (90, 170, 210), -1, cv2.LINE_AA)
    cv2.circle(picture, (centre, centre), 92, colour[::-1], -1, cv2.LINE_AA)
    if pit_mm is not None:
        x, y = (round(v / PITCH_MM) + centre for v in pit_mm)
        cv2.circle(picture, (x, y), 4, (30, 30, 30), -1, cv2.LINE_AA)
    ok, data = cv2.imencode(".jpg", picture)
    assert ok
    return bytes(data.tobytes())


CLOSE = "sky is 2.400 CIEDE2000 from the golden (u 0.401), not surely within 2.000 nor surely above 3.000"
"""A reason that shows more decimals than usual."""


def measurement(verdict: str, value: float, **more: Any) -> dict[str, Any]:
    """A colour measurement of the sheet's region."""
    return {
        "characteristic": "colour:sky", "kind": "colour", "value": value, "unit": "CIEDE2000", "u": 0.4,
        "nominal": 0.0, "lower": None, "upper": 3.0, "class": "major", "verdict": verdict, "where_mm": (0.0, -4.0),
        "lab": (60.0, -8.0, -30.0), "lab_golden": (61.0, -8.0, -32.0), "dL": -1.0, "dC": 1.8, "dH": 0.2,
        "detail": {"accept": 2.0}, **more,
    }  # fmt: skip


def pit(x: float, y: float) -> dict[str, Any]:
    """A nonconforming finding with its outline."""
    outline = tuple((x + dx, y + dy) for dx, dy in ((-0.3, -0.3), (0.3, -0.3), (0.3, 0.3), (-0.3, 0.3)))
    return {
        "kind": "pit", "x_mm": x, "y_mm": y, "size_mm": 0.6, "length_mm": 0.6, "area_mm2": 0.28, "region": "sky",
        "score": 0.9, "u_mm": 0.05, "limit_mm": 0.2, "class": "major", "verdict": "nonconforms",
        "reason": "pit of 0.60 mm, at most 0.20 mm", "polygon_mm": outline,
    }  # fmt: skip


def speck(x: float, y: float, **more: Any) -> dict[str, Any]:
    """A small finding of other kinds in question; with a threshold it is set aside."""
    return pit(x, y) | {
        "kind": "speck", "size_mm": 0.3, "length_mm": 0.3, "area_mm2": 0.07, "score": 0.61, "contrast_to_noise": 7.0,
        "limit_mm": 0.2, "reason": "", "kind_scores": {"speck": 0.42, "dust": 0.15, "pit": 0.04}, **more,
    }  # fmt: skip


def width(verdict: str) -> dict[str, Any]:
    """The width of the disc, with the points it was read between."""
    return measurement(
        verdict, 21.62, characteristic="size:width", kind="size", unit="mm", u=0.02, nominal=21.4, lower=21.25,
        upper=21.55, where_mm=(0.0, 0.0), lab=None, lab_golden=None, dL=None, dC=None, dH=None,
        detail={"points_mm": [[-10.7, 0.0], [10.92, 0.0]]},
    )  # fmt: skip


def outline() -> dict[str, Any]:
    """The disc's outline, which lies out at the right and in at the left."""
    turns = [2 * math.pi * i / 60 for i in range(60)]
    return {
        "points_mm": [(10.7 * math.cos(t), 10.7 * math.sin(t)) for t in turns],
        "shift_mm": [0.1 * math.cos(t) for t in turns], "u_mm": 0.01,
    }  # fmt: skip


def build_home(home: Path) -> None:
    """Units in lot L/1: nonconforming with a pit one model finds, undecided in colour, conforming, not registered."""
    from station.service.station import open_database
    from station.settings import Settings
    from station.store import inspections, records
    from station.store.evidence import Evidence
    from station.store.rows import File, NewUnit
    from station.values.digest import digest
    from station.values.documents import UnitDocument, Verdict

    db = open_database(Settings(home=home))
    db.ensure()
    evidence = Evidence(home / "evidence")

    def keep(data: bytes, media_type: str = "image/jpeg") -> File:
        return File(evidence.put(data), len(data), media_type)

    golden = keep(disc((60, 120, 200)))
    master = keep(b"arrays of a master", "application/x-npz")
    frame = {
        "pitch_mm": PITCH_MM, "width": SIZE_PX, "height": SIZE_PX, "origin_px": [SIZE_PX / 2, SIZE_PX / 2],
    }  # fmt: skip
    golden_id = records.add_golden(
        db,
        {
            "number": "GS-1", "version": 1, "sku": "MAS-PIN-30", "product": "Alpine society pin", "digest": "d" * 64,
            "sheet_toml": SHEET, "sheet_digest": "5" * 64, "master_digest": "a" * 64,
            "master_document": json.dumps({"frame": frame, "regions": [{"name": "sky"}]}),
            "master_sha256": master.sha256, "photo_sha256": golden.sha256, "frame_sha256": golden.sha256,
            "photo": "front.jpg", "rig": None, "calibration_digest": "c" * 64, "warnings": "[]",
        },
        [golden, master],
        MAY,
    ).id  # fmt: skip
    units: list[tuple[str, str, float | None, list[dict[str, Any]], list[dict[str, Any]], list[str]]] = [
        (
            "unit-1",
            "nonconforms",
            -2.0,
            [measurement("conforms", 0.8), width("nonconforms")],
            [pit(3.0, -2.0), speck(-2.0, -3.0, kind="dust", limit_mm=None, verdict="conforms", **{"class": None})],
            ["pit of 0.60 mm"],
        ),
        (
            "unit-2",
            "undecided",
            0.1,
            [measurement("undecided", 2.4, reason=CLOSE)],
            [],
            ["sky differs by 2.4, accept 2.0"],
        ),
        ("unit-3", "conforms", 0.7, [measurement("conforms", 0.6)], [], []),
        ("unit-4", "undecided", None, [], [], ["alignment: this is not <b>the</b> golden's product"]),
    ]
    scratch = pit(-4.0, 3.0) | {"kind": "scratch", "size_mm": 0.1, "length_mm": 2.1, "limit_mm": 1.5}
    unlike = {
        "model": "golden-unit-net",
        "set_aside": [speck(0.0, 5.0, threshold=0.7)],
        "disagreements": [
            {"over": "model", "number": 1, "reference": None, "words": "the net finds a pit, the reference nothing"},
            {"over": "reference", "number": None, "reference": scratch, "words": "the reference finds a scratch"},
        ],
    }  # fmt: skip
    for number, (name, verdict, margin, measurements, findings, reasons) in enumerate(units):
        photo = keep(disc((60 + number, 120, 200), (3.0, -2.0) if findings else None))
        registered = margin is not None
        content = {
            "schema": 1, "unit": name, "photo": f"{name}.jpg", "sha256": photo.sha256, "golden": "GS-1",
            "golden_version": 1, "golden_digest": "d" * 64, "sheet_digest": "5" * 64, "calibration": "c" * 64,
            "model": "reference-difference", "program": "golden-sample-station 0", "taken_at": None,
            "verdict": verdict, "reasons": reasons, "pose": None,
            "gates": [
                {"name": "photo", "ok": True, "reason": "its JPEG coefficients were rounded twice: saved again"}
                if registered else {"name": "alignment", "ok": False, "reason": "not the golden's product"}
            ],
            "alignment": {"rms_px": 0.1, "overlap": 0.99} if registered else None,
            "measurements": measurements, "findings": findings, "outline": outline() if findings else None,
            **(unlike if findings else {}),
        }  # fmt: skip
        document = UnitDocument.model_validate({**content, "digest": digest(content)})
        columns = ("kind", "x_mm", "y_mm", "size_mm", "length_mm", "area_mm2", "region", "score", "class", "verdict")
        inspections.add_unit(
            db,
            NewUnit(
                ingest_key=f"key {number}", unit=name, photo=f"{name}.jpg", photo_file=photo,
                frame_file=photo if registered else None, annotated_file=None, golden_id=golden_id, lot="L/1",
                verdict=Verdict(verdict), margin=margin, document=document.model_dump_json(by_alias=True),
                digest=document.digest, inspected_at=MAY,
                findings=tuple({k: f[k] for k in columns} for f in findings),
            ),
        )  # fmt: skip
    db.close()


@contextmanager
def serving(home: Path, port: int = 0, **settings: Any) -> Iterator[tuple[str, Any]]:
    """A real server on the loopback address, in a thread: its address and its application."""
    import uvicorn

    from station.settings import Settings
    from station.web.app import create_app

    listener = socket.create_server(("127.0.0.1", port))
    port = listener.getsockname()[1]
    app = create_app(Settings(home=home, port=port, **settings))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}", app
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture(scope="session")
def unchanged_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a station with one golden and four units of lot ``L/1``, for tests that change nothing in it."""
    home = tmp_path_factory.mktemp("home")
    build_home(home)
    return home


@pytest.fixture
def review_home(unchanged_home: Path, tmp_path: Path) -> Path:
    """A copy of that home for one test."""
    return Path(shutil.copytree(unchanged_home, tmp_path / "home"))


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[tuple[str, Any]]]:
    """Call it with a home (and a port) in a ``with``: the address and the application of a real server."""
    return serving


@pytest.fixture(scope="session")
def unchanged_lot_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a station with a drawn and decided lot, an order and a nonconformity, for tests that change
    nothing."""
    from shown_lot import build

    home = tmp_path_factory.mktemp("lots") / "home"
    build(home)
    return home


@pytest.fixture
def lot_home(unchanged_lot_home: Path, tmp_path: Path) -> Path:
    """A copy of that home for one test."""
    return Path(shutil.copytree(unchanged_lot_home, tmp_path / "lots"))


@pytest.fixture(scope="session")
def unchanged_golden_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a station with one sealed golden sample, for tests that change nothing."""
    from shown_golden import build

    home = tmp_path_factory.mktemp("goldens") / "home"
    build(home)
    return home


@pytest.fixture
def golden_home(unchanged_golden_home: Path, tmp_path: Path) -> Path:
    """A copy of that home for one test."""
    return Path(shutil.copytree(unchanged_golden_home, tmp_path / "goldens"))
