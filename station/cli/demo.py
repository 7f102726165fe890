"""``demo``: the main job on the sample data, from a bare bench to a decided lot."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import INTERRUPTED, Context, Jobs, context_of, progress, show, table
from station.values.names import natural_key
from station.values.samples import DESIGN, LOT, LOT_SIZE, samples_folder

if TYPE_CHECKING:
    from station.service import Station
    from station.service.views import Inspected
    from station.values.documents import LotDocument

SPOILT_LOT = "ALPINE-2026-11-spoilt"


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where report and pictures go.")] = Path(
        "station-demo"
    ),
    serve: Annotated[bool, typer.Option("--serve", help="Serve the review page when done.")] = False,
    jobs: Jobs = None,
) -> None:
    """The main job on the sample data: calibrate, seal a golden, inspect a lot, decide it, report.

    Report and pictures go to the folder station-demo where you are, or to --out. Records and evidence go to --home or
    STATION_HOME, which then hold the demo's bench, golden and lots; without either to the folder home beside them.
    """
    samples = samples_folder()
    given = context_of(context)
    home = given.home or (Path(os.environ["STATION_HOME"]) if os.environ.get("STATION_HOME") else out / "home")
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    with Context(home=home, debug=given.debug).open() as station:
        number = _bench_and_golden(station, samples, out)
        done = _inspect(station, samples / DESIGN / "units", LOT, number, samples, jobs)
        with _step("Deciding the lot"):
            decided = station.decide_lot(LOT, LOT_SIZE)
        spoilt = _inspect(station, samples / DESIGN / "disturbed", SPOILT_LOT, number, samples, jobs)
        with _step("Drawing pictures, writing the summary"):
            drawn = _pictures(station, out)
        _tables(done, decided, spoilt)
    show("")
    show(f"Summary for the buyer:     {out / 'summary.pdf'}")
    show(f"Pictures of flagged units: {out / 'pictures'} ({drawn})")
    show(f"Regions of the golden:     {out / 'regions.png'}")
    show(f"Records of the demo:       {home} (golden {number}, lots {LOT} and {SPOILT_LOT})")
    show(f"Done in {time.monotonic() - began:.0f} s. Review the flagged units: station --home {home} serve")
    if serve:
        from station.cli.upkeep import serve as run_server

        context.obj = Context(home=home, debug=given.debug)
        run_server(context, port=None, open_page=True)


@contextmanager
def _step(text: str) -> Iterator[None]:
    began = time.monotonic()
    with progress(text):
        yield
    show(f"{text:<48} {time.monotonic() - began:5.1f} s")


def _bench_and_golden(station: Station, samples: Path, out: Path) -> str:
    from station.service.reporting import region_picture

    bench = samples / "bench"
    with _step("Registering the bench, calibrating its lens"):
        rig = station.bench.add_rig(bench / "rig.toml").name
        lens = station.bench.calibrate_lens(rig, sorted(bench.glob("board-*.jpg")))
    show(f"  {lens.images} pictures of the board, {lens.residual:.3f} px left")
    with _step("Calibrating its light"):
        light = station.bench.calibrate_light(rig, sorted(bench.glob("grey-*.jpg")), lux=[900])
    show(f"  darkest place {light.detail['uniformity'] or 0:.0%} of the brightest, {light.residual:.2%} left")
    with _step("Measuring and sealing the golden sample"):
        folder = samples / DESIGN
        sealed = station.seal_golden(
            folder / "sheet.toml", folder / "golden.jpg", rig=rig, card=str(bench / "card.toml")
        )
        (out / "regions.png").write_bytes(region_picture(station, sealed.number, sealed.version))
    show(f"  {sealed.number} version {sealed.version}, {len(sealed.regions)} regions, digest {sealed.digest[:16]}")
    return sealed.number


def _inspect(station: Station, folder: Path, lot: str, number: str, samples: Path, jobs: int | None) -> list[Inspected]:
    from station.batch import choose_engine

    done: list[Inspected] = []
    table_file = folder.parent / "units.csv"
    rig = station.bench.rigs()[0].name
    with _step(f"Inspecting {folder.name} ({lot})"), progress("Inspecting") as move:

        def on_done(one: Inspected) -> None:
            move(None)
            done.append(one)

        result = station.inspect_many(
            [folder], golden=number, engine=choose_engine(jobs), on_done=on_done, rig=rig,
            card=str(samples / "bench" / "card.toml"), lot=lot,
            units_file=table_file if folder.name == "units" else None, on_total=move,
        )  # fmt: skip
    if result.stopped:
        raise typer.Exit(INTERRUPTED)
    return sorted(done, key=lambda one: natural_key(one.unit))


def _pictures(station: Station, out: Path) -> int:
    from station.service.reporting import lot_summary, worst_units

    (out / "summary.pdf").write_bytes(lot_summary(station, LOT))
    folder = out / "pictures"
    folder.mkdir(exist_ok=True)
    flagged = worst_units(station.units(lot=LOT)) + worst_units(station.units(lot=SPOILT_LOT))
    for unit in flagged:
        (folder / f"{unit.unit}.jpg").write_bytes(station.unit_picture(unit.id, kind="annotated").data)
    return len(flagged)


def _tables(done: list[Inspected], decided: LotDocument, spoilt: list[Inspected]) -> None:
    for title, units in ((f"Lot {LOT}", done), ("Spoilt photos: not judged, and why", spoilt)):
        rows = [
            [d.unit, str(d.document.verdict), "; ".join(d.document.reasons[:2])]
            for d in units
            if d.document is not None
        ]
        table(title, ["unit", "verdict", "reasons"], rows)
    show(f"Lot {decided.lot} of {decided.size}: {decided.decision.upper()}")
    for reason in decided.reasons:
        show(f"  {reason}")
