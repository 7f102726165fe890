"""Accounts with their sessions, and the keys of requests that may be repeated."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
ROLES = "'operator', 'inspector', 'reviewer', 'approver', 'administrator'"


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "name_key", "role")),
        sa.Column("disabled", sa.Integer, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("pin_hash", sa.Text, nullable=True),
        *(sa.Column(name, UTC, nullable=False) for name in ("added_at", "changed_at")),
        sa.UniqueConstraint("name_key", name="uq_accounts_name_key"),
        sa.CheckConstraint(f"role IN ({ROLES})", name="ck_accounts_role"),
        sa.CheckConstraint("disabled IN (0, 1)", name="ck_accounts_disabled"),
        sqlite_strict=True,
    )
    account = sa.ForeignKey("accounts.id", name="fk_sessions_account_id_accounts")
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Integer, account, nullable=True),
        *(sa.Column(name, UTC, nullable=False) for name in ("created_at", "seen_at", "expires_at")),
        sqlite_strict=True,
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_table(
        "request_keys",
        sa.Column("key", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("digest", "holder")),
        sa.Column("begun_at", UTC, nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("answer", sa.Text, nullable=True),
        sqlite_strict=True,
    )


def downgrade() -> None:
    for table in ("request_keys", "sessions", "accounts"):
        op.drop_table(table)
