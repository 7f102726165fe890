"""The ledger held against itself and against heads kept outside it, and every row held against the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import sqlalchemy as sa

from station.errors import StationError
from station.quality.ledger import Entry, Head, chain_faults, cites_digest, clock_remarks, past_remarks, witness_faults
from station.quality.signing import read_public
from station.store import tables as t
from station.store.keys import KeyRing
from station.store.ledger import entries
from station.store.row_digests import COVERED, row_digests

_R = t.ledger_rows.c
_CITED = (
    sa.select(_R.row_key, _R.digest, _R.sequence)
    .where(_R.table_name == sa.bindparam("name"))
    .order_by(_R.sequence)
)  # fmt: skip


@dataclass(slots=True)
class LedgerFaults:
    """What a walk along the ledger found, each by its place in words. added : rows that stand in no entry."""

    entries: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, faults: Sequence[tuple[str, str]]) -> None:
        """Take in faults of the pure rules."""
        for kind, place in faults:
            (self.missing if kind == "missing" else self.changed).append(place)


def audit_ledger(c: sa.Connection, keys: KeyRing, witness: Head | None = None) -> LedgerFaults:
    """Walk the ledger once. witness : a head that somebody kept elsewhere, on a certificate for example."""
    found = LedgerFaults()
    chain = entries(c)
    found.entries = len(chain)
    trusted = _trusted(keys, found)
    found.add(chain_faults(chain, trusted))
    _hold_to_heads(chain, keys, witness, trusted, found)
    found.remarks += keys.remarks() + clock_remarks(chain) + past_remarks(chain)
    unsure = _cited_wrongly(c, chain, found)
    numbers = {e.sequence for e in chain}
    for table in COVERED:
        _hold_rows(c, table, numbers, unsure, found)
    return found


def _trusted(keys: KeyRing, found: LedgerFaults) -> list[str]:
    try:
        known = keys.trusted()
        own = keys.folder / "station.pub"
        if own.exists():
            public = read_public(own.read_text("ascii", "backslashreplace"), name=str(own))
            if known.get(public) != "this station":
                found.changed.append(f"{own} or station.pem beside it: they are no pair")
    except StationError as error:
        found.changed.append(f"keys: {error.message}")
        return []
    return list(known)


def _hold_to_heads(
    chain: Sequence[Entry], keys: KeyRing, witness: Head | None, trusted: Sequence[str], found: LedgerFaults
) -> None:
    if witness is not None:
        found.add(witness_faults(witness, chain, where="the head that was given"))
    for file in keys.head_files():
        try:
            kept = keys.head(file)
        except StationError as error:
            found.changed.append(error.message)
            continue
        if kept is None:
            if chain:
                found.missing.append(f"{file}: the newest head, kept outside the database")
            continue
        if trusted and kept.key not in trusted:
            found.changed.append(f"{file}: signed by key {kept.key}, which this home does not know")
        found.add(witness_faults(kept, chain, where=str(file)))
        if file == keys.head_file and chain and kept.sequence < chain[-1].sequence:
            found.remarks.append(f"{file} is at entry {kept.sequence} of {chain[-1].sequence}; the next one follows up")


def _cited_wrongly(c: sa.Connection, chain: Sequence[Entry], found: LedgerFaults) -> set[int]:
    """Entries whose list of cited rows is not what the entry says; nothing is told of rows by them."""
    listed = {
        int(sequence): cites_digest((x.table_name, x.row_key, x.digest) for x in rows)
        for sequence, rows in groupby(c.execute(sa.select(t.ledger_rows).order_by(_R.sequence)), lambda x: x.sequence)
    }
    unsure, empty = set(), cites_digest(())
    for e in chain:
        try:
            said = json.loads(e.content)["rows"]["sha256"]
        except (ValueError, TypeError, KeyError, RecursionError):
            unsure.add(e.sequence)  # named by the chain
            continue
        if said != listed.get(e.sequence, empty):
            unsure.add(e.sequence)
            found.changed.append(f"ledger entry {e.sequence}: the rows that it cites")
    strays = sorted(listed.keys() - {e.sequence for e in chain})
    found.changed += [f"ledger entry {n} is not there, and rows are cited for it" for n in strays]
    return unsure


def _hold_rows(c: sa.Connection, table: sa.Table, numbers: set[int], unsure: set[int], found: LedgerFaults) -> None:
    listed = c.execute(_CITED, {"name": table.name})
    cited = {key: (digest, sequence) for key, digest, sequence in listed if sequence in numbers}
    for key, digest in row_digests(c, table):
        known = cited.pop(key, None)
        if known is None:
            found.added.append(f"record {key} of {table.name}: it stands in no entry of the ledger")
        elif known[1] not in unsure and known[0] != digest:
            found.changed.append(f"record {key} of {table.name}: not as ledger entry {known[1]} cites it")
    found.missing += [
        f"record {key} of {table.name}, which ledger entry {sequence} cites"
        for key, (_, sequence) in cited.items()
        if sequence not in unsure
    ]
