"""Entered values. A corrected value supersedes the older one; both are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from station.store import tables as t
from station.store.database import Database
from station.store.records import ensure_lot, insert_once
from station.store.rows import EnteredRow, NewEntered
from station.values.documents import Verdict


def add_entered(db: Database, values: Sequence[NewEntered]) -> list[tuple[EnteredRow, bool]]:
    """Record values in one transaction, all or none; answers each row in order, and whether it is new.

    A value that was entered before, word for word, is that value, also where another superseded it since.
    """
    e = t.entered_values.c
    ids = []
    with db.write() as c:
        for new in values:
            lot_id = None if new.lot is None else ensure_lot(c, new.lot, new.golden_id, new.at)
            same = (
                e.golden_id == new.golden_id,
                e.unit == new.unit,
                e.name == new.name,
                e.lot_id.is_not_distinct_from(lot_id),
            )
            newest = c.execute(sa.select(sa.func.max(e.id)).where(*same)).scalar()
            row = {
                "content_key": new.content_key, "golden_id": new.golden_id, "lot_id": lot_id, "unit": new.unit,
                "name": new.name, "verdict": str(new.verdict), "document": new.document, "digest": new.digest,
                "supersedes": newest, "at": new.at,
            }  # fmt: skip
            created = insert_once(c, t.entered_values, row)
            found = c.execute(sa.select(e.id).where(e.content_key == new.content_key)).scalar_one()
            ids.append((int(found), created))
    rows = {r.id: r for r in _read(db, e.id.in_([i for i, _ in ids]))}
    return [(rows[i], created) for i, created in ids]


def entered_values(
    db: Database,
    *,
    golden: str | None = None,
    lot: str | None = None,
    unit: str | None = None,
    standing: bool = True,
) -> list[EnteredRow]:
    """Entered values in the order they were entered; ``standing``: without those that a later one superseded."""
    where: list[sa.ColumnElement[bool]] = []
    if golden is not None:
        where.append(t.goldens.c.number == golden)
    if lot is not None:
        where.append(t.lots.c.name == lot)
    if unit is not None:
        where.append(t.entered_values.c.unit == unit)
    return [r for r in _read(db, *where) if r.standing or not standing]


def _read(db: Database, *where: sa.ColumnElement[bool]) -> list[EnteredRow]:
    e, later = t.entered_values, t.entered_values.alias("later")
    superseded = sa.exists().where(later.c.supersedes == e.c.id)
    query: sa.Select[Any] = (
        sa.select(
            *(e.c[k] for k in ("id", "unit", "name", "verdict", "document", "digest", "supersedes", "at")),
            t.goldens.c.number.label("golden"),
            t.goldens.c.version.label("golden_version"),
            t.lots.c.name.label("lot"),
            (~superseded).label("standing"),
        )
        .join(t.goldens, t.goldens.c.id == e.c.golden_id)
        .outerjoin(t.lots, t.lots.c.id == e.c.lot_id)
        .where(*where)
        .order_by(e.c.id)
    )
    with db.read() as c:
        found = [dict(r._mapping) for r in c.execute(query)]
    return [EnteredRow(**{**r, "verdict": Verdict(r["verdict"]), "standing": bool(r["standing"])}) for r in found]
