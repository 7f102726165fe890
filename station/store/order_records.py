"""The rows about an order, column by column as the ledger cites them, and the stretch of the ledger that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from station.errors import NotFoundError, StoreError
from station.quality.order_archive import TABLES, Rows, pictured
from station.store import tables as t
from station.store.database import Database
from station.store.proofs import stretch
from station.store.row_digests import BLOCK, plain_rows

_FILES = {
    "goldens": ("master_sha256", "photo_sha256", "frame_sha256"), "artefacts": ("file_sha256",),
    "sign_offs": ("file_sha256",), "acknowledgements": ("file_sha256",),
}  # fmt: skip


def numbers_of_order(db: Database, order: str) -> list[str]:
    """Golden samples of a purchase order: those whose orders have its name, and those of which any version's control
    sheet names it; or the one of this number.

    Raises NotFoundError.
    """
    g, o = t.goldens.c, t.orders.c
    with db.read() as c:
        numbers = list(dict.fromkeys(c.execute(sa.select(g.number).order_by(g.id)).scalars()))
        if order in numbers:
            return [order]
        opened = set(c.execute(sa.select(o.golden).where(o.name == order)).scalars())
        named = {number for _, number, name in _named_orders(c, numbers) if order and name == order}
    found = [n for n in numbers if n in opened | named]
    if not found:
        raise NotFoundError(
            f"no control sheet names order {order[:60]!r}, no order of this name is opened, and no golden sample has "
            "this number",
            "Give the sheet's `order`, or the number of a golden sample: station golden list",
        )
    return found


def order_records(
    db: Database, numbers: Sequence[str], order: str | None = None, *, costs: bool = True
) -> tuple[Rows, dict[str, Any]]:
    """Rows of every table of :data:`TABLES` about these golden samples, and the proof of the ledger, at one moment.

    order : of all that is about these golden samples only what belongs to this purchase order: its gates, the lots that
    are inspected at them, and lots and single units held to a version whose control sheet names it. costs : also
    what the remedies of complaints cost the exporting party; without it the ledger alone cites those rows.

    Raises StoreError where a row is no text any more, or where no entry of the ledger cites it.
    """
    with db.read() as c:
        rows = _rows(c, numbers, None if order in numbers else order, costs=costs)
        cites = _cites(c, rows)
        if not cites:
            raise StoreError(f"no entry of the ledger seals golden {', '.join(numbers)}", "Run: station check")
        proof = stretch(c, cites.keys())
        proof["cites"] = {str(n): sorted(cites[n]) for n in sorted(cites)}
    return rows, proof


def _named_orders(c: sa.Connection, numbers: Sequence[str]) -> list[tuple[int, str, str]]:
    """Id and number of every version of these golden samples, and the purchase order that its control sheet names."""
    from station.sheet import load_sheet

    g = t.goldens.c
    found = []
    for start in range(0, len(numbers), BLOCK):
        query = sa.select(g.id, g.number, g.sheet_toml).where(g.number.in_(numbers[start : start + BLOCK]))
        for r in c.execute(query):
            found.append((r.id, r.number, load_sheet(r.sheet_toml.encode()).product.order))
    return found


def _rows(c: sa.Connection, numbers: Sequence[str], order: str | None, *, costs: bool) -> Rows:
    rows: Rows = {}

    def take(
        table: sa.Table, column: str, values: Iterable[Any], where: sa.ColumnElement[bool] | None = None
    ) -> list[Any]:
        """Put the rows in whose column has one of the values; answers their ids."""
        ids: set[Any] = set()
        wanted = list(values)
        key = table.c[column]
        for start in range(0, len(wanted), BLOCK):
            query = sa.select(table.c.id).where(key.in_(wanted[start : start + BLOCK]))
            ids |= set(c.execute(query if where is None else query.where(where)).scalars())
        rows[table.name] = _read(c, table, sorted(ids))
        return sorted(ids)

    goldens = take(t.goldens, "number", numbers)
    for table in (t.artefacts, t.sign_offs, t.acknowledgements):
        take(table, "number", numbers)
    orders = take(t.orders, "golden", numbers, None if order is None else t.orders.c.name == order)
    lots = take(t.lots, "golden_id", goldens)
    units = take(t.units, "golden_id", goldens)
    take(t.entered_values, "golden_id", goldens)
    if order is not None:
        kept = _kept(c, order, rows["lots"], orders, _named_orders(c, numbers))
        rows["lots"] = [r for r in rows["lots"] if r["id"] in kept.lots]
        for name in ("units", "entered_values"):
            rows[name] = [r for r in rows[name] if kept.holds(r)]
        lots, units = ([r["id"] for r in rows[name]] for name in ("lots", "units"))
    for table in (t.findings, t.presentations, t.reviews, t.finding_reviews):
        take(table, "unit_id", units)
    take(t.lot_draws, "lot", [r["name"] for r in rows["lots"]])
    take(t.lot_decisions, "lot_id", lots)
    complaints = take(t.nonconformities, "lot_id", lots)
    told = None if costs else t.nonconformity_events.c.kind != "cost"
    take(t.nonconformity_events, "nonconformity_id", complaints, told)
    take(t.golden_events, "number", numbers)
    for table in (t.order_events, t.order_lots):
        take(table, "order_id", orders)
    files = {r.get(column) for table, columns in _FILES.items() for r in rows[table] for column in columns}
    rows["evidence"] = _read(c, t.evidence, sorted({f for f in files if f} | pictured(rows)))
    return {name: rows[name] for name in TABLES}


@dataclass(frozen=True, slots=True)
class _Kept:
    """What belongs to a purchase order. lots : by id. goldens : versions whose control sheets name it, by id."""

    lots: frozenset[int]
    goldens: frozenset[int]

    def holds(self, row: dict[str, Any]) -> bool:
        """Whether a unit, or a value that was entered, belongs to it: by its lot, else by its version's sheet."""
        return row["lot_id"] in self.lots if "lot_id" in row else row["golden_id"] in self.goldens


def _kept(
    c: sa.Connection, order: str, lots: Sequence[dict[str, Any]], orders: Sequence[int],
    named: Sequence[tuple[int, str, str]],
) -> _Kept:  # fmt: skip
    """Lots at the gates of the order, and lots at no order's gates whose version's control sheet names it."""
    at_gates = {r.lot: r.order_id for r in c.execute(sa.select(t.order_lots.c.lot, t.order_lots.c.order_id))}
    versions = frozenset(i for i, _, name in named if name == order)
    held = {
        r["id"]
        for r in lots
        if (at_gates[r["name"]] in orders if r["name"] in at_gates else r["golden_id"] in versions)
    }
    return _Kept(frozenset(held), versions)


def _read(c: sa.Connection, table: sa.Table, keys: Sequence[Any]) -> list[dict[str, Any]]:
    try:
        return [dict(row) for _, row in plain_rows(c, table, keys)]
    except UnicodeError:
        raise StoreError(f"a record of {table.name} is no text any more", "Run: station check") from None


def _cites(c: sa.Connection, rows: Rows) -> dict[int, list[tuple[str, str, str]]]:
    """Every row that the entries cite which cite any of these rows, by the entry's number."""
    r = t.ledger_rows.c
    entries: set[int] = set()
    for table, listed in rows.items():
        keys = [str(row["sha256" if table == "evidence" else "id"]) for row in listed]
        for start in range(0, len(keys), BLOCK):
            query = sa.select(r.sequence).where(r.table_name == table, r.row_key.in_(keys[start : start + BLOCK]))
            entries |= set(c.execute(query).scalars())
    found: dict[int, list[tuple[str, str, str]]] = {n: [] for n in entries}
    numbers = sorted(entries)
    for start in range(0, len(numbers), BLOCK):
        query = sa.select(t.ledger_rows).where(r.sequence.in_(numbers[start : start + BLOCK]))
        for row in c.execute(query):
            found[row.sequence].append((row.table_name, row.row_key, row.digest))
    return found


def archive_schema(documents: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of an archive's JSON files, by their names. documents : schema of each table's documents, and of
    ``order.json`` and ``ledger.json``."""
    files: dict[str, Any] = {name: documents[name] for name in ("order.json", "ledger.json")}
    for table in TABLES:
        row = _row_schema(t.metadata.tables[table], documents.get(table))
        files[f"records/{table}.json"] = {"type": "array", "items": row}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "The JSON files of an order's archive",
        "type": "object", "properties": files, "required": sorted(files),
    }  # fmt: skip


def _row_schema(table: sa.Table, document: dict[str, Any] | None) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for column in table.c:
        columns[column.name] = {"type": "integer" if column.type.python_type is int else "string"}
        if column.name == "document":
            columns[column.name] |= {"contentMediaType": "application/json"}
            columns[column.name] |= {} if document is None else {"contentSchema": document}
    needed = [column.name for column in table.c if not column.nullable]
    return {"type": "object", "properties": columns, "required": needed, "additionalProperties": False}
