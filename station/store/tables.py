"""The tables. Documents are stored as the exact text that left the station; what is searched for has a column.

Append-only, kept so by triggers: ``goldens``, ``reviews``, ``lot_decisions``, ``presentations``, ``gauge_captures``,
``gauge_studies``, ``entered_values``, ``capability_studies``, ``finding_reviews``, ``finding_thresholds``,
``streams``, ``stream_events``, ``lot_draws``, ``nonconformities``, ``nonconformity_events``, ``artefacts``,
``sign_offs``, ``acknowledgements``, ``ledger``, ``ledger_rows``, ``foreign_orders``.

Tallies are queries, never counters.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

APPEND_ONLY = (
    *("goldens", "reviews", "lot_decisions", "presentations"),
    *("gauge_captures", "gauge_studies", "entered_values", "capability_studies"),
    *("finding_reviews", "finding_thresholds"),
    *("streams", "stream_events", "lot_draws"),
    *("nonconformities", "nonconformity_events"),
    *("artefacts", "sign_offs", "acknowledgements", "ledger", "ledger_rows"),
    "foreign_orders",
)


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
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
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


def _table(name: str, *items: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, metadata, *items, sqlite_strict=True)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _file(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, sa.ForeignKey("evidence.sha256"), nullable=null)


def _at(name: str) -> sa.Column[datetime]:
    return sa.Column(name, Utc, nullable=False)


def _link(name: str, target: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{target}.id"), nullable=null, index=True)


evidence = _table(
    "evidence",
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
    _text("media_type"),
    _at("added_at"),
)

rigs = _table(
    "rigs",
    _id(),
    _text("name"),
    _text("digest"),
    _text("document"),
    _at("added_at"),
    sa.UniqueConstraint("name", "digest"),
)

calibrations = _table(
    "calibrations",
    _id(),
    _link("rig_id", "rigs"),
    _text("kind"),
    _text("document"),
    _text("photos"),
    _at("made_at"),
    _at("expires_at"),
    sa.CheckConstraint("kind IN ('lens', 'light')", name="kind"),
)

light_checks = _table(
    "light_checks",
    _id(),
    _link("rig_id", "rigs"),
    _file("photo_sha256"),
    _text("photo"),
    _text("document"),
    _at("at"),
)

goldens = _table(
    "goldens",
    _id(),
    _text("number"),
    sa.Column("version", sa.Integer, nullable=False),
    _text("sku"),
    _text("product"),
    _text("digest"),
    _text("sheet_toml"),
    _text("sheet_digest"),
    _text("master_digest"),
    _text("master_document"),
    _file("master_sha256"),
    _file("photo_sha256"),
    _file("frame_sha256"),
    _text("photo"),
    _text("rig", null=True),
    _text("calibration_digest"),
    _text("warnings"),
    _at("sealed_at"),
    sa.UniqueConstraint("number", "version"),
)

lots = _table(
    "lots",
    _id(),
    _text("name"),
    _link("golden_id", "goldens"),
    _at("created_at"),
    sa.UniqueConstraint("name"),
)

units = _table(
    "units",
    _id(),
    _text("ingest_key"),
    _text("unit"),
    _text("photo"),
    _file("photo_sha256"),
    _file("frame_sha256", null=True),
    _file("annotated_sha256", null=True),
    _link("golden_id", "goldens"),
    _link("lot_id", "lots", null=True),
    _text("verdict"),
    sa.Column("margin", real(), nullable=True),
    _text("document"),
    _text("digest"),
    _text("carton", null=True),
    _text("identifiers"),
    _at("inspected_at"),
    sa.UniqueConstraint("ingest_key"),
    sa.CheckConstraint("verdict IN ('conforms', 'nonconforms', 'undecided')", name="verdict"),
    sa.Index(None, "photo_sha256"),
    sa.Index(None, "verdict", "margin"),
)

findings = _table(
    "findings",
    _id(),
    _link("unit_id", "units"),
    _text("kind"),
    sa.Column("x_mm", real(), nullable=False),
    sa.Column("y_mm", real(), nullable=False),
    sa.Column("size_mm", real(), nullable=False),
    sa.Column("length_mm", real(), nullable=False),
    sa.Column("area_mm2", real(), nullable=False),
    _text("region"),
    sa.Column("score", real(), nullable=False),
    _text("class", null=True),
    _text("verdict"),
    sa.Index(None, "kind", "verdict"),
)

presentations = _table(
    "presentations",
    _id(),
    _link("unit_id", "units"),
    _text("unit"),
    _text("photo"),
    _text("lot"),
    _at("at"),
    sa.UniqueConstraint("unit_id", "unit", "lot"),
)

reviews = _table(
    "reviews",
    _id(),
    _link("unit_id", "units"),
    _text("decision"),
    _text("reason"),
    _text("reviewer"),
    _at("at"),
    sa.Column("supersedes", sa.Integer, sa.ForeignKey("reviews.id"), nullable=True),
    _text("request_key", null=True),
    sa.UniqueConstraint("supersedes"),
    sa.UniqueConstraint("request_key"),
    sa.CheckConstraint("decision IN ('accept', 'reject', 'defer', 'undo')", name="decision"),
)

lot_decisions = _table(
    "lot_decisions",
    _id(),
    _link("lot_id", "lots"),
    _text("decision"),
    _text("document"),
    _text("digest"),
    _at("at"),
    sa.CheckConstraint("decision IN ('accepted', 'rejected', 'open')", name="decision"),
)

gauge_captures = _table(
    "gauge_captures",
    _id(),
    _text("ingest_key"),
    _link("golden_id", "goldens"),
    _file("photo_sha256"),
    _text("photo"),
    _text("document"),
    _text("digest"),
    _at("at"),
    sa.UniqueConstraint("ingest_key"),
)

gauge_studies = _table(
    "gauge_studies",
    _id(),
    _link("golden_id", "goldens", null=True),
    _text("rig", null=True),
    _text("source"),
    _text("by"),
    _text("document"),
    _text("digest"),
    _at("at"),
    sa.CheckConstraint("source IN ('photos', 'values')", name="source"),
)

capability_studies = _table(
    "capability_studies",
    _id(),
    _link("golden_id", "goldens"),
    _text("model"),
    _text("document"),
    _text("digest"),
    _at("at"),
)

finding_reviews = _table(
    "finding_reviews",
    _id(),
    _link("unit_id", "units"),
    _link("golden_id", "goldens"),
    sa.Column("number", sa.Integer, nullable=False),
    _text("unit_digest"),
    _text("answer"),
    _text("kind"),
    _text("named", null=True),
    sa.Column("x_mm", real(), nullable=False),
    sa.Column("y_mm", real(), nullable=False),
    sa.Column("size_mm", real(), nullable=False),
    sa.Column("length_mm", real(), nullable=False),
    _text("region"),
    sa.Column("score", real(), nullable=False),
    sa.Column("contrast_to_noise", real(), nullable=False),
    sa.Column("set_aside", sa.Integer, nullable=False),
    _text("model"),
    _text("weights"),
    _text("program"),
    _text("reviewer"),
    _text("reason"),
    sa.Column("supersedes", sa.Integer, sa.ForeignKey("finding_reviews.id"), nullable=True),
    _at("at"),
    sa.Column("undone", sa.Integer, nullable=False, server_default=sa.text("0")),
    _text("request_key", null=True),
    sa.UniqueConstraint("supersedes"),
    sa.CheckConstraint("answer IN ('confirm', 'refuse', 'undecidable')", name="answer"),
    sa.CheckConstraint("set_aside IN (0, 1)", name="set_aside"),
    sa.CheckConstraint("undone IN (0, 1)", name="undone"),
    sa.Index("ix_finding_reviews_request_key", "request_key", unique=True),
)

finding_thresholds = _table(
    "finding_thresholds",
    _id(),
    _link("golden_id", "goldens"),
    _text("model"),
    _text("action"),
    _text("document"),
    _text("digest"),
    _at("at"),
    sa.CheckConstraint("action IN ('apply', 'reset')", name="action"),
)

entered_values = _table(
    "entered_values",
    _id(),
    _text("content_key"),
    _link("golden_id", "goldens"),
    _link("lot_id", "lots", null=True),
    sa.Column("unit", sa.Text, nullable=False, index=True),
    _text("name"),
    _text("verdict"),
    _text("document"),
    _text("digest"),
    sa.Column("supersedes", sa.Integer, sa.ForeignKey("entered_values.id"), nullable=True),
    _at("at"),
    sa.UniqueConstraint("content_key"),
    sa.UniqueConstraint("supersedes"),
    sa.CheckConstraint("verdict IN ('conforms', 'nonconforms', 'undecided')", name="verdict"),
)

streams = _table(
    "streams",
    _id(),
    _text("name"),
    _text("document"),
    _text("digest"),
    _at("at"),
    sa.UniqueConstraint("name"),
)

stream_events = _table(
    "stream_events",
    _id(),
    _link("stream_id", "streams"),
    sa.Column("sequence", sa.Integer, nullable=False),
    _text("kind"),
    _text("document"),
    _text("digest"),
    _at("at"),
    sa.UniqueConstraint("stream_id", "sequence"),
)

lot_draws = _table(
    "lot_draws",
    _id(),
    sa.Column("lot", sa.Text, nullable=False, index=True),
    _text("document"),
    _text("digest"),
    _at("at"),
)

nonconformities = _table(
    "nonconformities",
    _id(),
    _text("number"),
    _link("lot_id", "lots"),
    _text("document"),
    _text("digest"),
    _at("at"),
    sa.UniqueConstraint("number"),
    sa.UniqueConstraint("lot_id"),
)

nonconformity_events = _table(
    "nonconformity_events",
    _id(),
    _link("nonconformity_id", "nonconformities"),
    sa.Column("sequence", sa.Integer, nullable=False),
    _text("kind"),
    _text("document"),
    _text("digest"),
    _at("at"),
    sa.UniqueConstraint("nonconformity_id", "sequence"),
)

artefacts = _table(
    "artefacts",
    _id(),
    _text("number"),
    _text("kind"),
    sa.Column("version", sa.Integer, nullable=False),
    _text("name"),
    _file("file_sha256"),
    _text("note"),
    _text("by"),
    _text("document"),
    _text("digest"),
    _at("at"),
    sa.UniqueConstraint("number", "kind", "version"),
)

sign_offs = _table(
    "sign_offs",
    _id(),
    _text("number"),
    _text("artefact"),
    sa.Column("version", sa.Integer, nullable=False),
    _text("party"),
    _text("method"),
    _text("document"),
    _text("digest"),
    _text("key", null=True),
    _text("signature", null=True),
    _file("file_sha256", null=True),
    _at("at"),
    sa.UniqueConstraint("number", "artefact", "version", "party"),
    sa.CheckConstraint("method IN ('local key', 'detached', 'printed sheet')", name="method"),
)

acknowledgements = _table(
    "acknowledgements",
    _id(),
    _text("number"),
    _text("artefact"),
    sa.Column("version", sa.Integer, nullable=False),
    _text("party"),
    _file("file_sha256", null=True),
    _text("document"),
    _text("digest"),
    _at("at"),
)

ledger = _table(
    "ledger",
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    *(_text(name) for name in ("content", "hash", "key", "signature")),
)

ledger_rows = _table(
    "ledger_rows",
    sa.Column("sequence", sa.Integer, sa.ForeignKey("ledger.sequence"), primary_key=True, autoincrement=False),
    sa.Column("table_name", sa.Text, primary_key=True),
    sa.Column("row_key", sa.Text, primary_key=True),
    _text("digest"),
)

foreign_orders = _table(
    "foreign_orders",
    _id(),
    _file("archive_sha256"),
    *(_text(name) for name in ("order_name", "party", "key")),
    sa.Column("sequence", sa.Integer, nullable=False),
    *(_text(name) for name in ("hash", "document", "digest")),
    _at("at"),
    sa.UniqueConstraint("archive_sha256"),
)
