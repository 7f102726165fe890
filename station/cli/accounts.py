"""``account``: who may use the station, and as what."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import By, Json, context_of, document, emit, show, table
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.account import AccountDocument

account = typer.Typer(
    help="Accounts: who may use the station, and as what. Without any there is one user, who may do everything.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The person.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="operator, inspector, reviewer, approver or administrator.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(account, name="account")


@account.command("add")
def add(
    context: typer.Context,
    name: Name,
    role: Role,
    pin: Annotated[bool, typer.Option("--pin", help="Ask for a PIN to sign with, too.")] = False,
    by: By = "",
    json: Json = False,
) -> None:
    """Make an account; the first one is an administrator's. The password is asked for, or read from standard input."""
    password = _secret("Password")
    number = _secret("PIN, 6 to 12 digits") if pin else None
    with context_of(context).open() as station:
        _tell(station.accounts.add(name, role, password, pin=number, by=by), json)


@account.command("list")
def list_all(context: typer.Context, json: Json = False) -> None:
    """Every account."""
    with context_of(context).open() as station:
        found = station.accounts.all()
    if json:
        for one in found:
            emit(document(one))
        return
    rows = [
        [a.name, a.role, "disabled" if a.disabled else "", "PIN" if a.pin else "", f"{a.changed_at:%Y-%m-%d}"]
        for a in found
    ]
    table("Accounts", ["name", "role", "", "signs with", "changed"], rows)


@account.command("role")
def role(context: typer.Context, name: Name, role: Role, by: By = "", json: Json = False) -> None:
    """Give an account another role."""
    with context_of(context).open() as station:
        _tell(station.accounts.change(name, role=role, by=by), json)


@account.command("password")
def password(
    context: typer.Context,
    name: Name,
    pin: Annotated[bool, typer.Option("--pin", help="Set the PIN with which the person signs, instead.")] = False,
    by: By = "",
    json: Json = False,
) -> None:
    """Give an account a new password, or a new PIN; asked for, or read from standard input."""
    secret = _secret("PIN, 6 to 12 digits" if pin else "Password")
    with context_of(context).open() as station:
        use = station.accounts
        _tell(use.change(name, pin=secret, by=by) if pin else use.change(name, password=secret, by=by), json)


@account.command("disable")
def disable(
    context: typer.Context,
    name: Name,
    enable: Annotated[bool, typer.Option("--undo", help="Enable it again.")] = False,
    by: By = "",
    json: Json = False,
) -> None:
    """Disable an account, which signs the person out. It is never removed: its name stands under what it decided."""
    with context_of(context).open() as station:
        _tell(station.accounts.change(name, disabled=not enable, by=by), json)


def _secret(what: str) -> str:
    """A secret from the terminal, unseen and twice, or a line of standard input; never from the command line, which
    other users of the machine can read."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise RequestError(f"{what.split(',')[0]} is missing", "Type it when asked, or send it on standard input.")
    return line


def _tell(found: AccountDocument, json: bool) -> None:
    if json:
        emit(document(found))
        return
    more = ", disabled" if found.disabled else ""
    show(f"{found.name}: {found.role}{more}{', signs with a PIN' if found.pin else ''}.")
