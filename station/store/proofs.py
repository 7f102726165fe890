"""The stretch of the ledger that shows when a golden sample was sealed, signed, acknowledged, and what was recorded of
it and released on it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from station.errors import StoreError
from station.quality.ledger import GENESIS
from station.quality.shown_records import SIGNED
from station.store import tables as t
from station.store.database import Database
from station.store.ledger import entries
from station.store.rows import GoldenRow
from station.values.digest import sha256_hex


def ledger_proof(db: Database, row: GoldenRow) -> dict[str, Any]:
    """The chain from the entry that sealed a golden version to the newest head: entries about the golden sample whole,
    the others by the SHA-256 of their content. Raises StoreError where no entry sealed it.
    """
    with db.read() as c:
        mine = _entered(c, "goldens", [row.id])
        for table in (t.artefacts, t.sign_offs, t.acknowledgements):
            ids = c.execute(sa.select(table.c.id).where(table.c.number == row.number)).scalars().all()
            mine |= _entered(c, table.name, ids)
        ids = c.execute(sa.select(t.golden_events.c.id).where(t.golden_events.c.number == row.number)).scalars().all()
        mine |= _entered(c, "golden_events", ids)
        orders = c.execute(sa.select(t.orders.c.id).where(t.orders.c.golden == row.number)).scalars().all()
        mine |= _entered(c, "orders", orders)
        k = t.order_events.c
        signed = sa.select(k.id).where(k.order_id.in_(orders), k.kind.in_(SIGNED))
        mine |= _entered(c, "order_events", c.execute(signed).scalars().all())
        if not mine:
            raise StoreError(f"no entry of the ledger seals golden {row.number}", "Run: station check")
        return stretch(c, mine)


def stretch(c: sa.Connection, mine: Collection[int]) -> dict[str, Any]:
    """The chain from the first of these entries to the newest head: these whole, the others by their SHA-256."""
    first = min(mine)
    chain = entries(c, first=first)
    k = t.ledger.c
    previous = c.execute(sa.select(k.hash).where(k.sequence == first - 1)).scalar() or GENESIS
    return {
        "first": first,
        "previous": previous,
        "links": [
            {"content": e.content} if e.sequence in mine else sha256_hex(e.content.encode()) for e in chain
        ],
        "head": chain[-1].head.as_dict(),
    }  # fmt: skip


def _entered(c: sa.Connection, table: str, ids: Any) -> set[int]:
    r = t.ledger_rows.c
    query = sa.select(r.sequence).where(r.table_name == table, r.row_key.in_([str(i) for i in ids]))
    return set(c.execute(query).scalars())
