"""Requests that may be repeated: the first answer under a key is kept and given again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from station.store import account_tables as t
from station.store.advisory import Advisory, hold
from station.store.database import Database

KEPT = timedelta(days=7)
"""How long an answer is kept."""
ABANDONED = timedelta(seconds=10)
"""A request that another process began so long ago and never finished may be done by this one."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is known of a key. mine : the caller does the work. status, answer : None while it is being done."""

    mine: bool
    digest: str
    status: int | None = None
    answer: str | None = None


def begin(db: Database, key: str, digest: str, *, holder: str, at: datetime) -> Begun:
    """Claim a key for a request, or answer what is known of it. holder : names this process."""
    k = t.request_keys.c
    with db.write() as c:
        hold(c, Advisory.REQUEST, key)  # of a key that has no row yet
        row = c.execute(sa.select(t.request_keys).where(k.key == key)).first()
        abandoned = row is not None and row.status is None and row.holder != holder and row.begun_at < at - ABANDONED
        if row is not None and not abandoned and row.begun_at >= at - KEPT:
            return Begun(False, row.digest, row.status, row.answer)
        if abandoned and row is not None and row.digest != digest:
            return Begun(False, row.digest)
        c.execute(sa.delete(t.request_keys).where((k.key == key) | (k.begun_at < at - KEPT)))
        values = {"key": key, "digest": digest, "holder": holder, "begun_at": at}
        c.execute(sa.insert(t.request_keys).values(**values))
    return Begun(True, digest)


def finish(db: Database, key: str, *, holder: str, status: int, answer: str) -> None:
    """Keep the answer of a request that was done."""
    mine = (t.request_keys.c.key == key) & (t.request_keys.c.holder == holder)
    with db.write() as c:
        c.execute(sa.update(t.request_keys).where(mine).values(status=status, answer=answer))


def forget(db: Database, key: str, *, holder: str) -> None:
    """Give a key back whose request was refused: nothing was recorded under it."""
    k = t.request_keys.c
    with db.write() as c:
        c.execute(sa.delete(t.request_keys).where(k.key == key, k.holder == holder, k.status.is_(None)))
