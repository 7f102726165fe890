"""Nonconformities and their events. Nothing is changed or erased: one as it stands is replayed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from station.errors import ConflictError, NotFoundError
from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert, insert_once
from station.store.records import keep_files
from station.store.rows import File, NonconformityRow


def open_nonconformity(
    db: Database, *, number: str, lot_id: int, document: str, digest: str, first: dict[str, Any], at: datetime
) -> bool:
    """Record a new nonconformity with its first event, both or neither; False where the lot has one already.

    first : kind, document and digest of the event. Raises ConflictError where another process took the number in
    between.
    """
    n = t.nonconformities
    row = {"number": number, "lot_id": lot_id, "document": document, "digest": digest, "at": at}
    with db.write() as c:
        if c.execute(sa.select(n.c.id).where(n.c.lot_id == lot_id)).first() is not None:
            return False
        if not insert_once(c, n, row):
            raise ConflictError(f"the number {number} was taken in the meantime", "Run it again.")
        found = c.execute(sa.select(n.c.id).where(n.c.number == number)).scalar_one()
        insert(c, t.nonconformity_events, {"nonconformity_id": found, "sequence": 1, "at": at, **first})
        db.ledger.enter(c, "nonconformity opened", about={"number": number})
    return True


def add_event(
    db: Database, nonconformity_id: int, event: dict[str, Any], *, after: int, at: datetime, file: File | None = None
) -> None:
    """Record the event that follows ``after`` others. file : that it names. Raises ConflictError where another event
    came in between."""
    row = {"nonconformity_id": nonconformity_id, "sequence": after + 1, "at": at, **event}
    with db.write() as c:
        keep_files(c, [file], at)
        if not insert_once(c, t.nonconformity_events, row):
            raise ConflictError("something else was recorded of it in the meantime", "Look at it, then repeat.")
        db.ledger.enter(c, f"nonconformity {event['kind']}", about={"nonconformity": nonconformity_id})


def nonconformity(db: Database, number: str) -> NonconformityRow:
    """A nonconformity by its number. Raises NotFoundError."""
    with db.read() as c:
        row = c.execute(_rows().where(t.nonconformities.c.number == number)).first()
    if row is None:
        raise NotFoundError(f"there is no nonconformity {number[:40]!r}", "List them: station nc list")
    return NonconformityRow(**row._mapping)


def nonconformity_of_lot(db: Database, lot_id: int) -> NonconformityRow | None:
    """The nonconformity of a lot, or None."""
    with db.read() as c:
        row = c.execute(_rows().where(t.nonconformities.c.lot_id == lot_id)).first()
    return None if row is None else NonconformityRow(**row._mapping)


def nonconformities(db: Database) -> list[NonconformityRow]:
    """Every nonconformity, oldest first."""
    with db.read() as c:
        return [NonconformityRow(**r._mapping) for r in c.execute(_rows().order_by(t.nonconformities.c.id))]


def events(db: Database, nonconformity_id: int) -> list[str]:
    """The documents of its events, in their order."""
    k = t.nonconformity_events.c
    with db.read() as c:
        found = c.execute(sa.select(k.document).where(k.nonconformity_id == nonconformity_id).order_by(k.sequence))
        return [str(r.document) for r in found]


def _rows() -> sa.Select[Any]:
    n = t.nonconformities
    return sa.select(n.c.id, n.c.number, n.c.lot_id, t.lots.c.name.label("lot"), n.c.document, n.c.at).join(
        t.lots, t.lots.c.id == n.c.lot_id
    )
