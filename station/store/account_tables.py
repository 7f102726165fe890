"""Tables of accounts, of their sessions, of requests that may be repeated, and of who looks at which unit.

Accounts are records: they stand in the ledger, each change with who made it. Sessions, request keys and claims on units
come and go and prove nothing; they are in :data:`PASSING` and the ledger does not cite them.
"""

from __future__ import annotations

import sqlalchemy as sa

from station.store.tables import Utc, metadata

PASSING = ("sessions", "request_keys", "unit_claims")
"""Tables whose rows are removed again."""


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("name"),
    _text("name_key"),
    _text("role"),
    sa.Column("disabled", sa.Integer, nullable=False),
    _text("password_hash"),
    _text("pin_hash", null=True),
    sa.Column("added_at", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.UniqueConstraint("name_key"),
    sa.CheckConstraint("role IN ('operator', 'inspector', 'reviewer', 'approver', 'administrator')", name="role"),
    sa.CheckConstraint("disabled IN (0, 1)", name="disabled"),
    sqlite_strict=True,
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_sha256", sa.Text, primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id"), nullable=True, index=True),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("seen_at", Utc, nullable=False),
    sa.Column("expires_at", Utc, nullable=False),
    sqlite_strict=True,
)

request_keys = sa.Table(
    "request_keys",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    _text("digest"),
    _text("holder"),
    sa.Column("begun_at", Utc, nullable=False),
    sa.Column("status", sa.Integer, nullable=True),
    _text("answer", null=True),
    sqlite_strict=True,
)

unit_claims = sa.Table(
    "unit_claims",
    metadata,
    sa.Column("unit_id", sa.Integer, sa.ForeignKey("units.id"), primary_key=True, autoincrement=False),
    _text("reviewer"),
    _text("window"),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc, nullable=False),
    sqlite_strict=True,
)
