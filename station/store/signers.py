"""Whose word a key is: every signature under golden samples, artefacts and gates; and what a photo stands for."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from station.quality.shown_records import SIGNED
from station.store import tables as t
from station.store.database import Database
from station.values.digest import digest

COUNTERSIGNED = "countersigned for another station"
"""Kind of the ledger's entry about a signature that this station made under another one's package."""


@dataclass(frozen=True, slots=True)
class Word:
    """That a key signed for a party. golden : under whose number; what : it signed, in words."""

    party: str
    key: str
    golden: str
    what: str


def words(c: sa.Connection) -> list[Word]:
    """Everything that was signed with a key, of every golden sample: versions and artefacts, gates of orders, and what
    this station signed for others."""
    s, e, o = t.sign_offs.c, t.order_events.c, t.orders.c
    found = [
        Word(r.party, r.key, r.number, f"{r.artefact} version {r.version} of golden {r.number}")
        for r in c.execute(sa.select(t.sign_offs).where(s.key.is_not(None)).order_by(s.id))
    ]
    query = sa.select(e.document, o.golden, o.name).join(t.orders, o.id == e.order_id).where(e.kind.in_(SIGNED))
    for document, golden, order in c.execute(query.order_by(e.id)):
        event = json.loads(document)
        what = f"the {event['gate']} gate of {order}"
        found.append(Word(event["statement"]["party"], event["public_key"], golden, what))
    for about, key in _countersigned(c):
        what = f"{about['artefact']} version {about['version']} of golden {about['number']}"
        found.append(Word(about["party"], key, about["number"], what))
    return found


def countersigned_at(db: Database, statement: Mapping[str, Any], key: str) -> str | None:
    """When a key signed the statement for another station, whatever time that has now; None where it has not, or
    where an earlier version signed it, which did not enter the time."""
    with db.read() as c:
        for about, by in _countersigned(c):
            at: str | None = about.get("at")
            if at is not None and by == key and digest({**statement, "at": at}) == about["digest"]:
                return at
    return None


def _countersigned(c: sa.Connection) -> Iterator[tuple[dict[str, Any], str]]:
    """What the ledger says of each signature that was made for another station, and the key of it."""
    k = t.ledger.c
    query = sa.select(k.content, k.key).where(k.content.contains(f'"{COUNTERSIGNED}"', autoescape=True))
    for text, key in c.execute(query):
        content = json.loads(text)
        if content["kind"] == COUNTERSIGNED:
            yield content["about"], key


def bound(c: sa.Connection, number: str) -> set[str]:
    """A golden sample's number and those of the golden samples that share an order with it: there the two parties are
    the same."""
    o = t.orders.c
    names = sa.select(o.name).where(o.golden == number)
    return {number, *c.execute(sa.select(o.golden).where(o.name.in_(names))).scalars()}


def words_about(db: Database, number: str) -> list[Word]:
    """What was signed under a golden sample and under those that share an order with it."""
    with db.read() as c:
        return under(words(c), bound(c, number))


def under(found: Sequence[Word], numbers: Collection[str]) -> list[Word]:
    """Those of the golden samples of these numbers."""
    return [w for w in found if w.golden in numbers]


def shown_by(c: sa.Connection, sha256: str) -> str | None:
    """What a photo is on record as, in words; None where it is none that a signature, a golden sample or a unit has."""
    s, g, u, e = t.sign_offs.c, t.goldens.c, t.units.c, t.golden_events.c
    row = c.execute(sa.select(t.sign_offs).where(s.file_sha256 == sha256).limit(1)).first()
    if row is not None:
        return f"the page that the {row.party} signed for {row.artefact} version {row.version} of golden {row.number}"
    own = sa.or_(g.photo_sha256 == sha256, g.frame_sha256 == sha256, g.master_document.contains(sha256))
    row = c.execute(sa.select(g.number, g.version).where(own).limit(1)).first()
    if row is not None:
        return f"a photo of golden {row.number} version {row.version} itself"
    row = c.execute(sa.select(u.unit).where(u.photo_sha256 == sha256).limit(1)).first()
    if row is not None:
        return f"the photo of unit {row.unit}"
    pictured = sa.select(e.number).where(e.kind == "photo", e.document.contains(sha256)).limit(1)
    row = c.execute(pictured).first()
    return None if row is None else f"a photo in the record of golden {row.number}"
