"""Checks of the bench light against its calibration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "light_checks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rig_id", sa.Integer, sa.ForeignKey("rigs.id", name="fk_light_checks_rig_id_rigs"), nullable=False),
        sa.Column(
            "photo_sha256",
            sa.Text,
            sa.ForeignKey("evidence.sha256", name="fk_light_checks_photo_sha256_evidence"),
            nullable=False,
        ),
        sa.Column("photo", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite"), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_light_checks_rig_id", "light_checks", ["rig_id"])


def downgrade() -> None:
    op.drop_table("light_checks")
