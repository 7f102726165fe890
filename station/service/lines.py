"""What photos are inspected with: a golden sample's version, bench, model, and the studies and thresholds in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station import __version__
from station.service.bench import Bench
from station.service.capability import capability_in_force, capability_remarks, study_in_force
from station.service.gauge import spreads_in_force
from station.service.measuring import Line
from station.service.recalibrating import thresholds_in_force
from station.settings import Settings
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import GoldenRow
from station.values.documents import ModelUseDocument

if TYPE_CHECKING:
    from station.values.capability import CapabilityDocument

PROGRAM = f"golden-sample-station {__version__}"


class Lines:
    """Puts together what a line takes, for one :class:`station.service.Station`."""

    def __init__(self, db: Database, evidence: Evidence, settings: Settings, bench: Bench) -> None:
        self._db, self._evidence, self._settings, self._bench = db, evidence, settings, bench

    def model_use(self) -> ModelUseDocument:
        """The defect model of the settings, as it is used. Raises ModelError."""
        from station.models import model_use

        return model_use(self._settings.defect_model)

    def of(self, row: GoldenRow, rig: str | None, card: str | None) -> Line:
        """The line for a version of a golden sample. Raises CalibrationError, NotFoundError, ModelError."""
        from station.sheet import load_sheet

        calibration = self._bench.calibration(rig, card, load_sheet(row.sheet_toml.encode()).viewing)
        bench = calibration.rig.digest if calibration.rig else None
        use = self.model_use()
        thresholds = thresholds_in_force(self._db, row, use, PROGRAM)
        return Line(
            evidence=self._evidence.folder,
            golden_digest=row.digest,
            master_sha256=row.master_sha256,
            master_document=row.master_document,
            master_digest=row.master_digest,
            sheet_toml=row.sheet_toml,
            calibration=calibration,
            model=use.name,
            program=PROGRAM,
            max_megapixels=self._settings.max_megapixels,
            max_photo_mb=self._settings.max_photo_mb,
            gauge=spreads_in_force(self._db, row, rig, bench),
            capability=capability_in_force(self._db, row, use, PROGRAM, thresholds),
            model_use=use,
            thresholds=thresholds,
            device=self._settings.model_device,
            threads=self._settings.model_threads,
        )

    def study(self, row: GoldenRow) -> CapabilityDocument | None:
        """The capability study that an inspection against a version is held to, None without one."""
        use = self.model_use()
        return study_in_force(self._db, row, use, PROGRAM, thresholds_in_force(self._db, row, use, PROGRAM))

    def remarks(self, row: GoldenRow) -> list[str]:
        """What can be said of the limits of a version by its study."""
        use = self.model_use()
        return capability_remarks(self._db, row, use, PROGRAM, thresholds_in_force(self._db, row, use, PROGRAM))
