"""The decision on a lot: each class of nonconformity against its own sampling plan.

- The sample of a class is the first n units of the pick list in the order its seed gives, or where nothing was drawn
  the first n inspected units in the order given. Units inspected beyond it are counted and said, and do not change the
  class's decision: Ac belongs to n.
- Of a double or multiple plan a class's first sample is the first n of them, its second the next ones; it is decided
  with the first sample that decides it. A class that needs another one keeps the lot open until that is inspected.
- A class whose AQL is 0 (always so for critical units, where the sheet gives no other) has acceptance number 0 on all
  inspected units, and asks for no more units than the other classes.
- A unit counts once in every class it is nonconforming in, however many nonconformities it has; at an AQL above 10 the
  nonconformities are counted.
- An undecided unit may turn out either way. It keeps the decision open, unless the lot is rejected without it, or would
  be accepted even if every undecided unit were nonconforming. A sheet may have it count as nonconforming instead.
- Fewer than n units inspected keep it open too, unless the lot is rejected already; so does what else the sheet asks of
  the lot and is not known yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Literal

from station.errors import RequestError
from station.lots.decision_words import at_their_worst, beyond, class_reason, in_rank, set_apart
from station.lots.plans import Stages, code_letter, plan, sample_size, stages
from station.lots.tally import Sample, sample_of, stage_reached, tally
from station.sheet import Aql, Sheet, class_of
from station.values.digest import digest
from station.values.documents import (
    Cause,
    ClassDecision,
    ClusterDocument,
    DefectClass,
    Extent,
    LotDocument,
    PlanDocument,
    PreferenceDocument,
    UnitDocument,
    Verdict,
)
from station.values.names import same_name

CLASSES: tuple[DefectClass, ...] = ("critical", "major", "minor")


@dataclass(frozen=True, slots=True)
class UnitOutcome:
    """What a lot needs to know of one unit.

    nonconforming : classes it is nonconforming in. undecided : classes in which it may yet turn out nonconforming.
    characteristics : the characteristics and finding kinds it is nonconforming in. counts : nonconformities by class,
    which AQLs above 10 are about; a class that is nonconforming without one has 1. order : place among the lot's units
    in the order of inspection.
    """

    unit: str
    verdict: Verdict
    nonconforming: frozenset[DefectClass]
    undecided: frozenset[DefectClass]
    characteristics: frozenset[str]
    counts: Mapping[DefectClass, int] = field(default_factory=dict)
    order: int = 0

    def nonconformities(self, c: DefectClass) -> int:
        """How many there are in a class."""
        return max(1, self.counts.get(c, 0)) if c in self.nonconforming else 0


def outcome_of(unit: UnitDocument, sheet: Sheet) -> UnitOutcome:
    """The outcome of an inspected unit.

    A unit that is undecided for a gate, or for a reason that has no class, may turn out nonconforming in every class
    that the sheet uses. What is nonconforming without a class counts as major, so does what was recorded as a minor
    defect of function or safety.
    """
    said = [(m.verdict, m.defect_class, m.characteristic) for m in unit.measurements]
    said += [(f.verdict, f.defect_class, f.kind) for f in unit.findings]
    judged = [(verdict, None if c is None else class_of(name, c), name) for verdict, c, name in said]
    wrong = [(c or "major", name) for verdict, c, name in judged if verdict is Verdict.NONCONFORMS]
    nonconforming: set[DefectClass] = {c for c, _ in wrong}
    if unit.verdict is Verdict.NONCONFORMS and not nonconforming:
        nonconforming = {"major"}
    undecided: set[DefectClass] = set()
    if unit.verdict is not Verdict.CONFORMS:
        open_ = [c for verdict, c, _ in judged if verdict is Verdict.UNDECIDED]
        undecided = {c for c in open_ if c is not None}
        unclassed = None in open_ or any(not g.ok for g in unit.gates)
        if unclassed or (unit.verdict is Verdict.UNDECIDED and not undecided):
            undecided |= sheet.classes
    if unit.capability is not None:
        undecided |= {d.counted_class for d in sheet.defects if d.label in unit.capability.undecided}
    return UnitOutcome(
        unit=unit.unit,
        verdict=unit.verdict,
        nonconforming=frozenset(nonconforming),
        undecided=frozenset(undecided - nonconforming),
        characteristics=frozenset(name for _, name in wrong),
        counts=Counter(c for c, _ in wrong),
    )


def sample_sizes(
    aql: Aql, lot_size: int, severities: Mapping[DefectClass, str] | None = None
) -> dict[DefectClass, int]:
    """Units of the first sample of each class's plan, at most the lot; a class with Ac 0 by rule takes the largest.

    severities : of each class as its stream of lots has them, in place of the sheet's. Raises RequestError for a lot or
    a plan that is not in the tables.
    """
    found = {c: class_stages(aql, c, lot_size, severities) for c in CLASSES}
    planned = {c: s.of_lot(lot_size)[0] for c, s in found.items() if s is not None}
    largest = max(planned.values(), default=sample_size(lot_size, aql.level, aql.severity))
    return {c: planned.get(c, largest) for c in CLASSES}


def class_stages(
    aql: Aql, c: DefectClass, lot_size: int, severities: Mapping[DefectClass, str] | None = None
) -> Stages | None:
    """The plan of a class for a lot by what was agreed on; None for a class with Ac 0 by rule. Raises RequestError."""
    value = float(getattr(aql, c))
    letter = code_letter(lot_size, aql.level)
    if value <= 0:
        return None
    return stages(letter, value, severity=_severity(c, aql, severities), type=aql.type, edition=aql.edition)


def _severity(c: DefectClass, aql: Aql, severities: Mapping[DefectClass, str] | None) -> str:
    return (severities or {}).get(c, aql.severity)


def decide(
    lot: str,
    golden: str,
    units: Sequence[UnitOutcome],
    aql: Aql,
    lot_size: int,
    *,
    lacking: Sequence[str] = (),
    remarks: Sequence[str] = (),
    severities: Mapping[DefectClass, str] | None = None,
    stream: str | None = None,
    drawn: Sequence[str] = (),
    draw: str | None = None,
    preferences: Sequence[PreferenceDocument] = (),
    clusters: Sequence[ClusterDocument] = (),
    extent: Extent | None = None,
    cause: Cause | None = None,
    at_worst: bool = False,
) -> LotDocument:
    """Decide a lot of ``lot_size`` units from the inspected ``units``, in the order of their names.

    lacking : what else must be known before the lot is accepted. remarks : what a reader should know. severities : of
    each class as its ``stream`` of lots has them, in place of the sheet's one for all. drawn : the units of the pick
    list in the order that its seed gives, draw : its digest. preferences : what counts nowhere (S8). clusters, extent,
    cause : of :mod:`station.lots.clusters` and :mod:`station.lots.causes`; the decision does not depend on them.
    at_worst : undecided units count as nonconforming in every class in which they may be, as the sheet says.

    Raises
    ------
    RequestError
        The same unit twice, more units than the lot has, a lot size or plan that is not in the tables.
    """
    _check(units, lot_size)
    units = [_held(u, at_worst) for u in units]
    classes = [(c, float(getattr(aql, c))) for c in CLASSES]
    plans = {
        c: plan(
            aql=a,
            lot_size=lot_size,
            level=aql.level,
            severity=_severity(c, aql, severities),
            type=aql.type,
            edition=aql.edition,
        )
        for c, a in classes
        if a > 0
    }
    stage = {c: _stage(c, p, units, drawn) for c, p in plans.items()}
    sizes = {c: sum(p.n[: stage[c] + 1]) for c, p in plans.items()}
    sample = max(sizes.values(), default=sample_size(lot_size, aql.level, aql.severity))
    decisions = tuple(
        _decide_class(c, a, plans[c], stage[c], lambda n: sample_of(units, n, sample, drawn))
        if c in plans
        else _decide_class(c, a, None, 0, lambda _: Sample(tuple(units), (), True), n=sample)
        for c, a in classes
    )
    decision: Literal["accepted", "rejected", "open"] = "accepted"
    if any(d.accepted is False for d in decisions):
        decision = "rejected"
    elif lacking or any(d.accepted is None for d in decisions):
        decision = "open"
    verdicts = Counter(u.verdict for u in units)
    document = LotDocument(
        lot=lot,
        golden=golden,
        size=lot_size,
        sample=sample,
        inspected=len(units),
        conforms=verdicts[Verdict.CONFORMS],
        nonconforms=verdicts[Verdict.NONCONFORMS],
        undecided=verdicts[Verdict.UNDECIDED],
        decision=decision,
        reasons=(
            *(lacking if decision == "open" else ()),
            *in_rank(decision, decisions, units, sample),
            *(() if decision == "open" else lacking),
            *remarks,
            *at_their_worst(units, at_worst),
            *set_apart(preferences),
        ),
        classes=decisions,
        counts=_counts(units),
        clusters=tuple(clusters),
        extent=extent,
        cause=cause,
        draw=draw,
        stream=stream,
        preferences=tuple(preferences),
    )
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return document.model_copy(update={"digest": digest(content)})


def _held(u: UnitOutcome, at_worst: bool) -> UnitOutcome:
    """The unit as a lot counts it. One that does not conform and names no class is held to the worst: undecided in
    every class, or nonconforming as a major one."""
    if u.verdict is Verdict.NONCONFORMS and not u.nonconforming:
        u = replace(u, nonconforming=frozenset[DefectClass]({"major"}), undecided=u.undecided - {"major"})
    if u.verdict is Verdict.UNDECIDED and not (u.nonconforming or u.undecided):
        u = replace(u, undecided=frozenset(CLASSES))
    return replace(u, nonconforming=u.nonconforming | u.undecided, undecided=frozenset()) if at_worst else u


def _check(units: Sequence[UnitOutcome], lot_size: int) -> None:
    twice = [u for u, times in Counter(same_name(u.unit) for u in units).items() if times > 1]
    if twice:
        raise RequestError(
            f'The unit "{twice[0]}" is in the sample twice', "Decide with each unit's last inspection only."
        )
    if len(units) > lot_size:
        raise RequestError(
            f"{len(units)} units were inspected of a lot of {lot_size}", "Give the size of the whole lot with --size."
        )


def _weights(c: DefectClass, units: Sequence[UnitOutcome], per_100: bool) -> list[int]:
    return [u.nonconformities(c) if per_100 else int(c in u.nonconforming) for u in units]


def _stage(c: DefectClass, p: PlanDocument, units: Sequence[UnitOutcome], drawn: Sequence[str]) -> int:
    """The sample that a class has reached, from 0."""

    def counts(n: int) -> tuple[int, int, int]:
        counted = sample_of(units, n, n, drawn).counted
        return len(counted), sum(_weights(c, counted, p.per_100_units)), sum(c in u.undecided for u in counted)

    return stage_reached(list(accumulate(p.n)), p.ac, p.re, counts, per_100=p.per_100_units)


def _decide_class(
    c: DefectClass,
    aql: float,
    p: PlanDocument | None,
    stage: int,
    first: Callable[[int], Sample[UnitOutcome]],
    n: int = 0,
) -> ClassDecision:
    """stage : sample reached, from 0. first : the first so many units of the class. n : where it has no plan."""
    ends = [n] if p is None else list(accumulate(p.n))[: stage + 1]
    ac, re = (0, 1) if p is None else (p.ac[stage], p.re[stage])
    last = p is None or stage == len(p.n) - 1
    n, sample = ends[-1], first(ends[-1])
    per_100 = p is not None and p.per_100_units  # of an undecided unit nobody knows how many it may have
    weights = _weights(c, sample.counted, per_100)
    nonconforming, undecided = sum(weights), sum(c in u.undecided for u in sample.counted)
    # by when they were inspected, which is how the count came about
    course = sorted(zip(sample.counted, weights, strict=True), key=lambda row: row[0].order)
    stands = tally(
        n=n, re=re, limit=re if last else ac + 1, inspected=len(sample.counted), nonconforming=nonconforming,
        undecided=undecided, per_100=per_100,
        settled=sample.settled, found_at=[i for i, (_, k) in enumerate(course, 1) for _ in range(k)],
        undecided_at=[i for i, (u, _) in enumerate(course, 1) if c in u.undecided],
    )  # fmt: skip
    accepted = {"rejected": False, "accepted": True}.get(stands.standing)
    made = ClassDecision(
        defect_class=c,
        aql=aql,
        n=n,
        ac=ac,
        re=re,
        nonconforming=nonconforming,
        undecided=undecided,
        accepted=accepted,
        reason="",
        plan=p,
        tally=stands,
        stage=stage + 1,
        stages=1 if p is None else len(p.n),
        found=(*(sum(_weights(c, first(end).counted, per_100)) for end in ends[:-1]), nonconforming),
    )
    return made.model_copy(update={"reason": class_reason(made, stands) + beyond(c, sample.rest)})


def _counts(units: Iterable[UnitOutcome]) -> dict[str, int]:
    counts = Counter(name for u in units for name in u.characteristics)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
