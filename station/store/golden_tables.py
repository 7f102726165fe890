"""Tables of golden samples: versions, artefacts, what parties say of them, records; orders of other stations."""

from __future__ import annotations

import sqlalchemy as sa

from station.store.columns import at, file, key, table, text

goldens = table(
    "goldens",
    key(),
    text("number"),
    sa.Column("version", sa.Integer, nullable=False),
    text("sku"),
    text("product"),
    text("digest"),
    text("sheet_toml"),
    text("sheet_digest"),
    text("master_digest"),
    text("master_document"),
    file("master_sha256"),
    file("photo_sha256"),
    file("frame_sha256"),
    text("photo"),
    text("rig", null=True),
    text("calibration_digest"),
    text("warnings"),
    at("sealed_at"),
    sa.UniqueConstraint("number", "version"),
)

artefacts = table(
    "artefacts",
    key(),
    text("number"),
    text("kind"),
    sa.Column("version", sa.Integer, nullable=False),
    text("name"),
    file("file_sha256"),
    text("note"),
    text("by"),
    text("document"),
    text("digest"),
    at("at"),
    sa.UniqueConstraint("number", "kind", "version"),
)

sign_offs = table(
    "sign_offs",
    key(),
    text("number"),
    text("artefact"),
    sa.Column("version", sa.Integer, nullable=False),
    text("party"),
    text("method"),
    text("document"),
    text("digest"),
    text("key", null=True),
    text("signature", null=True),
    file("file_sha256", null=True),
    at("at"),
    sa.UniqueConstraint("number", "artefact", "version", "party"),
    sa.CheckConstraint("method IN ('local key', 'detached', 'printed sheet')", name="method"),
)

acknowledgements = table(
    "acknowledgements",
    key(),
    text("number"),
    text("artefact"),
    sa.Column("version", sa.Integer, nullable=False),
    text("party"),
    file("file_sha256", null=True),
    text("document"),
    text("digest"),
    at("at"),
)

golden_events = table(
    "golden_events",
    key(),
    text("number"),
    sa.Column("sequence", sa.Integer, nullable=False),
    *(text(name) for name in ("kind", "document", "digest")),
    at("at"),
    sa.UniqueConstraint("number", "sequence"),
)

foreign_orders = table(
    "foreign_orders",
    key(),
    file("archive_sha256"),
    *(text(name) for name in ("order_name", "party", "key")),
    sa.Column("sequence", sa.Integer, nullable=False),
    *(text(name) for name in ("hash", "document", "digest")),
    at("at"),
    sa.UniqueConstraint("archive_sha256"),
)
