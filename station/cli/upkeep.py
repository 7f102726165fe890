"""``serve``, ``check``, ``upgrade``, ``schema``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from station.cli.conduct import NONCONFORMING, FailOn, Json, context_of, document, emit, show


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("serve")(serve)
    app.command("check")(check)
    app.command("upgrade")(upgrade)
    app.command("schema")(schema)


def serve(
    context: typer.Context,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, metavar="N")] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the review page in the browser.")] = False,
) -> None:
    """Serve the local API and the review pages."""
    from station.service.tools import free_port

    settings = context_of(context).settings()
    chosen = settings.port if port is None else port
    free_port(settings.host, chosen)
    with context_of(context).open():
        pass  # a database that cannot be used is refused here, in one line, not in the log of the server
    address = f"http://{settings.host}:{chosen}/"
    show(f"The review page is at {address} (Ctrl-C stops it).")
    if open_page:
        import webbrowser

        webbrowser.open(address)
    import uvicorn

    # the server makes its application itself and reads its settings from the environment
    os.environ |= {"STATION_HOME": str(settings.home), "STATION_PORT": str(chosen)}
    uvicorn.run("station.web.app:create_app", factory=True, host=settings.host, port=chosen, log_level="warning")


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
    from station.service.tools import json_schema

    emit(json_schema(name))
