"""Many photos: known ones are answered from the records, an engine measures the rest, and this process records."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from station.errors import StationError, StorageFullError
from station.service.measuring import Job, Line, Measured, measure, worst_margin
from station.service.recalibrating import threshold_remarks
from station.service.units_file import UnitEntry
from station.service.views import BatchResult, Inspected
from station.store import inspections
from station.store.database import Database
from station.store.rows import GoldenRow, NewUnit, UnitRow
from station.values.documents import UnitDocument, Verdict


class Done(Protocol):
    """One item that an engine has done: ``error`` is None when the function returned ``result``."""

    @property
    def item(self) -> Any: ...
    @property
    def result(self) -> Any: ...
    @property
    def error(self) -> StationError | None: ...


class Engine(Protocol):
    """What ``station.batch`` offers: calls a function on items, in one process or in several."""

    def run(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        *,
        on_done: Callable[[Any], None],
        stop: threading.Event | None = None,
    ) -> Any: ...


class Batch:
    """One run over photos. The process that holds it is the only one that writes records."""

    def __init__(
        self,
        db: Database,
        line: Line,
        golden: GoldenRow,
        lot: str | None,
        clock: Callable[[], datetime],
        on_done: Callable[[Inspected], None],
    ) -> None:
        self._db, self._line, self._golden, self._lot, self._clock = db, line, golden, lot, clock
        self._on_done = on_done
        self._twins: dict[str, list[UnitEntry]] = {}
        self._total = self._inspected = self._known = self._failed = self._nonconforming = 0

    @property
    def version(self) -> int:
        """The golden's version that the units are held to."""
        return self._golden.version

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of the line before the units."""
        return threshold_remarks(self._line.thresholds, self._golden.number)

    def run(self, entries: Sequence[UnitEntry], engine: Engine, stop: threading.Event | None) -> BatchResult:
        """Inspect every entry; answers how it ended. An entry that fails is handed on and the others go on."""
        self._total = len(entries)
        waiting: dict[str, UnitEntry] = {}
        hashes: dict[str, str] = {}
        for entry in entries:
            sha256 = file_sha256(entry.path, self._line.max_photo_mb)
            stored = None if sha256 is None else inspections.unit_of_key(self._db, self._line.key(sha256))
            if stored is not None:
                self._again(entry, stored)
            elif sha256 is not None and sha256 in hashes:
                self._twins.setdefault(hashes[sha256], []).append(entry)
            else:
                waiting[str(entry.path)] = entry
                if sha256 is not None:
                    hashes[sha256] = str(entry.path)
        jobs = (Job(str(e.path), e.unit) for e in waiting.values())
        if waiting:
            engine.run(
                functools.partial(measure, self._line),
                jobs,
                on_done=lambda o: self._done(waiting[o.item.path], o),
                stop=stop,
            )
        reached = self._inspected + self._known + self._failed
        return BatchResult(
            self._total, self._inspected, self._known, self._failed, self._nonconforming, stopped=reached < self._total
        )

    def _done(self, entry: UnitEntry, outcome: Done) -> None:
        twins = self._twins.get(str(entry.path), [])
        if isinstance(outcome.error, StorageFullError):
            raise outcome.error  # the next photo would not fare better
        if outcome.error is not None:
            for failed in (entry, *twins):
                self._failed += 1
                self._on_done(Inspected(failed.path.name, failed.unit, None, error=outcome.error))
            return
        unit, created = inspections.add_unit(self._db, self._new_unit(entry, outcome.result))
        if created:
            self._inspected += 1
            self._answer(entry, unit, new=True)
        else:  # another process was faster
            self._again(entry, unit)
        for twin in twins:
            self._again(twin, unit)

    def _again(self, entry: UnitEntry, stored: UnitRow) -> None:
        unit = inspections.present_again(
            self._db, stored.id, unit_name=entry.unit, photo=entry.path.name, lot=self._lot, at=self._clock(),
            golden_id=self._golden.id,
        )  # fmt: skip
        self._known += 1
        self._answer(entry, unit, new=False)

    def _answer(self, entry: UnitEntry, unit: UnitRow, *, new: bool) -> None:
        document = UnitDocument.model_validate_json(unit.document)
        self._nonconforming += unit.verdict is Verdict.NONCONFORMS
        remarks = self._remarks(entry, unit)
        self._on_done(Inspected(entry.path.name, entry.unit, document, unit.id, new, remarks))

    def _remarks(self, entry: UnitEntry, unit: UnitRow) -> tuple[str, ...]:
        """The same picture under another name or in another lot is what a person must hear of."""
        remarks = []
        twins = inspections.units_of_photo(self._db, unit.photo_sha256)
        others = {u.unit for u in twins} - {entry.unit}
        if others:
            names = ", ".join(sorted(others))
            remarks.append(f"{entry.path.name} was handed in as unit {entry.unit}, but is the picture of unit {names}")
        lots = {u.lot for u in twins if u.lot is not None} - {self._lot}
        if self._lot is not None and lots:
            counted = "" if unit.lot == self._lot else f" and is not counted in lot {self._lot}"
            remarks.append(f"{entry.path.name} is in lot {', '.join(sorted(lots))}{counted}")
        return tuple(remarks)

    def _new_unit(self, entry: UnitEntry, measured: Measured) -> NewUnit:
        document = measured.document
        return NewUnit(
            ingest_key=self._line.key(document.sha256),
            unit=entry.unit,
            photo=document.photo,
            photo_file=measured.photo,
            frame_file=measured.frame,
            annotated_file=measured.annotated,
            golden_id=self._golden.id,
            lot=self._lot,
            verdict=document.verdict,
            margin=worst_margin(document),
            document=document.model_dump_json(by_alias=True),
            digest=document.digest,
            inspected_at=self._clock(),
            carton=entry.carton,
            identifiers=entry.identifiers,
            findings=tuple(
                {
                    "kind": f.kind, "x_mm": f.x_mm, "y_mm": f.y_mm, "size_mm": f.size_mm, "length_mm": f.length_mm,
                    "area_mm2": f.area_mm2, "region": f.region, "score": f.score, "class": f.defect_class,
                    "verdict": str(f.verdict),
                }
                for f in document.findings
            ),
        )  # fmt: skip


class InProcess:
    """The simplest engine: one photo after another, the first refusal ends it. For a single photo."""

    def run(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        *,
        on_done: Callable[[Any], None],
        stop: threading.Event | None = None,
    ) -> None:
        for item in items:
            if stop is not None and stop.is_set():
                return
            on_done(_Returned(item, function(item)))


class _Returned:
    error = None

    def __init__(self, item: Any, result: Any) -> None:
        self.item, self.result = item, result


def file_sha256(path: Path, max_mb: float) -> str | None:
    """SHA-256 of a file; None where it cannot be read or is too large, which the decoder then says better."""
    try:
        if path.stat().st_size > max_mb * 1e6:
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
