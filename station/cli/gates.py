"""``gate``: orders and their gates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from station.cli.conduct import NONCONFORMING, By, FailOn, Json, context_of, document, emit
from station.cli.gates_shown import show_form, show_order, show_orders, tell

gate = typer.Typer(
    help="Orders and their gates: nothing goes past a closed one.", no_args_is_help=True, rich_markup_mode=None
)

Order = Annotated[str, typer.Argument(metavar="ORDER", help="The purchase order.")]
Gate = Annotated[
    str,
    typer.Argument(
        metavar="GATE",
        help="pre-production, incoming, first-off, in-line, post-plating, pre-pack, sort or final.",
    ),
]
Sku = Annotated[str | None, typer.Option("--sku", metavar="SKU", help="Where the order has several.")]
Text = Annotated[str, typer.Option("--text", metavar="WORDS", help="What was seen.")]
Photos = Annotated[
    list[str] | None,
    typer.Option(
        "--photo", metavar="WHAT=FILE",
        help="overall, detail, dimensions, packaging, logo, appearance, label or other. Any number.",
    ),
]  # fmt: skip
Number = Annotated[int, typer.Argument(metavar="N", help="The anomaly.")]
Party = Annotated[str, typer.Option("--party", metavar="PARTY", help="buyer or supplier.")]
Name = Annotated[str, typer.Option("--name", metavar="WHO", help="The person who decides.")]
Role = Annotated[str, typer.Option("--role", metavar="TITLE", help="That person's role.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(gate, name="gate")


@gate.command("open")
def open_order(
    context: typer.Context,
    order: Order,
    golden: Annotated[str, typer.Option("--golden", metavar="NUMBER", help="Its golden sample.")],
    units: Annotated[int, typer.Option("--units", min=1, metavar="N", help="Units of this SKU.")],
    by: By,
    beside: Annotated[
        list[int] | None, typer.Option("--beside", metavar="N", help="Units of another SKU of the order. Any number.")
    ] = None,
    finishes: Annotated[int, typer.Option("--finishes", min=1, metavar="N", help="Different finishes.")] = 1,
    carded: Annotated[bool, typer.Option("--carded", help="Packed on cards by hand.")] = False,
    hardware: Annotated[bool, typer.Option("--hardware", help="With rings, magnets or other hardware.")] = False,
    premium: Annotated[bool, typer.Option("--premium", help="Gift set, premium retail, museum, licence.")] = False,
    deadline: Annotated[bool, typer.Option("--deadline", help="For a launch that cannot wait.")] = False,
    value_usd: Annotated[float | None, typer.Option("--value-usd", metavar="USD", help="Worth, FOB.")] = None,
    cures: Annotated[bool, typer.Option("--cures", help="Parts are bonded and cure; magnets always are.")] = False,
    json: Json = False,
) -> None:
    """Open an order: its gates are those of its profile. Again after a new version was sealed, to move it there."""
    from station.lots.orders import Order as Terms

    terms = Terms(
        units=(units, *(beside or ())), finishes=finishes, carded=carded, hardware=hardware, premium=premium,
        deadline=deadline, value_usd=value_usd,
    )  # fmt: skip
    with context_of(context).open() as station:
        tell(station.gates.open(order, terms, golden=golden, cures=cures, by=by), json)


@gate.command("list")
def list_gates(
    context: typer.Context,
    order: Annotated[str | None, typer.Argument(metavar="ORDER", help="One order in full; all without it.")] = None,
    sku: Sku = None,
    only: Annotated[str | None, typer.Option("--gate", metavar="GATE", help="Everything that this gate asks.")] = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Where orders stand: which gate is closed, why, and the command that helps."""
    with context_of(context).open() as station:
        found = station.gates.all() if order is None else [station.gates.show(order, sku)]
    if only is not None:
        from station.quality.gate_rules import vet_gate

        for one in found:
            vet_gate(one.record, only)
    if json:
        for one in found:
            emit(document(one))
    elif order is None:
        show_orders(found)
    else:
        show_order(found[0], only)
    if fail and not all(one.shippable for one in found):
        raise typer.Exit(NONCONFORMING)


@gate.command("answer")
def answer(
    context: typer.Context,
    order: Order,
    question: Annotated[
        str,
        typer.Argument(
            metavar="QUESTION",
            help="spec, packaging, logo, label, carton, material-colour, quantity-delivery; of several SKUs also "
            "packing-mockup, carton-assortment, barcode-map.",
        ),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The answer.")],
    by: By,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="The file that shows it.")] = None,
    unit: Annotated[str | None, typer.Option("--unit", metavar="UNIT", help="A measured unit that shows it.")] = None,
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Answer a question of pre-production confirmation; a file must be the newest version that is on record."""
    with context_of(context).open() as station:
        tell(station.gates.answer(order, question, text, sku=sku, file=file, unit=unit, by=by), json)


@gate.command("task")
def task(
    context: typer.Context,
    order: Order,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="pre-production-sample, first-article, pilot-run or first-50.")
    ],
    n: Annotated[int, typer.Option("--n", min=1, metavar="N", help="Units.")],
    by: By,
    photo: Photos = None,
    unit: Annotated[list[str] | None, typer.Option("--unit", metavar="UNIT", help="A measured unit. Any.")] = None,
    text: Text = "",
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Record a sample with its photos and measured units."""
    with context_of(context).open() as station:
        made = station.gates.task(order, kind, sku=sku, n=n, photos=photo or (), units=unit or (), text=text, by=by)
        tell(made, json)


@gate.command("plan")
def plan(
    context: typer.Context,
    order: Order,
    gate: Gate,
    by: By,
    what: Annotated[list[str] | None, typer.Option("--what", metavar="X", help="What is inspected. Any.")] = None,
    standard: Annotated[str, typer.Option("--standard", metavar="X", help="Of the sampling.")] = "",
    ratio: Annotated[
        float | None, typer.Option("--ratio", min=0.01, max=100, metavar="PERCENT", help="Share inspected.")
    ] = None,
    frequency: Annotated[
        str, typer.Option("--frequency", metavar="X", help="How often, in line: every 200 pieces or 4 hours.")
    ] = "",
    every_pieces: Annotated[int | None, typer.Option("--every-pieces", metavar="N", help="As a number.")] = None,
    every_hours: Annotated[float | None, typer.Option("--every-hours", metavar="H", help="And by time.")] = None,
    signer: Annotated[str, typer.Option("--signer", metavar="WHO", help="Who signs the release.")] = "",
    keeper: Annotated[str, typer.Option("--keeper", metavar="WHO", help="Who keeps the records.")] = "",
    sop: Annotated[str, typer.Option("--sop", metavar="X", help="The written procedure with its version.")] = "",
    level: Annotated[
        list[str] | None, typer.Option("--level", metavar="WHO=HOURS", help="A rung of the ladder, lowest first. Any.")
    ] = None,
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Record how incoming goods are inspected, or the line."""
    from station.quality.escalation import read_level
    from station.service.gate_release import vet_texts
    from station.values.gates import ControlPlan

    made = ControlPlan(
        what=vet_texts("--what", what or []), standard=standard, ratio=None if ratio is None else ratio / 100,
        every_pieces=every_pieces, every_hours=every_hours, frequency=frequency, signer=signer, keeper=keeper, sop=sop,
        ladder=tuple(read_level(x) for x in level or ()),
    )  # fmt: skip
    with context_of(context).open() as station:
        tell(station.gates.plan(order, gate, made, sku=sku, by=by), json)


@gate.command("start")
def start(context: typer.Context, order: Order, by: By, sku: Sku = None, json: Json = False) -> None:
    """Record that mass production begins."""
    with context_of(context).open() as station:
        tell(station.gates.start(order, sku=sku, by=by), json)


@gate.command("made")
def made(
    context: typer.Context,
    order: Order,
    units: Annotated[int, typer.Argument(min=0, metavar="UNITS", help="Made since production began.")],
    by: By,
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Record how many units are made: the in-line inspection is due between 10 and 20 per cent."""
    with context_of(context).open() as station:
        tell(station.gates.made(order, units, sku=sku, by=by), json)


@gate.command("bonded")
def bonded(
    context: typer.Context,
    order: Order,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch of bonded parts.")],
    by: By,
    at: Annotated[
        datetime | None,
        typer.Option("--at", formats=["%Y-%m-%dT%H:%M"], metavar="YYYY-MM-DDTHH:MM", help="When, in UTC; now without."),
    ] = None,
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Start the cure clock of a batch: 24 hours to packing, 48 hours to the pull test."""
    from datetime import UTC

    when = None if at is None else at.replace(tzinfo=UTC)
    with context_of(context).open() as station:
        tell(station.gates.bonded(order, batch, sku=sku, at=when, by=by), json)


@gate.command("check")
def check(
    context: typer.Context,
    order: Order,
    gate: Gate,
    test: Annotated[str, typer.Argument(metavar="TEST", help="As `gate list ORDER --gate GATE` names it.")],
    n: Annotated[int, typer.Option("--n", min=1, metavar="N", help="Units tried.")],
    wrong: Annotated[int, typer.Option("--wrong", min=0, metavar="N", help="Nonconforming ones.")],
    by: By,
    defect_class: Annotated[
        str | None, typer.Option("--class", metavar="CLASS", help="critical, major or minor.")
    ] = None,
    lux: Annotated[
        float | None, typer.Option("--lux", min=0, metavar="LUX", help="Light on the bench, for verdicts by eye.")
    ] = None,
    cct: Annotated[float | None, typer.Option("--cct", metavar="K", help="Its colour temperature.")] = None,
    photo: Photos = None,
    text: Text = "",
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Record the result of a test at a gate; the newest counts."""
    with context_of(context).open() as station:
        found = station.gates.check(
            order, gate, test, sku=sku, n=n, wrong=wrong, defect_class=defect_class, lux=lux, cct_k=cct,
            photos=photo or (), text=text, by=by,
        )  # fmt: skip
        tell(found, json)


@gate.command("lot")
def lot(
    context: typer.Context,
    order: Order,
    gate: Gate,
    lot: Annotated[str, typer.Argument(metavar="LOT", help="The lot.")],
    by: By,
    replaces: Annotated[
        str | None,
        typer.Option("--replaces", metavar="LOT", help="The rejected lot whose sorted or remade goods it is."),
    ] = None,
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Have a lot inspected at a gate; it is not inspected or decided while a gate before is closed."""
    with context_of(context).open() as station:
        tell(station.gates.assign(order, gate, lot, sku=sku, replaces=replaces, by=by), json)


@gate.command("release")
def release(
    context: typer.Context,
    order: Order,
    gate: Gate,
    party: Party,
    name: Name,
    role: Role = "",
    text: Annotated[str, typer.Option("--text", metavar="WORDS", help="What the release says.")] = "",
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Release a gate, signed with this station's key, when everything that it asks is met."""
    with context_of(context).open() as station:
        tell(station.releases.release(order, gate, sku=sku, party=party, by=name, role=role, text=text), json)


@gate.command("waive")
def waive(
    context: typer.Context,
    order: Order,
    gate: Gate,
    requirement: Annotated[str, typer.Argument(metavar="REQUIREMENT", help="As `gate list` names it.")],
    reason: Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why it may be.")],
    name: Name,
    party: Party = "buyer",
    role: Role = "",
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Excuse what a gate asks, with the reason; never a critical finding."""
    with context_of(context).open() as station:
        found = station.releases.waive(
            order, gate, requirement, sku=sku, reason=reason, party=party, by=name, role=role
        )
        tell(found, json)


@gate.command("escalate")
def escalate(
    context: typer.Context,
    order: Order,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is odd; without it, an anomaly goes up.")] = "",
    anomaly: Annotated[int | None, typer.Option("--anomaly", min=1, metavar="N", help="That goes up.")] = None,
    level: Annotated[int, typer.Option("--level", min=1, metavar="N", help="To which level it goes up.")] = 2,
    gate: Annotated[str, typer.Option("--gate", metavar="GATE", help="Where it was seen.")] = "in-line",
    by: By = "",
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Record something odd in the process, or take it up the ladder."""
    from station.errors import RequestError

    if bool(text) == (anomaly is not None):
        raise RequestError("either an anomaly is recorded or one goes up", "Give TEXT, or --anomaly N --level N.")
    with context_of(context).open() as station:
        if anomaly is None:
            found = station.releases.anomaly(order, gate, text, sku=sku, by=by)
        else:
            found = station.releases.escalate(order, anomaly, level, sku=sku, by=by)
        tell(found, json)


@gate.command("resolve")
def resolve(
    context: typer.Context,
    order: Order,
    anomaly: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was done.")],
    by: By,
    sku: Sku = None,
    json: Json = False,
) -> None:
    """Record what was done about an anomaly."""
    with context_of(context).open() as station:
        tell(station.releases.resolve(order, anomaly, text, sku=sku, by=by), json)


@gate.command("first-article")
def first_article(
    context: typer.Context, order: Order, sku: Sku = None, json: Json = False, fail: FailOn = False
) -> None:
    """The first-article form: every characteristic against what the first pieces measured."""
    with context_of(context).open() as station:
        found = station.gates.first_article(order, sku)
    if json:
        emit(document(found))
    else:
        show_form(found)
    if fail and found.verdict == "nonconforms":
        raise typer.Exit(NONCONFORMING)
