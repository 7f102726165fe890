"""Run by test_store_crash in a process of its own: records units one by one and kills itself at a named point."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from station.errors import NotFoundError
from station.store import inspections, records
from station.store.database import Database, sqlite_url
from station.store.evidence import Evidence
from station.store.rows import File, NewUnit
from station.values.digest import digest
from station.values.documents import Verdict

AT = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str, db: Database) -> None:
    """Make the process die at the point, the next time it comes there."""

    def after(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> None:
            real(*args, **more)
            die()

        return call

    def half(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int, data: Any) -> None:
            real(descriptor, bytes(data)[: len(data) // 2])
            die()

        return call

    def folder_only(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int) -> None:
            if Path(f"/proc/self/fd/{descriptor}").is_dir():
                die()
            real(descriptor)

        return call

    wrap = {
        "file-opened": ("open", after),
        "file-half-written": ("write", half),
        "file-written": ("fsync", None),
        "file-flushed": ("replace", None),
        "file-renamed": ("replace", after),
        "folder-not-flushed": ("fsync", folder_only),
    }
    if point in wrap:
        name, kind = wrap[point]
        setattr(os, name, kind(getattr(os, name)) if kind else lambda *_args: die())
    elif point == "row-begun":
        sa.event.listen(db._writer, "begin", lambda _c: die())
    elif point == "row-written":
        sa.event.listen(db._writer, "commit", lambda _c: die())
    elif point == "row-committed":
        sa.event.listen(db._writer, "checkin", lambda *_: die())
    else:
        raise ValueError(point)


def seal(db: Database, evidence: Evidence) -> int:
    try:
        return records.golden(db, "GS-1").id
    except NotFoundError:
        file = File(evidence.put(b"golden"), 6, "image/jpeg")
        names = ("number", "sku", "product", "digest", "sheet_toml", "sheet_digest", "master_digest", "photo")
        values: dict[str, Any] = dict.fromkeys((*names, "calibration_digest"), "GS-1")
        values |= {"version": 1, "master_document": "{}", "warnings": "[]", "rig": None}
        values |= {f"{k}_sha256": file.sha256 for k in ("master", "photo", "frame")}
        return records.add_golden(db, values, [file], AT).id


def main(home: Path, count: int, point: str, at: int) -> None:
    db, evidence = Database(sqlite_url(home)), Evidence(home / "evidence")
    db.ensure()
    golden_id = seal(db, evidence)
    for i in range(count):
        if i == at:
            arm(point, db)
        data = f"photo {i} ".encode() * 5000
        document = {"unit": f"u{i}", "reasons": []}
        text = json.dumps({**document, "digest": digest(document)})
        file = File(evidence.put(data), len(data), "image/jpeg")
        inspections.add_unit(
            db,
            NewUnit(f"key {i}", f"u{i}", f"u{i}.jpg", file, None, None, golden_id, "L1", Verdict.CONFORMS, 0.5, text,
                    digest(document), AT),
        )  # fmt: skip
        print(i, flush=True)
    db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
