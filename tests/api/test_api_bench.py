"""The API on benches: what stands against judging, what expires, how the light drifted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from station.service.station import open_database
from station.settings import Settings
from station.store import records
from station.store.evidence import Evidence
from station.store.rows import File

API = "/api/v1"


def out_of_bounds(home: Path) -> None:
    """A bench whose light ran out yesterday and whose lens runs out in two days, with one check of its light."""
    now = datetime.now(UTC)
    made = now - timedelta(days=30)
    light = {
        "rig": "bench-a", "gain": [[[1.0, 1.0, 1.0]]], "photo_size": [64, 48], "uniformity": 0.92, "residual": 0.003,
        "lux": 900.0, "images": 2, "made_at": made.isoformat(), "expires_at": (now - timedelta(days=1)).isoformat(),
    }  # fmt: skip
    lens = {
        "rig": "bench-a", "camera_matrix": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "distortion": [0.0] * 5, "rms_px": 0.1,
        "u_scale": 0.001, "images": 4, "made_at": made.isoformat(),
        "expires_at": (now + timedelta(days=2)).isoformat(), "method": "drawn",
    }  # fmt: skip
    check = {
        "at": (made + timedelta(days=1)).isoformat(), "edition": "micro 24", "rgb": {"white": [0.7, 0.7, 0.7]},
        "correction": {}, "settings": {}, "lightness": 0.0, "tint": 0.0, "level": 1.0, "lux": 905.0, "lux_reason": "",
        "tone": 1.0, "reference": True, "reason": "",
    }  # fmt: skip
    db = open_database(Settings(home=home))
    try:
        rig = {"name": "bench-a", "camera": {"width": 64, "height": 48, "distance_mm": 300.0}}
        records.add_rig(db, name="bench-a", digest="1", document=json.dumps(rig), at=made)
        rig_id = records.rig(db, "bench-a").id
        for kind, document in (("light", light), ("lens", lens)):
            records.add_calibration(
                db, rig_id=rig_id, kind=kind, document=json.dumps(document), files=[], made_at=made,
                expires_at=datetime.fromisoformat(str(document["expires_at"])),
            )  # fmt: skip
        photo = File(Evidence(home / "evidence").put(b"a photo"), 7, "image/jpeg")
        records.add_light_check(
            db, rig_id=rig_id, photo="bench.jpg", file=photo, document=json.dumps(check), at=made + timedelta(days=1)
        )
    finally:
        db.close()


@pytest.fixture
def client(review_home: Path, serve: Callable[..., Any]) -> Iterator[httpx.Client]:
    out_of_bounds(review_home)
    with serve(review_home) as (address, _app), httpx.Client(base_url=address, trust_env=False, timeout=60) as found:
        yield found


def test_a_bench_tells_its_state_and_what_to_do(client: httpx.Client) -> None:
    (bench,) = client.get(f"{API}/bench").json()
    assert (bench["rig"], bench["state"], bench["in_use"]) == ("bench-a", "out", False)
    (fault,) = bench["faults"]
    assert (fault["gate"], fault["blocks"]) == ("light", ["colour"])
    assert "expired" in fault["reason"]
    assert fault["command"] == "station calibrate light --rig bench-a GREY.jpg ..."
    (soon,) = bench["expiring"]
    assert (soon["gate"], soon["command"]) == ("scale", "station calibrate lens --rig bench-a BOARD.jpg ...")
    assert bench["light"]["nine"] is None  # a record of an earlier version
    assert bench["last_check"]["lux"] == 905.0
    assert client.get(f"{API}/bench/bench-a").json() == bench


def test_the_drift_is_listed(client: httpx.Client) -> None:
    (check,) = client.get(f"{API}/bench/bench-a/drift").json()
    assert (check["photo"], check["reference"], check["ok"], check["tint"]) == ("bench.jpg", True, True, 0.0)


def test_a_bench_that_is_not_there(client: httpx.Client) -> None:
    for path in ("/bench/bench-z", "/bench/bench-z/drift"):
        answer = client.get(API + path)
        assert answer.status_code == 404
        assert "no rig 'bench-z'" in answer.json()["error"]["message"]
