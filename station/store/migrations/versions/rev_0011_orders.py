"""Orders, what happened to them, and the lots that are inspected at their gates."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
ORDERS, EVENTS, LOTS = "orders", "order_events", "order_lots"


def upgrade() -> None:
    op.create_table(
        ORDERS,
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("name", "sku", "golden", "document", "digest"),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("name", "sku", name=f"uq_{ORDERS}_name_sku"),
        sqlite_strict=True,
    )
    op.create_table(
        EVENTS,
        sa.Column("id", sa.Integer, primary_key=True),
        _order(EVENTS),
        sa.Column("sequence", sa.Integer, nullable=False),
        *_texts("kind", "document", "digest"),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("order_id", "sequence", name=f"uq_{EVENTS}_order_id_sequence"),
        sqlite_strict=True,
    )
    op.create_table(
        LOTS,
        sa.Column("id", sa.Integer, primary_key=True),
        _order(LOTS),
        *_texts("lot", "gate", "by"),
        sa.Column("replaces", sa.Text, nullable=True),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("lot", name=f"uq_{LOTS}_lot"),
        sa.UniqueConstraint("replaces", name=f"uq_{LOTS}_replaces"),
        sqlite_strict=True,
    )
    for table in (EVENTS, LOTS):
        op.create_index(f"ix_{table}_order_id", table, ["order_id"])
    for table in (ORDERS, EVENTS, LOTS):
        _append_only(table)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _order(table: str) -> sa.Column[int]:
    return sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id", name=f"fk_{table}_order_id_orders"),
                     nullable=False)  # fmt: skip


def _append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )


def downgrade() -> None:
    for table in (LOTS, EVENTS, ORDERS):
        op.drop_table(table)
