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
from station.store.rows import GoldenRow, LotRow
from station.store.sign_offs import AcknowledgementRow, SignOffRow
from station.values.golden_record import RecordEvent

_SUPPLIERS = ("supplier", "factory")


def events_of(db: Database, number: str) -> list[RecordEvent]:
    """Everything that was said of a golden sample, in its order."""
    return [RecordEvent.model_validate_json(text) for text in golden_events.events(db, number)]


def standing(db: Database, row: GoldenRow, today: date) -> Standing:
    """What was said of a golden sample, seen from a sealed version."""
    versions, events = records.golden_versions(db, row.number), tuple(events_of(db, row.number))
    told = any(e.kind == "resolution" for e in events)  # else nobody asks which version has the words
    return Standing(
        number=row.number, version=row.version, events=events, today=today,
        sealed={g.version: g.sealed_at.date() for g in versions},
        sheet_items=load_sheet(row.sheet_toml.encode()).golden.open_items,
        notes={g.version: _notes(load_sheet(g.sheet_toml.encode())) for g in versions} if told else {},
    )  # fmt: skip


def _notes(sheet: Sheet) -> str:
    """The notes of a sheet, of the product and of each region."""
    return "\n---\n".join((sheet.product.notes, *(r.note for r in sheet.regions)))


def facts(
    db: Database, evidence: Evidence, row: GoldenRow, *, superseded_by: str | None, held: Sequence[rules.Held],
    today: date,
) -> Facts:  # fmt: skip
    """What the records say of a golden sample's version in force. held : who holds what, oldest first."""
    stands = standing(db, row, today)
    sheet = load_sheet(row.sheet_toml.encode())
    signed = [r for r in sign_offs.sign_offs(db, row.number)
              if (r.artefact, r.version) == (rules.PRODUCT, row.version)]  # fmt: skip
    both = len({r.party for r in signed}) == len(rules.SIGNERS)
    approved_at = max(r.at for r in signed) if both else None
    artefacts = {a.kind: f"{a.name} (version {a.version})" for a in sign_offs.artefacts(db, row.number)}
    said = [a for a in sign_offs.acknowledgements(db, row.number)
            if a.artefact == rules.PRODUCT and a.party in _SUPPLIERS and a.version == row.version]  # fmt: skip
    lots = [x for x in records.lots(db) if x.golden == row.number]
    first = min((x for x in lots if x.golden_version == row.version), key=lambda x: x.id, default=None)
    again = _between(db, signed if both else [], said, first)
    theirs = [h for (artefact, party), h in rules.newest_held(held).items()
              if artefact == rules.PRODUCT and party in _SUPPLIERS]  # fmt: skip
    other = [h for h in theirs if h.version != row.version]
    written = [e for e in stands.of("entry") if e.entry and (e.entry.acceptable or e.entry.unacceptable)]
    in_force = {rules.PRODUCT: row.version} | {a.kind: a.version for a in sign_offs.artefacts(db, row.number)}
    apart = rules.differing(held, in_force)
    reason = "; ".join(f"{a}: {rules.who_holds(h)}, in force is {in_force.get(a)}" for a, h in apart.items())
    return Facts(
        standing=stands, sheet=sheet, number=row.number, version=row.version, superseded_by=superseded_by,
        signed=_signers(signed), approved_at=approved_at, artefacts=artefacts, one_version=not apart, reason=reason,
        supplier_holds="" if other or not theirs else f"{theirs[-1].party} {theirs[-1].name}",
        supplier_apart=rules.who_holds(other), begun="" if first is None else first.name,
        reconfirmed=f"{again[-1].party} {_name(again[-1].document)}, {again[-1].at:%Y-%m-%d}" if again else "",
        first_lot_at=None if first is None else first.created_at,
        criteria_at=written[0].at if written else None,
        decided=tuple(x.name for x in lots if x.golden_version == row.version and records.lot_decisions(db, x.id)),
        colours=_colours(row), logos=_logos(evidence, row, sheet), lit=row.rig is not None,
    )  # fmt: skip


def _between(
    db: Database, signed: Sequence[SignOffRow], said: Sequence[AcknowledgementRow], first: LotRow | None
) -> list[AcknowledgementRow]:
    """Acknowledgements after the last signature and before the first lot, in the order of the ledger: clocks are set
    back at times. Those that are older than the ledger are told apart by their times alone."""
    if not signed:
        return []
    order = sign_offs.entered(db, [*signed, *said])
    approved = max((order[type(r), r.id], r.at) for r in signed)
    begun = None if first is None else (records.lots_entered(db, [first])[first.id], first.created_at)
    when = {a.id: (order[type(a), a.id], a.at) for a in said}
    return [a for a in said if when[a.id] >= approved and (begun is None or when[a.id] < begun)]


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
