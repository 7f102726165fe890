"""The history of a stream of lots, replayed: the state of every class, each change with its reason.

A stream's events are facts: a lot with the plan it was inspected under and what was found, a word about production, a
consent. The state follows from them alone, so the same events give the same state, and an event that was wrong is taken
out of the count by a later one without being erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from station.errors import ConflictError, RequestError
from station.lots.plans import Severity, Stages, code_letter, stages
from station.lots.switching import (
    LotResult,
    State,
    Word,
    acceptance_score,
    after_lot,
    after_word,
    class_result,
    directed,
    score_after,
    waits_for,
)
from station.values.documents import DefectClass
from station.values.stream import (
    ClassInspected,
    LotPlan,
    StreamChange,
    StreamClass,
    StreamDocument,
    StreamEvent,
    StreamSettings,
)


@dataclass(slots=True)
class StreamStanding:
    """A stream as its events leave it. states, scores : of each class, the acceptance score of fractional plans.

    lots : counted ones, and whether they were accepted in every class. sizes : units in each as it last was inspected.
    """

    states: dict[DefectClass, State]
    scores: dict[DefectClass, int]
    changes: list[StreamChange] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    events: int = 0
    lots: dict[str, bool] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def discontinued(self) -> tuple[DefectClass, ...]:
        """The classes whose inspection is discontinued."""
        return tuple(c for c, s in self.states.items() if s.discontinued)


def replay(settings: StreamSettings, events: Sequence[StreamEvent]) -> StreamStanding:
    """Where a stream stands after its events, numbered from 1.

    Raises RequestError for a lot inspected while inspection was discontinued, which no recorded stream holds.
    """
    standing = StreamStanding({c: State() for c in settings.aql}, dict.fromkeys(settings.aql, 0))
    void = {e.voids for e in events if e.kind == "void"}
    for number, event in enumerate(events, 1):
        standing.events = number
        if number not in void:
            _apply(settings, standing, number, event)
    return standing


def _apply(settings: StreamSettings, standing: StreamStanding, number: int, event: StreamEvent) -> None:
    if event.kind == "lot":
        _apply_lot(settings, standing, number, event)
        return
    if event.kind == "void":
        return
    for c in event.classes or tuple(settings.aql):
        state = standing.states[c]
        if event.kind == "directed":
            after = directed(state, cast(Severity, event.value))
            why = f"{event.by} directed it: {event.reason}"
        else:
            word = "resumed" if event.kind == "resumed" else event.value
            after, why = after_word(state, cast(Word, word), settings.edition)
        _switch(standing, number, event, c, after, why)


def _apply_lot(settings: StreamSettings, standing: StreamStanding, number: int, event: StreamEvent) -> None:
    for r in event.results:
        c = r.defect_class
        state = standing.states[c]
        due = _due(state, event.resubmitted)
        if due != r.severity:
            standing.remarks.append(
                f"lot {event.lot} was inspected in class {c} under {r.severity} inspection, {due} was due"
            )
        if event.resubmitted:
            continue
        result = LotResult(r.accepted, r.in_gap, r.points)
        after, why = after_lot(state, result, settings.edition)
        if settings.fractional:
            score, _ = acceptance_score(standing.scores[c], _plan(settings, c, cast(int, event.size), r.severity))
            standing.scores[c] = score_after(score, r.found[-1])
        _switch(standing, number, event, c, after, why)
    lot = str(event.lot)
    if event.resubmitted and lot not in standing.lots:
        standing.remarks.append(f"lot {lot} came again at event {number}, yet its first inspection is taken out")
        return
    standing.lots[lot] = all(r.accepted for r in event.results)
    standing.sizes[lot] = cast(int, event.size)


def _due(state: State, resubmitted: bool) -> Severity:
    """The severity of the next lot; a lot that was not accepted is inspected again under normal or tightened inspection
    (MIL-STD-105E, resubmitted lots; ISO 2859-1:1999, 7.4)."""
    return "normal" if resubmitted and state.severity == "reduced" else state.severity


def _switch(standing: StreamStanding, number: int, event: StreamEvent, c: DefectClass, after: State, why: str) -> None:
    before = standing.states[c]
    standing.states[c] = after
    if (before.severity, before.discontinued) == (after.severity, after.discontinued):
        return
    standing.scores[c] = 0
    standing.changes.append(
        StreamChange(
            event=number, lot=event.lot, defect_class=c, before=_named(before), after=_named(after), reason=why
        )
    )


def _named(state: State) -> str:
    return "discontinued" if state.discontinued else state.severity


def _plan(settings: StreamSettings, c: DefectClass, size: int, severity: str) -> Stages:
    return stages(
        code_letter(size, settings.level), settings.aql[c], severity=severity, type=settings.type,
        edition=settings.edition, fractional=settings.fractional,
    )  # fmt: skip


def plans_for(settings: StreamSettings, standing: StreamStanding, size: int) -> tuple[LotPlan, ...]:
    """The plan of each class for a next lot of ``size`` units. Raises RequestError for a size that is not sampled."""
    found = []
    for c, state in standing.states.items():
        plan = _plan(settings, c, size, state.severity)
        _, ac = acceptance_score(standing.scores[c], plan)
        acs, res = ((ac,), (ac + 1,)) if plan.parts else (plan.ac, plan.re)
        found.append(
            LotPlan(
                defect_class=c, severity=_named(state), n=plan.of_lot(size), ac=acs, re=res, type=plan.type,
                fraction=f"1/{plan.parts}" if plan.parts else None, hundred_percent=sum(plan.n) >= size,
            )
        )  # fmt: skip
    return tuple(found)


def inspected(
    settings: StreamSettings,
    standing: StreamStanding,
    *,
    lot: str,
    size: int,
    found: Mapping[DefectClass, Sequence[int]],
    at: datetime,
    resubmitted: bool = False,
    removed: int = 0,
    reason: str = "",
) -> StreamEvent:
    """The event of a lot that was inspected under the plans in force.

    A lot that was not accepted comes again when all of its units were examined again and the nonconforming ones taken
    out or corrected (MIL-STD-105E, resubmitted lots; ISO 2859-1:1999, 7.4). It is the same lot only with the units it
    had, but for those that are said to be taken out.

    Parameters
    ----------
    found
        Of each class of the stream what was found up to the end of each stage, cumulative.
    removed
        Units taken out of a ``resubmitted`` lot since it was inspected last.

    Raises
    ------
    RequestError
        Counts that do not decide the lot, of another class than the stream's, or of too few; inspection discontinued.
    ConflictError
        The lot was counted before, or is said to be resubmitted and was never inspected, was accepted, or has not the
        units that are left of it.
    """
    if standing.discontinued:
        raise RequestError(
            f"Inspection of stream {settings.name} is discontinued in class {', '.join(standing.discontinued)}",
            "Record what the supplier has done: station stream resume",
        )
    if lot in standing.lots and not resubmitted:
        raise ConflictError(f"Lot {lot} is counted in this stream already", "Say --resubmitted, or give another lot.")
    if resubmitted and lot not in standing.lots:
        raise ConflictError(f"Lot {lot} was not inspected in this stream yet", "Leave out --resubmitted.")
    if resubmitted and standing.lots[lot]:
        raise ConflictError(f"Lot {lot} was accepted in every class", "Only a lot that was not accepted comes again.")
    _vet_size(standing, lot, size, resubmitted, removed)
    odd = [c for c in found if c not in settings.aql] or [c for c in settings.aql if c not in found]
    if odd:
        more = odd[0] not in settings.aql
        lacks = "is none of them" if more else "is missing"
        raise RequestError(
            f"The stream switches {', '.join(settings.aql)}; {odd[0]} {lacks}",
            f"Leave out --found {odd[0]}." if more else f"Add --found {odd[0]}=0, or how many were found.",
        )
    results = []
    for c, state in standing.states.items():
        severity = _due(state, resubmitted)
        plan = _plan(settings, c, size, severity)
        _, ac = acceptance_score(standing.scores[c], plan)
        n = plan.of_lot(size)
        if not plan.nonconformities and any(k > sum(n[: i + 1]) for i, k in enumerate(found[c])):
            raise RequestError(
                f"{c}: {list(found[c])} nonconforming units cannot be found in samples of {list(n)}",
                "Give the nonconforming units among those that were inspected.",
            )
        said = class_result(
            plan, found[c], aql=settings.aql[c], edition=settings.edition, ac=ac if plan.parts else None
        )
        results.append(
            ClassInspected(
                defect_class=c, severity=severity, n=n, ac=(ac,) if plan.parts else plan.ac,
                re=(ac + 1,) if plan.parts else plan.re, found=tuple(found[c]), accepted=said.accepted,
                in_gap=said.in_gap, points=said.points if state.severity == "normal" else 0,
                fraction=f"1/{plan.parts}" if plan.parts else None,
            )
        )  # fmt: skip
    return StreamEvent(
        kind="lot", at=at, lot=lot, size=size, resubmitted=resubmitted, removed=removed,
        results=tuple(results), reason=reason,
    )  # fmt: skip


def _vet_size(standing: StreamStanding, lot: str, size: int, resubmitted: bool, removed: int) -> None:
    if not resubmitted:
        if removed:
            raise RequestError("Units are taken out only of a lot that comes again", "Say --resubmitted too.")
        return
    before = standing.sizes[lot]
    if size > before:
        raise ConflictError(
            f"Lot {lot} had {before} units and comes again with {size}",
            "Units that were added are a lot of their own: give the size without them, record them under another name.",
        )
    if size + removed != before:
        said = f"{removed} are said to be taken out" if removed else "nothing is said of the others"
        raise ConflictError(
            f"Lot {lot} had {before} units and comes again with {size}; {said}",
            f"Say how many were taken out: --removed {before - size}",
        )


def stream_document(settings: StreamSettings, standing: StreamStanding) -> StreamDocument:
    """A stream's status."""
    any_state = next(iter(standing.states.values()))
    return StreamDocument(
        stream=settings,
        events=standing.events,
        lots=len(standing.lots),
        steady=any_state.steady,
        agreed=any_state.agreed,
        classes=tuple(
            StreamClass(
                defect_class=c,
                aql=settings.aql[c],
                severity=_named(s),
                score=s.score,
                run=s.run,
                acceptance_score=standing.scores[c],
                waits_for=waits_for(s, settings.edition),
            )
            for c, s in standing.states.items()
        ),
        changes=tuple(standing.changes),
        remarks=tuple(standing.remarks),
    )
