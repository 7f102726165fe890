"""From rows to what the use cases answer."""

from __future__ import annotations

import json

from station.service import views
from station.store import records
from station.store.database import Database
from station.store.rows import GoldenRow, ReviewRow, RigRow, UnitRow


def rig_view(db: Database, row: RigRow) -> views.RigView:
    """A bench and until when its calibrations hold."""
    lens, light = (records.calibration(db, row.id, kind) for kind in ("lens", "light"))
    return views.RigView(
        name=row.name,
        digest=row.digest,
        added_at=row.added_at,
        lens_expires_at=lens.expires_at if lens else None,
        light_expires_at=light.expires_at if light else None,
    )


def golden_view(row: GoldenRow, *, new: bool = False) -> views.GoldenView:
    """A golden sample as sealed; ``new``: by this call."""
    return views.GoldenView(
        number=row.number,
        version=row.version,
        digest=row.digest,
        regions=tuple(r["name"] for r in json.loads(row.master_document)["regions"]),
        warnings=tuple(json.loads(row.warnings)),
        sku=row.sku,
        product=row.product,
        sheet_digest=row.sheet_digest,
        photo=row.photo,
        photo_sha256=row.photo_sha256,
        frame_sha256=row.frame_sha256,
        rig=row.rig,
        sealed_at=row.sealed_at,
        new=new,
    )


def unit_view(row: UnitRow) -> views.UnitView:
    """A unit for a list."""
    return views.UnitView(
        id=row.id,
        unit=row.unit,
        photo=row.photo,
        sha256=row.photo_sha256,
        golden=row.golden,
        golden_version=row.golden_version,
        lot=row.lot,
        carton=row.carton,
        identifiers=row.identifiers,
        verdict=row.verdict,
        standing=row.standing,
        margin=row.margin,
        reasons=tuple(json.loads(row.document)["reasons"]),
        inspected_at=row.inspected_at,
        review=review_view(row.review) if row.review else None,
        has_pictures=row.frame_sha256 is not None,
        frame_sha256=row.frame_sha256,
        annotated_sha256=row.annotated_sha256,
    )


def review_view(row: ReviewRow) -> views.ReviewView:
    """A review for a list."""
    return views.ReviewView(
        id=row.id,
        unit_id=row.unit_id,
        decision=row.decision,
        reason=row.reason,
        reviewer=row.reviewer,
        at=row.at,
        supersedes=row.supersedes,
    )
