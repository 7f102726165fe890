"""Orders as other stations recorded them, kept apart from this station's own records."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
TABLE = "foreign_orders"


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    file = sa.ForeignKey("evidence.sha256", name=f"fk_{TABLE}_archive_sha256_evidence")
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("archive_sha256", sa.Text, file, nullable=False),
        *_texts("order_name", "party", "key"),
        sa.Column("sequence", sa.Integer, nullable=False),
        *_texts("hash", "document", "digest"),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("archive_sha256", name=f"uq_{TABLE}_archive_sha256"),
        sqlite_strict=True,
    )
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
