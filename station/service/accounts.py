"""Accounts: made, changed, signed in and out, and the PIN with which somebody signs.

A home without accounts has one user, who may do everything and is asked for nothing. From the first account on
everybody signs in. Beyond the loopback address there must be an account: until there is one, only the token that
``station serve`` prints makes the first administrator.
"""

from __future__ import annotations

import ipaddress
import secrets
import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from station.errors import AccessError, ConflictError, NotFoundError, NotSignedInError, RequestError
from station.quality.sign_off import vet_person
from station.service.attempts import Attempts
from station.settings import Settings, is_loopback
from station.store import accounts as store
from station.store.accounts import AccountRow
from station.store.database import Database
from station.values.account import ROLES, AccountDocument, Role, SessionDocument, Who
from station.values.digest import sha256_hex

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 10, 200
"""Characters of a password."""
FIRST_RUN = timedelta(hours=1)
"""How long the token for the first account holds."""
_SEEN_EVERY = timedelta(minutes=1)
_WRONG = "name or password is wrong"
_AGAIN = "Try again, or ask an administrator for a new password."


class Accounts:
    """The use cases of accounts, for one :class:`station.service.Station`."""

    def __init__(self, db: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._db, self._settings, self._clock = db, settings, clock
        self._attempts = Attempts(clock)
        self._decoy = ""

    # --- keeping them ------------------------------------------------------------------------------------------------

    def all(self) -> list[AccountDocument]:
        """Every account, by name."""
        return [_document(r) for r in store.accounts(self._db)]

    def add(self, name: str, role: str, password: str, *, pin: str | None = None, by: str = "") -> AccountDocument:
        """Make an account; the first one must be an administrator's, who can make the others.

        Raises
        ------
        RequestError
            No name, another role, a password or PIN that is too easy, or a first account of another role.
        ConflictError
            There is an account of this name.
        """
        values = self._new(name, role, password, pin)
        if role != "administrator" and not store.any_account(self._db):
            raise RequestError(
                "the first account must be an administrator's", "Make that one first; it can make the others."
            )
        return _document(store.add_account(self._db, values, by=by, at=self._clock()))

    def one(self, name: str) -> AccountDocument:
        """An account by its name. Raises NotFoundError."""
        row = store.account(self._db, _key(name))
        if row is None:
            raise NotFoundError(f"there is no account {name[:40]}", "See: station account list")
        return _document(row)

    def change(
        self,
        name: str,
        *,
        role: str | None = None,
        disabled: bool | None = None,
        password: str | None = None,
        pin: str | None = None,
        by: str = "",
    ) -> AccountDocument:
        """Change an account, all of it or nothing; None leaves as it is. Whoever is signed in with it is signed out.

        An account is disabled, never removed: its name stands under what it decided. Raises ConflictError where no
        administrator would be left, NotFoundError.
        """
        values: dict[str, Any] = {}
        what: dict[str, Any] = {}
        if role is not None:
            values["role"] = what["role"] = _role(role)
        if disabled is not None:
            values["disabled"], what["disabled"] = int(disabled), disabled
        if password is not None:
            values["password_hash"], what["password"] = self._hasher().hash(_password(password, name)), "changed"
        if pin is not None:
            values["pin_hash"], what["pin"] = self._hasher().hash(_pin(pin)), "changed"
        if not values:
            return self.one(name)
        loses = bool(disabled) or role not in (None, "administrator")
        vet = self._keeps_administrator if loses else None
        row = store.change_account(self._db, _key(name), values, by=by, what=what, at=self._clock(), vet=vet)
        return _document(row)

    def _new(self, name: str, role: str, password: str, pin: str | None) -> dict[str, Any]:
        name = vet_person(name, what="the name")
        pin_hash = None if pin is None else self._hasher().hash(_pin(pin))
        return {
            "name": name, "name_key": _key(name), "role": _role(role), "disabled": 0, "pin_hash": pin_hash,
            "password_hash": self._hasher().hash(_password(password, name)),
        }  # fmt: skip

    @staticmethod
    def _keeps_administrator(row: AccountRow, rows: list[AccountRow]) -> None:
        if not any(r.role == "administrator" and not r.disabled and r.id != row.id for r in rows):
            raise ConflictError(f"{row.name} is the last administrator", "Make another administrator first.")

    # --- the first one -----------------------------------------------------------------------------------------------

    def needed(self) -> bool:
        """Whether nobody is let in without signing in."""
        return not is_loopback(self._settings.host) or store.any_account(self._db)

    def first_run_token(self) -> str | None:
        """A new token that makes the first administrator, None where there are accounts already. It holds an hour, and
        takes the place of the one before."""
        if store.any_account(self._db):
            return None
        token, now = secrets.token_urlsafe(32), self._clock()
        store.open_session(self._db, _digest(token), None, at=now, expires_at=now + FIRST_RUN)
        return token

    def first_run(self, token: str, name: str, password: str, *, client: str = "") -> AccountDocument:
        """Make the first administrator. Raises ConflictError where there are accounts, or the token does not hold."""
        with self._attempts.one(f"first run {client}"):
            values = self._new(name, "administrator", password, None)
            made = store.add_account(
                self._db, values, by=values["name"], first=True, spend=_digest(token), at=self._clock()
            )
        return _document(made)

    # --- sessions ----------------------------------------------------------------------------------------------------

    def log_in(self, name: str, password: str, *, client: str = "", before: str | None = None) -> str:
        """Sign in and answer the token of a new session, never of one that was there (OWASP: session fixation).

        client : from where. before : a token that the browser had, which ends. Raises NotSignedInError for a wrong name
        or password, which are not told apart, and TooManyError after too many of them for this name from there.
        """
        from argon2.exceptions import Argon2Error

        key, address = _key(name[:200]), _network(client)
        row = store.account(self._db, key)
        if row is not None:
            self._attempts.forgive(f"name {key}", row.changed_at)
        with self._attempts.one(f"name {key}\n{address}"):
            known = row is not None and not row.disabled
            try:
                self._hasher().verify(row.password_hash if row and known else self._nobody(), password[: LONGEST + 1])
            except Argon2Error:
                known = False
            if row is None or not known:
                self._attempts.count(f"name {key}", f"client {address}")
                raise NotSignedInError(_WRONG, _AGAIN)
        token, now = secrets.token_urlsafe(32), self._clock()
        ends = now + timedelta(hours=self._settings.session_hours)
        replaces = None if before is None else _digest(before)
        store.open_session(
            self._db, _digest(token), row.id, at=now, expires_at=ends, replaces=replaces, verified=row.password_hash
        )
        if self._hasher().check_needs_rehash(row.password_hash):
            store.rehash(self._db, row.id, row.password_hash, self._hasher().hash(password))
        return token

    def turn(self, name: str, client: str) -> AbstractContextManager[float]:
        """A place among those who sign in, and the seconds to wait before :meth:`log_in`. Raises TooManyError."""
        address = _network(client)
        return self._attempts.turn(address, f"name {_key(name[:200])}", f"client {address}")

    def holds(self, token: str | None) -> bool:
        """Whether who has this token may still look, which alone does not keep a session from ending idle."""
        if not self.needed():
            return True
        row, now = None if not token else store.session(self._db, _digest(token)), self._clock()
        idle = timedelta(minutes=self._settings.session_idle_minutes)
        return row is not None and not row.account.disabled and now < row.expires_at and now - row.seen_at < idle

    def who(self, token: str | None, *, polled: bool = False) -> Who:
        """Who sends a request with this token. polled : a page sends it by itself, so that its session goes on to end
        idle. Raises NotSignedInError where it is none that holds."""
        if not self.needed():
            return Who()
        row, now = None if not token else store.session(self._db, _digest(token)), self._clock()
        if row is None or token is None:
            raise NotSignedInError("nobody is signed in", "Sign in.")
        idle = timedelta(minutes=self._settings.session_idle_minutes)
        if row.account.disabled or now >= row.expires_at or now - row.seen_at >= idle:
            store.end_session(self._db, _digest(token))
            raise NotSignedInError("the session has ended", "Sign in again.")
        if not polled and now - row.seen_at >= _SEEN_EVERY:
            store.seen(self._db, _digest(token), now)
        return Who(row.account.name, _role(row.account.role), row.account.id)

    def session(self, token: str | None) -> SessionDocument:
        """What a page needs to know of whoever is signed in, nobody too."""
        idle = self._settings.session_idle_minutes
        if not self.needed():
            return SessionDocument(mode="single-user", name="", role=None, pin=False, idle_minutes=idle, ends_at=None)
        mode = "accounts" if store.any_account(self._db) else "first-run"
        row = None
        try:
            self.who(token)
            row = store.session(self._db, _digest(token or ""))
        except NotSignedInError:
            pass
        if row is None:
            return SessionDocument(mode=mode, name="", role=None, pin=False, idle_minutes=idle, ends_at=None)
        a = row.account
        return SessionDocument(
            mode=mode, name=a.name, role=_role(a.role), pin=a.pin_hash is not None, idle_minutes=idle,
            ends_at=row.expires_at,
        )  # fmt: skip

    def log_out(self, token: str) -> None:
        """End a session; one that is gone already is no error."""
        store.end_session(self._db, _digest(token))

    def confirm(self, who: Who, pin: str | None) -> None:
        """Hold a PIN to that of whoever signs. Raises AccessError where it is missing or wrong, TooManyError."""
        from argon2.exceptions import Argon2Error

        row = store.account(self._db, _key(who.name))
        if row is None or row.id != who.account or row.pin_hash is None:
            raise AccessError(
                "this account has no PIN to sign with", "Ask an administrator: station account password --pin"
            )
        if not pin:
            raise AccessError("this needs your PIN", "Send it as Station-PIN.")
        self._attempts.forgive(f"pin {row.id}", row.changed_at)
        with self._attempts.one(f"pin {row.id}"):
            try:
                self._hasher().verify(row.pin_hash, pin[:20])
            except Argon2Error:
                raise AccessError("the PIN is wrong", "Try again.") from None

    # -----------------------------------------------------------------------------------------------------------------

    @staticmethod
    def _hasher() -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher()

    def _nobody(self) -> str:
        """A hash that no password has, so that an unknown name takes as long as a known one."""
        if not self._decoy:
            self._decoy = self._hasher().hash(secrets.token_urlsafe(32))
        return self._decoy


def _document(row: AccountRow) -> AccountDocument:
    return AccountDocument(
        name=row.name, role=_role(row.role), disabled=bool(row.disabled), pin=row.pin_hash is not None,
        added_at=row.added_at, changed_at=row.changed_at,
    )  # fmt: skip


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


def _network(client: str) -> str:
    """What is counted as one address: of IPv6 the network of 64 bits, which one person has whole."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


def _digest(token: str) -> str:
    return sha256_hex(token.encode("utf-8", "surrogatepass"))


def _role(role: str) -> Role:
    found: Role | None = next((r for r in ROLES if r == role), None)
    if found is None:
        raise RequestError(f"{role[:40]!r} is no role", f"Use one of {', '.join(ROLES)}.")
    return found


def _password(password: str, name: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise RequestError(
            f"a password has {SHORTEST} to {LONGEST} characters", "Choose some words that nobody guesses."
        )
    if _key(password) == _key(name) or len(set(password)) < 4:
        raise RequestError("this password is easily guessed", "Choose some words that nobody guesses.")
    return password


def _pin(pin: str) -> str:
    if not (pin.isascii() and pin.isdigit() and 6 <= len(pin) <= 12):
        raise RequestError("a PIN has 6 to 12 digits", "Choose another.")
    if len(set(pin)) == 1 or pin in "01234567890123" or pin in "98765432109876":
        raise RequestError("this PIN is easily guessed", "Choose another.")
    return pin
