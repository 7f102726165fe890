"""Gauge studies, the photos they were made from, and entered values."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
APPEND_ONLY = ("gauge_captures", "gauge_studies", "entered_values")


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=null)


def _link(table: str, name: str, target: str, *, null: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}_{target}")
    return sa.Column(name, sa.Integer, key, nullable=null)


def upgrade() -> None:
    op.create_table(
        "gauge_captures",
        _id(),
        _text("ingest_key"),
        _link("gauge_captures", "golden_id", "goldens"),
        sa.Column(
            "photo_sha256",
            sa.Text,
            sa.ForeignKey("evidence.sha256", name="fk_gauge_captures_photo_sha256_evidence"),
            nullable=False,
        ),
        _text("photo"),
        _text("document"),
        _text("digest"),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("ingest_key", name="uq_gauge_captures_ingest_key"),
        sqlite_strict=True,
    )
    op.create_index("ix_gauge_captures_golden_id", "gauge_captures", ["golden_id"])
    op.create_table(
        "gauge_studies",
        _id(),
        _link("gauge_studies", "golden_id", "goldens", null=True),
        _text("rig", null=True),
        _text("source"),
        _text("by"),
        _text("document"),
        _text("digest"),
        sa.Column("at", UTC, nullable=False),
        sa.CheckConstraint("source IN ('photos', 'values')", name="ck_gauge_studies_source"),
        sqlite_strict=True,
    )
    op.create_index("ix_gauge_studies_golden_id", "gauge_studies", ["golden_id"])
    op.create_table(
        "entered_values",
        _id(),
        _text("content_key"),
        _link("entered_values", "golden_id", "goldens"),
        _link("entered_values", "lot_id", "lots", null=True),
        _text("unit"),
        _text("name"),
        _text("verdict"),
        _text("document"),
        _text("digest"),
        sa.Column(
            "supersedes",
            sa.Integer,
            sa.ForeignKey("entered_values.id", name="fk_entered_values_supersedes_entered_values"),
            nullable=True,
        ),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("content_key", name="uq_entered_values_content_key"),
        sa.UniqueConstraint("supersedes", name="uq_entered_values_supersedes"),
        sa.CheckConstraint("verdict IN ('conforms', 'nonconforms', 'undecided')", name="ck_entered_values_verdict"),
        sqlite_strict=True,
    )
    op.create_index("ix_entered_values_golden_id", "entered_values", ["golden_id"])
    op.create_index("ix_entered_values_lot_id", "entered_values", ["lot_id"])
    op.create_index("ix_entered_values_unit", "entered_values", ["unit"])
    _append_only()


def _append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )


def downgrade() -> None:
    for table in ("entered_values", "gauge_studies", "gauge_captures"):
        op.drop_table(table)
