"""Signing in and out, and the accounts."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field, SecretStr
from starlette.concurrency import run_in_threadpool

from station.errors import RequestError
from station.settings import Settings
from station.values.account import AccountDocument, Role, SessionDocument
from station.values.documents import Document
from station.web.etags import IfMatch
from station.web.gate import COOKIE, token_of
from station.web.routes.common import Limit, Page, StationOf, TextCursor, WhoOf, page_after, refuses

router = APIRouter(tags=["accounts"])

Name = Annotated[str, Field(min_length=1, max_length=120, examples=["M. Weber"])]
AccountName = Annotated[str, Path(min_length=1, max_length=120)]
Secret = Annotated[SecretStr, Field(max_length=200)]


class SignIn(Document):
    """Name and password."""

    name: Name
    password: Secret = Field(examples=["four plain words together"])


class FirstAccount(SignIn):
    """The first administrator, with the token that ``station serve`` printed."""

    token: Secret = Field(examples=["u2v0Xw..."])


class NewAccount(SignIn):
    """An account. pin : 6 to 12 digits, to sign with."""

    role: Role = Field(examples=["reviewer"])
    pin: Secret | None = Field(default=None, examples=["402817"])


class AccountChange(Document):
    """What is to be another; what is left out stays. Each change signs out whoever is signed in with the account."""

    role: Role | None = Field(default=None, examples=["approver"])
    disabled: bool | None = None
    password: Secret | None = None
    pin: Secret | None = None


@router.get("/session", summary="Who is signed in, and whether anybody must")
def session(station: StationOf, request: Request) -> SessionDocument:
    return station.accounts.session(token_of(request.headers))


@router.post(
    "/session",
    summary="Sign in; the answer sets the session's cookie",
    status_code=201,
    responses=refuses(409),
)
async def sign_in(station: StationOf, request: Request, response: Response, given: SignIn) -> SessionDocument:
    _text(given.name)
    client = request.client.host if request.client else ""
    with station.accounts.turn(given.name, client) as delay:
        await asyncio.sleep(delay)  # holds no thread meanwhile
        token = await run_in_threadpool(
            station.accounts.log_in, given.name, given.password.get_secret_value(), client=client,
            before=token_of(request.headers),
        )  # fmt: skip
    _set_cookie(response, station.settings, token)
    return await run_in_threadpool(station.accounts.session, token)


@router.delete("/session", summary="Sign out", status_code=204)
def sign_out(station: StationOf, request: Request, response: Response) -> None:
    token = token_of(request.headers)
    if token is not None:
        station.accounts.log_out(token)
    _set_cookie(response, station.settings, None)


@router.post(
    "/accounts/first",
    summary="Make the first administrator with the first-run token",
    status_code=201,
    responses=refuses(409),
)
def first(station: StationOf, request: Request, new: FirstAccount) -> AccountDocument:
    client = request.client.host if request.client else ""
    return station.accounts.first_run(
        new.token.get_secret_value(), new.name, new.password.get_secret_value(), client=client
    )


@router.get("/accounts", summary="Every account, by name")
def accounts(station: StationOf, cursor: TextCursor = None, limit: Limit = 100) -> Page[AccountDocument]:
    found = sorted(station.accounts.all(), key=lambda a: a.name)
    items, after = page_after(found, lambda a: a.name, cursor, limit)
    return Page(items=tuple(items), next=after)


@router.post("/accounts", summary="Make an account", status_code=201, responses=refuses(409))
def add(station: StationOf, who: WhoOf, new: NewAccount) -> AccountDocument:
    pin = None if new.pin is None else new.pin.get_secret_value()
    return station.accounts.add(_text(new.name), new.role, new.password.get_secret_value(), pin=pin, by=who.name)


@router.patch(
    "/accounts/{name}",
    summary="Change an account: its role, its password, its PIN, whether it is disabled",
    responses=refuses(409, 412),
)
def change(station: StationOf, who: WhoOf, name: AccountName, new: AccountChange, if_match: IfMatch) -> AccountDocument:
    pin = None if new.pin is None else new.pin.get_secret_value()
    password = None if new.password is None else new.password.get_secret_value()
    with if_match.of(lambda: station.accounts.one(_text(name))):
        return station.accounts.change(
            name, role=new.role, disabled=new.disabled, password=password, pin=pin, by=who.name
        )


def _set_cookie(response: Response, settings: Settings, token: str | None) -> None:
    response.set_cookie(
        COOKIE, token or "", max_age=settings.session_hours * 3600 if token else 0, httponly=True, samesite="strict",
        secure=settings.certificate is not None,
    )  # fmt: skip


def _text(name: str) -> str:
    """A name as the database keeps it. Raises RequestError."""
    if not name.isprintable():
        raise RequestError("the name holds characters that are no text", "Use letters, digits and blanks.")
    return name
