"""The queue of a reviewer: which units wait, with what was entered of them by hand. Lists, lots and counts ask here."""

from __future__ import annotations

from dataclasses import replace

from station.service.entering import as_they_stand
from station.service.reviewing import vet_queue
from station.store import inspections
from station.store.database import Database
from station.store.entered import entered_values
from station.store.rows import QueuedRow
from station.values.documents import Verdict


def queued(
    db: Database, lot: str | None = None, *, settled: bool = False, second_look: bool = False
) -> list[QueuedRow]:
    """Flagged units that wait for a reviewer: undecided first, worst margin first; deferred and disputed ones too.

    The verdicts are those that stand with what was entered. Where that speaks against a unit that a reviewer accepted
    before, nobody has reviewed it: it waits, and its decision is "".

    settled : those that a reviewer accepted or rejected instead, the newest review first. second_look : of those that
    wait only what was deferred and what reviewers disagree about. Raises RequestError for both at once.
    """
    vet_queue(settled, second_look)
    rows = inspections.queued(db, lot=lot, settled=settled, second_look=second_look)
    values = {(e.golden, e.golden_version, e.lot, e.unit) for e in entered_values(db, lot=lot)}
    told = [r.id for r in rows if (r.golden, r.golden_version, r.lot, r.unit) in values] if values else []
    if not told:
        return rows
    stand = {u.id: u for u in as_they_stand(db, inspections.of_ids(db, told))}
    found = []
    for row in rows:
        unit = stand.get(row.id)
        if unit is not None:
            flagged = unit.verdict is not Verdict.CONFORMS or (settled and row.verdict is not Verdict.CONFORMS)
            counted = unit.review.counted if unit.review is not None else ""
            decided = counted in ("accept", "reject") and not unit.overtaken
            row = replace(row, verdict=unit.verdict)
            if unit.overtaken and counted == "accept":
                row = replace(row, decision="")
            if not inspections.in_queue(
                flagged, decided, not decided, counted == "defer", settled=settled, second_look=second_look
            ):
                continue
        found.append(row)
    return found if settled else sorted(found, key=_order)


def _order(row: QueuedRow) -> tuple[bool, bool, float, int]:
    return (row.verdict is not Verdict.UNDECIDED, row.margin is not None, row.margin or 0.0, row.id)
