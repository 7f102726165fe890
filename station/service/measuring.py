"""Measuring one photo, in this process or in a worker: decode, the line, evidence. It writes no record.

Everything that goes to a worker and back is plain data; the master is read once a process.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import ModelError
from station.models import as_run, capability_warnings, defect_model, seldom_found
from station.store.evidence import Evidence
from station.store.masters import load_master
from station.store.rows import File
from station.values.bench import Calibration
from station.values.capability import CapabilityInForce
from station.values.digest import digest
from station.values.documents import MeasurementDocument, ModelUseDocument, UnitDocument, Verdict
from station.values.gauge import GaugeSpreads
from station.values.reviewed import ThresholdsInForce

if TYPE_CHECKING:
    from station.pipeline import Inspection
    from station.sheet import Sheet
    from station.values.line import DefectModel, Master


@dataclass(frozen=True, slots=True)
class Line:
    """What all photos of one run have in common. ``master_document`` is JSON; ``model`` names the defect model,
    ``model_use`` says which version and file that is. ``device`` and ``threads`` are those asked for."""

    evidence: Path
    golden_digest: str
    master_sha256: str
    master_document: str
    master_digest: str
    sheet_toml: str
    calibration: Calibration
    model: str
    program: str
    max_megapixels: float
    max_photo_mb: float
    gauge: GaugeSpreads | None = None
    capability: CapabilityInForce | None = None
    model_use: ModelUseDocument | None = None
    thresholds: ThresholdsInForce | None = None
    device: str = "cpu"
    threads: int = 1

    def key(self, photo_sha256: str) -> str:
        """The ingest key: the same picture under the same conditions is one unit."""
        more = [study.study for study in (self.gauge, self.capability) if study is not None]
        more += [self.model_use.weights] if self.model_use is not None and self.model_use.weights else []
        more += [self.thresholds.record] if self.thresholds is not None else []
        return digest([photo_sha256, self.golden_digest, self.calibration.digest, self.model, self.program, *more])


@dataclass(frozen=True, slots=True)
class Job:
    """One photo and the name of the unit on it."""

    path: str
    unit: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured photo; its files are in the evidence folder. The pictures lack where nothing could be registered."""

    document: UnitDocument
    photo: File
    frame: File | None
    annotated: File | None


def inspect_photo(line: Line, job: Job) -> tuple[Master, Inspection]:
    """Decode and inspect one photo against the golden of the line.

    Raises PhotoError, also for a photo that the golden was sealed with, and ModelError.
    """
    from station import pipeline
    from station.devices.photo import read_photo
    from station.errors import PhotoError

    shot = read_photo(Path(job.path), max_megapixels=line.max_megapixels, max_photo_mb=line.max_photo_mb)
    master, sheet = golden_of(line)
    if shot.sha256 in (master.photo_sha256, *master.again):  # compared with itself the golden conforms, with 0.00
        raise PhotoError(f"{shot.name} is the golden's own photograph, not a unit's", "Photograph a unit.")
    model = model_of(line)
    inspection = pipeline.inspect(
        shot,
        master,
        sheet,
        line.calibration,
        unit=job.unit,
        model=model,
        model_name=line.model,
        golden_digest=line.golden_digest,
        program=line.program,
        taken_at=shot.taken_at,
        unseen=_unseen(line, sheet, master.number),
        gauge=line.gauge,
        capability=line.capability,
        model_use=None if line.model_use is None else as_run(line.model_use, model),
        thresholds=line.thresholds,
        seldom=seldom_found(line.model),
    )
    return master, inspection


def model_of(line: Line) -> DefectModel:
    """The defect model of a line, loaded once a process.

    Raises ModelError, also where it is another one than the line was made for: what is held to it was told of that one.
    """
    model = defect_model(line.model, device=line.device, threads=line.threads)
    if line.model_use is not None and as_run(line.model_use, model).weights != line.model_use.weights:
        raise ModelError(f"the defect model {line.model} was replaced while it was in use", "Run it again.")
    return model


def _unseen(line: Line, sheet: Sheet, golden: str) -> list[str]:
    """Remarks on what a person has to look for, by the study of this very golden where there is one."""
    kinds = list(dict.fromkeys(d.kind for d in sheet.defects))
    found = line.capability
    if found is None:
        return [*capability_warnings(line.model, kinds), no_study(golden)] if kinds else []
    unknown = [found.passed_over] if found.passed_over else []
    unknown += [f"{limit}: the capability study does not tell: {reason}" for limit, reason in found.unknown.items()]
    return [*unknown, *capability_warnings(line.model, dict.fromkeys(name.partition(" ")[0] for name in found.unknown))]


def no_study(golden: str) -> str:
    """Remark on a golden sample without a study of what is found on it."""
    return (
        f"how small a defect is found on {golden} has not been studied; run: station model capability --golden {golden}"
    )


def golden_of(line: Line) -> tuple[Master, Sheet]:
    """The master and the control sheet of a line, read once a process."""
    return _golden(line.evidence, line.master_sha256, line.master_document, line.master_digest, line.sheet_toml)


def measure(line: Line, job: Job) -> Measured:
    """Decode and inspect one photo, keep its evidence. Raises PhotoError, ModelError, StorageFullError."""
    master, inspection = inspect_photo(line, job)
    evidence = Evidence(line.evidence)
    document = inspection.document
    photo = keep_photo(evidence, Path(job.path), document.sha256)
    frame = annotated = None
    if document.alignment is not None:
        from station.report import pictures, unit_pictures

        raster = pictures.display(inspection.aligned.image, inspection.aligned.correction)
        frame = keep(evidence, pictures.jpeg(raster), "image/jpeg")
        if document.verdict is not Verdict.CONFORMS:
            drawn = unit_pictures.unit_picture(master, inspection.aligned, document)
            annotated = keep(evidence, pictures.jpeg(drawn), "image/jpeg")
    return Measured(document, photo, frame, annotated)


def keep(evidence: Evidence, data: bytes, media_type: str) -> File:
    """Keep bytes as evidence."""
    return File(evidence.put(data), len(data), media_type)


def keep_photo(evidence: Evidence, path: Path, sha256: str) -> File:
    """Keep a photo's own file as evidence; it must still be the file that was measured."""
    from station.devices.photo_header import recognise
    from station.errors import PhotoError

    data = path.read_bytes()
    kind, _ = recognise(data)
    file = keep(evidence, data, f"image/{(kind or 'jpeg').lower()}")
    if file.sha256 != sha256:
        raise PhotoError(f"{path.name} changed while it was measured", "Run it again when the copy has ended.")
    return file


@lru_cache(maxsize=4)
def _golden(
    evidence: Path, master_sha256: str, master_document: str, master_digest: str, sheet_toml: str
) -> tuple[Master, Sheet]:
    from station.sheet import load_sheet

    master = load_master(Evidence(evidence).read(master_sha256), json.loads(master_document), master_digest)
    return master, load_sheet(sheet_toml.encode())


def worst_margin(document: UnitDocument) -> float | None:
    """Distance of the worst characteristic or finding to its limit, over the tolerance; below 0 beyond the limit."""
    margins = [m for m in map(_margin, document.measurements) if m is not None]
    for finding in document.findings:
        if finding.limit_mm:
            extent = max(finding.size_mm, finding.length_mm) if finding.kind == "scratch" else finding.size_mm
            margins.append((finding.limit_mm - extent) / finding.limit_mm)
    return min(margins, default=None)


def _margin(m: MeasurementDocument) -> float | None:
    if m.value is None or (m.lower is None and m.upper is None):
        return None
    left = [
        limit
        for limit in (None if m.upper is None else m.upper - m.value, None if m.lower is None else m.value - m.lower)
        if limit is not None
    ]
    if m.lower is not None and m.upper is not None:
        tolerance = (m.upper - m.lower) / 2
    else:
        tolerance = abs(m.upper if m.upper is not None else m.lower or 0.0)
    return min(left) / (tolerance or 1.0)
