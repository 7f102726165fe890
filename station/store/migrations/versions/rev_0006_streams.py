"""Streams of lots and what happened to them, from which switching follows; and the pick lists of lots."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
TABLES = ("streams", "stream_events", "lot_draws")


def upgrade() -> None:
    op.create_table(
        "streams",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "document", "digest")),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("name", name="uq_streams_name"),
        sqlite_strict=True,
    )
    stream = sa.ForeignKey("streams.id", name="fk_stream_events_stream_id_streams")
    op.create_table(
        "stream_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("stream_id", sa.Integer, stream, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "document", "digest")),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("stream_id", "sequence", name="uq_stream_events_stream_id_sequence"),
        sqlite_strict=True,
    )
    op.create_index("ix_stream_events_stream_id", "stream_events", ["stream_id"])
    op.create_table(
        "lot_draws",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("lot", "document", "digest")),
        sa.Column("at", UTC, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_lot_draws_lot", "lot_draws", ["lot"])
    for table in TABLES:
        if op.get_bind().dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            continue
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
