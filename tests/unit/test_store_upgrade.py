"""A home of the first schema: refused with the command, upgraded in place, its records still read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from station.errors import StaleSchemaError
from station.service import Station, tools
from station.settings import Settings
from station.store import database
from station.store import tables as t
from station.store.database import Database, sqlite_url

MAY = datetime(2026, 5, 10, tzinfo=UTC)


def first_schema(home: Path) -> None:
    """A home as the first version left it, with a bench and a light calibration of that time."""
    light = {
        "rig": "a", "gain": [[[1.0, 1.0, 1.0]]], "photo_size": [64, 48], "uniformity": 0.9, "residual": 0.01,
        "lux": 900.0, "images": 2, "made_at": MAY.isoformat(), "expires_at": "2026-06-09T00:00:00+00:00",
    }  # fmt: skip
    rig = {"name": "a", "camera": {"width": 64, "height": 48, "distance_mm": 300.0}}
    home.mkdir()
    db = Database(sqlite_url(home))
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with db.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.insert(t.rigs).values(id=1, name="a", digest="1", document=json.dumps(rig), added_at=MAY))
        connection.execute(
            sa.insert(t.calibrations).values(
                rig_id=1, kind="light", document=json.dumps(light), photos="[]", made_at=MAY,
                expires_at=datetime(2026, 6, 9, tzinfo=UTC),
            )
        )  # fmt: skip
    db.close()


def test_a_home_of_the_first_schema_is_upgraded_and_its_calibrations_load(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    first_schema(settings.home)
    with pytest.raises(StaleSchemaError) as stale:
        Station(settings)
    assert stale.value.do == "Run: station upgrade"
    assert f"has schema {database.HEAD} now. A copy of it is" in tools.upgrade_database(settings)
    with Station(settings, clock=lambda: MAY) as station:
        found = station.bench.status("a")
        assert found.state == "ok"
        assert found.light is not None
        assert (found.light.uniformity, found.light.lux, found.light.nine, found.light.flicker) == (
            0.9,
            900.0,
            None,
            None,
        )
        assert station.bench.drift_history("a") == []
        assert station.check().ok
