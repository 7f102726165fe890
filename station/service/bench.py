"""The bench: its rigs and the dated calibrations of their lens and light."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from station.errors import CalibrationError
from station.service import tools, views
from station.service.measuring import keep_photo
from station.service.showing import rig_view
from station.settings import Settings
from station.store import records
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import RigRow
from station.values.bench import Calibration, LensCalibration, LightCalibration, Rig

if TYPE_CHECKING:
    from station.values.line import Shot


class Bench:
    """The use cases of the bench, for one :class:`station.service.Station`."""

    def __init__(self, db: Database, evidence: Evidence, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._db, self._evidence, self._settings, self._clock = db, evidence, settings, clock

    def add_rig(self, path: Path) -> views.RigView:
        """Register a bench from its TOML; a changed bench needs new calibrations."""
        from station.calibrate.lens import load_rig

        rig = load_rig(path)
        records.add_rig(self._db, name=rig.name, digest=rig.digest, document=rig.model_dump_json(), at=self._clock())
        return rig_view(self._db, records.rig(self._db, rig.name))

    def rigs(self) -> list[views.RigView]:
        """Every registered bench."""
        return [rig_view(self._db, r) for r in records.rigs(self._db)]

    def calibrate_lens(self, rig: str, boards: Sequence[Path]) -> views.CalibrationView:
        """Measure the lens on pictures of the ChArUco board. Raises CalibrationError where they do not do."""
        from station.calibrate.lens import calibrate_lens

        row, bench = self._rig(rig)
        shots = [self._read(p) for p in boards]
        lens = calibrate_lens(shots, bench, made_at=self._clock())
        self._keep_calibration(row, "lens", lens, boards, shots)
        return views.CalibrationView(
            rig=rig, kind="lens", images=lens.images, residual=lens.rms_px, made_at=lens.made_at,
            expires_at=lens.expires_at, detail={"rms_px": lens.rms_px, "u_scale": lens.u_scale},
        )  # fmt: skip

    def calibrate_light(self, rig: str, greys: Sequence[Path], *, lux: float | None = None) -> views.CalibrationView:
        """Measure the light on pictures of the grey card. Raises CalibrationError where they do not do."""
        from station.calibrate.field import flat_field

        row, bench = self._rig(rig)
        shots = [self._read(p) for p in greys]
        light = flat_field(shots, bench, lux=lux, made_at=self._clock())
        self._keep_calibration(row, "light", light, greys, shots)
        return views.CalibrationView(
            rig=rig, kind="light", images=light.images, residual=light.residual, made_at=light.made_at,
            expires_at=light.expires_at, detail={"uniformity": light.uniformity, "lux": light.lux},
        )  # fmt: skip

    def calibration(self, rig: str | None, card: str | None = None) -> Calibration:
        """All that is known of the bench. Raises CalibrationError where a calibration has expired."""
        from station.calibrate.card import load_cards

        cards = load_cards(card)
        if rig is None:
            return Calibration(cards=cards)
        row, bench = self._rig(rig)
        found: dict[str, dict[str, Any]] = {}
        for kind in ("lens", "light"):
            calibration = records.calibration(self._db, row.id, kind)
            if calibration is None:
                continue
            if calibration.expires_at <= self._clock():
                raise CalibrationError(
                    f"the {kind} calibration of {rig} expired on {calibration.expires_at:%Y-%m-%d}",
                    f"Make a new one: station calibrate {kind} --rig {rig} PHOTO ...",
                )
            found[kind] = json.loads(calibration.document)
        return Calibration(
            cards=cards,
            rig=bench,
            lens=LensCalibration.from_dict(found["lens"]) if "lens" in found else None,
            light=LightCalibration.from_dict(found["light"]) if "light" in found else None,
        )

    def _read(self, path: Path) -> Shot:
        return tools.read(path, self._settings)

    def _rig(self, name: str) -> tuple[RigRow, Rig]:
        row = records.rig(self._db, name)
        return row, Rig.model_validate_json(row.document)

    def _keep_calibration(
        self,
        row: RigRow,
        kind: str,
        calibration: LensCalibration | LightCalibration,
        photos: Sequence[Path],
        shots: Sequence[Shot],
    ) -> None:
        files = [keep_photo(self._evidence, p, s.sha256) for p, s in zip(photos, shots, strict=True)]
        records.add_calibration(
            self._db, rig_id=row.id, kind=kind, document=json.dumps(calibration.as_dict()), files=files,
            made_at=calibration.made_at, expires_at=calibration.expires_at,
        )  # fmt: skip
