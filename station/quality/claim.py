"""A nonconformity as it stands: replayed from what happened to it, held to what a complaint needs (N1, N5, S7-S11).

Nothing is stored twice: answers, remedies, costs and evidence follow anew from the newest facts, so that a draft made
again from more units keeps what people said and renews what the data say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil
from typing import Final

from station.quality.answers import answers
from station.quality.asking import proposed_asks
from station.quality.consequences import threatened
from station.quality.corrective import lacking, replay_actions
from station.quality.cost import Quantities, compare
from station.quality.disposition import allowed, functional, propose, remedy
from station.quality.evidence import strength
from station.quality.nonconformity import share_bounds
from station.quality.traceability import replay_records
from station.quality.variance_causes import replay_causes
from station.sheet.words import vague_words
from station.values.claim_costs import CostComparison, CostInput
from station.values.digest import digest
from station.values.documents import DefectClass
from station.values.nonconformity import (
    Ask,
    Context,
    Facts,
    Item,
    NcEvent,
    NonconformityDocument,
    Package,
    Point,
    Question,
    Recurrence,
    Share,
)

MOVING: Final = ("drafted", "context", "seen", "answer", "class", "ask", "photo")
"""Events after which a complaint that was sent is a draft again: what it says has changed."""
PREMIUM_AQL: Final = 1.5
"""AQL of major ones for premium retail, museum, licensing and executive gift programmes (S6)."""
ASKED: Final[dict[Question, str]] = {
    "item": "which item it is", "standard": "which standard it is held to", "size": "how big it is",
    "quantity": "how many it affects", "function": "whether it affects function",
    "sales": "whether it affects sales", "packaging": "whether it affects packaging or inbound",
    "rework": "whether it can be reworked", "pause": "whether the shipment is to be paused",
}  # fmt: skip
"""The nine questions in words."""


@dataclass(slots=True)
class _Said:
    """What people have said so far."""

    facts: Facts
    context: Context = field(default_factory=Context)
    seen: list[Item] = field(default_factory=list)
    answers: dict[tuple[str, Question], tuple[str, str]] = field(default_factory=dict)
    classes: dict[str, DefectClass] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    dispositions: tuple[Share, ...] = ()
    cost: CostInput | None = None
    package: Package | None = None
    photos: dict[str, tuple[str, str]] = field(default_factory=dict)
    sent: list[date] = field(default_factory=list)
    changed: bool = True
    closed: date | None = None


def nonconformity(
    number: str, events: Sequence[NcEvent], today: date, recurrences: Sequence[Recurrence] = (), moved: str = ""
) -> NonconformityDocument:
    """The nonconformity after its events, the first of which is a draft. Raises ValueError where it is none.

    moved : that its lot is not any more what was drafted, in words; "" where it is.
    """
    said = _replay(events)
    sent = bool(said.sent) and not said.changed
    as_of = said.sent[-1] if sent else today  # what was sent stays as it was sent
    points = _points(said, as_of)
    claimed = [p for p in points if not p.preference]
    actions = replay_actions(events, today)
    pause = any(_pauses(p, said.facts) for p in claimed)
    answer_by = as_of + timedelta(days=said.context.answer_days)
    asks = tuple(Ask(text=t) for t in said.asks) or proposed_asks(claimed, said.facts, pause, answer_by)
    faults = tuple(_faults(number, points, asks, said))
    document = NonconformityDocument(
        number=number, status="closed" if said.closed else "draft" if said.changed else "sent",
        revision=len(said.sent), opened_on=events[0].at.date(), sent_on=said.sent[-1] if said.sent else None,
        closed_on=said.closed, facts=said.facts, context=said.context, points=points, pause=pause, asks=asks,
        answer_by=answer_by, dispositions=said.dispositions, proposed=propose(claimed, said.facts),
        costs=_costs(said, claimed, as_of),
        evidence=strength(said.facts, [p.item for p in claimed], _scales(claimed)),
        actions=actions,
        package=said.package, recurrences=tuple(recurrences), factory_records=replay_records(events, today),
        variance=replay_causes(events, said.facts), faults=faults, to_close=(),
        remarks=(*_remarks(said), *_unscaled(number, points), *_owed(number, events, today)),
    )  # fmt: skip
    document = document.model_copy(update={"to_close": tuple(_to_close(document, moved))})
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest", "package"})
    return document.model_copy(update={"digest": digest(content)})


def _replay(events: Sequence[NcEvent]) -> _Said:
    if not events or events[0].facts is None:
        raise ValueError("a nonconformity begins with a draft")
    said = _Said(events[0].facts)
    for e in events:
        said.changed = said.changed or e.kind in MOVING
        if e.kind == "drafted" and e.facts is not None:
            said.facts = e.facts
        elif e.kind == "context" and e.context is not None:
            said.context = e.context
        elif e.kind == "seen" and e.seen is not None:
            said.seen = [*(s for s in said.seen if s.key != e.seen.key), e.seen]
        elif e.kind == "answer" and e.question is not None:
            said.answers[e.item, e.question] = (e.text, e.by)
        elif e.kind == "class" and e.defect_class is not None:
            said.classes[e.item] = e.defect_class
        elif e.kind == "ask":
            said.asks = e.asks
        elif e.kind == "disposition":
            said.dispositions = e.dispositions
        elif e.kind == "cost":
            said.cost = e.cost
        elif e.kind == "photo":
            said.photos[e.item] = (e.photo_sha256, e.photo_scale)
        elif e.kind == "package":
            said.package = e.package
        elif e.kind == "sent":
            said.sent.append(e.at.date())
            said.changed = False
        elif e.kind == "closed":
            said.closed = e.at.date()
    return said


def _points(said: _Said, today: date) -> tuple[Point, ...]:
    points = []
    for number, item in enumerate((*said.facts.items, *said.seen), 1):
        if item.key in said.classes:
            item = item.model_copy(update={"defect_class": said.classes[item.key]})
        person = _answered(said.answers, item.key)
        photo, scale = said.photos.get(item.key, ("", ""))
        disposition, why = remedy(item, said.context, today)
        points.append(
            Point(
                number=number, item=item, answers=answers(item, said.facts, said.context, person), remedy=disposition,
                why=why, threatens=threatened(item, said.facts), photo_sha256=photo, photo_scale=scale,
                preference=not item.clause and "standard" not in person,
            )
        )  # fmt: skip
    return tuple(points)


def _answered(found: Mapping[tuple[str, Question], tuple[str, str]], key: str) -> dict[str, tuple[str, str]]:
    """A person's answers about an item: those given for all items, and above them those for this one."""
    return {q: said for k in ("", key) for (item, q), said in found.items() if item == k}


def _pauses(point: Point, facts: Facts) -> bool:
    """Whether the shipment waits: a lot that was rejected, anything critical, cartons that cannot be told apart."""
    return facts.decision == "rejected" or point.item.defect_class == "critical" or point.item.category == "label"


def _faults(number: str, points: Sequence[Point], asks: Sequence[Ask], said: _Said) -> list[str]:
    claimed = [p for p in points if not p.preference]
    if not points:
        return [f"nothing is named that does not conform; name what was seen: station nc seen {number}"]
    if not claimed:
        return [
            "no point is held to a standard, so all are wishes for the next order; name the standard: "
            f"station nc answer {number} standard TEXT --item N"
        ]
    found = []
    for p in claimed:
        found += [
            f"point {p.number} ({p.item.name}): {ASKED[a.question]} is not answered; "
            f"say it: station nc answer {number} {a.question} TEXT --item {p.number}"
            for a in p.answers
            if a.source == "open"
        ]
        if p.item.defect_class is None:
            found.append(
                f"point {p.number} ({p.item.name}) has no class, which it needs before the supplier hears of it; "
                f"give it: station nc class {number} {p.number} critical|major|minor"
            )
        if p.item.defect_class == "minor" and functional(p.item):
            found.append(
                f"point {p.number} ({p.item.name}) touches function or safety and is classed minor; "
                f"class it: station nc class {number} {p.number} major"
            )
    if not asks:
        found.append(f"nothing is asked of the supplier; ask: station nc ask {number} TEXT")
    texts = [*said.asks, *(text for text, _ in said.answers.values()), *(s.note for s in said.seen)]
    found += [f'"{v.word}" says nothing measurable; {v.instead}' for t in texts for v in vague_words(t)]
    return found


def _to_close(d: NonconformityDocument, moved: str) -> list[str]:
    if d.status == "closed":
        return []
    found = [moved] if moved else []
    if not d.revision or d.status != "sent":
        found.append("the complaint was not sent as it stands")
    disposed = sum(s.quantity for s in d.dispositions)
    if not d.dispositions:
        found.append("no disposition is given to the lot")
    elif disposed != d.facts.size:
        found.append(f"the dispositions are of {disposed:,} units, the lot has {d.facts.size:,}: give them anew")
    found += [f"{s.quantity:,} units are still to be sorted" for s in d.dispositions if s.disposition == "sort"]
    if d.facts.decision == "rejected":
        found += lacking(d.actions)
    else:
        standing = [a for a in d.actions if a.state not in ("verified", "withdrawn")]
        found += [f"corrective action {a.number} is {a.state}, not verified" for a in standing]
    found += [
        f"{_name_of(d, r.key)} came back in lot {r.lot}, in {r.units} of {r.of} units: verify its prevention with that "
        "lot, or add another one"
        for r in d.recurrences
    ]
    return found


def _name_of(d: NonconformityDocument, key: str) -> str:
    return next((i.name for i in d.facts.items if i.key == key), key)


def _costs(said: _Said, points: Sequence[Point], today: date) -> CostComparison | None:
    if said.cost is None:
        return None
    wrong, high = estimate(said.facts, points)
    return compare(
        said.cost, Quantities(said.facts.size, wrong, high), allowed(points, said.facts, said.context), today=today,
        event_on=said.context.event_on, product_type=said.facts.product_type,
    )  # fmt: skip


def estimate(facts: Facts, points: Sequence[Point]) -> tuple[int, int]:
    """Units of the lot that do not conform, estimated and at most (95 %): from the inspected units, or from what was
    counted by hand or by cartons where that says more."""
    shares = [(p.item.units / p.item.of, p.item.high) for p in points if p.item.of]
    if facts.inspected:
        shares.append((facts.nonconforming / facts.inspected, share_bounds(facts.nonconforming, facts.inspected)[1]))
    share = max((s for s, _ in shares), default=0.0)
    high = max((h for _, h in shares), default=0.0)
    least = min(facts.nonconforming, facts.size)
    return max(least, round(share * facts.size)), max(least, min(facts.size, ceil(high * facts.size - 1e-9)))


def _scales(points: Sequence[Point]) -> list[str | None]:
    """What the photos that people handed in show sizes by, point by point; None where the station's own stands."""
    return [p.photo_scale if p.photo_sha256 else None for p in points]


def _unscaled(number: str, points: Sequence[Point]) -> list[str]:
    """Photos that people handed in without anything to tell sizes by (S10)."""
    return [
        f"the photo of point {p.number} ({p.item.name}) shows no scale, so it is evidence without measure: hand in one "
        f"beside a ruler, calliper, gauge or colour card: station nc photo {number} {p.number} FILE --scale WHAT"
        for p in points
        if p.photo_sha256 and not p.photo_scale
    ]


def _owed(number: str, events: Sequence[NcEvent], today: date) -> list[str]:
    """Records of the factory that were asked for and are not there (D4)."""
    told = {"overdue": "are owed since", "refused": "could not be shown on"}
    return [
        f"{r.name} {told[r.state]} {r.due if r.state == 'overdue' else r.settled_on}: station nc records {number}"
        for r in replay_records(events, today)
        if r.state in told
    ]


def _remarks(said: _Said) -> list[str]:
    """What a reader should know of the record (S6, S9, S13)."""
    f = said.facts
    found = []
    for value, what, where in (
        (f.order, "purchase order", "product.order"),
        (f.artwork, "artwork revision", "golden.artwork"),
        (f.supplier, "supplier", "product.supplier"),
    ):
        if not value:
            found.append(f"the control sheet names no {what} ({where})")
    if not f.cartons:
        found.append("no carton is known of the inspected units: hand them in with a units file (--units)")
    major = f.aql.get("major", 0.0)
    if major > PREMIUM_AQL and (said.context.licensed or said.context.use in ("premium", "gift")):
        found.append(
            f"the lot was held to AQL {major:g} for major ones; premium retail, licensed and gift programmes usually "
            f"take {PREMIUM_AQL:g}"
        )
    if f.decision == "accepted":
        found.append("the lot was accepted by its sampling plan: a claim for it rests on the single units")
    if f.decision == "open":
        found.append("the lot is not decided yet")
    return found
