"""Answers about findings may be taken back, and a request that is sent twice is recorded once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = "finding_reviews"
KEY = f"ix_{TABLE}_request_key"


def upgrade() -> None:
    # added column by column: rebuilding the table would have to step round its own append-only triggers
    undone = sa.CheckConstraint("undone IN (0, 1)", name=f"ck_{TABLE}_undone")
    op.add_column(TABLE, sa.Column("undone", sa.Integer, undone, nullable=False, server_default=sa.text("0")))
    op.add_column(TABLE, sa.Column("request_key", sa.Text, nullable=True))
    op.create_index(KEY, TABLE, ["request_key"], unique=True)


def downgrade() -> None:
    op.drop_index(KEY, TABLE)
    for name in ("request_key", "undone"):
        op.drop_column(TABLE, name)
