"""The ledger; artefacts of golden samples, their sign-offs and acknowledgements.

What a home held before is entered in the ledger as one entry when the upgrade ends (``Ledger.take_over``).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
TABLES = ("artefacts", "sign_offs", "acknowledgements", "ledger", "ledger_rows")


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _file(table: str, *, null: bool) -> sa.Column[Any]:
    key = sa.ForeignKey("evidence.sha256", name=f"fk_{table}_file_sha256_evidence")
    return sa.Column("file_sha256", sa.Text, key, nullable=null)


def _version() -> sa.Column[Any]:
    return sa.Column("version", sa.Integer, nullable=False)


def upgrade() -> None:
    op.create_table(
        "artefacts",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("number", "kind"),
        _version(),
        *_texts("name"),
        _file("artefacts", null=False),
        *_texts("note", "by", "document", "digest"),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint("number", "kind", "version", name="uq_artefacts_number_kind_version"),
        sqlite_strict=True,
    )
    place = ("number", "artefact", "version", "party")
    op.create_table(
        "sign_offs",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("number", "artefact"),
        _version(),
        *_texts("party", "method", "document", "digest"),
        *(sa.Column(name, sa.Text, nullable=True) for name in ("key", "signature")),
        _file("sign_offs", null=True),
        sa.Column("at", UTC, nullable=False),
        sa.UniqueConstraint(*place, name="uq_sign_offs_number_artefact_version_party"),
        sa.CheckConstraint("method IN ('local key', 'detached', 'printed sheet')", name="ck_sign_offs_method"),
        sqlite_strict=True,
    )
    op.create_table(
        "acknowledgements",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("number", "artefact"),
        _version(),
        *_texts("party"),
        _file("acknowledgements", null=True),
        *_texts("document", "digest"),
        sa.Column("at", UTC, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "ledger",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("content", "hash", "key", "signature"),
        sqlite_strict=True,
    )
    sequence = sa.ForeignKey("ledger.sequence", name="fk_ledger_rows_sequence_ledger")
    op.create_table(
        "ledger_rows",
        sa.Column("sequence", sa.Integer, sequence, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("table_name", "row_key")),
        *_texts("digest"),
        sqlite_strict=True,
    )
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
