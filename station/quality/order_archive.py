"""What the archive of an order holds, and whether that holds together: rules over its files alone.

The manifest names every file by its SHA-256 and is signed by the station that exported it. Within lie sealed packages
of the golden samples; the rows of the records about the order, column by column as the ledger cites them; and the
stretch of the ledger with the lists of cited rows. So each row is shown to have stood in that ledger under a signed
head: what was changed afterwards is none of its rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from station.quality import package, shown_records
from station.quality.ledger import cites_digest, row_digest
from station.quality.package import LEDGER, MANIFEST, Contents, Fault
from station.values.digest import document_digest, sha256_hex
from station.values.faults import first_fault
from station.values.order_exchange import OrderContents, OrderProof

ORDER, SCHEMA = "order.json", "schema.json"
FORMAT = "archive of an order, 2"
FORMATS = (FORMAT, "archive of an order, 1")
"""Formats that are read. The first one had none of :data:`ADDED`."""

TABLES = (
    *("evidence", "goldens", "artefacts", "sign_offs", "acknowledgements"),
    *("lots", "units", "findings", "presentations", "reviews", "finding_reviews", "entered_values"),
    *("lot_draws", "lot_decisions", "nonconformities", "nonconformity_events"),
    *("golden_events", "orders", "order_events", "order_lots"),
)
"""Tables whose rows about an order are in its archive."""

ADDED = ("golden_events", "orders", "order_events", "order_lots")
"""Tables that archives of the second format have: records of the golden samples, orders with their gates."""

PARENTS: Mapping[str, Mapping[str, str]] = {
    "lots": {"golden_id": "goldens"}, "units": {"golden_id": "goldens", "lot_id": "lots"},
    "findings": {"unit_id": "units"}, "presentations": {"unit_id": "units"}, "reviews": {"unit_id": "units"},
    "finding_reviews": {"unit_id": "units"}, "entered_values": {"golden_id": "goldens", "lot_id": "lots"},
    "lot_decisions": {"lot_id": "lots"}, "nonconformities": {"lot_id": "lots"},
    "nonconformity_events": {"nonconformity_id": "nonconformities"}, "order_events": {"order_id": "orders"},
    "order_lots": {"order_id": "orders"},
}  # fmt: skip
"""Which rows a row belongs to; those stand in the archive too."""

Rows = dict[str, list[dict[str, Any]]]


def records_file(table: str) -> str:
    """The archive's file with the rows of a table."""
    return f"records/{table}.json"


def evidence_file(sha256: str) -> str:
    """The archive's file with a file of the evidence folder."""
    return f"evidence/{sha256}"


def pictured(records: Rows) -> set[str]:
    """SHA-256 of the evidence files beside those in the packages: photos of units, of complaints, replies, what golden
    records and gates rest on."""
    found = {r.get(c) for r in records["units"] for c in ("photo_sha256", "frame_sha256", "annotated_sha256")}
    found |= {r.get("file_sha256") for r in records["acknowledgements"]}
    found |= {json.loads(r["document"]).get("photo_sha256") for r in records["nonconformity_events"]}
    for row in records["golden_events"]:
        found |= {f["sha256"] for f in json.loads(row["document"])["files"]}
    for row in records["order_events"]:
        found |= {e["sha256"] for e in json.loads(row["document"])["evidence"] if e["kind"] == "file"}
    return {sha256 for sha256 in found if sha256}


def released(records: Rows) -> list[str]:
    """Gates that were released, in words, each once: ``final gate of PO-7 (MAS)``."""
    found = shown_records.releases(records["orders"], records["order_events"])
    told = [
        f"{x['event']['gate']} gate of {x['order']['order']} ({x['order']['sku']})"
        for x in found
        if x["event"]["kind"] == "released"
    ]
    return list(dict.fromkeys(told))


class OrderArchive:
    """What could be read of an archive. contents : None where ``order.json`` is none. records : rows by table."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = Contents(files)
        self.contents: OrderContents | None = None
        self.records: Rows = {}
        self.proof: OrderProof | None = None

    @property
    def faults(self) -> list[Fault]:
        """What is wrong with it: pairs of the place and what is wrong."""
        return self.files.faults


def vet_order(
    files: Mapping[str, bytes], trusted: Sequence[str], *, vet_golden: Callable[[bytes, str], Contents]
) -> OrderArchive:
    """Hold an archive's files to its manifest, to one another and to the keys.

    trusted : public keys, one of which is to have sealed the archive. vet_golden : of a sealed package's bytes and the
    key that is to have sealed it.
    """
    found = OrderArchive(files)
    held = found.files
    package.hold_to_manifest(held, trusted, FORMATS)
    if held.faults:
        return found  # nobody vouches for what is in it: nothing of it is handed to a reader
    contents, proof = held.document(ORDER, dict), held.document(LEDGER, dict)
    try:
        found.contents = OrderContents.model_validate(contents)
        found.proof = OrderProof.model_validate(proof)
    except ValidationError as error:
        place = LEDGER if found.contents else ORDER
        held.faults.append((place, f"it does not keep to the schema: {first_fault(error, 'the document')}"))
        return found
    for table in TABLES:
        there = held.format == FORMAT or table not in ADDED
        found.records[table] = held.document(records_file(table), list) if there else []
    held.add(
        package.stretch_faults(held, proof), _row_faults(found, found.proof), _document_faults(found),
        _parent_faults(found), _golden_faults(found, found.contents, vet_golden), _event_faults(found),
        _evidence_faults(found, found.contents), _count_faults(found, found.contents),
    )  # fmt: skip
    return found


def _row_faults(found: OrderArchive, proof: OrderProof) -> Iterator[Fault]:
    """Every row is to be one that an entry cites, and each entry's list the one that its content names."""
    cited: dict[tuple[str, str], str] = {}
    shown = {n: x["content"] for n, x in enumerate(proof.links, proof.first) if not isinstance(x, str)}
    for name in sorted(proof.cites, key=int):
        rows = proof.cites[name]
        if int(name) not in shown:
            yield LEDGER, f"entry {name} is not shown, and rows are cited for it"
        elif package.cited_rows(shown[int(name)]) != cites_digest(rows):
            yield LEDGER, f"entry {name}: the rows that it cites are others"
        else:
            cited |= {(table, key): digest for table, key, digest in rows}  # a later entry cites it as it stood then
    for table, rows_of in found.records.items():
        key = "sha256" if table == "evidence" else "id"
        seen: set[str] = set()
        for row in rows_of:
            name = str(row[key])
            if name in seen:
                yield records_file(table), f"row {name} is there twice"
            seen.add(name)
            if cited.get((table, name)) != row_digest(table, row):
                yield records_file(table), f"row {name} is not one that the ledger cites"


def _document_faults(found: OrderArchive) -> Iterator[Fault]:
    for table, rows in found.records.items():
        for row in rows:
            if "document" in row and "digest" in row and document_digest(row["document"]) != row["digest"]:
                yield records_file(table), f"row {row['id']}: its document does not have its digest"


def _parent_faults(found: OrderArchive) -> Iterator[Fault]:
    ids = {table: {r["id"] for r in rows} for table, rows in found.records.items() if table != "evidence"}
    for table, parents in PARENTS.items():
        for row in found.records[table]:
            for column, parent in parents.items():
                if row.get(column) is not None and row[column] not in ids[parent]:
                    yield records_file(table), f"row {row['id']} belongs to no row of {parent} that is there"


def _golden_faults(
    found: OrderArchive, contents: OrderContents, vet_golden: Callable[[bytes, str], Contents]
) -> Iterator[Fault]:
    held = found.files
    rows = {(r["number"], r["version"]): r for r in found.records["goldens"]}
    named = {(g.number, g.version): g for g in contents.goldens}
    if rows.keys() != named.keys():
        yield ORDER, "the golden samples that it names are not those of the records"
    listed = {g.package for g in contents.goldens if g.package is not None}
    yield from ((n, "order.json does not name it") for n in held.files if n.startswith("goldens/") and n not in listed)
    changed = {name for name, _ in held.faults}
    for place, g in named.items():
        row = rows.get(place)
        if row is not None and (g.digest, g.sheet_digest, g.sku) != (row["digest"], row["sheet_digest"], row["sku"]):
            yield ORDER, f"golden {g.number} version {g.version} is another one in the records"
        if g.package is None or g.package in changed:
            continue  # a package that the manifest does not vouch for is named already
        inner = vet_golden(held.files.get(g.package, b""), held.sealed_by or "")
        yield from ((f"{g.package}: {where}", what) for where, what in inner.faults)
        if inner.golden.get("digest") != g.digest:
            yield g.package, f"it is not golden {g.number} version {g.version}"


def _event_faults(found: OrderArchive) -> Iterator[Fault]:
    """Records of the golden samples, orders and what was said at their gates: whole chains, signed where it counts."""
    numbers = {r["number"] for r in found.records["goldens"]}
    by: dict[str, list[int]] = {}
    for row in found.records["golden_events"]:
        by.setdefault(row["number"], []).append(int(row["sequence"]))
    for number, sequences in by.items():
        if number not in numbers:
            yield records_file("golden_events"), f"golden {number} is not there"
        for n in shown_records.gaps(sequences):
            yield records_file("golden_events"), f"event {n} of the record of golden {number} is missing"
    for row in found.records["orders"]:
        if row["golden"] not in numbers:
            yield records_file("orders"), f"row {row['id']} belongs to no golden sample that is there"
    wrong = shown_records.gate_faults(found.records["orders"], found.records["order_events"])
    yield from ((records_file(table), what) for table, what in wrong)


def _evidence_faults(found: OrderArchive, contents: OrderContents) -> Iterator[Fault]:
    named = {r["sha256"] for r in found.records["evidence"]}
    pictures = pictured(found.records)
    yield from ((records_file("evidence"), f"it does not name {sha256}") for sha256 in sorted(pictures - named))
    there = {n.partition("/")[2]: d for n, d in found.files.files.items() if n.startswith("evidence/")}
    for sha256, data in there.items():
        if sha256 not in pictures or sha256_hex(data) != sha256:
            yield evidence_file(sha256), "it is not a file that the records name"
    if contents.pictures:
        yield from ((evidence_file(s), "it is missing") for s in sorted(pictures - there.keys()))
    elif there:
        yield ORDER, "it says that there are no pictures, and there are"


def _count_faults(found: OrderArchive, contents: OrderContents) -> Iterator[Fault]:
    for table, rows in found.records.items():
        if contents.counts.get(table, 0) != len(rows):
            yield records_file(table), f"it has {len(rows)} rows, {ORDER} says {contents.counts.get(table)}"
    if contents.lots != tuple(r["name"] for r in found.records["lots"]):
        yield ORDER, "the lots that it names are not those of the records"
    orders = tuple(f"{r['name']} ({r['sku']})" for r in found.records["orders"])
    if (contents.orders, contents.released) != (orders, tuple(released(found.records))):
        yield ORDER, "the orders or released gates that it names are not those of the records"


def manifest(files: Mapping[str, bytes], contents: OrderContents, head: Mapping[str, Any]) -> bytes:
    """The manifest of an archive's files."""
    return package.listing(files, FORMAT, order=contents.order, head=dict(head))


__all__ = ["LEDGER", "MANIFEST", "ORDER", "SCHEMA", "TABLES", "OrderArchive", "Rows", "manifest", "vet_order"]
