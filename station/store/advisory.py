"""PostgreSQL's advisory locks of the station, each under a number of its own, held until the transaction ends.

Whoever takes several takes them in the order in which they stand here. A number is never given anew: stations of other
versions may be at the same database.
"""

from __future__ import annotations

from enum import IntEnum, unique

import sqlalchemy as sa


@unique
class Advisory(IntEnum):
    """What a lock stands before. REQUEST : one key of a request, of which there are many."""

    CHANGING = 7_310_444
    MIGRATIONS = 7_310_442
    REQUEST = 7_310_445
    LEDGER = 7_310_443


def hold(c: sa.Connection, lock: Advisory, key: str | None = None) -> None:
    """Wait for a lock; SQLite has one writer anyway, and holds none. key : of which there is a lock of its own.

    PostgreSQL keeps locks of one number and of two apart, so no key meets another lock.
    """
    if c.dialect.name != "postgresql":
        return
    if key is None:
        c.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": int(lock)})
    else:
        c.execute(sa.text("SELECT pg_advisory_xact_lock(:n, hashtext(:k))"), {"n": int(lock), "k": key})
