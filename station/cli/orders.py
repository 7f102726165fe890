"""``order``: the inspection plan of an order; ``order_exchange`` adds what goes from station to station."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from station.cli import order_exchange
from station.cli.conduct import Json, context_of, document, emit, show, table

order = typer.Typer(
    help="Orders: how they are to be inspected, and their records between stations.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    order_exchange.register(order)
    app.add_typer(order, name="order")


@order.callback()
def orders() -> None:
    """Orders: how they are to be inspected, and their records between stations."""


@order.command("plan")
def plan(
    context: typer.Context,
    units: Annotated[list[int], typer.Argument(metavar="UNITS...", help="Units of each SKU of the order.")],
    finishes: Annotated[int, typer.Option("--finishes", min=1, metavar="N", help="Different finishes.")] = 1,
    carded: Annotated[bool, typer.Option("--carded", help="Packed on cards by hand.")] = False,
    hardware: Annotated[
        bool, typer.Option("--hardware", help="With rings, magnets or other mounted hardware.")
    ] = False,
    premium: Annotated[
        bool, typer.Option("--premium", help="A gift set, or for premium retail, a museum, a licence, an executive.")
    ] = False,
    deadline: Annotated[bool, typer.Option("--deadline", help="For a launch that cannot wait.")] = False,
    value_usd: Annotated[
        float | None, typer.Option("--value-usd", metavar="USD", help="What the whole order costs, FOB.")
    ] = None,
    golden: Annotated[
        str | None, typer.Option("--golden", metavar="NUMBER", help="Take the AQLs of its control sheet.")
    ] = None,
    stream: Annotated[
        str | None, typer.Option("--stream", metavar="NAME", help="Its stream of lots: the severities in force.")
    ] = None,
    quality: Annotated[
        list[float] | None,
        typer.Option("--quality", metavar="P", help="Say the chance at P per cent; may be repeated. 5 and 10 without."),
    ] = None,
    cartons: Annotated[
        int | None, typer.Option("--cartons", min=1, metavar="C", help="A final sample comes from so many cartons.")
    ] = None,
    correlation: Annotated[
        float | None, typer.Option("--correlation", metavar="R", help="How alike units of a carton are, 0 to 0.95.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="OUT.png", help="Draw the final inspection's curves here.")
    ] = None,
    json: Json = False,
) -> None:
    """Recommend how an order is inspected: at which gates, how many units, and what that lets through."""
    from station.lots.orders import Order
    from station.service import ordering, picturing

    wanted = Order(
        units=tuple(units), finishes=finishes, carded=carded, hardware=hardware, premium=premium, deadline=deadline,
        value_usd=value_usd,
    )  # fmt: skip
    if picture is not None:
        picturing.vet(picture)
    with context_of(context).open() as station:
        found = ordering.plan_order(
            station, wanted, golden=golden, stream=stream, qualities=quality or (), cartons=cartons,
            correlation=correlation,
        )  # fmt: skip
    if picture is not None:
        picturing.write(ordering.order_chart(found), picture)
    if json:
        emit(document(found))
        return
    first, last = found.lead_days
    show(f"Profile {found.profile}: {'; '.join(found.reasons)}. The inspections add {first} to {last} days.")
    rows = [[ordering.gate_name(g, found), g.when, ordering.sample_words(g)] for g in found.gates]
    table("Gates", ["gate", "when", "units inspected"], rows)
    for measure in found.measures:
        show(f"Besides: {measure}.")
    columns, passing = ordering.chances(found)
    if passing:
        table("Of 100 such lots pass, by per cent nonconforming", columns, passing)
    for words in ordering.sentences(found):
        show(words)
    for remark in found.remarks:
        show(f"Note: {remark}.")
    if picture is not None:
        show(f"Written: {picture}")


@order.command("check")
def check(
    units: Annotated[list[int], typer.Argument(metavar="UNITS...", help="Units of each SKU of the order.")],
    product: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="pin, coin, keychain, magnet, medal, pack or other.")
    ] = "other",
    finish: Annotated[str, typer.Option("--finish", metavar="WORDS", help="Plating, as in: antique brass.")] = "",
    epoxy: Annotated[bool, typer.Option("--epoxy", help="Domed with epoxy.")] = False,
    boxed: Annotated[bool, typer.Option("--boxed", help="In rigid boxes.")] = False,
    carded: Annotated[bool, typer.Option("--carded", help="Packed on cards by hand.")] = False,
    sample_days: Annotated[
        int | None, typer.Option("--sample-days", metavar="N", help="Promised for the sample.")
    ] = None,
    production_days: Annotated[
        int | None, typer.Option("--production-days", metavar="N", help="Promised for mass production.")
    ] = None,
    json: Json = False,
) -> None:
    """Before an order is placed: its risk, whether its schedule is plausible, whether it is large enough."""
    from station.lots.order_advice import Making, advice
    from station.lots.orders import Order

    making = Making(product, finish, epoxy, boxed, sample_days, production_days)
    found = advice(Order(units=tuple(units), carded=carded), making)
    if json:
        emit(document(found))
        return
    show(f"The risk of the order is {found.level} ({found.points} points).")
    for part in found.parts:
        show(f"  {part.points}: {part.words}")
    low, high = found.production_days
    show(f"Usual: a sample in {found.sample_days[0]} to {found.sample_days[1]} days, production in {low} to {high}.")
    for words in (*found.schedule, *found.minimum):
        show(f"Note: {words}.")
