"""Making a sample set: it goes on where it stopped, and is left alone once it is complete."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sample_data.renderer import generate
from sample_data.renderer.designs import design_named
from sample_data.renderer.photos import KEEP_OFF_MM, RIG, ROOM_MM, pose_of
from sample_data.renderer.units import UnitPlan, lot_plan
from station.values.geometry import Similarity


def test_an_interrupted_set_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    fail_at = 3

    def fake(_design: str, plan: UnitPlan, minute: int, folder: Path) -> None:
        if len(made) == fail_at:
            raise KeyboardInterrupt
        made.append(plan.name)
        truth: dict[str, Any] = {"name": plan.name, "photo": f"{minute}.jpg", "verdict": "conforms"}
        truth |= {"planned_fault": "", "reasons": [], "closest": {}}
        (folder / ".partial" / f"{plan.name}.json").write_text(json.dumps(truth))

    monkeypatch.setattr(generate, "_make_one", fake)
    with pytest.raises(KeyboardInterrupt):
        generate.make_set("keychain", 4, 5, tmp_path, disturbed=False)
    assert not (tmp_path / "keychain" / "truth.toml").exists()
    fail_at = -1
    folder = generate.make_set("keychain", 4, 5, tmp_path, disturbed=False)
    assert made == ["golden", "unit-01", "unit-02", "unit-03", "unit-04"]
    truth = tomllib.loads((folder / "truth.toml").read_text())
    assert [u["name"] for u in truth["units"]] == made[1:]
    assert not (folder / ".partial").exists()
    generate.make_set("keychain", 4, 5, tmp_path, disturbed=False)
    assert len(made) == 5
    generate.make_set("keychain", 4, 6, tmp_path, disturbed=False)  # another seed is another set
    assert len(made) == 10


def test_a_lot_follows_from_its_seed() -> None:
    design = design_named("keychain")
    lot_plan.cache_clear()
    first = lot_plan(design, 6, 5)
    lot_plan.cache_clear()
    assert lot_plan(design, 6, 5) == first
    assert lot_plan(design, 6, 6) != first
    assert sum(bool(p.fault) for p in first) == 3  # two nonconforming, one on a limit


def test_units_lie_clear_of_markers_card_and_ruler() -> None:
    design = design_named("keychain")
    for plan in lot_plan(design, 6, 5):
        pose = pose_of(design.outline, plan)
        placed = Similarity(pose.x_mm, pose.y_mm, pose.rotation_deg, plan.variation.size).apply(design.outline)
        assert placed[:, 0].min() >= ROOM_MM[0] - 1e-9
        assert placed[:, 0].max() <= ROOM_MM[2] + 1e-9
        assert placed[:, 1].min() >= ROOM_MM[1] - 1e-9
        assert placed[:, 1].max() <= ROOM_MM[3] + 1e-9
        for marker in RIG.markers:
            assert (abs(placed - marker.centre_mm).max(axis=1) >= KEEP_OFF_MM).all()


def test_an_unknown_design_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        generate.photograph("unicorn", 1, 0)
