"""What a nonconformity rests on: a decided lot's units, values, clusters and cause, gathered from the records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, get_args

from station.errors import ConflictError, NotFoundError, RequestError
from station.quality.sign_off import PRODUCT
from station.service.lots import outcome
from station.service.reviewing import named_rows
from station.store import records, sign_offs, streams
from station.store.database import Database
from station.store.rows import GoldenRow, LotRow, UnitRow
from station.values.documents import Cause, LotDocument, UnitDocument, Verdict
from station.values.names import natural_key
from station.values.nonconformity import Facts, Item, LotShare

if TYPE_CHECKING:
    from station.quality.nonconformity import SeenUnit
    from station.service.station import Station
    from station.sheet import Sheet
    from station.values.lot_analysis import LotExplanationDocument

_SHOWN_SUSPECT = ("light", "standard")
"""Causes in the measurement that weaken a claim already where they are not ruled out; the others where suspect."""


class LotFacts:
    """Reads lots for nonconformities, for one :class:`station.service.Station`."""

    def __init__(self, station: Station, db: Database) -> None:
        self._station, self._db = station, db

    def of(self, lot: str) -> Facts:
        """The facts of a decided lot.

        Raises
        ------
        NotFoundError
            No such lot, or it is not decided yet.
        ConflictError
            Units were inspected since it was decided.
        """
        from station.quality.nonconformity import any_item, draft_items

        row, golden, sheet = self._held_to(lot)
        decided, at = self._decision(row)
        rows = self._station.standing_units(lot)
        if len(rows) != decided.inspected:
            raise ConflictError(
                f"lot {lot} has {len(rows)} inspected units, its decision counts {decided.inspected}",
                f"Decide it again: station lot decide {lot} --size {decided.size}",
            )
        units = [_seen(r, sheet) for r in rows]
        explained = self._station.analysis.explain(lot)
        items = draft_items(units, self._station.entered.values(lot=lot), sheet)
        documents = [u.document for u in units]
        signed = self._signed(golden)
        return Facts(
            lot=lot, size=decided.size, decision=decided.decision, decided_on=at, lot_digest=decided.digest,
            aql={c.defect_class: c.aql for c in decided.classes},
            inspected=len(units), nonconforming=any_item(units),
            undecided=sum(r.standing is Verdict.UNDECIDED and not u.wrong for r, u in zip(rows, units, strict=True)),
            sku=sheet.product.sku, product=sheet.product.name,
            product_type=sheet.product.type, supplier=sheet.product.supplier, order=sheet.product.order,
            artwork=sheet.golden.artwork, approved_by=signed.get("buyer", sheet.golden.approved_by),
            confirmed_by=signed.get("supplier", sheet.golden.confirmed_by), golden=golden.number,
            golden_version=golden.version, golden_digest=golden.digest, sheet_digest=golden.sheet_digest,
            cartons=_cartons(rows), identifiers=_identifiers(rows),
            items=_with_extents(items, explained), drawn=self._drawn(lot),
            photos=len(documents), scaled=sum(d.pose is not None or d.correction is not None for d in documents),
            studied=sum(d.gauge is not None for d in documents), suspect=_suspect(explained),
            cause=explained.diagnosis.cause, ask_for=_asked(explained),
            preferences=tuple(dict.fromkeys(p.words for p in decided.preferences)),
        )  # fmt: skip

    def _signed(self, golden: GoldenRow) -> dict[str, str]:
        """Who signed the golden version that the lot is held to, by party."""
        found = [r for r in sign_offs.sign_offs(self._db, golden.number) if r.version == golden.version]
        return {r.party: json.loads(r.document)["name"] for r in found if r.artefact == PRODUCT}

    def share(self, lot: str, items: Sequence[Item]) -> LotShare:
        """How a decided lot stands in what these items are about.

        Raises RequestError where it was not decided, or where none of them was looked at in it.
        """
        from station.quality.nonconformity import typical_shift, units_with

        row, _, sheet = self._held_to(lot)
        names = frozenset(c for i in items for c in i.characteristics)
        if not names:
            raise RequestError(
                "what was seen by eye has no measured data that a later lot could be held to",
                "Verify it by a person's word: --text WORDS.",
            )
        try:
            decided, _ = self._decision(row)
        except NotFoundError as error:
            raise RequestError(error.message, error.do) from error
        units = [_seen(r, sheet) for r in self._station.standing_units(lot)]
        wrong, of = units_with(names, units, self._station.entered.values(lot=lot))
        if not of:
            raise RequestError(f"{', '.join(sorted(names))} was not looked at in lot {lot}", "Name another lot.")
        classes = {i.defect_class or "major" for i in items}
        ac = min(c.ac for c in decided.classes if c.defect_class in classes)
        single = items[0].characteristics[0] if len(items) == 1 else ""
        return LotShare(lot=lot, units=wrong, of=of, accepted=wrong <= ac, shift=typical_shift(single, units))

    def shares(self, lots: Sequence[str], items: Sequence[Item]) -> list[LotShare]:
        """:meth:`share` of each lot that is decided and in which the items were looked at."""
        found = []
        for lot in lots:
            try:
                found.append(self.share(lot, items))
            except RequestError:
                continue  # not decided yet, or not looked at there
        return found

    def later(self, lot: str) -> list[LotRow]:
        """Lots of the same product that were opened after this one, oldest first."""
        row = records.lot(self._db, lot)
        sku = self.sku(row)
        return [x for x in reversed(records.lots(self._db)) if x.id > row.id and self.sku(x) == sku]

    def of_product(self, sku: str) -> list[LotRow]:
        """Every lot of a product, newest first."""
        return [x for x in records.lots(self._db) if self.sku(x) == sku]

    def newest_decision(self, row: LotRow) -> str | None:
        """What was decided last of a lot: accepted, rejected or open; None where nothing was."""
        decided = records.lot_decisions(self._db, row.id)
        return decided[0].decision if decided else None

    def decisions(self, row: LotRow) -> list[LotDocument]:
        """Every decision on a lot, newest first."""
        return [LotDocument.model_validate_json(d.document) for d in records.lot_decisions(self._db, row.id)]

    def sku(self, row: LotRow) -> str:
        """The product that a lot is of."""
        return records.golden_by_id(self._db, row.golden_id).sku

    def _held_to(self, lot: str) -> tuple[LotRow, GoldenRow, Sheet]:
        from station.sheet import load_sheet

        row = records.lot(self._db, lot)
        golden = records.golden_by_id(self._db, row.golden_id)
        return row, golden, load_sheet(golden.sheet_toml.encode())

    def _decision(self, row: LotRow) -> tuple[LotDocument, date]:
        decided = records.lot_decisions(self._db, row.id)
        if not decided:
            raise NotFoundError(f"lot {row.name} is not decided yet", f"Run: station lot decide {row.name} --size N")
        return LotDocument.model_validate_json(decided[0].document), decided[0].at.date()

    def _drawn(self, lot: str) -> bool:
        try:
            streams.newest_draw(self._db, lot)
        except NotFoundError:
            return False
        return True


def _seen(row: UnitRow, sheet: Sheet) -> SeenUnit:
    from station.quality.nonconformity import SeenUnit

    wrong = outcome(row, sheet).characteristics
    document = UnitDocument.model_validate_json(row.document)
    reason = row.review.reason if row.review is not None and row.review.counted == "reject" else ""
    return SeenUnit(row.id, document, wrong, row.carton, reason, named_rows(reason, sheet) if reason else {})


def _cartons(rows: Iterable[UnitRow]) -> tuple[str, ...]:
    return tuple(sorted({r.carton for r in rows if r.carton}, key=natural_key))


def _identifiers(rows: Iterable[UnitRow]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for r in rows:
        for name, value in r.identifiers.items():
            if value:
                found.setdefault(name, set()).add(value)
    return {k: tuple(sorted(found[k], key=natural_key)) for k in sorted(found)}


def _with_extents(items: Iterable[Item], explained: LotExplanationDocument) -> tuple[Item, ...]:
    extents = {e.defect: e.extent for e in explained.clusters.extents}
    return tuple(
        i.model_copy(update={"extent": next((extents[c] for c in i.characteristics if c in extents), None)})
        for i in items
    )


def _suspect(explained: LotExplanationDocument) -> tuple[str, ...]:
    return tuple(
        m.name
        for m in explained.diagnosis.measurement
        if m.state == "suspect" or (m.state == "not ruled out" and m.name in _SHOWN_SUSPECT)
    )


def _asked(explained: LotExplanationDocument) -> tuple[Cause, ...]:
    """The causes whose records the diagnosis asks for, in its order."""
    from station.lots.causes import RECORDS

    asked = explained.diagnosis.ask_for
    return tuple(sorted((c for c in get_args(Cause) if RECORDS[c] in asked), key=lambda c: asked.index(RECORDS[c])))
