"""The station: one home, its records and evidence, and everything that can be done with them."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from station.errors import ConflictError, NotFoundError, RequestError
from station.service import tools, views
from station.service.accounts import Accounts
from station.service.bench import Bench
from station.service.camera import Camera
from station.service.capability import Capability
from station.service.claiming import Claiming
from station.service.corrective import CorrectiveActions
from station.service.deciding import Deciding
from station.service.draws import Draws
from station.service.entering import EnteredValues, as_they_stand
from station.service.finding_reviews import FindingReviews
from station.service.gate_release import GateRelease
from station.service.gates import Gates
from station.service.gauge import Gauge
from station.service.golden_record import GoldenRecords
from station.service.golden_showing import GoldenShowing
from station.service.inspecting import Batch, Engine, InProcess
from station.service.ledger_view import LedgerView, read_head
from station.service.lines import PROGRAM, Lines
from station.service.live_view import Viewfinder
from station.service.lot_analysis import LotAnalysis
from station.service.lots import golden_of_lot, standing_units, vet_lot_id
from station.service.measuring import Line
from station.service.nonconformities import Nonconformities
from station.service.packages import Packages
from station.service.papers import Papers
from station.service.processes import Processes
from station.service.queueing import queued
from station.service.recalibrating import Recalibration
from station.service.repeating import Repeats
from station.service.review_screen import ReviewScreen
from station.service.reviewing import vet_reference, vet_review
from station.service.sample_line import Samples
from station.service.showing import audit_view, golden_view, lot_view, review_view, unit_view
from station.service.signing_off import SignOff
from station.service.steps import OnStep, Steps, silent
from station.service.streams import Streams
from station.service.traceability import Traceability
from station.service.units_file import name_units
from station.service.watching import Watching
from station.settings import Settings, read_settings
from station.store import inspections, records
from station.store.audit import audit
from station.store.database import Database, sqlite_url
from station.store.evidence import Evidence
from station.store.rows import GoldenRow, LotRow, UnitRow
from station.store.streams import drawn_lots
from station.values.documents import LotDocument, UnitDocument, Verdict

if TYPE_CHECKING:
    from station.values.capability import CapabilityDocument
    from station.values.line import Master, Shot
    from station.values.tolerance import ToleranceDocument


def _now() -> datetime:
    return datetime.now(UTC)


class Station:
    """Opens the home named by the settings; makes it where there is none. Close it, or use it in a ``with``.

    ``bench`` holds what can be done with rigs and their calibrations, ``lines`` what photos are inspected with,
    ``camera`` what can be done with the camera over a bench, ``viewfinder`` with what that sees, ``entered`` with
    values measured by hand, ``gauge`` with gauge studies, ``capability`` with studies of what is found,
    ``finding_reviews`` with what reviewers say of findings, ``recalibration`` with the thresholds that follow from it,
    ``streams`` with streams of lots, ``draws`` with pick lists, ``deciding`` with the decisions of lots, ``analysis``
    with the defects of a lot, ``processes`` with control charts and drift, ``nonconformities`` with complaints,
    ``corrective`` with corrective actions, ``sign_off`` with what the parties say of golden samples, ``record`` with
    their records, ``shown`` with what is looked at of them, ``gates`` with orders and their gates, ``releases`` with
    who opens them and what a closed one stops, ``packages`` with sealed packages, ``ledger`` with the ledger and the
    keys, ``papers`` with documents to be sent, ``accounts`` with who may use the station, ``repeats`` with requests
    sent twice, ``review_screen`` with what a reviewer's page is drawn from, ``watching`` with what is recorded while
    somebody watches, ``claiming`` with who looks at which unit, ``samples`` with the sample data.
    clock : answers the time now, in UTC.

    Raises
    ------
    StaleSchemaError
        The database was written by another version.
    StorageFullError
        The home cannot be written.
    """

    def __init__(self, settings: Settings | None = None, *, clock: Callable[[], datetime] = _now) -> None:
        self.settings = settings or read_settings()
        self._clock = clock
        self._db = open_database(self.settings, clock)
        self._evidence = Evidence(self.settings.home / "evidence")
        self.bench = Bench(self._db, self._evidence, self.settings, clock)
        self.lines = Lines(self._db, self._evidence, self.settings, self.bench)
        self.camera = Camera(self.settings)
        self.viewfinder = Viewfinder(self, self.camera)
        self.entered = EnteredValues(self._db, clock, self._may_enter)
        self.gauge = Gauge(self._db, clock, self.lines.of, PROGRAM)
        self.capability = Capability(self._db, clock, self.lines.of)
        self.finding_reviews = FindingReviews(self._db, clock)
        self.recalibration = Recalibration(self._db, clock, self.lines.model_use, PROGRAM)
        self.streams = Streams(self._db, clock, self._require)
        self.draws = Draws(self._db, clock, self.standing_units, self.streams, self._require)
        self.deciding = Deciding(self, self._db, clock)
        self.analysis = LotAnalysis(self, self._db)
        self.processes = Processes(self._db)
        self.nonconformities = Nonconformities(self, self._db, self._evidence, clock)
        self.corrective = CorrectiveActions(self.nonconformities, clock)
        self.traceability = Traceability(self, self._evidence)
        self.sign_off = SignOff(self._db, self._evidence, self.settings, clock)
        self.record = GoldenRecords(self._db, self._evidence, self.settings, clock, self.sign_off)
        self.shown = GoldenShowing(self, self._db, clock)
        self.gates = Gates(self, self._db, self._evidence, clock)
        self.releases = GateRelease(self.gates, self._db, clock)
        self.packages = Packages(self._db, self._evidence, clock)
        self.ledger = LedgerView(self._db)
        self.papers = Papers(self, self._db)
        self.accounts = Accounts(self._db, self.settings, clock)
        self.repeats = Repeats(self._db, clock)
        self.review_screen = ReviewScreen(self, self._db, self._evidence)
        self.watching = Watching(self._db, self.draws, clock)
        self.samples = Samples(self)
        self.claiming = Claiming(self._db, clock)
        try:
            self._db.ensure()
            self._evidence.sweep()
            self._db.ledger.keys.sweep()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def changing(self) -> AbstractContextManager[None]:
        """Let nobody else in, of this process or another, who looks at something here and then changes it."""
        return self._db.changing()

    def close(self) -> None:
        """Give back the camera and the database."""
        self.camera.close()
        self._db.close()

    # --- golden samples ----------------------------------------------------------------------------------------------

    def seal_golden(
        self, sheet: Path, photo: Path, *, rig: str | None = None, card: str | None = None, again: Sequence[Path] = (),
        old_sheet: bool = False, on_step: OnStep = silent,
    ) -> views.GoldenView:  # fmt: skip
        """Measure the golden sample into a master and seal it. The same sample sealed again is the same version.

        again : further photos of the same golden, each lifted and laid down again. old_sheet : a superseded version's
        sheet is meant to be in force again; without it one is refused with ConflictError."""
        from station.service.sealing import proposed, seal

        step = Steps(on_step, len(again) + (4 if again else 3))
        shots: list[tuple[Path, Shot]] = []
        for path in (photo, *again):
            step("reading")
            shots.append((path, self._read(path)))
        row, new = seal(
            self._db, self._evidence, sheet_path=sheet, photo_path=photo, shot=shots[0][1],
            calibration=self.bench.calibration(rig, card), at=self._clock(), again=shots[1:],
            model=self.settings.defect_model, old_sheet=old_sheet, step=step,
        )  # fmt: skip
        view, remarks = golden_view(row, new=new), self.lines.remarks(row)
        proposals = proposed(self.master(row.number, row.version), row.sheet_toml)
        before = self.sign_off.superseded_remarks(row) if new else ()
        return view.model_copy(update={"proposals": proposals, "warnings": (*before, *view.warnings, *remarks)})

    def goldens(self) -> list[views.GoldenView]:
        """Every sealed version, newest first."""
        return [golden_view(g) for g in records.golden_versions(self._db)]

    def golden(self, number: str, version: int | None = None) -> views.GoldenView:
        """One golden sample, its newest version by default."""
        return golden_view(records.golden(self._db, number, version))

    def golden_sheet(self, number: str, version: int | None = None) -> str:
        """The control sheet it was sealed with, as TOML."""
        return records.golden(self._db, number, version).sheet_toml

    def golden_frame(self, number: str, version: int | None = None) -> views.FrameView:
        """The raster of the golden frame, for drawing over its pictures."""
        frame = json.loads(records.golden(self._db, number, version).master_document)["frame"]
        return views.FrameView(**{**frame, "origin_px": tuple(frame["origin_px"])})

    def master(self, number: str, version: int | None = None) -> Master:
        """The measured master of a golden sample, its digest verified."""
        from station.store.masters import load_master

        row = records.golden(self._db, number, version)
        arrays = self._evidence.read(row.master_sha256)
        return load_master(arrays, json.loads(row.master_document), row.master_digest)

    # --- units -------------------------------------------------------------------------------------------------------

    def inspect(
        self,
        photo: Path,
        *,
        golden: str,
        unit: str | None = None,
        rig: str | None = None,
        card: str | None = None,
        lot: str | None = None,
        golden_version: int | None = None,
    ) -> views.Inspected:
        """Inspect one photo. golden_version : by which whoever inspects works. Raises PhotoError and what else stands
        in the way."""
        done: list[views.Inspected] = []
        entry = name_units([photo])[0][0]
        entry = entry if unit is None else type(entry)(entry.path, unit)
        self._held_to(golden, lot, golden_version)
        batch = self._batch(golden, rig, card, lot, done.append)
        batch.run([entry], InProcess(), None)
        return done[0]

    def inspect_many(
        self,
        paths: Sequence[Path],
        *,
        golden: str,
        engine: Engine,
        on_done: Callable[[views.Inspected], None],
        rig: str | None = None,
        card: str | None = None,
        lot: str | None = None,
        golden_version: int | None = None,
        units_file: Path | None = None,
        on_total: Callable[[int], None] | None = None,
        stop: threading.Event | None = None,
    ) -> views.BatchResult:
        """Inspect photos and folders of photos; each finished unit is durable before ``on_done`` hears of it.

        A photo that is refused is handed on with its error and the others go on. What was inspected before under the
        same conditions is answered from the records, so an interrupted run is resumed by running it again. A lot is
        held to the version of the golden with which it was opened; a remark says so where a newer one is sealed.
        golden_version : by which whoever inspects works. ConflictError is raised where it is superseded, or where those
        who signed and acknowledged do not all hold the version in force.
        """
        from station.devices.photo import photo_files

        entries, remarks = name_units(photo_files(paths), units_file)
        remarks += self._held_to(golden, lot, golden_version)
        batch = self._batch(golden, rig, card, lot, on_done)
        newest = records.golden(self._db, golden).version
        if batch.version != newest:
            remarks += (
                f"lot {lot} goes on against version {batch.version} of golden {golden}, with which it was opened; "
                f"new lots are held to version {newest}",
            )
        remarks += batch.remarks
        if on_total is not None:
            on_total(len(entries))
        return replace(batch.run(entries, engine, stop), remarks=remarks)

    def units(
        self,
        *,
        lot: str | None = None,
        golden: str | None = None,
        verdict: Verdict | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[views.UnitView]:
        """Inspected units in the order of inspection; ``after``: with a greater id."""
        found = inspections.units(self._db, lot=lot, golden=golden, verdict=verdict, after=after, limit=limit)
        return [unit_view(u) for u in as_they_stand(self._db, found)]

    def unit(self, unit_id: int) -> views.UnitView:
        """One unit as it stands."""
        return unit_view(self._unit(unit_id))

    def unit_document(self, unit_id: int) -> UnitDocument:
        """What the station said of the unit, with what was entered of it."""
        return UnitDocument.model_validate_json(self._unit(unit_id).document)

    def findings(
        self,
        *,
        kind: str | None = None,
        lot: str | None = None,
        unit_id: int | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[views.FindingView]:
        """Recorded findings in the order they were recorded; ``after``: with a greater id."""
        rows = inspections.findings(self._db, kind=kind, lot=lot, unit_id=unit_id, after=after, limit=limit)
        return [
            views.FindingView(**{k: v for k, v in r.items() if k != "class"}, defect_class=r["class"]) for r in rows
        ]

    def study_in_force(self, golden: GoldenRow) -> CapabilityDocument | None:
        """The capability study that an inspection against a version of a golden sample is held to, None without one."""
        return self.lines.study(golden)

    def line(self, golden: str, *, rig: str | None = None, card: str | None = None) -> Line:
        """What a photo is inspected with against the newest version of a golden sample, as :meth:`inspect` does it."""
        return self.lines.of(records.golden(self._db, golden), rig, card)

    # --- review ------------------------------------------------------------------------------------------------------

    def queue(
        self, lot: str | None = None, *, settled: bool = False, second_look: bool = False
    ) -> list[views.UnitView]:
        """Flagged units that wait for a reviewer: undecided first, worst margin first.

        settled : those that a reviewer accepted or rejected instead, the newest review first. second_look : of those
        that wait only what was deferred and what reviewers disagree about. Raises RequestError for both at once.
        """
        rows = queued(self._db, lot, settled=settled, second_look=second_look)
        found = inspections.of_ids(self._db, [r.id for r in rows])
        return [unit_view(u) for u in as_they_stand(self._db, found)]

    def review(
        self,
        unit_id: int,
        decision: str,
        reason: str = "",
        reviewer: str = "",
        *,
        expected: int | None = None,
        request_key: str | None = None,
        approves: bool = False,
        take_over: bool = False,
    ) -> views.ReviewView:
        """Record a reviewer's word; on return it is durable. ``undo`` gives the line's own verdict back.

        approves : the reviewer is an approver, whose word settles what others disagree about. take_over : decide the
        unit although another reviewer looks at it.

        Raises
        ------
        RequestError
            Another decision, no reviewer, a rejection or deferral without a reason, a rejection for a preference, or
            a nonconforming unit accepted without a reason.
        ConflictError
            Another review came in between (``expected``), ``request_key`` was used for another one, or the reviewer
            deferred the unit, which is for another one to settle.
        ClaimedError
            Another reviewer looks at the unit.
        """
        from station.sheet import load_sheet

        reason, reviewer = vet_review(decision, reason, reviewer)
        unit = self._unit(unit_id)
        sheet = load_sheet(records.golden(self._db, unit.golden, unit.golden_version).sheet_toml.encode())
        vet_reference(decision, reason, unit.verdict, sheet)
        row = inspections.add_review(
            self._db, unit_id=unit_id, decision=decision, reason=reason, reviewer=reviewer, at=self._clock(),
            expected=expected, request_key=request_key, approves=approves, take_over=take_over,
        )  # fmt: skip
        return review_view(row)

    def reviews(self, unit_id: int) -> list[views.ReviewView]:
        """Every word on a unit, oldest first."""
        inspections.unit(self._db, unit_id)
        return [review_view(r) for r in inspections.reviews(self._db, unit_id)]

    # --- lots --------------------------------------------------------------------------------------------------------

    def decide_lot(self, lot: str, size: int | None = None, *, stream: str | None = None) -> LotDocument:
        """Decide a lot by its control sheet's sampling plans and record the decision.

        size : as of :meth:`lot_tally`. stream : the stream of lots it belongs to, whose severity in force holds and
        which counts the decided lot; without it that of its pick list.
        """
        return self.deciding.decide(lot, size, stream=stream)

    def lot_tally(self, lot: str, size: int | None = None, *, stream: str | None = None) -> LotDocument:
        """The decision as it would be now, recorded nowhere; see :meth:`station.service.deciding.Deciding.tally`."""
        return self.deciding.tally(lot, size, stream=stream)

    def lot_document(self, lot: str) -> LotDocument:
        """The newest decision on a lot. Raises NotFoundError where there is none yet."""
        return self.deciding.newest(lot)

    def standing_units(self, lot: str) -> list[UnitRow]:
        """The rows that a lot's decision counts, one a unit."""
        return standing_units(as_they_stand(self._db, inspections.units(self._db, lot=lot, current=True)))

    def lots(self) -> list[views.LotView]:
        """Every lot as it stands, newest first."""
        waiting = self.review_screen.waiting()
        drawn = drawn_lots(self._db)
        return [self._lot(r, waiting[r.name], drawn) for r in records.lots(self._db)]

    def lot(self, name: str) -> views.LotView:
        """One lot as it stands."""
        return self._lot(records.lot(self._db, name), self.review_screen.waiting(name)[name], drawn_lots(self._db))

    def _lot(self, row: LotRow, waiting: int, drawn: Collection[str]) -> views.LotView:
        bare = not self.entered.values(lot=row.name)
        found = inspections.units(self._db, lot=row.name, current=True, bare=bare)
        units = standing_units(as_they_stand(self._db, found))
        count = Counter(u.standing for u in units)
        decided = records.lot_decisions(self._db, row.id)
        return lot_view(row, count, decided[0] if decided else None, waiting=waiting, drawn=row.name in drawn)

    def learned_tolerance(self, golden: str, *, lot: str | None = None, region: str | None = None) -> ToleranceDocument:
        """The colour tolerance that a golden sample's accepted units teach; nothing is judged by it.

        Raises NotFoundError for an unknown golden or lot, RequestError for an unknown region.
        """
        from station.service.tolerance import learned_tolerance

        return learned_tolerance(self._db, golden, lot=lot, region=region)

    # --- pictures ----------------------------------------------------------------------------------------------------

    def golden_picture(self, number: str, version: int | None = None, *, kind: str = "frame") -> views.Picture:
        """``photo``: the golden photo as handed in. ``frame``: the golden in its own frame, for review."""
        row = records.golden(self._db, number, version)
        return self._picture({"photo": row.photo_sha256, "frame": row.frame_sha256}, kind, f"golden {number}")

    def unit_picture(self, unit_id: int, *, kind: str = "frame") -> views.Picture:
        """``photo``: as handed in. ``frame``: in the golden frame. ``annotated``: a flagged unit beside the golden."""
        row = inspections.unit(self._db, unit_id)
        files = {"photo": row.photo_sha256, "frame": row.frame_sha256, "annotated": row.annotated_sha256}
        return self._picture(files, kind, f"unit {row.unit}")

    def picture(self, sha256: str) -> views.Picture:
        """A picture that the records name, by the SHA-256 of its file. Other evidence is not handed out."""
        media_type = records.media_type(self._db, sha256)
        if not media_type.startswith("image/"):
            raise NotFoundError(f"the file {sha256[:12]} is no picture", "Use the sha256 of a photo or a frame.")
        return views.Picture(self._evidence.read(sha256), media_type, sha256)

    def evidence_path(self, sha256: str) -> Path:
        """Where a file of the evidence lies, for its decoder; its content is verified. Raises NotFoundError."""
        self._evidence.read(sha256)
        return self._evidence.path(sha256)

    # --- upkeep ------------------------------------------------------------------------------------------------------

    def check(self, head: str | None = None) -> views.AuditView:
        """Hold every row against every file and the ledger, and remove what dead processes left half-written.

        head : ``NUMBER:HASH`` of a head of the ledger that was kept elsewhere. Raises RequestError where it is none.
        """
        removed = self._evidence.sweep()
        return audit_view(audit(self._db, self._evidence, read_head(head)), removed)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _unit(self, unit_id: int) -> UnitRow:
        return as_they_stand(self._db, [inspections.unit(self._db, unit_id)])[0]

    def _read(self, path: Path) -> Shot:
        return tools.read(path, self.settings)

    def _held_to(self, golden: str, lot: str | None, wanted: int | None) -> tuple[str, ...]:
        """Raises ConflictError where no unit may be inspected against a golden; a lot that was opened before its golden
        was sealed anew goes on. Raises it too where a gate before the lot's own is closed."""
        row, newest = golden_of_lot(self._db, golden, lot), records.golden(self._db, golden)
        self.releases.require(lot, "inspected")
        remarks = self.releases.remarks(golden, lot)
        if row.id == newest.id:
            return (*self.sign_off.require_inspectable(row, wanted), *remarks)
        if wanted is not None and wanted != row.version:
            raise ConflictError(
                f"lot {lot} is held to version {row.version} of golden {golden}, not to {wanted}",
                f"Take version {row.version}, or open another lot.",
            )
        return remarks

    def _require(self, lot: str, doing: str) -> None:
        """Raises ConflictError where a gate before the lot's own is closed. doing : what is refused, as in "drawn"."""
        self.releases.require(lot, doing)

    def _may_enter(self, golden: str, lot: str | None, name: str, measured_on: date) -> None:
        """Raises ConflictError where no value may be entered: as of :meth:`_held_to`, and of a pull test too early."""
        self._held_to(golden, lot, None)
        self.releases.require_cured(lot, name, measured_on)

    def _batch(
        self,
        golden: str,
        rig: str | None,
        card: str | None,
        lot: str | None,
        on_done: Callable[[views.Inspected], None],
    ) -> Batch:
        if lot is not None:
            vet_lot_id(lot)
        row = golden_of_lot(self._db, golden, lot)
        return Batch(self._db, self.lines.of(row, rig, card), row, lot, self._clock, on_done)

    def _picture(self, files: dict[str, str | None], kind: str, of: str) -> views.Picture:
        if kind not in files:
            raise RequestError(f"{kind[:40]!r} is no picture of a {of.split()[0]}", f"Use one of {', '.join(files)}.")
        sha256 = files[kind]
        if sha256 is None:
            raise NotFoundError(f"{of} has no {kind} picture", "Look at its photo.")
        return views.Picture(self._evidence.read(sha256), records.media_type(self._db, sha256), sha256)


def open_database(settings: Settings, clock: Callable[[], datetime] = _now) -> Database:
    """The database of these settings, not yet looked at."""
    return Database(settings.database_url or sqlite_url(settings.home), home=settings.home, clock=clock)
