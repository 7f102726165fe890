"""``nc records``, ``nc cause``: records that the factory is asked for, and the causes of variance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import By, Claim, Day, Json, context_of, document, emit, show, table
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.nonconformity import NonconformityDocument


def register(nc: typer.Typer) -> None:
    """Add the commands of this room to ``nc``."""
    nc.command("records")(records)
    nc.command("cause")(cause)


def records(
    context: typer.Context,
    number: Claim,
    record: Annotated[
        str | None,
        typer.Argument(metavar="RECORD", help="lot-dates, incoming-lots or inspection-reports; all without it."),
    ] = None,
    step: Annotated[str | None, typer.Argument(metavar="STEP", help="asked, came or refused.")] = None,
    on: Day = None,
    text: Annotated[str, typer.Option("--text", metavar="WORDS", help="What it says, or why there is none.")] = "",
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="The record that came.")] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Whether the factory's three records came, and when; what it cannot show makes it a sourcing risk."""
    if (record is None) != (step is None):
        raise RequestError("a record without a step, or a step without a record", "Give both, or neither to look.")
    with context_of(context).open() as station:
        if record is None or step is None:
            found = station.nonconformities.show(number)
        else:
            day = None if on is None else on.date()
            found = station.traceability.record(number, record, step, on=day, text=text, file=file, by=by)
        risk = station.traceability.sourcing_risk(found.facts.supplier)
    if json:
        emit(document(found))
        return
    rows = [
        [r.name, r.state, str(r.asked_on or ""), str(r.due or ""), str(r.settled_on or ""), r.note, r.by]
        for r in found.factory_records
    ]
    table("Records of the factory", ["record", "state", "asked", "due", "came or refused", "note", "by"], rows)
    for words in risk:
        show(f"Sourcing risk: {words}.")


def cause(
    context: typer.Context,
    number: Claim,
    name: Annotated[str | None, typer.Argument(metavar="CAUSE", help="One of the thirteen; all without it.")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="It is so.")] = False,
    rule_out: Annotated[bool, typer.Option("--rule-out", help="It is not.")] = False,
    text: Annotated[str, typer.Option("--text", metavar="WORDS", help="What shows it.")] = "",
    by: By = "",
    json: Json = False,
) -> None:
    """The thirteen causes of variance, those of the measurement first; confirm one or rule it out."""
    if confirm + rule_out != (name is not None):
        raise RequestError("a cause is confirmed or ruled out", "Give CAUSE with --confirm or with --rule-out.")
    with context_of(context).open() as station:
        if name is None:
            found = station.nonconformities.show(number)
        else:
            found = station.traceability.cause(number, name, holds=confirm, text=text, by=by)
    if json:
        emit(document(found))
        return
    _causes(found)


def _causes(found: NonconformityDocument) -> None:
    rows = [
        [
            c.name,
            c.words,
            "measurement" if c.measurement else "goods",
            c.state,
            f"{c.why}{f' ({c.by})' if c.by else ''}",
        ]
        for c in found.variance
    ]
    table("Causes of variance", ["cause", "what", "in", "state", "why"], rows)
