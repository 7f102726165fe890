"""The tables. Documents are stored as the exact text that left the station; what is searched for has a column.

Append-only, kept so by triggers: ``goldens``, ``reviews``, ``lot_decisions``, ``presentations``, ``gauge_captures``,
``gauge_studies``, ``entered_values``, ``capability_studies``, ``finding_reviews``, ``finding_thresholds``,
``streams``, ``stream_events``, ``lot_draws``, ``nonconformities``, ``nonconformity_events``, ``artefacts``,
``sign_offs``, ``acknowledgements``, ``golden_events``, ``foreign_orders``, ``orders``, ``order_events``,
``order_lots``, ``ledger``, ``ledger_rows``.

Tallies are queries, never counters.
"""

from __future__ import annotations

import sqlalchemy as sa

from station.store.bench_tables import (
    calibrations,
    capability_studies,
    gauge_captures,
    gauge_studies,
    light_checks,
    rigs,
)
from station.store.columns import Utc, metadata, real
from station.store.columns import at as _at
from station.store.columns import file as _file
from station.store.columns import key as _id
from station.store.columns import link as _link
from station.store.columns import table as _table
from station.store.columns import text as _text
from station.store.golden_tables import (
    acknowledgements,
    artefacts,
    foreign_orders,
    golden_events,
    goldens,
    sign_offs,
)

APPEND_ONLY = (
    *("goldens", "reviews", "lot_decisions", "presentations"),
    *("gauge_captures", "gauge_studies", "entered_values", "capability_studies"),
    *("finding_reviews", "finding_thresholds"),
    *("streams", "stream_events", "lot_draws"),
    *("nonconformities", "nonconformity_events"),
    *("artefacts", "sign_offs", "acknowledgements", "golden_events", "foreign_orders"),
    *("orders", "order_events", "order_lots"),
    *("ledger", "ledger_rows"),
)


evidence = _table(
    "evidence",
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
    _text("media_type"),
    _at("added_at"),
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
    sa.Column("disputes", sa.Integer, sa.ForeignKey("reviews.id"), nullable=True),
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

orders = _table(
    "orders",
    _id(),
    *(_text(name) for name in ("name", "sku", "golden", "document", "digest")),
    _at("at"),
    sa.UniqueConstraint("name", "sku"),
)

order_events = _table(
    "order_events",
    _id(),
    _link("order_id", "orders"),
    sa.Column("sequence", sa.Integer, nullable=False),
    *(_text(name) for name in ("kind", "document", "digest")),
    _at("at"),
    sa.UniqueConstraint("order_id", "sequence"),
)

order_lots = _table(
    "order_lots",
    _id(),
    _link("order_id", "orders"),
    *(_text(name) for name in ("lot", "gate", "by")),
    _text("replaces", null=True),
    _at("at"),
    sa.UniqueConstraint("lot"),
    sa.UniqueConstraint("replaces"),
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

__all__ = [
    "APPEND_ONLY",
    "Utc",
    "acknowledgements",
    "artefacts",
    "calibrations",
    "capability_studies",
    "entered_values",
    "evidence",
    "finding_reviews",
    "finding_thresholds",
    "findings",
    "foreign_orders",
    "gauge_captures",
    "gauge_studies",
    "golden_events",
    "goldens",
    "ledger",
    "ledger_rows",
    "light_checks",
    "lot_decisions",
    "lot_draws",
    "lots",
    "metadata",
    "nonconformities",
    "nonconformity_events",
    "order_events",
    "order_lots",
    "orders",
    "presentations",
    "real",
    "reviews",
    "rigs",
    "sign_offs",
    "stream_events",
    "streams",
    "units",
]
