"""What the tables are built from: kinds of columns, and the metadata that knows them all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

from station.errors import StoreError


class Utc(TypeDecorator[datetime]):
    """An instant in UTC: ISO 8601 text in SQLite (STRICT tables know no date), ``timestamptz`` in PostgreSQL."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        utc = value.astimezone(UTC)
        return utc.isoformat(timespec="microseconds") if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        try:
            instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            raise StoreError(
                f"a time of the records was changed: {value[:60]!r} is none", "Run: station check"
            ) from None
        return instant.astimezone(UTC)


def real() -> sa.types.TypeEngine[float]:
    """An 8-byte float in both databases."""
    return sa.Double().with_variant(sqlite.REAL(), "sqlite")


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *items: sa.schema.SchemaItem) -> sa.Table:
    """A table, strict about types in SQLite."""
    return sa.Table(name, metadata, *items, sqlite_strict=True)


def key() -> sa.Column[int]:
    """The id of a row."""
    return sa.Column("id", sa.Integer, primary_key=True)


def text(name: str, *, null: bool = False) -> sa.Column[str]:
    """A column of text."""
    return sa.Column(name, sa.Text, nullable=null)


def file(name: str, *, null: bool = False) -> sa.Column[str]:
    """A column that names a file of the evidence folder."""
    return sa.Column(name, sa.Text, sa.ForeignKey("evidence.sha256"), nullable=null)


def at(name: str) -> sa.Column[datetime]:
    """A column with an instant."""
    return sa.Column(name, Utc, nullable=False)


def link(name: str, target: str, *, null: bool = False) -> sa.Column[int]:
    """A column with the id of another table's row."""
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{target}.id"), nullable=null, index=True)
