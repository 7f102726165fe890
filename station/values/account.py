"""Who may use a station: accounts, their roles, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import AwareDatetime, Field

from station.values.documents import Document

Role = Literal["operator", "inspector", "reviewer", "approver", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)
"""operator : photographs and enters values. inspector : also benches, draws and streams. reviewer : also reviews.
approver : also decides lots and signs. administrator : keeps the accounts, and reads."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who sends a request. role : None where the station has one user and no accounts. account : its id."""

    name: str = ""
    role: Role | None = None
    account: int | None = None


class AccountDocument(Document):
    """An account. Password and PIN are known to nobody; ``pin`` says whether there is one to sign with."""

    name: str = Field(examples=["M. Weber"])
    role: Role = Field(examples=["reviewer"])
    disabled: bool
    pin: bool
    added_at: AwareDatetime
    changed_at: AwareDatetime


class SessionDocument(Document):
    """Who is signed in. mode : ``single-user`` where there are no accounts, ``first-run`` where the first one is yet to
    be made, ``accounts`` otherwise. idle_minutes : after which a session ends by itself."""

    mode: Literal["single-user", "first-run", "accounts"]
    name: str = Field(examples=["M. Weber"])
    role: Role | None = Field(examples=["reviewer"])
    pin: bool = Field(description="whether this account can sign with a PIN")
    idle_minutes: int
    ends_at: AwareDatetime | None
