"""Accounts and their sessions. Of a session the SHA-256 of its token is kept, never the token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from station.errors import ConflictError, NotFoundError
from station.store import account_tables as t
from station.store.database import Database
from station.store.ledger import insert, touch

ADDED, CHANGED = "account added", "account changed"
_ANY = sa.select(t.accounts.c.id).limit(1)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account; hashes are those of argon2, with their salt and cost. name_key : the name without regard to case."""

    id: int
    name: str
    name_key: str
    role: str
    disabled: int
    password_hash: str
    pin_hash: str | None
    added_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with its account. seen_at : to the minute."""

    account: AccountRow
    seen_at: datetime
    expires_at: datetime


def any_account(db: Database) -> bool:
    """Whether there is an account, a disabled one too."""
    with db.read() as c:
        return c.execute(_ANY).first() is not None


def accounts(db: Database) -> list[AccountRow]:
    """Every account, by name."""
    with db.read() as c:
        return [AccountRow(**r._mapping) for r in c.execute(sa.select(t.accounts).order_by(t.accounts.c.name_key))]


def account(db: Database, name_key: str) -> AccountRow | None:
    """The account of a name, in the form that does not regard case."""
    with db.read() as c:
        row = c.execute(sa.select(t.accounts).where(t.accounts.c.name_key == name_key)).first()
    return None if row is None else AccountRow(**row._mapping)


def add_account(
    db: Database, values: Mapping[str, Any], *, by: str, first: bool = False, spend: str | None = None, at: datetime
) -> AccountRow:
    """Record an account. Raises ConflictError where there is one of this name.

    first : only where there is none at all. spend : digest of the first-run token, removed in the same transaction;
    ConflictError where it is gone.
    """
    with db.write() as c:
        if first and c.execute(sa.select(t.accounts.c.id).limit(1)).first() is not None:
            raise ConflictError("this station has accounts already", "Sign in with one of them.")
        if spend is not None and not _spend(c, spend, at):
            raise ConflictError("this first-run token was used or has expired", "Run station serve again.")
        there = c.execute(sa.select(t.accounts.c.id).where(t.accounts.c.name_key == values["name_key"])).first()
        if there is not None:
            raise ConflictError(f"there is an account {values['name']} already", "Choose another name.")
        made = AccountRow(**insert(c, t.accounts, {**values, "added_at": at, "changed_at": at})._mapping)
        db.ledger.enter(c, ADDED, by=by, about={"account": made.name, "role": made.role})
    return made


def _spend(c: sa.Connection, digest: str, at: datetime) -> bool:
    k = t.sessions.c
    found = c.execute(sa.delete(t.sessions).where(k.token_sha256 == digest, k.account_id.is_(None), k.expires_at > at))
    return found.rowcount == 1


def change_account(
    db: Database,
    name_key: str,
    values: Mapping[str, Any],
    *,
    by: str,
    what: Mapping[str, Any],
    at: datetime,
    vet: Callable[[AccountRow, list[AccountRow]], None] | None = None,
) -> AccountRow:
    """Change an account and end its sessions. what : of the change, for the ledger; no secret.

    vet : called inside the transaction with the account and all accounts; what it raises undoes everything.
    """
    with db.write() as c:
        found = [AccountRow(**r._mapping) for r in c.execute(sa.select(t.accounts).with_for_update())]
        row = next((r for r in found if r.name_key == name_key), None)
        if row is None:
            raise NotFoundError(f"there is no account {name_key[:40]}", "See: station account list")
        if vet is not None:
            vet(row, found)
        if all(getattr(row, k) == v for k, v in values.items()):
            return row
        mine = t.accounts.c.id == row.id
        query = sa.update(t.accounts).where(mine).values(**values, changed_at=at).returning(t.accounts)
        made = AccountRow(**c.execute(query).one()._mapping)
        touch(c, t.accounts, row.id)
        c.execute(sa.delete(t.sessions).where(t.sessions.c.account_id == row.id))
        db.ledger.enter(c, CHANGED, by=by, about={"account": row.name, **what})
    return made


def rehash(db: Database, account_id: int, before: str, password_hash: str) -> None:
    """Keep the same password under a newer cost; nothing where it was changed in the meantime."""
    with db.write() as c:
        mine = (t.accounts.c.id == account_id) & (t.accounts.c.password_hash == before)
        if c.execute(sa.update(t.accounts).where(mine).values(password_hash=password_hash)).rowcount:
            touch(c, t.accounts, account_id)
            db.ledger.enter(c, CHANGED, about={"account": account_id, "changed": "hash"})


# --- sessions --------------------------------------------------------------------------------------------------------


def open_session(
    db: Database,
    digest: str,
    account_id: int | None,
    *,
    at: datetime,
    expires_at: datetime,
    replaces: str | None = None,
    verified: str = "",
) -> None:
    """Open a session, and end the one it replaces and those that expired. account_id : None of a first-run token, of
    which there is one. verified : the hash that the password was held to; ConflictError where it is another one now,
    or the account was disabled."""
    k = t.sessions.c
    with db.write() as c:
        gone = (k.expires_at <= at) | (k.token_sha256 == (replaces or ""))
        c.execute(sa.delete(t.sessions).where(gone if account_id is not None else gone | k.account_id.is_(None)))
        if account_id is not None:  # its password or role may have changed since they were looked at
            a = t.accounts.c
            account = c.execute(
                sa.select(a.disabled, a.password_hash).where(a.id == account_id).with_for_update()
            ).one()
            if account.disabled:
                raise ConflictError("this account is disabled", "Ask an administrator.")
            if account.password_hash != verified:
                raise ConflictError("this account was changed at this moment", "Sign in again.")
        values = {"token_sha256": digest, "account_id": account_id, "created_at": at, "seen_at": at}
        c.execute(sa.insert(t.sessions).values(**values, expires_at=expires_at))


def session(db: Database, digest: str) -> SessionRow | None:
    """A session with its account."""
    query = (
        sa.select(t.accounts, t.sessions.c.seen_at, t.sessions.c.expires_at)
        .join(t.sessions, t.sessions.c.account_id == t.accounts.c.id)
        .where(t.sessions.c.token_sha256 == digest)
    )
    with db.read() as c:
        row = c.execute(query).first()
    if row is None:
        return None
    values = dict(row._mapping)
    seen_at, expires_at = values.pop("seen_at"), values.pop("expires_at")
    return SessionRow(AccountRow(**values), seen_at, expires_at)


def seen(db: Database, digest: str, at: datetime) -> None:
    """Note that a session was used."""
    with db.write() as c:
        c.execute(sa.update(t.sessions).where(t.sessions.c.token_sha256 == digest).values(seen_at=at))


def end_session(db: Database, digest: str) -> None:
    """End a session."""
    with db.write() as c:
        c.execute(sa.delete(t.sessions).where(t.sessions.c.token_sha256 == digest))
