"""What happens while somebody watches: the ledger's entries one after another, and how far the lots are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from station.service.draws import Draws
from station.service.queueing import queued
from station.store import counts, inspections, ledger
from station.store.database import Database
from station.values.live import CountsDocument, EventDocument, ProgressDocument

TOLD = ("units", "reviews", "finding_reviews", "lot_decisions")
"""Tables whose ids are told; others have names that stand in the entry."""


class Watching:
    """The use cases of whoever watches, for one :class:`station.service.Station`."""

    def __init__(self, db: Database, draws: Draws, clock: Callable[[], datetime]) -> None:
        self._db, self._draws, self._clock = db, draws, clock

    def newest(self) -> int:
        """Number of the newest entry, 0 where there is none."""
        with self._db.read() as c:
            head = ledger.newest(c)
        return 0 if head is None else head.sequence

    def after(self, sequence: int, limit: int = 200) -> list[EventDocument]:
        """What was recorded behind an entry, in order. No entry is passed over: they are numbered as they are
        committed."""
        with self._db.read() as c:
            found = ledger.entries(c, first=sequence + 1, limit=limit)
            rows = ledger.cited(c, [e.sequence for e in found], TOLD) if found else {}
        events = []
        for entry in found:
            content = json.loads(entry.content)
            events.append(
                EventDocument(
                    sequence=entry.sequence, kind=content["kind"], at=datetime.fromisoformat(content["at"]),
                    by=content["by"], about=content["about"], rows=rows.get(entry.sequence, {}),
                )
            )  # fmt: skip
        return events

    def progress(self, lot: str) -> ProgressDocument:
        """How far a lot is."""
        drawn = len(self._draws.in_drawn_order(lot)) or None
        inspected, waiting = inspections.inspected(self._db, lot), len(queued(self._db, lot))
        return ProgressDocument(lot=lot, inspected=inspected, drawn=drawn, waiting=waiting)

    def counts(self) -> CountsDocument:
        """What the records hold now."""
        found = counts.counts(self._db, self._clock())
        return CountsDocument(
            verdicts=counts.verdicts(self._db), reviews=found["reviews"], lots=found["lots"],
            goldens=found["goldens"], sessions=found["sessions"], ledger_entries=found["ledger"],
        )  # fmt: skip
