"""Capability studies of sealed golden samples. Nothing is changed or erased."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert
from station.store.rows import CapabilityRow


def add_study(db: Database, *, golden_id: int, model: str, document: str, digest: str, at: datetime) -> int:
    """Record a study; answers its id."""
    row = {"golden_id": golden_id, "model": model, "document": document, "digest": digest, "at": at}
    with db.write() as c:
        made = int(insert(c, t.capability_studies, row).id)
        db.ledger.enter(c, "capability study", about={"model": model})
        return made


def studies(db: Database, *, golden_id: int) -> list[CapabilityRow]:
    """Studies of one version of a golden sample, newest first."""
    k = t.capability_studies.c
    query = (
        sa.select(t.capability_studies, t.goldens.c.number.label("golden"), t.goldens.c.version.label("golden_version"))
        .join(t.goldens, t.goldens.c.id == k.golden_id)
        .where(k.golden_id == golden_id)
        .order_by(k.id.desc())
    )
    with db.read() as c:
        return [CapabilityRow(**r._mapping) for r in c.execute(query)]
