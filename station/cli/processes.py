"""``chart``: the course of a process from unit to unit and from lot to lot. (Pictures of one photo: ``picture``.)"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import Json, context_of, document, emit, show, table
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.charts import ChartDocument, ProcessDocument, SignalDocument

chart = typer.Typer(help="Control charts, capability, drift.", no_args_is_help=True, rich_markup_mode=None)

Golden = Annotated[str, typer.Option("--golden", metavar="NUMBER", help="The golden sample of the units.")]
Picture = Annotated[Path | None, typer.Option("--picture", metavar="FILE", help="Draw it here: .jpg or .png.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(chart, name="chart")


@chart.command("control")
def control(
    context: typer.Context,
    characteristic: Annotated[
        str,
        typer.Argument(metavar="CHARACTERISTIC", help="Such as colour:sky, size:width, entered:weight, nonconforming."),
    ],
    golden: Golden,
    lot: Annotated[list[str] | None, typer.Option("--lot", metavar="ID", help="Only this lot; repeatable.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="NAME=VALUE", help="Only units with this identifier, such as line=B."),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Subgroups: carton, lot or an identifier.")
    ] = None,
    type: Annotated[str, typer.Option("--type", help="auto, i-mr, xbar-s, ewma, cusum, p, u.")] = "auto",
    component: Annotated[
        str | None, typer.Option("--component", help="dL, dC or dH of a colour, in place of its CIEDE2000.")
    ] = None,
    picture: Picture = None,
    json: Json = False,
) -> None:
    """Control charts of one characteristic, with its capability against the limits and its shift from the master."""
    from station.service.picturing import process_chart, vet, write

    if picture is not None:
        vet(picture)
    with context_of(context).open() as station:
        found = station.processes.chart(
            characteristic, golden=golden, lots=lot or (), where=_pairs(where or []), by=by, kind=type,
            component=component,
        )  # fmt: skip
    if picture is not None:
        write(process_chart(found), picture)
    if json:
        emit(document(found))
        return
    stream = ", ".join(f"{k} {v}" for k, v in found.stream.items())
    show(f"{found.characteristic} of {found.units} units ({stream})")
    _tell_mean(found)
    rows = [row for c in found.charts for row in _signals(c)]
    if rows:
        table("Signals", ["point", "chart", "rule", ""], rows)
    else:
        show("No signal: the process is in control, as far as these units show.")
    named = (("Cp", found.cp), ("Cpk", found.cpk), ("Pp", found.pp), ("Ppk", found.ppk))
    told = [f"{name} {i.value:.2f} ({i.low:.2f} to {i.high:.2f})" for name, i in named if i is not None]
    if told:
        show("; ".join(told))
    for remark in (found.reason, *found.remarks):
        if remark:
            show(f"Note: {remark}.")
    if picture is not None:
        show(f"Written: {picture}")


@chart.command("trend")
def trend(context: typer.Context, golden: Golden, picture: Picture = None, json: Json = False) -> None:
    """Slow drift over the lots and reorders of a golden sample: colour, sizes and entered values, lot by lot."""
    from station.service.picturing import trends_chart, vet, write

    if picture is not None:
        vet(picture)
    with context_of(context).open() as station:
        found = station.processes.trends(golden)
    if picture is not None:
        write(trends_chart(found), picture)
    if json:
        emit(document(found))
        return
    rows = [
        [
            t.characteristic,
            str(len(t.lots)),
            *(f"{r.mean:.4g}" for r in (t.lots[0], t.lots[-1])),
            "" if t.q is None else f"{t.q:.3f}",
            t.reason + (f"; the level changes with lot {t.change}" if t.change else ""),
        ]
        for t in found.trends
    ]
    table(f"Lots of golden {golden}", ["characteristic", "lots", "first", "newest", "q", ""], rows)
    for remark in found.remarks:
        show(f"Note: {remark}.")
    if picture is not None:
        show(f"Written: {picture}")


def _tell_mean(found: ProcessDocument) -> None:
    """The mean with as many decimals as its interval supports."""
    if found.mean is None:
        return
    if found.charts[0].kind == "p":
        show(f"Share {found.mean:.1%} of the units")
        return
    places = found.mean_decimals
    interval = ""
    if found.mean_low is not None and found.mean_high is not None and found.mean_low < found.mean_high:
        interval = f" ({found.mean_low:.{places}f} to {found.mean_high:.{places}f}, 95 %)"
    shift = "" if found.shift is None else f", {found.shift:+.{places}f} from the master's {found.master:.{places}f}"
    show(f"Mean {found.mean:.{places}f} {found.unit}{interval}{shift}")


def _signals(chart: ChartDocument) -> list[list[str]]:
    """A row for each rule that is broken, neighbouring points as one."""
    place = {p.label: i for i, p in enumerate(chart.points)}
    runs: list[tuple[SignalDocument, SignalDocument]] = []
    for s in sorted(chart.signals, key=lambda s: (s.rule, place[s.point])):
        if runs and runs[-1][1].rule == s.rule and place[s.point] - place[runs[-1][1].point] == 1:
            runs[-1] = (runs[-1][0], s)
        else:
            runs.append((s, s))
    runs.sort(key=lambda run: (place[run[0].point], run[0].rule))
    return [[a.point if a is b else f"{a.point} to {b.point}", chart.kind, str(a.rule or ""), a.words] for a, b in runs]


def _pairs(where: list[str]) -> dict[str, str]:
    pairs = {}
    for text in where:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise RequestError(f"--where {text!r} names no identifier and value", "Write it as --where line=B")
        pairs[name.strip().lower()] = value.strip()
    return pairs
