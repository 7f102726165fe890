"""When the next check of the line is due: every so many pieces, every so many hours, whichever comes first (W7).

The clock starts when the first-off gate is released and the batch may be made, and anew with every check. It stops when
the whole order is made: from then on only pieces that went by unchecked are owed. A line that stands still is checked
when it is started again, or its plan says pieces alone.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from station.errors import RequestError
from station.quality.escalation import latest
from station.values.gates import ControlPlan, GateEvent, NextCheck

if TYPE_CHECKING:
    from station.quality.gate_history import History

_PIECES: Final = re.compile(r"(\d[\d,]*)\s*(?:pieces|piece|pcs|pc|units|unit|parts|part|件|個)", re.IGNORECASE)
_TIME: Final = re.compile(
    r"(?:(\d+(?:\.\d+)?)\s*|\b(?:every|each|per)\s+|每)(hours|hour|hrs|hr|h|minutes|minute|min|days|day|小時|分鐘)(?![a-z])",
    re.IGNORECASE,
)
_HOURS: Final = {"m": 1 / 60, "分": 1 / 60, "d": 24.0}
MOST_PIECES: Final = 1_000_000
MOST_HOURS: Final = 24.0 * 14


def with_numbers(plan: ControlPlan) -> ControlPlan:
    """The plan with its frequency as numbers: as given, else as its words say ("every 200 pieces or 4 hours").

    Raises RequestError for words without a number, and for numbers that no line is checked by.
    """
    pieces, hours = plan.every_pieces, plan.every_hours
    if pieces is None and hours is None:
        pieces, hours = read_frequency(plan.frequency)
    if pieces is None and hours is None:
        raise RequestError(
            f"the frequency {plan.frequency[:60]!r} says no number that a check can be due by",
            "Give --every-pieces N or --every-hours H, or both.",
        )
    if pieces is not None and not 1 <= pieces <= MOST_PIECES:
        raise RequestError(f"a check every {pieces:,} pieces is no frequency", f"Give 1 to {MOST_PIECES:,}.")
    if hours is not None and not 0 < hours <= MOST_HOURS:
        raise RequestError(f"a check every {hours:g} hours is no frequency", f"Give up to {MOST_HOURS:g}.")
    words = plan.frequency or told(pieces, hours)
    return plan.model_copy(update={"every_pieces": pieces, "every_hours": hours, "frequency": words})


def read_frequency(text: str) -> tuple[int | None, float | None]:
    """Pieces and hours that a frequency in words names, None for each that it does not."""
    pieces = _PIECES.search(text)
    time = _TIME.search(text)
    hours = None
    if time is not None:
        hours = float(time[1] or 1) * _HOURS.get(time[2][0].lower(), 1.0)
    return (None if pieces is None else int(pieces[1].replace(",", ""))), hours


def told(pieces: int | None, hours: float | None) -> str:
    """``every 200 pieces or 4 hours``."""
    parts = [f"{pieces:,} pieces"] if pieces is not None else []
    parts += [f"{hours:g} hours"] if hours is not None else []
    return f"every {' or '.join(parts)}"


def next_check(h: History) -> NextCheck | None:
    """When the line is to be checked next; None where its plan names no numbers or the batch may not be made yet."""
    planned = h.last("planned", "in-line")
    plan = None if planned is None else planned.plan
    if plan is None or (plan.every_pieces is None and plan.every_hours is None):
        return None
    last = h.last("checked", "in-line") or h.last("released", "first-off")
    if last is None:
        return None
    made_then = _made_by(h, last)
    due_made = None if plan.every_pieces is None else made_then + plan.every_pieces
    finished = h.made >= h.record.units
    due_at = None if plan.every_hours is None or finished else last.at + timedelta(hours=plan.every_hours)
    reasons = []
    if due_made is not None and h.made > due_made:
        reasons.append(f"the line was to be checked at {due_made:,} units made and {h.made:,} are")
    if due_at is not None and latest(h.events, last, h.now) > due_at:
        reasons.append(f"the line was to be checked by {due_at:%Y-%m-%d %H:%M} UTC")
    if finished and due_made is not None and due_made >= h.made:
        due_made = None  # nothing more is made that a check could be due at
    return NextCheck(
        every_pieces=plan.every_pieces, every_hours=plan.every_hours, last_at=last.at, last_made=made_then,
        due_made=due_made, due_at=due_at, overdue=bool(reasons), reason=" and ".join(reasons),
    )  # fmt: skip


def missed(due: NextCheck, made: int, now: datetime) -> int:
    """How many checks were left out since the last one, by pieces or by hours, whichever are more; 0 where none is
    due. A waiver of one covers the time until the next would be due."""
    by_pieces = by_hours = 0
    if due.every_pieces is not None and due.due_made is not None:
        by_pieces = max(0, made - due.last_made - 1) // due.every_pieces
    if due.every_hours is not None and due.due_at is not None and now > due.due_at:
        by_hours = int((now - due.last_at) / timedelta(hours=due.every_hours))
    return max(by_pieces, by_hours, int(due.overdue))


def _made_by(h: History, event: GateEvent) -> int:
    """Units that were made when something happened: by the events before it in the record."""
    made = 0
    for e in h.events:
        if e is event:
            break
        if e.kind == "made":
            made = e.n
    return made
