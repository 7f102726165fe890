"""What people said of golden samples, event by event. Nothing is changed or erased: a record is replayed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from station.errors import ConflictError
from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert_once
from station.store.records import keep_files
from station.store.rows import File


def add_event(
    db: Database, number: str, event: dict[str, Any], *, after: int, by: str, at: datetime, files: Sequence[File] = ()
) -> None:
    """Record the event that follows ``after`` others, with the files that it names.

    event : kind, document and digest. Raises ConflictError where another event came in between.
    """
    with db.write() as c:
        keep_files(c, files, at)
        if not insert_once(c, t.golden_events, {"number": number, "sequence": after + 1, "at": at, **event}):
            raise ConflictError(f"something else was recorded of {number} in the meantime", "Look at it, then repeat.")
        about = {"number": number, "digest": event["digest"]}
        db.ledger.enter(c, f"golden record: {event['kind']}", by=by, about=about)


def events(db: Database, number: str) -> list[str]:
    """The documents of a golden sample's events, in their order."""
    k = t.golden_events.c
    with db.read() as c:
        found = c.execute(sa.select(k.document).where(k.number == number).order_by(k.sequence))
        return [str(r.document) for r in found]
