"""Nonconformities and what happened to them, corrective actions among it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
NONCONFORMITIES, EVENTS = "nonconformities", "nonconformity_events"


def upgrade() -> None:
    lot = sa.ForeignKey("lots.id", name=f"fk_{NONCONFORMITIES}_lot_id_lots")
    op.create_table(
        NONCONFORMITIES,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("lot_id", sa.Integer, lot, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("document", "digest")),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("number", name=f"uq_{NONCONFORMITIES}_number"),
        sa.UniqueConstraint("lot_id", name=f"uq_{NONCONFORMITIES}_lot_id"),
        sqlite_strict=True,
    )
    op.create_index(f"ix_{NONCONFORMITIES}_lot_id", NONCONFORMITIES, ["lot_id"])
    one = sa.ForeignKey(f"{NONCONFORMITIES}.id", name=f"fk_{EVENTS}_nonconformity_id_{NONCONFORMITIES}")
    op.create_table(
        EVENTS,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("nonconformity_id", sa.Integer, one, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "document", "digest")),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("nonconformity_id", "sequence", name=f"uq_{EVENTS}_nonconformity_id_sequence"),
        sqlite_strict=True,
    )
    op.create_index(f"ix_{EVENTS}_nonconformity_id", EVENTS, ["nonconformity_id"])
    for table in (NONCONFORMITIES, EVENTS):
        _append_only(table)


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
    for table in (EVENTS, NONCONFORMITIES):
        op.drop_table(table)
