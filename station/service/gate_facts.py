"""What the records say about an order, beside what people said of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from station.quality.first_article import FirstPiece, first_article
from station.quality.gate_lots import foreign
from station.quality.gate_rules import LUX
from station.quality.sign_off import PRODUCT, newest_held
from station.service.gate_evidence import unit_faults
from station.service.lots import known_golden
from station.store import gates as store
from station.store import records
from station.values.documents import LotDocument
from station.values.gates import (
    ArtefactInForce,
    FirstArticleDocument,
    GateEvent,
    GateFacts,
    GateLot,
    OrderGatesDocument,
    OrderRecord,
)

if TYPE_CHECKING:
    from station.service.station import Station
    from station.sheet import Sheet
    from station.store.database import Database
    from station.store.rows import GoldenRow, LotRow


def gate_facts(
    station: Station, db: Database, row: store.OrderRow, record: OrderRecord, events: list[GateEvent]
) -> GateFacts:
    """What is on record about an order's golden sample, artefacts, lots and first pieces."""
    from station.lots.orders import plan_remarks
    from station.sheet import agreed_aql, load_sheet

    golden = records.golden(db, record.golden)
    sheet = load_sheet(golden.sheet_toml.encode())
    status = station.sign_off.status(record.golden)
    factory = newest_held(station.sign_off.held(record.golden)).get((PRODUCT, "factory"))
    artefacts: dict[str, ArtefactInForce] = {}
    signed_by: tuple[str, ...] = ()
    for a in status.artefacts:
        if a.artefact == PRODUCT:
            signed_by = tuple(sorted(a.signed_by))
        elif a.version is not None:
            artefacts[a.artefact] = ArtefactInForce(
                version=a.version, sha256=station.sign_off.file_of(record.golden, a.artefact),
                signed_by=tuple(sorted(a.signed_by)),
            )  # fmt: skip
    lots = _lots(station, db, row, record, events)
    return GateFacts(
        version=golden.version, golden_digest=golden.digest, state=status.state, superseded_by=status.superseded_by,
        version_reason=status.reason, open_items=station.record.open_items(record.golden),
        sheet_digest=golden.sheet_digest, artwork=sheet.golden.artwork,
        catalogue=bool(sheet.defects), lux=sheet.viewing.lux or LUX, cct_k=sheet.viewing.cct_k,
        artwork_sha256=station.record.artwork_digest(record.golden),
        sourcing_risk=station.traceability.sourcing_risk(sheet.product.supplier), signed_by=signed_by,
        plan_remarks=plan_remarks(record.units + sum(record.beside), record.profile, agreed_aql(sheet)),
        held_by_factory=None if factory is None else factory.version, artefacts=artefacts, lots=lots,
        unit_faults=unit_faults(db, record, events), form=_form(station, db, record, golden, sheet, lots, events),
    )  # fmt: skip


def foreign_lot(db: Database, found: OrderGatesDocument, lot: str) -> str:
    """Why the goods of a lot are not the order's, in words; "" where they may be."""
    golden, known = known_golden(db, lot), next((x for x in records.lots(db) if x.name == lot), None)
    row = store.order(db, found.record.order, found.record.sku)
    return foreign(
        lot, version=None if golden is None else golden.version, held=found.golden_version, golden=found.record.golden,
        opened_at=None if known is None else known.created_at, since=found.started_at, ordered_at=found.record.at,
        since_began=known is not None and _since_began(db, row, known, found.started_at or found.record.at),
    )  # fmt: skip


def _since_began(db: Database, row: store.OrderRow, lot: LotRow, began: datetime) -> bool:
    """Whether a lot whose time is before the order's beginning was opened after it by the ledger. Asked only of such
    lots: the ledger is walked for it."""
    if lot.created_at >= began:
        return False
    return 0 < store.began_with(db, row) < records.lots_entered(db, [lot])[lot.id]


def _lots(
    station: Station, db: Database, row: store.OrderRow, record: OrderRecord, events: list[GateEvent]
) -> tuple[GateLot, ...]:
    found = []
    began = next((e.at for e in events if e.kind == "started"), record.at)
    known = {x.name: x for x in records.lots(db)}
    assigned = store.lots_of_order(db, row.id)
    replaced = {x.replaces: x.lot for x in assigned if x.replaces is not None}
    for x in assigned:
        lot = known.get(x.lot)
        held = known_golden(db, x.lot) if lot is None else records.golden_by_id(db, lot.golden_id)
        decisions = [] if lot is None else records.lot_decisions(db, lot.id)
        decided = LotDocument.model_validate_json(decisions[0].document) if decisions else None
        units = [] if lot is None else station.standing_units(x.lot)
        outdated = "" if decided is None or x.lot in replaced else station.deciding.outdated(x.lot, units)
        found.append(
            GateLot.model_validate(
                {
                    "lot": x.lot, "gate": x.gate, "size": None if decided is None else decided.size,
                    "inspected": len(units),
                    "decision": None if decided is None else decided.decision,
                    "critical": decided is not None and _critical(decided),
                    "reasons": () if decided is None else decided.reasons, "replaced_by": replaced.get(x.lot),
                    "replaces": x.replaces, "golden_version": None if held is None else held.version,
                    "opened_at": None if lot is None else lot.created_at, "assigned_at": x.at, "outdated": outdated,
                    "since_began": lot is not None and _since_began(db, row, lot, began),
                }
            )
        )  # fmt: skip
    return tuple(found)


def _critical(decided: LotDocument) -> bool:
    return any(c.defect_class == "critical" and c.accepted is not True for c in decided.classes)


def _form(
    station: Station, db: Database, record: OrderRecord, golden: GoldenRow, sheet: Sheet, lots: tuple[GateLot, ...],
    events: list[GateEvent],
) -> FirstArticleDocument:  # fmt: skip
    """The first-article form from the units of the first-off lots that are held to the golden version in force."""
    mine = [x.lot for x in lots if x.gate == "first-off" and x.replaced_by is None and _held_to(db, x.lot) == golden.id]
    pieces = []
    for lot in mine:
        for unit in station.standing_units(lot):
            document = station.unit_document(unit.id)
            review = None if unit.overtaken else unit.review
            by = {} if review is None else {review.counted: review.reviewer}
            pieces.append(FirstPiece(document, accepted_by=by.get("accept", ""), rejected_by=by.get("reject", "")))
    tried = next((e for e in reversed(events) if e.kind == "checked" and e.gate == "first-off"), None)
    functional = "" if tried is None else f"{tried.wrong} of {tried.n} failed: {tried.text}".rstrip(": ")
    needed = next(g.n for g in record.gates if g.gate == "first-off")
    return first_article(
        order=record.order, sku=record.sku, golden=golden.number, version=golden.version, sheet=sheet, lots=mine,
        pieces=pieces, needed=needed, functional=functional,
    )  # fmt: skip


def _held_to(db: Database, lot: str) -> int | None:
    found = known_golden(db, lot)
    return None if found is None else found.id
