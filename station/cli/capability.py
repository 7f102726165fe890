"""``model capability``: how small a defect the station finds on a sealed golden sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import INTERRUPTED, Jobs, Json, context_of, document, emit, progress, say, show, table
from station.cli.pairing import model

if TYPE_CHECKING:
    from station.values.capability import CapabilityDocument


def register(_app: typer.Typer) -> None:
    """Add the command to ``model``."""
    model.command("capability")(capability)


def capability(
    context: typer.Context,
    golden: Annotated[str, typer.Option("--golden", metavar="NUMBER", help="The sealed golden sample.")],
    shown: Annotated[bool, typer.Option("--show", help="Show the newest study instead of making one.")] = False,
    trials: Annotated[
        int,
        typer.Option("--trials", metavar="N", help="Defects of each kind in each kind of region; below 60 no a90/95."),
    ] = 150,
    parts: Annotated[int, typer.Option("--parts", metavar="N", help="Renderings without a defect.")] = 60,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed draws other defects.")] = 1,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="OUT.png", help="Draw the curves of detection here.")
    ] = None,
    jobs: Jobs = None,
    json: Json = False,
) -> None:
    """Render known defects into the golden's own picture and tell which sizes are found, and how rare false alarms are.

    The study is kept with the golden: a limit of the control sheet below what is found leaves units undecided.
    """
    from station.batch import choose_engine
    from station.service.picturing import capability_chart, vet, write

    if picture is not None:
        vet(picture)
    with context_of(context).open() as station:
        if shown:
            number, study = station.capability.newest(golden)
            remark = station.capability.passed_over(golden, study)
            if remark:
                say(f"note: {remark}.")
        else:
            with progress("Rendering") as move:
                answer = station.capability.run(
                    golden=golden, engine=choose_engine(jobs), on_done=lambda: move(None), on_total=move,
                    trials=trials, parts=parts, seed=seed,
                )  # fmt: skip
            if answer.id is None or answer.document is None:
                raise typer.Exit(INTERRUPTED)
            for remark in answer.remarks:
                say(f"note: {remark}.")
            number, study = answer.id, answer.document
    if picture is not None:
        write(capability_chart(study), picture)
    if json:
        emit(document(study))
        return
    _tell(number, study)
    if picture is not None:
        show(f"Written: {picture}")


def _tell(number: int, study: CapabilityDocument) -> None:
    show(
        f"Capability study {number} of golden {study.golden} version {study.golden_version} with {study.model}, "
        f"{study.made_at:%Y-%m-%d %H:%M} UTC"
    )
    rows = []
    for c in study.curves:
        sizes = f"{c.least_mm:.2f} to {c.largest_mm:.2f}"
        a90, bound = ("" if v is None else f"{v:.2f}" for v in (c.a90_mm, c.a90_95_mm))
        named = f"{c.named} of {c.hits}" if c.hits else ""
        where = c.region or "all together"
        lost = (str(count or "") for count in (c.harmless, c.let_through))
        rows.append([c.kind, where, f"{c.hits} of {c.trials}", named, *lost, sizes, a90, bound, c.reason])
    columns = ["kind", "region", "found", "named rightly", "taken for dust", "let through", "sizes mm", "a90 mm"]
    columns += ["a90/95 mm", ""]
    table("Probability of detection", columns, rows)
    f = study.false_alarms
    named = ", ".join(f"{count} {kind}" for kind, count in f.kinds.items())
    show(
        f"False alarms: {f.alarms} on {f.parts} renderings without a defect{f' ({named})' if named else ''}, "
        f"at most {f.per_part_upper:.3f} a part; at most {f.share_upper:.1%} of parts show one (95 %)."
    )
    show(
        "A turned part throws light and shadow elsewhere, which is not rendered: expect more false alarms on real ones."
    )
    show(f"Looked for on {study.searched_share:.1%} of the part; not at its very edge, nor on the edges of holes.")
    for k in study.limits:
        label = f"{k.kind} for {k.where}" if k.where else k.kind
        if k.state == "proven" and k.a90_95_mm is not None:
            show(f"{label}: the limit of {k.limit_mm:g} mm is not below the a90/95 of {k.a90_95_mm:.2f} mm.")
        elif k.state == "unknown":
            show(f"{label}: this study does not tell: {k.reason}.")
    for warning in study.warnings:
        show(f"Warning: {warning}.")
