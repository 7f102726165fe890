"""Every row held against every file: what is missing, extra or changed."""

from __future__ import annotations

import json
from dataclasses import dataclass

import sqlalchemy as sa

from station.errors import NotFoundError, StoreError
from station.store import tables as t
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.masters import load_master
from station.values.digest import digest

_DATED = (
    ("gauge capture", t.gauge_captures),
    ("gauge study", t.gauge_studies),
    ("entered value", t.entered_values),
    ("capability study", t.capability_studies),
    ("record of reviewed thresholds", t.finding_thresholds),
    ("stream", t.streams),
    ("stream event", t.stream_events),
    ("draw", t.lot_draws),
    ("nonconformity", t.nonconformities),
    ("event of a nonconformity", t.nonconformity_events),
)


@dataclass(frozen=True, slots=True)
class Audit:
    """What a walk found. ``extra`` files harm nothing: a run that died left them, the same run again adopts them."""

    rows: int
    files: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Nothing is missing and nothing was changed."""
        return not self.missing and not self.changed


def audit(db: Database, evidence: Evidence) -> Audit:
    """Read every row and every file once."""
    changed: list[str] = db.faults()
    missing: list[str] = []
    extra: list[str] = []
    with db.read() as c:
        named = {r.sha256: r.size for r in c.execute(sa.select(t.evidence.c.sha256, t.evidence.c.size))}
        rows = sum(
            int(c.execute(sa.select(sa.func.count()).select_from(x)).scalar_one()) for x in t.metadata.sorted_tables
        )
        units = c.execute(sa.select(t.units.c.id, t.units.c.unit, t.units.c.document, t.units.c.digest)).all()
        decided = c.execute(sa.select(t.lot_decisions.c.id, t.lot_decisions.c.document, t.lot_decisions.c.digest)).all()
        goldens = c.execute(sa.select(t.goldens)).all()
        dated = [
            (name, r.id, r.document, r.digest)
            for name, table in _DATED
            for r in c.execute(sa.select(table.c.id, table.c.document, table.c.digest))
        ]
        studies = c.execute(sa.select(t.gauge_studies.c.id, t.gauge_studies.c.document)).all()
        calibrations = c.execute(sa.select(t.calibrations.c.id, t.calibrations.c.photos)).all()
    for sha256 in sorted(named):
        try:
            evidence.read(sha256)
        except NotFoundError:
            missing.append(f"evidence {sha256}")
        except StoreError:
            changed.append(f"evidence {sha256}")
    found = [file.name for file in evidence.files()]
    extra += [f"evidence {name}" for name in found if name not in named]
    changed += [f"unit {u.unit} (record {u.id})" for u in units if document_digest(u.document) != u.digest]
    changed += [f"lot decision {d.id}" for d in decided if document_digest(d.document) != d.digest]
    changed += [f"{name} {id}" for name, id, document, kept in dated if document_digest(document) != kept]
    for s in studies:
        photos = json.loads(s.document).get("captures", ())
        missing += [f"evidence {sha256} of gauge study {s.id}" for sha256 in photos if sha256 not in named]
    for g in goldens:
        again = json.loads(g.master_document).get("again", ())
        missing += [f"evidence {s} of golden {g.number} version {g.version}" for s in again if s not in named]
        try:
            load_master(evidence.read(g.master_sha256), json.loads(g.master_document), g.master_digest)
        except NotFoundError:
            continue  # named above
        except StoreError as error:
            changed.append(f"golden {g.number} version {g.version}: {error.message}")
    for k in calibrations:
        missing += [f"evidence {s} of calibration {k.id}" for s in json.loads(k.photos) if s not in named]
    return Audit(rows=rows, files=len(found), missing=tuple(missing), extra=tuple(extra), changed=tuple(changed))


def document_digest(text: str) -> str:
    """SHA-256 over a document's canonical JSON without its own ``digest``."""
    return digest({k: v for k, v in json.loads(text).items() if k != "digest"})
