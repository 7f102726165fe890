"""``serve``, ``check``, ``upgrade``, ``schema``, ``docs``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from station.cli.conduct import NONCONFORMING, FailOn, Json, context_of, document, emit, show, table
from station.errors import RequestError


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("serve")(serve)
    app.command("check")(check)
    app.command("upgrade")(upgrade)
    app.command("schema")(schema)
    app.command("docs")(docs)


def serve(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, metavar="N", help="Port; STATION_PORT or 8321 without it."),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the review page in the browser.")] = False,
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Let other machines in; they sign in.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", metavar="NAME", help="Under which they reach it; may be repeated.")
    ] = None,
    certificate: Annotated[Path | None, typer.Option("--certificate", metavar="FILE.pem", help="For TLS.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE.pem", help="Of the certificate.")] = None,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Let others in without TLS: who listens on the network reads along.")
    ] = False,
) -> None:
    """Serve the local API and the review pages."""
    from station.service.tools import free_port

    settings = context_of(context).settings()
    given = {
        "port": port, "host": host, "names": ",".join(name) if name else None, "certificate": certificate,
        "certificate_key": key, "plain_http": plain_http or None,
    }  # fmt: skip
    settings = settings.model_copy(update={k: v for k, v in given.items() if v is not None})
    free_port(settings)
    for file in (settings.certificate, settings.certificate_key):
        if file is not None and not file.is_file():
            raise RequestError(f"{file} is not there", "Give the path of a PEM file.")
    with context_of(context).open() as station:  # what cannot be used is refused here, in one line, not in a log
        token = station.accounts.first_run_token() if station.accounts.needed() else None
    names = settings.names.split(",")[0].strip() or settings.host
    address = f"http{'s' if settings.certificate else ''}://{names}:{settings.port}/"
    show(f"The review page is at {address} (Ctrl-C stops it).")
    if token is not None:
        show(f"There are no accounts yet. Make the first one, within an hour: {address}sign-in#token={token}")
    if open_page:
        import webbrowser

        webbrowser.open(address)
    import uvicorn

    # the server makes its application itself and reads its settings from the environment
    told = {"HOME": settings.home, "PORT": settings.port, "HOST": settings.host, "NAMES": settings.names}
    told |= {"CERTIFICATE": settings.certificate, "CERTIFICATE_KEY": settings.certificate_key}
    os.environ |= {f"STATION_{k}": str(v) for k, v in told.items() if v is not None}
    os.environ |= {"STATION_PLAIN_HTTP": "1"} if settings.plain_http else {}
    uvicorn.run(
        "station.web.app:create_app", factory=True, host=settings.host.strip("[]"), port=settings.port,
        log_level="warning", ws="none", proxy_headers=False, timeout_graceful_shutdown=3,
        ssl_certfile=settings.certificate, ssl_keyfile=settings.certificate_key,
        http="station.web.connections:Connection", backlog=128,  # the bounds of connections count on it
    )  # fmt: skip


def check(
    context: typer.Context,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="NUMBER:HASH", help="A head of the ledger that was kept elsewhere."),
    ] = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Walk database, evidence and ledger; name what is missing, extra, changed or added."""
    with context_of(context).open() as station:
        found = station.check(head)
    if json:
        emit(document(found))
    else:
        what = f"{found.rows} records, {found.files} evidence files and {found.ledger_entries} entries of the ledger"
        show(f"{what}: {'all is well' if found.ok else 'DAMAGED'}.")
        for kind in ("missing", "changed", "added", "extra", "removed"):
            for name in getattr(found, kind):
                show(f"  {kind}: {name}")
        for remark in found.remarks:
            show(f"  note: {remark}")
    if fail and not found.ok:
        raise typer.Exit(NONCONFORMING)


def upgrade(context: typer.Context) -> None:
    """Bring a database of an earlier version to this one; a SQLite database is copied first."""
    from station.service.tools import upgrade_database

    show(upgrade_database(context_of(context).settings()))


def schema(
    name: Annotated[str, typer.Argument(metavar="NAME", help="sheet, card, unit, lot, plan, and what commands print.")],
) -> None:
    """Print the JSON Schema of a document."""
    from station.service.schemas import json_schema

    emit(json_schema(name))


def docs(
    page: Annotated[
        str | None, typer.Argument(metavar="PAGE", help="A help page by its name; without it all names.")
    ] = None,
) -> None:
    """Read a help page here; station serve shows them all, with search and pictures, at /help."""
    from station.service.help_pages import help_page, help_pages

    if page is not None:
        emit(help_page(page).rstrip("\n"))
        return
    table("Help pages", ["page", "about"], [[name, title] for name, title in help_pages().items()])
    show("To read one: station docs PAGE")
