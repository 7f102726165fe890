"""How much the records hold: queries, never counters."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from station.store import account_tables as a
from station.store import tables as t
from station.store.database import Database


def counts(db: Database, at: datetime) -> dict[str, int]:
    """Rows by name of the table; of sessions those that have not expired, of the ledger the newest number."""
    with db.read() as c:
        found = {
            name: int(c.execute(sa.select(sa.func.count()).select_from(t.metadata.tables[name])).scalar_one())
            for name in ("reviews", "lots", "goldens")
        }
        live = sa.select(sa.func.count()).where(a.sessions.c.expires_at > at, a.sessions.c.account_id.is_not(None))
        found["sessions"] = int(c.execute(live).scalar_one())
        found["ledger"] = int(c.execute(sa.select(sa.func.max(t.ledger.c.sequence))).scalar() or 0)
    return found


def verdicts(db: Database) -> dict[str, int]:
    """Units by the line's own verdict."""
    query = sa.select(t.units.c.verdict, sa.func.count()).group_by(t.units.c.verdict)
    with db.read() as c:
        return {str(verdict): int(count) for verdict, count in c.execute(query)}
