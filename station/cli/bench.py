"""``card``, ``rig``, ``capture``: the bench and what is on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from station.cli.calibrating import calibrate, show_state
from station.cli.conduct import Card, Json, context_of, document, emit, progress, show, table

rig = typer.Typer(help="Benches: register, list.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("card")(card)
    app.command("capture")(capture)
    app.add_typer(rig, name="rig")
    app.add_typer(calibrate, name="calibrate")


def card(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo with a colour card.")],
    card: Card = None,
    json: Json = False,
) -> None:
    """Find the colour card, fit the correction, say whether it may be used."""
    from station.service.tools import read_card

    found = read_card(photo, card, context_of(context).settings())
    if json:
        emit(document(found))
        return
    if found.edition is None:
        show(f"{found.photo}: {found.reason.removeprefix('card: ')}")
    else:
        state = "may be used" if found.usable else f"may not be used: {found.reason.removeprefix('card: ')}"
        show(f"{found.photo}: colour card {found.edition} {state}")
    for note in found.notes:
        show(f"Note: {note}.")
    if found.fit is not None:
        fit = found.fit
        show(
            f"Correction {fit.method}: CIEDE2000 mean {fit.mean:.2f}, max {fit.max:.2f}; "
            f"leaving one patch out mean {fit.loo_mean:.2f}, max {fit.loo_max:.2f}"
        )
        show(f"Chosen: {fit.why}.")
        tried = [
            [c.method, f"{c.mean:.2f}", f"{c.loo_mean:.2f}", f"{c.loo_max:.2f}", c.reason or "chosen"]
            for c in fit.candidates
        ]
        table("Corrections", ["model", "fit", "leaving one out", "at most", ""], tried)
        if fit.gate_mean is not None and fit.gate_max is not None:
            show(
                f"Gate: CIEDE2000 mean {fit.gate_mean:.2f}, max {fit.gate_max:.2f}, by a fit of its own that is "
                "stiffer than the correction, so that another chart cannot be explained away."
            )
        rows = [[p.name, _figure(p.delta_e_00), _figure(p.gate_delta_e_00), p.fault] for p in found.patches]
        table("Patches", ["patch", "CIEDE2000", "of the gate", ""], rows)


def _figure(delta_e: float | None) -> str:
    return "" if delta_e is None else f"{delta_e:.2f}"


@rig.command("add")
def add_rig(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="RIG.toml", help="The bench: camera, markers, board, grey card.")],
    json: Json = False,
) -> None:
    """Register a bench: its markers, camera, working distance."""
    with context_of(context).open() as station:
        added = station.bench.add_rig(file)
    if json:
        emit(document(added))
        return
    show(f"Rig {added.name} is registered.")
    if added.lens_expires_at is None:
        show(f"Next: station calibrate lens --rig {added.name} BOARD.jpg ...")


@rig.command("list")
def list_rigs(context: typer.Context, json: Json = False) -> None:
    """Every bench and until when its calibrations hold."""
    with context_of(context).open() as station:
        found = station.bench.rigs()
        states = [] if json else station.bench.statuses()
    if json:
        for one in found:
            emit(document(one))
        return
    rows = [
        [r.name, *(f"until {d:%Y-%m-%d}" if d else "none" for d in (r.lens_expires_at, r.light_expires_at))]
        for r in found
    ]
    table("Rigs", ["rig", "lens", "light"], rows)
    for state in states:
        show_state(state)


def capture(
    spec: Annotated[str, typer.Argument(metavar="CAMERA", help="replay:FOLDER, replay:VIDEO, simulated:DESIGN?seed=3")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the pictures.")],
    count: Annotated[int, typer.Option("--count", min=1, metavar="N", help="How many pictures.")] = 1,
) -> None:
    """Take pictures with a camera."""
    from station.service.tools import capture as take

    with progress("Capturing", count) as move:
        for path in take(spec, out, count):
            move(None)
            emit(str(path))
