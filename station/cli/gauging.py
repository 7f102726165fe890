"""``gauge``: repeatability and reproducibility studies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import (
    INTERRUPTED,
    REFUSED,
    Card,
    Jobs,
    Json,
    Rig,
    context_of,
    document,
    emit,
    progress,
    say,
    show,
    table,
)
from station.errors import NotFoundError, RequestError

if TYPE_CHECKING:
    from station.service.gauge import Captured
    from station.values.gauge import GaugeStudyDocument, VariationDocument

gauge = typer.Typer(
    help="Repeatability and reproducibility of the measurements.", no_args_is_help=True, rich_markup_mode=None
)
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who made the study.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(gauge, name="gauge")


@gauge.command("run")
def run(
    context: typer.Context,
    golden: Annotated[str, typer.Option("--golden", metavar="NUMBER", help="The golden sample to measure against.")],
    photos: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PHOTO_OR_FOLDER]", help="One part, lifted and laid down again for each photo."),
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option("--study", metavar="STUDY.csv", help="Several parts: columns photo, part, operator, trial."),
    ] = None,
    rig: Rig = None,
    card: Card = None,
    by: By = "",
    jobs: Jobs = None,
    json: Json = False,
) -> None:
    """Measure the photos of a study and put what it finds into the uncertainties. Run it again to go on."""
    from station.batch import choose_engine
    from station.service.gauge import photos_of_one_part, read_captures

    if (study is None) == (not photos):
        raise RequestError(
            "a study is made of photos of one part or of --study, one of them",
            "For example: station gauge run again/ --golden NUMBER --rig NAME",
        )
    captures = read_captures(study) if study is not None else photos_of_one_part(photos or [])
    with context_of(context).open() as station, progress("Measuring", len(captures)) as move:

        def on_done(one: Captured) -> None:
            move(None)
            if one.error is not None:
                say(str(one.error) if one.photo in one.error.message else f"{one.photo}: {one.error}")

        answer = station.gauge.run(
            captures, golden=golden, rig=rig, card=card, by=by, engine=choose_engine(jobs), on_done=on_done
        )
    if answer.stopped:
        raise typer.Exit(INTERRUPTED)
    if answer.document is None or answer.id is None:
        say(f"{answer.failed} photos cannot be used, so the study is not evaluated. Replace them or take them out.")
        raise typer.Exit(REFUSED)
    _tell(answer.id, answer.document, json)


@gauge.command("from")
def from_values(
    context: typer.Context,
    values: Annotated[
        Path,
        typer.Argument(
            metavar="VALUES.csv", help="Columns part, value, and operator, trial, characteristic where there are."
        ),
    ],
    golden: Annotated[
        str | None, typer.Option("--golden", metavar="NUMBER", help="Take the limits from its control sheet.")
    ] = None,
    characteristic: Annotated[
        str, typer.Option("--characteristic", metavar="NAME", help="What was measured, without a column that says it.")
    ] = "value",
    lower: Annotated[float | None, typer.Option("--lower", metavar="L", help="Lower limit.")] = None,
    upper: Annotated[float | None, typer.Option("--upper", metavar="U", help="Upper limit.")] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Evaluate a table of values, of callipers for example. It is recorded and enters no uncertainty."""
    with context_of(context).open() as station:
        answer = station.gauge.from_values(
            values, golden=golden, characteristic=characteristic, lower=lower, upper=upper, by=by
        )
    assert answer.id is not None
    assert answer.document is not None
    _tell(answer.id, answer.document, json)


@gauge.command("show")
def show_study(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(metavar="[STUDY]", help="Its number; without it the newest.")] = None,
    golden: Annotated[str | None, typer.Option("--golden", metavar="NUMBER", help="Only of this golden.")] = None,
    rig: Rig = None,
    json: Json = False,
) -> None:
    """One study in full."""
    with context_of(context).open() as station:
        if number is not None:
            _tell(number, station.gauge.study(number), json)
            return
        found = station.gauge.studies(golden=golden, rig=rig)
    if not found:
        raise NotFoundError("there is no gauge study", "Make one: station gauge run PHOTOS --golden NUMBER --rig NAME")
    _tell(*found[0], json)


@gauge.command("list")
def list_studies(
    context: typer.Context,
    golden: Annotated[str | None, typer.Option("--golden", metavar="NUMBER", help="Only of this golden.")] = None,
    rig: Rig = None,
    json: Json = False,
) -> None:
    """Every study, newest first."""
    with context_of(context).open() as station:
        found = station.gauge.studies(golden=golden, rig=rig)
    if json:
        for _, one in found:
            emit(document(one))
        return
    rows = [
        [
            str(number), f"{s.made_at:%Y-%m-%d %H:%M} UTC", s.source,
            f"{s.golden} v{s.golden_version}" if s.golden else "", s.rig or "", s.by, str(len(s.characteristics)),
        ]
        for number, s in found
    ]  # fmt: skip
    table("Gauge studies", ["study", "made", "from", "golden", "rig", "by", "characteristics"], rows)


def _tell(number: int, study: GaugeStudyDocument, json: bool) -> None:
    from station.service.gauge_series import flagged

    if json:
        emit(document(study))
        return
    of = f" of golden {study.golden} version {study.golden_version}" if study.golden else ""
    rig = f" on bench {study.rig}" if study.rig else ""
    by = f" by {study.by}" if study.by else ""
    show(f"Study {number}{of}{rig}, {study.made_at:%Y-%m-%d %H:%M} UTC{by}")
    rows = []
    for c in study.characteristics:
        design = f"{c.parts} x {c.operators} x {c.trials or '?'}"
        for method, v in (("ANOVA", c.anova), ("average, range", c.average_range)):
            if v is not None:
                rows.append([c.characteristic, c.unit, design, method, *_figures(v)])
    columns = ["characteristic", "unit", "parts x operators x trials", "method", "EV", "AV", "INT", "GRR", "PV", "TV"]
    table("Standard deviations", [*columns, "% of TV", "% of tolerance", "ndc"], rows)
    taken = [c.characteristic for c in study.characteristics if c.in_budget]
    if study.source == "photos":
        show(f"Enters the uncertainty of later inspections: {', '.join(taken) or 'nothing'}.")
    noted: dict[str, list[str]] = {}
    for c in study.characteristics:
        if c.note:
            noted.setdefault(c.note, []).append(c.characteristic)
    for note, names in noted.items():
        whose = "all characteristics" if len(names) == len(study.characteristics) > 3 else ", ".join(names)
        show(f"Note: {whose}: {note}.")
    for c in study.characteristics:
        if c.risk is not None:
            show(
                f"{c.characteristic}: if the value alone decided, {c.risk.consumer:.2%} of such parts would be "
                f"accepted wrongly and {c.risk.producer:.2%} rejected wrongly."
            )
    for name, reason in study.left_out.items():
        show(f"Left out: {name}: {reason}.")
    for words in flagged(study):
        show(f"Note: {words}.")


def _figures(v: VariationDocument) -> list[str]:
    sigmas = ["" if x is None else f"{x:.3g}" for x in (v.ev, v.av, v.interaction, v.grr, v.pv, v.tv)]
    shares = [of.get("grr") for of in (v.percent_of_variation, v.percent_of_tolerance)]
    return [*sigmas, *("" if p is None else f"{p:.1f}" for p in shares), "" if v.ndc is None else str(v.ndc)]
