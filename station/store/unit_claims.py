"""Who looks at which unit now. A claim is no record: it ends by itself, and the ledger does not cite it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from station.errors import ClaimedError, NotFoundError
from station.store import account_tables as a
from station.store import tables as t
from station.store.database import Database
from station.values.names import same_person

LEASE = timedelta(seconds=90)
"""How long a claim holds that nobody renews."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim that holds. window : of a browser, by a name that it gave itself. since : it is this reviewer's."""

    unit_id: int
    unit: str
    reviewer: str
    window: str
    since: datetime
    until: datetime


def claims(db: Database, at: datetime) -> list[ClaimRow]:
    """The claims that hold, by unit."""
    with db.read() as c:
        return [ClaimRow(**r._mapping) for r in c.execute(_HOLDING, _moments(at))]


def take(db: Database, unit_id: int, *, reviewer: str, window: str, at: datetime, take_over: bool = False) -> ClaimRow:
    """Claim a unit for a reviewer, or renew the claim; the window's claims on other units end with it.

    Raises NotFoundError, and ClaimedError where another reviewer looks at it, unless ``take_over``.
    """
    with db.write() as c:
        lock_unit(c, unit_id)
        held = None if take_over else holder(c, unit_id, at)
        if held is not None:
            refuse_others(held, reviewer)
        since = at if held is None else held.since
        c.execute(_GONE_ON, {"unit": unit_id, "of_window": window, **_moments(at)})
        values = {"unit_id": unit_id, "reviewer": reviewer, "window": window, "since": since, "until": at + LEASE}
        c.execute(sa.insert(a.unit_claims), values)
        made = holder(c, unit_id, at)
    assert made is not None  # written a moment ago, in this transaction
    return made


def release(db: Database, unit_id: int, window: str, reviewer: str | None = None) -> None:
    """End a window's claim; nothing where it holds none, or another window took it over. reviewer : whose it has to be,
    None for whose ever."""
    k = a.unit_claims.c
    with db.write() as c:
        query = sa.delete(a.unit_claims).where(k.unit_id == unit_id, k.window == window)
        c.execute(query if reviewer is None else query.where(k.reviewer == reviewer))


# --- inside a transaction that writes --------------------------------------------------------------------------------


def lock_unit(c: sa.Connection, unit_id: int) -> None:
    """Keep others from deciding or claiming a unit until this transaction ends; SQLite has one writer anyway. Raises
    NotFoundError."""
    if c.execute(_LOCKED, {"unit": unit_id}).first() is None:
        raise NotFoundError(f"there is no unit {unit_id}", "Look it up in the list of units.")


def holder(c: sa.Connection, unit_id: int, at: datetime) -> ClaimRow | None:
    """The claim on a unit that holds, None without one."""
    row = c.execute(_HELD, {"unit": unit_id, **_moments(at)}).first()
    return None if row is None else ClaimRow(**row._mapping)


def refuse_others(held: ClaimRow, reviewer: str) -> None:
    """Raises ClaimedError where a claim is another reviewer's."""
    if same_person(held.reviewer) != same_person(reviewer):
        raise ClaimedError(
            f"{held.reviewer} has been looking at {held.unit} since {held.since:%H:%M} UTC",
            "Take another unit, or take this one over.",
        )


def end(c: sa.Connection, unit_id: int) -> None:
    """End the claim on a unit that was decided."""
    c.execute(_ENDED, {"unit": unit_id})


def _moments(at: datetime) -> dict[str, datetime]:
    """The parameters of what asks whether a claim holds."""
    return {"now": at, "longest": at + LEASE}


# built once: a decision waits for most of them, and building a statement takes longer than the query
_CLAIMS = a.unit_claims.c
_UNIT: sa.BindParameter[int] = sa.bindparam("unit")
_HOLDS = (_CLAIMS.until > sa.bindparam("now")) & (_CLAIMS.until <= sa.bindparam("longest"))
"""Not ended; one that ends later than any claim may was made before the clock was set back."""
_HOLDING = sa.select(a.unit_claims, t.units.c.unit).join(t.units).where(_HOLDS).order_by(_CLAIMS.unit_id)
_HELD = _HOLDING.where(_CLAIMS.unit_id == _UNIT)
_LOCKED = sa.select(t.units.c.id).where(t.units.c.id == _UNIT).with_for_update()
_ENDED = sa.delete(a.unit_claims).where(_CLAIMS.unit_id == _UNIT)
_GONE_ON = sa.delete(a.unit_claims).where(
    (_CLAIMS.unit_id == _UNIT) | (_CLAIMS.window == sa.bindparam("of_window")) | ~_HOLDS
)
