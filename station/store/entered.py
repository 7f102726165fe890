"""Entered values. A corrected value supersedes the older one; both are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from station.store import tables as t
from station.store.database import Database
from station.store.ledger import sequences_of, touch, touched
from station.store.records import ensure_lot
from station.store.rows import EnteredRow, NewEntered
from station.values.documents import Verdict

BLOCK = 500
"""Values a statement: its parameters stay far below what SQLite (32766 as it comes) and PostgreSQL (65535) take."""


def add_entered(
    db: Database, values: Sequence[NewEntered], on_each: Callable[[], None] = lambda: None
) -> list[tuple[EnteredRow, bool]]:
    """Record values in one transaction, all or none; answers each row in order, and whether it is new.

    A value that was entered before, word for word, is that value, also where another superseded it since.
    ``on_each`` is called for every value as it is written, before the transaction is committed.
    """
    ids: list[tuple[int, bool]] = []
    with db.write() as c:
        # Two who enter values of one golden at a time would both find the same newest value to supersede.
        goldens = sorted({new.golden_id for new in values})
        c.execute(sa.select(t.goldens.c.id).where(t.goldens.c.id.in_(goldens)).with_for_update(key_share=True))
        lots: dict[tuple[str, int], int] = {}
        for new in values:
            if new.lot is not None and (new.lot, new.golden_id) not in lots:
                lots[new.lot, new.golden_id] = ensure_lot(c, new.lot, new.golden_id, new.at)
        for block in _blocks(values):
            for answer in _add_block(c, block, lots):
                ids.append(answer)
                on_each()
        if touched(c):
            db.ledger.enter(c, "values entered", about={"values": sum(new for _, new in ids)})
    rows: dict[int, EnteredRow] = {}
    for i in range(0, len(ids), BLOCK):
        some = [one for one, _ in ids[i : i + BLOCK]]
        with db.read() as c:
            rows |= {r.id: r for r in _rows(c.execute(_values().where(t.entered_values.c.id.in_(some))))}
    return [(rows[i], created) for i, created in ids]


def _blocks(values: Sequence[NewEntered]) -> Iterator[list[NewEntered]]:
    """Values in order, a block at a time; no block holds one place twice: the second is to supersede the first."""
    block: list[NewEntered] = []
    places: set[tuple[int, str | None, str, str]] = set()
    for new in values:
        place = (new.golden_id, new.lot, new.unit, new.name)
        if len(block) == BLOCK or place in places:
            yield block
            block, places = [], set()
        block.append(new)
        places.add(place)
    if block:
        yield block


def _add_block(
    c: sa.Connection, block: Sequence[NewEntered], lots: Mapping[tuple[str, int], int]
) -> list[tuple[int, bool]]:
    """Id of each value of a block, and whether it was inserted now."""
    e = t.entered_values.c
    keys = [new.content_key for new in block]
    known = {k: int(i) for k, i in c.execute(sa.select(e.content_key, e.id).where(e.content_key.in_(keys)))}
    place = (e.golden_id, e.lot_id, e.unit, e.name)
    standing = sa.select(*place, sa.func.max(e.id)).group_by(*place).where(
        e.golden_id.in_({new.golden_id for new in block}),
        e.unit.in_({new.unit for new in block}),
        e.name.in_({new.name for new in block}),
    )  # fmt: skip
    newest = {(golden, lot, unit, name): int(i) for golden, lot, unit, name, i in c.execute(standing)}
    rows = []
    for new in block:
        if new.content_key in known:
            continue
        lot_id = None if new.lot is None else lots[new.lot, new.golden_id]
        rows.append(
            {
                "content_key": new.content_key, "golden_id": new.golden_id, "lot_id": lot_id, "unit": new.unit,
                "name": new.name, "verdict": str(new.verdict), "document": new.document, "digest": new.digest,
                "supersedes": newest.get((new.golden_id, lot_id, new.unit, new.name)), "at": new.at,
            }
        )  # fmt: skip
    added: dict[str, int] = {}
    if rows:
        insert = sa.insert(t.entered_values).returning(e.content_key, e.id)
        added = {k: int(i) for k, i in c.execute(insert, rows)}
        for made in added.values():
            touch(c, t.entered_values, made)
    return [(added[k], True) if k in added else (known[k], False) for k in keys]


def entered_values(
    db: Database,
    *,
    golden: str | None = None,
    lot: str | None = None,
    unit: str | None = None,
    standing: bool = True,
) -> list[EnteredRow]:
    """Entered values in the order they were entered; ``standing``: without those that a later one superseded."""
    given = {"golden": golden, "lot": lot, "unit": unit}
    values = {k: v for k, v in given.items() if v is not None}
    with db.read() as c:
        rows = _rows(c.execute(_of(*values), values))
    return [r for r in rows if r.standing or not standing]


def entered_in_order(
    db: Database, *, reviews: Sequence[int], values: Sequence[int]
) -> dict[tuple[Literal["review", "value"], int], int]:
    """The number of the ledger entry that entered each review and each value, 0 for what is older than the ledger."""
    if not reviews or not values:
        return {}
    with db.read() as c:
        of_reviews, of_values = sequences_of(c, t.reviews, reviews), sequences_of(c, t.entered_values, values)
    found: dict[tuple[Literal["review", "value"], int], int] = {("review", k): of_reviews.get(k, 0) for k in reviews}
    return found | {("value", k): of_values.get(k, 0) for k in values}


@cache  # a statement is never changed, and building it takes longer than the query
def _values() -> sa.Select[Any]:
    e, later = t.entered_values, t.entered_values.alias("later")
    superseded = sa.exists().where(later.c.supersedes == e.c.id)
    return (
        sa.select(
            *(e.c[k] for k in ("id", "unit", "name", "verdict", "document", "digest", "supersedes", "at")),
            t.goldens.c.number.label("golden"),
            t.goldens.c.version.label("golden_version"),
            t.lots.c.name.label("lot"),
            (~superseded).label("standing"),
        )
        .join(t.goldens, t.goldens.c.id == e.c.golden_id)
        .outerjoin(t.lots, t.lots.c.id == e.c.lot_id)
        .order_by(e.c.id)
    )


@cache
def _of(*names: str) -> sa.Select[Any]:
    """The values of a golden sample, a lot and a unit, as far as they are named, each a parameter of its name."""
    columns = {"golden": t.goldens.c.number, "lot": t.lots.c.name, "unit": t.entered_values.c.unit}
    return _values().where(*(columns[k] == sa.bindparam(k) for k in names))


def _rows(result: sa.CursorResult[Any]) -> list[EnteredRow]:
    found = [dict(r._mapping) for r in result]
    return [EnteredRow(**{**r, "verdict": Verdict(r["verdict"]), "standing": bool(r["standing"])}) for r in found]
