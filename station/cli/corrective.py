"""``ca``: corrective actions of a nonconformity."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import NONCONFORMING, By, Claim, FailOn, Json, Reason, context_of, document, emit, show, table

if TYPE_CHECKING:
    from station.values.nonconformity import Action, NonconformityDocument

ca = typer.Typer(
    help="Corrective actions: root cause, containment, correction, prevention.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Number = Annotated[int, typer.Argument(metavar="N", help="The action.")]
Due = Annotated[datetime, typer.Option("--due", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Until when.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(ca, name="ca")


@ca.command("add")
def add(
    context: typer.Context,
    number: Claim,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="root-cause, containment, correction or prevention.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be done.")],
    owner: Annotated[str, typer.Option("--owner", metavar="NAME", help="Who does it.")],
    due: Due,
    item: Annotated[
        list[int] | None, typer.Option("--item", metavar="POINT", help="Point it is against; all without it.")
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Add an action with its owner and due date."""
    with context_of(context).open() as station:
        found = station.corrective.add(number, kind, text, owner=owner, due=due.date(), points=item or (), by=by)
    _tell(found, json)


@ca.command("due")
def put_off(
    context: typer.Context,
    number: Claim,
    action: Number,
    due: Due,
    reason: Reason = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Give an action another due date, with the reason."""
    with context_of(context).open() as station:
        _tell(station.corrective.put_off(number, action, due.date(), by=by, reason=reason), json)


@ca.command("done")
def done(
    context: typer.Context,
    number: Claim,
    action: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was done; of a root cause what it is.")],
    by: By = "",
    json: Json = False,
) -> None:
    """Record what the owner did."""
    with context_of(context).open() as station:
        _tell(station.corrective.done(number, action, text, by=by), json)


@ca.command("verify")
def verify(
    context: typer.Context,
    number: Claim,
    action: Number,
    lot: Annotated[list[str] | None, typer.Option("--lot", metavar="ID", help="A decided lot made since; any.")] = None,
    text: Annotated[str, typer.Option("--text", metavar="WORDS", help="What was seen, where no lot can tell.")] = "",
    by: By = "",
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Hold an action to later lots: effective, not effective, or not shown yet and how many units would."""
    from station.service.nonconformity_reporting import effect_in_words

    with context_of(context).open() as station:
        found = station.corrective.verify(number, action, lots=lot or (), text=text, by=by)
    effect = found.actions[action - 1].effect
    if not json and effect is not None:
        show(effect_in_words(effect))
    _tell(found, json)
    if fail and effect is not None and effect.verdict == "not effective":
        raise typer.Exit(NONCONFORMING)


@ca.command("withdraw")
def withdraw(
    context: typer.Context, number: Claim, action: Number, reason: Reason = "", by: By = "", json: Json = False
) -> None:
    """Take an action back that another one replaces."""
    with context_of(context).open() as station:
        _tell(station.corrective.withdraw(number, action, by=by, reason=reason), json)


@ca.command("list")
def list_actions(
    context: typer.Context,
    number: Annotated[str | None, typer.Argument(metavar="ID", help="The nonconformity; all without it.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that are overdue.")] = False,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Actions with owner, due date and state, the earliest due first."""
    with context_of(context).open() as station:
        found = station.corrective.all(number, overdue=overdue)
    if json:
        for _, action in found:
            emit(document(action))
    else:
        rows = [
            [
                f"{n} {a.number}", a.kind.replace("-", " "), a.words, a.owner, a.due.isoformat(),
                _state(a),
            ]
            for n, a in found
        ]  # fmt: skip
        title = "Overdue corrective actions" if overdue else "Corrective actions"
        table(title, ["action", "kind", "what", "owner", "due", "state"], rows)
    if fail and any(a.overdue for _, a in found):
        raise typer.Exit(NONCONFORMING)


def _tell(found: NonconformityDocument, json: bool) -> None:
    if json:
        emit(document(found))
        return
    for a in found.actions:
        show(f"{found.number} {a.number}  {a.kind.replace('-', ' ')}, {a.owner}, due {a.due}: {_state(a)}. {a.words}")


def _state(a: Action) -> str:
    return f"{a.state}, overdue" if a.overdue and a.state == "open" else a.state
