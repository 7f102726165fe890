"""A golden sample's record as it stands, and the facts that its fields, checklist and linter rest on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from station.quality import sign_off as rules
from station.quality.golden_record import Standing
from station.quality.record_fields import Facts
from station.sheet import Sheet, load_sheet
from station.store import golden_events, records, sign_offs
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import GoldenRow
from station.store.sign_offs import SignOffRow
from station.values.golden_record import RecordEvent

_SUPPLIERS = ("supplier", "factory")


def events_of(db: Database, number: str) -> list[RecordEvent]:
    """Everything that was said of a golden sample, in its order."""
    return [RecordEvent.model_validate_json(text) for text in golden_events.events(db, number)]


def standing(db: Database, row: GoldenRow, today: date) -> Standing:
    """What was said of a golden sample, seen from a sealed version."""
    versions = records.golden_versions(db, row.number)
    return Standing(
        number=row.number, version=row.version, events=tuple(events_of(db, row.number)), today=today,
        sealed={g.version: g.sealed_at.date() for g in versions},
        sheet_items=load_sheet(row.sheet_toml.encode()).golden.open_items,
    )  # fmt: skip


def facts(
    db: Database, evidence: Evidence, row: GoldenRow, *, superseded_by: str | None, held: Sequence[rules.Held],
    today: date,
) -> Facts:  # fmt: skip
    """What the records say of a golden sample's version in force. held : who holds what, oldest first."""
    stands = standing(db, row, today)
    sheet = load_sheet(row.sheet_toml.encode())
    signed = [r for r in sign_offs.sign_offs(db, row.number)
              if (r.artefact, r.version) == (rules.PRODUCT, row.version)]  # fmt: skip
    approved_at = max(r.at for r in signed) if len({r.party for r in signed}) == len(rules.SIGNERS) else None
    artefacts = {a.kind: f"{a.name} (version {a.version})" for a in sign_offs.artefacts(db, row.number)}
    said = [a for a in sign_offs.acknowledgements(db, row.number)
            if a.artefact == rules.PRODUCT and a.party in _SUPPLIERS and a.version == row.version]  # fmt: skip
    again = [a for a in said if approved_at is not None and a.at >= approved_at]
    theirs = [f"{r.party} {_name(r.document)}" for r in signed if r.party in _SUPPLIERS]
    theirs += [f"{a.party} {_name(a.document)}" for a in said]
    lots = [x for x in records.lots(db) if x.golden == row.number]
    written = [e for e in stands.of("entry") if e.entry and (e.entry.acceptable or e.entry.unacceptable)]
    in_force = {rules.PRODUCT: row.version} | {a.kind: a.version for a in sign_offs.artefacts(db, row.number)}
    apart = rules.differing(held, in_force)
    reason = "; ".join(f"{a}: {rules.who_holds(h)}, in force is {in_force.get(a)}" for a, h in apart.items())
    return Facts(
        standing=stands, sheet=sheet, number=row.number, version=row.version, superseded_by=superseded_by,
        signed=_signers(signed), approved_at=approved_at, artefacts=artefacts, one_version=not apart, reason=reason,
        supplier_holds=theirs[-1] if theirs else "",
        reconfirmed=f"{again[-1].party} {_name(again[-1].document)}, {again[-1].at:%Y-%m-%d}" if again else "",
        first_lot_at=min((x.created_at for x in lots), default=None),
        criteria_at=written[0].at if written else None,
        decided=tuple(x.name for x in lots if x.golden_version == row.version and records.lot_decisions(db, x.id)),
        colours=_colours(row), logos=_logos(evidence, row, sheet), lit=row.rig is not None,
    )  # fmt: skip


def _signers(rows: list[SignOffRow]) -> dict[str, str]:
    return {r.party: _name(r.document) for r in sorted(rows, key=lambda r: rules.SIGNERS.index(r.party))}


def _name(document: str) -> str:
    return str(json.loads(document)["name"])


def _colours(row: GoldenRow) -> dict[str, str]:
    """L*, a*, b* of every region as measured on the golden."""
    found = {}
    for r in json.loads(row.master_document).get("regions", ()):
        lab = r.get("lab")
        found[str(r["name"])] = "" if lab is None else "Lab " + " ".join(f"{float(x):.1f}" for x in lab)
    return found


def _logos(evidence: Evidence, row: GoldenRow, sheet: Sheet) -> dict[str, str]:
    """The centre of every mark's box on the golden."""
    if not sheet.marks:
        return {}
    from station.store.masters import load_master

    master = load_master(evidence.read(row.master_sha256), json.loads(row.master_document), row.master_digest)
    found = {}
    for m in master.marks:
        x, y = (m.polygon_mm.min(axis=0) + m.polygon_mm.max(axis=0)) / 2
        found[m.name] = f"at x {x:.2f}, y {y:.2f} mm"
    return found
