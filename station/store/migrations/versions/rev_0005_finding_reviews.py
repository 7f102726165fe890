"""What reviewers said of findings, and the score thresholds that follow from it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
REAL: sa.types.TypeEngine[float] = sa.Double().with_variant(sqlite.REAL(), "sqlite")
REVIEWS, THRESHOLDS = "finding_reviews", "finding_thresholds"


def _link(table: str, name: str, target: str, *, null: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}_{target}")
    return sa.Column(name, sa.Integer, key, nullable=null)


def upgrade() -> None:
    op.create_table(
        REVIEWS,
        sa.Column("id", sa.Integer, primary_key=True),
        _link(REVIEWS, "unit_id", "units"),
        _link(REVIEWS, "golden_id", "goldens"),
        sa.Column("number", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("unit_digest", "answer", "kind")),
        sa.Column("named", sa.Text, nullable=True),
        *(sa.Column(name, REAL, nullable=False) for name in ("x_mm", "y_mm", "size_mm", "length_mm")),
        sa.Column("region", sa.Text, nullable=False),
        *(sa.Column(name, REAL, nullable=False) for name in ("score", "contrast_to_noise")),
        sa.Column("set_aside", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("model", "weights", "program", "reviewer", "reason")),
        _link(REVIEWS, "supersedes", REVIEWS, null=True),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("supersedes", name=f"uq_{REVIEWS}_supersedes"),
        sa.CheckConstraint("answer IN ('confirm', 'refuse', 'undecidable')", name=f"ck_{REVIEWS}_answer"),
        sa.CheckConstraint("set_aside IN (0, 1)", name=f"ck_{REVIEWS}_set_aside"),
        sqlite_strict=True,
    )
    op.create_table(
        THRESHOLDS,
        sa.Column("id", sa.Integer, primary_key=True),
        _link(THRESHOLDS, "golden_id", "goldens"),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("model", "action", "document", "digest")),
        sa.Column("at", UTC, nullable=False),
        sa.CheckConstraint("action IN ('apply', 'reset')", name=f"ck_{THRESHOLDS}_action"),
        sqlite_strict=True,
    )
    op.create_index(f"ix_{REVIEWS}_unit_id", REVIEWS, ["unit_id"])
    for table in (REVIEWS, THRESHOLDS):
        op.create_index(f"ix_{table}_golden_id", table, ["golden_id"])
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
    for table in (THRESHOLDS, REVIEWS):
        op.drop_table(table)
