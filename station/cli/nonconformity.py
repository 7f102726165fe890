"""``nc``: nonconformities, from a failed lot to a complaint, its disposition and what it costs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from station.cli import seen, traceability
from station.cli.conduct import (
    NONCONFORMING,
    By,
    Claim,
    FailOn,
    Json,
    Reason,
    context_of,
    document,
    emit,
    progress,
    say,
    show,
    table,
)
from station.cli.seen import Point, Tongue, tell
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.nonconformity import NonconformityDocument

nc = typer.Typer(
    help="Nonconformities: from a failed lot to a complaint, its disposition, its cost.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Out = Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(nc, name="nc")
    seen.register(nc)
    traceability.register(nc)


_WHAT = 40
"""Characters of the points that the list shows."""


@nc.command("draft")
def draft(
    context: typer.Context,
    lot: Annotated[str, typer.Argument(metavar="LOT", help="A decided lot.")],
    use: Annotated[
        str | None,
        typer.Option("--use", help="internal, giveaway, tool, retail, display, gift, matched-set, premium."),
    ] = None,
    face: Annotated[str | None, typer.Option("--face", help="That the photos show: front or back.")] = None,
    carton: Annotated[str | None, typer.Option("--carton", help="The outer carton is for: transit or retail.")] = None,
    licensed: Annotated[bool | None, typer.Option("--licensed/--not-licensed", help="Licensed artwork.")] = None,
    brand: Annotated[bool | None, typer.Option("--brand-colour/--no-brand-colour", help="Brand colours.")] = None,
    event_on: Annotated[
        datetime | None,
        typer.Option("--event-on", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="When the goods are needed."),
    ] = None,
    answer_days: Annotated[
        int | None, typer.Option("--answer-days", help="Days that the supplier has for cause and plan; 14.")
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Draft the nonconformity of a lot from its data; again: from its newest data, what people said stays."""
    changes = {
        "use": use, "face": face, "carton": carton, "licensed": licensed, "brand_colour": brand,
        "event_on": _day(event_on), "answer_days": answer_days,
    }  # fmt: skip
    with context_of(context).open() as station, progress("Reading the lot"):
        found = station.nonconformities.draft(lot, by=by, **changes)
    tell(found, json)


@nc.command("list")
def list_all(context: typer.Context, json: Json = False) -> None:
    """Every nonconformity as it stands."""
    with context_of(context).open() as station:
        found = station.nonconformities.all()
    if json:
        for one in found:
            emit(document(one))
        return
    rows = [
        [
            d.number, d.status + (f" ({d.revision})" if d.revision else ""), d.facts.lot, d.facts.sku,
            _shortened(", ".join(p.item.name.replace("-", " ") for p in d.points if not p.preference)),
            str(sum(a.state != "withdrawn" for a in d.actions)), str(sum(a.overdue for a in d.actions)),
            d.answer_by.isoformat(),
        ]
        for d in found
    ]  # fmt: skip
    columns = ["number", "status", "lot", "SKU", "what", "actions", "overdue", "answer by"]
    table("Nonconformities", columns, rows)


def _shortened(text: str) -> str:
    return text if len(text) <= _WHAT else f"{text[: _WHAT - 1].rstrip(' ,')}…"


@nc.command("show")
def show_one(
    context: typer.Context,
    number: Claim,
    language: Tongue = "en",
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """The nine answers to each point, what stands against sending or closing it, its remedy and its cost."""
    from station.service.nonconformity_reporting import in_words

    with context_of(context).open() as station:
        found = station.nonconformities.show(number)
    if json:
        emit(document(found))
    else:
        for line in in_words(found, language):
            show(line)
    if fail and found.status != "closed":
        raise typer.Exit(NONCONFORMING)


@nc.command("answer")
def answer(
    context: typer.Context,
    number: Claim,
    question: Annotated[
        str,
        typer.Argument(
            metavar="QUESTION", help="item, standard, size, quantity, function, sales, packaging, rework or pause."
        ),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The answer, with numbers.")],
    item: Annotated[int | None, typer.Option("--item", metavar="POINT", help="The point; all without it.")] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Answer one of the nine questions in your own words; they stand above what data and rules say."""
    with context_of(context).open() as station:
        tell(station.nonconformities.answer(number, question, text, point=item, by=by), json)


@nc.command("class")
def classify(
    context: typer.Context,
    number: Claim,
    point: Point,
    defect_class: Annotated[str, typer.Argument(metavar="CLASS", help="critical, major or minor.")],
    reason: Reason = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Class a point; without a class the supplier is not told of it."""
    with context_of(context).open() as station:
        tell(station.nonconformities.classify(number, point, defect_class, by=by, reason=reason), json)


@nc.command("ask")
def ask(
    context: typer.Context,
    number: Claim,
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT ...", help="What the supplier is to do, one request each.")
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Say what the supplier is to do, in place of what is proposed; without TEXT the proposal holds again."""
    with context_of(context).open() as station:
        tell(station.nonconformities.ask(number, texts or (), by=by), json)


@nc.command("disposition")
def disposition(
    context: typer.Context,
    number: Claim,
    accept: Annotated[int, typer.Option("--accept", min=0, help="Conforming units.")] = 0,
    concession: Annotated[int, typer.Option("--concession", min=0, help="Taken although they do not conform.")] = 0,
    discount: Annotated[int, typer.Option("--discount", min=0, help="Taken at a lower price.")] = 0,
    sort: Annotated[int, typer.Option("--sort", min=0, help="Still to be inspected one by one.")] = 0,
    rework: Annotated[int, typer.Option("--rework", min=0, help="To be reworked.")] = 0,
    replace: Annotated[int, typer.Option("--replace", min=0, help="To be made anew.")] = 0,
    give_back: Annotated[int, typer.Option("--return", min=0, help="To be sent back.")] = 0,
    scrap: Annotated[int, typer.Option("--scrap", min=0, help="To be scrapped.")] = 0,
    proposed: Annotated[bool, typer.Option("--as-proposed", help="Take the proposed quantities.")] = False,
    by: By = "",
    json: Json = False,
) -> None:
    """Say what is done with how many units; together they are the lot."""
    from station.values.nonconformity import Share

    given: dict[str, int] = {
        "accept": accept, "concession": concession, "discount": discount, "sort": sort, "rework": rework,
        "replace": replace, "return": give_back, "scrap": scrap,
    }  # fmt: skip
    if proposed and any(given.values()):
        raise RequestError("--as-proposed is given beside quantities", "Give one or the other.")
    shares = [Share.model_validate({"disposition": d, "quantity": n}) for d, n in given.items() if n]
    with context_of(context).open() as station:
        if proposed:
            shares = list(station.nonconformities.show(number).proposed)
        tell(station.nonconformities.dispose(number, shares, by=by), json)


@nc.command("cost")
def cost(
    context: typer.Context,
    number: Claim,
    price: Annotated[str | None, typer.Option("--price", help="Of a unit, FOB.")] = None,
    packing: Annotated[str | None, typer.Option("--packing", help="Custom packing of a unit, on top; 0.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="Three letters; USD.")] = None,
    sort: Annotated[str | None, typer.Option("--sort", help="Sorting, a unit.")] = None,
    rework: Annotated[str | None, typer.Option("--rework", help="Rework, a unit.")] = None,
    rework_yield: Annotated[str | None, typer.Option("--rework-yield", help="Share that rework saves; 1.")] = None,
    remake: Annotated[str | None, typer.Option("--remake", help="A new unit; the price without it.")] = None,
    dispose: Annotated[str | None, typer.Option("--dispose", help="Disposal, a unit; 0.")] = None,
    expedite: Annotated[str | None, typer.Option("--expedite", help="Expedited production; 0.")] = None,
    freight: Annotated[str | None, typer.Option("--freight", help="Shipping of new units; 0.")] = None,
    discount: Annotated[str | None, typer.Option("--discount", help="Share of the price, such as 0.15.")] = None,
    loss: Annotated[str | None, typer.Option("--loss", help="Your loss by a nonconforming unit in use.")] = None,
    late_loss: Annotated[str | None, typer.Option("--late-loss", help="Your loss if the day is missed.")] = None,
    inbound: Annotated[str | None, typer.Option("--inbound", help="What failed inbound has cost you.")] = None,
    returns: Annotated[str | None, typer.Option("--returns", help="What returns have cost you.")] = None,
    relabelling: Annotated[str | None, typer.Option("--relabelling", help="What relabelling has cost you.")] = None,
    fines: Annotated[str | None, typer.Option("--fines", help="Fines and chargebacks.")] = None,
    delay: Annotated[str | None, typer.Option("--delay", help="What the delay has cost you.")] = None,
    sort_days: Annotated[int | None, typer.Option("--sort-days", min=0, help="Days that sorting takes.")] = None,
    rework_days: Annotated[int | None, typer.Option("--rework-days", min=0, help="Days that rework takes.")] = None,
    remake_days: Annotated[int | None, typer.Option("--remake-days", min=0, help="Days until new ones come.")] = None,
    unknown: Annotated[
        list[str] | None,
        typer.Option("--unknown", metavar="PRICE", help="Not known any more, by its option: rework, sort-days ..."),
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Compare what the remedies cost, with the arithmetic; prices given before hold until they are given anew."""
    amounts = {
        "price": price, "sort": sort, "rework": rework, "rework_yield": rework_yield, "remake": remake,
        "dispose": dispose, "expedite": expedite, "freight": freight, "discount": discount, "loss": loss,
        "late_loss": late_loss, "packing": packing, "inbound": inbound, "returns": returns,
        "relabelling": relabelling, "fines": fines, "delay": delay,
    }  # fmt: skip
    days = {"sort_days": sort_days, "rework_days": rework_days, "remake_days": remake_days, "currency": currency}
    given: dict[str, Any] = {k: _amount(k, v) for k, v in amounts.items() if v is not None}
    given |= {k: v for k, v in days.items() if v is not None}
    given = {**{_unpriced(name): None for name in unknown or ()}, **given}
    from station.service.nonconformity_reporting import cost_in_words

    with context_of(context).open() as station:
        found = station.nonconformities.price(number, given, by=by) if given else station.nonconformities.show(number)
    if json:
        emit(document(found))
        return
    for line in cost_in_words(found):
        show(line)


@nc.command("send")
def send(context: typer.Context, number: Claim, by: By = "", json: Json = False) -> None:
    """Record that the complaint goes out as it stands; refused where an answer, a class or a request is missing."""
    with context_of(context).open() as station:
        tell(station.nonconformities.send(number, by=by), json)


@nc.command("message")
def message(context: typer.Context, number: Claim, language: Tongue = "en") -> None:
    """Print the message to the supplier: what was found, where, how many, what he is to do."""
    from station.service.nonconformity_reporting import message_text

    with context_of(context).open() as station:
        emit(message_text(station, number, language).rstrip("\n"))
        found = station.nonconformities.show(number)
    _say_unfinished(found)


@nc.command("report")
def report(
    context: typer.Context,
    number: Claim,
    out: Out,
    language: Tongue = "en",
    internal: Annotated[
        bool, typer.Option("--internal", help="For yourself: with every remedy's cost and the claim's strength.")
    ] = False,
) -> None:
    """Write the report as PDF: record, points with pictures and nine answers, requests, disposition, actions."""
    from station.service.nonconformity_reporting import report_pdf
    from station.service.out_files import write_file

    with context_of(context).open() as station, progress("Setting the report"):
        data, remark = report_pdf(station, number, language, internal=internal)
        found = station.nonconformities.show(number)
    write_file(out, data, ".pdf")
    show(f"Written: {out}")
    _say_unfinished(found)
    if remark:
        show(f"Note: {remark}.")


def _say_unfinished(found: NonconformityDocument) -> None:
    """On standard error, that a message or report is of a complaint which cannot be sent yet, and why."""
    if found.faults:
        more = f" (and {len(found.faults) - 1} more)" if len(found.faults) > 1 else ""
        say(f"note: {found.number} is not complete: {found.faults[0]}{more}. Complete and send it, then hand this on.")


@nc.command("package")
def package(
    context: typer.Context,
    number: Claim,
    sheet: Annotated[Path, typer.Option("--sheet", metavar="SHEET.toml", help="The revised control sheet.")],
    out: Out,
    language: Tongue = "en",
    by: By = "",
    json: Json = False,
) -> None:
    """Write the corrective package: defect map, revised sheet, master references, criteria, inspection plan."""
    from station.service.corrective_package import corrective_package
    from station.service.out_files import write_file

    def write(data: bytes) -> None:
        write_file(out, data, ".zip")

    with context_of(context).open() as station, progress("Packing"):
        data, found = corrective_package(station, number, sheet, by=by, write=write, code=language)
    if json:
        emit(document(found))
        return
    show(f"Written: {out} ({len(data):,} bytes). {found.facts.sku} may be ordered again by it.")


@nc.command("reorder")
def reorder(
    context: typer.Context,
    sku: Annotated[str, typer.Argument(metavar="SKU", help="The product.")],
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """May this product be ordered again? Not after a failed lot without its corrective package."""
    from station.service.corrective_package import reorder as ask_for

    with context_of(context).open() as station:
        found = ask_for(station, sku)
    if json:
        emit(document(found))
    else:
        show(f"{sku}: {'do not reorder yet' if found.blocked else 'may be ordered again'}")
        for reason in found.reasons:
            show(f"  {reason}")
    if fail and found.blocked:
        raise typer.Exit(NONCONFORMING)


@nc.command("close")
def close(
    context: typer.Context,
    number: Claim,
    text: Annotated[str, typer.Option("--text", metavar="WORDS", help="How it ended.")] = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Close it: every unit has its disposition, every corrective action is verified."""
    with context_of(context).open() as station:
        tell(station.nonconformities.close(number, by=by, text=text), json)


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _unpriced(option: str) -> str:
    from station.values.claim_costs import Unpriced

    names = [name.replace("_", "-") for name in get_args(Unpriced)]
    if option not in names:
        raise RequestError(f"--unknown: {option[:40]!r} is no price that may be unknown", f"Use {', '.join(names)}.")
    return option.replace("-", "_")


def _amount(name: str, text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        option = f"--{name.replace('_', '-')}"
        raise RequestError(f"{option}: {text[:40]!r} is no amount", "Write it with a decimal point, as in 0.80.")
    return found
