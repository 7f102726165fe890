"""The escalation ladder: who decides on something odd in the process, by when, and who when that time has passed (W7).

An anomaly begins on the first rung. It climbs when somebody escalates it; when its deadline passes it is overdue, and
the next rung is told to decide. It ends when somebody says what was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from station.errors import ConflictError, NotFoundError, RequestError
from station.values.gates import Anomaly, ControlPlan, GateEvent, LadderLevel

DEFAULT: Final = (
    LadderLevel(who="line leader", hours=2.0),
    LadderLevel(who="factory's quality manager", hours=8.0),
    LadderLevel(who="supplier's contact and buyer", hours=24.0),
)
"""Where the in-line plan names no ladder."""
MOST_HOURS: Final = 24.0 * 30


def ladder_of(plan: ControlPlan | None) -> tuple[LadderLevel, ...]:
    """The ladder in force."""
    return DEFAULT if plan is None or not plan.ladder else plan.ladder


def read_level(text: str) -> LadderLevel:
    """A rung from ``WHO=HOURS``. Raises RequestError."""
    who, _, hours = text.rpartition("=")
    try:
        given = float(hours.removesuffix("h"))
    except ValueError:
        given = 0.0
    if not who.strip() or not 0 < given <= MOST_HOURS:
        raise RequestError(f"{text[:60]!r} is no level of the ladder", 'Write WHO=HOURS, as in "line leader=2".')
    return LadderLevel(who=" ".join(who.split()), hours=given)


def replay_anomalies(events: Sequence[GateEvent], now: datetime) -> tuple[Anomaly, ...]:
    """The anomalies of an order as they stand. An anomaly keeps the ladder that was in force when it was opened."""
    plan: ControlPlan | None = None
    ladders: dict[int, tuple[LadderLevel, ...]] = {}
    given: dict[int, GateEvent] = {}  # what gave an anomaly its day
    found: dict[int, Anomaly] = {}
    for e in events:
        if e.kind == "planned" and e.gate == "in-line":
            plan = e.plan
        elif e.kind == "anomaly" and e.gate is not None:
            number = len(found) + 1
            ladders[number] = ladder_of(plan)
            rung = ladders[number][0]
            given[number] = e
            found[number] = Anomaly(
                number=number, gate=e.gate, text=e.text, by=e.by, opened_at=e.at, level=1, who=rung.who,
                due=e.at + timedelta(hours=rung.hours), overdue=False, next_who="", resolved_at=None, resolution="",
            )  # fmt: skip
        elif e.kind == "escalated" and e.number in found:
            level = found[e.number].level + 1
            if level > len(ladders[e.number]):  # recorded by two at once, who both saw the rung below
                continue
            rung = ladders[e.number][level - 1]
            told = {"level": level, "who": rung.who, "due": e.at + timedelta(hours=rung.hours)}
            found[e.number] = found[e.number].model_copy(update=told)
            given[e.number] = e
        elif e.kind == "resolved" and e.number in found:
            told = {"resolved_at": e.at, "resolution": e.text}
            found[e.number] = found[e.number].model_copy(update=told)
    return tuple(_dated(a, ladders[a.number], latest(events, given[a.number], now)) for a in found.values())


def latest(events: Sequence[GateEvent], event: GateEvent, now: datetime) -> datetime:
    """The latest time that is known since an event: now, or that of what was recorded after it. A clock that was set
    back since makes nothing early again that was late on record."""
    after = next(n for n, e in enumerate(events, 1) if e is event)
    return max([now, *(e.at for e in events[after:])])


def _dated(a: Anomaly, ladder: Sequence[LadderLevel], now: datetime) -> Anomaly:
    above = ladder[a.level].who if a.level < len(ladder) else ""
    return a.model_copy(update={"overdue": a.resolved_at is None and now > a.due, "next_who": above})


def vet_open(anomalies: Sequence[Anomaly], number: int, order: str) -> Anomaly:
    """The anomaly of that number, which is not resolved. Raises NotFoundError, ConflictError."""
    found = next((a for a in anomalies if a.number == number), None)
    if found is None:
        raise NotFoundError(f"order {order} has no anomaly {number}", f"See: station gate list {order}")
    if found.resolved_at is not None:
        raise ConflictError(f"anomaly {number} of order {order} is resolved", "Open another one if it came back.")
    return found


def vet_climb(anomaly: Anomaly) -> None:
    """Raises ConflictError for an anomaly that stands on the highest rung."""
    if not anomaly.next_who:
        raise ConflictError(
            f"anomaly {anomaly.number} is on the highest level of the ladder, with {anomaly.who}", "Resolve it."
        )
