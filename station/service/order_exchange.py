"""Whole orders between stations: exported as one archive, verified, received beside the own records, compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from station.errors import ConflictError, NotFoundError, RequestError
from station.quality import order_archive as rules
from station.quality import order_comparison
from station.quality.ledger import link_hash
from station.quality.package import ledger_links
from station.quality.sign_off import vet_person
from station.quality.signing import fingerprint
from station.service.package_vetting import refuse_faults, seal, unpacked, vet_keys
from station.store import foreign_orders, package_file, records
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.foreign_orders import ForeignOrderRow
from station.store.order_records import archive_schema, numbers_of_order, order_records
from station.store.rows import File, GoldenRow
from station.values.digest import canonical_json, digest, sha256_hex
from station.values.documents import LotDocument, UnitDocument
from station.values.entered import EnteredDocument
from station.values.gates import GateEvent, OrderRecord
from station.values.golden_record import RecordEvent
from station.values.nonconformity import NcEvent
from station.values.order_exchange import (
    OrderCheckDocument,
    OrderComparisonDocument,
    OrderContents,
    OrderExportDocument,
    OrderGolden,
    OrderProof,
    ReceivedOrder,
)
from station.values.sign_off import AcknowledgementDocument, ArtefactDocument, PackageFault

Sealed = Callable[[GoldenRow], tuple[dict[str, bytes], dict[str, Any]]]


class OrderExchange:
    """The use cases of exchanged orders. Reached as ``Station.packages.orders``.

    sealed : the files of a golden version's sealed package, with the head of the ledger.
    """

    def __init__(self, db: Database, evidence: Evidence, clock: Callable[[], datetime], sealed: Sealed) -> None:
        self._db, self._evidence, self._clock, self._sealed = db, evidence, clock, sealed

    def export(self, order: str, out: Path, *, pictures: bool = False, costs: bool = False) -> OrderExportDocument:
        """Write the archive of an order. The same records give the same bytes.

        order : the purchase order as opened or as control sheets name it, or the number of a golden sample. pictures :
        the evidence files too, not only their digests. costs : also what the remedies of its complaints cost this
        party, which the other one is not to see.

        Raises
        ------
        NotFoundError
            No such order.
        StoreError
            The records do not hold together, so that nothing doubtful is sealed; StorageFullError where the disk is
            full. Nothing is left behind.
        """
        if out.suffix.lower() != ".zip" or out.is_dir():
            raise RequestError(f"{out} is no .zip file", "Name the file of the archive with -o FILE.zip.")
        numbers = numbers_of_order(self._db, order)
        rows, proof = order_records(self._db, numbers, order, costs=costs)
        files = {rules.records_file(table): canonical_json(listed) for table, listed in rows.items()}
        goldens = self._goldens(rows, numbers, files)
        contents = OrderContents(
            order=order, pictures=pictures, goldens=tuple(goldens), lots=tuple(r["name"] for r in rows["lots"]),
            nonconformities=tuple(r["number"] for r in rows["nonconformities"]),
            counts={table: len(listed) for table, listed in rows.items()},
            orders=tuple(f"{r['name']} ({r['sku']})" for r in rows["orders"]), released=tuple(rules.released(rows)),
        )  # fmt: skip
        if pictures:
            files |= {rules.evidence_file(s): self._evidence.read(s) for s in sorted(rules.pictured(rows))}
        files[rules.ORDER] = canonical_json(contents.model_dump(mode="json", by_alias=True))
        files[rules.SCHEMA] = canonical_json(order_schema())
        files[rules.LEDGER] = canonical_json(proof)
        files[rules.MANIFEST] = rules.manifest(files, contents, proof["head"])
        keys = self._db.ledger.keys
        seal(files, keys)
        refuse_faults(f"order {order}", vet(files, [keys.public]).faults)
        data = package_file.pack(files, "Export it with --no-pictures.")
        package_file.write(out, data)
        return OrderExportDocument(
            file=str(out), sha256=sha256_hex(data), size=len(data), files=len(files), contents=contents,
            key=keys.public, fingerprint=fingerprint(keys.public), head=_head(proof["head"]),
        )  # fmt: skip

    def receive(self, file: Path, *, party: str, keys: Sequence[str] = ()) -> ReceivedOrder:
        """Keep another station's archive, whole or not at all; the same one again is the same one.

        party : a name for the other side. keys : public keys, one of which is to have sealed it; keys from which orders
        were received before are known.

        Raises
        ------
        RequestError
            It does not hold, or this station sealed it itself.
        ConflictError
            The key is known under another party's name, or the other station's ledger is not the one that an earlier
            archive showed.
        """
        party = vet_person(party, what="--from")
        known = foreign_orders.foreign_orders(self._db)
        data = package_file.read(file)
        contents, proof, key, _ = self._held(file.name, data, [*keys, *(r.key for r in known)])
        if key == self._db.ledger.keys.public:
            raise RequestError(f"{file.name} is this station's own archive", "Receive what the other station exported.")
        self._vet_party(party, key, known)
        for row in known:
            if row.key == key:
                self._vet_same_ledger(row, proof, file.name)
        content = {
            "schema": 1, "party": party, "contents": contents.model_dump(mode="json", by_alias=True),
            "archive_sha256": sha256_hex(data), "size": len(data), "key": key, "fingerprint": fingerprint(key),
            "head": _head(proof.head), "received_at": self._clock().isoformat(timespec="microseconds"),
        }  # fmt: skip
        known_row = next((r for r in known if r.archive_sha256 == content["archive_sha256"]), None)
        if known_row is not None:
            return ReceivedOrder.model_validate_json(known_row.document)
        made = ReceivedOrder.model_validate({**content, "digest": ""})
        text = made.model_dump(mode="json", by_alias=True, exclude={"digest", "new"})
        made = made.model_copy(update={"digest": digest(text)})
        document = canonical_json({**text, "digest": made.digest}).decode()
        file_row = File(self._evidence.put(data), len(data), "application/zip")
        values = {
            "order_name": contents.order, "party": party, "key": key, "sequence": int(proof.head["sequence"]),
            "hash": proof.head["hash"], "document": document, "digest": made.digest,
        }  # fmt: skip
        new = foreign_orders.add_foreign_order(self._db, values, file_row, self._clock())
        return made.model_copy(update={"new": new})

    def received(self, order: str | None = None) -> list[ReceivedOrder]:
        """Orders of other stations, each with whose it is; the newest state of a ledger first."""
        return [ReceivedOrder.model_validate_json(r.document) for r in foreign_orders.foreign_orders(self._db, order)]

    def compare(self, what: Path | str, *, keys: Sequence[str] = ()) -> OrderComparisonDocument:
        """This station's records beside another one's: unit by unit, characteristic by characteristic.

        what : an archive's file, or the name of an order that was received.

        Raises
        ------
        NotFoundError
            This station has none of the golden samples, or no such order was received.
        RequestError
            The archive does not hold.
        """
        known = foreign_orders.foreign_orders(self._db)
        path = Path(what)
        if path.is_file():
            return self._beside(path.name, package_file.read(path), known, keys)
        if not any(r.order_name == str(what) for r in known):
            raise NotFoundError(
                f"{str(what)[:80]!r} is no file, and no order of this name was received",
                "Give the archive, or list what was received: station order received",
            )
        return self.compare_received(str(what), keys=keys)

    def compare_received(self, order: str, *, keys: Sequence[str] = ()) -> OrderComparisonDocument:
        """:meth:`compare` with the newest archive of an order that was received, never with a file of that name."""
        known = foreign_orders.foreign_orders(self._db)
        row = next((r for r in known if r.order_name == order), None)
        if row is None:
            raise NotFoundError(f"no order {order[:80]!r} was received", "Receive the other station's archive first.")
        name = f"order {row.order_name} of {row.party}"
        return self._beside(name, self._evidence.read(row.archive_sha256), known, keys)

    def _beside(
        self, name: str, data: bytes, known: Sequence[ForeignOrderRow], keys: Sequence[str]
    ) -> OrderComparisonDocument:
        """This station's records beside those of an archive."""
        trusted = [*keys, *(r.key for r in known), self._db.ledger.keys.public]
        contents, proof, key, theirs = self._held(name, data, trusted)
        own_numbers = {g.number for g in records.golden_versions(self._db)}
        numbers = sorted({g.number for g in contents.goldens} & own_numbers)
        if not numbers:
            raise NotFoundError(
                f"this station has none of the golden samples of order {contents.order}",
                "Seal the golden sample here under the same number: station golden seal",
            )
        own, own_proof = order_records(self._db, numbers, self._own_name(contents.order))
        mine = key == self._db.ledger.keys.public
        party = "its archive" if mine else next((r.party for r in known if r.key == key), fingerprint(key))
        return _compared(
            (own, own_proof["cites"]), (theirs, proof.cites), contents.order, party, key, _head(proof.head)
        )

    def _own_name(self, order: str) -> str | None:
        """The purchase order under which this station has it too; None where it calls it otherwise, or keeps none."""
        try:
            numbers_of_order(self._db, order)
        except NotFoundError:
            return None
        return order

    def _goldens(self, rows: rules.Rows, numbers: Sequence[str], files: dict[str, bytes]) -> list[OrderGolden]:
        """Put the sealed packages in, of every version in force and every one that something was held to."""
        used = {r["golden_id"] for table in ("lots", "units", "entered_values") for r in rows[table]}
        used |= {records.golden(self._db, number).id for number in numbers}
        listed = []
        for g in rows["goldens"]:
            name = None
            if g["id"] in used:
                plain = re.sub(r"[^a-z0-9]+", "-", g["number"].lower()).strip("-")[:30] or "golden"
                name = f"goldens/{plain}-v{g['version']}-{g['digest'][:8]}.zip"
                files[name] = package_file.pack(self._sealed(records.golden_by_id(self._db, g["id"]))[0])
            listed.append(
                OrderGolden(**{k: g[k] for k in ("number", "version", "sku", "digest", "sheet_digest")}, package=name)
            )
        return listed

    def _held(self, name: str, data: bytes, keys: Sequence[str]) -> tuple[OrderContents, OrderProof, str, rules.Rows]:
        """What a holding archive says it has, its proof, the key that sealed it, its rows. Raises RequestError."""
        vet_keys(keys)
        found = _opened(data, keys)
        if found.faults:
            where, what = found.faults[0]
            raise RequestError(f"{name} does not hold: {where}: {what}", "Ask the other station for it again.")
        key = found.files.sealed_by
        assert found.contents is not None
        assert found.proof is not None
        assert key is not None
        return found.contents, found.proof, key, found.records

    def _vet_party(self, party: str, key: str, known: Sequence[ForeignOrderRow]) -> None:
        for row in known:
            if (row.key == key) != (row.party == party):
                raise ConflictError(
                    f"orders of {row.party} are sealed with key {fingerprint(row.key)}, this one of {party} with "
                    f"{fingerprint(key)}",
                    "One key is one party: use the name that it has here, or ask whose key it is.",
                )

    def _vet_same_ledger(self, row: ForeignOrderRow, proof: OrderProof, name: str) -> None:
        """Raises ConflictError where the other station's ledger was written anew since an earlier archive."""
        head = (row.sequence, row.hash)
        if row.sequence > int(proof.head["sequence"]):  # the archive is older: what is known must lead on from it
            files, _ = package_file.unpack(self._evidence.read(row.archive_sha256))
            kept = OrderProof.model_validate_json(files[rules.LEDGER])
            head, proof = (int(proof.head["sequence"]), str(proof.head["hash"])), kept
        seen = _hash_at(proof, head[0])
        if seen is not None and seen != head[1]:
            raise ConflictError(
                f"{name}: entry {head[0]} of that station's ledger is another one than in the archive received on "
                f"{row.at.date()}: its past was written anew",
                "Ask the other station what happened to its records; keep both archives.",
            )


def verify(file: Path, keys: Sequence[str]) -> OrderCheckDocument:
    """Hold an archive to itself and to public keys, given in hexadecimal; needs no home.

    Raises RequestError for what is no file, or too large a one.
    """
    vet_keys(keys)
    data = package_file.read(file)
    found = _opened(data, keys)
    key, head = found.files.sealed_by, found.files.head
    return OrderCheckDocument(
        ok=not found.faults, file=file.name, sha256=sha256_hex(data),
        faults=tuple(PackageFault(where=w, what=x) for w, x in found.faults), contents=found.contents, sealed_by=key,
        sealed_by_fingerprint=None if key is None else fingerprint(key),
        head=None if head is None else f"{head.sequence}:{head.hash}", files=len(found.files.files),
    )  # fmt: skip


def vet(files: dict[str, bytes], keys: Sequence[str]) -> rules.OrderArchive:
    """An archive's files held to :func:`station.quality.order_archive.vet_order`."""
    return rules.vet_order(files, keys, vet_golden=lambda data, key: unpacked(data, [key]))


def order_schema() -> dict[str, Any]:
    """JSON Schema of an archive's JSON files."""
    documents: dict[str, type[BaseModel]] = {
        "order.json": OrderContents, "ledger.json": OrderProof, "units": UnitDocument, "lot_decisions": LotDocument,
        "entered_values": EnteredDocument, "artefacts": ArtefactDocument, "acknowledgements": AcknowledgementDocument,
        "nonconformity_events": NcEvent, "golden_events": RecordEvent, "orders": OrderRecord,
        "order_events": GateEvent,
    }  # fmt: skip
    return archive_schema(
        {name: d.model_json_schema(by_alias=True, mode="serialization") for name, d in documents.items()}
    )


def _opened(data: bytes, keys: Sequence[str]) -> rules.OrderArchive:
    files, faults = package_file.unpack(data)
    found = vet(files, keys)
    found.faults[:0] = faults
    return found


def _compared(
    own: tuple[rules.Rows, order_comparison.Cites], other: tuple[rules.Rows, order_comparison.Cites], order: str,
    party: str, key: str, head: str,
) -> OrderComparisonDocument:  # fmt: skip
    c = order_comparison
    a, b = c.units_of(own[0]), c.units_of(other[0])
    pairs = c.pairs_of(a, b)
    units = tuple(c.compare_unit(x, y) for x, y in pairs)
    both = {id(u) for pair in pairs for u in pair}
    only_own, only_other = ([u for u in side.values() if id(u) not in both] for side in (a, b))
    same = sum(u.same_photo for u in units)
    remarks = [f"{same} units were measured in the same photo: only programs and calibrations differ"] if same else []
    if not units:
        remarks.append("no unit is on record on both sides: give the units the same ids")
    return OrderComparisonDocument(
        order=order, other=party, other_key=key, other_head=head,
        versions=tuple(c.compare_versions(own, other, pairs)), lots=tuple(c.compare_lots(own[0], other[0])),
        characteristics=tuple(c.compare_characteristics(units)), units=units,
        only_own=tuple(_named(u) for u in only_own), only_other=tuple(_named(u) for u in only_other),
        remarks=tuple(remarks), gates=tuple(c.compare_gates(own[0], other[0])),
    )  # fmt: skip


def _named(unit: order_comparison.Unit) -> str:
    return unit.name if unit.lot is None else f"{unit.name} (lot {unit.lot})"


def _head(head: dict[str, Any]) -> str:
    return f"{head['sequence']}:{head['hash']}"


def _hash_at(proof: OrderProof, sequence: int) -> str | None:
    """The hash of an entry, as far as the proof reaches."""
    hash = proof.previous
    if sequence == proof.first - 1:
        return hash
    for n, link in enumerate(ledger_links(proof.model_dump()), proof.first):
        hash = link_hash(n, hash, link.content_sha256)
        if n == sequence:
            return hash
    return None
