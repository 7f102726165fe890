"""``stream``: streams of lots, and the switching between normal, tightened and reduced inspection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from station.cli.conduct import By, Json, Reason, context_of, document, emit, show, table
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.documents import DefectClass
    from station.values.stream import StreamDocument, StreamEvent

stream = typer.Typer(
    help="Streams of lots: which severity of inspection the next lot gets.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(metavar="STREAM", help="The stream of lots.")]
_CLASSES = ("critical", "major", "minor")


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(stream, name="stream")


@stream.command("open")
def open_stream(
    context: typer.Context,
    name: Name,
    sku: Annotated[str, typer.Option("--sku", help="The product.")] = "",
    supplier: Annotated[str, typer.Option("--supplier", help="Who makes it.")] = "",
    process: Annotated[str, typer.Option("--process", help="On which line or by which process.")] = "",
    critical: Annotated[
        float | None, typer.Option("--critical", metavar="AQL", help="AQL of critical ones; 0, or without it, Ac 0.")
    ] = None,
    major: Annotated[float | None, typer.Option("--major", metavar="AQL", help="AQL of major ones.")] = None,
    minor: Annotated[float | None, typer.Option("--minor", metavar="AQL", help="AQL of minor ones.")] = None,
    edition: Annotated[
        str, typer.Option("--edition", help="z1.4 (of 2003), z1.4-1993, mil-std-105e or iso2859-1.")
    ] = "z1.4",
    level: Annotated[str, typer.Option("--level", help="S-1 ... S-4, I, II, III.")] = "II",
    type: Annotated[str, typer.Option("--type", help="single, double, multiple.")] = "single",
    fractional: Annotated[bool, typer.Option("--fractional", help="With ISO 2859-1's Ac 1/2, 1/3, 1/5.")] = False,
    json: Json = False,
) -> None:
    """Open a stream under normal inspection: one product, supplier and process, lot after lot."""
    given = {"critical": critical, "major": major, "minor": minor}
    aql = {cast("DefectClass", c): a for c, a in given.items() if a is not None}
    with context_of(context).open() as station:
        opened = station.streams.open(
            name, sku=sku, supplier=supplier, process=process, aql=aql, edition=edition, level=level, type=type,
            fractional=fractional,
        )  # fmt: skip
    _tell(opened, json)


@stream.command("lot")
def lot(
    context: typer.Context,
    name: Name,
    lot: Annotated[str, typer.Argument(metavar="LOT", help="The lot.")],
    size: Annotated[int, typer.Option("--size", min=2, metavar="N", help="Units in the whole lot.")],
    found: Annotated[
        list[str],
        typer.Option("--found", metavar="CLASS=D", help="Nonconforming in a class; D,D... up to each stage."),
    ],
    resubmitted: Annotated[
        bool, typer.Option("--resubmitted", help="It was not accepted before and comes again: not counted.")
    ] = False,
    removed: Annotated[
        int, typer.Option("--removed", min=0, metavar="N", help="With --resubmitted: units taken out of it since.")
    ] = 0,
    reason: Annotated[str, typer.Option("--note", metavar="WORDS", help="What should be remembered of it.")] = "",
    json: Json = False,
) -> None:
    """Record a lot that was inspected under the plans in force."""
    given = [_counts(text) for text in found]
    counts = dict(given)
    if len(counts) < len(given):
        raise RequestError("a class is given twice with --found", "Give each class once; stages as major=4,7.")
    with context_of(context).open() as station:
        answer = station.streams.record_lot(
            name, lot, size=size, found=counts, resubmitted=resubmitted, removed=removed, reason=reason
        )
        last = station.streams.events(name)[-1]
    if not json:
        _tell_lot(last)
    _tell(answer, json)


@stream.command("production")
def production(
    context: typer.Context,
    name: Name,
    by: By,
    irregular: Annotated[bool, typer.Option("--irregular", help="It is not, or no longer, steady.")] = False,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Record that production runs at a steady rate, or no longer does."""
    with context_of(context).open() as station:
        _tell(station.streams.production(name, steady=not irregular, by=by, reason=reason), json)


@stream.command("consent")
def consent(
    context: typer.Context,
    name: Name,
    by: By,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="The consent is taken back.")] = False,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Record that the responsible authority agrees to reduced inspection."""
    with context_of(context).open() as station:
        _tell(station.streams.consent(name, agreed=not withdrawn, by=by, reason=reason), json)


@stream.command("resume")
def resume(context: typer.Context, name: Name, by: By, reason: Reason, json: Json = False) -> None:
    """Take inspection up again, tightened, after the supplier has acted."""
    with context_of(context).open() as station:
        _tell(station.streams.resume(name, by=by, reason=reason), json)


@stream.command("direct")
def direct(
    context: typer.Context,
    name: Name,
    severity: Annotated[str, typer.Option("--severity", help="normal, tightened or reduced.")],
    by: By,
    reason: Reason,
    classes: Annotated[
        list[str] | None, typer.Option("--class", metavar="CLASS", help="Only this class; may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """Record that the responsible authority directs a severity."""
    with context_of(context).open() as station:
        answer = station.streams.direct(
            name, severity=severity, by=by, reason=reason, classes=[cast("DefectClass", c) for c in classes or ()]
        )
    _tell(answer, json)


@stream.command("void")
def void(
    context: typer.Context,
    name: Name,
    number: Annotated[int, typer.Argument(metavar="EVENT", help="Its number in the history.")],
    by: By,
    reason: Reason,
    json: Json = False,
) -> None:
    """Take an event that was recorded by mistake out of the count; it stays in the records."""
    with context_of(context).open() as station:
        _tell(station.streams.void(name, number, by=by, reason=reason), json)


@stream.command("status")
def status(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[STREAM]", help="Without it every stream.")] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Draw its lots, of one stream: .jpg or .png.")
    ] = None,
    json: Json = False,
) -> None:
    """Where a stream stands: the severity of its next lot, class by class, and how it came to it."""
    from station.service.picturing import vet, write

    if picture is not None:
        if name is None:
            raise RequestError("--picture draws one stream", "Name it: station stream status STREAM --picture FILE.png")
        vet(picture)
    with context_of(context).open() as station:
        found = station.streams.all() if name is None else [station.streams.status(name)]
        if picture is not None and name is not None:
            write(station.streams.picture(name), picture)
    for one in found:
        _tell(one, json, history=True)
    if picture is not None and not json:
        show(f"Written: {picture}")
    if not found and not json:
        show("There is no stream. Open one: station stream open")


@stream.command("plan")
def next_plan(
    context: typer.Context,
    name: Name,
    size: Annotated[int, typer.Option("--size", min=2, metavar="N", help="Units in the next lot.")],
    json: Json = False,
) -> None:
    """The plans in force for the next lot."""
    with context_of(context).open() as station:
        found = station.streams.next_lot(name, size)
    if json:
        emit(document(found))
        return
    fractions, whole = any(p.fraction for p in found.plans), any(p.hundred_percent for p in found.plans)
    rows = [
        [p.defect_class, p.severity, _numbers(p.n), _numbers(p.ac), _numbers(p.re),
         *([p.fraction or ""] if fractions else []), *(["the whole lot" if p.hundred_percent else ""] if whole else [])]
        for p in found.plans
    ]  # fmt: skip
    columns = ["class", "inspection", "n", "Ac", "Re", *(["fraction"] if fractions else []), *([""] if whole else [])]
    table(f"Stream {name}, next lot of {size}", columns, rows)


@stream.command("history")
def history(context: typer.Context, name: Name, json: Json = False) -> None:
    """Everything that happened to a stream, in its order."""
    with context_of(context).open() as station:
        found = station.streams.events(name)
    if json:
        for event in found:
            emit(document(event))
        return
    void = {e.voids for e in found}
    rows = [
        [str(i), f"{e.at:%Y-%m-%d %H:%M}", e.kind, e.lot or e.value, _said(e), e.by, "void" if i in void else ""]
        for i, e in enumerate(found, 1)
    ]
    table(f"History of {name}", ["event", "at", "what", "", "result", "by", ""], rows)


def _counts(text: str) -> tuple[DefectClass, tuple[int, ...]]:
    name, _, numbers = text.partition("=")
    counts = [n.strip() for n in numbers.split(",")]
    if name not in _CLASSES or not all(n.isdecimal() for n in counts):
        raise RequestError(f"--found {text} is no count", "For example --found major=3, or --found major=4,7.")
    return cast("DefectClass", name), tuple(int(n) for n in counts)


def _numbers(values: tuple[int, ...]) -> str:
    return " ".join("-" if v < 0 else str(v) for v in values)


def _said(event: StreamEvent) -> str:
    if event.kind == "lot":
        again = ["again" + (f", {event.removed} taken out" if event.removed else "")] if event.resubmitted else []
        said = [f"{r.defect_class} {'accepted' if r.accepted else 'not accepted'}" for r in event.results]
        return ", ".join([*again, *said])
    return f"event {event.voids}: {event.reason}" if event.kind == "void" else event.reason


def _tell_lot(event: StreamEvent) -> None:
    if event.resubmitted:
        out = f", {event.removed} units taken out since" if event.removed else ", with all of its units"
        show(f"Lot {event.lot} comes again{out}; it does not count for switching.")
    for r in event.results:
        gap = ", between Ac and Re" if r.in_gap else ""
        show(
            f"Lot {event.lot}, {r.defect_class}: {r.found[-1]} found in {sum(r.n[: len(r.found)])} under {r.severity} "
            f"inspection: {'accepted' if r.accepted else 'not accepted'}{gap}"
        )


def _tell(found: StreamDocument, json: bool, *, history: bool = False) -> None:
    """history : the last changes, whatever brought them about; without it those of the newest event."""
    if json:
        emit(document(found))
        return
    s = found.stream
    of = ", ".join(x for x in (s.sku, s.supplier, s.process) if x)
    counted = f"{found.lots} lot{'' if found.lots == 1 else 's'} counted"
    show(f"Stream {s.name}{f' ({of})' if of else ''}: {s.edition}, level {s.level}, {s.type}; {counted}")
    scored = s.edition == "iso2859-1"
    rows = [
        [c.defect_class, f"{c.aql:g}", c.severity, *([str(c.score)] if scored else []), str(c.run),
         "; ".join(c.waits_for)]
        for c in found.classes
    ]  # fmt: skip
    columns = ["class", "AQL", "next lot", *(["score"] if scored else []), "accepted in a row", "a change waits for"]
    table("Inspection", columns, rows)
    for change in [c for c in found.changes if history or c.event == found.events][-5:]:
        lot = f"lot {change.lot}" if change.lot else f"event {change.event}"
        show(f"After {lot} {change.defect_class}: {change.before} -> {change.after}, {change.reason}")
    for remark in found.remarks:
        show(f"Note: {remark}.")
