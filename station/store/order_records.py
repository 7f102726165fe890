"""The rows about an order, column by column as the ledger cites them, and the stretch of the ledger that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """Golden samples of a purchase order, by what their newest control sheets name; or the one of this number.

    Raises NotFoundError.
    """
    from station.sheet import load_sheet

    g = t.goldens.c
    with db.read() as c:
        rows = c.execute(sa.select(g.number, g.sheet_toml).order_by(g.id)).all()
    newest = {r.number: r.sheet_toml for r in rows}
    if order in newest:
        return [order]
    found = [n for n, sheet in newest.items() if order and load_sheet(sheet.encode()).product.order == order]
    if not found:
        raise NotFoundError(
            f"no control sheet names order {order[:60]!r}, and no golden sample has this number",
            "Give the sheet's `order`, or the number of a golden sample: station golden list",
        )
    return found


def order_records(db: Database, numbers: Sequence[str]) -> tuple[Rows, dict[str, Any]]:
    """Rows of every table of :data:`TABLES` about these golden samples, and the proof of the ledger, at one moment.

    Raises StoreError where a row is no text any more, or where no entry of the ledger cites it.
    """
    with db.read() as c:
        rows = _rows(c, numbers)
        cites = _cites(c, rows)
        if not cites:
            raise StoreError(f"no entry of the ledger seals golden {', '.join(numbers)}", "Run: station check")
        proof = stretch(c, cites.keys())
        proof["cites"] = {str(n): sorted(cites[n]) for n in sorted(cites)}
    return rows, proof


def _rows(c: sa.Connection, numbers: Sequence[str]) -> Rows:
    rows: Rows = {}

    def take(table: sa.Table, column: str, values: Iterable[Any]) -> list[Any]:
        """Put the rows in whose column has one of the values; answers their ids."""
        ids: set[Any] = set()
        wanted = list(values)
        key = table.c[column]
        for start in range(0, len(wanted), BLOCK):
            ids |= set(c.execute(sa.select(table.c.id).where(key.in_(wanted[start : start + BLOCK]))).scalars())
        rows[table.name] = _read(c, table, sorted(ids))
        return sorted(ids)

    goldens = take(t.goldens, "number", numbers)
    for table in (t.artefacts, t.sign_offs, t.acknowledgements):
        take(table, "number", numbers)
    lots = take(t.lots, "golden_id", goldens)
    units = take(t.units, "golden_id", goldens)
    take(t.entered_values, "golden_id", goldens)
    for table in (t.findings, t.presentations, t.reviews, t.finding_reviews):
        take(table, "unit_id", units)
    take(t.lot_draws, "lot", [r["name"] for r in rows["lots"]])
    take(t.lot_decisions, "lot_id", lots)
    complaints = take(t.nonconformities, "lot_id", lots)
    take(t.nonconformity_events, "nonconformity_id", complaints)
    take(t.golden_events, "number", numbers)
    orders = take(t.orders, "golden", numbers)
    for table in (t.order_events, t.order_lots):
        take(table, "order_id", orders)
    files = {r.get(column) for table, columns in _FILES.items() for r in rows[table] for column in columns}
    rows["evidence"] = _read(c, t.evidence, sorted({f for f in files if f} | pictured(rows)))
    return {name: rows[name] for name in TABLES}


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
