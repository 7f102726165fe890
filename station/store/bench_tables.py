"""Tables of benches: rigs, calibrations, light, gauge and capability studies."""

from __future__ import annotations

import sqlalchemy as sa

from station.store.columns import at, file, key, link, table, text

rigs = table(
    "rigs",
    key(),
    text("name"),
    text("digest"),
    text("document"),
    at("added_at"),
    sa.UniqueConstraint("name", "digest"),
)

calibrations = table(
    "calibrations",
    key(),
    link("rig_id", "rigs"),
    text("kind"),
    text("document"),
    text("photos"),
    at("made_at"),
    at("expires_at"),
    sa.CheckConstraint("kind IN ('lens', 'light')", name="kind"),
)

light_checks = table(
    "light_checks",
    key(),
    link("rig_id", "rigs"),
    file("photo_sha256"),
    text("photo"),
    text("document"),
    at("at"),
)

gauge_captures = table(
    "gauge_captures",
    key(),
    text("ingest_key"),
    link("golden_id", "goldens"),
    file("photo_sha256"),
    text("photo"),
    text("document"),
    text("digest"),
    at("at"),
    sa.UniqueConstraint("ingest_key"),
)

gauge_studies = table(
    "gauge_studies",
    key(),
    link("golden_id", "goldens", null=True),
    text("rig", null=True),
    text("source"),
    text("by"),
    text("document"),
    text("digest"),
    at("at"),
    sa.CheckConstraint("source IN ('photos', 'values')", name="source"),
)

capability_studies = table(
    "capability_studies",
    key(),
    link("golden_id", "goldens"),
    text("model"),
    text("document"),
    text("digest"),
    at("at"),
)
