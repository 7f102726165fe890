"""Benches, golden samples and lots. Every row that names a file is written after the file is durable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from station.errors import ConflictError, NotFoundError
from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert, insert_once, last_sequence, sequences_of
from station.store.rows import (
    CalibrationRow,
    File,
    GoldenRow,
    LightCheckRow,
    LotDecisionRow,
    LotRow,
    RigRow,
)

GOLDEN_SEALED = "golden sealed"
_GOLDENS = sa.select(t.goldens).order_by(t.goldens.c.id.desc())
_VERSIONS = _GOLDENS.where(t.goldens.c.number == sa.bindparam("number"))


def keep_files(connection: sa.Connection, files: Iterable[File | None], at: datetime) -> None:
    """Name evidence files in the records, once each."""
    for file in files:
        if file is not None:
            row = {"sha256": file.sha256, "size": file.size, "media_type": file.media_type, "added_at": at}
            insert_once(connection, t.evidence, row)


# --- benches ---------------------------------------------------------------------------------------------------------


def add_rig(db: Database, *, name: str, digest: str, document: str, at: datetime) -> bool:
    """Register a bench; False where the same content is registered already. The newest of a name is in force."""
    with db.write() as c:
        new = insert_once(c, t.rigs, {"name": name, "digest": digest, "document": document, "added_at": at})
        db.ledger.enter(c, "rig registered")
        return new


def rig(db: Database, name: str) -> RigRow:
    """The newest bench of this name. Raises NotFoundError."""
    with db.read() as c:
        row = c.execute(sa.select(t.rigs).where(t.rigs.c.name == name).order_by(t.rigs.c.id.desc()).limit(1)).first()
    if row is None:
        raise NotFoundError(f"there is no rig {name!r}", "Register it: station rig add RIG.toml")
    return RigRow(**row._mapping)


def rigs(db: Database) -> list[RigRow]:
    """Every bench, newest version of each name, by name."""
    newest = sa.select(sa.func.max(t.rigs.c.id)).group_by(t.rigs.c.name)
    with db.read() as c:
        return [
            RigRow(**r._mapping)
            for r in c.execute(sa.select(t.rigs).where(t.rigs.c.id.in_(newest)).order_by(t.rigs.c.name))
        ]


def rig_versions(db: Database) -> list[RigRow]:
    """Every version of every bench, the newest first."""
    with db.read() as c:
        return [RigRow(**r._mapping) for r in c.execute(sa.select(t.rigs).order_by(t.rigs.c.id.desc()))]


def add_calibration(
    db: Database,
    *,
    rig_id: int,
    kind: str,
    document: str,
    files: Sequence[File],
    made_at: datetime,
    expires_at: datetime,
) -> int:
    """Record a calibration with the pictures it was made from; answers its id."""
    photos = json.dumps([f.sha256 for f in files])
    with db.write() as c:
        keep_files(c, files, made_at)
        row = {
            "rig_id": rig_id, "kind": kind, "document": document, "photos": photos,
            "made_at": made_at, "expires_at": expires_at,
        }  # fmt: skip
        made = int(insert(c, t.calibrations, row).id)
        db.ledger.enter(c, "rig calibrated", about={"kind": kind})
        return made


def calibration(db: Database, rig_id: int, kind: str) -> CalibrationRow | None:
    """The newest calibration of a bench, of this kind; None too where its numbers are not finite."""
    k = t.calibrations.c
    query = sa.select(t.calibrations).where(k.rig_id == rig_id, k.kind == kind).order_by(k.id.desc()).limit(1)
    with db.read() as c:
        row = c.execute(query).first()
    return None if row is None or not _is_finite(row.document) else CalibrationRow(**row._mapping)


def calibrations(db: Database, rig_id: int, kind: str) -> list[CalibrationRow]:
    """Every calibration of a bench, of this kind, the newest first; without those whose numbers are not finite."""
    k = t.calibrations.c
    query = sa.select(t.calibrations).where(k.rig_id == rig_id, k.kind == kind).order_by(k.id.desc())
    with db.read() as c:
        rows = [CalibrationRow(**r._mapping) for r in c.execute(query)]
    return [row for row in rows if _is_finite(row.document)]


def _is_finite(document: str) -> bool:
    strange: list[str] = []
    json.loads(document, parse_constant=strange.append)  # NaN and Infinity, which are no JSON
    return not strange


def add_light_check(db: Database, *, rig_id: int, photo: str, file: File, document: str, at: datetime) -> int:
    """Record a check of the bench light with its picture; answers its id."""
    with db.write() as c:
        keep_files(c, [file], at)
        row = {"rig_id": rig_id, "photo_sha256": file.sha256, "photo": photo, "document": document, "at": at}
        made = int(insert(c, t.light_checks, row).id)
        db.ledger.enter(c, "light checked")
        return made


def light_checks(db: Database, rig_id: int, since: datetime | None = None) -> list[LightCheckRow]:
    """Checks of a bench's light, oldest first; ``since``: made then or later."""
    k = t.light_checks.c
    query = sa.select(t.light_checks).where(k.rig_id == rig_id).order_by(k.id)
    if since is not None:
        query = query.where(k.at >= since)
    with db.read() as c:
        return [LightCheckRow(**r._mapping) for r in c.execute(query)]


# --- golden samples --------------------------------------------------------------------------------------------------


def add_golden(db: Database, values: dict[str, Any], files: Sequence[File], at: datetime) -> GoldenRow:
    """Seal a golden sample. Raises ConflictError where this version was sealed in the meantime."""
    with db.write() as c:
        keep_files(c, files, at)
        row = {**values, "sealed_at": at}
        if not insert_once(c, t.goldens, row):
            raise ConflictError(
                f"version {values['version']} of {values['number']} was sealed at the same moment", "Run it again."
            )
        db.ledger.enter(c, GOLDEN_SEALED, about={k: values[k] for k in ("number", "version", "sku", "digest")})
    return golden(db, values["number"], values["version"])


def golden(db: Database, number: str, version: int | None = None) -> GoldenRow:
    """A golden sample, its newest version by default. Raises NotFoundError."""
    found = golden_versions(db, number)
    for row in found:
        if version is None or row.version == version:
            return row
    if found:
        raise NotFoundError(f"golden {number} has no version {version}", f"Its newest is version {found[0].version}.")
    raise NotFoundError(
        f"there is no golden {number!r}", "Seal it: station golden seal --sheet SHEET.toml --photo PHOTO"
    )


def golden_by_id(db: Database, golden_id: int) -> GoldenRow:
    """A golden sample by its id."""
    with db.read() as c:
        return GoldenRow(**c.execute(sa.select(t.goldens).where(t.goldens.c.id == golden_id)).one()._mapping)


def golden_versions(db: Database, number: str | None = None) -> list[GoldenRow]:
    """All versions of a number (of every number), newest first."""
    query, parameters = (_GOLDENS, {}) if number is None else (_VERSIONS, {"number": number})
    with db.read() as c:
        return [GoldenRow(**r._mapping) for r in c.execute(query, parameters)]


# --- lots ------------------------------------------------------------------------------------------------------------


def ensure_lot(c: sa.Connection, name: str, golden_id: int, at: datetime) -> int:
    """Id of a lot, made where there is none. Raises ConflictError where it is held to another golden."""
    insert_once(c, t.lots, {"name": name, "golden_id": golden_id, "created_at": at})
    row = c.execute(sa.select(t.lots.c.id, t.lots.c.golden_id).where(t.lots.c.name == name)).one()
    if row.golden_id != golden_id:
        raise ConflictError(
            f"lot {name} is held to another golden sample or version", "Use that golden, or another lot id."
        )
    return int(row.id)


def _lots() -> sa.Select[Any]:
    return sa.select(t.lots, t.goldens.c.number.label("golden"), t.goldens.c.version.label("golden_version")).join(
        t.goldens, t.goldens.c.id == t.lots.c.golden_id
    )


def lot(db: Database, name: str) -> LotRow:
    """A lot by its id as the user gave it. Raises NotFoundError."""
    with db.read() as c:
        row = c.execute(_lots().where(t.lots.c.name == name)).first()
    if row is None:
        raise NotFoundError(
            f"there is no lot {name!r}", f"Inspect units into it: station inspect PHOTOS --golden NUMBER --lot {name}"
        )
    return LotRow(**row._mapping)


def lots_entered(db: Database, lots: Sequence[LotRow]) -> dict[int, int]:
    """The number of the ledger entry that entered each lot, by its id: the order in which they came, whatever a clock
    said. 0 for a lot that is older than the ledger."""
    with db.read() as c:
        found = sequences_of(c, t.lots, [x.id for x in lots])
    return {x.id: found.get(x.id, 0) for x in lots}


def lots(db: Database) -> list[LotRow]:
    """Every lot, newest first."""
    with db.read() as c:
        return [LotRow(**r._mapping) for r in c.execute(_lots().order_by(t.lots.c.id.desc()))]


def add_lot_decision(
    db: Database, *, lot_id: int, decision: str, document: str, digest: str, at: datetime
) -> LotDecisionRow:
    """Record a decision; the same decision as the newest one is not recorded twice."""
    with db.write() as c:
        c.execute(sa.select(t.lots.c.id).where(t.lots.c.id == lot_id).with_for_update())
        newest = c.execute(_decisions(lot_id).limit(1)).first()
        if newest is not None and newest.digest == digest:
            return LotDecisionRow(**newest._mapping)
        values = {"lot_id": lot_id, "decision": decision, "document": document, "digest": digest, "at": at}
        made = insert(c, t.lot_decisions, values)
        lot = c.execute(sa.select(t.lots.c.name).where(t.lots.c.id == lot_id)).scalar_one()
        db.ledger.enter(c, "lot decided", about={"lot": lot, "decision": decision, "digest": digest})
        return LotDecisionRow(**made._mapping)


def lot_decisions(db: Database, lot_id: int) -> list[LotDecisionRow]:
    """Decisions on a lot, newest first."""
    with db.read() as c:
        return [LotDecisionRow(**r._mapping) for r in c.execute(_decisions(lot_id))]


def lot_names(db: Database) -> list[str]:
    """Every name of a lot that is on record: with units, drawn, or awaited at a gate of an order."""
    with db.read() as c:
        parts = [sa.select(t.lots.c.name), sa.select(t.order_lots.c.lot), sa.select(t.lot_draws.c.lot)]
        return [str(name) for name in c.execute(sa.union(*parts)).scalars()]


def changed_since(db: Database, decided: LotDecisionRow) -> bool:
    """Whether a unit, a value or a review of a lot was recorded after a decision, by the ledger or by the clock: the
    ledger has them in their order whatever a clock said, and those that are older than it by their times alone."""
    u, e, r, p, k = t.units.c, t.entered_values.c, t.reviews.c, t.presentations.c, t.ledger_rows.c
    of_lot = {
        t.units: (u.lot_id == decided.lot_id, u.inspected_at),
        t.entered_values: (e.lot_id == decided.lot_id, e.at),
        t.reviews: (sa.and_(r.unit_id == u.id, u.lot_id == decided.lot_id), r.at),
        # a picture without a lot that was handed in again with this one
        t.presentations: (sa.and_(p.unit_id == u.id, u.lot_id == decided.lot_id), p.at),
    }
    with db.read() as c:
        entered = last_sequence(c, t.lot_decisions, decided.id)
        later = [sa.exists().where(mine, at >= decided.at) for mine, at in of_lot.values()]
        if entered is not None:
            for table, (mine, _) in of_lot.items():
                keys = sa.select(sa.cast(table.c.id, sa.Text)).where(mine)
                cited = (k.sequence > entered, k.table_name == table.name, k.row_key.in_(keys))
                later.append(sa.exists().where(*cited))
        return bool(c.execute(sa.select(sa.or_(*later))).scalar())


def _decisions(lot_id: int) -> sa.Select[Any]:
    return sa.select(t.lot_decisions).where(t.lot_decisions.c.lot_id == lot_id).order_by(t.lot_decisions.c.id.desc())


def media_type(db: Database, sha256: str) -> str:
    """Media type of a file that the records name. Raises NotFoundError."""
    with db.read() as c:
        found = c.execute(sa.select(t.evidence.c.media_type).where(t.evidence.c.sha256 == sha256)).scalar()
    if found is None:
        raise NotFoundError(f"no record names a file {sha256[:80]!r}", "Use the sha256 of a unit or golden.")
    return str(found)
