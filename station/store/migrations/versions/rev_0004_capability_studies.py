"""Capability studies: what a bench's pictures let the station find of each kind of defect."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
TABLE = "capability_studies"


def upgrade() -> None:
    golden = sa.ForeignKey("goldens.id", name=f"fk_{TABLE}_golden_id_goldens")
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("golden_id", sa.Integer, golden, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("model", "document", "digest")),
        sa.Column("at", UTC, nullable=False),
        sqlite_strict=True,
    )
    op.create_index(f"ix_{TABLE}_golden_id", TABLE, ["golden_id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
