"""Initial tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REAL: sa.types.TypeEngine[Any] = sa.Double().with_variant(sqlite.REAL(), "sqlite")
UTC: sa.types.TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
APPEND_ONLY = ("goldens", "reviews", "lot_decisions", "presentations")


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=null)


def _at(name: str) -> sa.Column[Any]:
    return sa.Column(name, UTC, nullable=False)


def _file(table: str, name: str, *, null: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey("evidence.sha256", name=f"fk_{table}_{name}_evidence")
    return sa.Column(name, sa.Text, key, nullable=null)


def _link(table: str, name: str, target: str, *, null: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}_{target}")
    return sa.Column(name, sa.Integer, key, nullable=null)


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        _text("media_type"),
        _at("added_at"),
        sqlite_strict=True,
    )

    op.create_table(
        "rigs",
        _id(),
        _text("name"),
        _text("digest"),
        _text("document"),
        _at("added_at"),
        sa.UniqueConstraint("name", "digest", name="uq_rigs_name_digest"),
        sqlite_strict=True,
    )

    op.create_table(
        "calibrations",
        _id(),
        _link("calibrations", "rig_id", "rigs"),
        _text("kind"),
        _text("document"),
        _text("photos"),
        _at("made_at"),
        _at("expires_at"),
        sa.CheckConstraint("kind IN ('lens', 'light')", name="ck_calibrations_kind"),
        sqlite_strict=True,
    )
    op.create_index("ix_calibrations_rig_id", "calibrations", ["rig_id"])

    op.create_table(
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
        _file("goldens", "master_sha256"),
        _file("goldens", "photo_sha256"),
        _file("goldens", "frame_sha256"),
        _text("photo"),
        _text("rig", null=True),
        _text("calibration_digest"),
        _text("warnings"),
        _at("sealed_at"),
        sa.UniqueConstraint("number", "version", name="uq_goldens_number_version"),
        sqlite_strict=True,
    )

    op.create_table(
        "lots",
        _id(),
        _text("name"),
        _link("lots", "golden_id", "goldens"),
        _at("created_at"),
        sa.UniqueConstraint("name", name="uq_lots_name"),
        sqlite_strict=True,
    )
    op.create_index("ix_lots_golden_id", "lots", ["golden_id"])

    op.create_table(
        "units",
        _id(),
        _text("ingest_key"),
        _text("unit"),
        _text("photo"),
        _file("units", "photo_sha256"),
        _file("units", "frame_sha256", null=True),
        _file("units", "annotated_sha256", null=True),
        _link("units", "golden_id", "goldens"),
        _link("units", "lot_id", "lots", null=True),
        _text("verdict"),
        sa.Column("margin", REAL, nullable=True),
        _text("document"),
        _text("digest"),
        _text("carton", null=True),
        _text("identifiers"),
        _at("inspected_at"),
        sa.UniqueConstraint("ingest_key", name="uq_units_ingest_key"),
        sa.CheckConstraint("verdict IN ('conforms', 'nonconforms', 'undecided')", name="ck_units_verdict"),
        sqlite_strict=True,
    )
    op.create_index("ix_units_golden_id", "units", ["golden_id"])
    op.create_index("ix_units_lot_id", "units", ["lot_id"])
    op.create_index("ix_units_photo_sha256", "units", ["photo_sha256"])
    op.create_index("ix_units_verdict_margin", "units", ["verdict", "margin"])

    op.create_table(
        "findings",
        _id(),
        _link("findings", "unit_id", "units"),
        _text("kind"),
        sa.Column("x_mm", REAL, nullable=False),
        sa.Column("y_mm", REAL, nullable=False),
        sa.Column("size_mm", REAL, nullable=False),
        sa.Column("length_mm", REAL, nullable=False),
        sa.Column("area_mm2", REAL, nullable=False),
        _text("region"),
        sa.Column("score", REAL, nullable=False),
        _text("class", null=True),
        _text("verdict"),
        sqlite_strict=True,
    )
    op.create_index("ix_findings_unit_id", "findings", ["unit_id"])
    op.create_index("ix_findings_kind_verdict", "findings", ["kind", "verdict"])

    op.create_table(
        "presentations",
        _id(),
        _link("presentations", "unit_id", "units"),
        _text("unit"),
        _text("photo"),
        _text("lot"),
        _at("at"),
        sa.UniqueConstraint("unit_id", "unit", "lot", name="uq_presentations_unit_id_unit_lot"),
        sqlite_strict=True,
    )
    op.create_index("ix_presentations_unit_id", "presentations", ["unit_id"])

    op.create_table(
        "reviews",
        _id(),
        _link("reviews", "unit_id", "units"),
        _text("decision"),
        _text("reason"),
        _text("reviewer"),
        _at("at"),
        sa.Column(
            "supersedes", sa.Integer, sa.ForeignKey("reviews.id", name="fk_reviews_supersedes_reviews"), nullable=True
        ),
        _text("request_key", null=True),
        sa.UniqueConstraint("supersedes", name="uq_reviews_supersedes"),
        sa.UniqueConstraint("request_key", name="uq_reviews_request_key"),
        sa.CheckConstraint("decision IN ('accept', 'reject', 'defer', 'undo')", name="ck_reviews_decision"),
        sqlite_strict=True,
    )
    op.create_index("ix_reviews_unit_id", "reviews", ["unit_id"])

    op.create_table(
        "lot_decisions",
        _id(),
        _link("lot_decisions", "lot_id", "lots"),
        _text("decision"),
        _text("document"),
        _text("digest"),
        _at("at"),
        sa.CheckConstraint("decision IN ('accepted', 'rejected', 'open')", name="ck_lot_decisions_decision"),
        sqlite_strict=True,
    )
    op.create_index("ix_lot_decisions_lot_id", "lot_decisions", ["lot_id"])
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
    op.execute(
        "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )


def downgrade() -> None:
    for table in (
        "lot_decisions",
        "reviews",
        "presentations",
        "findings",
        "units",
        "lots",
        "goldens",
        "calibrations",
        "rigs",
        "evidence",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION append_only()")
