"""The three records that a factory is asked for, whether and when they came, and which supplier is a risk (D4).

Production lot dates tell drift, incoming lots of hardware and magnets tell substitution, inspection reports tell a weak
screening. They are asked for with the claim, or by hand; what has not come by the day of the answer, or cannot be shown
at all, marks the supplier as a risk for the next order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, get_args

from station.errors import RequestError
from station.values.documents import Cause
from station.values.nonconformity import Context, FactoryRecord, Facts, NcEvent, RecordStep
from station.values.sourcing import SourcingRisk, SupplierRecord

RECORDS: Final[tuple[Cause, ...]] = ("drift", "substitution", "screening")
NAMES: Final[dict[Cause, str]] = {
    "drift": "production lot dates", "substitution": "incoming hardware and magnet lots",
    "screening": "final inspection reports",
}  # fmt: skip
"""What each is, by the cause that it tells."""
WORDS: Final[dict[str, Cause]] = {
    "lot-dates": "drift", "incoming-lots": "substitution", "inspection-reports": "screening",
}  # fmt: skip
"""As a command names them."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A nonconformity as far as its records go."""

    number: str
    lot: str
    supplier: str
    records: tuple[FactoryRecord, ...]


def vet_record(name: str) -> Cause:
    """A record by its name on the command line, or by the cause that it tells. Raises RequestError."""
    found = WORDS.get(name) or next((c for c in RECORDS if c == name), None)
    if found is None:
        raise RequestError(f"{name[:40]!r} is no record of the factory", f"Use one of {', '.join(WORDS)}.")
    return found


def vet_step(name: str) -> RecordStep:
    """What happened to a record. Raises RequestError."""
    found: RecordStep | None = next((s for s in get_args(RecordStep) if s == name), None)
    if found is None:
        raise RequestError(f"{name[:40]!r} is nothing that happens to a record", "Use asked, came or refused.")
    return found


def replay_records(events: Sequence[NcEvent], today: date) -> tuple[FactoryRecord, ...]:
    """The three records as they stand. Sending a claim asks for those that its facts name."""
    context, facts = Context(), events[0].facts
    found = {cause: FactoryRecord(record=cause, name=NAMES[cause], state="not asked") for cause in RECORDS}
    own_words = False
    for e in events:
        context = e.context or context
        facts = e.facts or facts
        if e.kind == "ask":
            own_words = bool(e.asks)
        if e.kind == "sent" and facts is not None and not own_words:
            for cause in _asked_for(facts):
                found[cause] = _asked(found[cause], e.at.date(), context, e)
        if e.kind == "record" and e.record is not None:
            found[e.record] = _stepped(found[e.record], e, context)
    return tuple(_dated(r, today) for r in found.values())


def _asked_for(facts: Facts) -> tuple[Cause, ...]:
    measured = any(i.source in ("measured", "finding") and i.clause for i in facts.items)
    return facts.ask_for if measured else ()


def _asked(r: FactoryRecord, on: date, context: Context, e: NcEvent) -> FactoryRecord:
    """Asked for on a day; what came or was refused before it was asked for stays so."""
    if r.asked_on is not None:
        return r
    told: dict[str, object] = {"asked_on": on, "due": on + timedelta(days=context.answer_days)}
    if r.state == "not asked":
        told |= {"state": "asked", "by": e.by, "at": e.at}
    return r.model_copy(update=told)


def _stepped(r: FactoryRecord, e: NcEvent, context: Context) -> FactoryRecord:
    on = e.due or e.at.date()
    if e.step == "asked":
        return _asked(r, on, context, e)
    told = {"state": e.step, "settled_on": on, "note": e.text, "sha256": e.photo_sha256, "file_name": e.file_name}
    return r.model_copy(update=told | {"by": e.by, "at": e.at})


def _dated(r: FactoryRecord, today: date) -> FactoryRecord:
    late = r.state == "asked" and r.due is not None and today > r.due
    return r.model_copy(update={"state": "overdue"}) if late else r


def sourcing_risk(supplier: str, claims: Iterable[Claim]) -> tuple[str, ...]:
    """Why a supplier is a risk for the next order, one sentence a record that it could not show; empty where it showed
    what it was asked for, or was asked for nothing."""
    found = []
    for claim in _own(supplier, claims):
        for r in claim.records:
            if r.state == "refused":
                why = f": {r.note}" if r.note else ""
                found.append(f"{supplier} could not show {r.name} of lot {claim.lot} ({claim.number}){why}")
            elif r.state == "overdue":
                found.append(f"{supplier} owes {r.name} of lot {claim.lot} since {r.due} ({claim.number})")
    return tuple(found)


def sourcing_history(supplier: str, claims: Iterable[Claim]) -> SourcingRisk:
    """:func:`sourcing_risk` with what it is counted from: every record that the supplier was asked for or that came."""
    own = _own(supplier, claims)
    records = tuple(
        SupplierRecord(nonconformity=c.number, lot=c.lot, record=r) for c in own for r in c.records
        if r.state != "not asked"
    )  # fmt: skip
    states = [r.record.state for r in records]
    return SourcingRisk(
        supplier=supplier, reasons=sourcing_risk(supplier, own), nonconformities=len(own), came=states.count("came"),
        awaited=states.count("asked"), overdue=states.count("overdue"), refused=states.count("refused"),
        records=records,
    )  # fmt: skip


def _own(supplier: str, claims: Iterable[Claim]) -> list[Claim]:
    """Those of a supplier, however its name is capitalised; none where it has no name."""
    return [c for c in claims if supplier and c.supplier.casefold() == supplier.casefold()]
