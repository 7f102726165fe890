"""Artefacts of golden samples, sign-offs and acknowledgements. Nothing is changed or erased."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from station.errors import ConflictError
from station.quality.sign_off import statement_fault
from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert, insert_once, sequences_of
from station.store.records import keep_files
from station.store.rows import File
from station.store.signers import COUNTERSIGNED, Word, bound, shown_by, under, words

ARTEFACT_ADDED, SIGNED_OFF, ACKNOWLEDGED = "artefact added", "signed off", "version acknowledged"


@dataclass(frozen=True, slots=True)
class ArtefactRow:
    """A version of an artefact; ``document`` is its JSON."""

    id: int
    number: str
    kind: str
    version: int
    name: str
    file_sha256: str
    note: str
    by: str
    document: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SignOffRow:
    """A sign-off; ``document`` is the statement that was signed, with its digest."""

    id: int
    number: str
    artefact: str
    version: int
    party: str
    method: str
    document: str
    digest: str
    key: str | None
    signature: str | None
    file_sha256: str | None
    at: datetime

    @property
    def damage(self) -> str | None:
        """Why its statement can be none, None where it is one: earlier versions recorded what they could not read."""
        return _damage(self.document)


@dataclass(frozen=True, slots=True)
class Before:
    """What is on record before a sign-off is. own : what was signed with keys under the golden sample and those of its
    orders; all : under any; shown_by : what the photo of the page is on record as, in words."""

    own: list[Word]
    all: list[Word]
    shown_by: str | None


@dataclass(frozen=True, slots=True)
class AcknowledgementRow:
    """An acknowledgement; ``document`` is its JSON."""

    id: int
    number: str
    artefact: str
    version: int
    party: str
    file_sha256: str | None
    document: str
    digest: str
    at: datetime


def add_artefact(db: Database, values: dict[str, Any], file: File, at: datetime) -> ArtefactRow:
    """Record a version of an artefact. Raises ConflictError where this version was recorded in the meantime."""
    with db.write() as c:
        keep_files(c, [file], at)
        if not insert_once(c, t.artefacts, {**values, "file_sha256": file.sha256, "at": at}):
            raise ConflictError(
                f"{values['kind']} version {values['version']} of {values['number']} is there already", "Run it again."
            )
        about = {k: values[k] for k in ("number", "kind", "version", "digest")} | {"sha256": file.sha256}
        db.ledger.enter(c, ARTEFACT_ADDED, by=values["by"], about=about)
    return artefacts(db, values["number"], values["kind"])[-1]


def artefacts(db: Database, number: str, kind: str | None = None) -> list[ArtefactRow]:
    """Versions of the artefacts of a golden sample, oldest first."""
    k = t.artefacts.c
    query = sa.select(t.artefacts).where(k.number == number).order_by(k.version, k.id)
    if kind is not None:
        query = query.where(k.kind == kind)
    with db.read() as c:
        return [ArtefactRow(**r._mapping) for r in c.execute(query)]


def add_sign_off(
    db: Database, values: dict[str, Any], file: File | None, at: datetime, vet: Callable[[Before], None]
) -> tuple[SignOffRow, bool]:
    """Record a sign-off; one that is there already under the same place is answered, with False.

    vet : called inside the transaction with what is on record; what it raises undoes everything.
    """
    place = ("number", "artefact", "version", "party")
    with db.write() as c:
        # the row lock keeps two parties apart in PostgreSQL; SQLite has one writer anyway
        c.execute(sa.select(t.goldens.c.id).where(t.goldens.c.number == values["number"]).with_for_update())
        there = [SignOffRow(**r._mapping) for r in c.execute(_sign_offs(values["number"]))]
        known = next((r for r in there if all(getattr(r, k) == values[k] for k in place)), None)
        if known is not None:
            return known, False
        said = words(c)
        own = under(said, bound(c, values["number"]))
        vet(Before(own, said, None if file is None else shown_by(c, file.sha256)))
        keep_files(c, [file], at)
        row = {**values, "file_sha256": file.sha256 if file else None, "at": at}
        made = SignOffRow(**insert(c, t.sign_offs, row)._mapping)
        about = {k: values[k] for k in (*place, "method", "digest")}
        db.ledger.enter(c, SIGNED_OFF, by=values["party"], about=about)
    return made, True


def sign_offs(db: Database, number: str) -> list[SignOffRow]:
    """Sign-offs under a golden sample and its artefacts, oldest first, without damaged ones."""
    with db.read() as c:
        return [r for r in _read(c, number) if r.damage is None]


def damaged(db: Database, number: str | None = None) -> list[str]:
    """Sign-offs (under a golden sample) whose statement can be none, in words."""
    with db.read() as c:
        return damaged_in(c, number)


def damaged_in(c: sa.Connection, number: str | None = None) -> list[str]:
    """:func:`damaged`, inside a transaction. Nothing else of the rows is read, such as a time that is none any more."""
    k = t.sign_offs.c
    query = sa.select(k.id, k.party, k.artefact, k.version, k.number, k.document).order_by(k.id)
    return [
        f"record {r.id} of sign_offs, for the {r.party} under {r.artefact} version {r.version} of golden {r.number}, "
        f"is damaged and counts for nothing: {damage}"
        for r in c.execute(query if number is None else query.where(k.number == number))
        if (damage := _damage(r.document)) is not None
    ]


def _damage(document: str) -> str | None:
    try:
        said = json.loads(document)
        said.pop("digest", None)
        return statement_fault(said)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return "its statement cannot be read"


def _read(c: sa.Connection, number: str) -> list[SignOffRow]:
    return [SignOffRow(**r._mapping) for r in c.execute(_sign_offs(number))]


def _sign_offs(number: str) -> sa.Select[Any]:
    return sa.select(t.sign_offs).where(t.sign_offs.c.number == number).order_by(t.sign_offs.c.id)


def add_acknowledgement(db: Database, values: dict[str, Any], file: File | None, at: datetime) -> AcknowledgementRow:
    """Record which version a party said to hold."""
    with db.write() as c:
        keep_files(c, [file], at)
        row = {**values, "file_sha256": file.sha256 if file else None, "at": at}
        made = AcknowledgementRow(**insert(c, t.acknowledgements, row)._mapping)
        about = {k: values[k] for k in ("number", "artefact", "version", "party", "digest")}
        db.ledger.enter(c, ACKNOWLEDGED, by=values["party"], about=about)
    return made


def acknowledgements(db: Database, number: str) -> list[AcknowledgementRow]:
    """Acknowledgements under a golden sample, oldest first."""
    k = t.acknowledgements.c
    with db.read() as c:
        query = sa.select(t.acknowledgements).where(k.number == number).order_by(k.id)
        return [AcknowledgementRow(**r._mapping) for r in c.execute(query)]


def entered(
    db: Database, rows: Sequence[SignOffRow | AcknowledgementRow]
) -> dict[tuple[type[SignOffRow | AcknowledgementRow], int], int]:
    """The number of the ledger entry that entered each row, by its kind and id."""
    found: dict[tuple[type[SignOffRow | AcknowledgementRow], int], int] = {}
    with db.read() as c:
        for kind, table in ((SignOffRow, t.sign_offs), (AcknowledgementRow, t.acknowledgements)):
            keys = [x.id for x in rows if isinstance(x, kind)]
            found |= {(kind, key): n for key, n in sequences_of(c, table, keys).items()}
    return {(type(x), x.id): found.get((type(x), x.id), 0) for x in rows}


def enter_countersigned(db: Database, about: dict[str, Any], by: str) -> None:
    """Enter in this station's ledger that it signed the package of another one."""
    with db.write() as c:
        db.ledger.enter(c, COUNTERSIGNED, by=by, about=about)
