"""``ledger list``, ``ledger head``, ``key show``, ``key list``, ``key trust``."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from station.cli.conduct import Json, context_of, document, emit, show, table

ledger = typer.Typer(help="The ledger: every record, in order, in a signed chain.", no_args_is_help=True,
                     rich_markup_mode=None)  # fmt: skip
key = typer.Typer(help="Keys: this station's, and those of others.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(ledger, name="ledger")
    app.add_typer(key, name="key")


@ledger.command("list")
def list_entries(
    context: typer.Context,
    first: Annotated[int, typer.Option("--from", min=1, metavar="N", help="From this entry on.")] = 1,
    json: Json = False,
) -> None:
    """Entries in order."""
    with context_of(context).open() as station:
        found = station.ledger.entries(first)
    if json:
        for one in found:
            emit(document(one))
        return
    rows = [
        [str(e.sequence), f"{e.at:%Y-%m-%d %H:%M:%S}", e.kind, e.by, _about(e.about), str(e.rows), e.hash[:12]]
        for e in found
    ]
    table("Ledger (times in UTC)", ["entry", "at", "what", "by", "of", "records", "hash"], rows)


@ledger.command("head")
def head(context: typer.Context, json: Json = False) -> None:
    """The newest head, to be kept elsewhere: `station check --head` holds the home to it."""
    with context_of(context).open() as station:
        found = station.ledger.head()
    emit(document(found) if json else found.head)


@key.command("show")
def show_key(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE.pub", help="Write it here.")] = None,
    json: Json = False,
) -> None:
    """This station's public key, to hand out; it is made on first use."""
    from station.service.ledger_view import write_key

    with context_of(context).open() as station:
        found = station.ledger.key()
    if out is not None:
        write_key(out, found.pem)
    if json:
        emit(document(found))
        return
    show(f"Key {found.key}\nFingerprint {found.fingerprint}, to be compared by telephone.")
    show(found.pem.rstrip() if out is None else f"Written to {out}.")


@key.command("list")
def list_keys(context: typer.Context, json: Json = False) -> None:
    """The public keys that this home knows."""
    with context_of(context).open() as station:
        found = station.ledger.known_keys()
    if json:
        for one in found:
            emit(document(one))
        return
    table("Keys", ["name", "fingerprint"], [[k.name, k.fingerprint] for k in found])


@key.command("trust")
def trust(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.pub", help="Public key of another station.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Whose it is.")],
    json: Json = False,
) -> None:
    """Know another station's key: one that writes into the same database, or that this station had before."""
    with context_of(context).open() as station:
        found = station.ledger.trust(file, name)
    if json:
        emit(document(found))
        return
    show(f"{name} is known by key {found.fingerprint}. Compare it with theirs by telephone.")


def _about(about: dict[str, object]) -> str:
    """The plain values of an entry, without digests."""
    said = [f"{k} {v}" for k, v in about.items() if isinstance(v, str | int) and "digest" not in k and k != "sha256"]
    return ", ".join(said) or jsonlib.dumps(about.get("rows", {}))
