"""``align`` and ``model``: two pictures, without a bench or a golden sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from station.cli.conduct import REFUSED, Jobs, Json, context_of, document, emit, progress, say, show, table
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.model_card import ModelCardDocument

model = typer.Typer(help="The defect model: two pictures, what it finds.", no_args_is_help=True, rich_markup_mode=None)

Golden = Annotated[Path | None, typer.Argument(metavar="GOLDEN", help="Picture of the golden sample.")]
Unit = Annotated[Path | None, typer.Argument(metavar="UNIT", help="Picture of the unit.")]
Pairs = Annotated[
    Path | None, typer.Option("--pairs", metavar="FILE.jsonl", help='Lines {"golden": path, "unit": path}.')
]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("align")(align)
    app.add_typer(model, name="model")


def align(
    context: typer.Context,
    golden: Golden = None,
    unit: Unit = None,
    model: Annotated[str, typer.Option("--model", help="similarity, affine or homography.")] = "similarity",
    pairs: Pairs = None,
    jobs: Jobs = None,
    json: Json = False,
) -> None:
    """Register one picture onto another of the same thing, no rig needed. Crop both to it: what fills them counts."""
    from station.service import picture_pairs

    job = picture_pairs.AlignPair(model=model, settings=context_of(context).settings())
    if pairs is not None:
        _many(pairs, job, jobs)
        return
    found = job(picture_pairs.Pair(*_both(golden, unit)))
    if json:
        emit(document(found))
        return
    if not found.registered:
        show(f"Not registered: {found.reason}")
        return
    show(f"Registered by a {found.model}, rms {found.rms_px:.3f} px. Golden pixels to unit pixels:")
    for row in found.transform or ():
        show("  " + "  ".join(f"{v:14.6f}" for v in row))


@model.command("run")
def run_model(
    context: typer.Context,
    golden: Golden = None,
    unit: Unit = None,
    pairs: Pairs = None,
    jobs: Jobs = None,
    json: Json = False,
    use: Annotated[str | None, typer.Option("--use", help="Another defect model: name or path of its card.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Draw both with the places numbered: .jpg or .png.")
    ] = None,
) -> None:
    """Mark what differs between two pictures of the same thing, taken alike: aligned within a few pixels."""
    from station.service import picture_pairs
    from station.service.picturing import pair_chart, vet, write

    if out is not None:
        if pairs is not None:
            raise RequestError("--out draws one pair", "Give GOLDEN and UNIT, or leave --out out.")
        vet(out, [golden, unit])
    job = picture_pairs.RunModel(settings=context_of(context).settings(), model=use)
    if pairs is not None:
        _many(pairs, job, jobs)
        return
    both = picture_pairs.Pair(*_both(golden, unit))
    found = job(both)
    if out is not None:
        write(pair_chart(both, found, job.settings), out)
    for remark in (*found.remarks, *found.doubts):
        say(f"note: {remark}.")
    if json:
        emit(document(found))
        return
    rows = [[str(n), b.kind, f"{b.x}, {b.y}", f"{b.w} x {b.h}", f"{b.score:.2f}"] for n, b in enumerate(found.boxes, 1)]
    if rows:
        title = "1 place differs" if len(rows) == 1 else f"{len(rows)} places differ"
        table(title, ["no.", "kind", "upper left px", "size px", "score"], rows)
    elif found.doubts:
        show("No place is marked, which does not say that none differs: see the notes.")
    else:
        show("No place differs beyond what registration leaves." if found.left_out else "No place differs.")
    if found.left_out:
        show(f"{picture_pairs.left_out_words(found.left_out, found.left_out_share)}.")
    if out is not None:
        show(f"Written: {out}")


@model.command("card")
def model_card(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A defect model, or the path of its card; without it all.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what a defect model is: its kinds, files, data, measured figures and known limits."""
    from station.service.tools import model_cards

    for card in model_cards(name, context_of(context).settings()):
        if json:
            emit(document(card))
            continue
        used = f", looks at {' and '.join(card.used_for)}" if card.used_for else ""
        show(f"{card.name} {card.version}{used}")
        show(f"Kinds: {', '.join(card.kinds)}")
        for w in card.weights:
            size = "" if w.bytes is None else f", {w.bytes / 1e6:.1f} MB"
            show(f"File: {w.path} ({w.precision}{size}), {w.state}: sha256 {w.sha256}")
        for key, text in card.about.items():
            show(f"{key.capitalize()}: {text}")
        rows = [[t.kind, f"{t.found} of {t.of}", f"{t.found / t.of:.0%}"] for t in card.trials]
        if rows:
            table("Found in trials, of defects at or over the usual limits", ["kind", "found", ""], rows)
        _scores(card)
        if card.measured is not None:
            m = card.measured
            of = "" if m.weights is None else f", weights sha256 {m.weights}"
            show(f"Trials: {m.units} rendered units of seed {m.seed}, by station {m.program}{of}")
        for limit in card.limits:
            show(f"Limit: {limit}.")
        show("")


def _scores(card: ModelCardDocument) -> None:
    """From which score a finding counts, and what is left to a person."""
    from station.values.reviewed import in_words

    used = next((w.path for w in card.weights if w.sha256 == card.trials_of), None)
    if used is not None:
        show(f"The trials were made with {used}.")
    if card.least_scores:
        show(f"A finding is left out below its score (least_scores): {in_words(card.least_scores)}.")
    if card.sure_scores:
        show(
            f"A finding over its limit counts without a person (sure_scores): {in_words(card.sure_scores)}; below, a "
            "person decides."
        )
    if card.untried:
        show(f"Never tried, so that a person decides on each over its limit: {', '.join(card.untried)}.")


def _both(golden: Path | None, unit: Path | None) -> tuple[Path, Path]:
    if golden is None or unit is None:
        raise RequestError("two pictures are needed", "Give GOLDEN and UNIT, or --pairs FILE.jsonl.")
    return golden, unit


def _many(pairs: Path, job: Callable[[Any], Any], jobs: int | None) -> None:
    from station.batch import choose_engine
    from station.service import json_lines, picture_pairs

    listed = picture_pairs.read_pairs(pairs)
    failed = doubtful = 0
    told: set[str] = set()
    with progress("Pairs", len(listed)) as move:
        waiting: dict[int, str] = {}
        shown = 0

        def on_done(outcome: Any) -> None:
            nonlocal shown, failed, doubtful
            move(None)
            failed += outcome.error is not None
            doubtful += bool(getattr(outcome.result, "doubts", ()))
            for remark in getattr(outcome.result, "remarks", ()):
                if remark not in told:
                    say(f"note: {remark}.")
                told.add(remark)
            waiting[outcome.index] = (
                document(outcome.result) if outcome.error is None else json_lines.error_line(outcome.error)
            )
            while shown in waiting:  # answers in the order of the requests
                emit(waiting.pop(shown))
                shown += 1

        choose_engine(jobs).run(job, listed, on_done=on_done)
    if doubtful:
        say(f"note: boxes do not tell all of {doubtful} of the {len(listed)} pairs; their lines say why under doubts.")
    if failed:
        say(f"{failed} of the {len(listed)} pairs were refused; their lines say why. Correct them.")
        raise typer.Exit(REFUSED)
