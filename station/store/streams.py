"""Streams of lots, their events, and pick lists. Nothing is changed or erased: a stream's state is replayed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from station.errors import ConflictError, NotFoundError
from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert, insert_once
from station.store.rows import StreamRow


def add_stream(db: Database, *, name: str, document: str, digest: str, at: datetime) -> None:
    """Open a stream. Raises ConflictError where there is one of this name."""
    with db.write() as c:
        if not insert_once(c, t.streams, {"name": name, "document": document, "digest": digest, "at": at}):
            raise ConflictError(f"there is a stream {name} already", "Give another name.")
        db.ledger.enter(c, "stream opened", about={"stream": name})


def stream(db: Database, name: str) -> StreamRow:
    """A stream by its name. Raises NotFoundError."""
    with db.read() as c:
        row = c.execute(sa.select(t.streams).where(t.streams.c.name == name)).first()
    if row is None:
        raise NotFoundError(f"there is no stream {name!r}", "List them: station stream status")
    return StreamRow(**row._mapping)


def streams(db: Database) -> list[StreamRow]:
    """Every stream, by name."""
    with db.read() as c:
        return [StreamRow(**r._mapping) for r in c.execute(sa.select(t.streams).order_by(t.streams.c.name))]


def add_event(
    db: Database, stream_id: int, *, sequence: int, kind: str, document: str, digest: str, at: datetime
) -> None:
    """Record the event that follows ``sequence - 1`` others. Raises ConflictError where another one came in between."""
    row = {
        "stream_id": stream_id, "sequence": sequence, "kind": kind, "document": document, "digest": digest, "at": at,
    }  # fmt: skip
    with db.write() as c:
        if not insert_once(c, t.stream_events, row):
            raise ConflictError("something else was recorded of this stream in the meantime", "Run it again.")
        name = c.execute(sa.select(t.streams.c.name).where(t.streams.c.id == stream_id)).scalar_one()
        db.ledger.enter(c, "stream event", about={"stream": name, "event": kind})


def events(db: Database, stream_id: int) -> list[str]:
    """The documents of a stream's events, in their order."""
    k = t.stream_events.c
    with db.read() as c:
        found = c.execute(sa.select(k.document).where(k.stream_id == stream_id).order_by(k.sequence))
        return [str(r.document) for r in found]


def add_draw(db: Database, *, lot: str, document: str, digest: str, at: datetime) -> None:
    """Record the pick list of a lot; the newest one is in force."""
    with db.write() as c:
        insert(c, t.lot_draws, {"lot": lot, "document": document, "digest": digest, "at": at})
        db.ledger.enter(c, "sample drawn", about={"lot": lot})


def drawn_lots(db: Database) -> frozenset[str]:
    """The lots that have a pick list."""
    with db.read() as c:
        return frozenset(c.execute(sa.select(t.lot_draws.c.lot).distinct()).scalars())


def newest_draw(db: Database, lot: str) -> str:
    """The document of a lot's newest pick list. Raises NotFoundError."""
    k = t.lot_draws.c
    with db.read() as c:
        found = c.execute(sa.select(k.document).where(k.lot == lot).order_by(k.id.desc()).limit(1)).scalar()
    if found is None:
        raise NotFoundError(f"no sample was drawn of lot {lot}", f"Draw it: station lot draw {lot} --size N")
    return str(found)
