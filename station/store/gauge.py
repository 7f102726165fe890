"""Gauge studies and the photos they were made from. Nothing is changed or erased; the newest study stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from station.errors import NotFoundError
from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert, insert_once
from station.store.records import keep_files
from station.store.rows import File, GaugeCaptureRow, GaugeStudyRow


def capture_of_key(db: Database, ingest_key: str) -> GaugeCaptureRow | None:
    """The photo that was measured under an ingest key."""
    with db.read() as c:
        row = c.execute(sa.select(t.gauge_captures).where(t.gauge_captures.c.ingest_key == ingest_key)).first()
    return None if row is None else GaugeCaptureRow(**row._mapping)


def add_capture(
    db: Database,
    *,
    ingest_key: str,
    golden_id: int,
    photo: str,
    file: File,
    document: str,
    digest: str,
    at: datetime,
) -> None:
    """Record a measured photo of a study; one that is known already is left as it is."""
    with db.write() as c:
        keep_files(c, [file], at)
        row = {
            "ingest_key": ingest_key, "golden_id": golden_id, "photo": photo, "photo_sha256": file.sha256,
            "document": document, "digest": digest, "at": at,
        }  # fmt: skip
        insert_once(c, t.gauge_captures, row)
        db.ledger.enter(c, "gauge photo measured")


def add_study(
    db: Database,
    *,
    golden_id: int | None,
    rig: str | None,
    source: str,
    by: str,
    document: str,
    digest: str,
    at: datetime,
) -> int:
    """Record a study; answers its id."""
    row = {
        "golden_id": golden_id, "rig": rig, "source": source, "by": by, "document": document, "digest": digest,
        "at": at,
    }  # fmt: skip
    with db.write() as c:
        made = int(insert(c, t.gauge_studies, row).id)
        db.ledger.enter(c, "gauge study", by=by)
        return made


def study(db: Database, study_id: int) -> GaugeStudyRow:
    """A study by its id. Raises NotFoundError."""
    with db.read() as c:
        row = c.execute(_studies().where(t.gauge_studies.c.id == study_id)).first()
    if row is None:
        raise NotFoundError(f"there is no gauge study {study_id}", "List them: station gauge list")
    return GaugeStudyRow(**row._mapping)


def studies(db: Database, *, golden: str | None = None, rig: str | None = None) -> list[GaugeStudyRow]:
    """Studies, newest first; ``golden``: of this number, any version. rig : on this bench."""
    query = _studies().order_by(t.gauge_studies.c.id.desc())
    if golden is not None:
        query = query.where(t.goldens.c.number == golden)
    if rig is not None:
        query = query.where(t.gauge_studies.c.rig == rig)
    with db.read() as c:
        return [GaugeStudyRow(**r._mapping) for r in c.execute(query)]


def _studies() -> sa.Select[Any]:
    return sa.select(
        t.gauge_studies, t.goldens.c.number.label("golden"), t.goldens.c.version.label("golden_version")
    ).outerjoin(t.goldens, t.goldens.c.id == t.gauge_studies.c.golden_id)
