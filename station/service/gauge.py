"""Gauge studies: repeated captures measured by the line, or entered values; evaluated, kept, put into the budget."""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from station.errors import RequestError, StationError, StorageFullError
from station.service.gauge_series import (
    Capture,
    Series,
    captured_series,
    characteristic_study,
    entered_series,
    sheet_of,
)
from station.service.inspecting import Done, Engine, file_sha256
from station.service.measuring import Job, Line, inspect_photo, keep_photo
from station.service.values_file import plain_text, read_table
from station.store import gauge as store
from station.store import records
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import File, GaugeStudyRow, GoldenRow
from station.values.digest import digest
from station.values.documents import UnitDocument
from station.values.gauge import GaugeSpreads, GaugeStudyDocument
from station.values.names import natural_key


@dataclass(frozen=True, slots=True)
class Captured:
    """One photo of a study done: the document, or the error. known : it was measured before."""

    photo: str
    document: UnitDocument | None
    known: bool = False
    error: StationError | None = None


@dataclass(frozen=True, slots=True)
class StudyAnswer:
    """How a run ended. id and document are None where photos were refused, or the run was stopped before its end."""

    id: int | None
    document: GaugeStudyDocument | None
    total: int
    measured: int
    known: int
    failed: int
    stopped: bool


class Gauge:
    """The use cases of gauge studies, for one :class:`station.service.Station`.

    line : what a photo is inspected with: golden sample, rig and card. program : name and version of this one.
    """

    def __init__(
        self,
        db: Database,
        clock: Callable[[], datetime],
        line: Callable[[GoldenRow, str | None, str | None], Line],
        program: str,
    ) -> None:
        self._db, self._clock, self._line, self._program = db, clock, line, program

    def run(
        self,
        captures: Sequence[Capture],
        *,
        golden: str,
        engine: Engine,
        on_done: Callable[[Captured], None],
        rig: str | None = None,
        card: str | None = None,
        by: str = "",
        stop: threading.Event | None = None,
    ) -> StudyAnswer:
        """Measure the photos of a study and evaluate every characteristic they show; the study is recorded.

        Photos measured before under the same conditions are answered from the records, so a run that was interrupted
        goes on where it stopped. Earlier studies do not enter: a study looks at values, not at their uncertainties.

        Raises
        ------
        RequestError
            The same photo or the same trial twice, or no part that was captured twice by one operator.
        """
        by = plain_text(by, "--by")
        row = records.golden(self._db, golden)
        line = replace(self._line(row, rig, card), gauge=None, capability=None)
        hashes = _vetted(captures, line.max_photo_mb)
        documents: dict[str, UnitDocument] = {}
        known = failed = 0
        waiting: dict[str, Capture] = {}
        for capture in captures:
            sha256 = hashes.get(capture.path)
            stored = None if sha256 is None else store.capture_of_key(self._db, line.key(sha256))
            if stored is None:
                waiting[str(capture.path)] = capture
                continue
            known += 1
            documents[str(capture.path)] = UnitDocument.model_validate_json(stored.document)
            on_done(Captured(capture.path.name, documents[str(capture.path)], known=True))

        def done(outcome: Done) -> None:
            nonlocal failed
            capture = waiting[outcome.item.path]
            if isinstance(outcome.error, StorageFullError):
                raise outcome.error  # the next photo would not fare better
            if outcome.error is not None:
                failed += 1
                on_done(Captured(capture.path.name, None, error=outcome.error))
                return
            document, file = outcome.result
            store.add_capture(
                self._db, ingest_key=line.key(document.sha256), golden_id=row.id, photo=document.photo, file=file,
                document=document.model_dump_json(by_alias=True), digest=document.digest, at=self._clock(),
            )  # fmt: skip
            documents[str(capture.path)] = document
            on_done(Captured(capture.path.name, document))

        if waiting:
            jobs = (Job(path, f"{c.part}/{c.operator}/{c.trial}") for path, c in waiting.items())
            engine.run(functools.partial(measure_capture, line), jobs, on_done=done, stop=stop)
        reached = len(documents) + failed
        answer = StudyAnswer(None, None, len(captures), len(documents) - known, known, failed, reached < len(captures))
        if answer.stopped or failed:
            return answer
        series, silent = captured_series([(c, documents[str(c.path)]) for c in captures])
        study_id, document = self._record(
            series, silent, row=row, rig=rig, rig_digest=line.calibration.rig.digest if line.calibration.rig else None,
            source="photos", by=by, program=line.program, captures=sorted(d.sha256 for d in documents.values()),
        )  # fmt: skip
        return replace(answer, id=study_id, document=document)

    def evaluated(self, captures: Sequence[Capture], **given: Any) -> GaugeStudyDocument | None:
        """:meth:`run`, whose study is answered; None where it was stopped.

        Raises also what is wrong with the first photo that cannot be used.
        """
        wrong: list[StationError] = []
        on_done = given.pop("on_done")

        def noted(one: Captured) -> None:
            if one.error is not None:
                wrong.append(one.error)
            on_done(one)

        answer = self.run(captures, on_done=noted, **given)
        if answer.document is None and not answer.stopped and wrong:
            raise wrong[0]
        return answer.document

    def from_values(
        self,
        path: Path,
        *,
        golden: str | None = None,
        characteristic: str = "value",
        lower: float | None = None,
        upper: float | None = None,
        by: str = "",
    ) -> StudyAnswer:
        """Evaluate a table of entered values: columns part, value, and operator, trial, characteristic where there are.

        Limits are those of the golden sample's control sheet for a characteristic it names, else ``lower`` and
        ``upper``. The study is recorded; it enters no budget, since other instruments made it.

        Raises RequestError that names line and column.
        """
        by = plain_text(by, "--by")
        row = None if golden is None else records.golden(self._db, golden)
        if lower is not None and upper is not None and lower >= upper:
            raise RequestError(f"--lower {lower:g} is not below --upper {upper:g}", "Give the limits in order.")
        series = entered_series(path, characteristic, sheet_of(row), lower, upper)
        study_id, document = self._record(
            series, {}, row=row, rig=None, rig_digest=None, source="values", by=by, program=self._program, captures=[]
        )
        readings = sum(len(s.readings) for s in series.values())
        return StudyAnswer(study_id, document, readings, readings, 0, 0, stopped=False)

    def study(self, study_id: int) -> GaugeStudyDocument:
        """A recorded study. Raises NotFoundError."""
        return GaugeStudyDocument.model_validate_json(store.study(self._db, study_id).document)

    def studies(self, *, golden: str | None = None, rig: str | None = None) -> list[tuple[int, GaugeStudyDocument]]:
        """Recorded studies with their ids, newest first."""
        rows = store.studies(self._db, golden=golden, rig=rig)
        return [(r.id, GaugeStudyDocument.model_validate_json(r.document)) for r in rows]

    def _record(
        self,
        series: Mapping[str, Series],
        silent: Mapping[str, str],
        *,
        row: GoldenRow | None,
        rig: str | None,
        rig_digest: str | None,
        source: str,
        by: str,
        program: str,
        captures: Sequence[str],
    ) -> tuple[int, GaugeStudyDocument]:
        from station.quality.gauge import evaluate

        found, left_out = [], dict(silent)
        for name in sorted(series, key=natural_key):
            one = series[name]
            try:
                study = evaluate(one.readings)
            except RequestError as error:
                left_out[name] = error.message
                continue
            found.append(characteristic_study(name, one, study, photos=source == "photos"))
        if not found:
            reason = next(iter(left_out.values()), "the photos show nothing that can be measured")
            raise RequestError(
                f"the study tells nothing: {reason}",
                "Capture every part two or three times by every operator, or one part ten times or more.",
            )
        at = self._clock()
        document = GaugeStudyDocument.model_validate(
            {
                "source": source, "golden": row.number if row else None, "golden_version": row.version if row else None,
                "rig": rig, "rig_digest": rig_digest, "by": by, "made_at": at, "program": program,
                "captures": tuple(captures), "characteristics": tuple(found), "left_out": left_out,
            }
        )  # fmt: skip
        content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
        document = document.model_copy(update={"digest": digest(content)})
        study_id = store.add_study(
            self._db, golden_id=row.id if row else None, rig=rig, source=source, by=by,
            document=document.model_dump_json(by_alias=True), digest=document.digest, at=at,
        )  # fmt: skip
        return study_id, document


def measure_capture(line: Line, job: Job) -> tuple[UnitDocument, File]:
    """Decode and measure one photo of a study, keep its file. Raises PhotoError, ModelError, StorageFullError."""
    _, inspection = inspect_photo(line, job)
    document = inspection.document
    return document, keep_photo(Evidence(line.evidence), Path(job.path), document.sha256)


def spreads_in_force(db: Database, golden: GoldenRow, rig: str | None, rig_digest: str | None) -> GaugeSpreads | None:
    """What the newest study of this version of a golden sample on this very bench puts into the budget, None without.

    A bench that was changed and registered anew, or a golden that was sealed anew, needs a study of its own.
    """
    for row in store.studies(db, golden=golden.number):
        found = _spreads(row, golden, rig, rig_digest)
        if found is not None:
            return found
    return None


def _spreads(row: GaugeStudyRow, golden: GoldenRow, rig: str | None, rig_digest: str | None) -> GaugeSpreads | None:
    if row.source != "photos" or row.golden_id != golden.id or row.rig != rig:
        return None
    study = GaugeStudyDocument.model_validate_json(row.document)
    spreads = {c.characteristic: c.anova.grr for c in study.characteristics if c.in_budget}
    if not spreads or study.rig_digest != rig_digest:
        return None
    return GaugeSpreads(study.digest, study.made_at, spreads)


def read_captures(path: Path) -> list[Capture]:
    """Photos of a study from a CSV: column photo, and part, operator, trial where there are.

    A photo's path that is not there from the working folder is taken from the file's own. Trials that are not numbered
    count up for each part and operator. Raises RequestError that names line and column.
    """
    found: list[Capture] = []
    counted: Counter[tuple[str, str]] = Counter()
    for row in read_table(path, required=("photo",), optional=("part", "operator", "trial")):
        photo = Path(row.text("photo"))
        if not photo.exists() and (path.parent / photo).exists():
            photo = path.parent / photo
        if not photo.exists():
            raise RequestError(f"{row.where}: {photo} does not exist", "Correct the path, or take the row out.")
        part, operator = row.text("part", default="1"), row.text("operator", default="1")
        counted[part, operator] += 1
        trial = row.text("trial", default=str(counted[part, operator]))
        found.append(Capture(photo, part, operator, trial))
    return found


def photos_of_one_part(paths: Sequence[Path]) -> list[Capture]:
    """Photos and folders of photos of one part, laid down again for each, as a study of repeatability."""
    from station.devices.photo import photo_files

    return [Capture(photo, "1", "1", str(i)) for i, photo in enumerate(photo_files(paths), 1)]


def _vetted(captures: Sequence[Capture], max_photo_mb: float) -> dict[Path, str]:
    """SHA-256 of every photo that can be read. Raises RequestError for a photo or a trial that is there twice."""
    hashes: dict[Path, str] = {}
    seen: dict[str, str] = {}
    trials: set[tuple[str, str, str]] = set()
    for c in captures:
        key = (c.part, c.operator, c.trial)
        if key in trials:
            raise RequestError(
                f"trial {c.trial} of part {c.part} by operator {c.operator} is there twice", "Number the trials."
            )
        trials.add(key)
        sha256 = file_sha256(c.path, max_photo_mb)
        if sha256 is None:
            continue
        if sha256 in seen:
            raise RequestError(
                f"{c.path.name} and {seen[sha256]} are one picture, which would repeat itself perfectly",
                "Lift the part, lay it down again and take another.",
            )
        seen[sha256] = c.path.name
        hashes[c.path] = sha256
    cells = Counter((c.part, c.operator) for c in captures)
    if not any(count > 1 for count in cells.values()):
        raise RequestError(
            "no part is captured twice by the same operator, so nothing tells the repeatability",
            "Capture every part two or three times by every operator, or one part ten times or more.",
        )
    return hashes
