"""Who looks at which unit, and decisions that contradict another reviewer's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")


def upgrade() -> None:
    unit = sa.ForeignKey("units.id", name="fk_unit_claims_unit_id_units")
    op.create_table(
        "unit_claims",
        sa.Column("unit_id", sa.Integer, unit, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("reviewer", "window")),
        *(sa.Column(name, UTC, nullable=False) for name in ("since", "until")),
        sqlite_strict=True,
    )
    # written out: Alembic adds no column with a foreign key to SQLite, and rebuilding the table would have to step
    # round its own append-only triggers
    key = "CONSTRAINT fk_reviews_disputes_reviews REFERENCES reviews (id)"
    op.execute(sa.text(f"ALTER TABLE reviews ADD COLUMN disputes INTEGER {key}"))


def downgrade() -> None:
    op.drop_column("reviews", "disputes")
    op.drop_table("unit_claims")
