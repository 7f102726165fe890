"""``inspect``: units against their golden sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import (
    INTERRUPTED,
    NONCONFORMING,
    REFUSED,
    Card,
    FailOn,
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
from station.errors import StationError

if TYPE_CHECKING:
    from station.service import Station
    from station.service.bench_views import BenchView
    from station.service.views import BatchResult, Inspected
    from station.values.documents import GateDocument, LotDocument, UnitDocument


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("inspect")(inspect)


def inspect(
    context: typer.Context,
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO_OR_FOLDER", help="Pictures, or folders of them.")],
    golden: Annotated[str, typer.Option("--golden", metavar="NUMBER", help="The golden sample to hold them to.")],
    golden_version: Annotated[
        int | None,
        typer.Option("--golden-version", min=1, metavar="N", help="The version in your hands; an old one is refused."),
    ] = None,
    rig: Rig = None,
    card: Card = None,
    lot: Annotated[str | None, typer.Option("--lot", metavar="ID", help="The lot the units belong to.")] = None,
    units: Annotated[
        Path | None,
        typer.Option(
            "--units", metavar="UNITS.csv", help="Names of the units: columns unit, photo, carton and others."
        ),
    ] = None,
    jobs: Jobs = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Measure and judge units. Resumable: run it again to go on; the same picture twice is one unit."""
    from station.batch import choose_engine

    done: list[Inspected] = []
    with context_of(context).open() as station, progress("Inspecting") as move:
        if rig is not None:
            _tell(station.bench.status(rig, golden, lot))

        told: set[str] = set()

        def on_done(one: Inspected) -> None:
            move(None)
            for remark in one.remarks:
                say(f"note: {remark}.")
            use = None if one.document is None else one.document.model_use
            if use is not None and use.remark and use.remark not in told:
                say(f"note: {use.remark}.")
                told.add(use.remark)
            if one.error is not None:
                say(str(one.error) if one.photo in one.error.message else f"{one.photo}: {one.error}")
            elif json and one.document is not None:
                emit(document(one.document))
            done.append(one)

        result = station.inspect_many(
            photos, golden=golden, engine=choose_engine(jobs), on_done=on_done, rig=rig, card=card, lot=lot,
            units_file=units, on_total=move, golden_version=golden_version,
        )  # fmt: skip
        tally = None if lot is None else _lot_tally(station, lot)
    for remark in result.remarks:
        say(f"note: {remark}.")
    if not json:
        _report(done, result, rig)
    if lot is not None:
        _tell_lot(lot, tally, json)
    if result.stopped:
        raise typer.Exit(INTERRUPTED)
    if result.failed:
        raise typer.Exit(REFUSED)
    if fail and result.nonconforming:
        raise typer.Exit(NONCONFORMING)


def _lot_tally(station: Station, lot: str) -> LotDocument | StationError | None:
    """Where the lot stands now, what stands in the way of saying so, or None where its size is not known."""
    size = station.deciding.size(lot)
    if size is None:
        return None
    try:
        return station.deciding.tally(lot, size, explained=False)
    except StationError as error:  # the units are inspected all the same
        return error


def _tell_lot(lot: str, found: LotDocument | StationError | None, json: bool) -> None:
    from station.cli.lots import tell_tally
    from station.service.tallying import sentences

    if isinstance(found, StationError):
        say(f"note: {found}")
    elif found is None:
        if not json:
            show(f"Where the lot stands: station lot tally {lot} --size N")
    elif json:
        say(next(iter(sentences(found))))
    else:
        for sentence in sentences(found):
            show(sentence)
        tell_tally(found)


def _tell(bench: BenchView) -> None:
    """What will not be judged on this bench, before the work is done."""
    for fault in bench.faults:
        what = "colour is" if fault.gate == "light" else "lengths are"
        say(f"note: {what} not judged on bench {bench.rig}: {fault.reason}.")
    for soon in bench.expiring:
        say(f"note: {soon.reason}. Run: {soon.command}")


def remarked_reasons(reasons: Sequence[str], gates: Sequence[GateDocument]) -> list[str]:
    """The two gravest reasons, and where that is no reason by itself what speaks of editing, of a unit that does not
    lie over its golden, or of two defect models that disagree."""
    on = {"photo": "photo", "scale": "photo", "residual": "unit", "cross-check": "unit"}
    remarks = [f"remark on the {on[g.name]}: {g.reason}" for g in gates if g.name in on and g.ok and g.reason]
    return [*reasons[:2], *remarks]


def _aside(document: UnitDocument) -> list[str]:
    """What would count against a unit, had reviewers not found such findings to be false alarms."""
    over = [f for f in document.set_aside if f.verdict != "conforms"]
    return [f"set aside by reviewed thresholds: {'; '.join(f.reason for f in over)}"] if over else []


def _report(done: list[Inspected], result: BatchResult, rig: str | None) -> None:
    from station.values.names import natural_key

    rows = [
        [
            d.unit,
            str(d.document.verdict),
            "; ".join([*remarked_reasons(d.document.reasons, d.document.gates), *_aside(d.document)]),
            "" if d.new else "known",
        ]
        for d in sorted(done, key=lambda one: natural_key(one.unit))
        if d.document is not None
    ]
    if rows:
        table("Units", ["unit", "verdict", "reasons", ""], rows)
    known = f", {result.known} known already" if result.known else ""
    failed = f", {result.failed} refused" if result.failed else ""
    undecided = sum(d.document is not None and d.document.verdict == "undecided" for d in done)
    left = f", {result.total - result.inspected - result.known - result.failed} left" if result.stopped else ""
    show(
        f"{result.inspected} of {result.total} inspected{known}{failed}{left}; "
        f"{result.nonconforming} nonconforming, {undecided} undecided."
    )
    if rig is None and undecided:
        say("note: without --rig the photos count as taken anywhere: larger uncertainties, and more stays undecided.")
