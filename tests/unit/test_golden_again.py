"""Sealing with further photos of the golden, and the warning where its photo supports no limit of the sheet."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from station.errors import AlignmentError, RequestError
from station.service import Station
from station.settings import Settings

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"
SHIELD, CARD = SAMPLES / "shield", str(SAMPLES / "bench" / "card.toml")


def test_further_photos_of_the_golden_go_into_its_seal(tmp_path: Path) -> None:
    golden, again = SHIELD / "golden.jpg", [SHIELD / "units" / "unit-01.jpg"]
    with Station(Settings(home=tmp_path)) as station:
        once = station.seal_golden(SHIELD / "sheet.toml", golden, card=CARD)
        assert any("supports a limit of 4" in w and "side by side" in w for w in once.warnings)
        assert all(r.u_placement is None for r in station.master(once.number).regions)
        twice = station.seal_golden(SHIELD / "sheet.toml", golden, card=CARD, again=again)
        assert twice.new
        assert twice.digest != once.digest
        regions = station.master(twice.number).regions
        assert all(r.u_placement is not None and 0 < r.u_placement < 2 for r in regions)
        assert not station.seal_golden(SHIELD / "sheet.toml", golden, card=CARD, again=again).new
        assert station.master(once.number, once.version).again == ()
        again_sha256 = hashlib.sha256(again[0].read_bytes()).hexdigest()
        assert station.master(twice.number).again == (again_sha256,)
        checked = station.check()
        assert (checked.ok, checked.extra) == (True, ())
        next(f for f in (tmp_path / "evidence").rglob(again_sha256)).unlink()
        assert station.check().missing == (f"evidence {again_sha256}",)
        with pytest.raises(RequestError, match="twice"):
            station.seal_golden(SHIELD / "sheet.toml", golden, card=CARD, again=[golden])
        with pytest.raises(AlignmentError, match="laid down again: "):
            station.seal_golden(SHIELD / "sheet.toml", golden, card=CARD, again=[SAMPLES / "bench" / "grey-1.jpg"])


def test_another_unit_is_not_the_golden_laid_down_again(tmp_path: Path) -> None:
    bench = SAMPLES / "bench"
    with Station(Settings(home=tmp_path)) as station:
        rig = station.bench.add_rig(bench / "rig.toml").name
        station.bench.calibrate_lens(rig, sorted(bench.glob("board-*.jpg")))
        station.bench.calibrate_light(rig, sorted(bench.glob("grey-*.jpg")))
        with pytest.raises(AlignmentError, match="shows another part than the golden: blue is 1"):
            station.seal_golden(
                SHIELD / "sheet.toml",
                SHIELD / "golden.jpg",
                rig=rig,
                card=CARD,
                again=[SHIELD / "units" / "unit-03.jpg"],
            )
