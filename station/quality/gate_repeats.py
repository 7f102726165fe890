"""When an event of an order says what the newest word on the matter says, so that nothing is to be recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from station.quality.repetition import is_repeated
from station.values.documents import Document
from station.values.gates import EventKind, GateEvent

_REPEATABLE: Final[tuple[EventKind, ...]] = ("golden", "answered", "planned", "made", "bonded", "waived")
"""Events of which the newest of its gate and key counts, so that the same one again adds nothing."""
_NOT_CONTENT: Final = frozenset({"at", "digest", "public_key", "signature", "statement"})


def content_of(document: Document, without: frozenset[str] | set[str]) -> dict[str, Any]:
    """What a document says, without some of its fields."""
    return document.model_dump(mode="json", by_alias=True, exclude=set(without))


def holds_already(events: Sequence[GateEvent], event: GateEvent) -> bool:
    """Whether an event says what the newest word on the matter says, so that nothing is to be recorded."""
    if event.kind in ("sample", "answered"):  # of another version of the golden sample it says nothing
        moved = max((i for i, e in enumerate(events) if e.kind == "golden"), default=-1)
        events = events[moved + 1 :]
    if event.kind == "sample":  # photos of one sample come in one by one
        return any(_said(e) == _said(event) for e in events)
    same = [e for e in events if (e.kind, e.gate, e.key) == (event.kind, event.gate, event.key)]
    if not same or _said(same[-1]) != _said(event):
        return False
    if event.kind == "checked":  # the line is looked at again and again, and may be found the same
        return is_repeated(same[-1].at, event.at)
    return event.kind in _REPEATABLE


def _said(event: GateEvent) -> tuple[Any, ...]:
    """What an event says; of a waiver also what it excuses, since the same words may excuse something new."""
    basis = event.statement.basis if event.statement is not None and event.kind == "waived" else ""
    return content_of(event, _NOT_CONTENT), basis
