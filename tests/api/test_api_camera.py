"""The camera's live view over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sample_data import renderer
from station.client import Client, Refused

SAMPLES = Path(renderer.__file__).parents[1]


def test_a_program_looks_through_the_camera(unchanged_home: Path, serve: Callable[..., Any], tmp_path: Path) -> None:
    roll = tmp_path / "roll"
    roll.mkdir()
    (roll / "1.jpg").write_bytes((SAMPLES / "alpine" / "units" / "unit-01.jpg").read_bytes())
    with serve(unchanged_home, camera=f"replay:{roll}") as (address, _app), Client(address, timeout=60) as station:
        seen = station.look()
        assert seen.frame is not None
        assert seen.card_found
        assert [(g.name, g.ok) for g in seen.gates] == [
            ("card", False),
            ("part", True),
        ]  # found, but not the usual card
        pictures = [station.look_picture(seen.frame, zebra=z) for z in (True, False)]
        assert all(p.startswith(b"\xff\xd8") for p in pictures)
        assert pictures[0] != pictures[1]
        with pytest.raises(Refused, match="that picture is gone"):
            station.look_picture("0" * 24)
        with pytest.raises(Refused, match="NOBODY"):
            station.look(golden="NOBODY")


def test_without_a_camera_there_is_nothing_to_look_through(unchanged_home: Path, serve: Callable[..., Any]) -> None:
    with serve(unchanged_home) as (address, _app), Client(address, timeout=60) as station:
        with pytest.raises(Refused, match="has no camera") as refused:
            station.look()
        assert refused.value.status == 404
