"""Every row held against every file and against the ledger: what is missing, extra, changed or added."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from station.errors import NotFoundError, StoreError
from station.quality.ledger import Head
from station.store import tables as t
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.ledger_audit import audit_ledger
from station.store.masters import load_master
from station.store.row_digests import COVERED
from station.store.sign_offs import damaged_in
from station.values.digest import document_digest

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
    ("artefact", t.artefacts),
    ("sign-off", t.sign_offs),
    ("acknowledgement", t.acknowledgements),
    ("event of a golden record", t.golden_events),
    ("order", t.orders),
    ("event of an order", t.order_events),
    ("order of another station", t.foreign_orders),
)


@dataclass(frozen=True, slots=True)
class Audit:
    """What a walk found. ``extra`` files harm nothing: a run that died left them, the same run again adopts them.
    added : records that stand in no entry of the ledger. entries : of the ledger. remarks : nothing that is wrong."""

    rows: int
    files: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    entries: int = 0

    @property
    def ok(self) -> bool:
        """Nothing is missing, nothing was changed and nothing was added outside the station."""
        return not self.missing and not self.changed and not self.added


def audit(db: Database, evidence: Evidence, witness: Head | None = None) -> Audit:
    """Read every row and every file once, and walk the ledger. witness : a head of the ledger that was kept elsewhere.

    Nothing that was tampered with stops the walk: it is named, and the walk goes on.
    """
    changed: list[str] = db.faults()
    missing: list[str] = []
    with db.read() as c, _any_text(c):
        ledger = audit_ledger(c, db.ledger.keys, witness)
        e = t.evidence.c
        named = {r.sha256: r.size for r in c.execute(sa.select(e.sha256, e.size))}
        rows = sum(int(c.execute(sa.select(sa.func.count()).select_from(x)).scalar_one()) for x in COVERED)
        digested = [(label(r), r.document, r.digest) for label, query in _digested() for r in c.execute(query)]
        studies = c.execute(sa.select(t.gauge_studies.c.id, t.gauge_studies.c.document)).all()
        calibrations = c.execute(sa.select(t.calibrations.c.id, t.calibrations.c.photos)).all()
        columns = ("number", "version", "master_document", "master_sha256", "master_digest")
        goldens = c.execute(sa.select(*(t.goldens.c[k] for k in columns))).all()
        damaged = damaged_in(c)
    for sha256 in sorted(named):
        try:
            evidence.read(sha256)
        except NotFoundError:
            missing.append(f"evidence {sha256}")
        except StoreError:
            changed.append(f"evidence {sha256}")
    found = [file.name for file in evidence.files()]
    changed += [name for name, document, kept in digested if document_digest(document) != kept]
    for s in studies:
        missing += [
            f"evidence {sha256} of gauge study {s.id}"
            for sha256 in _listed(s.document, "captures")
            if sha256 not in named
        ]
    for g in goldens:
        name = f"golden {g.number} version {g.version}"
        missing += [f"evidence {s} of {name}" for s in _listed(g.master_document, "again") if s not in named]
        try:
            load_master(evidence.read(g.master_sha256), json.loads(g.master_document), g.master_digest)
        except NotFoundError:
            continue  # named above
        except StoreError as error:
            changed.append(f"{name}: {error.message}")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            changed.append(f"{name}: the master's record cannot be read")
    for k in calibrations:
        missing += [f"evidence {s} of calibration {k.id}" for s in _listed(k.photos) if s not in named]
    return Audit(
        rows=rows,
        files=len(found),
        missing=(*missing, *ledger.missing),
        extra=tuple(f"evidence {name}" for name in found if name not in named),
        changed=(*changed, *ledger.changed),
        added=tuple(ledger.added),
        remarks=(*ledger.remarks, *damaged),
        entries=ledger.entries,
    )


def _digested() -> Iterator[tuple[Callable[[sa.Row[Any]], str], sa.Select[Any]]]:
    """Queries for documents and their digests, each with what a record of it is called."""
    u, d = t.units.c, t.lot_decisions.c
    yield lambda r: f"unit {r.unit} (record {r.id})", sa.select(u.id, u.unit, u.document, u.digest)
    yield lambda r: f"lot decision {r.id}", sa.select(d.id, d.document, d.digest)
    for name, table in _DATED:

        def label(r: sa.Row[Any], name: str = name) -> str:
            return f"{name} {r.id}"

        yield label, sa.select(table.c.id, table.c.document, table.c.digest)


def _listed(text: str, key: str | None = None) -> Iterator[str]:
    """The digests that a document lists, itself or under a key; nothing where it cannot be read, which is named by its
    own digest."""
    try:
        found = json.loads(text)
        found = found if key is None else found.get(key, ())
        yield from (str(s) for s in found)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return


@contextlib.contextmanager
def _any_text(c: sa.Connection) -> Iterator[None]:
    """Read what is no text as text with its odd bytes written out, where SQLite's driver would refuse the row."""
    if c.dialect.name != "sqlite":
        yield
        return
    driver = c.connection.dbapi_connection
    assert driver is not None
    driver.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
    try:
        yield
    finally:
        driver.text_factory = str
