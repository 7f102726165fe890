"""Capability studies: known defects are rendered into a golden's own raster, and what the station finds of them is kept
with the golden, warned of, and held against the control sheet's limits."""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from station.errors import NotFoundError, RequestError
from station.service.inspecting import Done, Engine
from station.service.measuring import Line, golden_of, model_of, no_study
from station.store import capability as store
from station.store import records
from station.store.database import Database
from station.store.rows import GoldenRow
from station.values.capability import (
    CapabilityDocument,
    CapabilityInForce,
    CurveDocument,
    FalseAlarmDocument,
    LimitDocument,
    TrialDocument,
)
from station.values.digest import digest
from station.values.documents import ModelUseDocument
from station.values.reviewed import ThresholdsInForce

if TYPE_CHECKING:
    from station.measure.planted import Wish
    from station.sheet import Sheet

TRIALS, PARTS, SEED = 150, 60, 1
"""Trials of each kind in each kind of region, renderings without a defect, and the seed of what is drawn at random."""
MOST = 2000
"""Of trials and of renderings without a defect that a study may ask for."""
METHOD = (
    "MIL-HDBK-1823A hit/miss, logit in log size, Firth's penalised likelihood, a90/95 by its profile (one-sided 95 %) "
    "where the trials of that size and more prove 90 % (Clopper-Pearson); defects rendered into the golden's raster, "
    "without what turning a part under its lamps does to its relief"
)
_ROUNDS = 4
_A_PART = 8  # defects in one rendering: rare enough not to pass for what is normal on the part


@dataclass(frozen=True, slots=True)
class Answer:
    """How a study ended; id and document are None where it was stopped before its end. remarks : on how it ran."""

    id: int | None
    document: CapabilityDocument | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One rendering: its number, which seeds it, and what is to be planted in it."""

    number: int
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was found in a rendering. alarms : kinds found where nothing was planted, of a rendering without defects.
    left : wishes that there was no room for. remark : on where the model ran."""

    number: int
    trials: tuple[TrialDocument, ...]
    alarms: tuple[str, ...]
    left: tuple[Wish, ...]
    remark: str = ""


class Capability:
    """The use cases of capability studies, for one :class:`station.service.Station`. line : of a golden sample."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], datetime],
        line: Callable[[GoldenRow, str | None, str | None], Line],
    ) -> None:
        self._db, self._clock, self._line = db, clock, line

    def run(
        self,
        *,
        golden: str,
        engine: Engine,
        on_done: Callable[[], None] = lambda: None,
        on_total: Callable[[int], None] = lambda _: None,
        trials: int = TRIALS,
        parts: int = PARTS,
        seed: int = SEED,
        stop: threading.Event | None = None,
    ) -> Answer:
        """Study the newest version of a golden sample; the study is recorded and holds for later inspections, unless
        one of more trials, or that tells of more limits, is in force: the remarks then say so.

        trials : of each kind in each kind of region. parts : renderings without a defect. The same figures give the
        same trials on any number of processes.

        Raises
        ------
        RequestError
            Counts out of range, a sheet without a kind that can be rendered, or a golden with nowhere to look.
        """
        _vet(trials, parts, seed)
        row = records.golden(self._db, golden)
        line = self._line(row, None, None)
        wishes = _wishes(line, golden, trials, seed)
        done: dict[int, Rendered] = {}

        def take(outcome: Done) -> None:
            if outcome.error is not None:
                raise outcome.error
            done[outcome.result.number] = outcome.result
            on_done()

        bare, number = parts, 0
        for _ in range(_ROUNDS):  # what found no room among the others gets another place
            jobs = _jobs(wishes, bare, number)
            number += len(jobs)
            on_total(number)
            engine.run(functools.partial(try_rendering, line, seed), iter(jobs), on_done=take, stop=stop)
            if len(done) < number:
                return Answer(None, None)
            wishes, bare = [w for job in jobs for w in done[job.number].left], 0
            if not wishes:
                break
        document = _document(line, row, [done[i] for i in sorted(done)], trials, seed, self._clock())
        study = store.add_study(
            self._db, golden_id=row.id, model=line.model, document=document.model_dump_json(by_alias=True),
            digest=document.digest, at=document.made_at,
        )  # fmt: skip
        remarks = {r.remark for r in done.values()} | {self.passed_over(golden, document)}
        return Answer(study, document, tuple(sorted(remarks - {""})))

    def passed_over(self, golden: str, study: CapabilityDocument) -> str:
        """Which study is in force instead of this one of a golden sample's newest version, and why; "" where it is this
        one, or none."""
        force = self._line(records.golden(self._db, golden), None, None).capability
        return "" if force is None or force.study == study.digest else force.passed_over

    def newest(self, golden: str) -> tuple[int, CapabilityDocument]:
        """The newest study of a golden sample's newest version. Raises NotFoundError where there is none."""
        found = store.studies(self._db, golden_id=records.golden(self._db, golden).id)
        if not found:
            raise NotFoundError(
                f"there is no capability study of golden {golden}",
                f"Make one: station model capability --golden {golden}",
            )
        return found[0].id, CapabilityDocument.model_validate_json(found[0].document)


def try_rendering(line: Line, seed: int, job: RenderJob) -> Rendered:
    """Render one unit and look for its defects as in a unit's photo. Raises ModelError, StoreError."""
    import numpy as np

    from station.judge.capability import keeps_from_conforming
    from station.judge.finding_rules import HARMLESS
    from station.judge.reviewed import set_aside
    from station.measure.planted import places_of, render
    from station.measure.surface import find_defects
    from station.models import as_run, rim_of

    model = model_of(line)
    master, sheet = golden_of(line)
    places = places_of(master, rim_of(line.model))
    unit = render(places, job.wishes, np.random.default_rng([seed, job.number]))
    findings, _ = set_aside(find_defects(unit.aligned, places.master, model), line.thresholds, sheet)
    trials = tuple(
        TrialDocument(
            kind=p.kind,
            region=p.region,
            size_mm=p.size_mm,
            contrast_to_noise=p.contrast_to_noise,
            called=tuple(f.kind for f in there),
            found=any(keeps_from_conforming(f, p.kind, p.size_mm, places.region_of(p), sheet) for f in there),
        )
        for p, there in zip(unit.planted, unit.on_each(findings, places.master), strict=True)
    )
    alarms = () if job.wishes else tuple(f.kind for f in findings if f.kind not in HARMLESS)
    remark = as_run(line.model_use, model).remark if line.model_use is not None else ""
    return Rendered(job.number, trials, alarms, unit.left, remark)


def capability_in_force(
    db: Database, golden: GoldenRow, use: ModelUseDocument, program: str, thresholds: ThresholdsInForce | None = None
) -> CapabilityInForce | None:
    """What the study in force of this version of a golden sample says of this model, None without one.

    A study of other weights, by another version of the program, or under other reviewed thresholds, does not hold: it
    found other things. Of those that hold the newest is in force, but for one of fewer trials than the one before it,
    or that does not tell of a limit that the one before it told of.
    """
    held = _held(db, golden, use, program, thresholds)
    if held is None:
        return None
    found = held.study
    return CapabilityInForce(
        study=found.digest,
        made_at=found.made_at.isoformat(),
        below={_label(k): k.reason for k in found.limits if k.state == "below"},
        unknown={_label(k): k.reason for k in found.limits if k.state == "unknown"},
        passed_over=held.passed_over,
    )


def capability_remarks(
    db: Database, golden: GoldenRow, use: ModelUseDocument, program: str, thresholds: ThresholdsInForce | None = None
) -> list[str]:
    """What whoever seals a golden sample should know of its capability: limits below it, or that none was studied."""
    from station.sheet import load_sheet

    if not load_sheet(golden.sheet_toml.encode()).defects:
        return []
    held = _held(db, golden, use, program, thresholds)
    if held is None:
        return [no_study(golden.number)]
    return [*([held.passed_over] if held.passed_over else []), *held.study.warnings]


@dataclass(frozen=True, slots=True)
class _Held:
    """The study in force. passed_over : which study that is and why, where a later one does not take its place."""

    study: CapabilityDocument
    passed_over: str = ""


def _held(
    db: Database, golden: GoldenRow, use: ModelUseDocument, program: str, thresholds: ThresholdsInForce | None
) -> _Held | None:
    scores = {} if thresholds is None else dict(thresholds.scores)
    held: _Held | None = None
    for row in reversed(store.studies(db, golden_id=golden.id)):
        study = CapabilityDocument.model_validate_json(row.document)
        if (study.model, study.weights, study.program, study.thresholds) != (use.name, use.weights, program, scores):
            continue
        lacks = "" if held is None else _lacks(study, held.study)
        if held is None or not lacks:
            held = _Held(study)
        else:
            held = _Held(
                held.study,
                f"the capability study of {held.study.made_at:%Y-%m-%d %H:%M} UTC with {held.study.wanted} trials "
                f"stays in force: the later one of {study.made_at:%Y-%m-%d %H:%M} UTC {lacks}",
            )
    return held


def study_in_force(
    db: Database, golden: GoldenRow, use: ModelUseDocument, program: str, thresholds: ThresholdsInForce | None = None
) -> CapabilityDocument | None:
    """The study that :func:`capability_in_force` tells of, whole."""
    held = _held(db, golden, use, program, thresholds)
    return None if held is None else held.study


def _lacks(later: CapabilityDocument, held: CapabilityDocument) -> str:
    """What a later study has less of than the one in force, in words; "" where it takes its place."""
    told = {_label(k) for k in held.limits if k.state != "unknown"}
    untold = [_label(k) for k in later.limits if k.state == "unknown" and _label(k) in told]
    lacks = []
    if later.wanted < held.wanted:
        lacks.append(f"has only {later.wanted}")
    if untold:
        lacks.append(f"does not tell of {', '.join(untold)}")
    return " and ".join(lacks)


def _vet(trials: int, parts: int, seed: int) -> None:
    for name, value in (("--trials", trials), ("--parts", parts)):
        if not 1 <= value <= MOST:
            raise RequestError(f"{name} {value} is out of range", f"Give 1 to {MOST}.")
    if not 0 <= seed < 2**32:
        raise RequestError(f"--seed {seed} is out of range", "Give 0 to 4294967295.")


def _wishes(line: Line, golden: str, trials: int, seed: int) -> list[Wish]:
    import numpy as np

    from station.measure.planted import WHERE, places_of, plan
    from station.models import rim_of

    master, sheet = golden_of(line)
    limits = {kind: [d.limit_mm for d in sheet.defects if d.kind == kind] for kind in {d.kind for d in sheet.defects}}
    kinds = [k for k in WHERE if k in limits] if limits else list(WHERE)
    if not kinds:
        raise RequestError(
            f"the control sheet of golden {golden} limits no kind of defect that can be rendered",
            f"A study is made of {', '.join(WHERE)}.",
        )
    wishes = plan(places_of(master, rim_of(line.model)), kinds, limits, trials, np.random.default_rng(seed))
    if not wishes:
        raise RequestError(
            f"golden {golden} has no region that {', '.join(kinds)} could occur in",
            "Name its enamel in the control sheet and seal it again.",
        )
    return wishes


def _jobs(wishes: Sequence[Wish], bare: int, first: int) -> list[RenderJob]:
    """Renderings numbered from ``first``: ``bare`` ones without a defect, then the wishes, a few in each."""
    chunks = [tuple(wishes[i : i + _A_PART]) for i in range(0, len(wishes), _A_PART)]
    return [RenderJob(first + i, chunk) for i, chunk in enumerate([*([()] * bare), *chunks])]


# --- from trials to the document -------------------------------------------------------------------------------------


def _document(
    line: Line, row: GoldenRow, rendered: Sequence[Rendered], trials: int, seed: int, at: datetime
) -> CapabilityDocument:
    from station.measure.planted import places_of
    from station.models import rim_of

    master, sheet = golden_of(line)
    tried = tuple(t for r in rendered for t in r.trials)
    curves = tuple(_curves(tried))
    places = places_of(master, rim_of(line.model))
    limits = tuple(_limits(sheet, curves, places.kind_of))
    document = CapabilityDocument(
        golden=row.number, golden_version=row.version, golden_digest=row.digest, model=line.model,
        weights="" if line.model_use is None else line.model_use.weights, program=line.program,
        thresholds={} if line.thresholds is None else dict(line.thresholds.scores),
        made_at=at, seed=seed, pitch_mm=master.frame.pitch_mm, noise=master.noise,
        blur_px=master.blur_px, searched_share=places.searched_share, wanted=trials,
        renderings=len(rendered), method=METHOD, limits=limits, curves=curves,
        false_alarms=_false_alarms([r.alarms for r in rendered if not r.trials and not r.left]),
        warnings=tuple(k.reason for k in limits if k.state == "below"), trials=tried,
    )  # fmt: skip
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return document.model_copy(update={"digest": digest(content)})


def _curves(trials: Sequence[TrialDocument]) -> Iterable[CurveDocument]:
    """A curve for every kind in every kind of region, and for every kind in all of them together."""
    from station.judge.finding_rules import HARMLESS
    from station.quality.pod import detectable

    for kind, region in sorted({(t.kind, r) for t in trials for r in ("", t.region)}):
        some = [t for t in trials if t.kind == kind and region in ("", t.region)]
        missed = [t.called for t in some if t.called and not t.found]
        told = detectable([t.size_mm for t in some], [t.found for t in some])
        yield CurveDocument(
            kind=kind, region=region, trials=told.trials, hits=told.hits,
            named=sum(t.found and kind in t.called for t in some),
            harmless=sum(HARMLESS.issuperset(names) for names in missed),
            let_through=sum(not HARMLESS.issuperset(names) for names in missed),
            least_mm=told.least_mm, largest_mm=told.largest_mm,
            intercept=None if told.fit is None else told.fit.intercept,
            slope=None if told.fit is None else told.fit.slope, a90_mm=told.a90_mm, a90_95_mm=told.a90_95_mm,
            unreached=told.unreached, reason=told.reason,
        )  # fmt: skip


def _limits(sheet: Sheet, curves: Sequence[CurveDocument], kind_of: Mapping[str, str]) -> Iterable[LimitDocument]:
    """The sheet's limits held to the curves. A limit holds wherever no narrower one does: of these kinds of region the
    worst counts.

    kind_of : kind of region of every region of the part.
    """
    for row in sheet.defects:
        kind, bound, label = row.kind, row.limit_mm, row.label
        there = {of for region, of in kind_of.items() if sheet.defect(kind, region) is row}
        told = [c for c in curves if c.kind == kind and c.region in there]
        # where none as large as the limit has room, none can exceed it
        told = [c for c in told if not (c.a90_95_mm is None and c.largest_mm < bound)]
        unreached = next((c for c in told if c.unreached), None)
        open_ = next((c for c in told if c.a90_95_mm is None), None)
        worst = max((c for c in told if c.a90_95_mm is not None), key=lambda c: c.a90_95_mm or 0.0, default=None)
        late = max(  # too few large ones were tried for a bound, and even the curve itself lies over the limit
            (c for c in told if c.a90_95_mm is None and (c.a90_mm or 0.0) > bound),
            key=lambda c: c.a90_mm or 0.0,
            default=None,
        )
        state, where, reason = "proven", worst, ""
        if unreached is not None:
            state, where = "below", unreached
            reason = (
                f"{label}: no unit is proven free of one over the limit of {bound:g} mm: in {unreached.region}, "
                f"{unreached.reason}{_DO}"
            )
        elif worst is not None and worst.a90_95_mm is not None and worst.a90_95_mm > bound:
            state = "below"
            reason = (
                f"{label}: the limit of {bound:g} mm lies below the a90/95 of {worst.a90_95_mm:.2f} mm in "
                f"{worst.region}{_DO}"
            )
        elif late is not None:
            state, where = "below", late
            reason = (
                f"{label}: the limit of {bound:g} mm lies below the a90 of {late.a90_mm:.2f} mm in {late.region}{_DO}"
            )
        elif open_ is not None or worst is None:
            state, where = "unknown", open_
            reason = open_.reason if open_ is not None else "none could be rendered where the limit holds"
        yield LimitDocument.model_validate(
            {
                "kind": kind, "where": row.where, "limit_mm": bound, "state": state, "reason": reason,
                "a90_95_mm": None if where is None else where.a90_95_mm,
                "region": "" if where is None else where.region,
            }
        )  # fmt: skip


_DO = ": inspect by eye, or agree a limit that the bench can prove"


def _label(limit: LimitDocument) -> str:
    """As :attr:`station.sheet.DefectLimit.label`."""
    return f"{limit.kind} for {limit.where}" if limit.where else limit.kind


def _false_alarms(alarms: Sequence[tuple[str, ...]]) -> FalseAlarmDocument:
    from station.quality.pod import rate_upper, share_upper

    parts, count = len(alarms), sum(len(a) for a in alarms)
    shown = sum(bool(a) for a in alarms)
    kinds: Mapping[str, int] = Counter(kind for a in alarms for kind in a)
    return FalseAlarmDocument(
        parts=parts, alarms=count, per_part=count / parts, per_part_upper=rate_upper(count, parts), parts_with=shown,
        share_upper=share_upper(shown, parts), kinds=dict(sorted(kinds.items())),
    )  # fmt: skip
