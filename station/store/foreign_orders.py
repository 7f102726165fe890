"""Orders that other stations recorded: the whole archive as an evidence file, and one row that names it.

Nothing of it enters this station's own records, so that nothing of them can be overwritten or counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert_once
from station.store.records import keep_files
from station.store.rows import File


@dataclass(frozen=True, slots=True)
class ForeignOrderRow:
    """A received archive. key : public key of the station that sealed it; sequence, hash : its ledger's head then."""

    id: int
    archive_sha256: str
    order_name: str
    party: str
    key: str
    sequence: int
    hash: str
    document: str
    digest: str
    at: datetime


def add_foreign_order(db: Database, values: dict[str, Any], file: File, at: datetime) -> bool:
    """Record a received archive; False where it was received before."""
    with db.write() as c:
        keep_files(c, [file], at)
        new = insert_once(c, t.foreign_orders, {**values, "archive_sha256": file.sha256, "at": at})
        about = {k: values[k] for k in ("order_name", "party", "key", "digest")} | {"sha256": file.sha256}
        if new:
            db.ledger.enter(c, "order of another station received", by=values["party"], about=about)
    return new


def foreign_orders(db: Database, order: str | None = None) -> list[ForeignOrderRow]:
    """Received archives, the newest state of the other ledger first."""
    k = t.foreign_orders.c
    query = sa.select(t.foreign_orders).order_by(k.sequence.desc(), k.id.desc())
    if order is not None:
        query = query.where(k.order_name == order)
    with db.read() as c:
        return [ForeignOrderRow(**r._mapping) for r in c.execute(query)]
