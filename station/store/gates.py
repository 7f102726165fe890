"""Orders, what happened to them, and the lots that are inspected at their gates. Nothing is changed or erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from station.errors import ConflictError, NotFoundError
from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert_once, sequences_of
from station.store.records import keep_files
from station.store.rows import File


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One SKU of a purchase order; ``document`` is its JSON."""

    id: int
    name: str
    sku: str
    golden: str
    document: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderLotRow:
    """A lot that is inspected at a gate of an order."""

    id: int
    order_id: int
    lot: str
    gate: str
    by: str
    replaces: str | None
    at: datetime


def open_order(db: Database, values: dict[str, Any], by: str) -> bool:
    """Record an order; False where it is there already."""
    with db.write() as c:
        if not insert_once(c, t.orders, values):
            return False
        about = {k: values[k] for k in ("name", "sku", "golden", "digest")}
        db.ledger.enter(c, "order opened", by=by, about=about)
    return True


def orders(db: Database, name: str | None = None) -> list[OrderRow]:
    """Every order (of that name), oldest first."""
    query = sa.select(t.orders).order_by(t.orders.c.id)
    if name is not None:
        query = query.where(t.orders.c.name == name)
    with db.read() as c:
        return [OrderRow(**r._mapping) for r in c.execute(query)]


def orders_after(db: Database, after: int, limit: int) -> list[OrderRow]:
    """Up to ``limit`` orders behind an id, oldest first."""
    k = t.orders.c.id
    query = sa.select(t.orders).where(k > after).order_by(k).limit(limit)
    with db.read() as c:
        return [OrderRow(**r._mapping) for r in c.execute(query)]


def order_by_id(db: Database, order_id: int) -> OrderRow:
    """An order by its id."""
    with db.read() as c:
        return OrderRow(**c.execute(sa.select(t.orders).where(t.orders.c.id == order_id)).one()._mapping)


def order(db: Database, name: str, sku: str | None) -> OrderRow:
    """One SKU of a purchase order. Raises NotFoundError, and ConflictError where the SKU has to be named."""
    found = [r for r in orders(db, name) if sku is None or r.sku == sku]
    if not found:
        of = "" if sku is None else f" with SKU {sku[:40]!r}"
        raise NotFoundError(
            f"there is no order {name[:40]!r}{of}", f"Open it: station gate open {name[:40]} --golden NUMBER --units N"
        )
    if len(found) > 1:
        raise ConflictError(
            f"order {name} has several SKUs: {', '.join(r.sku for r in found)}", f"Name one: --sku {found[0].sku}"
        )
    return found[0]


def add_event(
    db: Database, row: OrderRow, event: dict[str, Any], *, after: int, by: str, about: dict[str, Any],
    files: Sequence[File] = (),
) -> None:  # fmt: skip
    """Record the event that follows ``after`` others. Raises ConflictError where another one came in between."""
    values = {"order_id": row.id, "sequence": after + 1, **event}
    with db.write() as c:
        keep_files(c, list(files), event["at"])
        if not insert_once(c, t.order_events, values):
            raise ConflictError(
                f"something else was recorded of order {row.name} in the meantime", "Look at it, then repeat."
            )
        db.ledger.enter(
            c, f"order: {event['kind']}", by=by,
            about={"order": row.name, "sku": row.sku, "digest": event["digest"], **about},
        )  # fmt: skip


def events(db: Database, order_id: int) -> list[str]:
    """The documents of an order's events, in their order."""
    k = t.order_events.c
    with db.read() as c:
        found = c.execute(sa.select(k.document).where(k.order_id == order_id).order_by(k.sequence))
        return [str(r.document) for r in found]


def began_with(db: Database, row: OrderRow) -> int:
    """The number of the ledger entry with which production of an order began, or with which the order was opened where
    it has not; 0 where that is older than the ledger."""
    e = t.order_events.c
    started = sa.select(e.id).where(e.order_id == row.id, e.kind == "started").order_by(e.sequence).limit(1)
    with db.read() as c:
        key = c.scalar(started)
        table, key = (t.orders, row.id) if key is None else (t.order_events, key)
        return sequences_of(c, table, [key]).get(key, 0)


def measured_since(db: Database, name: str, sku: str, unit_id: int) -> bool:
    """Whether a unit was measured after an order was opened, by the ledger; False where either is older than that."""
    o = t.orders.c
    with db.read() as c:
        key = c.scalar(sa.select(o.id).where(o.name == name, o.sku == sku))
        opened = 0 if key is None else sequences_of(c, t.orders, [key]).get(key, 0)
        return 0 < opened < sequences_of(c, t.units, [unit_id]).get(unit_id, 0)


def add_lot(
    db: Database, row: OrderRow, lot: str, gate: str, *, by: str, at: datetime, replaces: str | None = None
) -> OrderLotRow:
    """Record that a lot is inspected at a gate. Raises ConflictError where it belongs to another order or gate, or
    where the lot that it replaces was replaced by another one."""
    with db.write() as c:
        values = {"order_id": row.id, "lot": lot, "gate": gate, "by": by, "replaces": replaces, "at": at}
        if insert_once(c, t.order_lots, values):
            about = {"order": row.name, "sku": row.sku, "lot": lot, "gate": gate, "replaces": replaces}
            db.ledger.enter(c, "lot of an order", by=by, about=about)
    found = order_of_lot(db, lot)
    if found is None:
        raise ConflictError(f"lot {replaces} was replaced by another lot", f"See: station gate list {row.name}")
    if (found.order_id, found.gate, found.replaces) != (row.id, gate, replaces):
        other = order_by_id(db, found.order_id)
        of = f", in place of {found.replaces}" if found.replaces else ""
        raise ConflictError(
            f"lot {lot} is inspected at the {found.gate} gate of order {other.name} ({other.sku}){of}",
            "Use another lot id.",
        )
    return found


def order_of_lot(db: Database, lot: str) -> OrderLotRow | None:
    """The gate that a lot is inspected at, or None."""
    with db.read() as c:
        row = c.execute(sa.select(t.order_lots).where(t.order_lots.c.lot == lot)).first()
    return None if row is None else OrderLotRow(**row._mapping)


def lots_of_order(db: Database, order_id: int) -> list[OrderLotRow]:
    """The lots of an order, oldest first."""
    k = t.order_lots.c
    with db.read() as c:
        query = sa.select(t.order_lots).where(k.order_id == order_id).order_by(k.id)
        return [OrderLotRow(**r._mapping) for r in c.execute(query)]
